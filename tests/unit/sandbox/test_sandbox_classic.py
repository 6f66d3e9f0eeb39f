"""The classic pages of the practice Admin: what they say, and what a form that comes back does."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox import Generation, Order, Sandbox
from bot.vocabulary import Status

SUCCESS = "The Amazon order has been canceled and the request has been submitted to Amazon."
ERROR = "Unable to cancel the order. Please try again."


@pytest.fixture(scope="module")
def _served() -> Iterator[Sandbox]:
    with Sandbox(generation=Generation.ASC_2) as practice:
        yield practice


@pytest.fixture
def order(sandbox: Sandbox) -> Order:
    return sandbox.shop.example("unshipped_recent")


@pytest.fixture
def details(visitor: Any, sandbox: Sandbox, order: Order) -> Any:
    """The page of the usual order, by the links that lead to it."""
    visitor.sign_in()
    links = {row["number"]: row["open"] for row in rows_of(grid_page(visitor))}
    return visitor.ask(links[order.number])


def grid_page(visitor: Any) -> Any:
    """The tab Orders, by the links that lead to it."""
    home = visitor.ask(visitor.ask().link("Amazon"))
    assert '<h1 class="page-title">Amazon Sales Channel Home</h1>' in home.text
    (orders,) = re.findall(r'href="([^"]+/order_index/[^"]+)">Orders', home.text)
    return visitor.ask(orders)


def rows_of(grid: Any) -> list[dict[str, str]]:
    rows = re.search(r'id="grid-rows">(.+?)</script>', grid.text, re.DOTALL)
    assert rows
    listed: list[dict[str, str]] = json.loads(rows[1])
    return listed


def cancel_page(visitor: Any, details: Any) -> Any:
    (address,) = re.findall(r"location\.href='([^']+order_cancel_index[^']+)'", details.text)
    return visitor.ask(address)


def send(visitor: Any, page: Any, **fields: str) -> Any:
    (address,) = re.findall(r'<form id="edit_form"[^>]+enctype="multipart/form-data" action="([^"]+)"', page.text)
    form = dict(re.findall(r'<input name="([^"]+)" type="hidden" value="([^"]*)"', page.text)) | fields
    parts = [f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{form[name]}\r\n' for name in form]
    body = "".join([*parts, "--X--\r\n"]).encode()
    return visitor.ask(address, body, {"Content-Type": "multipart/form-data; boundary=X"})


LABELS = """Order Number, Status, Notes, Buyer Email, Buyer Name, Currency, Order Total, Inventory Reserved, Is Premium,
Is Prime, Purchase Date, Latest Ship Date, Shipping Service, Shipping Service Level, Shipped By Amazon, Is Business,
Items Shipped, Items Unshipped, Fulfillment Channel, Shipping Address""".replace("\n", " ").split(", ")


def facts(page: Any) -> dict[str, str]:
    return dict(re.findall(r'<th scope="row">([^<]*)</th>\s*<td>(.*?)</td>', page.text))


def test_an_orders_page_has_labels_with_a_colon_and_a_button_only_while_it_is_unshipped(
    visitor: Any, details: Any, order: Order
) -> None:
    assert list(facts(details)) == [f"{label}:" for label in LABELS]
    assert (facts(details)["Order Number:"], facts(details)["Order Total:"]) == (order.number, "121.80")
    assert facts(details)["Status:"] == "Unshipped"
    assert 'title="Cancel Order"' in details.text
    order.status = Status.SHIPPED
    assert 'title="Cancel Order"' not in visitor.ask(details.url).text


def test_one_grid_lists_the_orders_of_all_stores_newest_first(visitor: Any, sandbox: Sandbox) -> None:
    visitor.sign_in()
    rows = rows_of(grid_page(visitor))
    assert {row["store"] for row in rows} == {store.name for store in sandbox.shop.stores}
    assert len(rows) == 2000
    (row,) = (row for row in rows if row["number"] == sandbox.shop.example("partially_shipped").number)
    assert (row["status"], row["store"]) == ("Partially Shipped", sandbox.shop.example("partially_shipped").store)


def test_a_filter_from_last_time_is_in_force_until_it_is_cleared(visitor: Any, sandbox: Sandbox) -> None:
    sandbox.faults.saved_filter = "Partially Shipped"
    visitor.sign_in()
    grid = grid_page(visitor)
    assert {row["status"] for row in rows_of(grid)} == {"Partially Shipped"}
    (clear,) = re.findall(r"location\.href='([^']+/order_index/clear/[^']+)'", grid.text)
    assert len(rows_of(visitor.ask(clear))) == 2000
    assert len(rows_of(visitor.ask(grid.url))) == 2000


def test_an_orders_page_has_its_titles_and_tabs(details: Any) -> None:
    assert '<h1 class="page-title">Amazon Order Details</h1>' in details.text
    assert "<title>Amazon Order Details / Channels / Marketing / Magento Admin</title>" in details.text
    tabs = re.findall(r'<a href="#order_\w+">([^<]+)</a>', details.text)
    assert tabs == ["Order and Shipping Details", "Order Items", "Tracking"]


def test_the_address_of_an_orders_page_names_the_merchant_and_the_row(details: Any) -> None:
    assert re.search(r"/channel/amazon/order_details_index/merchant_id/\d+/id/\d+/key/[0-9a-f]{64}/$", details.url)


def test_an_orders_page_writes_its_status_as_one_word(visitor: Any, details: Any, order: Order) -> None:
    order.status = Status.PARTIALLY_SHIPPED
    assert facts(visitor.ask(details.url))["Status:"] == "PartiallyShipped"


def test_an_orders_page_has_name_street_and_telephone_in_one_cell(visitor: Any, details: Any, order: Order) -> None:
    order.phone = "+1 206 555 0100"
    lines = facts(visitor.ask(details.url))["Shipping Address:"].split("<br>")
    assert (lines[0], lines[-1]) == (order.buyer, "+1 206 555 0100")
    assert order.address["city"] in lines


def test_an_imported_orders_number_is_the_amazon_number_and_opens_a_window(
    visitor: Any, details: Any, order: Order
) -> None:
    order.commerce_number = "000000099"
    (link,) = re.findall(r'<a href="[^"]+/sales/order/view/[^"]+" ([^>]+)>([^<]+)</a>', visitor.ask(details.url).text)
    assert link == ('target="_blank"', order.number)


def at_row(page: Any, row: str) -> str:
    return re.sub(r"/id/\d+/", f"/id/{row}/", str(page.url))


def test_the_page_of_a_missing_row_has_no_table_and_no_message(visitor: Any, details: Any) -> None:
    page = visitor.ask(at_row(details, "999999"))
    assert (page.status, page.banners, facts(page)) == (200, [], {})
    assert re.findall(r'<button id="(\w+)" title', page.text) == ["back"]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.UNSHIPPED])
def test_the_cancel_page_opens_for_any_status(visitor: Any, details: Any, order: Order, status: Status) -> None:
    page = cancel_page(visitor, details)
    order.status = status
    assert f'value="{order.number}" disabled' in visitor.ask(page.url).text


def test_the_cancel_page_of_a_missing_row_has_an_empty_number_and_its_form_cancels_nothing(
    visitor: Any, details: Any, sandbox: Sandbox
) -> None:
    page = visitor.ask(at_row(cancel_page(visitor, details), "999999"))
    assert '<h1 class="page-title">Amazon Order Cancellation</h1>' in page.text
    assert 'value="" disabled' in page.text
    answered = send(visitor, page, reason="NoInventory")
    assert (answered.banners, "/channel/amazon/index/" in answered.url) == ([ERROR], True)
    assert sandbox.journal.cancels == ()


def test_the_form_names_row_order_and_buyer_and_its_address_names_no_row(visitor: Any, details: Any) -> None:
    page = cancel_page(visitor, details)
    fields = dict(re.findall(r'<input name="([^"]+)" type="hidden" value="([^"]*)"', page.text))
    assert fields.keys() == {"form_key", "id", "merchant_id", "order_id", "buyer_name", "buyer_email"}
    assert (fields["order_id"], f"/id/{fields['id']}/" in page.url) == ("112-1215998-3002091", True)
    (address,) = re.findall(r'enctype="multipart/form-data" action="([^"]+)"', page.text)
    assert re.fullmatch(r"/admin/channel/amazon/order_cancel_save/key/[0-9a-f]{64}/", address)


def test_a_mask_lies_over_the_cancel_page_until_its_script_takes_it_away(
    visitor: Any, details: Any, sandbox: Sandbox
) -> None:
    assert 'class="admin__form-loading-mask"' in cancel_page(visitor, details).text
    sandbox.faults.cancel_script_missing = True  # the worst: the mask is gone, and the button still visits the address
    assert 'class="admin__form-loading-mask"' not in cancel_page(visitor, details).text


def test_a_cancel_leads_to_the_store_with_a_banner(visitor: Any, details: Any, sandbox: Sandbox, order: Order) -> None:
    page = cancel_page(visitor, details)
    assert '<h1 class="page-title">Amazon Order Cancellation</h1>' in page.text
    assert f'value="{order.number}" disabled' in page.text
    answered = send(visitor, page, reason="NoInventory")
    assert answered.banners == [SUCCESS]
    assert '<h1 class="page-title">Amazon Sales Channel Home</h1>' in answered.text
    (record,) = sandbox.journal.cancels
    assert (record.order, record.reason, record.reached_amazon) == (order.number, "NoInventory", True)
    assert sandbox.journal.operations == ("orderDetails", "cancelReasons", "cancelOrder")


def test_a_cancel_whose_second_stage_fails_has_the_status_and_an_error(
    visitor: Any, details: Any, sandbox: Sandbox, order: Order
) -> None:
    sandbox.faults.amazon_refuses = True
    assert send(visitor, cancel_page(visitor, details), reason="NoInventory").banners == [ERROR]
    assert order.status is Status.CANCELED
    assert [record.reached_amazon for record in sandbox.journal.cancels] == [False]


def test_a_form_with_another_key_cancels_nothing(visitor: Any, details: Any, sandbox: Sandbox, order: Order) -> None:
    page = cancel_page(visitor, details)
    assert send(visitor, page, reason="NoInventory", form_key="other").banners == [ERROR]
    assert (order.status, sandbox.journal.cancels) == (Status.UNSHIPPED, ())


def test_until_its_script_has_started_the_button_visits_an_address_that_cancels_without_a_reason(
    visitor: Any, details: Any, sandbox: Sandbox, order: Order
) -> None:
    page = cancel_page(visitor, details)
    (address,) = re.findall(r"setLocation\('([^']+)'\)", page.text)
    assert "/order_cancel_save/id/" in address
    assert visitor.ask(address).banners == [SUCCESS]
    assert [(record.order, record.reason) for record in sandbox.journal.cancels] == [(order.number, "")]


def test_no_reason_is_asked_for_the_first_one_is_chosen_already(visitor: Any, details: Any) -> None:
    page = cancel_page(visitor, details)
    assert re.findall(r"<option value=\"([^\"]*)\"", page.text)[:2] == ["NoInventory", "ShippingAddressUndeliverable"]
    assert re.search(r'<select id="reason" name="reason"[^>]+aria-label="notice-\d+"', page.text)


def test_an_address_with_another_key_leads_to_the_start_page(visitor: Any, details: Any) -> None:
    bounced = visitor.ask(details.url.replace("/key/", "/key/0"))
    assert bounced.banners == []


def test_in_version_4_0_every_order_was_imported_but_those_in_error_and_one() -> None:
    shop = Sandbox(generation=Generation.ASC_4_0).shop
    left_out = [order for order in shop.select(plain=None) if not order.commerce_number]
    assert {order.status for order in left_out} == {Status.ERROR, Status.UNSHIPPED}
    assert [order for order in left_out if order.status is Status.UNSHIPPED] == [shop.example("not_imported")]
    numbers = [order.commerce_number for order in shop.select(plain=None) if order.commerce_number]
    assert len(set(numbers)) == len(numbers)
