"""The schedules in the ledger: what is done at certain times, who said so, and the list that it is done with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.joblist import Job
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


class Schedules:
    """Every schedule, of whatever Admin."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, schedule: Schedule, by: str) -> bool:
        """Keep a schedule; False if there is one of that name."""
        jobs = [job.model_dump(mode="json") for job in schedule.jobs]
        what = {
            "command": schedule.command,
            "job_list": schedule.job_list,
            "terms": asdict(schedule.terms) if schedule.terms else None,
            "since": schedule.since,
            "evidence": schedule.evidence,
            "pack": schedule.pack,
        }
        row = {
            "name": schedule.name,
            "admin": schedule.admin,
            "cron": schedule.cron,
            "timezone": schedule.timezone,
            "what": what,
            "jobs": jobs,
            "sha256": hash_of([what, jobs]),
            "added_at": timestamp(),
            "added_by": by,
        }
        try:
            with self._database.writing() as connection:
                connection.execute(schedules.insert().values(**row))
        except LedgerTrouble as refused:
            if is_refused_as_double(refused):
                return False
            raise
        return True

    def remove(self, name: str) -> bool:
        """Remove a schedule; False if no schedule has that name."""
        with self._database.writing() as connection:
            changed = connection.execute(schedules.delete().where(schedules.c.name == name))
        return bool(changed.rowcount)

    def all(self) -> Sequence[Schedule]:
        """Every schedule, by name, without the lists."""
        columns = [column for column in schedules.columns if column.name != "jobs"]
        return [_schedule(row, []) for row in self._database.read(sa.select(*columns).order_by(schedules.c.name))]

    def find(self, name: str) -> Schedule | None:
        """The schedule with that name; None if no schedule has it, or it was changed after it was added."""
        rows = self._database.read(sa.select(schedules).where(schedules.c.name == name))
        return next(
            (_schedule(row, row.jobs) for row in rows if hash_of([row.what, row.jobs]) == row.sha256),
            None,
        )


def _schedule(row: sa.Row[Any], jobs: Sequence[Any]) -> Schedule:
    what = dict(row.what)
    terms = what.pop("terms")
    return Schedule(
        name=row.name,
        admin=row.admin,
        cron=row.cron,
        timezone=row.timezone,
        jobs=tuple(Job.model_validate(job) for job in jobs),
        terms=Terms(**terms) if terms else None,
        added_at=row.added_at,
        added_by=row.added_by,
        **what,
    )
