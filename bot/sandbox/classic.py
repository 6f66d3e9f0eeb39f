"""The classic pages of the extension: an order's page, the page that cancels it, and in versions 2 and 3 the store's.

The server renders the complete page; what a person enters comes back as a form.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.responses import RedirectResponse, Response

from bot.sandbox import pages as routes
from bot.sandbox.channel import Channel, ChannelError, details_data, row_data, ship
from bot.sandbox.faults import Faults
from bot.sandbox.generation import Generation
from bot.sandbox.pages import Pages
from bot.sandbox.sessions import Session
from bot.sandbox.shop import Order, Shop, Store
from bot.vocabulary import Reason

CANCELED = "The Amazon order has been canceled and the request has been submitted to Amazon."
DETAILS_TITLE = "Amazon Order Details"
NOT_CANCELED = "Unable to cancel the order. Please try again."

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
            self._answers |= {routes.CHANNEL: self._home, routes.STORE: self._store, routes.STORE_ORDERS: self._grid}

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
        return session.url(routes.STORE, uuid=store.uuid)

    # --- Stores, in versions 2 and 3 ---

    def _home(self, asked: Asked) -> Response:
        stores = [(store, asked.session.url(routes.STORE, uuid=store.uuid)) for store in self._shop.stores]
        return self._pages.classic("classic_home.html", asked.session, "Amazon Sales Channel", {"stores": stores})

    def _store(self, asked: Asked) -> Response:
        return self._of_store(asked, "classic_store.html")

    def _grid(self, asked: Asked) -> Response:
        store = self._shop.store_by_uuid(asked.parameters["uuid"])
        rows = [row_data(order) | {"open": self._row_link(asked, order)} for order in self._shop.orders(store.name)]
        twice = 2 if self._faults.duplicate_row else 1
        return self._of_store(asked, "classic_orders.html", rows=[row for row in rows for _ in range(twice)])

    def _row_link(self, asked: Asked, order: Order) -> str:
        return self.details_url(asked.session, order)

    def _of_store(self, asked: Asked, template: str, **facts: object) -> Response:
        store: Store = self._shop.store_by_uuid(asked.parameters["uuid"])
        tabs = [
            (title, asked.session.url(route, uuid=store.uuid), route == asked.route)
            for title, route in (("Listings", routes.STORE), ("Orders", routes.STORE_ORDERS))
        ]
        home = asked.session.url(routes.CHANNEL)
        return self._pages.classic(
            template, asked.session, "Amazon Sales Channel", {"store": store, "tabs": tabs, "home": home, **facts}
        )
