"""A queued run, its workers and the real flows: submitted, worked by two processes, killed, frozen, woken."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from failure_kit import end_all
from practice_kit import HANGS, MAIN, ORDER, US, Cancels, OnArrival, Start

from bot.evidence.verify import verify
from bot.ledger import Ledger
from bot.sandbox import Sandbox

UNSHIPPED = {
    US: [ORDER, "112-1215998-3002089", "112-6177312-0215004"],
    MAIN: ["111-1071022-7105009"],
}
ALL = sorted(UNSHIPPED[US] + UNSHIPPED[MAIN])

SHORT_LEASES = """
import bot.engine.account_lease
from bot.runner.task import Task
bot.engine.account_lease.LEASE = 15.0
Task.claim_seconds = property(lambda task: 15.0)
"""

pytestmark = [pytest.mark.face("plain", only=True), pytest.mark.sampled(3)]


@pytest.fixture
def machine(start: Start, sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., "Popen[str]"]]:
    """Starts a command with an account of its own; a machine is known by its account's number."""
    started: list[Popen[str]] = []
    listed = "".join(f"  - {{order: {order}, store: {store}}}\n" for store in UNSHIPPED for order in UNSHIPPED[store])
    (tmp_path / "jobs.yaml").write_text(f"reason: BuyerCanceled\norders:\n{listed}", encoding="utf-8")

    def machine(account: int, *arguments: str, before: str = "", **settings: str) -> "Popen[str]":
        started.append(start(tmp_path, *arguments, before=before, USERNAME=sandbox.accounts[account], **settings))
        return started[-1]

    yield machine
    end_all(started)


def said(process: "Popen[str]") -> str:
    out, err = process.communicate(timeout=HANGS)
    assert process.returncode == 0, err
    return out


def became(folder: Path) -> dict[str, str]:
    (file,) = folder.glob("runs/*/results.json")
    return {result["order"]: result["outcome"] for result in json.loads(file.read_text(encoding="utf-8"))}


def folder_and_ledger_agree(folder: Path, run_id: str) -> bool:
    with Ledger.open(folder / "runs" / "ledger.sqlite") as ledger:
        found = verify(folder / "runs" / run_id, ledger)
    return (found.disagreement, found.remark) == ("", "")


@pytest.mark.thorough
@pytest.mark.slow("two browsers")
def test_two_machines_work_one_list_and_leave_one_folder(
    machine: Callable[..., "Popen[str]"], cancels: Cancels, sandbox: Sandbox, tmp_path: Path
) -> None:
    run_id = said(machine(0, "submit", "jobs.yaml")).strip()
    assert said(machine(0, "submit", "jobs.yaml")).strip() == run_id
    both = [machine(number, "worker", "--once") for number in (0, 1)]
    told = "".join(said(one) for one in both)
    assert f"{run_id}: 4 of 4 orders canceled" in told
    assert sorted(order for order, *_ in cancels()) == ALL
    assert became(tmp_path) == dict.fromkeys(ALL, "canceled")
    assert folder_and_ledger_agree(tmp_path, run_id)
    info = json.loads((tmp_path / "runs" / run_id / "run.json").read_text(encoding="utf-8"))
    assert set(info["account"].split(", ")) <= set(sandbox.accounts[:2])


@pytest.mark.slow("several browsers, one after another")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_worker_killed_inside_confirm_leaves_that_order_to_a_person_and_the_rest_to_the_next(
    machine: Callable[..., "Popen[str]"], cancels: Cancels, on_arrival: OnArrival, tmp_path: Path
) -> None:
    run_id = said(machine(0, "submit", "jobs.yaml")).strip()
    on_arrival("cancelOrder", lambda: killed.kill())
    killed = machine(0, "worker", "--once")
    killed.communicate(timeout=HANGS)
    told = said(machine(1, "worker", "--once"))
    assert "was left unfinished, and is handed out again." in told
    outcomes = became(tmp_path)
    assert sorted(outcomes.values()) == ["canceled", "canceled", "canceled", "unknown"]
    arrived = [order for order, *_ in cancels()]
    assert sorted(arrived) == sorted(set(arrived))
    assert {order for order, outcome in outcomes.items() if outcome == "canceled"} <= set(arrived)
    assert folder_and_ledger_agree(tmp_path, run_id)


@pytest.mark.thorough  # the conformance suite has the same without browsers
@pytest.mark.slow("it waits until a lease is over")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_worker_that_is_frozen_past_its_lease_cancels_nothing_when_it_wakes(
    machine: Callable[..., "Popen[str]"], cancels: Cancels, tmp_path: Path
) -> None:
    run_id = said(machine(0, "submit", "jobs.yaml")).strip()
    frozen = machine(0, "worker", "--once", before=SHORT_LEASES)
    trail = tmp_path / "runs" / run_id / "trail.jsonl"
    while not (trail.is_file() and '"step": "open_order"' in trail.read_text(encoding="utf-8")):
        assert frozen.poll() is None
        time.sleep(0.02)
    os.kill(frozen.pid, signal.SIGSTOP)
    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        while ledger.accounts.held():
            time.sleep(0.1)
    said(machine(1, "worker", "--once", before=SHORT_LEASES))
    before = sorted(order for order, *_ in cancels())
    os.kill(frozen.pid, signal.SIGCONT)
    _, complained = frozen.communicate(timeout=HANGS)
    assert frozen.returncode == 3
    assert "This run was frozen for too long" in complained
    assert before == sorted(order for order, *_ in cancels()) == ALL
    assert became(tmp_path) == dict.fromkeys(ALL, "canceled")


@pytest.mark.slow("it starts a browser")
@pytest.mark.parametrize("place", ["share", "s3://evidence/team"])
def test_without_the_evidence_store_nothing_is_pressed(
    machine: Callable[..., "Popen[str]"],
    cancels: Cancels,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    if place.startswith("s3:"):
        pytest.importorskip("obstore", reason="obstore is not installed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-store")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # where nobody answers
    settings = {"EVIDENCE": place, "ATTEMPTS": "1"}
    run_id = said(machine(0, "submit", "jobs.yaml", **settings)).strip()
    if place == "share":  # it is not mounted any more
        (tmp_path / place).rename(tmp_path / "elsewhere")
        (tmp_path / place).mkdir()
    few = "import bot.evidence.s3\nbot.evidence.s3.RETRIES = 0\n"
    worker = machine(0, "worker", "--once", before=few, **settings)
    out, err = worker.communicate(timeout=HANGS)
    assert cancels() == []
    assert "cancelOrder" not in sandbox.journal.operations
    assert "a-secret-of-the-store" not in out + err
    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        assert ledger.intents.of_run(run_id) == []
        assert all(result.outcome.value in {"failed", "skipped"} for result in ledger.runs.results(run_id))
