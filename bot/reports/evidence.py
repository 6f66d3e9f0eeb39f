"""The evidence of a run as its report shows it: pictures and texts inside the page, or linked from it, or missing.

Names of files come from the results of a run, which anybody may have changed: only files inside the run's folder are
taken.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote

from bot.wording import harmless_lines, step_words

TEXT_LIMIT = 100_000
"""How many bytes of one text file are shown; the rest is in the file."""

_FILE_NAME = re.compile(r"(?:\d+-)?(.+)")
_PICTURES = {".jpg", ".jpeg"}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One file that shows what happened. With neither content nor link it is missing."""

    label: str
    """The step's name in words."""
    picture: str = ""
    """The picture as a ``data:`` URI."""
    text: str | None = None
    link: str = ""
    """Where the file is, relative to the report, when it is not, or not wholly, inside."""


class Shelf:
    """The run's folder as a source of evidence, up to the budget in bytes."""

    def __init__(self, folder: Path, budget: int) -> None:
        self._folder = folder
        self._room = budget
        self.linked = 0
        """How many files did not fit, and were linked."""

    def take(self, name: str) -> Evidence:
        """The file that a result calls ``name``, or its gap where it is missing or outside the folder."""
        is_text = PurePosixPath(name).suffix.lower() == ".txt"
        label = _label(name)
        gap = Evidence(label=label, text="" if is_text else None)
        path = self._path(name)
        if path is None or (not is_text and path.suffix.lower() not in _PICTURES):
            return gap
        link = quote(name)
        try:
            size = path.stat().st_size
            if not size:
                return gap
            wanted = min(size, TEXT_LIMIT) if is_text else size
            if wanted > self._room:
                self._room = 0  # so that a row of pictures ends once, and does not become a sieve
                self.linked += 1
                return Evidence(label=label, text="" if is_text else None, link=link)
            with path.open("rb") as file:
                content = file.read(wanted)
        except OSError:
            return gap
        self._room -= wanted
        if is_text:
            text = harmless_lines(content.decode("utf-8", errors="replace"))
            return Evidence(label=label, text=text, link=link if size > wanted else "")
        return Evidence(label=label, picture=f"data:image/jpeg;base64,{base64.b64encode(content).decode()}")

    def _path(self, name: str) -> Path | None:
        """Where the file is, if it is a file inside the folder, also after links are followed."""
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PureWindowsPath(name).anchor or "\\" in name or ":" in name:
            return None
        try:
            path = self._folder.joinpath(*parts).resolve()
            inside = path.is_relative_to(self._folder.resolve()) and path.is_file()
        except (OSError, RuntimeError, ValueError):  # a ring of links, a name that no file can have
            return None
        return path if inside else None


def _label(name: str) -> str:
    """The step that a file is named after: ``evidence/<order>/07-choose_reason.jpg`` is ``Choose reason``."""
    step = step_words(_FILE_NAME.sub(r"\1", PurePosixPath(name).stem, count=1))
    return step[:1].upper() + step[1:] or "Evidence"
