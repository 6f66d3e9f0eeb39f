"""The list of runs, and one run: how far it is, who works on it, its orders, and what can be done to it."""

import re

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response

from bot.console import acting, reading
from bot.console.shown import RunShown, State
from bot.console.visit import Visit, done, render
from bot.evidence.verify import find_folder, verify
from bot.ledger import Kind
from bot.outcomes import Outcome
from bot.reports.figures import figures_of
from bot.reports.report import REPORT_FILE
from bot.reports.results import CSV_FILE, JUNIT_FILE, RESULTS_FILE

_FILES = {RESULTS_FILE: "application/json", CSV_FILE: "text/csv; charset=utf-8", JUNIT_FILE: "application/xml"}
_REPORT = re.compile(r"report(-[0-9]{2,})?\.html")
SANDBOXED = (
    "sandbox allow-scripts allow-popups; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A report has scripts of its own inside. In a sandbox they have no origin: no cookie, no request in anybody's name."""


def home(visit: Visit) -> Response:
    """The first page is the list of runs."""
    return RedirectResponse("/runs", 303)


def listed(visit: Visit) -> Response:
    """The list of runs."""
    asked, words = visit.query("kind", 20), visit.query("q")
    kind = Kind(asked) if asked in set(Kind) else Kind.ALL
    found = reading.runs(visit.desk.ledger, visit.page, kind, words)
    return render(visit, "runs.html", found=found, kind=kind, kinds=_KINDS, words=words)


_KINDS = {
    Kind.ALL: "All",
    Kind.OPEN: "Going on",
    Kind.APPROVAL: "Wait for approval",
    Kind.PERSON: "Need a person",
    Kind.FINISHED: "Finished",
}


def run_of(visit: Visit) -> RunShown:
    """The run that an address names.

    Raises:
        HTTPException: it does not exist.
    """
    shown = reading.run(visit.desk.ledger, str(visit.request.path_params["run"]))
    if shown is None:
        raise HTTPException(404, "The ledger knows no run with this id.")
    return shown


def one(visit: Visit) -> Response:
    """A run."""
    shown, ledger = run_of(visit), visit.desk.ledger
    outcome, words = visit.query("outcome", 20), visit.query("q")
    if outcome not in {*Outcome, "none", ""}:
        outcome = ""
    return render(
        visit,
        "run.html",
        run=shown,
        found=reading.orders(ledger, shown, visit.page, outcome, words),
        outcome=outcome,
        words=words,
        figures=figures_of(reading.counter(shown), shown.command),
        at_work=ledger.pages.at_work(shown.run) if shown.is_open else [],
        pace=ledger.pages.pace(shown.run, shown.orders - shown.done) if shown.is_open else None,
        paused=ledger.queue.paused(),
        has_report=(visit.desk.folder(shown.run) / REPORT_FILE).is_file(),
        State=State,
    )


def report(visit: Visit) -> Response:
    """The report of a run, or one of its further files, in a sandbox of its own."""
    shown = run_of(visit)
    name = str(visit.request.path_params.get("file", REPORT_FILE))
    path = visit.desk.folder(shown.run) / name
    if not _REPORT.fullmatch(name) or not path.is_file():
        raise HTTPException(404, "There is no report of this run yet: it is written when the run is over.")
    return HTMLResponse(path.read_bytes(), headers={"Content-Security-Policy": SANDBOXED})


def results(visit: Visit) -> Response:
    """The results of a run, as a file for programs."""
    shown = run_of(visit)
    name = str(visit.request.path_params["file"])
    path = visit.desk.folder(shown.run) / name
    if name not in _FILES or not path.is_file():
        raise HTTPException(404, "There are no such results of this run yet: they are written when the run is over.")
    return FileResponse(path, media_type=_FILES[name], filename=f"{shown.run}-{name}")


def compared(visit: Visit) -> Response:
    """Whether the run's folder and the ledger still agree, as ``countermand verify`` says it."""
    shown = run_of(visit)
    folder = find_folder(shown.run, visit.desk.settings.runs_dir)
    found = verify(folder, visit.desk.ledger, visit.desk.evidence(shown.run))
    return render(visit, "verified.html", run=shown, found=found)


# --- What is done to a run ---


def pause(visit: Visit) -> Response:
    """Pause the queue."""
    acting.pause(visit)
    return done(_back(visit), "paused")


def resume(visit: Visit) -> Response:
    """Let orders begin again."""
    acting.resume(visit)
    return done(_back(visit), "resumed")


def stop(visit: Visit) -> Response:
    """Take a run out of the queue."""
    shown = run_of(visit)
    acting.stop(visit, shown.run)
    return done(f"/runs/{shown.run}", "stopped")


def retry(visit: Visit) -> Response:
    """Queue once more what is stuck of a run."""
    shown = run_of(visit)
    acting.retry(visit, shown.run)
    return done(f"/runs/{shown.run}", "retried")


def _back(visit: Visit) -> str:
    run_id = visit.text("run", 64)
    return f"/runs/{run_id}" if re.fullmatch(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}", run_id) else "/runs"


def text_of(visit: Visit) -> Response:
    """A file that is plain text."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
