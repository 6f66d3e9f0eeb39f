"""A new list: uploaded or pasted, read as the command line reads it, planned, and submitted from its plan."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.console import acting
from bot.console.pages.runs import run_of
from bot.console.people import Role
from bot.console.visit import Visit, done, render
from bot.engine.schedules import PRIORITY
from bot.errors import CannotStart, InputInvalid, Problem
from bot.joblist import Given, Job, JobList, read_upload
from bot.joblist.reading import LIMITS
from bot.ledger import Kind
from bot.outcomes import Outcome
from bot.timespan import pace_of, point_in_time

MOST_SHOWN = 200
"""Mistakes that are shown at once."""

AROUND = 2
"""Lines that are shown before and after one with a mistake."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a list, or a gap where lines are left out."""

    number: int
    text: str
    problems: tuple[Problem, ...] = ()


def empty(visit: Visit) -> Response:
    """The form for a new list."""
    visit.needs(Role.OPERATOR)
    sample = visit.desk.sample if visit.query("sample", 5) else ""
    last = next(iter(visit.desk.ledger.pages.runs(1, 0, Kind.ALL)), None)
    store = _latest_store(visit) if last is not None and not sample else ""
    return _form(visit, Given(store=store or None), 200, sample)


def _form(visit: Visit, given: Given, status: int, text: str, **told: object) -> Response:
    nothing: dict[str, object] = {"name": "", "problems": (), "more": 0, "lines": (), "remark": ""}
    return render(visit, "new.html", status, text=text, given=given, **(nothing | told))


def read(visit: Visit) -> Response:
    """Read the list, and queue its plan; or say what is wrong, beside the lines that it is in."""
    visit.needs(Role.OPERATOR)
    given = Given(
        store=visit.text("store", 300) or None,
        reason=visit.text("reason", 100) or None,
        encoding=visit.text("encoding", 40) or None,
        sheet=visit.text("sheet", 100) or None,
        expect=bool(visit.text("expect", 5)),
    )
    name, data, text = _sent(visit)
    pasted = "" if name else text
    try:
        job_list = read_upload(name, data, given)
    except InputInvalid as invalid:
        problems, lines = invalid.problems, _beside(text, invalid.problems) if text else ()
        more = max(0, len(problems) - MOST_SHOWN)
        return _form(visit, given, 422, pasted, name=name, problems=problems[:MOST_SHOWN], more=more, lines=lines)
    except CannotStart as trouble:
        words = str(trouble).replace("--store: ", "Store: ").replace("--reason: ", "Reason: ")
        return _form(visit, given, 422, pasted, name=name, remark=words)
    queued = acting.plan(visit, job_list)
    return done(f"/runs/{queued.run_id}", "planned" if queued.is_new else "again")


def submit(visit: Visit) -> Response:
    """Submit for approval what was planned: the same orders, as they were frozen then."""
    shown = run_of(visit)
    if shown.command != "plan" or shown.is_open:
        raise HTTPException(409, "A list is submitted from its plan, once the plan is finished.")
    how = _how(visit)
    outcome = str(Outcome.WOULD_CANCEL) if visit.text("which", 5) != "all" else ""
    jobs = jobs_of(visit, shown.run, outcome)
    if not jobs:
        raise HTTPException(409, "The plan says of no order that it would be canceled: there is nothing to approve.")
    job_list = JobList(file=shown.job_list, jobs=jobs)
    queued = acting.submit(visit, job_list, plan_run=shown.run, how=how)
    return RedirectResponse(f"/runs/{queued.run_id}?said={'submitted' if queued.is_new else 'again'}", 303)


def _how(visit: Visit) -> acting.How:
    """How the list is to be worked, as the form says.

    Raises:
        HTTPException: a field cannot be read; it says which.
    """
    at, pace = visit.text("at", 40), visit.text("pace", 20)
    try:
        begin = point_in_time(at, datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds") if at else ""
    except CannotStart as trouble:
        raise HTTPException(409, f"Begin: {str(trouble).replace(', or leave out --at', '')}") from trouble
    try:
        spacing = pace_of(pace) if pace else None
    except ValueError as trouble:
        raise HTTPException(409, f"Pace: {trouble}.") from trouble
    return acting.How(
        priority=_number(visit, "priority", "The priority", 1000) or PRIORITY,
        not_before=begin,
        spacing=spacing,
        max_cancellations=_number(visit, "max_cancellations", "The most cancels", 999_999),
        one_worker_a_store=bool(visit.text("one_worker_per_store", 5)),
    )


def _number(visit: Visit, field: str, what: str, most: int) -> int | None:
    text = visit.text(field, 6)
    if not text:
        return None
    if text.isascii() and text.isdigit() and 0 < int(text) <= most:
        return int(text)
    raise HTTPException(409, f"{what} must be a number from 1 to {most}, or left empty.")


def jobs_of(visit: Visit, run_id: str, outcome: str = "") -> tuple[Job, ...]:
    """The orders of a run, as they were frozen; only those with an outcome, if one is named."""
    pages, jobs = visit.desk.ledger.pages, list[Job]()
    places = pages.places(run_id, outcome)
    for begin in range(0, len(places), 1_000):
        jobs += [one.job for one in pages.orders(run_id, places[begin : begin + 1_000])]
    return tuple(jobs)


def _sent(visit: Visit) -> tuple[str, bytes, str]:
    """The name and the bytes of what was sent, and its text, if it is one; the name of what was pasted is empty."""
    file = visit.form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        data = file.file.read(LIMITS.max_bytes + 1)
        name = re.split(r"[\\/]", file.filename)[-1][:200]
        return name, data, _text(data)
    pasted = visit.form.get("text", "")
    text = "" if isinstance(pasted, UploadFile) else pasted.replace("\r\n", "\n")
    return "", text.encode(errors="replace"), text


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _beside(text: str, problems: tuple[Problem, ...]) -> tuple[Line, ...]:
    """The lines of a text that have mistakes, with a few around them; a line with the number 0 is a gap."""
    lines = re.split(r"\r\n|\r|\n", text)
    wrong: dict[int, list[Problem]] = {}
    for problem in problems[:MOST_SHOWN]:
        wrong.setdefault(problem.line, []).append(problem)
    shown: list[Line] = []
    last = 0
    for number, line in enumerate(lines, start=1):
        if not any(near in wrong for near in range(number - AROUND, number + AROUND + 1)):
            continue
        if number > last + 1:
            shown.append(Line(number=0, text=""))
        last = number
        shown.append(Line(number=number, text=line[:500], problems=tuple(wrong.get(number, ()))))
    if last < len(lines):
        shown.append(Line(number=0, text=""))
    return tuple(shown)


def _latest_store(visit: Visit) -> str:
    (last, *_) = visit.desk.ledger.pages.runs(1, 0, Kind.ALL)
    first = visit.desk.ledger.pages.orders(last.info.run_id, [1])
    return first[0].job.store if first else ""
