"""The classic screens: pages that the server draws, in versions 2 and 3, and for the order's page up to 4.2.

The manual: on the home page click *Orders*, which lists the orders of all stores; in the order's row click *View
Amazon Order Details*; click *Cancel Order*, which opens a page of its own; choose the *Reason For Cancellation*; click
*Cancel order*.
"""

from bot.admin import Admin, ReachedStore
from bot.admin.screen import Screen
from bot.cancel.details import Opened, look_at_order
from bot.errors import ListNotRead, NotInGrid, ScreenNotReached
from bot.joblist import Job


def open_orders_tab(admin: Admin, home: Screen) -> Screen:
    """From the home page to the grid with the orders of all stores."""
    home.click("orders_tab")
    return admin.arrive("orders_grid", **home.facts)


def go_to_grid(admin: Admin, store: ReachedStore) -> Screen:
    """Open the grid of orders by its address, from wherever the page is."""
    admin.go_to(store.url)
    return admin.arrive("orders_grid", store=store.name)


def find_in_grid(admin: Admin, job: Job, grid: Screen) -> Screen:
    """On the *Orders* tab, clear a filter from last time, and turn the pages until the order is listed.

    Raises:
        NotInGrid: it is on none of them.
        ScreenNotReached: the filter stayed, or the grid did not turn to another page.
        ListNotRead: its columns say something else than the rows, or not every row can be read.
    """
    facts = {"store": job.store, "order": job.order}
    orders = grid if grid.facts == facts else admin.screen("orders_grid", **facts)
    with admin.step("find_in_grid"):
        show_from_the_start(admin, orders)
        while not orders.count("order_row") and admin.is_absent(orders, lambda: orders.count("order_row")):
            if why := orders.unread("order_number", job.order):
                raise orders.blamed(ListNotRead(screen=orders.spec.title, order=job.order, why=why))
            if not turn_page(admin, orders, "next_page"):
                if orders.count("clear_filters"):  # it came back while the pages were turned
                    why = "a filter is in force above it."
                    raise orders.blamed(ListNotRead(screen=orders.spec.title, order=job.order, why=why))
                raise NotInGrid(order=job.order)
    return orders


def show_from_the_start(admin: Admin, orders: Screen) -> None:
    """Have the grid show its first page, unfiltered: the Admin keeps an account's filter and page from last time.

    Raises:
        ScreenNotReached: the filter stayed, or the grid did not turn back.
    """
    if orders.count("clear_filters"):
        admin.say("The Orders tab had a filter from last time, which was cleared.")
        orders.click("clear_filters")
        if not admin.until(lambda: orders.is_here() and not orders.count("clear_filters")):
            why = "the filter above it could not be cleared."
            raise orders.blamed(ScreenNotReached(screen=orders.spec.title, seconds=admin.patience, why=why))
    while turn_page(admin, orders, "previous_page"):
        pass


def turn_page(admin: Admin, orders: Screen, button: str) -> bool:
    """Turn the grid with the button for its next or previous page; False where there is no other page.

    Raises:
        ScreenNotReached: it did not come.
    """
    if orders.one(button, "off").off:
        return False
    before = orders.texts("order_number")
    orders.click(button)
    if not admin.until(lambda: orders.is_here() and orders.texts("order_number") != before):
        raise ScreenNotReached(screen=orders.spec.title, seconds=admin.patience, why="it did not turn to another page.")
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
