"""A process and all that it started: which they are, and how much of the processor they have used. Linux only."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

REST_LOOK = 0.1
"""Seconds in which processes at rest use less than two ticks of the processor's clock."""

_ADOPTS_ORPHANS = 36
"""PR_SET_CHILD_SUBREAPER, which survives the start of the program."""


def is_known_here() -> bool:
    """Whether this system tells what processes use."""
    return Path("/proc/self/smaps_rollup").is_file()


def adopt_orphans() -> None:
    """Let a process that is about to start keep what its children leave behind, so that all of it is counted.

    For ``preexec_fn`` of a ``Popen``.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPTS_ORPHANS, 1, 0, 0, 0)


def tree(root: int, without: int = 0) -> list[int]:
    """A process and all that it started, but for the process ``without`` and what that one started."""
    children: dict[int, list[int]] = {}
    for pid, fields in _stats():
        children.setdefault(int(fields[1]), []).append(pid)
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        if pid != without:
            found.append(pid)
            waiting += children.get(pid, [])
    return found


def processor_seconds(root: int) -> float:
    """What a process and all that it started have used so far, those that have ended included; 0 elsewhere."""
    ticks = 0
    members = set(tree(root)) if is_known_here() else set()
    for pid, fields in _stats():
        if pid in members:
            ticks += sum(int(field) for field in fields[11:15])  # its own, and its ended children's
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def wait_for_rest(root: int, limit: float = 3.0) -> float:
    """Wait until a process and all that it started do nothing any more, and say what they have used by then.

    What a program puts off until its order is done counts as its work, and is no load on the next one.
    """
    used, end = processor_seconds(root), time.monotonic() + limit
    while is_known_here() and time.monotonic() < end:
        time.sleep(REST_LOOK)
        before, used = used, processor_seconds(root)
        if used - before < 2 / os.sysconf("SC_CLK_TCK"):
            break
    return used


def end_in_order() -> None:
    """Let a request to end (SIGTERM) end this program as Ctrl-C does: with all that it started."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


def end_tree(process: subprocess.Popen[str], seconds: float = 10) -> None:
    """Wait that long for a process to end, and then end it and everything that it left behind."""
    members = _started(tree(process.pid))
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        members = _started(tree(process.pid))
        process.kill()
        process.wait()
    for pid, since in _started(list(members)).items():
        if since == members[pid]:  # or another process has got its number
            with suppress(OSError):  # it ended meanwhile
                os.kill(pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)


def _started(pids: list[int]) -> dict[int, str]:
    """When each of these processes was started, in the system's own way of telling; of those that are there."""
    return {pid: fields[19] for pid, fields in _stats() if pid in pids}


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Every process, and what the system tells of it after its name: state, parent, ..."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
