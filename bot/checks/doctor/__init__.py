"""``countermand doctor``: is everything ready, from the settings to the cancel dialog?

What is checked is data (``CHECKS``, in order), and so is what was found (``Finding``). The checks up to the browser
are made here; the walk through the Admin's screens is a flow, which is handed in. One check that fails ends the
round: those after it are not reached.
"""

import os
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Request
from pydantic import BaseModel, ConfigDict, Field

from bot.access.leases import leased
from bot.access.session import browser_for
from bot.admin import Admin
from bot.admin.screen import Screen
from bot.errors import CountermandError, InputInvalid, Interrupted, NotReached, PageTrouble, Technical
from bot.files import listing
from bot.identity import admin_name, host_of
from bot.ledger import Ledger
from bot.pack import AUTO, load_packs
from bot.runner.entering import Entry, Hooks, SignIn, unopened_admin
from bot.runner.logs import log_to
from bot.secrecy import cleaner
from bot.settings import Settings, secrets_that_are_set
from bot.wording import first_line


class FindingState(StrEnum):
    """How a check ended."""

    WORKS = "works"
    FAILED = "failed"
    NOT_TRIED = "not_tried"
    """There was nothing to try it on, which is no failure."""
    NOT_REACHED = "not_reached"
    """An earlier one failed."""


class DoctorCheck(NamedTuple):
    """One thing that is checked."""

    name: str
    title: str
    """What people call it; at most 16 characters."""


CHECKS = (
    DoctorCheck("settings", "Settings"),
    DoctorCheck("browser", "Browser"),
    DoctorCheck("admin", "Admin"),
    DoctorCheck("sign_in", "Sign-in"),
    DoctorCheck("app", "App"),
    DoctorCheck("home", "Home page"),
    DoctorCheck("store_dashboard", "Store's dashboard"),
    DoctorCheck("all_orders", "All Orders"),
    DoctorCheck("order_details", "Order's page"),
    DoctorCheck("cancel_dialog", "Cancel dialog"),
)
"""What is checked, in this order."""

OPENS_NOTHING = frozenset({"settings", "browser"})
"""The checks before anything is opened."""

COMPARE = (
    "Run it again. If it happens again, look with --headed at what the page shows there. If your Admin looks "
    "different, use a pack of your own (--pack)."
)
"""What to do about a screen that is not as the pack says, where nothing better is known."""

TRY_LATER = "Run it again later. If it happens again, tell the shop's administrator."
"""What to do about anything else where nothing better is known."""


class Finding(BaseModel):
    """What became of one check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str = Field(description="Name of the check, as in CHECKS")
    state: FindingState
    found: str = Field(default="", description="What was found, in a few words; lines where there are several things")
    next_step: str = Field(default="", description="What to do; empty where nothing is to be done")


@dataclass
class Result:
    """What a check says of itself while it is made."""

    found: str = ""
    tried: bool = True

    def not_tried(self, why: str) -> None:
        """Say that there is nothing to try it on."""
        self.found, self.tried = why, False


class Show(Protocol):
    """Hears how the round goes."""

    def begun(self, check: DoctorCheck) -> None:
        """A check begins."""

    def step(self, name: str) -> None:
        """The check under way has come to a step, such as ``open_store``."""

    def say(self, remark: str) -> None:
        """A remark for the person who waits."""

    def ended(self, check: DoctorCheck, finding: Finding) -> None:
        """A check ended so, or was not reached."""

    def over(self, findings: tuple[Finding, ...]) -> None:
        """The round is over."""


class Observer(Protocol):
    """Looks at the screens that a round comes to, more closely than the round itself does."""

    def opened(self, admin: Admin, data: Collection[str] = ()) -> None:
        """The Admin on which the round is made; nothing is open in it yet. ``data`` is what is peculiar to it."""

    def offered(self, screen: Screen, name: str, words: list[str]) -> None:
        """A pick list of the screen that is open offers these words."""

    def failed(self, error: CountermandError) -> None:
        """The round ends with this, and the page is as it was then."""


class Over(Exception):
    """A check failed, so the round is over."""


class Round:
    """One round of checks, made in order."""

    def __init__(self, show: Show, observer: Observer | None = None) -> None:
        self.show = show
        self.observer = observer
        self.findings: list[Finding] = []
        self.steps: list[str] = []
        """The steps taken since the check under way began."""
        self.blocked: set[str] = set()
        """The hosts that are not allowed and that a page wanted something from."""

    @contextmanager
    def check(self, name: str) -> Iterator[Result]:
        """Make one check: it works unless what is done inside fails, which ends the round."""
        self.steps.clear()
        self.show.begun(next(check for check in CHECKS if check.name == name))
        result = Result()
        try:
            yield result
        except Interrupted:
            raise
        except CountermandError as error:
            if self.observer is not None:
                with suppress(PlaywrightError):  # a page that is gone cannot be looked at
                    self.observer.failed(error)
            self._end(_failure(name, error, self.blocked))
            raise Over from error
        except PlaywrightError as trouble:
            self._end(_failure(name, PageTrouble(reason=first_line(trouble)), self.blocked))
            raise Over from trouble
        self._end(
            Finding(
                check=name, state=FindingState.WORKS if result.tried else FindingState.NOT_TRIED, found=result.found
            )
        )

    def choices(self, screen: Screen, name: str) -> None:
        """See what the pick list ``name`` of the open screen offers; its list may stay open."""
        if self.observer is not None:
            self.observer.offered(screen, name, screen.offered(name))

    def step(self, name: str) -> None:
        """A step of a flow begins."""
        self.steps.append(name)
        self.show.step(name)

    def finish(self) -> None:
        """Say of the checks that were never begun that they were not reached, and that the round is over."""
        for check in CHECKS[len(self.findings) :]:
            self._end(Finding(check=check.name, state=FindingState.NOT_REACHED))
        self.show.over(tuple(self.findings))

    @property
    def exit_status(self) -> int:
        """0 if nothing failed, 2 if nothing was opened, 1 in all other cases."""
        failed = {finding.check for finding in self.findings if finding.state is FindingState.FAILED}
        return 2 if failed & OPENS_NOTHING else 1 if failed else 0

    def _end(self, finding: Finding) -> None:
        clean = cleaner(secrets_that_are_set())  # a page may show what was typed into it
        finding = finding.model_copy(update={"found": clean(finding.found), "next_step": clean(finding.next_step)})
        self.findings.append(finding)
        self.show.ended(CHECKS[len(self.findings) - 1], finding)


Walk = Callable[[Admin, Round, Callable[[Admin], None]], None]


def examine(
    walk: Walk,
    sign_in: SignIn,
    show: Show,
    read_settings: Callable[[], Settings],
    *,
    headed: bool = False,
    observer: Observer | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Make every check, and give the exit status.

    Args:
        walk: makes the checks from reaching the Admin on, on an Admin where nothing is open.
        sign_in: opens the Admin and signs in with the account that it is given.
        show: hears how it goes.
        read_settings: reads the settings; that it raises is what the first check finds.
        headed: whether the browser can be seen.
        observer: looks at every screen.
        stop: asked before every step; True ends the round.

    Raises:
        Interrupted: a person asked to stop; what was found until then was shown.
    """
    round_ = Round(show, observer)
    try:
        with suppress(Over), ExitStack() as stack:
            _go_round(round_, stack, walk, sign_in, read_settings, headed=headed, stop=stop)
    finally:
        round_.finish()
    return round_.exit_status


def _go_round(
    round_: Round,
    stack: ExitStack,
    walk: Walk,
    sign_in: SignIn,
    read_settings: Callable[[], Settings],
    *,
    headed: bool,
    stop: Callable[[], bool],
) -> None:
    show = round_.show
    with round_.check("settings") as result:
        settings = read_settings()
        packs = load_packs(settings.pack, settings.language, settings.sign_in_language)
        pool = settings.pool
        known = secrets_that_are_set() | {secret for account in pool for secret in account.secrets}
        stack.enter_context(log_to(Path(os.devnull), secrets=known, say=show.say))
        # The ledger knows what signing in may still try, and which accounts runs are at work with.
        ledger = stack.enter_context(Ledger.open(settings.ledger_place))
        ledger.runs.go_on_as(f"doctor-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}")
        admin = admin_name(settings.admin_url)
        account = stack.enter_context(leased(ledger, admin, pool, sharing=settings.share_account))
        named = packs[0].name if len(packs) == 1 else AUTO
        result.found = f"{settings.admin_url}, account {account.username}, pack {named}"
    if settings.stop_file.exists():
        show.say(f"The stop file {settings.stop_file} exists: remove it to let runs start again.")
    with round_.check("browser") as result:
        choice = browser_for(settings, headed=headed)
        opened, sign_in_and_keep = stack.enter_context(
            unopened_admin(
                Entry(
                    settings=settings,
                    account=account,
                    packs=packs,
                    ledger=ledger,
                    sign_in=sign_in,
                    hooks=Hooks(step=round_.step, say=show.say, stopping=stop),
                    headed=headed,
                )
            )
        )
        opened.page.on("requestfailed", lambda request: _note_blocked(round_, opened, request))
        if round_.observer is not None:
            round_.observer.opened(opened, (account.username,))
        browser = opened.page.context.browser
        result.found = choice.source + (f", version {browser.version}" if browser else "")
    walk(opened, round_, sign_in_and_keep)


def _note_blocked(round_: Round, admin: Admin, request: Request) -> None:
    host = host_of(request.url)
    if host and not admin.may_talk_to(host):
        round_.blocked.add(host)


def _failure(name: str, error: CountermandError, blocked: Collection[str] = ()) -> Finding:
    found, next_step = error.message, error.next_step
    if isinstance(error, InputInvalid):
        found = listing(error)
    elif isinstance(error, Technical) and next_step == Technical.next_step:
        next_step = COMPARE  # there is no list to run again, and there are no pictures
    elif name not in OPENS_NOTHING:
        next_step = next_step.replace("Run the list again", "Run it again") or TRY_LATER
    if blocked and not isinstance(error, NotReached):
        next_step += f" Blocked, because COUNTERMAND_ALLOWED_HOSTS does not list it: {', '.join(sorted(blocked))}."
    return Finding(check=name, state=FindingState.FAILED, found=found, next_step=next_step)
