"""``python -OO`` takes docstrings and assertions away: the program must say and do the same without them."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

pytestmark = pytest.mark.slow("imports the whole program again, without its docstrings")

WHAT_IT_SAYS = """
import importlib
import json
import pkgutil
import sys
from contextlib import redirect_stdout
from io import StringIO

from typer.main import get_command

import bot
from bot.cli import app
from bot.errors import CountermandError
from bot.joblist import job_list_schema
from bot.pack import pack_schema

for module in pkgutil.walk_packages(bot.__path__, "bot."):
    importlib.import_module(module.name)

says = {"optimized": sys.flags.optimize}

def ask(command, *names):
    page = StringIO()
    with redirect_stdout(page):
        command.main([*names, "--help"], prog_name="countermand", standalone_mode=False)
    says[" ".join(("countermand", *names))] = page.getvalue()

root = get_command(app)
ask(root)
for name, command in root.commands.items():
    ask(root, name)
    for below in getattr(command, "commands", ()):
        ask(root, name, below)

family = [CountermandError]
for member in family:
    family += [child for child in member.__subclasses__() if child not in family]
    says[f"{member.__name__}, its template"] = member.template
    says[f"{member.__name__}, its next step"] = member.next_step
says["the schema of job lists"] = job_list_schema()
says["the schema of packs"] = pack_schema()
print(json.dumps(says))
"""


@cache
def said_by(*options: str) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, *options, "-c", WHAT_IT_SAYS], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
    says: dict[str, Any] = json.loads(told.stdout)
    return says


COMMANDS = (
    "",
    *("run", "plan", "audit", "resolve", "signed-in", "demo", "report", "verify", "status", "purge", "sandbox"),
    *("doctor", "record", "check", "schema", "pack", "pack show", "pack diff", "pack lint"),
    *("submit", "worker", "queue", "queue list", "queue pause", "queue resume", "queue cancel", "queue retry"),
    *("queue approve", "queue decline", "queue release", "serve"),
    *("schedule", "schedule list", "schedule add", "schedule remove"),
    *("move-ledger", "browser-server"),
)


def test_without_docstrings_it_says_word_for_word_the_same() -> None:
    plainly, without = {**said_by()}, {**said_by("-OO")}
    assert (plainly.pop("optimized"), without.pop("optimized")) == (0, 2)
    assert without == plainly


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_words_without_docstrings(command: str) -> None:
    usage, words, *_ = said_by("-OO")[f"countermand {command}".strip()].split("\n\n")
    assert usage.startswith("Usage: countermand")
    assert words.startswith("  ")


def test_what_is_compared_is_all_that_there_is() -> None:
    says = said_by("-OO")
    assert {name for name in says if name.startswith("countermand")} == {
        f"countermand {command}".strip() for command in COMMANDS
    }
    assert sum(name.endswith("its template") for name in says) > 30


def test_a_mistake_ends_in_its_sentence_without_docstrings() -> None:
    mistaken = ["-c", "from bot.cli import main; main()", "pack", "show", "asc-9"]
    plainly, without = (
        subprocess.run(
            [sys.executable, *options, *mistaken], capture_output=True, text=True, encoding="utf-8", check=False
        )
        for options in ([], ["-OO"])
    )
    assert plainly.returncode == without.returncode == 2
    assert plainly.stderr == without.stderr != ""
