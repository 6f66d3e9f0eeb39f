"""A worker of the queue without browser and engine: what is asked of its session, and what it does then."""

import io
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from failure_kit import end_all, print_if_it_fails
from machines_kit import Machines
from pydantic import SecretStr
from run_kit import HOST, RUN_ID, TERMS, job, permit, run_info
from server_kit import Server

from bot.accounts import Account
from bot.cancel.verdicts import Verdict
from bot.engine.account_lease import AccountLease
from bot.engine.backlog import Backlog
from bot.engine.display import WorkerDisplay
from bot.engine.run_session import RunSession
from bot.engine.stints import cut
from bot.engine.worker import QueueWorker
from bot.joblist import Job
from bot.ledger import Ledger, QueuedRun, Stint, Terms
from bot.outcomes import OrderResult, Outcome
from bot.runner.results import result_of
from bot.runner.worker import OrderDone
from bot.sandbox import Face, Sandbox
from bot.settings import Settings

ORDERS = [f"112-1215998-{number:07}" for number in range(1, 4)]


class FakeBacklog:
    """What the engine says that other workers have, and what it was asked to hand out again."""

    def __init__(self) -> None:
        self.theirs: dict[str, str] = {}
        self.earlier: dict[str, str] = {}
        self.ended: set[str] = set()
        self.queued: list[str] = []
        self.taken_back: list[str] = []
        self.taken_over: list[str] = []

    def worked_on(self, admin: str) -> dict[str, str]:
        return self.theirs

    def ended_of(self, run_id: str, stints: list[str]) -> set[str]:
        return self.ended.intersection(stints)

    def of_earlier_versions(self, admin: str) -> dict[str, str]:
        return self.earlier

    def put(self, connection: sa.Connection, stint: Stint, *, admin: str, terms: Terms) -> None:
        self.queued.append(stint.stint)

    def take_back(self, stints: list[str]) -> None:
        self.taken_back += stints

    def take_over(self, admin: str, executors: list[str]) -> list[str]:
        self.taken_over += executors
        return [stint for stint, executor in self.theirs.items() if executor in executors]

    def is_empty(self, admin: str, executor: str) -> bool:
        return True


class Bench:
    """A worker with everything around it."""

    def __init__(self, folder: Path, ledger: Ledger, place: Path) -> None:
        self.folder, self.ledger, self.place = folder, ledger, place
        self.backlog = FakeBacklog()
        self.printed = io.StringIO()
        self.waited: list[float] = []
        self.worked: list[str] = []
        self.opened = 0
        self.asked_to_stop = False
        self.on_work: dict[str, list[Callable[[], OrderDone | None]]] = {}
        """What happens, one after another, when an order is worked; then it is canceled."""
        self.on_wait: list[Callable[[], object]] = []
        self.lease_ledger = Ledger.open(place)
        self.lease_ledger.runs.go_on_as("worker-1")
        self.lease_ledger.accounts.take(HOST, "bot", 300)
        self.check: Callable[[Account], str] | None = None
        self.worker = self.new_worker()

    def new_worker(self) -> QueueWorker:
        account = Account(username="bot", password=SecretStr("secret"))
        lease = AccountLease(ledger=self.lease_ledger, admin=HOST, account=account, name="bot", worker="worker-1")
        return QueueWorker(
            settings=Settings(
                admin_url=f"https://{HOST}/admin",
                username="bot",
                password=SecretStr("x"),
                runs_dir=self.folder,
                ledger=str(self.place),
            ),
            lease=lease,
            ledger=self.ledger,
            backlog=cast(Backlog, self.backlog),
            open_session=self.open_session,
            display=WorkerDisplay(self.printed),
            stop=lambda: self.asked_to_stop,
            wait=self.wait,
            check=self.check,
        )

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        if self.on_wait:
            self.on_wait.pop(0)()

    @contextmanager
    def open_session(self, run: QueuedRun) -> Iterator[RunSession]:
        self.opened += 1
        with Ledger.open(self.place) as ledger:
            ledger.runs.go_on_as(run.info.run_id, "worker-1")
            ledger.limits.count_for(run.info.run_id)
            bench = self

            class FakeRunSession:
                def do(self, job: Job) -> OrderDone | None:
                    bench.worked.append(job.order)
                    if bench.on_work.get(job.order):
                        return bench.on_work[job.order].pop(0)()
                    ledger.runs.finish_order(bench.canceled(job.order))
                    return OrderDone(result=bench.canceled(job.order), pressed=True)

                def seen(self) -> tuple[str, dict[str, int]]:
                    return "asc-4.3 (auto)", {"tracker.example": 1}

            yield FakeRunSession()

    def submit(self, run_id: str = RUN_ID, **terms: Any) -> list[Stint]:
        """Queue the usual list as one stint for each order."""
        jobs = [job(order) for order in ORDERS]
        made: list[Stint] = []
        with Ledger.open(self.place) as ledger:
            ledger.queue.submit(
                run_info(run_id), jobs, Terms(**(vars(TERMS) | terms)), cut(jobs), lambda _, stint: made.append(stint)
            )
        return made

    def work(self, stint: Stint) -> list[OrderDone | None]:
        """Have the worker work a stint, as the engine does."""
        done = [self.worker.work_on(one) for one in self.worker.begin(stint.stint)]
        self.worker.end(stint.stint)
        return done

    def canceled(self, order: str) -> OrderResult:
        return result_of(job(order), Verdict(outcome=Outcome.CANCELED, message="So it is."))

    def press_and_die(self, order: str, known: Outcome | None = None) -> None:
        """Have another worker of the run press Confirm, and end before its result is recorded."""
        with Ledger.open(self.place) as dead:
            dead.runs.go_on_as(RUN_ID, "dead")
            dead.limits.count_for(RUN_ID)
            assert dead.claims.take(HOST, order, 300)
            intent = dead.intents.write(HOST, permit(order))
            if known is not None:
                dead.intents.conclude(intent, known)
        self.end_claims()

    def end_claims(self) -> None:
        """Let the time of every claim be over."""
        with Ledger.open(self.place) as other, other._database.writing() as connection:
            connection.execute(sa.text("UPDATE claims SET until = 0"))

    def results(self) -> dict[str, tuple[Outcome, str]]:
        found = self.ledger.runs.results(RUN_ID)
        return {result.order: (result.outcome, result.message) for result in found}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    place = tmp_path / "ledger.sqlite"
    with Ledger.open(place) as ledger:
        bench = Bench(tmp_path / "runs", ledger, place)
        yield bench
        bench.lease_ledger.close()


# --- Several machines, as processes ---


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(face=Face.PLAIN) as practice:
        yield practice


@pytest.fixture
def machines(tmp_path: Path, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Machines]:
    machines = Machines(tmp_path, sandbox, lambda said: print_if_it_fails(request, "a machine", said))
    yield machines
    end_all(machines.started)


@pytest.fixture
def accounts(machines: Machines) -> dict[str, str]:
    """The settings of a machine with several accounts."""
    listed = "".join(f"  - {{username: {name}, password: {{env: PW}}}}\n" for name in machines.sandbox.accounts[:3])
    (machines.folder / "accounts.yaml").write_text(f"accounts:\n{listed}", encoding="utf-8")
    several = {"COUNTERMAND_USERNAME": "", "COUNTERMAND_PASSWORD": "", "COUNTERMAND_ACCOUNTS": "accounts.yaml"}
    return {**several, "PW": machines.sandbox.password}


@pytest.fixture(scope="session")
def _server(database_server: Server | None) -> Server:
    assert database_server is not None
    return database_server


@pytest.fixture
def server(_server: Server, machines: Machines) -> Server:
    """A server, on which the ledger of the machines is."""
    schema = f"of_{secrets.token_hex(4)}"
    engine = sa.create_engine(_server.address)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    machines.ledger = f"{_server.address}?options=-csearch_path%3D{schema}"
    return _server
