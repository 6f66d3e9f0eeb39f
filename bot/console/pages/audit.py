"""What people did: filtered, exported, and held against its own hashes."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain, islice

from starlette.responses import Response, StreamingResponse

from bot.console import reading
from bot.console.visit import Visit, render
from bot.ledger import Action
from bot.reports.results import spreadsheet_cell

PER_PAGE = 50

_COLUMNS = ("number", "at", "by", "action", "about", "why", "via", "hash")


def _filter(visit: Visit) -> dict[str, str]:
    action = visit.query("action", 40)
    return {"by": visit.query("by"), "action": action if action in set(Action) else "", "words": visit.query("q")}


def listed(visit: Visit) -> Response:
    """A page of it, newest first."""
    audit, asked = visit.desk.ledger.audit, _filter(visit)
    part = reading.part_of(audit.count(**asked), visit.page, PER_PAGE)
    checked = audit.break_in_chain() if visit.query("check", 3) else None
    return render(
        visit,
        "audit.html",
        found=audit.latest(part.size, part.begin - 1, **asked),
        part=part,
        asked=asked,
        actions=tuple(Action),
        checked=checked,
    )


def as_csv(visit: Visit) -> Response:
    """All of it, or what the filter leaves, oldest first, for spreadsheets."""

    def rows() -> Iterator[str]:
        yield _row(_COLUMNS)
        for one in visit.desk.ledger.audit.all(**_filter(visit)):
            told = asdict(one)
            yield _row([spreadsheet_cell(told[name]) for name in _COLUMNS])

    headers = {"Content-Disposition": 'attachment; filename="countermand-audit.csv"'}
    return StreamingResponse(_begun(rows()), media_type="text/csv; charset=utf-8", headers=headers)


def as_lines(visit: Visit) -> Response:
    """The same as JSON lines."""
    lines = (json.dumps(asdict(one)) + "\n" for one in visit.desk.ledger.audit.all(**_filter(visit)))
    headers = {"Content-Disposition": 'attachment; filename="countermand-audit.jsonl"'}
    return StreamingResponse(_begun(lines), media_type="application/x-ndjson", headers=headers)


def _begun(lines: Iterator[str]) -> Iterator[str]:
    """The same, with the ledger asked already: what goes wrong there is answered with a page, not with a cut file."""
    return chain(list(islice(lines, 2)), lines)


def _row(values: object) -> str:
    page = io.StringIO(newline="")
    csv.writer(page).writerow(values)  # type: ignore[arg-type]  # a row of cells
    return page.getvalue()
