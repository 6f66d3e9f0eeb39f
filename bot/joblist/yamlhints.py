"""What a person meant in a job list in YAML, where YAML itself understands something else without a word.

`` #4711`` begins a comment, ``Null`` is nothing, and the comma of ``1.234,56`` ends a value inside braces.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from bot.errors import Problem
from bot.files import shown
from bot.joblist.yamlfile import Document

_CUT_OFF = re.compile(
    r"""^(?P<before>[ ]*(?:-[ ]+)*(?P<key>note|store|buyer):[ ]+)"""
    r"""(?P<value>[^\s"'|>&*!{\[#][^#\n]*?)[ ]+(?P<rest>\#[^\s#].*)$""",
    re.MULTILINE,
)
"""A plain value with a comment behind it that does not look like one: a remark has a space after its ``#``."""

_STRANGE_INDENT = re.compile(r"^[ ]*([\u00a0\u2000-\u200a\u202f\u205f\u3000])\s*(?=-\s|\w+:)", re.MULTILINE)
_CODE_POINT = re.compile(r"the character U\+([0-9A-F]{4,6}), which is invisible")
_NULL = re.compile(r"null\b", re.IGNORECASE)
_MISSING = "A value is missing here"


def not_as_meant(document: Document) -> Iterator[Problem]:
    """Texts that YAML cuts off without a word."""
    text = document.text
    if " #" not in text:
        return
    values = _texts(document.data)
    for found in _CUT_OFF.finditer(text):
        if found["value"] not in values:
            continue  # inside a longer text, where nothing is cut off
        line = text.count("\n", 0, found.start()) + 1
        message = (
            f"YAML reads {shown(found['rest'])} as a comment, and the {found['key']} as {shown(found['value'])}: put "
            "the whole text in quotes, or a space after #"
        )
        yield Problem(document.file, line, len(found["before"]) + 1, message)


def said_plainly(problems: Iterable[Problem], document: Document) -> list[Problem]:
    """The problems that were found, some of them in words that say what YAML made of the text."""
    amounts = dict(_cut_amounts(document.data))
    lines = document.text.splitlines()
    said: list[Problem] = []
    for problem in map(partial(_at_the_character, lines), problems):
        here = lines[problem.line - 1][problem.column - 1 :] if 0 < problem.line <= len(lines) else ""
        if amounts and (whole := next((amounts[key] for key in amounts if here.startswith(key)), "")):
            if not problem.message.startswith(_MISSING):
                how = "write digits, with a point before the cents, no other signs and no currency, such as 1234.56"
                said.append(problem._replace(message=f"{whole} is not an amount: {how}"))
        elif problem.message.startswith(_MISSING) and (word := _NULL.match(here)):
            message = f"{word[0]} means that there is no value: put it in quotes if it is a name"
            said.append(problem._replace(message=message))
        else:
            said.append(problem)
    return said


def _at_the_character(lines: Sequence[str], problem: Problem) -> Problem:
    """The problem at the character itself that nobody sees, and not at the beginning of the value that holds it."""
    named = _CODE_POINT.search(problem.message)
    if named and 0 < problem.line <= len(lines):
        column = lines[problem.line - 1].find(chr(int(named[1], 16)), problem.column - 1)
        return problem._replace(column=column + 1) if column >= 0 else problem
    return problem


def wrongly_indented(text: str, file: str) -> list[Problem]:
    """The lines that are indented by spaces that YAML does not count as spaces; they come from web pages."""
    return [
        Problem(
            file,
            text.count("\n", 0, found.start()) + 1,
            found.start(1) - found.start() + 1,
            f"The character U+{ord(found[1]):04X} indents this line, which YAML takes for text: use ordinary spaces",
        )
        for found in _STRANGE_INDENT.finditer(text)
    ]


def _cut_amounts(data: object) -> Iterator[tuple[str, str]]:
    """The part behind the comma of each amount that YAML took for a key of its own, and the whole amount."""
    for mapping in _mappings(data):
        total = mapping.get("total")
        if isinstance(total, str):
            for key, value in mapping.items():
                if value is None and re.fullmatch(r"\d{1,3}(?:\.\d+)?", key):
                    yield key, f"{total},{key}"


def _mappings(data: object) -> Iterator[dict[str, object]]:
    if isinstance(data, dict):
        yield data
        for value in data.values():
            yield from _mappings(value)
    elif isinstance(data, list):
        for value in data:
            yield from _mappings(value)


def _texts(data: object) -> set[str]:
    found: set[str] = set()
    for mapping in _mappings(data):
        found.update(value for value in mapping.values() if isinstance(value, str))
    return found
