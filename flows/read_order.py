"""Reading what an order's page says, without pressing anything."""

from bot.admin import Admin
from bot.guard import Opened, Sighting, look_at_order
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.verdicts import Verdict, before_confirm, pressed_before, unknown_status
from flows.open_order import open_order


def read_order(admin: Admin, job: Job) -> tuple[Opened, Sighting]:
    """Open the order's page, make sure that it is the job's order in the job's store, and read it.

    Raises:
        Refused: there is no such order, or the page shows something else than the job says.
        Technical: a screen is not what it should be; nothing was pressed.
    """
    opened = open_order(admin, job)
    with admin.step("read_order"):
        seen = look_at_order(admin, job, opened)
    return opened, seen


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
        Refused, Technical: as ``read_order``.
    """
    _, seen = read_order(admin, job)
    return cannot_cancel(admin, job, seen) or would_cancel(job, seen)


def would_cancel(job: Job, seen: Sighting) -> Verdict:
    """What is said of an order that nothing speaks against, when nothing is to be pressed."""
    return Verdict(
        outcome=Outcome.WOULD_CANCEL,
        message=f"The order is {seen.status} and would be canceled with the reason {job.reason.label}.",
        status_before=seen.status,
    )
