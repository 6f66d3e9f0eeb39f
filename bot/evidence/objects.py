"""Where files of evidence are kept outside of a run's folder: under keys, each written once.

A key names its content, so writing the same key again writes the same, and nothing is ever written over.
"""

import errno
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol


class Objects(Protocol):
    """A place for files under keys, such as ``20260301-021405-a1b2/evidence/112-.../01-open_store.3f78....jpg``.

    Several machines may use it at once. ``str()`` of it is what a message calls the place. Every failure is an
    ``OSError``.
    """

    def put(self, key: str, content: bytes) -> None:
        """Keep a file, whole or not at all. One that has the key already stays: it is the same."""

    def get(self, key: str, limit: int | None = None) -> bytes:
        """The content of a file, or its first ``limit`` bytes."""

    def link(self, key: str) -> str:
        """The address under which a browser on this machine finds a file; empty if it cannot."""

    def list(self, under: str) -> Mapping[str, int]:
        """The keys below this one, in order, each with the file's size in bytes."""

    def remove(self, keys: Sequence[str]) -> None:
        """Remove these files. What is not there is no error."""

    def remove_unfinished(self, under: str) -> None:
        """Remove what programs that were killed have left half written below this key. Nobody may be writing there."""


MARKER = "countermand-evidence.txt"
"""Tells a folder of evidence from an empty one in its place, such as that of a share that is not mounted."""

_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{64}\.[a-z]+\.[0-9a-f]{8}")
"""The name under which a file is written, before it gets the one of its key."""

_WORDS = "Countermand keeps the evidence of its runs in this folder, and writes nothing into it without this file.\n"


class FolderObjects:
    """A folder of this machine, or one that several share; ``mark`` makes it one for evidence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def is_marked(self) -> bool:
        """Whether it is a folder of evidence."""
        return (self._folder / MARKER).is_file()

    def mark(self) -> None:
        """Make it a folder of evidence."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / MARKER).write_text(_WORDS, encoding="ascii")

    def __str__(self) -> str:
        return str(self._folder)

    def put(self, key: str, content: bytes) -> None:
        """See :class:`Objects`. It is written under another name first, so that nobody sees half of it."""
        if not self.is_marked:
            raise self._away()
        path = self._path(key)
        self._make_folders_to(path)
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")  # as _UNFINISHED
        try:
            with unfinished.open("xb") as file:
                file.write(content)
            unfinished.replace(path)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise

    def get(self, key: str, limit: int | None = None) -> bytes:
        """See :class:`Objects`."""
        with self._path(key).open("rb") as file:
            return file.read(-1 if limit is None else limit)

    def link(self, key: str) -> str:
        """See :class:`Objects`."""
        return self._path(key).resolve().as_uri()

    def holds(self, run_id: str) -> bool:
        """Whether it is a folder of evidence, or one that an earlier version wrote, without a marker, and has the run.

        Where a share is not mounted there is an empty folder, in which all pictures seem to be gone.
        """
        return self.is_marked or (self._folder / run_id).is_dir()

    def list(self, under: str) -> Mapping[str, int]:
        """See :class:`Objects`. It is an error if the share has gone away, and no empty list."""
        if not self.holds(PurePosixPath(under).parts[0]):
            raise self._away()
        sizes: dict[str, int] = {}
        for path in sorted(self._path(under).rglob("*")):
            with suppress(FileNotFoundError):  # it may be removed meanwhile
                if path.is_file() and not path.name.startswith("."):
                    sizes[path.relative_to(self._folder).as_posix()] = path.stat().st_size
        return sizes

    def remove(self, keys: Sequence[str]) -> None:
        """See :class:`Objects`. A folder that is empty then goes, too."""
        for key in keys:
            path = self._path(key)
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self._folder:
                    break
                try:
                    folder.rmdir()
                except OSError:  # something is in it
                    break

    def remove_unfinished(self, under: str) -> None:
        """See :class:`Objects`. Other people's files stay, whatever they are called."""
        top = self._path(under)
        found = [path for path in top.rglob(".*") if path.is_file() and _UNFINISHED.fullmatch(path.name)]
        self.remove([path.relative_to(self._folder).as_posix() for path in found])

    def _away(self) -> FileNotFoundError:
        return FileNotFoundError(errno.ENOENT, f"{MARKER} is not in {self._folder}, as where a share is not mounted")

    def _make_folders_to(self, path: Path) -> None:
        """Make the folders of a file, and never the one of evidence itself: a share may go away at any moment."""
        below = path.relative_to(self._folder).parents
        for folder in [*reversed(below)][1:]:  # the first is the folder of evidence
            (self._folder / folder).mkdir(exist_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder.joinpath(*PurePosixPath(key).parts)
