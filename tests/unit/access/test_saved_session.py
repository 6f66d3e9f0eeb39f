"""A session that is saved between runs: who can read it, and what becomes of one that cannot be used."""

import json
import stat
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import keyring
import keyring.errors
import pytest
from playwright.sync_api import StorageState

from bot.access.saved_session import SavedSession

STATE = cast("StorageState", {"cookies": [{"name": "admin", "value": "the-session"}], "origins": []})


class Keyring:
    """A keyring that remembers."""

    priority = 5

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str], str] = {}

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keyring, "get_keyring", lambda: self)
        monkeypatch.setattr(keyring, "get_password", lambda *key: self.keys.get(key))
        monkeypatch.setattr(
            keyring, "set_password", lambda service, name, value: self.keys.update({(service, name): value})
        )


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: SimpleNamespace(priority=0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def saved(folder: Path, account: str = "demo") -> SavedSession:
    return SavedSession(folder, "shop.example", account)


def test_what_is_saved_is_given_back_to_the_same_account_only(folder: Path) -> None:
    assert saved(folder).load() is None
    saved(folder).save(STATE)
    assert saved(folder).load() == STATE
    assert saved(folder, "other").load() is None


@pytest.mark.skipif(sys.platform == "win32", reason="files have no mode there")
def test_its_file_is_for_its_owner_alone(folder: Path) -> None:
    session = saved(folder)
    session.save(STATE)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, session.file)] == [0o700, 0o600]
    assert list(folder.iterdir()) == [session.file]


def test_with_a_keyring_it_is_encrypted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_keyring = Keyring()
    with_keyring.use(monkeypatch)
    saved(folder).save(STATE)
    content = saved(folder).file.read_text(encoding="utf-8")
    assert "the-session" not in content
    assert saved(folder).load() == STATE
    (key,) = with_keyring.keys.values()
    assert key not in content
    with_keyring.keys.clear()  # another computer, or another person
    assert saved(folder).load() is None


def test_a_keyring_in_trouble_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keyring().use(monkeypatch)

    def locked(*_: str) -> str:
        raise keyring.errors.KeyringLocked("locked")

    monkeypatch.setattr(keyring, "get_password", locked)
    saved(folder).save(STATE)
    assert saved(folder).load() == STATE


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"encrypted": false, "session": 7}', '{"encrypted": true, "session": "x"}', "\x00"]
)
def test_a_file_that_cannot_be_used_is_passed_over(folder: Path, content: str) -> None:
    saved(folder).save(STATE)
    saved(folder).file.write_text(content, encoding="utf-8")
    session = saved(folder)
    assert session.load() is None
    session.save(STATE)
    assert saved(folder).load() == STATE


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("a file lies in the way", encoding="utf-8")
    saved(tmp_path / "sessions").save(STATE)


def test_names_may_hold_anything(folder: Path) -> None:
    one, two = saved(folder, "../../a/b:c"), saved(folder, "../../a_b:c")
    one.save(STATE)
    assert one.file.parent == folder
    assert two.load() is None
    assert json.loads(one.file.read_text(encoding="utf-8"))["encrypted"] is False


def test_two_admins_at_one_host_have_a_saved_session_each(folder: Path) -> None:
    staging, prod = (SavedSession(folder, f"shop.example/{path}/admin", "demo") for path in ("staging", "prod"))
    staging.save(STATE)
    assert staging.file.name.startswith("shop.example_staging_admin--demo-")
    assert (staging.load(), prod.load()) == (STATE, None)


@pytest.mark.parametrize("host", ["xn--bcher-kva.example", "bücher.example"])
def test_a_session_that_was_saved_for_a_host_alone_is_removed(folder: Path, host: str) -> None:
    earlier = SavedSession(folder, host, "demo")
    earlier.save(STATE)
    assert SavedSession(folder, "xn--bcher-kva.example/admin", "demo").load() is None
    assert list(folder.iterdir()) == []


def test_an_admin_without_a_path_has_its_saved_session(folder: Path) -> None:
    saved(folder).save(STATE)
    assert saved(folder).load() == STATE


def test_a_saved_session_that_is_forgotten_is_gone(folder: Path) -> None:
    session = saved(folder)
    session.save(STATE)
    session.forget()
    session.forget()
    assert saved(folder).load() is None
