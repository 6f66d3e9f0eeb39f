"""The order of what is on a screen, as lines that a reviewer can compare.

A line is a role and a name, in the order in which a screen reader comes to them; nesting does not count. What is data
is neutral or left out: rows of tables, what was entered, and every text that is neither a name nor known to the pack.
So a baseline holds nothing of a buyer, and does not break because another order is newest.
"""

import difflib
from collections.abc import Collection, Iterable, Sequence

from bot.checks.check.snapshot import CONTROLS, DIALOGS, Snapshot, Thing, folded, neutral

KEPT = (
    (CONTROLS - {"option"})  # the choices of a list are compared with the pack's own
    | DIALOGS
    | frozenset(["banner", "navigation", "main", "region", "contentinfo", "complementary", "form", "search", "heading"])
    | frozenset(["table", "grid", "columnheader", "tablist", "radiogroup", "menu", "group", "alert"])
)
"""Roles that make a line."""

_ROWS = frozenset({"row"})
_NO_NAME = frozenset({"alert", "table", "grid"})
"""Roles whose names are, or may be, data."""

_LONGEST_REPEAT = 12


def landmarks(snapshot: Snapshot, known: Collection[str], data: Collection[str] = ()) -> tuple[str, ...]:
    """The lines of what can be seen.

    Args:
        snapshot: what can be seen.
        known: the words that the pack knows on this screen; other texts make no line.
        data: texts that are data, such as the store's name.
    """
    words = {folded(one): one for one in known}
    lines = []
    for thing in _without_rows(snapshot.things):
        if thing.role in KEPT:
            name = "" if thing.role in _NO_NAME else neutral(thing.name, data)
            lines.append(f'{thing.role} "{name}"' if name else thing.role)
        elif folded(thing.text) in words:
            lines.append(f'text "{words[folded(thing.text)]}"')
    return tuple(_once(lines))


def _without_rows(things: Sequence[Thing]) -> Iterable[Thing]:
    """All things except table rows and their contents; the header row stays."""
    skip_below: int | None = None
    for place, thing in enumerate(things):
        if skip_below is not None and thing.depth > skip_below:
            continue
        skip_below = None
        if thing.role in _ROWS and not _has_heads(things, place):
            skip_below = thing.depth
            continue
        yield thing


def _has_heads(things: Sequence[Thing], place: int) -> bool:
    for thing in things[place + 1 :]:
        if thing.depth <= things[place].depth:
            return False
        if thing.role == "columnheader":
            return True
    return False


def _once(lines: list[str]) -> list[str]:
    """The lines with what is repeated, such as the buttons of every store's card, only once."""
    for length in range(1, _LONGEST_REPEAT + 1):
        kept: list[str] = []
        for line in lines:
            kept.append(line)
            if len(kept) >= 2 * length and kept[-length:] == kept[-2 * length : -length]:
                del kept[-length:]
        lines = kept
    return lines


def differences(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Removed (``-``) and added (``+``) lines, each with the line before it for the position; empty if none."""
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        lines.append(f"  {before[i1 - 1]}" if i1 else "  (the beginning)")
        lines += [f"- {line}" for line in before[i1:i2]]
        lines += [f"+ {line}" for line in after[j1:j2]]
    return tuple(lines)
