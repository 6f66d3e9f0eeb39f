"""Reading a job list from whatever a person has: a file in YAML, a table, a workbook, standard input, or numbers."""

import gc
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from bot.errors import CannotStart, InputInvalid, Problem
from bot.files import Limits, read_bytes, text_of
from bot.joblist.columns import COLUMNS, understand
from bot.joblist.csvfile import separator_of, text_table
from bot.joblist.model import (
    LIST_IN_FILE,
    Expect,
    Job,
    JobList,
    ListInFile,
    OrderInFile,
    Reason_,
    Store_,
    is_order_number,
)
from bot.joblist.table import read_table
from bot.joblist.validation import in_order, problems_of
from bot.joblist.workbook import ENDINGS as WORKBOOKS
from bot.joblist.workbook import is_workbook, workbook_table
from bot.joblist.yamlfile import Data, Document, Spot, draft_of
from bot.joblist.yamlhints import not_as_meant, said_plainly, wrongly_indented

LIMITS: Final = Limits(max_bytes=64 * 1024 * 1024, max_lines=900_000, max_nodes=2_000_000, max_depth=20)
"""Room for that many orders, each with all its keys on lines of their own."""

STANDARD_INPUT: Final = "-"

_YAML, _TABLES = (".yaml", ".yml"), (".csv", ".tsv", ".txt")

_ENDINGS = (
    "The name of a job list must end in .yaml or .yml, in .csv, .tsv or .txt, or in .xlsx, .xlsm, .xls or .ods, which "
    "says how it is read"
)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the command line says about a list, besides where it is."""

    store: str | None = None
    """For every order whose store the list does not say."""
    reason: str | None = None
    """Likewise."""
    encoding: str | None = None
    """Of a text that is not UTF-8."""
    sheet: str | None = None
    """Which sheet of a workbook; the first one that is not hidden where nothing is said."""
    expect: bool = False
    """Whether the total and the buyer of a report are what the Admin must show."""

    @property
    def defaults(self) -> dict[str, str]:
        """What holds for every order that does not say it."""
        return {name: value for name in ("store", "reason") if (value := getattr(self, name)) is not None}


def read_job_list(path: Path, given: Given | None = None) -> JobList:
    """Read a job list.

    The file's ending says how: ``.yaml`` and ``.yml``; ``.csv``, ``.tsv`` and ``.txt`` for columns of text;
    ``.xlsx``, ``.xlsm``, ``.xls`` and ``.ods`` for workbooks. ``-`` is standard input, whose contents say what it is.

    Raises:
        InputInvalid: with every mistake, in the order of the file.
        CannotStart: what the command line says about the list is wrong.
    """
    given = given or Given()
    _check(given)
    file = str(path)
    with _without_garbage_collection():
        if file == STANDARD_INPUT:
            return _read("standard input", _standard_input(), given)
        if path.suffix.lower() not in (*_YAML, *_TABLES, *WORKBOOKS):
            read_bytes(path, LIMITS)  # a file that is not there, or is a folder, is refused as that
            raise InputInvalid([Problem(file, 1, 1, _ENDINGS)])
        return _read(file, read_bytes(path, LIMITS), given, path.suffix.lower())


def read_upload(name: str, data: bytes, given: Given | None = None) -> JobList:
    """Read a job list that was sent: a file of that name, or, without one, a text that was pasted.

    A pasted text that is nothing but order numbers is a list of them; else its contents say what it is.

    Raises:
        InputInvalid: with every mistake, in the order of the list.
        CannotStart: what is said about the list besides is wrong.
    """
    given = given or Given()
    _check(given)
    with _without_garbage_collection():
        if name:
            suffix = Path(name).suffix.lower()
            if len(data) > LIMITS.max_bytes:
                message = f"The file is too large: at most {LIMITS.max_bytes:,} bytes are allowed"
                raise InputInvalid([Problem(name, 1, 1, message)])
            if suffix not in (*_YAML, *_TABLES, *WORKBOOKS):
                raise InputInvalid([Problem(name, 1, 1, _ENDINGS)])
            return _read(name, data, given, suffix)
        numbers = [
            (line, column.start() + 1, column[0])
            for line, text in enumerate(data.decode(errors="replace").splitlines(), start=1)
            for column in _PASTED_NUMBER.finditer(text)
        ]
        if numbers and not data.decode(errors="replace").translate(_PASTED_SIGNS).strip("0123456789"):
            return _numbers(numbers, given)
        return _read(_PASTED, data, given)


_PASTED = "pasted list"
_PASTED_NUMBER = re.compile(r"[^\s,;]+")
_PASTED_SIGNS = dict.fromkeys(map(ord, " ,;-\t\r\n\u2010\u2011\u2012\u2013\u2014\u2015"), None)


def _numbers(numbers: Sequence[tuple[int, int, str]], given: Given) -> JobList:
    missing = [name for name in ("store", "reason") if name not in given.defaults]
    if missing:
        raise CannotStart(reason=f"Order numbers alone say no {' and no '.join(missing)}: give it below the list.")
    orders: list[Data] = [number for _, _, number in numbers]
    spots = [Spot((line, column), (line, column)) for line, column, _ in numbers]
    document = Document(
        _PASTED,
        {**given.defaults, "orders": orders},
        lambda: Spot((1, 1), (1, 1), {"orders": Spot((1, 1), (1, 1), spots)}),
    )
    return _checked(document)


def orders_by_number(numbers: Sequence[str], given: Given) -> JobList:
    """A job list of orders that are named on the command line, all of one store and for one reason.

    Raises:
        InputInvalid: with every number that is not an order number, or is there twice.
        CannotStart: the store or the reason is missing, or wrong.
    """
    _check(given)
    if about_files := [f"--{name}" for name in ("sheet", "encoding", "expect") if getattr(given, name)]:
        raise CannotStart(reason=f"{' and '.join(about_files)} can only be used with a file of orders.")
    missing = [f"--{name}" for name in ("store", "reason") if name not in given.defaults]
    if missing:
        raise CannotStart(
            reason=f"Orders that are named on the command line need {' and '.join(missing)} too: "
            '--store NAME --reason "Buyer Canceled"'
        )
    orders: list[Data] = list(numbers)
    spots = [Spot((number, 1), (number, 1)) for number in range(1, len(numbers) + 1)]
    document = Document(
        "command line",
        {**given.defaults, "orders": orders},
        lambda: Spot((1, 1), (1, 1), {"orders": Spot((1, 1), (1, 1), spots)}),
        place=lambda line, column: f"order {line}",
    )
    return _checked(document)


def job_list_of(data: Mapping[str, object], *, name: str) -> JobList:
    """The job list that a program has as data: a mapping with ``orders``, as a YAML file holds it.

    It is checked as a file is. ``name`` stands for the file in reports and in messages about mistakes.

    Raises ``InputInvalid`` with every mistake, all of them at line 1.
    """
    return _checked(Document(file=name, data=cast(Data, dict(data)), find_spots=lambda: Spot((1, 1), (1, 1))))


def _read(file: str, data: bytes, given: Given, suffix: str = "") -> JobList:
    unused: list[str] = []
    if is_workbook(data):
        if suffix and suffix not in WORKBOOKS:
            message = f"This is a workbook, although its name ends in {suffix}: give it its own ending, such as .xlsx"
            raise InputInvalid([Problem(file, 1, 1, message)])
        listed = read_table(workbook_table(data, file, given.sheet), given=given.defaults, expect=given.expect)
        unused += ["--encoding"] if given.encoding else []
        return _finished(listed.document, given, unused, columns=listed.columns, remarks=listed.remarks)
    if suffix in WORKBOOKS:
        message = (
            f"This is not a workbook, although its name ends in {suffix}: a list with columns of text ends in .csv"
        )
        raise InputInvalid([Problem(file, 1, 1, message)])
    unused += ["--sheet"] if given.sheet is not None else []
    text = text_of(data, file, LIMITS, encoding=given.encoding or "", may_name_it=True)
    if suffix in _TABLES or (not suffix and _is_table(text)):
        listed = read_table(text_table(text, file), given=given.defaults, expect=given.expect)
        return _finished(listed.document, given, unused, columns=listed.columns, remarks=listed.remarks)
    unused += ["--expect"] if given.expect else []
    if strange := wrongly_indented(text, file):
        raise InputInvalid(strange)
    return _finished(draft_of(text, file, LIMITS), given, unused)


def _finished(
    document: Document,
    given: Given,
    unused: Sequence[str],
    *,
    columns: Collection[str] | None = None,
    remarks: Sequence[str] = (),
) -> JobList:
    """The checked list, with what the command line says for every order, and what was not needed of it."""
    if isinstance(document.data, dict):
        said = document.data
        for name in given.defaults:
            if name in said or (_items(document) and all(name in item for _, item in _items(document))):
                unused = [*unused, f"--{name}"]
        document = replace(document, data={**given.defaults, **said})  # what the list says itself holds
    job_list = _checked(document, columns)
    if unused:
        remarks = [*remarks, f"Not needed for this list, and not used: {', '.join(unused)}."]
    return job_list.model_copy(update={"remarks": tuple(remarks)})


def _check(given: Given) -> None:
    for name, rule in (("store", Store_), ("reason", Reason_)):
        value = getattr(given, name)
        if value is not None:
            try:
                TypeAdapter(rule).validate_python(value)
            except ValidationError as error:
                (first, *_) = error.errors()
                raise CannotStart(reason=f"--{name}: {first['msg'].removeprefix('Value error, ')}.") from None


def _standard_input() -> bytes:
    return sys.stdin.buffer.read(LIMITS.max_bytes + 1)


def _is_table(text: str) -> bool:
    """Whether a text without a name begins with the header of a table."""
    separator = separator_of(text)
    first = next((line for line in text.splitlines() if line.strip() and not line.lower().startswith("sep=")), "")
    header = [cell.strip().strip('"') for cell in first.split(separator)]
    return "order" in understand(header, given=COLUMNS).places


def _checked(document: Document, columns: Collection[str] | None = None) -> JobList:
    """The jobs of a document, which has these columns if it is a table."""
    known = {(problem.line, problem.column) for problem in document.problems}
    missing = [problem for problem in _missing(document, columns) if (problem.line, problem.column) not in known]
    found = [*document.problems, *_duplicates(document), *missing, *not_as_meant(document)]
    try:
        parsed = LIST_IN_FILE.validate_python(document.data)
    except ValidationError as error:  # not chained: its text repeats whole values, such as names of buyers
        found += said_plainly(problems_of(error, LIST_IN_FILE, document), document)
        raise InputInvalid(in_order(found)) from None
    if found:
        raise InputInvalid(in_order(found))
    return JobList(file=document.file, jobs=tuple(_jobs(parsed)))


def _jobs(parsed: ListInFile) -> Iterator[Job]:
    for item in parsed.orders:
        order = OrderInFile(order=item) if isinstance(item, str) else item
        if reason := order.reason or parsed.reason:  # always: a list without one was refused
            yield Job(
                order=order.order,
                store=order.store or parsed.store,
                reason=reason,
                note=order.note,
                expect=Expect(total=order.expect.total, buyer=order.expect.buyer),
            )


def _items(document: Document) -> list[tuple[int, dict[str, Any]]]:
    """The orders that are at least of the right form, each as a mapping, with its index in the list."""
    data = document.data
    orders = data.get("orders") if isinstance(data, dict) else None
    found: list[tuple[int, dict[str, Any]]] = []
    for index, item in enumerate(orders if isinstance(orders, list) else ()):
        if isinstance(item, dict):
            found.append((index, item))
        elif isinstance(item, str):
            found.append((index, {"order": item}))
    return found


def _duplicates(document: Document) -> Iterator[Problem]:
    default = document.data.get("store") if isinstance(document.data, dict) else None
    first: dict[str, tuple[int, Any]] = {}
    for index, item in _items(document):
        number, store = item.get("order"), item.get("store", default)
        if not is_order_number(number):
            continue
        before, other_store = first.setdefault(number, (index, store))
        if before != index:
            line, column = document.locate(("orders", before, "order"))
            where = (
                f"it is already {f'on line {line}' if document.place is None else f'at {document.place(line, column)}'}"
            )
            if store != other_store:
                where += ", for another store, and an order belongs to one store only"
            message = f"{number} is in the list twice: {where}; keep one of them"
            yield document.problem(("orders", index, "order"), message)


def _missing(document: Document, columns: Collection[str] | None) -> Iterator[Problem]:
    """Orders without a store or a reason, where the list gives none for all."""
    at_the_top = document.data if isinstance(document.data, dict) else {}
    items = _items(document)
    for key in ("store", "reason"):
        without = [index for index, item in items if key not in item]
        if key in at_the_top or (columns is not None and key not in columns):
            continue  # a column that is not there has been reported once
        if columns is None and without and len(without) == len(items):
            message = f"The {key} is missing: write it above the orders, for all of them, or in each order"
            yield document.problem((), message)
            continue
        how = "write it in this order, or above the orders, for all of them"
        for index in without:
            message = f"The {key} is missing: {how if columns is None else 'every row needs one'}"
            yield document.problem(("orders", index, key), message)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A big list is millions of small values and no garbage: looking for some would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
