"""Runs that a program starts by itself: two at a time in one process, with nothing of that process taken over."""

import io
import json
import pickle
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from admin_kit import PagelessAdmin
from loguru import logger
from pydantic import ValidationError

from bot.admin import Admin
from bot.cancel.verdicts import Verdict
from bot.cli import wiring
from bot.errors import CannotStart, InputInvalid, Interrupted
from bot.joblist import Job, JobList, job_list_of
from bot.ledger import Ledger
from bot.outcomes import Outcome
from bot.reports.progress import PlainProgress
from bot.runner import RunEnd
from bot.runner.entering import Entry
from bot.runner.launch import run_jobs
from bot.runner.task import RunOptions, Task
from bot.settings import Settings
from flows.cancel_order import cancel_order

FIRST, SECOND = "112-1215998-3002091", "112-1215998-3002092"
DOCUMENT = Path(__file__).parents[3] / "docs" / "from-code.md"
HANGS = 60
"""Seconds after which runs that wait for each other in vain fail, so that a test that fails ends."""

Work = Callable[[Admin, Job], Verdict]


class EnteredAdmin(PagelessAdmin):
    """An Admin that was entered: it hears whether the run is to stop, and knows its account."""

    def __init__(self, entry: Entry) -> None:
        super().__init__("shop.example/admin")
        self.account = entry.account.username
        self._stopping = entry.hooks.stopping

    def heed_stop(self) -> None:
        if self._stopping():
            raise Interrupted


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entering the Admin takes no browser here."""

    @contextmanager
    def entered(entry: Entry) -> Iterator[Any]:
        yield EnteredAdmin(entry)

    monkeypatch.setattr("bot.runner.launch.open_admin", entered)


def orders(*numbers: str) -> JobList:
    listed = [{"order": number, "store": "Nordwind UK", "reason": "Buyer Canceled"} for number in numbers]
    return job_list_of({"orders": listed}, name="the queue")


def settings(folder: Path, account: str = "bot", **further: Any) -> Settings:
    return Settings.model_validate(
        {
            "admin_url": "https://shop.example/admin",
            "username": account,
            "password": f"password-of-{account}",
            "runs_dir": folder,
            **further,
        }
    )


def canceled(admin: Admin, job: Job) -> Verdict:
    admin.attempt.mark_pressed()
    return Verdict(outcome=Outcome.CANCELED, message="So it is.")


def sign_in(admin: Admin, account: object) -> None:
    """Nobody asks for it."""


def start(job_list: JobList, its: Settings, work: Work = canceled, **further: Any) -> RunEnd:
    options = RunOptions(command="run", work=work, sign_in=sign_in)
    return run_jobs(job_list, its, options, **{"display": PlainProgress(io.StringIO()), **further})


def logged(folder: Path, end: RunEnd) -> list[dict[str, Any]]:
    lines = (folder / end.info.run_id / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


class TwoRuns:
    """Two runs of an order each, in two threads of this process; each waits in its order until both are there."""

    def __init__(self, folder: Path, *, failing: str = "") -> None:
        self.folder = folder
        self.both_there = threading.Barrier(2, timeout=HANGS)
        self.displays = {account: io.StringIO() for account in ("one", "two")}
        self.lines: dict[str, list[str]] = {account: [] for account in self.displays}
        self.ends: dict[str, RunEnd] = {}
        threads = [threading.Thread(target=self._run, args=run) for run in (("one", FIRST), ("two", SECOND))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run(self, account: str, order: str) -> None:
        def work(admin: Admin, job: Job) -> Verdict:
            self.both_there.wait()
            its = cast(Any, admin).account
            logger.warning("{} works on {} with password-of-{}", its, job.order, its)
            self.both_there.wait()
            return canceled(admin, job)

        self.ends[account] = start(
            orders(order),
            settings(self.folder, account),
            work,
            display=PlainProgress(self.displays[account]),
            log=self.lines[account].append,
        )


def test_two_runs_at_the_same_time_each_have_their_own_results_log_and_display(tmp_path: Path) -> None:
    runs = TwoRuns(tmp_path)
    for account, own, others in (("one", FIRST, SECOND), ("two", SECOND, FIRST)):
        end = runs.ends[account]
        assert [(result.order, result.outcome) for result in end.results] == [(own, "canceled")]
        lines = logged(tmp_path, end)
        assert [line["message"] for line in lines] == [f"{account} works on {own} with [hidden]", "So it is."]
        assert [json.loads(line) for line in runs.lines[account]] == lines
        assert {line["order"] for line in lines} == {own}
        shown = runs.displays[account].getvalue()
        assert f"- {account} works on {own} with [hidden]\n" in shown
        assert others not in shown
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for end in runs.ends.values():
            assert [result.outcome for result in ledger.runs.results(end.info.run_id)] == ["canceled"]


def test_two_runs_at_the_same_time_do_not_get_one_account(tmp_path: Path) -> None:
    refused: list[str] = []

    def work(admin: Admin, job: Job) -> Verdict:
        with pytest.raises(CannotStart) as error:
            start(orders(SECOND), settings(tmp_path))
        refused.append(str(error.value))
        return canceled(admin, job)

    end = start(orders(FIRST), settings(tmp_path), work)
    assert refused == [f"No Admin account is free: bot by run {end.info.run_id}."]


def test_the_sinks_of_the_caller_hear_the_run_and_stay(tmp_path: Path) -> None:
    heard: list[str] = []
    sink = logger.add(lambda message: heard.append(message.record["message"]), level="DEBUG")

    def work(admin: Admin, job: Job) -> Verdict:
        logger.debug("at work")
        return canceled(admin, job)

    start(orders(FIRST), settings(tmp_path), work)
    logger.debug("afterwards")
    logger.remove(sink)
    assert heard == ["at work", "So it is.", "afterwards"]


def test_a_run_leaves_the_signals_of_the_process_alone(tmp_path: Path) -> None:
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.getsignal(number) for number in numbers]
    during: list[Any] = []

    def work(admin: Admin, job: Job) -> Verdict:
        during.extend(signal.getsignal(number) for number in numbers)
        return canceled(admin, job)

    start(orders(FIRST), settings(tmp_path), work)
    assert during == before == [signal.getsignal(number) for number in numbers]


def test_a_run_stops_between_two_orders_once_the_caller_says_so(tmp_path: Path) -> None:
    asked = threading.Event()

    def work(admin: Admin, job: Job) -> Verdict:
        cast(Any, admin).heed_stop()
        asked.set()
        return canceled(admin, job)

    end = start(orders(FIRST, SECOND), settings(tmp_path), work, stop=asked.is_set)
    assert (end.exit_status, [result.outcome for result in end.results]) == (130, ["canceled", "skipped"])


def wrong_in(error: InputInvalid) -> list[str]:
    return [str(problem) for problem in error.problems]


def test_an_order_cannot_be_in_a_list_twice() -> None:
    with pytest.raises(InputInvalid) as refused:
        orders(FIRST, FIRST)
    twice = f"{FIRST} is in the list twice: it is already on line 1; keep one of them"
    assert wrong_in(refused.value) == [f"the queue:1:1: {twice}"]
    with pytest.raises(ValidationError, match="an order is in the list twice"):
        JobList(file="the queue", jobs=orders(FIRST).jobs * 2)


def test_data_is_checked_as_a_file_is() -> None:
    listed = [{"order": "112-1", "store": "Nordwind UK", "reason": "Buyer Canceled"}, {"order": FIRST}]
    with pytest.raises(InputInvalid) as refused:
        job_list_of({"orders": listed}, name="the queue")
    how = "write it in this order, or above the orders, for all of them"
    assert sorted(wrong_in(refused.value)) == [
        "the queue:1:1: 112-1 is not an Amazon order number: "
        "write three, seven and seven digits, such as 112-1215998-3002091",
        f"the queue:1:1: The reason is missing: {how}",
        f"the queue:1:1: The store is missing: {how}",
    ]


def test_the_example_of_the_documentation_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"ADMIN_URL": "https://shop.example/admin", "USERNAME": "bot", "PASSWORD": "practice"}.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    monkeypatch.setattr("flows.cancel_order.cancel_order", canceled)
    (example, *_) = re.findall(r"```python\n(.+?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(example, str(DOCUMENT), "exec"), {})
    assert capsys.readouterr().out.splitlines()[-1] == f"{FIRST} canceled So it is."


def test_what_a_worker_process_is_told_can_be_sent_to_it(tmp_path: Path) -> None:
    work = partial(cancel_order, dry_run=True)
    task = Task(
        settings=settings(tmp_path),
        work=work,
        sign_in=wiring.sign_in,
        explain=wiring.explain,
        headed=False,
        folder=tmp_path / "20260301-021405-a1b2",
        ledger_place=tmp_path / "ledger.sqlite",
    )
    told = pickle.loads(pickle.dumps(task))
    assert (told.settings, told.folder, told.ledger_place) == (task.settings, task.folder, task.ledger_place)
    assert (told.sign_in, told.explain) == (wiring.sign_in, wiring.explain)
    assert (told.work.func, told.work.keywords) == (cancel_order, {"dry_run": True})


def test_the_stop_file_stops_a_run_of_the_caller_too(tmp_path: Path) -> None:
    def work(admin: Admin, job: Job) -> Verdict:
        cast(Any, admin).heed_stop()
        (tmp_path / "STOP").touch()
        return canceled(admin, job)

    end = start(orders(FIRST, SECOND), settings(tmp_path), work)
    assert (end.exit_status, [result.outcome for result in end.results]) == (130, ["canceled", "skipped"])
