from dataclasses import fields
from typing import Any, cast

import pytest
from playwright.sync_api import Error as PlaywrightError

from bot.admin import Admin, AdminOptions, Callbacks, ReachedStore
from bot.admin.admin import Keywords
from bot.cancel.wire import Wire
from bot.pack import load_pack

PACK = load_pack("asc-4.3")


class FakePage:
    """A page on which nothing ever happens."""

    def set_default_timeout(self, timeout: float) -> None: ...

    def add_init_script(self, script: str) -> None: ...

    def on(self, event: str, listener: object) -> None: ...

    def __init__(self, *troubles: str) -> None:
        self.troubles = list(troubles)
        self.loaded: list[str] = []

    def goto(self, url: str, wait_until: str) -> None:
        self.loaded.append(url)
        if self.troubles:
            raise PlaywrightError(self.troubles.pop(0))


class FakeWire(Wire):
    def watch(self, page: object) -> None: ...


URL = "https://shop.example/admin"
ORDERS_PAGE = f"{URL}/order/1"
INTERRUPTED = f'Page.goto: Navigation to "{ORDERS_PAGE}" is interrupted by another navigation to "chrome-error://x/"'


def admin(page: FakePage | None = None, **how: Any) -> Admin:
    return Admin(cast(Any, page or FakePage()), PACK, URL, wire=FakeWire(URL), **how)


def test_every_option_and_callback_can_be_given_by_its_own_keyword() -> None:
    assert set(Keywords.__annotations__) == {
        field.name for options in (AdminOptions, Callbacks) for field in fields(options)
    }


def test_keywords_and_objects_come_to_the_same() -> None:
    said: list[str] = []
    one_by_one = admin(patience=7, direct=True, say=said.append)
    as_objects = admin(options=AdminOptions(patience=7, direct=True), callbacks=Callbacks(say=said.append))
    assert (one_by_one.options, one_by_one.callbacks) == (as_objects.options, as_objects.callbacks)
    assert one_by_one.patience == as_objects.patience == 7
    as_objects.say("So it is.")
    assert said == ["So it is."]


def test_a_keyword_takes_the_place_of_the_field_in_the_object() -> None:
    made = admin(options=AdminOptions(patience=7, settle=9), patience=3)
    assert (made.options.patience, made.options.settle, made.patience) == (3, 9, 3)


def test_an_order_begun_again_is_a_new_attempt_and_knows_of_no_press() -> None:
    made = admin()
    first = made.begin_attempt("112-1215998-3002091")
    first.mark_pressed()
    second = made.begin_attempt("112-1215998-3002091")
    assert (made.attempt is second, first.pressed, second.pressed) == (True, True, False)


def test_opening_the_admin_again_forgets_the_store_and_no_press() -> None:
    signed_in: list[Admin] = []
    made = admin(sign_in=signed_in.append, fresh_page=lambda: cast(Any, FakePage()))
    made.store = ReachedStore(name="north")
    made.begin_attempt("112-1215998-3002091").mark_pressed()
    made.begin_again()
    assert (signed_in, made.attempt.pressed) == ([made], True)
    assert made.store is None


@pytest.mark.parametrize("times", [1, 2])
def test_a_page_that_another_one_interrupts_is_loaded_again(times: int) -> None:
    page = FakePage(*[INTERRUPTED] * times)
    admin(page).go_to(ORDERS_PAGE)
    assert page.loaded == [ORDERS_PAGE] * (times + 1)


@pytest.mark.parametrize(
    ("troubles", "loaded"),
    [([INTERRUPTED] * 3, 3), (["Page.goto: net::ERR_CONNECTION_REFUSED at https://shop.example/"], 1)],
    ids=["interrupted again and again", "refused"],
)
def test_a_page_that_cannot_be_loaded_is_told_of(troubles: list[str], loaded: int) -> None:
    page = FakePage(*troubles)
    with pytest.raises(PlaywrightError) as told:
        admin(page).go_to(ORDERS_PAGE)
    assert (str(told.value), len(page.loaded)) == (troubles[-1], loaded)
