"""The classic screens: pages that the server draws, in versions 2 and 3, and for the order's page up to 4.2.

The manual: on the store's page click *Orders*; in the order's row click *View Amazon Order Details*; click *Cancel
Order*, which opens a page of its own; choose the *Reason For Cancellation*; click *Cancel order*.
"""

from bot.admin import Admin, ReachedStore
from bot.admin.screen import Screen
from bot.cancel.details import Opened, look_at_order
from bot.errors import ListNotRead, NotInGrid, ScreenNotReached
from bot.joblist import Job


def open_orders_tab(admin: Admin, store: Screen) -> Screen:
    """From a store's page to its grid of orders."""
    with admin.step("open_orders_tab"):
        store.click("orders_tab")
        return admin.arrive("orders_grid", **store.facts)


def find_in_grid(admin: Admin, job: Job, dashboard: Screen) -> Screen:
    """Open the store's *Orders* tab, and turn its pages until the order is listed.

    Raises:
        NotInGrid: it is on none of them.
        ScreenNotReached: the grid did not turn to its next page.
    """
    orders = open_orders_tab(admin, admin.screen("store_dashboard", store=job.store, order=job.order))
    with admin.step("find_in_grid"):
        while not orders.count("order_row") and admin.is_absent(orders, lambda: orders.count("order_row")):
            if why := orders.unread("order_number", job.order):
                raise orders.blamed(ListNotRead(screen=orders.spec.title, order=job.order, why=why))
            if not turn_page(admin, orders):
                raise NotInGrid(order=job.order, store=job.store)
        if not orders.count("order_link"):
            orders.click("row_menu")
    return orders


def turn_page(admin: Admin, orders: Screen) -> bool:
    """Show the grid's next page; False on its last.

    Raises:
        ScreenNotReached: it did not come.
    """
    if orders.one("next_page", "off").off:
        return False
    before = orders.texts("order_number")
    orders.click("next_page")
    if not admin.until(lambda: orders.is_here() and orders.texts("order_number") != before):
        raise ScreenNotReached(
            screen=orders.spec.title, seconds=admin.patience, why="it did not turn to its next page."
        )
    return True


def go_to_dashboard(admin: Admin, store: ReachedStore) -> Screen:
    """Open the store's dashboard by its address, from wherever the page is."""
    admin.go_to(store.url)
    return admin.arrive("store_dashboard", store=store.name)


def reopen_order(admin: Admin, opened: Opened) -> Screen:
    """Open the order's page by its address, from wherever the page is."""
    admin.go_to(opened.url)
    return admin.arrive("order_details", **opened.details.facts)


def open_cancel_page(admin: Admin, job: Job, opened: Opened) -> Screen:
    """Click *Cancel Order* on the order's page, which opens a page of its own; that one does not show the status."""
    look_at_order(admin, job, opened)
    admin.screen("order_details", **opened.details.facts).click("cancel_order")
    return admin.arrive("cancel_page", order=job.order)
