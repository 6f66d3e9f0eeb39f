"""Reading a job list that is a workbook of Excel or LibreOffice: one sheet of it, cell by cell, as a person sees it.

A position is the sheet and the cell, such as ``Sheet1!B7``.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, fromstring
from zipfile import BadZipFile, ZipFile

from bot.errors import InputInvalid, Problem
from bot.files import one_of, shown
from bot.joblist.table import Row, Table

ENDINGS: Final = (".xlsx", ".xlsm", ".xls", ".ods")

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_workbook(data: bytes) -> bool:
    """Whether these bytes are a workbook, whatever the file is called."""
    return data.startswith((_ZIP, _OLE))


def workbook_table(data: bytes, file: str, sheet: str | None = None) -> Table:
    """The rows of a workbook's sheet: the one that is named, or the first that is not hidden.

    Raises:
        InputInvalid: it is no workbook, is protected by a password, or has no such sheet.
    """
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
        cells = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        uncomputed = list(_uncomputed(data, name))
    except PasswordError as error:
        message = "The workbook is protected by a password: save it without one"
        raise InputInvalid([Problem(file, 1, 1, message)]) from error
    except (CalamineError, OSError, ParseError, BadZipFile, KeyError) as error:
        message = f"The workbook cannot be read: {' '.join(str(error).split())}"
        raise InputInvalid([Problem(file, 1, 1, message)]) from error
    if uncomputed:
        message = "This formula has no result yet: open the workbook in a spreadsheet program and save it there"
        raise InputInvalid([Problem(file, 1, 1, message, place) for place in uncomputed])
    return Table(file=file, rows=_rows(cells), place=lambda line, column: f"{name}!{letters(column)}{line}")


def _uncomputed(data: bytes, sheet: str) -> Iterator[str]:
    """The cells of an ``.xlsx`` sheet whose formulas were never computed, as a program that only writes leaves them.

    They read as empty, which would drop what they say without a word.
    """
    if not data.startswith(_ZIP):
        return
    with ZipFile(BytesIO(data)) as parts:
        if "xl/workbook.xml" not in parts.namelist():
            return
        links = {
            one.get("Id"): one.get("Target", "")
            for one in _elements(parts, "xl/_rels/workbook.xml.rels", "Relationship")
        }
        for one in _elements(parts, "xl/workbook.xml", "sheet"):
            if one.get("name") != sheet:
                continue
            target = next((links[value] for key, value in one.items() if key.endswith("}id") and value in links), "")
            path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if path not in parts.namelist() or not re.search(rb"<(?:\w+:)?f[ />]", parts.read(path)):
                return
            for cell in _elements(parts, path, "c"):
                inside = {_local(part): part.text or "" for part in cell}
                if "f" in inside and not inside.get("v") and cell.get("t") != "str":
                    yield f"{sheet}!{cell.get('r', '?')}"


def _elements(parts: ZipFile, path: str, name: str) -> Iterator[Element]:
    return (one for one in fromstring(parts.read(path)).iter() if _local(one) == name)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


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
            return format(Decimal(repr(cell)).normalize(), "f")
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
