"""The screens on the way to a cancel are what the pack says. None of these tests can cancel anything."""

from bot.admin import Admin
from bot.joblist import Job
from bot.qa import assert_screen
from bot.vocabulary import Reason
from flows.cancel_order import leave_dialog, open_dialog
from flows.open_order import open_order, open_sales_channel, open_store
from flows.read_order import plan_order


def test_the_home_page_lists_the_stores(countermand_admin: Admin, store: str) -> None:
    open_sales_channel(countermand_admin)
    home = assert_screen(countermand_admin, "home")
    assert store in home.find("store_names").all_inner_texts()


def test_the_dashboard_lists_recent_orders(countermand_admin: Admin, store: str, unshipped: str) -> None:
    open_store(countermand_admin, store)
    dashboard = assert_screen(countermand_admin, "store_dashboard", store=store)
    assert unshipped in dashboard.texts("order_number")["order_number"]


def test_an_orders_page_shows_what_the_list_shows(countermand_admin: Admin, store: str, unshipped: str) -> None:
    open_order(countermand_admin, Job(order=unshipped, store=store, reason=Reason.BUYER_CANCELED))
    # Any Playwright page will do; the order is the one in the page's address.
    details = assert_screen(countermand_admin.page, "order_details")
    assert details.read("status") == {"status": "Unshipped"}


def test_the_dialog_offers_every_reason(countermand_admin: Admin, store: str, unshipped: str) -> None:
    job = Job(order=unshipped, store=store, reason=Reason.BUYER_CANCELED)
    opened, _ = open_order(countermand_admin, job)
    dialog = open_dialog(countermand_admin, job, opened)
    assert_screen(countermand_admin, "cancel_dialog")
    for reason in Reason:
        dialog.choose("reason", countermand_admin.pack.info.reasons[reason])
    leave_dialog(countermand_admin, opened)


def test_a_plan_says_what_would_happen(countermand_result, store: str, unshipped: str) -> None:
    result = countermand_result(plan_order, order=unshipped, store=store)
    assert result.outcome == "would_cancel"
