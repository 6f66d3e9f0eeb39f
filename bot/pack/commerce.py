"""The Commerce order's own *Cancel* button, which is not the Amazon cancel: nothing here can press it.

Versions 4.0 to 4.2 lead through the Commerce order's page, where that button is among others, two lines above the
link that is wanted. Three things keep it from being pressed, each without the others: a pack that names it is refused
when it is loaded, a click on it is refused when a pack or a page has led there all the same, and what it would send
is stopped on the wire (``bot.cancel.wire``).
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.pack.model import Element

BUTTON = "order-view-cancel-button"
"""The button's id, on every Commerce order page."""

ADDRESS = "/sales/order/cancel"
"""Part of the address that the button sends to."""


def names_it(element: "Element") -> bool:
    """Whether an element of a pack is that button, judging by its words."""
    markup = (element.css or "") + (element.xpath or "")
    if BUTTON in markup or ADDRESS.strip("/") in markup:
        return True
    card = element.card.control if element.card else None
    words = (element.name, element.text, element.label, element.says, card)
    return any(re.sub(r"\s+", " ", text).strip().lower() == "cancel" for text in words if text)
