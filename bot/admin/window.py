"""The live page: what is open in the browser now, and waiting for it to change.

A window knows the pack but no screen of it; ``bot.admin.screen`` is built on it, and ``bot.admin.admin`` on both.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from loguru import logger
from playwright.sync_api import BrowserContext, ElementHandle, Page, Response
from playwright.sync_api import Error as PlaywrightError

from bot.admin.changes import comes_to_rest, note_lost_scripts, wait_for_change
from bot.admin.held import Held
from bot.admin.look import Request, ask, element_of, install
from bot.cancel.ways import wire_for
from bot.cancel.wire import Wire
from bot.identity import admin_name, host_of, is_allowed
from bot.pack import Pack
from bot.wording import first_line

Seen = TypeVar("Seen")

QUIET = 0.5
"""Seconds without any change on the page after which an absence is believed."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 1.0
"""Seconds after which a page that does not change is still looked at again, doubled each time: the end of an
animation, or an answer on the wire, changes nothing in the document. Every look costs a machine that may have eight
workers."""

INTERRUPTED = "is interrupted by another navigation"
"""What Playwright says of a page that was to be loaded when another came first."""

INTERRUPTED_AT_MOST = 2
"""How often another page may come first; more are not on their way at once."""


class Looked(Protocol):
    """A screen that can be looked at as a whole."""

    def whole(self) -> Request:
        """The part of a look that asks for everything on it."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """How the next look waits in the page for what it wants to see."""

    known: int
    """How often the page had changed at the look before; it has seen all of that."""
    seconds: float
    """How long at most."""


class Window:
    """One browser page in the Admin, and the pack that describes what it shows.

    Args:
        page: a page of any browser context; nothing needs to be open in it.
        pack: what the screens look like.
        url: the Admin's address, as a person would type it.
        candidates: packs of which one is to be recognized on the page; until then ``pack`` is the one for the screens
            that all of them share.
        allowed_hosts: hosts besides the Admin's own that links may lead to.
        patience: seconds to wait for a screen.
        wire: looks at what the pages send and are answered; one that looks at each page by itself if none is given.
    """

    def __init__(
        self,
        page: Page,
        pack: Pack,
        url: str,
        *,
        candidates: Collection[Pack] = (),
        allowed_hosts: Collection[str] = (),
        patience: float = 30,
        wire: Wire | None = None,
    ) -> None:
        self.page = page
        self.pack = pack
        self.candidates = tuple(candidates)
        """The packs of which one is to be recognized; empty when it is known which."""
        self.url = url
        self.name = admin_name(url)
        """What this Admin is known by: its host and path (``bot.identity``)."""
        self.patience = patience
        """Seconds to wait for a screen, where a wait names no time of its own."""
        self.changes = -1
        """How often the page had changed at the look that is under way; -1 if not known."""
        self.holds_secret = False
        """Whether a secret was typed into the page that is open."""
        self._signed_out: BrowserContext | None = None
        self.wire = wire or wire_for(url, self.candidates or (pack,), allowed_hosts)
        """The last guard of what is sent, and what hears the answers of the app's endpoint."""
        self._allowed_hosts = {host for host in (host_of(url), *allowed_hosts) if host}
        self._crashed: Page | None = None
        self._held: Held | None = None
        self._wait: Wait | None = None
        self.use_page(page)

    def use_page(self, page: Page) -> None:
        """Go on with this page, on which nothing is open yet."""
        self.page = page
        self._crashed = None
        page.set_default_timeout(self.patience * 1000)
        page.on("crash", self._note_crash)
        page.on("domcontentloaded", self._note_new_document)
        note_lost_scripts(page)
        install(page)
        self.wire.watch(page)

    # --- Where it is ---

    def address(self) -> str:
        """The part of the page's address after the page itself, from the ``#`` on; empty if it has no ``#``."""
        return str(self.page.evaluate("() => location.hash"))

    def load(self, url: str) -> Response | None:
        """Load an address. A page that was still on its way here, such as the answer to a form, can come first and
        interrupt that: then it is loaded again.
        """
        for _ in range(INTERRUPTED_AT_MOST):
            try:
                return self.page.goto(url, wait_until="domcontentloaded")
            except PlaywrightError as trouble:
                if INTERRUPTED not in trouble.message:
                    raise
                logger.debug("another page came first: {}", first_line(trouble))
        return self.page.goto(url, wait_until="domcontentloaded")

    @property
    def signed_out(self) -> bool:
        """Whether nobody was signed in when the Admin was opened, and no secret was typed since."""
        return self._signed_out is self.page.context

    def note_opening(self) -> None:
        """Told that the Admin is about to be opened: who has no cookie is signed in nowhere."""
        if not self.page.context.cookies():
            self._signed_out = self.page.context

    def note_secret(self) -> None:
        """Told that a secret is about to be typed into the page."""
        self.holds_secret = True
        self._signed_out = None

    def may_talk_to(self, host: str) -> bool:
        """Whether a link may lead to ``host``."""
        return is_allowed(host, self._allowed_hosts)

    def good_answers(self) -> int:
        """How many answers the app's endpoint gave, whole and without error, since the page was opened."""
        return self.wire.endpoint.good_answers

    # --- Waiting ---

    def notice_interruptions(self, *, besides: Collection[str] = ()) -> None:
        """Raise if the page shows something known that is not a screen to work on, ``besides`` these screens.

        A window by itself knows nothing that interrupts; an ``Admin`` does.
        """

    def until(
        self, look: Callable[[], Seen | None], seconds: float | None = None, *, moment: float | None = None
    ) -> Seen | None:
        """Look again whenever the page changes, until ``look`` gives something or time is up (then None).

        Args:
            look: gives what is waited for, or nothing yet.
            seconds: how long at most; the patience if not given.
            moment: where given, the first look at the page that ``look`` makes waits in the page until its parts show
                what they want; that of the first ``look`` no longer than these seconds.
        """
        deadline = time.monotonic() + (self.patience if seconds is None else seconds)
        changes = -1  # not counted yet: the first wait only begins to count
        pause = SHORTEST_PAUSE
        limit = moment
        while True:
            self.changes = -1
            if limit is not None:
                self._wait = Wait(known=changes, seconds=max(0.0, min(limit, deadline - time.monotonic())))
            try:
                seen = look()
                has_waited = limit is not None and self._wait is None
            except PlaywrightError as trouble:
                # A page that is being replaced cannot be looked at; the next one can.
                if self._is_gone() or time.monotonic() >= deadline:
                    raise
                logger.debug("the page moved while it was looked at: {}", first_line(trouble))
                seen, has_waited = None, False
            finally:
                self._wait = None
            left = deadline - time.monotonic()
            if seen or left <= 0:
                return seen
            self._held = None  # what is waited for comes in another instant
            before = changes if self.changes < 0 else self.changes
            if has_waited:  # and so does the next look
                has_changed, changes = before != changes, before
            else:
                changes = self._wait_for_change(before, min(left, pause))
                has_changed = changes != before
            pause = SHORTEST_PAUSE if has_changed else min(2 * pause, LONGEST_PAUSE)
            if limit is not None:
                limit, changes = pause, changes if has_waited else -1

    def look(self, *parts: Request) -> dict[str, Any]:
        """Look at the page once, for all of this (``bot.admin.look``); while ``at_once`` runs, at what it saw."""
        if self._held is not None and (answer := self._held.answer(parts)) is not None:
            return answer
        wait, self._wait = self._wait, None
        if wait is None:
            return self.note_changes(ask(self.page, "look", {"parts": parts}))
        asked = {"parts": parts, "known": wait.known, "limit": wait.seconds * 1000}
        return self.note_changes(ask(self.page, "awaitLook", asked))

    def at_once(self, *screens: Looked) -> AbstractContextManager[None]:
        """While the block runs, these screens are read from one instant: that in which it begins."""
        parts = [screen.whole() for screen in screens]
        return self.holding(parts, self.look(*parts))

    @contextmanager
    def holding(self, parts: Sequence[Request], seen: dict[str, Any]) -> Iterator[None]:
        """While the block runs, what a look for these parts saw answers every question that it can answer."""
        before = self._held
        self._held = Held(parts, seen)
        try:
            yield
        finally:
            self._held = before

    def element(self, number: int) -> ElementHandle:
        """The element that an earlier look told of.

        Raises:
            PlaywrightError: it is gone.
        """
        return element_of(self.page, number)

    def note_changes(self, seen: dict[str, Any]) -> dict[str, Any]:
        """Told by every look at the page how often the page had changed by then, so that no change after it is missed.

        It is -1 where that is not counted yet.
        """
        if self.changes < 0:  # of several looks in one, whatever changed since the first counts
            self.changes = seen["changes"]
        return seen

    def quiet(self, seconds: float = QUIET) -> bool:
        """Wait until the page has not changed for some seconds; False when it never comes to rest."""
        return comes_to_rest(self.page, seconds, self.patience)

    def _wait_for_change(self, known: int, seconds: float) -> int:
        """Wait until the page has changed since it had changed ``known`` times, and say how often it has by now."""
        try:
            return wait_for_change(self.page, known, seconds)
        except PlaywrightError:
            if self._is_gone():
                raise
            return -1  # the page was replaced, which is a change

    # --- What becomes of the page ---

    def _note_new_document(self, page: Page) -> None:
        self.holds_secret = False

    def _note_crash(self, page: Page) -> None:
        self._crashed = page

    def _is_gone(self) -> bool:
        """Whether the page is closed, or its process has died: nothing will ever be seen on it again."""
        return self.page.is_closed() or self._crashed is self.page
