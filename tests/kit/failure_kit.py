"""What a command said is printed with the test that fails, whatever the test compares."""

import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

LOG_LINES = 20
"""So many lines from the end of a run's log are printed."""


def print_if_it_fails(request: pytest.FixtureRequest, title: str, text: str) -> None:
    """Have pytest print this below the test's traceback, should the test fail."""
    request.node.add_report_section("call", title, text)


def outcome(status: int, out: str, err: str, log: str = "") -> str:
    """An exit status with everything that was said, for a person to read."""
    parts = {"exit status": str(status), "output": out, "error": err, "end of the log": log}
    return "\n".join(f"{name}: {said.rstrip()}" for name, said in parts.items() if said)


class Program(subprocess.Popen[str]):
    """A command in a folder of its own. What it said, and the end of its run's log, goes where ``told`` puts it."""

    def __init__(self, command: list[str], *, cwd: Path, told: Callable[[str], None], **how: Any) -> None:
        super().__init__(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)
        self._folder, self._told = cwd, told

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        out, err = super().communicate(input, timeout)
        self._told(outcome(self.returncode, out, err, _end_of_log(self._folder)))
        return out, err


def end_all(programs: "Iterable[subprocess.Popen[str]]") -> None:
    """End what a test that failed left running, or frozen."""
    for program in programs:
        if program.poll() is None:
            program.kill()
            program.communicate()


def _end_of_log(folder: Path) -> str:
    logs = sorted(folder.glob("runs/*/log.jsonl"), key=lambda log: log.stat().st_mtime)
    return "\n".join(logs[-1].read_text(encoding="utf-8").splitlines()[-LOG_LINES:]) if logs else ""
