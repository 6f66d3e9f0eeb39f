"""How much memory processes hold. Linux says it precisely; elsewhere there is less to know, or nothing."""

import sys
import threading
from pathlib import Path
from typing import Self

from kit.processes import is_known_here, tree

MB = 1024 * 1024


def peak_of_this_process() -> float | None:
    """The most memory that this process ever held (resident), in MB; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MB if sys.platform == "darwin" else peak / 1024


def held_by_tree(root: int, without: int = 0) -> float | None:
    """What a process and all that it started hold, in MB, memory that they share counted once (PSS).

    ``without`` is a process of that tree to leave out, with all that it started. Linux only: None elsewhere.
    """
    if not is_known_here():
        return None
    total = 0
    for pid in tree(root, without):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # it ended meanwhile
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


class Peak:
    """The most memory that a process and its children held at any reading, taken every few seconds.

    Looking takes some processor time, and holds the process looked at up: so not while its speed is measured.
    """

    def __init__(self, root: int, every: float = 0.1) -> None:
        self.mb: float | None = held_by_tree(root)
        self._root = root
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(self._every):
            held = held_by_tree(self._root)
            if held is not None:
                self.mb = max(held, self.mb or 0)
