from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING

import pytest

from bot.sandbox import UNKNOWN_ORDER, Order, Sandbox
from bot.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sandbox.conftest import Visitor

REFUSED = {"errors": [{"message": "Unable to cancel Amazon order"}]}


def cancels(sandbox: Sandbox) -> list[tuple[object, ...]]:
    return [
        (it.order, it.store, it.reason, it.status_on_arrival, it.account, it.reached_amazon, it.answer)
        for it in sandbox.journal.cancels
    ]


def test_a_cancel_changes_the_order_and_reaches_amazon(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")

    answer = clerk.call("cancelOrder", order, reason="BuyerCanceled")

    assert answer == {"data": {"cancelOrder": {"uuid": sandbox.shop.store(order.store).uuid}}}
    assert (order.status, order.items_unshipped, order.notes) == (
        Status.CANCELED,
        0,
        "Status updated to canceled.",
    )
    assert cancels(sandbox) == [
        (order.number, order.store, "BuyerCanceled", "Unshipped", "demo", True, "ok"),
    ]


def test_an_order_without_item_rows_is_canceled_here_and_answers_an_error(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("without_items")

    assert clerk.call("cancelOrder", order, reason="NoInventory") == REFUSED
    assert order.status is Status.CANCELED
    assert cancels(sandbox) == [
        (order.number, order.store, "NoInventory", "Unshipped", "demo", False, "error"),
    ]


def test_a_refusal_by_amazon_comes_after_the_status_was_set(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.amazon_refuses = True
    order = sandbox.shop.example("unshipped_old")

    assert clerk.call("cancelOrder", order, reason="NoInventory") == REFUSED
    assert order.status is Status.CANCELED


def test_the_server_does_not_look_at_the_status_again(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("shipped")

    clerk.call("cancelOrder", order, reason="NoInventory")

    assert order.status is Status.CANCELED
    assert sandbox.journal.cancels[0].status_on_arrival == "Shipped"


def test_any_reason_is_taken(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")

    clerk.call("cancelOrder", order, reason="Whim")

    assert order.status is Status.CANCELED
    assert sandbox.journal.cancels[0].reason == "Whim"


def test_an_order_is_canceled_whatever_store_is_named(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")
    elsewhere = sandbox.shop.store(sandbox.shop.example("canadian").store).uuid

    answer = clerk.call("cancelOrder", order, uuid=elsewhere, reason="NoInventory")

    assert answer == {"data": {"cancelOrder": {"uuid": sandbox.shop.store(order.store).uuid}}}
    assert [(cancel.order, cancel.store) for cancel in sandbox.journal.cancels] == [(order.number, order.store)]


def test_an_unknown_order_is_an_error_of_the_server(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")

    answer = clerk.call("cancelOrder", order, orderId=UNKNOWN_ORDER, reason="NoInventory")

    assert answer == {"errors": [{"message": "Internal server error"}]}
    assert sandbox.journal.cancels == ()


@pytest.mark.parametrize(("invoiced", "reads"), [(True, "Closed"), (False, "Processing")])
def test_the_commerce_order_of_a_canceled_one_is_closed_only_if_it_was_invoiced(
    clerk: Visitor, sandbox: Sandbox, invoiced: bool, reads: str
) -> None:
    order = sandbox.shop.example("imported")
    order.invoiced = invoiced
    address = f"sales/order/view/order_id/{order.commerce_number}/"
    assert "<th>Order Status</th><td>Processing</td>" in clerk.ask(address).text

    clerk.call("cancelOrder", order, reason="NoInventory")

    assert f"<th>Order Status</th><td>{reads}</td>" in clerk.ask(address).text


def test_the_payment_block_leads_to_the_apps_page_of_the_order_in_a_new_window(
    clerk: Visitor, sandbox: Sandbox
) -> None:
    order = sandbox.shop.example("imported")
    page = clerk.ask(f"sales/order/view/order_id/{order.commerce_number}/").text

    assert "<h3>Payment Information</h3>" in page
    assert f"<td>Amazon Order Number:</td><td>{order.number}</td>" in page
    (link,) = re.findall(r'<a href="([^"]+)" target="_blank">View or Cancel Amazon Order</a>', page)
    assert link.endswith(f"#/store-details/{sandbox.shop.store(order.store).uuid}/orders/{order.number}")


def test_an_ended_session_is_sent_to_the_sign_in_page_once_and_then_told_so_before_that_page(
    clerk: Visitor, sandbox: Sandbox
) -> None:
    sandbox.faults.session_ends_before = "cancelOrder"
    order = sandbox.shop.example("unshipped_recent")

    first = clerk.post("cancelOrder", order, reason="NoInventory")
    second = clerk.post("cancelOrder", order, reason="NoInventory")

    assert (first.status, "/channel/auth/login/key/" in first.url) == (200, True)
    assert first.text.startswith("<!doctype html>")
    assert (second.status, second.url.endswith(clerk.endpoint)) == (200, True)
    assert second.text.startswith('{"errors": [{"message": "Authentication failed"}]}<!doctype html>')
    assert 'name="login[username]"' in second.text
    assert order.status is Status.UNSHIPPED
    assert sandbox.journal.cancels == ()


def test_an_account_without_the_permission_is_told_so_with_status_403(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.data_forbidden = True

    answer = clerk.post("cancelOrder", sandbox.shop.example("unshipped_recent"), reason="NoInventory")

    assert answer.status == 403
    assert answer.text.startswith('{"errors": [{"message": "Authentication failed"}]}<!doctype html>')
    assert sandbox.journal.cancels == ()


def test_an_answer_that_is_lost_comes_after_the_server_acted(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.answer_lost = True
    order = sandbox.shop.example("unshipped_recent")

    with pytest.raises(http.client.IncompleteRead):
        clerk.call("cancelOrder", order, reason="NoInventory")

    assert order.status is Status.CANCELED
    assert len(sandbox.journal.cancels) == 1


def test_a_request_that_is_lost_leaves_the_order_alone(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.request_lost = True
    order = sandbox.shop.example("unshipped_recent")

    with pytest.raises(http.client.IncompleteRead):
        clerk.call("cancelOrder", order, reason="NoInventory")

    assert order.status is Status.UNSHIPPED
    assert sandbox.journal.cancels == ()


def test_a_cancel_can_be_acted_on_when_who_sent_it_is_gone(
    clerk: Visitor, new_visitor: Callable[[], Visitor], sandbox: Sandbox
) -> None:
    sandbox.faults.cancel_late_ms = 2_000
    order = sandbox.shop.example("unshipped_recent")
    clerk.patience = 0.2

    with pytest.raises(TimeoutError):
        clerk.call("cancelOrder", order, reason="NoInventory")

    other = new_visitor()
    assert any(other.ask() and sandbox.journal.cancels for _ in range(20_000))
    assert cancels(sandbox) == [(order.number, order.store, "NoInventory", "Unshipped", "demo", True, "ok")]


def test_a_cancel_can_be_answered_with_an_error_after_the_server_acted(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.cancel_status = 503
    order = sandbox.shop.example("unshipped_recent")

    assert clerk.post("cancelOrder", order, reason="NoInventory").status == 503

    assert order.status is Status.CANCELED
    assert len(sandbox.journal.cancels) == 1


def test_a_cancel_can_arrive_twice(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.cancel_arrives_twice = True
    order = sandbox.shop.example("unshipped_recent")

    answer = clerk.call("cancelOrder", order, reason="NoInventory")

    assert answer == {"data": {"cancelOrder": {"uuid": sandbox.shop.store(order.store).uuid}}}
    found = [(cancel.order, cancel.status_on_arrival) for cancel in sandbox.journal.cancels]
    assert found == [(order.number, "Unshipped"), (order.number, "Canceled")]


def test_an_order_can_ship_behind_its_dialog(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")
    assert clerk.call("cancelReasons", order)["data"]["cancelReasons"]["order"] is None
    sandbox.faults.ships_behind_dialog = True

    shown = clerk.call("cancelReasons", order)["data"]["cancelReasons"]["order"]

    assert (shown["status"], order.status) == ("Shipped", Status.SHIPPED)


def test_an_order_can_ship_right_after_its_details_were_loaded(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.ships_after_details = True
    order = sandbox.shop.example("unshipped_recent")

    shown = clerk.call("orderDetails", order)["data"]["orderDetails"]["order"]

    assert shown["status"] == "Unshipped"
    assert order.status is Status.SHIPPED


def test_details_of_an_imported_order_show_and_link_the_commerce_order(clerk: Visitor, sandbox: Sandbox) -> None:
    order: Order = sandbox.shop.example("imported")

    shown = clerk.call("orderDetails", order)["data"]["orderDetails"]["order"]
    page = clerk.ask(shown["commerceUrl"])

    assert shown["shownNumber"] == order.commerce_number == "000000034"
    assert order.number in page.text
    assert 'id="order-view-cancel-button"' in page.text


def test_the_commerce_orders_own_cancel_button_is_written_down_apart(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("imported")
    url = clerk.call("orderDetails", order)["data"]["orderDetails"]["order"]["commerceUrl"]
    action = clerk.ask(url).text.partition('<form method="post" action="')[2].partition('"')[0]

    answer = clerk.ask(action, b"")

    assert answer.banners == ["You canceled the order."]
    assert [it.order for it in sandbox.journal.commerce_cancels] == [order.number]
    assert sandbox.journal.cancels == ()
    assert order.status is Status.UNSHIPPED


def test_wrong_details_are_those_of_another_order_of_the_store(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.wrong_details = True
    order = sandbox.shop.example("unshipped_recent")

    shown = clerk.call("orderDetails", order)["data"]["orderDetails"]["order"]

    assert shown["number"] != order.number
    assert sandbox.shop.order(order.store, shown["number"]).status is Status.UNSHIPPED


def test_the_dialog_offers_all_ten_reasons_by_their_labels(clerk: Visitor, sandbox: Sandbox) -> None:
    offer = clerk.call("cancelReasons", sandbox.shop.example("unshipped_recent"))["data"]["cancelReasons"]

    assert [reason["label"] for reason in offer["reasons"]] == [
        "No Inventory",
        "Shipping Address Undeliverable",
        "Customer Exchange",
        "Buyer Canceled",
        "General Adjustment",
        "Carrier Credit Decision",
        "Risk Assessment Information Not Valid",
        "Carrier Coverage Failure",
        "Customer Return",
        "Merchandise Not Received",
    ]
    assert (offer["text"], offer["confirms"]) == ("", 1)


def test_the_dialogs_faults_change_what_it_offers(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")
    sandbox.faults.missing_reason = "BuyerCanceled"
    sandbox.faults.second_confirm = True
    sandbox.faults.dialog_for_other_order = True

    offer = clerk.call("cancelReasons", order)["data"]["cancelReasons"]

    assert "BuyerCanceled" not in [reason["code"] for reason in offer["reasons"]]
    assert offer["confirms"] == 2
    assert offer["orderId"] != order.number
    assert offer["text"] == f"Order {offer['orderId']}"


def test_a_dialog_can_hide_that_it_is_about_another_order(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")
    sandbox.faults.dialog_hides_other_order = True

    offer = clerk.call("cancelReasons", order)["data"]["cancelReasons"]

    assert offer["orderId"] != order.number
    assert offer["text"] == ""
