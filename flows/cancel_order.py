"""Canceling one unshipped Amazon order.

The manual: *View Store*; under *Recent orders* click the order number; click *Cancel Order*; choose the *Reason
for cancellation*; click *Confirm*. Then the details show the status *Canceled*.

Older generations of the screens open an order, and the screen that commits, differently: see ``generation``.
"""

from dataclasses import replace

from bot.admin import Admin
from bot.admin.screen import Screen
from bot.cancel.confirm import await_answer, conclude, press_confirm
from bot.cancel.details import Opened, compare_details, look_at_order
from bot.cancel.guard import issue_permit
from bot.cancel.verdicts import Verdict, after_confirm
from bot.errors import CountermandError
from bot.joblist import Job
from bot.vocabulary import Status
from flows.generation import generation_of
from flows.open_order import open_order
from flows.read_order import cannot_cancel, would_cancel
from flows.recover_order import recover_order, still_open


def cancel_order(admin: Admin, job: Job, *, dry_run: bool = False) -> Verdict:
    """Cancel the order, exactly once, or say why not; prove what became of it.

    With ``dry_run`` it goes as far as the chosen reason, and then leaves the dialog.

    Raises:
        Refused, Technical, RunStopped: only before Confirm. Once it was pressed, everything ends in a verdict.
    """
    opened, seen = open_order(admin, job)
    verdict = still_open(admin, job, seen) if dry_run else recover_order(admin, job, opened, seen)
    verdict = verdict or cannot_cancel(seen)
    if verdict:
        return verdict

    compare_details(job, opened, seen)
    dialog = open_dialog(admin, job, opened)
    with admin.step("choose_reason"):
        dialog.choose("reason", admin.pack.info.reasons[job.reason])

    if dry_run:
        leave_dialog(admin, opened)
        return would_cancel(job, seen)

    with admin.step("press_confirm"):
        permit = issue_permit(admin, job, opened)
        with press_confirm(admin, permit) as heard:
            answer, words = await_answer(admin, heard)

    status_after = look_again(admin, job, opened)
    verdict = replace(after_confirm(answer, words, status_after), status_before=seen.status)
    conclude(admin, heard, verdict)
    return verdict


def open_dialog(admin: Admin, job: Job, opened: Opened) -> Screen:
    """Click *Cancel Order* on the order's page, which opens the dialog, or a page of its own, and does nothing else."""
    with admin.step("open_cancel_dialog"):
        return generation_of(admin.pack).open_cancel_screen(admin, job, opened)


def leave_dialog(admin: Admin, opened: Opened) -> None:
    """Leave the dialog by opening the page again: in a dialog about canceling, no button's name is safe to guess."""
    with admin.step("leave_dialog"):
        generation_of(admin.pack).reopen_order(admin, opened)


def look_again(admin: Admin, job: Job, opened: Opened) -> Status | None:
    """Open the order's page again, after Confirm, and read its status; None when that cannot be done.

    A page that does not say *Canceled* yet is opened again until the settle time is over. If the page cannot be
    reached, the way to it is walked once more from the start, signing in again where that is needed.
    """
    try:
        return _reopened_status(admin, job, opened)
    except CountermandError as trouble:
        admin.say(f"Looking at order {job.order} again, from the start: {trouble}")
    try:
        return _status_from_the_start(admin, job)
    except CountermandError as trouble:
        admin.say(f"Order {job.order} could not be looked at: {trouble}")
        return None


def _reopened_status(admin: Admin, job: Job, opened: Opened) -> Status | None:
    seen: list[Status | None] = []

    def says_canceled() -> bool:
        details = generation_of(admin.pack).reopen_order(admin, opened)
        seen.append(look_at_order(admin, job, opened, details.seen).status)
        return seen[-1] is Status.CANCELED

    with admin.step("reopen_order"):
        admin.until(says_canceled, seconds=admin.options.settle)
    return seen[-1] if seen else None


def _status_from_the_start(admin: Admin, job: Job) -> Status | None:
    admin.begin_again()
    opened, _ = open_order(admin, job)
    return _reopened_status(admin, job, opened)
