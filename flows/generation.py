"""How the generations of the screens differ, in one object that is chosen once from the pack.

    version        the order is listed             the list leads to        canceled on
    4.3 and later  on the dashboard, All Orders    the order's page         a dialog        (flows.spectrum)
    4.0 to 4.2     on the dashboard, All Orders    the Commerce order       a page          (flows.commerce_order)
    2 and 3        under one Orders tab            the order's page         a page          (flows.classic)

What proves that the screen that commits is the order's, and how its answer is recognized, is the safety kernel's part
of the same choice: ``bot.cancel.confirm_screen``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.admin import Admin, ReachedStore
from bot.admin.screen import Screen
from bot.cancel.details import Opened
from bot.joblist import Job
from bot.pack import Pack
from flows import classic, commerce_order, spectrum
from flows.order_link import OrderLink


@dataclass(frozen=True, kw_only=True)
class Generation:
    """What is done differently on the screens of each generation."""

    lists_on: str
    """The screen that is opened from the home page for a store: its dashboard, or the grid with the orders of all."""
    open_store: Callable[[Admin, Screen], Screen]
    """From the home page to that screen."""
    all_orders: Callable[[Admin, Screen], Screen] | None
    """From that screen to the list of all orders; None where that screen is this list."""
    find_order: Callable[[Admin, Job, Screen], Screen]
    """From that screen to the list in which the order is."""
    order_link: Callable[[Admin, Job, Screen], OrderLink]
    """From that list to the link that leads to the order's page."""
    go_back: Callable[[Admin, ReachedStore], Screen]
    """From an order's page, or a list, back to that screen."""
    go_back_to_list: Callable[[Admin, ReachedStore], Screen]
    """From an order's page, or a list, back to the nearest screen from which the store's next order can be found."""
    reopen_order: Callable[[Admin, Opened], Screen]
    """Has the server draw the order's page again."""
    open_cancel_screen: Callable[[Admin, Job, Opened], Screen]
    """From the order's page to the dialog, or the page, on which the reason is chosen."""


def generation_of(pack: Pack) -> Generation:
    """The generation of the screens that a pack describes, as its ``way`` says."""
    way = pack.info.way
    has_grid, has_cancel_page = way.orders == "grid", way.confirm_on == "cancel_page"
    go_back = classic.go_to_grid if has_grid else classic.go_to_dashboard if has_cancel_page else spectrum.go_back
    return Generation(
        lists_on="orders_grid" if has_grid else "store_dashboard",
        open_store=classic.open_orders_tab if has_grid else spectrum.open_dashboard,
        all_orders=None if has_grid else spectrum.open_all_orders,
        find_order=classic.find_in_grid if has_grid else spectrum.find_order,
        order_link=commerce_order.open_commerce_order if way.opens == "commerce_order" else spectrum.order_link,
        go_back=go_back,
        go_back_to_list=spectrum.go_back_to_list if go_back == spectrum.go_back else go_back,
        reopen_order=classic.reopen_order if has_cancel_page else spectrum.reopen_order,
        open_cancel_screen=classic.open_cancel_page if has_cancel_page else spectrum.open_cancel_dialog,
    )
