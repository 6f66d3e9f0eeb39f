"""The queue in the ledger, in a file and on a server: what is queued together, once, and by whom it is ended."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from run_kit import OTHER, RUN_ID, STORE, TERMS, job, run_info

from bot.engine.stints import cut
from bot.joblist import Job
from bot.ledger import Ledger, Stint
from bot.ledger.queue import hash_of_jobs
from bot.outcomes import Outcome
from bot.runner.results import failed, result_of

JOBS = (job(), job(OTHER), job("112-1215998-3002093", "Nordwind DE"))


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    with Ledger.open(place) as opened:
        yield opened


def submit(ledger: Ledger, jobs: tuple[Job, ...] = JOBS, run_id: str = RUN_ID, **terms: Any) -> tuple[str, list[str]]:
    """Queue a list; gives the run, and the stints that were handed out with it."""
    enqueued: list[str] = []
    run = ledger.queue.submit(
        run_info(run_id), jobs, replace(TERMS, **terms), cut(jobs), lambda _, stint: enqueued.append(stint.stint)
    )
    return run, enqueued


def stints(ledger: Ledger, run_id: str = RUN_ID) -> tuple[Stint, ...]:
    run = ledger.queue.find(run_id)
    assert run is not None
    return run.stints


def test_a_run_is_queued_with_its_orders_and_its_stints(ledger: Ledger) -> None:
    run, enqueued = submit(ledger)
    (waiting,) = ledger.queue.waiting()
    assert (run, waiting.info.run_id, waiting.terms, waiting.orders, waiting.done) == (RUN_ID, RUN_ID, TERMS, 3, 0)
    assert enqueued == [f"{RUN_ID}/{STORE}/1", f"{RUN_ID}/{STORE}/2", f"{RUN_ID}/Nordwind DE/1"]
    assert {stint.stint for stint in waiting.stints} == set(enqueued)
    assert ledger.queue.jobs_of(stints(ledger)[1]) == (job(),)


def test_nothing_is_queued_if_one_stint_cannot_be_handed_out(ledger: Ledger, beside: Any) -> None:
    def fails(_: sa.Connection, stint: Stint) -> None:
        if stint.store != STORE:
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        ledger.queue.submit(run_info(), JOBS, TERMS, cut(JOBS), fails)
    assert ledger.queue.waiting() == []
    assert ledger.runs.latest() == []
    assert beside.rows("SELECT count(*) FROM stints") == [(0,)]


def test_a_list_that_is_queued_already_is_not_queued_again(ledger: Ledger) -> None:
    submit(ledger)
    assert submit(ledger, run_id="later", priority=1) == (RUN_ID, [])
    (waiting,) = ledger.queue.waiting()
    assert waiting.terms.priority == 100
    assert [info.run_id for info in ledger.runs.latest()] == [RUN_ID]


def test_another_command_or_another_list_is_another_run(ledger: Ledger) -> None:
    submit(ledger)
    assert submit(ledger, run_id="plan", command="plan")[0] == "plan"
    assert submit(ledger, JOBS[:1], run_id="shorter")[0] == "shorter"


def test_a_list_can_be_queued_again_once_its_run_is_finished(ledger: Ledger) -> None:
    submit(ledger)
    for stint in stints(ledger):
        ledger.queue.end_stint(stint)
    assert ledger.queue.is_last(RUN_ID, "the last")
    assert submit(ledger, run_id="again")[0] == "again"


def test_the_last_one_of_a_run_stays_the_last_one(ledger: Ledger) -> None:
    submit(ledger)
    first, *others = stints(ledger)
    ledger.queue.end_stint(first)
    assert not ledger.queue.is_last(RUN_ID, first.stint)
    for stint in others:
        ledger.queue.end_stint(stint)
    assert ledger.queue.is_last(RUN_ID, others[-1].stint)
    assert not ledger.queue.is_last(RUN_ID, first.stint)
    assert ledger.queue.is_last(RUN_ID, others[-1].stint)  # it died before it had written the results
    assert ledger.queue.waiting() == []


def test_who_works_is_known_from_the_stints(ledger: Ledger) -> None:
    submit(ledger)
    first, second, third = stints(ledger)
    for stint, worker, account in ((first, "w1", "bot1"), (second, "w2", "bot2"), (third, "w1", "bot1")):
        ledger.queue.begin_stint(stint, worker, account)
        ledger.queue.end_stint(stint, pack="asc-4.3", blocked={"tracker.example": 2})
    worked = ledger.queue.worked(RUN_ID)
    assert (worked.workers, worked.accounts) == (("w1", "w2"), ("bot1", "bot2"))
    assert (worked.packs, worked.blocked) == (("asc-4.3",), {"tracker.example": 6})
    begun = ledger.queue.stint(first.stint)
    assert begun is not None
    assert (begun.worker, begun.account) == ("w1", "bot1")


def test_an_order_that_was_changed_after_it_was_submitted_is_noticed(ledger: Ledger, beside: Any) -> None:
    submit(ledger)
    stint = stints(ledger)[1]
    assert hash_of_jobs(ledger.queue.jobs_of(stint)) == stint.sha256
    beside.change(
        "UPDATE orders SET job = :job WHERE amazon_order = :number",
        job=job(store="Südwind").model_dump_json(),
        number=stint.orders[0],
    )
    assert hash_of_jobs(ledger.queue.jobs_of(stint)) != stint.sha256


def test_what_is_put_back_waits_under_another_id(ledger: Ledger) -> None:
    submit(ledger)
    stint = stints(ledger)[0]
    ledger.queue.begin_stint(stint, "w1", "bot1")
    again: list[Stint] = []
    ledger.queue.put_back(stint, lambda _, one: again.append(one), "again")
    assert [(one.stint, one.orders) for one in again] == [("again", stint.orders)]
    assert ledger.queue.stint(stint.stint) is None
    waiting = ledger.queue.stint("again")
    assert waiting is not None
    assert waiting.worker == ""


def test_a_stopped_run_is_stopped_once(ledger: Ledger) -> None:
    submit(ledger)
    assert ledger.queue.stop(RUN_ID, "by maria")
    assert not ledger.queue.stop(RUN_ID, "by ken")
    run = ledger.queue.find(RUN_ID)
    assert run is not None
    assert run.stopped == "by maria"


def test_orders_without_a_result_are_those_that_were_not_reached(ledger: Ledger) -> None:
    submit(ledger)
    ledger.runs.finish_order(result_of(JOBS[1], failed("no")))
    assert ledger.queue.orders_without_result(RUN_ID) == (JOBS[0], JOBS[2])
    run = ledger.queue.find(RUN_ID)
    assert run is not None
    assert (run.done, [result.outcome for result in ledger.runs.results(RUN_ID)]) == (1, [Outcome.FAILED])


def test_the_queue_is_paused_by_one_and_resumed_by_all(ledger: Ledger) -> None:
    assert ledger.queue.paused() is None
    assert ledger.queue.pause("maria")
    assert not ledger.queue.pause("ken")
    paused = ledger.queue.paused()
    assert paused is not None
    assert paused[0] == "maria"
    assert ledger.queue.resume("ken")
    assert not ledger.queue.resume("ken")
    assert ledger.queue.paused() is None


def test_two_folders_of_one_run_both_get_its_whole_trail(
    place: Path | str, ledger: Ledger, tmp_path: Path, new_place: Callable[[], Path | str]
) -> None:
    submit(ledger)
    folders = (tmp_path / "here", tmp_path / "there")
    with Ledger.open(place) as here, Ledger.open(place) as there:
        for one, folder in zip((here, there), folders, strict=True):
            folder.mkdir()
            one.runs.go_on_as(RUN_ID, folder.name)
            one.trail.copy_to(folder, whole=True)
        here.claims.take("shop.example", JOBS[0].order, 300)
        there.claims.take("shop.example", JOBS[1].order, 300)
        here.claims.take("shop.example", JOBS[2].order, 300)
        lines = [entry.in_folder for entry in ledger.trail.entries(RUN_ID)]
        assert (folders[0] / "trail.jsonl").read_text(encoding="utf-8").splitlines() == lines
        assert (folders[1] / "trail.jsonl").read_text(encoding="utf-8").splitlines() == lines[:-1]


def test_a_line_whose_event_was_rolled_back_elsewhere_is_taken_out_of_the_folder(
    place: Path | str, ledger: Ledger, tmp_path: Path
) -> None:
    submit(ledger)
    trail = tmp_path / "trail.jsonl"
    ledger.trail.copy_to(tmp_path, whole=True)
    ledger.claims.take("shop.example", JOBS[0].order, 300)
    with trail.open("a", encoding="utf-8") as file:
        file.write(f'{{"hash": "{"0" * 64}", "event": {{"number": 3, "event": "step"}}}}\n')
    with Ledger.open(place) as elsewhere:
        elsewhere.runs.go_on_as(RUN_ID, "there")
        elsewhere.claims.take("shop.example", JOBS[1].order, 300)
    ledger.claims.take("shop.example", JOBS[2].order, 300)
    lines = [entry.in_folder for entry in ledger.trail.entries(RUN_ID)]
    assert len(lines) == 4
    assert trail.read_text(encoding="utf-8").splitlines() == lines
