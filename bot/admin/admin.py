"""The Admin as a person at it sees it: one page, its screens, and the steps taken on it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from typing import Any, TypedDict, Unpack

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Response

from bot.admin.absence import has_said_all, is_absent
from bot.admin.interruptions import Interruptions
from bot.admin.look import Request
from bot.admin.options import AdminOptions
from bot.admin.recorder import NoRecorder, StepRecorder
from bot.admin.screen import Screen, first_here
from bot.admin.timing import seconds_ahead, seconds_taken
from bot.admin.window import SHORTEST_PAUSE, Window
from bot.cancel.attempt import Attempt
from bot.cancel.wire import Wire
from bot.errors import (
    AccountLost,
    CancelStopped,
    EvidenceNotWritten,
    Interrupted,
    LedgerTrouble,
    PageTrouble,
    ScreenNotReached,
)
from bot.ledger import Event, Ledger
from bot.pack import Pack
from bot.wording import first_line

MOMENT = 0.1
"""Seconds that a screen is given to come before the page is searched for what may have come instead; a page that was
clicked just now is only beginning to change."""


@dataclass(frozen=True, kw_only=True)
class ReachedStore:
    """The store whose dashboard was reached last."""

    name: str
    url: str = ""
    """The address of its dashboard, good as long as the session is."""
    store_id: str = ""
    """From the address of its dashboard, where addresses have one."""


@dataclass(frozen=True, kw_only=True)
class Callbacks:
    """What an Admin asks of the program around it, and tells it."""

    fresh_page: Callable[[], Page] | None = None
    """Gives a new page of the same session, to begin again with; without it the page stays."""
    second_page: Callable[[], Page] | None = None
    """Gives a page beside the one that is open; without it the page's own profile does."""
    sign_in: Callable[["Admin"], None] | None = None
    """Opens the Admin and signs in; without it the Admin is only opened."""
    on_step: Callable[[str], None] = lambda name: None
    """Told the name of every step as it begins."""
    say: Callable[[str], None] = lambda remark: None
    """Told remarks for the person who waits."""
    may_commit: Callable[[str], None] = lambda order: None
    """Told an order's number right before Confirm is pressed for it; raises if that may not be."""
    stopping: Callable[[], bool] = lambda: False
    """Asked before every step; once it says True, nothing new is begun before Confirm."""


class Keywords(TypedDict, total=False):
    """The fields of ``AdminOptions`` and ``Callbacks``, which may be given to an ``Admin`` one by one."""

    patience: float
    settle: float
    recover_after: float
    allowed_hosts: Collection[str]
    direct: bool
    by_hand: bool
    behind_proxy: bool
    fresh_page: Callable[[], Page] | None
    second_page: Callable[[], Page] | None
    sign_in: Callable[["Admin"], None] | None
    on_step: Callable[[str], None]
    say: Callable[[str], None]
    may_commit: Callable[[str], None]
    stopping: Callable[[], bool]


class Admin(Window):
    """One browser page in the Admin, with its screens and the steps taken on them.

    It can be made around any Playwright ``Page``, such as the ``page`` fixture of pytest-playwright::

        admin = Admin(page, load_pack("asc-4.3"), "https://shop.example/admin", patience=60)

    Args:
        page: a page of any browser context; nothing needs to be open in it.
        pack: what the screens look like.
        url: the Admin's address, as a person would type it.
        ledger: remembers every Confirm; one in memory if none is given.
        recorder: takes the pictures; none are taken if none is given.
        candidates: packs of which one is to be recognized on the page; until then ``pack`` is the one for the screens
            that all of them share.
        wire: looks at what the pages send and are answered; one that looks at each page by itself if none is given.
        options: how to work (``AdminOptions``).
        callbacks: what is asked of the program around it (``Callbacks``).
        one_by_one: fields of options or callbacks, each in place of theirs.
    """

    def __init__(
        self,
        page: Page,
        pack: Pack,
        url: str,
        *,
        ledger: Ledger | None = None,
        recorder: StepRecorder | None = None,
        candidates: Collection[Pack] = (),
        wire: Wire | None = None,
        options: AdminOptions | None = None,
        callbacks: Callbacks | None = None,
        **one_by_one: Unpack[Keywords],
    ) -> None:
        given: dict[str, Any] = dict(one_by_one)
        of_options = {field.name: given.pop(field.name) for field in fields(AdminOptions) if field.name in given}
        self.options = replace(options or AdminOptions(), **of_options)
        self.callbacks = replace(callbacks or Callbacks(), **given)
        super().__init__(
            page,
            pack,
            url,
            candidates=candidates,
            allowed_hosts=self.options.allowed_hosts,
            patience=self.options.patience,
            wire=wire,
        )
        self.ledger = ledger or Ledger.in_memory()
        self.recorder = recorder or NoRecorder()
        self.recognized = ""
        """Name of the pack that was recognized; empty until then, and where it was known from the start."""
        self._attempt = Attempt()
        self.store: ReachedStore | None = None
        """The store that was reached last; None when the way must be walked from the menu."""
        self.on_arrival: Callable[[Screen], None] = lambda screen: None
        """Told every screen that is arrived at; a check looks at it there."""
        self.server_ahead = 0.0
        """Seconds by which the Admin's clock was ahead of this machine's when it was opened; 0 if it did not say."""
        self.was_reached = False
        """Whether a screen of the Admin has come up before."""
        self._times_opened = 0
        self._interruptions = Interruptions(self, self.say)

    @property
    def attempt(self) -> Attempt:
        """The attempt under way; one at no order, until the first is begun."""
        return self._attempt

    def begin_attempt(self, order: str) -> Attempt:
        """Begin an order, or begin it again: what was known of the last attempt says nothing about this one."""
        self._attempt = Attempt(order=order)
        return self._attempt

    def say(self, remark: str) -> None:
        """Tell the person who waits."""
        self.callbacks.say(remark)

    def may_commit(self, order: str) -> None:
        """Make sure that Confirm may be pressed for this order; raises what the program around it decides."""
        self.callbacks.may_commit(order)

    # --- Opening pages ---

    def open(self) -> None:
        """Open the Admin's address, whatever is open now."""
        self._times_opened += 1
        self.note_opening()
        answer = self.load(self.url)
        self.server_ahead = (answer and seconds_ahead(answer)) or 0.0
        self._note_answer(answer)

    def begin_again(self) -> None:
        """Open the Admin again, signed in if a callback does that; the next store is reached from the menu."""
        self.store = None
        try:
            if self.callbacks.fresh_page is not None:
                self.use_page(self.callbacks.fresh_page())
            if self.callbacks.sign_in is not None:
                self.callbacks.sign_in(self)
            else:
                self.open()
        except PlaywrightError as trouble:
            raise PageTrouble(reason=first_line(trouble)) from trouble

    def reload(self) -> None:
        """Reload the open page."""
        self._note_answer(self.page.reload(wait_until="domcontentloaded"))

    def go_to(self, url: str) -> None:
        """Open a page whose address was read off the browser in this session: addresses have keys of a session."""
        self.load(url)

    def go_to_route(self, route: str) -> None:
        """Open a place of the app that is open, by its own address after the ``#``.

        The page is reloaded: what the app has shown until now is not taken for what it is to show.
        """
        self.page.evaluate("(route) => { location.hash = route; }", route)
        self.reload()

    def narrow_to(self, candidates: Sequence[Pack]) -> None:
        """Go on with these of the candidates, of which the first is used until one is recognized."""
        self.pack, self.candidates = candidates[0], tuple(candidates)

    def use_pack(self, pack: Pack) -> None:
        """Go on with this one of the candidates, and say so."""
        self.pack, self.candidates = pack, ()
        self.recognized = pack.name
        logger.info("the screens are those of pack {}", pack.name)
        self.say(f"The screens are those of {pack.info.title}: pack {pack.name}.")

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Work on a second page of the same session while the block runs; the one that is open stays as it is."""
        first, crashed = self.page, self._crashed
        second = self.callbacks.second_page() if self.callbacks.second_page is not None else first.context.new_page()
        try:
            self.use_page(second)
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
            SessionEnded, InTheWay, RunStopped: a known interruption appeared instead, recognized at once.
        """
        return self.arrive_at_one_of(name, besides=besides, **facts)

    def arrive_at_one_of(self, *names: str, besides: Collection[str] = (), **facts: str) -> Screen:
        """Wait until one of several screens is open; in all else as ``arrive``."""
        screens = [self.screen(name, **facts) for name in names]
        late = min(MOMENT, self.patience / 2)

        def look() -> Screen | None:
            expected = [screen.to_be_here() for screen in screens]
            signs = [part | {"late": late * 1000} for part in self.interruption_signs((*names, *besides))]
            seen = self.look(*expected, *signs)
            here = first_here(screens, seen)
            if here is not None:
                self._interruptions.have_gone()
            elif signs and len(seen["parts"]) > len(expected):
                told = {**seen, "parts": seen["parts"][len(expected) :]}
                self._interruptions.notice((*names, *besides), told)
            return here

        here = self.until(look, moment=SHORTEST_PAUSE)
        if here is None:
            expected = screens[0]
            failing = expected.failing_check()
            why = expected.told(failing) if failing else "a loading cover stayed over it."
            raise expected.blamed(ScreenNotReached(screen=expected.spec.title, seconds=self.patience, why=why))
        self.on_arrival(here)
        return here

    def is_absent(self, screen: Screen, is_there: Callable[[], object]) -> bool:
        """Whether something is not on this screen, believed only once the page has said all that it has to say.

        Raises:
            ScreenNotReached: it does not come to that in time.
            SessionEnded, InTheWay, AdminBusy, RunStopped: an answer, or the page, says something else.
        """
        return is_absent(self, screen, is_there)

    def was_told(self, screen: Screen, number: str) -> bool | None:
        """Whether the app was answered with this order number; None while an answer may still come, or went wrong.

        That it was not proves no absence: an answer may write the number in another way than the page.
        """
        return self.wire.endpoint.said(number) if has_said_all(self, screen) else None

    def notice_interruptions(self, *, besides: Collection[str] = ()) -> None:
        """Raise if the page shows something known that is not a screen to work on, ``besides`` these screens.

        Raises:
            SessionEnded, CodeRefused, AdminBusy, InTheWay, RunStopped: as ``Interruptions.notice`` says.
        """
        self._interruptions.notice((*besides, *self._undecided()))

    def _undecided(self) -> Iterator[str]:
        """The interruptions of which the packs that are still possible say different things."""
        for pack in self.candidates:
            for spec in pack.interruptions():
                if spec != self.pack.screens.get(spec.screen):
                    yield spec.screen

    def interruption_signs(self, besides: Collection[str]) -> list[Request]:
        """The parts of a look for everything that is known to interrupt, ``besides`` these screens."""
        return self._interruptions.signs(besides)

    def ready_to_sign_in(self) -> None:
        """Make sure, at the sign-in form, that trying makes nothing worse.

        Raises:
            CannotSignIn: the form asks for what only a person can give.
            RunStopped: somebody else signs in with this account, again and again.
        """
        self._interruptions.refuse_useless_sign_in(first=self._times_opened <= 1)

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
        if not self.attempt.pressed:
            self.ledger.claims.sign_of_life()
            if lost := self.ledger.accounts.sign_of_life():
                raise AccountLost(account=" and ".join(lost))
        self.note(Event.STEP, step=name)
        self.attempt.step = name
        self.callbacks.on_step(name)
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
        if stopped and not self.attempt.pressed:
            raise CancelStopped(why=stopped)

    def heed_stop(self) -> None:
        """Begin nothing new once a person asked to stop.

        Raises:
            Interrupted: one did, and nothing is pressed yet.
        """
        if self.callbacks.stopping() and not self.attempt.pressed:
            raise Interrupted

    def note(self, event: Event, **told: object) -> None:
        """Append an event about the order in hand to the ledger's trail.

        Raises:
            LedgerTrouble, EvidenceNotWritten: before Confirm only; afterwards a gap in the trail is said and hides
                no outcome.
        """
        try:
            self.ledger.trail.note(event, order=self.attempt.order, **told)
        except (LedgerTrouble, EvidenceNotWritten) as trouble:
            if not self.attempt.pressed:
                raise
            logger.error("the trail lacks the event {}, after Confirm: {}", event, trouble.facts["reason"])

    def picture(self, step: str) -> None:
        """Photograph the page as it is.

        Raises:
            EvidenceNotWritten: before Confirm only, as in ``step``.
        """
        self.recorder.picture(self, step)

    def _note_answer(self, answer: Response | None) -> None:
        if answer is not None and (seconds := seconds_taken(answer)) is not None:
            self.attempt.response_seconds.append(seconds)
