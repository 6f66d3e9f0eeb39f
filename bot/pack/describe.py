"""How an element of a pack is found, in words."""

from collections.abc import Mapping

from bot.pack import fill
from bot.pack.lint import FACTS
from bot.pack.model import Element


def describe(element: Element, known: Mapping[str, str] | None = None) -> str:
    """How an element is found, in words: ``a button named 'Cancel Order', inside dialog``."""
    facts = {fact: f"{{{fact}}}" for fact in FACTS} | dict(known or {})

    def filled(words: str | None) -> str:
        return repr(fill(words or "", facts))

    if element.role is not None:
        roles = element.role if isinstance(element.role, str) else " or ".join(element.role)
        words = f"a {roles}" + (f" named {filled(element.name)}" if element.name else "")
    elif element.card is not None:
        words = f"the box with {filled(element.card.text)} and {filled(element.card.control)}"
    elif element.css or element.xpath:
        words = f"the {element.kind} {element.css or element.xpath}"
    else:
        told = {
            "label": "the field labeled {}",
            "text": "the text {}",
            "says": "a message with {}",
            "field": "the value beside the label {}",
            "column": "the cells under the header {}",
            "row": "the row with {}",
            "choice": "the pick list at {}",
            "before": "the words right before {}",
        }
        words = told[element.kind].format(filled(getattr(element, element.kind)))
    holding = " or ".join(map(filled, element.has))
    inside = f", inside {element.within}" if element.within else ""
    return words + (f" that has {holding} in it" if holding else "") + inside


def visible_words(element: Element) -> str:
    """The words that a person finds it by; empty if it has none."""
    if element.card is not None:
        return element.card.control
    if element.role is not None:
        return element.name or ""
    return "" if element.kind in {"css", "xpath"} else str(getattr(element, element.kind))
