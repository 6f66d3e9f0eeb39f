"""Reading a job list that is a workbook of Excel or LibreOffice: one sheet of it, cell by cell, as a person sees it.

A position is the sheet and the cell, such as ``Sheet1!B7``.
"""

import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from bot.errors import InputInvalid, Problem
from bot.files import one_of, shown
from bot.joblist.sheet_marks import marks_of
from bot.joblist.table import Row, Table

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

ENDINGS: Final = (".xlsx", ".xlsm", ".xls", ".ods")

LONGEST_TRY = 30.0
"""Seconds that a workbook of the old form is tried for: a sound one takes a fraction of one."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_workbook(data: bytes) -> bool:
    """Whether these bytes are a workbook, whatever the file is called."""
    return data.startswith((_ZIP, _OLE))


def workbook_table(data: bytes, file: str, sheet: str | None = None) -> Table:
    """The rows of a workbook's sheet: the one that is named, or the first that is not hidden.

    Raises:
        InputInvalid: it is no workbook, is protected by a password, or has no such sheet.
    """
    if data.startswith(_OLE):
        _refuse_what_ends_the_reader(data, file)
    # Imported only where a workbook is read.
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = [one for one in workbook.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
        names = [one.name for one in sheets]
        visible = [one.name for one in sheets if one.visible is SheetVisibleEnum.Visible]
        name = sheet if sheet is not None else next(iter(visible or names), None)
        if name is None or name not in names:
            has = f"it has {one_of(map(shown, names))}" if names else "it has none"
            missing = "The workbook has no sheet" if name is None else f"There is no sheet {shown(name)}: {has}"
            raise InputInvalid([Problem(file, 1, 1, missing)])
        found = workbook.get_sheet_by_name(name)
        cells = found.to_python(skip_empty_area=False)
        _spread_merged(cells, found.merged_cell_ranges or ())
        marks = marks_of(data, name)
        others = [] if sheet is not None else [one for one in visible if one != name and _has_cells(workbook, one)]
    except PasswordError as error:
        message = "The workbook is protected by a password: save it without one"
        raise InputInvalid([Problem(file, 1, 1, message)]) from error
    except (CalamineError, OSError, ParseError, BadZipFile, KeyError, RuntimeError, ValueError) as error:
        message = f"The workbook cannot be read: {' '.join(str(error).split())}"
        raise InputInvalid([Problem(file, 1, 1, message)]) from error
    rows = list(_rows(cells))
    return Table(
        file=file,
        rows=iter(rows),
        problems=[Problem(file, *hidden) for hidden in _hidden(rows, marks.hidden_rows)],
        place=lambda line, column: f"{name}!{letters(column)}{line}",
        spoiled=marks.spoiled,
        hidden_columns=marks.hidden_columns,
        remarks=[f"Sheet used: {shown(name)}. Not read: {one_of(map(shown, others))}."] if others else [],
    )


def _refuse_what_ends_the_reader(data: bytes, file: str) -> None:
    """Read a workbook of the old form once in a process of its own: what is damaged in some ways ends the process.

    Raises:
        InputInvalid: it did, or nothing came of it in time.
    """
    try:
        ended = subprocess.run(
            [sys.executable, "-c", _TRY_TO_READ], input=data, capture_output=True, timeout=LONGEST_TRY
        )
    except subprocess.TimeoutExpired:
        is_sound = False
    else:
        is_sound = ended.returncode == 0
    if not is_sound:
        raise InputInvalid([Problem(file, 1, 1, "The workbook cannot be read: it is damaged")])


_TRY_TO_READ: Final = """
import io, sys
import python_calamine
try:
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    for name in workbook.sheet_names:
        workbook.get_sheet_by_name(name).to_python()
except Exception:
    pass  # told in words when it is read here
"""


def _has_cells(workbook: "CalamineWorkbook", sheet: str) -> bool:
    return workbook.get_sheet_by_name(sheet).height > 0


def _hidden(rows: Sequence[Row], hidden: Collection[int]) -> Iterator[tuple[int, int, str]]:
    """What is wrong where rows with something in them are hidden: nobody sees the orders that they name."""
    unseen = [row.line for row in rows if row.line in hidden]
    if unseen:
        more = len(unseen) - 1
        so = f", and so {'is 1 more' if more == 1 else f'are {more:,} more'}" if more else ""
        yield (
            unseen[0],
            1,
            f"This row is hidden, by a filter or by hand{so}: show every row, or copy those that you want to a sheet "
            "of their own",
        )


def _spread_merged(cells: list[list[Any]], merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Give the value of cells that are merged to each row that they span, as a person reads it there."""
    for (top, column), (bottom, _) in merged:
        for row in cells[top + 1 : bottom + 1]:
            if any(cell != "" for cell in row):  # else it is only the height of the row above
                row[column] = cells[top][column]


def _rows(cells: list[list[Any]]) -> Iterator[Row]:
    for number, row in enumerate(cells, start=1):
        texts = [as_seen(cell).strip() for cell in row]
        if any(texts):
            yield Row(number, texts)


def as_seen(cell: object) -> str:
    """A cell as a person sees it: ``4711`` and not ``4711.0``; days and times as ISO 8601 writes them."""
    match cell:
        case bool():
            return str(cell).upper()
        case float() | int():
            return format(Decimal(f"{cell:.15g}").normalize(), "f")  # as many digits as spreadsheets show
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
    return str(cell)


def letters(column: int) -> str:
    """What spreadsheets call a column, counted from 1: ``A``, ``Z``, ``AA``."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
