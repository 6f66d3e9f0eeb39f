"""A run whose evidence is in no folder: nothing that writes, shows, compares or removes evidence reaches around its
store."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from evidence_kit import AdminWithPicture, MemoryStore
from run_kit import ORDER, RUN_ID, job, run_info

import bot.ledger.trail
from bot.errors import CannotStart, EvidenceNotWritten, RunStopped
from bot.evidence.purge import LeftAlone, OldRun, purge, runs_before
from bot.evidence.recorder import Recorder
from bot.evidence.run_folder import is_run
from bot.evidence.verify import verify
from bot.ledger import Event, Ledger
from bot.outcomes import OrderResult, Outcome
from bot.reports.renewal import renew_report
from bot.reports.report import write_report
from bot.reports.results import hashes_of_results, write_results
from bot.vocabulary import Reason

LONG_AGO = datetime.now(UTC) - timedelta(days=31)
PICTURE = b"\xff\xd8 a picture"
SHOWN = f"data:image/jpeg;base64,{base64.b64encode(PICTURE).decode()}"
NAMES = (f"evidence/{ORDER}/01-open_order.jpg", f"evidence/{ORDER}/02-choose_reason.jpg")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def folder(tmp_path: Path, ledger: Ledger, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of long ago that took two pictures of an order, each by another worker."""
    folder = tmp_path / "runs" / RUN_ID
    folder.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(bot.ledger.trail, "timestamp", lambda: LONG_AGO.isoformat(timespec="milliseconds"))
        ledger.trail.copy_to(folder)
        info = run_info(started_at=LONG_AGO)
        ledger.runs.begin(info, [job()])
        for step in ("open_order", "choose_reason"):
            recorder = Recorder(store, masked=False)
            recorder.begin(ORDER)
            recorder.picture(AdminWithPicture(ledger, ORDER, PICTURE), step)
        result = OrderResult(
            order=ORDER,
            store="Nordwind UK",
            reason=Reason.BUYER_CANCELED,
            outcome=Outcome.UNKNOWN,
            message="No answer came.",
            evidence=tuple(recorder.evidence),
        )
        ledger.runs.finish_order(result)
        info = info.finished(LONG_AGO)
        ledger.runs.finish(info)
        write_results(folder, info, [result])
        ledger.trail.note(Event.RESULTS_WRITTEN, files=hashes_of_results(folder))
        write_report(folder, info, [result], store)
    return folder


def old_run(folder: Path, ledger: Path, store: MemoryStore) -> OldRun:
    (found,) = runs_before(datetime.now(UTC) - timedelta(days=30), folder.parent, ledger, lambda _: store)
    assert isinstance(found, OldRun)
    return found


def test_the_recorder_counts_on_from_what_another_worker_left(folder: Path, store: MemoryStore) -> None:
    assert store.files == dict.fromkeys(NAMES, PICTURE)
    assert sorted(path.name for path in folder.iterdir()) == [
        "junit.xml",
        "report.html",
        "results.csv",
        "results.json",
        "run.json",
        "trail.jsonl",
    ]


def test_an_order_without_a_store_that_can_be_read_gets_no_picture_until_there_is_one(
    ledger: Ledger, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(NAMES[0], PICTURE)
    admin = AdminWithPicture(ledger, ORDER, PICTURE)

    def unreachable(*_: object) -> None:
        raise ConnectionError("The store does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(store, "list", unreachable)
        recorder = Recorder(store, masked=False)
        recorder.begin(ORDER)
        with pytest.raises(EvidenceNotWritten, match="The store does not answer"):
            recorder.picture(admin, "choose_reason")
        assert not recorder.evidence
    recorder.picture(admin, "choose_reason")
    assert recorder.evidence == NAMES


def test_the_report_shows_the_pictures(folder: Path) -> None:
    assert (folder / "report.html").read_text(encoding="utf-8").count(SHOWN) == 2


def test_a_sound_run_is_verified(folder: Path, ledger: Ledger, store: MemoryStore) -> None:
    seen = verify(folder, ledger, store)
    assert (seen.disagreement, seen.pictures, seen.remark) == ("", 2, "")


def test_a_picture_that_was_changed_removed_or_put_in_is_named(
    folder: Path, ledger: Ledger, store: MemoryStore
) -> None:
    sound = dict(store.files)
    store.files[NAMES[0]] = b"another"
    changed = verify(folder, ledger, store).disagreement
    del store.files[NAMES[0]]
    removed = verify(folder, ledger, store).disagreement
    store.files = sound | {"evidence/other.jpg": b""}
    put_in = verify(folder, ledger, store).disagreement
    assert [said.partition(" (")[0] + said.partition(")")[2] for said in (changed, removed)] == [
        f"{NAMES[0]} was changed after it was written.",
        f"{NAMES[0]} is not in the folder.",
    ]
    assert put_in == "evidence/other.jpg is in the folder, but not in the trail."


def test_a_store_that_cannot_be_read_is_named(
    folder: Path, ledger: Ledger, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise ConnectionError("it does not answer")

    monkeypatch.setattr(store, "list", unreachable)
    with pytest.raises(CannotStart) as not_compared:
        verify(folder, ledger, store)
    with pytest.raises(RunStopped) as not_shown:
        renew_report(folder, ledger, store)
    left = list(runs_before(datetime.now(UTC), folder.parent, tmp_path / "ledger.sqlite", lambda _: store))

    assert str(not_compared.value) == str(not_shown.value) == "the memory could not be read: it does not answer."
    assert left == [LeftAlone(folder=folder, why="it could not be read (it does not answer)")]
    assert is_run(folder.parent, store)


def test_a_purge_removes_the_pictures_and_the_report_loses_them(
    folder: Path, ledger: Ledger, store: MemoryStore, tmp_path: Path
) -> None:
    run = old_run(folder, tmp_path / "ledger.sqlite", store)
    assert (run.files, run.size) == (2, 2 * len(PICTURE))
    purge(run, older_than="30d")
    assert store.files == {}
    assert SHOWN not in (folder / "report.html").read_text(encoding="utf-8")
    seen = verify(folder, ledger, store)
    assert (seen.disagreement, seen.pictures) == ("", 0)
    assert seen.remark.startswith("The evidence was purged by ")
