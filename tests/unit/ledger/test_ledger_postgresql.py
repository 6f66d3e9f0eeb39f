"""What is different when the ledger lies on a PostgreSQL server; everything else is tested on both."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from run_kit import HOST, ORDER, permit

from bot.errors import LedgerTrouble
from bot.ledger import Ledger
from bot.ledger.schema import SCHEMA_VERSION

HELD = (
    "Another program holds it, perhaps to upgrade it. Wait until that program has finished, or end it if it hangs; "
    "then try again."
)
ADVICE = "Make sure that the server is running and lets you in; nothing is pressed without the ledger."


# --- Without a server ---


def test_a_server_that_is_not_there_is_named_with_what_to_do() -> None:
    with socket.socket() as nobody:  # bound and not listening: every caller here is refused
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        address = f"postgresql://bot@127.0.0.1:{port}/countermand"
        with pytest.raises(LedgerTrouble) as refused:
            Ledger.open(address)
    # What the driver itself says differs from version to version.
    assert str(refused.value) == f"The ledger {address} cannot be used: {refused.value.facts['reason']}"
    assert str(refused.value.facts["reason"]).endswith(f". {ADVICE}")
    assert "Connection refused" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_driver_that_is_not_installed_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    address = "postgresql://bot@db.example/countermand"
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(address)
    assert str(refused.value) == (
        f"The ledger {address} cannot be used: the driver for PostgreSQL is not installed. "
        "Get it with: pip install 'countermand[postgresql]'"
    )


# --- With one ---


def test_a_database_that_is_missing_is_named(on_server: str) -> None:
    address = sa.make_url(on_server).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(address)
    assert str(refused.value).startswith(f"The ledger {address} cannot be used: ")
    assert str(refused.value).endswith(f'FATAL:  database "no_such_database" does not exist. {ADVICE}')


def test_the_database_of_another_program_is_refused_and_left_alone(on_server: str, on_server_beside: Any) -> None:
    on_server_beside.change("CREATE TABLE stamps (country TEXT)")
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(on_server)
    assert str(refused.value) == (
        f"The ledger {on_server} cannot be used: it belongs to another program. Name another one in COUNTERMAND_LEDGER."
    )
    assert list(on_server_beside.schema()) == ["stamps"]


def test_a_ledger_of_a_newer_version_is_refused(on_server: str, on_server_beside: Any) -> None:
    Ledger.open(on_server).close()
    on_server_beside.change("UPDATE ledger_version SET version = 99")
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(on_server)
    assert str(refused.value) == (
        f"The ledger {on_server} cannot be used: it is of version 99, this Countermand supports up to "
        f"{SCHEMA_VERSION}. Update Countermand."
    )


@pytest.mark.parametrize(("setting", "value"), [("lock_timeout", "10s"), ("synchronous_commit", "on")])
def test_every_connection_is_durable_and_waits_ten_seconds_for_another_program(
    on_server: str, setting: str, value: str
) -> None:
    with Ledger.open(on_server) as ledger, ledger._database._engine.connect() as connection:
        assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == value


def test_what_nothing_hangs_on_is_not_waited_for(on_server: str) -> None:
    with Ledger.open(on_server) as ledger:
        with ledger._database.writing(lasting=False) as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off"
        with ledger._database.writing() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_connection_that_the_server_has_ended_is_made_anew(on_server: str, on_server_beside: Any) -> None:
    with Ledger.open(on_server) as ledger:
        with ledger._database._engine.connect() as connection:
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        on_server_beside.rows(f"SELECT pg_terminate_backend({number}, 10000)")
        ledger.intents.write(HOST, permit())
        assert [intent.order for intent in ledger.intents.waiting()] == [ORDER]


def test_an_intent_that_another_program_holds_up_is_not_waited_for_without_an_end(
    on_server: str, on_server_beside: Any
) -> None:
    Ledger.open(on_server).close()  # made while others may make theirs, which takes its time
    with Ledger.open(on_server, patience=0) as ledger, on_server_beside.engine.begin() as other:
        other.execute(sa.text("LOCK TABLE intents IN EXCLUSIVE MODE"))
        with pytest.raises(LedgerTrouble) as refused:
            ledger.intents.write(HOST, permit())
        assert str(refused.value) == (
            f"The ledger {on_server} cannot be used: canceling statement due to lock timeout. {HELD}"
        )
        assert ledger.intents.waiting() == []


def test_two_people_may_settle_orders_at_the_same_time(new_place: Callable[[], Path | str]) -> None:
    place = new_place()
    with Ledger.open(place) as ledger:
        ledger.runs.go_on_as("run")
        numbers = [ledger.intents.write(HOST, permit(f"112-1215998-{number:07}")) for number in range(20)]
    both, troubles = Barrier(2), []

    def settle(mine: list[int]) -> None:
        with Ledger.open(place) as by_hand:
            both.wait(60)
            for number in mine:
                try:
                    by_hand.intents.settle(number, "canceled", by="maria", why="seen")
                except LedgerTrouble as trouble:
                    troubles.append(str(trouble))

    people = [Thread(target=settle, args=(mine,)) for mine in (numbers[::2], numbers[1::2])]
    for person in people:
        person.start()
    for person in people:
        person.join()
    with Ledger.open(place) as ledger:
        assert (troubles, ledger.intents.waiting()) == ([], [])
        assert [entry.number for entry in ledger.trail.entries("by-hand")] == list(range(1, 21))
