import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from run_kit import STARTED

from bot.errors import CannotStart
from bot.evidence.run_folder import find_run, make_run_folder


def run_in(runs_dir: Path, run_id: str) -> Path:
    """The folder of a run that was written."""
    folder = runs_dir / run_id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}", encoding="utf-8")
    return folder


# --- Making one ---


def test_a_run_folder_is_named_after_the_runs_start(tmp_path: Path) -> None:
    folder = make_run_folder(tmp_path / "runs", STARTED)
    assert folder.parent == tmp_path / "runs"
    assert re.fullmatch(r"20260301-021405-[0-9a-f]{4}", folder.name)


def test_a_new_run_folder_is_ready_for_evidence_and_a_log(tmp_path: Path) -> None:
    folder = make_run_folder(tmp_path / "deep" / "runs", STARTED)
    assert (folder / "evidence").is_dir()
    assert sorted(path.name for path in folder.iterdir()) == ["evidence", "log.jsonl"]


def test_two_runs_of_the_same_second_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = iter(["a1b2", "c3d4"])
    monkeypatch.setattr("bot.evidence.run_folder.secrets.token_hex", lambda size: next(ends))
    names = [make_run_folder(tmp_path, STARTED).name for _ in range(2)]
    assert names == ["20260301-021405-a1b2", "20260301-021405-c3d4"]


def test_a_folder_that_is_there_already_is_never_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.evidence.run_folder.secrets.token_hex", lambda size: "a1b2")
    folder = make_run_folder(tmp_path, STARTED)
    with pytest.raises(CannotStart) as refused:
        make_run_folder(tmp_path, STARTED)
    assert str(refused.value) == (
        f"The run folder {folder} cannot be written ({os.strerror(17)}). "
        "Give write permission, or name another place in COUNTERMAND_RUNS_DIR."
    )


def test_a_run_folder_that_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.evidence.run_folder.secrets.token_hex", lambda size: "a1b2")
    runs_dir = tmp_path / "runs"
    runs_dir.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(CannotStart) as refused:
        make_run_folder(runs_dir, STARTED)
    cause = refused.value.__cause__
    assert isinstance(cause, OSError)
    assert str(refused.value) == (
        f"The run folder {runs_dir / '20260301-021405-a1b2'} cannot be written ({cause.strerror}). "
        "Give write permission, or name another place in COUNTERMAND_RUNS_DIR."
    )


# --- Finding one ---


def test_a_run_is_found_by_its_id(tmp_path: Path) -> None:
    folder = run_in(tmp_path / "runs", "20260301-021405-a1b2")
    assert find_run("20260301-021405-a1b2", tmp_path / "runs") == folder


def test_a_run_is_found_by_its_folder(tmp_path: Path) -> None:
    folder = run_in(tmp_path / "archive", "20260301-021405-a1b2")
    assert find_run(str(folder), tmp_path / "runs") == folder


def test_a_run_is_found_by_a_folder_seen_from_here(tmp_path: Path) -> None:
    run_in(tmp_path / "archive", "mine")
    assert find_run("archive/mine", tmp_path / "runs") == Path("archive/mine")


def test_an_id_goes_before_a_folder_of_that_name(tmp_path: Path) -> None:
    run_in(tmp_path, "mine")
    folder = run_in(tmp_path / "runs", "mine")
    assert find_run("mine", tmp_path / "runs") == folder


def test_the_latest_run_is_the_one_that_started_last(tmp_path: Path) -> None:
    for run_id in ("20260301-021405-ffff", "20260302-000000-0000", "20251231-235959-a1b2"):
        run_in(tmp_path, run_id)
    assert find_run("latest", tmp_path).name == "20260302-000000-0000"


def test_a_run_that_was_cut_off_before_it_was_written_is_not_the_latest(tmp_path: Path) -> None:
    run_in(tmp_path, "20260301-021405-a1b2")
    make_run_folder(tmp_path, datetime(2026, 3, 2, tzinfo=UTC))
    assert find_run("latest", tmp_path).name == "20260301-021405-a1b2"


@pytest.mark.parametrize("runs", ["runs", "."])
def test_without_any_run_there_is_no_latest(runs: str) -> None:
    with pytest.raises(CannotStart) as refused:
        find_run("latest", Path(runs))
    assert str(refused.value) == f"There is no run in {runs} yet."


@pytest.mark.parametrize("named", ["20260301-021405-a1b2", "no\0name"])
def test_an_unknown_run_is_refused(named: str) -> None:
    with pytest.raises(CannotStart) as refused:
        find_run(named, Path("runs"))
    assert str(refused.value) == (
        f"There is no run {named!r} in runs: give a run id (see countermand status), a run folder, or latest."
    )


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs" / "holiday").mkdir(parents=True)
    with pytest.raises(CannotStart) as refused:
        find_run("holiday", Path("runs"))
    assert str(refused.value) == (
        "There is no run 'holiday' in runs: give a run id (see countermand status), a run folder, or latest."
    )
