"""Believing that something is not there: only once the page has said all that it has to say."""

from collections.abc import Callable

from bot.admin.screen import Screen
from bot.admin.window import Window
from bot.errors import ScreenNotReached


def is_absent(window: Window, screen: Screen, is_there: Callable[[], object]) -> bool:
    """Whether something is not on this screen; False when it is there.

    Absence is believed once the answers of the app's endpoint have arrived, whole and without error, no cover and no
    spinner can be seen, and the page has come to rest.

    Raises:
        ScreenNotReached: it does not come to that in time.
        SessionEnded, InTheWay, AdminBusy, RunStopped: an answer, or the page, says something else.
    """
    why = ""

    def look() -> str:
        nonlocal why
        if is_there():
            return "there"
        window.notice_interruptions(besides=(screen.spec.screen,))
        why = _why_not_settled(window, screen)
        if not why and window.quiet():
            why = _why_not_settled(window, screen)  # something may have begun meanwhile
            if not why:
                return "there" if is_there() else "absent"
        return ""

    seen = window.until(look)
    if not seen:
        why = why or "the page never came to rest."
        raise screen.blamed(ScreenNotReached(screen=screen.spec.title, seconds=window.patience, why=why))
    return seen == "absent"


def has_said_all(window: Window, screen: Screen) -> bool:
    """Whether every answer of the app's endpoint has arrived, whole and without error, and no loading is in sight."""
    return not _why_not_settled(window, screen)


def _why_not_settled(window: Window, screen: Screen) -> str:
    """Why nothing can be called absent from the page yet, as a sentence; empty when it can."""
    endpoint = window.wire.endpoint
    if screen.snapshot().busy:
        return "a loading cover or a spinner stayed in sight."
    if endpoint.is_waiting:
        return "an answer to a request of its app never came."
    if endpoint.trouble is not None:
        return f"a request of its app was answered with an error: {endpoint.trouble.words}."
    if not endpoint.good_answers and all(pack.info.has_app for pack in window.candidates or (window.pack,)):
        return "its app never asked for its data."
    return ""
