"""The comparison of a run's folder and its evidence with the ledger, along its trail; see ``bot.evidence.verify``."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bot.evidence.addressed import AddressedStore
from bot.evidence.store import EvidenceStore
from bot.ledger import Entry, Event, Ledger
from bot.ledger.trail import TRAIL_FILE, first_hash, next_hash
from bot.wording import count_of

_LINE = re.compile(r'\{"hash": "([0-9a-f]{64})", "event": (.*)\}')

_AS_WRITTEN = ("admin", "store", "reason", "written_at")
"""Columns of an intent that the ledger has from the beginning."""

_BECAME = {
    "answer": "an answer",
    "answer_words": "an answer",
    "outcome": "an outcome",
    "settled_as": "an end",
    "settled_at": "an end",
    "settled_by": "an end",
    "settled_why": "an end",
}
"""Columns that it fills in later, and what to call their contents."""

_Look = tuple[int, str, str]
"""The intent, when its order was looked at again, and what it read."""


class Comparison:
    """Everything that the ledger, the folder and the evidence say of a run now."""

    def __init__(self, folder: Path, run_id: str, ledger: Ledger, store: EvidenceStore) -> None:
        self._folder = folder
        self._store = store
        self._run_id = run_id
        self._entries = ledger.trail.entries(run_id)
        self._told = [entry.told for entry in self._entries]
        self._kinds = {told.get("event") for told in self._told}
        purges = [number for number, told in enumerate(self._told, start=1) if told.get("event") == Event.PURGED]
        self._purged = max(purges, default=0)
        self._info = ledger.runs.hash_of_info(run_id)
        self._jobs = ledger.runs.hash_of_jobs(run_id)
        self._results = ledger.runs.hashes_of_results(run_id)
        self._intents = ledger.intents.as_kept(run_id)
        self._looks = set(ledger.intents.looks_as_kept(run_id))
        trails = ledger.trail.about_intents(run_id)
        self._looks_told = {look for trail in trails.values() for entry in trail for look in _look(entry.told)}
        self._became = {of_run: _last_told(trail) for of_run, trail in trails.items()}
        self._lines = self._lines_of_folder()
        self._unfinished = self._line_without_event()
        self._unspoken = self._files_without_event()

    @property
    def events(self) -> int:
        """How many events the ledger's trail has."""
        return len(self._entries)

    @property
    def pictures(self) -> int:
        """How many files of evidence the ledger's trail has, without those that were purged."""
        return sum(told.get("event") == Event.PICTURE for told in self._told[self._purged :])

    @property
    def is_over(self) -> bool:
        """Whether the trail has the event that ends every run."""
        return Event.RESULTS_WRITTEN in self._kinds

    @property
    def is_without_trail(self) -> bool:
        """Whether folder and ledger both have the run, but the ledger has no event of it."""
        return not self._entries and bool(self._info and self._lines)

    def remarks(self) -> Iterator[str]:
        """What a person should know about evidence that was purged, and about the end of the trail."""
        if self._purged:
            told = self._told[self._purged - 1]
            files = sum(told.get("event") == Event.PICTURE for told in self._told[: self._purged])
            yield (
                f"The evidence was purged by {told.get('by')} at {told.get('at')}: "
                f"{count_of(files, 'file')} of it can no longer be compared."
            )
        if self._was_cut_off:
            yield "The run was cut off, or is still running: its trail has no end yet."
        elif not self.is_over and self._unfinished.get("event") != Event.RESULTS_WRITTEN:
            yield "The trail ends before the files with the results, so nothing shows whether those were changed."
        if self._unfinished:
            what = _described(self.events + 1, self._unfinished)
            subject = "A purge" if self._unfinished["event"] == Event.PURGED else "The run"
            yield f"{subject} was cut off while {what} was written: {TRAIL_FILE} has it, the ledger does not."
        if self._may_have_one_file_more:
            yield f"The run was cut off after {self._unspoken[0]} was written: it is not in the trail."

    def disagreements(self) -> Iterator[str]:
        """Every place where folder and ledger do not agree, in the order of the trail."""
        if self._lines is None:
            yield f"{TRAIL_FILE} is not in the folder."
        lines = self._lines or []
        before = first_hash(self._run_id)
        for number, (entry, told) in enumerate(zip(self._entries, self._told, strict=True), start=1):
            what = _described(number, told)
            if entry.number != number:
                yield f"Event {number} is missing from the ledger's trail."
            if entry.hash != next_hash(before, entry.line) or (
                (told.get("number"), told.get("order"), told.get("event")) != (entry.number, entry.order, entry.event)
            ):
                yield f"{_capital(what)} was changed in the ledger after it was written, or the one before it was."
            before = entry.hash
            if number > len(lines):
                yield f"{_capital(what)} is in the ledger, but not in {TRAIL_FILE}."
            elif lines[number - 1] != entry.in_folder:
                yield f"{_capital(what)} is not the same in the ledger and on line {number} of {TRAIL_FILE}."
            yield from self._of_event(number, what, told)
        if len(lines) > self.events and not self._unfinished:
            yield f"{TRAIL_FILE} goes on after event {self.events}, with which the ledger's trail ends."
        if self._unfinished.get("event") in {Event.PICTURE, Event.RESULTS_WRITTEN}:  # these speak of the folder alone
            number = self.events + 1
            yield from self._of_event(number, _described(number, self._unfinished), self._unfinished)
        yield from self._without_event()

    # --- What an event says ---

    def _of_event(self, number: int, what: str, told: dict[str, Any]) -> Iterator[str]:
        """Where what an event says is not what is there."""
        match told.get("event"):
            case Event.RUN_STARTED:
                if self._jobs != told.get("jobs_sha256"):
                    yield f"The list of what the run was asked for ({what}) was changed in the ledger."
            case Event.PICTURE:
                yield from self._of_evidence(str(told.get("file")), what, told, purged=number <= self._purged)
            case Event.INTENT_WRITTEN | Event.ANSWERED | Event.PROVED | Event.IN_DOUBT | Event.SETTLED:
                yield from self._of_intent(what, told)
            case Event.LOOKED_AGAIN if not self._looks.issuperset(_look(told)):
                yield f"What order {told.get('order')} read when looked at again ({what}) was changed in the ledger."
            case Event.FINISHED if self._results.get(str(told.get("order"))) != told.get("sha256"):
                yield f"The result of order {told.get('order')} ({what}) was changed in the ledger."
            case Event.RUN_FINISHED if self._info != told.get("sha256"):
                yield f"What the ledger says of the run ({what}) was changed."
            case Event.RESULTS_WRITTEN:
                for name, written in dict(told.get("files", {})).items():
                    found = _hash_of((self._folder / name).read_bytes)
                    yield from _of_file(name, what, written, found)

    def _of_evidence(self, name: str, what: str, told: dict[str, Any], *, purged: bool) -> Iterator[str]:
        found = _hash_of(lambda: self._store.get(name, sha256=str(told.get("sha256") or "")))
        if found is not None or not purged:
            place = "the evidence store" if isinstance(self._store, AddressedStore) else "the folder"
            yield from _of_file(name, what, told.get("sha256"), found, place)

    def _of_intent(self, what: str, told: dict[str, Any]) -> Iterator[str]:
        number = _number_of_intent(told)
        kept = self._intents.get(number)
        if kept is None:
            yield f"The intent to press Confirm ({what}) is no longer in the ledger."
        elif told["event"] == Event.INTENT_WRITTEN:
            as_told = {name: told.get(name) for name in _AS_WRITTEN}
            as_told |= {"run_id": self._run_id, "amazon_order": told.get("order")}
            if not as_told.items() <= kept.items():
                yield f"The intent to press Confirm ({what}) was changed in the ledger."
        else:
            last = self._became.get(self._run_id, {}).get(number, {})
            if any(name in told and last.get(name) == _kept(told[name]) for name in self._changed(number)):
                subject = {Event.ANSWERED: "The answer to Confirm", Event.SETTLED: "How it was settled"}
                yield f"{subject.get(told['event'], 'What became of the press')} ({what}) was changed in the ledger."

    def _changed(self, number: int) -> list[str]:
        """The columns of an intent that differ in the ledger from what every trail said last.

        Several trails may have it: it was in doubt in the run that pressed, and a later run, or a person, settled it.
        Their clocks do not show which of them was the last, so each may have been.
        """
        became = [intents[number] for intents in self._became.values() if number in intents]
        as_told = {name: {told[name] for told in became if name in told} or {""} for name in _BECAME}
        return [name for name in _BECAME if self._intents[number][name] not in as_told[name]]

    # --- What has no event ---

    def _without_event(self) -> Iterator[str]:
        """What is in the ledger or in the folder without an event of the trail."""
        if self._was_cut_off and self._info != self._told[0].get("sha256"):
            yield "What the ledger says of the run was changed, and the trail has no event for that."
        finished = {told.get("order") for told in self._told if told.get("event") == Event.FINISHED}
        for order in self._results:
            if order not in finished:
                yield f"A result of order {order} is in the ledger, but not in the trail."
        written = {_number_of_intent(told) for told in self._told if told.get("event") == Event.INTENT_WRITTEN}
        own = {number: kept for number, kept in self._intents.items() if kept["run_id"] == self._run_id}
        for number, kept in own.items():
            intent = f"intent of order {kept['amazon_order']}"
            if number not in written:
                yield f"An {intent} is in the ledger, but not in the trail."
            for name in self._changed(number):
                if kept[name]:
                    yield f"The {intent} has {_BECAME[name]} in the ledger that is in no trail: {kept[name]}."
                elif name == "settled_as":
                    yield f"The {intent} was settled, and is open again in the ledger."
                else:
                    yield f"The {intent} has lost {_BECAME[name]} in the ledger."
        for look in sorted(self._looks ^ self._looks_told):
            if look[0] in own:
                later_look = f"later look at order {own[look[0]]['amazon_order']}, at {look[1]},"
                if look in self._looks:
                    yield f"A {later_look} is in the ledger, but in no trail."
                else:
                    yield f"A {later_look} is no longer in the ledger."
        if not self._may_have_one_file_more:
            for name in self._unspoken:
                yield f"{name} is in the folder, but not in the trail."

    # --- The folder, and what a killed process leaves in it ---

    @property
    def _was_cut_off(self) -> bool:
        return Event.RUN_FINISHED not in self._kinds

    @property
    def _may_have_one_file_more(self) -> bool:
        """Whether there is one file whose event would have come next: a file is written before its event."""
        return self._was_cut_off and not self._unfinished and len(self._unspoken) == 1

    def _lines_of_folder(self) -> list[str] | None:
        """The lines of the folder's trail; None without one."""
        try:
            text = (self._folder / TRAIL_FILE).read_bytes().decode(errors="replace")
        except OSError:
            return None
        # Words from a page may contain characters that only some programs take for the end of a line.
        return text.removesuffix("\n").split("\n") if text else []

    def _line_without_event(self) -> dict[str, Any]:
        """The one event that the folder may have after the ledger's last; empty without one that fits there.

        A line of the folder's trail is written inside the transaction of its event. A process that is killed before
        the transaction ends leaves the line, and the ledger takes the event back. So the event must follow the ledger's
        last one, and come before the event that ends every run; only a purge comes after that.
        """
        lines = (self._lines or [])[self.events :]
        line = _LINE.fullmatch(lines[0]) if len(lines) == 1 and self._entries else None
        if line is None or line[1] != next_hash(self._entries[-1].hash, line[2]):
            return {}
        told = Entry(self.events + 1, line[2], line[1], "", "").told
        if self.is_over and told.get("event") != Event.PURGED:
            return {}
        return told if told.get("number") == self._entries[-1].number + 1 else {}

    def _files_without_event(self) -> list[str]:
        known = {told.get("file") for told in (*self._told, self._unfinished) if told.get("event") == Event.PICTURE}
        return [name for name in self._store.list() if name not in known]


def _last_told(trail: Iterable[Entry]) -> dict[int, dict[str, str]]:
    """What a trail says became of each intent in the end, by its number, as the ledger writes it."""
    became: dict[int, dict[str, str]] = {}
    for entry in trail:
        told = entry.told
        became.setdefault(_number_of_intent(told), {}).update(
            {name: _kept(told[name]) for name in _BECAME if name in told}
        )
    return became


def _number_of_intent(told: dict[str, Any]) -> int:
    number = told.get("intent")
    return number if isinstance(number, int) else 0


def _kept(value: object) -> str:
    return str(value or "")


def _look(told: dict[str, Any]) -> set[_Look]:
    """The look that an event is about; empty for every other event."""
    if told.get("event") != Event.LOOKED_AGAIN:
        return set()
    return {(_number_of_intent(told), str(told.get("looked_at")), str(told.get("status")))}


def _described(number: int, told: dict[str, Any]) -> str:
    if not told.get("event"):
        return f"event {number}"
    about = f" of order {told['order']}" if told.get("order") else ""
    return f"event {number}, {told['event']}{about} at {told.get('at')}"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _of_file(name: str, what: str, written: object, found: str | None, place: str = "the folder") -> Iterator[str]:
    if found is None:
        yield f"{name} ({what}) is not in {place}."
    elif found != written:
        yield f"{name} ({what}) was changed after it was written."


def _hash_of(read: Callable[[], bytes]) -> str | None:
    """The hash of what is read; None if it cannot be read."""
    try:
        return hashlib.sha256(read()).hexdigest()
    except OSError:
        return None
