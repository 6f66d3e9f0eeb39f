"""``countermand verify``: whether a run's folder and the ledger still tell the same of the run.

It goes along the trail event by event, and at each one looks at everything that this event says: the chain of hashes
in the ledger, the same event in the folder's ``trail.jsonl``, the picture that was taken, the answer that was heard,
the result that the order had. So the first thing that it names is the first that was changed.

Its limits:

- The hashes have no key. Whoever can write both the ledger and the folder, and counts every hash anew from the place
  that he changed on, is not noticed; nor is one who cuts the same events off the end of both, but then the run looks
  cut off, and the remark says so. Keep ``trail.jsonl``, or its last hash, where he cannot write.
- ``report.html`` and ``log.jsonl`` are not compared; the first is made anew from the rest by ``countermand report``.
- Claims and later looks are not compared with their events, nor the columns that only help to find an event. What was
  settled outside any run stands in a trail that has no folder.
- Lines of ``trail.jsonl`` are not forced to the disk one by one, as the ledger's are. A power cut may cost the last
  ones, and that cannot be told from their removal: it is a disagreement, and the ledger is right.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import CannotStart
from bot.ledger import Entry, Event, Ledger
from bot.ledger.runs import hash_of
from bot.ledger.trail import TRAIL_FILE, first_hash, next_hash
from bot.results import RUN_FILE


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

    Needs the folder under its own name, which is the run's id.

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
    remarks = []
    if not ended:
        remarks = ["The run was cut off, or still goes on: its trail has no end yet."]
    elif not comparison.tells_of_results:
        remarks = ["The trail ends before the files with the results: nothing says whether they are as they were."]
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
    left_by_runs = ("evidence", TRAIL_FILE, RUN_FILE)  # any of them may have been removed
    if named == "latest":
        folders = sorted({path.parent for name in left_by_runs for path in runs_dir.glob(f"*/{name}")})
        if folders:
            return folders[-1]
        raise CannotStart(reason=f"There is no run in {runs_dir} yet.")
    for folder in (runs_dir / named, Path(named)):
        if any((folder / name).exists() for name in left_by_runs):
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
        self._info = ledger.runs.info_as_kept(run_id)
        self._jobs = ledger.runs.hash_of_jobs(run_id)
        self._results = ledger.runs.hashes_of_results(run_id)
        self._intents = ledger.intents.as_kept(run_id)
        self._became = _told_of_intents(ledger.trail.about_intents(run_id))
        self._pictures = [entry.told for entry in entries if entry.told.get("event") == Event.PICTURE]
        self._lines = self._lines_of_folder()
        self.unfinished = self._unfinished()
        """The event that the folder's trail has and the ledger's does not, because the run was cut off in between."""

    @property
    def pictures(self) -> int:
        """How many files of evidence the trail speaks of."""
        return len(self._pictures)

    @property
    def tells_of_results(self) -> bool:
        """Whether the trail has the event with which every run ends."""
        told = (self._entries[-1].told, self.unfinished)
        return any(last.get("event") == Event.RESULTS_WRITTEN for last in told)

    def disagreements(self, *, cut_off: bool) -> Iterator[str]:
        """Every place where folder and ledger do not agree, the first one first."""
        lines = self._lines
        before = first_hash(self._run_id)
        if not (self._folder / TRAIL_FILE).is_file() and (len(self._entries) > 1 or not cut_off):
            yield f"{TRAIL_FILE} is not in the folder."
        for number, entry in enumerate(self._entries, start=1):
            what = _described(number, entry.told)
            if entry.number != number:
                yield f"Event {number} is missing from the ledger's trail."
            if entry.told.get("number") != entry.number or entry.hash != next_hash(before, entry.line):
                yield f"{_capital(what)} was changed in the ledger after it was written, or the one before it was."
            before = entry.hash
            if number > len(lines):
                # Whoever was killed between the two had not written the second.
                if not (cut_off and number == len(self._entries)):
                    yield f"{_capital(what)} is in the ledger, but not in {TRAIL_FILE}."
            elif lines[number - 1] != (entry.hash, entry.told):
                yield f"{_capital(what)} is not the same in the ledger and on line {number} of {TRAIL_FILE}."
            yield from self._of_event(what, entry.told)
        if len(lines) > len(self._entries) and not self.unfinished:
            yield f"{TRAIL_FILE} goes on after event {len(self._entries)}, with which the ledger's trail ends."
        if self.unfinished.get("event") in {Event.PICTURE, Event.RESULTS_WRITTEN}:  # these speak of the folder alone
            yield from self._of_event(_described(len(lines), self.unfinished), self.unfinished)
        yield from self._unspoken_of(cut_off=cut_off)

    def _unspoken_of(self, *, cut_off: bool) -> Iterator[str]:
        """What is in the ledger or in the folder without an event that tells of it."""
        finished = {entry.told.get("order") for entry in self._entries if entry.told.get("event") == Event.FINISHED}
        for order in self._results:
            if order not in finished:
                yield f"A result of order {order} is in the ledger, but the trail knows nothing of it."
        written = {
            entry.told.get("intent") for entry in self._entries if entry.told.get("event") == Event.INTENT_WRITTEN
        }
        for number, kept in self._intents.items():
            if kept["run_id"] != self._run_id:
                continue
            of_order = f"of order {kept['amazon_order']}"
            if number not in written:
                yield f"An intent {of_order} is in the ledger, but the trail knows nothing of it."
            became = self._became.get(number, [])
            for name, words in (("answer", "an answer"), ("outcome", "an outcome"), ("settled_as", "an end")):
                if kept[name] and kept[name] not in {_told(told, name) for told in became}:
                    yield f"The intent {of_order} has {words} in the ledger that no trail tells of: {kept[name]}."
            if not kept["settled_at"] and any(_told(told, "settled_as") for told in became):
                yield f"The intent {of_order} was settled, and is open again in the ledger."
        known = {str(picture.get("file")) for picture in self._pictures}
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
            case Event.RUN_STARTED:
                if any(self._info.get(name) != told.get(name) for name in ("command", "admin", "account")):
                    yield f"What the ledger says of the run ({what}) was changed."
                if self._jobs != told.get("sha256"):
                    yield f"The list of what the run was asked for ({what}) was changed in the ledger."
            case Event.PICTURE:
                yield from self._of_file(str(told.get("file")), what, told.get("sha256"))
            case Event.INTENT_WRITTEN | Event.ANSWERED | Event.PROVED | Event.IN_DOUBT | Event.SETTLED:
                yield from self._of_intent(what, told)
            case Event.FINISHED if self._results.get(str(told.get("order"))) != told.get("sha256"):
                yield f"The result of order {told.get('order')} ({what}) was changed in the ledger."
            case Event.RUN_FINISHED if hash_of(self._info) != told.get("sha256"):
                yield f"What the ledger says of the run ({what}) was changed."
            case Event.RESULTS_WRITTEN:
                for name, written in told.get("files", {}).items():
                    yield from self._of_file(name, what, written)

    def _of_file(self, name: str, what: str, written: object) -> Iterator[str]:
        found = _hash_of_file(self._folder / name)
        if found is None:
            yield f"{name} ({what}) is not in the folder."
        elif found != written:
            yield f"{name} ({what}) was changed after it was written."

    def _of_intent(self, what: str, told: dict[str, Any]) -> Iterator[str]:
        """Where an intent in the ledger is not as an event of it says.

        What became of it may be told more than once: in doubt in the run that pressed, proved by a later one.
        """
        kept = self._intents.get(told.get("intent", 0))
        if kept is None:
            yield f"The intent to press Confirm ({what}) is not in the ledger any more."
            return
        kind = told.get("event")
        if kind == Event.INTENT_WRITTEN:
            as_told = {"run_id": self._run_id, "amazon_order": told.get("order")}
            names = ("admin", "store", "reason", "written_at")
            if any(kept[name] != told.get(name) for name in names) or not as_told.items() <= kept.items():
                yield f"The intent to press Confirm ({what}) was changed in the ledger."
        elif kind == Event.ANSWERED:
            if any(kept[name] != told.get(name) for name in ("answer", "answer_words")):
                yield f"The answer to Confirm ({what}) was changed in the ledger."
        elif kind == Event.SETTLED:
            if any(kept[name] != told.get(name) for name in ("settled_as", "settled_by", "settled_why")):
                yield f"How it was settled ({what}) was changed in the ledger."
        elif not kept["outcome"] or not (
            kept["outcome"] in {_told(other, "outcome") for other in self._became.get(told["intent"], [])}
            and (kind == Event.IN_DOUBT or (kept["settled_as"], kept["settled_by"]) == ("canceled", "proof"))
        ):
            yield f"What became of the press ({what}) was changed in the ledger."

    def _lines_of_folder(self) -> list[tuple[str, dict[str, Any]]]:
        """The folder's trail; what cannot be read is like nothing that the ledger could have."""
        try:
            text = (self._folder / TRAIL_FILE).read_bytes().decode(errors="replace")
        except OSError:
            return []
        lines = []
        # Words from a page may hold signs that only some take for the end of a line.
        for line in text.removesuffix("\n").split("\n") if text else ():
            try:
                read = json.loads(line)
                lines.append((str(read["hash"]), dict(read["event"])))
            except (ValueError, TypeError, KeyError):
                lines.append(("", {}))
        return lines


def _told_of_intents(entries: list[Entry]) -> dict[int, list[dict[str, Any]]]:
    """What trails say became of each intent, by its number."""
    became: dict[int, list[dict[str, Any]]] = {}
    for entry in entries:
        told = entry.told
        if isinstance(told.get("intent"), int):
            became.setdefault(int(str(told["intent"])), []).append(told)
    return became


def _told(told: dict[str, Any], name: str) -> str:
    """What an event says of an intent in the words in which the ledger keeps it; empty if nothing."""
    if name == "settled_as" and told.get("event") == Event.PROVED:
        return "canceled"
    return str(told.get(name) or "")


def _described(number: int, told: dict[str, Any]) -> str:
    if not told.get("event"):
        return f"event {number}"
    about = f" of order {told['order']}" if told.get("order") else ""
    return f"event {number}, {told['event']}{about} at {told.get('at')}"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _hash_of_file(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
