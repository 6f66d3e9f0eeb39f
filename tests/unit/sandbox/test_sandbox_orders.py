from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

import bot.sandbox
from bot.sandbox import EXAMPLES, UNKNOWN_ORDER, Sandbox
from bot.sandbox.shop import CANADA, MAIN, US, US_2
from bot.sandbox.stock import new_shop
from bot.vocabulary import AMAZON_ORDER_NUMBER, Status

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Visitor


def listing(clerk: Visitor, store: str = US, page: int = 1, **filters: object) -> dict[str, Any]:
    uuid = clerk.sandbox.shop.store(store).uuid
    found: dict[str, Any] = clerk.call("orders", uuid=uuid, page=page, filters=filters)["data"]["orders"]
    return found


def numbers(listed: dict[str, Any]) -> list[str]:
    return [row["number"] for row in listed["items"]]


def test_every_store_has_500_orders_and_no_number_is_there_twice() -> None:
    shop = new_shop()
    everything = [order.number for store in shop.stores for order in shop.orders(store.name)]

    assert [len(shop.orders(store.name)) for store in shop.stores] == [500] * 4
    assert len(set(everything)) == 2000
    assert all(AMAZON_ORDER_NUMBER.fullmatch(number) for number in everything)
    assert UNKNOWN_ORDER not in everything


def test_the_shop_is_the_same_every_time() -> None:
    one, other = new_shop(), new_shop()

    assert one.orders(MAIN) == other.orders(MAIN)
    assert one.example("imported") is not other.example("imported")


def test_commerce_numbers_are_unique() -> None:
    shop = new_shop()
    imported = [
        order.commerce_number for store in shop.stores for order in shop.orders(store.name) if order.commerce_number
    ]

    assert len(set(imported)) == len(imported) > 10


def test_orders_are_newest_first() -> None:
    dates = [order.purchased for order in new_shop().orders(CANADA)]

    assert dates == sorted(dates, reverse=True)


def test_every_status_is_among_the_recent_orders_of_the_us_store() -> None:
    assert {order.status for order in new_shop().recent(US)} == set(Status)


@pytest.mark.parametrize(
    ("kind", "status", "recent"),
    [
        ("unshipped_recent", Status.UNSHIPPED, True),
        ("unshipped_old", Status.UNSHIPPED, False),
        ("imported", Status.UNSHIPPED, True),
        ("imported_old", Status.UNSHIPPED, False),
        ("without_items", Status.UNSHIPPED, True),
        ("pending", Status.PENDING, True),
        ("canceled", Status.CANCELED, True),
        ("other_store", Status.UNSHIPPED, True),
        ("canadian", Status.UNSHIPPED, True),
    ],
)
def test_examples_are_what_they_are_called(kind: str, status: Status, recent: bool) -> None:
    shop = new_shop()
    order = shop.example(kind)

    assert order.status is status
    assert (order in shop.recent(order.store)) is recent
    assert bool(order.commerce_number) == kind.startswith("imported")
    assert bool(order.items) != kind.startswith("without_items")


def test_every_example_exists() -> None:
    shop = new_shop()

    assert all(shop.example(kind).number == number for kind, (_, number) in EXAMPLES.items())


def test_hundreds_of_plain_unshipped_orders_are_there_for_long_runs() -> None:
    assert len(new_shop().select(status=Status.UNSHIPPED)) > 400


def test_the_stores_can_be_told_apart_only_by_their_whole_names(clerk: Visitor) -> None:
    stores = clerk.call("stores")["data"]["stores"]["items"]

    assert [store["name"] for store in stores] == [CANADA, MAIN, US, US_2]
    assert US_2.startswith(US)
    assert US.startswith(MAIN)


def test_the_dashboard_lists_the_ten_newest_as_the_user_guide_shows_them(clerk: Visitor, sandbox: Sandbox) -> None:
    rows = clerk.call("recentOrders", uuid=sandbox.shop.store(US).uuid)["data"]["recentOrders"]["items"]

    assert len(rows) == 10
    assert {name: rows[4][name] for name in ("number", "date", "status", "buyer", "total", "notes")} == {
        "number": "112-1215998-3002091",
        "date": "Apr 2, 2020",
        "status": "Unshipped",
        "buyer": "Michael Blankenship",
        "total": "$ 121.80",
        "notes": "Status updated to Unshipped.",
    }


def test_all_orders_come_in_pages(clerk: Visitor, sandbox: Sandbox) -> None:
    first, last = listing(clerk), listing(clerk, page=10)

    assert (first["page"], first["pages"], first["total"]) == (1, 10, 500)
    assert numbers(last)[-1] == sandbox.shop.orders(US)[-1].number
    assert listing(clerk, page=99)["page"] == 10


def test_the_order_number_filter_matches_anywhere_in_the_number(clerk: Visitor) -> None:
    found = listing(clerk, orderNumber=" 6177312-02150 ")

    assert numbers(found) == ["112-6177312-0215004", "112-6177312-0215002", "112-6177312-0215001"]
    assert (found["page"], found["pages"]) == (1, 1)


def test_an_order_of_another_store_is_not_listed(clerk: Visitor) -> None:
    found = listing(clerk, store=MAIN, orderNumber="112-1215998-3002091")

    assert (found["items"], found["pages"], found["total"]) == ([], 1, 0)


def test_filters_work_together(clerk: Visitor) -> None:
    found = listing(clerk, statuses=["Completed"], totalMin="25", totalMax="75", buyer="katz")

    assert numbers(found) == ["112-6177312-0215002"]


def test_dates_filter_by_day(clerk: Visitor) -> None:
    found = listing(clerk, dateMin="2020-04-02", dateMax="2020-04-02")

    assert {row["date"] for row in found["items"]} == {"Apr 2, 2020"}
    assert found["total"] < 500


def test_a_total_that_is_no_number_is_an_error(clerk: Visitor, sandbox: Sandbox) -> None:
    uuid = sandbox.shop.store(US).uuid

    answer = clerk.call("orders", uuid=uuid, filters={"totalMin": "many"})

    assert answer == {"errors": [{"message": "could not convert string to float: 'many'"}]}


def test_duplicate_rows(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.duplicate_row = True

    assert numbers(listing(clerk, orderNumber="112-1215998-3002091")) == ["112-1215998-3002091"] * 2


def test_a_stale_list_shows_the_first_store_until_the_page_is_loaded_anew(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.stale_list_after_store_switch = True
    listing(clerk, store=US)

    assert numbers(listing(clerk, store=MAIN))[0] == sandbox.shop.orders(US)[0].number
    clerk.open_channel()
    assert numbers(listing(clerk, store=MAIN))[0] == sandbox.shop.orders(MAIN)[0].number


def test_an_address_can_be_saved(clerk: Visitor, sandbox: Sandbox) -> None:
    order = sandbox.shop.example("unshipped_recent")

    clerk.call("saveOrder", order, address={"city": "Reno", "status": "Shipped"})

    assert order.address["city"] == "Reno"
    assert order.status is Status.UNSHIPPED


def test_the_sample_list_has_every_status_two_stores_and_one_unknown_order() -> None:
    sample = YAML(typ="safe").load(Path(bot.sandbox.__file__).with_name("sample-orders.yaml"))
    entries = [entry if isinstance(entry, dict) else {"order": entry} for entry in sample["orders"]]
    shop = new_shop()
    known = [
        shop.order(entry.get("store", sample["store"]), entry["order"])
        for entry in entries
        if entry["order"] != UNKNOWN_ORDER
    ]

    assert len(known) == len(entries) - 1
    assert {order.status for order in known} == set(Status)
    assert {order.store for order in known} == {US, MAIN}
    assert [order for order in known if order not in shop.recent(order.store)] == [shop.example("unshipped_old")]
    assert shop.example("without_items") in known
