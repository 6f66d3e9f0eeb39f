"""A run that was cut off inside Confirm, and the runs after it: nothing is pressed twice, nothing is called done."""

import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.vocabulary import Status

US = "asc-v2-2.3-magentocommerce-us"
ORDER = "112-1215998-3002091"
CANCEL = (ORDER, US, "BuyerCanceled", "Unshipped")

Countermand = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def countermand(start: Countermand, tmp_path: Path) -> Countermand:
    """Starts a command in one folder, so that all runs of a test share a ledger."""
    (tmp_path / "jobs.yaml").write_text(f"store: {US}\nreason: BuyerCanceled\norders: [{ORDER}]\n", encoding="utf-8")
    return partial(start, tmp_path)


@pytest.fixture
def cut_off_inside_confirm(countermand: Countermand, sandbox: Sandbox) -> Callable[[], None]:
    """A run that is killed while the Admin holds its cancel; what the Admin does with it is the fault's business."""

    def cut_off() -> None:
        sandbox.faults.cancel_hangs_ms = 60_000
        process = countermand("run", "jobs.yaml", "--yes")
        # The intent is on disk before the request leaves the browser.
        while "cancelOrder" not in sandbox.journal.operations:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
                pytest.fail(f"the run ended before Confirm: {process.communicate()[0]}")
        process.kill()
        process.communicate()
        sandbox.faults.cancel_hangs_ms = 0

    return cut_off


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def latest(tmp_path: Path) -> dict[str, Any]:
    newest = max(tmp_path.glob("runs/*/results.json"), key=lambda path: path.stat().st_mtime_ns)
    (result,) = json.loads(newest.read_text(encoding="utf-8"))
    return dict(result)


def test_an_order_that_reads_canceled_after_a_crash_is_no_success_and_waits_for_a_person(
    countermand: Countermand,
    cut_off_inside_confirm: Callable[[], None],
    sandbox: Sandbox,
    tmp_path: Path,
    cancels: Callable[[], list[tuple[str, str, str, str]]],
) -> None:
    cut_off_inside_confirm()
    arrived = len(cancels())
    sandbox.shop.order(US, ORDER).status = Status.CANCELED
    status, _ = ended(countermand("run", "jobs.yaml", "--yes", RECOVER_AFTER="0"))
    result = latest(tmp_path)
    assert (status, result["outcome"], result["status_before"]) == (1, "unknown", "Canceled")
    assert len(cancels()) == arrived

    status, said = ended(countermand("status"))
    assert (status, f"  {ORDER}  {US}: cut off before it was known" in said.splitlines()) == (0, True)
    status, said = ended(countermand("resolve", ORDER, "--as", "canceled", "--note", "seen in Seller Central"))
    assert (status, said.startswith(f"Order {ORDER} (127.0.0.1:")) == (0, True)
    status, said = ended(countermand("status"))
    assert (status, said.splitlines()[-1]) == (0, "Nothing waits for a person.")


def test_an_order_that_still_is_unshipped_long_after_a_crash_is_canceled_once(
    countermand: Countermand,
    cut_off_inside_confirm: Callable[[], None],
    sandbox: Sandbox,
    tmp_path: Path,
    cancels: Callable[[], list[tuple[str, str, str, str]]],
) -> None:
    sandbox.faults.request_lost = True
    cut_off_inside_confirm()
    sandbox.faults.request_lost = False
    assert cancels() == []
    assert ended(countermand("run", "jobs.yaml", "--yes", RECOVER_AFTER="0"))[0] == 0
    assert latest(tmp_path)["outcome"] == "canceled"
    assert cancels() == [CANCEL]


def test_an_order_that_was_pressed_a_moment_ago_is_not_pressed_again(
    countermand: Countermand,
    cut_off_inside_confirm: Callable[[], None],
    sandbox: Sandbox,
    tmp_path: Path,
    cancels: Callable[[], list[tuple[str, str, str, str]]],
) -> None:
    sandbox.faults.request_lost = True
    cut_off_inside_confirm()
    sandbox.faults.request_lost = False
    assert ended(countermand("run", "jobs.yaml", "--yes"))[0] == 1
    assert (latest(tmp_path)["outcome"], latest(tmp_path)["next_step"]) == (
        "unknown",
        "It was pressed only a moment ago: run it again later, when the settle time is over.",
    )
    assert cancels() == []


def test_an_audit_finds_what_the_next_import_brought_back(
    countermand: Countermand, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert ended(countermand("run", "jobs.yaml", "--yes"))[0] == 0
    assert ended(countermand("audit"))[0] == 0
    assert latest(tmp_path)["outcome"] == "already_canceled"
    sandbox.shop.order(US, ORDER).status = Status.UNSHIPPED
    assert ended(countermand("audit", "--since", "1h"))[0] == 1
    assert latest(tmp_path)["outcome"] == "mismatch"
    said = ended(countermand("status"))[1]
    assert "1 order canceled in the last 7 days; 0 still canceled when looked at again, 1 reverted" in said
    assert [record.order for record in sandbox.journal.cancels] == [ORDER]
