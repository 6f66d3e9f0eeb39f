"""What is done otherwise on the older generations of the screens; everything else is the same on all of them.

The manual of versions 4.0 to 4.2: under *Recent orders* click the order number, which opens the Commerce order; in its
*Payment Information* click *View or Cancel Amazon Order*; click *Cancel Order*; choose the *Reason For Cancellation*;
click *Cancel order*.

The manual of versions 2 and 3: on the store's page click *Orders*; in the order's row click *View Amazon Order
Details*; click *Cancel Order*, and so on as above.

Which of this holds for an Admin is said in the ``pack.yaml`` of its pack, under ``way``.
"""

from bot.admin import Admin, ReachedStore
from bot.admin.screen import Screen
from bot.cancel.guard import Listed, Opened, look_at_order
from bot.errors import ListNotRead, NotImported, NotInGrid, ScreenNotReached
from bot.joblist import Job
from bot.pack.lint import NUMBERS


def read_listed(orders: Screen) -> Listed:
    """What the order's row in a list says, to compare with the order's page."""
    row = orders.read_row("order_row", "buyer_name", "order_total")
    return Listed(buyer_name=row["buyer_name"], order_total=row["order_total"])


def open_commerce_order(admin: Admin, job: Job, orders: Screen) -> tuple[Screen, Listed]:
    """Click the order number, which opens the Commerce order's page: there its link to the Amazon order is all that is
    ever clicked.

    Raises:
        NotImported: the order number is no link, because there is no Commerce order.
        LeadsElsewhere: it leads to Seller Central, as where order import is disabled; it was not followed.
    """
    with admin.step("open_commerce_order"):
        listed = read_listed(orders)
        if not orders.count("order_link") and admin.is_absent(orders, lambda: orders.count("order_link")):
            raise NotImported(order=job.order)
        orders.click("order_link")
        return admin.arrive("commerce_order", order=job.order), listed


def find_in_grid(admin: Admin, job: Job, store: Screen) -> Screen:
    """Open the store's *Orders* tab, and turn its pages until the order is listed.

    Raises:
        NotInGrid: it is on none of them.
        ScreenNotReached: the grid did not turn to its next page.
    """
    orders = open_orders_tab(admin, store)
    with admin.step("find_in_grid"):
        while not orders.count("order_row") and admin.is_absent(orders, lambda: orders.count("order_row")):
            if why := orders.unread("order_number", job.order):
                raise orders.blamed(ListNotRead(screen=orders.spec.title, order=job.order, why=why))
            if not turn_page(admin, orders):
                raise NotInGrid(order=job.order, store=job.store)
        if not orders.count("order_link"):
            orders.click("row_menu")
    return orders


def open_orders_tab(admin: Admin, store: Screen) -> Screen:
    """From a store's page to its grid of orders."""
    with admin.step("open_orders_tab"):
        store.click("orders_tab")
        return admin.arrive("orders_grid", **store.facts)


def turn_page(admin: Admin, orders: Screen) -> bool:
    """Show the grid's next page; False on its last.

    Raises:
        ScreenNotReached: it did not come.
    """
    if not orders.one("next_page").is_enabled():
        return False
    before = orders.texts("order_number")
    orders.click("next_page")
    if not admin.until(lambda: orders.is_here() and orders.texts("order_number") != before):
        raise ScreenNotReached(
            screen=orders.spec.title, seconds=admin.patience, why="it did not turn to its next page."
        )
    return True


def numbers_it_leads_to(admin: Admin, here: Screen, link: str) -> dict[str, str]:
    """The extension's own numbers of order and store that a link to an order's page has in its address."""
    route = admin.pack.info.order_route
    return {name: number for name, number in here.link_facts(link, route).items() if name in NUMBERS}


def go_to_store(admin: Admin, store: ReachedStore) -> Screen:
    """Open the store's dashboard again, from wherever the page is."""
    admin.go_to(store.url)
    return admin.arrive("store_dashboard", store=store.name)


def open_cancel_page(admin: Admin, job: Job, opened: Opened) -> Screen:
    """Click *Cancel Order* on the order's page, which opens a page of its own; that one does not show the status."""
    look_at_order(admin, job, opened)
    admin.screen("order_details", **opened.details.facts).click("cancel_order")
    return admin.arrive("cancel_page", order=job.order)


def open_anew(admin: Admin, opened: Opened) -> Screen:
    """Have the server draw the order's page anew, from wherever the page is, and arrive there."""
    if admin.pack.info.way.confirm_on == "cancel_page":
        admin.go_to(opened.url)
    else:
        admin.reload()
    return admin.arrive("order_details", **opened.details.facts)
