"""Commands that look at the screens: what they refuse before anything is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Countermand


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--full", "112-1215998-3002091"],
            "--full cancels an order: name its store with --store, and a reason with --reason.",
        ),
        (
            ["--full", "112-1215998-3002091", "--json"],
            "--full tells how it goes while it does: leave --json away, and read check.json.",
        ),
    ],
)
def test_check_cancels_only_what_is_named_whole(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    for name, value in {"ADMIN_URL": "https://shop.example/admin", "USERNAME": "bot", "PASSWORD": "se-cret"}.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    assert countermand("check", *arguments) == (2, "", f"{complaint}\n")
