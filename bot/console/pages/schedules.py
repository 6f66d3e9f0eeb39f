"""What is done at certain times: when, what, who said so, and the end of it."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.console import acting, reading
from bot.console.pages.lists import jobs_of
from bot.console.people import Role
from bot.console.shown import RunShown
from bot.console.visit import Visit, done, render, words_of
from bot.engine.schedules import schedule_of
from bot.errors import CannotStart
from bot.joblist import JobList

FIELDS = {"name": "", "cron": "", "timezone": "UTC", "what": "audit", "since": "7d", "run": ""}
"""The fields of the form, with what is in it at first."""

WHAT = ("audit", "check", "plan", "run")


def listed(visit: Visit) -> Response:
    """Every schedule, and a form for another one."""
    run = visit.query("run", 80)
    return _page(visit, FIELDS | {"run": run, "what": "plan" if run else "audit"})


def _page(visit: Visit, given: dict[str, str], remark: str = "") -> Response:
    desk = visit.desk
    return render(
        visit,
        "schedules.html",
        422 if remark else 200,
        found=desk.ledger.schedules.all(),
        known=desk.backlog.scheduled(),
        given=given,
        list_of=_run(visit, given["run"]),
        remark=remark,
    )


def add(visit: Visit) -> Response:
    """Add one, or say beside the form why it cannot be."""
    visit.needs(Role.OPERATOR)
    given = {name: visit.text(name, 200) for name in FIELDS}
    what, list_of = given["what"], _run(visit, given["run"])
    if what not in WHAT or (what in {"plan", "run"} and list_of is None):
        raise HTTPException(409, "Choose what is to be done: an audit, a check, or the list of a run.")
    job_list = terms = None
    if list_of is not None and what in {"plan", "run"}:
        jobs = jobs_of(visit, list_of.run) if what == "plan" else ()  # what cancels gets them as they were frozen
        job_list = JobList(file=list_of.job_list, jobs=jobs)
        queued = visit.desk.ledger.queue.find(list_of.run)
        terms = queued.terms if queued else None  # its limits were approved with it
    try:
        schedule = schedule_of(
            visit.desk.settings,
            name=given["name"],
            cron=given["cron"],
            timezone=given["timezone"],
            command=what,
            job_list=job_list,
            since=given["since"] if what == "audit" else "",
            terms=terms,
        )
        acting.add_schedule(visit, schedule, list_of)
    except CannotStart as trouble:
        return _page(visit, given, words_of(trouble))
    return done("/schedules", "added")


def remove(visit: Visit) -> Response:
    """End one."""
    visit.needs(Role.OPERATOR)
    name = visit.text("name", 200)
    if name not in [one.name for one in visit.desk.ledger.schedules.all()]:
        raise HTTPException(404, "There is no schedule of that name.")
    acting.remove_schedule(visit, name)
    return done("/schedules", "removed")


def _run(visit: Visit, run_id: str) -> RunShown | None:
    """The run whose list is meant; None if none is named."""
    if not run_id:
        return None
    shown = reading.run(visit.desk.ledger, run_id)
    if shown is None:
        raise HTTPException(404, "The ledger knows no run with this id.")
    return shown
