"""The practice Admin's shadow face: the plain face's screens in open shadow roots; and the flows on it."""

import pytest
from playwright.sync_api import Page, expect
from practice_kit import CANCELED, ORDER, US, Cancels, MakeJob, Verdicts, arrived

from bot.admin import Admin
from bot.admin.changes import changes_so_far
from bot.sandbox import Face, Sandbox

pytestmark = pytest.mark.sampled(4)


@pytest.fixture
def face() -> Face:
    return Face.SHADOW


def test_what_a_page_without_shadow_roots_has_is_not_seen_from_outside(dashboard: Page) -> None:
    expect(dashboard.get_by_role("link", name=ORDER)).to_be_visible()
    seen = "css => document.querySelectorAll(css).length"
    assert dashboard.evaluate(seen, "#root") == 1
    assert [dashboard.evaluate(seen, f"#root {css}") for css in ("a", "table", "button")] == [0, 0, 0]
    assert dashboard.locator(f"xpath=//a[.='{ORDER}']").count() == 0


def test_parts_stand_in_the_shadow_roots_of_others(dashboard: Page) -> None:
    depth = "element => { let at = element, roots = 0; while (at = at.getRootNode().host) roots += 1; return roots; }"
    assert dashboard.get_by_role("link", name=ORDER).evaluate(depth) == 2
    assert dashboard.get_by_role("button", name="Dashboard").evaluate(depth) == 3


def test_an_order_is_canceled_once_with_the_reason_that_was_picked(dashboard: Page, cancels: Cancels) -> None:
    dashboard.get_by_role("link", name=ORDER).click()
    dashboard.get_by_role("button", name="Cancel Order").click()
    confirm = dashboard.get_by_role("button", name="Confirm")
    expect(confirm).to_be_disabled()
    dashboard.get_by_label("Reason for cancellation").select_option("Buyer Canceled")
    confirm.dblclick()

    expect(dashboard.get_by_text("The order has been canceled.")).to_be_visible()
    assert cancels() == [(ORDER, US, "BuyerCanceled", "Unshipped")]


def test_a_filter_is_applied_from_a_form_whose_button_has_a_shadow_root(dashboard: Page) -> None:
    dashboard.get_by_role("link", name="All Orders").click()
    dashboard.get_by_label("Order Number", exact=True).fill("6177312-0215004")
    dashboard.get_by_role("button", name="Apply filters").click()

    expect(dashboard.get_by_role("row")).to_have_count(2)


def test_a_list_can_sort_itself_anew_under_the_pointer(dashboard: Page, sandbox: Sandbox) -> None:
    sandbox.faults.list_sorts_anew = True
    dashboard.reload()
    first = dashboard.get_by_role("row").nth(1)
    expect(first).to_contain_text("112-1215998-3002095")
    dashboard.get_by_role("columnheader", name="Status").dispatch_event("pointerdown")

    expect(first).to_contain_text("112-1215998-3002069")


@pytest.mark.parametrize("example", ["unshipped_recent", "unshipped_old"])
def test_the_flows_cancel_an_order_whose_screens_are_in_shadow_roots(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, example: str
) -> None:
    wanted = job(example)
    assert verdicts(wanted) == [CANCELED]
    assert cancels() == [*arrived(wanted)]


def test_the_way_from_the_menu_leads_through_shadow_roots(
    verdicts: Verdicts, job: MakeJob, admin: Admin, cancels: Cancels
) -> None:
    admin.begin_again()
    wanted = job("unshipped_recent")
    assert verdicts(wanted) == [CANCELED]
    assert cancels() == [*arrived(wanted)]


def test_a_change_in_a_shadow_root_is_a_change_of_the_page(admin: Admin) -> None:
    before = changes_so_far(admin.page)
    assert changes_so_far(admin.page) == before
    admin.page.get_by_role("link", name=ORDER).evaluate("(link) => { link.title = 'changed'; }")
    assert changes_so_far(admin.page) > before
