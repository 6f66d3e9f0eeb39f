"""A job list that is a table, whatever file it came from: rows of texts, made into the shape of a list in YAML."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.errors import InputInvalid, Problem
from bot.files import did_you_mean, one_of, shown
from bot.joblist.columns import COLUMNS, EXPECTED, Columns, problems_in, understand
from bot.joblist.yamlfile import Data, Document, Spot
from bot.money import amount
from bot.vocabulary import AMAZON_ORDER_NUMBER
from bot.wording import count_of


class Row(NamedTuple):
    """One row that is not empty."""

    line: int
    """The line on which it begins, from 1."""
    cells: Sequence[str]


class Spoiled(NamedTuple):
    """A cell whose value cannot be taken, although it is there."""

    line: int
    column: int
    """From 1, as the line."""
    why: str


@dataclass(kw_only=True)
class Table:
    """The rows of a file, its header first."""

    file: str
    rows: Iterator[Row]
    problems: list[Problem] = field(default_factory=list)
    """What was found wrong with the form of the file; more is added while the rows are read."""
    place: Callable[[int, int], str] | None = None
    """How a line and a column are written, where not as two numbers."""
    spoiled: Collection[Spoiled] = ()
    hidden_columns: Collection[int] = ()
    """Columns that nobody sees, from 1."""
    remarks: Sequence[str] = ()
    """What was not read of the file, in sentences."""


class ListedOrders(NamedTuple):
    """What a table says."""

    document: Document
    columns: Collection[str]
    """Our names of the columns that are used."""
    remarks: Sequence[str]
    """What was left out, and what was put together, in sentences."""


def read_table(table: Table, *, given: Collection[str] = (), expect: bool = False) -> ListedOrders:
    """What the table says, in the shape of a job list in YAML.

    The mistakes of its form are the document's ``problems``; columns that it ought to have are among them.

    Args:
        table: its rows.
        given: what the command line says for every order: ``store``, ``reason``.
        expect: whether a report's total and buyer are what the Admin must show.

    Raises:
        InputInvalid: there is no column of order numbers, or nothing below it can be read.
    """
    header = next(table.rows, None)
    if header is None:
        raise InputInvalid(table.problems or [Problem(table.file, 1, 1, "The file is empty")])
    columns = understand(header.cells, given=given, expect=expect)
    table.problems.extend(problems_in(columns, table.file, header.line))
    table.problems.extend(_spoiled(table, columns, header))
    if "order" not in columns.places:
        raise InputInvalid(_placed(table, _called_otherwise(table, header) or table.problems))
    lines: list[int] = []
    orders: list[dict[str, Data]] = []
    for row in table.rows:
        lines.append(row.line)
        orders.append(_order(row, columns))
        if columns.is_ours:
            table.problems.extend(_beyond(row, columns, header, table.file))
    if table.problems and not orders:
        raise InputInvalid(_placed(table, table.problems))
    rows = len(orders)
    if not columns.is_ours:
        lines, orders = _one_an_order(lines, orders, columns, table)
    places = columns.places

    def find_spots() -> Spot:
        return Spot((1, 1), (1, 1), {"orders": Spot((1, 1), (1, 1), [_spot(line, places) for line in lines])})

    document = Document(
        table.file, {"orders": list(orders)}, find_spots, tuple(_placed(table, table.problems)), place=table.place
    )
    return ListedOrders(document, places, tuple(_remarks(columns, table, rows, len(orders))))


def _placed(table: Table, problems: Iterable[Problem]) -> list[Problem]:
    place = table.place
    return [problem if place is None else problem.at(place(problem.line, problem.column)) for problem in problems]


def _called_otherwise(table: Table, header: Row) -> list[Problem]:
    """The column that holds order numbers under a name that is not known, as in an export in another language."""
    first = next(table.rows, None)
    if first is None or any(AMAZON_ORDER_NUMBER.search(name) for name in header.cells):
        return []
    for place, (name, cell) in enumerate(zip(header.cells, first.cells, strict=False), start=1):
        if name and AMAZON_ORDER_NUMBER.fullmatch(cell) and not did_you_mean(name, COLUMNS):
            message = (
                f"{shown(name)} holds Amazon order numbers, and is not a known column: call it order-id in the first "
                "line, and the others are used or left out as in a report"
            )
            return [Problem(table.file, header.line, place, message)]
    return []


def _spoiled(table: Table, columns: Columns, header: Row) -> Iterator[Problem]:
    """The cells that would count as left out: in a report only those of the columns that are used."""
    used = {place + 1 for place in columns.places.values()}
    for cell in table.spoiled:
        if cell.line >= header.line and (columns.is_ours or cell.column in used):
            yield Problem(table.file, cell.line, cell.column, cell.why)


def _beyond(row: Row, columns: Columns, header: Row, file: str) -> Iterator[Problem]:
    beyond = next((n for n, cell in enumerate(row.cells) if cell and n >= columns.width), None)
    if beyond is not None:
        message = f"This row has more cells than the {columns.width} columns that line {header.line} names"
        yield Problem(file, row.line, beyond + 1, f"{message}: put text with commas or semicolons in quotes")


def _order(row: Row, columns: Columns) -> dict[str, Data]:
    """The row as a mapping of its cells that are not empty."""
    cells = row.cells
    order: dict[str, Data] = {}
    expect: dict[str, Data] = {}
    for name, place in columns.places.items():
        if place < len(cells) and cells[place]:
            (expect if name in EXPECTED else order)[name] = (
                _total(cells[place], columns) if name == "total" else cells[place]
            )
    if expect:
        order["expect"] = expect
    return order


def _total(cell: str, columns: Columns) -> str:
    """An amount of a report, with its currency and its separators, as our own lists write it."""
    value = None if columns.is_ours else amount(cell)
    return cell if value is None else str(value)


def _one_an_order(
    lines: list[int], orders: list[dict[str, Data]], columns: Columns, table: Table
) -> tuple[list[int], list[dict[str, Data]]]:
    """A report has a line for each item: those of one order and store become one."""
    first: dict[tuple[Data, Data], tuple[int, dict[str, Data]]] = {}
    for line, order in zip(lines, orders, strict=True):
        key = (order.get("order", f"line {line}"), order.get("store"))
        at, kept = first.setdefault(key, (line, order))
        if kept.get("expect") != order.get("expect"):
            message = (
                f"{shown(order.get('order'))} has other expectations on line {at}: give it one total and one buyer, "
                "or leave out --expect"
            )
            table.problems.append(Problem(table.file, line, columns.places["order"] + 1, message))
        for name in ("reason", "note"):
            if name in order and kept.setdefault(name, order[name]) != order[name]:
                message = f"{shown(order.get('order'))} has another {name} on line {at}: give it one"
                table.problems.append(Problem(table.file, line, columns.places[name] + 1, message))
    return [line for line, _ in first.values()], [order for _, order in first.values()]


def _remarks(columns: Columns, table: Table, rows: int, orders: int) -> Iterator[str]:
    yield from table.remarks
    if unseen := [what for what, place in columns.places.items() if place + 1 in table.hidden_columns]:
        yield f"Hidden, and used all the same: the column{'s' if len(unseen) > 1 else ''} of {one_of(unseen)}."
    if columns.is_ours:
        return
    used = [f"{shown(name)} as {what}" for what, name in columns.names.items()]
    yield f"Columns used: {one_of(used)}."
    if columns.left_out:
        yield f"Columns left out: {one_of([shown(name) for name in columns.left_out])}."
    if rows > orders:
        yield f"{count_of(rows, 'line')} for {count_of(orders, 'order')}: the lines of one order count as one."


def _spot(line: int, places: Mapping[str, int]) -> Spot:
    cells = {name: Spot((line, place + 1), (line, place + 1)) for name, place in places.items()}
    inside = {name: spot for name, spot in cells.items() if name not in EXPECTED}
    inside["expect"] = Spot((line, 1), (line, 1), cells)
    return Spot((line, 1), (line, 1), inside)
