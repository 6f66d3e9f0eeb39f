"""Every command that opens a ledger refuses one that a newer version wrote, and changes nothing; both databases."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from bot.cli import app
from bot.ledger import Ledger
from bot.ledger.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_kit import Countermand, Said

DATA = Path(__file__).resolve().parents[2] / "upgrade" / "countermand-0.1.0.zip"
LEDGER = Path("runs", "ledger.sqlite")
ORDER = "112-6177312-0215004"
RUN = "RUN"
"""Stands for the id of a run that is there."""
NEWER = 99

CALLS = {
    "run": ["jobs.yaml", "--yes"],
    "run, many workers": ["jobs.yaml", "--yes", "--workers", "2"],
    "run, dry": ["jobs.yaml", "--dry-run"],
    "plan": ["jobs.yaml"],
    "audit": [],
    "submit": ["jobs.yaml"],
    "worker": ["--once"],
    "serve": ["--no-worker"],
    "serve, with a worker": [],
    "resolve": [ORDER, "--as", "canceled", "--note", "seen in Seller Central"],
    "signed-in": ["--note", "by hand"],
    "report": [RUN],
    "verify": [RUN],
    "status": [],
    "purge": ["--older-than", "1m", "--yes"],
    "move-ledger": ["postgresql://bot@db.invalid/ledger"],
    "doctor": [],
    "record": ["order_details"],
    "check": [],
    "queue": [],
    "queue list": [],
    "queue pause": [],
    "queue resume": [],
    "queue cancel": [RUN],
    "queue approve": [RUN, "--reason", "looks right"],
    "queue decline": [RUN, "--reason", "looks wrong"],
    "queue release": ["bot", "--note", "its machine is gone"],
    "queue retry": [RUN],
    "schedule": [],
    "schedule list": [],
    "schedule add": ["nightly", "0 2 * * *", "--audit", "7d"],
    "schedule remove": ["nightly"],
}
"""A call of every command that opens the ledger; what follows a comma tells calls of one command apart."""

WITHOUT = {
    "browser-server",
    "demo",  # it has a ledger of its own, in the folder that it makes
    "sandbox",
    "schema",
    "pack",
}
"""The commands, and groups of them, that open no ledger which is there."""


def commands(group: Any, before: str = "") -> set[str]:
    """The names of all commands; a group that can be called alone is one, too."""
    found: set[str] = set()
    for name, command in group.commands.items():
        whole = f"{before}{name}"
        inside = hasattr(command, "commands")
        if inside:
            found |= commands(command, f"{whole} ")
        if not inside or command.invoke_without_command:
            found.add(whole)
    return found


def test_every_command_is_called_here_or_opens_no_ledger() -> None:
    called = {name.partition(",")[0] for name in CALLS}
    assert {name for name in commands(typer.main.get_command(app)) if name.split()[0] not in WITHOUT} == called


@pytest.fixture
def old_run(settings: dict[str, str]) -> str:
    """The id of a run that is there, made by 0.1.0; its ledger is one of this version."""
    with zipfile.ZipFile(DATA) as data:
        data.extractall(members=[name for name in data.namelist() if name.startswith("runs/")])
    with Ledger.open(LEDGER) as ledger:
        return next(info.run_id for info in ledger.runs.latest() if info.command == "run")


@pytest.fixture(autouse=True)
def _no_earlier_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """``record`` needs a terminal before anything, and two workers an account that they may share."""
    monkeypatch.setenv("COUNTERMAND_SHARE_ACCOUNT", "true")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)


def files() -> dict[str, bytes | None]:
    """Every file and folder here, and what is in it."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in Path().rglob("*")}


LEAVES = {"doctor": "doctor", "check": "checks"}
"""The folders of what these two leave in the runs folder, whatever they found."""


def left_alone(call: str) -> dict[str, bytes | None]:
    """The same afterwards, without what the command leaves each time."""
    return {name: content for name, content in files().items() if LEAVES.get(call) not in Path(name).parts}


IN_A_LIST = {"doctor": "FAILED Settings {}", "check": "{}"}
"""What these two say of the ledger, among what else they found."""


def refused(call: str, said: Said, place: Path | str) -> bool:
    """Whether the command ended with status 2 and said why."""
    words = " ".join((said.out + said.err).split())
    if call in IN_A_LIST:
        return said.status == 2 and IN_A_LIST[call].format(sentence(place)) in words
    return (said.status, words) == (2, sentence(place))


def sentence(place: Path | str) -> str:
    return (
        f"The ledger {place} cannot be used: it is of version {NEWER}, this Countermand supports up to "
        f"{SCHEMA_VERSION}. Update Countermand."
    )


@pytest.mark.parametrize("call", CALLS)
def test_a_ledger_file_of_a_newer_version_is_refused_and_nothing_is_changed(
    countermand: Countermand, old_run: str, beside_of: Callable[[Path | str], Any], call: str
) -> None:
    beside_of(LEDGER).change(f"UPDATE ledger_version SET version = {NEWER}")
    before = files()
    said = countermand(*call.partition(",")[0].split(), *(old_run if word == RUN else word for word in CALLS[call]))
    assert refused(call, said, LEDGER), said
    assert left_alone(call) == before


@pytest.mark.parametrize("call", CALLS)
def test_a_ledger_of_a_newer_version_on_a_server_is_refused_and_nothing_is_changed(
    countermand: Countermand,
    old_run: str,
    beside_of: Callable[[Path | str], Any],
    call: str,
    schema_on_server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if call == "move-ledger":
        pytest.skip("it moves a ledger that is a file")
    monkeypatch.setenv("COUNTERMAND_LEDGER", schema_on_server)
    Ledger.open(schema_on_server).close()
    beside = beside_of(schema_on_server)
    beside.change(f"UPDATE ledger_version SET version = {NEWER}")
    before = files(), beside.schema()
    said = countermand(*call.partition(",")[0].split(), *(old_run if word == RUN else word for word in CALLS[call]))
    assert refused(call, said, schema_on_server), said
    assert (left_alone(call), beside.schema()) == before
    assert beside.rows("SELECT version FROM ledger_version") == [(NEWER,)]


@pytest.mark.parametrize("call", ["run", "run, many workers", "run, dry", "plan", "submit", "purge"])
def test_a_ledger_of_a_newer_version_without_a_run_folder_beside_it_is_refused_too(
    countermand: Countermand, settings: dict[str, str], beside_of: Callable[[Path | str], Any], call: str
) -> None:
    Ledger.open(LEDGER).close()
    beside_of(LEDGER).change(f"UPDATE ledger_version SET version = {NEWER}")
    before = files()
    said = countermand(*call.partition(",")[0].split(), *CALLS[call])
    assert refused(call, said, LEDGER), said
    assert left_alone(call) == before
