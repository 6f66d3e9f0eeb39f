"""How a peer and the benchmark talk: lines of JSON on a socket that the peer inherits.

The benchmark says what to do, a peer does it and says so. Nothing but Python's own library is needed here, because
every peer has an environment of its own.

    benchmark                                   peer
    {"settings": {...}}
    {"round": {url, username, password, orders}} signs in; {"entered": true}
    {"order": {...}}                            goes to the dashboard of its store; {"ready": true}
    {"go": true}                                cancels it; {"done": status, "pictures": 5}
    {"end": true}                               ends
"""

import json
import os
import socket
from dataclasses import dataclass
from typing import Any, Protocol

LINE = "COUNTERMAND_BENCHMARK_LINE"
"""Name of the variable that holds the number of the socket."""


@dataclass(frozen=True)
class Order:
    """An order to cancel."""

    order: str
    store: str
    store_id: str
    """The store as addresses name it."""
    reason: str
    """The reason's label."""


@dataclass(frozen=True)
class Round:
    """What is worked on between two resets of the practice Admin."""

    url: str
    username: str
    password: str
    orders: tuple[Order, ...]


class Turns:
    """The peer's end of the line."""

    def __init__(self) -> None:
        self._line = socket.socket(fileno=int(os.environ.pop(LINE)))
        self._line.set_inheritable(False)
        self._from = self._line.makefile("r", encoding="utf-8")
        self.settings: dict[str, Any] = self._hear()["settings"]
        self._next: dict[str, Any] | None = None

    def next_round(self) -> Round | None:
        """Wait for the next round; None if there are no more."""
        said = self._take()
        if "round" not in said:
            return None
        orders = tuple(Order(**order) for order in said["round"].pop("orders"))
        return Round(**said["round"], orders=orders)

    def entered(self) -> None:
        """Say that the Amazon Sales Channel is there."""
        self._say({"entered": True})

    def next_order(self) -> Order | None:
        """Wait for the next order; None when the round is over."""
        said = self._take()
        if "order" in said:
            return Order(**said["order"])
        self._next = said
        return None

    def wait_for_go(self) -> None:
        """Say that the dashboard is there, and wait for the turn. From its end on the clock runs."""
        self._say({"ready": True})
        self._take()

    def done(self, status: str, pictures: int = 0, **more: object) -> None:
        """Report what the reopened order page says; the clock stops."""
        self._say({"done": status, "pictures": pictures, **more})

    def _take(self) -> dict[str, Any]:
        said, self._next = self._next or self._hear(), None
        return said

    def _hear(self) -> dict[str, Any]:
        line = self._from.readline()
        return json.loads(line) if line else {"end": True}

    def _say(self, what: dict[str, object]) -> None:
        self._line.sendall((json.dumps(what) + "\n").encode())


class Peer(Protocol):
    """What is measured."""

    def sign_in(self, url: str, username: str, password: str) -> None:
        """From nothing to the Amazon Sales Channel."""

    def go_to_dashboard(self, order: Order) -> None:
        """To the dashboard of the order's store, until the order is in view."""

    def cancel(self, order: Order) -> tuple[str, int]:
        """Cancel it; the status afterwards, and how many pictures were taken."""


def take_turns(turns: Turns, peer: Peer) -> None:
    """Do what the benchmark asks for, until it asks for nothing more."""
    while (now := turns.next_round()) is not None:
        peer.sign_in(now.url, now.username, now.password)
        turns.entered()
        while (order := turns.next_order()) is not None:
            peer.go_to_dashboard(order)
            turns.wait_for_go()
            status, pictures = peer.cancel(order)
            turns.done(status, pictures)
