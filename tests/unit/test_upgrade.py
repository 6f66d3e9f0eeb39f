"""A person worked with Countermand 0.1.0, and installs this version: their folder goes on working.

The folder was made by that version itself (``tests/upgrade/make_data.py``): ``.env``, lists, a pack of their own, runs,
ledger and kept session. One order was canceled, one waits for a person, and one run was killed after it had pressed
Confirm.
"""

import zipfile
from pathlib import Path

import pytest
from command_kit import Countermand, command_line

from bot.access.saved_session import SavedSession
from bot.identity import admin_name
from bot.joblist import read_job_list
from bot.settings import load_settings

DATA = Path(__file__).resolve().parents[1] / "upgrade" / "countermand-0.1.0.zip"
RUNS = sorted({name.split("/")[1] for name in zipfile.ZipFile(DATA).namelist() if name.startswith("runs/2")})
"""The runs: one whose two orders are done, one whose order waits for a person, and the one that was killed. Only the
first has its pictures."""

countermand = pytest.fixture(command_line)


@pytest.fixture(autouse=True)
def _folder_of_0_1_0(_nobody_elses_settings: None) -> None:
    """The test is in the folder of that person."""
    with zipfile.ZipFile(DATA) as data:
        data.extractall()


def test_what_waits_for_a_person_is_listed(countermand: Countermand) -> None:
    said = countermand("status")
    assert (said.status, said.err) == (0, "")
    waiting = said.out.partition("waiting for a person")[2]
    assert "111-1071022-7105011" in waiting
    assert "112-6177312-0215004" in waiting
    assert "112-1215998-3002091" not in waiting


def test_what_waits_for_a_person_can_be_settled(countermand: Countermand) -> None:
    for order in ("111-1071022-7105011", "112-6177312-0215004"):
        settled = countermand("resolve", order, "--as", "canceled", "--note", "seen in Seller Central")
        assert (settled.status, settled.err) == (0, "")
    assert "waiting for a person" not in countermand("status").out


def test_a_run_is_verified(countermand: Countermand) -> None:
    said = countermand("verify", RUNS[0])
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"Run {RUNS[0]} is as it was written: the folder and the ledger agree in ")


@pytest.mark.parametrize("run", RUNS[:2])
def test_the_report_of_a_run_is_written(countermand: Countermand, run: str) -> None:
    said = countermand("report", run)
    assert (said.status, said.err) == (0, "")
    report = (Path("runs") / run / "report.html").read_text(encoding="utf-8")
    assert "Countermand</" in report
    assert "0.1.0" in report


def test_the_evidence_of_a_run_is_purged_and_its_outcomes_stay(countermand: Countermand) -> None:
    before = (Path("runs") / RUNS[0] / "results.json").read_bytes()
    said = countermand("purge", "--older-than", "1m", "--yes")
    assert (said.status, said.err) == (0, "")
    assert not list((Path("runs") / RUNS[0] / "evidence").rglob("*.jpg"))
    assert (Path("runs") / RUNS[0] / "results.json").read_bytes() == before
    assert countermand("verify", RUNS[0]).status == 0


def test_the_settings_are_read() -> None:
    settings = load_settings()
    assert settings.admin_url.startswith("http://127.0.0.1:")
    assert (settings.username, settings.pack, settings.settle) == ("demo", "screens", 1)


def test_the_pack_is_read_and_nothing_is_wrong_with_it(countermand: Countermand) -> None:
    said = countermand("pack", "lint", "screens")
    assert (said.status, said.out.splitlines()[0]) == (0, "asc-4.3: nothing is wrong or odd.")


def test_the_lists_are_read() -> None:
    orders = [job.order for name in ("first", "not-sent", "killed") for job in read_job_list(Path(f"{name}.yaml")).jobs]
    assert orders == ["112-1215998-3002091", "112-1215998-3002069", "111-1071022-7105011", "112-6177312-0215004"]


def test_a_session_that_was_kept_for_the_host_alone_is_removed_and_not_used() -> None:
    (kept,) = Path("runs/sessions").iterdir()
    assert SavedSession(Path("runs/sessions"), admin_name(load_settings().admin_url), "demo").load() is None
    assert not kept.exists()
