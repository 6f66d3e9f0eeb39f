"""What everything in the console shares: settings, ledger, queue, who may do what, and the worker inside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.console.oidc import Provider
from bot.console.people import Roles
from bot.console.ways_in import OneTimeAddress, ProxyHeader
from bot.console.worker_inside import WorkerInside
from bot.engine.backlog import Backlog
from bot.evidence.places import store_of_run
from bot.evidence.store import EvidenceStore
from bot.identity import admin_name
from bot.ledger import Ledger
from bot.settings import Settings


@dataclass(kw_only=True)
class Desk:
    """The console's own things. Requests come on several threads at once."""

    settings: Settings
    ledger: Ledger
    """For reading alone: what is written is written with a ledger of its own."""
    backlog: Backlog
    origin: str
    """The address at which people reach it, without a path."""
    hosts: frozenset[str]
    """The host names, with their ports, that a request may name."""
    one_time: OneTimeAddress | None = None
    proxy: ProxyHeader | None = None
    provider: Provider | None = None
    roles: Roles | None = None
    worker: WorkerInside | None = None
    sample: str = ""
    """The sample list, where the practice Admin is served beside the console."""
    practice: str = ""
    """The address of that practice Admin."""

    @property
    def place(self) -> Path | str:
        """Where the ledger is."""
        return self.settings.ledger_place

    @property
    def admin(self) -> str:
        """The name of the Admin that lists are for."""
        return admin_name(self.settings.admin_url)

    @property
    def is_ones_own(self) -> bool:
        """Whether it is one person's, on their own computer."""
        return self.one_time is not None

    @property
    def four_eyes(self) -> bool:
        """Whether people cannot approve what they submitted themselves."""
        return not self.is_ones_own if self.settings.four_eyes is None else self.settings.four_eyes

    @property
    def is_secure(self) -> bool:
        """Whether people reach it over https."""
        return self.origin.startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds a session."""
        port = self.origin.rpartition(":")[2]
        return "__Host-countermand" if self.is_secure else f"countermand-{port}"

    def folder(self, run_id: str) -> Path:
        """The folder of a run that the ledger knows."""
        return self.settings.runs_dir / run_id

    def evidence(self, run_id: str) -> EvidenceStore:
        """The evidence of a run that the ledger knows."""
        return store_of_run(self.folder(run_id), self.ledger, self.settings.evidence)

    @contextmanager
    def writing(self) -> Iterator[Ledger]:
        """A ledger to write with, for one request."""
        with Ledger.open(self.place) as ledger:
            ledger.audit.via = "console"
            yield ledger
