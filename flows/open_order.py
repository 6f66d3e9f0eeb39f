"""From anywhere in the Admin to the page of one Amazon order.

The manual: *Marketing* > *Channels* > *Amazon Sales Channel*; on the store's card click *View Store*; under
*Recent orders* click the order number. An order that is not among the recent ones: click *All Orders*, filter
by order number, click the order number there.

On older generations of the screens a part of this is otherwise: see ``older_screens``.
"""

from dataclasses import replace

from bot.admin import Admin, ReachedStore
from bot.admin.screen import Screen
from bot.cancel.guard import Listed, Opened, Sighting, look_at_order
from bot.errors import ListNotRead, OrderNotFound, ScreenNotReached, StoreNotFound
from bot.joblist import Job
from bot.pack import fill, match_route
from flows.older_screens import find_in_grid, go_to_store, numbers_it_leads_to, open_commerce_order, read_listed
from flows.recognise import recognise


def open_order(admin: Admin, job: Job) -> tuple[Opened, Sighting]:
    """Open the order's page, make sure that it is the job's order in the job's store, and read it.

    Raises:
        StoreNotFound, OrderNotFound: there is no such store, or no such order in it.
        Mismatch: the page shows something else than the job, or the row that was clicked, says.
        Technical: a screen is not what it should be; nothing was pressed.
    """
    reached = admin.store
    if admin.options.direct and reached and reached.name == job.store and reached.store_id:
        found = open_directly(admin, job, reached.store_id)
        if found is not None:
            return found
        admin.begin_again()
    dashboard = open_store(admin, job.store)
    store_id = remember_store(admin, job.store, dashboard).store_id
    orders = find_order(admin, job)

    if admin.pack.info.way.opens == "commerce_order":
        commerce_order, listed = open_commerce_order(admin, job, orders)
        with admin.step("open_order"):
            return follow(admin, job, commerce_order, "view_or_cancel", listed, store_id)
    with admin.step("open_order"):
        return follow(admin, job, orders, "order_link", read_listed(orders), store_id)


def open_directly(admin: Admin, job: Job, store_id: str) -> tuple[Opened, Sighting] | None:
    """Straight to the order's page by its address, as a person does who has a bookmark; its store was reached before.

    No row of a list leads there, so what the page says of buyer and total is only held against the job's expectations,
    and against itself later. None when the page does not come: the documented way then finds out why.

    Raises:
        Mismatch: the page shows something else than the job says.
    """
    with admin.step("open_order_directly"):
        admin.go_to_route(fill(admin.pack.info.order_route, {"store_id": store_id, "order": job.order}))
        try:
            details = admin.arrive("order_details", order=job.order, store_id=store_id)
        except ScreenNotReached:
            return None
        opened = Opened(details=details, listed=Listed(), store_id=store_id, url=admin.page.url)
        seen = look_at_order(admin, job, opened, details.seen)
        listed = Listed(buyer_name=seen.buyer_name or "", order_total=seen.order_total or "")
        return replace(opened, listed=listed), seen


def follow(admin: Admin, job: Job, here: Screen, link: str, listed: Listed, store_id: str) -> tuple[Opened, Sighting]:
    """Click the link to the order's page, and read it there."""
    numbers = numbers_it_leads_to(admin, here, link)
    here.click(link)
    details = admin.arrive("order_details", order=job.order, store_id=store_id)
    opened = Opened(details=details, listed=listed, store_id=store_id, url=admin.page.url, **numbers)
    return opened, look_at_order(admin, job, opened, details.seen)


def open_store(admin: Admin, store: str) -> Screen:
    """Be on the store's dashboard: go *Back* to it from its orders, or walk there from the menu.

    Raises:
        StoreNotFound: the home page has no card with this store's name.
    """
    dashboard = admin.screen("store_dashboard", store=store)
    if dashboard.is_here():
        return dashboard
    if admin.store and admin.store.name == store:
        return go_back(admin, admin.store)
    open_sales_channel(admin)
    return open_dashboard(admin, store)


def open_sales_channel(admin: Admin) -> Screen:
    """From any page of the Admin to the home page of the Amazon Sales Channel, by the side menu."""
    with admin.step("open_sales_channel"):
        start = admin.arrive("start_page")
        start.click("marketing_menu")
        start.click("amazon_sales_channel")
        return admin.arrive("home")


def open_dashboard(admin: Admin, store: str) -> Screen:
    """From the home page of the Amazon Sales Channel to the dashboard of a store.

    Raises:
        StoreNotFound: the home page has no card with this store's name.
    """
    with admin.step("open_store"):
        home = admin.screen("home", store=store)
        if not home.count("store_card") and admin.is_absent(home, lambda: home.count("store_card")):
            raise StoreNotFound(store=store)
        home.click("view_store")
        dashboard = recognise(admin, store) if admin.candidates else admin.arrive("store_dashboard", store=store)
        if admin.store:
            # After a switch between stores the lists may still show the previous one until the page is drawn anew.
            admin.reload()
            dashboard = admin.arrive("store_dashboard", store=store)
    remember_store(admin, store, dashboard)
    return dashboard


def remember_store(admin: Admin, name: str, dashboard: Screen) -> ReachedStore:
    """Remember the store whose dashboard is open, for the orders that follow."""
    route = admin.pack.info.store_route
    store_id = dashboard.address_facts(route).get("store_id", "") if route else ""
    admin.store = ReachedStore(name=name, url=admin.page.url, store_id=store_id)
    return admin.store


def go_back(admin: Admin, store: ReachedStore) -> Screen:
    """Go *Back* from an order's page or from All Orders to the dashboard of the store they belong to."""
    with admin.step("go_back"):
        if admin.pack.info.way.confirm_on == "cancel_page":
            return go_to_store(admin, store)
        place = match_route(admin.pack.info.order_route, admin.address())
        if place:
            admin.screen("order_details", **place).click("back")
        here = admin.arrive_at_one_of("store_dashboard", "all_orders", store=store.name)
        if here.spec.screen == "all_orders":
            here.click("back")
        return admin.arrive("store_dashboard", store=store.name)


def find_order(admin: Admin, job: Job) -> Screen:
    """Be where the order is listed: among the recent orders of the dashboard, or in *All Orders*, filtered by it.

    Raises:
        OrderNotFound: it is in neither.
        ScreenNotReached: the list was never filtered.
    """
    dashboard = admin.screen("store_dashboard", store=job.store, order=job.order)
    if admin.pack.info.way.orders == "grid":
        return find_in_grid(admin, job, dashboard)
    if is_listed(admin, dashboard):
        return dashboard

    orders = open_all_orders(admin, dashboard)
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
            return False
    return True


def refuse_unread(orders: Screen) -> None:
    """Make sure that the list, as it is in sight now, is read alike by its columns and by its rows.

    Raises:
        ListNotRead: it is not.
    """
    if why := orders.unread("order_number", orders.facts["order"]):
        raise orders.blamed(ListNotRead(screen=orders.spec.title, order=orders.facts["order"], why=why))
