"""The screens: what the latest doctor and checks found, as these commands left it."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from bot.checks.check.command import CHECKS_FOLDER
from bot.checks.check.outcome import CheckOutcome
from bot.checks.doctor import CHECKS
from bot.checks.doctor.kept import kept_rounds
from bot.console.pages.runs import SANDBOXED
from bot.console.visit import Visit, render

_CHECK = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
MOST = 30
"""Checks that are listed, newest first."""


def listed(visit: Visit) -> Response:
    """The latest doctor of each Admin, and the latest checks."""
    folder = visit.desk.settings.runs_dir / CHECKS_FOLDER
    folders = sorted((one for one in folder.glob("*") if _CHECK.fullmatch(one.name)), reverse=True)[:MOST]
    found = [one for one in map(_read, folders) if one is not None]
    rounds = kept_rounds(visit.desk.settings.runs_dir)
    titles = {check.name: check.title for check in CHECKS}
    return render(visit, "screens.html", found=found, rounds=rounds, titles=titles)


def _read(folder: Path) -> CheckOutcome | None:
    try:
        return CheckOutcome.model_validate_json((folder / "check.json").read_bytes())
    except (OSError, ValueError):
        return None


def report(visit: Visit) -> Response:
    """The report of a check, in a sandbox of its own: its screens beside their baselines."""
    name = str(visit.request.path_params["check"])
    path = visit.desk.settings.runs_dir / CHECKS_FOLDER / name / "check.html"
    if not _CHECK.fullmatch(name) or not path.is_file():
        raise HTTPException(404, "There is no such check.")
    return HTMLResponse(path.read_bytes(), headers={"Content-Security-Policy": SANDBOXED})
