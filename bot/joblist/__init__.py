"""Job lists: which orders to cancel, in which store, for which reason.

A list is read and checked whole, and every mistake in it is reported, before any browser opens::

    store: asc-v2-2.3-magentocommerce-us     # for every order that names none itself
    reason: Buyer Canceled                   # label or code
    orders:
      - 112-1215998-3002091
      - order: 112-1215998-3002092
        reason: NoInventory
        note: ticket 4711
        expect: {total: "121.80", buyer: Michael Blankenship}

The same as a CSV file has one order a row; ``bot.joblist.csvfile`` says how it is read.
"""

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from bot.errors import InputInvalid, Problem
from bot.files import Limits
from bot.joblist.csvfile import read_csv
from bot.joblist.model import (
    LIST_IN_FILE,
    MOST_ORDERS,
    Expect,
    Job,
    JobList,
    ListInFile,
    OrderInFile,
    is_order_number,
    job_list_schema,
)
from bot.joblist.validation import in_order, problems_of
from bot.joblist.yamlfile import Data, Document, Spot, read_draft

__all__ = ["MOST_ORDERS", "Expect", "Job", "JobList", "job_list_of", "job_list_schema", "read_job_list"]

LIMITS: Final = Limits(max_bytes=64 * 1024 * 1024, max_lines=900_000, max_nodes=2_000_000, max_depth=20)
"""Room for that many orders, each with all its keys on lines of their own."""


def read_job_list(path: Path) -> JobList:
    """Read a job list: YAML if the name ends in ``.yaml`` or ``.yml``, CSV if it ends in ``.csv``.

    Raises ``InputInvalid`` with every mistake, in the order of the file.
    """
    suffix = path.suffix.lower()
    with _without_garbage_collection():
        if suffix in {".yaml", ".yml"}:
            return _checked(read_draft(path, LIMITS))
        if suffix == ".csv":
            return _checked(*read_csv(path, LIMITS))
    message = "The name of a job list must end in .yaml, .yml or .csv, which says how it is read"
    raise InputInvalid([Problem(str(path), 1, 1, message)])


def job_list_of(data: Mapping[str, object], *, name: str) -> JobList:
    """The job list that a program has as data: a mapping with ``orders``, as a YAML file holds it.

    It is checked as a file is. ``name`` stands for the file in reports and in messages about mistakes.

    Raises ``InputInvalid`` with every mistake, all of them at line 1.
    """
    return _checked(Document(file=name, data=cast(Data, dict(data)), find_spots=lambda: Spot((1, 1), (1, 1))))


def _checked(document: Document, columns: Collection[str] | None = None) -> JobList:
    """The jobs of a document, which has these columns if it is a CSV file."""
    found = [*document.problems, *_duplicates(document), *_missing(document, columns)]
    try:
        parsed = LIST_IN_FILE.validate_python(document.data)
    except ValidationError as error:  # not chained: its text repeats whole values, such as names of buyers
        found += problems_of(error, LIST_IN_FILE, document)
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
            line, _ = document.locate(("orders", before, "order"))
            where = f"it is already on line {line}"
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
