"""A run that was killed while it wrote to its trail: the folder has one line more than the ledger, and that is no lie.

The line is in the folder before the ledger's transaction ends; a killed process ends it by taking it back.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from run_kit import ORDER, RUN_ID, job, run_info

from bot.evidence.verify import Verified, verify
from bot.ledger import Event, Ledger
from bot.ledger.trail import TRAIL_FILE, next_hash
from bot.reports.results import hashes_of_results, write_results

CUT_OFF = "The run was cut off, or is still running: its trail has no end yet."
GOES_ON = "trail.jsonl goes on after event 2, with which the ledger's trail ends."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / RUN_ID
    (folder / "evidence").mkdir(parents=True)
    return folder


@pytest.fixture
def ledger(tmp_path: Path, folder: Path) -> Iterator[Ledger]:
    """The ledger of a run that has begun its first order."""
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.trail.copy_to(folder)
        ledger.runs.begin(run_info(), [job()])
        ledger.claims.take("shop.example", ORDER, 300)
        yield ledger


def take_back_the_last(tmp_path: Path) -> None:
    """The ledger as it is after a process that was killed inside the last transaction."""
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    try:
        connection.execute("DELETE FROM events WHERE number = (SELECT max(number) FROM events)")
        connection.commit()
    finally:
        connection.close()


def last_line(folder: Path) -> tuple[int, str]:
    """The number and time of the last event in the folder's trail."""
    told = json.loads((folder / TRAIL_FILE).read_text(encoding="utf-8").splitlines()[-1])["event"]
    return told["number"], told["at"]


def test_a_run_that_was_killed_while_an_event_was_written_is_as_it_was_written(
    ledger: Ledger, folder: Path, tmp_path: Path
) -> None:
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    number, at = last_line(folder)
    take_back_the_last(tmp_path)
    assert verify(folder, ledger) == Verified(
        events=2,
        pictures=0,
        disagreement="",
        remark=f"{CUT_OFF} The run was cut off while event {number}, step of order {ORDER} at {at} was written: "
        "trail.jsonl has it, the ledger does not.",
    )


def test_two_events_that_only_the_folder_has_are_a_disagreement(ledger: Ledger, folder: Path, tmp_path: Path) -> None:
    for step in ("open_order", "open_cancel_dialog"):
        ledger.trail.note(Event.STEP, order=ORDER, step=step)
    take_back_the_last(tmp_path)
    take_back_the_last(tmp_path)
    assert verify(folder, ledger) == Verified(events=2, pictures=0, disagreement=GOES_ON, remark=CUT_OFF)


@pytest.mark.parametrize("number", [2, 3])
def test_an_event_that_does_not_go_on_where_the_ledger_ends_is_a_disagreement(
    ledger: Ledger, folder: Path, number: int
) -> None:
    line = json.dumps({"number": number, "at": "2026-03-01T02:15:00.000+00:00", "order": ORDER, "event": "step"})
    before = "0" * 64 if number == 3 else ledger.trail.entries(RUN_ID)[-1].hash
    with (folder / TRAIL_FILE).open("a", encoding="utf-8") as file:
        file.write(f'{{"hash": "{next_hash(before, line)}", "event": {line}}}\n')
    assert verify(folder, ledger) == Verified(events=2, pictures=0, disagreement=GOES_ON, remark=CUT_OFF)


def test_a_run_that_was_killed_at_its_very_end_still_shows_what_was_changed(
    ledger: Ledger, folder: Path, tmp_path: Path
) -> None:
    info = run_info().finished(datetime(2026, 3, 1, 3, 0, tzinfo=UTC))
    ledger.runs.finish(info)
    write_results(folder, info, [])
    ledger.trail.note(Event.RESULTS_WRITTEN, files=hashes_of_results(folder))
    number, at = last_line(folder)
    take_back_the_last(tmp_path)
    remark = (
        f"The run was cut off while event {number}, results_written at {at} was written: "
        "trail.jsonl has it, the ledger does not."
    )
    assert verify(folder, ledger) == Verified(events=3, pictures=0, disagreement="", remark=remark)
    (folder / "results.json").write_text("[{}]\n", encoding="utf-8")
    disagreement = f"results.json (event {number}, results_written at {at}) was changed after it was written."
    assert verify(folder, ledger) == Verified(events=3, pictures=0, disagreement=disagreement, remark=remark)


def test_nothing_may_follow_the_event_with_which_a_run_ends(ledger: Ledger, folder: Path, tmp_path: Path) -> None:
    ledger.runs.finish(run_info())
    ledger.trail.note(Event.RESULTS_WRITTEN, files={})
    ledger.trail.note(Event.STEP, order=ORDER, step="open_order")
    take_back_the_last(tmp_path)
    disagreement = "trail.jsonl goes on after event 4, with which the ledger's trail ends."
    assert verify(folder, ledger) == Verified(events=4, pictures=0, disagreement=disagreement)
