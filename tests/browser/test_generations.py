"""The older generations of the screens: every outcome on each, and nothing pressed that must not be.

Each test compares what the result says, whole, with what arrived at the practice Admin.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from chaos_kit import JOBS, Bots, find_out, read_results
from practice_kit import (
    ALREADY_CANCELED,
    CANCELED,
    HANGS,
    LEFT_ALONE,
    NOT_FOLLOWED,
    NOT_OFFERED,
    US,
    WOULD_CANCEL,
    AtStep,
    Cancels,
    GivesUpOnce,
    MakeJob,
    Verdicts,
    arrived,
    failed,
    job_list,
    not_cancelable,
    not_found,
    not_sent,
    refused,
    unanswered,
    unproved,
)

from bot.access.find_browser import BrowserChoice
from bot.admin import Admin
from bot.cancel.verdicts import Verdict
from bot.ledger import Intent
from bot.outcomes import Answer, Outcome
from bot.pack import AUTO, load_pack, load_packs
from bot.runner import RunEnd
from bot.sandbox import UNKNOWN_ORDER, Generation, Sandbox
from bot.vocabulary import Status
from flows.cancel_order import cancel_order
from flows.read_order import plan_order

pytestmark = [pytest.mark.face("spectrum", only=True), pytest.mark.sampled(4)]


def on(*generations: Generation, thorough: tuple[Generation, ...] = ()) -> pytest.MarkDecorator:
    """Which generations a test always runs on, and which in the thorough run only; all tests do on both in that one."""
    more = [pytest.param(generation, marks=pytest.mark.thorough) for generation in thorough]
    return pytest.mark.parametrize("generation", [*generations, *more], indirect=True, ids=str)


ASC_2, ASC_4_0, ASC_4_3 = Generation
thorough = pytest.mark.thorough

WHEN_LOADED = """addEventListener('DOMContentLoaded', () => {
    const rewrite = (before, after, css) => {
        for (const element of document.querySelectorAll(css)) {
            const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode())
                if (node.data.trim() === before) node.data = after;
        }
    };
    if (location.pathname.includes('/order_details_index/')) %s;
});"""
"""A page that changes itself before anybody looks at it."""


@pytest.fixture(
    params=[pytest.param(ASC_4_0, marks=thorough), pytest.param(ASC_2, marks=thorough)],
    ids=str,
)
def generation(request: pytest.FixtureRequest) -> Generation:
    return Generation(request.param)


@pytest.fixture
def admin(new_admin: Admin, sandbox: Sandbox) -> Admin:
    """The practice Admin on its start page, signed in."""
    new_admin.begin_again()
    sandbox.journal.clear()
    return new_admin


# --- Pressed ------------------------------------------------------------------------------------------------


@on(ASC_4_0, ASC_2)
@pytest.mark.parametrize("example", ["unshipped_recent", pytest.param("unshipped_old", marks=pytest.mark.thorough)])
def test_an_unshipped_order_is_canceled_once_and_proved(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, example: str
) -> None:
    order = job(example, reason="NoInventory")
    assert verdicts(order) == [CANCELED]
    assert cancels() == [(order.order, order.store, "NoInventory", "Unshipped")]


@on(thorough=(ASC_4_0,))
@pytest.mark.face("plain", only=True)
def test_an_order_on_the_other_face_of_the_lists_is_canceled_too(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels
) -> None:
    order = job("imported")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)


def test_the_orders_of_a_list_are_worked_one_after_the_other(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels
) -> None:
    orders = [job("unshipped_recent"), job("apostrophe"), job("unshipped_old"), job("thousands"), job("unicode")]
    assert verdicts(*orders) == [CANCELED] * 5
    assert cancels() == arrived(*orders)


@on(ASC_4_0, thorough=(ASC_2,))
def test_where_orders_have_no_addresses_of_their_own_the_direct_way_is_not_tried(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin, at_step: AtStep
) -> None:
    tried: list[str] = []
    admin.options = replace(admin.options, direct=True)
    at_step["open_order_directly"] = lambda: tried.append("by its address")
    first, second = job("unshipped_recent"), job("apostrophe")
    assert verdicts(first, second) == [CANCELED] * 2
    assert cancels() == arrived(first, second)
    assert tried == []


@on(ASC_4_0, thorough=(ASC_2,))
def test_a_cancel_that_amazon_is_not_told_of_is_no_success(verdicts: Verdicts, job: MakeJob, cancels: Cancels) -> None:
    order = job("without_items")
    assert verdicts(order) == [not_sent("Unable to cancel the order. Please try again.")]
    assert cancels() == arrived(order)


@on(ASC_2, thorough=(ASC_4_0,))
def test_an_answer_that_is_lost_on_its_way_leaves_the_outcome_unknown(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.answer_lost = True
    order = job("unshipped_recent")
    assert verdicts(order, attempts=3) == [unanswered("the answer broke off")]
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
    sandbox.faults.cancel_hangs_ms = 20_000
    order = job("unshipped_recent")
    assert verdicts(order, attempts=3) == [unanswered("nothing was answered in time")]
    assert cancels() == arrived(order)


def test_an_answer_that_is_an_error_of_the_server_is_no_success(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.cancel_status = 500
    order = job("unshipped_recent")
    assert verdicts(order, attempts=3) == [not_sent("HTTP 500")]
    assert cancels() == arrived(order)


def test_a_session_that_ends_at_the_press_is_not_taken_for_a_cancel_and_nothing_is_pressed_again(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, at_step: AtStep
) -> None:
    sandbox.faults.session_ends_before = "cancelOrder"
    at_step["sign_in"] = lambda: setattr(sandbox.faults, "session_ends_before", "")
    (verdict,) = verdicts(job("unshipped_recent"), attempts=3)
    assert verdict == unproved(
        "an error was answered (Someone logged into this account from another device or browser. "
        "Your current session is terminated.)"
    )
    assert cancels() == []
    assert sandbox.journal.operations.count("cancelOrder") == 1


# --- Not pressed: the page is sound and says no ----------------------------------------------------------------


def test_a_canceled_order_is_left_as_it_is(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    assert verdicts(job("canceled")) == [ALREADY_CANCELED]
    assert "cancelReasons" not in sandbox.journal.operations


def test_each_status_that_cannot_be_canceled_is_told_with_its_next_step(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    told = {example: next_step for example, next_step in LEFT_ALONE.items() if example != "error"}  # not imported
    assert verdicts(*map(job, told)) == [
        not_cancelable(sandbox.shop.example(example).status, next_step) for example, next_step in told.items()
    ]
    assert "cancelReasons" not in sandbox.journal.operations


@on(ASC_4_0)
@pytest.mark.parametrize("example", ["not_imported", pytest.param("error", marks=pytest.mark.thorough)])
def test_an_order_that_is_not_imported_has_no_page_to_cancel_it_on(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, example: str
) -> None:
    order = job(example)
    assert verdicts(order, attempts=3) == [
        Verdict(
            outcome=Outcome.NOT_CANCELABLE,
            message=f"Order {order.order} has no Commerce order, and on these screens only an imported order can be "
            "canceled.",
            next_step=(
                "Nothing was pressed. Wait until the order is imported (the list's notes say what is holding it up), "
                "then run the list again; or cancel it in Seller Central."
            ),
        )
    ]
    assert "orderDetails" not in sandbox.journal.operations


@on(thorough=(ASC_4_0,))
def test_an_order_number_that_leads_to_seller_central_is_not_followed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.order_import_disabled = True
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The store's dashboard: order_link leads to sellercentral.amazon.com, which is not the Admin; it "
            "was not followed.",
            NOT_FOLLOWED,
        )
    ]
    assert "orderDetails" not in sandbox.journal.operations


@pytest.mark.parametrize(
    ("number", "store"),
    [
        pytest.param(UNKNOWN_ORDER, "asc-v2-2.3-magentocommerce-us", id="in no store"),
        pytest.param(
            "112-1215998-3002091", "asc-v2-2.3-magentocommerce", id="in another store", marks=pytest.mark.thorough
        ),
    ],
)
def test_an_order_that_is_not_in_the_store_is_not_found(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, number: str, store: str
) -> None:
    told = {
        Generation.ASC_4_0: f"Order {number} is neither among the recent orders of store {store!r} nor in All Orders.",
        Generation.ASC_2: f"Order {number} is on no page of the Orders tab, which has the orders of all stores.",
    }
    expected = not_found(told[sandbox.generation])
    if sandbox.generation is Generation.ASC_2 and number != UNKNOWN_ORDER:
        expected = refused(f"Order {number} is listed under store '{US}', not '{store}'.")
    assert verdicts(job("unshipped_recent", order=number, store=store)) == [expected]
    assert "orderDetails" not in sandbox.journal.operations


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


def test_a_details_page_that_shows_only_the_commerce_number_proves_nothing(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    admin.page.add_init_script(WHEN_LOADED % "rewrite('112-1215998-3002091', '000001026', 'td')")
    (verdict,) = verdicts(job("unshipped_recent"), attempts=3)
    assert verdict == refused(
        "The page shows order '000001026' and nothing on it proves that this is 112-1215998-3002091."
    )
    assert "cancelReasons" not in sandbox.journal.operations


def test_a_cancel_page_about_another_order_is_refused(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, gives_up_once: GivesUpOnce
) -> None:
    gives_up_once(admin.page.locator("#save").count)
    sandbox.faults.dialog_for_other_order = True
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The cancel page did not appear within 15 s: "
            "The page does not say that it cancels order 112-1215998-3002091."
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_cancel_page_that_becomes_another_orders_is_refused(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    change = "() => { document.getElementById('amazon_order_number').value = '112-1215998-3002089' }"
    at_step["press_confirm"] = lambda: admin.page.evaluate(change)
    (verdict,) = verdicts(job("unshipped_recent"))
    assert verdict == failed(
        "The cancel page has changed unexpectedly: The page does not say that it cancels order 112-1215998-3002091."
    )
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_details_page_at_the_address_of_another_row_is_refused(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    move = "() => history.replaceState(null, '', location.pathname.replace(/\\/id\\/\\d+/, '/id/7'))"
    at_step["open_cancel_dialog"] = lambda: admin.page.evaluate(move)
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused(
            "The page of order 112-1215998-3002091 is not the one that the list of store "
            "'asc-v2-2.3-magentocommerce-us' led to."
        )
    ]
    assert "cancelReasons" not in sandbox.journal.operations


def test_a_cancel_page_at_another_orders_address_is_refused(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    move = "() => history.replaceState(null, '', location.pathname.replace(/\\/id\\/\\d+/, '/id/7'))"
    at_step["press_confirm"] = lambda: admin.page.evaluate(move)
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The cancel page's address is not that of order 112-1215998-3002091.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@on(ASC_2, thorough=(ASC_4_0,))
def test_a_cancel_of_another_order_that_nothing_on_the_page_shows_is_stopped_before_it_leaves(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.dialog_hides_other_order = True
    other = sandbox.shop.example("apostrophe")
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        unproved(
            "no answer came (the page sent another cancel than the one that was permitted, which was stopped: it names "
            f"row {sandbox.shop.row_id(other)!r})"
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@on(ASC_4_0, thorough=(ASC_2,))
def test_an_order_that_ships_while_its_cancel_page_is_open_is_not_canceled(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.ships_behind_dialog = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The order's status has become 'Shipped'; only Unshipped can be canceled.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_second_look_that_shows_another_order_stops_the_cancel(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, at_step: AtStep
) -> None:
    at_step["press_confirm"] = lambda: setattr(sandbox.faults, "wrong_details", True)
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The page shows order 112-1215998-3002089, not 112-1215998-3002091.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_reason_that_does_not_stay_chosen_stops_the_cancel(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    change = "() => { document.getElementById('reason').value = 'NoInventory' }"
    at_step["press_confirm"] = lambda: admin.page.evaluate(change)
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The cancel page shows the reason 'No Inventory', not 'Buyer Canceled'.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


# --- The one grid of all stores, in versions 2 and 3 ---------------------------------------------------------------

DEAF = """addEventListener('DOMContentLoaded', () => {
    document.querySelector('.action-clear')?.removeAttribute('onclick');
});"""
"""A page on which the button that clears the filter does nothing."""


@on(ASC_2)
def test_a_filter_from_last_time_is_cleared_and_said(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin
) -> None:
    said: list[str] = []
    admin.callbacks = replace(admin.callbacks, say=said.append)
    sandbox.faults.saved_filter = "Shipped"
    order = job("unshipped_recent")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)
    assert said == ["The Orders tab had a filter from last time, which was cleared."]


@on(ASC_2)
def test_an_order_under_a_filter_that_stays_is_not_reported_missing(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, gives_up_once: GivesUpOnce
) -> None:
    sandbox.faults.saved_filter = "Shipped"
    admin.page.add_init_script(DEAF)
    gives_up_once(admin.page.locator(":has(> ._show .action-clear) > .admin__data-grid-loading-mask[hidden]").count)
    assert verdicts(job("unshipped_recent")) == [
        failed("The Orders tab did not appear within 15 s: the filter above it could not be cleared.")
    ]
    assert "orderDetails" not in sandbox.journal.operations


@on(ASC_2)
def test_a_grid_that_stands_on_a_later_page_is_turned_back(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.saved_page = 3
    order = job("unshipped_recent")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)


# --- Not pressed: the page is not what it should be --------------------------------------------------------------


def test_a_reason_that_is_not_offered_is_told_with_those_that_are(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.missing_reason = "BuyerCanceled"
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The cancel page: 'Buyer Canceled' is not among the choices of reason, which are: "
            "No Inventory, Shipping Address Undeliverable, Customer Exchange, General Adjustment, "
            "Carrier Credit Decision, Risk Assessment Information Not Valid, Carrier Coverage Failure, "
            "Customer Return, Merchandise Not Received.",
            NOT_OFFERED,
        )
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_order_that_is_listed_twice_is_not_opened(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    sandbox.faults.duplicate_row = True
    where = {Generation.ASC_4_0: "The store's dashboard: order_row", Generation.ASC_2: "The Orders tab: order_row"}
    what = {
        Generation.ASC_4_0: "the order's row in the list",
        Generation.ASC_2: "the order's row in the grid",
    }
    assert verdicts(job("partially_shipped")) == [
        failed(f"{where[sandbox.generation]} ({what[sandbox.generation]}) was found 2 times, so none of them was used.")
    ]
    assert "orderDetails" not in sandbox.journal.operations


def test_a_cancel_page_with_two_buttons_that_commit_is_left_alone(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, gives_up_once: GivesUpOnce
) -> None:
    gives_up_once(admin.page.locator("#save").count)
    sandbox.faults.second_confirm = True
    assert verdicts(job("unshipped_recent")) == [
        failed("The cancel page did not appear within 15 s: The button Cancel order is not there, exactly once.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


@pytest.mark.parametrize("operation", ["cancelReasons", pytest.param("orderDetails", marks=pytest.mark.thorough)])
def test_a_session_that_ends_before_the_press_is_renewed_and_the_order_canceled_once(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, at_step: AtStep, operation: str
) -> None:
    sandbox.faults.session_ends_before = operation
    at_step["sign_in"] = lambda: setattr(sandbox.faults, "session_ends_before", "")
    order = job("unshipped_recent")
    assert verdicts(order, attempts=2) == [CANCELED]
    assert cancels() == arrived(order)


# --- Not meant to be pressed --------------------------------------------------------------------------------------


def test_a_plan_opens_no_cancel_page(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    assert verdicts(job("unshipped_recent"), work=plan_order) == [WOULD_CANCEL]
    assert "cancelReasons" not in sandbox.journal.operations


@on(ASC_4_0, thorough=(ASC_2,))
def test_a_dry_run_chooses_the_reason_and_leaves_the_cancel_page(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    assert verdicts(job("unshipped_recent"), work=partial(cancel_order, dry_run=True)) == [WOULD_CANCEL]
    assert "cancelReasons" in sandbox.journal.operations
    assert "cancelOrder" not in sandbox.journal.operations
    assert admin.screen("order_details").is_here()


# --- What was pressed before --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reads", "outcome"),
    [
        (None, Status.CANCELED, Outcome.UNKNOWN),
        (Answer.OK, Status.CANCELED, Outcome.CANCELED),
        (Answer.ERROR, Status.CANCELED, Outcome.CANCELED_NOT_SENT),
        (Answer.OK, Status.UNSHIPPED, Outcome.UNKNOWN),
        (None, Status.UNSHIPPED, Outcome.UNKNOWN),
        (None, Status.SHIPPED, Outcome.NOT_CANCELABLE),
    ],
)
def test_an_order_that_was_pressed_before_a_crash_is_looked_at_and_not_pressed(
    pressed: Callable[..., Intent],
    verdicts: Verdicts,
    job: MakeJob,
    sandbox: Sandbox,
    answer: Answer | None,
    reads: Status,
    outcome: Outcome,
) -> None:
    pressed(answer)
    sandbox.shop.example("unshipped_recent").status = reads
    assert [verdict.outcome for verdict in verdicts(job("unshipped_recent"))] == [outcome]
    assert "cancelReasons" not in sandbox.journal.operations


def test_an_order_that_still_is_unshipped_long_after_a_crash_is_canceled_once(
    pressed: Callable[..., Intent], verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin
) -> None:
    pressed()
    admin.options = replace(admin.options, recover_after=0)
    order = job("unshipped_recent")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)
    assert admin.ledger.intents.waiting() == []


@pytest.mark.skipif(os.name != "posix", reason="bots are killed as Linux and macOS kill them")
def test_an_order_whose_bot_is_killed_between_press_and_answer_is_not_pressed_again(
    sandbox: Sandbox, browser_choice: BrowserChoice, tmp_path: Path, job: MakeJob
) -> None:
    order = job("unshipped_recent")
    with Bots(tmp_path, sandbox, browser_choice.executable, recover_after=0, pack=sandbox.generation.value) as bots:
        (tmp_path / JOBS).write_text(job_list(order.order, store=order.store), encoding="utf-8")
        for point in ("intent:after:1", "noting_the_answer:before:1"):
            bots.bury(bots.start(kill_at=point))
            assert find_out(bots, sandbox, [order.order]).violations == ()
        assert [record.order for record in sandbox.journal.cancels] == [order.order]
        bots.bury(bots.start())
        assert find_out(bots, sandbox, [order.order]).violations == ()
        assert [result.outcome for result in read_results(bots).values()] == [Outcome.UNKNOWN]
        assert [record.order for record in sandbox.journal.cancels] == [order.order]


# --- Recognised ---------------------------------------------------------------------------------------------------


@pytest.fixture
def any_pack(admin: Admin) -> list[str]:
    """Has the Admin recognised by its screens, on a page that is on its way there; gives what is said."""
    said: list[str] = []
    admin.candidates = load_packs(AUTO)
    admin.pack = admin.candidates[0]
    admin.callbacks = replace(admin.callbacks, say=said.append)
    return said


@on(ASC_4_0, ASC_2, thorough=(ASC_4_3,))
def test_a_generation_is_recognised_on_the_page_and_worked_with(
    any_pack: list[str], verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin, sandbox: Sandbox
) -> None:
    order = job("unshipped_recent")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)
    title = load_pack(sandbox.generation.value).info.title
    assert any_pack == [f"The screens are those of {title}: pack {sandbox.generation}."]


@pytest.mark.thorough
@on(ASC_4_0)
def test_screens_that_fit_no_generation_end_the_run(
    any_pack: list[str],
    run: Callable[..., RunEnd],
    job: MakeJob,
    sandbox: Sandbox,
    admin: Admin,
    gives_up_once: GivesUpOnce,
) -> None:
    gives_up_once(admin.page.locator("a[href*='sellercentral']").count)
    sandbox.faults.order_import_disabled = True  # then every order number leads to Seller Central
    end = run(job("unshipped_recent"), job("canadian"))
    assert (end.exit_status, end.info.stopped_early) == (
        3,
        "The page of store 'asc-v2-2.3-magentocommerce-us' does not show which version of the Amazon Sales Channel "
        "this is: "
        "asc-4.3: no order number in the list leads to an address with '#/store-details/'. "
        "asc-4.0: no order number in the list leads to an address with '/sales/order/view/'. "
        "Name the pack, in COUNTERMAND_PACK or with --pack: asc-2 for versions 2 and 3, asc-4.0 for 4.0 to 4.2, "
        "asc-4.3 for 4.3 and later, or a folder of your own.",
    )
    assert [result.outcome for result in end.results] == [Outcome.SKIPPED] * 2
    assert (any_pack, sandbox.journal.cancels) == ([], ())
    assert "orderDetails" not in sandbox.journal.operations


@on(thorough=(ASC_4_0, ASC_2, ASC_4_3))
def test_a_run_says_which_generation_it_recognised(
    start: Callable[..., "subprocess.Popen[str]"], sandbox: Sandbox, tmp_path: Path, job: MakeJob
) -> None:
    order = job("unshipped_recent")
    (tmp_path / "jobs.yaml").write_text(job_list(order.order, store=order.store), encoding="utf-8")
    process = start(tmp_path, "run", "jobs.yaml", "--yes", "--pack", "auto")
    said, trouble = process.communicate(timeout=HANGS)
    assert process.returncode == 0, said + trouble
    (folder,) = (path.parent for path in tmp_path.glob("runs/*/run.json"))
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["pack"] == f"{sandbox.generation} (auto)"
    assert f"{sandbox.generation} (auto)" in (folder / "report.html").read_text(encoding="utf-8")
    assert f": pack {sandbox.generation}." in said + trouble
    verified = start(tmp_path, "verify", folder.name)
    assert verified.communicate(timeout=HANGS)[0].startswith(f"Run {folder.name} is as it was written")


@on(thorough=(ASC_4_0, ASC_2))
def test_the_doctor_looks_at_every_screen_and_presses_nothing(
    start: Callable[..., "subprocess.Popen[str]"], sandbox: Sandbox, tmp_path: Path
) -> None:
    process = start(tmp_path, "doctor", "--store", "asc-v2-2.3-magentocommerce-us", "--json", "--pack", "auto")
    said, trouble = process.communicate(timeout=HANGS)
    findings = {finding["check"]: finding for finding in json.loads(said)}
    assert process.returncode == 0, said + trouble
    assert findings["store_dashboard"]["found"].endswith(f"; the screens are those of pack {sandbox.generation}")
    assert findings["cancel_dialog"]["state"] == "works"
    assert "cancelReasons" in sandbox.journal.operations
    assert "cancelOrder" not in sandbox.journal.operations
