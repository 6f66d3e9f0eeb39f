"""Whole runs through the command line, in a process of their own, as a person or a nightly job starts them."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from practice_kit import HANGS, MAIN, ORDER, US, Cancel, Cancels, OnArrival, Start, job_list
from run_kit import RUN_FILES
from starlette.responses import HTMLResponse

from bot.pack import packs_folder
from bot.sandbox import UNKNOWN_ORDER, Face, Sandbox

pytestmark = pytest.mark.sampled(4)

TWO_STORES = f"""\
store: {US}
reason: Buyer Canceled
orders:
  - order: {ORDER}
    note: ticket 4711
    expect: {{total: "121.80", buyer: Michael Blankenship}}
  - 112-1215998-3002095
  - order: 111-1071022-7105009
    store: {MAIN}
    reason: NoInventory
  - order: {UNKNOWN_ORDER}
  - order: 111-1071022-7105016
    store: {MAIN}
    expect: {{total: 1.00}}
"""
THREE_ORDERS = job_list(ORDER, "112-1215998-3002089", "112-6177312-0215004")
SKIPPED = "Nothing was pressed: the run stopped. Interrupted."


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a run left behind."""

    status: int
    said: str
    complained: str
    folder: Path
    cancels: list[Cancel]
    operations: tuple[str, ...]

    @property
    def results(self) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        return results

    @property
    def outcomes(self) -> list[str]:
        return [result["outcome"] for result in self.results]


@pytest.fixture
def finish(start: Start, sandbox: Sandbox, cancels: Cancels) -> Callable[..., Finished]:
    """Runs a command on a job list to its end."""

    def finish(folder: Path, orders: str, *arguments: str, **settings: str) -> Finished:
        (folder / "jobs.yaml").write_text(orders, encoding="utf-8")
        process = start(folder, *arguments, "jobs.yaml", **settings)
        said, complained = process.communicate(timeout=HANGS)
        return Finished(
            status=process.returncode,
            said=said,
            complained=complained,
            folder=next((path.parent for path in folder.glob("runs/*/run.json")), folder / "runs"),
            cancels=cancels(),
            operations=sandbox.journal.operations,
        )

    return finish


of_two_stores = pytest.mark.sampled(3, together="two stores")
"""They look at one run, which is the expensive part of them."""


@pytest.fixture(scope="module")
def runs_of_two_stores() -> dict[Face, Finished]:
    """The one run that many tests look at, once for each face."""
    return {}


@pytest.fixture
def two_stores(
    face: Face,
    finish: Callable[..., Finished],
    runs_of_two_stores: dict[Face, Finished],
    tmp_path_factory: pytest.TempPathFactory,
) -> Finished:
    """A run over two stores."""
    if face not in runs_of_two_stores:
        runs_of_two_stores[face] = finish(tmp_path_factory.mktemp("run"), TWO_STORES, "run", "--yes")
    return runs_of_two_stores[face]


@pytest.mark.face("spectrum", only=True)
def test_a_server_error_while_the_admin_is_opened_does_not_end_the_run(
    finish: Callable[..., Finished], sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down = sandbox.journal.add

    def fails_once(record: Any) -> None:
        write_down(record)
        sandbox.faults.server_error = len(sandbox.journal.requests) == 1

    monkeypatch.setattr(sandbox.journal, "add", fails_once)
    finished = finish(tmp_path, job_list(), "run", "--yes")
    assert (finished.status, finished.outcomes) == (0, ["canceled"])
    assert "The Admin answered with an error (HTTP 500). Trying again in 1 s." in finished.said + finished.complained


# --- A run --------------------------------------------------------------------------------------------------------


@of_two_stores
def test_a_run_cancels_what_it_may_and_ends_with_status_1_if_anything_is_left(two_stores: Finished) -> None:
    assert (two_stores.status, two_stores.complained) == (1, "")
    assert two_stores.outcomes == ["canceled", "not_cancelable", "canceled", "not_found", "mismatch"]
    assert two_stores.cancels == [
        (ORDER, US, "BuyerCanceled", "Unshipped"),
        ("111-1071022-7105009", MAIN, "NoInventory", "Unshipped"),
    ]


@of_two_stores
def test_the_results_have_the_fields_that_are_promised(two_stores: Finished) -> None:
    first, *_ = two_stores.results
    promised = ["order", "store", "reason", "outcome", "status_before", "status_after", "message", "next_step"]
    promised += ["attempts", "seconds", "evidence", "note"]
    assert [list(result) for result in two_stores.results] == [promised] * 5
    assert first | {"seconds": 0, "evidence": []} == {
        "order": ORDER,
        "store": US,
        "reason": "BuyerCanceled",
        "outcome": "canceled",
        "status_before": "Unshipped",
        "status_after": "Canceled",
        "message": "Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
        "The Admin tells Amazon later.",
        "next_step": "",
        "attempts": 1,
        "seconds": 0,
        "evidence": [],
        "note": "ticket 4711",
    }


@of_two_stores
def test_the_folder_of_a_run_holds_all_of_its_files(two_stores: Finished) -> None:
    assert sorted(path.name for path in two_stores.folder.iterdir()) == RUN_FILES
    suite = ET.parse(two_stores.folder / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "3", "0")
    assert f"Report: {Path('runs') / two_stores.folder.name / 'report.html'}" in two_stores.said.splitlines()


@of_two_stores
def test_every_step_has_a_picture_that_is_named_by_it(two_stores: Finished) -> None:
    for result in two_stores.results:
        assert result["evidence"]
        for number, name in enumerate(result["evidence"], start=1):
            assert re.fullmatch(
                rf"evidence/{result['order']}/{number:02}-[a-z_]+(-trouble)?\.jpg|.*-trouble\.txt", name
            )
            assert (two_stores.folder / name).stat().st_size > 0
        folder = two_stores.folder / "evidence" / result["order"]
        assert sorted(path.name for path in folder.iterdir()) == [Path(name).name for name in result["evidence"]]
    steps = [Path(name).stem[3:] for name in two_stores.results[0]["evidence"]]
    assert steps[-4:] == ["open_cancel_dialog", "choose_reason", "press_confirm", "reopen_order"]


@of_two_stores
def test_before_the_intent_is_written_every_picture_of_the_way_to_confirm_is_complete(two_stores: Finished) -> None:
    order = two_stores.results[0]["order"]
    lines = (two_stores.folder / "trail.jsonl").read_text(encoding="utf-8").splitlines()
    told = [event for event in (json.loads(line)["event"] for line in lines) if event["order"] == order]
    events = [event["event"] for event in told]
    before = [event for event in told[: events.index("intent_written")] if event["event"] == "picture"]
    steps = [Path(event["file"]).stem[3:] for event in before]
    assert steps[-3:] == ["open_order", "open_cancel_dialog", "choose_reason"]
    for picture in before:
        content = (two_stores.folder / picture["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == picture["sha256"]


@of_two_stores
def test_the_log_is_one_object_a_line_and_names_every_order(two_stores: Finished) -> None:
    lines = (two_stores.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert all({"time", "level", "message"} <= entry.keys() for entry in entries)
    assert {result["order"] for result in two_stores.results} <= {entry.get("order") for entry in entries}


@of_two_stores
def test_neither_the_password_nor_buyers_data_is_in_any_file_that_can_be_read(
    two_stores: Finished, sandbox: Sandbox
) -> None:
    private = {sandbox.password}
    for store in (US, MAIN):
        for order in (*sandbox.shop.recent(store), sandbox.shop.example("thousands")):
            private |= {order.buyer, order.email, order.phone, order.address["address1"]}
    texts = [two_stores.said, two_stores.complained]
    texts += [
        path.read_text(encoding="utf-8")
        for path in two_stores.folder.rglob("*")
        if path.suffix not in {".jpg", ""} and path.is_file()
    ]
    assert len(texts) > 8
    assert [secret for secret in private for text in texts if secret in text] == []


@pytest.mark.thorough
def test_requests_to_other_hosts_are_told_in_report_and_results(
    finish: Callable[..., Finished], sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = sandbox._site._pages
    dashboard = pages.dashboard

    def with_picture(*arguments: Any) -> HTMLResponse:
        return HTMLResponse(bytes(dashboard(*arguments).body) + b"<img src=https://statistics.example/1.gif>")

    monkeypatch.setattr(pages, "dashboard", with_picture)
    finished = finish(tmp_path, THREE_ORDERS, "plan")
    assert (finished.status, finished.cancels) == (0, [])
    info = json.loads((finished.folder / "run.json").read_text(encoding="utf-8"))
    assert info["blocked"] == {"statistics.example": 1}
    report = (finished.folder / "report.html").read_text(encoding="utf-8")
    assert "<dt>Blocked requests</dt><dd>1 to statistics.example</dd>" in report


# --- Two bots at once -----------------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.face("spectrum", only=True)
def test_two_bots_with_overlapping_lists_work_on_each_order_once(
    start: Start, sandbox: Sandbox, cancels: Cancels, tmp_path: Path
) -> None:
    orders = [ORDER, "112-1215998-3002089", "112-6177312-0215004"]
    lists = {"demo": orders[:2], "channels": orders[::-1]}
    bots = []
    for account, listed in lists.items():
        words = f"store: {US}\nreason: BuyerCanceled\norders: [{', '.join(listed)}]\n"
        (tmp_path / f"{account}.yaml").write_text(words, encoding="utf-8")
        bots.append(start(tmp_path, "run", "--yes", f"{account}.yaml", USERNAME=account))
    for bot in bots:
        bot.communicate(timeout=HANGS)

    assert sorted(cancels()) == sorted((order, US, "BuyerCanceled", "Unshipped") for order in orders)
    said: dict[str, list[str]] = {order: [] for order in orders}
    for results in tmp_path.glob("runs/*/results.json"):
        for result in json.loads(results.read_text(encoding="utf-8")):
            said[result["order"]].append(result["outcome"])
    # The other bot has found the order canceled already, or in the hands of the one that did it.
    assert all(outcomes.count("canceled") == 1 for outcomes in said.values())
    assert {outcome for outcomes in said.values() for outcome in outcomes} <= {
        "canceled",
        "already_canceled",
        "skipped",
    }
    assert sorted(map(len, said.values())) == [1, 2, 2]


@pytest.mark.parametrize("face", [Face.SPECTRUM], indirect=True)
def test_the_evidence_says_what_is_there_in_place_of_what_was_not_found(
    finish: Callable[..., Finished], tmp_path: Path
) -> None:
    pack = Path(shutil.copytree(packs_folder() / "asc-4.3", tmp_path / "mine"))
    details = pack / "order_details.yaml"
    written = details.read_text(encoding="utf-8")
    details.write_text(written.replace("name: Cancel Order\n", "name: Cancel Orders\n"), encoding="utf-8")
    finished = finish(tmp_path, job_list(), "run", "--yes", PACK=str(pack), ATTEMPTS="1", TIMEOUT="20")
    assert (finished.outcomes, finished.cancels) == (["failed"], []), finished.said
    text = (finished.folder / finished.results[0]["evidence"][-1]).read_text(encoding="utf-8")
    assert text.startswith("What is there instead:\ncancel_order (opens the dialog; ")
    assert 'Most likely: button "Cancel Order"' in text


# --- Trials -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "face"),
    [pytest.param(["plan"], Face.PLAIN, marks=pytest.mark.thorough), (["run", "--dry-run"], Face.SPECTRUM)],
    indirect=["face"],
)
def test_a_trial_ends_with_status_0_and_presses_nothing(
    finish: Callable[..., Finished], tmp_path: Path, command: list[str]
) -> None:
    trial = finish(tmp_path, THREE_ORDERS.replace("112-1215998-3002089, ", ""), *command)
    assert (trial.status, trial.complained) == (0, ""), trial.said
    assert trial.outcomes == ["would_cancel"] * 2
    assert ("cancelReasons" in trial.operations) is ("--dry-run" in command)
    assert "cancelOrder" not in trial.operations


# --- Runs that end early ------------------------------------------------------------------------------------------


@pytest.mark.face("spectrum", only=True)
def test_a_refused_password_is_tried_once_and_ends_the_run_with_status_3(
    finish: Callable[..., Finished], sandbox: Sandbox, tmp_path: Path
) -> None:
    run = finish(tmp_path, THREE_ORDERS, "run", "--yes", PASSWORD="not the password")
    assert (run.status, run.outcomes) == (3, ["skipped"] * 3)
    assert [request.method for request in sandbox.journal.requests].count("POST") == 1
    assert not any("not the password" in path.read_text(encoding="utf-8") for path in run.folder.glob("*.*"))


@pytest.fixture
def stopped_when(start: Start, on_arrival: OnArrival, tmp_path: Path) -> Any:
    """Asks a run to stop the moment an operation arrives: by Ctrl-C, which everything at the terminal hears, or by the
    stop file. Gives its exit status and results.
    """

    def stopped_when(operation: str, how: str = "Ctrl-C") -> tuple[int, list[dict[str, Any]]]:
        (tmp_path / "jobs.yaml").write_text(THREE_ORDERS, encoding="utf-8")
        process: subprocess.Popen[str]
        by_key, by_file = lambda: os.killpg(process.pid, signal.SIGINT), (tmp_path / "runs" / "STOP").touch
        on_arrival(operation, by_key if how == "Ctrl-C" else by_file)
        process = start(tmp_path, "run", "--yes", "jobs.yaml")
        process.communicate(timeout=HANGS)
        (results,) = tmp_path.glob("runs/*/results.json")
        return process.returncode, json.loads(results.read_text(encoding="utf-8"))

    return stopped_when


@pytest.mark.face("plain", only=True)
@pytest.mark.parametrize("how", ["Ctrl-C", "STOP"])
@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C cannot be sent to another process alone")
def test_a_stop_before_confirm_presses_nothing(stopped_when: Any, sandbox: Sandbox, how: str) -> None:
    status, results = stopped_when("cancelReasons", how)
    assert status == 130
    assert [(result["outcome"], result["message"]) for result in results] == [("skipped", SKIPPED)] * 3
    assert "cancelOrder" not in sandbox.journal.operations


@pytest.mark.face("spectrum", only=True)
@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C cannot be sent to another process alone")
@pytest.mark.sampled(2)
def test_a_stop_after_confirm_finishes_the_order_in_progress(stopped_when: Any, cancels: Cancels) -> None:
    status, results = stopped_when("cancelOrder")
    assert status == 130
    assert [result["outcome"] for result in results] == ["canceled", "skipped", "skipped"]
    assert cancels() == [(ORDER, US, "BuyerCanceled", "Unshipped")]


# --- Runs that do not begin ---------------------------------------------------------------------------------------


@pytest.fixture
def refused(finish: Callable[..., Finished], sandbox: Sandbox, tmp_path: Path) -> Callable[..., str]:
    """What is said of a run that must not begin; that nothing was opened is made sure of."""

    def refused(*arguments: str, orders: str = THREE_ORDERS, **settings: str) -> str:
        run = finish(tmp_path, orders, *arguments, **settings)
        assert run.status == 2
        assert sandbox.journal.requests == ()
        assert not (tmp_path / "runs").exists()
        return run.complained

    return refused


@pytest.mark.face("plain", only=True)
def test_a_run_that_nobody_can_be_asked_about_does_not_begin(refused: Callable[..., str]) -> None:
    assert refused("run") == "There is no terminal to ask on. Look at the plan first, then start with --yes.\n"


@pytest.mark.face("plain", only=True)
def test_a_list_with_mistakes_does_not_begin(refused: Callable[..., str]) -> None:
    orders = f"store: {US}\nreason: Buyer Canceled\norders: [112-1215998-3002091, 112-1215998-300209]\n"
    assert refused("run", "--yes", orders=orders) == (
        "jobs.yaml:3:31: 112-1215998-300209 is not an Amazon order number: "
        "write three, seven and seven digits, such as 112-1215998-3002091\n"
    )


@pytest.mark.face("plain", only=True)
def test_a_run_without_its_settings_does_not_begin(refused: Callable[..., str]) -> None:
    assert refused("run", "--yes", PASSWORD="", ADMIN_URL="http://shop.example/admin") == (
        "environment: COUNTERMAND_ADMIN_URL: http:// would send the password in readable form; use https://, or, if "
        "nobody else can listen, COUNTERMAND_ALLOW_HTTP=shop.example.\nCOUNTERMAND_PASSWORD is not set (Admin "
        "password).\nSet them in the environment, or in a file .env in the folder you start from: see .env.example.\n"
    )
