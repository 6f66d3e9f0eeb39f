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


@pytest.mark.usefixtures("settings")
def test_check_needs_the_pack_named(countermand: Countermand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_PACK", "auto")
    assert countermand("check") == (
        2,
        "",
        "Only doctor, plan, run and audit recognise the pack on the page (auto): name it here, one that comes with "
        "Countermand (asc-2, asc-4.0, asc-4.3) or a folder that has a pack.yaml.\n",
    )


@pytest.mark.parametrize("command", ["check", "record"])
def test_only_a_command_that_can_recognise_the_pack_offers_to(countermand: Countermand, command: str) -> None:
    assert "or auto" in " ".join(countermand("doctor", "--help").out.split())
    assert "auto" not in countermand(command, "--help").out
