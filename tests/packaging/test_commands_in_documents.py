"""The command line's own parser takes every command that README and the documents show, in a block or in a sentence.

Most of those in blocks are entered, too: ``tests/browser/test_documents.py``.
"""

from pathlib import Path

import pytest
from documents_kit import DOCUMENTS, ROOT, SHOWN, TERMINALS, blocks, in_sentences, parse, parse_as_far_as_it_goes


@pytest.mark.parametrize("document", SHOWN)
def test_every_command_that_a_document_shows_is_one(document: str) -> None:
    for command in SHOWN[document]:
        parse(command)


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "CHANGELOG.md"], ids=lambda path: path.name)
def test_every_command_in_a_sentence_is_one_as_far_as_it_goes(document: Path) -> None:
    for command in in_sentences(document.read_text(encoding="utf-8")):
        parse_as_far_as_it_goes(command)


def test_commands_in_sentences_are_found() -> None:
    text = "`countermand pack show|lint PACK` or `countermand run\nJOBS --workers N ...`\n```\ncountermand `x`\n```\n"
    assert list(in_sentences(text)) == [
        ["pack", "show", "PACK"],
        ["pack", "lint", "PACK"],
        ["run", "JOBS", "--workers", "1"],
    ]


@pytest.mark.parametrize(
    "command", [["cancel"], ["queue", "stop"], ["run", "orders.yaml", "--force"], ["resolve", "--as", "canceled"]]
)
def test_a_command_that_is_none_is_found(command: list[str]) -> None:
    with pytest.raises(Exception, match=r"no command|No such option|Missing parameter"):
        parse(command)
    if "resolve" not in command:
        with pytest.raises(Exception, match=r"no command|No such option"):
            parse_as_far_as_it_goes(command)


def test_every_block_that_names_the_program_is_looked_into() -> None:
    """A block is for a terminal, or it is a file, a program, or what is printed."""
    used = {block.language for path in DOCUMENTS for block in blocks(path.read_text(encoding="utf-8"))}
    assert used - TERMINALS <= {"ini", "json", "python", "text", "yaml"}
