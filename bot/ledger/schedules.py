"""The schedules in the ledger: what is done at certain times, who said so, and the list that it is done with.

A schedule is added and removed in one transaction with the entry in the audit, and with what the engine knows of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.joblist import Job
from bot.ledger.audit import Action, Audit
from bot.ledger.database import Database, is_refused_as_double, timestamp
from bot.ledger.queue import Terms
from bot.ledger.runs import hash_of
from bot.ledger.schema import schedules


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Something that is done at certain times."""

    name: str
    admin: str
    cron: str
    """Five fields: minute, hour, day, month, weekday."""
    timezone: str
    """Its IANA name, such as ``Europe/Berlin``."""
    command: str
    """``run``, ``plan``, ``audit`` or ``check``."""
    jobs: tuple[Job, ...] = ()
    """The list, as it was when the schedule was added; empty without one."""
    job_list: str = ""
    """The list's file name."""
    terms: Terms | None = None
    """How the runs are worked; None for a check."""
    since: str = ""
    """How far an audit looks back, such as ``7d``."""
    evidence: str = ""
    """Where the runs keep their evidence (``bot.evidence.places``)."""
    pack: str = ""
    added_at: str = ""
    added_by: str = ""
    doubt: str = ""
    """Why nothing is done for it, in words; empty if it is as it was added, as far as can be said without its list."""


CHANGED = "it was changed in the ledger after it was added: remove it, and add it again"
EARLIER = "an earlier version added it, which kept no hash over its Admin and times: remove it, and add it again"
GONE = "there is no schedule of that name"

Within = Callable[[sa.Connection], None]
"""What is done besides, with the connection of the transaction."""


class Schedules:
    """Every schedule, of whatever Admin."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def add(self, schedule: Schedule, by: str, enroll: Within = lambda _: None) -> bool:
        """Keep a schedule; False if there is one of that name.

        ``enroll`` has the engine know of it. Whatever it raises, nothing was added.
        """
        jobs = [job.model_dump(mode="json") for job in schedule.jobs]
        what = {
            "command": schedule.command,
            "job_list": schedule.job_list,
            "terms": asdict(schedule.terms) if schedule.terms else None,
            "since": schedule.since,
            "evidence": schedule.evidence,
            "pack": schedule.pack,
            "jobs_sha256": hash_of(jobs),
        }
        row: dict[str, Any] = {
            "name": schedule.name,
            "admin": schedule.admin,
            "cron": schedule.cron,
            "timezone": schedule.timezone,
            "what": what,
            "jobs": jobs,
            "added_at": timestamp(),
            "added_by": by,
        }
        row["sha256"] = _hash(row)
        try:
            with self._database.writing() as connection:
                connection.execute(schedules.insert().values(**row))
                enroll(connection)
                self._audit.append(connection, Action.SCHEDULE_ADDED, by=by, about=schedule.name)
        except LedgerTrouble as refused:
            if is_refused_as_double(refused):
                return False
            raise
        return True

    def remove(self, name: str, by: str, dismiss: Within = lambda _: None) -> bool:
        """Remove a schedule; False if no schedule has that name. ``dismiss`` has the engine forget it."""
        with self._database.writing() as connection:
            changed = connection.execute(schedules.delete().where(schedules.c.name == name))
            if changed.rowcount:
                dismiss(connection)
                self._audit.append(connection, Action.SCHEDULE_REMOVED, by=by, about=name)
        return bool(changed.rowcount)

    def all(self) -> Sequence[Schedule]:
        """Every schedule, by name, without the lists."""
        columns = [column for column in schedules.columns if column.name != "jobs"]
        rows = self._database.read(sa.select(*columns).order_by(schedules.c.name))
        return [_schedule(row, [], _doubt(row)) for row in rows]

    def find(self, name: str) -> Schedule | str:
        """The schedule with that name, exactly as it was added; or why nothing is done for it, in words."""
        row = next(iter(self._database.read(sa.select(schedules).where(schedules.c.name == name))), None)
        if row is None:
            return GONE
        doubt = _doubt(row) or (CHANGED if hash_of(row.jobs) != row.what["jobs_sha256"] else "")
        return doubt or _schedule(row, row.jobs)


def _hash(row: Mapping[str, Any]) -> str:
    """SHA-256 of all that says what is done, when and where; the list is in it with its own hash."""
    return hash_of([row[name] for name in ("name", "admin", "cron", "timezone", "what")])


def _doubt(row: sa.Row[Any]) -> str:
    if "jobs_sha256" not in row.what:
        return EARLIER
    return "" if _hash(row._asdict()) == row.sha256 else CHANGED


def _schedule(row: sa.Row[Any], jobs: Sequence[Any], doubt: str = "") -> Schedule:
    terms = None if doubt else row.what["terms"]  # of what was changed nothing is followed
    what = {name: str(row.what.get(name, "")) for name in ("command", "job_list", "since", "evidence", "pack")}
    return Schedule(
        name=row.name,
        admin=row.admin,
        cron=row.cron,
        timezone=row.timezone,
        jobs=tuple(Job.model_validate(job) for job in jobs),
        terms=Terms(**terms) if terms else None,
        added_at=row.added_at,
        added_by=row.added_by,
        doubt=doubt,
        **what,
    )
