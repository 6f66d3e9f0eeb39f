"""Bots that may be killed, and what must be true of the practice Admin, the runs and the ledger afterwards."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from environment_kit import clean_environment

from bot.evidence.verify import verify
from bot.ledger import Intent, Ledger
from bot.ledger.trail import TRAIL_FILE
from bot.outcomes import OrderResult, Outcome
from bot.reports.results import RESULTS_FILE
from bot.sandbox import Sandbox

CHILD = Path(__file__).with_name("killed_at.py")
JOBS = "jobs.yaml"
PATIENCE = 60.0
"""Seconds for which a killed bot's browser may live on."""


@dataclass(frozen=True)
class Buried:
    """How the processes that a bot had started came to their end after it."""

    seconds: float
    """How long the last of them lived on."""
    ended_by_force: int
    """How many had to be ended, because they did not end by themselves."""


class Bots:
    """Starts the command line again and again in one folder, so that all runs share a ledger; a context manager.

    Needs the practice Admin, the browser program (None for Playwright's own), the recovery time in seconds, the pack,
    and what else is to be in the environment of each bot.
    """

    def __init__(
        self,
        folder: Path,
        sandbox: Sandbox,
        browser: Path | None,
        *,
        recover_after: float,
        pack: str = "asc-4.3",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.runs = folder / "runs"
        self.ledger = self.runs / "ledger.sqlite"
        # Short, because a browser makes a socket in there, and the name of a socket has hardly a hundred characters.
        self._temporary = tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True)
        self._environment = {
            **clean_environment(),
            "COUNTERMAND_ADMIN_URL": sandbox.url,
            "COUNTERMAND_USERNAME": sandbox.username,
            "COUNTERMAND_PASSWORD": sandbox.password,
            "COUNTERMAND_TOTP_SECRET": sandbox.faults.two_factor,
            "COUNTERMAND_BROWSER": str(browser or ""),
            "COUNTERMAND_PACK": pack,
            "COUNTERMAND_SETTLE": "0",
            "COUNTERMAND_RECOVER_AFTER": f"{recover_after:g}",
            # Also what a bot and its browser are known by: the browser is no longer in the bot's process group.
            "TMPDIR": self._temporary.name,
            "PYTHONUTF8": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",  # not that of the person who runs this
            **(environment or {}),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for pidfd in self._family():
            _end(pidfd)
            os.close(pidfd)
        self._temporary.cleanup()

    def start(self, *, kill_at: str = "", account: str = "") -> "subprocess.Popen[bytes]":
        """Start a run on the list, which kills itself at a point (see ``killed_at``) if one is given.

        It signs in as ``account``, or as all the others do.
        """
        another = {"COUNTERMAND_USERNAME": account} if account else {}
        with (self.folder / "said.txt").open("wb") as said:
            return subprocess.Popen(
                [sys.executable, CHILD, "run", JOBS, "--yes"],
                cwd=self.folder,
                env=self._environment | another | {"KILL_AT": kill_at},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # what is sent to it is sent to nobody else
            )

    def said(self) -> str:
        """What the latest run has said."""
        return (self.folder / "said.txt").read_text(encoding="utf-8", errors="replace")

    def events(self, folder: Path) -> list[dict[str, Any]]:
        """What the trail in a run's folder tells so far; a line that is only being written is not there yet."""
        try:
            lines = (folder / TRAIL_FILE).read_bytes().split(b"\n")[:-1]
        except OSError:
            return []
        told = (json.loads(line) for line in lines)
        return [line["event"] for line in told if "event" in line and isinstance(line["event"], dict)]

    def latest(self) -> Path | None:
        """The folder of the run that made its folder last."""
        folders = [path.parent for path in self.runs.glob("*/log.jsonl")]
        return max(folders, key=lambda path: (path / "log.jsonl").stat().st_ctime_ns, default=None)

    def freeze(self, process: "subprocess.Popen[bytes]", *, all_of_it: bool) -> Callable[[], None]:
        """Stop a bot in its tracks, with or without everything that it started, and give what wakes it again."""
        process.send_signal(signal.SIGSTOP)
        family = list(self._family()) if all_of_it else []
        for pidfd in family:
            _send(pidfd, signal.SIGSTOP)

        def wake() -> None:
            for pidfd in family:
                _send(pidfd, signal.SIGCONT)
                os.close(pidfd)
            process.send_signal(signal.SIGCONT)

        return wake

    def kill_all(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill a bot and, at the same moment, everything that it started."""
        family = list(self._family())
        process.kill()
        for pidfd in family:
            _end(pidfd)
            os.close(pidfd)

    def bury(self, process: "subprocess.Popen[bytes]") -> Buried:
        """Wait until a bot has ended, and its browser with it. What does not end by itself is ended."""
        process.wait(timeout=600)
        died, forced = time.monotonic(), 0
        # Only Linux tells what a process has started; elsewhere the browser is trusted to end with its driver.
        while family := list(self._family()):
            for pidfd in family:
                left = died + PATIENCE - time.monotonic()
                if not select.select([pidfd], [], [], max(0.0, left))[0]:
                    _end(pidfd)
                    select.select([pidfd], [], [])
                    forced += 1
                os.close(pidfd)
        return Buried(time.monotonic() - died, forced)

    def _family(self) -> Iterator[int]:
        """A descriptor of every process that the bots of this folder have started and that still runs."""
        mark = f"TMPDIR={self._temporary.name}\0".encode()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):  # it ended meanwhile, or is another person's
                pidfd = os.pidfd_open(int(path.parent.name))
                try:
                    ours = mark in path.read_bytes()
                except OSError:
                    ours = False
                if ours:
                    yield pidfd
                else:
                    os.close(pidfd)


def _end(pidfd: int) -> None:
    _send(pidfd, signal.SIGKILL)


def _send(pidfd: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it has ended
        signal.pidfd_send_signal(pidfd, number)


def read_results(bots: Bots) -> dict[str, OrderResult]:
    """The results of the latest run, order by order; none if it has written none."""
    folder = bots.latest()
    if folder is None or not (folder / RESULTS_FILE).is_file():
        return {}
    results = json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8"))
    return {result["order"]: OrderResult.model_validate(result) for result in results}


@dataclass(frozen=True)
class Truth:
    """What the practice Admin knows, held against what the runs and the ledger say."""

    doubles: tuple[str, ...]
    """Orders that were canceled more than once."""
    outside: tuple[str, ...]
    """Orders that were canceled and are on no list, and presses of a Commerce order's own Cancel."""
    false_successes: tuple[str, ...]
    """What was called canceled although the command did not reach the second stage."""
    without_intent: tuple[str, ...]
    """Orders that were canceled although no ledger knows of an intent."""
    disagreements: tuple[str, ...]
    """Runs whose folder and ledger do not agree."""

    @property
    def violations(self) -> tuple[str, ...]:
        """Everything that must never be, in sentences."""
        return (
            *(f"{order} was canceled twice" for order in self.doubles),
            *(f"{order} was canceled and is not on the list" for order in self.outside),
            *self.false_successes,
            *(f"{order} was canceled and the ledger knows no intent" for order in self.without_intent),
            *self.disagreements,
        )


def find_out(bots: Bots, sandbox: Sandbox, listed: Collection[str], *, only: Path | None = None) -> Truth:
    """Hold every run, or ``only`` the one in that folder, against the practice Admin's journal."""
    cancels = sandbox.journal.cancels
    reached = {record.order for record in cancels if record.reached_amazon}
    times = Counter(record.order for record in cancels)
    results, intents, disagreements = [], [], []
    with Ledger.open(bots.ledger) as ledger:
        for folder in sorted(path.parent for path in bots.runs.glob("*/log.jsonl")):
            intents += ledger.intents.of_run(folder.name)
            if only in {None, folder}:
                results += _results_of(folder, ledger)
                disagreements += _disagreements_of(folder, ledger)
    return Truth(
        doubles=tuple(order for order, number in times.items() if number > 1),
        outside=tuple(
            [order for order in times if order not in listed]
            + [record.commerce_number for record in sandbox.journal.commerce_cancels]
        ),
        false_successes=tuple(dict.fromkeys(_false_successes(results, intents, reached))),
        without_intent=tuple(times.keys() - {intent.order for intent in intents}),
        disagreements=tuple(disagreements),
    )


def _results_of(folder: Path, ledger: Ledger) -> list[OrderResult]:
    """What a run has said of its orders, in the ledger and in its folder."""
    results = ledger.runs.results(folder.name)
    if (folder / RESULTS_FILE).is_file():
        written = json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8"))
        results += [OrderResult.model_validate(result) for result in written]
    return results


def _disagreements_of(folder: Path, ledger: Ledger) -> list[str]:
    # A bot that was killed before the ledger knew of the run has left nothing to compare with it.
    if not ledger.trail.entries(folder.name):
        trail = folder / TRAIL_FILE
        begun = trail.is_file() and trail.read_bytes().count(b"\n") > 1
        return [f"{folder.name}: the ledger knows nothing of it"] if begun else []
    found = verify(folder, ledger).disagreement
    return [f"{folder.name}: {found}"] if found else []


def _false_successes(
    results: Collection[OrderResult], intents: Collection[Intent], reached: Collection[str]
) -> Iterator[str]:
    for result in results:
        if result.outcome in {Outcome.CANCELED, Outcome.ALREADY_CANCELED} and result.order not in reached:
            yield f"{result.order} is reported {result.outcome}, and the command did not reach the second stage"
    for intent in intents:
        if intent.settled_as == "canceled" and intent.order not in reached:
            yield f"{intent.order} is settled as canceled, and the command did not reach the second stage"
