"""From anywhere in the Admin to the page of one Amazon order.

The manual: *Marketing* > *Channels* > *Amazon Sales Channel*; on the store's card click *View Store*; under
*Recent orders* click the order number. An order that is not among the recent ones: click *All Orders*, filter
by order number, click the order number there.

Older generations of the screens list and open an order differently: see ``generation``.
"""

from dataclasses import replace

from bot.admin import Admin, ReachedStore
from bot.admin.screen import Screen
from bot.cancel.details import Listed, Opened, OrderDetails, look_at_order, quoted
from bot.errors import Mismatch, ScreenNotReached
from bot.joblist import Job
from bot.pack import fill
from bot.wording import apart, plain_name
from flows.generation import generation_of
from flows.order_link import OrderLink
from flows.recognize import recognize_by_menu


def open_order(admin: Admin, job: Job) -> tuple[Opened, OrderDetails]:
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
    here = open_store(admin, job.store, order=job.order)
    store_id = remember_store(admin, job.store, here).store_id
    generation = generation_of(admin.pack)
    orders = generation.find_order(admin, job, here)
    link = generation.order_link(admin, job, orders)
    with admin.step("open_order"):
        return follow(admin, job, link, store_id)


def open_directly(admin: Admin, job: Job, store_id: str) -> tuple[Opened, OrderDetails] | None:
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


def follow(admin: Admin, job: Job, link: OrderLink, store_id: str) -> tuple[Opened, OrderDetails]:
    """Click the link to the order's page, and read it there.

    Raises:
        Mismatch: the row that has the link is of another store.
    """
    numbers = link.numbers()
    listed = link.click()
    if listed.store_name is not None and plain_name(listed.store_name) != plain_name(job.store):
        raise Mismatch(
            what=f"Order {job.order} is listed under store {quoted(listed.store_name)}, not {job.store!r}"
            f"{apart(listed.store_name, job.store)}."
        )
    details = admin.arrive("order_details", order=job.order, store_id=store_id)
    opened = Opened(details=details, listed=listed, store_id=store_id, url=admin.page.url, **numbers)
    return opened, look_at_order(admin, job, opened, details.seen)


def open_store(admin: Admin, store: str, *, order: str = "") -> Screen:
    """Be on the store's dashboard: go *Back* to it from its orders, or walk there from the menu.

    Where an order is named, the way back ends at the store's *All Orders* if that comes first. If the dashboard is open
    already, the order's row is looked for in the same look.

    Raises:
        StoreNotFound: the home page has no card with this store's name.
    """
    facts = {"store": store} | ({"order": order} if order else {})
    dashboard = admin.screen(generation_of(admin.pack).lists_on, **facts)
    listed = ("order_row",) if order and "order_row" in dashboard.spec.elements else ()
    if dashboard.is_here(*listed):
        return dashboard
    if admin.store and admin.store.name == store:
        return go_back(admin, to_list=bool(order))
    open_sales_channel(admin)
    return open_dashboard(admin, store)


def open_sales_channel(admin: Admin) -> Screen:
    """From any page of the Admin to the home page of the Amazon Sales Channel, by the side menu."""
    with admin.step("open_sales_channel"):
        start = recognize_by_menu(admin, admin.arrive("start_page"))
        start.click_in_menu("amazon_sales_channel", of="marketing_menu")
        return admin.arrive("home")


def open_dashboard(admin: Admin, store: str) -> Screen:
    """From the home page of the Amazon Sales Channel to the dashboard of a store, or to the grid with all its orders.

    Raises:
        StoreNotFound, StoreNotRead: as ``spectrum.open_dashboard``.
    """
    with admin.step("open_store"):
        dashboard = generation_of(admin.pack).open_store(admin, admin.screen("home", store=store))
    remember_store(admin, store, dashboard)
    return dashboard


def remember_store(admin: Admin, name: str, here: Screen) -> ReachedStore:
    """Remember the store whose dashboard is open, for the orders that follow; on its All Orders it is known already."""
    if admin.store and here.spec.screen != generation_of(admin.pack).lists_on:
        return admin.store
    route = admin.pack.info.store_route
    store_id = here.address_facts(route).get("store_id", "") if route else ""
    admin.store = ReachedStore(name=name, url=admin.page.url, store_id=store_id)
    return admin.store


def go_back(admin: Admin, *, to_list: bool = False) -> Screen:
    """Go back from an order's page, or a list, to the dashboard of the store that was reached last.

    With ``to_list`` only to the nearest screen from which that store's next order can be found.
    """
    if admin.store is None:
        raise ValueError("no store was reached yet")
    generation = generation_of(admin.pack)
    with admin.step("go_back"):
        return (generation.go_back_to_list if to_list else generation.go_back)(admin, admin.store)
