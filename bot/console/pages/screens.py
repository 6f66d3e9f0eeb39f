"""The screens: what the latest doctor and checks found, and each screen side by side with its baseline."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from bot.checks.check.command import CHECKS_FOLDER
from bot.checks.check.model import AspectState, ScreenReport
from bot.checks.check.outcome import ASPECT_WORDS, STATE_WORDS, CheckOutcome
from bot.checks.check.report import BEFORE, DIFFERENCE, NOW, PAGE_FILE, picture_file
from bot.checks.check.show import of_json
from bot.checks.doctor import CHECKS
from bot.checks.doctor.kept import kept_rounds
from bot.console.pages.runs import SANDBOXED
from bot.console.visit import Visit, render

SIDE_BY_SIDE = {BEFORE: "Baseline", NOW: "Now", DIFFERENCE: "Difference"}
"""The pictures of a screen, with what they are called."""

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


def _check(visit: Visit) -> tuple[Path, CheckOutcome]:
    """The check that an address names, and its folder.

    Raises:
        HTTPException: it does not exist.
    """
    name = str(visit.request.path_params["check"])
    folder = visit.desk.settings.runs_dir / CHECKS_FOLDER / name
    found = _read(folder) if _CHECK.fullmatch(name) else None
    if found is None:
        raise HTTPException(404, "There is no such check.")
    return folder, found


def one(visit: Visit) -> Response:
    """A check: what drifted on each screen, the worst first, and its picture beside the baseline's."""
    folder, found = _check(visit)
    screens = sorted(found.screens, key=lambda screen: _WORST_FIRST.index(screen.state))
    return render(
        visit,
        "check.html",
        check=found,
        screens=[(screen, _pictures(folder, screen)) for screen in screens],
        has_report=(folder / PAGE_FILE).is_file(),
        aspects=ASPECT_WORDS,
        states=STATE_WORDS,
    )


_WORST_FIRST = (AspectState.DIFFERS, AspectState.NO_BASELINE, AspectState.HOLDS, AspectState.NOT_LOOKED_AT)


def _pictures(folder: Path, screen: ScreenReport) -> dict[str, str]:
    """What there is of a screen's pictures, with the words below each."""
    there = {
        which: words for which, words in SIDE_BY_SIDE.items() if picture_file(folder, screen.screen, which).is_file()
    }
    if DIFFERENCE in there and screen.changed:
        there[DIFFERENCE] += f": {screen.changed:.3g} % differ"
    return there


def picture(visit: Visit) -> Response:
    """A picture of a check: of a screen that it looked at, and no other file."""
    folder, found = _check(visit)
    name, which = str(visit.request.path_params["screen"]), str(visit.request.path_params["which"])
    path = picture_file(folder, name, which)
    if name not in {screen.screen for screen in found.screens} or which not in SIDE_BY_SIDE or not path.is_file():
        raise HTTPException(404, "There is no such picture.")
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=3600"}
    return Response(path.read_bytes(), media_type="image/png", headers=headers)


def report(visit: Visit) -> Response:
    """The report of a check, in a sandbox of its own."""
    path = _check(visit)[0] / PAGE_FILE
    if not path.is_file():
        raise HTTPException(404, "There is no report of this check.")
    return HTMLResponse(path.read_bytes(), headers={"Content-Security-Policy": SANDBOXED})
