"""Commands about runs that were made."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from run_kit import run_info

from bot import __version__
from bot.ledger import Ledger
from bot.outcomes import RunInfo

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand, Shop

FIRST, SECOND = "112-1215998-3002091", "112-1215998-3002092"


def nothing_was_made() -> bool:
    return [path.name for path in Path().iterdir()] == ["jobs.yaml"]


def run_folder() -> Path:
    (folder,) = [path for path in Path("runs").iterdir() if path.is_dir()]
    return folder


def a_run_that_was_cut_off(*ledgers: Path) -> Path:
    """The folder of a run of which each of these ledgers has the beginning."""
    folder = Path("runs") / "20260301-021405-a1b2"
    (folder / "evidence").mkdir(parents=True)
    info = RunInfo(
        run_id=folder.name,
        command="run",
        admin="shop.example",
        account="bot",
        pack="asc-4.3",
        job_list="jobs.yaml",
        started_at=datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC),
        version=__version__,
    )
    for place in ledgers:
        (folder / "trail.jsonl").unlink(missing_ok=True)
        with Ledger.open(place) as ledger:
            ledger.trail.copy_to(folder)
            ledger.runs.begin(info, [])
    return folder


IN_ITS_FOLDER = "Its ledger is in its own folder, as a demo's is: anyone who can change one can change both.\n"


def test_status_without_a_ledger_says_so_and_makes_none(countermand: Countermand) -> None:
    assert countermand("status") == (
        0,
        f"There is no ledger at {Path('runs/ledger.sqlite')} yet: no run was made from this folder.\n",
        "",
    )
    assert nothing_was_made()


def test_status_shows_the_ledger_that_is_there(countermand: Countermand) -> None:
    Ledger.open(Path("runs/ledger.sqlite")).close()
    said = countermand("status")
    assert (said.status, said.out.splitlines()[-1]) == (0, "Nothing waits for a person.")


def test_status_of_a_ledger_that_cannot_be_used_says_why(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", "jobs.yaml")
    assert countermand("status") == (
        2,
        "",
        "The ledger jobs.yaml cannot be used: file is not a database. If another program holds it, end that one; "
        "if it is damaged, move it away and keep it: it is the only memory of what was pressed.\n",
    )


@pytest.mark.parametrize("command", [("status",), ("purge", "--older-than", "1m"), ("verify", "latest")])
def test_a_folder_in_the_place_of_the_ledger_is_not_taken_for_no_ledger(
    countermand: Countermand, shop: Shop, command: tuple[str, ...]
) -> None:
    countermand("run", "jobs.yaml", "--yes")
    for file in Path("runs").glob("ledger.sqlite*"):
        file.unlink()
    ledger = Path("runs/ledger.sqlite")
    ledger.mkdir()
    assert countermand(*command) == (
        2,
        "",
        f"The ledger {ledger} cannot be used: it is a folder. Name a file in COUNTERMAND_LEDGER.\n",
    )


def test_a_report_without_the_ledger_says_so_and_makes_no_empty_one(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    for file in Path("runs").glob("ledger.sqlite*"):
        file.unlink()
    ledger = Path("runs/ledger.sqlite")
    assert countermand("report", "latest") == (
        0,
        f"{run_folder() / 'report.html'}\n",
        f"There is no ledger at {ledger}: the report cannot say what later audits found.\n",
    )
    assert not ledger.exists()


def test_the_report_of_an_unknown_run_is_refused(countermand: Countermand) -> None:
    assert countermand("report", "20260301-021405-a1b2") == (
        2,
        "",
        "There is no run '20260301-021405-a1b2' in runs: give a run id (see countermand status), a run folder, "
        "or latest.\n",
    )


def test_without_any_run_there_is_no_latest_report(countermand: Countermand) -> None:
    assert countermand("report", "latest") == (2, "", "There is no run in runs yet.\n")


def test_a_run_that_nobody_touched_is_verified_under_each_of_its_names(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    run_id = run_folder().name
    for named in ("latest", run_id, str(run_folder())):
        assert countermand("verify", named) == (
            0,
            f"Run {run_id} is as it was written: the folder and the ledger agree in 7 events "
            "and 0 files of evidence.\n",
            "",
        )


def test_a_run_whose_results_were_changed_is_not_as_it_was_written(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    (run_folder() / "results.csv").write_text("", encoding="utf-8")
    told = json.loads((run_folder() / "trail.jsonl").read_text(encoding="utf-8").splitlines()[-1])["event"]
    assert countermand("verify", "latest") == (
        1,
        f"Run {run_folder().name} is NOT as it was written. First difference: "
        f"results.csv (event 7, results_written at {told['at']}) was changed after it was written.\n",
        "",
    )


def test_a_run_that_was_cut_off_is_verified_with_a_remark(countermand: Countermand, shop: Shop) -> None:
    folder = a_run_that_was_cut_off(Path("runs/ledger.sqlite"))
    assert countermand("verify", folder.name) == (
        0,
        f"Run {folder.name} is as it was written: the folder and the ledger agree in 1 event "
        "and 0 files of evidence.\nThe run was cut off, or is still running: its trail has no end yet.\n",
        "",
    )


def test_the_latest_run_that_is_verified_is_the_latest_that_has_ended(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    ended = run_folder()
    with Ledger.open(Path("runs/ledger.sqlite")) as ledger:
        newer = Path("runs") / "29990301-021405-a1b2"
        newer.mkdir()
        ledger.trail.copy_to(newer)
        ledger.runs.begin(run_info(newer.name), [])
    verified = (
        0,
        f"Run {ended.name} is as it was written: the folder and the ledger agree in 7 events and 0 files of "
        "evidence.\n",
    )
    assert countermand("verify", "latest") == (
        *verified,
        f"Run {newer.name} began later and has no end yet: it is still running, or was cut off. See: countermand "
        f"verify {newer.name}\n",
    )


@pytest.mark.parametrize("lost", ["run.json", "results.json", "trail.jsonl"])
def test_a_run_that_has_lost_what_it_wrote_is_still_the_latest(countermand: Countermand, shop: Shop, lost: str) -> None:
    countermand("run", "jobs.yaml", "--yes")
    earlier = run_folder().rename(Path("runs") / "20200101-000000-0000")
    countermand("run", "jobs.yaml", "--yes")
    (newest,) = [path for path in Path("runs").iterdir() if path.is_dir() and path != earlier]
    (newest / lost).unlink()
    said = countermand("verify", "latest")
    assert (said.status, said.out.startswith(f"Run {newest.name} is NOT as it was written."), said.err) == (1, True, "")


def test_a_demo_is_verified_with_the_ledger_in_its_own_folder(countermand: Countermand) -> None:
    own = Path("runs/20260301-021405-a1b2/ledger.sqlite")
    a_run_that_was_cut_off(own)
    said = countermand("verify", "latest")
    assert (said.status, said.out.endswith(f"its trail has no end yet.\n{IN_ITS_FOLDER}"), said.err) == (0, True, "")
    assert not Path("runs/ledger.sqlite").exists()


def test_a_ledger_that_was_put_into_a_runs_folder_is_no_witness(countermand: Countermand) -> None:
    place = Path("runs/ledger.sqlite")
    folder = a_run_that_was_cut_off(place, Path("runs/20260301-021405-a1b2/ledger.sqlite"))
    with Ledger.open(place) as ledger:
        (entry,) = ledger.trail.entries(folder.name)
    assert countermand("verify", "latest") == (
        1,
        f"Run {folder.name} is NOT as it was written. First difference: Event 1, run_started at {entry.told['at']} "
        "is not the same in the ledger and on line 1 of trail.jsonl.\n"
        "The run was cut off, or is still running: its trail has no end yet.\n",
        "",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there, no file can have such a name")
def test_names_in_a_runs_folder_cannot_steer_the_terminal(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    (run_folder() / "evidence" / "\x1b[2Jall is well.jpg").write_bytes(b"")
    assert countermand("verify", "latest") == (
        1,
        f"Run {run_folder().name} is NOT as it was written. First difference: "
        "evidence/all is well.jpg is in the folder, but not in the trail.\n",
        "",
    )


def test_a_run_that_the_ledger_does_not_know_cannot_be_verified(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    renamed = run_folder().rename(Path("runs") / "renamed")
    assert countermand("verify", str(renamed)) == (
        2,
        "",
        "The ledger knows no run renamed: is it another ledger, or was the folder renamed?\n",
    )


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        ("latest", "There is no run in runs yet."),
        (
            "20260301-021405-a1b2",
            "There is no run '20260301-021405-a1b2' in runs: give a run id (see countermand status), a run folder, "
            "or latest.",
        ),
    ],
)
def test_a_run_that_is_not_there_cannot_be_verified(countermand: Countermand, named: str, complaint: str) -> None:
    assert countermand("verify", named) == (2, "", f"{complaint}\n")
    assert nothing_was_made()


def test_a_run_cannot_be_verified_with_a_ledger_that_cannot_be_used(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    for file in Path("runs").glob("ledger.sqlite*"):
        file.unlink()
    Path("runs/ledger.sqlite").write_text("This is a letter to my landlord. " * 100, encoding="utf-8")
    said = countermand("verify", "latest")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"The ledger {Path('runs/ledger.sqlite')} cannot be used: file is not a database. ")


def test_verifying_makes_no_ledger_where_there_is_none(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    for file in Path("runs").glob("ledger.sqlite*"):
        file.unlink()
    assert countermand("verify", "latest") == (
        2,
        "",
        f"There is no ledger at {Path('runs/ledger.sqlite')}: a run can only be compared with its ledger.\n",
    )
    assert not Path("runs/ledger.sqlite").exists()


def test_the_report_of_a_run_can_be_written_anew(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    report = run_folder() / "report.html"
    report.unlink()
    for named in ("latest", run_folder().name, str(run_folder())):
        assert countermand("report", named) == (0, f"{report}\n", "")
        assert report.is_file()


def test_a_report_of_results_that_were_changed_says_so(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    results = run_folder() / "results.json"
    results.write_text("[]", encoding="utf-8")
    assert countermand("report", "latest") == (
        0,
        f"{run_folder() / 'report.html'}\n",
        f"{results} is not as the run wrote it, and the report says what it says now. See: countermand verify "
        f"{run_folder().name}\n",
    )


def test_the_latest_report_names_a_run_that_began_later_and_has_no_results(
    countermand: Countermand, shop: Shop
) -> None:
    countermand("run", "jobs.yaml", "--yes")
    finished = run_folder()
    under_way = a_run_that_was_cut_off(Path("runs/ledger.sqlite"))
    under_way = under_way.rename(under_way.with_name("99991231-000000-0000"))
    assert countermand("report", "latest") == (
        0,
        f"{finished / 'report.html'}\n",
        f"Run {under_way.name} began later and has no results: it is still running, or was cut off.\n",
    )


def test_status_tells_of_the_run(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    with Ledger.open(Path("runs/ledger.sqlite")) as ledger:
        assert [(info.run_id, info.command) for info in ledger.runs.latest()] == [(run_folder().name, "run")]
        assert [result.order for result in ledger.runs.results(run_folder().name)] == [FIRST, SECOND]
