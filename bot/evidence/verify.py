"""``countermand verify``: whether a run's folder and the ledger still agree about the run.

It follows the trail event by event and checks everything that each event says: the chain of hashes in the ledger, the
same event in the folder's ``trail.jsonl``, the picture that was taken, the answer to Confirm, the order's result. So
the first thing that it names is the first that was changed.

Its limits:

- The hashes have no key. Somebody who can write both the ledger and the folder, and recomputes every hash from the
  changed place on, goes unnoticed. So does somebody who cuts the same events off the end of both and takes back what
  they said, but then the run looks cut off, and the remark says so. Keep ``trail.jsonl``, or its last hash, where they
  cannot write.
- A killed process can leave one event that only the folder has, or one file of evidence without its event. The remark
  names either, because it looks the same as one that somebody put in.
- ``report.html`` and ``log.jsonl`` are not compared; ``countermand report`` makes the report again from the rest.
- Claims are not compared with their events. What was settled outside any run is in a trail that has no folder.
- Lines of ``trail.jsonl`` and pictures are not forced to the disk one by one, as the ledger's commits are. A power cut
  may lose the last ones, which looks the same as their removal: it is a disagreement, and the ledger is right.
- Evidence that was purged (``countermand purge``) is not missed: the trail has an event for that, and a remark says so.
- A failing disk can leave gaps, too; ``log.jsonl`` mentions them.
"""

from dataclasses import dataclass
from pathlib import Path

from bot.errors import CannotStart
from bot.evidence.comparison import Comparison
from bot.evidence.run_folder import is_run
from bot.evidence.store import EvidenceStore, store_of
from bot.ledger import Ledger, has_ledger


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The outcome of comparing a run's folder with the ledger."""

    events: int
    pictures: int
    """Files of evidence, including those with words, without those that were purged."""
    disagreement: str
    """A sentence about the first place where they disagree; empty when they agree."""
    remark: str = ""
    """What else a person should know, such as that the run was cut off."""


def verify(folder: Path, ledger: Ledger, store: EvidenceStore | None = None) -> Verified:
    """Compare a run's folder with the ledger.

    Needs the folder under its own name, which is the run's id. The evidence is in ``store``, else in the folder.

    Raises:
        CannotStart: the ledger has no such run, the run is still going, or its evidence cannot be listed.
        LedgerTrouble: the ledger cannot be read.
    """
    run_id = folder.resolve().name
    store = store or store_of(folder)
    try:
        comparison = Comparison(folder, run_id, ledger, store)
    except OSError as error:
        raise CannotStart(reason=f"{store} could not be read: {error.strerror or error}.") from error
    if comparison.is_without_trail:
        lost = "The ledger knows the run, but has none of the events of its trail."
        return Verified(events=0, pictures=0, disagreement=lost)
    if not comparison.events:
        raise CannotStart(reason=f"The ledger knows no run {run_id}: is it another ledger, or was the folder renamed?")
    disagreement = next(comparison.disagreements(), "")
    if not comparison.is_over and len(ledger.trail.entries(run_id)) > comparison.events:
        raise CannotStart(reason=f"Run {run_id} is still running: compare it when it is over.")
    return Verified(
        events=comparison.events,
        pictures=comparison.pictures,
        disagreement=disagreement,
        remark=" ".join(comparison.remarks()),
    )


def find_folder(named: str, runs_dir: Path) -> Path:
    """The folder of the run ``named``, which may have been cut off: a run id, a folder, or ``latest``.

    Raises:
        CannotStart: there is no such run.
    """
    if named == "latest":
        for folder in sorted(runs_dir.glob("*"), reverse=True):
            if is_run(folder):
                return folder
        raise CannotStart(reason=f"There is no run in {runs_dir} yet.")
    for folder in (runs_dir / named, Path(named)):
        if is_run(folder):
            return folder
    raise CannotStart(
        reason=f"There is no run {named!r} in {runs_dir}: give a run id (see countermand status), a run folder, "
        "or latest."
    )


def latest_that_is_over(runs_dir: Path, place: Path | str) -> tuple[Path, str]:
    """The folder of the newest run of which the ledger at ``place`` knows the end, and a remark about a newer one.

    A run that it does not know counts, and so does one that has ended and lost its results: what was removed must be
    found. If no run has an end, it is the newest.

    Raises:
        CannotStart: there is no run.
        LedgerTrouble: the ledger cannot be read.
    """
    newest = find_folder("latest", runs_dir)
    if not has_ledger(place):
        return newest, ""
    with Ledger.open(place) as ledger:
        for folder in sorted(runs_dir.glob("*"), reverse=True):
            known = ledger.runs.find(folder.name)
            if is_run(folder) and (known is None or known.finished_at is not None):
                newer = "" if folder == newest else f"Run {newest.name} began later and has no end yet: it is still "
                return folder, newer and f"{newer}running, or was cut off. See: countermand verify {newest.name}"
    return newest, ""


def find_ledger(folder: Path, place: Path | str) -> tuple[Path | str, str]:
    """Where the ledger is that a run was recorded in, and a remark about it.

    It is at ``place``. Only if the run is not in that one may it be a demo, which has its ledger in its own folder. The
    order matters: somebody who can write the folder could bring along a ledger that agrees with it.

    Raises:
        CannotStart: there is no ledger.
        LedgerTrouble: the one at ``place`` cannot be read.
    """
    run_id = folder.resolve().name
    there_is_one = has_ledger(place)
    if there_is_one:
        with Ledger.open(place) as ledger:
            if ledger.trail.entries(run_id):
                return place, ""
    own = folder / "ledger.sqlite"
    if own.is_file():
        return own, "Its ledger is in its own folder, as a demo's is: anyone who can change one can change both."
    if not there_is_one:
        raise CannotStart(reason=f"There is no ledger at {place}: a run can only be compared with its ledger.")
    return place, ""
