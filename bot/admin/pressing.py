"""Pressing an element so that the press arrives at it, and at nothing else.

An element is brought into sight and focused before it is pressed, and left until it and its box rest. A table that
draws only some of its rows scrolls when the focus moves into it: a press that moves the focus itself would come down
on one row and come up on another. Whether the click arrived at the element is seen in the page; one that did not is
made again, which is safe for everything but Confirm, and Confirm is not pressed here.
"""

import time

from loguru import logger
from playwright.sync_api import ElementHandle, Locator
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot.admin.window import Window

CLICK_SECONDS = 5.0
"""Seconds that a click may take to come down once its element rests; one hidden meanwhile is looked at again."""

TRIES = 3
"""How often a press is made at most, while the click of the one before arrived nowhere."""


class Gone(Exception):
    """The element that is to be pressed went away after it was found."""


class Covered(Exception):
    """Something covers the element that is to be pressed; ``words`` are what a person reads on it, or empty."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def press(window: Window, target: Locator, *, tries: int = TRIES) -> bool:
    """Press the one element that the locator finds now, up to ``tries`` times while its click arrives nowhere.

    What a second press would undo, such as opening a menu, is given one try. Returns whether its click was seen to
    arrive; it is an error where several tries did not.

    Raises:
        Gone: it is not there any more, or the page has drawn another in its place; it was not pressed.
        Covered: something lay over it until the patience was over.
        PlaywrightError: there are several such elements, or the page broke down.
    """
    for remaining in reversed(range(tries)):
        found = target.element_handles()
        if len(found) > 1:
            raise PlaywrightError(f"press: {len(found)} elements answer to it")
        if not found:
            raise Gone
        settle(window, found[0])
        if not _is_still(target, found[0]):
            raise Gone  # a list has drawn itself again meanwhile, and what was an order's row may be another's now
        if _click_arrives(found[0]):
            return True
        logger.info("a press did not arrive at its element{}", ", so it is made again" if remaining else "")
    if tries > 1:
        raise PlaywrightError(f"press: its click did not arrive at the element, {tries} times")
    return False


def _is_still(target: Locator, element: ElementHandle) -> bool:
    """Whether the locator finds this element and no other; asked at once, without waiting for one to come."""
    return bool(target.evaluate_all(_IS, element))


def settle(window: Window, element: ElementHandle) -> None:
    """Bring an element into sight, focus it, and wait until its box rests and nothing lies over it.

    Raises:
        Gone: it cannot be seen any more.
        Covered: something lay over it until the patience was over.
    """
    deadline = time.monotonic() + window.patience
    try:
        element.scroll_into_view_if_needed(timeout=CLICK_SECONDS * 1000)
    except PlaywrightError:  # it still moves, which is waited for below, or it was taken away
        if not element.is_visible():
            raise Gone from None
    while True:
        left = max(0.0, deadline - time.monotonic())
        cover = element.evaluate(SETTLED, left * 1000)
        if cover is None:
            return
        if not element.is_visible():
            raise Gone
        if time.monotonic() >= deadline:
            raise Covered(" ".join(str(cover).split()))
        window.notice_interruptions()
        element.evaluate(_TO_THE_MIDDLE)  # at the edge of a list that scrolls, something else lies over it


def _click_arrives(element: ElementHandle) -> bool:
    """Click, and say whether the click arrived at the element; a page that is replaced by it counts as arrived."""
    try:
        # The page that a link leads to is not waited for here: it may take longer than a click may.
        element.click(timeout=CLICK_SECONDS * 1000, no_wait_after=True)
    except PlaywrightTimeout:
        return False  # it is hidden or covered now, which the next look finds out
    try:
        return bool(element.evaluate(HEARD))
    except PlaywrightError:
        return True  # the page was left


_IS = "(found, element) => found.length === 1 && found[0] === element"
_TO_THE_MIDDLE = "(element) => element.scrollIntoView({ block: 'center', inline: 'nearest' })"
_MARK = 'Symbol.for("countermand pressed")'

# Gives null once the box has rested for three frames with nothing over it; else what covers it, after a moment. Then a
# click that arrives at the element marks it. Focusing must not scroll: the element was brought into sight already.
# A link that would open another window is followed in this one.
SETTLED = f"""(element, limit) => new Promise((done) => {{
    const control = element.closest("a, button, input, select, [tabindex]") ?? element;
    if (!control.contains(document.activeElement)) control.focus({{ preventScroll: true }});
    const began = performance.now();
    const ready = () => {{
        element[{_MARK}] = false;
        element.closest("a[target]")?.setAttribute("target", "_self");
        addEventListener("click", (event) => {{
            if (event.composedPath().includes(element)) element[{_MARK}] = true;
        }}, {{ capture: true, once: true }});
        done(null);
    }};
    let last = "", still = 0;
    const look = () => {{
        const {{ x, y, width, height }} = element.getBoundingClientRect();
        const box = [x, y, width, height].join();
        still = box === last ? still + 1 : 0;
        last = box;
        const on = element.getRootNode().elementFromPoint(x + width / 2, y + height / 2);
        const free = on && (element.contains(on) || on.contains(element) || on.shadowRoot);
        if (!element.isConnected || (free && still >= 3)) return ready();
        const waited = performance.now() - began;
        if (waited >= limit || (waited >= 500 && still >= 3)) return done(on?.innerText ?? "");
        requestAnimationFrame(look);
    }};
    look();
}})"""
HEARD = f"(element) => !element.isConnected || element[{_MARK}] !== false"
