"""What an order's page says about canceling it, without pressing anything."""

from bot.admin import Admin
from bot.guard import Sighting
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.verdicts import Verdict, before_confirm, pressed_before, unknown_status
from flows.open_order import open_order


def cannot_cancel(admin: Admin, job: Job, seen: Sighting) -> Verdict | None:
    """Why this order is not to be canceled, or None when nothing speaks against it."""
    earlier = admin.ledger.open_intent(admin.host, job.order)
    if earlier is not None:
        return pressed_before(earlier.run_id, earlier.written_at, earlier.outcome, seen.status)
    if seen.status is None:
        return unknown_status(seen.status_words)
    return before_confirm(seen.status)


def plan_order(admin: Admin, job: Job) -> Verdict:
    """Say what would happen to the order; the dialog is not opened.

    Raises:
        Refused, Technical: as ``open_order``.
    """
    _, seen = open_order(admin, job)
    return cannot_cancel(admin, job, seen) or would_cancel(job, seen)


def would_cancel(job: Job, seen: Sighting) -> Verdict:
    """What is said of an order that nothing speaks against, when nothing is to be pressed."""
    return Verdict(
        outcome=Outcome.WOULD_CANCEL,
        message=f"The order is {seen.status} and would be canceled with the reason {job.reason.label}.",
        status_before=seen.status,
    )
