"""What test suites of other people are given: the look at a screen, and the example suite with its closed gate."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from environment_kit import clean_environment

from bot.admin import Admin
from bot.errors import CommitsNotAllowed, RunStopped
from bot.joblist import Job
from bot.qa import Gate, assert_screen
from bot.sandbox import Sandbox
from flows.cancel_order import cancel_order
from flows.open_order import open_order

pytestmark = pytest.mark.sampled(4)

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "qa"

STORE = "asc-v2-2.3-magentocommerce-us"
ORDER = "112-1215998-3002091"
JOB = Job.model_validate({"order": ORDER, "store": STORE, "reason": "BuyerCanceled"})


def test_any_page_can_be_held_against_a_screen(admin: Admin) -> None:
    open_order(admin, JOB)
    details = assert_screen(admin.page, "order_details")
    assert details.read("order_number") == {"order_number": ORDER}
    assert assert_screen(admin, "order_details").facts["order"] == ORDER


def test_a_screen_that_is_not_there_fails_with_the_message_of_its_check(admin: Admin) -> None:
    admin.patience = 0.2
    with pytest.raises(AssertionError) as failed:
        assert_screen(admin, "store_dashboard", store="another-store")
    assert str(failed.value) == (
        "The store's dashboard did not appear within 0.2 s: The page does not show the dashboard of store "
        "another-store."
    )
    with pytest.raises(AssertionError, match=r"There is not exactly one dialog open\.$"):
        assert_screen(admin.page, "cancel_dialog", timeout=0.2)


def test_what_lies_over_a_page_fails_at_once(admin: Admin, sandbox: Sandbox) -> None:
    sandbox.faults.maintenance = True
    admin.reload()
    with pytest.raises(AssertionError, match=r"^The Admin is in maintenance, or down \(HTTP 503\)\."):
        assert_screen(admin, "home")


def test_a_screen_or_a_fact_that_is_not_known_is_named(admin: Admin) -> None:
    with pytest.raises(ValueError, match=r"has no screen 'order_detail': did you mean order_details\?"):
        assert_screen(admin, "order_detail")
    with pytest.raises(ValueError, match="screen store_dashboard is checked by facts that must be given: store"):
        assert_screen(admin, "store_dashboard")


def test_confirm_is_not_pressed_where_the_code_that_made_the_admin_allows_no_press(
    admin: Admin, sandbox: Sandbox
) -> None:
    refusing = Gate(test="test_it", host="sandbox", marked=True, allowed=())
    admin.callbacks = replace(admin.callbacks, may_commit=refusing.check)
    with pytest.raises(CommitsNotAllowed) as refused:
        cancel_order(admin, JOB)
    assert isinstance(refused.value, RunStopped)
    assert not admin.attempt.pressed
    assert admin.ledger.intents.open(admin.name, ORDER) is None
    assert sandbox.journal.cancels == ()


GATED = """
import pytest

from bot.errors import CommitsNotAllowed
from bot.joblist import Job
from flows.cancel_order import cancel_order, open_dialog
from flows.open_order import open_order

JOB = Job(order="112-1215998-3002091", store="asc-v2-2.3-magentocommerce-us", reason="BuyerCanceled")


def test_may_not_by_a_flow(countermand_admin, countermand_sandbox):
    with pytest.raises(CommitsNotAllowed):
        cancel_order(countermand_admin, JOB)
    assert countermand_sandbox.journal.cancels == ()


@pytest.fixture
def journal_after(countermand_sandbox):
    yield
    assert countermand_sandbox.journal.cancels == ()


def test_may_not_by_hand(journal_after, countermand_admin):
    opened, _ = open_order(countermand_admin, JOB)
    dialog = open_dialog(countermand_admin, JOB, opened)
    dialog.choose("reason", "Buyer Canceled")
    with countermand_admin.page.expect_event("requestfailed"):
        countermand_admin.page.get_by_role("button", name="Confirm").click()
"""


def run_example(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the example suite, copied into a folder, as a person would: in a process of its own."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (folder / "test_gated.py").write_text(GATED, encoding="utf-8")
    plugin = [sys.executable, "-c", ENTRY, "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*plugin, *arguments],
        cwd=folder,
        env=clean_environment(PYTHONPATH=str(ROOT), PYTHONUTF8="1"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


ENTRY = """
import importlib.metadata, sys, pytest
named = any(point.name == "countermand" for point in importlib.metadata.entry_points(group="pytest11"))
sys.exit(pytest.main([*sys.argv[1:], *([] if named else ["-p", "bot.pytest_plugin"])]))
"""

STOPPED = "although nothing was pressed, which was stopped"


def test_the_example_suite_passes_and_its_gate_holds(tmp_path: Path) -> None:
    ran = run_example(tmp_path / "qa", "-k", "canceled or by_hand")
    assert STOPPED in ran.stdout, ran.stdout + ran.stderr
    # Pressing by hand passed, as far as the test itself could see; it is failed when it is over.
    assert re.match(r"2 passed, 6 deselected, (\d+ warnings?, )?1 error in", ran.stdout.splitlines()[-1])
    assert ran.returncode == 1


@pytest.mark.thorough
def test_the_whole_example_suite_passes_with_the_options_of_pytest_playwright(tmp_path: Path) -> None:
    ran = run_example(tmp_path / "qa", "--tracing=on", "--output=kept", "--ignore=test_gated.py")
    assert ran.returncode == 0, ran.stdout
    assert len(list((tmp_path / "qa" / "kept").glob("*/trace.zip"))) == 6
