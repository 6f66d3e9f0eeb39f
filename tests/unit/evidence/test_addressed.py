"""Evidence outside of the run's folder: what its keys promise, and what happens when the place is away."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_kit import AdminWithPicture
from run_kit import ORDER, RUN_ID, job, run_info
from s3_kit import SECRET, is_installed

from bot.cancel.verdicts import Verdict
from bot.errors import CannotStart, EvidenceNotWritten
from bot.evidence.addressed import AddressedStore
from bot.evidence.brought import bring_here
from bot.evidence.objects import MARKER, FolderObjects
from bot.evidence.places import SHARED_FOLDER, kept_in, prepare, store_at, store_of_run
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.evidence.verify import verify
from bot.ledger import Event, Ledger
from bot.outcomes import Outcome
from bot.reports.renewal import renew_report
from bot.reports.results import hashes_of_results, write_results
from bot.runner.results import result_of
from bot.settings import LocalSettings, secrets_that_are_set

NAME = f"evidence/{ORDER}/01-open_order.jpg"
PICTURE = b"\xff\xd8 a picture"
HASH = hashlib.sha256(PICTURE).hexdigest()

needs_obstore = pytest.mark.skipif(not is_installed(), reason="obstore is not installed")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    shared = tmp_path / "shared"
    FolderObjects(shared).mark()
    return shared


@pytest.fixture
def store(shared: Path) -> AddressedStore:
    return AddressedStore(FolderObjects(shared), RUN_ID)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


def files(folder: Path) -> list[str]:
    """What is kept in a folder of evidence."""
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return sorted(name for name in found if name != MARKER)


def test_a_key_says_the_run_the_name_and_the_content(store: AddressedStore, shared: Path) -> None:
    store.add(NAME, PICTURE)
    assert files(shared) == [f"{RUN_ID}/evidence/{ORDER}/01-open_order.{HASH}.jpg"]
    assert str(store) == f"{shared}/{RUN_ID}/evidence"


def test_what_was_changed_in_its_place_is_an_error(store: AddressedStore, shared: Path) -> None:
    store.add(NAME, PICTURE)
    (kept,) = (path for path in shared.rglob("*.jpg"))
    kept.write_bytes(b"another")
    with pytest.raises(OSError, match="The file was changed after it was written"):
        store.get(NAME)


def test_two_files_of_one_name_are_told_apart_by_what_is_in_them(store: AddressedStore, shared: Path) -> None:
    """Two workers that did not know of each other made them at the same moment."""
    store.add(NAME, PICTURE)
    other = f"{RUN_ID}/{NAME.removesuffix('.jpg')}.{hashlib.sha256(b'other').hexdigest()}.jpg"
    FolderObjects(shared).put(other, b"other")
    fresh = AddressedStore(FolderObjects(shared), RUN_ID)
    assert fresh.get(NAME, sha256=HASH) == PICTURE
    assert fresh.get(NAME, sha256=hashlib.sha256(b"other").hexdigest()) == b"other"
    assert list(fresh.list()) == [NAME]
    fresh.remove(NAME)
    assert files(shared) == []


def test_what_is_no_evidence_in_the_place_is_left_alone(store: AddressedStore, shared: Path) -> None:
    store.add(NAME, PICTURE)
    beside = shared / RUN_ID / "evidence" / ORDER / "notes.txt"
    beside.write_text("mine", encoding="utf-8")
    assert list(store.list()) == [NAME]
    store.remove()
    assert files(shared) == [beside.relative_to(shared).as_posix()]


def test_what_a_killed_program_left_half_written_is_no_evidence_and_goes_with_all_of_it(
    store: AddressedStore, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(NAME, PICTURE)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(OSError, match="killed"):
            store.add(NAME.replace("01", "02"), PICTURE)
    mine = shared / RUN_ID / "evidence" / ORDER / ".notes.txt"
    mine.write_bytes(b"mine")
    assert len(files(shared)) == 3
    assert list(store.list()) == [NAME]
    store.remove(NAME)
    assert len(files(shared)) == 2  # another machine may be writing
    store.remove()
    assert files(shared) == [mine.relative_to(shared).as_posix()]


def killed(*_: object, **__: object) -> None:
    raise OSError("killed")


def test_a_share_that_has_gone_away_is_no_empty_list(store: AddressedStore, shared: Path) -> None:
    store.add(NAME, PICTURE)
    shared.rename(shared.with_name("away"))
    shared.mkdir()
    for ask in (store.list, store.remove):
        with pytest.raises(FileNotFoundError, match=f"{MARKER} is not in"):
            ask()


@pytest.mark.parametrize("name", ["../01-a.jpg", "evidence/../01-a.jpg", "evidence/1/a\\b.jpg", "other/01-a.jpg"])
def test_no_name_leads_out_of_the_run(store: AddressedStore, shared: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        store.add(name, PICTURE)
    assert files(shared) == []


def test_a_write_that_fails_leaves_nothing(
    store: AddressedStore, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_room)
    with pytest.raises(OSError, match="No space left on device"):
        store.add(NAME, PICTURE)
    assert files(shared) == []
    assert list(store.list()) == []


def test_another_worker_counts_on_from_what_the_first_one_left(store: AddressedStore, shared: Path) -> None:
    with Ledger.in_memory() as ledger:
        ledger.runs.begin(run_info(), [job()])
        for worker in (store, AddressedStore(FolderObjects(shared), RUN_ID)):
            recorder = Recorder(worker, masked=False)
            recorder.begin(ORDER)
            recorder.picture(AdminWithPicture(ledger, ORDER, PICTURE), "open_order")
    assert recorder.evidence == (NAME, NAME.replace("01", "02"))


def test_a_picture_is_in_its_place_before_the_trail_speaks_of_it(store: AddressedStore, ledger: Ledger) -> None:
    ledger.runs.begin(run_info(), [job()])
    recorder, admin = Recorder(store, masked=False), AdminWithPicture(ledger, ORDER, PICTURE)
    kept_then: list[str] = []
    note = ledger.trail.note

    def noted(event: Event, **told: str) -> None:
        kept_then.extend(store.list())
        note(event, **told)

    ledger.trail.note = noted  # type: ignore[method-assign, assignment]
    recorder.begin(ORDER)
    recorder.picture(admin, "open_order")
    assert kept_then == [NAME]


# --- Which place a run has ---


@pytest.mark.parametrize(
    ("setting", "kept"), [(None, ""), ("/mnt/team", SHARED_FOLDER), ("s3://bucket/team", "s3://bucket/team")]
)
def test_what_is_remembered_of_the_place_is_the_same_on_every_machine(setting: str | None, kept: str) -> None:
    assert kept_in(setting) == kept


def test_a_run_keeps_to_the_place_that_it_began_with(ledger: Ledger, tmp_path: Path, shared: Path) -> None:
    ledger.runs.begin(run_info(), [job()])
    ledger.runs.begin(run_info("next", evidence=SHARED_FOLDER), [job()])
    assert isinstance(store_of_run(tmp_path / RUN_ID, ledger, str(shared)), LocalStore)
    assert str(store_of_run(tmp_path / "next", ledger, str(shared))) == f"{shared}/next/evidence"


@pytest.mark.parametrize("setting", [None, "s3://bucket"])
def test_a_machine_that_does_not_know_the_place_says_so(ledger: Ledger, tmp_path: Path, setting: str | None) -> None:
    with pytest.raises(CannotStart) as unknown:
        store_at(tmp_path / RUN_ID, SHARED_FOLDER, setting)
    assert str(unknown.value) == (
        f"The evidence of run {RUN_ID} is in a folder that machines share, and this one does not know where that is."
    )
    assert unknown.value.next_step == "Set COUNTERMAND_EVIDENCE to that folder."


@pytest.mark.parametrize(
    "place", ["s3:/bucket", "s3://", "s3://B", "gs://bucket", "s3://key:secret@bucket", "https://x"]
)
def test_a_place_that_is_none_is_a_mistake_in_the_settings(place: str) -> None:
    if "://" not in place:
        assert LocalSettings(evidence=place).evidence == place  # a folder, of a strange name
        return
    with pytest.raises(ValueError, match="it must be a folder, or an address such as s3://bucket/prefix"):
        LocalSettings(evidence=place)


# --- A share that is not mounted ---


@pytest.mark.parametrize("what_is_left", ["an empty folder", "no folder"])
def test_a_share_that_goes_away_takes_no_picture_to_the_disk_below(
    store: AddressedStore, shared: Path, tmp_path: Path, what_is_left: str
) -> None:
    store.add(NAME, PICTURE)
    shared.rename(tmp_path / "the share")
    if what_is_left == "an empty folder":
        shared.mkdir()
    with pytest.raises(OSError, match=r"countermand-evidence\.txt is not in .*, as where a share is not mounted"):
        store.add(f"evidence/{ORDER}/02-open_cancel_dialog.jpg", PICTURE)
    assert not shared.exists() or list(shared.iterdir()) == []


def test_the_first_run_makes_the_folder(tmp_path: Path, ledger: Ledger) -> None:
    ledger.runs.begin(run_info(), [job()])  # its evidence is in its own folder
    folder = tmp_path / "mnt" / "team"
    prepare(str(folder), tmp_path / "ledger.sqlite")
    AddressedStore(FolderObjects(folder), RUN_ID).add(NAME, PICTURE)
    assert len(files(folder)) == 1


@pytest.mark.parametrize("what_is_left", ["an empty folder", "no folder"])
def test_no_run_begins_while_the_share_of_earlier_ones_is_not_mounted(
    tmp_path: Path, ledger: Ledger, what_is_left: str
) -> None:
    ledger.runs.begin(run_info(evidence=SHARED_FOLDER), [job()])
    folder = tmp_path / "team"
    if what_is_left == "an empty folder":
        folder.mkdir()
    with pytest.raises(CannotStart) as refused:
        prepare(str(folder), tmp_path / "ledger.sqlite")
    assert refused.value.message == (
        f"COUNTERMAND_EVIDENCE names {folder}, where earlier runs kept their evidence, and nothing of it is there."
    )
    assert refused.value.next_step == (
        "If it is a share, mount it. If the evidence was moved or removed on purpose, make a file "
        "countermand-evidence.txt in that folder."
    )
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_folder_that_has_evidence_of_an_earlier_version_goes_on_being_used(tmp_path: Path, ledger: Ledger) -> None:
    ledger.runs.begin(run_info(evidence=SHARED_FOLDER), [job()])
    folder = tmp_path / "team"
    (folder / RUN_ID / "evidence").mkdir(parents=True)
    prepare(str(folder), tmp_path / "ledger.sqlite")
    AddressedStore(FolderObjects(folder), RUN_ID).add(NAME, PICTURE)
    assert len(files(folder)) == 1


@pytest.mark.parametrize("setting", [None, "s3://bucket/team"])
def test_nothing_is_prepared_where_no_folder_is_named(tmp_path: Path, setting: str | None) -> None:
    prepare(setting, tmp_path / "ledger.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "team").write_text("", encoding="ascii")
    with pytest.raises(CannotStart, match=r"names .*team, which cannot be used: "):
        prepare(str(tmp_path / "team"), tmp_path / "ledger.sqlite")


def test_evidence_in_a_folder_that_is_not_there_is_not_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as away:
        store_at(tmp_path / RUN_ID, SHARED_FOLDER, str(tmp_path / "team"))
    assert away.value.message == f"The evidence of run {RUN_ID} is in {tmp_path / 'team'}, and there is no such folder."


def test_evidence_in_an_empty_folder_is_not_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    with pytest.raises(CannotStart) as away:
        store_at(tmp_path / RUN_ID, SHARED_FOLDER, str(tmp_path / "team"))
    assert away.value.message == (
        f"The evidence of run {RUN_ID} is in {tmp_path / 'team'}, and neither countermand-evidence.txt nor that run is "
        "there, as where a share is not mounted."
    )
    assert away.value.next_step == (
        "If it is a share, mount it. If it is the right folder all the same, make a file countermand-evidence.txt in "
        "it."
    )


def test_a_run_in_a_folder_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "team" / RUN_ID).mkdir(parents=True)
    store = store_at(tmp_path / RUN_ID, SHARED_FOLDER, str(tmp_path / "team"))
    assert str(store) == f"{tmp_path / 'team'}/{RUN_ID}/evidence"


def test_a_share_that_goes_away_after_its_marker_was_seen_is_not_made_again(
    store: AddressedStore, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.rename(tmp_path / "the share")
    monkeypatch.setattr(FolderObjects, "is_marked", True)
    with pytest.raises(FileNotFoundError):
        store.add(NAME, PICTURE)
    assert not shared.exists()


# --- A bucket that cannot be used ---


@needs_obstore
def test_a_store_that_is_away_stops_the_order_before_confirm_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger: Ledger
) -> None:
    monkeypatch.setattr("bot.evidence.s3.RETRIES", 0)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = store_at(tmp_path / RUN_ID, "s3://bucket/team", None)
    recorder = Recorder(store, masked=False)
    recorder.begin(ORDER)
    with pytest.raises(EvidenceNotWritten) as stopped:
        recorder.picture(AdminWithPicture(ledger, ORDER, PICTURE), "open_order")
    assert "s3://bucket/team cannot be used: Generic S3 error: Error performing" in str(stopped.value)
    assert "\n" not in str(stopped.value)
    assert SECRET not in str(stopped.value)


@needs_obstore
def test_evidence_is_not_sent_in_readable_form_unless_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://store.example")
    with pytest.raises(CannotStart, match=r"http://store\.example would send the evidence in readable form\."):
        store_at(tmp_path / RUN_ID, "s3://bucket", None)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    assert str(store_at(tmp_path / RUN_ID, "s3://bucket", None)) == f"s3://bucket/{RUN_ID}/evidence"


def test_the_secrets_of_a_store_are_known_to_what_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")
    assert {SECRET, "a-token"} <= secrets_that_are_set()
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET


# --- On a machine that had no part in the run ---


def test_report_and_verify_work_where_the_run_never_was(ledger: Ledger, store: AddressedStore, tmp_path: Path) -> None:
    there, here = tmp_path / "there" / RUN_ID, tmp_path / "here"
    there.mkdir(parents=True)
    ledger.trail.copy_to(there)
    info = run_info(evidence=SHARED_FOLDER)
    ledger.runs.begin(info, [job()])
    assert bring_here(RUN_ID, here, ledger) is None  # it is not over
    recorder = Recorder(store, masked=False)
    recorder.begin(ORDER)
    recorder.picture(AdminWithPicture(ledger, ORDER, PICTURE), "open_order")
    result = result_of(job(), Verdict(outcome=Outcome.FAILED, message="No."), evidence=tuple(recorder.evidence))
    ledger.runs.finish_order(result)
    info = info.finished(info.started_at)
    ledger.runs.finish(info)
    write_results(there, info, [result])
    ledger.trail.note(Event.RESULTS_WRITTEN, files=hashes_of_results(there))

    folder = bring_here(RUN_ID, here, ledger)
    assert folder == here / RUN_ID
    shown = renew_report(folder, ledger, store).read_text(encoding="utf-8")
    assert shown.count("data:image/jpeg;base64,") == 1
    for run in (there, folder):
        seen = verify(run, ledger, store)
        assert (seen.disagreement, seen.pictures, seen.remark) == ("", 1, "")
    store.remove()
    gone = verify(folder, ledger, store).disagreement
    assert gone.startswith(f"{NAME} (event 2, picture of order {ORDER} at ")
    assert gone.endswith(") is not in the evidence store.")
