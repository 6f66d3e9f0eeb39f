"""What the recorder says where it can keep nothing: a sentence, not a browser's error with its log."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from log_kit import logged
from playwright.sync_api import Error as PlaywrightError

from bot.errors import EvidenceNotWritten
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore

BROWSERS_WORDS = "Page.screenshot: Timeout 30000ms exceeded.\nCall log:\n  - taking page screenshot\n"


@pytest.fixture
def page_of_no_picture(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An Admin whose page gives no picture."""

    def refuse(*_: object, **__: object) -> bytes:
        raise PlaywrightError(BROWSERS_WORDS)

    monkeypatch.setattr("bot.admin.camera.photograph", refuse)
    return SimpleNamespace(
        page=SimpleNamespace(is_closed=lambda: False),
        pack=None,
        signed_out=False,
        holds_secret=False,
        attempt=SimpleNamespace(pressed=False),
    )


def test_why_there_is_no_evidence_of_the_trouble_is_logged_as_a_sentence(
    page_of_no_picture: Any, tmp_path: Path
) -> None:
    with logged() as lines:
        Recorder(LocalStore(tmp_path)).trouble(page_of_no_picture, "open_order")
    assert lines == ["no evidence of the trouble in step open_order: Timeout 30000ms exceeded"]


def test_why_a_picture_is_missing_is_told_as_a_sentence(page_of_no_picture: Any, tmp_path: Path) -> None:
    with pytest.raises(EvidenceNotWritten) as told:
        Recorder(LocalStore(tmp_path)).picture(page_of_no_picture, "open_order")
    assert str(told.value) == (
        "The evidence could not be written (Timeout 30000ms exceeded), and no order is canceled without it."
    )
