"""The practice shop: stores and their Amazon orders, the same ones every time."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.vocabulary import Status

RECENT = 10
"""How many of a store's orders are on its dashboard: the newest."""
UNKNOWN_ORDER = "112-0000000-0000000"
"""An order number that looks right and is in no store."""

MAIN = "asc-v2-2.3-magentocommerce"
US = "asc-v2-2.3-magentocommerce-us"
US_2 = "asc-v2-2.3-magentocommerce-us-2"
CANADA = "asc-v2-2.3-adobe-ca"


@dataclass(frozen=True, kw_only=True)
class Store:
    """One Amazon store that is connected with the shop."""

    uuid: str
    name: str
    website: str
    country: str
    """``US`` or ``CA``."""
    currency: str
    status: str = "Active"
    created: str
    updated: str
    volume: str
    """Gross volume of the last 30 days, as shown."""
    change: int
    """Change of that volume, in percent."""
    incomplete: int
    """Number of incomplete listings."""
    trend: tuple[int, ...]
    """The small line under the volume: one height, 0 to 100, a day."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of an order."""

    sku: str
    asin: str
    title: str
    quantity: int
    price: str


@dataclass(kw_only=True)
class Order:
    """One Amazon order, as the shop knows it. A test may change it while the practice Admin runs."""

    number: str
    """Amazon order number."""
    store: str
    """Name of the store."""
    status: Status
    buyer: str
    email: str
    total: str
    """With two decimals, without currency: ``121.80``; empty where Amazon has not told it yet."""
    currency: str
    purchased: datetime
    ship_by: datetime
    notes: str
    items: tuple[Item, ...]
    """Empty for the rare order without item rows, whose cancel fails after the status was set."""
    items_shipped: int
    items_unshipped: int
    commerce_number: str = ""
    """Number of the Commerce order, such as ``000000033``, if the order was imported; else empty."""
    invoiced: bool = False
    """Whether the Commerce order was invoiced."""
    service: str = "FreeEconomy"
    service_level: str = "Econ US Dom"
    fulfillment: str = "MFN"
    phone: str = ""
    premium: bool = False
    prime: bool = False
    business: bool = False
    address: dict[str, str] = field(default_factory=dict)

    @property
    def commerce_status(self) -> str:
        """What its Commerce order reads; one that was not invoiced does not show that the Amazon order was canceled."""
        if self.status is Status.CANCELED and self.invoiced:
            return "Closed"
        return "Complete" if self.status in {Status.SHIPPED, Status.COMPLETED} else "Processing"

    @property
    def plain(self) -> bool:
        """Whether nothing is special about it: not imported, and with item rows."""
        return not self.commerce_number and bool(self.items)


class Shop:
    """The stores and orders of a practice Admin. Safe to read and change from any thread.

    Needs the stores and their orders, newest first; both are kept as they were, for ``reset``.
    """

    def __init__(self, stores: Iterable[Store], orders: Iterable[Order]) -> None:
        self.stores = tuple(stores)
        self.lock = threading.RLock()
        self._pristine = tuple(orders)
        self._places = {(order.store, order.number): place for place, order in enumerate(self._pristine)}
        self._by_store: dict[str, dict[str, Order]] = {}
        self.reset()

    def reset(self) -> None:
        """Every order as it was at the start. Orders looked up before are no longer those of the shop."""
        with self.lock:
            self._by_store = {store.name: {} for store in self.stores}
            for order in self._pristine:
                self._by_store[order.store][order.number] = replace(order, address=dict(order.address))

    def store(self, name: str) -> Store:
        """The store of that name. Raises KeyError."""
        return {store.name: store for store in self.stores}[name]

    def store_by_uuid(self, uuid: str) -> Store:
        """The store with that identifier. Raises KeyError."""
        return {store.uuid: store for store in self.stores}[uuid]

    def order(self, store: str, number: str) -> Order:
        """The order of that number in the store of that name. Raises KeyError."""
        with self.lock:
            return self._by_store[store][number]

    def find(self, number: str, store: str) -> Order:
        """The order of that number, in the store of that name if it is there, else in any. Raises KeyError."""
        with self.lock:
            for orders in (self._by_store.get(store, {}), *self._by_store.values()):
                if number in orders:
                    return orders[number]
        raise KeyError(number)

    def orders(self, store: str) -> tuple[Order, ...]:
        """Every order of the store of that name, newest first. Raises KeyError."""
        with self.lock:
            return tuple(self._by_store[store].values())

    def recent(self, store: str) -> tuple[Order, ...]:
        """The orders that the store's dashboard lists. Raises KeyError."""
        return self.orders(store)[:RECENT]

    def by_commerce_number(self, number: str) -> Order:
        """The order that was imported under that number. Raises KeyError."""
        for store in self.stores:
            for order in self.orders(store.name):
                if number and order.commerce_number == number:
                    return order
        raise KeyError(number)

    def row_id(self, order: Order) -> str:
        """The number that the extension's own table knows an order by; the classic pages' addresses have it."""
        return str(1 + self._places[order.store, order.number])

    def merchant_id(self, store: Store) -> str:
        """The number that the extension's own table knows a store by; the classic pages' addresses have it."""
        return str(11 + self.stores.index(store))

    def by_row_id(self, row_id: str) -> Order:
        """The order with that number. Raises KeyError."""
        pristine = dict(enumerate(self._pristine, start=1))[int(row_id) if row_id.isdecimal() else 0]
        return self.order(pristine.store, pristine.number)

    def select(
        self,
        *,
        store: str | None = None,
        status: Status | None = None,
        recent: bool | None = None,
        plain: bool | None = True,
    ) -> tuple[Order, ...]:
        """The orders with all these traits, each store's newest first; ``None`` is for any."""
        found = []
        for name in [store] if store else [store.name for store in self.stores]:
            for position, order in enumerate(self.orders(name)):
                if (
                    (status is None or order.status == status)
                    and (recent is None or recent == (position < RECENT))
                    and (plain is None or plain == order.plain)
                ):
                    found.append(order)
        return tuple(found)

    def example(self, kind: str) -> Order:
        """An order to try something on, by one of the names in ``EXAMPLES``. Raises KeyError."""
        return self.order(*EXAMPLES[kind])


EXAMPLES: dict[str, tuple[str, str]] = {
    # On the dashboard of the US store:
    "shipped": (US, "112-1215998-3002095"),
    "partially_shipped": (US, "112-1215998-3002069"),
    "completed": (US, "112-1215998-3002092"),
    "unshipped_recent": (US, "112-1215998-3002091"),
    "apostrophe": (US, "112-1215998-3002089"),
    "error": (US, "112-1215998-3003000"),
    "pending": (US, "112-1215998-3002079"),
    "pending_availability": (US, "112-1215998-3002078"),
    "canceled": (US, "112-1215998-3002077"),
    # Only in All Orders of the US store:
    "unshipped_old": (US, "112-6177312-0215004"),
    "completed_old": (US, "112-6177312-0215002"),
    "shipped_old": (US, "112-1215998-3002085"),
    # On the dashboard of the store whose name begins the others' names:
    "imported": (MAIN, "111-1071022-7105009"),
    "without_items": (MAIN, "111-1071022-7105011"),
    "unicode": (MAIN, "111-1071022-7105014"),
    "not_imported": (MAIN, "111-1071022-7105018"),
    "thousands": (MAIN, "111-1071022-7105016"),
    # Only in All Orders of that store:
    "imported_old": (MAIN, "111-1071022-7104001"),
    "without_items_old": (MAIN, "111-1071022-7104002"),
    "imported_completed": (MAIN, "111-1071022-7104003"),
    # On the dashboards of the other two:
    "other_store": (US_2, "114-3309127-5550017"),
    "canadian": (CANADA, "701-4418203-9920013"),
}
"""Orders to try things on: a name for what is special about each -> store and number."""
