"""Evidence outside of the run's folder, where other machines reach it and it outlives the worker.

The key of a file is made of the run, its name, and the SHA-256 of its content: ``evidence/<order>/01-open_store.jpg``
is kept as ``<run>/evidence/<order>/01-open_store.<hash>.jpg``. What is read is compared with the hash in its key.
"""

import errno
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from bot.evidence.objects import Objects
from bot.evidence.store import EVIDENCE

_KEY = re.compile(r"(?P<stem>.+)\.(?P<hash>[0-9a-f]{64})(?P<suffix>\.[a-z]+)")


class AddressedStore:
    """The evidence of one run in such a place; see ``bot.evidence.store.EvidenceStore``.

    Args:
        objects: where it is kept.
        run_id: the run.
    """

    def __init__(self, objects: Objects, run_id: str) -> None:
        self._objects = objects
        self._run = run_id
        self._keys: dict[str, list[str]] = {}

    def __str__(self) -> str:
        return f"{self._objects}/{self._run}/{EVIDENCE}"

    def add(self, name: str, content: bytes) -> None:
        """See ``EvidenceStore``."""
        path = _checked(name)
        if self._found(name):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
        its_hash = hashlib.sha256(content).hexdigest()
        self._objects.put(f"{self._run}/{path.with_suffix('')}.{its_hash}{path.suffix}", content)

    def get(self, name: str, limit: int | None = None, *, sha256: str = "") -> bytes:
        """See ``EvidenceStore``. It is an error if the content is not what the key says."""
        keys = self._keys.get(name) or self._found(name)
        key = next((key for key in keys if sha256 in key), "")
        if not key:
            raise _missing(name)
        content = self._objects.get(key, limit)
        whole = limit is None or len(content) < limit
        if whole and hashlib.sha256(content).hexdigest() not in key:
            raise OSError(errno.EIO, "The file was changed after it was written", name)
        return content

    def list(self, under: str = EVIDENCE) -> Mapping[str, int]:
        """See ``EvidenceStore``."""
        return {name: sizes[0] for name, sizes in sorted(self._listed(under).items())}

    def remove(self, under: str = EVIDENCE) -> None:
        """See ``EvidenceStore``."""
        self._listed(under)
        is_under = [name for name in self._keys if name == under or name.startswith(f"{under}/")]
        self._objects.remove([key for name in is_under for key in self._keys[name]])
        for name in is_under:
            del self._keys[name]
        if under == EVIDENCE:  # all of the run, in which nobody writes any more
            self._objects.remove_unfinished(f"{self._run}/{EVIDENCE}")

    def link(self, name: str) -> str:
        """See ``EvidenceStore``."""
        keys = self._keys.get(name) or self._found(name)
        return self._objects.link(keys[0]) if keys else ""

    def _found(self, name: str) -> Sequence[str]:
        """The keys of a file: one, or none. Two workers that did not know of each other may have made several."""
        self._listed(str(_checked(name).parent))
        return self._keys.get(name, [])

    def _listed(self, under: str) -> Mapping[str, Sequence[int]]:
        """The sizes of the files below a name, and of the file that has it; their keys are known from then on."""
        path = _checked(under)
        folder = path.parent if path.suffix else path
        sizes: dict[str, list[int]] = {}
        keys: dict[str, list[str]] = {}
        for key, size in self._objects.list(f"{self._run}/{folder}").items():
            if found := _KEY.fullmatch(key.removeprefix(f"{self._run}/")):
                name = f"{found['stem']}{found['suffix']}"
                if name == under or name.startswith(f"{under}/"):
                    sizes.setdefault(name, []).append(size)
                    keys.setdefault(name, []).append(key)
        gone = [name for name in self._keys if name == under or name.startswith(f"{under}/")]
        for name in gone:
            del self._keys[name]
        self._keys |= keys
        return sizes


def _checked(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.parts[:1] != (EVIDENCE,) or ".." in path.parts or "\0" in name or "\\" in name:
        raise _missing(name)
    return path


def _missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
