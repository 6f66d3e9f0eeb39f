"""A check from its settings to its report: the walk, the inspector on it, and the files that it leaves."""

import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot import __version__
from bot.admin import Admin
from bot.checks.check.baseline import baselines_folder
from bot.checks.check.inspector import TOLERANCE, Inspector, browser_of
from bot.checks.check.outcome import CheckOutcome, ending, on_the_way
from bot.checks.check.report import write_files
from bot.checks.check.show import Watching
from bot.checks.doctor import Round, examine
from bot.errors import Interrupted
from bot.identity import admin_name
from bot.outcomes import OrderResult
from bot.pack import load_pack
from bot.runner.entering import SignIn
from bot.settings import Settings, load_settings

Walk = Callable[[Admin, Round, Callable[[Admin], None]], None]

CHECKS_FOLDER = "checks"
"""The folder of checks, in that of the runs."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a check is to be made."""

    baselines: Path | None = None
    update: bool = False
    tolerance: float = TOLERANCE
    looks: bool = True
    headed: bool = False
    show: Watching = field(default_factory=Watching)
    stop: Callable[[], bool] = lambda: False
    """Asked before every step; True ends the check."""
    full: Callable[[], OrderResult] | None = None
    """Cancels the order that a person named, where nothing differs."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A check that was made."""

    outcome: CheckOutcome
    page: Path
    opened: bool

    @property
    def exit_status(self) -> int:
        """0 if nothing differs, 2 if nothing could be opened, else 1."""
        return 2 if not self.opened else 0 if self.outcome.holds else 1


def check(
    settings: Settings,
    walk: Walk,
    sign_in: SignIn,
    plan: Plan,
    *,
    read_settings: Callable[[], Settings] | None = None,
) -> Checked:
    """Walk to the cancel dialog, hold every screen against its contract and its baseline, and leave the files.

    ``read_settings`` gives those of the walk; they are read again where it is left out.

    Raises:
        InputInvalid, CannotStart: the pack, or its baselines, cannot be read.
        Interrupted: a person asked to stop.
        RunStopped: the files cannot be written.
    """
    pack = load_pack(settings.pack, settings.language, settings.sign_in_language)
    named = plan.baselines or settings.baselines
    inspector = Inspector(baselines=named, update=plan.update, tolerance=plan.tolerance, looks=plan.looks)
    watch = _Browser(inspector)
    show = plan.show
    # Without a saved session, so that the walk comes to the sign-in page too.
    again = read_settings or partial(load_settings, pack=settings.pack, language=settings.language, keep_session=False)
    started, clock = datetime.now(UTC), time.monotonic()
    examine(walk, sign_in, show, again, headed=plan.headed, observer=watch, stop=plan.stop)
    ended, next_step = ending(show.findings)
    outcome = CheckOutcome(
        check=f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        admin=admin_name(settings.admin_url),
        account=watch.account,
        pack=pack.name,
        baselines=str(baselines_folder(pack, named)),
        updated=plan.update,
        browser=watch.browser,
        started_at=started,
        seconds=round(time.monotonic() - clock, 3),
        version=__version__,
        screens=tuple(on_the_way(pack, inspector.reports, show.findings)),
        ended=ended,
        next_step=next_step,
    )
    if plan.full is not None and outcome.holds:
        if plan.stop():  # after the last step of the walk, which would have heeded it
            raise Interrupted
        outcome = outcome.model_copy(update={"full": plan.full()})
    folder = settings.runs_dir / CHECKS_FOLDER / outcome.check
    return Checked(outcome=outcome, page=write_files(folder, outcome, inspector.pictures), opened=show.opened)


class _Browser:
    """The inspector, and what it is looked at with."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self.account = self.browser = ""
        self.offered = inspector.offered
        self.failed = inspector.failed

    def opened(self, admin: Admin, data: Collection[str] = ()) -> None:
        """Begin to look."""
        self.account, self.browser = next(iter(data), ""), browser_of(admin)
        self._inspector.opened(admin, data)
