"""The data endpoint of the Amazon Sales Channel page: what the extension's server does, cancel included."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from bot.sandbox.faults import Faults
from bot.sandbox.generation import Generation
from bot.sandbox.journal import CancelRecord, Journal
from bot.sandbox.sessions import Session
from bot.sandbox.shop import Order, Shop, Store
from bot.vocabulary import Reason, Status

PAGE = 50
"""Orders on one page of All Orders."""
SELLER_CENTRAL = "sellercentral.amazon.com"

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Data = dict[str, Any]
Variables = Mapping[str, Any]


class ChannelError(Exception):
    """An operation failed; its text is what the endpoint answers."""


class Channel:
    """Answers the operations of the page's app."""

    def __init__(
        self, shop: Shop, faults: Faults, journal: Journal, generation: Generation = Generation.ASC_4_3
    ) -> None:
        self._shop = shop
        self._generation = generation
        self._faults = faults
        self._journal = journal
        self._operations: dict[str, Callable[[Variables, Session], Data]] = {
            "stores": self._stores,
            "recentOrders": self._recent_orders,
            "orders": self._orders,
            "orderDetails": self._order_details,
            "cancelReasons": self._cancel_reasons,
            "cancelOrder": self._cancel_order,
            "saveOrder": self._save_order,
        }

    def answer(self, operation: str, variables: Variables, session: Session) -> Data:
        """The data that an operation answers with. Raises ChannelError."""
        if operation not in self._operations:
            raise ChannelError(f'Cannot query field "{operation}"')
        if self._faults.operation_fails == operation:
            raise ChannelError("Internal server error")
        with self._shop.lock:
            try:
                return {operation: self._operations[operation](variables, session)}
            except KeyError as missing:
                broken = operation == "cancelOrder"
                raise ChannelError("Internal server error" if broken else "No such entity") from missing

    def _stores(self, variables: Variables, session: Session) -> Data:
        return {"items": [_store_data(store) for store in self._shop.stores]}

    def _recent_orders(self, variables: Variables, session: Session) -> Data:
        store = self._shop.store_by_uuid(variables["uuid"])
        rows = self._rows(self._recent(store.name), session)
        return {"store": _store_data(store), "items": rows, "sortsAnew": self._faults.list_sorts_anew}

    def _recent(self, store: str) -> tuple[Order, ...]:
        rows = self._faults.dashboard_rows
        return self._shop.orders(store)[:rows] if rows else self._shop.recent(store)

    def _orders(self, variables: Variables, session: Session) -> Data:
        asked = self._shop.store_by_uuid(variables["uuid"])
        session.listed_store = session.listed_store or asked
        store = session.listed_store if self._faults.stale_list_after_store_switch else asked
        filters = variables.get("filters") or {}
        found = [order for order in self._shop.orders(store.name) if _passes(order, filters)]
        pages = max(1, -(-len(found) // PAGE))
        page = min(max(1, int(variables.get("page") or 1)), pages)
        rows = self._rows(tuple(found[(page - 1) * PAGE : page * PAGE]), session)
        return {
            "store": _store_data(asked),
            "items": rows,
            "page": page,
            "pages": pages,
            "total": len(found),
            "sortsAnew": self._faults.list_sorts_anew,
        }

    def _rows(self, orders: tuple[Order, ...], session: Session) -> list[Data]:
        rows = [row_data(order) | {"link": self._link(order, session)} for order in orders]
        return [row for row in rows for _ in range(2)] if self._faults.duplicate_row else rows

    def _link(self, order: Order, session: Session) -> str | None:
        """Where an order's number leads to: None is the app's own page, an empty address nowhere."""
        if self._generation is Generation.ASC_4_3:
            return None
        if self._faults.order_import_disabled:
            return f"https://{SELLER_CENTRAL}/orders-v3/order/{order.number}"
        return session.url("sales/order/view", order_id=order.commerce_number) if order.commerce_number else ""

    def _order_details(self, variables: Variables, session: Session) -> Data:
        store = self._shop.store_by_uuid(variables["uuid"])
        order = self._shop.order(store.name, variables["orderId"])
        data = {"store": _store_data(store), "order": details_data(self.shown_for(order), session)}
        if self._faults.ships_after_details:
            ship(order)
        return data

    def shown_for(self, order: Order) -> Order:
        """The order that the page of ``order`` shows."""
        return self.other(order) if self._faults.wrong_details else order

    def other(self, order: Order) -> Order:
        """An Unshipped order of the same store that is not this one."""
        return next(
            other
            for other in self._shop.select(store=order.store, status=Status.UNSHIPPED, plain=None)
            if other.number != order.number
        )

    def _cancel_reasons(self, variables: Variables, session: Session) -> Data:
        order = self._shop.order(self._shop.store_by_uuid(variables["uuid"]).name, variables["orderId"])
        faults = self._faults
        target = self.other(order) if faults.dialog_for_other_order or faults.dialog_hides_other_order else order
        named = faults.dialog_for_other_order or faults.dialog_names_order
        if faults.ships_behind_dialog:
            ship(order)
        return {
            "order": details_data(order, session) if faults.ships_behind_dialog else None,
            "orderId": target.number,
            "text": f"Order {target.number}" if named else "",
            "confirms": 2 if faults.second_confirm else 1,
            "reasons": [
                {"code": reason.value, "label": reason.label}
                for reason in Reason
                if reason.value != faults.missing_reason
            ],
        }

    def _cancel_order(self, variables: Variables, session: Session) -> Data:
        """Cancel as the extension does: here first, at Amazon second, without a look at the status or the store."""
        store = {store.uuid: store.name for store in self._shop.stores}.get(str(variables["uuid"]), "")
        order = self._shop.find(variables["orderId"], store)
        self.cancel(order, str(variables["reason"]), session)
        return {"uuid": self._shop.store(order.store).uuid}

    def cancel(self, order: Order, reason: str, session: Session) -> None:
        """Cancel an order. Raises ChannelError when the second stage fails; by then the status reads Canceled."""
        status_on_arrival = order.status
        order.status = Status.CANCELED
        order.items_unshipped = 0
        order.notes = "Status updated to canceled."
        reached_amazon = bool(order.items) and not self._faults.amazon_refuses
        answer: Literal["ok", "error"] = "ok" if reached_amazon else "error"
        self._journal.add(
            CancelRecord(
                order=order.number,
                store=order.store,
                reason=reason,
                status_on_arrival=status_on_arrival.value,
                account=session.account,
                reached_amazon=reached_amazon,
                answer=answer,
            )
        )
        if not reached_amazon:
            raise ChannelError("Unable to cancel Amazon order")

    def _save_order(self, variables: Variables, session: Session) -> Data:
        order = self._shop.order(self._shop.store_by_uuid(variables["uuid"]).name, variables["orderId"])
        changes = variables.get("address") or {}
        order.address.update({name: str(value) for name, value in changes.items() if name in order.address})
        return {"success": True}


def ship(order: Order) -> None:
    """Let an Unshipped order leave; nothing happens to others."""
    if order.status is Status.UNSHIPPED:
        order.status = Status.SHIPPED
        order.notes = "Status updated to Shipped."
        order.items_shipped, order.items_unshipped = order.items_unshipped, 0


def _store_data(store: Store) -> Data:
    return {
        "uuid": store.uuid,
        "name": store.name,
        "website": store.website,
        "country": store.country,
        "status": store.status,
        "created": store.created,
        "updated": store.updated,
        "volume": store.volume,
        "change": store.change,
        "incomplete": store.incomplete,
        "trend": store.trend,
    }


def row_data(order: Order) -> Data:
    """What a list of orders shows of one."""
    sign = "CAN $" if order.currency == "CAD" else "$"
    return {
        "number": order.number,
        "date": _day(order.purchased),
        "status": order.status.value,
        "buyer": order.buyer,
        "total": f"{sign} {float(order.total):,.2f}" if order.total else "",
        "notes": order.notes,
        "time": order.purchased.isoformat(),
        "amount": float(order.total or 0),
    }


def details_data(order: Order, session: Session) -> Data:
    """What an order's page shows of it."""
    link = session.url("sales/order/view", order_id=order.commerce_number) if order.commerce_number else ""
    return {
        "number": order.number,
        "shownNumber": order.commerce_number or order.number,
        "commerceUrl": link,
        "status": order.status.value,
        "cancelable": order.status is Status.UNSHIPPED,
        "notes": order.notes,
        "email": order.email,
        "buyer": order.buyer,
        "currency": order.currency,
        "total": order.total,
        "reserved": is_reserved(order),
        "premium": _yes(order.premium),
        "prime": _yes(order.prime),
        "purchased": moment(order.purchased),
        "shipBy": moment(order.ship_by),
        "service": order.service,
        "serviceLevel": order.service_level,
        "shippedByAmazon": _yes(order.fulfillment == "AFN"),
        "business": _yes(order.business),
        "itemsShipped": order.items_shipped,
        "itemsUnshipped": order.items_unshipped,
        "fulfillment": order.fulfillment,
        "phone": order.phone,
        "address": dict(order.address),
        "items": [
            {
                "sku": item.sku,
                "asin": item.asin,
                "title": item.title,
                "quantity": item.quantity,
                "shipped": order.items_shipped,
                "price": item.price,
            }
            for item in order.items
        ],
        "tracking": [{"carrier": "USPS", "number": f"94001{order.number.replace('-', '')}"}]
        if order.items_shipped
        else [],
    }


def is_reserved(order: Order) -> str:
    """Whether inventory is reserved for an order, as pages write it."""
    return _yes(order.status not in {Status.CANCELED, Status.ERROR})


def _yes(value: bool) -> str:
    return "Yes" if value else "No"


def moment(when: datetime) -> str:
    """A moment as pages write it: ``Apr 2, 2020, 5:00 PM``."""
    clock = f"{when.hour % 12 or 12}:{when:%M} {'AM' if when.hour < 12 else 'PM'}"
    return f"{_day(when)}, {clock}"


def _day(moment: datetime) -> str:
    # not through %b, which speaks the language of the machine
    return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


def _passes(order: Order, filters: Mapping[str, Any]) -> bool:
    """Whether an order passes the filters of All Orders; texts match anywhere in the value, in any case."""
    day = order.purchased.date().isoformat()
    total = float(order.total or 0)
    return (
        str(filters.get("orderNumber", "")).strip().lower() in order.number
        and str(filters.get("buyer", "")).strip().lower() in order.buyer.lower()
        and (not filters.get("dateMin") or day >= str(filters["dateMin"]))
        and (not filters.get("dateMax") or day <= str(filters["dateMax"]))
        and (not filters.get("totalMin") or total >= float(filters["totalMin"]))
        and (not filters.get("totalMax") or total <= float(filters["totalMax"]))
        and (not filters.get("statuses") or order.status.value in filters["statuses"])
    )
