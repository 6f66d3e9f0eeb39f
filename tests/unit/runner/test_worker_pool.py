"""Workers as real processes, without a browser: how orders are handed out, and what happens when a worker ends."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
from pool_kit import HOST, open_worker
from pydantic import SecretStr
from server_kit import Server, programs

from bot.accounts import Account
from bot.engine.backlog import open_backlog
from bot.engine.executor import WorksStints, engine_started
from bot.errors import CannotStart
from bot.evidence.store import LocalStore
from bot.joblist import Job
from bot.ledger import Event, Ledger, Stint
from bot.outcomes import OrderResult, RunInfo
from bot.runner import RunEnd, RunLimits, Runner
from bot.runner.pool_run import PoolRun
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.stints.run_queue import RunQueue, open_run_queue
from bot.runner.stopping import StopRequest
from bot.runner.throttle import Throttle
from bot.runner.worker_pool import WorkerPool
from bot.vocabulary import Reason

pytestmark = [pytest.mark.slow("starts worker processes"), pytest.mark.sampled(3)]

RUN_ID = "20260301-021405-a1b2"
INFO = RunInfo(
    run_id=RUN_ID,
    command="run",
    admin=HOST,
    account="one, two",
    workers=2,
    pack="asc-4.3",
    job_list="jobs.yaml",
    started_at=datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC),
    version="0.1.0",
)
PATIENCE = 600
"""Seconds after which a run that should have been stopped is stopped, so that a test that fails ends."""


def order(number: int) -> str:
    return f"112-1215998-{number:07}"


def jobs(*notes: str, store: str = "UK") -> list[Job]:
    return [
        Job(order=order(number), store=store, reason=Reason.BUYER_CANCELED, note=note)
        for number, note in enumerate(notes, start=1)
    ]


@dataclass
class Heard:
    """What a person would have seen."""

    said: list[str] = field(default_factory=list)
    steps: list[tuple[str, int]] = field(default_factory=list)
    started: list[tuple[int, str, int]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def run_started(self, info: RunInfo, total: int) -> None: ...

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        self.started.append((number, order, worker))

    def step(self, name: str, worker: int = 1) -> None:
        self.steps.append((name, worker))

    def order_finished(self, result: OrderResult) -> None:
        self.ended.append(result.order)

    def say(self, message: str) -> None:
        self.said.append(message)

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None: ...


class Yard:
    """A folder with a ledger, in which a pool of workers works."""

    def __init__(self, folder: Path, ledger: Ledger, place: Path | str = "", run_id: str = RUN_ID) -> None:
        self.info = INFO.model_copy(update={"run_id": run_id})
        self.folder = folder
        self.place = place or folder / "ledger.sqlite"
        self.ledger = ledger
        self.heard = Heard()
        self.stop = StopRequest(folder / "STOP")
        self.log: list[str] = []
        self.blocked: dict[str, int] = {}

    def run(self, asked: Sequence[Job], *accounts: str, max_failures: int = 5, most: int | None = None) -> RunEnd:
        with open_run_queue(self.place, self.ledger, self.info.run_id) as queue:
            pool = self.pool(queue, *accounts)
            limits = RunLimits(max_failures=max_failures, max_cancellations=most)
            return Runner(pool, ledger=self.ledger, progress=self.heard, limits=limits).run(self.info, asked)

    def pool(self, queue: RunQueue, *accounts: str) -> WorkerPool:
        return WorkerPool(
            partial(open_worker, self.folder, self.info.run_id, place=self.place),
            [Account(username=name, password=SecretStr("practice")) for name in accounts or ("one", "two")],
            PoolRun(
                ledger=self.ledger,
                folder=self.folder / self.info.run_id,
                store=LocalStore(self.folder / self.info.run_id),
                queue=queue,
                log=self.log.append,
                stopping=self.stop,
                blocked=self.blocked,
            ),
        )

    @property
    def pressed_at(self) -> list[str]:
        """The orders that work was begun on, once for every time."""
        return sorted(path.name[:19] for path in (self.folder / "marks").iterdir())


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    (tmp_path / "marks").mkdir()
    (tmp_path / RUN_ID / "evidence").mkdir(parents=True)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.runs.go_on_as(RUN_ID)
        ledger.trail.copy_to(tmp_path / RUN_ID)
        yield Yard(tmp_path, ledger)


def outcomes(end: RunEnd) -> list[str]:
    return [str(result.outcome) for result in end.results]


def test_two_workers_share_a_list_and_every_order_is_worked_once(yard: Yard) -> None:
    end = yard.run(jobs("waits for the other", "waits for the other", "", "", "", ""))
    assert (end.exit_status, outcomes(end)) == (0, ["canceled"] * 6)
    assert yard.pressed_at == [order(number) for number in range(1, 7)]
    assert {result.message for result in end.results} == {"By worker 1.", "By worker 2."}
    assert [number for number, *_ in yard.heard.started] == [1, 2, 3, 4, 5, 6]
    assert sorted(yard.heard.ended) == yard.pressed_at
    assert set(yard.heard.steps) == {("choose_reason", 1), ("choose_reason", 2)}


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_on_a_server_a_list_is_worked_once_too_and_nothing_of_it_is_left_in_the_queue(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    (tmp_path / RUN_ID / "evidence").mkdir(parents=True)
    found = programs()
    assert found is not None
    with Server(found) as server, Ledger.open(server.address) as ledger:
        ledger.runs.go_on_as(RUN_ID)
        ledger.trail.copy_to(tmp_path / RUN_ID)
        yard = Yard(tmp_path, ledger, server.address)
        end = yard.run(jobs("waits for the other", "waits for the other", "dies once", ""))
        assert outcomes(end) == ["canceled"] * 4
        assert yard.pressed_at == [order(1), order(2), order(3), order(3), order(4)]
        with ledger._database._engine.connect() as connection:
            schema = ledger.schema_name().replace("public", "countermand") + "_engine"
            left = connection.scalar(sa.text(f'SELECT count(*) FROM "{schema}".workflow_status'))
        assert (left, ledger.own_runs.abandoned()) == (0, [])


def test_what_several_workers_wrote_is_one_trail_that_can_be_verified(yard: Yard) -> None:
    end = yard.run(jobs("waits for the other", "waits for the other", *[""] * 20))
    assert end.exit_status == 0
    entries = yard.ledger.trail.entries(RUN_ID)
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    lines = (yard.folder / RUN_ID / "trail.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == [entry.in_folder for entry in entries]
    assert yard.ledger.runs.results(RUN_ID) == list(end.results)
    assert yard.ledger.claims.held() == []


def test_the_order_of_a_worker_that_died_is_begun_again_by_another(yard: Yard) -> None:
    end = yard.run(jobs("dies once", "", ""))
    assert outcomes(end) == ["canceled"] * 3
    assert yard.pressed_at == [order(1), order(1), order(2), order(3)]


def test_an_order_that_was_about_to_be_pressed_when_its_worker_died_is_looked_at(yard: Yard) -> None:
    end = yard.run(jobs("dies after the intent", ""))
    assert outcomes(end) == ["unknown", "canceled"]
    assert end.results[0].message == "Looked at after a crash."
    assert [intent.order for intent in yard.ledger.intents.waiting()] == [order(1)]


def test_an_order_that_was_proved_canceled_before_its_workers_died_is_not_said_to_have_failed(yard: Yard) -> None:
    end = yard.run(jobs("dies after the proof", ""))
    assert outcomes(end) == ["canceled", "canceled"]
    assert end.results[0].message.startswith("Canceled in the Admin, and proved; before the result was recorded: Two")


@pytest.mark.thorough
def test_an_order_that_two_workers_died_over_is_not_begun_again(yard: Yard) -> None:
    end = yard.run(jobs("dies", ""))
    assert outcomes(end) == ["failed", "canceled"]
    assert end.results[0].message == "Two workers died while they worked on it."
    assert yard.pressed_at == [order(1), order(1), order(2)]


@pytest.mark.thorough
def test_a_run_whose_workers_all_die_stops(yard: Yard) -> None:
    end = yard.run(jobs(*["dies"] * 6))
    assert (end.exit_status, len(yard.pressed_at) <= 4) == (3, True)
    assert end.info.stopped_early == (
        "Worker processes died 3 times in a row. "
        "Look at log.jsonl, and check that the machine has enough memory for this many workers."
    )
    assert set(outcomes(end)) <= {"failed", "skipped"}


@pytest.mark.thorough
def test_what_a_worker_was_writing_as_evidence_when_it_died_is_removed(yard: Yard) -> None:
    told, untold = (yard.folder / RUN_ID / "evidence" / order(1) / name for name in ("01-told.jpg", "02-half.jpg"))
    told.parent.mkdir()
    told.write_bytes(b"whole")
    untold.write_bytes(b"ha")
    asked = jobs("dies once", "")
    yard.ledger.trail.note(Event.PICTURE, order=order(1), file=told.relative_to(yard.folder / RUN_ID).as_posix())
    yard.run(asked)
    assert (told.exists(), untold.exists()) == (True, False)


def test_what_stops_one_worker_stops_the_run_and_the_others_finish_their_orders(yard: Yard) -> None:
    end = yard.run(jobs("waits for the other", "cannot go on", "", ""))
    assert (end.exit_status, end.info.stopped_early) == (3, "The Admin is in maintenance.")
    assert outcomes(end)[:2] == ["canceled", "skipped"]
    assert set(outcomes(end)[2:]) <= {"canceled", "skipped"}


@pytest.mark.thorough
def test_a_failure_that_nobody_foresaw_stops_the_run_and_is_in_the_log(yard: Yard) -> None:
    end = yard.run(jobs("breaks", ""))
    assert end.exit_status == 3
    assert end.info.stopped_early == (
        "Countermand itself failed (ZeroDivisionError: division by zero). Please report this, with log.jsonl."
    )
    assert any("division by zero" in line and "traceback" in line for line in yard.log)


@pytest.mark.thorough
def test_an_account_that_cannot_sign_in_is_told_and_the_others_go_on(yard: Yard) -> None:
    end = yard.run(jobs("", "", ""), "one", "refused")
    assert outcomes(end) == ["canceled"] * 3
    assert end.info.stopped_early == ""


@pytest.mark.thorough
def test_a_run_that_no_account_can_sign_in_for_stops(yard: Yard) -> None:
    end = yard.run(jobs("", ""), "refused", "refused")
    assert (end.exit_status, end.info.stopped_early) == (3, "The account refused is refused.")
    assert outcomes(end) == ["skipped"] * 2


@pytest.mark.thorough
def test_a_run_without_a_browser_does_not_begin(yard: Yard) -> None:
    with pytest.raises(CannotStart) as refused:
        yard.run(jobs("", ""), "no browser", "no browser")
    assert str(refused.value) == "No browser was found."


@pytest.mark.thorough
def test_no_more_are_canceled_than_allowed_however_many_work(yard: Yard) -> None:
    end = yard.run(jobs(*[""] * 6), "one", "two", "three", most=2)
    assert outcomes(end).count("canceled") == len(yard.pressed_at) == 2
    assert end.info.stopped_early == "Confirm was pressed for 2 orders, which is the limit of this run."


@pytest.mark.thorough
def test_too_many_failures_stop_the_run_whichever_worker_has_them(yard: Yard) -> None:
    end = yard.run(jobs(*["fails"] * 5), max_failures=2)
    assert (end.exit_status, end.info.stopped_early) == (
        3,
        "2 orders in a row failed; the last one: A page did not come.",
    )
    assert set(outcomes(end)) == {"failed", "skipped"}
    assert outcomes(end).count("failed") <= 3  # the one that the other worker had in hand


def test_while_the_admin_turns_requests_away_fewer_orders_are_in_progress(yard: Yard) -> None:
    with open_run_queue(yard.place, yard.ledger, RUN_ID) as queue:
        pool = yard.pool(queue, "one", "two", "three", "four")
        pool.begin(INFO, jobs("", ""), RunLimits(max_failures=5))
        throttle = Throttle(4, 0, say=yard.heard.say, clock=time.monotonic)
        pool._heed(throttle, None, turned_away=True)
        terms = yard.ledger.queue.terms(RUN_ID)
    assert terms is not None
    assert terms.at_once == 2
    assert yard.heard.said == ["The Admin rejects requests: continuing with 2 orders at a time."]


def test_an_order_that_another_run_works_on_is_asked_for_once_more_and_then_left(yard: Yard) -> None:
    with Ledger.open(yard.place) as other:
        other.runs.go_on_as("another run")
        assert other.claims.take(HOST, order(1), 300)
        end = yard.run(jobs("", "", ""))
    assert outcomes(end) == ["skipped", "canceled", "canceled"]
    assert end.results[0].message == "Another run is working on this order; this one left it alone."
    assert yard.pressed_at == [order(2), order(3)]


def test_two_runs_with_workers_of_their_own_share_a_ledger_and_nobody_takes_from_the_other(yard: Yard) -> None:
    begins = "waits until begun: 4"  # each run has two workers, so both runs are at work then
    ends: list[RunEnd] = []

    def run_beside() -> None:
        (yard.folder / "beside" / "evidence").mkdir(parents=True)
        with Ledger.open(yard.place) as ledger:
            ledger.runs.go_on_as("beside")
            ledger.trail.copy_to(yard.folder / "beside")
            beside = Yard(yard.folder, ledger, yard.place, "beside")
            ends.append(beside.run(jobs(begins, begins, *[""] * 10)))

    other = threading.Thread(target=run_beside)
    other.start()
    _wait_until_begun(yard, 2)
    end = yard.run(jobs(*[""] * 12, begins, begins, *[""] * 10)[12:])
    other.join()
    assert (outcomes(end), outcomes(ends[0])) == (["canceled"] * 12, ["canceled"] * 12)
    assert [result.order for result in end.results] == [order(number) for number in range(13, 25)]
    assert yard.pressed_at == [order(number) for number in range(1, 25)]
    assert (rows_of_engine(yard), yard.ledger.own_runs.abandoned()) == (0, [])


def test_workers_of_the_queue_start_beside_what_a_run_with_its_own_has_left_and_the_other_way_round(yard: Yard) -> None:
    def run_with_its_own(run_id: str) -> list[str]:
        (yard.folder / run_id / "evidence").mkdir(parents=True)
        with Ledger.open(yard.place) as ledger:
            ledger.runs.go_on_as(run_id)
            ledger.trail.copy_to(yard.folder / run_id)
            return outcomes(Yard(yard.folder, ledger, yard.place, run_id).run(jobs("", "")))

    assert run_with_its_own("before") == ["canceled"] * 2
    with engine_started(
        yard.place,
        yard.ledger,
        admin=HOST,
        executor="a worker of the queue",
        works=cast(WorksStints, None),
        browser_thread=BrowserThread(),
        say=yard.heard.say,
    ):
        assert run_with_its_own("beside") == ["canceled"] * 2
    assert yard.heard.said == []


def test_a_stop_reaches_every_worker(yard: Yard) -> None:
    begun = threading.Thread(target=_stop_once_begun, args=(yard, 2), daemon=True)
    begun.start()
    end = yard.run(jobs("waits for a stop", "waits for a stop", ""))
    assert (end.exit_status, end.info.stopped_early) == (130, "Interrupted.")
    assert outcomes(end) == ["skipped"] * 3
    assert yard.pressed_at == [order(1), order(2)]


def _wait_until_begun(yard: Yard, number: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(list((yard.folder / "marks").iterdir())) < number and time.monotonic() < end:
        time.sleep(0.02)


def _stop_once_begun(yard: Yard, number: int) -> None:
    _wait_until_begun(yard, number)
    yard.stop.ask()


def test_a_second_stop_ends_every_worker_at_once_and_leaves_nothing_in_the_queue(yard: Yard) -> None:
    yard.stop = _KeyboardInterruptOnceBegun(yard.folder)
    end = yard.run(jobs("waits for a stop", "waits for a stop", ""))
    assert (end.exit_status, end.info.stopped_early) == (130, "Interrupted.")
    assert outcomes(end) == ["skipped"] * 3
    assert yard.pressed_at == [order(1), order(2)]
    assert yard.ledger.claims.held() == []  # the workers that had them are gone
    assert (rows_of_engine(yard), yard.ledger.own_runs.abandoned()) == (0, [])


def test_workers_that_have_lost_their_run_end(yard: Yard) -> None:
    """The run's process is gone with its end of the lines: what a worker is working on ends before Confirm."""
    read, write = os.pipe()
    pid = os.fork() if hasattr(os, "fork") else pytest.skip("no fork here")
    if pid == 0:
        os.close(read)
        _run_and_be_killed(yard.folder, write)
    os.close(write)
    with os.fdopen(read) as end:
        assert end.read() == ""  # held open by the run and its workers, until the last of them is gone
    os.waitpid(pid, 0)
    assert yard.pressed_at == [order(1), order(2)]
    # What is left of it is in no queue that anybody listens to, and the next run removes it.
    assert (yard.ledger.queue.waiting(), yard.ledger.queue.find(RUN_ID)) == ([], None)
    with open_backlog(yard.folder / "ledger.sqlite", yard.ledger) as backlog:
        assert (backlog.is_empty(HOST, "stray"), backlog.counted()) == (True, {})
    assert yard.ledger.own_runs.abandoned() == [RUN_ID]
    assert rows_of_engine(yard) > 0
    with open_run_queue(yard.folder / "ledger.sqlite", yard.ledger, "the next one"):
        assert yard.ledger.own_runs.abandoned() == []
    assert rows_of_engine(yard) == 0


def rows_of_engine(yard: Yard) -> int:
    """How many pieces of work the engine keeps."""
    with sqlite3.connect(yard.folder / "ledger.sqlite") as connection:
        return int(connection.execute("SELECT count(*) FROM workflow_status").fetchone()[0])


def test_nothing_of_a_run_is_left_in_the_queue_when_it_has_ended(yard: Yard) -> None:
    end = yard.run(jobs("waits for the other", "waits for the other", ""))
    assert outcomes(end) == ["canceled"] * 3
    assert (rows_of_engine(yard), yard.ledger.own_runs.abandoned(), yard.ledger.queue.waiting()) == (0, [], [])


def test_orders_that_the_queue_has_lost_are_queued_once_more(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runner.worker_pool.LOOK_SECONDS", 0.0)
    put, lost = RunQueue.put, [order(2)]

    def lose_one(self: RunQueue, connection: sa.Connection, stint: Stint) -> None:
        if stint.orders != tuple(lost):
            put(self, connection, stint)

    monkeypatch.setattr(RunQueue, "put", lose_one)
    end = yard.run(jobs("", "", ""))
    assert outcomes(end) == ["canceled"] * 3
    assert yard.pressed_at == [order(1), order(2), order(3)]


def _run_and_be_killed(folder: Path, kept_open: int) -> None:
    os.set_inheritable(kept_open, True)
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        yard = Yard(folder, ledger)
        yard.stop = _KillOnceBegun(folder)
        yard.run(jobs("waits for a stop", "waits for a stop", ""))
    os._exit(1)


class _KeyboardInterruptOnceBegun(StopRequest):
    """Somebody presses Ctrl-C a second time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._marks = folder / "marks"

    def __call__(self) -> bool:
        if len(list(self._marks.iterdir())) >= 2:
            raise KeyboardInterrupt
        return False


class _KillOnceBegun(StopRequest):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._marks = folder / "marks"

    def __call__(self) -> bool:
        if len(list(self._marks.iterdir())) >= 2:
            os._exit(9)
        return False
