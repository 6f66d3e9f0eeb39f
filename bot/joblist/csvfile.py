"""Reading a job list that is a text file with columns: CSV as spreadsheets write it, or a tab-separated report.

What separates the cells (comma, semicolon, tab or ``|``) is judged by the first line, outside of quotes, or said by a
line ``sep=;`` above it. Spaces around a cell do not count, nor do empty rows. A position is the line on which the row
begins, and the number of the column.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from bot.errors import Problem
from bot.joblist.table import Row, Table

_SEPARATORS: Final = "\t;,|"
"""What may separate cells; of two that are equally frequent the first one here."""

_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
_SEP_LINE: Final = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)


def text_table(text: str, file: str) -> Table:
    """The rows of a text that is not empty; after a mistake in the grammar of CSV no more can be read."""
    table = Table(file=file, rows=iter(()))
    table.rows = _rows(text, file, table.problems)
    return table


def separator_of(text: str) -> str:
    """What separates the cells of a text, by its first line that is not empty."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if said := _SEP_LINE.fullmatch(first):
        return said[1]
    plain = _QUOTED.sub("", first)
    return max(_SEPARATORS, key=plain.count) if any(map(plain.count, _SEPARATORS)) else ","


def _rows(text: str, file: str, problems: list[Problem]) -> Iterator[Row]:
    delimiter = separator_of(text)
    reader = _lines(text) if delimiter == "\t" else _csv(text, delimiter, file, problems)
    is_first = True
    for line, cells in reader:
        stripped = [cell.strip() for cell in cells]
        if not any(stripped) or (is_first and _SEP_LINE.fullmatch(delimiter.join(stripped))):
            continue
        is_first = False
        yield Row(line, stripped)


def _csv(text: str, delimiter: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(file, line, 1, _in_plain_words(str(error))))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Amazon's reports put nothing in quotes, and a product's name may hold one; Excel puts whole cells in quotes."""
    for number, line in enumerate(io.StringIO(text), start=1):
        yield number, [_without_quotes(cell) for cell in line.rstrip("\r\n").split("\t")]


def _without_quotes(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if _QUOTED.fullmatch(cell) else cell


def _in_plain_words(error: str) -> str:
    if "unexpected end of data" in error:
        return "The quotes that open in this row are never closed: add the closing one"
    if "field larger" in error:
        return "A cell of this row is far too long: check that its quotes are closed"
    if "expected after" in error:
        return "There is text after the closing quote of a cell: write a quote that is part of the text twice"
    return f"This row is not CSV: {error}"
