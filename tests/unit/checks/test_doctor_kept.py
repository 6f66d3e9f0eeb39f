"""The latest round of doctor is kept, for the console."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.checks.doctor import CHECKS, Finding, FindingState
from bot.checks.doctor.kept import Keeping, kept_rounds
from bot.errors import InputInvalid
from bot.settings import Settings

HOME = "https://shop.example/admin"


class Heard:
    """Hears a round."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.findings: tuple[Finding, ...] = ()

    def begun(self, check: object) -> None: ...

    def step(self, name: str) -> None: ...

    def ended(self, check: object, finding: object) -> None: ...

    def say(self, remark: str) -> None:
        self.said.append(remark)

    def over(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings


def findings(*states: str) -> Sequence[Finding]:
    return [
        Finding(check=check.name, state=FindingState(state), found=f"{check.title}.")
        for check, state in zip(CHECKS, states, strict=False)
    ]


@pytest.fixture
def go(tmp_path: Path) -> Callable[..., Heard]:
    """Makes a round that finds this on an Admin."""

    def go(*states: str, admin: str = HOME, runs: Path = tmp_path) -> Heard:
        heard = Heard()
        keeping = Keeping(cast(Any, heard), lambda: cast(Settings, SimpleNamespace(admin_url=admin, runs_dir=runs)))
        keeping.settings()
        keeping.over(findings(*states))
        return heard

    return go


def test_the_latest_round_of_each_admin_is_kept(go: Callable[..., Heard], tmp_path: Path) -> None:
    go("works", "failed")
    heard = go("works", "works")
    go("failed", admin="https://shop.example/staging/admin")
    assert heard.findings == tuple(findings("works", "works"))
    kept = {one.admin: one for one in kept_rounds(tmp_path)}
    assert {admin: (one.failed, len(one.findings)) for admin, one in kept.items()} == {
        "shop.example/admin": (False, 2),
        "shop.example/staging/admin": (True, 1),
    }
    assert [one.admin for one in kept_rounds(tmp_path)] == ["shop.example/staging/admin", "shop.example/admin"]


def test_two_admins_whose_names_read_alike_are_kept_apart(go: Callable[..., Heard], tmp_path: Path) -> None:
    go("works", admin="https://shop.example/a/b")
    go("works", admin="https://shop.example/a-b")
    assert len(kept_rounds(tmp_path)) == 2


def test_without_settings_nothing_is_kept(tmp_path: Path) -> None:
    def read() -> Settings:
        raise InputInvalid([])

    heard = Heard()
    keeping = Keeping(cast(Any, heard), read)
    with pytest.raises(InputInvalid):
        keeping.settings()
    keeping.over(findings("failed"))
    assert (heard.findings, list(tmp_path.iterdir())) == (tuple(findings("failed")), [])


def test_a_folder_that_cannot_be_written_is_told_and_is_no_failure(go: Callable[..., Heard], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    heard = go("works", runs=tmp_path / "file")
    assert heard.findings == tuple(findings("works"))
    (said,) = heard.said
    assert said.startswith("What was found could not be kept for the console: ")


def test_a_file_that_is_no_round_is_left_out(go: Callable[..., Heard], tmp_path: Path) -> None:
    go("works")
    (tmp_path / "doctor" / "other.json").write_text("{}", encoding="ascii")
    assert len(kept_rounds(tmp_path)) == 1
