"""The practice Admin's spectrum face, without the flows: what Adobe's own components do with its screens."""

import re

import pytest
from playwright.sync_api import Page, expect
from practice_kit import ORDER, US, Cancels

from bot.sandbox import Face, Sandbox

pytestmark = pytest.mark.sampled(4)


@pytest.fixture
def face() -> Face:
    return Face.SPECTRUM


@pytest.fixture
def page(dashboard: Page) -> Page:
    return dashboard


@pytest.fixture
def order_page(page: Page) -> Page:
    page.get_by_role("link", name=ORDER).click()
    expect(page.get_by_text("Order details", exact=True)).to_be_visible()
    return page


def reload(page: Page, sandbox: Sandbox, **switches: object) -> None:
    sandbox.faults.update(switches)
    page.reload()
    expect(page.get_by_text("Recent orders:")).to_be_visible()


def test_an_order_is_canceled_once_with_the_reason_that_was_picked(order_page: Page, cancels: Cancels) -> None:
    order_page.get_by_role("button", name="Cancel Order").click()
    confirm = order_page.get_by_role("button", name="Confirm")
    expect(confirm).to_be_disabled()
    order_page.get_by_role("button", name="Reason for cancellation").click()
    order_page.get_by_role("option", name="Buyer Canceled").click()
    confirm.dblclick()

    toast = order_page.get_by_role("alertdialog")
    expect(toast).to_contain_text("The order has been canceled.")
    assert cancels() == [(ORDER, US, "BuyerCanceled", "Unshipped")]
    expect(order_page.get_by_role("dialog")).to_have_count(0)
    expect(order_page.get_by_role("button", name="Cancel Order")).to_have_count(0)


def test_the_pick_list_is_a_button_and_its_options_stand_outside_the_dialog(order_page: Page) -> None:
    order_page.get_by_role("button", name="Cancel Order").click()
    dialog = order_page.get_by_role("dialog")
    picker = dialog.get_by_role("button", name="Reason for cancellation")
    expect(picker).to_have_attribute("aria-haspopup", "listbox")
    expect(dialog.locator("[aria-hidden] select")).to_have_count(1)
    picker.click()

    expect(order_page.get_by_role("option")).to_have_count(10)
    assert order_page.locator("[role=dialog] [role=option]").count() == 0


def test_only_rows_in_sight_and_near_are_in_the_page(page: Page, sandbox: Sandbox) -> None:
    reload(page, sandbox, dashboard_rows=43)

    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "44")
    assert 8 < page.get_by_role("row").count() < 25


def test_a_filter_shows_as_a_tag_and_goes_with_it(page: Page) -> None:
    page.get_by_role("link", name="All Orders").click()
    page.get_by_role("textbox", name="Order Number").fill("6177312-0215004")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("grid", name="Amazon orders")).to_have_attribute("aria-rowcount", "2")
    page.get_by_role("row", name="Order Number: 6177312-0215004").get_by_role("button", name="Remove").click()

    expect(page.get_by_role("grid", name="Amazon orders")).to_have_attribute("aria-rowcount", "51")


def test_the_pager_leads_to_another_page(page: Page) -> None:
    page.get_by_role("link", name="All Orders").click()
    page.get_by_role("textbox", name="Page").fill("4")
    page.get_by_role("textbox", name="Page").press("Tab")

    expect(page.get_by_role("textbox", name="Page")).to_have_value("4")
    expect(page.get_by_role("link", name=ORDER)).to_have_count(0)


def test_a_changed_address_can_be_saved(order_page: Page, sandbox: Sandbox) -> None:
    save = order_page.get_by_role("button", name="Save Order")
    expect(save).to_be_disabled()
    order_page.get_by_role("textbox", name="Shipping city").fill("Tacoma")
    save.click()

    expect(order_page.get_by_role("alertdialog")).to_contain_text("The order has been saved.")
    assert sandbox.shop.order(US, ORDER).address["city"] == "Tacoma"


def test_order_links_can_open_windows_and_tell_of_it(page: Page, sandbox: Sandbox) -> None:
    reload(page, sandbox, order_links_open_windows=True, order_links_tell_of_windows=True)

    link = page.get_by_role("link", name=f"{ORDER} (opens in a new window)", exact=True)
    expect(link).to_have_attribute("target", "_blank")


def test_the_header_can_be_one_heading(page: Page, sandbox: Sandbox) -> None:
    heading = page.get_by_role("heading", name=f"Store Name: {US}", exact=True)
    expect(heading).to_have_count(0)
    reload(page, sandbox, header_is_heading=True)

    expect(heading).to_be_visible()


def test_labels_can_stand_apart_from_their_values(page: Page, sandbox: Sandbox) -> None:
    reload(page, sandbox, labels_apart=True)
    page.get_by_role("button", name="Dashboard").click()
    card = page.get_by_text(re.compile(f"^{US}$")).locator("xpath=../..")

    expect(card).to_contain_text("Magento WebsiteStatusLast UpdatedCreatedAmazon US Website")


def test_a_column_can_be_too_narrow_for_its_text(page: Page, sandbox: Sandbox) -> None:
    reload(page, sandbox, narrow_number_column=True)
    cell = page.get_by_role("rowheader", name=ORDER)

    expect(cell).to_have_text(ORDER)
    assert cell.evaluate(
        "cell => [...cell.querySelectorAll('*')].some(each => each.scrollWidth > each.clientWidth + 1)"
    )


def test_the_components_speak_the_language_of_the_admin(page: Page, sandbox: Sandbox) -> None:
    sandbox.faults.language = "de_DE"
    page.goto(f"{page.url}/orders/{ORDER}")
    page.reload()
    page.get_by_role("button", name="Bestellung stornieren").click()

    expect(page.get_by_role("dialog").locator("button[aria-haspopup]")).to_have_text("Auswählen…")
