"""A call to the browser that is under way while others are made."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from bot.meanwhile import Meanwhile

SLOW = "() => new Promise((done) => { window.finish = () => done('slow'); })"


@pytest.fixture
def nudges(page: Page) -> list[None]:
    return []


@pytest.fixture
def nudge(page: Page, nudges: list[None]) -> Callable[[], None]:
    def ask() -> None:
        nudges.append(None)
        page.evaluate("() => 0")

    return ask


def test_others_are_answered_while_it_is_under_way(page: Page, nudge: Callable[[], None], nudges: list[None]) -> None:
    slow = Meanwhile(lambda: page.evaluate(SLOW))
    assert [page.evaluate("(number) => 2 * number", number) for number in range(3)] == [0, 2, 4]
    page.evaluate("() => { setTimeout(window.finish, 0); }")
    assert (slow.result(nudge), nudges) == ("slow", [])


def test_one_that_has_not_begun_begins_when_its_result_is_wanted(
    page: Page, nudge: Callable[[], None], nudges: list[None]
) -> None:
    assert (Meanwhile(page.title).result(nudge), nudges) == ("", [None])


def test_several_are_under_way_at_once(page: Page, nudge: Callable[[], None]) -> None:
    slow = Meanwhile(lambda: page.evaluate(SLOW))
    quick = Meanwhile(lambda: page.evaluate("() => { window.finish(); return 'quick'; }"))
    assert (slow.result(nudge), quick.result(nudge)) == ("slow", "quick")


def test_what_it_raises_is_raised_where_the_result_is_wanted(page: Page, nudge: Callable[[], None]) -> None:
    broken = Meanwhile(lambda: page.evaluate("() => { throw new Error('lost'); }"))
    assert page.evaluate("() => 1") == 1
    with pytest.raises(PlaywrightError, match="lost"):
        broken.result(nudge)


def test_one_whose_page_is_closed_meanwhile_fails(page: Page, nudge: Callable[[], None]) -> None:
    slow = Meanwhile(lambda: page.evaluate(SLOW))
    page.evaluate("() => 1")
    page.close()
    with pytest.raises(PlaywrightError, match="closed"):
        slow.result(nudge)
