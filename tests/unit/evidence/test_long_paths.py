"""How far evidence lies below the folders that a person names: Windows takes 260 characters in all."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest
from run_kit import HOST, ORDER

from bot.engine.account_lease import leased_account
from bot.evidence.addressed import AddressedStore
from bot.evidence.objects import FolderObjects
from bot.evidence.recorder import SESSION, Recorder
from bot.evidence.run_folder import new_run_id
from bot.evidence.store import EvidenceStore, LocalStore
from bot.ledger import Ledger
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
RUN_ID = new_run_id(datetime(2026, 3, 1, tzinfo=UTC))
WINDOWS = 259
"""The longest path that Windows takes, in characters; the 260th is the zero at its end."""


def words_of_calls(method: str, where: str) -> Iterator[ast.expr]:
    """The first argument of every call of this method, in the modules of a folder."""
    for file in sorted((ROOT / where).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                yield node.args[0]


@cache
def steps() -> set[str]:
    """The names of all steps that are photographed."""
    named = [*words_of_calls("step", "flows"), *words_of_calls("picture", "flows"), *words_of_calls("picture", "bot")]
    return {word.value for word in named if isinstance(word, ast.Constant) and isinstance(word.value, str)}


def test_every_step_of_a_flow_has_a_name_that_can_be_read_off_the_code() -> None:
    assert [ast.dump(word) for word in words_of_calls("step", "flows") if not isinstance(word, ast.Constant)] == []
    assert {"press_confirm", "look_beside", "sign_in"} <= steps()


@pytest.fixture
def subjects(tmp_path: Path) -> list[str]:
    """What evidence is kept of: an order, and the sign-in of a run, of its worker, and of one on any machine."""
    settings = Settings(admin_url=f"https://{HOST}/admin", username="bot", password="secret")
    place = tmp_path / "ledger.sqlite"
    Ledger.open(place).close()
    with leased_account(place, HOST, settings) as lease:
        return [ORDER, SESSION, f"{SESSION}-31", f"{SESSION}-{lease.worker}"]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every path under which something was written, also under another name at first."""
    paths: list[Path] = []
    real = Path.open

    def noted(path: Path, mode: str = "r", *more: Any, **named: Any) -> IO[Any]:
        if mode == "xb":
            paths.append(path)
        return real(path, mode, *more, **named)

    monkeypatch.setattr(Path, "open", noted)
    monkeypatch.setattr("bot.admin.camera.photograph", lambda *_, **__: b"a picture")
    monkeypatch.setattr("bot.admin.camera.words", lambda *_, **__: "the page's words")
    return paths


def record_everything(store: EvidenceStore, subjects: list[str]) -> None:
    """Have trouble in every step, for everything that evidence is kept of."""
    admin: Any = SimpleNamespace(
        page=SimpleNamespace(is_closed=lambda: False), pack=None, signed_out=False, note=lambda *_, **__: None
    )
    recorder = Recorder(store)
    for subject in subjects:
        recorder.begin(subject)
        for step in steps():
            recorder.trouble(admin, step)


def documented() -> list[int]:
    """The figures of the documentation: below the runs folder, below the shared one, and how long these may be."""
    words = (ROOT / "docs" / "operating-systems.md").read_text(encoding="utf-8")
    (row,) = [line for line in words.splitlines() if line.startswith("| Long paths |")]
    return [int(number) for number in re.findall(r"(\d+) characters", row)]


def test_the_documentation_says_how_long_the_paths_of_evidence_are(
    subjects: list[str], written: list[Path], tmp_path: Path
) -> None:
    runs, shared = tmp_path / "runs", tmp_path / "shared"
    record_everything(LocalStore(runs / RUN_ID), subjects)
    in_runs = max(len(str(path)) - len(str(runs)) for path in written)
    written.clear()
    FolderObjects(shared).mark()
    record_everything(AddressedStore(FolderObjects(shared), RUN_ID), subjects)
    in_shared = max(len(str(path)) - len(str(shared)) for path in written)
    assert documented() == [in_runs, in_shared, WINDOWS - in_runs, WINDOWS - in_shared]
