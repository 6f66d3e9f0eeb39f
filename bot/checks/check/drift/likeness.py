"""How similar two things on a screen are: by words, roles and positions; each from 0 to 1."""

import math
from difflib import SequenceMatcher

from bot.checks.check.drift.position import Found
from bot.checks.check.model import Box, LastHeld
from bot.checks.check.snapshot import Thing, folded
from bot.pack.model import Element

PRESSED = frozenset({"button", "link", "menuitem", "tab", "option"})
FIELDS = frozenset({"textbox", "searchbox", "combobox", "spinbutton", "checkbox", "radio", "switch"})


def alike(wanted: str, found: str) -> float:
    """0 to 1: how similar two texts are, by their letters and by their words."""
    one, other = folded(wanted), folded(found)
    if one == other:
        return 1.0
    letters = SequenceMatcher(None, one, other, autojunk=False).ratio()
    words, others = set(one.split()), set(other.split())
    shared = len(words & others) / min(len(words), len(others)) if words and others else 0
    return max(letters, 0.9 * shared)


def role_likeness(element: Element, found: Found, last: LastHeld | None) -> float:
    """How similar the role of what was found is to the element's role."""
    role = found.role if isinstance(found, Thing) else "text"
    roles = {element.role} if isinstance(element.role, str) else set(element.role or ())
    if not roles:
        roles = {last.role or "text"} if last else {"columnheader" if element.kind == "column" else "text"}
        if not last and element.kind in {"text", "card", "label"}:
            return 0.7
    if role in roles:
        return 1.0
    return 0.6 if (role in PRESSED and roles & PRESSED) or (role in FIELDS and roles & FIELDS) else 0.0


def nearness(box: Box, last: LastHeld | None) -> float:
    """How near a box is to where the element was when it was last found; 0 if that is not known."""
    if last is None:
        return 0.0
    x, y = box.middle()
    was_x, was_y = Box(*last.place).middle()
    # Measured at the left edge too: longer words move the middle.
    away = min(math.hypot(x - was_x, y - was_y), math.hypot(box.x - last.place[0], y - was_y))
    return math.exp(-away / 150)
