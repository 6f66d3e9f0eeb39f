"""What appears on an Admin's page in place of the expected screen: recognized at once.

What is known of it (a sign-in form, an ended session, a maintenance page, a message window) is in the pack, with what
to do about each. How the server answered is asked of the browser: an Admin may not show it.
"""

import re
import time
from collections.abc import Callable, Collection
from typing import Any

from loguru import logger
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot.admin.look import Request, element_of
from bot.admin.screen import Screen
from bot.admin.window import Window
from bot.cancel.endpoint import SESSION_ENDED_WORDS, Meaning, Understood
from bot.errors import (
    AdminBusy,
    CannotSignIn,
    CodeRefused,
    CountermandError,
    FormRefused,
    InTheWay,
    RunStopped,
    SessionEnded,
    SignInRefused,
)
from bot.pack.model import Interruption

LAST_WORD = 1.0
"""Seconds after which a failed request of the app is its last word: apps ask again by themselves."""

PAGE_FOLLOWS = 10.0
"""Seconds that the sign-in page may take to come after a background request was sent to it; it says why."""

STILL_BARE = 1.0
"""Seconds for which a page that has not changed, and showed nothing of what interrupts, is not searched again: a style
alone may make something visible, and changes nothing in the document."""

CLEARING = 1000
"""Milliseconds that pressing what closes a window may take."""

_SERVER_FAILED = "Run the list again; if it stays, tell the shop's administrator."


class Interruptions:
    """The interruptions that are known to appear on the page of a ``window``, and since when they can be seen.

    What is closed by pressing something is told to the person who waits, by ``say``.
    """

    def __init__(self, window: Window, say: Callable[[str], None]) -> None:
        self._window = window
        self._say = say
        self._since: dict[str, float] = {}
        self._cleared: set[str] = set()
        self._bare: tuple[tuple[str, ...], int, float] = ((), -1, 0.0)  # when nothing that interrupts was seen
        self._taken_over = False  # whether somebody else has signed in with this account during this run
        self._taken_over_now = False

    def signs(self, besides: Collection[str] = ()) -> list[Request]:
        """The parts of a look by which ``notice`` finds what is known, ``besides`` these screens."""
        return [screen.signs() for screen in self._known(besides)]

    def notice(self, besides: Collection[str] = (), looked: dict[str, Any] | None = None) -> None:
        """Raise if the page shows something known that is not a screen to work on, ``besides`` these screens.

        What the pack says how to close is closed instead, once. The page is looked at now, unless it was ``looked`` at
        for the ``signs`` already.

        Raises:
            SessionEnded: signing in again mends it.
            CodeRefused: a fresh two-factor code may mend it.
            AdminBusy: a rest may mend it.
            InTheWay: beginning the order again may mend it.
            RunStopped: the run cannot go on.
        """
        screens = self._known(besides)
        if looked is None:
            looked = self._window.look(*(() if self._is_bare(screens) else (screen.signs() for screen in screens)))
        self._notice_answers(looked["status"])
        lacks_script = looked["lacksScript"]
        shown = self._shown(screens, looked)
        for screen in screens:
            what = screen.spec.interrupts
            if what is None:
                continue
            seen = screen.spec.screen in shown
            if not seen:
                self._cleared.discard(screen.spec.screen)
            short = what.lasting_without_script if lacks_script else None
            if not self._has_lasted(screen.spec.screen, seen, what.lasting if short is None else short):
                continue
            if what.reaction == "taken_over":
                self._note_taken_over(what)
            if what.press is None:
                raise _error_for(what)
            self._clear(screen, what.press, what.message)

    def _known(self, besides: Collection[str]) -> list[Screen]:
        """Every screen that is known to interrupt, ``besides`` these."""
        pack = self._window.pack
        known = (*pack.interruptions(), *pack.in_other_languages)
        return [Screen(self._window, spec, {}) for spec in known if spec.screen not in besides]

    def have_gone(self) -> None:
        """Told that a screen has arrived: what lay over the page has gone."""
        self._since.clear()

    def refuse_useless_sign_in(self, *, first: bool) -> None:
        """Make sure, at the sign-in form, that trying makes nothing worse. ``first`` says that none came before it.

        Raises:
            CannotSignIn: the form asks for what only a person can give.
            RunStopped: somebody else signs in with this account, again and again.
        """
        if (what := self._look_for("refused", "person")) is not None:
            raise _error_for(what)
        # What ended a session before this run began, one that was kept, is nobody's fault in it.
        if not first and (what := self._look_for("taken_over")) is not None:
            self._note_taken_over(what)
        self._taken_over_now = False

    # --- How the server answered ---

    def _notice_answers(self, status: int) -> None:
        """Raise if the server has failed, with ``status`` for the page itself, or last for a request of its app."""
        if status == 503:
            raise RunStopped(reason="The Admin is in maintenance, or down (HTTP 503).")
        if status == 429:
            raise AdminBusy(status=status)
        if status >= 500:
            raise InTheWay(f"The Admin answered with an error (HTTP {status}).", _SERVER_FAILED)
        self._notice_endpoint()

    def _notice_endpoint(self) -> None:
        """Raise if the app was answered what it cannot go on from, whatever it shows of that."""
        trouble = self._window.wire.endpoint.trouble
        if trouble is not None and trouble.meaning is Meaning.SESSION_ENDED:
            self._notice_ended_session()
            return
        if trouble is not None and trouble.meaning is Meaning.FORBIDDEN:
            raise _forbidden(trouble)
        # An app may ask again by itself: only its last word counts.
        seen = trouble is not None and not self._is_covered()
        if not self._has_lasted("its app", seen, LAST_WORD) or trouble is None:
            return
        if trouble.meaning is Meaning.BUSY:
            raise AdminBusy(status=int(re.sub(r"\D", "", trouble.words.partition(",")[0])))
        if trouble.meaning is Meaning.ERROR:
            what = f"The Admin answered a request of its app with an error ({trouble.words})."
        elif trouble.meaning is Meaning.CUT:
            what = f"A request of the app was not answered whole ({trouble.words})."
        else:
            what = f"The Admin answered a request of its app with something else ({trouble.words})."
        raise InTheWay(what, _SERVER_FAILED)

    def _notice_ended_session(self) -> None:
        """Raise, with the reason that the sign-in page gives: a page that a background request came to says it once."""
        page = self._window.wire.endpoint.sign_in_page
        if not page and not self._has_lasted("its session", True, PAGE_FOLLOWS):
            return  # that page is on its way
        if (what := self._told_by(page)) is not None:
            self._note_taken_over(what)
            raise _error_for(what)
        raise SessionEnded(
            reason="The session has ended: the Admin answered its app by asking to sign in.",
            next_step="If this happens often, raise the Admin's session lifetime for this account.",
        )

    def _told_by(self, page: str) -> Interruption | None:
        """What the sign-in page, as HTML, tells of somebody else who signed in; None if it tells nothing of that."""
        for spec in self._window.pack.interruptions():
            what = spec.interrupts
            said = [element.says for element in spec.elements.values() if element.says is not None]
            if what is not None and what.reaction == "taken_over" and any(words in page for words in said):
                return what
        return None

    def _is_covered(self) -> bool:
        """Whether a cover lies over the page, so that something is still under way."""
        return Screen(self._window, next(iter(self._window.pack.screens.values())), {}).snapshot().busy

    # --- What can be seen ---

    def _is_bare(self, screens: Collection[Screen]) -> bool:
        """Whether none of these could be seen a moment ago, and the page has not changed since."""
        names, changes, at = self._bare
        same = names == tuple(screen.spec.screen for screen in screens) and changes == self._window.changes >= 0
        return same and time.monotonic() - at < STILL_BARE

    def _shown(self, screens: Collection[Screen], looked: dict[str, Any]) -> set[str]:
        """The names of those of which every sign could be seen; none where they were not looked for."""
        signs = dict(zip((screen.spec.screen for screen in screens), looked["parts"], strict=False))
        if signs and not any(found for answer in signs.values() for found in answer["finds"].values()):
            self._bare = (tuple(signs), looked["changes"], time.monotonic())
        return {name for name, answer in signs.items() if all(answer["finds"].values())}

    def _look_for(self, *reactions: str) -> Interruption | None:
        """What the open page shows of the interruptions with one of these reactions, without raising it."""
        for spec in self._window.pack.interruptions():
            what = spec.interrupts
            if what is not None and what.reaction in reactions and Screen(self._window, spec, {}).is_here():
                return what
        return None

    def _has_lasted(self, name: str, seen: bool, seconds: float) -> bool:
        """Whether what is ``seen`` now was seen at every look for ``seconds``."""
        if not seen:
            self._since.pop(name, None)
            return False
        now = time.monotonic()
        return now - self._since.setdefault(name, now) >= seconds

    # --- What is done about it ---

    def _clear(self, screen: Screen, press: str, message: str) -> None:
        """Press what closes this, once; if it stays, the pack's message windows tell of it."""
        closing = screen.find(press).matches
        if screen.spec.screen in self._cleared or len(closing) != 1:
            return
        try:
            element_of(self._window.page, closing[0].number).click(timeout=CLEARING)
        except PlaywrightTimeout:
            return  # something lies over it, which may be cleared first
        self._cleared.add(screen.spec.screen)
        self._since.clear()  # whatever else is there can be seen only since now
        logger.info("{}", message)
        self._say(message)

    def _note_taken_over(self, what: Interruption) -> None:
        """Somebody else signed in with this account. That is answered once a run, because they would do the same."""
        if self._taken_over_now:
            return  # the sign-in form says again what was seen a moment ago
        if self._taken_over:
            raise RunStopped(
                reason=f"{what.message} It happened twice in this run, so it is not signed in again.",
                next_step="Find out who uses this account, and have them stop; or give the program an account of its "
                "own.",
            )
        self._taken_over = self._taken_over_now = True


def _error_for(what: Interruption) -> CountermandError:
    if what.reaction == "retry":
        return InTheWay(what.message, what.next_step)
    return _KINDS[what.reaction](reason=what.message, next_step=what.next_step)


def _forbidden(trouble: Understood) -> RunStopped:
    if SESSION_ENDED_WORDS in trouble.words:
        return RunStopped(
            reason="The Admin refuses this account the data of the Amazon Sales Channel (HTTP 403).",
            next_step="Ask an administrator to give the account's role the Amazon Sales Channel resources.",
        )
    return RunStopped(
        reason=f"The Admin, or a firewall in front of it, refused a request of its app ({trouble.words}).",
        next_step="Ask an administrator whether the account's role has the Amazon Sales Channel resources, and whether "
        "the shop's firewall lets this machine through.",
    )


_KINDS: dict[str, type[CountermandError]] = {
    "sign_in": SessionEnded,
    "taken_over": SessionEnded,
    "new_code": CodeRefused,
    "refused": SignInRefused,
    "form_refused": FormRefused,
    "person": CannotSignIn,
    "stop": RunStopped,
}
