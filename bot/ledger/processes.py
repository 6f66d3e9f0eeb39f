"""How the ledger identifies a process, and what proves that one has ended.

Host name and process number prove little: containers can share both although each has its own process table, and
numbers are reused. So a process is identified by a random id. Only a process on the same boot of the same system, with
the same process table, can prove that it has ended: the operating system has no such number, or another process has
it. Without proof, a process counts as alive.
"""

import os
import secrets
import socket
import sys
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

UNKNOWN = "?"
"""Stands in for an unknown value; it proves nothing."""

TOLERANCE = 1.0
"""Seconds by which two readings of one moment can differ."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process, as the ledger records it."""

    name: str
    """Host name and process number, with a slash between them: for people."""
    id: str
    """Random, new for each process."""
    system: str
    """The boot id, which changes at every start of a computer; containers of one computer share it."""
    table: str
    """The process table in which its number counts: on Linux the number of its process namespace."""
    started: float
    """When it started: Unix time by the computer's clock, which may have been changed since."""
    booted: float
    """When the system started, by the same clock at the same moment."""

    def __str__(self) -> str:
        told = (self.name, self.id, self.system, self.table, f"{self.started:.2f}", f"{self.booted:.2f}")
        return " ".join(told)

    @classmethod
    def read(cls, written: str) -> "Process | None":
        """The process that was recorded; None if an older version recorded less, which proves nothing."""
        try:
            name, its_id, system, table, started, booted = written.split(" ")
            return cls(name=name, id=its_id, system=system, table=table, started=float(started), booted=float(booted))
        except ValueError:
            return None


def this_process() -> str:
    """This process, as the ledger records it."""
    return str(_process(os.getpid()))


def is_gone(written: str) -> bool:
    """Whether a recorded process is proved to have ended."""
    process, mine = Process.read(written), _process(os.getpid())
    if process is None or UNKNOWN in {process.system, process.table} or process.id == mine.id:
        return False
    host, _, number = process.name.rpartition("/")
    if (host, process.system, process.table) != (mine.name.rpartition("/")[0], mine.system, mine.table):
        return False
    if sys.platform != "linux" and abs(process.booted - psutil.boot_time()) > TOLERANCE:
        return False  # there, it is the only sign of another start of the system
    if not _is_there(int(number)):
        return True
    if sys.platform not in {"linux", "win32"}:
        return False  # elsewhere psutil moves the start of a process when the clock is set
    try:
        started, booted = _start_of(int(number))
    except (psutil.Error, OSError):
        return False  # it ended just now, or its start is not for this user to know
    # The clock can have been set since, and then only one of the two differs.
    shifted = abs((started - booted) - (process.started - process.booted)) > TOLERANCE
    return shifted and abs(started - process.started) > TOLERANCE


@lru_cache(maxsize=1)
def _process(number: int) -> Process:
    """This process; a fork has a different number, and so is a different process."""
    host = socket.gethostname()[:64].replace(" ", "_") or UNKNOWN
    try:
        (started, booted), table = _start_of(number), _table()
    except (psutil.Error, OSError):  # there is no /proc, or it is that of another namespace
        (started, booted), table = (0.0, 0.0), UNKNOWN
    return Process(
        name=f"{host}/{number}",
        id=secrets.token_hex(8),
        system=_system(),
        table=table,
        started=started,
        booted=booted,
    )


def _system() -> str:
    if sys.platform != "linux":
        return f"{uuid.getnode():012x}"
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip() or UNKNOWN
    except (OSError, ValueError):
        return UNKNOWN


def _table() -> str:
    if sys.platform in {"darwin", "win32"}:
        return "whole"  # such a system has one
    try:
        # Where /proc is that of another namespace, what it says of a number is said of another process.
        if Path("/proc/self").readlink().name != str(os.getpid()):
            return UNKNOWN
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return UNKNOWN


def _is_there(number: int) -> bool:
    """Whether a process has that number now, also one that /proc hides from this user."""
    if sys.platform == "win32":  # where signal 0 is not a question but Ctrl-C
        return psutil.pid_exists(number)
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _start_of(number: int) -> tuple[float, float]:
    """When a process started, and when the system did, both by the clock as it is now.

    Raises:
        psutil.Error: there is no such process, or this user may not know.
    """
    for _ in range(10):  # the clock can be set in between
        booted = psutil.boot_time()
        started = psutil.Process(number).create_time()
        if psutil.boot_time() == booted:
            break
    return started, booted
