"""Reading a job list that is a CSV file, into the same shape as one in YAML.

The first line names the columns: ``order``, ``store`` and ``reason``, and if wanted ``note``, ``total`` and
``buyer``, in any order. The file is UTF-8 with or without a byte-order mark; commas separate the cells, or
semicolons if there is no comma in the first line, as spreadsheets write it in much of Europe. Spaces around a
cell do not count, nor do empty rows. A position is the line on which the row begins, and the number of the
column.
"""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from bot.errors import InputInvalid, Problem
from bot.files import Limits, did_you_mean, one_of, read_text, shown
from bot.joblist.yamlfile import Data, Document, Spot

COLUMNS: Final = ("order", "store", "reason", "note", "total", "buyer")
NEEDED: Final = ("order", "store", "reason")
_EXPECTED: Final = ("total", "buyer")
"""These columns are what a job calls ``expect``."""


class Row(NamedTuple):
    """One row that is not empty."""

    line: int
    cells: list[str]


def read_csv(path: Path, limits: Limits) -> tuple[Document, Collection[str]]:
    """The file's content, in the shape of a YAML job list, and the names of its columns.

    The mistakes of its form are the document's ``problems``; columns that it ought to have are among them.
    Raises ``InputInvalid`` if there is no ``order`` column, or nothing below it can be read.
    """
    file = str(path)
    text = read_text(path, limits)
    problems: list[Problem] = []
    rows = _rows(text, file, problems)
    header = next(rows, None)
    if header is None:
        raise InputInvalid(problems or [Problem(file, 1, 1, "The file is empty")])
    columns = _columns(header, file, problems)
    if "order" not in columns.places:
        raise InputInvalid(problems)
    lines: list[int] = []
    orders: list[Data] = []
    for row in rows:
        lines.append(row.line)
        orders.append(_order(row, columns))
        beyond = next((n for n, cell in enumerate(row.cells) if cell and n >= columns.width), None)
        if beyond is not None:
            message = f"This row has more cells than the {columns.width} columns that line {header.line} names"
            problems.append(
                Problem(file, row.line, beyond + 1, f"{message}: put text with commas or semicolons in quotes")
            )
    if problems and not orders:
        raise InputInvalid(problems)

    def find_spots() -> Spot:
        places = columns.places
        return Spot((1, 1), (1, 1), {"orders": Spot((1, 1), (1, 1), [_spot(line, places) for line in lines])})

    return Document(file, {"orders": orders}, find_spots, tuple(problems)), columns.places


class _Columns(NamedTuple):
    places: dict[str, int]
    """Number of each known column, from 0."""
    width: int


def _rows(text: str, file: str, problems: list[Problem]) -> Iterator[Row]:
    """Every row that is not empty; nothing can be read after a mistake in the CSV syntax."""
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield Row(line, stripped)
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(file, line, 1, _in_plain_words(str(error))))


def _columns(header: Row, file: str, problems: list[Problem]) -> _Columns:
    names = list(header.cells)
    while not names[-1]:  # a spreadsheet's empty columns at the right
        names.pop()
    places: dict[str, int] = {}
    mistakes: list[Problem] = []
    for number, name in enumerate(names):
        if name in places:
            message = f"The column {name} appears twice: it is already column {places[name] + 1}; keep one of them"
        elif name in COLUMNS:
            places[name] = number
            continue
        else:
            near = did_you_mean(name, COLUMNS)
            what = f"{shown(name)} is not a known column" if name else "This column has no name"
            message = f"{what}: {near}{'A' if near else 'a'}llowed are {one_of(COLUMNS)}"
        mistakes.append(Problem(file, header.line, number + 1, message))
    problems.extend(
        Problem(file, header.line, 1, f"The column {name} is missing: {one_of(NEEDED)} are needed")
        for name in NEEDED
        if name not in places
    )
    problems.extend(mistakes)
    return _Columns(places, len(names))


def _order(row: Row, columns: _Columns) -> Data:
    """The row as a mapping of its cells that are not empty."""
    cells = row.cells
    order: dict[str, Data] = {}
    expect: dict[str, Data] = {}
    for name, place in columns.places.items():
        if place < len(cells) and cells[place]:
            (expect if name in _EXPECTED else order)[name] = cells[place]
    if expect:
        order["expect"] = expect
    return order


def _spot(line: int, places: dict[str, int]) -> Spot:
    cells = {name: Spot((line, place + 1), (line, place + 1)) for name, place in places.items()}
    inside = {name: spot for name, spot in cells.items() if name not in _EXPECTED}
    inside["expect"] = Spot((line, 1), (line, 1), cells)
    return Spot((line, 1), (line, 1), inside)


def _in_plain_words(error: str) -> str:
    if "unexpected end of data" in error:
        return "The quotes that open in this row are never closed: add the closing one"
    if "field larger" in error:
        return "A cell of this row is far too long: check that its quotes are closed"
    if "expected after" in error:
        return "There is text after the closing quote of a cell: write a quote that is part of the text twice"
    return f"This row is not CSV: {error}"
