"""``countermand verify``: whether a run's folder and the ledger still tell the same of the run.

It goes along the trail event by event, and at each one looks at everything that this event says: the chain of hashes
in the ledger, the same event in the folder's ``trail.jsonl``, the picture that was taken, the answer that was heard,
the result that the order had. So the first thing that it names is the first that was changed.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import CannotStart
from bot.ledger import Entry, Event, Intent, Ledger
from bot.ledger.runs import hash_of
from bot.ledger.trail import TRAIL_FILE, first_hash, next_hash
from bot.outcomes import OrderResult
from bot.results import hashes_of_results


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What comparing a run's folder with the ledger gave."""

    events: int
    pictures: int
    """Files of evidence, those with words among them."""
    disagreement: str
    """A sentence about the first place where they do not agree; empty when they do."""
    remark: str = ""
    """What a person should know besides, such as that the run was cut off."""


def verify(folder: Path, ledger: Ledger) -> Verified:
    """Compare a run's folder with the ledger.

    Needs the folder under its own name, which is the run's id. ``report.html`` is not compared: it is made from the
    rest, and ``countermand report`` makes it anew.

    Raises:
        CannotStart: the ledger knows nothing of such a run.
        LedgerTrouble: the ledger cannot be read.
    """
    run_id = folder.resolve().name
    entries = ledger.trail.entries(run_id)
    if not entries:
        raise CannotStart(reason=f"The ledger knows no run {run_id}: is it another ledger, or was the folder renamed?")
    comparison = _Comparison(folder, run_id, ledger, entries)
    ended = any(entry.told.get("event") == Event.RUN_FINISHED for entry in entries)
    remarks = [] if ended else ["The run was cut off, or still goes on: its trail has no end yet."]
    if comparison.unfinished:
        what = _described(len(entries) + 1, comparison.unfinished)
        remarks.append(f"The run was cut off while {what} was written: {TRAIL_FILE} has it, the ledger does not.")
    return Verified(
        events=len(entries),
        pictures=comparison.pictures,
        disagreement=next(comparison.disagreements(cut_off=not ended), ""),
        remark=" ".join(remarks),
    )


def find_folder(named: str, runs_dir: Path) -> Path:
    """The folder of the run ``named``, which may have been cut off: a run id, a folder, or ``latest``.

    Raises:
        CannotStart: there is no such run.
    """
    if named == "latest":
        trails = sorted(runs_dir.glob(f"*/{TRAIL_FILE}"))
        if trails:
            return trails[-1].parent
        raise CannotStart(reason=f"There is no run in {runs_dir} yet.")
    for folder in (runs_dir / named, Path(named)):
        if (folder / "evidence").is_dir():
            return folder
    raise CannotStart(
        reason=f"There is no run {named!r} in {runs_dir}: give a run id (see countermand status), a run folder, "
        "or latest."
    )


class _Comparison:
    def __init__(self, folder: Path, run_id: str, ledger: Ledger, entries: list[Entry]) -> None:
        self._folder = folder
        self._run_id = run_id
        self._entries = entries
        self._results: dict[str, OrderResult] = {result.order: result for result in ledger.runs.results(run_id)}
        self._intents: dict[int, Intent] = {intent.intent: intent for intent in ledger.intents.of_run(run_id)}
        self._pictures = [entry.told for entry in entries if entry.told.get("event") == Event.PICTURE]
        self._lines = self._lines_of_folder()
        self.unfinished = self._unfinished()
        """The event that the folder's trail has and the ledger's does not, because the run was cut off in between."""

    @property
    def pictures(self) -> int:
        """How many files of evidence the trail speaks of."""
        return len(self._pictures)

    def disagreements(self, *, cut_off: bool) -> Iterator[str]:
        """Every place where folder and ledger do not agree, the first one first."""
        lines = self._lines
        before = first_hash(self._run_id)
        for number, entry in enumerate(self._entries, start=1):
            what = _described(number, entry.told)
            if entry.number != number:
                yield f"Event {number} is missing from the ledger's trail."
            if entry.told.get("number") != entry.number or entry.hash != next_hash(before, entry.line):
                yield f"{what} was changed in the ledger after it was written, or the one before it was."
            before = entry.hash
            if number > len(lines):
                # Whoever was killed between the two had not written the second.
                if not (cut_off and number == len(self._entries)):
                    yield f"{what} is in the ledger, but not in {TRAIL_FILE}."
            elif lines[number - 1] != (entry.hash, entry.told):
                yield f"{what} is not the same in the ledger and on line {number} of {TRAIL_FILE}."
            yield from self._of_event(what, entry.told)
        if len(lines) > len(self._entries) and not self.unfinished:
            yield f"{TRAIL_FILE} goes on after event {len(self._entries)}, with which the ledger's trail ends."
        if self.unfinished.get("event") in {Event.PICTURE, Event.RESULTS_WRITTEN}:  # these speak of the folder alone
            yield from self._of_event(_described(len(lines), self.unfinished), self.unfinished)
        known = {str(picture["file"]) for picture in self._pictures}
        for file in sorted(path for path in (self._folder / "evidence").rglob("*") if path.is_file()):
            name = file.relative_to(self._folder).as_posix()
            # Whoever was killed right after writing a picture had not written its event.
            if name not in known and not cut_off:
                yield f"{name} is in the folder, but the trail knows nothing of it."

    def _unfinished(self) -> dict[str, Any]:
        """The one event that the folder may have after the ledger's last; empty if there is none, or no such one.

        A line of the folder's trail is written inside the transaction of its event. Whoever is killed before that
        ends leaves the line, and the ledger takes the event back. So it must go on where the ledger ends, and before
        the event with which every run ends.
        """
        last = self._entries[-1]
        lines = self._lines[len(self._entries) :]
        if len(lines) != 1 or last.told.get("event") == Event.RESULTS_WRITTEN:
            return {}
        ((found, told),) = lines
        goes_on = found == next_hash(last.hash, json.dumps(told, ensure_ascii=False))
        return told if goes_on and told.get("number") == last.number + 1 else {}

    def _of_event(self, what: str, told: dict[str, Any]) -> Iterator[str]:
        """Where that which the event speaks of is not as it says."""
        match told.get("event"):
            case Event.PICTURE:
                found = _hash_of_file(self._folder / str(told["file"]))
                if found is None:
                    yield f"{told['file']} ({what}) is not in the folder."
                elif found != told["sha256"]:
                    yield f"{told['file']} ({what}) was changed after it was written."
            case Event.INTENT_WRITTEN if told["intent"] not in self._intents:
                yield f"The intent to press Confirm ({what}) is not in the ledger any more."
            case Event.ANSWERED:
                intent = self._intents.get(told["intent"])
                if intent and (intent.answer, intent.answer_words) != (told["answer"], told["answer_words"]):
                    yield f"The answer to Confirm ({what}) was changed in the ledger."
            case Event.FINISHED:
                result = self._results.get(str(told["order"]))
                if result is None or hash_of(result) != told["sha256"]:
                    yield f"The result of order {told['order']} ({what}) was changed in the ledger."
            case Event.RESULTS_WRITTEN:
                now = hashes_of_results(self._folder)
                for name, written in told["files"].items():
                    if name not in now:
                        yield f"{name} ({what}) is not in the folder."
                    elif now[name] != written:
                        yield f"{name} ({what}) was changed after it was written."

    def _lines_of_folder(self) -> list[tuple[str, dict[str, Any]]]:
        """The folder's trail; what cannot be read is like nothing that the ledger could have."""
        try:
            text = (self._folder / TRAIL_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        lines = []
        for line in text.splitlines():
            try:
                read = json.loads(line)
                lines.append((str(read["hash"]), dict(read["event"])))
            except (ValueError, TypeError, KeyError):
                lines.append(("", {}))
        return lines


def _described(number: int, told: dict[str, Any]) -> str:
    about = f" of order {told['order']}" if told.get("order") else ""
    return f"event {number}, {told.get('event')}{about} at {told.get('at')}"


def _hash_of_file(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
