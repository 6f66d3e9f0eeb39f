"""A ledger is moved from its file to a server: every row, once, and the file is refused from then on."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from run_kit import HOST, ORDER, OTHER, RUN_ID, TERMS, job, permit, run_info
from server_kit import Server, programs

from bot.engine.stints import cut
from bot.errors import CannotStart, LedgerTrouble
from bot.ledger import Ledger
from bot.ledger.moving import move
from bot.outcomes import Answer, Outcome
from bot.runner.results import failed, result_of

pytestmark = pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")


@pytest.fixture(scope="module")
def _server() -> Iterator[Server]:
    found = programs()
    assert found is not None
    with Server(found) as server:
        yield server


@pytest.fixture
def address(_server: Server) -> str:
    """The address of an empty schema on the server."""
    schema = f"of_{secrets.token_hex(4)}"
    engine = sa.create_engine(_server.address)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    return f"{_server.address}?options=-csearch_path%3D{schema}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with a run, one of whose orders waits for a person, one was canceled, and one was not reached."""
    file = tmp_path / "ledger.sqlite"
    with Ledger.open(file) as ledger:
        ledger.runs.begin(run_info(), [job(), job(OTHER, note="Größe ✓"), job("112-1215998-3002093")])
        ledger.intents.write(HOST, permit(ORDER))
        canceled = ledger.intents.write(HOST, permit(OTHER))
        ledger.intents.note_answer(canceled, Answer.OK, "")
        ledger.intents.conclude(canceled, Outcome.CANCELED)
        ledger.intents.note_look(canceled, "Canceled")
        ledger.runs.finish_order(result_of(job(), failed("no")))
    return file


def test_everything_that_is_known_is_known_on_the_server(file: Path, address: str) -> None:
    with Ledger.open(file) as ledger:
        before = (ledger.intents.of_run(RUN_ID), ledger.runs.results(RUN_ID), ledger.trail.entries(RUN_ID))
    counts = move(file, address)
    assert (counts["orders"], counts["intents"], counts["looks"]) == (3, 2, 1)
    with Ledger.open(address) as ledger:
        assert (ledger.intents.of_run(RUN_ID), ledger.runs.results(RUN_ID), ledger.trail.entries(RUN_ID)) == before
        assert ledger.queue.orders_without_result(RUN_ID) == (job(OTHER, note="Größe ✓"), job("112-1215998-3002093"))
        assert [intent.order for intent in ledger.intents.waiting()] == [ORDER]


def test_the_server_goes_on_counting_where_the_file_ended(file: Path, address: str) -> None:
    move(file, address)
    with Ledger.open(address) as ledger:
        assert ledger.intents.write(HOST, permit("112-1215998-3002093")) == 3


def test_the_file_is_refused_from_then_on_with_where_the_ledger_is(file: Path, address: str) -> None:
    move(file, address)
    with pytest.raises(LedgerTrouble) as refused:
        Ledger.open(file)
    assert str(refused.value) == (
        f"The ledger {file} cannot be used: it was moved to {address}. Set COUNTERMAND_LEDGER={address}"
    )


def test_a_database_with_a_ledger_is_left_alone(file: Path, address: str) -> None:
    with Ledger.open(address) as ledger:
        ledger.runs.begin(run_info("there"), [job()])
    with pytest.raises(CannotStart, match=r"has a ledger already\.$"):
        move(file, address)
    with Ledger.open(address) as ledger:
        assert [info.run_id for info in ledger.runs.latest()] == ["there"]
    with Ledger.open(file) as ledger:
        assert [info.run_id for info in ledger.runs.latest()] == [RUN_ID]


def test_a_ledger_that_is_in_use_is_not_moved(file: Path, address: str) -> None:
    with Ledger.open(file) as ledger:
        ledger.claims.take(HOST, ORDER, 300)
        with pytest.raises(CannotStart, match=r"is in use\.$"):
            move(file, address)
    Ledger.open(file).close()


def test_a_ledger_with_a_queued_run_is_not_moved(file: Path, address: str) -> None:
    with Ledger.open(file) as ledger:
        ledger.queue.submit(run_info("queued"), [job()], TERMS, cut([job()]), lambda *_: None)
    with pytest.raises(CannotStart, match=r"^A run is queued in the ledger "):
        move(file, address)


def test_a_copy_that_is_not_the_same_moves_nothing(file: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ledger.moving._sum_of", lambda table, connection: f"{table} {connection.dialect.name}")
    with pytest.raises(LedgerTrouble, match=r"is not the same\. Nothing was moved\.$"):
        move(file, address)
    Ledger.open(file).close()
    with Ledger.open(address) as ledger:
        assert ledger.runs.latest() == []


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, address: str) -> None:
    with pytest.raises(CannotStart):
        move(tmp_path / "gone.sqlite", address)
    assert not (tmp_path / "gone.sqlite").exists()
