"""A run that never was, with its jobs and permits, for tests of what is kept and said of runs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from bot.cancel.guard import Permit
from bot.joblist import Job
from bot.ledger import Terms
from bot.outcomes import RunInfo
from bot.vocabulary import Reason

HOST = "shop.example"
RUN_ID = "20260301-021405-a1b2"
STARTED = datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC)
STORE = "Nordwind UK"
ORDER = "112-1215998-3002091"
OTHER = "112-1215998-3002092"

RUN_FILES = [
    "evidence",
    "junit.xml",
    "log.jsonl",
    "report.html",
    "results.csv",
    "results.json",
    "run.json",
    "trail.jsonl",
]
"""What a run's folder holds, by name."""


def run_info(run_id: str = RUN_ID, **changed: Any) -> RunInfo:
    """What is said of a run at its beginning; changes are given by name."""
    return RunInfo.model_validate(
        {
            "run_id": run_id,
            "command": "run",
            "admin": HOST,
            "account": "bot",
            "pack": "asc-4.3",
            "job_list": "jobs.yaml",
            "started_at": STARTED,
            "version": "0.1.0",
        }
        | changed
    )


def job(order: str = ORDER, store: str = STORE, note: str = "") -> Job:
    """The job to cancel an order for its buyer."""
    return Job(order=order, store=store, reason=Reason.BUYER_CANCELED, note=note)


@dataclass(frozen=True)
class Leave:
    """What the ledger reads of a permit; a real one comes from the guard only."""

    order: str = ORDER
    store: str = STORE
    reason: Reason = Reason.BUYER_CANCELED


def permit(order: str = ORDER, store: str = STORE) -> Permit:
    """Something that the ledger takes for the permit to cancel an order."""
    return cast(Permit, Leave(order, store))


TERMS = Terms(
    command="run",
    priority=100,
    not_before="",
    spacing=0,
    max_failures=5,
    max_failures_total=50,
    max_cancellations=None,
)
"""The terms of a queued run that has nothing special about it."""
