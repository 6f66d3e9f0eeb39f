"""What ``countermand verify`` says of a run: of a sound one, and of every way to change one afterwards."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from run_kit import HOST, ORDER, OTHER, RUN_ID, job, permit, run_info

from bot.errors import CannotStart
from bot.evidence.verify import Verified, find_folder, verify
from bot.ledger import Event, Ledger
from bot.ledger.trail import TRAIL_FILE, next_hash
from bot.outcomes import Answer, OrderResult, Outcome
from bot.reports.results import hashes_of_results, write_results
from bot.vocabulary import Reason

CUT_OFF = "The run was cut off, or is still running: its trail has no end yet."
NO_RESULTS = "The trail ends before the files with the results, so nothing shows whether those were changed."

STARTED, TAKEN, STEP, PICTURE, INTENT, ANSWERED, WORDS, IN_DOUBT, FINISHED, SKIPPED, ENDED, RESULTS = range(1, 13)
"""The numbers of the events of the run that all tests here are about."""


def result(order: str, outcome: Outcome) -> OrderResult:
    return OrderResult(
        order=order,
        store="Nordwind UK",
        reason=Reason.BUYER_CANCELED,
        outcome=outcome,
        message="So it is.",
        seconds=4.1,
    )


def take_picture(ledger: Ledger, folder: Path, name: str) -> None:
    path = folder / "evidence" / ORDER / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(name.encode())
    file = path.relative_to(folder).as_posix()
    ledger.trail.note(Event.PICTURE, order=ORDER, file=file, sha256=sha256(name.encode()).hexdigest())


class Run:
    """A run, its ledger and its folder, and the means to change them behind their backs."""

    def __init__(self, ledger: Ledger, folder: Path, beside: Any) -> None:
        self.ledger = ledger
        self.folder = folder
        self.beside = beside
        self.sound = [entry.told for entry in ledger.trail.entries(RUN_ID)]
        self.pictures = sum(told["event"] == "picture" for told in self.sound)

    def what(self, number: int) -> str:
        """How an event of the run is named, as it was before anything was changed."""
        told = self.sound[number - 1]
        about = f" of order {told['order']}" if told["order"] else ""
        return f"event {number}, {told['event']}{about} at {told['at']}"

    def change(self, statement: str, **values: object) -> None:
        self.beside.change(statement, **values)

    @property
    def lines(self) -> list[str]:
        return (self.folder / TRAIL_FILE).read_text(encoding="utf-8").splitlines()

    @lines.setter
    def lines(self, lines: list[str]) -> None:
        (self.folder / TRAIL_FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")

    def seen(self) -> Verified:
        return verify(self.folder, self.ledger)

    def first_place(self) -> str:
        """What is named, with nothing said besides."""
        seen = self.seen()
        assert seen.remark == ""
        return seen.disagreement


def carry_out(ledger: Ledger, folder: Path, upto: int = RESULTS) -> None:
    """A run that pressed for one order, is in doubt about it, and stopped before the other."""
    (folder / "evidence").mkdir(parents=True)
    ledger.trail.copy_to(folder)
    info = run_info().finished(datetime(2026, 3, 1, 3, 0, tzinfo=UTC), "Interrupted.")
    results = [result(ORDER, Outcome.UNKNOWN), result(OTHER, Outcome.SKIPPED)]
    steps: list[Callable[[], object]] = [
        lambda: ledger.runs.begin(run_info(), [job(), job(OTHER)]),
        lambda: ledger.claims.take(HOST, ORDER, 300),
        lambda: ledger.trail.note(Event.STEP, order=ORDER, step="choose_reason"),
        lambda: take_picture(ledger, folder, "01-choose_reason.jpg"),
        lambda: ledger.intents.write(HOST, permit()),
        lambda: ledger.intents.note_answer(1, Answer.UNCLEAR, "Grüße"),
        lambda: take_picture(ledger, folder, "02-read_answer.txt"),
        lambda: ledger.intents.conclude(1, Outcome.UNKNOWN),
        lambda: ledger.runs.finish_order(results[0]),
        lambda: ledger.runs.finish_order(results[1]),
        lambda: ledger.runs.finish(info),
        lambda: (
            write_results(folder, info, results),
            ledger.trail.note(Event.RESULTS_WRITTEN, files=hashes_of_results(folder)),
        ),
    ]
    for step in steps[:upto]:
        step()


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    with Ledger.open(place) as ledger:
        yield ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / RUN_ID


@pytest.fixture
def run(ledger: Ledger, folder: Path, beside: Any) -> Run:
    carry_out(ledger, folder)
    return Run(ledger, folder, beside)


@pytest.fixture
def cut_off_after(ledger: Ledger, folder: Path, beside: Any) -> Callable[[int], Run]:
    """The run, cut off after this event."""

    def give(events: int) -> Run:
        carry_out(ledger, folder, events)
        return Run(ledger, folder, beside)

    return give


# --- A sound run ---


def test_a_run_is_as_it_was_written(run: Run) -> None:
    assert run.seen() == Verified(events=12, pictures=2, disagreement="", remark="")


def test_it_stays_so_when_other_runs_are_made_on_the_same_ledger(run: Run, place: Path | str, tmp_path: Path) -> None:
    with Ledger.open(place) as later:
        later.trail.copy_to(tmp_path)
        later.runs.begin(run_info("later"), [job()])
        later.intents.settle(1, "not-canceled", by="maria", why="open in Seller Central")
        later.claims.take(HOST, ORDER, 300)
        later.intents.conclude(later.intents.write(HOST, permit()), Outcome.CANCELED)
        later.runs.finish_order(result(ORDER, Outcome.CANCELED))
    assert run.seen() == Verified(events=12, pictures=2, disagreement="", remark="")


def test_it_stays_so_when_a_later_run_proves_what_was_in_doubt(run: Run, place: Path | str) -> None:
    with Ledger.open(place) as later:
        later.runs.begin(run_info("later"), [job()])
        later.intents.conclude(1, Outcome.CANCELED)
        later.intents.note_look(1, "Canceled")
    assert run.seen() == Verified(events=12, pictures=2, disagreement="", remark="")


def test_it_stays_so_when_a_person_settles_what_was_in_doubt_and_again_what_was_undone(
    run: Run, place: Path | str
) -> None:
    for settled_as in ("canceled", "not-canceled"):
        with Ledger.open(place) as by_hand:
            by_hand.intents.settle(1, settled_as, by="maria", why=f"seen as {settled_as}")
        assert run.first_place() == ""


def test_it_stays_so_when_a_person_opens_again_what_was_proved(ledger: Ledger, folder: Path, place: Path | str) -> None:
    (folder / "evidence").mkdir(parents=True)
    ledger.trail.copy_to(folder)
    ledger.runs.begin(run_info(), [job()])
    ledger.intents.conclude(ledger.intents.write(HOST, permit()), Outcome.CANCELED)
    with Ledger.open(place) as by_hand:
        by_hand.intents.settle(1, "not-canceled", by="maria", why="Amazon refused")
    assert verify(folder, ledger).disagreement == ""


def test_it_stays_so_when_the_run_itself_settles_an_intent_twice(ledger: Ledger, folder: Path) -> None:
    (folder / "evidence").mkdir(parents=True)
    ledger.trail.copy_to(folder)
    ledger.runs.begin(run_info(), [job()])
    intent = ledger.intents.write(HOST, permit())
    ledger.intents.conclude(intent, Outcome.UNKNOWN)
    ledger.intents.settle(intent, "canceled", by="maria", why="seen")
    ledger.intents.settle(intent, "not-canceled", by="maria", why="undone")
    assert verify(folder, ledger).disagreement == ""


def test_what_is_made_from_the_rest_is_not_compared(run: Run) -> None:
    (run.folder / "report.html").write_text("made again", encoding="utf-8")
    assert run.first_place() == ""


def test_a_run_whose_words_hold_any_sign_is_as_it_was_written(ledger: Ledger, folder: Path) -> None:
    (folder / "evidence").mkdir(parents=True)
    ledger.trail.copy_to(folder)
    ledger.runs.begin(run_info(), [job()])
    words = "lines\u2028and\u2029more\x85\r\n, half a pair \ud83d, a NUL \0"
    ledger.intents.note_answer(ledger.intents.write(HOST, permit()), Answer.ERROR, words)
    ledger.runs.finish_order(result(ORDER, Outcome.UNKNOWN).model_copy(update={"message": words}))
    assert verify(folder, ledger) == Verified(events=4, pictures=0, disagreement="", remark=CUT_OFF)


# --- The trail in the ledger ---


@pytest.mark.parametrize("number", [STARTED, STEP, INTENT, RESULTS])
def test_an_event_that_was_changed_in_the_ledger_is_named(run: Run, number: int) -> None:
    line = json.dumps(run.sound[number - 1] | {"words": "put in"})
    run.change("UPDATE events SET line = :line WHERE number = :number", line=line, number=number)
    place = f"E{run.what(number)[1:]}"
    assert run.first_place() == f"{place} was changed in the ledger after it was written, or the one before it was."


@pytest.mark.parametrize("line", ["", "nonsense", "[1, 2]", "7", "{}"])
def test_an_event_that_was_made_unreadable_is_named(run: Run, line: str) -> None:
    run.change("UPDATE events SET line = :line WHERE number = :number", line=line, number=STEP)
    assert run.first_place() == "Event 3 was changed in the ledger after it was written, or the one before it was."


@pytest.mark.parametrize(("column", "value"), [("amazon_order", OTHER), ("event", "pressed")])
def test_an_event_that_the_ledger_finds_under_another_name_is_named(run: Run, column: str, value: str) -> None:
    run.change(f"UPDATE events SET {column} = :value WHERE number = :number", value=value, number=STEP)
    assert run.first_place() == (
        f"E{run.what(STEP)[1:]} was changed in the ledger after it was written, or the one before it was."
    )


def test_a_hash_that_was_changed_in_the_ledger_is_named(run: Run) -> None:
    run.change("UPDATE events SET hash = :hash WHERE number = :number", hash="0" * 64, number=PICTURE)
    assert run.first_place() == (
        f"E{run.what(PICTURE)[1:]} was changed in the ledger after it was written, or the one before it was."
    )


def test_an_event_that_was_changed_with_its_hash_is_not_the_same_in_the_folder(run: Run) -> None:
    told = run.sound[ANSWERED - 1] | {"answer": "ok"}
    before = run.ledger.trail.entries(RUN_ID)[ANSWERED - 2].hash
    line = json.dumps(told)
    run.change(
        "UPDATE events SET line = :line, hash = :hash WHERE number = :number",
        line=line,
        hash=next_hash(before, line),
        number=ANSWERED,
    )
    assert run.first_place() == f"E{run.what(ANSWERED)[1:]} is not the same in the ledger and on line 6 of trail.jsonl."


@pytest.mark.parametrize("number", [STARTED, STEP, ENDED])
def test_an_event_that_was_removed_from_the_middle_of_the_ledgers_trail_is_named(run: Run, number: int) -> None:
    run.change("DELETE FROM events WHERE number = :number", number=number)
    assert run.seen().disagreement == f"Event {number} is missing from the ledger's trail."


def test_events_that_were_removed_and_the_rest_counted_again_are_named(run: Run) -> None:
    run.change("DELETE FROM events WHERE number = :number", number=STEP)
    run.change("UPDATE events SET number = number - 1 WHERE number = 4")
    assert run.seen().disagreement == (
        f"E{run.what(PICTURE)[1:].replace('4', '3', 1)} was changed in the ledger after it was written, "
        "or the one before it was."
    )


def test_the_last_event_removed_from_the_ledgers_trail_is_said(run: Run) -> None:
    run.change("DELETE FROM events WHERE number = :number", number=RESULTS)
    # A run that was killed there looks the same; what the last event says still holds.
    assert run.seen() == Verified(
        events=11,
        pictures=2,
        disagreement="",
        remark=f"The run was cut off while {run.what(RESULTS)} was written: trail.jsonl has it, the ledger does not.",
    )


def test_several_events_removed_from_the_end_of_the_ledgers_trail_are_named(run: Run) -> None:
    run.change("DELETE FROM events WHERE number >= :number", number=ENDED)
    assert run.seen() == Verified(
        events=10,
        pictures=2,
        disagreement="trail.jsonl goes on after event 10, with which the ledger's trail ends.",
        remark=CUT_OFF,
    )


def test_an_event_that_was_put_into_the_ledgers_trail_is_named(run: Run) -> None:
    for number in range(RESULTS, STEP - 1, -1):
        run.change("UPDATE events SET number = :number + 1 WHERE number = :number", number=number)
    told = {"number": STEP, "at": "2026-03-01T02:14:06.000+00:00", "order": ORDER, "event": "step", "step": "put_in"}
    line = json.dumps(told)
    run.change(
        "INSERT INTO events (run_id, number, amazon_order, event, line, hash) "
        "VALUES (:run_id, :number, :order, 'step', :line, :hash)",
        run_id=RUN_ID,
        number=STEP,
        order=ORDER,
        line=line,
        hash=next_hash(run.ledger.trail.entries(RUN_ID)[TAKEN - 1].hash, line),
    )
    assert run.first_place() == (
        f"Event 3, step of order {ORDER} at 2026-03-01T02:14:06.000+00:00 is not the same in the ledger "
        "and on line 3 of trail.jsonl."
    )


def test_an_event_that_was_put_at_the_end_of_the_ledgers_trail_is_named(run: Run) -> None:
    run.ledger.trail._copy = None
    run.ledger.trail.note(Event.STEP, order=ORDER, step="put_in")
    at = run.ledger.trail.entries(RUN_ID)[-1].told["at"]
    assert run.seen().disagreement == (
        f"Event 13, step of order {ORDER} at {at} is in the ledger, but not in trail.jsonl."
    )


def test_the_first_of_many_places_is_named(run: Run) -> None:
    run.change("UPDATE events SET line = 'x' WHERE number IN (5, 9)")
    run.change("UPDATE intents SET answer = 'ok'")
    (run.folder / "results.json").unlink()
    lines = run.lines
    run.lines = [*lines[:6], "x", *lines[7:]]
    (run.folder / str(run.sound[PICTURE - 1]["file"])).write_bytes(b"another")
    assert run.first_place() == (
        f"evidence/{ORDER}/01-choose_reason.jpg ({run.what(PICTURE)}) was changed after it was written."
    )


# --- The trail in the folder ---


@pytest.mark.parametrize("number", [STARTED, STEP, RESULTS])
@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace('"at": "2', '"at": "1'),
        lambda line: line.replace('{"hash": "', '{"hash": "0'),
        lambda line: line[:-1],
        lambda line: f"{line} ",
        lambda line: f'{line[:-1]}, "words": "put in"}}',
        lambda line: "",
        lambda line: "[]",
        lambda line: "7",
        lambda line: '{"hash": "0", "event": 7}',
        lambda line: "\ufffd",
    ],
)
def test_a_line_of_the_folders_trail_that_was_changed_is_named(
    run: Run, number: int, change: Callable[[str], str]
) -> None:
    lines = run.lines
    assert change(lines[number - 1]) != lines[number - 1]
    run.lines = [*lines[: number - 1], change(lines[number - 1]), *lines[number:]]
    assert run.first_place() == (
        f"E{run.what(number)[1:]} is not the same in the ledger and on line {number} of trail.jsonl."
    )


def test_a_line_of_the_folders_trail_that_is_no_text_is_named(run: Run) -> None:
    lines = (run.folder / TRAIL_FILE).read_bytes().split(b"\n")
    (run.folder / TRAIL_FILE).write_bytes(b"\n".join([lines[0], b"\xff\xfe\x00", *lines[2:]]))
    assert run.first_place() == f"E{run.what(TAKEN)[1:]} is not the same in the ledger and on line 2 of trail.jsonl."


def test_a_line_that_was_removed_from_the_middle_of_the_folders_trail_is_named(run: Run) -> None:
    lines = run.lines
    run.lines = [*lines[: STEP - 1], *lines[STEP:]]
    assert run.first_place() == f"E{run.what(STEP)[1:]} is not the same in the ledger and on line 3 of trail.jsonl."


@pytest.mark.parametrize("left", [0, 5, 11])
def test_lines_that_were_removed_from_the_end_of_the_folders_trail_are_named(run: Run, left: int) -> None:
    run.lines = run.lines[:left]
    assert run.first_place() == f"E{run.what(left + 1)[1:]} is in the ledger, but not in trail.jsonl."


def test_a_line_that_was_put_into_the_folders_trail_is_named(run: Run) -> None:
    lines = run.lines
    run.lines = [*lines[:3], lines[2], *lines[3:]]
    assert run.first_place() == f"E{run.what(PICTURE)[1:]} is not the same in the ledger and on line 4 of trail.jsonl."


def test_a_line_that_was_put_at_the_end_of_the_folders_trail_is_named(run: Run) -> None:
    run.lines = [*run.lines, run.lines[-1]]
    assert run.first_place() == "trail.jsonl goes on after event 12, with which the ledger's trail ends."


def test_a_folder_without_its_trail_is_named_so(run: Run) -> None:
    (run.folder / TRAIL_FILE).unlink()
    assert run.first_place() == "trail.jsonl is not in the folder."


# --- Evidence ---


@pytest.mark.parametrize("number", [PICTURE, WORDS])
def test_evidence_that_was_changed_is_named(run: Run, number: int) -> None:
    file = str(run.sound[number - 1]["file"])
    (run.folder / file).write_bytes(b"another")
    assert run.first_place() == f"{file} ({run.what(number)}) was changed after it was written."


@pytest.mark.parametrize("number", [PICTURE, WORDS])
def test_evidence_that_was_removed_is_named(run: Run, number: int) -> None:
    file = str(run.sound[number - 1]["file"])
    (run.folder / file).unlink()
    assert run.first_place() == f"{file} ({run.what(number)}) is not in the folder."


def test_a_whole_folder_of_evidence_that_was_removed_is_named(run: Run) -> None:
    shutil.rmtree(run.folder / "evidence")
    file = run.sound[PICTURE - 1]["file"]
    assert run.first_place() == f"{file} ({run.what(PICTURE)}) is not in the folder."


@pytest.mark.parametrize("name", [f"{ORDER}/03-press_confirm.jpg", "session/01-sign_in.jpg", "a.txt"])
def test_evidence_that_was_put_in_is_named(run: Run, name: str) -> None:
    path = run.folder / "evidence" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"a picture")
    assert run.first_place() == f"evidence/{name} is in the folder, but not in the trail."


# --- What the ledger says of the run, its intents and its orders ---


@pytest.mark.parametrize("change", [{}, {"admin": "another"}, {"stopped_early": ""}, {"unmasked": True}])
def test_a_run_that_is_said_to_be_another_is_named(run: Run, change: dict[str, object]) -> None:
    info = run_info().finished(datetime(2026, 3, 1, 3, 0, tzinfo=UTC), "Interrupted.").model_dump(mode="json")
    run.change("UPDATE runs SET info = :info", info=json.dumps(info | change))
    assert run.first_place() == (f"What the ledger says of the run ({run.what(ENDED)}) was changed." if change else "")


@pytest.mark.parametrize("info", ['{"command": "plan"}', "[]", "7", '"words"'])
def test_a_run_that_was_cut_off_and_is_said_to_be_another_is_named(
    cut_off_after: Callable[[int], Run], info: str
) -> None:
    run = cut_off_after(SKIPPED)
    run.change("UPDATE runs SET info = :info", info=info)
    assert (
        run.seen().disagreement == "What the ledger says of the run was changed, and the trail has no event for that."
    )


def test_a_run_that_lost_its_whole_trail_in_the_ledger_is_named(run: Run) -> None:
    run.change("DELETE FROM events")
    assert run.seen() == Verified(
        events=0, pictures=0, disagreement="The ledger knows the run, but has none of the events of its trail."
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders SET place = 3 - place",
        f"UPDATE orders SET job = '{{}}' WHERE amazon_order = '{OTHER}'",
        f"DELETE FROM orders WHERE amazon_order = '{OTHER}'",
        f"INSERT INTO orders (run_id, amazon_order, place, job) VALUES ('{RUN_ID}', '112-0000000-0000000', 3, '{{}}')",
    ],
)
def test_a_list_of_orders_that_was_changed_is_named(run: Run, statement: str) -> None:
    run.change(statement)
    assert run.first_place() == (
        f"The list of what the run was asked for ({run.what(STARTED)}) was changed in the ledger."
    )


@pytest.mark.parametrize("result", ['{"outcome": "canceled"}', "{}", "null", "7"])
@pytest.mark.parametrize(("order", "number"), [(ORDER, FINISHED), (OTHER, SKIPPED)])
def test_a_result_that_was_changed_in_the_ledger_is_named(run: Run, result: str, order: str, number: int) -> None:
    run.change("UPDATE orders SET result = :result WHERE amazon_order = :order", result=result, order=order)
    assert run.first_place() == f"The result of order {order} ({run.what(number)}) was changed in the ledger."


def test_a_result_that_was_removed_from_the_ledger_is_named(run: Run) -> None:
    run.change("UPDATE orders SET result = NULL")
    assert run.first_place() == f"The result of order {ORDER} ({run.what(FINISHED)}) was changed in the ledger."


def test_a_result_that_was_put_into_the_ledger_is_named(cut_off_after: Callable[[int], Run]) -> None:
    run = cut_off_after(FINISHED)
    run.change(f"UPDATE orders SET result = '{{}}' WHERE amazon_order = '{OTHER}'")
    assert run.seen() == Verified(
        events=9,
        pictures=2,
        disagreement=f"A result of order {OTHER} is in the ledger, but not in the trail.",
        remark=CUT_OFF,
    )


@pytest.mark.parametrize("name", ["admin", "store", "reason", "written_at", "run_id"])
def test_an_intent_that_was_changed_is_named(run: Run, name: str) -> None:
    run.change(f"UPDATE intents SET {name} = 'another'")
    assert run.first_place() == f"The intent to press Confirm ({run.what(INTENT)}) was changed in the ledger."


def test_an_intent_that_was_moved_to_another_order_is_named(run: Run) -> None:
    run.change(f"UPDATE intents SET amazon_order = '{OTHER}'")
    assert run.first_place() == f"The intent to press Confirm ({run.what(INTENT)}) was changed in the ledger."


def test_an_intent_that_was_removed_is_named(run: Run) -> None:
    run.change("DELETE FROM intents")
    assert run.first_place() == f"The intent to press Confirm ({run.what(INTENT)}) is no longer in the ledger."


def test_an_intent_that_was_put_in_is_named(run: Run) -> None:
    run.change(
        "INSERT INTO intents (intent, admin, amazon_order, run_id, store, reason, written_at) "
        f"VALUES (99, '{HOST}', '{OTHER}', '{RUN_ID}', 'Nordwind UK', 'BuyerCanceled', '2026-03-01T02:14:05+00:00')"
    )
    assert run.first_place() == f"An intent of order {OTHER} is in the ledger, but not in the trail."


@pytest.mark.parametrize("change", ["answer = 'ok'", "answer_words = 'Done.'", "answer = NULL", "answer = 'nonsense'"])
def test_an_answer_that_was_changed_is_named(run: Run, change: str) -> None:
    run.change(f"UPDATE intents SET {change}")
    assert run.first_place() == f"The answer to Confirm ({run.what(ANSWERED)}) was changed in the ledger."


@pytest.mark.parametrize("change", ["outcome = 'canceled'", "outcome = NULL"])
def test_what_became_of_a_press_cannot_be_changed_unnoticed(run: Run, change: str) -> None:
    run.change(f"UPDATE intents SET {change}")
    assert run.first_place() == f"What became of the press ({run.what(IN_DOUBT)}) was changed in the ledger."


def test_a_press_in_doubt_that_was_settled_by_hand_in_the_database_is_named(run: Run) -> None:
    run.change("UPDATE intents SET settled_at = '2026-03-01T03:00:00+00:00', settled_as = 'canceled'")
    assert run.first_place() == (f"The intent of order {ORDER} has an end in the ledger that is in no trail: canceled.")


def test_a_settled_press_that_was_opened_again_is_named(run: Run, place: Path | str) -> None:
    with Ledger.open(place) as by_hand:
        by_hand.intents.settle(1, "canceled", by="maria", why="seen")
    assert run.first_place() == ""
    run.change("UPDATE intents SET settled_at = NULL, settled_as = NULL, settled_by = NULL, settled_why = NULL")
    assert run.first_place() == f"The intent of order {ORDER} was settled, and is open again in the ledger."


def test_what_a_later_run_found_out_cannot_be_taken_away_unnoticed(run: Run, place: Path | str) -> None:
    with Ledger.open(place) as later:
        later.runs.begin(run_info("later"), [job()])
        later.intents.note_answer(1, Answer.OK, "")
        later.intents.conclude(1, Outcome.CANCELED)
    run.change("UPDATE intents SET settled_by = NULL")
    assert run.first_place() == f"The intent of order {ORDER} has lost an end in the ledger."


@pytest.fixture
def looked(ledger: Ledger, folder: Path, beside: Any) -> Run:
    """A run that looked again at the order of an intent of its own."""
    (folder / "evidence").mkdir(parents=True)
    ledger.trail.copy_to(folder)
    ledger.runs.begin(run_info(), [job()])
    ledger.intents.note_look(ledger.intents.write(HOST, permit()), "Canceled")
    return Run(ledger, folder, beside)


def test_a_later_look_is_as_it_was_written(looked: Run) -> None:
    assert looked.seen() == Verified(events=3, pictures=0, disagreement="", remark=CUT_OFF)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM looks", "UPDATE looks SET status = 'Unshipped'", "UPDATE looks SET looked_at = 'now'"]
)
def test_what_an_order_read_when_looked_at_again_cannot_be_changed_unnoticed(looked: Run, statement: str) -> None:
    looked.change(statement)
    assert looked.seen().disagreement == (
        f"What order {ORDER} read when looked at again ({looked.what(3)}) was changed in the ledger."
    )


def test_a_later_look_that_was_put_in_is_named(run: Run) -> None:
    run.change("INSERT INTO looks (intent, looked_at, status) VALUES (1, '2026-03-02', 'Canceled')")
    assert run.first_place() == (f"A later look at order {ORDER}, at 2026-03-02, is in the ledger, but in no trail.")


def test_a_later_look_of_another_run_that_was_removed_is_named(run: Run, place: Path | str) -> None:
    with Ledger.open(place) as audit:
        audit.runs.begin(run_info("audit"), [job()])
        audit.intents.note_look(1, "Canceled")
        at = audit.trail.entries("audit")[-1].told["looked_at"]
    assert run.first_place() == ""
    run.change("DELETE FROM looks")
    assert run.first_place() == f"A later look at order {ORDER}, at {at}, is no longer in the ledger."


@pytest.mark.parametrize("change", ["answer = 'ok'", "outcome = 'canceled'"])
def test_an_answer_or_outcome_of_which_no_trail_tells_is_named(
    cut_off_after: Callable[[int], Run], change: str
) -> None:
    run = cut_off_after(INTENT)
    run.change(f"UPDATE intents SET {change}")
    name, value = change.replace("'", "").split(" = ")
    assert run.seen().disagreement == (
        f"The intent of order {ORDER} has an {name} in the ledger that is in no trail: {value}."
    )


@pytest.mark.parametrize("change", ["settled_as = 'not-canceled'", "settled_by = 'jim'", "settled_why = 'because'"])
def test_who_settled_a_press_and_why_cannot_be_changed_unnoticed(
    ledger: Ledger, folder: Path, beside: Any, change: str
) -> None:
    (folder / "evidence").mkdir(parents=True)
    ledger.trail.copy_to(folder)
    ledger.runs.begin(run_info(), [job()])
    ledger.intents.settle(ledger.intents.write(HOST, permit()), "not-sent", by="recovery", why="never arrived")
    run = Run(ledger, folder, beside)
    run.change(f"UPDATE intents SET {change}")
    assert run.seen().disagreement == f"How it was settled ({run.what(3)}) was changed in the ledger."


def test_a_proof_that_was_taken_away_is_named(ledger: Ledger, folder: Path, beside: Any) -> None:
    (folder / "evidence").mkdir(parents=True)
    ledger.trail.copy_to(folder)
    ledger.runs.begin(run_info(), [job()])
    ledger.intents.conclude(ledger.intents.write(HOST, permit()), Outcome.CANCELED)
    run = Run(ledger, folder, beside)
    run.change("UPDATE intents SET settled_at = NULL, settled_as = NULL, settled_by = NULL")
    assert run.seen().disagreement == f"What became of the press ({run.what(3)}) was changed in the ledger."


# --- The files with the results ---


@pytest.mark.parametrize("name", ["run.json", "results.json", "results.csv", "junit.xml"])
def test_a_file_with_results_that_was_changed_is_named(run: Run, name: str) -> None:
    (run.folder / name).write_bytes((run.folder / name).read_bytes() + b" ")
    assert run.first_place() == f"{name} ({run.what(RESULTS)}) was changed after it was written."


@pytest.mark.parametrize("name", ["run.json", "results.json", "results.csv", "junit.xml"])
def test_a_file_with_results_that_was_removed_is_named(run: Run, name: str) -> None:
    (run.folder / name).unlink()
    assert run.first_place() == f"{name} ({run.what(RESULTS)}) is not in the folder."


# --- A run that was cut off ---


@pytest.mark.parametrize("events", range(1, ENDED))
def test_a_run_that_was_cut_off_is_as_it_was_written_and_said_to_be_cut_off(
    cut_off_after: Callable[[int], Run], events: int
) -> None:
    run = cut_off_after(events)
    assert run.seen() == Verified(events=events, pictures=run.pictures, disagreement="", remark=CUT_OFF)


def test_a_run_that_was_cut_off_before_its_results_were_written_is_said_to_be_so(
    cut_off_after: Callable[[int], Run],
) -> None:
    assert cut_off_after(ENDED).seen() == Verified(events=11, pictures=2, disagreement="", remark=NO_RESULTS)


def test_an_end_that_was_cut_off_in_both_places_is_said(run: Run) -> None:
    run.change("DELETE FROM events WHERE number = :number", number=RESULTS)
    run.lines = run.lines[:-1]
    (run.folder / "results.json").write_text("[]", encoding="utf-8")
    assert run.seen() == Verified(events=11, pictures=2, disagreement="", remark=NO_RESULTS)


def test_a_run_that_was_cut_off_before_the_picture_had_its_event_is_as_it_was_written(
    cut_off_after: Callable[[int], Run],
) -> None:
    run = cut_off_after(STEP)
    (run.folder / "evidence" / "01-open_order.jpg").write_bytes(b"a picture")
    assert run.seen() == Verified(
        events=3,
        pictures=0,
        disagreement="",
        remark=f"{CUT_OFF} The run was cut off after evidence/01-open_order.jpg was written: it is not in the trail.",
    )


def test_of_two_pictures_without_their_events_a_run_that_was_cut_off_can_have_written_one_only(
    cut_off_after: Callable[[int], Run],
) -> None:
    run = cut_off_after(STEP)
    for name in ("01-open_order.jpg", "02-choose_reason.jpg"):
        (run.folder / "evidence" / name).write_bytes(b"a picture")
    assert run.seen() == Verified(
        events=3,
        pictures=0,
        disagreement="evidence/01-open_order.jpg is in the folder, but not in the trail.",
        remark=CUT_OFF,
    )


def test_a_line_that_was_removed_from_the_end_of_a_run_that_was_cut_off_is_named(
    cut_off_after: Callable[[int], Run],
) -> None:
    # The folder has its line before the ledger has its event: a killed process cannot leave this.
    run = cut_off_after(INTENT)
    run.lines = run.lines[:-1]
    assert run.seen() == Verified(
        events=5,
        pictures=1,
        disagreement=f"E{run.what(INTENT)[1:]} is in the ledger, but not in trail.jsonl.",
        remark=CUT_OFF,
    )


def test_a_run_that_goes_on_while_it_is_compared_is_refused(
    cut_off_after: Callable[[int], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cut_off_after(STEP)
    results = run.ledger.runs.hashes_of_results

    def meanwhile(run_id: str) -> dict[str, str]:
        run.ledger.trail.note(Event.STEP, order=ORDER, step="press_confirm")
        return results(run_id)

    monkeypatch.setattr(run.ledger.runs, "hashes_of_results", meanwhile)
    with pytest.raises(CannotStart) as refused:
        run.seen()
    assert str(refused.value) == f"Run {RUN_ID} is still running: compare it when it is over."


def test_what_was_changed_in_a_run_that_was_cut_off_is_named(cut_off_after: Callable[[int], Run]) -> None:
    run = cut_off_after(ANSWERED)
    run.change("UPDATE intents SET answer = 'ok'")
    assert run.seen() == Verified(
        events=6,
        pictures=1,
        disagreement=f"The answer to Confirm ({run.what(ANSWERED)}) was changed in the ledger.",
        remark=CUT_OFF,
    )


def test_a_run_that_was_cut_off_and_has_lost_its_trail_is_named(cut_off_after: Callable[[int], Run]) -> None:
    run = cut_off_after(ANSWERED)
    (run.folder / TRAIL_FILE).unlink()
    assert run.seen().disagreement == "trail.jsonl is not in the folder."


# --- Which run ---


def test_a_folder_that_was_renamed_is_refused(run: Run) -> None:
    renamed = run.folder.rename(run.folder.with_name("20260301-021405-ffff"))
    with pytest.raises(CannotStart) as refused:
        verify(renamed, run.ledger)
    assert str(refused.value) == (
        "The ledger knows no run 20260301-021405-ffff: is it another ledger, or was the folder renamed?"
    )


def test_a_folder_under_the_name_of_another_run_is_named(run: Run, place: Path | str) -> None:
    with Ledger.open(place) as other:
        other.runs.begin(run_info("other"), [job()])
        (entry,) = other.trail.entries("other")
    renamed = run.folder.rename(run.folder.with_name("other"))
    assert verify(renamed, run.ledger).disagreement == (
        f"Event 1, run_started at {entry.told['at']} is not the same in the ledger and on line 1 of trail.jsonl."
    )


@pytest.mark.parametrize("left", ["evidence", TRAIL_FILE, "run.json"])
def test_a_run_is_found_by_whatever_is_left_of_it(run: Run, tmp_path: Path, left: str) -> None:
    (tmp_path / "20260101-000000-0000" / "evidence").mkdir(parents=True)
    for path in run.folder.iterdir():
        if path.name != left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for named in (RUN_ID, str(run.folder), "latest"):
        assert find_folder(named, tmp_path) == run.folder


@pytest.mark.parametrize("named", ["20260301-021405-ffff", "nowhere/at/all"])
def test_an_unknown_run_is_refused(tmp_path: Path, named: str) -> None:
    with pytest.raises(CannotStart) as refused:
        find_folder(named, tmp_path)
    assert str(refused.value) == (
        f"There is no run {named!r} in {tmp_path}: give a run id (see countermand status), a run folder, or latest."
    )


def test_without_any_run_there_is_no_latest(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as refused:
        find_folder("latest", tmp_path)
    assert str(refused.value) == f"There is no run in {tmp_path} yet."
