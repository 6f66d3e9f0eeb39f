"""Pressing an element so that the press arrives at it, and at nothing else.

An element is brought into sight and focused before it is pressed, and left until it and its box rest. A table that
draws only some of its rows scrolls when the focus moves into it: a press that moves the focus itself would come down
on one row and come up on another. What is pressed is the element that was looked at, in the instant in which it
rested; a press that would come down on anything else is kept from the page. Whether the click arrived at the element
is seen in the page; one that did not is made again, which is safe for everything but Confirm, and Confirm is not
pressed here, only made ready.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from bot.admin.look import Request, ask
from bot.admin.window import Window
from bot.errors import ScreenChanged

TRIES = 3
"""How often a press is made at most, while the click of the one before arrived nowhere."""


class Gone(Exception):
    """The element that is to be pressed went away after it was found."""


class Off(PlaywrightError):
    """The element that is to be pressed stayed disabled, or never rested."""

    def __init__(self) -> None:
        super().__init__("press: the element stayed disabled, or never rested")


class NotOne(Exception):
    """There is no such element, or there are several."""


class Covered(Exception):
    """Something covers the element that is to be pressed; ``words`` are what a person reads on it, or empty."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def press(
    window: Window, target: Request, part: Request, judge: Callable[[dict[str, Any]], None], *, tries: int = TRIES
) -> bool:
    """Press the one element that answers to ``target``, up to ``tries`` times while its click arrives nowhere.

    What a second press would undo, such as opening a menu, is given one try. Returns whether its click was seen to
    arrive; it is an error where several tries did not.

    Args:
        window: the page.
        target: what is pressed.
        part: what the page is asked in the instant in which the element is ready.
        judge: told the answer to that; raises where the element is not to be pressed.
        tries: how often.

    Raises:
        NotOne: no element answers to it, or several do.
        Gone: it was there, and is not any more.
        Covered: something lay over it until the patience was over.
        PlaywrightError: it could not be pressed, or the page broke down.
    """
    deadline = time.monotonic() + window.patience
    remaining, to_the_middle, pressed = tries, False, False
    while remaining:
        ready = _aim(window, target, part, deadline=deadline, to_the_middle=to_the_middle, arms=True)
        try:
            judge(ready | ready["parts"][0])
        except ScreenChanged:
            if pressed:
                return True  # the press before this was not heard, and has done something all the same
            raise
        match ready["state"]:
            case "not one" | "gone" | "covered" if pressed:
                return True  # so it has, where the element has gone, or lies under what the press has opened
            case "not one":
                raise NotOne
            case "gone":
                raise Gone
            case "covered" | "off":
                _refuse_late(window, ready, deadline)
                to_the_middle = True  # at the edge of a list that scrolls, something else lies over it
            case "moved":
                remaining -= 1
            case _:
                remaining -= 1
                pressed = True
                if _click_arrives(window, ready["x"], ready["y"]):
                    return True
                if remaining:
                    logger.info("a press did not arrive at its element, so it is made again")
    if tries > 1:
        raise PlaywrightError(f"press: its click did not arrive at the element, {tries} times")
    return False


def make_ready(
    window: Window, target: Request, parts: Sequence[Request], judge: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Wait until the one element that answers to ``target`` could be pressed, and press nothing.

    Returns what a look for ``parts`` saw in that instant; one that saw that there is no such element, or that there are
    several, tells so.

    Raises:
        Covered: something lay over it until the patience was over.
        PlaywrightError: it could not be pressed until then, or the page broke down.
    """
    deadline = time.monotonic() + window.patience
    to_the_middle = False
    while True:
        ready = _aim(window, target, *parts, deadline=deadline, to_the_middle=to_the_middle, arms=False)
        judge(ready)
        if ready["state"] in {"ready", "not one"}:
            return ready
        _refuse_late(window, ready, deadline)
        to_the_middle = to_the_middle or ready["state"] == "covered"


def _aim(
    window: Window, target: Request, *parts: Request, deadline: float, to_the_middle: bool, arms: bool
) -> dict[str, Any]:
    """Make ready to press, and look in that instant; see ``main.js``."""
    limit = max(0.0, deadline - time.monotonic()) * 1000
    asked = {"press": target, "limit": limit, "toTheMiddle": to_the_middle, "arms": arms, "parts": parts}
    return window.note_changes(ask(window.page, "aim", asked))


def _refuse_late(window: Window, ready: dict[str, Any], deadline: float) -> None:
    """Go on while there is time, and nothing known is in the way."""
    if time.monotonic() < deadline:
        window.notice_interruptions()
    elif ready["state"] == "covered":
        raise Covered(" ".join(str(ready["words"]).split()))
    else:
        raise Off


def _click_arrives(window: Window, x: float, y: float) -> bool:
    """Click, and say whether the click arrived at the element; a page that is replaced by it counts as arrived."""
    window.page.mouse.click(x, y)
    try:
        return bool(ask(window.page, "hasArrived"))
    except PlaywrightError:
        return True  # the page was left
