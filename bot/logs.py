"""Logging: ``log.jsonl`` in the run's folder for machines, warnings to the person who waits. Secrets in neither."""

import json
import re
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

HIDDEN = "[hidden]"


@contextmanager
def log_to(file: Path, *, secrets: Collection[str], say: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, write every event to ``file``, one JSON object a line, and say warnings aloud.

    Each of ``secrets`` is replaced wherever it would stand in what is logged, also as it looks inside quotes or in
    an address. A log that can no longer be written is said once, and ends nothing.
    """
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    # The longest first, because one secret may be the beginning of another.
    hide = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))) or r"(?!)")
    broken = False

    def clean(text: str) -> str:
        return hide.sub(HIDDEN, text)

    def write_line(message: "Message") -> None:
        nonlocal broken
        try:
            stream.write(f"{_as_json(message.record, clean)}\n".encode(errors="replace"))
        except OSError as error:
            if not broken:
                say(f"{file} can no longer be written ({error.strerror}); the run goes on without it.")
            broken = True

    def say_aloud(message: "Message") -> None:
        say(clean(message.record["message"]))

    logger.remove()
    # Without a buffer each line is in the file at once, and closing cannot fail over one that was not.
    with file.open("ab", buffering=0) as stream:
        # A failing sink must not end a run: loguru reports it and goes on.
        sinks = [
            logger.add(write_line, level="DEBUG", catch=True),
            logger.add(say_aloud, level="WARNING", catch=True),
        ]
        try:
            yield
        finally:
            for sink in sinks:
                logger.remove(sink)
            logger.add(sys.stderr, level="WARNING")


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as JSON, Python and addresses write it."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, errors="replace"),
    }


def _as_json(record: "Record", clean: Callable[[str], str]) -> str:
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
    told = {name: value if value is None else clean(str(value)) for name, value in entry.items()}
    return json.dumps(told, ensure_ascii=False)
