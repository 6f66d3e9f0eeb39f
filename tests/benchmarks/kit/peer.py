"""A peer as the benchmark sees it: a process that is told what to do in lines of JSON (see ``peers/turns.py``)."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.joblist import Job
from bot.sandbox.stock import STORES
from kit.command import surroundings
from kit.practice import Practice
from kit.processes import adopt_orphans, end_tree, processor_seconds, wait_for_rest

LINE = "COUNTERMAND_BENCHMARK_LINE"
"""Name of the variable that holds the number of the peer's end of the socket."""
BENCHMARKS = Path(__file__).resolve().parents[1]
PATIENCE = 120.0
"""Seconds after which a peer that says nothing is given up."""


class PeerFailed(Exception):
    """A peer did not do what it was asked for; its text is why."""


@dataclass(frozen=True, kw_only=True)
class Canceled:
    """What one order took."""

    seconds: float
    """Wall-clock seconds, from the start signal to the status read on the reopened page."""
    processor_seconds: float
    """Of the peer and all that it started, until they rest."""
    pictures: int
    steps: dict[str, float]
    """Seconds of each step, for a peer that tells them."""


class Peer:
    """A running peer with a practice Admin of its own. Ends with the block.

    Args:
        command: what starts it.
        settings: what it is told first.
        practice: the practice Admin that it works on.
        folder: where it puts its pictures, and what it says besides.
    """

    def __init__(self, command: Sequence[str], settings: Mapping[str, Any], practice: Practice, folder: Path) -> None:
        self.practice = practice
        self._given: list[str] = []
        self._log = folder / "said.txt"
        paths = [str(BENCHMARKS / "peers"), str(BENCHMARKS), *filter(None, [os.environ.get("PYTHONPATH")])]
        ours, theirs = socket.socketpair()
        with self._log.open("w") as log, theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                cwd=folder,
                env=surroundings() | {"PYTHONPATH": os.pathsep.join(paths), LINE: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                preexec_fn=adopt_orphans if sys.platform == "linux" else None,
            )
        ours.settimeout(PATIENCE)
        self._line = ours
        self._from = ours.makefile("r", encoding="utf-8")
        self._say({"settings": {**settings, "folder": str(folder)}})

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *trouble: object) -> None:
        with suppress(PeerFailed):
            self._say({"end": True})
        self._line.close()
        self._from.close()
        end_tree(self._process)

    def begin_round(self, jobs: Sequence[Job]) -> None:
        """Reset the practice Admin and have the peer sign in; ``await_entry`` waits for that."""
        self.practice.reset()
        self._given = []
        entry = {name: getattr(self.practice, name) for name in ("url", "username", "password")}
        self._say({"round": {**entry, "orders": [_told(job) for job in jobs]}})

    def await_entry(self) -> None:
        """Wait until it is signed in."""
        self._hear("entered")

    def prepare(self, job: Job) -> None:
        """Have it go to the dashboard of an order's store; ``await_ready`` waits for that."""
        self._given.append(job.order)
        self._say({"order": _told(job)})

    def await_ready(self) -> None:
        """Wait until it stands there and has come to rest."""
        self._hear("ready")
        wait_for_rest(self.pid)

    def cancel(self) -> Canceled:
        """Have it cancel the order for which it stands ready."""
        used = processor_seconds(self.pid)
        begun = time.perf_counter()
        self._say({"go": True})
        answer = self._hear("done")
        seconds = time.perf_counter() - begun
        if answer["done"] != "Canceled" or answer.get("outcome", "canceled") != "canceled":
            raise PeerFailed(f"order {self._given[-1]} reads {answer['done']}")
        used = wait_for_rest(self.pid) - used
        pictures, steps = int(answer["pictures"]), dict(answer.get("steps", {}))
        return Canceled(seconds=seconds, processor_seconds=used, pictures=pictures, steps=steps)

    def end_round(self) -> None:
        """Make sure that the practice Admin heard of just the cancels that were asked for.

        Raises:
            PeerFailed: it heard of others.
        """
        arrived = [(cancel["order"], cancel["reason"]) for cancel in self.practice.cancels()]
        if arrived != [(order, "BuyerCanceled") for order in self._given]:
            raise PeerFailed(f"the practice Admin heard of other cancels: {arrived}")

    def _say(self, what: Mapping[str, Any]) -> None:
        try:
            self._line.sendall((json.dumps(what) + "\n").encode())
        except OSError as trouble:
            raise PeerFailed(self._last_words()) from trouble

    def _hear(self, what: str) -> dict[str, Any]:
        """One line of the peer, which must be about this."""
        try:
            line = self._from.readline()
        except TimeoutError as silence:
            raise PeerFailed(f"it was silent for {PATIENCE:g} s") from silence
        except OSError:
            line = ""
        if not line:
            raise PeerFailed(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if what not in answer:
            raise PeerFailed(f"it said {line.strip()} and not {what}")
        return answer

    def _last_words(self) -> str:
        """Why an ended peer ended: the last line that it wrote which speaks of an error, else the last one."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        said = self._log.read_text(errors="replace")
        print(f"- {said.strip()}", flush=True)
        lines = [line.strip() for line in said.splitlines() if line.strip()] or ["without a word"]
        errors = [line for line in lines if re.search(r"error|exception|fail", line, re.IGNORECASE)] or lines
        return f"it ended: {errors[-1][:160]}"


def _told(job: Job) -> dict[str, str]:
    """An order as ``turns.Order`` has it."""
    store_id = next(store.uuid for store in STORES if store.name == job.store)
    return {"order": job.order, "store": job.store, "store_id": store_id, "reason": job.reason.label}
