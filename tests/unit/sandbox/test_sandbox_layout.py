"""How the screens of the practice Admin can be laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.faults import LAYOUT
from bot.sandbox.shop import RECENT, US

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Visitor


def test_the_page_names_the_layout_to_the_app(clerk: Visitor, sandbox: Sandbox) -> None:
    assert 'data-layout=""' in clerk.open_channel().text

    sandbox.faults.labels_apart = True
    sandbox.faults.narrow_number_column = True

    assert 'data-layout="labels_apart narrow_number_column"' in clerk.open_channel().text


def test_every_layout_is_a_switch(sandbox: Sandbox) -> None:
    sandbox.faults.update(dict.fromkeys(LAYOUT, True))

    assert sandbox.faults.layout == " ".join(LAYOUT)


@pytest.mark.parametrize(("rows", "listed"), [(0, RECENT), (43, 43)])
def test_the_dashboard_lists_as_many_orders_as_it_is_told(
    clerk: Visitor, sandbox: Sandbox, rows: int, listed: int
) -> None:
    sandbox.faults.dashboard_rows = rows
    uuid = sandbox.shop.store(US).uuid

    items = clerk.call("recentOrders", uuid=uuid)["data"]["recentOrders"]["items"]

    assert [row["number"] for row in items] == [order.number for order in sandbox.shop.orders(US)[:listed]]


def test_a_banner_about_cookies_lies_over_the_app_only_when_it_is_switched_on(clerk: Visitor, sandbox: Sandbox) -> None:
    assert "We use cookies" not in clerk.open_channel().text

    sandbox.faults.cookie_banner = True

    assert "We use cookies" in clerk.open_channel().text
    assert "We use cookies" not in clerk.ask().text


def delays(clerk: Visitor, pages: int) -> list[int]:
    return [int(clerk.ask().text.partition('data-bound-after="')[2].partition('"')[0]) for _ in range(pages)]


def test_the_menu_is_bound_late_by_delays_that_its_seed_gives(clerk: Visitor, sandbox: Sandbox) -> None:
    assert delays(clerk, 2) == [0, 0]

    sandbox.faults.menu_bound_late = 7
    first = delays(clerk, 5)
    sandbox.faults.menu_bound_late = 8
    other = delays(clerk, 5)
    sandbox.faults.menu_bound_late = 7

    assert delays(clerk, 5) == first != other
    assert all(100 <= delay <= 1200 for delay in first + other)


def test_the_menu_is_marked_up_as_the_admins(clerk: Visitor) -> None:
    page = clerk.ask().text

    assert '<li class="item-marketing level-0 parent" role="menu-item">' in page
    assert '<a href="#" onclick="return false;" data-opens="menu-marketing"><span>Marketing</span></a>' in page
    assert '<strong class="submenu-group-title" role="presentation"><span>Channels</span></strong>' in page


def test_a_system_message_can_name_and_link_a_store(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.system_message_store = US
    page = clerk.ask()

    assert '<div id="system_messages"' in page.text
    assert page.link(US) == page.link("Amazon Sales Channel")
