import multiprocessing
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from run_kit import HOST, ORDER, OTHER, STARTED, job, permit, run_info

from bot.errors import LedgerTrouble, PressedBefore
from bot.joblist import Expect, Job
from bot.ledger import Intent, Ledger
from bot.ledger.schema import SCHEMA_VERSION
from bot.outcomes import Answer, OrderResult, Outcome
from bot.vocabulary import Reason, Status

ADVICE = (
    "If another program holds it, end that one; if it is damaged, move it away and keep it: "
    "it is the only memory of what was pressed."
)
HELD = (
    "Another program holds it, perhaps to upgrade it. Wait until that program has finished, or end it if it hangs; "
    "then try again."
)
SERVER_ADVICE = "Make sure that the server is running and lets you in; nothing is pressed without the ledger."


def result(order: str = ORDER, outcome: Outcome = Outcome.CANCELED) -> OrderResult:
    return OrderResult(
        order=order,
        store="Nordwind UK",
        reason=Reason.BUYER_CANCELED,
        outcome=outcome,
        status_before=Status.UNSHIPPED,
        status_after=Status.CANCELED,
        message="Grüße, 見本",
        seconds=4.25,
        evidence=(f"evidence/{order}/01-open_store.jpg",),
        note="ticket 4711",
    )


def written(path: Path, query: str) -> list[tuple[object, ...]]:
    """What another connection reads from the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    try:
        connection.execute(statement)
        connection.commit()
    finally:
        connection.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    with Ledger.open(place) as opened:
        yield opened


@pytest.fixture
def in_file(file: Path) -> Iterator[Ledger]:
    """A ledger in a file, wherever the others are."""
    with Ledger.open(file) as opened:
        yield opened


# --- The file ---


def test_a_ledger_is_made_with_its_folders(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "ledger.sqlite"
    Ledger.open(file).close()
    assert written(file, "SELECT version FROM ledger_version") == [(SCHEMA_VERSION,)]


def test_a_ledger_is_opened_again(file: Path) -> None:
    with Ledger.open(file) as first:
        first.runs.begin(run_info(), [job()])
    with Ledger.open(file) as second:
        assert second.runs.latest() == [run_info()]


def test_the_ledger_is_where_its_name_says_whatever_is_in_the_name(tmp_path: Path) -> None:
    file = tmp_path / "50% & 50%41 #1" / "ledger?mode=memory.sqlite"
    Ledger.open(file).close()
    assert [path.name for path in file.parent.iterdir()] == ["ledger?mode=memory.sqlite"]


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)])
def test_every_connection_is_durable(in_file: Ledger, pragma: str, value: object) -> None:
    with in_file._database._engine.connect() as connection:  # only the connection itself can be asked
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_the_time_that_it_waits_for_another_program_is_ten_seconds(in_file: Ledger) -> None:
    with in_file._database._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_a_ledger_of_a_newer_version_is_refused(file: Path) -> None:
    Ledger.open(file).close()
    change(file, "UPDATE ledger_version SET version = 99")
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    assert str(refused.value) == (
        f"The ledger {file} cannot be used: it is of version 99, this Countermand supports up to {SCHEMA_VERSION}. "
        "Update Countermand."
    )


def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path) -> None:
    text = "This is a letter to my landlord. " * 100
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    assert str(refused.value) == f"The ledger {file} cannot be used: file is not a database. {ADVICE}"
    assert file.read_text(encoding="utf-8") == text


def test_the_database_of_another_program_is_refused_and_left_alone(file: Path) -> None:
    change(file, "CREATE TABLE stamps (country TEXT)")
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    assert str(refused.value) == (
        f"The ledger {file} cannot be used: it belongs to another program. Name another file in COUNTERMAND_LEDGER."
    )
    assert written(file, "SELECT name FROM sqlite_master") == [("stamps",)]


def test_a_damaged_ledger_is_refused(file: Path) -> None:
    Ledger.open(file).close()
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    assert str(refused.value) == f"The ledger {file} cannot be used: database disk image is malformed. {ADVICE}"


def test_a_folder_in_the_ledgers_place_is_refused(file: Path) -> None:
    file.mkdir()
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    assert str(refused.value) == f"The ledger {file} cannot be used: it is a folder. Name a file in COUNTERMAND_LEDGER."


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be", encoding="utf-8")
    file = tmp_path / "runs" / "ledger.sqlite"
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    cause = refused.value.__cause__
    assert isinstance(cause, FileExistsError)
    assert str(refused.value) == (
        f"The ledger {file} cannot be used: its folder cannot be made ({cause.strerror}). Name another place in "
        "COUNTERMAND_LEDGER, or in COUNTERMAND_RUNS_DIR."
    )


def test_a_disk_that_fails_is_named_with_what_to_do() -> None:
    failed = sa.exc.OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))
    with Ledger.in_memory() as ledger, pytest.raises(LedgerTrouble) as refused, ledger._database.writing():
        raise failed
    assert str(refused.value) == (
        "The ledger in memory cannot be used: disk I/O error. Make sure that its disk works and has room."
    )


@pytest.mark.parametrize(
    ("state", "complaint"),
    [
        (
            "PRAGMA query_only=ON",
            "attempt to write a readonly database. Allow this user to write the file and its folder.",
        ),
        ("PRAGMA max_page_count=1", "database or disk is full. Make room on its disk."),
    ],
)
def test_a_ledger_that_cannot_be_written_says_what_to_do(state: str, complaint: str) -> None:
    with Ledger.in_memory() as ledger:
        database = ledger._database
        with database.writing() as connection:
            connection.exec_driver_sql(state)
        with pytest.raises(LedgerTrouble) as refused, database.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE more (words TEXT)")
    assert str(refused.value) == f"The ledger in memory cannot be used: {complaint}"


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_is_read_only_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir(mode=0o555)
    file = folder / "ledger.sqlite"
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    assert str(refused.value) == (
        f"The ledger {file} cannot be used: unable to open database file. Allow this user to read and write the file "
        "and its folder."
    )


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA locking_mode=EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
connection.close()
"""


def test_a_ledger_that_another_program_holds_is_refused(file: Path) -> None:
    Ledger.open(file).close()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LedgerTrouble) as refused:
            Ledger.open(file, patience=0)
        holder.communicate()
    assert str(refused.value) == f"The ledger {file} cannot be used: database is locked. {HELD}"


def test_an_intent_that_cannot_be_written_is_trouble_of_the_ledger(file: Path) -> None:
    with Ledger.open(file, patience=0) as ledger:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerTrouble) as refused:
            ledger.intents.write(HOST, permit())
        other.close()
        assert str(refused.value) == f"The ledger {file} cannot be used: database is locked. {HELD}"
        assert ledger.intents.waiting() == []


def test_readers_do_not_wait_for_a_writer(file: Path) -> None:
    with Ledger.open(file, patience=0) as ledger:
        ledger.runs.begin(run_info(), [job()])
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert ledger.runs.latest() == [run_info()]
        other.close()


def test_a_ledger_in_memory_leaves_no_file(tmp_path: Path) -> None:
    with Ledger.in_memory() as ledger:
        ledger.intents.write(HOST, permit())
        assert [intent.order for intent in ledger.intents.waiting()] == [ORDER]
    assert list(tmp_path.iterdir()) == []


def test_trouble_of_a_ledger_in_memory_names_it_so() -> None:
    with Ledger.in_memory() as ledger:
        ledger.runs.begin(run_info(), [])
        with pytest.raises(LedgerTrouble) as refused:
            ledger.runs.begin(run_info(), [])
    assert str(refused.value) == (
        f"The ledger in memory cannot be used: UNIQUE constraint failed: runs.run_id. {ADVICE}"
    )


# --- Runs and their orders ---


def test_a_run_is_on_disk_before_its_first_order_is_worked(ledger: Ledger, beside: Any) -> None:
    ledger.runs.begin(run_info(), [job(), job(OTHER)])
    assert beside.rows("SELECT run_id, amazon_order, place, result FROM orders ORDER BY place") == [
        ("20260301-021405-a1b2", ORDER, 1, None),
        ("20260301-021405-a1b2", OTHER, 2, None),
    ]


def test_a_job_is_kept_whole(ledger: Ledger, beside: Any) -> None:
    asked = Job(
        order=ORDER,
        store="Nordwind UK",
        reason=Reason.NO_INVENTORY,
        note="ticket 4711",
        expect=Expect.model_validate({"total": "121.80", "buyer": "Michael Blankenship"}),
    )
    ledger.runs.begin(run_info(), [asked])
    ((kept,),) = beside.rows("SELECT CAST(job AS TEXT) FROM orders")
    assert Job.model_validate_json(str(kept)) == asked


def test_a_run_without_orders_is_recorded(ledger: Ledger) -> None:
    ledger.runs.begin(run_info(), [])
    assert ledger.runs.latest() == [run_info()]


def test_two_thousand_orders_are_recorded_in_one_go(ledger: Ledger, beside: Any) -> None:
    numbers = [f"112-1215998-{number:07}" for number in range(2000)]
    ledger.runs.begin(run_info(), [job(number) for number in numbers])
    assert beside.rows("SELECT amazon_order FROM orders ORDER BY place") == [(number,) for number in numbers]


def test_a_run_is_recorded_whole_or_not_at_all(ledger: Ledger, place: Path | str) -> None:
    with pytest.raises(LedgerTrouble) as refused:
        ledger.runs.begin(run_info(), [job(), job(OTHER), job()])
    said = (
        f"UNIQUE constraint failed: orders.run_id, orders.amazon_order. {ADVICE}"
        if isinstance(place, Path)
        else f'duplicate key value violates unique constraint "orders_pkey". {SERVER_ADVICE}'
    )
    assert refused.value.facts["reason"] == said
    assert ledger.runs.latest() == []


def test_results_come_back_whole_from_a_new_ledger(place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        ledger.runs.begin(run_info(), [job()])
        ledger.runs.finish_order(result())
    with Ledger.open(place) as again:
        assert again.runs.results("20260301-021405-a1b2") == [result()]


def test_results_come_in_the_order_of_the_list(ledger: Ledger) -> None:
    ledger.runs.begin(run_info(), [job(OTHER), job(ORDER)])
    ledger.runs.finish_order(result(ORDER))
    ledger.runs.finish_order(result(OTHER))
    assert [found.order for found in ledger.runs.results("20260301-021405-a1b2")] == [OTHER, ORDER]


def test_orders_without_a_result_are_left_out(ledger: Ledger) -> None:
    ledger.runs.begin(run_info(), [job(ORDER), job(OTHER)])
    ledger.runs.finish_order(result(OTHER))
    assert [found.order for found in ledger.runs.results("20260301-021405-a1b2")] == [OTHER]


def test_the_same_order_has_a_result_of_its_own_in_each_run(ledger: Ledger) -> None:
    ledger.runs.begin(run_info("first"), [job()])
    ledger.runs.finish_order(result(outcome=Outcome.FAILED))
    ledger.runs.begin(run_info("second"), [job()])
    ledger.runs.finish_order(result())
    assert [ledger.runs.results(run)[0].outcome for run in ("first", "second")] == [Outcome.FAILED, Outcome.CANCELED]


def test_an_unknown_run_has_no_results(ledger: Ledger) -> None:
    assert ledger.runs.results("no such run") == []


def test_how_a_run_ended_is_recorded(ledger: Ledger) -> None:
    ledger.runs.begin(run_info(), [job()])
    ended = run_info().finished(STARTED + timedelta(minutes=5), "The Admin went down.")
    ledger.runs.finish(ended)
    assert ledger.runs.latest() == [ended]


def test_the_newest_run_comes_first_and_only_as_many_as_asked_for(ledger: Ledger) -> None:
    for day in (2, 0, 1):
        ledger.runs.begin(run_info(f"day {day}", started_at=STARTED + timedelta(days=day)), [])
    assert [info.run_id for info in ledger.runs.latest(limit=2)] == ["day 2", "day 1"]


# --- Intents ---


def test_an_intent_is_on_disk_before_its_writing_returns(ledger: Ledger, beside: Any) -> None:
    ledger.runs.begin(run_info(), [job()])
    ledger.intents.write(HOST, permit())
    assert beside.rows("SELECT admin, amazon_order, run_id, store, reason, settled_at FROM intents") == [
        (HOST, ORDER, "20260301-021405-a1b2", "Nordwind UK", "BuyerCanceled", None)
    ]


CUT_OFF = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from bot.ledger import Ledger
ledger = Ledger.open(sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1]))
ledger.intents.write("shop.example", SimpleNamespace(order=sys.argv[2], store="Nordwind UK", reason="BuyerCanceled"))
os._exit(9)
"""


@pytest.mark.slow("starts a process")
def test_an_intent_outlives_a_program_that_is_cut_off_right_after_it(place: Path | str) -> None:
    ended = subprocess.run([sys.executable, "-c", CUT_OFF, str(place), ORDER], check=False)
    assert ended.returncode == 9
    with Ledger.open(place) as ledger:
        (intent,) = ledger.intents.waiting()
        assert intent == Intent(
            intent=1,
            admin="shop.example",
            order=ORDER,
            store="Nordwind UK",
            reason=Reason.BUYER_CANCELED,
            run_id="by-hand",
            answer=None,
            written_at=intent.written_at,
            answer_words="",
            outcome=None,
        )


def test_an_intent_says_when_it_was_written(ledger: Ledger) -> None:
    before = datetime.now(UTC)
    ledger.intents.write(HOST, permit())
    (intent,) = ledger.intents.waiting()
    written_at = datetime.fromisoformat(intent.written_at)
    assert before - timedelta(milliseconds=1) <= written_at <= datetime.now(UTC)


def test_a_second_intent_for_an_order_is_refused(ledger: Ledger) -> None:
    ledger.runs.begin(run_info(), [job()])
    ledger.intents.write(HOST, permit())
    (first,) = ledger.intents.waiting()
    with pytest.raises(PressedBefore) as refused:
        ledger.intents.write(HOST, permit())
    assert str(refused.value) == (
        f"Confirm may have been pressed for order {ORDER} in run 20260301-021405-a1b2 ({first.written_at}), "
        "and the result was never settled."
    )
    assert ledger.intents.waiting() == [first]


def test_a_second_intent_is_refused_by_another_ledger_of_the_same_place(ledger: Ledger, place: Path | str) -> None:
    ledger.runs.begin(run_info(), [job()])
    ledger.intents.write(HOST, permit())
    with Ledger.open(place) as other, pytest.raises(PressedBefore) as refused:
        other.intents.write(HOST, permit())
    assert refused.value.facts["run_id"] == "20260301-021405-a1b2"


def test_the_same_number_in_another_admin_is_another_order(ledger: Ledger) -> None:
    ledger.intents.write(HOST, permit())
    ledger.intents.write("practice.example", permit())
    assert len(ledger.intents.waiting()) == 2


def test_an_order_without_an_intent_has_none_open(ledger: Ledger) -> None:
    ledger.intents.write(HOST, permit(OTHER))
    assert ledger.intents.open(HOST, ORDER) is None


def test_canceled_settles_an_intent(ledger: Ledger) -> None:
    ledger.intents.conclude(ledger.intents.write(HOST, permit()), Outcome.CANCELED)
    assert (ledger.intents.waiting(), ledger.intents.open(HOST, ORDER)) == ([], None)


def test_an_order_that_was_settled_may_be_pressed_again(ledger: Ledger) -> None:
    # Amazon's next import can undo a cancel that it refused.
    ledger.intents.conclude(ledger.intents.write(HOST, permit()), Outcome.CANCELED)
    ledger.intents.write(HOST, permit())
    assert [intent.order for intent in ledger.intents.waiting()] == [ORDER]


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.CANCELED])
def test_every_other_outcome_leaves_an_intent_waiting(ledger: Ledger, outcome: Outcome) -> None:
    ledger.intents.conclude(ledger.intents.write(HOST, permit()), outcome)
    assert [intent.outcome for intent in ledger.intents.waiting()] == [outcome]
    with pytest.raises(PressedBefore):
        ledger.intents.write(HOST, permit())


def test_an_answer_alone_settles_nothing(ledger: Ledger) -> None:
    ledger.intents.note_answer(ledger.intents.write(HOST, permit()), Answer.OK, "")
    assert [intent.outcome for intent in ledger.intents.waiting()] == [None]


def test_the_words_of_an_answer_are_kept(ledger: Ledger, beside: Any) -> None:
    intent = ledger.intents.write(HOST, permit())
    ledger.intents.note_answer(intent, Answer.ERROR, "Unable to cancel Amazon order")
    assert [waits.answer_words for waits in ledger.intents.waiting()] == ["Unable to cancel Amazon order"]
    assert beside.rows("SELECT answer FROM intents") == [("error",)]


def test_a_conclusion_concerns_one_intent_only(ledger: Ledger) -> None:
    first = ledger.intents.write(HOST, permit(ORDER))
    ledger.intents.write(HOST, permit(OTHER))
    ledger.intents.conclude(first, Outcome.CANCELED)
    assert [intent.order for intent in ledger.intents.waiting()] == [OTHER]


def test_the_oldest_intent_waits_first(ledger: Ledger) -> None:
    for order in (OTHER, ORDER):
        ledger.intents.write(HOST, permit(order))
    assert [intent.order for intent in ledger.intents.waiting()] == [OTHER, ORDER]


def press_at_once(
    place: Path | str, name: str, barrier: Barrier, told: "multiprocessing.SimpleQueue[tuple[str, str]]"
) -> None:
    """A process of its own that wants to press for the same order as the other one, at the same moment."""
    barrier.wait(60)
    with Ledger.open(place) as ledger:
        ledger.runs.begin(run_info(name), [job()])
        barrier.wait(60)
        try:
            ledger.intents.write(HOST, permit())
        except PressedBefore as refused:
            told.put((name, f"refused for {refused.facts['run_id']}"))
        else:
            told.put((name, "pressed"))


@pytest.mark.slow("races two processes")
def test_of_two_processes_that_begin_with_no_ledger_and_press_at_once_exactly_one_wins(place: Path | str) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, told = spawn.Barrier(2), spawn.SimpleQueue()
    both = [spawn.Process(target=press_at_once, args=(place, name, barrier, told)) for name in ("one", "two")]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    said = dict([told.get(), told.get()])
    winner = next(name for name, what in said.items() if what == "pressed")
    loser = ({"one", "two"} - {winner}).pop()
    assert said == {winner: "pressed", loser: f"refused for {winner}"}
    with Ledger.open(place) as ledger:
        assert [intent.run_id for intent in ledger.intents.waiting()] == [winner]
