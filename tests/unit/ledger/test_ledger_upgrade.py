"""A ledger is upgraded once, by one program, whole, and not while an older version works with it; both databases."""

import dataclasses
import multiprocessing
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from run_kit import HOST, ORDER, RUN_ID, permit

from bot.errors import LedgerTrouble, PressedBefore
from bot.ledger import Ledger, database, schema
from bot.ledger.processes import Process, this_process
from bot.ledger.schema import SCHEMA_VERSION, STEPS, migrate
from bot.outcomes import Answer, Outcome

DATA = Path(__file__).resolve().parents[2] / "upgrade" / "countermand-0.1.0.zip"
OF_0_1_0 = 5
"""The version of the ledgers that Countermand 0.1.0 makes."""
NO_PROCESS = 2**22 + 1
"""Greater than every process number on Linux."""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where the ledger is: a file, or an empty schema on a server."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    return str(request.getfixturevalue("schema_on_server"))


@pytest.fixture
def old(beside: Any) -> Any:
    """A connection to a ledger as 0.1.0 makes it, with an open intent."""
    with beside.engine.begin() as connection:
        migrate(connection, 0, OF_0_1_0)
    beside.change(
        "INSERT INTO intents (admin, amazon_order, run_id, store, reason, written_at) VALUES "
        f"('{HOST}', '{ORDER}', '{RUN_ID}', 'Nordwind UK', 'BuyerCanceled', '2026-03-01T02:14:05+00:00')"
    )
    return beside


@pytest.fixture
def of_0_1_0(place: Path | str, beside: Any) -> Any:
    """A connection to a ledger that Countermand 0.1.0 made and wrote, in a file or on a server."""
    with zipfile.ZipFile(DATA) as data:
        if isinstance(place, Path):
            place.write_bytes(data.read("runs/ledger.sqlite"))
        else:
            with beside.engine.begin() as connection:
                connection.exec_driver_sql(data.read("ledger.sql").decode().replace("%", "%%"))
    return beside


def version_in(beside: Any) -> object:
    ((version,),) = beside.rows("SELECT version FROM ledger_version")
    return version


# --- What 0.1.0 wrote ---


def test_a_ledger_of_0_1_0_keeps_every_row_and_what_waits_for_a_person(of_0_1_0: Any, place: Path | str) -> None:
    def rows() -> dict[str, list[str]]:
        """What is in the columns that 0.1.0 had."""
        return {
            name: sorted(str(row) for row in of_0_1_0.rows(f"SELECT {', '.join(columns)} FROM {name}"))
            for name, columns in tables.items()
        }

    tables = {name: sorted(columns) for name, (columns, _) in of_0_1_0.schema().items() if name != "ledger_version"}
    assert version_in(of_0_1_0) == OF_0_1_0
    before = rows()
    with Ledger.open(place) as ledger:
        waiting = [(intent.order, intent.answer, intent.outcome) for intent in ledger.intents.waiting()]
        runs = [info.version for info in ledger.runs.latest()]
    assert waiting == [
        ("111-1071022-7105011", Answer.ERROR, Outcome.CANCELED_NOT_SENT),
        ("112-6177312-0215004", Answer.OK, None),
    ]
    assert runs == ["0.1.0"] * 3
    assert version_in(of_0_1_0) == SCHEMA_VERSION
    assert rows() == before
    assert (len(before["intents"]), len(before["events"]) > 60) == (3, True)


def test_an_order_whose_confirm_0_1_0_pressed_is_not_pressed_again(of_0_1_0: Any, place: Path | str) -> None:
    ((host,),) = of_0_1_0.rows("SELECT DISTINCT admin FROM intents")
    with Ledger.open(place) as ledger:
        for order in ("112-6177312-0215004", "111-1071022-7105011"):
            with pytest.raises(PressedBefore):
                ledger.intents.write(f"{host}/admin", permit(order))
        assert ledger.intents.write(f"{host}/admin", permit(ORDER)) == 4
        assert len(ledger.intents.waiting()) == 3


def test_the_steps_up_to_0_1_0_make_what_0_1_0_made(beside_of: Callable[[Path | str], Any], tmp_path: Path) -> None:
    """A step that was released is never changed, also not by changing a table that it makes."""
    with zipfile.ZipFile(DATA) as data:
        old, new = beside_of(Path(data.extract("runs/ledger.sqlite", tmp_path))), beside_of(tmp_path / "new.sqlite")
    with new.engine.begin() as connection:
        migrate(connection, 0, OF_0_1_0)
    assert new.schema() == old.schema()


# --- Once ---


def open_at_once(place: Path | str, barrier: Barrier, told: "multiprocessing.SimpleQueue[object]") -> None:
    """A process of its own that opens the ledger at the same moment as the other one, and tells its steps."""

    def telling(number: int, step: Callable[[sa.Connection], None]) -> Callable[[sa.Connection], None]:
        def tell(connection: sa.Connection) -> None:
            told.put(number)
            step(connection)

        return tell

    schema.STEPS = [telling(number, step) for number, step in enumerate(STEPS, start=1)]  # type: ignore[misc]
    barrier.wait(60)
    with Ledger.open(place) as ledger:
        told.put([intent.order for intent in ledger.intents.waiting()])


@pytest.mark.slow("races two processes")
def test_of_two_processes_that_open_an_old_ledger_at_once_one_upgrades_it_and_both_know_what_waits(
    old: Any, place: Path | str
) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, told = spawn.Barrier(2), spawn.SimpleQueue()
    both = [spawn.Process(target=open_at_once, args=(place, barrier, told)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    said = [told.get() for _ in range(SCHEMA_VERSION - OF_0_1_0 + 2)]
    assert told.empty()
    assert [step for step in said if isinstance(step, int)] == list(range(OF_0_1_0 + 1, SCHEMA_VERSION + 1))
    assert [what for what in said if not isinstance(what, int)] == [[ORDER], [ORDER]]
    assert version_in(old) == SCHEMA_VERSION


# --- Whole ---


def test_an_upgrade_that_fails_changes_nothing_and_the_next_one_succeeds(
    old: Any, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: sa.Connection) -> None:
        raise RuntimeError("the power went off")

    before = old.schema()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", [*STEPS[:-1], fails])
        with pytest.raises(RuntimeError):
            Ledger.open(place)
    assert (version_in(old), old.schema()) == (OF_0_1_0, before)
    with Ledger.open(place) as ledger:
        assert [intent.order for intent in ledger.intents.waiting()] == [ORDER]


def open_and_stop_in(place: Path | str, number: int, told: Connection) -> None:
    """A process of its own that upgrades the ledger, and stops right after what this step does, until it is killed."""

    def stops(connection: sa.Connection) -> None:
        STEPS[number - 1](connection)
        told.send("begun")
        told.recv()  # nothing comes

    schema.STEPS = [*STEPS[: number - 1], stops, *STEPS[number:]]  # type: ignore[misc]
    Ledger.open(place)


def kill_in_step(place: Path | str, number: int) -> None:
    """Have a process upgrade the ledger, and kill it inside of this step."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    process = spawn.Process(target=open_and_stop_in, args=(place, number, its))
    process.start()
    its.close()
    assert ours.recv() == "begun"
    process.kill()
    process.join()
    assert process.exitcode not in (None, 0)


def steps_of_opening(place: Path | str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Open the ledger and close it; gives the steps that this made."""
    made: list[int] = []

    def counted(number: int) -> Callable[[sa.Connection], None]:
        def step(connection: sa.Connection) -> None:
            made.append(number)
            STEPS[number - 1](connection)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", [counted(number) for number in range(1, SCHEMA_VERSION + 1)])
        Ledger.open(place).close()
    return made


@pytest.mark.sampled(4)
@pytest.mark.slow("a process for each step")
@pytest.mark.parametrize("number", range(OF_0_1_0 + 1, SCHEMA_VERSION + 1))
def test_an_upgrade_that_is_killed_inside_of_a_step_changes_nothing_and_the_next_program_makes_every_step_once(
    of_0_1_0: Any,
    beside_of: Callable[[Path | str], Any],
    place: Path | str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    def rows() -> dict[str, list[str]]:
        return {
            name: sorted(str(row) for row in of_0_1_0.rows(f"SELECT {', '.join(sorted(columns))} FROM {name}"))
            for name, (columns, _) in before.items()
            if name != "ledger_version"
        }

    before = of_0_1_0.schema()
    kept = rows()
    kill_in_step(place, number)
    assert (version_in(of_0_1_0), of_0_1_0.schema(), rows()) == (OF_0_1_0, before, kept)
    assert steps_of_opening(place, monkeypatch) == list(range(OF_0_1_0 + 1, SCHEMA_VERSION + 1))
    assert (version_in(of_0_1_0), rows()) == (SCHEMA_VERSION, kept)
    if isinstance(place, Path):
        new = tmp_path / "new.sqlite"
        Ledger.open(new).close()
        assert of_0_1_0.schema() == beside_of(new).schema()
    assert steps_of_opening(place, monkeypatch) == []


@pytest.mark.slow("starts a process")
def test_a_new_ledger_whose_maker_is_killed_is_made_by_the_next_program(
    beside: Any, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_in_step(place, SCHEMA_VERSION)
    assert beside.schema() == {}
    assert steps_of_opening(place, monkeypatch) == list(range(1, SCHEMA_VERSION + 1))
    assert version_in(beside) == SCHEMA_VERSION


# --- While another program upgrades ---


NO_PATIENCE = 0.001
"""Seconds; the lock is held for the whole test, so how long it is waited for decides nothing."""


@contextmanager
def upgraded_by_another(beside: Any, steps: int) -> Iterator[sa.Connection]:
    """Another program that is in the middle of an upgrade: it has the lock, and has made that many steps."""
    with beside.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(database._MIGRATION_LOCK)))
        for step in STEPS[SCHEMA_VERSION - steps :]:
            step(connection)
        yield connection
        connection.rollback()


def test_a_program_that_waited_in_vain_for_an_upgrade_says_that_one_is_under_way(
    beside: Any, place: Path | str
) -> None:
    with beside.engine.begin() as connection:
        migrate(connection, 0, SCHEMA_VERSION - 1)
    if isinstance(place, Path):
        beside.change("PRAGMA journal_mode=WAL")
    with upgraded_by_another(beside, 1), pytest.raises(LedgerTrouble) as refused:
        Ledger.open(place, patience=NO_PATIENCE)
    assert str(refused.value) == (
        f"The ledger {place} cannot be used: another program is upgrading it from version {SCHEMA_VERSION - 1}, or "
        "writing to it. Wait until that program has finished, then try again; nothing was changed here."
    )
    Ledger.open(place).close()
    assert version_in(beside) == SCHEMA_VERSION


def test_a_program_that_waited_in_vain_for_a_new_ledger_says_that_it_is_being_made(
    beside: Any, place: Path | str
) -> None:
    if isinstance(place, Path):
        beside.change("PRAGMA journal_mode=WAL")
    with upgraded_by_another(beside, 0), pytest.raises(LedgerTrouble) as refused:
        Ledger.open(place, patience=NO_PATIENCE)
    assert str(refused.value) == (
        f"The ledger {place} cannot be used: another program is making its tables. Wait until that program has "
        "finished, then try again; nothing was changed here."
    )


def test_a_program_that_would_press_while_another_one_upgrades_says_so(schema_on_server: str, beside_of: Any) -> None:
    with Ledger.open(schema_on_server, patience=NO_PATIENCE) as ledger:
        with upgraded_by_another(beside_of(schema_on_server), 0), pytest.raises(LedgerTrouble) as refused:
            ledger.intents.write(HOST, permit())
        assert ledger.intents.waiting() == []
    assert str(refused.value) == (
        f"The ledger {schema_on_server} cannot be used: another program is upgrading it. Wait until that "
        "program has finished, then try again; nothing was changed here."
    )


# --- Not under a run of an older version ---


def claim(old: Any, table: str, thing: str, process: str, until: float) -> None:
    old.change(
        f"INSERT INTO {table} (admin, {thing}, owner, process, until) VALUES ('{HOST}', 'x', :owner, :process, :until)",
        owner=f"{RUN_ID}/1",
        process=process,
        until=until,
    )


@pytest.mark.parametrize(("table", "thing"), [("claims", "amazon_order"), ("accounts", "account")])
def test_a_ledger_that_a_run_of_an_older_version_uses_is_not_upgraded(
    old: Any, place: Path | str, table: str, thing: str
) -> None:
    claim(old, table, thing, "somewhere/7", datetime(2126, 3, 1, tzinfo=UTC).timestamp())
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(place)
    assert str(refused.value) == (
        f"The ledger {place} cannot be used: it is of version 5 and in use by a run of that version ({RUN_ID}). It "
        "is upgraded once that run has ended; if the run has crashed, after 2126-03-01 00:00:00 UTC."
    )
    assert version_in(old) == OF_0_1_0
    old.change(f"DELETE FROM {table}")
    Ledger.open(place).close()
    assert version_in(old) == SCHEMA_VERSION


def test_a_lease_that_is_over_or_whose_process_has_ended_holds_no_upgrade_up(old: Any, place: Path | str) -> None:
    mine = Process.read(this_process())
    assert mine is not None
    host = mine.name.rpartition("/")[0]
    ended = str(dataclasses.replace(mine, name=f"{host}/{NO_PROCESS}", id="another"))
    claim(old, "claims", "amazon_order", ended, datetime(2126, 3, 1, tzinfo=UTC).timestamp())
    claim(old, "accounts", "account", "somewhere/7", datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    Ledger.open(place).close()
    assert version_in(old) == SCHEMA_VERSION


# --- A program that goes on with what was upgraded or moved under it ---


def test_no_intent_is_written_in_a_ledger_that_was_upgraded_since_it_was_opened(beside: Any, place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        beside.change("UPDATE ledger_version SET version = 99")
        with pytest.raises(LedgerTrouble) as refused:
            ledger.intents.write(HOST, permit())
    assert str(refused.value) == (
        f"The ledger {place} cannot be used: a newer version of Countermand has upgraded it since it was opened. "
        "Update Countermand here too."
    )
    assert beside.rows("SELECT * FROM intents") == []


def test_no_intent_is_written_in_a_ledger_that_was_moved_since_it_was_opened(beside: Any, place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        beside.change("INSERT INTO moved VALUES ('postgresql://bot@db.example/countermand', '2026-03-01')")
        with pytest.raises(LedgerTrouble) as refused:
            ledger.intents.write(HOST, permit())
    assert str(refused.value) == (
        f"The ledger {place} cannot be used: it was moved to postgresql://bot@db.example/countermand. "
        "Set COUNTERMAND_LEDGER=postgresql://bot@db.example/countermand"
    )
    assert beside.rows("SELECT * FROM intents") == []


def test_a_moved_ledger_is_refused_by_a_later_version_too(
    beside: Any, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ledger.open(place).close()
    beside.change("INSERT INTO moved VALUES ('postgresql://bot@db.example/countermand', '2026-03-01')")
    monkeypatch.setattr(database, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    for _ in range(2):
        with pytest.raises(LedgerTrouble, match="it was moved to"):
            Ledger.open(place)


# --- An older program ---


def test_a_ledger_of_a_newer_version_is_refused_and_left_as_it_is(beside: Any, place: Path | str) -> None:
    Ledger.open(place).close()
    beside.change("UPDATE ledger_version SET version = 99")
    before = beside.schema()
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(place)
    assert str(refused.value) == (
        f"The ledger {place} cannot be used: it is of version 99, this Countermand supports up to {SCHEMA_VERSION}. "
        "Update Countermand."
    )
    assert (version_in(beside), beside.schema()) == (99, before)
