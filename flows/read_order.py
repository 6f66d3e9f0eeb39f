"""What an order's page says about canceling it, without pressing anything."""

from bot.admin import Admin
from bot.cancel.guard import Sighting
from bot.cancel.verdicts import Verdict, before_confirm, reverted, still_canceled, unknown_status
from bot.joblist import Job
from bot.ledger import Intent
from bot.outcomes import Outcome
from bot.vocabulary import Status
from flows.open_order import open_order
from flows.recover_order import still_open


def cannot_cancel(seen: Sighting) -> Verdict | None:
    """Why an order that reads so is not to be canceled, or None when nothing speaks against it."""
    if seen.status is None:
        return unknown_status(seen.status_words)
    return before_confirm(seen.status)


def plan_order(admin: Admin, job: Job) -> Verdict:
    """Say what would happen to the order; the dialog is not opened.

    Raises:
        Refused, Technical: as ``open_order``.
    """
    _, seen = open_order(admin, job)
    return still_open(admin, job, seen) or cannot_cancel(seen) or would_cancel(job, seen)


def audit_order(admin: Admin, job: Job, intent: Intent) -> Verdict:
    """Look again at an order that was canceled earlier, because Amazon's next import can undo a cancel.

    Raises:
        Refused, Technical: as ``open_order``.
    """
    _, seen = open_order(admin, job)
    admin.ledger.intents.note_look(intent.intent, seen.status or seen.status_words)
    if seen.status is Status.CANCELED:
        return still_canceled(intent.run_id, intent.written_at)
    return reverted(intent.run_id, intent.written_at, seen.status or seen.status_words)


def would_cancel(job: Job, seen: Sighting) -> Verdict:
    """What is said of an order that nothing speaks against, when nothing is to be pressed."""
    return Verdict(
        outcome=Outcome.WOULD_CANCEL,
        message=f"The order is {seen.status} and would be canceled with the reason {job.reason.label}.",
        status_before=seen.status,
    )
