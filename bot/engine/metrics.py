"""What there is to watch: the queue, the workers and the outcomes, as Prometheus reads them.

Everything is read from the ledger and the engine's queue when it is asked for, so it is the same from every machine,
and any program that has both open can give it out.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.engine.backlog import GIVEN_UP, LATER, WAITING, WORKED_ON, Backlog, open_backlog
from bot.errors import CannotStart, LedgerTrouble
from bot.ledger import Ledger
from bot.outcomes import Outcome

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What the exposition is sent as."""

PATH = "/metrics"

_STATES = {WAITING: "waiting", LATER: "later", WORKED_ON: "worked_on", GIVEN_UP: "stuck"}


def exposition(ledger: Ledger, backlog: Backlog) -> bytes:
    """Everything that there is to watch, in Prometheus' text format.

    Raises:
        LedgerTrouble: the ledger, or the queue beside it, cannot be read.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest
    from prometheus_client.core import CounterMetricFamily

    registry = CollectorRegistry()

    def gauge(name: str, words: str, label: str = "") -> Gauge:
        return Gauge(f"countermand_{name}", words, [label] if label else [], registry=registry)

    gauge("info", "The version that gives this out.", "version").labels(__version__).set(1)
    runs = ledger.queue.waiting()
    gauge("runs_queued", "Runs in the queue that are not over.").set(len(runs))
    gauge("runs_stopped", "Of these, runs of which no more orders begin.").set(sum(bool(run.stopped) for run in runs))
    gauge("orders_waiting", "Orders of queued runs without a result.").set(sum(run.orders - run.done for run in runs))
    gauge("orders_in_progress", "Orders that a worker or a run works on now.").set(len(ledger.claims.held()))
    waiting = gauge("orders_waiting_for_person", "Orders whose cancel a person has to look at.")
    waiting.set(len(ledger.intents.waiting()))
    gauge("queue_paused", "1 while the queue is paused.").set(ledger.queue.paused() is not None)
    oldest = min((run.info.started_at for run in runs), default=None)
    age = gauge("oldest_run_seconds", "Seconds since the oldest run in the queue was submitted; 0 without one.")
    age.set(max(0.0, (ledger.now() - oldest).total_seconds()) if oldest else 0)
    workers = gauge("accounts_in_use", "Admin accounts that a worker or a run has now.", "admin")
    for held in ledger.accounts.held():
        workers.labels(held.admin).inc()
    stints = gauge("stints", "Stints in the queue, by what becomes of them.", "state")
    counted = backlog.counted()
    for status, state in _STATES.items():
        stints.labels(state).set(counted[status])
    orders = CounterMetricFamily("countermand_orders", "Orders with a result, by outcome.", labels=["outcome"])
    results = ledger.runs.outcomes()
    for outcome in Outcome:
        orders.add_metric([str(outcome)], results.get(str(outcome), 0))
    registry.register(_Counted(orders))
    return generate_latest(registry)


class _Counted:
    """Numbers that were counted already."""

    def __init__(self, *families: "Metric") -> None:
        self._families = families

    def collect(self) -> "Iterator[Metric]":
        """The families of numbers."""
        return iter(self._families)


def place_of(written: str) -> tuple[str, int]:
    """The host and port that ``[HOST:]PORT`` names; this machine alone if no host is named.

    Raises:
        CannotStart: it names none.
    """
    host, _, port = written.rpartition(":")
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise CannotStart(reason=f"--metrics {written}: give a port, or a host and a port, such as 0.0.0.0:9464.")
    return host.strip("[]") or "127.0.0.1", int(port)


@contextmanager
def metrics_served(place: Path | str, where: tuple[str, int]) -> Iterator[int]:
    """While the block runs, give out what there is to watch at that host and port; gives the port.

    Raises:
        CannotStart: nothing can be served there.
        LedgerTrouble: the ledger cannot be opened.
    """
    with Ledger.open(place) as ledger, open_backlog(place, ledger) as backlog:

        class Handler(BaseHTTPRequestHandler):
            """Answers every visit of the one address."""

            def do_GET(self) -> None:
                """The metrics, or why there are none."""
                if self.path.partition("?")[0] != PATH:
                    self._answer(404, b"See /metrics\n")
                    return
                try:
                    self._answer(200, exposition(ledger, backlog))
                except LedgerTrouble as trouble:
                    self._answer(503, f"{trouble}\n".encode())

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal for every visit."""

        class Server(ThreadingHTTPServer):
            """At an address of either kind."""

            address_family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET

        try:
            server = Server(where, Handler)
        except OSError as refused:
            raise CannotStart(
                reason=f"--metrics: nothing can be served at {where[0]}:{where[1]} ({refused.strerror or refused})."
            ) from refused
        with server:
            serving = threading.Thread(target=server.serve_forever, args=(0.2,), name="metrics", daemon=True)
            serving.start()
            try:
                yield server.server_address[1]
            finally:
                server.shutdown()
                serving.join()
