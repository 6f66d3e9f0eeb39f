"""The way through the Admin: stores, lists, sessions that end, pages that are late or not there."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page
from practice_kit import (
    CANCELED,
    RETURNS,
    US,
    AtStep,
    Cancels,
    GivesUpOnce,
    MakeJob,
    Verdicts,
    arrived,
    failed,
    not_cancelable,
    unproved,
)
from pydantic import SecretStr

from bot.admin import Admin
from bot.admin.screen import Screen
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.pack import Pack, load_pack
from bot.runner import RunEnd
from bot.sandbox import UNKNOWN_ORDER, Face, Sandbox, Shop
from bot.sandbox.stock import new_shop
from bot.vocabulary import Reason, Status
from flows.cancel_order import cancel_order
from flows.read_order import plan_order
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(3)


@pytest.fixture
def admin(new_admin: Admin) -> Admin:
    """The practice Admin on its start page: here the whole way is walked."""
    new_admin.begin_again()
    return new_admin


# --- In a test suite of one's own ---------------------------------------------------------------------------------


def test_the_flows_work_on_the_plain_page_of_pytest_playwright(
    page: Page, sandbox: Sandbox, totp_secret: SecretStr | None
) -> None:
    order = Job(order="112-1215998-3002091", store="asc-v2-2.3-magentocommerce-us", reason=Reason.BUYER_CANCELED)
    admin = Admin(page, load_pack("asc-4.3"), sandbox.url)

    sign_in(admin, "demo", SecretStr("practice123"), totp_secret)

    assert plan_order(admin, order).outcome == "would_cancel"
    assert cancel_order(admin, order).outcome == "canceled"
    assert plan_order(admin, order).outcome == "already_canceled"
    assert [cancel.order for cancel in sandbox.journal.cancels] == ["112-1215998-3002091"]


# --- Stores and lists ---------------------------------------------------------------------------------------------


def test_stores_whose_names_begin_alike_are_told_apart(verdicts: Verdicts, job: MakeJob, cancels: Cancels) -> None:
    jobs = [job("thousands"), job("other_store"), job("unshipped_recent")]
    assert verdicts(*jobs) == [CANCELED] * 3
    assert cancels() == arrived(*jobs)


def test_the_orders_of_a_store_are_worked_without_going_home_in_between(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    listed, old, last = job("shipped"), job("unshipped_old"), job("apostrophe")
    missing = job("shipped", order=UNKNOWN_ORDER)
    outcomes = [verdict.outcome for verdict in verdicts(listed, old, missing, last)]
    assert outcomes == ["not_cancelable", "canceled", "not_found", "canceled"]
    assert cancels() == arrived(old, last)
    assert sandbox.journal.operations.count("stores") == 1


@pytest.mark.sampled(1)
def test_an_order_that_the_list_before_named_is_found_in_one_attempt(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    """The way back from an order leads to All Orders, which names orders that the dashboard does not."""
    old = sandbox.shop.select(store=US, status=Status.UNSHIPPED, recent=False)[:2]
    jobs = [job("unshipped_old", order=order.number) for order in old]
    recent, missing = job("shipped"), job("shipped", order=UNKNOWN_ORDER)
    said = verdicts(*jobs, recent, missing, attempts=1)
    assert said[:2] == [CANCELED] * 2
    assert [verdict.outcome for verdict in said[2:]] == ["not_cancelable", "not_found"]
    assert cancels() == arrived(*jobs)
    assert sandbox.journal.operations.count("recentOrders") == 1


def test_an_order_that_the_dashboard_was_not_answered_with_is_looked_for_at_once(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All Orders decides, so the recent orders need not come to rest, nor be scrolled through, without it."""
    looked_for: list[str] = []
    is_absent = Admin.is_absent

    def noted(admin: Admin, screen: Screen, is_there: Callable[[], object]) -> bool:
        looked_for.append(screen.spec.screen)
        return is_absent(admin, screen, is_there)

    monkeypatch.setattr(Admin, "is_absent", noted)
    one, missing = job("unshipped_old"), job("shipped", order=UNKNOWN_ORDER)
    assert [verdict.outcome for verdict in verdicts(one, missing)] == ["canceled", "not_found"]
    assert cancels() == arrived(one)
    assert "all_orders" in looked_for
    assert "store_dashboard" not in looked_for


def test_an_order_that_is_not_recent_is_filtered_for(verdicts: Verdicts, job: MakeJob, sandbox: Sandbox) -> None:
    assert [verdict.outcome for verdict in verdicts(job("shipped_old"))] == ["not_cancelable"]
    assert sandbox.journal.operations == ("stores", "recentOrders", "orders", "orders", "orderDetails")


@pytest.mark.thorough
def test_a_list_that_still_shows_the_store_before_is_not_believed(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.stale_list_after_store_switch = True
    jobs = [job("unshipped_old"), job("imported_old")]
    assert verdicts(*jobs) == [CANCELED] * 2
    assert cancels() == arrived(*jobs)


def test_an_order_in_another_stores_list_is_not_taken_for_the_jobs(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    store = sandbox.shop.store("asc-v2-2.3-magentocommerce").uuid
    go = "(uuid) => { location.hash = `#/store-details/${uuid}/orders` }"

    def go_to_the_other_store() -> None:
        admin.page.evaluate(go, store)
        admin.arrive("all_orders", store="asc-v2-2.3-magentocommerce")

    at_step["filter_by_order_number"] = go_to_the_other_store
    assert verdicts(job("unshipped_old", order="111-1071022-7104001")) == [
        failed(
            "The All Orders page has changed unexpectedly: "
            "The page does not show the orders of store asc-v2-2.3-magentocommerce-us."
        )
    ]
    assert "orderDetails" not in sandbox.journal.operations


@pytest.mark.thorough
@pytest.mark.parametrize(
    "names",
    [
        ['Kid\'s "Toys" & <more> [2] (US)', 'Kid\'s "Toys" & <more> [2] (US)*', "Überstore – 店|\\d+"],
        ["نور", "نور 🛒", "متجر (نور) 2"],
        ["Nordwind 👩\u200d💻", "Nordwind 👩", "Nordwind ☎\ufe0f"],
    ],
    ids=["signs", "right to left", "emoji"],
)
def test_stores_may_be_called_anything(context: BrowserContext, pack: Pack, face: Face, names: list[str]) -> None:
    stock = new_shop()
    usual, order = stock.store("asc-v2-2.3-magentocommerce-us"), stock.example("unshipped_recent")
    numbers = ["112-1215998-3002091", "112-1215998-3002092", "112-1215998-3002093"]
    shop = Shop(
        [replace(usual, name=name, uuid=f"5b0e7c52-6a0f-4d5e-9a41-{place:012}") for place, name in enumerate(names)],
        [replace(order, store=name, number=number) for name, number in zip(names, numbers, strict=True)],
    )
    with Sandbox(face=face, shop=shop) as sandbox:
        admin = Admin(context.new_page(), pack, sandbox.url, patience=15, settle=0)
        sign_in(admin, sandbox.username, SecretStr(sandbox.password))
        for place in (0, 2):
            job = Job(order=numbers[place], store=names[place], reason=Reason.NO_INVENTORY)
            assert cancel_order(admin, job) == CANCELED
        assert [(cancel.order, cancel.store) for cancel in sandbox.journal.cancels] == [
            (numbers[0], names[0]),
            (numbers[2], names[2]),
        ]


def test_of_two_stores_with_one_name_neither_is_opened(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = sandbox.shop.store("asc-v2-2.3-magentocommerce-us")
    twin = replace(store, uuid="5b0e7c52-6a0f-4d5e-9a41-3f1f0a6c9d09", country="CA")
    monkeypatch.setattr(sandbox.shop, "stores", (*sandbox.shop.stores, twin))
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The Amazon Sales Channel home page: view_store (opens the store's dashboard) was found 2 times, "
            "so none of them was used."
        )
    ]
    assert "recentOrders" not in sandbox.journal.operations


# --- Sessions that end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        *(
            pytest.param(name, marks=pytest.mark.thorough)
            for name in ("stores", "recentOrders", "orders", "orderDetails")
        ),
        "cancelReasons",
    ],
)
def test_a_session_that_ends_before_confirm_is_renewed_and_the_order_canceled_once(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, at_step: AtStep, operation: str
) -> None:
    sandbox.faults.session_ends_before = operation
    at_step["sign_in"] = sandbox.faults.reset
    order = job("unshipped_old" if operation == "orders" else "unshipped_recent")
    assert verdicts(order, attempts=2) == [CANCELED]
    assert cancels() == arrived(order)


@pytest.mark.thorough
def test_a_session_that_ends_without_a_word_of_the_app_is_renewed_too(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, at_step: AtStep, gives_up_once: GivesUpOnce
) -> None:
    sandbox.faults.session_ends_before = "orderDetails"
    sandbox.faults.ajax_expired = True
    at_step["sign_in"] = sandbox.faults.reset
    gives_up_once(lambda: "orderDetails" in sandbox.journal.operations)
    order = job("unshipped_recent")
    assert verdicts(order, attempts=2) == [CANCELED]
    assert cancels() == arrived(order)


@pytest.mark.sampled(1)
def test_a_session_that_ends_at_confirm_is_not_taken_for_a_cancel_and_nothing_is_pressed_again(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.faults.session_ends_before = "cancelOrder"
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        unproved("an error was answered (the session has ended; the Admin asks to sign in)")
    ]
    assert cancels() == []
    assert sandbox.journal.operations.count("cancelOrder") == 1


def test_a_session_that_ends_after_confirm_is_renewed_to_look_again_and_nothing_is_pressed_again(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, at_step: AtStep
) -> None:
    at_step["reopen_order"] = lambda: setattr(sandbox.faults, "ended_session", True)
    at_step["sign_in"] = lambda: (sandbox.faults.reset(), at_step.pop("reopen_order"))
    order = job("unshipped_recent")
    assert verdicts(order, attempts=3) == [CANCELED]
    assert cancels() == arrived(order)
    assert sandbox.journal.operations.count("cancelOrder") == 1


# --- What only looks like trouble, and what is --------------------------------------------------------------------


@pytest.mark.thorough
def test_an_order_is_canceled_all_the_same_where_the_admin_is_slow_and_has_much_to_say(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin
) -> None:
    sandbox.faults.slow_start = True
    sandbox.faults.system_message = True
    sandbox.faults.key_banner_after_sign_in = True
    sandbox.faults.dialog_names_order = True
    admin.page.context.clear_cookies()
    admin.begin_again()
    order = job("unshipped_recent")
    assert verdicts(order) == [CANCELED]
    assert cancels() == arrived(order)


def test_an_order_that_ships_between_two_attempts_is_not_canceled(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, at_step: AtStep
) -> None:
    sandbox.faults.ships_after_details = True
    sandbox.faults.session_ends_before = "cancelReasons"
    at_step["sign_in"] = sandbox.faults.reset
    assert verdicts(job("unshipped_recent"), attempts=2) == [not_cancelable(Status.SHIPPED, RETURNS)]
    assert "cancelOrder" not in sandbox.journal.operations


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("maintenance", "The Admin is in maintenance, or down (HTTP 503)."),
        (
            "permission_missing",
            "The Admin says that this account needs permissions to view the page. "
            "Ask an administrator to give the account's role the Amazon Sales Channel resources.",
        ),
    ],
)
def test_a_run_stops_for(
    run: Callable[..., RunEnd], job: MakeJob, sandbox: Sandbox, admin: Admin, fault: str, told: str
) -> None:
    setattr(sandbox.faults, fault, True)
    admin.open()
    end = run(job("unshipped_recent"), job("canadian"), attempts=3)
    assert (end.exit_status, end.info.stopped_early) == (3, told)
    assert [result.outcome for result in end.results] == ["skipped", "skipped"]
    assert sandbox.journal.operations == ()


@pytest.mark.thorough
def test_an_app_that_does_not_start_fails_the_order(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    sandbox.faults.app_script_missing = True
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The Amazon Sales Channel app has not started; its page stays empty.",
            "Its script may come from a host that is not allowed or cannot be reached; see COUNTERMAND_ALLOWED_HOSTS.",
        )
    ]
    assert sandbox.journal.operations == ()


LOSES_A_CLICK = """() => {
    const parts = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]; // some widgets act before the click
    const lose = (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (event.type === "click") for (const part of parts) removeEventListener(part, lose, true);
    };
    for (const part of parts) addEventListener(part, lose, true);
}"""


@pytest.mark.parametrize("step", ["open_sales_channel", "open_order", "open_cancel_dialog"])
def test_a_click_that_is_lost_is_made_again_and_the_order_is_canceled_once(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin, at_step: AtStep, step: str
) -> None:
    def lose() -> None:
        del at_step[step]
        admin.page.evaluate(LOSES_A_CLICK)

    at_step[step] = lose
    assert verdicts(job("unshipped_recent"), attempts=1) == [CANCELED]
    assert step not in at_step
    assert cancels() == arrived(job("unshipped_recent"))


def test_a_page_that_stays_empty_once_costs_an_attempt_and_the_order_is_canceled_once(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.faults.app_script_missing = True
    begin_again = Admin.begin_again

    def mended(admin: Admin) -> None:
        sandbox.faults.reset()
        begin_again(admin)

    monkeypatch.setattr(Admin, "begin_again", mended)
    assert verdicts(job("unshipped_recent"), attempts=2) == [CANCELED]
    assert cancels() == arrived(job("unshipped_recent"))


# --- What was pressed before --------------------------------------------------------------------------------------


def test_an_order_whose_confirm_was_never_settled_is_not_pressed_again(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    order = job("without_items")
    assert [verdict.outcome for verdict in verdicts(order)] == ["canceled_not_sent"]
    # The next import from Amazon, which was never told, brings the order back as it is there.
    sandbox.shop.example("without_items").status = Status.UNSHIPPED
    assert [verdict.outcome for verdict in verdicts(order)] == ["unknown"]
    assert cancels() == arrived(order)


# --- Straight to an order by its address --------------------------------------------------------------------------


def test_once_its_store_was_reached_an_order_is_opened_by_its_address(
    admin: Admin, verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    admin.options = replace(admin.options, direct=True)
    first, second = job("unshipped_recent"), job("unshipped_old")
    assert verdicts(first, second) == [CANCELED] * 2
    assert cancels() == arrived(first, second)
    operations = sandbox.journal.operations
    assert (operations.count("recentOrders"), operations.count("orders")) == (1, 0)


@pytest.mark.thorough
def test_an_order_that_does_not_open_by_its_address_is_looked_for_by_clicks(
    admin: Admin, verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, gives_up_once: GivesUpOnce
) -> None:
    admin.options = replace(admin.options, direct=True)
    gives_up_once(admin.page.get_by_text("No such entity").count)
    first = job("unshipped_recent")
    unknown = first.model_copy(update={"order": UNKNOWN_ORDER})
    last = job("apostrophe")
    found, missing, after = verdicts(first, unknown, last)
    assert (found, after) == (CANCELED, CANCELED)
    assert missing.outcome == Outcome.NOT_FOUND
    assert cancels() == arrived(first, last)
    assert sandbox.journal.operations.count("orders") > 0


def test_an_order_that_was_opened_by_its_address_is_held_against_what_the_list_expects(
    admin: Admin, verdicts: Verdicts, job: MakeJob, cancels: Cancels
) -> None:
    admin.options = replace(admin.options, direct=True)
    first, second = job("unshipped_recent"), job("apostrophe", expect={"total": "0.01"})
    (canceled, refused) = verdicts(first, second)
    assert (canceled, refused.outcome) == (CANCELED, Outcome.MISMATCH)
    assert cancels() == arrived(first)


def test_another_order_at_an_orders_address_is_refused(
    admin: Admin, verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, at_step: AtStep
) -> None:
    admin.options = replace(admin.options, direct=True)
    at_step["open_order_directly"] = lambda: setattr(sandbox.faults, "wrong_details", True)
    first, second = job("unshipped_recent"), job("apostrophe")
    assert [verdict.outcome for verdict in verdicts(first, second)] == [Outcome.CANCELED, Outcome.MISMATCH]
    assert cancels() == arrived(first)
