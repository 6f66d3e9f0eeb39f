"""The practice Admin as a process of its own, so that what it needs is not taken for what the bot needs."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.joblist import Job
from bot.sandbox.shop import Order
from bot.sandbox.stock import STORES, new_shop
from bot.vocabulary import Reason, Status

IN_VIEW = 8
"""How many recent orders are visible on a dashboard without scrolling, on the faces spectrum and plain."""


@dataclass(frozen=True)
class Practice:
    """A practice Admin that serves."""

    url: str
    username: str
    password: str
    pid: int

    def reset(self) -> None:
        """Every order as at the start, and nobody signed in."""
        self._ask("reset", b"")

    def cancels(self) -> list[dict[str, Any]]:
        """The cancels that arrived since the last reset."""
        return list(self._ask("journal.json")["cancels"])

    def requests(self) -> list[dict[str, Any]]:
        """The requests that arrived since the last reset."""
        return list(self._ask("journal.json")["requests"])

    def _ask(self, what: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(self.url.replace("/admin/", f"/sandbox/{what}"), body, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def practice_admin(face: str, answer_ms: int = 0, program: Sequence[str] = ("-m", "bot.sandbox")) -> Iterator[Practice]:
    """Start a practice Admin, and end it with the block. ``program`` is what Python is given to serve it."""
    words = [*program, "--face", face, "--answer-ms", str(answer_ms)]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("the practice Admin has no output")
        yield Practice(**json.loads(process.stdout.readline()), pid=process.pid)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def jobs_in_view() -> list[Job]:
    """Every order that is Unshipped and in view on the dashboard of its store, right after a reset."""
    shop = new_shop()
    return [
        as_job(order)
        for store in STORES
        for order in shop.recent(store.name)[:IN_VIEW]
        if order.status is Status.UNSHIPPED and order.plain
    ]


def jobs_not_recent(store: str) -> list[Job]:
    """Every Unshipped order of a store that only its All Orders shows, right after a reset."""
    return [as_job(order) for order in new_shop().select(store=store, status=Status.UNSHIPPED, recent=False)]


def as_job(order: Order) -> Job:
    """The job to cancel an order."""
    return Job(order=order.number, store=order.store, reason=Reason.BUYER_CANCELED)
