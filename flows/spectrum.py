"""The app's screens, version 4.3 and later: where an order is listed, its page, and the cancel dialog over it.

The manual: under *Recent orders* click the order number. An order that is not among the recent ones: click *All
Orders*, filter by order number, click the order number there. On the order's page *Cancel Order* opens a dialog.
"""

from bot.admin import Admin, ReachedStore
from bot.admin.screen import Screen
from bot.cancel.details import Opened
from bot.errors import ListNotRead, OrderNotFound, ScreenNotReached, StoreNotFound, StoreNotRead
from bot.joblist import Job
from bot.pack import match_route
from bot.wording import apart
from flows.order_link import OrderLink
from flows.recognize import recognize


def open_dashboard(admin: Admin, home: Screen) -> Screen:
    """From the home page to the dashboard of a store, which lists its newest orders.

    Raises:
        StoreNotFound: the home page has no card with this store's name.
        StoreNotRead: the data behind the page has this store all the same.
    """
    store = home.facts["store"]
    if not home.count("store_card") and admin.is_absent(home, lambda: home.count("store_card")):
        if admin.wire.endpoint.named(store):
            raise home.blamed(StoreNotRead(screen=home.title, store=store))
        raise StoreNotFound(store=store, next_step=_of_one_that_looks_the_same(home, store))
    home.click("view_store")
    dashboard = recognize(admin, store) if admin.candidates else admin.arrive("store_dashboard", store=store)
    if admin.store:
        # After a switch between stores the lists may still show the previous one until the page is reloaded.
        admin.reload()
        dashboard = admin.arrive("store_dashboard", store=store)
    return dashboard


def _of_one_that_looks_the_same(home: Screen, store: str) -> str | None:
    """What to do where the home page has a store whose name a person takes for this one; None if it has none."""
    alike = (apart(name, store) for name in home.find("store_names").all_inner_texts())
    told = next(filter(None, alike), "")
    if not told:
        return None
    return (
        f"The home page has another store whose name looks the same{told}: if that one is meant, copy its name from "
        "the page into the job list."
    )


def find_order(admin: Admin, job: Job, dashboard: Screen) -> Screen:
    """Be where the order is listed: among the recent orders of the dashboard, or in *All Orders*, filtered by it.

    Needs the store's dashboard or its *All Orders*, whichever is open.

    Raises:
        OrderNotFound: it is in neither.
        ScreenNotReached: the list was never filtered.
    """
    facts = {"store": job.store, "order": job.order}
    if dashboard.spec.screen == "all_orders":
        return filter_by_order(admin, job, admin.screen("all_orders", **facts))
    if dashboard.facts != facts:
        dashboard = admin.screen("store_dashboard", **facts)
    if dashboard.has_seen("order_row"):
        return dashboard
    if may_be_listed(admin, dashboard) and is_listed(admin, dashboard):
        return dashboard
    return filter_by_order(admin, job, open_all_orders(admin, dashboard))


def filter_by_order(admin: Admin, job: Job, orders: Screen) -> Screen:
    """Have *All Orders* list the one order.

    Raises:
        OrderNotFound: it is not in this list.
        ScreenNotReached: the list was never filtered.
    """
    with admin.step("filter_by_order_number"):
        orders.fill("order_number_filter", job.order)
        before = admin.good_answers()
        orders.click("apply_filters")

        def is_filtered() -> bool:
            others = set(orders.texts("order_number")["order_number"]) - {job.order}
            answered = admin.good_answers() > before
            if answered and not others and orders.count("clear_all_filters") == 1 and orders.is_here():
                return True
            admin.notice_interruptions()
            return False

        if not admin.until(is_filtered):
            raise ScreenNotReached(
                screen=orders.spec.title,
                seconds=admin.patience,
                why=f"the list was not filtered by order number {job.order}.",
            )
        if not is_listed(admin, orders):
            raise OrderNotFound(order=job.order, store=job.store)
    return orders


def open_all_orders(admin: Admin, dashboard: Screen) -> Screen:
    """From a store's dashboard to the list of all its orders."""
    with admin.step("open_all_orders"):
        dashboard.click("all_orders")
        return admin.arrive("all_orders", **dashboard.facts)


def may_be_listed(admin: Admin, dashboard: Screen) -> bool:
    """Whether the order may yet turn up among the recent ones, or they cannot be read.

    Where the app was answered without it, *All Orders* is asked at once: nothing is concluded from this list.
    """
    order = dashboard.facts["order"]
    return admin.was_told(dashboard, order) is not False or bool(dashboard.unread("order_number", order))


def is_listed(admin: Admin, orders: Screen) -> bool:
    """Whether the list shows the order.

    It is believed to be absent only once the list's data arrived whole and without error, the page has come to rest,
    the list was scrolled to its end, and its columns agree with its rows everywhere on the way.

    Raises:
        ListNotRead: the columns say something else than the rows, or not every row can be read.
        ScreenNotReached: the list never came to rest, or its data never arrived.
    """

    def has_row() -> int:
        return orders.count("order_row")

    if has_row():
        return True
    while admin.is_absent(orders, has_row):
        refuse_unread(orders)
        if not orders.scroll_on("order_number"):
            refuse_unseen(admin, orders)
            return False
    return True


def refuse_unseen(admin: Admin, orders: Screen) -> None:
    """Make sure that the app was not told of the order either, when its list does not show it.

    Raises:
        ListNotRead: it was.
    """
    order = orders.facts["order"]
    if admin.wire.endpoint.said(order):
        why = "the app was answered with it, and no row of it was found on the page."
        raise orders.blamed(ListNotRead(screen=orders.spec.title, order=order, why=why))


def refuse_unread(orders: Screen) -> None:
    """Make sure that the part of the list that can be seen reads the same by its columns and by its rows.

    Raises:
        ListNotRead: it does not.
    """
    if why := orders.unread("order_number", orders.facts["order"]):
        raise orders.blamed(ListNotRead(screen=orders.spec.title, order=orders.facts["order"], why=why))


def order_link(admin: Admin, job: Job, orders: Screen) -> OrderLink:
    """The order number in the list, which leads to the order's page."""
    return OrderLink(here=orders, element="order_link")


def go_back_to_list(admin: Admin, store: ReachedStore) -> Screen:
    """Go *Back* from an order's page to the list that it was opened from: the store's dashboard, or its All Orders."""
    admin.wire.endpoint.forget_what_was_said()
    place = match_route(admin.pack.info.order_route, admin.address())
    if place:
        admin.screen("order_details", **place).click("back")
    return admin.arrive_at_one_of("store_dashboard", "all_orders", store=store.name)


def go_back(admin: Admin, store: ReachedStore) -> Screen:
    """Go *Back* from an order's page or from All Orders to the dashboard of the store they belong to."""
    here = go_back_to_list(admin, store)
    if here.spec.screen == "store_dashboard":
        return here
    admin.wire.endpoint.forget_what_was_said()
    here.click("back")
    return admin.arrive("store_dashboard", store=store.name)


def reopen_order(admin: Admin, opened: Opened) -> Screen:
    """Reload the order's page."""
    admin.reload()
    return admin.arrive("order_details", **opened.details.facts)


def open_cancel_dialog(admin: Admin, job: Job, opened: Opened) -> Screen:
    """Click *Cancel Order* on the order's page, which opens a dialog over it."""
    admin.screen("order_details", **opened.details.facts).click("cancel_order")
    return admin.arrive("cancel_dialog", order=job.order)
