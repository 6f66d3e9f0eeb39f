"""``countermand record`` as far as it goes without a browser."""

from pathlib import Path

import pytest

from bot.checks.recording.command import record_to_file
from bot.errors import CannotStart
from bot.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(admin_url="https://shop.example/admin", username="bot", password="correct horse")


def refused(screen: str, file: Path, settings: Settings) -> str:
    with pytest.raises(CannotStart) as caught:
        record_to_file(screen, file, settings, lambda admin, account: None, lambda words: None)
    return str(caught.value)


def test_a_name_that_is_none_is_refused(settings: Settings) -> None:
    assert refused("../evil", Path("x.yaml"), settings) == (
        "'../evil' is not a screen name: use lower-case letters, digits and _, as in order_details."
    )


def test_a_file_that_is_there_is_kept(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text("mine", encoding="utf-8")
    assert refused("home", file, settings) == f"{file} already exists: name another file with --out."
    assert file.read_text(encoding="utf-8") == "mine"


def test_it_needs_a_person_at_a_terminal(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert refused("home", tmp_path / "home.yaml", settings) == (
        "There is no terminal: recording needs a person at one, and at the browser beside it."
    )
    assert list(tmp_path.iterdir()) == []
