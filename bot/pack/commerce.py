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


IS_IT = f"""(elements) => elements.map((element) => {{
    const around = element.closest("button, a, input, [role=button], [role=link]") ?? element;
    const {{ href, formAction, form, dataset }} = around;
    const leads = [href, formAction, form?.action, dataset?.url, around.getAttribute("onclick")];
    const words = (around.innerText || around.value || "").replace(/[\\s\\ue000-\\uf8ff]+/g, " ").trim();
    if (around.id === "{BUTTON}" || around.querySelector("#{BUTTON}")) return "its id";
    if (words.toLowerCase() === "cancel") return "its word";
    return leads.some((to) => to?.includes?.("{ADDRESS}")) ? "where it leads" : "";
}})"""
"""Says of each of the elements that are to be clicked by what it is known to be that button, whatever it is called or
written as: by its id, its word, or where it leads; empty where it is not.
"""
