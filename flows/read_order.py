"""What an order's page says about canceling it, without pressing anything."""

from bot.admin import Admin
from bot.cancel.details import OrderDetails, compare_details
from bot.cancel.verdicts import Verdict, before_confirm, reverted, still_canceled, unknown_status
from bot.errors import Mismatch, NotImported, NotLookedAtAgain, Refused, Technical
from bot.joblist import Job
from bot.ledger import Intent
from bot.outcomes import Outcome
from bot.vocabulary import Status
from flows.open_order import open_order
from flows.recover_order import still_open

GONE_SINCE = (
    "It was canceled here earlier, so look it up in Seller Central; its store may have been renamed or removed since."
)
"""What to do about an order that an audit does not find: no job list could be wrong, since it comes from the ledger."""


def cannot_cancel(seen: OrderDetails) -> Verdict | None:
    """Why an order that reads so is not to be canceled, or None when it may be."""
    if seen.status is None:
        return unknown_status(seen.status_words)
    return before_confirm(seen.status)


def plan_order(admin: Admin, job: Job) -> Verdict:
    """Say what would happen to the order; the dialog is not opened.

    Raises:
        Refused, Technical: as ``open_order``.
    """
    opened, seen = open_order(admin, job)
    verdict = still_open(admin, job, seen) or cannot_cancel(seen)
    if verdict:
        return verdict
    compare_details(job, opened, seen)
    return would_cancel(job, seen)


def audit_order(admin: Admin, job: Job, intent: Intent) -> Verdict:
    """Look again at an order that was canceled earlier, because Amazon's next import can undo a cancel.

    Raises:
        Refused: the store or the order is no longer in this Admin.
        Technical: as ``open_order``, or the page that it led to cannot be taken for the order's.
    """
    try:
        _, seen = open_order(admin, job)
    except (Mismatch, NotImported) as trouble:
        raise NotLookedAtAgain(order=job.order, why=str(trouble)) from trouble
    except Refused as trouble:
        trouble.next_step = GONE_SINCE
        raise
    except Technical as trouble:
        if trouble.next_step == Technical.next_step:
            trouble.next_step = NotLookedAtAgain.next_step
        raise
    admin.ledger.intents.note_look(intent.intent, seen.status or seen.status_words)
    if seen.status is Status.CANCELED:
        return still_canceled(intent.run_id, intent.written_at)
    return reverted(intent.run_id, intent.written_at, seen.status, seen.status_words)


def would_cancel(job: Job, seen: OrderDetails) -> Verdict:
    """The verdict on an order that could be canceled, when nothing is to be pressed."""
    return Verdict(
        outcome=Outcome.WOULD_CANCEL,
        message=f"The order is {seen.status} and would be canceled with the reason {job.reason.label}.",
        status_before=seen.status,
    )
