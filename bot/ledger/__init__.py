"""The ledger: what was asked for, what was pressed and with which result, across all runs.

It is the memory that makes *once and only once* hold: an intent is on disk before Confirm is pressed, and an
order with an intent that was never settled is not pressed again. Orders are known by Admin and number, an
Admin by its host and path (``bot.identity``).

====================  =======================================================================================
``Ledger.runs``       every run, the orders it was given, and the outcome of each
``Ledger.intents``    every Confirm that was pressed or about to be, its answer, and who settled it
``Ledger.claims``     which run is working on which order now
``Ledger.accounts``   which run is using which Admin account now
``Ledger.sign_ins``   what was tried to sign in with, and whether the Admin refused it
``Ledger.codes``      which two-factor codes were used
``Ledger.queue``      which runs wait for workers, and which worker has which of their orders
``Ledger.own_runs``   which runs are worked by workers of their own, on one machine
``Ledger.schedules``  what is done at certain times
``Ledger.limits``     what all workers of such a run may do together
``Ledger.submissions``  who submitted a run, and who approved it
``Ledger.audit``      what people did
``Ledger.console``    who is signed in to the console
``Ledger.pages``      runs and orders, a page at a time
``Ledger.trail``      every event, chained by hashes, so that a later change shows
====================  =======================================================================================

A file (SQLite in WAL mode, every commit on disk) by default; a team can share one on a PostgreSQL server.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from bot.ledger.approval import Approval
from bot.ledger.audit import Action, Audit, Done
from bot.ledger.claims import Claims
from bot.ledger.codes import Codes
from bot.ledger.console_access import ApiToken, ConsoleAccess, ConsoleSession
from bot.ledger.database import Database, connect, connect_in_memory
from bot.ledger.intents import Intent, Intents
from bot.ledger.leases import Leases
from bot.ledger.own_runs import OwnRuns
from bot.ledger.pages import AtWork, Kind, ListedOrder, ListedRun, Pages
from bot.ledger.queue import Queue, QueuedRun, Stint, Terms
from bot.ledger.runs import Runs
from bot.ledger.schedules import Schedule, Schedules
from bot.ledger.schema import accounts
from bot.ledger.shared_limits import NotYet, SharedLimits
from bot.ledger.signins import SignIns
from bot.ledger.submissions import Asked, Submission, Submissions
from bot.ledger.trail import Entry, Event, Trail

__all__ = [
    "Action",
    "ApiToken",
    "Approval",
    "Asked",
    "AtWork",
    "ConsoleSession",
    "Done",
    "Entry",
    "Event",
    "Intent",
    "Kind",
    "Ledger",
    "ListedOrder",
    "ListedRun",
    "NotYet",
    "QueuedRun",
    "Schedule",
    "Stint",
    "Submission",
    "Terms",
    "has_ledger",
]


def has_ledger(place: Path | str) -> bool:
    """Whether there is anything to open as a ledger: a database, or anything at all in the place of the file.

    For commands that only look back: opening a ledger makes one where it is missing, and an empty one in the place of
    one that was moved away would look as if nothing was ever pressed.
    """
    return isinstance(place, str) or os.path.lexists(place)


class Ledger:
    """One ledger. Create it with ``open`` or ``in_memory``, and use it as a context manager to close it."""

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self._database = Database(engine, name)
        self.trail = Trail(self._database)
        self.limits = SharedLimits(self._database)
        self.runs = Runs(self._database, self.trail, self.limits)
        self.claims = Claims(self._database, self.trail, self.limits)
        self.accounts = Leases(self._database, accounts, "account")
        self.audit = Audit(self._database)
        self.sign_ins = SignIns(self._database, self.audit)
        self.codes = Codes(self._database)
        self.intents = Intents(self._database, self.trail, self.claims, self.limits, self.audit)
        self.submissions = Submissions(self._database, self.trail, self.audit)
        self.queue = Queue(self._database, self.runs, self.submissions, self.audit)
        self.own_runs = OwnRuns(self._database, self.runs)
        self.console = ConsoleAccess(self._database, self.audit)
        self.pages = Pages(self._database)
        self.schedules = Schedules(self._database, self.audit)

    @classmethod
    def open(cls, place: Path | str, *, patience: float = 10) -> Self:
        """Open the ledger in a file, making it if it is not there, or in a database that is named by its address.

        Needs ``patience``, the seconds to wait for another program that holds it.

        Raises:
            LedgerTrouble: it is locked, damaged, not a ledger, of a newer version, or cannot be reached or written.
        """
        return cls(*connect(place, patience))

    @classmethod
    def in_memory(cls) -> Self:
        """A ledger that ends with the process: for tests and for flows run by hand."""
        return cls(*connect_in_memory())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def now(self) -> datetime:
        """The time by the ledger's own clock, in UTC: the server's, or this computer's if the ledger is a file."""
        return datetime.fromtimestamp(self._database.now(), UTC)

    def schema_name(self) -> str:
        """The schema of its tables, if it lies on a server; ``main`` in a file."""
        return self._database.schema_name()

    def close(self) -> None:
        """Close it; everything written is on disk already."""
        self._database.close()
