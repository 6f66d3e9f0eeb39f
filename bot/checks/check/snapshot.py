"""What can be seen on a page: its controls and landmarks as a screen reader knows them, and its pieces of text.

Nothing here depends on ids, classes or nesting. Data, such as order numbers, dates and totals, are told apart from
what is always there: words with a digit in them, what is entered, what is in tables, and what the pack reads.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from playwright.sync_api import Page

from bot.admin.look import ask
from bot.checks.check.model import Box

DIALOGS = frozenset({"dialog", "alertdialog"})
CONTROLS = frozenset(
    {"button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "switch"}
    | {"tab", "menuitem", "option", "spinbutton"}
)
"""Roles of what a person acts on."""

_LINE = re.compile(r"^(?P<indent> *)- (?P<rest>.*)$")
_NODE = re.compile(
    r'^(?P<role>[a-z]+)(?: (?P<name>"(?:[^"\\]|\\.)*"))?(?P<marks>(?: \[[^\]]*\])*)(?P<more>:.*)?$', re.DOTALL
)
_BOX = re.compile(r"\[box=(-?[\d.]+),(-?[\d.]+),(-?[\d.]+),(-?[\d.]+)\]")
_ICONS = re.compile("[\ue000-\uf8ff]")


@dataclass(frozen=True)
class Thing:
    """Something with a role, as a screen reader reports it."""

    role: str
    name: str
    box: Box
    depth: int
    text: str = ""

    @property
    def words(self) -> str:
        """Its role and its name: ``button "Cancel Order"``."""
        return f'{self.role} "{self.name}"' if self.name else self.role


@dataclass(frozen=True)
class Piece:
    """A separate piece of text."""

    text: str
    box: Box
    row: bool
    control: bool


@dataclass(frozen=True)
class Snapshot:
    """Everything that can be seen on a page, from one moment."""

    things: tuple[Thing, ...]
    pieces: tuple[Piece, ...]
    charts: tuple[Box, ...]
    rows: tuple[Box, ...]
    window: Box
    around: Box = field(default=Box(0, 0, 0, 0))
    """The part of the window that the screen takes: the dialog that is open, or all of it."""

    def of_role(self, *roles: str) -> tuple[Thing, ...]:
        """The things with one of these roles, in the page's order."""
        return tuple(thing for thing in self.things if thing.role in roles)


def take_snapshot(page: Page) -> Snapshot:
    """What can be seen on the page now."""
    seen = ask(page, "pieces")
    window = Box(0, 0, seen["width"], seen["height"])
    things = tuple(parse_aria(page.locator("body").aria_snapshot(boxes=True)))
    pieces = tuple(Piece(one["text"], Box(*one["box"]), one["row"], one["control"]) for one in seen["pieces"])
    around = next((thing.box for thing in reversed(things) if thing.role in DIALOGS and thing.box.width), window)
    if around != window:
        pieces = tuple(piece for piece in pieces if around.holds(piece.box))
    return Snapshot(
        things=things,
        pieces=pieces,
        charts=tuple(Box(*box) for box in seen["charts"]),
        rows=tuple(Box(*box) for box in seen["rows"]),
        window=window,
        around=around,
    )


def parse_aria(snapshot: str) -> Iterable[Thing]:
    """The things in an ARIA snapshot with boxes, in its order; pieces of text have the role ``text``."""
    for line in snapshot.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        rest = found["rest"]
        if rest.startswith("'"):
            key, _, more = rest[1:].replace("''", "\0").partition("'")
            rest = (key + more).replace("\0", "'")
        node = _NODE.match(rest)
        if node is None:
            continue
        name = node["name"] or ""
        box = _BOX.search(node["marks"] or "")
        yield Thing(
            role=node["role"],
            name=squeezed(re.sub(r"\\(.)", r"\1", name[1:-1])),
            box=Box(*(round(float(side)) for side in box.groups())) if box else Box(0, 0, 0, 0),
            depth=len(found["indent"]) // 2,
            text=squeezed((node["more"] or "")[1:].strip().strip('"')),
        )


def squeezed(text: str) -> str:
    """``text`` as a person reads it: no icon characters, one space between words."""
    return " ".join(_ICONS.sub("", text).split())


def folded(text: str) -> str:
    """``text`` for comparing: small letters, without a colon at its end."""
    return squeezed(text).removesuffix(":").rstrip().casefold()


# --- What is data --------------------------------------------------------------------------------------------

_DATA = (
    (re.compile(r"\b\d{3}-\d{7}-\d{7}\b"), "{order}"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "{e-mail}"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?"), "{date}"),
    (re.compile(r"\b[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}(?:, \d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)?"), "{date}"),
    (re.compile(r"[$€£¥] ?-?\d[\d.,]*|-?\d[\d.,]* ?[€£¥]"), "{amount}"),
    (re.compile(r"-?\d[\d.,]*"), "{n}"),
)


def neutral(text: str, data: Iterable[str] = ()) -> str:
    """``text`` with what is data in it made neutral; ``data`` are further texts that are.

    A single short word of these, such as a status, is data only if it is alone: it may also be part of a name.
    """
    for words in sorted(filter(None, data), key=len, reverse=True):
        if text == words:
            return "{data}"
        if len(words) >= 12 or " " in words:
            text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "{data}", text)
    for pattern, name in _DATA:
        text = pattern.sub(name, text)
    return text


def is_data(text: str, data: Iterable[str] = ()) -> bool:
    """Whether there is anything in ``text`` that is not always the same."""
    return neutral(text, data) != text
