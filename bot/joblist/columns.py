"""What the columns of a table mean: those of our own lists, of Amazon's reports, and of the Admin's grid exports.

A list of our own has a column ``order``; then every column must be one that is known. In a report or an export, whose
column of order numbers has another name, the columns that are known are used and the others are left out, by name.
Capitals, spaces, hyphens and underscores in a column's name do not count.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bot.errors import Problem
from bot.files import did_you_mean, one_of, shown
from bot.vocabulary import AMAZON_ORDER_NUMBER

COLUMNS: Final = ("order", "store", "reason", "note", "total", "buyer")
NEEDED: Final = ("order", "store", "reason")
EXPECTED: Final = ("total", "buyer")
"""These columns are what a job calls ``expect``."""

_NUMBERS_ELSEWHERE: Final = ("amazon order number", "amazon order id", "order id", "order number")
"""Columns of Amazon order numbers in reports and exports; of several the first one here is used."""

_ELSEWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "amazon store name": "store",
        "store name": "store",
        "store": "store",
        "reason": "reason",
        "reason for cancellation": "reason",
        "note": "note",
        "total": "total",
        "order total": "total",
        "buyer name": "buyer",
        "buyer's name": "buyer",
        "buyer": "buyer",
    }
)
"""Other columns of reports and exports -> what we call them."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column holds what."""

    places: Mapping[str, int]
    """Number of each known column, from 0, by our name for it."""
    width: int
    """How many columns the header names."""
    is_ours: bool
    """Whether it is a list in our own form, and no report or export."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the file calls each known column."""
    left_out: Sequence[str] = ()
    """The columns that are not used, as the file calls them."""
    problems: Sequence[tuple[int, str]] = ()
    """Mistakes in the header: the number of the column, from 1, and what is wrong."""


def understand(header: Sequence[str], *, given: Collection[str] = (), expect: bool = False) -> Columns:
    """What the columns of a table are, from its first row.

    Args:
        header: the cells of the first row that is not empty.
        given: what the command line says for every order, so that no column needs to: ``store``, ``reason``.
        expect: whether a report's total and buyer are what the Admin must show.
    """
    names = list(header)
    while names and not names[-1]:  # a spreadsheet's empty columns at the right
        names.pop()
    plain = [_plain(name) for name in names]
    numbers = next((name for name in _NUMBERS_ELSEWHERE if name in plain), "")
    if "order" in plain or not numbers:
        return _ours(names, plain, given, expect=expect)
    return _elsewhere(names, plain, numbers, given, expect=expect)


def _ours(names: Sequence[str], plain: Sequence[str], given: Collection[str], *, expect: bool) -> Columns:
    if any(AMAZON_ORDER_NUMBER.search(name) for name in names):
        headless = "This list does not name its columns: write a first line above it, such as order,store,reason"
        return Columns(places={}, width=len(names), is_ours=True, problems=[(1, headless)])
    places: dict[str, int] = {}
    mistakes: list[tuple[int, str]] = []
    for number, name in enumerate(plain):
        if name in places:
            twice = f"The column {name} appears twice: it is already column {places[name] + 1}; keep one of them"
            mistakes.append((number + 1, twice))
        elif name in COLUMNS:
            places[name] = number
        else:
            near = did_you_mean(names[number], COLUMNS)
            what = f"{shown(names[number])} is not a known column" if name else "This column has no name"
            mistakes.append((number + 1, f"{what}: {near}{'A' if near else 'a'}llowed are {one_of(COLUMNS)}"))
    return Columns(
        places=places, width=len(names), is_ours=True, problems=(*_missing(places, given, expect), *mistakes)
    )


def _elsewhere(
    names: Sequence[str], plain: Sequence[str], numbers: str, given: Collection[str], *, expect: bool
) -> Columns:
    places = {"order": plain.index(numbers)}
    mistakes: list[tuple[int, str]] = []
    for number, name in enumerate(plain):
        what = _ELSEWHERE.get(name)
        if what is None or (what in EXPECTED and not expect):
            continue
        if what in places:
            both = f"{shown(names[places[what]])} and {shown(names[number])}"
            mistakes.append((number + 1, f"Both {both} hold the {what}: keep one of these columns"))
        else:
            places[what] = number
    used = set(places.values())
    return Columns(
        places=places,
        width=len(names),
        is_ours=False,
        names={what: names[number] for what, number in places.items()},
        left_out=[name for number, name in enumerate(names) if name and number not in used],
        problems=(*_missing(places, given, expect), *mistakes),
    )


def _missing(places: Mapping[str, int], given: Collection[str], expect: bool) -> Iterator[tuple[int, str]]:
    for name in NEEDED:
        if name not in places and name not in given:
            how = "" if name == "order" else f"; for all orders alike, name the {name} with --{name}"
            yield 1, f"The column {name} is missing: {one_of(NEEDED)} are needed{how}"
    if expect and "order" in places and places.keys().isdisjoint(EXPECTED):
        yield 1, "--expect compares a total or a buyer, and the list has no column for either: add one, or leave it out"


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.replace("\u2019", "'")).strip().casefold()


def problems_in(columns: Columns, file: str, line: int) -> Iterator[Problem]:
    """The mistakes of the header, with their places in the file."""
    for column, message in columns.problems:
        yield Problem(file, line, column, message)
