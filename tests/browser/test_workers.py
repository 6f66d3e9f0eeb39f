"""Runs with several worker processes, through the command line."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from front_kit import PASSPHRASE, Answer, Arrived, Certificates, Front
from practice_kit import HANGS, MAIN, ORDER, US, Cancels, OnArrival, Start

from bot.evidence.verify import verify
from bot.ledger import Ledger
from bot.sandbox import Sandbox

UNSHIPPED = {
    US: [ORDER, "112-1215998-3002089", "112-6177312-0215004"],
    MAIN: ["111-1071022-7105009"],
}


@pytest.fixture
def go(start: Start, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., "Popen[str]"]:
    """Starts a run of two workers with an account each."""
    monkeypatch.setenv("OF_THE_WORKERS", sandbox.password)
    (tmp_path / "accounts.yaml").write_text(
        "accounts:\n"
        "  - {username: worker-1, password: {env: OF_THE_WORKERS}}\n"
        "  - {username: worker-2, password: {env: OF_THE_WORKERS}}\n",
        encoding="utf-8",
    )
    listed = "".join(f"  - {{order: {order}, store: {store}}}\n" for store in UNSHIPPED for order in UNSHIPPED[store])
    (tmp_path / "jobs.yaml").write_text(f"reason: BuyerCanceled\norders:\n{listed}", encoding="utf-8")

    def go(*options: str, **settings: str) -> "Popen[str]":
        several = {"USERNAME": "", "PASSWORD": "", "ACCOUNTS": "accounts.yaml", "TOTP_SECRET": ""}
        return start(tmp_path, "run", "--yes", "--workers", "2", *options, "jobs.yaml", **(several | settings))

    return go


def results(folder: Path) -> dict[str, dict[str, Any]]:
    (file,) = folder.glob("runs/*/results.json")
    return {result["order"]: result for result in json.loads(file.read_text(encoding="utf-8"))}


def end(process: "Popen[str]") -> tuple[int, str, str]:
    said, complained = process.communicate(timeout=HANGS)
    return process.returncode, said, complained


def test_two_workers_cancel_every_order_once_with_an_account_each(
    go: Callable[..., "Popen[str]"], cancels: Cancels, sandbox: Sandbox, tmp_path: Path
) -> None:
    status, said, complained = end(go())
    assert (status, complained) == (0, "")
    assert "as worker-1, worker-2" in said.splitlines()[0]
    assert "4 of 4 orders canceled" in said
    assert sorted(order for order, *_ in cancels()) == sorted(UNSHIPPED[US] + UNSHIPPED[MAIN])
    # How the orders are shared out depends on who is ready first: those of dispatch and worker pool know.
    assert {record.account for record in sandbox.journal.requests} == {"", "worker-1", "worker-2"}
    assert {record.account for record in sandbox.journal.cancels} <= {"worker-1", "worker-2"}
    (run,) = tmp_path.glob("runs/*/run.json")
    told = json.loads(run.read_text(encoding="utf-8"))
    assert (told["workers"], told["account"]) == (2, "worker-1, worker-2")
    for result in results(tmp_path).values():
        assert result["outcome"] == "canceled"
        assert [(run.parent / picture).is_file() for picture in result["evidence"]] == [True] * len(result["evidence"])
    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        found = verify(run.parent, ledger)
    assert (found.disagreement, found.remark) == ("", "")


@pytest.mark.face("plain", only=True)
@pytest.mark.sampled(4)
def test_each_worker_gets_in_by_the_settings_for_what_stands_in_front(
    go: Callable[..., "Popen[str]"], cancels: Cancels, sandbox: Sandbox, tmp_path: Path
) -> None:
    certificates = Certificates.made_in(tmp_path)

    def asks_for_header(arrived: Arrived) -> Answer | None:
        return None if arrived.headers.get("x-shop-pass") == "let me in" else (403, {}, b"Forbidden")

    with Front(sandbox.url, tls=certificates.server(asks_for_client=True), refuse=asks_for_header) as front:
        status, said, complained = end(
            go(
                ADMIN_URL=front.url(),
                CLIENT_CERTIFICATE=certificates.file("client.p12"),
                CLIENT_CERTIFICATE_PASSPHRASE=PASSPHRASE,
                CERTIFICATE_AUTHORITY=certificates.file("authority.pem"),
                REQUEST_HEADERS="X-Shop-Pass: let me in",
            )
        )
        assert {arrived.shown for arrived in front.arrived} == {"bot"}
    assert (status, complained) == (0, "")
    assert "4 of 4 orders canceled" in said
    assert sorted(order for order, *_ in cancels()) == sorted(UNSHIPPED[US] + UNSHIPPED[MAIN])
    written = "".join(file.read_text(errors="replace") for file in tmp_path.glob("runs/*/*.*") if file.is_file())
    assert PASSPHRASE not in written + said
    assert "let me in" not in written + said


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_an_order_whose_worker_is_killed_inside_confirm_is_pressed_once_and_left_to_a_person(
    go: Callable[..., "Popen[str]"],
    start: Start,
    cancels: Cancels,
    sandbox: Sandbox,
    on_arrival: OnArrival,
    tmp_path: Path,
) -> None:
    killed: list[str] = []

    def kill() -> None:
        order = sandbox.journal.cancels[-1].order if sandbox.journal.cancels else ""
        with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
            (intent, *_) = ledger.intents.waiting()
            held = {claim.thing: claim.process for claim in ledger.claims.held()}
        killed.append(order or intent.order)
        os.kill(int(held[killed[0]].partition("/")[2]), signal.SIGKILL)

    on_arrival("cancelOrder", kill)
    status, said, _ = end(go())
    assert status == 1
    (order,) = killed
    became = {number: result["outcome"] for number, result in results(tmp_path).items()}
    assert became.pop(order) == "unknown"
    assert set(became.values()) == {"canceled"}
    arrived = [number for number, *_ in cancels()]
    assert sorted(arrived) == sorted({*arrived, *became})
    assert f"died (exit code -{signal.SIGKILL}) while it worked on order {order}" in said
    assert end(start(tmp_path, "verify", "latest"))[0] == 0


@pytest.mark.sampled(2)
@pytest.mark.face("plain", only=True)
@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C cannot be sent to another process alone")
def test_ctrl_c_stops_every_worker_and_leaves_nothing_running(
    go: Callable[..., "Popen[str]"],
    cancels: Cancels,
    on_arrival: OnArrival,
    tmp_path: Path,
) -> None:
    on_arrival("cancelOrder", lambda: os.killpg(process.pid, signal.SIGINT))
    process = go()
    status, _, complained = end(process)
    assert (status, complained) == (130, "")
    became = [result["outcome"] for result in results(tmp_path).values()]
    assert sorted(set(became)) == ["canceled", "skipped"]
    assert len(cancels()) == became.count("canceled")
    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        assert (ledger.claims.held(), ledger.accounts.held(), ledger.intents.waiting()) == ([], [], [])


@pytest.mark.sampled(2)
@pytest.mark.face("plain", only=True)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_run_that_is_killed_leaves_nothing_that_is_pressed_before_a_person_starts_it_again(
    go: Callable[..., "Popen[str]"],
    start: Start,
    cancels: Cancels,
    on_arrival: OnArrival,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    on_arrival("cancelOrder", lambda: os.kill(process.pid, signal.SIGKILL))
    process = go()
    status, _, _ = end(process)  # its workers have ended, too: they hold its output open
    assert status == -signal.SIGKILL
    arrived = [number for number, *_ in cancels()]
    assert 1 <= len(arrived) <= 2  # the orders in hand
    stray = start(tmp_path, "worker", "--once", USERNAME="worker-1", TOTP_SECRET="")
    assert end(stray)[0] == 0
    assert [number for number, *_ in cancels()] == arrived
    status, _, _ = end(go())
    became = {number: result["outcome"] for number, result in results_of_last(tmp_path).items()}
    assert status == (1 if "unknown" in became.values() else 0)
    assert {became.pop(number) for number in arrived} <= {"already_canceled", "unknown", "canceled"}
    assert set(became.values()) <= {"canceled"}
    numbers = [number for number, *_ in cancels()]
    assert sorted(numbers) == sorted(UNSHIPPED[US] + UNSHIPPED[MAIN])
    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        assert (ledger.claims.held(), ledger.accounts.held(), ledger.own_runs.abandoned()) == ([], [], [])


def results_of_last(folder: Path) -> dict[str, dict[str, Any]]:
    file = max(folder.glob("runs/*/results.json"))
    return {result["order"]: result for result in json.loads(file.read_text(encoding="utf-8"))}
