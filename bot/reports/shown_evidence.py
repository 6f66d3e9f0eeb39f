"""The evidence of a run as its report shows it: pictures and texts inside the page, or linked from it, or missing.

Names of files come from the results of a run, which anybody may have changed: only files that the run's evidence has
are shown.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from bot.wording import harmless_lines, step_words

TEXT_LIMIT = 100_000
"""How many bytes of one text file are shown; the rest is in the file."""

_FILE_NAME = re.compile(r"(?:\d+-)?(.+)")
_PICTURES = {".jpg", ".jpeg"}


class EvidenceSource(Protocol):
    """What a report needs of the evidence of a run (``bot.evidence.store`` has it). Its errors are ``OSError``."""

    def list(self) -> Mapping[str, int]:
        """The names of all files, each with its size in bytes."""

    def get(self, name: str, limit: int | None = None) -> bytes:
        """The content of a file, or its first ``limit`` bytes."""

    def link(self, name: str) -> str:
        """Where a page in the run's folder finds the file; empty if no page can."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One file that shows what happened. With neither content nor link it is missing."""

    label: str
    """The step's name in words."""
    picture: str = ""
    """The picture as a ``data:`` URI."""
    text: str | None = None
    link: str = ""
    """Where a page finds the file when it is not, or not wholly, inside."""
    elsewhere: bool = False
    """Whether it is in a store that pages do not reach."""


class PageEvidence:
    """Takes the evidence of one page from its source, until the page has as many bytes of it as it may have.

    Args:
        source: the evidence of the run.
        sizes: what the source lists.
        budget: how many bytes go into the page; files beyond that are linked.
    """

    def __init__(self, source: EvidenceSource, sizes: Mapping[str, int], budget: int) -> None:
        self._source = source
        self._sizes = sizes
        self._left = budget
        self.linked = 0
        """How many files did not fit, and were linked."""
        self.elsewhere = 0
        """How many did not fit, and are where no link leads."""

    def take(self, name: str) -> Evidence:
        """The file that a result calls ``name``, or a gap where there is no such file."""
        suffix = PurePosixPath(name).suffix.lower()
        is_text = suffix == ".txt"
        label = _label(name)
        gap = Evidence(label=label, text="" if is_text else None)
        size = self._sizes.get(name, 0)
        if not size or (not is_text and suffix not in _PICTURES):
            return gap
        wanted = min(size, TEXT_LIMIT) if is_text else size
        try:
            link = self._source.link(name) if wanted > self._left or size > wanted else ""
            if wanted > self._left:
                self._left = 0  # so that a row of pictures ends once, instead of having gaps
                self.linked += bool(link)
                self.elsewhere += not link
                return Evidence(label=label, text="" if is_text else None, link=link, elsewhere=not link)
            content = self._source.get(name, wanted)
        except OSError:
            return gap
        self._left -= wanted
        if is_text:
            text = harmless_lines(content.decode("utf-8", errors="replace"))
            return Evidence(label=label, text=text, link=link)
        return Evidence(label=label, picture=f"data:image/jpeg;base64,{base64.b64encode(content).decode()}")


def _label(name: str) -> str:
    """The step that a file is named after: ``evidence/<order>/07-choose_reason.jpg`` is ``Choose reason``."""
    step = step_words(_FILE_NAME.sub(r"\1", PurePosixPath(name).stem, count=1))
    return step[:1].upper() + step[1:] or "Evidence"
