"""Submitting a list: it is frozen, and queued with everything that it takes to work it, in one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot import __version__
from bot.engine.backlog import open_backlog
from bot.engine.stints import cut
from bot.evidence.forgotten import refuse_forgotten_presses
from bot.evidence.places import kept_in, prepare
from bot.evidence.run_folder import new_run_id
from bot.identity import admin_name
from bot.joblist import JobList
from bot.ledger import Asked, Ledger, Terms
from bot.outcomes import RunInfo
from bot.settings import Settings

NOBODY_YET = "nobody yet"
"""The account of a run that no worker has begun."""


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """What became of a submission."""

    run_id: str
    orders: int
    is_new: bool
    """False if the same list was queued already; then nothing was changed."""


def submit(
    job_list: JobList,
    settings: Settings,
    terms: Terms,
    asked: Asked | None = None,
    *,
    via: str = "command line",
) -> Submitted:
    """Queue a list. If it has to be approved, it waits in the ledger until then.

    ``asked`` says who submits it, if that is known, and ``via`` where.

    Raises:
        LedgerTrouble: the ledger, or the queue beside it, cannot be used; nothing was queued.
        CannotStart: it has forgotten what was pressed for an order of the list, or the folder for evidence is away;
            nothing was queued.
    """
    prepare(settings.evidence, settings.ledger_place)
    admin, started = admin_name(settings.admin_url), datetime.now(UTC)
    info = RunInfo(
        run_id=new_run_id(started),
        command=terms.command,
        admin=admin,
        account=NOBODY_YET,
        pack=settings.pack,
        job_list=Path(job_list.file).name,
        started_at=started,
        unmasked=terms.unmasked,
        version=__version__,
        evidence=kept_in(settings.evidence),
    )
    place = settings.ledger_place
    with Ledger.open(place) as ledger, open_backlog(place, ledger) as backlog:
        if terms.command == "run":
            refuse_forgotten_presses(settings.runs_dir, ledger, place, admin, [job.order for job in job_list.jobs])
        ledger.audit.via = via
        run_id = ledger.queue.submit(
            info, job_list.jobs, terms, cut(job_list.jobs), partial(backlog.put, admin=admin, terms=terms), asked
        )
    return Submitted(run_id=run_id, orders=len(job_list.jobs), is_new=run_id == info.run_id)
