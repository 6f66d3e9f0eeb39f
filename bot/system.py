"""What differs between operating systems and is needed in more than one place."""

import getpass
import os
import sys

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def user_name() -> str:
    """The person who runs this program, by the name that the system has for them.

    A container can run as a number that has no name.
    """
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "an unnamed user"


def has_crashed(exit_status: int) -> bool:
    """Whether a process did not end by itself: a signal ended it, or Windows did, which has numbers of its own."""
    return not 0 <= exit_status <= 255


def most_processes() -> int | None:
    """How many processes one program can watch, with a pipe to each; None if there is no limit.

    Windows waits for 63 things at once.
    """
    return 31 if sys.platform == "win32" else None


def file_name(name: str) -> str:
    """The name as every system takes it: Windows has devices that are called ``con`` or ``aux``, whatever follows."""
    return f"_{name}" if name.partition(".")[0].lower() in _RESERVED else name
