"""Looking at every screen up to the cancel dialog, for ``countermand doctor`` and ``check``; nothing is canceled.

The manual: open the Admin and sign in; *Marketing* > *Channels* > *Amazon Sales Channel*; on the store's card click
*View Store*; click *All Orders*; click an order number; click *Cancel Order*. There the look ends: the dialog is
left again.
"""

from collections.abc import Callable
from itertools import repeat

from bot.admin import Admin
from bot.admin.first_page import reach
from bot.admin.screen import Screen
from bot.cancel.details import Opened, OrderDetails
from bot.cancel.verdicts import unknown_status
from bot.checks.doctor import Round
from bot.errors import CannotSignIn, ElementMissing, NothingToCheck
from bot.joblist import Job
from bot.vocabulary import AMAZON_ORDER_NUMBER, Reason, Status
from bot.wording import apart, plain_name
from flows.cancel_order import leave_dialog, open_dialog
from flows.generation import generation_of
from flows.open_order import go_back, open_dashboard, open_order, open_sales_channel

Orders = dict[str, Status | None]
"""Orders of a list by their numbers, in its order; None is a status that the pack does not know."""

NAMED = 5
"""How many stores are named."""


def look_around(admin: Admin, checks: Round, sign_in: Callable[[Admin], None], *, store: str | None = None) -> None:
    """Make the checks from reaching the Admin to the cancel dialog; the first that fails ends the round.

    Without a ``store`` it is the first one on the home page.
    """
    with checks.check("admin") as result:
        try:
            result.found = f"{admin.name} answers: {reach(admin).spec.title}"
        except CannotSignIn as why:  # a person who looks on can
            if not admin.options.by_hand:
                raise
            result.found = f"{admin.name} answers. {why}"

    with checks.check("sign_in") as result:
        sign_in(admin)
        result.found = how_signed_in(checks.steps)

    recognized = bool(admin.candidates)
    with checks.check("app") as result:
        open_sales_channel(admin)
        result.found = "Amazon Sales Channel opens from the menu"

    with checks.check("home") as result:
        stores = stores_on_home(admin)
        store = choose_store(stores, store)
        result.found = stores_in_words(stores)

    with checks.check("store_dashboard") as result:
        dashboard = open_dashboard(admin, store)
        generation = generation_of(admin.pack)
        recent = listed_orders(admin, dashboard)
        result.found = f"store {store}, {orders_in_words(recent)}"
        if recognized:
            result.found += f"; the screens are those of pack {admin.pack.name}"

    with checks.check("all_orders") as result:
        if generation.all_orders is None:
            orders = Orders()
            result.not_tried("this version lists all orders under one Orders tab, of which one page was read")
        else:
            orders = listed_orders(admin, generation.all_orders(admin, dashboard))
            result.found = f"on its first page {orders_in_words(orders)}"
        go_back(admin)

    order = choose_order(recent | orders, first=recent)
    with checks.check("order_details") as result:
        if order is None:
            result.not_tried("the store has no orders")
        else:
            job, opened, seen = look_at(admin, store, order)
            result.found = f"order {order} reads {seen.status_words}"

    with checks.check("cancel_dialog") as result:
        if order is None or seen.status is not Status.UNSHIPPED:
            result.not_tried("there is no Unshipped order in these lists; only such an order has the dialog")
        else:
            look_at_dialog(admin, job, opened, checks)
            result.found = f"opens for order {order}, with its reasons and Confirm; it was left again"


def how_signed_in(steps: list[str]) -> str:
    """What signing in took, from the steps that it went through."""
    if "enter_code" in steps:
        return "signed in, with a two-factor code"
    return "signed in" if "sign_in" in steps else "reused the saved session"


def stores_on_home(admin: Admin) -> list[str]:
    """The names of the stores on the home page, in its order.

    Raises:
        NothingToCheck: it shows no store.
    """
    home = admin.screen("home").check()
    admin.is_absent(home, lambda: home.count("store_names"))
    admin.quiet()
    names = [plain_name(name) for name in home.find("store_names").all_inner_texts()]
    if not names:
        raise NothingToCheck(
            "The home page shows no store.",
            "Connect one with Add Amazon Store, or look with --headed whether the page shows one all the same.",
        )
    return names


def choose_store(stores: list[str], wanted: str | None) -> str:
    """The store that is looked at.

    Raises:
        NothingToCheck: there is no such store on the home page.
    """
    wanted = None if wanted is None else plain_name(wanted)
    if wanted is not None and wanted not in stores:
        alike = next(filter(None, (apart(wanted, store) for store in stores)), "")
        raise NothingToCheck(
            f"There is no store {wanted!r} on the home page: {stores_in_words(stores)}{alike}.",
            "Name one of these with --store, whole, and so in the job list.",
        )
    return stores[0] if wanted is None else wanted


def listed_orders(admin: Admin, orders: Screen) -> Orders:
    """Every order that the list shows as it was opened, scrolled to its end.

    Raises:
        ElementMissing: it lists orders, but not their statuses.
    """
    seen: Orders = {}
    admin.is_absent(orders, lambda: orders.count("order_number"))
    admin.quiet()
    while True:
        names = "order_number", "order_status", "store_name"
        texts = orders.texts(*names)
        if texts["order_number"] and not texts["order_status"]:
            raise ElementMissing(
                screen=orders.spec.title, element="order_status", purpose=orders.element("order_status").purpose
            )
        # Which status belongs to which number is only a hint here: the order's page is read before anything is done.
        stores = texts["store_name"] if orders.element("store_name").kind == "column" else repeat(orders.facts["store"])
        for number, status, store in zip(texts["order_number"], texts["order_status"], stores, strict=False):
            if AMAZON_ORDER_NUMBER.fullmatch(number) and plain_name(store) == plain_name(orders.facts["store"]):
                seen.setdefault(number, admin.pack.status(status))
        if not orders.scroll_on("order_number"):
            return seen


def choose_order(orders: Orders, *, first: Orders) -> str | None:
    """The order that is opened: an Unshipped one, one of ``first`` if there is one, or any; None if no list has any."""
    unshipped = [order for order, status in (first | orders).items() if status is Status.UNSHIPPED]
    return next(iter([*unshipped, *first, *orders]), None)


def look_at(admin: Admin, store: str, order: str) -> tuple[Job, Opened, OrderDetails]:
    """Open the order's page as a run would, and read it.

    Raises:
        Refused, Technical: as ``open_order``.
        NothingToCheck: the pack does not know its status.
    """
    # A job needs a reason; this one is never chosen.
    job = Job(order=order, store=store, reason=Reason.BUYER_CANCELED)
    opened, seen = open_order(admin, job)
    if seen.status is None:
        told = unknown_status(seen.status_words)
        raise NothingToCheck(told.message, told.next_step)
    return job, opened, seen


def look_at_dialog(admin: Admin, job: Job, opened: Opened, checks: Round) -> None:
    """Open the cancel dialog, see that its pick list of reasons can be read, and leave it.

    Raises:
        Technical: the dialog is not what it should be.
    """
    dialog = open_dialog(admin, job, opened)
    dialog.chosen("reason")
    checks.choices(dialog, "reason")
    leave_dialog(admin, opened)


def orders_in_words(orders: Orders) -> str:
    """How many orders, and how many of them could be canceled."""
    unshipped = sum(status is Status.UNSHIPPED for status in orders.values())
    return f"{len(orders)} order{'s' if len(orders) != 1 else ''}, {unshipped} of them Unshipped"


def stores_in_words(stores: list[str]) -> str:
    """How many stores, and what the first of them are called."""
    more = f" and {len(stores) - NAMED} more" if len(stores) > NAMED else ""
    return f"{len(stores)} store{'s' if len(stores) != 1 else ''}: {', '.join(stores[:NAMED])}{more}"
