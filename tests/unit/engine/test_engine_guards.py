"""What is relied on in the engine: that it stays the version that was tried, and keeps what is ours as it is ours."""

from __future__ import annotations

import json
import logging
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import sqlalchemy as sa
from run_kit import HOST, TERMS

from bot.engine.account_lease import executor_name
from bot.engine.backlog import Backlog, open_backlog
from bot.engine.executor import engine_started
from bot.engine.finished import stints_of_runs_over
from bot.engine.stints import run_of
from bot.errors import LedgerTrouble
from bot.ledger import Ledger, Stint
from bot.ledger.schema import SCHEMA_VERSION
from bot.runner.results import result_of, skipped
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.worker import OrderDone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.joblist import Job
    from tests.unit.engine.conftest import Bench

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


class Stints:
    """Works every order at once, and says that it was skipped."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.ended: list[str] = []
        self.called: list[tuple[str, datetime]] = []

    def begin(self, stint: str) -> Sequence[Job]:
        found = self._ledger.queue.stint(stint)
        return () if found is None else self._ledger.queue.jobs_of(found)

    def work_on(self, job: Job) -> OrderDone | None:
        return self.leave(job)

    def leave(self, job: Job) -> OrderDone:
        return OrderDone(result=result_of(job, skipped("It is a test.")), pressed=False)

    def end(self, stint: str) -> None:
        self.ended.append(stint)

    def call(self, schedule: str, at: datetime) -> None:
        self.called.append((schedule, at))


@pytest.fixture
def queued(bench: Bench) -> Iterator[Backlog]:
    """The queue with the usual list, one stint for each order."""
    with open_backlog(bench.place, bench.ledger) as backlog:
        with bench.ledger._database.writing() as connection:
            for stint in bench.submit():
                backlog.put(connection, stint, admin=HOST, terms=TERMS)
        yield backlog


def rows(bench: Bench, table: str) -> list[dict[str, Any]]:
    with bench.ledger._database.writing() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.text(f"SELECT * FROM {table}"))]


def work_all(bench: Bench) -> list[str]:
    """Have the engine hand out everything that waits."""
    stints, browser_thread, said = Stints(bench.ledger), BrowserThread(), list[str]()
    with engine_started(
        bench.place,
        bench.ledger,
        admin=HOST,
        executor=executor_name(HOST, "bot"),
        works=stints,
        browser_thread=browser_thread,
        say=said.append,
    ):
        while len(stints.ended) < 3:
            browser_thread.serve(0.2)
        with open_backlog(bench.place, bench.ledger) as backlog:
            while backlog.alive(HOST):
                browser_thread.serve(0.05)
    assert said == []
    return stints.ended


def test_its_minor_version_is_the_one_that_was_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = [line for line in project["dependencies"] if line.startswith("dbos")]
    assert wanted == "dbos>=3.4,<3.5"
    assert version("dbos").startswith("3.4.")


def newer_engine(bench: Bench, change: str) -> None:
    """Have the engine's tables be those of a newer one, changed in this way."""
    with bench.ledger._database.writing() as connection:
        connection.execute(sa.text("UPDATE dbos_migrations SET version = 9999"))
        connection.execute(sa.text(f"ALTER TABLE workflow_status {change}"))


@pytest.mark.slow("it starts the engine")
def test_tables_of_a_newer_engine_are_used_as_they_are(bench: Bench, queued: Backlog) -> None:
    newer_engine(bench, "ADD COLUMN of_a_newer_engine TEXT")
    assert len(work_all(bench)) == 3
    assert rows(bench, "dbos_migrations") == [{"version": 9999}]


def test_a_column_that_tables_of_a_newer_engine_lack_is_trouble_of_the_ledger(bench: Bench, queued: Backlog) -> None:
    newer_engine(bench, "RENAME COLUMN executor_id TO another")
    with open_backlog(bench.place, bench.ledger) as backlog, pytest.raises(LedgerTrouble) as refused:
        backlog.waiting(HOST)
    assert str(refused.value) == (
        f"The ledger {bench.place} cannot be used: no such column: main.workflow_status.executor_id. Nothing is "
        "pressed without it."
    )


@pytest.mark.slow("it starts the engine")
def test_what_it_keeps_of_ours_is_plain_json_with_our_version_and_name(bench: Bench, queued: Backlog) -> None:
    ended = work_all(bench)
    kept = rows(bench, "workflow_status")
    assert sorted(row["workflow_uuid"] for row in kept) == sorted(ended)
    for row in kept:
        assert (row["status"], row["serialization"]) == ("SUCCESS", "portable_json")
        assert (row["application_version"], row["application_name"]) == (str(SCHEMA_VERSION), "countermand")
        assert (row["executor_id"], row["name"]) == (f"{HOST} as bot", "stint")
    payloads = [
        row[name]
        for table, name in (("workflow_input", "inputs"), ("workflow_output", "output"))
        for row in rows(bench, table)
    ]
    payloads += [row["output"] for row in rows(bench, "operation_outputs")]
    assert len(payloads) == 9
    assert [json.loads(payload) for payload in payloads]


@pytest.mark.parametrize("run_id", ["", " "])
def test_nothing_is_queued_without_an_id(bench: Bench, queued: Backlog, run_id: str) -> None:
    nameless = Stint(stint=run_id, run_id="x", store="x", orders=(), sha256="")
    with pytest.raises(ValueError, match=r"^A stint needs an id\.$"), bench.ledger._database.writing() as connection:
        queued.put(connection, nameless, admin=HOST, terms=TERMS)
    assert len(queued.waiting(HOST)) == 3


def test_an_executor_has_a_name_and_says_so(bench: Bench) -> None:
    started = engine_started(
        bench.place,
        bench.ledger,
        admin=HOST,
        executor="",
        works=Stints(bench.ledger),
        browser_thread=BrowserThread(),
        say=lambda remark: None,
    )
    with pytest.raises(ValueError, match=r"^An executor needs a name\.$"), started:
        pass


@pytest.mark.slow("it starts the engine")
def test_it_says_nothing_on_the_terminal_and_of_errors_only(
    bench: Bench, queued: Backlog, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    work_all(bench)
    assert logging.getLogger("dbos").level == logging.ERROR
    assert (capsys.readouterr(), caplog.records) == (("", ""), [])


def test_an_id_says_its_run() -> None:
    assert run_of("20260301-021405-a1b2/Nordwind UK/1 again 2") == "20260301-021405-a1b2"


# --- Which stints are left behind, and which are purged ---


def test_a_stint_of_an_earlier_schema_is_recognized_and_by_nobody_else_handed_out(
    bench: Bench, queued: Backlog
) -> None:
    first, second, _ = queued.waiting(HOST)
    with bench.ledger._database.writing() as connection:
        change = "UPDATE workflow_status SET application_version = :version, status = :status, executor_id = 'e' WHERE "
        old = {"version": str(SCHEMA_VERSION - 1), "status": "PENDING", "id": first}
        connection.execute(sa.text(f"{change} workflow_uuid = :id"), old)
        connection.execute(sa.text(f"{change} workflow_uuid = :id"), old | {"status": "ENQUEUED", "id": second})
    assert queued.of_earlier_versions(HOST) == {first: "e", second: ""}


@pytest.mark.slow("it starts the engine")
def test_what_is_left_of_runs_that_are_over_is_removed_and_the_ledger_keeps_everything(
    bench: Bench, queued: Backlog
) -> None:
    ended = work_all(bench)
    soon, now = datetime.now(UTC) + timedelta(minutes=1), datetime.now(UTC) - timedelta(minutes=1)
    assert stints_of_runs_over(bench.ledger, queued, soon) == []  # its run is not over
    for stint in bench.ledger.queue.waiting()[0].stints:
        bench.ledger.queue.end_stint(stint)
    assert bench.ledger.queue.is_last(bench.ledger.queue.waiting()[0].info.run_id, "here")
    assert stints_of_runs_over(bench.ledger, queued, now) == []
    old = stints_of_runs_over(bench.ledger, queued, soon)
    assert sorted(old) == sorted(ended)
    before = {table: rows(bench, table) for table in ("runs", "orders", "stints", "queued_runs", "events")}
    queued.forget(old)
    for table in ("workflow_status", "workflow_input", "workflow_output", "operation_outputs"):
        assert rows(bench, table) == []
    assert {table: rows(bench, table) for table in before} == before


def test_a_queue_that_is_away_is_trouble_with_the_ledger_when_it_is_purged(bench: Bench) -> None:
    class Away:
        def list_workflows(self, **_: Any) -> None:
            raise sa.exc.OperationalError("SELECT", {}, Exception("connection refused"))

        def delete_workflows(self, _: object) -> None:
            self.list_workflows()

    backlog = Backlog(cast(Any, Away()), "there")
    with pytest.raises(LedgerTrouble):
        backlog.ended_before(datetime.now(UTC))
    with pytest.raises(LedgerTrouble):
        backlog.forget(["x"])


@pytest.mark.slow("it starts the engine")
def test_a_schedule_calls_with_its_name_and_the_time_and_nothing_is_made_up_for(bench: Bench) -> None:
    stints, browser_thread, said = Stints(bench.ledger), BrowserThread(), list[str]()
    with open_backlog(bench.place, bench.ledger) as backlog:
        with bench.ledger._database.writing() as connection:
            backlog.schedule("nightly", HOST, "0 2 * * *", "Europe/Berlin", connection)
        (kept,) = backlog._client.list_schedules()
        assert (kept["automatic_backfill"], kept["cron_timezone"]) == (False, "Europe/Berlin")
        with engine_started(
            bench.place,
            bench.ledger,
            admin=HOST,
            executor=executor_name(HOST, "bot"),
            works=stints,
            browser_thread=browser_thread,
            say=said.append,
        ):
            before = datetime.now(UTC)
            backlog._client.trigger_schedule("nightly")
            while not stints.called:
                browser_thread.serve(0.2)
            while backlog.worked_on(HOST):
                browser_thread.serve(0.05)
        ((name, at),) = stints.called
        assert (name, said) == ("nightly", [])
        assert before - timedelta(seconds=1) <= at <= datetime.now(UTC)
        (called,) = stints_of_runs_over(bench.ledger, backlog, datetime.now(UTC) + timedelta(minutes=1))
        assert called.startswith("sched-nightly-")
        with bench.ledger._database.writing() as connection:
            backlog.unschedule("nightly", connection)
        assert backlog.scheduled() == {}


@pytest.mark.slow("it starts the engine")
def test_what_the_engine_has_done_with_is_told_from_what_it_hands_out(bench: Bench, queued: Backlog) -> None:
    (run,) = bench.ledger.queue.waiting()
    stints = [stint.stint for stint in run.stints]
    queued.take_back(stints[:1])
    assert queued.ended_of(run.info.run_id, stints) == {stints[0]}
    assert queued.ended_of("another", stints) == set()
    assert queued.alive(HOST) == set(stints[1:])
