"""Logging: ``log.jsonl`` in the run's folder for machines, warnings to the person who waits. Secrets in neither.

A run logs on the thread that it works on, and its log takes what is logged there and nothing else: several runs can
work in one process, each on a thread of its own. The sinks that the process had before are left alone; they get the
run's lines too, and with the secrets in them. The command line removes them (``bot.cli.wiring``).
"""

import json
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from bot.secrecy import Clean, cleaner
from bot.wording import cut, escaped

if TYPE_CHECKING:
    from loguru import Message, Record

LONGEST = 20_000
"""The most characters of one value that stand in the log: room for a traceback."""


@contextmanager
def log_to(
    file: Path,
    *,
    secrets: Collection[str],
    say: Callable[[str], None],
    copy: Callable[[str], None] = lambda line: None,
) -> Iterator[Callable[[str], None]]:
    """While the block runs, write every event of this thread to ``file``, one JSON object a line, and say warnings.

    Each of ``secrets`` is replaced wherever it would stand in what is logged, also as it looks inside quotes or in
    an address. A log that can no longer be written is said once, and ends nothing. ``copy`` is told each line too.
    Gives what writes a line that was made elsewhere.
    """
    broken = deaf = False

    def write(line: str) -> None:
        nonlocal broken, deaf
        try:
            stream.write(f"{line}\n".encode(errors="replace"))
        except OSError as error:
            if not broken:
                say(f"{file} can no longer be written ({error.strerror}); the run continues without it.")
            broken = True
        try:
            copy(line)
        except Exception as defect:  # the caller's own, which must not end an order
            if not deaf:
                say(f"The lines of {file.name} cannot be passed on ({type(defect).__name__}); the run continues.")
            deaf = True

    # Without a buffer each line is in the file at once, and closing cannot fail over one that was not.
    with file.open("ab", buffering=0) as stream, log_lines_to(write, secrets=secrets, say=say):
        yield write


@contextmanager
def log_lines_to(
    write: Callable[[str], None], *, secrets: Collection[str], say: Callable[[str], None]
) -> Iterator[None]:
    """As ``log_to``, with something else than a file that takes the lines."""
    clean = cleaner(secrets)

    def write_line(message: "Message") -> None:
        write(_as_json(message.record, clean))

    def say_aloud(message: "Message") -> None:
        say(cut(clean(message.record["message"])))

    def surely(sink: Callable[["Message"], None]) -> Callable[["Message"], None]:
        """The sink, whose failure ends no run. Where loguru catches it, it shows the whole event as it is."""

        def write(message: "Message") -> None:
            try:
                sink(message)
            except Exception as defect:
                if sys.stderr is not None:
                    print(clean(f"An event could not be logged: {type(defect).__name__}: {defect}"), file=sys.stderr)

        return write

    thread = threading.get_ident()

    def is_ours(record: "Record") -> bool:
        # Not a context variable: Playwright calls its listeners in a context of their own, but on the same thread.
        return record["thread"].id == thread

    def listen(sink: Callable[["Message"], None], level: str) -> int:
        # An exception is shown without the values that it met on its way: passwords would be among them.
        return logger.add(surely(sink), level=level, filter=is_ours, catch=True, backtrace=False, diagnose=False)

    sinks = [listen(write_line, "DEBUG"), listen(say_aloud, "WARNING")]
    try:
        yield
    finally:
        for sink in sinks:
            logger.remove(sink)


def _as_json(record: "Record", clean: Clean) -> str:
    """One line of the log. Each value is cleaned before it is escaped, so that the line stays JSON."""
    entry: dict[str, object] = {
        "time": record["time"].isoformat(timespec="milliseconds"),
        "level": record["level"].name.lower(),
        "message": record["message"],
        **record["extra"],
    }
    if record["exception"] and record["exception"].value:
        entry["error"] = f"{type(record['exception'].value).__name__}: {record['exception'].value}"
        entry["traceback"] = "".join(traceback.format_exception(record["exception"].value))
    # Hidden before it is cut: what is left of half a secret would not be recognized.
    told = {name: value if value is None else cut(clean(str(value)), LONGEST) for name, value in entry.items()}
    return escaped(json.dumps(told, ensure_ascii=False))
