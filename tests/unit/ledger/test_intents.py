"""What the ledger knows of each Confirm: what was answered, what came of it, and what it read when looked at again."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from run_kit import HOST, ORDER, OTHER, permit

from bot.errors import CannotStart, LedgerTrouble, PressedBefore
from bot.ledger import Intent, Ledger
from bot.ledger.database import Database
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Reason, Status

NOON = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
"""What the ledger's clock says, until a test sets it."""
LATER = NOON + timedelta(seconds=1)


@pytest.fixture
def ledger(place: Path | str, clock: Callable[[float], None]) -> Iterator[Ledger]:
    with Ledger.open(place) as opened:
        opened.runs.go_on_as("run-1")
        yield opened


def pressed(ledger: Ledger, order: str = ORDER, admin: str = HOST, outcome: Outcome | None = None) -> int:
    number = ledger.intents.write(admin, permit(order))
    if outcome is not None:
        ledger.intents.conclude(number, outcome)
    return number


@pytest.fixture
def backwards(ledger: Ledger, place: Path | str) -> Ledger:
    """The ledger in a database that gives rows backwards unless an order is asked for."""
    if not isinstance(place, Path):
        pytest.skip("only SQLite can be told to")
    engine = ledger._database._engine
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA reverse_unordered_selects=ON"))
    engine.dispose()
    return ledger


def told(beside: Any, event: str) -> list[tuple[object, ...]]:
    """The run, order and intent of every such event in the trail."""
    rows: list[tuple[object, ...]] = beside.rows(
        f"SELECT run_id, amazon_order FROM events WHERE event = '{event}' ORDER BY run_id, number"
    )
    return rows


def test_an_intent_is_known_by_everything_that_was_written(ledger: Ledger) -> None:
    number = pressed(ledger)
    ledger.intents.note_answer(number, Answer.ERROR, "half a \ud800 pair")
    ledger.intents.conclude(number, Outcome.UNKNOWN)
    ledger.intents.note_look(number, "Unshipped")
    (intent,) = ledger.intents.waiting()
    assert intent == Intent(
        intent=number,
        admin=HOST,
        order=ORDER,
        store="Nordwind UK",
        reason=Reason.BUYER_CANCELED,
        run_id="run-1",
        written_at="2026-03-01T02:00:00.000+00:00",
        answer=Answer.ERROR,
        answer_words="half a ? pair",
        outcome=Outcome.UNKNOWN,
        looked_at=intent.looked_at,
        looked_status="Unshipped",
        settled_as="",
    )
    assert datetime.now(UTC) - datetime.fromisoformat(intent.looked_at) < timedelta(hours=1)


def test_of_an_intent_that_was_cut_off_nothing_else_is_known(ledger: Ledger) -> None:
    number = pressed(ledger)
    assert ledger.intents.open(HOST, ORDER) == Intent(
        intent=number,
        admin=HOST,
        order=ORDER,
        store="Nordwind UK",
        reason=Reason.BUYER_CANCELED,
        run_id="run-1",
        written_at="2026-03-01T02:00:00.000+00:00",
        answer=None,
        answer_words="",
        outcome=None,
    )


# --- One open intent for an order ---


def test_an_order_with_several_open_intents_is_not_pressed_and_the_oldest_is_named(backwards: Ledger) -> None:
    """Under a host alone, every Admin there counts."""
    for number, path in enumerate("zyx", 1):
        backwards.runs.go_on_as(f"run-{number}")
        pressed(backwards, admin=f"{HOST}/{path}/admin")
    with pytest.raises(PressedBefore) as refused:
        pressed(backwards)
    assert refused.value.facts == {
        "order": ORDER,
        "run_id": "run-1",
        "written_at": "2026-03-01T02:00:00.000+00:00",
    }
    first = backwards.intents.open(HOST, ORDER)
    assert first is not None
    assert (first.intent, len(backwards.intents.waiting())) == (1, 3)


@pytest.fixture
def robbed(ledger: Ledger, place: Path | str, beside: Any, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A ledger in which a program that locks nothing presses right after this one has looked for open intents."""

    def meanwhile(connection: sa.Connection, order: str) -> None:
        in_file = isinstance(place, Path)
        if in_file:
            connection.exec_driver_sql("COMMIT")
        beside.change(
            "INSERT INTO intents (admin, amazon_order, run_id, store, reason, written_at) VALUES "
            f"('{HOST}', '{order}', 'run-2', 'Nordwind UK', 'BuyerCanceled', '2026-03-01T01:59:59.000+00:00')"
        )
        if in_file:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    monkeypatch.setattr(ledger.limits, "at_intent", meanwhile)
    return ledger


def test_an_intent_that_a_program_without_locks_wrote_meanwhile_is_refused_by_the_database(robbed: Ledger) -> None:
    pressed(robbed, OTHER, admin="other.example/a")
    with pytest.raises(PressedBefore) as refused:
        pressed(robbed)
    assert refused.value.facts == {
        "order": ORDER,
        "run_id": "run-2",
        "written_at": "2026-03-01T01:59:59.000+00:00",
    }
    assert isinstance(refused.value.__cause__, LedgerTrouble)
    assert [intent.run_id for intent in robbed.intents.waiting(ORDER)] == ["run-2"]


def test_trouble_of_the_ledger_is_told_as_such_also_where_an_intent_is_open(ledger: Ledger, beside: Any) -> None:
    pressed(ledger)
    beside.change("UPDATE ledger_version SET version = 99")
    with pytest.raises(LedgerTrouble, match="a newer version of Countermand has upgraded it"):
        pressed(ledger)


def test_nobody_decides_about_an_order_at_the_same_host_meanwhile(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[str] = []
    monkeypatch.setattr(Database, "deciding", lambda _, connection, name: did.append(name))
    monkeypatch.setattr(Database, "hold_version", lambda _, connection: did.append("the version is held"))
    pressed(ledger, admin=f"{HOST}/staging/admin")
    assert did == [f"{HOST} {ORDER}", "the version is held"]


# --- What is known of them ---


def test_the_open_intent_and_the_latest_are_those_of_the_order_and_the_admin(ledger: Ledger) -> None:
    pressed(ledger, OTHER)
    pressed(ledger, admin="other.example")
    first = pressed(ledger, outcome=Outcome.CANCELED)
    assert ledger.intents.open(HOST, ORDER) is None
    second = pressed(ledger)
    still_open, latest = ledger.intents.open(HOST, ORDER), ledger.intents.latest(HOST, ORDER)
    assert still_open is not None
    assert latest is not None
    assert (still_open.intent, latest.intent) == (second, second)
    ledger.intents.settle(second, "not-canceled", by="ann")
    latest = ledger.intents.latest(HOST, ORDER)
    assert latest is not None
    assert (latest.intent, latest.settled_as, first < second) == (second, "not-canceled", True)
    assert ledger.intents.latest(HOST, "112-0000000-0000000") is None


def test_an_intent_is_as_old_as_the_ledgers_clock_says(ledger: Ledger, clock: Callable[[float], None]) -> None:
    pressed(ledger)
    (intent,) = ledger.intents.waiting()
    clock(90)
    assert ledger.intents.age(intent) == 90
    clock(-100)
    assert ledger.intents.age(intent) == -10


def test_the_trail_tells_of_each_press_what_became_of_it(ledger: Ledger, beside: Any) -> None:
    doubted, proved = pressed(ledger, OTHER, outcome=Outcome.UNKNOWN), pressed(ledger)
    ledger.intents.note_answer(proved, Answer.OK, "")
    ledger.intents.conclude(proved, Outcome.CANCELED)
    ledger.intents.settle(doubted, "canceled", by="ann", why="seen in Seller Central")
    ledger.intents.note_look(doubted, "Canceled")
    assert told(beside, "intent_written") == [("run-1", OTHER), ("run-1", ORDER)]
    assert told(beside, "answered") == [("run-1", ORDER)]
    assert told(beside, "proved") == [("run-1", ORDER)]
    assert told(beside, "in_doubt") == [("run-1", OTHER)]
    assert told(beside, "settled") == [("run-1", OTHER)]
    assert told(beside, "looked_again") == [("run-1", OTHER)]


def test_the_trail_tells_everything_that_was_written_of_a_press(ledger: Ledger) -> None:
    proved, doubted = pressed(ledger), pressed(ledger, OTHER)
    ledger.intents.note_answer(proved, Answer.OK, "Done.")
    ledger.intents.conclude(proved, Outcome.CANCELED)
    ledger.intents.conclude(doubted, Outcome.UNKNOWN)
    ledger.intents.settle(doubted, "not-sent", by="ann", why="seen in Seller Central")
    kept = ledger.intents.as_kept("run-1")
    written = {
        "event": "intent_written",
        "admin": HOST,
        "store": "Nordwind UK",
        "reason": "BuyerCanceled",
        "written_at": "2026-03-01T02:00:00.000+00:00",
    }
    of_proved, of_doubted = {"order": ORDER, "intent": proved}, {"order": OTHER, "intent": doubted}
    by_proof = {"settled_at": kept[proved]["settled_at"], "settled_as": "canceled", "settled_by": "proof"}
    by_hand = {"settled_as": "not-sent", "settled_by": "ann", "settled_why": "seen in Seller Central"}
    entries = [entry.told for entry in ledger.trail.entries("run-1")]
    assert [{name: value for name, value in told.items() if name not in {"number", "at"}} for told in entries] == [
        of_proved | written,
        of_doubted | written,
        of_proved | {"event": "answered", "answer": "ok", "answer_words": "Done."},
        of_proved | {"event": "proved", "outcome": "canceled"} | by_proof,
        of_doubted | {"event": "in_doubt", "outcome": "unknown"},
        of_doubted | {"event": "settled", "settled_at": kept[doubted]["settled_at"]} | by_hand,
    ]


def test_the_trail_tells_of_a_later_look_when_it_was_and_what_it_read(ledger: Ledger) -> None:
    """Without that ``countermand verify`` could not say whether the ledger was changed."""
    number = pressed(ledger, outcome=Outcome.CANCELED)
    ledger.intents.note_look(number, "Unshipped")
    ((_, looked_at, _),) = ledger.intents.looks_as_kept("run-1")
    told = ledger.trail.entries("run-1")[-1].told
    assert (told["event"], told["intent"], told["looked_at"], told["status"]) == (
        "looked_again",
        number,
        looked_at,
        "Unshipped",
    )


def test_who_settled_an_intent_and_why_is_kept(ledger: Ledger, beside: Any) -> None:
    by_proof, by_hand, doubted = (pressed(ledger, order) for order in (ORDER, OTHER, "112-0000000-0000003"))
    ledger.intents.conclude(by_proof, Outcome.CANCELED)
    ledger.intents.settle(by_hand, "canceled", by="ann", why="half a \ud800 pair")
    ledger.intents.conclude(doubted, Outcome.UNKNOWN)
    without_a_reason = pressed(ledger, "112-0000000-0000004")
    ledger.intents.settle(without_a_reason, "not-sent", by="ann")
    assert beside.rows("SELECT outcome, settled_as, settled_by, settled_why FROM intents ORDER BY intent") == [
        ("canceled", "canceled", "proof", None),
        (None, "canceled", "ann", "half a ? pair"),
        ("unknown", None, None, None),
        (None, "not-sent", "ann", ""),
    ]
    settled = beside.rows("SELECT settled_at FROM intents WHERE settled_at IS NOT NULL")
    assert [datetime.fromisoformat(str(at)).tzinfo for (at,) in settled] == [UTC, UTC, UTC]


@pytest.mark.parametrize(
    "act",
    [
        lambda ledger, known: ledger.intents.settle(known.intent + 1, "not-sent", by="ann"),
        lambda ledger, known: ledger.intents.settle_by_hand(
            [replace(known, intent=known.intent + 1)], "canceled", by="ann", why="seen"
        ),
        lambda ledger, known: ledger.intents.conclude(known.intent + 1, Outcome.CANCELED),
        lambda ledger, known: ledger.intents.note_answer(known.intent + 1, Answer.OK, ""),
    ],
    ids=["settle", "settle_by_hand", "conclude", "note_answer"],
)
def test_an_intent_that_the_ledger_does_not_have_cannot_be_changed(
    ledger: Ledger, beside: Any, act: Callable[[Ledger, Intent], None]
) -> None:
    pressed(ledger, ORDER)
    (known,) = ledger.intents.waiting(ORDER)
    before = beside.rows("SELECT * FROM intents"), beside.rows("SELECT COUNT(*) FROM events")
    with pytest.raises(LedgerTrouble) as refused:
        act(ledger, known)
    assert str(refused.value) == (
        f"The ledger {ledger._database.name} cannot be used: it has no intent {known.intent + 1}. It is another "
        "ledger, or an older copy. Put the right one back."
    )
    assert (beside.rows("SELECT * FROM intents"), beside.rows("SELECT COUNT(*) FROM events")) == before


def test_what_a_person_settles_by_hand_is_in_the_ledger_in_the_runs_trail_and_in_the_audit_trail(
    ledger: Ledger,
) -> None:
    number, other = pressed(ledger, outcome=Outcome.UNKNOWN), pressed(ledger, OTHER)
    (doubted,) = ledger.intents.waiting(ORDER)
    ledger.runs.go_on_as("by-hand")
    ledger.intents.settle_by_hand([doubted], "canceled", by="ann", why="half a \ud800 pair")
    kept, settled_at = ledger.intents.as_kept("run-1"), ledger.intents.as_kept("run-1")[number]["settled_at"]
    assert datetime.fromisoformat(settled_at).tzinfo == UTC
    settled = {
        "settled_at": settled_at,
        "settled_as": "canceled",
        "settled_by": "ann",
        "settled_why": "half a ? pair",
    }
    assert kept[number] | settled == kept[number]
    assert [intent.intent for intent in ledger.intents.waiting()] == [other]
    (entry,) = ledger.trail.entries("by-hand")
    event = {"number": 1, "order": ORDER, "event": "settled", "intent": number}
    assert {name: value for name, value in entry.told.items() if name != "at"} == event | settled
    (done,) = ledger.trail.entries("audit")
    assert {name: value for name, value in done.told.items() if name != "at"} == {
        "number": 1,
        "order": "",
        "event": "by_person",
        "action": "settled",
        "by": "ann",
        "about": ORDER,
        "why": "half a ? pair",
        "via": "command line",
        "run": "run-1",
        "settled_as": "canceled",
    }
    assert ledger.intents.looks_at([number]) == []


@pytest.mark.parametrize(
    ("settled_as", "read"), [("canceled", ["Unshipped", "Canceled"]), ("not-canceled", ["Unshipped"])]
)
def test_a_person_who_settles_a_reverted_cancel_as_canceled_has_seen_it_canceled(
    ledger: Ledger, settled_as: str, read: list[str]
) -> None:
    number = pressed(ledger, outcome=Outcome.CANCELED)
    ledger.intents.note_look(number, "Unshipped")
    (reverted,) = ledger.intents.waiting()
    ledger.intents.settle_by_hand([reverted], settled_as, by="ann", why="seen in Seller Central")
    assert [(intent, status) for intent, _, status in ledger.intents.looks_at([number])] == [
        (number, status) for status in read
    ]
    assert ledger.intents.waiting() == []


@pytest.mark.parametrize("first", ["canceled", "not-canceled"])
def test_of_two_people_who_looked_at_the_same_order_the_first_settles_it(ledger: Ledger, first: str) -> None:
    pressed(ledger, outcome=Outcome.UNKNOWN)
    pressed(ledger, OTHER)
    looked_at = ledger.intents.waiting()
    ledger.intents.settle_by_hand(looked_at[:1], first, by="ann", why="seen")
    before = ledger.intents.as_kept("run-1")
    with pytest.raises(CannotStart) as refused:
        ledger.intents.settle_by_hand(list(reversed(looked_at)), "not-canceled", by="bob", why="seen")
    assert str(refused.value) == (
        f"Order {ORDER} was settled as {first} meanwhile, by ann: nothing was settled now. Look at it again."
    )
    assert ledger.intents.as_kept("run-1") == before
    assert [intent.order for intent in ledger.intents.waiting()] == [OTHER]


def test_an_order_that_changed_since_a_person_looked_is_not_settled(ledger: Ledger) -> None:
    number = pressed(ledger)
    looked_at = ledger.intents.waiting()
    ledger.intents.note_answer(number, Answer.OK, "it came after all")
    with pytest.raises(CannotStart) as refused:
        ledger.intents.settle_by_hand(looked_at, "not-canceled", by="ann", why="seen")
    assert str(refused.value) == (
        f"Order {ORDER} has changed since you looked: nothing was settled now. Look at it again."
    )
    assert [intent.settled_as for intent in ledger.intents.waiting()] == [""]


@pytest.mark.parametrize("claimed_under", [f"{HOST}/admin", HOST])
def test_an_order_that_a_run_works_on_is_not_settled_whatever_its_admin_is_called(
    ledger: Ledger, place: Path | str, claimed_under: str
) -> None:
    pressed(ledger)
    looked_at = ledger.intents.waiting()
    with Ledger.open(place) as other:
        other.runs.go_on_as("run-2")
        assert other.claims.take(claimed_under, ORDER, 300)
        with pytest.raises(CannotStart, match=f"^Order {ORDER} is being worked on in run run-2, which will say"):
            ledger.intents.settle_by_hand(looked_at, "not-canceled", by="ann", why="seen")
        other.claims.release(claimed_under, ORDER)
    ledger.intents.settle_by_hand(looked_at, "not-canceled", by="ann", why="seen")
    assert ledger.intents.waiting() == []


def test_the_later_looks_at_some_intents_are_given_with_their_times(ledger: Ledger) -> None:
    first, second, third = (pressed(ledger, order) for order in (ORDER, OTHER, "112-0000000-0000003"))
    for number in (third, first, second):
        ledger.intents.note_look(number, "Canceled")
    looks = ledger.intents.looks_at([first, third])
    assert [(intent, status) for intent, _, status in looks] == [(third, "Canceled"), (first, "Canceled")]
    assert [at for _, at, _ in looks] == [entry.told["looked_at"] for entry in ledger.trail.entries("run-1")[3:5]]


def test_a_cancel_that_was_undone_waits_for_a_person_until_it_reads_canceled_again(ledger: Ledger) -> None:
    number = pressed(ledger, outcome=Outcome.CANCELED)
    ledger.intents.note_look(number, "Canceled")
    assert ledger.intents.waiting() == []
    ledger.intents.note_look(number, "Unshipped")
    (intent,) = ledger.intents.waiting()
    assert (intent.looked_status, intent.reverted) == ("Unshipped", True)
    ledger.intents.note_look(number, "Canceled")
    assert ledger.intents.waiting() == []


@pytest.mark.parametrize(
    ("settled_as", "looked_status", "reverted"),
    [
        ("canceled", "", False),
        ("canceled", Status.CANCELED, False),
        ("canceled", Status.UNSHIPPED, True),
        ("not-sent", Status.UNSHIPPED, False),
        ("", Status.UNSHIPPED, False),
    ],
)
def test_only_a_cancel_that_reads_something_else_now_is_reverted(
    settled_as: str, looked_status: str, reverted: bool
) -> None:
    intent = Intent(
        intent=1,
        admin=HOST,
        order=ORDER,
        store="Nordwind UK",
        reason=Reason.BUYER_CANCELED,
        run_id="run-1",
        written_at="2026-03-01T02:00:00.000+00:00",
        answer=None,
        answer_words="",
        outcome=None,
        looked_status=looked_status,
        settled_as=settled_as,
    )
    assert intent.reverted is reverted


def test_one_order_can_be_asked_for_in_every_admin(ledger: Ledger) -> None:
    first, _, third = pressed(ledger), pressed(ledger, OTHER), pressed(ledger, admin="other.example")
    assert [intent.intent for intent in ledger.intents.waiting(ORDER)] == [first, third]


def test_a_run_has_its_intents_with_the_latest_look_at_each(ledger: Ledger) -> None:
    first = pressed(ledger, outcome=Outcome.CANCELED)
    ledger.runs.go_on_as("run-2")
    pressed(ledger)
    ledger.runs.go_on_as("run-1")
    third = pressed(ledger, OTHER)
    for status in ("Canceled", "Unshipped"):
        ledger.intents.note_look(first, status)
    assert [(intent.intent, intent.looked_status) for intent in ledger.intents.of_run("run-1")] == [
        (first, "Unshipped"),
        (third, ""),
    ]
    assert [intent.intent for intent in ledger.intents.of_run("run-1", OTHER)] == [third]
    assert [intent.intent for intent in ledger.intents.of_run("run-1", ORDER)] == [first]


def test_each_intent_has_the_latest_look_at_itself(ledger: Ledger) -> None:
    first, second = pressed(ledger), pressed(ledger, OTHER)
    for number, status in ((first, "Canceled"), (second, "Canceled"), (second, "Shipped"), (first, "Unshipped")):
        ledger.intents.note_look(number, status)
    assert [(intent.intent, intent.looked_status) for intent in ledger.intents.of_run("run-1")] == [
        (first, "Unshipped"),
        (second, "Shipped"),
    ]


def test_the_oldest_comes_first_whatever_order_the_database_prefers(backwards: Ledger) -> None:
    first = pressed(backwards, outcome=Outcome.CANCELED)
    second = pressed(backwards, OTHER, outcome=Outcome.CANCELED)
    third = pressed(backwards, outcome=Outcome.CANCELED)
    fourth, fifth = pressed(backwards), pressed(backwards, OTHER)
    for number in (second, first, second):
        backwards.intents.note_look(number, "Canceled")
    intents = backwards.intents
    assert [intent.intent for intent in intents.waiting()] == [fourth, fifth]
    assert [intent.intent for intent in intents.of_run("run-1")] == [first, second, third, fourth, fifth]
    assert list(intents.as_kept("run-1")) == [first, second, third, fourth, fifth]
    assert [number for number, _, _ in intents.looks_as_kept("run-1")] == [second, first, second]
    assert [number for number, _, _ in intents.looks_at([first, second])] == [second, first, second]
    assert [intent.intent for intent in intents.canceled_since(HOST, NOON)] == [third, second]


def test_of_the_intents_of_a_run_for_an_order_the_latest_is_given(ledger: Ledger) -> None:
    pressed(ledger, outcome=Outcome.CANCELED)
    second = pressed(ledger, outcome=Outcome.CANCELED)
    pressed(ledger, OTHER)
    ledger.runs.go_on_as("run-2")
    pressed(ledger)
    latest = ledger.intents.latest_of_run("run-1", ORDER)
    assert latest is not None
    assert (latest.intent, latest.settled_as) == (second, "canceled")
    assert ledger.intents.latest_of_run("run-2", OTHER) is None


def test_what_an_order_ever_read_is_remembered(ledger: Ledger) -> None:
    first, second = pressed(ledger), pressed(ledger, OTHER)
    for status in ("Canceled", "half a \ud800 pair", "Unshipped"):
        ledger.intents.note_look(first, status)
    ledger.intents.note_look(second, "Shipped")
    assert ledger.intents.was_seen(first, "Canceled")
    assert ledger.intents.was_seen(first, "half a ? pair")
    assert not ledger.intents.was_seen(first, "Shipped")


def test_what_a_runs_trail_speaks_of_is_given_as_it_is_kept(ledger: Ledger) -> None:
    mine = pressed(ledger)
    ledger.intents.note_answer(mine, Answer.NONE, "cut off")
    ledger.intents.settle(mine, "not-canceled", by="ann")
    ledger.runs.go_on_as("run-2")
    later, elsewhere = pressed(ledger), pressed(ledger, OTHER)
    ledger.intents.note_look(mine, "Unshipped")
    ledger.intents.note_look(elsewhere, "Shipped")
    ledger.intents.note_look(later, "Canceled")
    kept = ledger.intents.as_kept("run-1")
    assert list(kept) == [mine, later]
    assert {name: value for name, value in kept[later].items() if value} == {
        "intent": str(later),
        "admin": HOST,
        "amazon_order": ORDER,
        "run_id": "run-2",
        "store": "Nordwind UK",
        "reason": "BuyerCanceled",
        "written_at": "2026-03-01T02:00:00.000+00:00",
    }
    assert (kept[later]["answer"], kept[mine]["answer"], kept[mine]["answer_words"]) == ("", "none", "cut off")
    looks = ledger.intents.looks_as_kept("run-1")
    assert [(intent, status) for intent, _, status in looks] == [(mine, "Unshipped"), (later, "Canceled")]
    assert all(datetime.fromisoformat(at).tzinfo == UTC for _, at, _ in looks)
    assert list(ledger.intents.as_kept("run-2")) == [mine, later, elsewhere]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no way to set the time zone of one process")
@pytest.mark.usefixtures("clock")
def test_since_when_is_meant_as_it_is_said_wherever_the_computer_is(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = pressed(ledger, outcome=Outcome.CANCELED)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        found = [[one.intent for one in ledger.intents.canceled_since(HOST, since)] for since in (NOON, LATER)]
    time.tzset()
    assert found == [[number], []]


def test_what_was_canceled_since_a_time_is_given_once_for_each_order(
    ledger: Ledger, clock: Callable[[float], None]
) -> None:
    def numbers(admin: str | None = HOST, since: datetime = NOON, **order: str) -> list[int]:
        return [intent.intent for intent in ledger.intents.canceled_since(admin, since, **order)]

    first = pressed(ledger, outcome=Outcome.CANCELED)
    pressed(ledger, "112-0000000-0000003", outcome=Outcome.UNKNOWN)
    by_hand = pressed(ledger, OTHER)
    ledger.intents.settle(by_hand, "canceled", by="ann")
    elsewhere = pressed(ledger, admin="other.example", outcome=Outcome.CANCELED)
    assert numbers() == [first, by_hand]
    clock(60)
    again = pressed(ledger, outcome=Outcome.CANCELED)
    ledger.intents.note_look(again, "Unshipped")
    assert sorted(numbers()) == [by_hand, again]
    assert sorted(numbers(None)) == [by_hand, elsewhere, again]
    assert numbers(order=OTHER) == [by_hand]
    assert numbers(since=NOON + timedelta(seconds=60)) == [again]
    assert numbers(since=(NOON + timedelta(seconds=60)).astimezone(timezone(timedelta(hours=9)))) == [again]
    assert numbers(since=NOON + timedelta(seconds=61)) == []
    (latest,) = ledger.intents.canceled_since(HOST, NOON, order=ORDER)
    assert (latest.looked_status, latest.reverted) == ("Unshipped", True)
