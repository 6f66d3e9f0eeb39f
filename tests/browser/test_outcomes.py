"""Every outcome that an order can have, on every face of the practice Admin, with the same pack.

What the wire alone decides needs both of them in the thorough run only.

Each test compares what the result says, whole, with what arrived at the practice Admin.
"""

from functools import partial

import pytest
from practice_kit import (
    ALREADY_CANCELED,
    ASK,
    CANCELED,
    LEFT_ALONE,
    NOT_OFFERED,
    WOULD_CANCEL,
    AtStep,
    Cancels,
    GivesUpOnce,
    MakeJob,
    Verdicts,
    arrived,
    failed,
    not_cancelable,
    not_found,
    not_sent,
    refused,
    unanswered,
    unproved,
)

from bot.admin import Admin
from bot.cancel.verdicts import Verdict
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.sandbox import UNKNOWN_ORDER, Sandbox
from flows.cancel_order import cancel_order
from flows.read_order import plan_order

STOPPED = "Run the list again: what is done is recognized as already canceled."

# --- Pressed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "example",
    [
        "unshipped_recent",
        "unshipped_old",
        "imported",
    ],
)
def test_an_unshipped_order_is_canceled_once_and_proved(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, example: str
) -> None:
    order = job(example, reason="NoInventory")
    assert verdicts(order) == [CANCELED]
    assert cancels() == [(order.order, order.store, "NoInventory", "Unshipped")]


def test_a_cancel_that_amazon_is_not_told_of_is_no_success(verdicts: Verdicts, job: MakeJob, cancels: Cancels) -> None:
    order = job("without_items")
    assert verdicts(order) == [not_sent("Unable to cancel Amazon order")]
    assert cancels() == arrived(order)


def test_an_answer_that_is_lost_on_its_way_leaves_the_outcome_unknown(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.answer_lost = True
    order = job("unshipped_recent")
    (verdict,) = verdicts(order)
    assert verdict == unanswered("the answer broke off")
    assert cancels() == arrived(order)


def test_a_cancel_that_never_arrives_is_not_sent_again(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.request_lost = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [unproved("no answer came (the answer broke off)")]
    assert cancels() == []
    assert sandbox.journal.operations.count("cancelOrder") == 1


def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    at_step["press_confirm"] = lambda: setattr(admin, "patience", 5)
    at_step["reopen_order"] = lambda: setattr(admin, "patience", 15)
    sandbox.faults.cancel_hangs_ms = 60_000
    order = job("unshipped_recent")
    assert verdicts(order, attempts=3) == [unanswered("nothing was answered in time")]
    assert cancels() == arrived(order)


# --- Not pressed: the page is sound and says no ----------------------------------------------------------------


def test_a_canceled_order_is_left_as_it_is(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    assert verdicts(job("canceled")) == [ALREADY_CANCELED]
    assert "cancelOrder" not in sandbox.journal.operations


def test_each_status_that_cannot_be_canceled_is_told_with_its_next_step(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    assert verdicts(*map(job, LEFT_ALONE)) == [
        not_cancelable(sandbox.shop.example(example).status, next_step) for example, next_step in LEFT_ALONE.items()
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_store_that_is_only_the_beginning_of_others_names_is_not_found(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    assert verdicts(job("unshipped_recent", store="asc-v2-2.3-magento")) == [
        Verdict(
            outcome=Outcome.NOT_FOUND,
            message="There is no store 'asc-v2-2.3-magento' on the Amazon Sales Channel home page.",
            next_step=(
                "Compare the store's name in the job list with the card on the home page: the whole name must match."
            ),
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
        not_found(f"Order {number} is neither among the recent orders of store {store!r} nor in All Orders.")
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
    assert verdicts(job("unshipped_recent", expect=expect)) == [refused(told)]
    assert "cancelReasons" not in sandbox.journal.operations


def test_the_details_of_another_order_are_refused(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.wrong_details = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The page shows order 112-1215998-3002089, not 112-1215998-3002091.")
    ]
    assert "cancelReasons" not in sandbox.journal.operations


def test_a_dialog_about_another_order_is_refused(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.dialog_for_other_order = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The dialog is about order 112-1215998-3002089, not 112-1215998-3002091.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


# --- Not pressed: the page is not what it should be --------------------------------------------------------------


def test_a_reason_that_is_not_offered_is_told_with_those_that_are(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.missing_reason = "BuyerCanceled"
    (verdict,) = verdicts(job("unshipped_recent"))
    placeholder = "Select a reason, " if sandbox.face != "spectrum" else ""
    assert verdict == failed(
        "The cancel dialog: 'Buyer Canceled' is not among the choices of reason, which are: "
        f"{placeholder}No Inventory, Shipping Address Undeliverable, Customer Exchange, General Adjustment, "
        "Carrier Credit Decision, Risk Assessment Information Not Valid, Carrier Coverage Failure, Customer Return, "
        "Merchandise Not Received.",
        NOT_OFFERED,
    )
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_order_that_is_listed_twice_is_not_opened(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    sandbox.faults.duplicate_row = True
    admin.reload()
    assert verdicts(job("partially_shipped")) == [
        failed(
            "The store's dashboard: order_row (the order's row in the list) was found 2 times, so none of them was "
            "used."
        )
    ]
    assert "orderDetails" not in sandbox.journal.operations


def test_a_dialog_with_two_confirm_buttons_is_left_alone(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, gives_up_once: GivesUpOnce
) -> None:
    gives_up_once(lambda: admin.page.get_by_role("button", name="Confirm").count() == 2)
    sandbox.faults.second_confirm = True
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The cancel dialog did not appear within 15 s: "
            "The button Confirm is not there, exactly once, in the dialog."
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_admin_that_answers_with_an_error_fails_at_once(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.server_error = True
    assert verdicts(job("other_store")) == [failed("The Admin answered with an error (HTTP 500).", ASK)]


def test_a_session_that_nobody_renews_fails_the_order(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.session_ends_before = "cancelReasons"
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "Someone signed in with the same account elsewhere, and the Admin ended this session.",
            "Give the program its own Admin account that nobody else uses.",
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
    assert cancels() == arrived(first)


def test_a_plan_opens_no_dialog(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    assert verdicts(job("unshipped_recent"), work=plan_order) == [WOULD_CANCEL]
    assert "cancelReasons" not in sandbox.journal.operations


def test_a_dry_run_chooses_the_reason_and_leaves_the_dialog(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    assert verdicts(job("unshipped_recent"), work=partial(cancel_order, dry_run=True)) == [WOULD_CANCEL]
    assert "cancelReasons" in sandbox.journal.operations
    assert "cancelOrder" not in sandbox.journal.operations
    assert admin.screen("cancel_dialog").count("dialog") == 0
