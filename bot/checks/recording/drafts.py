"""A draft of a pack's file for one screen, from what a person pressed and pointed at there.

It is a starting point for an Admin that differs: every finder in it found one thing where it was recorded, but what a
thing is for, which checks tell the screen from the others, and what commits, only a person knows.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.errors import InputInvalid, Problem
from bot.joblist.validation import validate
from bot.joblist.yamlfile import read_yaml
from bot.pack import Pack
from bot.pack.lint import REQUIRED, lint
from bot.pack.model import READ_ONLY_KINDS, Element, ScreenSpec
from bot.vocabulary import AMAZON_ORDER_NUMBER
from bot.wording import cut, harmless

COMMITTING = re.compile(
    r"\b(confirm|cancel|delete|remove|save|submit|send|place|refund|ship|invoice|hold|approve|apply to|yes|ok)\b",
    re.IGNORECASE,
)
"""Names of controls that look as if pressing them could not be taken back."""

BUYERS = re.compile(r"\b(buyer|customer|e-?mail|phone|address|city|region|postal|zip|country|name)\b", re.IGNORECASE)
"""Labels whose values look like buyers' data."""

DIALOG = "dialog"

UNKNOWN = "say what it is for"

_CALLED = {
    "field": "value beside",
    "heading": "headline",
    "textbox": "field",
    "searchbox": "field",
    "label": "field",
    "text": "text",
    "choice": "choice",
}


class Seen(BaseModel):
    """One thing that was pressed, typed into or pointed at, as ``listen.js`` tells it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["role", "label", "text", "field", "column", "choice"]
    words: str = Field(max_length=200)
    """Its name, label, text or header; ``{order}`` for an order number."""
    role: str = Field(default="", pattern=r"^[a-z]*$")
    found: int
    """How many things on the page, or in the dialog, answer to that."""
    dialog: bool
    """Whether it is in a dialog."""
    secret: bool = False
    """Whether it is a field for a secret."""
    address: str
    """The page's path, and what follows the # in its address."""

    @field_validator("words")
    @classmethod
    def _of_any_order(cls, words: str) -> str:
        return AMAZON_ORDER_NUMBER.sub("{order}", words)

    @property
    def usable(self) -> bool:
        """Whether it was found exactly once, by words that a pack can have."""
        return self.found == 1 and bool(self.words) and "{" not in self.words.replace("{order}", "")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The text of a draft, and what the pack loader has to say of it."""

    text: str
    problems: Sequence[Problem]


def write_draft(screen: str, seen: Sequence[Seen], *, like: Pack, observed: str, title: str = "") -> Draft:
    """The draft of ``screen`` from what was ``seen`` there, in its order.

    What the same screen of the pack ``like`` has too gets the name and purpose that it has there.
    """
    reference = like.screens.get(screen)
    kept = [one for one in dict.fromkeys(seen) if one.usable]
    title = title or (reference.title if reference else f"The screen {screen}")
    named = _named(kept, reference)
    columns = {
        name: one for name, one in named.items() if one.kind == "column" and name not in REQUIRED.get(screen, {})
    }
    elements = {name: one for name, one in named.items() if name not in columns}
    lines = [
        f"screen: {screen}",
        f"title: {_quoted(title)}",
        f"observed: {_quoted(observed)}",
        "",
        "# A draft: every finder found exactly one element. A person must verify what each is for, and which ones "
        "commit.",
        "elements:",
    ]
    if any(one.dialog for one in elements.values()):
        box = reference.elements.get(DIALOG) if reference else None
        lines += [f"  {DIALOG}:", "    role: [dialog, alertdialog]"]
        lines += [
            f"    for: {_quoted(box.purpose) if box else UNKNOWN}",
            f"    observed: {_quoted(observed)}",
        ]
    for name, one in elements.items():
        lines += _element(name, one, reference, observed)
    lines += ["", "# In order; keep the fewest that identify this screen.", "checks:"]
    lines += _checks(screen, elements, reference)
    lines += _remarks(screen, named, columns, [one for one in dict.fromkeys(seen) if one not in kept])
    text = "\n".join(lines) + "\n"
    return Draft(text=text, problems=_problems(screen, text))


def _named(kept: Sequence[Seen], reference: ScreenSpec | None) -> dict[str, Seen]:
    """What was seen by the names of its elements."""
    named: dict[str, Seen] = {}
    for one in kept:
        known = _known(one, reference)
        name = known[0] if known else re.sub(r"[^a-z0-9]+", "_", one.words.lower()).strip("_") or "element"
        if not name[0].isalpha():
            name = f"element_{name}"
        tries = iter(range(2, len(kept) + 3))
        taken, first = {*named, DIALOG}, name
        while name in taken:
            name = f"{first}_{next(tries)}"
        named[name] = one
    return named


def _known(one: Seen, reference: ScreenSpec | None) -> tuple[str, Element] | None:
    """The reference's element that has the same words, where both are read, or both are pressed."""
    for name, element in (reference.elements if reference else {}).items():
        words = [words for _, words in element.templates()]
        same_use = (element.kind in READ_ONLY_KINDS) == (one.kind in READ_ONLY_KINDS) and element.kind != "row"
        if same_use and words == [one.words]:
            return name, element
    return None


def _element(name: str, one: Seen, reference: ScreenSpec | None, observed: str) -> Iterator[str]:
    known = _known(one, reference)
    yield f"  {name}:"
    if one.kind == "role":
        yield f"    role: {one.role}"
        yield f"    name: {_quoted(one.words)}"
    else:
        yield f"    {one.kind}: {_quoted(one.words)}"
    if one.dialog:
        yield f"    within: {DIALOG}"
    if one.kind == "role" and one.role not in {"heading", "textbox", "searchbox"}:
        if known and known[1].commits:
            yield "    commits: true"
        elif known is None and COMMITTING.search(one.words):
            yield "    commits: true  # it looks as if it cannot be undone: verify, and remove this if it can"
    if one.kind in READ_ONLY_KINDS and (known[1].private if known else BUYERS.search(one.words)):
        yield "    private: true" + ("" if known else "  # it looks like buyers' data: verify")
    if one.secret:
        yield "    secret: true"
    yield f"    for: {_quoted(known[1].purpose) if known else UNKNOWN}"
    yield f"    observed: {_quoted(observed)}"


def _checks(screen: str, elements: Mapping[str, Seen], reference: ScreenSpec | None) -> Iterator[str]:
    """One for each element that is always there, as far as that can be told: what flows need may come and go."""
    if any(one.dialog for one in elements.values()):
        yield f"  - shows: {DIALOG}"
        yield "    message: There is not exactly one dialog open."
    lasting = {name: one for name, one in elements.items() if one.kind != "column"}
    always = {name for check in (reference.checks if reference else ()) for name in check.elements}
    passing = REQUIRED.get(screen, {}).keys() - always
    for name, one in {name: one for name, one in lasting.items() if name not in passing}.items() or lasting.items():
        called = _CALLED.get(one.role or one.kind, one.role or one.kind)
        yield f"  - shows: {name}"
        yield f"    message: {_quoted(f'The {called} {one.words} is not there.')}"


def _remarks(
    screen: str, named: Mapping[str, Seen], columns: Mapping[str, Seen], left: Sequence[Seen]
) -> Iterator[str]:
    """What a person must know besides."""
    box = {DIALOG for one in named.values() if one.dialog}
    if missing := sorted(REQUIRED.get(screen, {}).keys() - named.keys() - box):
        yield ""
        yield f"# Not recorded, and needed by the flows: {', '.join(missing)}."
    if columns:
        yield ""
        yield "# Columns that no flow reads; add one under elements where something uses it."
        for name, one in columns.items():
            yield f"# {name}: {{column: {_quoted(one.words)}}}"
    if left:
        yield ""
        yield "# Left out, because nothing tells it apart from everything else:"
        for one in left:
            what = " ".join(f"{one.role or one.kind} {one.words or 'without a name'}".split())
            why = f"there are {one.found}" if one.found > 1 else "not found by that"
            yield harmless(f"# {cut(what, 100)} ({why})")


def _problems(screen: str, text: str) -> Sequence[Problem]:
    """What the pack loader finds wrong with the draft."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{screen}.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            document = read_yaml(file)
            found = list(lint(validate(ScreenSpec, document), document, file))
        except InputInvalid as invalid:
            found = list(invalid.problems)
    return [problem._replace(file=file.name) for problem in found]


_PLAIN = re.compile(r"[^\W\d_][\w .,'()/-]*(?<! )")
_WORDS_OF_YAML = frozenset({"yes", "no", "true", "false", "null", "on", "off", "y", "n"})


def _quoted(words: str) -> str:
    """Words as YAML reads them back, in quotes only where they need them."""
    plain = _PLAIN.fullmatch(words) and words.lower() not in _WORDS_OF_YAML
    return words if plain else json.dumps(words, ensure_ascii=False)
