"""What a run is, in two objects: what the caller asks for, and what every worker of the run is told."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.evidence.places import store_at
from bot.evidence.recorder import SESSION, Explain, Recorder
from bot.evidence.store import EvidenceStore
from bot.identity import admin_name
from bot.runner.entering import SignIn
from bot.runner.worker import Work, WorkerOptions
from bot.secrecy import Clean
from bot.settings import Settings, secrets_that_are_set


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What is done to the orders of a list, and how."""

    command: str
    """What the run is called in its report: run, dry run, plan, audit or demo."""
    work: Work
    """What is done to one order. With several workers it must be possible to pickle it."""
    sign_in: SignIn
    """Opens the Admin and signs in with the account that it is given. Likewise."""
    explain: Explain | None = None
    """Explains in the evidence what was there instead of an element that was not found. Likewise."""
    may_start: Callable[[], None] | None = None
    """Asked when everything is checked and nothing is opened yet; raises if the run may not start."""
    headed: bool = False
    """Whether the browser can be seen."""
    workers: int = 1
    """How many orders are worked at once. A single worker works in this process, several in processes of their own."""
    max_cancellations: int | None = None
    """The run stops once Confirm was pressed for this many orders."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every worker of a run is told. A worker may be another process, so nothing in it is open."""

    settings: Settings
    work: Work
    sign_in: SignIn
    headed: bool
    folder: Path
    """The run's folder."""
    ledger_place: Path | str
    explain: Explain | None = None
    evidence: str = ""
    """What is remembered of where its evidence is (``bot.evidence.places``)."""

    @property
    def run_id(self) -> str:
        """The run, as the ledger knows it."""
        return self.folder.name

    @property
    def host(self) -> str:
        """The Admin, as the ledger knows it."""
        return admin_name(self.settings.admin_url)

    @property
    def secrets(self) -> set[str]:
        """Everything that must not be written anywhere."""
        return secrets_that_are_set() | {secret for account in self.settings.pool for secret in account.secrets}

    @property
    def claim_seconds(self) -> float:
        """How long an order stays a worker's without a sign of life."""
        return max(300, 10 * self.settings.timeout)

    def recorder(self, clean: Clean, session: str = SESSION) -> Recorder:
        """What keeps the evidence."""
        return Recorder(
            self.store, masked=not self.settings.unmasked, clean=clean, session=session, explain=self.explain
        )

    @property
    def store(self) -> EvidenceStore:
        """Where the evidence is kept.

        Raises:
            CannotStart: it is not known here where that is.
        """
        return store_at(self.folder, self.evidence, self.settings.evidence)

    def worker_options(self, wait: Callable[[float], None], *, hands_back: bool = False) -> WorkerOptions:
        """How patiently a worker works, with what waits for it, and whether it hands back what it cannot finish."""
        return WorkerOptions(
            attempts=self.settings.attempts,
            claim_seconds=self.claim_seconds,
            pause=self.settings.pause,
            wait=wait,
            hands_back=hands_back,
        )
