"""One name for each Admin, and one spelling for each host."""

import pytest

from bot.identity import admin_name, browser_host, host_and_port, host_of, names_of_host, normalized_host


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/staging/admin",
        "https://Shop.Example./staging/admin/",
        "https://shop.example:443/staging/admin?_ga=1#/dashboard",
        "http://shop.example:80//staging/./admin",
        "https://shop.example/index.php/staging/admin",
        "https://shop.example/staging/index.php/admin/",
        "https://shop.example/%73taging/admin",
        "https://shop.example/staging/admin/key/0123456789abcdef/",
        "https://shop.example/staging/admin/admin/dashboard/index/key/0123456789abcdef/",
        "https://shop.example/staging/admin/sales/order/view/order_id/5/key/0123456789abcdef/#/details",
        "https://shop.example/staging/admin/channel/amazon/order_details_index/merchant_id/1/id/2/key/0123456789abcdef",
    ],
)
def test_however_an_admin_was_reached_it_has_one_name(url: str) -> None:
    assert admin_name(url) == "shop.example/staging/admin"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://shop.example/prod/admin", "shop.example/prod/admin"),
        ("https://shop.example/staging/Admin", "shop.example/staging/Admin"),
        ("https://shop.example:8443/admin", "shop.example:8443/admin"),
        ("http://shop.example:443/admin", "shop.example:443/admin"),
        ("https://admin.shop.example", "admin.shop.example"),
        ("https://[0:0::1]:8443/admin", "[::1]:8443/admin"),
        ("https://shop.example/a%2Fb/%E4%B8%AD", "shop.example/a%2Fb/%E4%B8%AD"),
    ],
)
def test_what_tells_admins_apart_is_in_the_name(url: str, name: str) -> None:
    assert admin_name(url) == name


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("Shop.Example", "shop.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("strasse.example", "strasse.example"),
        ("ｓｈｏｐ。example", "shop.example"),
        ("☃.example", "xn--n3h.example"),
        ("my_shop.bücher.example", "my_shop.xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("[0:0::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_every_spelling_of_a_host_is_written_as_browsers_write_it(host: str, written: str) -> None:
    assert browser_host(host) == normalized_host(host) == written


@pytest.mark.parametrize("host", ["bad\u200bhost\ufffd.example", "1:2:g"])
def test_what_browsers_know_no_host_by_is_refused_or_compared_as_it_is(host: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each library has words of its own
        browser_host(host)
    assert normalized_host(host.upper().replace("G", "g")) == host


def test_the_host_of_an_address_has_no_port_and_one_that_makes_no_sense_has_none() -> None:
    assert host_of("https://BÜCHER.example:8443/x") == "xn--bcher-kva.example"
    assert [host_of(url) for url in ("https://[bad/x", "about:blank", "#/order", "")] == ["", "", "", ""]
    assert host_and_port("https://shop.example:8443/x") == "shop.example:8443"
    assert host_and_port("https://shop.example:443/x") == "shop.example"


@pytest.mark.parametrize(
    ("url", "earlier"),
    [
        ("https://shop.example/admin", {"shop.example"}),
        ("https://shop.example:8443/admin", {"shop.example:8443"}),
        (
            "https://straße.example:8443/admin",
            {"xn--strae-oqa.example:8443", "straße.example:8443"},
        ),
        ("https://xn--bcher-kva.example/a", {"xn--bcher-kva.example", "bücher.example", "bu\u0308cher.example"}),
        ("https://[::1]:8443/admin", {"[::1]:8443", "::1:8443"}),
        ("https://xn--99999999.example/", {"xn--99999999.example"}),
    ],
)
def test_what_an_earlier_version_called_an_admin_is_known(url: str, earlier: set[str]) -> None:
    assert names_of_host(admin_name(url)) == earlier
