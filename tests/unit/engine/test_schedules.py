"""What is done at certain times, and what is refused, as a worker does it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from run_kit import HOST, TERMS, job, permit

from bot.engine import schedules
from bot.ledger import Ledger, Schedule
from bot.outcomes import Outcome

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Bench

ORDERS = [f"112-1215998-{number:07}" for number in range(1, 4)]
NIGHTLY = Schedule(
    name="nightly",
    admin=HOST,
    cron="0 2 * * *",
    timezone="Europe/Berlin",
    command="run",
    jobs=tuple(job(order) for order in ORDERS),
    job_list="orders.yaml",
    terms=TERMS,
)


@pytest.fixture
def at() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=9)


def test_a_list_is_queued_once_for_each_time_however_often_it_is_called_for(bench: Bench, at: datetime) -> None:
    assert bench.ledger.schedules.add(NIGHTLY, "maria")
    bench.worker.call("nightly", at)
    (run,) = bench.ledger.queue.waiting()
    assert (run.info.command, run.info.job_list, run.orders) == ("run", "orders.yaml", 3)
    assert bench.backlog.queued == [stint.stint for stint in run.stints]
    bench.worker.call("nightly", at)
    assert len(bench.ledger.queue.waiting()) == 1
    assert bench.printed.getvalue().splitlines() == [
        f"- Schedule nightly, {at:%Y-%m-%d %H:%M}: run {run.info.run_id} is queued.",
        f"- Schedule nightly, {at:%Y-%m-%d %H:%M}: run {run.info.run_id} was queued already.",
    ]


def test_a_list_that_is_still_queued_from_last_time_is_not_queued_twice(bench: Bench, at: datetime) -> None:
    bench.ledger.schedules.add(NIGHTLY, "maria")
    bench.worker.call("nightly", at)
    bench.worker.call("nightly", at + timedelta(minutes=1))
    (run,) = bench.ledger.queue.waiting()
    assert bench.printed.getvalue().endswith(f"the same orders are queued already, as run {run.info.run_id}.\n")


def test_a_call_that_is_too_late_is_refused(bench: Bench) -> None:
    bench.ledger.schedules.add(NIGHTLY, "maria")
    bench.worker.call("nightly", datetime.now(UTC) - timedelta(minutes=12))
    assert bench.ledger.queue.waiting() == []
    assert bench.printed.getvalue().endswith(": nothing is done, it is 12 minutes late.\n")


CHANGED = "it was changed in the ledger after it was added: remove it, and add it again"
EARLIER = "an earlier version added it, which kept no hash over its Admin and times: remove it, and add it again"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("jobs = '[]'", CHANGED),
        ("""what = replace(what, '"max_failures": 5', '"max_failures": 500')""", CHANGED),
        ("admin = 'shop.example/other'", CHANGED),
        ("cron = '* * * * *'", CHANGED),
        ("timezone = 'UTC'", CHANGED),
        ("name = 'another'", CHANGED),
        ("what = json_remove(what, '$.terms')", CHANGED),
        ("what = json_remove(what, '$.jobs_sha256')", EARLIER),
    ],
)
def test_a_schedule_that_was_changed_in_the_ledger_is_not_followed_and_says_so(
    bench: Bench, at: datetime, change: str, why: str
) -> None:
    bench.ledger.schedules.add(NIGHTLY, "maria")
    with bench.ledger._database.writing() as connection:
        connection.execute(sa.text(f"UPDATE schedules SET {change}"))
    (listed,) = bench.ledger.schedules.all()
    bench.worker.call(listed.name, at)
    bench.worker.call("unheard-of", at)
    assert bench.ledger.queue.waiting() == []
    assert bench.printed.getvalue().splitlines() == [
        f"- Schedule {listed.name} was called, and nothing is done: {why}.",
        "- Schedule unheard-of was called, and nothing is done: there is no schedule of that name.",
    ]
    seen = "" if change.startswith("jobs") else why  # lists are read when they are needed
    assert listed.doubt == seen


def test_a_schedule_of_another_admin_is_not_followed(bench: Bench, at: datetime) -> None:
    bench.ledger.schedules.add(replace(NIGHTLY, admin="other.example"), "maria")
    bench.worker.call("nightly", at)
    assert bench.ledger.queue.waiting() == []


def test_an_audit_looks_at_what_was_canceled(bench: Bench, at: datetime) -> None:
    audit = replace(NIGHTLY, command="audit", jobs=(), job_list="", since="7d", terms=replace(TERMS, command="audit"))
    bench.ledger.schedules.add(audit, "maria")
    bench.worker.call("nightly", at)
    assert bench.printed.getvalue().endswith(": there is no order to look at.\n")
    with Ledger.open(bench.place) as other:
        other.intents.conclude(other.intents.write(HOST, permit(ORDERS[0])), Outcome.CANCELED)
    bench.worker.call("nightly", at)
    (run,) = bench.ledger.queue.waiting()
    assert (run.info.command, run.terms.command, [stint.orders for stint in run.stints]) == (
        "audit",
        "audit",
        [(ORDERS[0],)],
    )


def test_a_check_is_made_with_the_workers_own_account_and_closes_its_browser(bench: Bench, at: datetime) -> None:
    asked: list[str] = []

    def check(account: object) -> str:
        asked.append(getattr(account, "username", ""))
        return "9 screens as the pack says"

    bench.check = check
    bench.worker = bench.new_worker()
    bench.ledger.schedules.add(replace(NIGHTLY, command="check", jobs=(), terms=None), "maria")
    bench.worker.call("nightly", at)
    assert asked == ["bot"]
    assert bench.printed.getvalue().endswith(": 9 screens as the pack says.\n")


def test_times_have_the_same_run_on_every_machine() -> None:
    berlin = datetime.fromisoformat("2026-03-01T02:00:00+01:00")
    assert schedules.run_id_of("nightly", berlin) == schedules.run_id_of("nightly", berlin.astimezone(UTC))
    assert schedules.run_id_of("nightly", berlin).startswith("20260301-010000-")
    assert schedules.run_id_of("nightly", berlin) != schedules.run_id_of("weekly", berlin)
