"""The intents in the ledger: every Confirm that was pressed or about to be, and what is known about the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa

from bot.errors import CannotStart, LedgerTrouble, PressedBefore
from bot.ledger.admins import is_about, lock_name
from bot.ledger.audit import Action, Audit
from bot.ledger.claims import Claims
from bot.ledger.database import Database, is_refused_as_double, timestamp, writable
from bot.ledger.schema import events, intents, looks
from bot.ledger.shared_limits import SharedLimits
from bot.ledger.trail import Event, Trail
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Reason, Status


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A Confirm that was pressed or about to be, and what is known about the result."""

    intent: int
    admin: str
    order: str
    store: str
    reason: Reason
    run_id: str
    written_at: str
    """ISO 8601, UTC, as all times of the ledger."""
    answer: Answer | None
    """None if the run was interrupted, or gave up, before an answer came."""
    answer_words: str
    outcome: Outcome | None
    """None if the run was interrupted before it knew."""
    looked_at: str = ""
    """When it was last looked at again, by ``countermand audit``; empty if never."""
    looked_status: str = ""
    """The status that it had then."""
    settled_as: str = ""
    """``canceled``, ``not-canceled``, ``not-sent`` or ``overtaken``; empty while it is open."""
    settled_by: str = ""
    """Who said so: a person, or what proved it."""

    @property
    def reverted(self) -> bool:
        """Whether it was canceled, and read something else when it was looked at last."""
        return self.settled_as == "canceled" and self.looked_status not in {"", Status.CANCELED}


class Permitted(Protocol):
    """What an intent is about: the cancel that a permit allows."""

    @property
    def order(self) -> str:
        """The Amazon order number."""

    @property
    def store(self) -> str:
        """The store, as its card on the home page is titled."""

    @property
    def reason(self) -> Reason:
        """The reason that was chosen."""


class Intents:
    """Every Confirm, of every run on this ledger."""

    def __init__(self, database: Database, trail: Trail, claims: Claims, limits: SharedLimits, audit: Audit) -> None:
        self._database = database
        self._trail = trail
        self._claims = claims
        self._limits = limits
        self._audit = audit

    def write(self, admin: str, permit: Permitted) -> int:
        """Record that Confirm is about to be pressed. It is on disk when this returns.

        Raises:
            PressedBefore: an intent for this order is open, from this run or another.
            ClaimLost: the order was claimed for this run, and the claim is over or another run's; or another worker of
                this queued run has given the order its result.
            RunStopped: no more orders may be canceled in this run, on whatever machine.
            LedgerTrouble: the ledger cannot be written, or was upgraded or moved since it was opened.
            EvidenceNotWritten: the trail in the run's folder cannot be written; then nothing is.
        """
        told = {"admin": admin, "store": permit.store, "reason": str(permit.reason)}
        still_open = _open_intents().where(_of(admin, permit.order))
        try:
            with self._database.writing() as connection:
                # From here on no other program can change whose the order is, or write an intent for it.
                self._database.deciding(connection, lock_name(admin, permit.order))
                self._database.hold_version(connection)
                earlier = connection.execute(still_open.limit(1)).one_or_none()
                if earlier is not None:
                    raise _pressed_before(_intent(earlier))
                self._limits.at_intent(connection, permit.order)
                told["written_at"] = timestamp(self._database.now(connection))
                written = connection.execute(
                    intents.insert().values(amazon_order=permit.order, run_id=self._database.run_id, **told)
                )
                (intent,) = written.inserted_primary_key or (0,)
                self._claims.hold(connection, admin, permit.order)
                self._trail.append(connection, Event.INTENT_WRITTEN, order=permit.order, intent=int(intent), **told)
        except LedgerTrouble as refused:
            # The database's own index has refused it: a program of an earlier version locks nothing.
            found = self.open(admin, permit.order) if is_refused_as_double(refused) else None
            if found is None:
                raise
            raise _pressed_before(found) from refused
        return int(intent)

    def open(self, admin: str, order: str) -> Intent | None:
        """The open intent for this order, so that Confirm may have been pressed; or None."""
        statement = _open_intents().where(_of(admin, order))
        return next((_intent(row) for row in self._database.read(statement)), None)

    def latest(self, admin: str, order: str) -> Intent | None:
        """The latest intent for this order, whatever its result; or None."""
        statement = sa.select(intents).where(_of(admin, order)).order_by(intents.c.intent.desc()).limit(1)
        return next((_intent(row) for row in self._database.read(statement)), None)

    def latest_of_run(self, run_id: str, order: str) -> Intent | None:
        """The latest intent that a run wrote for this order, whatever its result; or None."""
        of_run = (intents.c.amazon_order == order) & (intents.c.run_id == run_id)
        statement = sa.select(intents).where(of_run).order_by(intents.c.intent.desc()).limit(1)
        return next((_intent(row) for row in self._database.read(statement)), None)

    def age(self, intent: Intent) -> float:
        """Seconds since an intent was written, by the ledger's clock; negative if the clock was set back since."""
        return self._database.now() - datetime.fromisoformat(intent.written_at).timestamp()

    def note_answer(self, intent: int, answer: Answer, words: str) -> None:
        """Record what the Admin answered to a press. Raises as ``settle``."""
        self._update(intent, Event.ANSWERED, {"answer": str(answer), "answer_words": writable(words)})

    def conclude(self, intent: int, outcome: Outcome) -> None:
        """Record the result of a press. Only ``canceled`` settles it; anything else waits for a person.

        Raises as ``settle``.
        """
        proved = outcome is Outcome.CANCELED
        settled = {"settled_at": timestamp(), "settled_as": "canceled", "settled_by": "proof"} if proved else {}
        self._update(intent, Event.PROVED if proved else Event.IN_DOUBT, {"outcome": str(outcome), **settled})

    def settle(self, intent: int, settled_as: str, *, by: str, why: str = "") -> None:
        """Close an intent: what is known now, who says so, and why. A later run may then press again.

        Raises:
            LedgerTrouble: there is no intent with that number, or it cannot be written; nothing was.
        """
        self._update(
            intent,
            Event.SETTLED,
            {"settled_at": timestamp(), "settled_as": settled_as, "settled_by": by, "settled_why": writable(why)},
        )

    def settle_by_hand(self, looked_at: Sequence[Intent], settled_as: str, *, by: str, why: str) -> None:
        """Close intents because a person has looked: ``canceled`` or ``not-canceled``, and how they know.

        ``looked_at`` has each as it was read when the person looked. All of them are settled, or none.

        Raises:
            CannotStart: one has changed since, or its order is being worked on.
            LedgerTrouble: there is no such intent, or it cannot be written.
        """
        told = {"settled_at": timestamp(), "settled_as": settled_as, "settled_by": by, "settled_why": writable(why)}
        with self._database.writing() as connection:
            # From here on nobody else settles one of them, and no run takes an order of them.
            for name in sorted({lock_name(intent.admin, intent.order) for intent in looked_at}):
                self._database.deciding(connection, name)
            for intent in looked_at:
                self._refuse_if_changed(connection, intent)
            for intent in looked_at:
                self._write(connection, intent.intent, told)
                self._trail.append(connection, Event.SETTLED, order=intent.order, intent=intent.intent, **told)
                about = {"about": intent.order, "why": writable(why), "run": intent.run_id, "settled_as": settled_as}
                self._audit.append(connection, Action.SETTLED, by=by, **about)
                if intent.reverted and settled_as == "canceled":
                    # A person looked at it last, and found it canceled.
                    self._look(connection, intent.intent, Status.CANCELED)

    def _refuse_if_changed(self, connection: sa.Connection, intent: Intent) -> None:
        now = connection.execute(_with_latest_look().where(intents.c.intent == intent.intent)).one_or_none()
        if now is not None and _intent(now) != intent:
            raise CannotStart(reason=why_changed(_intent(now)))
        if run_id := self._claims.run_at_work(connection, intent.admin, intent.order):
            raise CannotStart(
                reason=f"Order {intent.order} is being worked on in run {run_id}, which will say what became of it: "
                "settle it afterwards, if it still waits. See: countermand status"
            )

    def numbered(self, numbers: Sequence[int]) -> list[Intent]:
        """The intents with these numbers, as they are now."""
        statement = _with_latest_look().where(intents.c.intent.in_(numbers)).order_by(intents.c.intent)
        return [_intent(row) for row in self._database.read(statement)]

    def waiting(self, order: str | None = None) -> list[Intent]:
        """The intents that wait for a person, oldest first: canceled_not_sent, unknown, interrupted, or reverted.

        With ``order``, only those of that order number, in whichever Admin.
        """
        reverted = sa.and_(intents.c.settled_as == "canceled", looks.c.status != str(Status.CANCELED))
        statement = _with_latest_look().where(intents.c.settled_at.is_(None) | reverted).order_by(intents.c.intent)
        if order is not None:
            statement = statement.where(intents.c.amazon_order == order)
        return [_intent(row) for row in self._database.read(statement)]

    def of_run(self, run_id: str, order: str | None = None) -> list[Intent]:
        """Every intent of a run, or of one order in it, oldest first, with the latest look at each."""
        which = intents.c.run_id == run_id
        if order is not None:
            which &= intents.c.amazon_order == order
        statement = _with_latest_look().where(which).order_by(intents.c.intent)
        return [_intent(row) for row in self._database.read(statement)]

    def as_kept(self, run_id: str) -> dict[int, dict[str, str]]:
        """Every intent for an order that a run's trail speaks of, as the ledger has it, by its number.

        What was done to it does not matter: a change must be found, not stumbled over.
        """
        spoken_of = sa.select(events.c.amazon_order).where(events.c.run_id == run_id)
        of_the_run = (intents.c.run_id == run_id) | intents.c.amazon_order.in_(spoken_of)
        rows = self._database.read(sa.select(intents).where(of_the_run).order_by(intents.c.intent))
        return {row.intent: {name: str(value or "") for name, value in row._mapping.items()} for row in rows}

    def looks_as_kept(self, run_id: str) -> list[tuple[int, str, str]]:
        """Every later look at an order that a run's trail speaks of: the intent, when, and what it read."""
        spoken_of = sa.select(events.c.amazon_order).where(events.c.run_id == run_id)
        statement = (
            sa.select(looks.c.intent, looks.c.looked_at, looks.c.status)
            .join(intents, intents.c.intent == looks.c.intent)
            .where(intents.c.amazon_order.in_(spoken_of))
            .order_by(looks.c.look)
        )
        return [(row.intent, row.looked_at, row.status) for row in self._database.read(statement)]

    def looks_at(self, numbers: list[int]) -> list[tuple[int, str, str]]:
        """Every later look at these intents: the intent, when, and what it read."""
        told = sa.select(looks.c.intent, looks.c.looked_at, looks.c.status).where(looks.c.intent.in_(numbers))
        return [(row.intent, row.looked_at, row.status) for row in self._database.read(told.order_by(looks.c.look))]

    def canceled_since(self, admin: str | None, since: datetime, *, order: str | None = None) -> list[Intent]:
        """The orders of an Admin (None for all) that were proved canceled, or said to be by a person, since a time.

        Oldest first; of an order that was canceled twice only the later time, with the latest look at it. With
        ``order``, only that one.
        """
        statement = (
            _with_latest_look()
            .where(
                sa.true() if admin is None else is_about(intents.c.admin, admin),
                sa.true() if order is None else intents.c.amazon_order == order,
                intents.c.settled_as == "canceled",
                intents.c.written_at >= since.astimezone(UTC).isoformat(timespec="milliseconds"),
            )
            .order_by(intents.c.intent)
        )
        # One Admin can have had two names; in a list of every Admin's intents, each name counts separately.
        found = {
            (admin or intent.admin, intent.order): intent for intent in map(_intent, self._database.read(statement))
        }
        return list(found.values())

    def note_look(self, intent: int, status: str) -> None:
        """Record that an order was looked at again after the press, and what it read."""
        with self._database.writing() as connection:
            self._look(connection, intent, status)

    def _look(self, connection: sa.Connection, intent: int, status: str) -> None:
        told = {"intent": intent, "looked_at": timestamp(), "status": writable(status)}
        connection.execute(looks.insert().values(told))
        self._trail.append(connection, Event.LOOKED_AGAIN, order=_order_of(connection, intent), **told)

    def was_seen(self, intent: int, status: str) -> bool:
        """Whether the order ever had this status when it was looked at again after the press."""
        statement = sa.select(looks.c.look).where(looks.c.intent == intent, looks.c.status == status).limit(1)
        return bool(self._database.read(statement))

    def _write(self, connection: sa.Connection, intent: int, told: dict[str, str]) -> None:
        written = connection.execute(intents.update().where(intents.c.intent == intent).values(**told))
        if not written.rowcount:
            raise LedgerTrouble(
                ledger=self._database.name,
                reason=f"it has no intent {intent}. It is another ledger, or an older copy. Put the right one back.",
            )

    def _update(self, intent: int, event: Event, told: dict[str, str]) -> None:
        with self._database.writing() as connection:
            self._write(connection, intent, told)
            order = _order_of(connection, intent)
            self._trail.append(connection, event, order=order, intent=intent, **told)


def why_changed(intent: Intent) -> str:
    """What a person is told who wanted to settle an intent, and looked before it became what it is now."""
    what = "has changed since you looked"
    if intent.settled_as and not intent.reverted:
        what = f"was settled as {intent.settled_as} meanwhile, by {intent.settled_by or 'somebody else'}"
    return f"Order {intent.order} {what}: nothing was settled now. Look at it again."


def _of(admin: str, order: str) -> sa.ColumnElement[bool]:
    return (intents.c.amazon_order == order) & is_about(intents.c.admin, admin)


def _pressed_before(earlier: Intent) -> PressedBefore:
    return PressedBefore(order=earlier.order, run_id=earlier.run_id, written_at=earlier.written_at)


def _order_of(connection: sa.Connection, intent: int) -> str:
    return str(connection.scalar(sa.select(intents.c.amazon_order).where(intents.c.intent == intent)) or "")


def _open_intents() -> sa.Select[Any]:
    return sa.select(intents).where(intents.c.settled_at.is_(None)).order_by(intents.c.intent)


def _with_latest_look() -> sa.Select[Any]:
    latest = sa.select(looks.c.intent, sa.func.max(looks.c.look).label("look")).group_by(looks.c.intent).subquery()
    return (
        sa.select(intents, looks.c.looked_at, looks.c.status.label("looked_status"))
        .outerjoin(latest, latest.c.intent == intents.c.intent)
        .outerjoin(looks, looks.c.look == latest.c.look)
    )


def _intent(row: sa.Row[Any]) -> Intent:
    told = row._mapping
    return Intent(
        intent=row.intent,
        admin=row.admin,
        order=row.amazon_order,
        store=row.store,
        reason=Reason(row.reason),
        run_id=row.run_id,
        written_at=row.written_at,
        answer=Answer(row.answer) if row.answer else None,
        answer_words=row.answer_words or "",
        outcome=Outcome(row.outcome) if row.outcome else None,
        looked_at=told.get("looked_at") or "",
        looked_status=told.get("looked_status") or "",
        settled_as=row.settled_as or "",
        settled_by=row.settled_by or "",
    )
