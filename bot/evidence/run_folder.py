"""A run's folder: made before anything is opened, found again by its id."""

import secrets
from datetime import datetime
from pathlib import Path

from bot.errors import CannotStart
from bot.evidence.store import EVIDENCE, EvidenceStore, store_of
from bot.ledger.trail import TRAIL_FILE
from bot.reports.results import RUN_FILE


def make_run_folder(runs_dir: Path, at: datetime) -> Path:
    """Make the folder of a run that starts ``at`` that time; its name is the run's id.

    Raises:
        CannotStart: it cannot be written.
    """
    return _made(runs_dir / new_run_id(at), there=False)


def new_run_id(at: datetime) -> str:
    """The id of a run that starts ``at`` that time, or is submitted then."""
    return f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def open_run_folder(runs_dir: Path, run_id: str) -> Path:
    """The folder of a run that was submitted, which the first worker that comes to it makes.

    Raises:
        CannotStart: it cannot be written.
    """
    return _made(runs_dir / run_id, there=True)


def _made(folder: Path, *, there: bool) -> Path:
    try:
        (folder / EVIDENCE).mkdir(parents=True, exist_ok=there)
        (folder / "log.jsonl").touch()
    except OSError as error:
        raise CannotStart(
            reason=f"The run folder {folder} cannot be written ({error.strerror}). "
            "Give write permission, or name another place in COUNTERMAND_RUNS_DIR."
        ) from error
    return folder


def find_run(named: str, runs_dir: Path) -> Path:
    """The folder of the run ``named``: a run id, a folder, or ``latest``.

    Raises:
        CannotStart: there is no such run.
    """
    if named == "latest":
        runs = sorted(path.parent for path in runs_dir.glob(f"*/{RUN_FILE}"))
        if runs:
            return runs[-1]
        raise CannotStart(reason=f"There is no run in {runs_dir} yet.")
    for folder in (runs_dir / named, Path(named)):
        if (folder / RUN_FILE).is_file():
            return folder
    raise CannotStart(
        reason=f"There is no run {named!r} in {runs_dir}: give a run id (see countermand status), a run folder, "
        "or latest."
    )


def is_run(folder: Path, store: EvidenceStore | None = None) -> bool:
    """Whether a run has left anything in this folder, or in the ``store`` of its evidence: any of it may be gone."""
    if (folder / TRAIL_FILE).exists() or (folder / RUN_FILE).exists():
        return True
    try:
        return bool((store or store_of(folder)).list())
    except OSError:  # there is something, and what reads it says that it cannot be read
        return True
