"""Every outcome that an order can have, on both faces of the practice Admin, with the same pack.

Each test compares what the result says, whole, with what arrived at the practice Admin.
"""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from bot.admin import Admin
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.sandbox import UNKNOWN_ORDER, Sandbox
from bot.verdicts import Verdict
from bot.vocabulary import Status
from flows.cancel_order import cancel_order
from flows.read_order import plan_order

MakeJob = Callable[..., Job]
Cancels = Callable[[], list[tuple[str, str, str, str]]]
Verdicts = Callable[..., Sequence[Verdict]]

LOOK = (
    "Look the order up in Seller Central. Do not run it again before you know: "
    "if it is still open there, cancel it there."
)
COMPARE = "Nothing was pressed. Compare the job list with the order's page before trying again."
RUN_AGAIN = "Nothing was pressed: run the list again. If it stays, look at the pictures of this order."
IN_SELLER_CENTRAL = "Cancel it in Seller Central: orders with this status cannot be canceled in the Admin."
RETURNS = "It has left: handle it as a return or an exchange in Seller Central."
STOPPED = "Run the list again: what is done is recognised as already canceled."

# --- Pressed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", ["unshipped_recent", "unshipped_old", "imported"])
def test_an_unshipped_order_is_canceled_once_and_proved(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, example: str
) -> None:
    order = job(example, reason="NoInventory")
    assert verdicts(order) == [
        Verdict(
            outcome=Outcome.CANCELED,
            message="Canceled: no error was answered and the order's page, opened anew, says Canceled.",
            status_before=Status.UNSHIPPED,
            status_after=Status.CANCELED,
        )
    ]
    assert cancels() == [(order.order, order.store, "NoInventory", "Unshipped")]


def test_a_cancel_that_amazon_is_not_told_of_is_no_success(verdicts: Verdicts, job: MakeJob, cancels: Cancels) -> None:
    order = job("without_items")
    assert verdicts(order) == [
        Verdict(
            outcome=Outcome.CANCELED_NOT_SENT,
            message="The Admin says Canceled but answered with an error (Unable to cancel Amazon order): "
            "Amazon was probably never told.",
            next_step="Cancel it in Seller Central now: the Admin no longer offers to, "
            "and the buyer's order is still open.",
            status_before=Status.UNSHIPPED,
            status_after=Status.CANCELED,
        )
    ]
    assert cancels() == [(order.order, order.store, "BuyerCanceled", "Unshipped")]


def test_an_answer_that_is_lost_on_its_way_leaves_the_outcome_unknown(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.answer_lost = True
    order = job("unshipped_recent")
    (verdict,) = verdicts(order)
    assert verdict == Verdict(
        outcome=Outcome.UNKNOWN,
        message="The order's page says Canceled, but no answer came (net::ERR_CONTENT_LENGTH_MISMATCH): "
        "whether Amazon was told is not known.",
        next_step=LOOK,
        status_before=Status.UNSHIPPED,
        status_after=Status.CANCELED,
    )
    assert cancels() == [(order.order, order.store, "BuyerCanceled", "Unshipped")]


def test_a_cancel_that_never_arrives_is_not_sent_again(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.request_lost = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        Verdict(
            outcome=Outcome.UNKNOWN,
            message="Confirm was pressed and no answer came (net::ERR_CONTENT_LENGTH_MISMATCH), "
            "but the order's page says Unshipped.",
            next_step=LOOK,
            status_before=Status.UNSHIPPED,
            status_after=Status.UNSHIPPED,
        )
    ]
    assert cancels() == []
    assert sandbox.journal.operations.count("cancelOrder") == 1


def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin
) -> None:
    admin.patience = 4
    sandbox.faults.cancel_hangs_ms = 60_000
    order = job("unshipped_recent")
    assert verdicts(order, attempts=3) == [
        Verdict(
            outcome=Outcome.UNKNOWN,
            message="The order's page says Canceled, but no answer came (nothing was answered in time): "
            "whether Amazon was told is not known.",
            next_step=LOOK,
            status_before=Status.UNSHIPPED,
            status_after=Status.CANCELED,
        )
    ]
    assert cancels() == [(order.order, order.store, "BuyerCanceled", "Unshipped")]


# --- Not pressed: the page is sound and says no ----------------------------------------------------------------


def test_a_canceled_order_is_left_as_it_is(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    assert verdicts(job("canceled")) == [
        Verdict(
            outcome=Outcome.ALREADY_CANCELED,
            message="The order was already canceled; nothing was pressed.",
            status_before=Status.CANCELED,
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_each_status_that_cannot_be_canceled_is_told_with_its_next_step(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    wait = "Wait until the payment is verified and the order reads Unshipped"
    told = {
        "pending": f"{wait}, or: {IN_SELLER_CENTRAL}",
        "pending_availability": "A pre-order: wait until it can ship and the order reads Unshipped, or: "
        + IN_SELLER_CENTRAL,
        "partially_shipped": IN_SELLER_CENTRAL,
        "shipped": RETURNS,
        "completed": RETURNS,
        "error": "Resolve what the order's notes say first; then run it again or cancel it in Seller Central.",
    }
    statuses = [sandbox.shop.example(example).status for example in told]
    assert verdicts(*map(job, told)) == [
        Verdict(
            outcome=Outcome.NOT_CANCELABLE,
            message=f"The order's status is {status}; only Unshipped orders can be canceled here.",
            next_step=next_step,
            status_before=status,
        )
        for status, next_step in zip(statuses, told.values(), strict=True)
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_store_that_is_only_the_beginning_of_others_names_is_not_found(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    assert verdicts(job("unshipped_recent", store="asc-v2-2.3-magento")) == [
        Verdict(
            outcome=Outcome.NOT_FOUND,
            message="There is no store 'asc-v2-2.3-magento' on the Amazon Sales Channel home page.",
            next_step="Compare the store's name in the job list with the card on the home page: "
            "it must be the same, whole.",
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@pytest.mark.parametrize(
    ("number", "store"),
    [
        pytest.param(UNKNOWN_ORDER, "asc-v2-2.3-magentocommerce-us", id="in no store"),
        pytest.param("112-1215998-3002091", "asc-v2-2.3-magentocommerce", id="in another store"),
    ],
)
def test_an_order_that_is_not_in_the_store_is_not_found(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, number: str, store: str
) -> None:
    assert verdicts(job("unshipped_recent", order=number, store=store)) == [
        Verdict(
            outcome=Outcome.NOT_FOUND,
            message=f"Order {number} is neither among the recent orders of store {store!r} nor in All Orders.",
            next_step="Check the order number and the store in the job list; "
            "orders not yet imported do not appear here.",
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ({"total": "121.81"}, "The order's total is 121.80, the job list expects 121.81."),
        (
            {"total": "121.80", "buyer": "Michael Blankenschip"},
            "The buyer's name on the order's page is not the one that the job list expects.",
        ),
    ],
    ids=["total", "buyer"],
)
def test_an_order_that_is_not_as_the_list_expects_is_refused(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, expect: dict[str, str], told: str
) -> None:
    assert verdicts(job("unshipped_recent", expect=expect)) == [
        Verdict(outcome=Outcome.MISMATCH, message=told, next_step=COMPARE)
    ]
    assert "cancelReasons" not in sandbox.journal.operations


def test_the_details_of_another_order_are_refused(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.wrong_details = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        Verdict(
            outcome=Outcome.MISMATCH,
            message="The page shows order 112-1215998-3002089, not 112-1215998-3002091.",
            next_step=COMPARE,
        )
    ]
    assert "cancelReasons" not in sandbox.journal.operations


def test_a_dialog_about_another_order_is_refused(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.dialog_for_other_order = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        Verdict(
            outcome=Outcome.MISMATCH,
            message="The dialog is about order 112-1215998-3002089, not 112-1215998-3002091.",
            next_step=COMPARE,
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


# --- Not pressed: the page is not what it should be --------------------------------------------------------------


def test_a_reason_that_is_not_offered_is_told_with_those_that_are(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.missing_reason = "BuyerCanceled"
    (verdict,) = verdicts(job("unshipped_recent"))
    placeholder = "Select a reason, " if sandbox.face == "plain" else ""
    assert verdict == Verdict(
        outcome=Outcome.FAILED,
        message="The cancel dialog: 'Buyer Canceled' is not among the choices of reason, which are: "
        f"{placeholder}No Inventory, Shipping Address Undeliverable, Customer Exchange, General Adjustment, "
        "Carrier Credit Decision, Risk Assessment Information Not Valid, Carrier Coverage Failure, Customer Return, "
        "Merchandise Not Received.",
        next_step="Nothing was pressed. Check the reasons in the pack against those that this Admin offers.",
    )
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_order_that_is_listed_twice_is_not_opened(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    sandbox.faults.duplicate_row = True
    admin.reload()
    assert verdicts(job("partially_shipped")) == [
        Verdict(
            outcome=Outcome.FAILED,
            message="The store's dashboard: order_row (the order's row in the list) is there 2 times, "
            "so none of them was used.",
            next_step=RUN_AGAIN,
        )
    ]
    assert "orderDetails" not in sandbox.journal.operations


def test_a_dialog_with_two_confirm_buttons_is_left_alone(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    admin.patience = 4
    sandbox.faults.second_confirm = True
    assert verdicts(job("unshipped_recent")) == [
        Verdict(
            outcome=Outcome.FAILED,
            message="The cancel dialog did not appear within 4 s: "
            "The button Confirm is not there, exactly once, in the dialog.",
            next_step=RUN_AGAIN,
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_admin_that_answers_with_an_error_fails_at_once(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.server_error = True
    assert verdicts(job("other_store")) == [
        Verdict(
            outcome=Outcome.FAILED,
            message="The Admin answered with an error (HTTP 500).",
            next_step="Run the list again; if it stays, tell the shop's administrator.",
        )
    ]


def test_a_session_that_nobody_renews_fails_the_order(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.session_ends_before = "cancelReasons"
    assert verdicts(job("unshipped_recent")) == [
        Verdict(
            outcome=Outcome.FAILED,
            message="The session has ended; the app says Authentication failed.",
            next_step="If this happens often, raise the Admin's session lifetime for this account.",
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


# --- Not begun, and not meant to be pressed ---------------------------------------------------------------------


def test_the_orders_after_a_stop_are_skipped(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, cancels: Cancels
) -> None:
    first, *rest = job("unshipped_recent"), job("canadian"), job("other_store")

    def cancel_and_go_down(admin: Admin, job: Job) -> Verdict:
        verdict = cancel_order(admin, job)
        sandbox.faults.maintenance = True
        return verdict

    stopped = "Nothing was pressed: the run stopped. The Admin is in maintenance, or down (HTTP 503)."
    canceled, *skipped = verdicts(first, *rest, work=cancel_and_go_down, attempts=2)
    assert canceled.outcome is Outcome.CANCELED
    assert skipped == [Verdict(outcome=Outcome.SKIPPED, message=stopped, next_step=STOPPED)] * 2
    assert cancels() == [(first.order, first.store, "BuyerCanceled", "Unshipped")]


def test_a_plan_opens_no_dialog(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    assert verdicts(job("unshipped_recent"), work=plan_order) == [
        Verdict(
            outcome=Outcome.WOULD_CANCEL,
            message="The order is Unshipped and would be canceled with the reason Buyer Canceled.",
            status_before=Status.UNSHIPPED,
        )
    ]
    assert "cancelReasons" not in sandbox.journal.operations


def test_a_dry_run_chooses_the_reason_and_leaves_the_dialog(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    assert verdicts(job("unshipped_recent"), work=partial(cancel_order, dry_run=True)) == [
        Verdict(
            outcome=Outcome.WOULD_CANCEL,
            message="The order is Unshipped and would be canceled with the reason Buyer Canceled.",
            status_before=Status.UNSHIPPED,
        )
    ]
    assert "cancelReasons" in sandbox.journal.operations
    assert "cancelOrder" not in sandbox.journal.operations
    assert admin.screen("cancel_dialog").count("dialog") == 0
