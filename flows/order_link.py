"""The link to an order's page, and what the row of a list said of the order that it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.admin.screen import Screen
from bot.cancel.details import Listed
from bot.pack.lint import NUMBERS

_ROW = ("order_row", "buyer_name", "order_total")


@dataclass(frozen=True, kw_only=True)
class OrderLink:
    """A link that leads to the page of one Amazon order."""

    here: Screen
    """The screen that it is on."""
    element: str
    """Its name in the pack."""
    listed: Listed | None = None
    """What the order's row in a list said; None where the row is on this screen, and is still to be read."""

    def click(self) -> Listed:
        """Click it; what the order's row said, where the row is on this screen in the instant of the click."""
        if self.listed is not None:
            self.here.click(self.element)
            return self.listed
        return _listed(self.here.click_in_row(self.element, *_row_of(self.here)))

    def numbers(self) -> dict[str, str]:
        """The extension's own numbers of order and store that the link has in its address."""
        route = self.here.window.pack.info.order_route
        if not any(f"{{{name}}}" in route for name in NUMBERS):
            return {}
        return {name: number for name, number in self.here.link_facts(self.element, route).items() if name in NUMBERS}


def read_listed(orders: Screen) -> Listed:
    """What the order's row in a list says, to compare with the order's page."""
    return _listed(orders.read_row(*_row_of(orders)))


def _row_of(orders: Screen) -> tuple[str, ...]:
    """The row, and what is read in it: also whose store it is, unless the whole list is of one."""
    return (*_ROW, "store_name") if orders.element("store_name").kind == "column" else _ROW


def _listed(row: Mapping[str, str]) -> Listed:
    return Listed(buyer_name=row["buyer_name"], order_total=row["order_total"], store_name=row.get("store_name"))
