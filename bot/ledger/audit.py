"""What people did: a trail of its own, chained by hashes as every run's trail is, and never changed.

Each entry is written in the transaction that does what it tells of, as far as the ledger does it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from bot.ledger.database import Database
from bot.ledger.schema import events
from bot.ledger.trail import Entry, Event, append_event, first_hash, next_hash

CHAIN = "audit"
"""The run id of this trail: no run has it."""

_BATCH = 500


class Action(StrEnum):
    """What a person can do."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    DECLINED = "declined"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    RETRIED = "retried"
    SETTLED = "settled"
    COUNTED_FROM_0 = "sign-ins counted from 0"
    RELEASED = "account released"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SCHEDULE_ADDED = "schedule added"
    SCHEDULE_REMOVED = "schedule removed"
    TOKEN_MADE = "token made"
    TOKEN_REVOKED = "token revoked"


@dataclass(frozen=True, kw_only=True)
class Done:
    """Something that a person did."""

    number: int
    at: str
    """ISO 8601, UTC."""
    by: str
    action: str
    about: str
    """A run, an order, an account: what it was done to."""
    why: str
    via: str
    """``console`` or ``command line``."""
    hash: str


class Audit:
    """The trail of what people did."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.via = "command line"
        """Where people act who use this ledger now."""

    def append(
        self, connection: sa.Connection, action: Action, *, by: str, about: str = "", why: str = "", **told: object
    ) -> None:
        """Append an entry, inside the transaction that does it."""
        told = {"action": str(action), "by": by, "about": about, "why": why, "via": self.via, **told}
        append_event(self._database, connection, CHAIN, Event.BY_PERSON, "", told)

    def note(self, action: Action, *, by: str, about: str = "", why: str = "", **told: object) -> None:
        """Append an entry in a transaction of its own."""
        with self._database.writing() as connection:
            self.append(connection, action, by=by, about=about, why=why, **told)

    def count(self, *, by: str = "", action: str = "", words: str = "") -> int:
        """How many entries there are by this person, of this action, with these words in them."""
        statement = sa.select(sa.func.count()).select_from(events).where(_which(by, action, words))
        return int(self._database.read(statement)[0][0])

    def latest(self, limit: int, offset: int = 0, *, by: str = "", action: str = "", words: str = "") -> list[Done]:
        """These entries, newest first."""
        statement = _ENTRIES.where(_which(by, action, words)).order_by(events.c.number.desc())
        return [_done(row) for row in self._database.read(statement.limit(limit).offset(offset))]

    def all(self, *, by: str = "", action: str = "", words: str = "") -> Iterator[Done]:
        """These entries, oldest first, read a few hundred at a time."""
        after = 0
        while True:
            statement = _ENTRIES.where(_which(by, action, words), events.c.number > after).order_by(events.c.number)
            rows = self._database.read(statement.limit(_BATCH))
            yield from map(_done, rows)
            if len(rows) < _BATCH:
                return
            after = rows[-1].number

    def break_in_chain(self) -> int:
        """The number of the first entry that is not as it was written; 0 if every hash fits."""
        before, number = first_hash(CHAIN), 0
        while True:
            statement = _ENTRIES.where(events.c.run_id == CHAIN, events.c.number > number).order_by(events.c.number)
            rows = self._database.read(statement.limit(_BATCH))
            for row in rows:
                number += 1
                if row.number != number or row.hash != next_hash(before, row.line):
                    return number
                before = row.hash
            if len(rows) < _BATCH:
                return 0


_ENTRIES = sa.select(events.c.number, events.c.line, events.c.hash, events.c.amazon_order, events.c.event)


def _which(by: str, action: str, words: str) -> sa.ColumnElement[bool]:
    found = events.c.run_id == CHAIN
    for name, value in (("by", by), ("action", action)):
        if value:
            found &= events.c.line.contains(f'"{name}": {_in_json(value)}', autoescape=True)
    for word in words.split():
        found &= sa.func.lower(events.c.line).contains(_in_json(word.lower())[1:-1], autoescape=True)
    return found


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _done(row: sa.Row[tuple[int, str, str, str, str]]) -> Done:
    told = Entry(row.number, row.line, row.hash, row.amazon_order, row.event).told
    kept = {name: str(told.get(name, "")) for name in ("at", "by", "action", "about", "why", "via")}
    return Done(number=row.number, hash=row.hash, **kept)
