"""The records of a workbook in Excel's old binary form (BIFF, ``.xls``) that say what the values of a sheet do not.

A workbook is a stream of records: two bytes say which kind a record is, two how long it is. Only five kinds are read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from io import BytesIO
from typing import Final

_BOUNDSHEET, _EOF, _ROW, _COLUMNS, _FORMULA, _BOOLEAN_OR_ERROR = 0x85, 0x0A, 0x208, 0x7D, 0x06, 0x205

_ROW_IS_HIDDEN: Final = 0x20
_COLUMN_IS_HIDDEN: Final = 0x01
_COMPUTED_WHEN_OPENED: Final = 0x02
_NO_NUMBER: Final = b"\xff\xff"
"""The end of a formula's result that is no number; its first byte then says what it is."""
_ERROR, _EMPTY_TEXT = 2, 3

_SAVED_BY_A_PERSON: Final = "\x05SummaryInformation"
"""A stream that spreadsheet programs write, and programs that compute nothing do not: there an empty text is what a
formula has before it is computed.
"""

ERRORS: Final = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


class Kind(Enum):
    """What a record says."""

    HIDDEN_ROW = auto()
    HIDDEN_COLUMNS = auto()
    """From one column to another."""
    NOT_COMPUTED = auto()
    ERROR = auto()


@dataclass(frozen=True)
class BiffMark:
    """What one record says; rows and columns are counted from 1."""

    kind: Kind
    row: int
    """For hidden columns the first of them."""
    column: int = 0
    """For hidden columns the last of them."""
    words: str = ""
    """The error that the cell shows."""


def marks_in(data: bytes, sheet: str) -> Iterator[BiffMark]:
    """What the records of a sheet say.

    Raises:
        OSError: it is no such workbook.
        ValueError: it breaks off.
    """
    from olefile import OleFileIO  # only where such a workbook is read

    with OleFileIO(BytesIO(data)) as packed:
        name = next((name for name in ("Workbook", "Book") if packed.exists(name)), None)
        if name is None:
            raise OSError("it has no Workbook stream")
        stream = packed.openstream(name).read()
        was_computed = packed.exists(_SAVED_BY_A_PERSON)
    try:
        start = next((at for at, called in _sheets(stream) if called == sheet), None)
        for kind, record in _records(stream, start) if start is not None else ():
            yield from _marks(kind, record, was_computed=was_computed)
    except struct.error as broken:
        raise ValueError("a record of it breaks off") from broken


def _sheets(stream: bytes) -> Iterator[tuple[int, str]]:
    """Where each sheet begins in the stream, and what it is called."""
    for kind, record in _records(stream, 0):
        if kind == _BOUNDSHEET:
            at, length = struct.unpack_from("<I2xB", record)
            is_wide, words = record[7] & 1, record[8:]
            yield at, words[: 2 * length].decode("utf-16-le") if is_wide else words[:length].decode("latin-1")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records from one place in the stream to the end of that part of it."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _EOF:
            return
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _marks(kind: int, record: bytes, *, was_computed: bool) -> Iterator[BiffMark]:
    if kind == _ROW:
        row, options = struct.unpack_from("<H10xH", record)
        if options & _ROW_IS_HIDDEN:
            yield BiffMark(Kind.HIDDEN_ROW, row + 1)
    elif kind == _COLUMNS:
        first, last, options = struct.unpack_from("<HH4xH", record)
        if options & _COLUMN_IS_HIDDEN:
            yield BiffMark(Kind.HIDDEN_COLUMNS, first + 1, last + 1)
    elif kind == _BOOLEAN_OR_ERROR:
        row, column, value, is_error = struct.unpack_from("<HH2xBB", record)
        if is_error:
            yield BiffMark(Kind.ERROR, row + 1, column + 1, ERRORS.get(value, "of a formula"))
    elif kind == _FORMULA:
        row, column, result, options = struct.unpack_from("<HH2x8sH", record)
        if result.endswith(_NO_NUMBER) and result[0] == _ERROR:
            yield BiffMark(Kind.ERROR, row + 1, column + 1, ERRORS.get(result[2], "of a formula"))
        elif (
            result.endswith(_NO_NUMBER)
            and result[0] == _EMPTY_TEXT
            and (options & _COMPUTED_WHEN_OPENED or not was_computed)
        ):
            yield BiffMark(Kind.NOT_COMPUTED, row + 1, column + 1)
