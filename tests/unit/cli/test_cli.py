"""The program as a whole: its help, its version, wrong usage, and what it does with a defect."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import __version__

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand


def nothing_was_made() -> bool:
    return [path.name for path in Path().iterdir()] == ["jobs.yaml"]


SLOW = ("dbos", "playwright", "sqlalchemy", "jinja2", "starlette", "uvicorn", "ruamel", "loguru")


def test_the_version_is_told(countermand: Countermand) -> None:
    assert countermand("--version") == (0, f"countermand {__version__}\n", "")


def test_the_help_lists_every_command(countermand: Countermand) -> None:
    said = countermand("--help")
    commands = dict(re.findall(r"^  ([\w-]+) +(\S.*)$", said.out.partition("Commands:\n")[2], re.MULTILINE))
    assert (said.status, said.err) == (0, "")
    assert commands == {
        "run": "Cancel the orders on a list, or say why not.",
        "plan": "Say what would happen to each order; press nothing.",
        "demo": "See it work here, on a practice Admin.",
        "audit": "Look again at canceled orders: did Amazon accept it?",
        "submit": "Queue a list for workers on any machine.",
        "worker": "Work what is queued, until stopped.",
        "browser-server": "Serve a browser for a worker on another machine.",
        "serve": "Serve the console: lists, approvals, live pictures.",
        "queue": "See what waits for workers, and change that.",
        "schedule": "Have lists, audits and checks done at certain times.",
        "resolve": "Settle an order that waits for a person.",
        "signed-in": "Record that a person signed in by hand, after refusals.",
        "report": "Write the report of a run again.",
        "verify": "Check that a run's folder and the ledger still agree.",
        "status": "List runs, and what waits for a person.",
        "purge": "Remove old evidence; keep outcomes.",
        "move-ledger": "Move the ledger to a server, for many machines.",
        "sandbox": "Serve the practice Admin, to try things and to train.",
        "pack": "Check, show and compare packs, for people who keep them.",
        "check": "Compare screens with pack and baselines; cancel nothing.",
        "doctor": "Check everything up to the cancel dialog; cancel nothing.",
        "record": "Click through a screen; get a draft of its pack file.",
        "schema": "Print a JSON Schema, for editors that check and complete.",
    }


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "plan",
        "audit",
        "submit",
        "worker",
        "browser-server",
        "queue",
        "queue list",
        "queue pause",
        "queue resume",
        "queue cancel",
        "queue retry",
        "queue approve",
        "queue decline",
        "queue release",
        "serve",
        "schedule",
        "schedule list",
        "schedule add",
        "schedule remove",
        "resolve",
        "signed-in",
        "demo",
        "report",
        "verify",
        "status",
        "purge",
        "move-ledger",
        "sandbox",
        "doctor",
        "record",
        "check",
        "schema",
        "pack",
        "pack show",
        "pack lint",
        "pack diff",
    ],
)
def test_every_command_explains_itself(countermand: Countermand, command: str) -> None:
    said = countermand(*command.split(), "--help")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"Usage: countermand {command} [OPTIONS]")


def test_without_a_command_the_help_is_shown(countermand: Countermand) -> None:
    said = countermand()
    assert (said.status, said.out) == (2, "")
    assert said.err.rstrip() == countermand("--help").out.rstrip()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["cancel"], "No such command 'cancel'."),
        (["run"], "Missing argument 'JOBS'."),
        (["schema", "job"], "Invalid value for 'jobs|pack': 'job' is not one of 'jobs', 'pack'."),
        (["status", "--anyway"], "No such option: --anyway"),
        (["status", "more"], "Got unexpected extra argument(s) (more)"),
        (["run", "jobs.yaml", "--pack"], "Option '--pack' requires an argument."),
        (["report"], "Missing argument 'RUN'."),
        (["verify"], "Missing argument 'RUN'."),
        (["doctor", "--store"], "Option '--store' requires an argument."),
    ],
)
def test_wrong_usage_ends_with_2(countermand: Countermand, arguments: list[str], complaint: str) -> None:
    said = countermand(*arguments)
    assert (said.status, said.out, said.err.splitlines()[-1]) == (2, "", f"Error: {complaint}")
    assert nothing_was_made()


def test_the_installed_program_is_this_command_line() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, f"countermand {__version__}\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_ends_in_a_sentence() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        told = subprocess.run(
            [sys.executable, "-c", "from bot.cli import main; main()", "schema", "jobs"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    complaint = f"The output could not be written: {os.strerror(errno.ENOSPC)}.\n"
    assert (told.returncode, told.stderr) == (3, complaint)


def test_asking_for_help_loads_nothing_slow() -> None:
    asked = "import sys, bot.cli; print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    told = subprocess.run([sys.executable, "-c", asked, *SLOW], capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr) == ("[]\n", "")


def test_a_defect_keeps_its_traceback_without_secrets(
    countermand: Countermand, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    password = settings["PASSWORD"]

    def broken() -> None:
        raise ZeroDivisionError(f"by {password}")

    monkeypatch.setattr("bot.joblist.job_list_schema", broken)
    said = countermand("schema", "jobs")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("Traceback (most recent call last):\n")
    assert said.err.endswith("\nZeroDivisionError: by [hidden]\n")
