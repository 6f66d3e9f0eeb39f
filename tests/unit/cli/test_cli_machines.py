"""submit, worker and queue, as a person calls them; the engine is real, and no browser is opened."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from run_kit import job, permit, run_info

from bot.ledger import Ledger
from bot.outcomes import Outcome

if TYPE_CHECKING:
    from command_kit import Countermand, Said

FIRST, SECOND = "112-1215998-3002091", "112-1215998-3002092"
LEDGER = Path("runs", "ledger.sqlite")

pytestmark = [
    pytest.mark.usefixtures("settings"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of the engine's own connections
]


def submitted(said: Said) -> str:
    assert said.status == 0, said.err
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}\n", said.out)
    return said.out.strip()


def test_submit_prints_the_run_id_alone_and_says_the_rest_beside_it(countermand: Countermand) -> None:
    said = countermand("submit", "jobs.yaml")
    run_id = submitted(said)
    assert said.err == "Queued 2 orders from jobs.yaml. Start a worker with: countermand worker\n"
    with Ledger.open(LEDGER) as ledger:
        (run,) = ledger.queue.waiting()
    assert (run.info.run_id, run.terms.command, run.terms.priority) == (run_id, "run", 100)


def test_a_second_submit_of_the_same_list_changes_nothing(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    said = countermand("submit", "--priority", "1", "jobs.yaml")
    assert submitted(said) == run_id
    assert said.err == "These 2 orders are queued already, as this run. Nothing was changed.\n"


def test_a_plan_of_the_same_list_is_a_run_of_its_own(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    assert submitted(countermand("submit", "--plan", "jobs.yaml")) != run_id


def test_what_is_submitted_is_what_was_read_then(countermand: Countermand) -> None:
    submitted(countermand("submit", "--pace", "30/min", "--max-cancellations", "7", "jobs.yaml"))
    Path("jobs.yaml").write_text("changed", encoding="utf-8")
    with Ledger.open(LEDGER) as ledger:
        (run,) = ledger.queue.waiting()
        jobs = [job.order for stint in run.stints for job in ledger.queue.jobs_of(stint)]
    assert sorted(jobs) == [FIRST, SECOND]
    assert (run.terms.spacing, run.terms.max_cancellations) == (2.0, 7)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--at", "soon", "jobs.yaml"), "'soon' is not a point in time: write a date and a time"),
        (("no-such.yaml",), "no-such.yaml"),
        (("--pace", "fast", "jobs.yaml"), "--pace: it must be a number of orders and a time, such as 30/min"),
    ],
)
def test_what_is_wrong_with_a_submission_is_said_before_anything_is_queued(
    countermand: Countermand, arguments: tuple[str, ...], words: str
) -> None:
    said = countermand("submit", *arguments)
    assert said.status == 2
    assert words in said.err
    assert not LEDGER.exists()


def test_whether_buyers_data_is_masked_is_decided_with_the_list(countermand: Countermand) -> None:
    submitted(countermand("submit", "--unmasked", "jobs.yaml"))
    with Ledger.open(LEDGER) as ledger:
        (run,) = ledger.queue.waiting()
    assert (run.terms.unmasked, run.info.unmasked) == (True, True)
    assert countermand("worker", "--unmasked").status == 2


@pytest.mark.parametrize(("options", "status"), [((), 2), (("--approval",), 2), (("--plan",), 0)])
def test_with_a_ledger_that_has_forgotten_a_press_nothing_is_queued(
    countermand: Countermand, options: tuple[str, ...], status: int
) -> None:
    earlier = Path("runs", "20260301-021405-a1b2")
    earlier.mkdir(parents=True)
    with Ledger.open(Path("before.sqlite")) as before:
        before.trail.copy_to(earlier)
        before.runs.begin(run_info(earlier.name), [job(FIRST)])
        before.intents.write("shop.example:8443/admin", permit(FIRST))
    said = countermand("submit", *options, "jobs.yaml")
    assert said.status == status
    forgotten = f"The ledger {LEDGER} does not know what was pressed in run {earlier.name}, which {earlier} tells of"
    assert said.err.startswith(f"{forgotten}: Confirm for order {FIRST}. ") is (status == 2)
    with Ledger.open(LEDGER) as ledger:
        assert bool(ledger.queue.waiting()) is (status == 0)


def test_an_empty_queue_says_so(countermand: Countermand) -> None:
    assert countermand("queue").out == "Nothing is queued.\n"


def test_the_queue_is_listed_with_its_stints(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "--priority", "7", "jobs.yaml"))
    assert countermand("queue", "list").out == (
        f"1 run queued\n"
        f"  {run_id}  run on shop.example:8443/admin, jobs.yaml: 0 of 2 orders done, priority 7\n"
        "      2 stints waiting for a worker\n"
    )
    assert "Queued: 0 of 2 orders done. See countermand queue." in countermand("status").out


def test_a_run_for_later_says_when_it_begins(countermand: Countermand) -> None:
    submitted(countermand("submit", "--at", "2999-03-01 06:00", "jobs.yaml"))
    assert "      Begins 2999-03-01 06:00.\n" in countermand("queue").out


def test_the_queue_is_paused_and_resumed(countermand: Countermand) -> None:
    assert countermand("queue", "pause").out == "Paused: orders in hand are finished, and no other begins.\n"
    assert countermand("queue", "pause").out == "It is paused already.\n"
    assert re.match(r"Paused by \S+ since .*: no order begins\. Go on with: ", countermand("queue").out)
    assert countermand("queue", "resume").out == "Orders begin again.\n"
    assert countermand("queue", "resume").out == "It is not paused.\n"


def test_a_canceled_run_leaves_a_report_in_which_every_order_is_skipped(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    said = countermand("queue", "cancel", run_id)
    report = Path("runs", run_id, "report.html")
    assert said.out == f"Run {run_id} is canceled. Report: {report}\n"
    assert report.is_file()
    results = json.loads((report.parent / "results.json").read_text(encoding="utf-8"))
    assert {result["outcome"] for result in results} == {Outcome.SKIPPED}
    assert countermand("queue").out == "Nothing is queued.\n"
    assert countermand("verify", run_id).status == 0


def test_a_run_that_is_not_queued_is_named(countermand: Countermand) -> None:
    said = countermand("queue", "cancel", "20260301-021405-a1b2")
    assert (said.status, said.err) == (
        2,
        "No run '20260301-021405-a1b2' is in the queue.\nSee countermand queue.\n",
    )


def test_a_finished_run_is_not_retried(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    countermand("queue", "cancel", run_id)
    said = countermand("queue", "retry", run_id)
    assert (said.status, said.err) == (
        2,
        f"Run {run_id} is finished.\nSubmit its list again: what is done is recognized as already canceled.\n",
    )


def test_nothing_is_retried_that_waits(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    assert countermand("queue", "retry", run_id).out == f"Nothing of run {run_id} is stuck.\n"


def test_what_the_engine_no_longer_hands_out_is_queued_once_more(countermand: Countermand) -> None:
    from bot.engine.backlog import open_backlog

    run_id = submitted(countermand("submit", "jobs.yaml"))
    with Ledger.open(LEDGER) as ledger, open_backlog(LEDGER, ledger) as backlog:
        run = ledger.queue.find(run_id)
        assert run is not None
        backlog.take_back([run.stints[0].stint])
    assert countermand("queue", "retry", run_id).out == f"1 stint of run {run_id} queued once more.\n"
    with Ledger.open(LEDGER) as ledger, open_backlog(LEDGER, ledger) as backlog:
        waiting = backlog.waiting(run.info.admin)
    assert sorted(waiting) == sorted([run.stints[1].stint, f"{run.stints[0].stint} again 1"])


def test_a_stint_that_was_handed_out_too_often_is_stuck(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    with Ledger.open(LEDGER) as ledger:
        run = ledger.queue.find(run_id)
        assert run is not None
        stint = run.stints[0].stint
        with ledger._database.writing() as connection:
            statement = "UPDATE workflow_status SET status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' WHERE workflow_uuid = :id"
            connection.execute(sa.text(statement), {"id": stint})
    assert countermand("queue").out.endswith(
        "      1 stint waiting for a worker\n"
        f"      Stuck: {stint} was handed out too often, and its worker ended each time. Look at the run's log, then: "
        f"countermand queue retry {run_id}\n"
    )
    assert countermand("queue", "retry", run_id).out == f"1 stint of run {run_id} queued once more.\n"
    assert "Stuck" not in countermand("queue").out


def test_more_workers_than_accounts_are_refused(countermand: Countermand) -> None:
    said = countermand("worker", "--workers", "2")
    assert said.status == 2
    assert said.err.startswith("2 workers need 2 Admin accounts")


def test_a_worker_that_finds_no_free_account_says_who_has_it(countermand: Countermand) -> None:
    with Ledger.open(LEDGER) as ledger:
        ledger.runs.go_on_as("worker-1")
        ledger.accounts.take("shop.example:8443/admin", "bot", 300)
        said = countermand("worker", "--once")
    assert (said.status, said.err) == (
        2,
        "No Admin account is free: bot by worker-1.\n"
        "End one of those, or name more accounts in COUNTERMAND_ACCOUNTS.\n",
    )


def test_a_worker_does_not_start_while_the_stop_file_is_there(countermand: Countermand) -> None:
    Path("runs").mkdir()
    Path("runs", "STOP").touch()
    said = countermand("worker")
    assert (said.status, said.err) == (
        2,
        f"The stop file {Path('runs', 'STOP')} exists: remove it to let workers start again.\n",
    )


def test_a_worker_without_a_browser_ends_and_leaves_the_orders_to_others(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    said = countermand("worker", "--once")
    assert said.status == 2
    assert "No browser was found in this test." in said.err
    with Ledger.open(LEDGER) as ledger:
        assert (ledger.runs.results(run_id), ledger.accounts.held()) == ([], [])
        assert [run.info.run_id for run in ledger.queue.waiting()] == [run_id]


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def test_the_engine_starts_beside_an_event_loop_as_playwright_has_one(countermand: Countermand) -> None:
    async def beside_a_loop() -> Said:
        return countermand("worker", "--once")

    submitted(countermand("submit", "jobs.yaml"))
    # A browser that an earlier test has left open has a loop here already.
    said = countermand("worker", "--once") if _is_in_a_loop() else asyncio.run(beside_a_loop())  # noqa: TID251 - it is what is tested
    assert said.status == 2
    assert "No browser was found in this test." in said.err


def test_what_the_queue_keeps_of_a_run_that_is_over_is_purged_and_the_run_is_still_known(
    countermand: Countermand,
) -> None:
    run_id = submitted(countermand("submit", "jobs.yaml"))
    countermand("queue", "cancel", run_id)
    with Ledger.open(LEDGER) as ledger, ledger._database.writing() as connection:
        connection.execute(sa.text("UPDATE queued_runs SET finished_at = '2026-01-01T00:00:00.000+00:00'"))
        connection.execute(sa.text("UPDATE workflow_status SET completed_at = 1767225600000"))
    said = "Queue: 2 stints of runs that are over; the ledger keeps what became of them.\n"
    nothing_old = "There is no evidence older than 1d in runs.\n"
    assert countermand("purge", "--older-than", "1d", "--dry-run").out == f"{nothing_old}{said}Nothing was removed.\n"
    before = countermand("status").out
    assert countermand("purge", "--older-than", "1d", "--yes").out.startswith(f"{nothing_old}{said}Removed.")
    assert countermand("status").out == before
    assert run_id in before
    again = countermand("purge", "--older-than", "1d", "--yes")
    assert again.out == "There is no evidence older than 1d in runs: nothing to remove.\n"


@pytest.mark.parametrize("address", ["ledger.sqlite", "mysql://db/x", "postgresql://bot:pw@db.example/countermand"])
def test_a_ledger_is_moved_to_a_server_only(countermand: Countermand, address: str) -> None:
    said = countermand("move-ledger", address)
    assert said.status == 2
    assert said.err.startswith(f"{address!r} is not the address of a PostgreSQL database without a password, such as ")


def test_schedules_are_added_listed_and_removed(countermand: Countermand) -> None:
    assert countermand("schedule").out == "There is no schedule.\n"
    added = countermand(
        "schedule", "add", "nightly", "0 2 * * 1-5", "jobs.yaml", "--timezone", "Europe/Berlin", "--yes"
    )
    assert (added.status, added.err) == (0, "")
    assert countermand("schedule", "add", "look", "0 6 * * *", "--audit", "7d").status == 0
    assert countermand("schedule", "add", "screens", "30 5 * * *", "--check").status == 0
    listed = countermand("schedule", "list").out
    assert listed.startswith("3 schedules\n  look  0 6 * * * (UTC)\n      audit of the last 7d on shop.example:8443/")
    assert "  nightly  0 2 * * 1-5 (Europe/Berlin)\n      run of jobs.yaml on shop.example:8443/admin, added " in listed
    assert countermand("schedule", "remove", "nightly").out == "Removed.\n"
    assert "nightly" not in countermand("schedule").out
    again = countermand("schedule", "remove", "nightly")
    assert (again.status, again.err) == (2, "There is no schedule 'nightly'.\nSee countermand schedule list.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x", "0 2 * *", "--check"), "'0 2 * *' needs five fields: minute, hour, day, month, weekday."),
        (("x", "0 25 * * *", "--check"), "The schedule cannot be used: "),
        (("x", "0 2 * * *", "--check", "--timezone", "Mars/Base"), "The schedule cannot be used: "),
        ((" ", "0 2 * * *", "--check"), "A schedule needs a name of at most 64 characters."),
        (("x", "0 2 * * *"), "Name one thing to do: a job list, --audit with a span of time, or --check."),
        (("x", "0 2 * * *", "jobs.yaml", "--check"), "Name one thing to do: "),
        (("x", "0 2 * * *", "--audit", "soon"), "'soon' is not a span of time"),
        (("x", "0 2 * * *", "--check", "--plan"), "--plan is for a job list."),
        (("x", "0 2 * * *", "jobs.yaml"), "There is no terminal to ask on."),
    ],
)
def test_what_is_wrong_with_a_schedule_is_said_and_nothing_is_added(
    countermand: Countermand, arguments: tuple[str, ...], words: str
) -> None:
    said = countermand("schedule", "add", *arguments)
    assert said.status == 2
    assert said.err.startswith(words)
    assert countermand("schedule").out == "There is no schedule.\n"


def test_a_name_is_given_to_one_schedule(countermand: Countermand) -> None:
    assert countermand("schedule", "add", "x", "0 2 * * *", "--check").status == 0
    again = countermand("schedule", "add", "x", "0 3 * * *", "--check")
    assert (again.status, again.err) == (
        2,
        "There is a schedule 'x' already.\nRemove it first, or name another.\n",
    )


def test_a_list_that_needs_an_approval_waits_until_somebody_else_gives_it(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = countermand("submit", "--approval", "jobs.yaml")
    run_id = submitted(said)
    assert said.err == f"2 orders from jobs.yaml wait for an approval: countermand queue approve {run_id}\n"
    own = countermand("queue", "approve", run_id, "--reason", "mine")
    assert (own.status, "another person has to approve it" in own.err) == (2, True)
    monkeypatch.setattr("bot.cli.machines.user_name", lambda: "somebody else")
    assert countermand("queue", "approve", run_id, "--reason", "as planned", "--valid", "soon").status == 2
    approved = countermand("queue", "approve", run_id, "--reason", "as planned", "--valid", "8h")
    assert approved.out == f"Run {run_id} is approved, and queued: 2 orders.\n"
    assert countermand("queue", "decline", run_id, "--reason", "too late").status == 2


def test_a_list_that_is_declined_is_skipped(countermand: Countermand) -> None:
    run_id = submitted(countermand("submit", "--approval", "jobs.yaml"))
    assert countermand("queue", "retry", run_id).status == 2
    said = countermand("queue", "decline", run_id, "--reason", "the wrong store")
    assert said.out == f"Run {run_id} is declined. Every order of it is skipped.\n"
    with Ledger.open(LEDGER) as ledger:
        assert {one.outcome for one in ledger.runs.results(run_id)} == {Outcome.SKIPPED}


def test_an_account_is_released_with_a_note(countermand: Countermand) -> None:
    with Ledger.open(LEDGER) as worker:
        worker.runs.go_on_as("worker-1")
        worker.accounts.take("shop.example:8443/admin", "bot", 300)
        assert countermand("queue", "release", "bot", "--note", " ").status == 2
        said = countermand("queue", "release", "bot", "--note", "its machine is gone")
        assert said.out == "Account bot is free. A worker that still had it begins no further order.\n"
        assert worker.accounts.held() == []
    assert countermand("queue", "release", "bot", "--note", "again").status == 2
