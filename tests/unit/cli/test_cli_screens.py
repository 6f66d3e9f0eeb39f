"""Commands that look at the screens: what they refuse before anything is opened."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.checks.doctor import CHECKS, Finding, FindingState

if TYPE_CHECKING:
    from bot.runner.stopping import StopRequest
    from tests.unit.cli.conftest import Countermand, Shop


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--full", "112-1215998-3002091"],
            "--full cancels an order: give its store with --store, and a reason with --reason.",
        ),
        (
            ["--full", "112-1215998-3002091", "--json"],
            "--full shows its progress: leave out --json, and read check.json.",
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
        "Only doctor, plan, run and audit recognize the pack on the page (auto): name it here, one that comes with "
        "Countermand (asc-2, asc-4.0, asc-4.3) or a folder that has a pack.yaml.\n",
    )


@pytest.mark.parametrize("command", ["check", "record"])
def test_only_a_command_that_can_recognize_the_pack_offers_to(countermand: Countermand, command: str) -> None:
    assert "or auto" in " ".join(countermand("doctor", "--help").out.split())
    assert "auto" not in countermand(command, "--help").out


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> dict[str, FindingState]:
    """What each of the checks is to come to, in place of a walk with a browser; those not named are not made."""
    found: dict[str, FindingState] = {}

    def examine(walk: Any, sign_in: Any, show: Any, read_settings: Any, **options: Any) -> int:
        for check in CHECKS:
            if check.name in found:
                show.ended(check, Finding(check=check.name, state=found[check.name], found="So it is."))
        return 0

    monkeypatch.setattr("bot.checks.check.command.examine", examine)
    return found


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("found", "status", "ended"),
    [
        ({}, 0, ""),
        ({"settings": FindingState.WORKS, "home": FindingState.WORKS}, 0, ""),
        ({"sign_in": FindingState.FAILED}, 1, "Sign-in: So it is."),
        ({"browser": FindingState.FAILED}, 2, "Browser: So it is."),
    ],
    ids=["as it should be", "all passed", "the walk ended early", "nothing was opened"],
)
def test_check_ends_with_the_status_of_what_it_found(
    countermand: Countermand, walked: dict[str, FindingState], found: dict[str, FindingState], status: int, ended: str
) -> None:
    walked.update(found)
    said = countermand("check", "--json")
    assert (said.status, said.err) == (status, "")
    outcome = json.loads(said.out)
    assert outcome["ended"] == ended
    folder = Path("runs") / "checks" / outcome["check"]
    assert {path.name for path in folder.iterdir()} == {"check.html", "check.json", "junit.xml"}


ORDER = "112-1215998-3002091"
FULL = ("--full", ORDER, "--store", "Nordwind UK", "--reason", "Buyer Canceled", "--yes")


@pytest.mark.usefixtures("walked")
def test_check_cancels_the_order_that_is_named_where_nothing_differs(countermand: Countermand, shop: Shop) -> None:
    assert countermand("check", *FULL).status == 0
    assert shop.worked == [("cancel", ORDER, False)]


def test_check_cancels_nothing_once_a_person_asked_to_stop(
    countermand: Countermand, shop: Shop, monkeypatch: pytest.MonkeyPatch, ctrl_c_works: None
) -> None:
    def examine(walk: Any, sign_in: Any, show: Any, read_settings: Any, *, stop: StopRequest, **options: Any) -> int:
        signal.raise_signal(signal.SIGINT)  # after the last step of the walk
        assert stop()
        return 0

    monkeypatch.setattr("bot.checks.check.command.examine", examine)
    said = countermand("check", *FULL)
    assert (said.status, shop.worked) == (130, [])


@pytest.mark.usefixtures("settings", "walked")
def test_baselines_are_where_the_option_says_or_else_the_settings(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*arguments: str) -> str:
        return str(json.loads(countermand("check", "--json", *arguments).out)["baselines"])

    assert told() == str(Path("baselines") / "asc-4.3")
    monkeypatch.setenv("COUNTERMAND_BASELINES", "ours")
    assert told() == "ours"
    assert told("--baselines", "theirs") == "theirs"
