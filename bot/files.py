"""Files: those that a person names and writes, and the one way to write a file that must be whole.

What a person wrote, paths with ``~`` and texts, is read before anything is made of its contents. Every refusal says
which file, where in it (lines and columns count from 1, in characters) and what would be right. A mistake that concerns
the file as a whole is reported at line 1, column 1.
"""

import os
import re
import secrets
import stat
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Event

from bot.errors import InputInvalid, Problem
from bot.wording import INVISIBLE, apart


@dataclass(frozen=True)
class Limits:
    """How much a file may hold before it is refused instead of read."""

    max_bytes: int = 4 * 1024 * 1024
    """Size on disk, in bytes."""
    max_lines: int = 100_000
    """Lines, however they end."""
    max_nodes: int = 200_000
    """Values of a YAML file, with those behind an alias counted each time that the alias is used."""
    max_depth: int = 50
    """How many lists and mappings of a YAML file may lie inside one another."""


FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""A character that no text may hold: controls, line separators that editors do not count, marks that turn the
direction of writing, byte-order marks and what is no character at all. Nobody sees them, and two texts that
differ in them look the same."""

_DRAFT = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")
_SHOWN_AT_MOST = 80
_PLAIN = re.compile(r"[\w.,:/@+-]+(?: [\w.,:/@+-]+)*")


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Replace a file in one go: its readers, and a machine that loses power, have the old file or the new one.

    The folder is made where it is missing.

    Args:
        path: the file.
        content: what is to be in it, a text as UTF-8. Half a surrogate pair, which a page can hand over and UTF-8 has
            no bytes for, becomes ``?``.
        mode: the file's permissions, less what the process's mask takes away; Windows has no such thing.

    Raises:
        OSError: it could not be written, and is as it was.
    """
    data = content.encode(errors="replace") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")  # as _DRAFT
    try:
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _replace(draft, path)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what is told
            draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_drafts(folder: Path) -> None:
    """Remove what programs that were killed inside ``write_atomically`` have left in a folder.

    Needs a folder in which no program is writing.

    Raises:
        OSError: one cannot be removed.
    """
    for path in folder.glob(".*.tmp"):
        if _DRAFT.fullmatch(path.name):
            path.unlink(missing_ok=True)


_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between the tries to replace a file."""


def _replace(draft: Path, path: Path) -> None:
    """Put the draft in the file's place. On Windows, a virus scanner that reads the file just then is in the way."""
    for pause in _PAUSES if sys.platform == "win32" else ():
        try:
            draft.replace(path)
        except PermissionError:
            Event().wait(pause)
        else:
            return
    draft.replace(path)


def _sync_folder(folder: Path) -> None:
    """Have the new name of a file last, where the system can do that for a folder."""
    if os.name == "nt":
        return
    with suppress(OSError):  # not every file system can
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def read_text(path: Path, limits: Limits, *, as_it_is: bool = False) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark, its line ends as they are.

    Raises ``InputInvalid`` for a file that is missing, a folder, unreadable, over a limit (found before it is
    decoded), not UTF-8 and, unless the text is wanted ``as_it_is``, empty or with control characters in it.
    """
    return text_of(read_bytes(path, limits), str(path), limits, as_it_is=as_it_is)


def text_of(
    data: bytes, file: str, limits: Limits, *, as_it_is: bool = False, encoding: str = "", may_name_it: bool = False
) -> str:
    """The text that these bytes of a file are: UTF-8, or in the ``encoding`` that a person named.

    With ``may_name_it`` the refusal of another encoding says how to name it. Raises as ``read_text``.
    """
    lines = data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
    lines += bool(data) and not data.endswith((b"\n", b"\r"))
    if lines > limits.max_lines:
        raise _whole_file(file, f"The file has {lines:,} lines: at most {limits.max_lines:,} are allowed")
    if not encoding and (data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or b"\0" in data[:2]):
        wide = 32 if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")) else 16
        named = f", or name its encoding: --encoding utf-{wide}" if may_name_it else ""
        raise _whole_file(file, f"The file is UTF-{wide}, not UTF-8: save it as UTF-8{named}")
    text = _decoded(data.removeprefix(BOM_UTF8), file, encoding, may_name_it=may_name_it).removeprefix("\ufeff")
    if as_it_is:
        return text
    if not text or text.isspace():
        raise _whole_file(file, "The file is empty")
    strangers = [
        Problem(
            file,
            *position(text, found.start()),
            f"The character U+{ord(found.group()):04X} is invisible here and not allowed: remove it",
        )
        for found in islice(FORBIDDEN.finditer(text), 50)  # a file full of them is not a text at all
    ]
    if strangers:
        raise InputInvalid(strangers)
    return text


def _decoded(data: bytes, file: str, encoding: str, *, may_name_it: bool) -> str:
    try:
        return data.decode(encoding or "utf-8")
    except LookupError as error:
        near = did_you_mean(encoding, ENCODINGS)
        message = f"{shown(encoding)} is not an encoding: {near}{'U' if near else 'u'}sual are {one_of(ENCODINGS)}"
        raise _whole_file(file, message) from error
    except UnicodeDecodeError as error:
        byte = f"0x{data[error.start]:02X}"
        if encoding:
            raise _whole_file(
                file, f"The file is not {encoding}: byte {error.start + 1:,}, {byte}, belongs to no character of it"
            ) from error
        good = data[: error.start].decode()
        named = f", or name its encoding: --encoding {likely_encoding(data)}" if may_name_it else ""
        message = f"The file is not UTF-8: the byte {byte} here belongs to no character; save it as UTF-8{named}"
        raise InputInvalid([Problem(file, *position(good, len(good)), message)]) from error


ENCODINGS = ("utf-8", "cp1252", "shift_jis", "utf-16")
"""What lists of orders come in: Amazon writes its reports in the second (Europe, America) and the third (Japan)."""

_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")


def likely_encoding(data: bytes) -> str:
    """What bytes that are not UTF-8 probably are: the encoding of Amazon's reports in Japan, or the one elsewhere."""
    try:
        text = data.decode("cp932")
    except UnicodeDecodeError:
        return "cp1252"
    strange = [sign for sign in text if not sign.isascii()]
    return "shift_jis" if 2 * len(_JAPANESE.findall("".join(strange))) > len(strange) else "cp1252"


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of the character at that offset."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def shown(value: object) -> str:
    """A user's own text as a message may repeat it: one line, not too long, in quotes unless it is plain."""
    text = str(value)
    if len(text) > _SHOWN_AT_MOST:
        text = text[: _SHOWN_AT_MOST - 3] + "..."
    if _PLAIN.fullmatch(text) and _can_be_seen(text):
        return text
    visible = (c if _can_be_seen(c) else c.encode("unicode_escape").decode("ascii") for c in text)
    return '"' + "".join(visible) + '"'


def _can_be_seen(text: str) -> bool:
    return text.isprintable() and not INVISIBLE.search(text)  # the letters that fill gaps count as printable


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """``"did you mean X? "`` for the nearest of the allowed words, whatever its capitals, or nothing.

    Where the two look alike, it says what tells them apart.
    """
    near = _nearest(word[:200], tuple(allowed))
    return f"did you mean {near}{apart(word, near)}? " if near else ""


@lru_cache(maxsize=256)  # a mistake is often made on every line of a long list
def _nearest(word: str, allowed: tuple[str, ...]) -> str:
    by_folded = {choice.casefold(): choice for choice in allowed}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else ""


def one_of(choices: Iterable[str], last: str = "and") -> str:
    """``"a, b and c"``."""
    *most, final = choices
    return f"{', '.join(most)} {last} {final}" if most else final


def listing(error: InputInvalid, most: int = 50) -> str:
    """What a terminal shows of an error: a line for each of the first mistakes, then how many more."""
    lines = [str(problem) for problem in error.problems[:most]]
    if more := len(error.problems) - len(lines):
        lines.append(f"... and {more:,} more mistake{'s' if more > 1 else ''}")
    return "\n".join(lines)


def read_bytes(path: Path, limits: Limits) -> bytes:
    """What a file holds.

    Raises ``InputInvalid`` for a file that is missing, a folder, unreadable or too large.
    """
    file = str(path)
    try:
        # Asked before it is opened: opening a pipe that nobody writes to would wait for ever.
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _whole_file(file, "This is a folder, not a file: name a file in it")
        if not stat.S_ISREG(mode):
            raise _whole_file(file, "This is a device or a pipe: name an ordinary file")
        with path.open("rb") as stream:
            data = stream.read(limits.max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _whole_file(file, "There is no such file: check the name and the folder") from error
    except PermissionError as error:
        raise _whole_file(file, "The file may not be read by this user: change its permissions") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise _whole_file(file, f"The file cannot be read: {reason}") from error
    if len(data) > limits.max_bytes:
        raise _whole_file(file, f"The file is too large: at most {limits.max_bytes:,} bytes are allowed")
    return data


def _whole_file(file: str, message: str) -> InputInvalid:
    return InputInvalid([Problem(file, 1, 1, message)])


def at_home(path: str | Path) -> Path:
    """The path, with a leading ``~`` or ``~user`` replaced by that home folder.

    Raises:
        ValueError: there is no such home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        start = Path(path).parts[0]
        raise ValueError(
            f"{start} is not a home folder on this machine; write a file or folder of that name with its full path"
        ) from None
