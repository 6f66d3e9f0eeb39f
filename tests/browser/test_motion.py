"""What moves on a page is brought to its end before it is photographed or pressed, and only what would end soon."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page

from bot.admin.changes import motion_ends
from bot.admin.look import ask

MOVES = """<style>
@keyframes fade { from { opacity: 1 } to { opacity: 0 } }
@keyframes turn { to { rotate: 360deg } }
#opens { opacity: 0; transition: opacity 900ms }
#leaves { animation: fade 500ms 60s forwards }
#turns { animation: turn 1s linear infinite }
</style><p id=opens>Dialog</p><p id=leaves>Answer</p><p id=turns>Busy</p>"""
HEARS = """() => {
    window.heard = [];
    addEventListener("transitionend", ({ target }) => heard.push(target.id));
    opens.style.opacity = 1;
}"""
SEEN = "() => [opens, leaves].map((one) => getComputedStyle(one).opacity)"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with closing(browser.new_page()) as page:
        page.set_content(MOVES)
        page.evaluate(HEARS)
        yield page


def test_what_opens_is_open_and_the_page_has_heard_of_it(page: Page) -> None:
    motion_ends(page, 1.0)
    assert page.evaluate(SEEN)[0] == "1"
    assert page.evaluate("heard") == ["opens"]


def test_what_leaves_later_is_not_made_to_leave(page: Page) -> None:
    motion_ends(page, 1.0)
    assert page.evaluate(SEEN)[1] == "1"
    assert page.evaluate("() => document.getAnimations().map((one) => one.effect.target.id)") == ["leaves", "turns"]


IN_A_SHADOW_ROOT = """(markup) => {
    document.body.replaceChildren();
    const host = document.body.appendChild(document.createElement("div"));
    host.attachShadow({ mode: "open" }).innerHTML = markup.replaceAll("id=", "class=").replaceAll("#", ".");
    document.body.offsetTop;  // so that what is changed next fades
    host.shadowRoot.querySelector(".opens").style.opacity = 1;
}"""


def test_what_opens_in_a_shadow_root_is_open(page: Page) -> None:
    page.evaluate(IN_A_SHADOW_ROOT, MOVES.replace("leaves", "stays"))
    motion_ends(page, 1.0)
    opens = "document.querySelector('div').shadowRoot.querySelector('.opens')"
    assert page.evaluate(f"getComputedStyle({opens}).opacity") == "1"


def test_a_spinner_stands_still_once_a_page_was_waited_for(page: Page) -> None:
    page.evaluate(IN_A_SHADOW_ROOT, MOVES)
    ask(page, "awaitLook", {"parts": [], "known": -1, "limit": 0})
    motion_ends(page, 1.0)
    states = """() => document.querySelector("div").shadowRoot.getAnimations()
        .map((one) => [one.effect.target.className, one.playState])"""
    assert page.evaluate(states) == [["leaves", "running"], ["turns", "paused"]]
