"""What may happen to the Admin's screens overnight: each change as a script on a page, and what must be said of it.

Every change is made on the words and roles of a page, not on its classes.
"""

import json
from dataclasses import dataclass, replace

from drift_scripts import UNSEEN

from bot.checks.check.model import Aspect

NOTHING = "nothing"
"""What must be said of a change that a person does not notice, or that is in the data and not in the screen."""


@dataclass(frozen=True)
class Change:
    """One thing that changed on a screen."""

    name: str
    """What changed, in a few words; it is the name of a line in the table."""
    script: str
    found: str = NOTHING
    """The element that must be told of, or the aspect, or that nothing may be."""
    right: str = ""
    """A line that the first suggestion must have; empty where there is nothing that could be suggested."""
    missed: bool = False
    """Whether the first suggestion is known to be another: said, so that the share that is right is honest."""
    thorough: bool = False
    """Whether it shows again what another change of the same screen, or of the order's page, shows too."""
    screen: str = ""
    """Where; it is known once the change stands in its place in ``CHANGES``."""


def reworded(name: str, old: str, new: str, found: str, key: str) -> Change:
    """Words that were replaced; the first suggestion must be to look for the new ones, as ``key``."""
    return Change(name, f"reword({json.dumps(old)}, {json.dumps(new)});", found, f"{key}: {new}")


def unseen(number: int | None = None) -> tuple[Change, ...]:
    """The invisible changes of markup, or the first ones of them, which the order's page shows already."""
    return tuple(Change(name, script, thorough=number is not None) for name, script in UNSEEN.items())[:number]


def again(change: Change) -> Change:
    """The same change, for the thorough run."""
    return replace(change, thorough=True)


OF_SCREENS: dict[str, tuple[Change, ...]] = {
    "order_details": (
        *unseen(),
        Change(
            "another buyer, another total",
            """
const others = { "Buyer name": "Ann Other", "Order total": "$ 7.05", "Purchase date": "Jan 5, 2021" };
for (const [label, other] of Object.entries(others)) for (const node of values(label)) node.data = other;""",
        ),
        reworded("button renamed", "Cancel Order", "Void Order", "cancel_order", "name"),
        again(reworded("button translated", "Cancel Order", "Bestellung stornieren", "cancel_order", "name")),
        again(reworded("button says less", "Cancel Order", "Cancel", "cancel_order", "name")),
        Change(
            "button is a link now", 'become(control("Cancel Order"), "a", { href: "#" });', "cancel_order", "role: link"
        ),
        Change(
            "button is mere text now", 'become(control("Cancel Order"), "span");', "cancel_order", "text: Cancel Order"
        ),
        Change(
            "button renamed and moved",
            'reword("Cancel Order", "Cancel this order"); put_elsewhere(control("Cancel this order"));',
            "cancel_order",
            "name: Cancel this order",
        ),
        Change(
            "button says something quite else, elsewhere",
            'reword("Cancel Order", "Stop"); put_elsewhere(control("Stop"));',
            "cancel_order",
            "name: Stop",
            missed=True,
        ),
        Change(
            "two labels changed places and words",
            """
reword("Buyer name", "Customer");
reword("Order total", "Sum");
const [one, other] = [pair("Customer"), pair("Sum")];
const mark = document.createElement("i");
one[0].before(mark);
other.at(-1).after(...one);
mark.replaceWith(...other);""",
            "buyer_name",
            "field: Customer",
            missed=True,
        ),
        Change("button gone", 'control("Cancel Order").remove();', "cancel_order"),
        Change(
            "a second button with the same name",
            'put_elsewhere(Object.assign(document.createElement("button"), { textContent: "Cancel Order" }));',
            "cancel_order",
            "within: around_cancel_order",
        ),
        reworded("label of the status changed", "Status", "Order status", "status", "field"),
        reworded("label of the buyer changed", "Buyer name", "Purchaser", "buyer_name", "field"),
        again(reworded("label of the number changed", "Order number", "Amazon order no.", "order_number", "field")),
        again(reworded("label of the total translated", "Order total", "Gesamtsumme", "order_total", "field")),
        reworded("headline changed", "Order details", "Details of the order", "heading", "text"),
        again(reworded("Back says something else", "Back", "Return to list", "back", "text")),
        Change(
            "a label that is not read changed",
            'reword("Fulfillment channel", "Fulfilled by");',
            Aspect.WORDING,
            "- Fulfilled by",
        ),
        Change("value and label gone", 'for (const box of pair("Order total")) box.remove();', "order_total"),
        Change(
            "a label is there twice",
            'const boxes = pair("Status"); boxes.at(-1).after(...boxes.map((box) => box.cloneNode(true)));',
            "status",
        ),
        Change(
            "an extra row between",
            """
const boxes = pair("Status").map((box) => box.cloneNode(true));
pair("Status").at(-1).after(...boxes);
const [label, value] = boxes.flatMap((box) => texts(box)).filter((node) => node.data.trim());
label.data = "Marketplace";
value.data = "Amazon";""",
            Aspect.LOOKS,
        ),
        Change("a button in another colour", 'control("Cancel Order").style.background = "#d7373f";', Aspect.LOOKS),
        Change("an unknown status", 'values("Status")[0].data = "On hold";', Aspect.WORDING),
    ),
    "store_dashboard": (
        *unseen(4),
        Change(
            "another order is newest",
            """
const last = last_row();
for (const node of texts(last))
  node.data = node.data.replace(/\\d{3}-\\d{7}-\\d{7}/, "112-7777777-7777777").replace(/Apr/, "May");
last.parentElement.prepend(last);""",
        ),
        Change(
            "an extra order",
            """
const last = last_row();
const row = last.cloneNode(true);
for (const node of texts(last)) node.data = node.data.replace(/\\d{3}-\\d{7}-\\d{7}/, "112-8888888-8888888");
last.after(row);""",
        ),
        reworded("head of a column renamed", "Total", "Amount", "order_total", "column"),
        reworded("head of a column translated", "Buyer's Name", "Name des Käufers", "buyer_name", "column"),
        reworded("head of the numbers renamed", "Order Number", "Amazon Order", "order_number", "column"),
        Change("a column moved", 'move_to_the_end("Status");', Aspect.LANDMARKS),
        Change(
            "a column renamed and moved",
            'move_to_the_end("Status"); reword("Status", "State");',
            "order_status",
            "column: State",
        ),
        Change(
            "a column gone",
            'const at = place("Status"); for (const row of rows()) cells(row)[at].remove();',
            "order_status",
        ),
        reworded("link renamed", "All Orders", "View all orders", "all_orders", "text"),
        Change(
            "a second link with the same name",
            'put_elsewhere(control("All Orders").cloneNode(true));',
            "all_orders",
            "within: around_all_orders",
        ),
        reworded("headline of the list changed", "Recent orders:", "Latest orders:", "recent_orders", "text"),
        reworded("label of the store changed", "Store Name", "Shop", "store_name", "field"),
    ),
    "cancel_dialog": (
        *unseen(4),
        reworded("Confirm renamed", "Confirm", "Submit", "confirm", "name"),
        again(reworded("Confirm translated", "Confirm", "Bestätigen", "confirm", "name")),
        Change(
            "Confirm and Close changed places, and Confirm is renamed",
            'reword("Confirm", "Yes, do it"); control("Close").before(control("Yes, do it"));',
            "confirm",
            "name: Yes, do it",
        ),
        Change("Confirm gone", 'control("Confirm").remove();', "confirm"),
        Change("a second Confirm", 'const one = control("Confirm"); one.after(one.cloneNode(true));', "confirm"),
        Change(
            "a second Confirm that is hidden",
            """
const one = control("Confirm");
const twin = one.cloneNode(true);
twin.style.display = "none";
one.after(twin);""",
            "confirm",
        ),
        reworded("label of the reason changed", "Reason for cancellation", "Cancellation reason", "reason", "choice"),
        Change(
            "the dialog restyled",
            'Object.assign(dialog().style, { background: "#f5e3b8", borderRadius: "0", color: "#083a6b" });',
            Aspect.LOOKS,
        ),
    ),
    "all_orders": (
        reworded("button of the filter renamed", "Apply filters", "Filter list", "apply_filters", "name"),
        reworded("headline renamed", "Amazon orders:", "Orders from Amazon:", "amazon_orders", "text"),
        Change(
            "label of the filter changed",
            """
const [label] = saying("Order Number").filter((node) => !node.parentElement.closest("th, [role=columnheader]"));
label.data = "Order No.";""",
            "order_number_filter",
            "name: Order No.",
        ),
    ),
    "home": (
        *unseen(4),
        reworded("button on every card renamed", "View Store", "Open store", "store_card", "control"),
        reworded(
            "headline of the home page changed",
            "Sell products in the Amazon marketplace",
            "Sell your products on Amazon",
            "banner",
            "text",
        ),
    ),
    "sign_in": (
        *unseen(4),
        reworded("button of sign-in renamed", "Sign in", "Log in", "sign_in", "name"),
        reworded("field of sign-in renamed", "Username", "User ID", "username", "label"),
    ),
}

CHANGES = tuple(replace(change, screen=screen) for screen, changes in OF_SCREENS.items() for change in changes)
