"""The trail: every event of a run, in order, each with a hash over itself and the one before.

To change, remove or insert an event later, somebody would have to change every hash after it, in the ledger and in
the run's folder, which keeps the same trail as ``trail.jsonl``. Pictures are part of it by their own hashes;
``countermand verify`` compares all of it (``bot.evidence.verify``).
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import sqlalchemy as sa
from loguru import logger

from bot.errors import EvidenceNotWritten
from bot.ledger.database import Database, timestamp, writable
from bot.ledger.schema import events
from bot.wording import escaped

TRAIL_FILE = "trail.jsonl"


class Event(StrEnum):
    """What can happen, in order."""

    RUN_STARTED = "run_started"
    TAKEN = "taken"
    """From here on, this run works on the order."""
    STEP = "step"
    """A step of a flow begins."""
    PICTURE = "picture"
    """A file of evidence was written, and this is its SHA-256."""
    INTENT_WRITTEN = "intent_written"
    PRESSED = "pressed"
    """The browser reports that Confirm was pressed, or that it tried."""
    ANSWERED = "answered"
    PROVED = "proved"
    """It was proved canceled."""
    IN_DOUBT = "in_doubt"
    """The result waits for a person."""
    SETTLED = "settled"
    """A person, or a later run's recovery, settled an earlier intent."""
    LOOKED_AGAIN = "looked_again"
    FINISHED = "finished"
    """The order has its outcome."""
    RUN_FINISHED = "run_finished"
    RESULTS_WRITTEN = "results_written"
    """The files with the results were written, and these are their SHA-256."""
    APPROVED = "approved"
    """A person has approved this list, which has this SHA-256, until then."""
    DECLINED = "declined"
    BY_PERSON = "by_person"
    """What a person did, in the trail of what people do (``bot.ledger.audit``)."""
    PURGED = "purged"
    """The evidence files named in the trail were removed on purpose; their events stay."""


OUTLIVES_ITS_COPY = frozenset(
    {
        Event.PRESSED,
        Event.ANSWERED,
        Event.PROVED,
        Event.IN_DOUBT,
        Event.SETTLED,
        Event.LOOKED_AGAIN,
        Event.FINISHED,
        Event.RUN_FINISHED,
    }
)
"""Events that the ledger keeps although the run's folder cannot be written any more: the result of a press, and of an
order. Every other event needs its copy, or nothing is pressed.
"""


class Entry(NamedTuple):
    """One event of the trail, as it was written."""

    number: int
    """Counted from 1 in each run."""
    line: str
    """What happened: a JSON object with ``number``, ``at``, ``order``, ``event`` and other details."""
    hash: str
    """SHA-256 over the hash before and ``line``, in hexadecimal digits."""
    order: str
    event: str
    """The order and the event again, in columns that the ledger can search."""

    @property
    def told(self) -> dict[str, Any]:
        """What ``line`` says; nothing if somebody has made it unreadable."""
        try:
            told = json.loads(self.line)
        except (ValueError, TypeError):
            return {}
        return told if isinstance(told, dict) else {}

    @property
    def in_folder(self) -> str:
        """The line that it is in the folder's trail, without its end."""
        return f'{{"hash": "{self.hash}", "event": {self.line}}}'


class Trail:
    """The trail of the run that writes, kept in the ledger and, once ``copy_to`` was called, in its folder."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._copy: Path | None = None
        self._whole = False

    def copy_to(self, folder: Path, *, whole: bool = False) -> None:
        """From now on keep the trail in a run's folder as well.

        With ``whole``, what others have written since, without a copy or in another folder, is written there first.
        """
        self._copy, self._whole = folder / TRAIL_FILE, whole

    def note(self, event: Event, *, order: str = "", **told: object) -> None:
        """Append an event that nothing dangerous hangs on, in a transaction of its own.

        Raises:
            LedgerTrouble, EvidenceNotWritten: it could not be written.
        """
        with self._database.writing(lasting=False) as connection:
            self.append(connection, event, order=order, **told)

    def note_purge(self, *, files: int, older_than: str, by: str) -> None:
        """Append that this many files of evidence of this run are about to be removed, and at whose request.

        It is on disk when this returns.

        Raises:
            LedgerTrouble, EvidenceNotWritten: it could not be written.
        """
        with self._database.writing() as connection:
            self.append(connection, Event.PURGED, files=files, older_than=older_than, by=by)

    def append(self, connection: sa.Connection, event: Event, *, order: str = "", **told: object) -> None:
        """Append an event to the trail, inside the transaction that writes what happened: one event a transaction.

        Raises:
            EvidenceNotWritten: the run's folder cannot be written; the transaction must end with that. Events that
                outlive their copy are said to be missing there, loudly, and kept.
        """
        entry, before = append_event(self._database, connection, self._database.run_id, event, order, told)
        if self._copy is None:
            return
        try:
            self._append_to_copy(connection, self._copy, entry, before)
        except EvidenceNotWritten as trouble:
            if event not in OUTLIVES_ITS_COPY:
                raise
            number, reason = entry.number, trouble.facts["reason"]
            logger.error("{} lacks event {} ({}), which the ledger has: {}", self._copy, number, event, reason)

    def entries(self, run_id: str) -> list[Entry]:
        """The trail of a run as the ledger has it."""
        return self._read(_ENTRIES.where(events.c.run_id == run_id).order_by(events.c.number))

    def length(self, run_id: str) -> int:
        """How many events the trail of a run has; 0 for a run that the ledger does not know."""
        statement = sa.select(sa.func.max(events.c.number)).where(events.c.run_id == run_id)
        return self._database.read(statement)[0][0] or 0

    def of_order(self, run_id: str, order: str) -> list[Entry]:
        """What the trail of a run says of one order."""
        statement = _ENTRIES.where(events.c.run_id == run_id, events.c.amazon_order == order)
        return self._read(statement.order_by(events.c.number))

    def of_kind(self, run_id: str, event: Event) -> list[Entry]:
        """Every event of one kind in the trail of a run."""
        statement = _ENTRIES.where(events.c.run_id == run_id, events.c.event == str(event))
        return self._read(statement.order_by(events.c.number))

    def about_intents(self, run_id: str) -> dict[str, list[Entry]]:
        """What the trail of each run says about the intents for the orders in this run's trail."""
        spoken_of = sa.select(events.c.amazon_order).where(events.c.run_id == run_id)
        kinds = (Event.ANSWERED, Event.PROVED, Event.IN_DOUBT, Event.SETTLED, Event.LOOKED_AGAIN)
        statement = (
            _ENTRIES.add_columns(events.c.run_id)
            .where(events.c.event.in_([str(kind) for kind in kinds]), events.c.amazon_order.in_(spoken_of))
            .order_by(events.c.run_id, events.c.number)
        )
        trails: dict[str, list[Entry]] = {}
        for row in self._database.read(statement):
            trails.setdefault(row.run_id, []).append(_entry(row))
        return trails

    def latest(self, run_id: str, order: str) -> Entry | None:
        """What happened last to an order in a run, pictures left out; None if nothing did."""
        statement = (
            _ENTRIES.where(
                events.c.run_id == run_id, events.c.amazon_order == order, events.c.event != str(Event.PICTURE)
            )
            .order_by(events.c.number.desc())
            .limit(1)
        )
        return next(iter(self._read(statement)), None)

    def last_of_each_kind(self, run_id: str) -> dict[str, Entry]:
        """The latest event of every kind in the trail of a run, by kind; of a long trail no more than that is read."""
        last = sa.select(sa.func.max(events.c.number)).where(events.c.run_id == run_id).group_by(events.c.event)
        statement = _ENTRIES.where(events.c.run_id == run_id, events.c.number.in_(last)).order_by(events.c.number)
        return {entry.event: entry for entry in self._read(statement)}

    def purged_at(self, run_id: str) -> str:
        """When the evidence of a run was purged, as the trail writes times; empty if it has any that was not."""
        last = self.last_of_each_kind(run_id)
        purged, picture = last.get(Event.PURGED), last.get(Event.PICTURE)
        if purged is None or (picture is not None and picture.number > purged.number):
            return ""
        return str(purged.told.get("at", ""))

    def _read(self, statement: sa.Select[Any]) -> list[Entry]:
        return [_entry(row) for row in self._database.read(statement)]

    def _append_to_copy(self, connection: sa.Connection, copy: Path, entry: Entry, before: str) -> None:
        try:
            with copy.open("a+b", buffering=0) as file:
                end, last, last_hash = _end_before(file, entry.number)
                lines = [entry]
                if self._whole:
                    begin, missing = self._missing_in_copy(connection, last, last_hash, before, entry.number)
                    if begin == 0 and end:
                        end = file.seek(0)
                        file.truncate(0)
                    lines = [*missing, entry]
                whole = "".join(f"{line.in_folder}\n" for line in lines).encode()
                if file.write(whole) != len(whole):  # a disk that is nearly full takes what it can
                    file.truncate(end)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise EvidenceNotWritten(reason=error.strerror or str(error)) from error

    def _missing_in_copy(
        self, connection: sa.Connection, last: int, last_hash: str, before: str, number: int
    ) -> tuple[int, list[Entry]]:
        """The event with which a copy has to begin again, and those that it lacks from there up to this number.

        It begins after its last one, unless that is not the ledger's: a process of another folder wrote one in its
        place, after its transaction was rolled back here.
        """
        if last_hash == before or (last == 0 and number == 1):
            return last, []
        of_the_run = events.c.run_id == self._database.run_id
        same = sa.select(events.c.number).where(of_the_run, events.c.number == last, events.c.hash == last_hash)
        begin = last if connection.scalar(same) is not None else 0
        since = _ENTRIES.where(of_the_run, events.c.number > begin, events.c.number < number)
        return begin, [_entry(row) for row in connection.execute(since.order_by(events.c.number))]


def append_event(
    database: Database, connection: sa.Connection, run_id: str, event: Event, order: str, told: Mapping[str, object]
) -> tuple[Entry, str]:
    """Append an event to the trail of any run, inside a transaction; gives it, and the hash before it."""
    database.alone(connection, run_id)
    last = connection.execute(
        sa.select(events.c.number, events.c.hash)
        .where(events.c.run_id == run_id)
        .order_by(events.c.number.desc())
        .limit(1)
    ).one_or_none()
    number, before = (last.number + 1, last.hash) if last else (1, first_hash(run_id))
    happened = {"number": number, "at": timestamp(), "order": order, "event": event, **told}
    line = escaped(writable(json.dumps(happened, ensure_ascii=False)))
    entry = Entry(number, line, next_hash(before, line), order, str(event))
    connection.execute(
        events.insert().values(
            run_id=run_id, number=number, amazon_order=order, event=entry.event, line=line, hash=entry.hash
        )
    )
    return entry, before


def _end_before(copy: BinaryIO, number: int) -> tuple[int, int, str]:
    """Where the event with this number belongs in the folder's trail; everything from there on is removed.

    Gives also the number of the last event before it, and its hash; 0 and nothing if it is the first.

    It was written, by this worker or another, in a transaction that was rolled back, or was cut off by the end of its
    process.
    """
    end, last, last_hash = copy.seek(0, os.SEEK_END), 0, ""
    while end:
        begin = _begin_of_last_line(copy, end)
        copy.seek(begin)
        line = copy.read(end - begin)
        told = _NUMBER.match(line)
        if line.endswith(b"\n") and told and int(told[2]) < number:
            last, last_hash = int(told[2]), told[1].decode()
            break
        copy.truncate(begin)
        end = begin
    copy.seek(end)
    return end, last, last_hash


def _begin_of_last_line(copy: BinaryIO, end: int) -> int:
    block = 4096
    begin = end - 1  # the line's own end does not count
    while begin:
        at = max(0, begin - block)
        copy.seek(at)
        found = copy.read(begin - at).rfind(b"\n")
        if found >= 0:
            return at + found + 1
        begin = at
    return 0


_NUMBER = re.compile(rb'\{"hash": "([0-9a-f]+)", "event": \{"number": (\d+)')

_ENTRIES: sa.Select[Any] = sa.select(
    events.c.number, events.c.line, events.c.hash, events.c.amazon_order, events.c.event
)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(row.number, row.line, row.hash, row.amazon_order, row.event)


def first_hash(run_id: str) -> str:
    """What takes the place of a hash before the first event of a run."""
    return hashlib.sha256(run_id.encode()).hexdigest()


def next_hash(before: str, line: str) -> str:
    """The hash of an event whose predecessor has the hash ``before``."""
    return hashlib.sha256(f"{before}\n{line}".encode()).hexdigest()
