"""Where the evidence of a run is kept: a few methods, and the local folder that is behind them by default.

A file of evidence has the same name everywhere, in the store, the results, the trail and the report:
``evidence/<order>/<nn>-<step>.jpg``. Only a store knows what that name is a path or a key of. Which store a run has is
decided in ``bot.evidence.places``.
"""

import errno
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import quote

EVIDENCE = "evidence"
"""What every name begins with."""


class EvidenceStore(Protocol):
    """The evidence of one run. Several processes may use it at once.

    ``str()`` of it is what a message calls the place. Every failure is an ``OSError``.
    """

    def add(self, name: str, content: bytes) -> None:
        """Keep a new file, whole or not at all; one that is there already is an error and stays as it is."""

    def get(self, name: str, limit: int | None = None, *, sha256: str = "") -> bytes:
        """The content of a file, or its first ``limit`` bytes.

        Where machines share a store that cannot keep two files of one name apart, ``sha256`` says which is meant.
        """

    def link(self, name: str) -> str:
        """Where a page in the run's folder finds the file: an address; empty if no page can reach it."""

    def list(self, under: str = EVIDENCE) -> Mapping[str, int]:
        """The names under this one, in order, each with its size in bytes."""

    def remove(self, under: str = EVIDENCE) -> None:
        """Remove the file of this name, or everything under it. What is not there is no error."""


def store_of(folder: Path) -> EvidenceStore:
    """The evidence of the run in this folder."""
    return LocalStore(folder)


class LocalStore:
    """Evidence in the run's own folder, where the report's links find it.

    Nothing outside that folder is read, whatever a name says and wherever a link leads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder / EVIDENCE)

    def add(self, name: str, content: bytes) -> None:
        """See :class:`EvidenceStore`. It is not forced to the disk: an order has many pictures, and waits for each."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            try:
                file.write(content)
                file.flush()
            except BaseException:
                with suppress(OSError):
                    path.unlink()
                raise

    def get(self, name: str, limit: int | None = None, *, sha256: str = "") -> bytes:
        """See :class:`EvidenceStore`."""
        path = self._path(name)
        try:
            inside = path.resolve().is_relative_to(self._folder.resolve())
        except RuntimeError:  # a ring of links
            inside = False
        if not inside:
            raise _missing(name)
        with path.open("rb") as file:
            return file.read(-1 if limit is None else limit)

    def link(self, name: str) -> str:
        """See :class:`EvidenceStore`."""
        return quote(name)

    def list(self, under: str = EVIDENCE) -> Mapping[str, int]:
        """See :class:`EvidenceStore`."""
        top = self._path(under)
        sizes: dict[str, int] = {}
        for path in (top, *sorted(top.rglob("*"))):
            with suppress(FileNotFoundError, NotADirectoryError):  # it may be removed meanwhile
                if path.is_file():
                    sizes[path.relative_to(self._folder).as_posix()] = path.stat().st_size
        return sizes

    def remove(self, under: str = EVIDENCE) -> None:
        """See :class:`EvidenceStore`. Of a link, the link alone."""
        path = self._path(under)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        not_a_name = "\0" in name or (os.name == "nt" and not {"\\", ":"}.isdisjoint(name))
        if parts[:1] != (EVIDENCE,) or ".." in parts or not_a_name:
            raise _missing(name)
        return self._folder.joinpath(*parts)


def _missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
