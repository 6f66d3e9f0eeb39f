"""Runs many command lines one after another in one process of its own, which starts and imports once.

Each gets settings and a folder of its own; the browser is a real one. For tests that have more command lines to try
than there is time to start Python for.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from environment_kit import clean_environment

_LOOP = """
import contextlib, io, json, os, sys

def call(asked):
    from bot.cli import main
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["countermand", *asked["arguments"]]
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
    return {"status": status, "out": out.getvalue(), "err": err.getvalue()}

answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    print(json.dumps(call(json.loads(line))), file=answers, flush=True)
"""


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


class ManyCommands:
    """The process; it ends with the block."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_environment(PYTHONUTF8="1"),
            encoding="utf-8",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def run(self, folder: Path, *arguments: str, **environment: str) -> Ended:
        asked = {"arguments": arguments, "folder": str(folder), "environment": clean_environment(**environment)}
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process was not started")
        self._process.stdin.write(json.dumps(asked) + os.linesep)
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))
