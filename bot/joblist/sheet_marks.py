"""What a person sees in a sheet of a workbook and its plain values do not say.

Rows and columns that are hidden, by hand or by a filter; cells that show an error, such as ``#N/A``; and formulas that
were never computed, as a program that only writes leaves them. The reader of the values gives each of them as an
ordinary or an empty cell, so that an order nobody sees would be canceled, and a cell that nobody could read would count
as left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZipFile

from bot.joblist.biff import BiffMark, Kind, marks_in
from bot.joblist.table import Spoiled

NOT_COMPUTED: Final = "This formula has no result yet: open the workbook in a spreadsheet program and save it there"

_ZIP: Final = b"PK\x03\x04"
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ />]")
_CELL: Final = re.compile(r"([A-Z]+)([0-9]+)")
_TRUE: Final = frozenset({"1", "true"})
_NOT_VISIBLE: Final = frozenset({"collapse", "filter"})
_MOST: Final = 200_000
"""Rows and columns of one repeated element that are looked at: an OpenDocument sheet repeats its empty tail."""


def shows_error(error: str) -> str:
    """What is wrong with a cell that shows an error."""
    return f"This cell shows the error {error}: correct its formula, or write the value itself"


@dataclass(kw_only=True)
class SheetMarks:
    """What the values of a sheet do not say. Rows and columns are counted from 1."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    spoiled: list[Spoiled] = field(default_factory=list)
    """Cells whose value cannot be taken, and why."""


def marks_of(data: bytes, sheet: str) -> SheetMarks:
    """What the values of this sheet of a workbook do not say.

    Raises:
        ParseError, BadZipFile, KeyError, OSError, ValueError: a part of the workbook cannot be read.
    """
    if not data.startswith(_ZIP):
        return _of_records(marks_in(data, sheet))
    with ZipFile(BytesIO(data)) as parts:
        names = parts.namelist()
        if "xl/workbook.xml" in names:
            return _of_office(parts, sheet)
        return _of_document(parts, sheet) if "content.xml" in names else SheetMarks()


# --- Excel, since 2007 ---


def _of_office(parts: ZipFile, sheet: str) -> SheetMarks:
    marks, path = SheetMarks(), _path_of(parts, sheet)
    if path not in parts.namelist():
        return marks
    written = parts.read(path)
    if not (b"hidden=" in written or b't="e"' in written or _FORMULA.search(written)):
        return marks
    for one in fromstring(written).iter():
        match _local(one.tag):
            case "col" if one.get("hidden") in _TRUE:
                marks.hidden_columns |= _some(int(one.get("min", "1")), int(one.get("max", "1")))
            case "row" if one.get("hidden") in _TRUE and (number := one.get("r")):
                marks.hidden_rows.add(int(number))
            case "c" if why := _why_not(one):
                marks.spoiled.append(Spoiled(*_place(one.get("r", "")), why))
    return marks


def _path_of(parts: ZipFile, sheet: str) -> str:
    """The part of the package that holds a sheet; empty if it is missing."""
    links = {
        one.get("Id", ""): one.get("Target", "")
        for one in _elements(fromstring(parts.read("xl/_rels/workbook.xml.rels")), "Relationship")
    }
    for one in _elements(fromstring(parts.read("xl/workbook.xml")), "sheet"):
        if one.get("name") == sheet:
            target = next((links[value] for key, value in one.items() if key.endswith("}id") and value in links), "")
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _why_not(cell: Element) -> str:
    inside = {_local(part.tag): part.text or "" for part in cell}
    if cell.get("t") == "e":
        return shows_error(inside.get("v") or "of a formula")
    return NOT_COMPUTED if "f" in inside and not inside.get("v") and cell.get("t") != "str" else ""


def _place(name: str) -> tuple[int, int]:
    """Line and column of a cell that is called ``B7``."""
    found = _CELL.fullmatch(name)
    if found is None:
        raise ValueError(f"a cell is called {name!r}")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column


# --- LibreOffice ---


def _of_document(parts: ZipFile, sheet: str) -> SheetMarks:
    marks, written = SheetMarks(), parts.read("content.xml")
    if not any(sign in written for sign in (b"visibility=", b'value-type="error"', b"formula=")):
        return marks
    tables = _elements(fromstring(written), "table")
    table = next((one for one in tables if _named(one, "name") == sheet), None)
    column = 1
    for one in _elements(table, "table-column") if table is not None else ():
        column = _repeated(one, "columns", column, marks.hidden_columns)
    row = 1
    for one in _elements(table, "table-row") if table is not None else ():
        marks.spoiled += (Spoiled(row, place, why) for place, why in _spoiled_cells(one))
        row = _repeated(one, "rows", row, marks.hidden_rows)
    return marks


def _repeated(one: Element, what: str, number: int, hidden: set[int]) -> int:
    """The number of what follows a row or a column, which is noted if it is hidden."""
    following = number + int(_named(one, f"number-{what}-repeated") or 1)
    if _named(one, "visibility") in _NOT_VISIBLE:
        hidden |= _some(number, following - 1)
    return following


def _spoiled_cells(row: Element) -> Iterator[tuple[int, str]]:
    column = 1
    for cell in row:
        if _local(cell.tag) in {"table-cell", "covered-table-cell"}:
            text = "".join(cell.itertext()).strip()
            if "error" in {value for key, value in cell.items() if _local(key) == "value-type"}:
                yield column, shows_error(text or "of a formula")
            elif _named(cell, "formula") and not _named(cell, "value-type") and not text:
                yield column, NOT_COMPUTED
            column += int(_named(cell, "number-columns-repeated") or 1)


# --- Excel, up to 2003 ---


def _of_records(found: Iterable[BiffMark]) -> SheetMarks:
    marks = SheetMarks()
    for mark in found:
        match mark.kind:
            case Kind.HIDDEN_ROW:
                marks.hidden_rows.add(mark.row)
            case Kind.HIDDEN_COLUMNS:
                marks.hidden_columns |= _some(mark.row, mark.column)
            case Kind.NOT_COMPUTED:
                marks.spoiled.append(Spoiled(mark.row, mark.column, NOT_COMPUTED))
            case Kind.ERROR:
                marks.spoiled.append(Spoiled(mark.row, mark.column, shows_error(mark.words)))
    return marks


def _some(first: int, last: int) -> set[int]:
    return {*range(first, min(last, first + _MOST) + 1)}


def _elements(around: Element, name: str) -> Iterator[Element]:
    return (one for one in around.iter() if _local(one.tag) == name)


def _named(element: Element, name: str) -> str:
    """The value of an attribute, in whatever namespace it is."""
    return next((value for key, value in element.items() if _local(key) == name), "")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
