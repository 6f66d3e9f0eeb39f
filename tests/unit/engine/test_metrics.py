"""What there is to watch, as Prometheus reads it."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families
from run_kit import HOST, TERMS

from bot.engine.backlog import Backlog, open_backlog
from bot.engine.metrics import exposition, metrics_served, place_of
from bot.errors import CannotStart, LedgerTrouble
from bot.ledger import Ledger
from bot.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.engine.conftest import Bench

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


@pytest.fixture
def queued(bench: Bench) -> Iterator[Backlog]:
    """The queue with the usual list, one stint for each order."""
    with open_backlog(bench.place, bench.ledger) as backlog:
        with bench.ledger._database.writing() as connection:
            for stint in bench.submit():
                backlog.put(connection, stint, admin=HOST, terms=TERMS)
        yield backlog


def seen(text: bytes) -> dict[str, float]:
    """The numbers, by name and label."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_queue_its_workers_and_the_outcomes_are_counted(bench: Bench, queued: Backlog) -> None:
    first, *_ = bench.ledger.queue.waiting()[0].stints
    bench.work(first)
    bench.press_and_die(bench.ledger.queue.waiting()[0].stints[0].orders[0], Outcome.UNKNOWN)
    bench.ledger.queue.pause("maria")
    with Ledger.open(bench.place) as other:
        other.runs.go_on_as("worker-2")
        assert other.accounts.take(HOST, "maria", 300)
        numbers = seen(exposition(bench.ledger, queued))
    assert {name: value for name, value in numbers.items() if value} == {
        f"countermand_info {_version()}": 1,
        "countermand_runs_queued": 1,
        "countermand_orders_waiting": 2,
        "countermand_orders_waiting_for_person": 1,
        "countermand_queue_paused": 1,
        f"countermand_accounts_in_use {HOST}": 2,
        "countermand_oldest_run_seconds": numbers["countermand_oldest_run_seconds"],
        "countermand_stints waiting": 3,
        "countermand_orders_total canceled": 1,
    }
    assert numbers["countermand_oldest_run_seconds"] > 0
    assert {f"countermand_orders_total {outcome}" for outcome in Outcome} <= set(numbers)


def _version() -> str:
    from bot import __version__

    return __version__


def test_they_are_served_under_one_address(bench: Bench, queued: Backlog) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with metrics_served(bench.place, ("127.0.0.1", 0)) as port:
        with opener.open(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert seen(answer.read())["countermand_stints waiting"] == 3
        with pytest.raises(urllib.error.HTTPError) as elsewhere:
            opener.open(f"http://127.0.0.1:{port}/")
        elsewhere.value.close()
        assert elsewhere.value.code == 404
        with (
            pytest.raises(CannotStart, match=r"^--metrics: nothing can be served at 127\.0\.0\.1:"),
            metrics_served(bench.place, ("127.0.0.1", port)),
        ):
            pass


def test_a_ledger_that_is_away_is_said_and_ends_nothing(
    bench: Bench, queued: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Backlog) -> None:
        raise LedgerTrouble(ledger="there", reason="connection refused.")

    monkeypatch.setattr(Backlog, "counted", away)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with metrics_served(bench.place, ("127.0.0.1", 0)) as port, pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(f"http://127.0.0.1:{port}/metrics")
    assert refused.value.code == 503
    with refused.value as answer:
        assert answer.read().startswith(b"The ledger there cannot be used: connection refused.")


@pytest.mark.parametrize(
    ("written", "place"),
    [("9464", ("127.0.0.1", 9464)), ("0.0.0.0:9464", ("0.0.0.0", 9464)), ("[::1]:9464", ("::1", 9464))],
)
def test_a_port_alone_is_on_this_machine_alone(written: str, place: tuple[str, int]) -> None:
    assert place_of(written) == place


@pytest.mark.parametrize("written", ["", "here", "here:", "70000", "-1"])
def test_what_is_no_port_is_said(written: str) -> None:
    with pytest.raises(CannotStart, match=r"give a port, or a host and a port, such as 0\.0\.0\.0:9464\."):
        place_of(written)
