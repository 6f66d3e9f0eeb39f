from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.sessions import EXPIRED, PICTURE, Sessions

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Visitor

WRONG = "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."
BAD_KEY = "Invalid security or form key. Please refresh the page."
TAKEN_OVER = "Someone logged into this account from another device or browser. Your current session is terminated."


@pytest.mark.parametrize("path", ["", "sales/order/index/", "no/such/page/key/abc/"])
def test_the_sign_in_form_appears_at_whatever_address_was_asked_for(visitor: Visitor, path: str) -> None:
    answer = visitor.ask(path)

    assert answer.status == 200
    assert answer.url == visitor.sandbox.url + path
    assert 'id="login-form"' in answer.text
    assert 'name="login[username]"' in answer.text
    assert 'name="login[password]"' in answer.text


def test_a_good_sign_in_leads_to_the_start_page(visitor: Visitor) -> None:
    answer = visitor.sign_in(path="sales/order/index/")

    assert "/admin/admin/dashboard/index/key/" in answer.url
    assert '<h1 class="page-title">Dashboard</h1>' in answer.text
    assert answer.banners == []


@pytest.mark.parametrize(("account", "password"), [("demo", "wrong"), ("nobody", "practice123")])
def test_a_wrong_sign_in_says_so_and_shows_the_form_again(visitor: Visitor, account: str, password: str) -> None:
    answer = visitor.sign_in(account, password)

    assert answer.banners == [WRONG]
    assert 'id="login-form"' in answer.text


def test_six_wrong_passwords_lock_the_account_with_the_same_words(visitor: Visitor) -> None:
    for _ in range(6):
        visitor.sign_in(password="wrong", picture=PICTURE)

    assert visitor.sign_in(picture=PICTURE).banners == [WRONG]
    assert "/dashboard/" in visitor.sign_in("channels", picture=PICTURE).url


def test_five_wrong_passwords_do_not_lock_the_account(visitor: Visitor) -> None:
    for _ in range(5):
        visitor.sign_in(password="wrong", picture=PICTURE)

    assert "/dashboard/" in visitor.sign_in(picture=PICTURE).url


def test_three_wrong_passwords_bring_the_picture(visitor: Visitor) -> None:
    for _ in range(2):
        assert 'id="captcha"' not in visitor.sign_in(password="wrong").text

    assert 'id="captcha"' in visitor.sign_in(password="wrong").text
    assert visitor.sign_in().banners == ["Incorrect CAPTCHA."]
    assert "/dashboard/" in visitor.sign_in(picture=PICTURE).url


def test_a_fresh_browser_shows_the_picture_only_after_a_right_password_was_refused_for_it(
    new_visitor: Callable[[], Visitor],
) -> None:
    for _ in range(3):
        new_visitor().sign_in(password="wrong")
    fresh = new_visitor()
    assert 'id="captcha"' not in fresh.ask().text

    answer = fresh.sign_in()

    assert answer.banners == ["Incorrect CAPTCHA."]
    assert 'id="captcha"' in answer.text
    assert "/dashboard/" in fresh.sign_in(picture=PICTURE).url


def test_an_expired_password_leaves_no_page_but_the_account(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.password_expired = True
    answers = [visitor.sign_in(), visitor.ask(), visitor.ask("channel/amazon/index/")]

    assert ["/admin/admin/system_account/index/key/" in answer.url for answer in answers] == [True] * 3
    assert [answer.banners for answer in answers] == [["It's time to change your password."]] * 3
    assert "My Account" in answers[0].text


def test_a_recommended_change_of_password_stops_nothing(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.password_old = True
    answer = visitor.sign_in()

    assert "/dashboard/" in answer.url
    assert answer.banners == ["It's time to change your password."]
    assert visitor.ask().banners == []


def test_every_page_of_the_app_has_the_same_document_title(clerk: Visitor) -> None:
    title = "<title>Amazon Sales Channel / Channels / Marketing / Amazon Sales Channel</title>"

    assert title in clerk.open_channel().text
    assert "<title>Dashboard / Magento Admin</title>" in clerk.ask().text


def test_the_picture_can_be_asked_for_at_once(visitor: Visitor) -> None:
    visitor.sandbox.faults.captcha = True

    assert 'id="captcha"' in visitor.ask().text
    assert visitor.sign_in().banners == ["Incorrect CAPTCHA."]
    assert "/dashboard/" in visitor.sign_in(picture=PICTURE).url


def test_a_sign_in_can_fail_at_recaptcha(visitor: Visitor) -> None:
    visitor.sandbox.faults.recaptcha = True

    assert visitor.sign_in().banners == ["reCAPTCHA verification failed."]


def test_a_form_without_the_key_of_its_session_is_refused(visitor: Visitor) -> None:
    answer = visitor.ask("", b"form_key=x&login[username]=demo&login[password]=practice123")

    assert answer.banners == ["Invalid Form Key. Please refresh the page."]
    assert 'id="login-form"' in answer.text


def test_a_second_sign_in_with_one_account_ends_the_first_session(new_visitor: Callable[[], Visitor]) -> None:
    first, second = new_visitor(), new_visitor()
    first.sign_in()

    answer = second.sign_in()

    assert answer.banners == ["All other open sessions for this account were terminated."]
    assert first.ask().banners == [TAKEN_OVER]
    assert "/dashboard/" in second.ask().url


def test_two_accounts_work_side_by_side(new_visitor: Callable[[], Visitor]) -> None:
    first, second = new_visitor(), new_visitor()
    first.sign_in("worker-1")
    second.sign_in("worker-2")

    assert "/dashboard/" in first.ask().url


def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    start = visitor.sign_in()

    assert visitor.ask(start.link("Sign Out")).banners == ["You have logged out."]
    assert 'id="login-form"' in visitor.ask().text


def test_a_session_unused_for_longer_than_its_lifetime_has_expired() -> None:
    now = [0.0]
    sessions = Sessions(lifetime=900, clock=lambda: now[0])
    session = sessions.sign_in(sessions.find(""), "demo", "practice123")
    assert session

    now[0] += 900
    assert sessions.find(session.id).account == "demo"
    now[0] += 901
    assert sessions.find(session.id).account == ""
    assert session.messages == [("error", EXPIRED)]


def test_an_expired_session_shows_the_form_and_says_why(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.ended_session = True

    assert clerk.ask().banners == ["Your current session has been expired."]


@pytest.mark.parametrize(
    ("path", "banners"),
    [
        ("practice/products/index/", [BAD_KEY]),
        (f"practice/products/index/key/{'0' * 64}/", [BAD_KEY]),
        ("channel/amazon/index/", []),
        (f"channel/amazon/index/key/{'0' * 64}/", []),
        (f"sales/order/cancel/order_id/000000033/key/{'0' * 64}/", []),
    ],
)
def test_a_page_with_a_missing_or_wrong_key_bounces_to_the_start_page(
    visitor: Visitor, path: str, banners: list[str]
) -> None:
    """Those of the extension and of Sales say nothing about it."""
    visitor.sign_in()

    answer = visitor.ask(path)

    assert "/admin/admin/dashboard/index/key/" in answer.url
    assert answer.banners == banners
    assert visitor.ask().banners == []


def test_a_commerce_order_opens_without_a_key(visitor: Visitor, sandbox: Sandbox) -> None:
    number = sandbox.shop.example("imported").commerce_number
    visitor.sign_in()

    assert "View or Cancel Amazon Order" in visitor.ask(f"sales/order/view/order_id/{number}/").text


def test_the_data_endpoint_acts_with_a_wrong_key_in_a_live_session(clerk: Visitor) -> None:
    clerk.endpoint = re.sub(r"key/[^/]+", f"key/{'0' * 64}", clerk.endpoint)

    assert "data" in clerk.call("stores")


def test_the_banners_of_the_sign_in_page_stand_in_their_own_place(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.ended_session = True
    page = clerk.ask().text

    assert 'id="messages"' not in page
    assert re.search(
        r'class="login-content">.*<div class="messages">\s*<div class="message message-error error">', page, re.DOTALL
    )


def test_every_page_and_every_session_has_a_key_of_its_own(new_visitor: Callable[[], Visitor]) -> None:
    first, second = new_visitor(), new_visitor()
    start, other_start = first.sign_in("worker-1"), second.sign_in("worker-2")
    keys = {
        page.link(words).split("/key/")[1]
        for page in (start, other_start)
        for words in ("Amazon Sales Channel", "Orders", "Sign Out")
    }

    assert len(keys) == 6
    assert {len(key) for key in keys} == {len("/") + 64}


def test_the_address_of_another_session_bounces(new_visitor: Callable[[], Visitor]) -> None:
    first, second = new_visitor(), new_visitor()
    address = first.sign_in("worker-1").link("Amazon Sales Channel")
    second.sign_in("worker-2")

    assert "/admin/admin/dashboard/index/key/" in second.ask(address).url


def test_an_unknown_page_is_the_404_page(visitor: Visitor) -> None:
    visitor.sign_in()
    key = next(iter(visitor.sandbox._site._sessions._sessions.values())).key("no/such/page")

    answer = visitor.ask(f"no/such/page/key/{key}/")

    assert answer.status == 404
    assert "404 Error" in answer.text


def test_background_requests_of_an_ended_session_are_told_so(visitor: Visitor) -> None:
    answer = visitor.ask("mui/index/render/", headers={"X-Requested-With": "XMLHttpRequest"})

    assert answer.text == '{"ajaxExpired":1,"ajaxRedirect":"/admin/"}'


def test_2_4_3_shows_the_key_banner_once_after_a_good_sign_in(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.key_banner_after_sign_in = True

    assert visitor.sign_in().banners == [BAD_KEY]
    assert visitor.ask().banners == []
