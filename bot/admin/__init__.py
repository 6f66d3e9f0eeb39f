"""The Admin as a person at it sees it: one page, its screens, and the steps taken on it.

This is what flows are given. It can be made around any Playwright ``Page``, such as the ``page`` fixture of
pytest-playwright::

    admin = Admin(page, load_pack("asc-4.3"), "https://shop.example/admin")
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import TypeVar

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Response

from bot.admin.changes import comes_to_rest, count_on, wait_for_change
from bot.admin.interruptions import Interruptions
from bot.admin.recorder import NoRecorder, StepRecorder
from bot.admin.screen import Screen
from bot.cancel.requests import FORM, GRAPHQL, Way
from bot.cancel.wire import SentBy, Wire
from bot.errors import CancelStopped, EvidenceNotWritten, Interrupted, LedgerTrouble, PageTrouble, ScreenNotReached
from bot.identity import admin_name, host_of, is_allowed
from bot.ledger import Event, Ledger
from bot.pack import Pack

Seen = TypeVar("Seen")

QUIET = 0.5
"""Seconds without any change on the page after which an absence is believed."""

MOMENT = 0.1
"""Seconds that a screen is given to come before the page is searched for what may have come instead."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 1.0
"""Seconds after which a page that does not change is looked at all the same, each time twice as many: the end of an
animation, or an answer on the wire, changes nothing in the document. Every look costs a machine that may have eight
workers."""


class Admin:
    """One browser page in the Admin, with the pack that describes it.

    Args:
        page: a page of any browser context; nothing needs to be open in it.
        pack: what the screens look like.
        url: the Admin's address, as a person would type it.
        ledger: remembers every Confirm; one in memory if none is given.
        recorder: takes the pictures; none are taken if none is given.
        patience: seconds to wait for a screen.
        settle: seconds for which an order's page is opened again after Confirm while it does not say Canceled.
        recover_after: seconds after which a Confirm that was never answered, of an order that still is Unshipped, is
            believed never to have arrived.
        allowed_hosts: hosts besides the Admin's own that links may lead to.
        candidates: packs of which one is to be recognised on the page; until then ``pack`` is the one for the screens
            that all of them share.
        direct: whether an order is opened by its address once its store was reached, instead of by clicks.
        fresh_page: gives a new page of the same session, to begin again with; without it the page stays.
        second_page: gives a page beside the one that is open; without it the page's own profile does.
        sign_in: opens the Admin and signs in; without it the Admin is only opened.
        by_hand: whether a person sees the browser and can sign in where the program cannot.
        on_step: told the name of every step as it begins.
        say: told remarks for the person who waits.
        may_commit: told an order's number right before Confirm is pressed for it; raises if that may not be.
        stopping: asked before every step; once it says True, nothing new is begun before Confirm.
        wire: looks at what the pages send and are answered; one that looks at each page by itself if none is given.
    """

    def __init__(
        self,
        page: Page,
        pack: Pack,
        url: str,
        *,
        ledger: Ledger | None = None,
        recorder: StepRecorder | None = None,
        patience: float = 30,
        settle: float = 5,
        recover_after: float = 300,
        allowed_hosts: Collection[str] = (),
        candidates: Collection[Pack] = (),
        direct: bool = False,
        fresh_page: Callable[[], Page] | None = None,
        second_page: Callable[[], Page] | None = None,
        sign_in: Callable[["Admin"], None] | None = None,
        by_hand: bool = False,
        on_step: Callable[[str], None] = lambda name: None,
        say: Callable[[str], None] = lambda remark: None,
        may_commit: Callable[[str], None] = lambda order: None,
        stopping: Callable[[], bool] = lambda: False,
        wire: Wire | None = None,
    ) -> None:
        self.page = page
        self.pack = pack
        self.candidates = tuple(candidates)
        """The packs of which one is to be recognised; empty when it is known which."""
        self.recognised = ""
        """Name of the pack that was recognised; empty where none was to be, or none is yet."""
        self.url = url
        self.host = admin_name(url)
        """What it is known by: its host and path (``bot.identity``)."""
        self.ledger = ledger or Ledger.in_memory()
        self.recorder = recorder or NoRecorder()
        self.patience = patience
        self.settle = settle
        self.recover_after = recover_after
        self.say = say
        self.may_commit = may_commit
        self.store = ""
        """The store whose dashboard was reached last, or empty when the way must be walked from the menu."""
        self.direct = direct
        self.store_id = ""
        """The store's, from the address of its dashboard, where addresses have one."""
        self.store_url = ""
        """The address of that dashboard, good as long as the session is."""
        self.order = ""
        """The order in hand, for the ledger's trail; empty between orders."""
        self.pressed = False
        """Whether Confirm was pressed for the order in hand."""
        self.on_arrival: Callable[[Screen], None] = lambda screen: None
        """Told every screen that is arrived at; a check looks at it there."""
        self.by_hand = by_hand
        """Whether a person looks on, who can sign in by hand."""
        self.opened = 0
        """How often its address was opened."""
        self.server_ahead = 0.0
        """Seconds by which the Admin's clock was ahead of this machine's when it was opened; 0 if it did not say."""
        self.answers: list[float] = []
        """Seconds that the Admin took to answer for each page that was opened, for whoever empties it now and then."""
        self.holds_secret = False
        """Whether a secret was typed into the page that is open."""
        self._allowed_hosts = {host for host in (host_of(url), *allowed_hosts) if host}
        self._fresh_page = fresh_page
        self._second_page = second_page
        self._sign_in = sign_in
        self._on_step = on_step
        self._stopping = stopping
        self.changes = -1
        """How often the page had changed at the look that is under way; -1 if not known."""
        self.wire = wire or wire_for(url, self.candidates or (pack,), allowed_hosts)
        """The last guard of what is sent, and what hears the answers of the app's endpoint."""
        self._interruptions = Interruptions(self)
        self._crashed: Page | None = None
        self._use(page)

    # --- Where it is ---

    def address(self) -> str:
        """The part of the page's address after the page itself, from the ``#`` on; empty when there is none."""
        return str(self.page.evaluate("() => location.hash"))

    def may_talk_to(self, host: str) -> bool:
        """Whether a link may lead to ``host``."""
        return is_allowed(host, self._allowed_hosts)

    def open(self) -> None:
        """Open the Admin's address, whatever is open now."""
        self.opened += 1
        answer = self.page.goto(self.url, wait_until="domcontentloaded")
        self.server_ahead = (answer and _seconds_ahead(answer)) or 0.0
        self._note_answer(answer)

    def begin_again(self) -> None:
        """Open the Admin anew, signed in where that is known how; the way to a store is walked from the menu."""
        self.store = ""
        try:
            if self._fresh_page is not None:
                self._use(self._fresh_page())
            if self._sign_in is not None:
                self._sign_in(self)
            else:
                self.open()
        except PlaywrightError as trouble:
            raise PageTrouble(reason=first_line(trouble)) from trouble

    def reload(self) -> None:
        """Have the server draw the open page anew."""
        self._note_answer(self.page.reload(wait_until="domcontentloaded"))

    def go_to(self, url: str) -> None:
        """Open a page anew whose address was read off the browser in this session: addresses have keys of a session."""
        self.page.goto(url, wait_until="domcontentloaded")

    def go_to_route(self, route: str) -> None:
        """Open a place of the app that is open, by its own address after the ``#``.

        The server draws the page anew: what the app has shown until now is not taken for what it is to show.
        """
        self.page.evaluate("(route) => { location.hash = route; }", route)
        self.reload()

    def use_pack(self, pack: Pack) -> None:
        """Go on with this one of the candidates, and say so."""
        self.pack, self.candidates = pack, ()
        self.recognised = pack.name
        logger.info("the screens are those of pack {}", pack.name)
        self.say(f"The screens are those of {pack.info.title}: pack {pack.name}.")

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Work on a second page of the same session while the block runs; the one that is open stays as it is."""
        first, crashed = self.page, self._crashed
        second = self._second_page() if self._second_page is not None else first.context.new_page()
        try:
            self._use(second)
            yield
        finally:
            self.page, self._crashed = first, crashed
            with suppress(PlaywrightError):  # it may have gone by itself
                second.close()

    # --- Its screens ---

    def screen(self, name: str, **facts: str) -> Screen:
        """A screen of the pack, without looking whether it is the one that is open."""
        return Screen(self, self.pack.screens[name], facts)

    def arrive(self, name: str, *, besides: Collection[str] = (), **facts: str) -> Screen:
        """Wait until screen ``name`` is open and every check of it holds.

        Args:
            name: the screen.
            besides: interruptions that are no interruption here.
            facts: what the pack may use in braces.

        Raises:
            ScreenNotReached: with the message of the check that did not hold to the end.
            SessionEnded, InTheWay, RunStopped: a known interruption appeared instead, recognised at once.
        """
        return self.arrive_at_one_of(name, besides=besides, **facts)

    def arrive_at_one_of(self, *names: str, besides: Collection[str] = (), **facts: str) -> Screen:
        """Wait until one of several screens is open; otherwise as ``arrive``."""
        screens = [self.screen(name, **facts) for name in names]
        moment = time.monotonic() + min(MOMENT, self.patience / 2)

        def look() -> Screen | None:
            here = next((screen for screen in screens if screen.is_here()), None)
            if here is not None:
                self._interruptions.have_gone()
            elif time.monotonic() >= moment:  # a page that was clicked just now is only beginning to change
                self.notice_interruptions(besides=(*names, *besides))
            return here

        here = self.until(look)
        if here is None:
            expected = screens[0]
            failing = expected.failing_check()
            why = expected.told(failing) if failing else "a loading cover stayed over it."
            raise expected.blamed(ScreenNotReached(screen=expected.spec.title, seconds=self.patience, why=why))
        self.on_arrival(here)
        return here

    def until(self, look: Callable[[], Seen | None], seconds: float | None = None) -> Seen | None:
        """Look again whenever the page changes, until ``look`` gives something or time is up (then None)."""
        deadline = time.monotonic() + (self.patience if seconds is None else seconds)
        changes = -1  # not counted yet: the first wait only begins to count
        pause = SHORTEST_PAUSE
        while True:
            self.changes = -1
            try:
                seen = look()
            except PlaywrightError as trouble:
                # A page that is being replaced cannot be looked at; the next one can.
                if self._is_gone() or time.monotonic() >= deadline:
                    raise
                logger.debug("the page moved while it was looked at: {}", first_line(trouble))
                seen = None
            left = deadline - time.monotonic()
            if seen or left <= 0:
                return seen
            before = changes if self.changes < 0 else self.changes
            changes = self._wait_for_change(before, min(left, pause))
            pause = min(2 * pause, LONGEST_PAUSE) if changes == before else SHORTEST_PAUSE

    def note_changes(self, changes: int) -> None:
        """Told by every look at the page how often the page had changed by then, so that no change after it is missed.

        -1 where that is not counted yet.
        """
        if self.changes < 0:  # of several looks in one, whatever changed since the first counts
            self.changes = changes

    def quiet(self, seconds: float = QUIET) -> bool:
        """Wait until the page has not changed for some seconds; False when it never comes to rest."""
        return comes_to_rest(self.page, seconds, self.patience)

    def is_absent(self, screen: Screen, is_there: Callable[[], object]) -> bool:
        """Whether something is not on this screen, believed only once the page has said all that it has to say.

        That is: the answers of the app's endpoint have arrived, whole and without error, no cover and no spinner is in
        sight, and the page has come to rest.

        Raises:
            ScreenNotReached: it does not come to that in time.
            SessionEnded, InTheWay, AdminBusy, RunStopped: an answer, or the page, says something else.
        """
        why = ""

        def look() -> str:
            nonlocal why
            if is_there():
                return "there"
            self.notice_interruptions(besides=(screen.spec.screen,))
            why = self._why_not_settled(screen)
            if not why and self.quiet():
                why = self._why_not_settled(screen)  # something may have begun meanwhile
                if not why:
                    return "there" if is_there() else "absent"
            return ""

        seen = self.until(look)
        if not seen:
            why = why or "the page never came to rest."
            raise screen.blamed(ScreenNotReached(screen=screen.spec.title, seconds=self.patience, why=why))
        return seen == "absent"

    def good_answers(self) -> int:
        """How many answers the app's endpoint gave, whole and without error, since the page was opened."""
        return self.wire.endpoint.good_answers

    def _why_not_settled(self, screen: Screen) -> str:
        """Why nothing can be called absent from the page yet, as a sentence; empty when it can."""
        endpoint = self.wire.endpoint
        if screen.glance().busy:
            return "a loading cover or a spinner stayed in sight."
        if endpoint.is_waiting:
            return "an answer to a request of its app never came."
        if endpoint.trouble is not None:
            return f"a request of its app was answered with an error: {endpoint.trouble.words}."
        if not endpoint.good_answers and all(pack.info.has_app for pack in self.candidates or (self.pack,)):
            return "its app never asked for its data."
        return ""

    def notice_interruptions(self, *, besides: Collection[str] = ()) -> None:
        """Raise if the page shows something known that is not a screen to work on, ``besides`` these screens.

        Raises:
            SessionEnded, CodeRefused, AdminBusy, InTheWay, RunStopped: as ``Interruptions.notice`` says.
        """
        self._interruptions.notice(besides)

    def ready_to_sign_in(self) -> None:
        """Make sure, at the sign-in form, that trying makes nothing worse.

        Raises:
            CannotSignIn: the form asks for what only a person can give.
            RunStopped: somebody else signs in with this account, again and again.
        """
        self._interruptions.refuse_useless_sign_in()

    # --- The steps taken ---

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One named step of a flow: announced, logged, and photographed when it is done.

        Whatever fails inside is photographed too, with the page's words. What the browser reports is turned
        into one sentence.

        Raises:
            Interrupted: a person asked to stop, and nothing is pressed yet.
            PageTrouble: the browser could not go on.
            EvidenceNotWritten: before Confirm only; afterwards lost evidence is noted and hides no outcome.
        """
        self.heed_stop()
        if not self.pressed:
            self.ledger.claims.sign_of_life()
            self.ledger.accounts.sign_of_life()
        self.note(Event.STEP, step=name)
        self._on_step(name)
        logger.bind(step=name).info("step {}", name)
        try:
            yield
            self._refuse_stopped()
        except PlaywrightError as trouble:
            self.recorder.trouble(self, name)
            raise PageTrouble(reason=first_line(trouble)) from trouble
        except Exception as error:
            self.recorder.trouble(self, name, error)
            raise
        self.recorder.picture(self, name)

    def _refuse_stopped(self) -> None:
        """Go no further on a page that has tried to cancel an order by itself."""
        stopped = self.wire.take_stopped()
        if stopped and not self.pressed:
            raise CancelStopped(why=stopped)

    def heed_stop(self) -> None:
        """Begin nothing new once a person asked to stop.

        Raises:
            Interrupted: one did, and nothing is pressed yet.
        """
        if self._stopping() and not self.pressed:
            raise Interrupted

    def note(self, event: Event, **told: object) -> None:
        """Append an event about the order in hand to the ledger's trail.

        Raises:
            LedgerTrouble, EvidenceNotWritten: before Confirm only; afterwards a gap in the trail is said and hides
                no outcome.
        """
        try:
            self.ledger.trail.note(event, order=self.order, **told)
        except (LedgerTrouble, EvidenceNotWritten) as trouble:
            if not self.pressed:
                raise
            logger.error("the trail lacks the event {}, after Confirm: {}", event, trouble.facts["reason"])

    def _use(self, page: Page) -> None:
        self.page = page
        self._crashed = None
        page.set_default_timeout(self.patience * 1000)
        page.on("crash", self._note_crash)
        page.on("domcontentloaded", self._note_new_document)
        count_on(page)
        self._interruptions.listen(page)
        self.wire.watch(page)

    def _note_answer(self, answer: Response | None) -> None:
        if answer is not None and (seconds := _seconds_taken(answer)) is not None:
            self.answers.append(seconds)

    def _note_new_document(self, page: Page) -> None:
        self.holds_secret = False

    def _note_crash(self, page: Page) -> None:
        self._crashed = page

    def _is_gone(self) -> bool:
        """Whether the page is closed, or its process has died: nothing will ever be seen on it again."""
        return self.page.is_closed() or self._crashed is self.page

    def _wait_for_change(self, known: int, seconds: float) -> int:
        """Wait until the page has changed since it had changed ``known`` times, and say how often it has by now."""
        try:
            return wait_for_change(self.page, known, seconds)
        except PlaywrightError:
            if self._is_gone():
                raise
            return -1  # the page was replaced, which is a change


def wire_for(
    url: str, packs: Collection[Pack], allowed_hosts: Collection[str] = (), sent_by: SentBy = "client"
) -> Wire:
    """The wire of the Admin at ``url``, whose screens are those of one of the packs."""
    endpoint = next((pack.info.app_endpoint for pack in packs if pack.info.app_endpoint), "")
    return Wire(url, ways=ways_to_cancel(packs), endpoint=endpoint, allowed_hosts=allowed_hosts, sent_by=sent_by)


def ways_to_cancel(packs: Collection[Pack]) -> list[Way]:
    """How the screens of these packs cancel an order, as it is seen on the wire."""
    return [
        Way(
            address=pack.info.cancel_request.address,
            mutation=pack.info.mutation,
            order=pack.info.cancel_request.names.order or (GRAPHQL if pack.info.mutation else FORM).order,
            row=pack.info.cancel_request.names.row or FORM.row,
            store=pack.info.cancel_request.names.store or (GRAPHQL if pack.info.mutation else FORM).store,
            reason=pack.info.cancel_request.names.reason or FORM.reason,
        )
        for pack in packs
    ]


def _seconds_ahead(answer: Response) -> float | None:
    """How far the server's clock, by its ``Date`` header, is ahead of this machine's; None when it does not say.

    The header counts whole seconds, so half of one is added to what it says.
    """
    try:
        said = parsedate_to_datetime(answer.headers.get("date", "")).timestamp() + 0.5
        said += float(answer.headers.get("age", 0))
    except (ValueError, OverflowError):
        return None
    timing = answer.request.timing
    answered = (timing["startTime"] + max(0.0, timing["responseStart"])) / 1000  # both are milliseconds
    return said - (answered if timing["startTime"] > 0 else time.time())


def _seconds_taken(answer: Response) -> float | None:
    """How long the server took from the request to the beginning of its answer; None when that is not known."""
    timing = answer.request.timing  # in milliseconds, -1 where there is none
    asked, answered = timing["requestStart"], timing["responseStart"]
    return (answered - asked) / 1000 if 0 <= asked <= answered else None


def first_line(trouble: PlaywrightError) -> str:
    """The sentence in a browser's error: its first line, without the name of the call."""
    return trouble.message.strip().splitlines()[0].partition(": ")[2] or trouble.message.strip().splitlines()[0]
