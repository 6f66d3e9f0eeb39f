"""Where on a screen something is, and what is next to it."""

from collections.abc import Callable, Iterable

from playwright.sync_api import Error as PlaywrightError

from bot.admin.look import by_text, find, request_for
from bot.admin.screen import Screen
from bot.checks.check.model import Box, LastHeld
from bot.checks.check.snapshot import CONTROLS, DIALOGS, Piece, Snapshot, Thing, folded, is_data
from bot.pack import fill
from bot.pack.describe import visible_words
from bot.pack.model import READ_ONLY_KINDS, Element

Found = Thing | Piece


def held_at(screen: Screen, name: str, snapshot: Snapshot, say: Callable[[str], str]) -> LastHeld | None:
    """Where an element that is found is now, for a baseline; ``say`` makes its words neutral."""
    element = screen.element(name)
    try:
        box = _box_of(screen, name, element, snapshot)
    except PlaywrightError:
        return None
    if box is None:
        return None
    thing = next((one for one in snapshot.things if _same(one.box, box) and one.role in CONTROLS | DIALOGS), None)
    if thing is None:
        thing = next((one for one in snapshot.of_role("columnheader", "heading") if _same(one.box, box)), None)
    if thing is None:  # its words may be a part of a control
        words = folded(visible_words(element))
        thing = next(
            (
                one
                for one in snapshot.things
                if one.role in CONTROLS and folded(one.name) == words and one.box.holds(box)
            ),
            None,
        )
    before = _neighbour(box, snapshot)
    return LastHeld(
        role=thing.role if thing else "",
        words=say(thing.name) if thing else say(visible_words(element)),
        place=tuple(box),
        after=say(before),
    )


def labels_at(screen: Screen, snapshot: Snapshot) -> Iterable[tuple[str, Box]]:
    """Where the other labels of a screen are now, for a baseline."""
    for label in screen.spec.labels:
        piece = next((piece for piece in snapshot.pieces if folded(label_of(piece)) == folded(label)), None)
        if piece is not None:
            yield label, piece.box


def matches(screen: Screen, name: str, snapshot: Snapshot) -> list[Thing]:
    """The things that an element finds, by their positions."""
    element = screen.element(name)
    if element.kind in READ_ONLY_KINDS:
        return []
    places = [as_box(match.box) for match in screen.find(name).matches]
    found = []
    for box in places:
        seen = next((one for one in snapshot.things if _same(one.box, box) and one.role != "text"), None)
        found.append(seen or Thing(role="text", name=visible_words(element), box=box, depth=0))
    return found


def where(found: Found, snapshot: Snapshot) -> str:
    """What is before and after it, in words; empty if nothing named is before it."""
    if isinstance(found, Piece):
        near = [
            piece
            for piece in texts(snapshot)
            if piece is not found and abs(piece.box.x - found.box.x) < 40 and piece.box.y < found.box.y
        ]
        above = max(near, key=lambda piece: piece.box.y, default=None)
        return f'under "{label_of(above)}"' if above else ""
    named = [thing for thing in snapshot.things if thing.role in CONTROLS | {"heading", "columnheader"} and thing.name]
    place = next((place for place, thing in enumerate(named) if thing is found), None)
    if place is None:
        return f"at {found.box.x}, {found.box.y}"
    before = f"after {named[place - 1].words}" if place else ""
    after = f"before {named[place + 1].words}" if place + 1 < len(named) else ""
    return ", ".join(filter(None, (before, after)))


def label_of(piece: Piece) -> str:
    """The part of a piece of text that is a label: ``Store Name`` of ``Store Name: north``."""
    head, colon, rest = piece.text.partition(":")
    return head.strip() if colon and rest.strip() else piece.text


def texts(snapshot: Snapshot) -> list[Piece]:
    """The pieces of text that are not data."""
    return [
        piece
        for piece in snapshot.pieces
        if piece.text and not piece.row and len(label_of(piece)) <= 60 and not is_data(label_of(piece))
    ]


def _box_of(screen: Screen, name: str, element: Element, snapshot: Snapshot) -> Box | None:
    """Where what an element finds is, or the label that it is read beside; None if there is not exactly one."""
    words = fill(visible_words(element), screen.facts)
    if element.kind == "column":
        heads = snapshot.of_role("columnheader")
        return next((thing.box for thing in heads if folded(thing.name) == folded(words)), None)
    if element.kind in {"field", "choice"}:
        return next((piece.box for piece in snapshot.pieces if folded(label_of(piece)) == folded(words)), None)
    if element.card is not None:
        card = request_for(screen.spec, name, screen.facts)
        found = find(screen.window.page, by_text(words, card), "box").matches
    else:
        found = screen.find(name).matches
    return as_box(found[0].box) if len(found) == 1 else None


def as_box(box: tuple[float, float, float, float]) -> Box:
    """A box in whole pixels."""
    return Box(*(round(side) for side in box))


def _same(one: Box, other: Box) -> bool:
    """Whether two boxes are the same, allowing for rounded pixels."""
    return all(abs(a - b) <= 2 for a, b in zip(one, other, strict=True))


def _neighbour(box: Box, snapshot: Snapshot) -> str:
    """The named thing right before a box, in the page's order."""
    before = ""
    for thing in snapshot.things:
        if _same(thing.box, box) or (thing.box.y, thing.box.x) == (box.y, box.x):
            return before
        if (
            thing.role in CONTROLS | {"heading", "columnheader"}
            and thing.name
            and thing.box.width
            and not thing.box.holds(box)
        ):
            before = thing.words
    return ""
