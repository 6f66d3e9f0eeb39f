"""A program at a terminal of its own, where it draws and asks as it does for a person."""

import fcntl
import os
import re
import struct
import subprocess
import termios
from pathlib import Path

_PARTS = re.compile(r"\x1b\[(?P<how>[0-9;?]*)(?P<what>[A-Za-z])|(?P<move>[\r\n])|(?P<text>[^\x1b\r\n]+)")
ROWS, COLUMNS = 50, 110


def at_a_terminal(command: list[str], answers: dict[str, str], *, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run it to its end. Where it asks, it is answered once.

    Args:
        command: the program with its arguments.
        answers: what is entered after each of these words.
        cwd: where it runs.
        env: its environment.

    Returns:
        Its exit status, and what is to be seen on the terminal in the end, from the first line on, without colors.
    """
    ours, its = os.openpty()
    with os.fdopen(ours, "rb+", buffering=0) as terminal:
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        with subprocess.Popen(
            command, cwd=cwd, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True
        ) as one:
            os.close(its)
            said, left = b"", dict(answers)
            while part := _read(terminal.fileno()):
                said += part
                for words in [words for words in left if words.encode() in said]:
                    terminal.write(f"{left.pop(words)}\n".encode())
            status = one.wait()
    return status, seen(said.decode())


def seen(drawn: str) -> str:
    """What is to be seen of it in the end: a line that was wiped, and drawn again, is there once."""
    lines, row, column = [""], 0, 0
    for part in _PARTS.finditer(drawn):
        if part["text"]:
            lines[row] = lines[row][:column].ljust(column) + part["text"] + lines[row][column + len(part["text"]) :]
            column += len(part["text"])
        elif part["move"] == "\r":
            column = 0
        elif part["move"] == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part["what"] == "A":
            row = max(0, row - int(part["how"] or 1))
        elif part["what"] == "K":
            lines[row] = "" if part["how"] == "2" else lines[row][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _read(terminal: int) -> bytes:
    """What is drawn next; nothing when the program has ended, which Linux calls an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
