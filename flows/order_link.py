"""The link to an order's page, and what the row of a list said of the order that it leads to."""

from dataclasses import dataclass

from bot.admin.screen import Screen
from bot.cancel.details import Listed
from bot.pack.lint import NUMBERS


@dataclass(frozen=True, kw_only=True)
class OrderLink:
    """A link that leads to the page of one Amazon order."""

    here: Screen
    """The screen that it is on."""
    element: str
    """Its name in the pack."""
    listed: Listed | None = None
    """What the order's row in a list said; None where the row is on this screen, and is still to be read."""

    def numbers(self) -> dict[str, str]:
        """The extension's own numbers of order and store that the link has in its address."""
        route = self.here.window.pack.info.order_route
        if not any(f"{{{name}}}" in route for name in NUMBERS):
            return {}
        return {name: number for name, number in self.here.link_facts(self.element, route).items() if name in NUMBERS}


def read_listed(orders: Screen) -> Listed:
    """What the order's row in a list says, to compare with the order's page."""
    in_row = ["store_name"] if orders.element("store_name").kind == "column" else []  # else it is of the whole list
    row = orders.read_row("order_row", "buyer_name", "order_total", *in_row)
    return Listed(buyer_name=row["buyer_name"], order_total=row["order_total"], store_name=row.get("store_name"))
