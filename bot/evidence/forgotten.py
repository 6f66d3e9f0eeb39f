"""Presses that the folders of earlier runs tell of, and the ledger does not know.

The ledger is the only memory of what was pressed. One that was restored from an older copy, copied without the ``-wal``
file beside it, or removed, has forgotten presses: an order whose cancel Amazon did not keep, or is still on its way,
would be pressed once more. The trail in a run's folder remembers them.

That a folder is ahead of the ledger is no proof of that. A step or a picture is in the ledger's database at once, and
on its disk with the next intent: a database that crashes loses the last of them, and never an intent.
"""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from bot.errors import CannotStart
from bot.ledger import Event, Ledger
from bot.ledger.trail import TRAIL_FILE, first_hash, next_hash
from bot.wording import count_of

_LINE: Final = re.compile(r'\{"hash": "([0-9a-f]{64})", "event": (\{.*\})\}\n?')
_LAST_LINES: Final = 64 * 1024
"""Bytes at the end of a trail in which its last line is looked for."""
_MAY_BE_AHEAD: Final = 1
"""Events that a folder may have and the ledger not: a process that is killed leaves one at most."""
_UNDONE: Final = frozenset({"not-sent", "not-canceled"})
"""What an intent can be settled as after which the order may be pressed again."""


def refuse_forgotten_presses(
    runs_dir: Path, ledger: Ledger, place: Path | str, admin: str, orders: Collection[str]
) -> None:
    """Make sure that the ledger, which is at that place, knows every press of these orders that the run folders know.

    Raises:
        CannotStart: it does not.
    """
    for folder in sorted(_folders(runs_dir)):
        if (folder / "ledger.sqlite").exists() or not _is_ahead(folder, ledger):
            continue
        pressed = sorted(_unknown(folder, ledger, admin).intersection(orders))
        if pressed:
            others = f" and {count_of(len(pressed) - 1, 'other')} of this list" if len(pressed) > 1 else ""
            raise CannotStart(
                reason=f"The ledger {place} does not know what was pressed in run {folder.name}, which {folder} "
                f"tells of: Confirm for order {pressed[0]}{others}. It is another ledger, or an older copy, such as "
                "the file without the -wal beside it. Put the right one back. If it is lost, look these orders up in "
                f"Seller Central, then move {folder} somewhere else, and start again."
            )


def tells_of_runs(runs_dir: Path) -> bool:
    """Whether there is a run folder that could know more than the ledger does."""
    return next(_folders(runs_dir), None) is not None


def _folders(runs_dir: Path) -> Iterator[Path]:
    return (path.parent for path in runs_dir.glob(f"*/{TRAIL_FILE}"))


def _is_ahead(folder: Path, ledger: Ledger) -> bool:
    """Whether a folder's trail goes on where the ledger's has ended."""
    last = _last_number(folder / TRAIL_FILE)  # before the ledger is asked, which may go on meanwhile
    return last - ledger.trail.length(folder.name) > _MAY_BE_AHEAD


def _last_number(trail: Path) -> int:
    try:
        with trail.open("rb") as file:
            file.seek(max(0, trail.stat().st_size - _LAST_LINES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(told.get("number", 0)) for line in reversed(lines) if (told := _told(line))), 0)


def _unknown(folder: Path, ledger: Ledger, admin: str) -> set[str]:
    """The orders of this Admin whose Confirm was pressed in that run, or about to be, after the ledger's last event."""
    found = _pressed(folder, admin)
    last = _last_number(folder / TRAIL_FILE)
    known = ledger.trail.length(folder.name)  # asked after the folder was read, which may be written to meanwhile
    if last - known <= _MAY_BE_AHEAD:
        return set()
    return {order for order, number in found.items() if number > known}


def _pressed(folder: Path, admin: str) -> dict[str, int]:
    """The orders of this Admin whose Confirm was pressed in that run, or about to be, as its folder says.

    Each has the number of the event that says so.
    """
    found: dict[str, int] = {}
    for place, line in enumerate(_lines(folder / TRAIL_FILE)):
        if place == 0 and not _begins(line, folder.name):
            return {}  # a folder that somebody has renamed, or something else
        if f'"{Event.INTENT_WRITTEN}"' not in line and f'"{Event.SETTLED}"' not in line:
            continue
        told = _told(line)
        if told.get("event") == Event.INTENT_WRITTEN and _same(str(told.get("admin", "")), admin):
            found[str(told.get("order"))] = int(told.get("number", 0))
        elif told.get("event") == Event.SETTLED and told.get("settled_as") in _UNDONE:
            found.pop(str(told.get("order")), None)
    return found


def _lines(trail: Path) -> Iterator[str]:
    try:
        with trail.open(encoding="utf-8", errors="replace") as file:
            yield from file
    except OSError:
        return


def _begins(line: str, run_id: str) -> bool:
    """Whether this is the first line of the trail of that run."""
    found = _LINE.fullmatch(line)
    return found is not None and next_hash(first_hash(run_id), found[2]) == found[1]


def _told(line: str) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    try:
        told = json.loads(found[2]) if found else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _same(one: str, other: str) -> bool:
    """Whether two names can be of one Admin: an earlier version named it by its host alone."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
