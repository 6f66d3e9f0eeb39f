import json
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest

from bot.cancel.cancels import Allowed, Cancel, Sent, Unreadable, Way, with_known
from bot.cancel.requests import cancels_in

ORDER, OTHER = "112-1215998-3002091", "112-1215998-3002099"
ENDPOINT = "https://shop.example/admin/channel/amazon/graphql/key/5f/"
SAVE = "https://shop.example/admin/channel/amazon/order_cancel_save/key/5f/"
MUTATION = """mutation cancelOrder($uuid: String!, $orderId: String!, $reason: String!) {
    cancelOrder(uuid: $uuid, orderId: $orderId, reason: $reason) { uuid } }"""
VARIABLES = {"uuid": "7f", "orderId": ORDER, "reason": "BuyerCanceled"}
WHOLE = (ORDER, None, "7f", "BuyerCanceled")


def sent(body: object = b"", *, url: str = ENDPOINT, method: str = "POST", kind: str = "application/json") -> Sent:
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    return Sent(method=method, url=url, headers={"content-type": kind}, body=content)


def told(request: Sent) -> list[tuple[str | None, ...]]:
    """Order, row, store and reason of each cancel."""
    return [(one.order, one.row, one.store, one.reason) for one in cancels_in(request)]


def form(**fields: str) -> Sent:
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    return sent("".join([*parts, "--X--\r\n"]).encode(), url=SAVE, kind="multipart/form-data; boundary=X")


# --- GraphQL ---


@pytest.mark.parametrize(
    ("body", "cancels"),
    [
        ({"operationName": "cancelOrder", "query": MUTATION, "variables": VARIABLES}, [WHOLE]),
        ({"query": MUTATION, "variables": VARIABLES}, [WHOLE]),
        ({"query": MUTATION.replace("cancelOrder(uuid", "x: cancelOrder(uuid"), "variables": VARIABLES}, [WHOLE]),
        (
            {"query": f'mutation {{ cancelOrder(uuid: "7f", orderId: "{ORDER}", reason: "BuyerCanceled") {{ id }} }}'},
            [WHOLE],
        ),
        (
            {
                "query": f'mutation M($reason: String = "NoInventory") {{ ...All }} fragment All on Mutation '
                f'{{ ... on Mutation {{ cancelOrder(orderId: "{ORDER}", reason: $reason) {{ uuid }} }} }}'
            },
            [(ORDER, None, None, "NoInventory")],
        ),
        (
            [
                {"query": "query { stores { name } }"},
                {"query": MUTATION, "variables": VARIABLES},
                {"query": MUTATION, "variables": VARIABLES | {"orderId": OTHER}},
            ],
            [WHOLE, (OTHER, None, "7f", "BuyerCanceled")],
        ),
        (
            {"query": f'mutation {{ a: cancelOrder(orderId: "{ORDER}") {{ a }} b: cancelOrder(orderId: 7) {{ b }} }}'},
            [(ORDER, None, None, None), ("7", None, None, None)],
        ),
        # Known to the server by its hash: the names of the operation and of its variables are all there is.
        ({"operationName": "cancelOrder", "variables": VARIABLES, "extensions": {}}, [WHOLE]),
        ({"operationName": "undo", "variables": VARIABLES, "extensions": {}}, [WHOLE]),
        # Variables in other names, and one that takes all of them together.
        (
            {
                "query": "mutation ($a: A, $b: B, $c: C) { cancelOrder(uuid: $a, orderId: $b, reason: $c) { id } }",
                "variables": {"a": "7f", "b": ORDER, "c": "BuyerCanceled", "orderId": OTHER},
            },
            [WHOLE],
        ),
        (
            {"query": "mutation ($all: I!) { cancelOrder(input: $all) { uuid } }", "variables": {"all": VARIABLES}},
            [(None, None, None, None)],
        ),
        # Fragments that lead to each other.
        ({"query": "mutation { ...A } fragment A on M { ...B } fragment B on M { ...A }"}, []),
        # Several operations, of which the named one is carried out; all, if none has that name.
        ({"operationName": "look", "query": f"query look {{ stores {{ name }} }} {MUTATION}"}, []),
        ({"operationName": "cancelOrder", "query": f"query look {{ a }} {MUTATION}", "variables": VARIABLES}, [WHOLE]),
        ({"operationName": "none", "query": f"query look {{ a }} {MUTATION}", "variables": VARIABLES}, [WHOLE]),
    ],
)
def test_a_mutation_is_known_by_the_field_that_it_asks_for(body: object, cancels: list[Any]) -> None:
    assert told(sent(body)) == cancels


@pytest.mark.parametrize(
    "body",
    [
        {"operationName": "orderDetails", "query": "query orderDetails { order { note } }", "variables": {}},
        {"query": 'query { orders(note: "mutation { cancelOrder(orderId: 1) }") { cancelOrder } }'},
        {"query": "query { cancelOrder { uuid } }"},
        {
            "query": "mutation saveOrder($note: String) { saveOrder(note: $note) { ok } }",
            "variables": {"note": MUTATION},
        },
        {"query": "mutation { saveOrder { cancelOrder } } # cancelOrder(orderId: 1)"},
        {"operationName": "orders", "variables": {}, "extensions": {"persistedQuery": {}}},
    ],
)
def test_words_in_a_note_or_a_name_cancel_nothing(body: object) -> None:
    assert told(sent(body)) == []


def test_a_mutation_in_the_address_or_in_a_form_is_read_too() -> None:
    in_address = f"{ENDPOINT}?query={quote(MUTATION)}&variables={quote(json.dumps(VARIABLES))}"
    assert told(sent(url=in_address, method="GET")) == [WHOLE]
    as_form = f"query={quote(MUTATION)}&variables={quote(json.dumps(VARIABLES))}".encode()
    assert told(sent(as_form, kind="application/x-www-form-urlencoded; charset=utf-8")) == [WHOLE]
    literal = f'mutation {{ cancelOrder(orderId: "{ORDER}") {{ uuid }} }}'
    assert told(sent(literal.encode(), kind="application/graphql")) == [(ORDER, None, None, None)]


@pytest.mark.parametrize("kind", ["", "text/plain;charset=UTF-8", "application/json"])
def test_a_mutation_is_read_whatever_its_content_is_said_to_be(kind: str) -> None:
    assert told(sent({"query": MUTATION, "variables": VARIABLES}, kind=kind)) == [WHOLE]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"query": "query { stores { name } }"}, "application/json"),
        (b"query { stores { name } }", "application/graphql"),
        (b"operationName=look&extensions=%7B%7D", "application/x-www-form-urlencoded"),
    ],
)
def test_a_mutation_in_the_address_is_read_beside_a_body_that_cancels_nothing(body: object, kind: str) -> None:
    url = f"{ENDPOINT}?query={quote(MUTATION)}&variables={quote(json.dumps(VARIABLES))}"
    assert WHOLE in told(sent(body, url=url, kind=kind))


def test_a_call_in_the_address_that_does_not_say_what_it_asks_for_cannot_be_read() -> None:
    with pytest.raises(Unreadable, match="it does not say what it asks for"):
        cancels_in(sent(url=f"{ENDPOINT}?extensions=%7B%7D&variables=%7B%7D", method="GET"))


def test_the_page_of_the_endpoint_cancels_nothing() -> None:
    assert told(sent(method="GET")) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "its body is not JSON"),
        (b"mutation { cancelOrder }", "its body is not JSON"),
        (b"[1]", "its body is no GraphQL call"),
        (b"{}", "it does not say what it asks for"),
        ({"query": 7}, "its query is no text"),
        ({"query": "mutation {"}, "its query is not GraphQL"),
        ({"query": MUTATION, "variables": ["7f"]}, "its variables are no object"),
        (None, "its body is not there to be read"),
    ],
)
def test_what_cannot_be_read_is_said_so(body: object, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        cancels_in(sent(body))


# --- Forms ---


def test_a_multipart_form_is_read_whole() -> None:
    request = form(id="17", merchant_id="3", order_id=ORDER, buyer_name='Hal & "Eight" <Ö>', reason="BuyerCanceled")
    assert told(request) == [(ORDER, "17", "3", "BuyerCanceled")]


def test_a_urlencoded_form_and_the_address_are_read_as_one() -> None:
    body = f"order_id={ORDER}&reason=BuyerCanceled".encode()
    url = SAVE.replace("/key/", "/id/17/merchant_id/3/key/")
    request = sent(body, url=url, kind="application/x-www-form-urlencoded")
    assert told(request) == [(ORDER, "17", "3", "BuyerCanceled")]


def test_a_mere_visit_cancels_without_a_reason() -> None:
    url = "https://shop.example/index.php/admin/Channel/amazon/order_cancel_save/id/17/key/5f/"
    assert told(sent(url=url, method="GET")) == [(None, "17", None, None)]


@pytest.mark.parametrize(
    "request_",
    [
        sent(b"id=18", url=SAVE.replace("/key/", "/id/17/key/"), kind="application/x-www-form-urlencoded"),
        sent(b"id=17&id=18", url=SAVE, kind="application/x-www-form-urlencoded"),
        sent(b"order_id=1&order.id=2", url=SAVE, kind="application/x-www-form-urlencoded"),
        sent(b"id=17&id[0]=18", url=SAVE, kind="application/x-www-form-urlencoded"),
        sent(b"id=17", url=f"{SAVE}?id=18", kind="application/x-www-form-urlencoded"),
    ],
)
def test_a_form_that_names_two_orders_contradicts_itself(request_: Sent) -> None:
    (cancel,) = cancels_in(request_)
    assert cancel.contradicts_itself
    assert cancel.differs_from(ALLOWED, ["BuyerCanceled"]) == "names two different orders at once"


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
def test_a_form_of_another_kind_cannot_be_read(kind: str) -> None:
    with pytest.raises(Unreadable, match="its body is of the type"):
        cancels_in(sent(b"id=17", url=SAVE, kind=kind))


@pytest.mark.parametrize("body", [b"--Y\r\n", b"nothing of a form"])
def test_a_broken_form_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Unreadable, match="its form cannot be read"):
        cancels_in(sent(body, url=SAVE, kind="multipart/form-data; boundary=X"))


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/admin/channel/amazon/order_cancel_index/id/17/key/5f/",
        "https://shop.example/admin/channel/amazon/order_details_index/id/17/",
        "https://shop.example/static/channel/amazon/order_cancel_save.js",
        "https://shop.example/admin/sales/order/view/",
    ],
)
def test_other_pages_cancel_nothing(url: str) -> None:
    assert told(sent(url=url, method="GET")) == []


def test_a_form_that_does_not_say_where_its_parts_end_cannot_be_read() -> None:
    with pytest.raises(Unreadable, match=r"its form cannot be read \(No boundary given\)"):
        cancels_in(sent(form(id="17").body, url=SAVE, kind="multipart/form-data"))


@pytest.mark.parametrize("name", ["order_id", "reason", "proof"])
def test_a_form_with_a_file_cannot_be_read(name: str) -> None:
    part = f'--X\r\nContent-Disposition: form-data; name="{name}"; filename="a.txt"\r\n\r\n{OTHER}\r\n'
    body = part.encode() + (form(id="17", reason="BuyerCanceled").body or b"")
    with pytest.raises(Unreadable, match=r"\Aits form holds a file\Z"):
        cancels_in(sent(body, url=SAVE, kind="multipart/form-data; boundary=X"))


def test_a_form_with_one_field_twice_contradicts_itself() -> None:
    first = f'--X\r\nContent-Disposition: form-data; name="order_id"\r\n\r\n{OTHER}\r\n'
    body = first.encode() + (form(id="17", order_id=ORDER, reason="BuyerCanceled").body or b"")
    (cancel,) = cancels_in(sent(body, url=SAVE, kind="multipart/form-data; boundary=X"))
    assert cancel.differs_from(ALLOWED, REASONS) == "names two different orders at once"


@pytest.mark.parametrize("after", [b"--X\r\nContent-Disposition: form-data; name=id\r\n\r\n18\r\n--X--\r\n", b"18"])
def test_a_form_with_something_after_its_end_cannot_be_read(after: bytes) -> None:
    body = form(id="17", reason="BuyerCanceled").body or b""
    for wrong in (body + after, body.removesuffix(b"--X--\r\n")):
        with pytest.raises(Unreadable, match=r"\Aits form does not end where it says that it ends\Z"):
            cancels_in(sent(wrong, url=SAVE, kind="multipart/form-data; boundary=X"))


# --- Against the permit ---

ALLOWED = cast(Allowed, SimpleNamespace(order=ORDER, store_id="7f", row_id="17", merchant_id="3"))
REASONS = ("BuyerCanceled", "Buyer Canceled")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, ""),
        ({"reason": "Buyer Canceled"}, ""),
        ({"reason": "buyer canceled"}, "gives the reason 'buyer canceled'"),
        ({"orderId": OTHER}, f"names order {OTHER!r}"),
        ({"orderId": None}, "names no order"),
        ({"uuid": "8e"}, "names store '8e'"),
        ({"uuid": None}, "names store none"),
        ({"reason": "NoInventory"}, "gives the reason 'NoInventory'"),
        ({"reason": None}, "gives the reason none"),
        ({"reason": ""}, "gives the reason ''"),
        ({"orderId": f"{ORDER} "}, f"names order '{ORDER} '"),
    ],
)
def test_a_mutation_is_compared_with_the_permit(changed: dict[str, Any], why: str) -> None:
    (cancel,) = cancels_in(sent({"query": MUTATION, "variables": VARIABLES | changed}))
    assert cancel.differs_from(ALLOWED, REASONS) == why


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, ""),
        ({"id": "18"}, "names row '18'"),
        ({"order_id": OTHER}, f"names order {OTHER!r}"),
        ({"merchant_id": "4"}, "names the store with the number '4'"),
        ({"reason": "NoInventory"}, "gives the reason 'NoInventory'"),
    ],
)
def test_a_form_is_compared_with_the_permit(changed: dict[str, str], why: str) -> None:
    fields = {"id": "17", "merchant_id": "3", "order_id": ORDER, "reason": "BuyerCanceled"}
    (cancel,) = cancels_in(form(**fields | changed))
    assert cancel.differs_from(ALLOWED, REASONS) == why


def test_a_permit_without_a_store_or_a_row_allows_no_request_that_needs_one() -> None:
    bare = cast(Allowed, SimpleNamespace(order=ORDER, store_id="", row_id="", merchant_id=""))
    (mutation,) = cancels_in(sent({"query": MUTATION, "variables": VARIABLES | {"uuid": ""}}))
    assert mutation.differs_from(bare, REASONS) == "names store ''"
    (visit,) = cancels_in(form(order_id=ORDER, reason="BuyerCanceled"))
    assert visit.differs_from(bare, REASONS) == "names row none"


# --- Ways of a pack ---


def test_a_pack_adds_a_way_or_names_a_known_one_otherwise() -> None:
    own = Way(address="shop/cancel", mutation="undo", order="number", store="shop", reason="why")
    other_names = Way(address="/channel/amazon/graphql/", mutation="cancelOrder", order="id", store="uuid")
    ways = with_known([own, other_names])
    assert [way.mutation or "form" for way in ways] == ["cancelOrder", "form", "undo"]
    body = {"query": f'mutation {{ cancelOrder(id: "{ORDER}", uuid: "7f", reason: "r") {{ uuid }} }}'}
    assert cancels_in(sent(body), ways) == [Cancel(way=other_names, order=ORDER, store="7f", reason="r")]
