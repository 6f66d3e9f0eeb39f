"""Logging: ``log.jsonl`` in the run's folder for machines, warnings to the person who waits. Secrets in neither."""

import json
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

HIDDEN = "[hidden]"


@contextmanager
def log_to(file: Path, *, secrets: Collection[str], say: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, write every event to ``file``, one JSON object a line, and say warnings aloud.

    Each of ``secrets`` is replaced wherever it would stand in a line.
    """

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def write_line(message: "Message") -> None:
        stream.write(clean(_as_json(message.record)) + "\n")

    def say_aloud(message: "Message") -> None:
        say(clean(message.record["message"]))

    logger.remove()
    with file.open("a", encoding="utf-8", buffering=1) as stream:
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


def _as_json(record: "Record") -> str:
    entry: dict[str, object] = {
        "time": record["time"].isoformat(timespec="milliseconds"),
        "level": record["level"].name.lower(),
        "message": record["message"],
        **record["extra"],
    }
    if record["exception"] and record["exception"].value:
        entry["error"] = f"{type(record['exception'].value).__name__}: {record['exception'].value}"
    return json.dumps(entry, ensure_ascii=False, default=str)
