"""The commands that README and the documents have people enter, as they stand there."""

import itertools
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from bot.cli import app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]

TERMINALS = {"", "bash", "console", "powershell", "sh"}
"""The languages of blocks that are entered."""

_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_OURS = re.compile(r"(?:^|[\s/\\])countermand(?:\.exe)?(?::[\w.]+)? +(?=[a-z])")
"""Where a command of ours begins: after its name, its path, or the image with its tag."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """What a document has between two fences."""

    language: str
    lines: tuple[str, ...]
    """Without the indent of the fences, and with continued lines in one."""

    def commands(self, name: str = "countermand") -> Iterator[tuple[str, ...]]:
        """What follows this command, line by line; a comment is no part of it."""
        for line in self.lines:
            begins = _OURS.search(line) if name == "countermand" else re.search(rf"(?:^|\s){name} +(?=[a-z])", line)
            if begins and not line.lstrip().startswith(("#", "pip ", "useradd ", "docker build ")):
                yield tuple(shlex.split(line[begins.end() :], comments=True))

    def settings(self) -> dict[str, str]:
        """The settings that it shows, for ``.env``."""
        written = (re.match(r"(COUNTERMAND_\w+)=(.*)$", line) for line in self.lines)
        return {found[1]: found[2] for found in written if found}


def blocks(text: str) -> list[Block]:
    """Every fenced block of a document, in its order."""
    return [
        Block(
            language=found["language"],
            lines=tuple(
                re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE).replace("\\\n", " ").splitlines()
            ),
        )
        for found in _BLOCK.finditer(text)
    ]


def in_sentences(text: str) -> Iterator[list[str]]:
    """The commands that stand between single backticks. Each of ``show|lint`` is one, and ``N`` is a number."""
    for said in re.findall(r"`countermand ([a-z][^`]*)`", _BLOCK.sub("", text)):
        words = ["1" if word == "N" else word for word in shlex.split(said) if not word.startswith("...")]
        for choice in itertools.product(*(word.split("|") for word in words)):
            yield list(choice)


def for_a_shell(text: str) -> list[Block]:
    """The blocks that are entered in a terminal; the others are files, code, and what is printed."""
    return [block for block in blocks(text) if block.language in TERMINALS]


def parse(arguments: Sequence[str]) -> None:
    """Have the command line's own parser take this, and nothing else happen.

    Raises:
        Exception: the parser's own, which says what it does not take.
    """
    command: Any = typer.main.get_command(app)
    path, rest = "countermand", list(arguments)
    while rest and (inner := getattr(command, "commands", {}).get(rest[0])):
        command, path = inner, f"{path} {rest.pop(0)}"
    if rest and getattr(command, "commands", {}):
        raise ValueError(f"{path} has no command {rest[0]}")
    with command.make_context(path, rest):
        pass


def parse_as_far_as_it_goes(arguments: Sequence[str]) -> None:
    """The same, of a command that a sentence names without all that it needs."""
    try:
        parse(arguments)
    except Exception as trouble:
        if type(trouble).__name__ not in {"MissingParameter", "BadOptionUsage"}:
            raise


SHOWN = {
    document.relative_to(ROOT).as_posix(): found
    for document in DOCUMENTS
    if (
        found := [
            command for block in for_a_shell(document.read_text(encoding="utf-8")) for command in block.commands()
        ]
    )
}
"""The commands in the blocks of each document that has some."""
