"""The screens: what the latest doctor and checks found, as these commands left it."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from bot.checks.check.command import CHECKS_FOLDER
from bot.checks.check.outcome import CheckOutcome
from bot.checks.check.show import of_json
from bot.checks.doctor import CHECKS
from bot.checks.doctor.kept import kept_rounds
from bot.console.pages.runs import SANDBOXED
from bot.console.visit import Visit, render

_ADMIN = re.compile(r'"admin": ?"([^"\\]+)"')
_CHECK = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
MOST = 30
"""Checks that are listed, newest first."""

FARTHEST = 2_000
"""Checks among which the latest one of each Admin is looked for."""


def listed(visit: Visit) -> Response:
    """The latest doctor of each Admin, and the latest checks."""
    folder = visit.desk.settings.runs_dir / CHECKS_FOLDER
    folders = sorted((one for one in folder.glob("*") if _CHECK.fullmatch(one.name)), reverse=True)[:FARTHEST]
    found = [one for one in map(_read, folders[:MOST]) if one is not None]
    admins = {one.admin for one in found}
    for older in folders[MOST:]:  # an Admin that is checked less often than others has its latest check, too
        if _admin_in(older) not in {*admins, ""} and (one := _read(older)):
            admins.add(one.admin)
            found.append(one)
    rounds = kept_rounds(visit.desk.settings.runs_dir)
    titles = {check.name: check.title for check in CHECKS}
    return render(visit, "screens.html", found=found, rounds=rounds, titles=titles)


def _admin_in(folder: Path) -> str:
    """Which Admin a check was of, without reading all of it; empty if it does not say."""
    try:
        with (folder / "check.json").open(encoding="utf-8") as file:
            named = _ADMIN.search(file.read(2_000))
    except (OSError, ValueError):
        return ""
    return named[1] if named else ""


def _read(folder: Path) -> CheckOutcome | None:
    try:
        return of_json((folder / "check.json").read_bytes())
    except (OSError, ValueError):
        return None


def report(visit: Visit) -> Response:
    """The report of a check, in a sandbox of its own: its screens beside their baselines."""
    name = str(visit.request.path_params["check"])
    path = visit.desk.settings.runs_dir / CHECKS_FOLDER / name / "check.html"
    if not _CHECK.fullmatch(name) or not path.is_file():
        raise HTTPException(404, "There is no such check.")
    return HTMLResponse(path.read_bytes(), headers={"Content-Security-Policy": SANDBOXED})
