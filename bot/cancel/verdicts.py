"""What is concluded from what was seen: the three decision tables, as functions without a browser.

Before Confirm the status decides whether an order can be canceled here at all. After Confirm the answer and
the status on the details page, opened again, decide together: the extension sets its own status to ``Canceled``
first and queues the cancel for Amazon second, so the status alone proves nothing, and an answer alone does not either.
Both together prove that the cancel is in the Admin's queue. Whether its cron job then reaches Amazon is shown nowhere.
After a crash the ledger says what was pressed and answered, and the order's page how it reads now.
"""

from dataclasses import dataclass, replace

from bot.outcomes import Answer, Outcome
from bot.vocabulary import Status
from bot.wording import cut


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of an order, in the words of the result."""

    outcome: Outcome
    message: str
    next_step: str = ""
    status_before: Status | None = None
    status_after: Status | None = None


_IN_SELLER_CENTRAL = "in Seller Central: orders with this status cannot be canceled in the Admin."
_RETURNS = "It has already shipped: handle it as a return or an exchange in Seller Central."

NEXT_STEPS: dict[Status, str] = {
    Status.PENDING: (
        f"Wait until the payment is verified and the order reads Unshipped, or cancel it {_IN_SELLER_CENTRAL}"
    ),
    Status.PENDING_AVAILABILITY: (
        f"A pre-order: wait until it can ship and the order reads Unshipped, or cancel it {_IN_SELLER_CENTRAL}"
    ),
    Status.PARTIALLY_SHIPPED: f"Cancel it {_IN_SELLER_CENTRAL}",
    Status.SHIPPED: _RETURNS,
    Status.COMPLETED: _RETURNS,
    Status.ERROR: "Resolve what the order's notes say first; then run it again or cancel it in Seller Central.",
}
"""The manual's next step for each status that cannot be canceled here."""


def before_confirm(status: Status) -> Verdict | None:
    """What a status means before anything is pressed; None for ``Unshipped``, the only one that goes on."""
    if status is Status.UNSHIPPED:
        return None
    if status is Status.CANCELED:
        return Verdict(
            outcome=Outcome.ALREADY_CANCELED,
            message="The order was already canceled; nothing was pressed.",
            status_before=status,
        )
    return Verdict(
        outcome=Outcome.NOT_CANCELABLE,
        message=f"The order's status is {status}; only Unshipped orders can be canceled here.",
        next_step=NEXT_STEPS[status],
        status_before=status,
    )


def unknown_status(words: str) -> Verdict:
    """What a status means that the pack has no word for: nothing that could be canceled."""
    return Verdict(
        outcome=Outcome.NOT_CANCELABLE,
        message=f"The order's status reads {cut(words, 80)!r}, which is not a status that the pack knows.",
        next_step="Look at the order in the Admin; if the words are right, add them to the statuses in pack.yaml.",
    )


FINISH_IN_SELLER_CENTRAL = (
    "Cancel it in Seller Central now: the Admin no longer offers to, and the buyer's order is still open."
)

LOOK_IN_SELLER_CENTRAL = (
    "Look the order up in Seller Central. Do not run it again before you know: "
    "if it is still open there, cancel it there."
)


TOLD_LATER = "The Admin tells Amazon later."
"""What is known of Amazon when a cancel was accepted: that it is queued, and nothing more."""


_UNKNOWN = Verdict(outcome=Outcome.UNKNOWN, message="", next_step=LOOK_IN_SELLER_CENTRAL)


def after_confirm(answer: Answer, words: str, status_after: Status | None) -> Verdict:
    """What answer and status mean together, once Confirm was pressed.

    Needs the answer, its words as far as any were shown, and the status on the details page, opened again; None
    when that could not be read.
    """
    said = f" ({words})" if words else ""
    if status_after is Status.CANCELED and answer is Answer.OK:
        outcome, next_step = Outcome.CANCELED, ""
        message = (
            "Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
            f"{TOLD_LATER}"
        )
    elif status_after is Status.CANCELED and answer is Answer.ERROR:
        outcome = Outcome.CANCELED_NOT_SENT
        message = f"The Admin says Canceled but answered with an error{said}: Amazon was probably never told."
        next_step = (
            "Cancel it in Seller Central now: the Admin no longer offers to, and the buyer's order is still open."
        )
    elif status_after is Status.CANCELED:
        outcome, next_step = Outcome.UNKNOWN, LOOK_IN_SELLER_CENTRAL
        heard = "the answer could not be understood" if answer is Answer.UNCLEAR else "no answer came"
        message = f"The order's page says Canceled, but {heard}{said}: whether Amazon was told is not known."
    else:
        outcome, next_step = Outcome.UNKNOWN, LOOK_IN_SELLER_CENTRAL
        shown = f"the order's page says {status_after}" if status_after else "the order's page could not be read"
        answered = {
            Answer.OK: "no error was answered",
            Answer.ERROR: f"an error was answered{said}",
            Answer.UNCLEAR: f"the answer could not be understood{said}",
            Answer.NONE: f"no answer came{said}",
        }[answer]
        message = f"Confirm was pressed and {answered}, but {shown}."
    return Verdict(outcome=outcome, message=message, next_step=next_step, status_after=status_after)


def pressed_before(
    run_id: str,
    written_at: str,
    answer: Answer | None,
    words: str,
    status: Status | None,
    *,
    settled: bool,
    was_canceled: bool = False,
) -> Verdict | None:
    """What is concluded of an order whose Confirm may have been pressed earlier and was never settled.

    This is the recovery table. It is not pressed again, with one exception: when no answer was ever heard and the
    order, read again after the recovery time (``settled``), still is ``Unshipped`` and was never seen to read
    ``Canceled`` since (``was_canceled``), then the request never arrived, and None says that a new permit may be asked
    for.

    Needs the run and time of the press, the answer as far as one was recorded, and how the order reads now.
    """
    then = f"Confirm was pressed, or about to be, in run {run_id} ({written_at})"
    said = f" ({words})" if words else ""
    unknown = replace(
        _UNKNOWN,
        message=f"{then}, what came of it was never proved, and the order now reads {status or 'something else'}. "
        "Nothing was pressed this time.",
        status_before=status,
    )
    if status is Status.CANCELED and answer is Answer.OK:
        return Verdict(
            outcome=Outcome.CANCELED,
            message=f"{then}, no error was answered, and the order's page, opened now, says Canceled. {TOLD_LATER}",
            status_before=status,
            status_after=status,
        )
    if status is Status.CANCELED and answer is Answer.ERROR:
        return Verdict(
            outcome=Outcome.CANCELED_NOT_SENT,
            message=f"{then}; the Admin says Canceled but answered with an error{said}: "
            "Amazon was probably never told.",
            next_step=FINISH_IN_SELLER_CENTRAL,
            status_before=status,
            status_after=status,
        )
    if status is Status.UNSHIPPED and was_canceled:
        return replace(
            unknown,
            message=f"{then}, the order read Canceled after that, and it reads Unshipped now: an import from Amazon "
            "has undone it, and whether Amazon was told is not known. Nothing was pressed this time.",
        )
    if status is Status.UNSHIPPED and answer in {None, Answer.NONE}:
        if settled:
            return None
        return replace(
            unknown,
            next_step="Its request may still arrive: run the list once COUNTERMAND_RECOVER_AFTER (300 seconds unless "
            "set) is over since then, and that run settles it.",
        )
    if status in {Status.SHIPPED, Status.COMPLETED}:
        return replace(before_confirm(status) or unknown, message=f"{then}; the order's status is now {status}.")
    return unknown


def still_canceled(run_id: str, written_at: str) -> Verdict:
    """What is said of an order that was canceled earlier and still reads so."""
    return Verdict(
        outcome=Outcome.ALREADY_CANCELED,
        message=f"Canceled in run {run_id} ({written_at}), and it still reads Canceled.",
        status_before=Status.CANCELED,
    )


def reverted(run_id: str, written_at: str, status: Status | None, words: str) -> Verdict:
    """What is said of an order that was canceled earlier and reads something else now: an import has undone it.

    Needs the run and time of the cancel, the status now, and the page's own ``words`` for it.
    """
    return Verdict(
        outcome=Outcome.REVERTED,
        message=f"Canceled in run {run_id} ({written_at}), but it reads {status or repr(cut(words, 80))} now: "
        "Amazon did not keep the cancel.",
        next_step="Look the order up in Seller Central, and cancel it there if it is still open; then: countermand "
        "resolve, --as canceled. To have it canceled here again: countermand resolve, --as not-canceled.",
        status_before=status,
    )


def reverted_by_its_notes() -> Verdict:
    """What is said of an ``Unshipped`` order whose notes say that it was canceled, of which the ledger knows nothing.

    Somebody else canceled it, by hand or with another ledger, and an import brought it back.
    """
    return Verdict(
        outcome=Outcome.REVERTED,
        message="The order reads Unshipped, but its notes say that it was canceled before: Amazon did not keep that "
        "cancel. Nothing was pressed.",
        next_step="Look the order up in Seller Central, and cancel it there if it is still open. This ledger knows "
        "nothing of the earlier cancel: ask who else cancels orders here.",
        status_before=Status.UNSHIPPED,
    )
