"""The classic pages of the extension: an order's page, the page that cancels it, and in versions 2 and 3 the home page.

The server renders the complete page; what a person enters comes back as a form.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.responses import RedirectResponse, Response

from bot.sandbox import pages as routes
from bot.sandbox.channel import Channel, ChannelError, details_data, is_reserved, moment, ship
from bot.sandbox.faults import Faults
from bot.sandbox.generation import Generation
from bot.sandbox.pages import Pages
from bot.sandbox.sessions import Session
from bot.sandbox.shop import Order, Shop
from bot.vocabulary import Reason, Status

CANCELED = "The Amazon order has been canceled and the request has been submitted to Amazon."
DETAILS_TITLE = "Amazon Order Details"
HOME_TITLE = "Amazon Sales Channel Home"
NOT_CANCELED = "Unable to cancel the order. Please try again."

TABS = {"Amazon Stores": routes.CHANNEL, "Orders": routes.ORDERS, "Learning and Preparation": "", "Attributes": ""}
"""The tabs of the home page in versions 2 and 3, and where each leads; the empty ones lead nowhere."""

OPERATIONS = {
    ("GET", routes.DETAILS): "orderDetails",
    ("GET", routes.CANCEL): "cancelReasons",
    ("POST", routes.CANCEL_SAVE): "cancelOrder",
    ("GET", routes.CANCEL_SAVE): "cancelOrder",
}
"""What the app calls what these requests do; the journal and the faults know them by that name."""


@dataclass(frozen=True)
class Asked:
    """One request for a classic page."""

    method: str
    session: Session
    route: str
    parameters: dict[str, str]
    """What the address says, and after it what the form does."""

    @property
    def operation(self) -> str:
        """What the app would call it; empty for a page that it has no name for."""
        return OPERATIONS.get((self.method, self.route), "")


class Classic:
    """Answers the requests for classic pages, in a generation that has them."""

    def __init__(self, generation: Generation, shop: Shop, faults: Faults, channel: Channel, pages: Pages) -> None:
        self._generation = generation
        self._shop = shop
        self._faults = faults
        self._channel = channel
        self._pages = pages
        self._answers: dict[str, Callable[[Asked], Response]] = {}
        if generation.is_classic:
            self._answers |= {
                routes.DETAILS: self._details,
                routes.CANCEL: self._cancel,
                routes.CANCEL_SAVE: self._canceled,
            }
        if not generation.has_app:
            self._answers |= {routes.CHANNEL: self._home, routes.ORDERS: self._grid}

    def knows(self, route: str) -> bool:
        """Whether this generation has such a page."""
        return route in self._answers

    def answer(self, asked: Asked) -> Response:
        """The page, or what comes of the form that was sent."""
        if self._faults.permission_missing:
            return self._pages.denied(asked.session)
        with self._shop.lock:
            try:
                return self._answers[asked.route](asked)
            except KeyError:
                return self._pages.not_found(asked.session)

    # --- An order ---

    def details_url(self, session: Session, order: Order) -> str:
        """The address of an order's page."""
        merchant = self._shop.merchant_id(self._shop.store(order.store))
        return session.url(routes.DETAILS, merchant_id=merchant, id=self._shop.row_id(order))

    def _details(self, asked: Asked) -> Response:
        """An order's page; that of a missing row has no table and no message."""
        facts: dict[str, object] = {"document_title": f"{DETAILS_TITLE} / Channels / Marketing / Magento Admin"}
        try:
            order = self._shop.by_row_id(asked.parameters["id"])
        except KeyError:
            facts |= {"order": None, "back": asked.session.url(routes.CHANNEL)}
            return self._pages.classic("classic_order.html", asked.session, DETAILS_TITLE, facts)
        shown = self._channel.shown_for(order)
        facts |= {
            "order": details_data(shown, asked.session),
            "address": [line for line in (shown.buyer, *shown.address.values(), shown.phone) if line],
            "back": self._store_address(asked.session, order),
            "cancel": asked.session.url(routes.CANCEL, id=asked.parameters["id"]),
        }
        page = self._pages.classic("classic_order.html", asked.session, DETAILS_TITLE, facts)
        if self._faults.ships_after_details:
            ship(order)
        return page

    def _cancel(self, asked: Asked) -> Response:
        """The page that cancels an order, whatever its status; that of a missing row has an empty number."""
        try:
            order = self._shop.by_row_id(asked.parameters["id"])
        except KeyError:
            order = replace(self._shop.orders(self._shop.stores[0].name)[0], number="", buyer="", email="")
            return self._cancel_page(asked, order, {"row": asked.parameters["id"], "merchant": "", "target": ""})
        faults = self._faults
        other = self._channel.other(order)
        shown = other if faults.dialog_for_other_order else order
        target = other if faults.dialog_for_other_order or faults.dialog_hides_other_order else order
        if faults.ships_behind_dialog:
            ship(order)
        facts = {
            "row": self._shop.row_id(target),
            "merchant": self._shop.merchant_id(self._shop.store(target.store)),
            "target": target.number if faults.dialog_for_other_order else order.number,
        }
        return self._cancel_page(asked, shown, facts)

    def _cancel_page(self, asked: Asked, shown: Order, about: dict[str, str]) -> Response:
        facts = about | {
            "order": shown,
            "back": asked.session.url(routes.DETAILS, merchant_id=about["merchant"] or "0", id=asked.parameters["id"]),
            "send": asked.session.url(routes.CANCEL_SAVE),
            "unbound": asked.session.url(routes.CANCEL_SAVE, id=about["row"]),
            "binds": not self._faults.cancel_script_missing,
            "reasons": [reason for reason in Reason if reason.value != self._faults.missing_reason],
            "confirms": 2 if self._faults.second_confirm else 1,
        }
        return self._pages.classic("classic_cancel.html", asked.session, "Amazon Order Cancellation", facts)

    def _canceled(self, asked: Asked) -> Response:
        """Cancel, and go to the store's dashboard with a banner that says what happened.

        A mere visit cancels too, and no reason is asked for: the extension does not look.
        """
        try:
            order = self._shop.by_row_id(asked.parameters["id"])
        except KeyError:
            asked.session.messages.append(("error", NOT_CANCELED))
            return RedirectResponse(asked.session.url(routes.CHANNEL), status_code=302)
        try:
            if asked.method == "POST" and asked.parameters.get("form_key") != asked.session.form_key:
                raise ValueError("no form key of this session")
            self._channel.cancel(order, asked.parameters.get("reason", ""), asked.session)
            asked.session.messages.append(("success", CANCELED))
        except (ChannelError, ValueError):
            asked.session.messages.append(("error", NOT_CANCELED))
        return RedirectResponse(self._store_address(asked.session, order), status_code=302)

    def _store_address(self, session: Session, order: Order) -> str:
        store = self._shop.store(order.store)
        if self._generation.has_app:
            return f"{session.url(routes.CHANNEL)}#/store-details/{store.uuid}"
        return session.url(routes.ORDERS)

    # --- The home page, in versions 2 and 3 ---

    def _home(self, asked: Asked) -> Response:
        return self._with_tabs(asked, "classic_home.html", stores=self._shop.stores)

    def _grid(self, asked: Asked) -> Response:
        """The orders of all stores, filtered and turned to a page as the account left it."""
        faults = self._faults
        if "clear" in asked.parameters:
            faults.saved_filter, faults.saved_page = "", 0
        rows = [grid_row(order) | {"open": self._row_link(asked, order)} for order in self._listed()]
        return self._with_tabs(
            asked,
            "classic_orders.html",
            rows=[row for row in rows for _ in range(2 if faults.duplicate_row else 1)],
            page=faults.saved_page or 1,
            filter=faults.saved_filter,
            clear=asked.session.url(routes.ORDERS, clear="1"),
        )

    def _listed(self) -> list[Order]:
        kept = self._faults.saved_filter
        orders = sorted(self._shop.select(plain=None), key=lambda order: order.purchased, reverse=True)
        return [order for order in orders if not kept or kept == spaced(order.status)]

    def _row_link(self, asked: Asked, order: Order) -> str:
        return self.details_url(asked.session, order)

    def _with_tabs(self, asked: Asked, template: str, **facts: object) -> Response:
        tabs = [
            (title, asked.session.url(route) if route else "#", route == asked.route) for title, route in TABS.items()
        ]
        return self._pages.classic(template, asked.session, HOME_TITLE, {"tabs": tabs, **facts})


def grid_row(order: Order) -> dict[str, object]:
    """What the grid of orders shows of one."""
    return {
        "number": order.number,
        "store": order.store,
        "commerce": order.commerce_number,
        "buyer": order.buyer,
        "status": spaced(order.status),
        "total": order.total,
        "fulfillment": order.fulfillment,
        "unshipped": str(order.items_unshipped),
        "reserved": is_reserved(order),
        "purchased": moment(order.purchased),
        "shipBy": moment(order.ship_by),
        "last": order.notes,
    }


def spaced(status: Status) -> str:
    """A status as the grid writes it: ``Partially Shipped``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", status.value)
