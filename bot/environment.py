"""What is written in the environment and in ``.env``: read here and nowhere else.

Every value keeps the place where it was written, so that a mistake can be told with that place. Which names are
settings, and what they may hold, is decided in ``bot.settings``.

``.env`` is in the folder where the program is started. python-dotenv reads it; values are taken as they are written
there, and ``${...}`` means nothing.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dotenv.parser import Binding, parse_stream

from bot.errors import InputInvalid
from bot.files import Limits, read_text

PREFIX = "COUNTERMAND_"
"""What every setting's name begins with."""

DOTENV = ".env"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPES = " Inside double quotes, \\n, \\t and the like become such characters; inside single quotes they do not."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNREADABLE = (
    "This line cannot be read. Write NAME=value; a value that begins with a quotation mark must end with the same one."
)


class Mistake(NamedTuple):
    """Something to tell a person about what was written."""

    line: int
    """Line of ``.env``; 0 if it is somewhere else."""
    words: str
    """The complete message, with its place."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A name and its value, as somebody wrote them."""

    name: str
    """As ``normalized_name`` gives it."""
    value: str = field(repr=False)
    """Empty where nothing was filled in, which counts as not set."""
    line: int = 0
    """Line of ``.env``; 0 for the environment."""
    trouble: str = ""
    """What is wrong with the way in which it is written."""

    @property
    def place(self) -> str:
        """Its place, as messages say it."""
        return f"{DOTENV}:{self.line}" if self.line else "environment"

    def mistake(self, words: str) -> Mistake:
        """A mistake at this place."""
        return Mistake(self.line, f"{self.place}: {words}")


class Written:
    """Everything that is written in ``.env`` and in the environment, for this program or for others."""

    def __init__(self, entries: Iterable[Entry], mistakes: Iterable[Mistake] = (), *, complete: bool = True) -> None:
        self.entries = tuple(entries)
        """Those of ``.env`` first; also the empty ones, and those that do not count because another one goes first."""
        self.mistakes = tuple(mistakes)
        """What could not be read."""
        self.complete = complete
        """False where there is a ``.env`` and nothing of it could be read."""
        # The environment comes last and goes first.
        self._counting = {entry.name: entry for entry in self.entries if entry.value}

    def entry(self, name: str) -> Entry | None:
        """The entry that counts for this name; None where it is not set."""
        return self._counting.get(normalized_name(name))

    def value(self, name: str) -> str:
        """The value of this name; empty where it is not set."""
        entry = self.entry(name)
        return entry.value if entry else ""


def normalized_name(name: str) -> str:
    """A name as it is compared: settings in any case, others as they are, but on Windows in any case too."""
    return name.upper() if name.upper().startswith(PREFIX) or os.name == "nt" else name


def read_written() -> Written:
    """Read ``.env`` and the environment as they are now."""
    complete = True
    entries: list[Entry] = []
    try:
        entries, mistakes = _dotenv(Path(DOTENV))
    except InputInvalid as invalid:
        complete = False
        mistakes = [Mistake(one.line, f"{DOTENV}:{one.line}: {one.message}.") for one in invalid.problems]
    entries += [Entry(name=normalized_name(name), value=value) for name, value in os.environ.items()]
    return Written(_with_repeats(entries), mistakes, complete=complete)


def mistakes_in(
    written: Written, settings: Collection[str], options: Collection[str], others: Collection[str] = ()
) -> Iterator[Mistake]:
    """What is wrong with the names that are written, and with the way in which their values are written.

    Args:
        written: everything that is written.
        settings: the names of the settings.
        options: what may be said on the command line only, such as ``--dry-run``.
        others: names that are no settings but used, because a file refers to them.
    """
    used = {*settings, *(normalized_name(name) for name in others)}
    for entry in written.entries:
        if entry.name not in used:
            if entry.name.startswith(PREFIX):
                near = _nearest(entry.name, settings, options)
                yield entry.mistake(f"There is no setting {entry.name}.{f' Did you mean {near}?' if near else ''}")
            continue
        if entry.trouble:
            yield entry.mistake(entry.trouble)
        if entry.name in settings and (unseen := _CONTROL.search(entry.value)):
            words = f"{entry.name}: the value contains the control character U+{ord(unseen[0]):04X}."
            yield entry.mistake(words + (_ESCAPES if entry.line else ""))


def _nearest(name: str, settings: Collection[str], options: Collection[str]) -> str:
    """The setting or the option that was probably meant; empty if nothing is similar."""
    choices = {setting.removeprefix(PREFIX): setting for setting in settings}
    choices |= {option.strip("-").replace("-", "_").upper(): f"the option {option}" for option in options}
    word = name.removeprefix(PREFIX)
    near = get_close_matches(word, choices, n=1) or [choice for choice in choices if word in choice.split("_")]
    return choices[near[0]] if near else ""


def _dotenv(path: Path) -> tuple[list[Entry], list[Mistake]]:
    # A folder of that name is a virtual environment; a link that leads nowhere is a mistake, and told below.
    if path.is_dir() or not os.path.lexists(path):
        return [], []
    text = read_text(path, Limits(), as_it_is=True)
    entries: list[Entry] = []
    mistakes: list[Mistake] = []
    # python-dotenv counts \r\n as two lines when it continues after a line that it could not read.
    for binding in parse_stream(StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))):
        written = binding.original.string.lstrip()
        line = binding.original.line + binding.original.string.removesuffix(written).count("\n")
        if binding.error or _is_garbled(binding.key):
            mistakes.append(Mistake(line, f"{path}:{line}: {_UNREADABLE}"))
        elif binding.key is not None:
            name = normalized_name(binding.key)
            entries.append(Entry(name=name, value=binding.value or "", line=line, trouble=_trouble(name, binding)))
    return entries, mistakes


def _is_garbled(key: str | None) -> bool:
    """Whether it holds a setting's name and something else, which may be a secret: ``COUNTERMAND_PASSWORD:secret``."""
    return key is not None and PREFIX in key.upper() and not _NAME.fullmatch(key)


def _trouble(name: str, binding: Binding) -> str:
    if binding.value is None:
        return f"{name} has no value: write {name}=value."
    after = binding.original.string.partition("=")[2]
    if after.lstrip()[:1] not in {"'", '"'} and re.search(r"\s#", after):
        return (
            f'{name}: the value ends before " #", where a comment begins. If # is part of the value, put the value in '
            f"single quotes: {name}='...'. If it is a comment, move it to a line of its own."
        )
    return ""


def _with_repeats(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries; one whose name the same place has given a value before is in trouble."""
    first: dict[tuple[bool, str], Entry] = {}
    for entry in entries:
        before = first.setdefault((entry.line > 0, entry.name), entry) if entry.value else entry
        if before is entry or entry.trouble:
            yield entry
            continue
        where = f"first in line {before.line}" if entry.line else "in two spellings"
        trouble = f"{entry.name} is set twice, {where}: keep one of the two."
        yield replace(entry, trouble=trouble)
