"""What the tests on the practice Admin share: what their fixtures give, the usual order, and what a result says, whole.

Every sentence is written out here, and none is taken from the program: one that changes there is noticed.
"""

import subprocess
from collections.abc import Callable, Sequence

from bot.cancel.verdicts import Verdict
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.vocabulary import Status

# --- What the fixtures give ---------------------------------------------------------------------------------------

Cancel = tuple[str, str, str, str]
MakeJob = Callable[..., Job]
Cancels = Callable[[], list[Cancel]]
Verdicts = Callable[..., Sequence[Verdict]]
AtStep = dict[str, Callable[[], object]]
GivesUpOnce = Callable[..., None]
OnArrival = Callable[[str, Callable[[], object]], None]
Start = Callable[..., "subprocess.Popen[str]"]

HANGS = 1800
"""Seconds after which a program has hung: far more than it needs on any machine, however busy."""

# --- Stores and orders --------------------------------------------------------------------------------------------

US = "asc-v2-2.3-magentocommerce-us"
MAIN = "asc-v2-2.3-magentocommerce"
ORDER = "112-1215998-3002091"
"""The usual order: the example ``unshipped_recent``, of the store ``US``."""


def job_list(*orders: str, store: str = US) -> str:
    """A job list, as a file has it, that has orders of one store canceled for their buyers."""
    return f"store: {store}\nreason: BuyerCanceled\norders: [{', '.join(orders or [ORDER])}]\n"


def arrived(*jobs: Job) -> list[Cancel]:
    """What the practice Admin has to have received when exactly these were canceled, once each, in this order."""
    return [(job.order, job.store, job.reason, "Unshipped") for job in jobs]


# --- What to do next ----------------------------------------------------------------------------------------------

LOOK = (
    "Look the order up in Seller Central. Do not run it again before you know: "
    "if it is still open there, cancel it there."
)
COMPARE = "Nothing was pressed. Compare the job list with the order's page before trying again."
RUN_AGAIN = "Nothing was pressed: run the list again. If it happens again, look at the screenshots of this order."
MAKE_ROOM = (
    "Nothing was pressed. Free some disk space, let the folder be written to, or mount it if it is a share. "
    "Then run the list again."
)
NOT_FOLLOWED = "Nothing was pressed. With order import disabled some versions link to Seller Central: cancel it there."
NOT_OFFERED = "Nothing was pressed. Check the reasons in the pack against those that this Admin offers."
ASK = "Run the list again; if it stays, tell the shop's administrator."
FINISH = "Cancel it in Seller Central now: the Admin no longer offers to, and the buyer's order is still open."
IN_SELLER_CENTRAL = "in Seller Central: orders with this status cannot be canceled in the Admin."
RETURNS = "It has already shipped: handle it as a return or an exchange in Seller Central."

LEFT_ALONE = {
    "pending": f"Wait until the payment is verified and the order reads Unshipped, or cancel it {IN_SELLER_CENTRAL}",
    "pending_availability": "A pre-order: wait until it can ship and the order reads Unshipped, "
    + f"or cancel it {IN_SELLER_CENTRAL}",
    "partially_shipped": f"Cancel it {IN_SELLER_CENTRAL}",
    "shipped": RETURNS,
    "completed": RETURNS,
    "error": "Resolve what the order's notes say first; then run it again or cancel it in Seller Central.",
}
"""Each example whose status cannot be canceled, and what its result says to do next."""

# --- What a result says -------------------------------------------------------------------------------------------

CANCELED = Verdict(
    outcome=Outcome.CANCELED,
    message="Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
    "The Admin tells Amazon later.",
    status_before=Status.UNSHIPPED,
    status_after=Status.CANCELED,
)
ALREADY_CANCELED = Verdict(
    outcome=Outcome.ALREADY_CANCELED,
    message="The order was already canceled; nothing was pressed.",
    status_before=Status.CANCELED,
)
WOULD_CANCEL = Verdict(
    outcome=Outcome.WOULD_CANCEL,
    message="The order is Unshipped and would be canceled with the reason Buyer Canceled.",
    status_before=Status.UNSHIPPED,
)


def not_sent(answer: str) -> Verdict:
    """The page says Canceled, and the answer was an error."""
    message = f"The Admin says Canceled but answered with an error ({answer}): Amazon was probably never told."
    return _pressed(Outcome.CANCELED_NOT_SENT, message, FINISH, Status.CANCELED)


def unanswered(why: str) -> Verdict:
    """The page says Canceled, and no answer came."""
    message = f"The order's page says Canceled, but no answer came ({why}): whether Amazon was told is not known."
    return _pressed(Outcome.UNKNOWN, message, LOOK, Status.CANCELED)


def unproved(answer: str) -> Verdict:
    """The page still says Unshipped, whatever was answered."""
    message = f"Confirm was pressed and {answer}, but the order's page says Unshipped."
    return _pressed(Outcome.UNKNOWN, message, LOOK, Status.UNSHIPPED)


def refused(what: str) -> Verdict:
    """The page shows something else than the job says."""
    return Verdict(outcome=Outcome.MISMATCH, message=what, next_step=COMPARE)


def failed(what: str, next_step: str = RUN_AGAIN) -> Verdict:
    """Nothing was pressed, and it may be tried again."""
    return Verdict(outcome=Outcome.FAILED, message=what, next_step=next_step)


def not_found(what: str) -> Verdict:
    """The order is not in its store."""
    next_step = "Check the order number and the store in the job list; orders not yet imported do not appear here."
    return Verdict(outcome=Outcome.NOT_FOUND, message=what, next_step=next_step)


def not_cancelable(status: Status, next_step: str) -> Verdict:
    """The order's status says no."""
    return Verdict(
        outcome=Outcome.NOT_CANCELABLE,
        message=f"The order's status is {status}; only Unshipped orders can be canceled here.",
        next_step=next_step,
        status_before=status,
    )


def _pressed(outcome: Outcome, message: str, next_step: str, reads: Status) -> Verdict:
    return Verdict(
        outcome=outcome,
        message=message,
        next_step=next_step,
        status_before=Status.UNSHIPPED,
        status_after=reads,
    )
