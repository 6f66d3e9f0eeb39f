"""Long lists, a page at a time: the runs of a ledger, and the orders of a run. Counted and searched by the database."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.joblist import Job
from bot.ledger.database import Database
from bot.ledger.queue import any_worker_may
from bot.ledger.schema import claims, events, intents, looks, orders, queued_runs, runs, stints, submissions
from bot.ledger.trail import Event
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.vocabulary import Status


class Kind(StrEnum):
    """Which runs are wanted."""

    ALL = ""
    OPEN = "open"
    """Those that are not finished."""
    APPROVAL = "approval"
    """Those that wait for an approval."""
    PERSON = "person"
    """Those with an order that waits for a person."""
    FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """A run, with its figures."""

    info: RunInfo
    orders: int
    counts: Counter[Outcome]
    """How many of its orders have each outcome."""
    queued: bool
    """Whether it was submitted for workers, and not started on one machine."""
    over: bool
    """Whether nothing more happens in it."""
    stopped: str
    begun: bool
    """Whether a worker has begun it."""
    not_before: str
    waiting_for_person: int
    """How many of its orders wait for a person now."""

    @property
    def done(self) -> int:
        """How many of its orders have a result."""
        return self.counts.total()


@dataclass(frozen=True, kw_only=True)
class ListedOrder:
    """An order of a run."""

    place: int
    """Counted from 1, in the order of the list."""
    job: Job
    result: OrderResult | None


@dataclass(frozen=True, kw_only=True)
class AtWork:
    """An order that is being worked on."""

    order: str
    worker: str
    process: str
    event: str
    """What happened last."""
    step: str
    at: str
    picture: str
    """The name of the last file of evidence that is a picture; empty before the first."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a run goes, by the orders that ended last."""

    per_minute: float | None = None
    seconds_left: float | None = None


_LISTED = (
    runs.c.run_id,
    runs.c.info,
    queued_runs.c.run_id.label("queued"),
    queued_runs.c.finished_at,
    queued_runs.c.stopped,
    queued_runs.c.terms,
)

_LATELY = 2_000
"""The last events of a trail, among which those ends are looked for."""

_RECENT = 30
"""Orders by whose ends the pace is judged."""


@dataclass(frozen=True)
class Pages:
    """Reads runs and their orders, a page at a time."""

    database: Database = field(repr=False)

    # --- Runs ---

    def count_runs(self, kind: Kind = Kind.ALL, words: str = "") -> int:
        """How many runs there are of this kind, with these words."""
        statement = _runs(sa.func.count(), kind=kind, words=words)
        return int(self.database.read(statement)[0][0])

    def runs(self, limit: int, offset: int = 0, kind: Kind = Kind.ALL, words: str = "") -> list[ListedRun]:
        """The runs of this kind with these words, newest first."""
        statement = _runs(*_LISTED, kind=kind, words=words)
        rows = self.database.read(statement.order_by(runs.c.started_at.desc()).limit(limit).offset(offset))
        return list(self._listed(rows))

    def run(self, run_id: str) -> ListedRun | None:
        """One run, or None if the ledger knows of none with that id."""
        statement = _runs(*_LISTED).where(runs.c.run_id == run_id)
        return next(iter(self._listed(self.database.read(statement))), None)

    def _listed(self, rows: Sequence[sa.Row[Any]]) -> Iterable[ListedRun]:
        ids = [row.run_id for row in rows]
        counted = sa.select(orders.c.run_id, orders.c.outcome, sa.func.count().label("many"))
        by_outcome = counted.where(orders.c.run_id.in_(ids)).group_by(orders.c.run_id, orders.c.outcome)
        counts: dict[str, Counter[Outcome]] = {run_id: Counter() for run_id in ids}
        totals: Counter[str] = Counter()
        for row in self.database.read(by_outcome):
            totals[row.run_id] += row.many
            if row.outcome:
                counts[row.run_id][Outcome(row.outcome)] = row.many
        people = self._waiting_by_run()
        by_worker = sa.select(stints.c.run_id).where(stints.c.run_id.in_(ids), stints.c.begun_at.is_not(None))
        begun = {row.run_id for row in self.database.read(by_worker.distinct())}
        for row in rows:
            info = RunInfo.model_validate(row.info)
            yield ListedRun(
                info=info,
                orders=totals[row.run_id],
                counts=counts[row.run_id],
                queued=row.queued is not None,
                over=info.finished_at is not None,
                stopped=info.stopped_early or row.stopped or "",
                begun=row.run_id in begun,
                not_before=(row.terms or {}).get("not_before", ""),
                waiting_for_person=people[row.run_id],
            )

    def count_waiting(self) -> int:
        """How many orders wait for a person, over all runs."""
        open_ones = sa.select(sa.func.count()).select_from(intents).where(intents.c.settled_at.is_(None))
        reverted = sa.select(sa.func.count()).select_from(intents).where(_is_reverted())
        return int(self.database.read(open_ones)[0][0]) + int(self.database.read(reverted)[0][0])

    def _waiting_by_run(self) -> Counter[str]:
        """How many orders wait for a person, by the run that pressed. Few ever do, of however many intents."""
        found: Counter[str] = Counter()
        for which in (intents.c.settled_at.is_(None), _is_reverted()):
            statement = sa.select(intents.c.run_id, sa.func.count().label("many")).where(which)
            for row in self.database.read(statement.group_by(intents.c.run_id)):
                found[row.run_id] += row.many
        return found

    # --- Orders ---

    def places(self, run_id: str, outcome: str = "", words: str = "") -> list[int]:
        """Where in the list of a run the orders with this outcome and these words are; ``none`` is no outcome yet."""
        statement = sa.select(orders.c.place).where(_orders(run_id, outcome, words)).order_by(orders.c.place)
        return [int(row.place) for row in self.database.read(statement)]

    def orders(self, run_id: str, places: Sequence[int]) -> list[ListedOrder]:
        """The orders at these places of a run's list."""
        statement = sa.select(orders.c.place, orders.c.job, orders.c.result).where(
            orders.c.run_id == run_id, orders.c.place.in_(places)
        )
        return [_order(row) for row in self.database.read(statement.order_by(orders.c.place))]

    def order(self, run_id: str, order: str) -> ListedOrder | None:
        """One order of a run, or None."""
        this_one = (orders.c.run_id == run_id) & (orders.c.amazon_order == order)
        statement = sa.select(orders.c.place, orders.c.job, orders.c.result).where(this_one)
        return next(map(_order, self.database.read(statement)), None)

    def beside(self, run_id: str, place: int) -> tuple[str, str]:
        """The orders before and after one in its list; empty at an end."""
        near = orders.c.place.in_((place - 1, place + 1))
        rows = self.database.read(
            sa.select(orders.c.place, orders.c.amazon_order).where(orders.c.run_id == run_id, near)
        )
        found = {row.place: row.amazon_order for row in rows}
        return found.get(place - 1, ""), found.get(place + 1, "")

    def stores(self, run_id: str) -> dict[str, int]:
        """The stores of a queued run, each with how many of its orders are there."""
        counts: Counter[str] = Counter()
        for row in self.database.read(sa.select(stints.c.store, stints.c.orders).where(stints.c.run_id == run_id)):
            counts[row.store] += len(row.orders)
        return dict(counts)

    # --- A run while it is worked on ---

    def at_work(self, run_id: str) -> list[AtWork]:
        """The orders of a run that are claimed now, each with what happened last."""
        prefix = f"{run_id}/"
        mine = (claims.c.owner == run_id) | (sa.func.substr(claims.c.owner, 1, len(prefix)) == prefix)
        live = sa.select(claims).where(mine, claims.c.until > self.database.clock).order_by(claims.c.amazon_order)
        return [self._at_work(run_id, row) for row in self.database.read(live)]

    def _at_work(self, run_id: str, claim: sa.Row[Any]) -> AtWork:
        of_order = (events.c.run_id == run_id) & (events.c.amazon_order == claim.amazon_order)
        told = sa.select(events.c.event, events.c.line).where(of_order).order_by(events.c.number.desc())
        last = self._told(told.where(events.c.event != str(Event.PICTURE)).limit(1))
        picture = self._told(told.where(events.c.event == str(Event.PICTURE), events.c.line.contains('.jpg"')).limit(1))
        return AtWork(
            order=claim.amazon_order,
            worker=claim.owner.partition("/")[2],
            process=claim.process.partition(" ")[0],
            event=str(last.get("event", "")),
            step=str(last.get("step", "")),
            at=str(last.get("at", "")),
            picture=str(picture.get("file", "")),
        )

    def pace(self, run_id: str, left: int) -> Pace:
        """How fast a run goes, and how long its rest will take; nothing while that is not known."""
        last = self.database.read(sa.select(sa.func.max(events.c.number)).where(events.c.run_id == run_id))[0][0] or 0
        lately = (events.c.run_id == run_id) & (events.c.number > last - _LATELY)
        statement = sa.select(events.c.event, events.c.line).where(lately, events.c.event == str(Event.FINISHED))
        rows = self.database.read(statement.order_by(events.c.number.desc()).limit(_RECENT))
        ends = [datetime.fromisoformat(at) for row in rows if (at := str(_told(row.line).get("at", "")))]
        if len(ends) < 2 or (took := (ends[0] - ends[-1]).total_seconds()) <= 0:
            return Pace()
        each = took / (len(ends) - 1)
        return Pace(per_minute=60 / each, seconds_left=each * left)

    def version(self, run_id: str) -> str:
        """Something that changes whenever anything happens in a run."""
        last = sa.select(sa.func.max(events.c.number)).where(events.c.run_id == run_id).scalar_subquery()
        state = sa.select(last.label("last"), queued_runs.c.stopped, queued_runs.c.finished_at, submissions.c.approval)
        joined = state.select_from(
            sa.outerjoin(runs, queued_runs, queued_runs.c.run_id == runs.c.run_id).outerjoin(
                submissions, submissions.c.run_id == runs.c.run_id
            )
        )
        return repr([tuple(row) for row in self.database.read(joined.where(runs.c.run_id == run_id))])

    def version_of_all(self) -> str:
        """Something that changes whenever a run begins, moves on or ends."""
        going = sa.select(queued_runs.c.run_id).where(queued_runs.c.finished_at.is_(None))
        ids = [row.run_id for row in self.database.read(going)]
        columns: tuple[Any, ...] = (sa.func.max(runs.c.started_at), sa.func.count(runs.c.run_id))
        return repr([tuple(self.database.read(sa.select(*columns))[0]), *(self.version(run_id) for run_id in ids)])

    def _told(self, statement: sa.Select[Any]) -> dict[str, Any]:
        return next((_told(row.line) for row in self.database.read(statement)), {})


def _runs(*columns: Any, kind: Kind = Kind.ALL, words: str = "") -> sa.Select[Any]:
    joined = sa.outerjoin(runs, queued_runs, (queued_runs.c.run_id == runs.c.run_id) & any_worker_may())
    statement = sa.select(*columns).select_from(joined)
    match kind:
        case Kind.OPEN:
            statement = statement.where(queued_runs.c.run_id.is_not(None), queued_runs.c.finished_at.is_(None))
        case Kind.FINISHED:
            statement = statement.where(queued_runs.c.run_id.is_(None) | queued_runs.c.finished_at.is_not(None))
        case Kind.APPROVAL:
            waits = sa.select(submissions.c.run_id).where(submissions.c.approval == "waiting")
            statement = statement.where(runs.c.run_id.in_(waits), queued_runs.c.finished_at.is_(None))
        case Kind.PERSON:
            statement = statement.where(runs.c.run_id.in_(sa.select(intents.c.run_id).where(_waits_for_person())))
    if words:
        by = sa.select(submissions.c.submitted_by).where(submissions.c.run_id == runs.c.run_id).scalar_subquery()
        text = sa.func.lower(sa.cast(runs.c.info, sa.Text) + " " + sa.func.coalesce(by, ""))
        for word in words.lower().split():
            statement = statement.where(text.contains(word, autoescape=True))
    return statement


def _is_reverted() -> sa.ColumnElement[bool]:
    later = looks.alias()
    is_last = ~sa.exists().where(later.c.intent == looks.c.intent, later.c.look > looks.c.look)
    not_canceled = sa.select(looks.c.intent).where(looks.c.status != str(Status.CANCELED), is_last)
    return (intents.c.settled_as == "canceled") & intents.c.intent.in_(not_canceled)


def _waits_for_person() -> sa.ColumnElement[bool]:
    return intents.c.settled_at.is_(None) | _is_reverted()


_SEARCHED = sa.literal("").concat(orders.c.amazon_order)
"""The texts of an order that words are looked for in."""
for _text in (
    orders.c.job["store"].as_string(),
    orders.c.job["reason"].as_string(),
    orders.c.job["note"].as_string(),
    orders.c.result["message"].as_string(),
):
    _SEARCHED = _SEARCHED.concat(" ").concat(sa.func.coalesce(_text, ""))


def _orders(run_id: str, outcome: str, words: str) -> sa.ColumnElement[bool]:
    found = orders.c.run_id == run_id
    if outcome:
        found &= orders.c.outcome.is_(None) if outcome == "none" else orders.c.outcome == outcome
    for word in words.lower().split():
        number = orders.c.amazon_order.contains(word, autoescape=True)
        if word.replace("-", "").isdigit():  # part of a number: the texts need not be read
            found &= number
            continue
        found &= sa.func.lower(_SEARCHED).contains(word, autoescape=True)
    return found


def _order(row: sa.Row[Any]) -> ListedOrder:
    result = OrderResult.model_validate(row.result) if row.result else None
    return ListedOrder(place=row.place, job=Job.model_validate(row.job), result=result)


def _told(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
