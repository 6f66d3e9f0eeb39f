"""The evidence store: the same four methods over a folder and over anything else."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import s3_kit
from evidence_kit import MemoryStore
from run_kit import RUN_ID

from bot.evidence.addressed import AddressedStore
from bot.evidence.objects import FolderObjects
from bot.evidence.s3 import S3Objects
from bot.evidence.store import EvidenceStore, LocalStore, store_of

FIRST, SECOND = "evidence/1/01-open_order.jpg", "evidence/1/02-find_order.jpg"
SESSION = "evidence/session/01-sign_in.jpg"


IN_A_BUCKET = pytest.param(
    "bucket",
    marks=[
        pytest.mark.slow("it starts a server"),
        pytest.mark.skipif(not s3_kit.is_installed(), reason="moto's server or obstore is not installed"),
    ],
)


@pytest.fixture(scope="module")
def in_a_bucket() -> Iterator[Mapping[str, str]]:
    with s3_kit.bucket() as environment:
        yield environment


@pytest.fixture(params=["local", "memory", "folder", IN_A_BUCKET])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    match request.param:
        case "local":
            return LocalStore(tmp_path)
        case "memory":
            return MemoryStore()
        case "folder":
            objects = FolderObjects(tmp_path)
            objects.mark()
            return AddressedStore(objects, RUN_ID)
    environment = request.getfixturevalue("in_a_bucket")
    return AddressedStore(S3Objects(f"s3://{s3_kit.BUCKET}/{secrets.token_hex(4)}", environment), RUN_ID)


@pytest.fixture
def full(store: EvidenceStore) -> EvidenceStore:
    for name in (SESSION, SECOND, FIRST):
        store.add(name, name.encode())
    return store


# --- Any store ---


def test_what_was_added_is_given_back(full: EvidenceStore) -> None:
    assert full.get(FIRST) == FIRST.encode()
    assert full.get(FIRST, 8) == b"evidence"
    assert full.get(FIRST, 10_000) == FIRST.encode()


def test_a_new_store_is_empty(store: EvidenceStore) -> None:
    assert dict(store.list()) == {}


def test_names_are_listed_in_order_with_their_sizes(full: EvidenceStore) -> None:
    assert list(full.list().items()) == [(name, len(name)) for name in (FIRST, SECOND, SESSION)]


def test_only_names_under_the_one_that_is_asked_for_are_listed(full: EvidenceStore) -> None:
    full.add("evidence/11/01-open_order.jpg", b"")
    assert list(full.list("evidence/1")) == [FIRST, SECOND]
    assert list(full.list(FIRST)) == [FIRST]
    assert list(full.list("evidence/2")) == []


def test_what_is_there_is_not_written_over(full: EvidenceStore) -> None:
    with pytest.raises(FileExistsError):
        full.add(FIRST, b"another")
    assert full.get(FIRST) == FIRST.encode()


@pytest.mark.parametrize("name", ["evidence/1/03-never.jpg", "evidence/1", "evidence"])
def test_what_is_not_there_is_an_error(full: EvidenceStore, name: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's choice
        full.get(name)


def test_one_file_is_removed(full: EvidenceStore) -> None:
    full.remove(FIRST)
    assert list(full.list()) == [SECOND, SESSION]


def test_all_under_a_name_is_removed(full: EvidenceStore) -> None:
    full.remove("evidence/1")
    assert list(full.list()) == [SESSION]


def test_everything_is_removed_and_what_is_gone_is_no_error(full: EvidenceStore) -> None:
    full.remove()
    full.remove()
    full.remove(FIRST)
    assert list(full.list()) == []


# --- The local folder ---


def test_evidence_lies_in_the_folder_of_the_run_under_its_name(tmp_path: Path) -> None:
    store_of(tmp_path).add(FIRST, b"a picture")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / FIRST]


def test_two_processes_see_each_others_files(tmp_path: Path) -> None:
    here, there = LocalStore(tmp_path), LocalStore(tmp_path)
    here.add(FIRST, b"a picture")
    assert list(there.list()) == [FIRST]
    there.remove(FIRST)
    assert list(here.list()) == []


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "evidence/../../secret.jpg", "{outside}/secret.jpg", "run.json", "", ".", "evidence/\x00"]
)
def test_nothing_outside_the_evidence_is_read_written_or_removed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    kept = [tmp_path / "secret.jpg", folder / "run.json"]
    for path in kept:
        path.write_bytes(b"as it was")
    name = name.format(outside=tmp_path.as_posix())
    store = LocalStore(folder)
    uses: list[Callable[[], object]] = [
        lambda: store.get(name),
        lambda: store.add(name, b"new"),
        lambda: store.list(name),
        lambda: store.remove(name),
    ]
    for use in uses:
        with pytest.raises(FileNotFoundError):
            use()
    assert [path.read_bytes() for path in kept] == [b"as it was"] * 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["run", "run.json", "secret.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make symbolic links")
@pytest.mark.parametrize("target", ["../../secret.jpg", "ring.jpg"])
def test_a_link_that_leads_out_of_the_folder_is_not_read(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "run"
    (folder / "evidence").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (folder / "evidence" / "ring.jpg").symlink_to(target)
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's choice
        LocalStore(folder).get("evidence/ring.jpg")


def test_a_file_that_could_not_be_written_whole_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_file = Path.open

    class Full:
        """An open file on a disk that is full."""

        def __init__(self, path: Path, mode: str) -> None:
            self._file = open_file(path, mode)

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, content: bytes) -> int:
            self._file.write(content[:1])
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda path, mode: Full(path, mode))
        with pytest.raises(OSError, match="No space left on device"):
            LocalStore(tmp_path).add(FIRST, b"a picture")
    assert dict(LocalStore(tmp_path).list()) == {}
    LocalStore(tmp_path).add(FIRST, b"a picture")
    assert LocalStore(tmp_path).get(FIRST) == b"a picture"
