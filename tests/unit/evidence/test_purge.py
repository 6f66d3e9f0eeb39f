"""``countermand purge`` over made-up runs: what goes, what stays, and what is said of it afterwards."""

import getpass
import io
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from command_kit import Countermand, command_line
from run_kit import ORDER, TERMS, job, run_info

import bot.ledger.trail
from bot.engine.stints import cut
from bot.errors import EvidenceNotWritten
from bot.evidence.objects import MARKER
from bot.evidence.places import SHARED_FOLDER
from bot.evidence.store import LocalStore
from bot.evidence.verify import Verified, verify
from bot.ledger import Event, Ledger
from bot.ledger.trail import TRAIL_FILE
from bot.outcomes import OrderResult, Outcome
from bot.reports.renewal import renew_report
from bot.reports.results import hashes_of_results, write_results
from bot.vocabulary import Reason

OLD, NEW = "20260301-021405-a1b2", "20260302-021405-c3d4"
PICTURE = f"evidence/{ORDER}/01-open_order.jpg"
WORDS = f"evidence/{ORDER}/02-open_order-trouble.txt"
RUNS = Path("runs")
LEDGER = RUNS / "ledger.sqlite"


@pytest.fixture
def countermand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> Countermand:
    return command_line(monkeypatch, capsys, request)


class MakeRun:
    """Makes runs of one order each, that were made some days ago."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(
        self,
        run_id: str,
        *,
        days: float,
        over: bool = True,
        unmasked: bool = False,
        queued: bool = False,
        ledger: Path = LEDGER,
        kept: str = "",
    ) -> Path:
        at = datetime.now(UTC) - timedelta(days=days)
        self._monkeypatch.setattr(bot.ledger.trail, "timestamp", lambda: at.isoformat(timespec="milliseconds"))
        folder = RUNS / run_id
        (folder / "evidence" / ORDER).mkdir(parents=True)
        (folder / "log.jsonl").write_text('{"message": "Michael Blankenship"}\n', encoding="utf-8")
        info = run_info(run_id, started_at=at, unmasked=unmasked, evidence=kept)
        result = OrderResult(
            order=ORDER,
            store="Nordwind UK",
            reason=Reason.BUYER_CANCELED,
            outcome=Outcome.FAILED,
            message="So it is.",
            evidence=(PICTURE, WORDS),
        )
        with Ledger.open(ledger) as opened:
            opened.trail.copy_to(folder)
            if queued:
                opened.queue.submit(info, [job()], TERMS, cut([job()]), lambda *_: None)
            else:
                opened.runs.begin(info, [job()])
            for name in (PICTURE, WORDS):
                content = f"{name} of Michael Blankenship".encode()
                (folder / name).write_bytes(content)
                opened.trail.note(Event.PICTURE, order=ORDER, file=name, sha256=sha256(content).hexdigest())
            if over:
                opened.runs.finish_order(result)
                info = info.finished(at)
                opened.runs.finish(info)
                write_results(folder, info, [result])
                opened.trail.note(Event.RESULTS_WRITTEN, files=hashes_of_results(folder))
                renew_report(folder, opened, LocalStore(folder))
        self._monkeypatch.undo()
        return folder


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    # A monkeypatch of its own: what is undone is the clock alone.
    return MakeRun(pytest.MonkeyPatch())


def verified(folder: Path, ledger: Path = LEDGER) -> Verified:
    with Ledger.open(ledger) as opened:
        return verify(folder, opened)


def purged_at(folder: Path, ledger: Path = LEDGER) -> str:
    with Ledger.open(ledger) as opened:
        return opened.trail.purged_at(folder.name)


def remark(folder: Path) -> str:
    return (
        f"The evidence was purged by {getpass.getuser()} at {purged_at(folder)}: 2 files of it can no longer be "
        "compared."
    )


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


KEPT = ["junit.xml", "report.html", "results.csv", "results.json", "run.json", "trail.jsonl"]
EVERYTHING = sorted([*KEPT, PICTURE, WORDS, "log.jsonl"])


# --- What goes and what stays ---


def test_old_evidence_is_removed_and_the_outcomes_stay(countermand: Countermand, make_run: MakeRun) -> None:
    old, new = make_run(OLD, days=31), make_run(NEW, days=29)
    kept = {name: (old / name).read_bytes() for name in KEPT if name not in {"report.html", "trail.jsonl"}}
    day = (datetime.now(UTC) - timedelta(days=31)).strftime("%Y-%m-%d")
    assert countermand("purge", "--older-than", "30d", "--yes") == (
        0,
        f"{OLD}  {day}  2 files of evidence, 0.0 MB\n"
        "Total: 1 run, 2 files of evidence, 0.0 MB with the logs.\n"
        "Removed. The outcomes, the reports without pictures and the ledger are kept.\n",
        "",
    )
    assert (files_of(old), files_of(new)) == (KEPT, EVERYTHING)
    assert {name: (old / name).read_bytes() for name in kept} == kept
    assert b"Blankenship" not in b"".join((old / name).read_bytes() for name in KEPT)


def test_the_report_says_that_and_when_the_pictures_were_purged(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31, unmasked=True)
    before = (old / "report.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" in before
    assert "are readable in the pictures" in before
    countermand("purge", "--older-than", "30d", "--yes")
    after = (old / "report.html").read_text(encoding="utf-8")
    moment = datetime.fromisoformat(purged_at(old)).isoformat(sep=" ", timespec="seconds")[:19]
    notice = "The pictures and the words of the pages were purged</strong> at"
    assert f"{notice} {moment} UTC. What became of each order is kept." in after
    assert "The pictures of this order were purged." in after
    assert "<dd>purged with the pictures</dd>" in after
    assert "So it is." in after
    for gone in ("data:image/jpeg", "are readable in the pictures", "missing</span>", "Blankenship"):
        assert gone not in after
    countermand("report", OLD)
    assert (old / "report.html").read_text(encoding="utf-8") == after


def test_verify_says_so_and_finds_no_disagreement(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    assert verified(old) == Verified(events=6, pictures=2, disagreement="")
    countermand("purge", "--older-than", "30d", "--yes")
    assert verified(old) == Verified(events=7, pictures=0, disagreement="", remark=remark(old))
    assert countermand("verify", OLD) == (
        0,
        f"Run {OLD} is as it was written: the folder and the ledger agree in 7 events and 0 files of evidence.\n"
        f"{remark(old)}\n",
        "",
    )


def test_the_trail_keeps_what_was_asked_for(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    countermand("purge", "--older-than", "30d", "--yes")
    told = json.loads((old / TRAIL_FILE).read_text(encoding="utf-8").splitlines()[-1])["event"]
    assert told | {"at": ""} == {
        "number": 7,
        "at": "",
        "order": "",
        "event": "purged",
        "files": 2,
        "older_than": "30d",
        "by": getpass.getuser(),
    }


def test_a_picture_that_is_put_in_or_missed_after_a_purge_is_named(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    countermand("purge", "--older-than", "30d", "--yes")
    (old / "evidence").mkdir()
    (old / "evidence" / "other.jpg").write_bytes(b"put in")
    assert verified(old).disagreement == "evidence/other.jpg is in the folder, but not in the trail."
    shutil.rmtree(old / "evidence")
    with Ledger.open(LEDGER) as ledger:
        ledger.runs.go_on_as(OLD)
        ledger.trail.copy_to(old)
        ledger.trail.note(Event.PICTURE, order=ORDER, file=PICTURE, sha256="0" * 64)
        at = ledger.trail.entries(OLD)[-1].told["at"]
    assert verified(old).disagreement == (
        f"{PICTURE} (event 8, picture of order {ORDER} at {at}) is not in the folder."
    )
    assert purged_at(old) == ""


def test_a_purge_of_what_was_purged_finds_nothing(countermand: Countermand, make_run: MakeRun) -> None:
    make_run(OLD, days=31)
    countermand("purge", "--older-than", "30d", "--yes")
    assert countermand("purge", "--older-than", "30d", "--yes") == (
        0,
        "There is no evidence older than 30d in runs: nothing to remove.\n",
        "",
    )


def test_a_demo_has_its_ledger_in_its_own_folder(countermand: Countermand, make_run: MakeRun) -> None:
    own = RUNS / OLD / "ledger.sqlite"
    own.parent.mkdir(parents=True)
    shutil.rmtree(own.parent)
    beside = Path("own.sqlite")
    old = make_run(OLD, days=31, ledger=beside)
    beside.rename(own)
    assert countermand("purge", "--older-than", "30d", "--yes").status == 0
    assert files_of(old) == sorted([*KEPT, "ledger.sqlite"])
    assert verified(old, own).disagreement == ""
    assert purged_at(old, own)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_of_a_link_the_link_alone_is_removed(countermand: Countermand, make_run: MakeRun, tmp_path: Path) -> None:
    old = make_run(OLD, days=31)
    shutil.move(old / "evidence", tmp_path / "elsewhere")
    (old / "evidence").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (old / "evidence" / ORDER / "also.jpg").symlink_to(tmp_path / "elsewhere")
    countermand("purge", "--older-than", "30d", "--yes")
    assert not (old / "evidence").is_symlink()
    assert (tmp_path / "elsewhere" / ORDER / "01-open_order.jpg").is_file()


# --- Asking ---


@pytest.mark.parametrize("said_by_the_person", ["n\n", "\n"])
def test_a_purge_that_is_not_wanted_removes_nothing(
    countermand: Countermand, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, said_by_the_person: str
) -> None:
    old = make_run(OLD, days=31)
    answer = io.StringIO(said_by_the_person)
    monkeypatch.setattr(answer, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", answer)
    said = countermand("purge", "--older-than", "30d")
    assert (said.status, said.err.lstrip("\n")) == (130, "Stopped: nothing was removed.\n")
    assert said.out.splitlines()[-1].startswith("Remove it? This cannot be undone. [y/N]: ")
    assert (files_of(old), verified(old).remark) == (EVERYTHING, "")


def test_without_a_terminal_a_purge_needs_a_yes(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    said = countermand("purge", "--older-than", "30d")
    assert (said.status, said.err) == (
        2,
        "There is no terminal to ask on. Look with --dry-run first, then start with --yes.\n",
    )
    assert files_of(old) == EVERYTHING


def test_a_dry_run_lists_and_removes_nothing(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    said = countermand("purge", "--older-than", "30d", "--dry-run")
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines()[1:] == [
        "Total: 1 run, 2 files of evidence, 0.0 MB with the logs.",
        "Nothing was removed.",
    ]
    assert (files_of(old), verified(old).remark) == (EVERYTHING, "")


def test_a_span_that_is_none_is_refused(countermand: Countermand) -> None:
    assert countermand("purge", "--older-than", "a while", "--yes") == (
        2,
        "",
        "'a while' is not a span of time: write minutes, hours or days, such as 90m, 24h or 7d.\n",
    )


def test_without_any_run_there_is_nothing_to_remove_and_no_ledger_is_made(countermand: Countermand) -> None:
    assert countermand("purge", "--older-than", "30d", "--yes") == (
        0,
        "There is no evidence older than 30d in runs: nothing to remove.\n",
        "",
    )
    assert not RUNS.exists()


# --- What is left alone ---


def test_a_run_that_is_still_queued_is_left_alone_however_long_it_waits(
    countermand: Countermand, make_run: MakeRun
) -> None:
    paused = make_run(OLD, days=40, over=False, queued=True)
    before = sorted(path.name for path in paused.rglob("*"))
    assert countermand("purge", "--older-than", "30d", "--yes") == (
        0,
        f"Left alone: {OLD}: it is still queued (countermand queue).\n"
        "There is no evidence older than 30d in runs: nothing to remove.\n",
        "",
    )
    assert sorted(path.name for path in paused.rglob("*")) == before


def test_a_run_that_goes_on_is_left_alone(countermand: Countermand, make_run: MakeRun) -> None:
    on = make_run(OLD, days=0.9, over=False)
    assert countermand("purge", "--older-than", "1m", "--yes") == (
        0,
        f"Left alone: {OLD}: it is still running, or was cut off less than a day ago.\n"
        "There is no evidence older than 1m in runs: nothing to remove.\n",
        "",
    )
    assert PICTURE in files_of(on)
    assert purged_at(on) == ""


def test_a_run_that_was_cut_off_long_ago_is_purged(countermand: Countermand, make_run: MakeRun) -> None:
    cut_off = make_run(OLD, days=2, over=False)
    assert countermand("purge", "--older-than", "1d", "--yes").status == 0
    assert files_of(cut_off) == [TRAIL_FILE]
    seen = verified(cut_off)
    assert (seen.disagreement, seen.remark) == (
        "",
        f"{remark(cut_off)} The run was cut off, or is still running: its trail has no end yet.",
    )


def test_the_line_that_a_killed_process_left_makes_room_for_the_purge(
    countermand: Countermand, make_run: MakeRun
) -> None:
    cut_off = make_run(OLD, days=2, over=False)
    whole = (cut_off / TRAIL_FILE).read_bytes()
    take_back_the_last(2)
    assert "trail.jsonl has it, the ledger does not" in verified(cut_off).remark
    assert countermand("purge", "--older-than", "1d", "--yes").status == 0
    assert verified(cut_off).disagreement == ""
    assert (cut_off / TRAIL_FILE).read_bytes().splitlines()[:2] == whole.splitlines()[:2]


def take_back_the_last(left: int) -> None:
    """The ledger as it is after a process that was killed inside the transaction that follows this event."""
    with closing(sqlite3.connect(LEDGER)) as connection:
        connection.execute("DELETE FROM events WHERE number > ?", [left])
        connection.commit()


def test_a_folder_that_the_ledger_does_not_know_is_left_alone(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    LEDGER.unlink()
    assert countermand("purge", "--older-than", "30d", "--yes").out.splitlines()[0] == (
        f"Left alone: {OLD}: the ledger knows no such run."
    )
    assert files_of(old) == EVERYTHING
    assert not LEDGER.exists()


def test_a_run_whose_trail_was_changed_is_left_alone(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    with closing(sqlite3.connect(LEDGER)) as connection:
        connection.execute("UPDATE events SET line = 'nothing'")
        connection.commit()
    assert countermand("purge", "--older-than", "30d", "--yes").out.splitlines()[0] == (
        f"Left alone: {OLD}: its trail was changed (countermand verify)."
    )
    assert files_of(old) == EVERYTHING


# --- Interrupted, and what cannot be removed ---


@pytest.mark.parametrize("place", ["note_purge", "write_report", "rmtree", "unlink"])
def test_a_purge_that_was_interrupted_is_finished_by_the_next(
    countermand: Countermand, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    old = make_run(OLD, days=31)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        where = {
            "note_purge": "bot.ledger.trail.Trail.note_purge",
            "write_report": "bot.reports.renewal.write_report",
            "rmtree": "bot.evidence.store.shutil.rmtree",
            "unlink": "pathlib.Path.unlink",
        }
        patch.setattr(where[place], interrupted)
        said = countermand("purge", "--older-than", "30d", "--yes")
    assert (said.status, said.err) == (130, "Interrupted. Run the same command again to remove the rest.\n")
    assert verified(old).disagreement == ""
    assert countermand("purge", "--older-than", "30d", "--yes").status == 0
    assert files_of(old) == KEPT
    assert verified(old) == Verified(events=7, pictures=0, disagreement="", remark=remark(old))
    assert "data:image/jpeg" not in (old / "report.html").read_text(encoding="utf-8")


def test_a_purge_that_was_killed_while_it_told_the_trail_is_named_and_finished_by_the_next(
    countermand: Countermand, make_run: MakeRun
) -> None:
    old = make_run(OLD, days=31)
    countermand("purge", "--older-than", "30d", "--yes")
    at = purged_at(old)
    folder = make_run(NEW, days=31)
    shutil.copytree(folder / "evidence", old / "evidence")
    take_back_the_last(6)
    assert verified(old) == Verified(
        events=6,
        pictures=2,
        disagreement="",
        remark=f"A purge was cut off while event 7, purged at {at} was written: trail.jsonl has it, the ledger does "
        "not.",
    )
    assert countermand("purge", "--older-than", "30d", "--yes").status == 0
    assert (files_of(old), verified(old)) == (KEPT, Verified(events=7, pictures=0, disagreement="", remark=remark(old)))


def test_what_cannot_be_removed_is_named_and_the_other_runs_are_purged(
    countermand: Countermand, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, newer = make_run(OLD, days=32), make_run(NEW, days=31)
    remove = LocalStore.remove

    def refuse(store: LocalStore, *under: str) -> None:
        if str(store) == str(old / "evidence"):
            raise PermissionError(13, "Permission denied")
        remove(store, *under)

    monkeypatch.setattr(LocalStore, "remove", refuse)
    said = countermand("purge", "--older-than", "30d", "--yes")
    assert (said.status, said.err) == (3, f"{old / 'evidence'} could not be removed: Permission denied.\n")
    assert PICTURE in files_of(old)
    assert files_of(newer) == KEPT


def test_nothing_is_removed_that_the_trail_cannot_be_told_of(
    countermand: Countermand, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_run(OLD, days=31)

    def full(*_: object) -> None:
        raise EvidenceNotWritten(reason="No space left on device")

    monkeypatch.setattr("bot.ledger.trail.Trail._append_to_copy", full)
    said = countermand("purge", "--older-than", "30d", "--yes")
    assert (said.status, said.err) == (3, f"{old / TRAIL_FILE} could not be written: No space left on device.\n")
    assert files_of(old) == EVERYTHING


def test_a_report_that_cannot_be_made_again_is_removed(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    (old / "run.json").write_text("{}", encoding="utf-8")
    countermand("purge", "--older-than", "30d", "--yes")
    assert files_of(old) == [name for name in KEPT if name != "report.html"]


def test_what_a_killed_program_has_half_written_goes_too(countermand: Countermand, make_run: MakeRun) -> None:
    old = make_run(OLD, days=31)
    (old / ".report.html.0123456789ab.tmp").write_bytes(b"<img src='data:image/jpeg;base64,")
    (old / ".mine.tmp").write_bytes(b"mine")
    countermand("purge", "--older-than", "30d", "--yes")
    assert files_of(old) == sorted([".mine.tmp", *KEPT])


def test_a_run_whose_share_is_not_mounted_is_left_alone_whole(
    countermand: Countermand, make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()  # empty, as where nothing is mounted
    folder = make_run(OLD, days=31, kept=SHARED_FOLDER)
    before, trail = files_of(folder), (folder / TRAIL_FILE).read_bytes()
    monkeypatch.setenv("COUNTERMAND_EVIDENCE", str(share))
    status, said, _ = countermand("purge", "--older-than", "30d", "--yes")
    assert f"Left alone: {OLD}: The evidence of run {OLD} is in {share}, and neither {MARKER} nor that run is" in said
    assert (status, files_of(folder), (folder / TRAIL_FILE).read_bytes()) == (0, before, trail)
    assert purged_at(folder) == ""
    for command in ("verify", "report"):
        status, _, trouble = countermand(command, OLD)
        assert status == 2
        assert "as where a share is not mounted" in " ".join(trouble.split())
