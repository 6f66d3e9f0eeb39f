"""The trail: every event once, in order, chained, the same in the ledger and in the run's folder."""

import errno
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from run_kit import HOST, ORDER, OTHER, RUN_ID, job, permit, run_info

from bot.errors import EvidenceNotWritten
from bot.ledger import Event, Ledger
from bot.outcomes import Answer, OrderResult, Outcome
from bot.vocabulary import Reason


def result(order: str = ORDER, message: str = "Grüße, 見本") -> OrderResult:
    return OrderResult(
        order=order,
        store="Nordwind UK",
        reason=Reason.BUYER_CANCELED,
        outcome=Outcome.CANCELED,
        message=message,
    )


def hash_after(before: str, line: str) -> str:
    """How an event is chained, said once more and on its own."""
    return hashlib.sha256(before.encode() + b"\n" + line.encode()).hexdigest()


def chain(run_id: str, lines: list[str]) -> list[str]:
    """The hash of every event of a trail that says these lines."""
    hashes = [hashlib.sha256(run_id.encode()).hexdigest()]
    for line in lines:
        hashes.append(hash_after(hashes[-1], line))
    return hashes[1:]


def steps(ledger: Ledger, run_id: str = RUN_ID) -> list[object]:
    """The steps that the ledger's trail of a run tells of."""
    return [entry.told["step"] for entry in ledger.trail.entries(run_id) if entry.told["event"] == "step"]


def copied(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Hash and event of every line of a folder's trail."""
    lines = (folder / "trail.jsonl").read_bytes().decode().removesuffix("\n").split("\n")
    return [(read["hash"], read["event"]) for read in map(json.loads, lines)]


def in_ledger(ledger: Ledger, run_id: str = RUN_ID) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.hash, entry.told) for entry in ledger.trail.entries(run_id)]


@pytest.fixture
def open_as(place: Path | str, tmp_path: Path) -> Iterator[Callable[[str], Ledger]]:
    """Opens the one ledger as a run of that name, with a folder of its own."""
    opened: list[Ledger] = []

    def give(run_id: str) -> Ledger:
        ledger = Ledger.open(place)
        opened.append(ledger)
        (tmp_path / run_id).mkdir()
        ledger.trail.copy_to(tmp_path / run_id)
        ledger.runs.begin(run_info(run_id), [job(), job(OTHER)])
        return ledger

    yield give
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_as: Callable[[str], Ledger]) -> Ledger:
    return open_as(RUN_ID)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / RUN_ID


# --- The chain ---


def test_every_event_has_the_hash_of_the_one_before_in_its_own(ledger: Ledger) -> None:
    for step in ("open_store", "open_order", "choose_reason"):
        ledger.trail.note(Event.STEP, order=ORDER, step=step)
    entries = ledger.trail.entries(RUN_ID)
    assert [entry.number for entry in entries] == [1, 2, 3, 4]
    assert [entry.hash for entry in entries] == chain(RUN_ID, [entry.line for entry in entries])


def test_an_event_says_what_happened_when_and_to_which_order(ledger: Ledger) -> None:
    before = datetime.now(UTC).isoformat(timespec="milliseconds")
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    told = ledger.trail.entries(RUN_ID)[-1].told
    at = str(told["at"])
    assert told == {"number": 2, "at": at, "order": ORDER, "event": "step", "step": "open_order"}
    assert before <= at <= datetime.now(UTC).isoformat(timespec="milliseconds")


def test_everything_that_becomes_of_an_order_is_an_event(ledger: Ledger) -> None:
    ledger.claims.take(HOST, ORDER, 300)
    intent = ledger.intents.write(HOST, permit())
    ledger.intents.note_answer(intent, Answer.OK, "")
    ledger.intents.conclude(intent, Outcome.UNKNOWN)
    ledger.intents.settle(intent, "canceled", by="maria", why="seen")
    ledger.intents.note_look(intent, "Canceled")
    second = ledger.intents.write(HOST, permit())
    ledger.intents.conclude(second, Outcome.CANCELED)
    ledger.runs.finish_order(result())
    ledger.runs.finish(run_info())
    assert [(entry.told["event"], entry.told["order"]) for entry in ledger.trail.entries(RUN_ID)] == [
        ("run_started", ""),
        ("taken", ORDER),
        ("intent_written", ORDER),
        ("answered", ORDER),
        ("in_doubt", ORDER),
        ("settled", ORDER),
        ("looked_again", ORDER),
        ("intent_written", ORDER),
        ("proved", ORDER),
        ("finished", ORDER),
        ("run_finished", ""),
    ]


def test_an_order_that_is_taken_over_names_the_run_that_had_it(open_as: Callable[[str], Ledger]) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, -1)
    assert two.claims.take(HOST, ORDER, 300)
    told = two.trail.entries("two")[-1].told
    assert (told["event"], told["order"], told["from_run"]) == ("taken", ORDER, "one")


def test_an_order_that_another_run_has_leaves_no_event(open_as: Callable[[str], Ledger]) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    assert not two.claims.take(HOST, ORDER, 300)
    assert [entry.told["event"] for entry in two.trail.entries("two")] == ["run_started"]


def test_the_latest_event_of_an_order_is_no_picture_and_of_no_other_order(ledger: Ledger) -> None:
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    ledger.trail.note(Event.PICTURE, order=ORDER, file="evidence/1.jpg", sha256="0")
    ledger.trail.note(Event.STEP, order=OTHER, step="open_store")
    latest = ledger.trail.latest(RUN_ID, ORDER)
    assert latest is not None
    assert latest.told["step"] == "open_order"


def test_an_order_to_which_nothing_happened_has_no_latest_event(ledger: Ledger) -> None:
    assert ledger.trail.latest(RUN_ID, ORDER) is None


@pytest.mark.parametrize(
    "words", ["half a pair \ud83d", "a NUL \0", "lines\u2028and\u2029more\x85\x1c\r\n", "\"'\\ 見本"]
)
def test_no_words_of_a_page_break_the_trail(ledger: Ledger, folder: Path, words: str) -> None:
    intent = ledger.intents.write(HOST, permit())
    ledger.intents.note_answer(intent, Answer.ERROR, words)
    ledger.intents.conclude(intent, Outcome.UNKNOWN)
    ledger.runs.finish_order(result(message=words))
    assert [told["event"] for _, told in in_ledger(ledger)] == [
        "run_started",
        "intent_written",
        "answered",
        "in_doubt",
        "finished",
    ]
    assert copied(folder) == in_ledger(ledger)
    (waiting,) = ledger.intents.waiting()
    assert waiting.answer_words == words.replace("\ud83d", "?").replace("\0", "\ufffd")


# --- Two runs ---


def test_events_of_two_runs_do_not_mix(open_as: Callable[[str], Ledger], tmp_path: Path) -> None:
    one, two = open_as("one"), open_as("two")
    for number in range(3):
        one.trail.note(Event.STEP, order=ORDER, step=f"one-{number}")
        two.trail.note(Event.STEP, order=ORDER, step=f"two-{number}")
    for run_id in ("one", "two"):
        entries = one.trail.entries(run_id)
        assert steps(one, run_id) == [f"{run_id}-{number}" for number in range(3)]
        assert [entry.number for entry in entries] == [1, 2, 3, 4]
        assert [entry.hash for entry in entries] == chain(run_id, [entry.line for entry in entries])
        assert copied(tmp_path / run_id) == in_ledger(one, run_id)


def test_what_a_person_does_outside_any_run_has_a_trail_of_its_own(ledger: Ledger, place: Path | str) -> None:
    intent = ledger.intents.write(HOST, permit())
    with Ledger.open(place) as by_hand:
        by_hand.intents.settle(intent, "canceled", by="maria", why="seen")
    (entry,) = ledger.trail.entries("by-hand")
    assert (entry.told["event"], entry.told["order"], entry.told["intent"]) == ("settled", ORDER, intent)
    assert entry.hash == hash_after(hashlib.sha256(b"by-hand").hexdigest(), entry.line)


def test_a_run_that_is_gone_on_with_goes_on_with_its_trail(ledger: Ledger, place: Path | str) -> None:
    with Ledger.open(place) as again:
        again.runs.go_on_as(RUN_ID)
        again.trail.note(Event.STEP, order=ORDER, step="open_store")
    entries = ledger.trail.entries(RUN_ID)
    assert [entry.number for entry in entries] == [1, 2]
    assert [entry.hash for entry in entries] == chain(RUN_ID, [entry.line for entry in entries])


# --- The copy in the run's folder ---


def test_the_folder_has_the_same_trail(ledger: Ledger, folder: Path) -> None:
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order", words="Grüße, 見本")
    ledger.claims.take(HOST, ORDER, 300)
    assert copied(folder) == in_ledger(ledger)


def test_a_line_of_the_folder_holds_the_very_text_that_was_hashed(ledger: Ledger, folder: Path) -> None:
    (entry,) = ledger.trail.entries(RUN_ID)
    assert (folder / "trail.jsonl").read_bytes().decode() == f'{{"hash": "{entry.hash}", "event": {entry.line}}}\n'


def test_a_ledger_without_a_folder_keeps_the_trail_alone(place: Path | str, tmp_path: Path) -> None:
    with Ledger.open(place) as ledger:
        ledger.runs.begin(run_info(), [job()])
        assert len(ledger.trail.entries(RUN_ID)) == 1
    assert list(tmp_path.rglob("trail.jsonl")) == []


def take_back(ledger: Ledger, **told: object) -> None:
    """Write an event in a transaction that does not hold."""
    with suppress(ZeroDivisionError), ledger._database.writing() as connection:
        ledger.trail.append(connection, Event.STEP, order=ORDER, **told)
        raise ZeroDivisionError


def test_the_line_of_an_event_that_was_taken_back_is_replaced_by_the_next_event(ledger: Ledger, folder: Path) -> None:
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    take_back(ledger, step="never", words="longer than what comes after it " * 10)
    assert [told.get("step") for _, told in copied(folder)] == [None, "open_order", "never"]
    ledger.trail.note(Event.STEP, order=ORDER, step="choose_reason")
    ledger.trail.note(Event.STEP, order=ORDER, step="press_confirm")
    assert steps(ledger) == ["open_order", "choose_reason", "press_confirm"]
    assert copied(folder) == in_ledger(ledger)


def test_several_events_taken_back_one_after_the_other_leave_one_line_at_most(ledger: Ledger, folder: Path) -> None:
    for number in range(3):
        take_back(ledger, step=f"never-{number}")
    assert [told.get("step") for _, told in copied(folder)] == [None, "never-2"]
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    assert copied(folder) == in_ledger(ledger)


# --- Evidence that cannot be written ---

NOT_WRITTEN = "The evidence could not be written ({}), and no order is canceled without it."


class NearlyFull(io.FileIO):
    """A file on a disk that takes half of what is written."""

    def write(self, data: Any) -> int:
        return super().write(bytes(data)[: len(data) // 2])


class Full(io.FileIO):
    """A file on a disk that takes nothing more."""

    def write(self, data: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[io.FileIO] | None], None]:
    """Makes files on a disk of that kind from now on; None is a sound disk again."""
    real = Path.open

    def be(kind: type[io.FileIO] | None) -> None:
        def opened(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
            if kind is None or path.name != "trail.jsonl" or "a" not in mode:
                return real(path, mode, *more, **named)
            return kind(path, mode.replace("b", ""))

        monkeypatch.setattr(Path, "open", opened)

    return be


@pytest.mark.parametrize("kind", [Full, NearlyFull])
def test_an_event_that_a_full_disk_does_not_take_is_nowhere(
    ledger: Ledger, folder: Path, disk: Callable[[type[io.FileIO] | None], None], kind: type[io.FileIO]
) -> None:
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    disk(kind)
    for _ in range(2):
        with pytest.raises(EvidenceNotWritten) as refused:
            ledger.trail.note(Event.STEP, order=ORDER, step="choose_reason")
        assert str(refused.value) == NOT_WRITTEN.format(os.strerror(errno.ENOSPC))
        assert steps(ledger) == ["open_order"]
        assert copied(folder) == in_ledger(ledger)
    disk(None)
    ledger.trail.note(Event.STEP, order=ORDER, step="open_store")
    assert steps(ledger) == ["open_order", "open_store"]
    assert copied(folder) == in_ledger(ledger)


@pytest.mark.parametrize("kind", [Full, NearlyFull])
def test_an_event_that_was_taken_back_is_replaced_when_the_disk_was_full_in_between(
    ledger: Ledger, folder: Path, disk: Callable[[type[io.FileIO] | None], None], kind: type[io.FileIO]
) -> None:
    take_back(ledger, step="never")
    disk(kind)
    with pytest.raises(EvidenceNotWritten):
        ledger.trail.note(Event.STEP, order=ORDER, step="choose_reason")
    disk(None)
    ledger.trail.note(Event.STEP, order=ORDER, step="open_store")
    assert copied(folder) == in_ledger(ledger)


def lose(folder: Path) -> None:
    """A run's folder that is gone."""
    (folder / "trail.jsonl").unlink()
    folder.rmdir()


def test_a_folder_that_is_gone_is_evidence_that_cannot_be_written(ledger: Ledger, folder: Path) -> None:
    lose(folder)
    with pytest.raises(EvidenceNotWritten) as refused:
        ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    assert str(refused.value) == NOT_WRITTEN.format(os.strerror(errno.ENOENT))
    assert steps(ledger) == []


def test_an_intent_whose_event_cannot_be_written_is_not_in_the_ledger(ledger: Ledger, folder: Path) -> None:
    ledger.claims.take(HOST, ORDER, 300)
    before = in_ledger(ledger)
    lose(folder)
    with pytest.raises(EvidenceNotWritten):
        ledger.intents.write(HOST, permit())
    assert (ledger.intents.waiting(), in_ledger(ledger)) == ([], before)


def test_an_order_whose_taking_cannot_be_written_is_not_taken(open_as: Callable[[str], Ledger], tmp_path: Path) -> None:
    one, two = open_as("one"), open_as("two")
    lose(tmp_path / "one")
    with pytest.raises(EvidenceNotWritten):
        one.claims.take(HOST, ORDER, 300)
    assert one.claims.held() == []
    assert two.claims.take(HOST, ORDER, 300)
