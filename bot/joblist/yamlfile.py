"""Reading a YAML file that a person wrote: plain data, and where in the file each piece of it is.

Much less than YAML is accepted, because a job list or a pack needs no more and a surprise here could end on
a live shop. Every scalar is the text in the file (``no`` is "no", ``121.80`` keeps its zero);
only an empty value, ``~`` and ``null`` are nothing. Tags, merge keys (``<<``), keys that are not plain text,
duplicate keys, several documents, and aliases that contain themselves or grow without measure are mistakes.

Positions are worked out only when somebody asks for one: a good file never pays for them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bot.errors import InputInvalid, Problem
from bot.files import FORBIDDEN, Limits, listing, position, read_text, shown
from bot.joblist.yamlwords import in_plain_words

__all__ = ["Data", "Document", "Limits", "Position", "listing", "read_draft", "read_yaml"]

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
Position: TypeAlias = tuple[int, int]
"""Line and column, both from 1, in characters."""


class Spot(NamedTuple):
    """Where a value is: its key (for an item of a list: itself), the value, and the values in it."""

    key: Position
    value: Position
    inside: "list[Spot] | dict[str, Spot] | None" = None


@dataclass(frozen=True)
class Document:
    """What a file says, as plain data, and where it says so.

    ``find_spots`` works out the positions; it is called once, when the first position is asked for.
    """

    file: str
    """The file as the user named it."""
    data: Data
    find_spots: Callable[[], Spot] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    """Mistakes of its form that did not keep the rest from being read. ``validate`` raises them with its own."""
    place: Callable[[int, int], str] | None = field(default=None, repr=False, compare=False)
    """How a line and a column are written, where not as two numbers."""
    text: str = field(default="", repr=False, compare=False)
    """The file's own text, where it is YAML."""
    _found: list[Spot] = field(default_factory=list, init=False, repr=False, compare=False)

    def locate(self, path: Sequence[str | int], *, of_key: bool = False) -> Position:
        """Line and column of the value at that path of keys and indexes, or of the nearest one around it.

        ``of_key`` asks for the key instead of its value.
        """
        if not self._found:
            self._found.append(self.find_spots())
        spot = self._found[0]
        for step in path:
            inside = spot.inside
            if isinstance(inside, dict):
                below = inside.get(str(step))
            else:
                is_item = inside is not None and isinstance(step, int) and 0 <= step < len(inside)
                below = inside[int(step)] if inside is not None and is_item else None
            if below is None:
                return spot.value
            spot = below
        return spot.key if of_key else spot.value

    def problem(self, path: Sequence[str | int], message: str, *, of_key: bool = False) -> Problem:
        """A mistake at that path."""
        line, column = self.locate(path, of_key=of_key)
        return Problem(self.file, line, column, message, "" if self.place is None else self.place(line, column))


def read_yaml(path: Path, limits: Limits | None = None) -> Document:
    """Read one YAML document.

    Raises ``InputInvalid`` with every mistake in the order of the file. After a mistake in the YAML's grammar
    nothing more can be read; all other mistakes are found together.
    """
    document = read_draft(path, limits)
    if document.problems:
        raise InputInvalid(document.problems)
    return document


def read_draft(path: Path, limits: Limits | None = None) -> Document:
    """Like ``read_yaml``, but a mistake after which the rest can be read is left in ``problems``.

    For what is validated next, so that all mistakes are reported together. Where such a mistake stood, the data
    has the first of two duplicate keys, nothing for a key that cannot be one, and an empty value for an alias of
    nothing. Raises ``InputInvalid`` if there is no reading on.
    """
    limits = limits or Limits()
    return draft_of(read_text(path, limits), str(path), limits)


def draft_of(text: str, file: str, limits: Limits) -> Document:
    """The same of a text that was read already."""
    composer = _Composer(limits)
    composer.compose(text)
    problems = tuple(Problem(file, *found) for found in sorted(composer.problems))
    if composer.gave_up:
        raise InputInvalid(problems)

    def find_spots() -> Spot:
        again = _Composer(limits, with_spots=True)
        again.compose(text)
        return again.root

    return Document(file, composer.data, find_spots, problems, text=text)


_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_NO_KEY: Final = object()
"""No key was read: the next value is the key."""
_UNUSABLE: Final = object()
"""A key was read that cannot be one: its value is dropped."""
_TAG_LINE: Final = re.compile(r"^%TAG", re.MULTILINE)


class _StopReading(Exception):
    """Reading on would do harm or make no sense; the problem has been noted."""


class _Open:
    """A list or mapping whose end has not been read."""

    __slots__ = ("anchor", "height", "items", "key", "key_marks", "mark", "spots", "started_at")

    def __init__(self, items: Any, mark: Any, anchor: str | None, started_at: int) -> None:
        self.items = items  # what has been read of it: a list or a dict
        self.mark = mark
        self.anchor = anchor
        self.started_at = started_at  # nodes counted when it began
        self.height = 1  # lists and mappings inside one another, with itself
        self.key: Any = _NO_KEY
        self.key_marks: dict[str, Any] = {}
        self.spots: Any = {} if isinstance(items, dict) else []


class _Anchored(NamedTuple):
    value: Data
    nodes: int
    height: int
    inside: Any


class _Composer:
    """Builds plain data from the parser's events, noting every mistake on the way."""

    def __init__(self, limits: Limits, *, with_spots: bool = False) -> None:
        self.limits = limits
        self.with_spots = with_spots
        self.problems: list[tuple[int, int, str]] = []
        self.gave_up = True  # until the end of the file was reached
        self.data: Data = None
        self.root = Spot((1, 1), (1, 1))
        self.nodes = 0
        self.documents = 0
        self.open: list[_Open] = []
        self.anchors: dict[str, _Anchored] = {}

    def compose(self, text: str) -> None:
        """Read it all, or as far as that makes sense."""
        if "%TAG" in text and (found := _TAG_LINE.search(text)):  # the parser takes hours over many of them
            self.problems.append((*position(text, found.start()), "A %TAG line is not allowed: remove it"))
            return
        try:
            for event in YAML(typ="safe").parse(text):
                kind = type(event)
                if kind is ScalarEvent:
                    self._scalar(event)
                elif kind is MappingStartEvent:
                    self._begin(event, {})
                elif kind is SequenceStartEvent:
                    self._begin(event, [])
                elif kind is MappingEndEvent or kind is SequenceEndEvent:
                    self._end()
                elif kind is AliasEvent:
                    self._alias(event)
                elif kind is DocumentStartEvent:
                    self._document(event)
        except YAMLError as error:
            self.problems.append(in_plain_words(error, text))
        except _StopReading:
            pass  # the problem has been noted
        else:
            self.gave_up = self.data is None
            if self.data is None and not self.problems:
                self.problems.append((1, 1, "The file is empty"))

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._stop(event.start_mark, "A second document begins here: a file may hold only one")

    def _scalar(self, event: Any) -> None:
        self._count(event, 1)
        value: str | None = event.value
        if event.tag is not None:
            self._note_tag(event)
        if not event.style:
            if value in _NULLS:
                value = None
        elif event.style == '"' and (found := FORBIDDEN.search(event.value)):
            code = f"U+{ord(found.group()):04X}"
            self._note(event.start_mark, f"The quoted text holds the invisible character {code}: remove it")
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(value, 1, 0, None)
        self._place(value, event.start_mark, None, plain=not event.style)

    def _begin(self, event: Any, items: Any) -> None:
        self._count(event, 1)
        if event.tag is not None:
            self._note_tag(event)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        opened = _Open(items, event.start_mark, event.anchor, self.nodes - 1)
        self.open.append(opened)
        self._check_depth(event, 0)

    def _end(self) -> None:
        done = self.open.pop()
        inside = done.spots if self.with_spots else None
        if done.anchor is not None:
            nodes = self.nodes - done.started_at
            self.anchors[done.anchor] = _Anchored(done.items, nodes, done.height, inside)
        if self.open:
            self.open[-1].height = max(self.open[-1].height, done.height + 1)
        self._place(done.items, done.mark, inside)

    def _alias(self, event: Any) -> None:
        name = event.anchor
        anchored = self.anchors.get(name)
        value, nodes, height, inside = anchored or _Anchored(None, 1, 0, None)
        if anchored is None:
            around = next((o for o in self.open if o.anchor == name), None)
            if around is None:
                why = f"refers to nothing: mark a value before it with &{name}, or put the text in quotes"
            else:
                why = f"repeats a value that it is itself a part of: &{name} on line {around.mark.line + 1}"
            self._note(event.start_mark, f"*{name} {why}")
        self._count(event, nodes)
        self._check_depth(event, height)
        if self.open:
            self.open[-1].height = max(self.open[-1].height, height + 1)
        self._place(value, event.start_mark, inside)

    def _place(self, value: Any, mark: Any, inside: Any, *, plain: bool = False) -> None:
        if not self.open:
            self.data = value
            if self.with_spots:
                self.root = Spot(_at(mark), _at(mark), inside)
            return
        parent = self.open[-1]
        items = parent.items
        if type(items) is list:
            items.append(value)
            if self.with_spots:
                parent.spots.append(Spot(_at(mark), _at(mark), inside))
        elif parent.key is _NO_KEY:
            parent.key = self._usable_key(parent, value, mark, plain=plain)
        else:
            key, parent.key = parent.key, _NO_KEY
            if key is not _UNUSABLE:
                items[key] = value
                if self.with_spots:
                    parent.spots[key] = Spot(_at(parent.key_marks[key]), _at(mark), inside)

    def _usable_key(self, parent: _Open, key: Any, mark: Any, *, plain: bool) -> Any:
        if type(key) is not str:
            found = "nothing" if key is None else "a list or a mapping"
            self._note(mark, f"A key must be text, not {found}")
            return _UNUSABLE
        if plain and key == "<<":
            self._note(mark, "Merging with << is not allowed: write the keys out")
            return _UNUSABLE
        first = parent.key_marks.setdefault(key, mark)
        if first is not mark:
            where = f"it is already on line {first.line + 1}"
            self._note(mark, f"The key {shown(key)} appears twice: {where}; keep one of them")
            return _UNUSABLE
        return key

    def _note_tag(self, event: Any) -> None:
        self._note(event.start_mark, "A value cannot begin with !: put the text in quotes, or remove the tag")

    def _count(self, event: Any, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > self.limits.max_nodes:
            what = "The file, with all that its aliases repeat," if self.anchors else "The file"
            allowed = f"at most {self.limits.max_nodes:,} are allowed"
            self._stop(event.start_mark, f"{what} holds too many values: {allowed}")

    def _check_depth(self, event: Any, more: int) -> None:
        if len(self.open) + more > self.limits.max_depth:
            allowed = f"at most {self.limits.max_depth} levels are allowed"
            self._stop(event.start_mark, f"Lists and mappings lie too deep inside one another: {allowed}")

    def _stop(self, mark: Any, message: str) -> None:
        self._note(mark, message)
        raise _StopReading

    def _note(self, mark: Any, message: str) -> None:
        self.problems.append((*_at(mark), message))


def _at(mark: Any) -> Position:
    return mark.line + 1, mark.column + 1
