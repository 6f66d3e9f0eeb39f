"""What the practice Admin's pages around the app do in a browser, without the flows: what real ones were seen to do."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from practice_kit import ORDER, US, Cancels

from bot.admin.camera import photograph, words
from bot.pack import Pack
from bot.sandbox import Generation, Sandbox
from bot.sandbox.pages import CANCEL, DETAILS
from bot.sandbox.pages import ORDER as COMMERCE_ORDER

pytestmark = [pytest.mark.face("spectrum", only=True), pytest.mark.sampled(4)]

classic = pytest.mark.parametrize("generation", [Generation.ASC_4_0], indirect=True, ids=str)
IS_COVERED = """(cover) => {
    const { x, y, width, height } = document.querySelector("#save").getBoundingClientRect();
    return document.elementFromPoint(x + width / 2, y + height / 2)?.className === cover;
}"""
WORDS_BOX = """(element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const { x, y, width, height } = range.getBoundingClientRect();
    return [x, y, width, height].map(Math.round);
}"""


@pytest.fixture
def page(dashboard: Page) -> Page:
    return dashboard


@pytest.fixture
def row(sandbox: Sandbox) -> str:
    """The row of the usual order."""
    return sandbox.shop.row_id(sandbox.shop.order(US, ORDER))


@classic
def test_a_double_click_on_the_button_that_commits_sends_one_cancel(
    page: Page, address: Callable[..., str], row: str, cancels: Cancels, sandbox: Sandbox
) -> None:
    page.goto(address(CANCEL, id=row))
    page.locator("#reason").select_option("BuyerCanceled")
    page.locator("#save").dblclick()
    expect(page.locator("#messages")).to_contain_text("The Amazon order has been canceled")
    assert cancels() == [(ORDER, US, "BuyerCanceled", "Unshipped")]
    assert [record.method for record in sandbox.journal.requests if record.operation == "cancelOrder"] == ["POST"]


@classic
def test_before_its_script_is_bound_the_button_is_covered_and_a_key_cancels_without_a_reason(
    page: Page, address: Callable[..., str], row: str, cancels: Cancels, sandbox: Sandbox
) -> None:
    page.route("**/classic_cancel.js", lambda route: None)  # it is on its way
    page.goto(address(CANCEL, id=row), wait_until="commit")
    expect(page.locator("#save")).to_be_visible()
    page.wait_for_function(IS_COVERED, arg="admin__form-loading-mask")  # once the page has its styles
    assert cancels() == []

    page.locator("#save").press("Enter")

    expect(page.locator("#messages")).to_contain_text("The Amazon order has been canceled")
    assert cancels() == [(ORDER, US, "", "Unshipped")]
    assert [record.method for record in sandbox.journal.requests if record.operation == "cancelOrder"] == ["GET"]


@classic
def test_the_reasons_visible_label_is_not_its_name(page: Page, address: Callable[..., str], row: str) -> None:
    page.goto(address(CANCEL, id=row))
    expect(page.get_by_text("Reason For Cancellation")).to_be_visible()
    expect(page.get_by_role("combobox", name="Reason For Cancellation")).to_have_count(0)
    expect(page.get_by_label("Reason For Cancellation", exact=True)).to_have_count(0)
    expect(page.locator("label[for=reason]")).to_have_text("Reason For Cancellation")
    expect(page.locator("#reason")).to_have_value("NoInventory")


@classic
def test_an_orders_classic_page_shows_one_tab_at_a_time(page: Page, address: Callable[..., str], row: str) -> None:
    page.goto(address(DETAILS, merchant_id="13", id=row))
    number = page.get_by_text(ORDER, exact=True)
    expect(number).to_be_visible()
    page.get_by_role("link", name="Order Items").click()
    expect(number).to_be_hidden()
    expect(page.get_by_role("columnheader", name="ASIN")).to_be_visible()


def colours(picture: bytes, box: tuple[int, int, int, int]) -> int:
    """How far the lightest and the darkest point of a part of a picture are apart, out of 255."""
    lightest, darkest = Image.open(BytesIO(picture)).convert("L").crop(box).getextrema()
    return int(abs(float(lightest) - float(darkest)))  # type: ignore[arg-type]


@classic
def test_the_address_on_a_classic_page_is_masked_in_one_piece(
    page: Page, address: Callable[..., str], row: str, pack: Pack
) -> None:
    page.goto(address(DETAILS, merchant_id="13", id=row))
    cell = page.locator("td", has_text="Seattle")
    assert "Michael Blankenship" in cell.inner_text()
    x, y, width, height = cell.evaluate(WORDS_BOX)
    box = (x, y, x + width, y + height)

    shown, hidden = (photograph(page, pack, masked=masked, careful=False) for masked in (False, True))

    assert colours(shown, box) > 100
    assert colours(hidden, box) < 40


@pytest.mark.parametrize("title", ["Billing Address", "Shipping Address"])
@classic
def test_the_addresses_of_a_commerce_order_are_masked_in_the_picture_and_in_the_words(
    page: Page, address: Callable[..., str], sandbox: Sandbox, pack: Pack, title: str
) -> None:
    order = sandbox.shop.example("imported")
    page.goto(address(COMMERCE_ORDER, order_id=order.commerce_number))
    beside = page.locator("h3", has_text=title).locator("xpath=following-sibling::address")
    x, y, width, height = beside.evaluate(WORDS_BOX)
    box = (x, y, x + width, y + height)

    shown, hidden = (photograph(page, pack, masked=masked, careful=False) for masked in (False, True))
    told = words(page, pack, masked=True, clean=str)

    assert colours(shown, box) > 100
    assert colours(hidden, box) < 40
    assert order.phone in page.locator("body").inner_text()
    assert [private for private in (order.buyer, order.phone, order.address["address1"]) if private in told] == []


def test_the_payment_block_opens_another_window(page: Page, address: Callable[..., str], sandbox: Sandbox) -> None:
    page.goto(address(COMMERCE_ORDER, order_id=sandbox.shop.example("imported").commerce_number))
    with page.expect_popup() as opened:
        page.get_by_role("link", name="View or Cancel Amazon Order").click()
    assert "/orders/" in opened.value.url


def test_a_click_before_the_menu_is_bound_does_nothing(page: Page, sandbox: Sandbox) -> None:
    sandbox.faults.menu_bound_late = 7
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # so that it is bound when the test says so
    page.reload()
    marketing = page.get_by_role("link", name="Marketing")
    entry = page.get_by_role("link", name="Amazon Sales Channel")
    marketing.click()
    expect(entry).to_be_hidden()
    page.clock.run_for(1200)
    marketing.click()
    expect(entry).to_be_visible()


def test_a_click_on_an_open_menu_closes_it(page: Page) -> None:
    marketing = page.get_by_role("link", name="Marketing")
    entry = page.get_by_role("link", name="Amazon Sales Channel")
    marketing.click()
    expect(entry).to_be_visible()
    marketing.click()
    expect(entry).to_be_hidden()
    expect(page.get_by_role("menuitem")).to_have_count(0)
