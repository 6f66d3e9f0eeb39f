"""What is done at certain times: an audit, a check, or a list that somebody approved.

The engine calls at each time, in one worker of the Admin. What was missed while no worker ran is not made up for, and a
call that is late by more than ten minutes is refused: who planned something for two o'clock did not mean noon.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot import __version__
from bot.engine.backlog import Backlog
from bot.engine.stints import cut
from bot.engine.submission import NOBODY_YET
from bot.errors import CannotStart
from bot.evidence.places import kept_in, prepare
from bot.identity import admin_name
from bot.joblist import Job, JobList
from bot.ledger import Ledger, Schedule, Terms
from bot.outcomes import RunInfo
from bot.settings import Settings
from bot.timespan import time_span
from bot.wording import count_of, harmless

LATEST = timedelta(minutes=10)
"""A call that is later than this is refused."""

LONGEST_NAME = 64

PRIORITY = 100
"""Of a run that is queued without one; lower goes first."""


def schedule_of(
    settings: Settings,
    *,
    name: str,
    cron: str,
    timezone: str,
    command: str,
    job_list: JobList | None = None,
    since: str = "",
    max_cancellations: int | None = None,
    terms: Terms | None = None,
) -> Schedule:
    """A schedule of the Admin in the settings; ``since`` is how far an audit looks back.

    Its runs are worked on the ``terms`` of an earlier run of the same list, or within the limits of the settings.

    Raises:
        CannotStart: ``since`` is no span of time, or the folder for evidence cannot be used.
    """
    if command == "audit":
        time_span(since)  # what is wrong with it is said now, and not at night
    prepare(settings.evidence, settings.ledger_place)
    as_the_settings_say = Terms(
        command=command,
        priority=PRIORITY,
        not_before="",
        spacing=settings.pace,
        max_failures=settings.max_failures,
        max_failures_total=settings.max_failures_total,
        max_cancellations=max_cancellations,
        unmasked=settings.unmasked,
    )
    terms = replace(terms, command=command, not_before="") if terms else as_the_settings_say
    return Schedule(
        name=name,
        admin=admin_name(settings.admin_url),
        cron=cron,
        timezone=timezone,
        command=command,
        jobs=job_list.jobs if job_list else (),
        job_list=job_list.file if job_list else "",
        terms=None if command == "check" else terms,
        since=since,
        evidence=kept_in(settings.evidence),
        pack=settings.pack,
    )


def add(ledger: Ledger, backlog: Backlog, schedule: Schedule, by: str) -> None:
    """Keep a schedule, have the engine call at its times, and tell the audit: all of it or nothing.

    Raises:
        CannotStart: there is one of that name, or it has no name, no times or no time zone that can be used.
        LedgerTrouble: the ledger, or the queue beside it, cannot be used.
    """
    if not schedule.name.strip() or len(schedule.name) > LONGEST_NAME or not schedule.name.isprintable():
        raise CannotStart(reason=f"A schedule needs a name of at most {LONGEST_NAME} characters.")
    if len(schedule.cron.split()) != 5:
        raise CannotStart(reason=f"{schedule.cron!r} needs five fields: minute, hour, day, month, weekday.")
    known_to = partial(backlog.schedule, schedule.name, schedule.admin, schedule.cron, schedule.timezone)
    if not ledger.schedules.add(schedule, by, known_to):
        raise CannotStart(
            reason=f"There is a schedule {schedule.name!r} already.", next_step="Remove it first, or name another."
        )


def remove(ledger: Ledger, backlog: Backlog, name: str, by: str) -> None:
    """End a schedule, and tell the audit: both or nothing. Runs that it has queued stay.

    Raises:
        CannotStart: no schedule has that name.
        LedgerTrouble: the ledger, or the queue beside it, cannot be used.
    """
    if not ledger.schedules.remove(name, by, partial(backlog.unschedule, name)):
        raise CannotStart(reason=f"There is no schedule {name!r}.", next_step="See countermand schedule list.")


def refusal(at: datetime, now: datetime) -> str:
    """Why a call for that time is refused now; empty if it is not."""
    late = now - at
    if late <= LATEST:
        return ""
    return f"it is {late.total_seconds() / 60:.0f} minutes late"


def queue_run(ledger: Ledger, backlog: Backlog, schedule: Schedule, at: datetime) -> str:
    """Queue the run of a schedule for this time, once, and say what came of it.

    Raises:
        LedgerTrouble: the ledger, or the queue beside it, cannot be used; nothing was queued.
    """
    if schedule.terms is None:
        return "it has no terms"
    jobs = schedule.jobs
    if schedule.command == "audit":
        canceled = ledger.intents.canceled_since(schedule.admin, ledger.now() - time_span(schedule.since))
        jobs = tuple(Job(order=one.order, store=one.store, reason=one.reason) for one in canceled)
    if not jobs:
        return "there is no order to look at"
    run_id = run_id_of(schedule.name, at)
    if ledger.runs.find(run_id) is not None:
        return f"run {run_id} was queued already"
    info = RunInfo(
        run_id=run_id,
        command=schedule.command,
        admin=schedule.admin,
        account=NOBODY_YET,
        pack=schedule.pack,
        job_list=schedule.job_list or f"schedule {schedule.name}",
        started_at=datetime.now(UTC),
        unmasked=schedule.terms.unmasked,
        version=__version__,
        evidence=schedule.evidence,
    )
    put = partial(backlog.put, admin=schedule.admin, terms=schedule.terms)
    queued = ledger.queue.submit(info, jobs, schedule.terms, cut(jobs), put)
    return f"run {queued} is queued" if queued == run_id else f"the same orders are queued already, as run {queued}"


def run_id_of(name: str, at: datetime) -> str:
    """The id of the run that a schedule queues at that time: the same, however often it is called for."""
    return f"{at.astimezone(UTC):%Y%m%d-%H%M%S}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def lines(ledger: Ledger, backlog: Backlog) -> list[str]:
    """Every schedule, for people."""
    known, all_schedules = backlog.scheduled(), ledger.schedules.all()
    told = [f"{count_of(len(all_schedules), 'schedule')}" if all_schedules else "There is no schedule."]
    for one in all_schedules:
        what = {"audit": f"audit of the last {one.since}", "check": "check"}
        does = harmless(what.get(one.command, f"{one.command} of {one.job_list}"))
        told.append(f"  {harmless(one.name)}  {harmless(one.cron)} ({harmless(one.timezone)})")
        told.append(f"      {does} on {harmless(one.admin)}, added {one.added_at[:10]} by {harmless(one.added_by)}")
        if one.doubt:
            told.append(f"      Nothing is done for it: {one.doubt}.")
        elif one.name not in known:
            told.append("      The queue does not know of it: remove it, and add it again.")
        elif known[one.name]:
            told.append(f"      Last called for {known[one.name]}.")
    return told
