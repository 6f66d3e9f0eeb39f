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
    home = visitor.ask(visitor.ask().link("Amazon Sales Channel"))
    uuid = sandbox.shop.store(order.store).uuid
    (store,) = re.findall(rf'href="([^"]+/uuid/{uuid}/[^"]+)">View Store', home.text)
    (orders,) = re.findall(r'href="([^"]+/store_orders/[^"]+)">Orders', visitor.ask(store).text)
    grid = visitor.ask(orders)
    rows = re.search(r'id="grid-rows">(.+?)</script>', grid.text, re.DOTALL)
    assert rows
    links = {row["number"]: row["open"] for row in json.loads(rows[1])}
    assert len(links) == 500
    return visitor.ask(links[order.number])


def cancel_page(visitor: Any, details: Any) -> Any:
    (address,) = re.findall(r"location\.href='([^']+order_cancel_index[^']+)'", details.text)
    return visitor.ask(address)


def send(visitor: Any, page: Any, **fields: str) -> Any:
    (address,) = re.findall(r'<form id="edit_form"[^>]+enctype="multipart/form-data" action="([^"]+)"', page.text)
    form = dict(re.findall(r'<input name="([^"]+)" type="hidden" value="([^"]*)"', page.text)) | fields
    parts = [f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{form[name]}\r\n' for name in form]
    body = "".join([*parts, "--X--\r\n"]).encode()
    return visitor.ask(address, body, {"Content-Type": "multipart/form-data; boundary=X"})


def test_an_orders_page_has_labels_with_a_colon_and_a_button_only_while_it_is_unshipped(
    visitor: Any, details: Any, order: Order
) -> None:
    assert '<h1 class="page-title">Amazon Sales Channel</h1>' in details.text
    assert re.search(rf'<th scope="row">Order Number:</th>\s*<td>{order.number}</td>', details.text)
    assert re.search(r'<th scope="row">Status:</th>\s*<td>Unshipped</td>', details.text)
    assert 'title="Cancel Order"' in details.text
    order.status = Status.SHIPPED
    assert 'title="Cancel Order"' not in visitor.ask(details.url).text


def test_a_cancel_leads_to_the_store_with_a_banner(visitor: Any, details: Any, sandbox: Sandbox, order: Order) -> None:
    page = cancel_page(visitor, details)
    assert '<h1 class="page-title">Amazon Order Cancellation</h1>' in page.text
    assert f'value="{order.number}" disabled' in page.text
    answered = send(visitor, page, reason="NoInventory")
    assert answered.banners == [SUCCESS]
    assert f"Store Name: {order.store}" in answered.text
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
