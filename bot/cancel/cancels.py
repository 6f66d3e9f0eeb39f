"""What a request can say of a cancel: the request itself, the ways to cancel, and one cancel held against a permit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit


class Allowed(Protocol):
    """What a permit allows, as far as a request can show it."""

    @property
    def order(self) -> str:
        """The Amazon order number."""

    @property
    def store_id(self) -> str:
        """The store, as the app's addresses and requests name it; empty where they do not."""

    @property
    def row_id(self) -> str:
        """The order's row, as the classic pages' addresses and forms name it; empty where they do not."""

    @property
    def merchant_id(self) -> str:
        """The store, as the classic pages' addresses and forms name it; empty where they do not."""


class Unreadable(ValueError):
    """A request to an address that cancels orders, whose meaning cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it is about to leave the browser."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    """None where it has one that the browser did not give, such as a file."""

    @property
    def content_type(self) -> str:
        """The whole header; empty without one."""
        return next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")

    @property
    def kind(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to cancel orders: an address, and what the request calls the order, its row, the store and the reason.

    With ``mutation`` it is a GraphQL endpoint, and the names are those of the mutation's arguments; without, a form,
    and they are those of its fields.
    """

    address: str
    """Whole parts of a path, such as ``channel/amazon/graphql``."""
    mutation: str = ""
    order: str = ""
    row: str = ""
    store: str = ""
    reason: str = "reason"

    def is_at(self, url: str) -> bool:
        """Whether an address is this one, whatever stands before and after it in the path."""
        return f"/{self.address.strip('/')}/".lower() in f"{unquote(urlsplit(url).path)}/".lower()


GRAPHQL = Way(address="channel/amazon/graphql", mutation="cancelOrder", order="orderId", store="uuid", reason="reason")
FORM = Way(address="channel/amazon/order_cancel_save", order="order_id", row="id", store="merchant_id", reason="reason")
KNOWN_WAYS = (GRAPHQL, FORM)
"""The ways of the extension itself, in every version."""


def with_known(ways: Iterable[Way]) -> tuple[Way, ...]:
    """These ways and those of the extension itself; a pack's names hold where it names the same request."""
    return tuple({(way.address.strip("/").lower(), way.mutation): way for way in (*KNOWN_WAYS, *ways)}.values())


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """One cancel that a request asks for. What it does not say is None; what it says twice, differently, too."""

    way: Way
    order: str | None = None
    row: str | None = None
    store: str | None = None
    reason: str | None = None
    contradicts_itself: bool = field(default=False)

    def differs_from(self, permit: Allowed, reasons: Iterable[str]) -> str:
        """Why this is not the cancel that the permit allows, in words that end a sentence; empty if it is.

        Needs the words that may stand for the permit's reason on the wire.
        """
        if self.contradicts_itself:
            return "names two different orders at once"
        if self.order is not None and self.order != permit.order:
            return f"names order {_shown(self.order)}"
        if self.way.mutation:
            if self.order is None:
                return "names no order"
            if not permit.store_id or self.store != permit.store_id:
                return f"names store {_shown(self.store)}"
        else:
            if not permit.row_id or self.row != permit.row_id:
                return f"names row {_shown(self.row)}"
            if self.store is not None and permit.merchant_id and self.store != permit.merchant_id:
                return f"names the store with the number {_shown(self.store)}"
        if self.reason not in {*reasons}:
            return f"gives the reason {_shown(self.reason)}"
        return ""


def _shown(value: str | None) -> str:
    return "none" if value is None else repr(value[:80])
