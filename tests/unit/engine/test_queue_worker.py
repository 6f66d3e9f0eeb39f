from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from run_kit import HOST, RUN_ID, STORE, job, permit, run_info

from bot.engine.conclusion import conclude
from bot.engine.worker import TIMES
from bot.errors import AccountLost, EvidenceNotWritten, Interrupted, LedgerTrouble, QueuedRunStopped
from bot.evidence.verify import verify
from bot.ledger import Ledger, NotYet
from bot.outcomes import Outcome
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.worker import OrderDone
from bot.settings import LocalSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.engine.conftest import Bench

ORDERS = [f"112-1215998-{number:07}" for number in range(1, 4)]


def raises(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_the_last_stint_leaves_a_run_folder_that_the_ledger_agrees_with(bench: Bench) -> None:
    for stint in bench.submit():
        bench.work(stint)
    assert bench.results() == dict.fromkeys(ORDERS, (Outcome.CANCELED, "So it is."))
    folder = bench.folder / RUN_ID
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (told["account"], told["workers"], told["stopped_early"]) == ("bot", 1, "")
    assert (told["pack"], told["blocked"]) == ("asc-4.3 (auto)", {"tracker.example": len(ORDERS)})
    assert len(json.loads((folder / "results.json").read_text(encoding="utf-8"))) == len(ORDERS)
    assert (folder / "report.html").is_file()
    found = verify(folder, bench.ledger)
    assert (found.disagreement, found.remark) == ("", "")
    assert bench.opened == 1  # one browser for all stints of a run
    assert f"{RUN_ID}: 3 of 3 orders canceled" in bench.printed.getvalue()
    assert bench.printed.getvalue().endswith(f"Report: {folder / 'report.html'}\n")


def test_a_worker_that_died_before_it_had_written_the_results_has_another_write_them(bench: Bench) -> None:
    *first, last = bench.submit()
    for stint in first:
        bench.work(stint)
    for one in bench.worker.begin(last.stint):
        bench.worker.work_on(one)
    bench.ledger.queue.end_stint(last)
    assert bench.ledger.queue.is_last(RUN_ID, last.stint)  # and here it dies
    bench.worker = bench.new_worker()
    assert bench.worker.begin(last.stint) == ()
    bench.worker.end(last.stint)
    assert verify(bench.folder / RUN_ID, bench.ledger).disagreement == ""


def test_an_order_that_has_a_result_is_not_worked_again(bench: Bench) -> None:
    stint, *_ = bench.submit()
    bench.work(stint)
    bench.work(stint)  # its worker died after the ledger knew, and before the engine did
    assert bench.worked == [ORDERS[0]]


@pytest.mark.parametrize(("pressed", "outcome"), [(False, Outcome.FAILED), (True, Outcome.UNKNOWN)])
def test_an_order_that_two_workers_died_with_is_not_tried_a_third_time(
    bench: Bench, pressed: bool, outcome: Outcome
) -> None:
    stint, *_ = bench.submit()
    with Ledger.open(bench.place) as dead:
        for worker in ("dead-1", "dead-2"):
            dead.runs.go_on_as(RUN_ID, worker)
            assert dead.claims.take(HOST, ORDERS[0], 300)
            if pressed and worker == "dead-2":
                dead.limits.count_for(RUN_ID)
                dead.intents.write(HOST, permit(ORDERS[0]))
            bench.end_claims()
    bench.work(stint)
    assert bench.worked == []
    became, words = bench.results()[ORDERS[0]]
    assert became is outcome
    assert "2 workers ended while they worked on it." in words


def test_workers_that_gave_an_order_back_did_not_die_with_it(bench: Bench) -> None:
    stint, *_ = bench.submit()
    with Ledger.open(bench.place) as stopped:
        for worker in ("stopped-1", "stopped-2", "stopped-3"):
            stopped.runs.go_on_as(RUN_ID, worker)
            assert stopped.claims.take(HOST, ORDERS[0], 300)
            stopped.claims.release(HOST, ORDERS[0])
    bench.work(stint)
    assert bench.results()[ORDERS[0]][0] is Outcome.CANCELED


def test_an_order_that_is_begun_again_and_again_ends_some_day(bench: Bench) -> None:
    stint, *_ = bench.submit()
    with Ledger.open(bench.place) as other:
        for number in range(TIMES):
            other.runs.go_on_as(RUN_ID, f"worker-{number}")
            assert other.claims.take(HOST, ORDERS[0], 300)
            other.claims.release(HOST, ORDERS[0])
    bench.work(stint)
    assert bench.worked == []
    assert bench.results()[ORDERS[0]] == (Outcome.FAILED, "It was begun 10 times, and never finished.")


@pytest.mark.parametrize(
    ("known", "outcome", "words"),
    [
        (None, Outcome.UNKNOWN, "Confirm may have been pressed, and then: by maria"),
        (Outcome.CANCELED, Outcome.CANCELED, "Canceled in the Admin, and proved; before the result was recorded: "),
        (Outcome.CANCELED_NOT_SENT, Outcome.CANCELED_NOT_SENT, "Confirm was pressed, and the order waits for a person"),
        (Outcome.UNKNOWN, Outcome.UNKNOWN, "Confirm was pressed, and the order waits for a person"),
    ],
)
def test_an_order_that_was_pressed_is_not_skipped_when_its_run_is_stopped(
    bench: Bench, known: Outcome | None, outcome: Outcome, words: str
) -> None:
    stint, *_ = bench.submit()
    bench.press_and_die(ORDERS[0], known)
    bench.ledger.queue.stop(RUN_ID, "by maria")
    bench.work(stint)
    became, said = bench.results()[ORDERS[0]]
    assert (bench.worked, became) == ([], outcome)
    assert said.startswith(words)


def test_an_order_that_was_pressed_is_not_left_to_another_run_as_untouched(bench: Bench) -> None:
    stint, *_ = bench.submit()
    bench.press_and_die(ORDERS[0])
    (order,) = bench.worker.begin(stint.stint)
    assert bench.worker.leave(order).result.outcome is Outcome.UNKNOWN


def test_an_order_that_was_pressed_is_not_skipped_at_the_end_of_its_run(bench: Bench) -> None:
    for stint in bench.submit():
        bench.press_and_die(stint.orders[0])
        bench.ledger.queue.end_stint(stint, "It was canceled by hand.")
    assert bench.ledger.queue.is_last(RUN_ID, "maria")
    run = bench.ledger.queue.find(RUN_ID)
    assert run is not None
    conclude(LocalSettings(runs_dir=bench.folder, ledger=str(bench.place)), run)
    assert {outcome for outcome, _ in bench.results().values()} == {Outcome.UNKNOWN}
    assert verify(bench.folder / RUN_ID, bench.ledger).disagreement == ""


def test_a_run_is_not_concluded_while_a_worker_is_in_the_middle_of_an_order(bench: Bench) -> None:
    stints = bench.submit()
    with Ledger.open(bench.place) as frozen:
        frozen.runs.go_on_as(RUN_ID, "frozen")
        frozen.limits.count_for(RUN_ID)
        assert frozen.claims.take(HOST, ORDERS[0], 300)
        for stint in stints:
            bench.ledger.queue.end_stint(stint, "It was canceled by hand.")

        def wake_up() -> None:
            frozen.runs.finish_order(bench.canceled(ORDERS[0]))
            frozen.claims.release(HOST, ORDERS[0])

        bench.on_wait = [wake_up]
        bench.worker.end(stints[0].stint)
    became = {order: outcome for order, (outcome, _) in bench.results().items()}
    assert became == {ORDERS[0]: Outcome.CANCELED, **dict.fromkeys(ORDERS[1:], Outcome.SKIPPED)}


def test_a_report_that_a_worker_died_over_is_written_by_the_next_one(bench: Bench) -> None:
    stints = bench.submit()
    for stint in stints:
        bench.work(stint)
    before = (bench.folder / RUN_ID / "results.json").read_bytes()
    (bench.folder / RUN_ID / "report.html").unlink()
    bench.new_worker().end(stints[-1].stint)
    assert (bench.folder / RUN_ID / "report.html").is_file()
    assert (bench.folder / RUN_ID / "results.json").read_bytes() == before
    assert verify(bench.folder / RUN_ID, bench.ledger).disagreement == ""


def test_a_pack_is_told_of_the_run_that_it_was_seen_in(bench: Bench) -> None:
    first, *_ = bench.submit()
    bench.work(first)
    for stint in bench.submit("next", command="plan"):
        bench.ledger.queue.stop("next", "by maria")
        bench.work(stint)
    assert bench.ledger.queue.worked("next").packs == ()
    assert bench.ledger.queue.worked(RUN_ID).packs == ("asc-4.3 (auto)",)


@pytest.mark.parametrize(
    ("executor", "again"),
    [("", True), (f"{HOST} as bot", True), (f"{HOST} as gone", True), (f"{HOST} as maria", False)],
)
def test_a_stint_of_an_earlier_version_is_queued_once_more(bench: Bench, executor: str, again: bool) -> None:
    stint, *_ = bench.submit()
    with Ledger.open(bench.place) as other:
        other.runs.go_on_as("worker-2")
        assert other.accounts.take(HOST, "maria", 300)
        bench.backlog.earlier = {stint.stint: executor}
        bench.worker.work(BrowserThread(), once=True)
    expected = ([stint.stint], [f"{stint.stint} again 1"]) if again else ([], [])
    assert (bench.backlog.taken_back, bench.backlog.queued) == expected
    assert (bench.ledger.queue.stint(stint.stint) is None) == again


@pytest.mark.parametrize(("times", "again"), [(0, True), (1, True), (5, False)])
def test_a_stint_that_the_engine_has_done_with_too_early_is_queued_once_more(
    bench: Bench, times: int, again: bool
) -> None:
    first, *_ = bench.submit()
    name = first.stint if not times else f"{first.stint} again {times}"
    if times:
        bench.ledger.queue.put_back(first, lambda *_: None, name)
    bench.backlog.ended = {name, "of another run"}
    bench.worker.work(BrowserThread(), once=True)
    assert bench.backlog.queued == ([f"{first.stint} again {times + 1}"] if again else [])
    found = bench.ledger.queue.stint(name)
    assert (found is None) == again


def test_after_a_limit_the_rest_of_the_run_is_skipped_without_a_browser(bench: Bench) -> None:
    first, second, third = bench.submit()
    limit = QueuedRunStopped(reason="Confirm was pressed for 1 orders, which is the limit of this run.")
    bench.on_work[ORDERS[0]] = [raises(limit)]
    for stint in (first, second, third):
        bench.work(stint)
    assert bench.worked == [ORDERS[0]]
    assert {outcome for outcome, _ in bench.results().values()} == {Outcome.SKIPPED}
    told = json.loads((bench.folder / RUN_ID / "run.json").read_text(encoding="utf-8"))
    assert told["stopped_early"] == str(limit)
    assert verify(bench.folder / RUN_ID, bench.ledger).disagreement == ""


def test_what_is_said_of_the_next_run_is_not_in_the_folder_of_the_last_one(bench: Bench) -> None:
    for stint in bench.submit():
        bench.work(stint)
    for stint in bench.submit("next", command="plan"):
        bench.ledger.queue.stop("next", "by maria")
        bench.work(stint)
    for run_id in (RUN_ID, "next"):
        found = verify(bench.folder / run_id, bench.ledger)
        assert (found.disagreement, found.remark) == ("", "")


def test_a_paused_queue_is_waited_for_and_that_is_said_once(bench: Bench) -> None:
    stint, *_ = bench.submit()
    bench.ledger.queue.pause("maria")
    bench.on_wait = [lambda: None, bench.ledger.queue.resume]
    bench.work(stint)
    assert len(bench.waited) == 2
    assert bench.printed.getvalue().count("- The queue is paused. Waiting.\n") == 1
    assert bench.worked == [ORDERS[0]]


# --- A ledger that has forgotten ---

EARLIER = "20260228-021405-a1b2"


def press_in_another_ledger(bench: Bench, order: str) -> str:
    """Leave the folder of a run that pressed this order, and a ledger that knows nothing of it; gives its name."""
    folder = bench.folder / EARLIER
    folder.mkdir(parents=True)
    with Ledger.open(bench.folder / "before.sqlite") as before:
        before.trail.copy_to(folder)
        before.runs.begin(run_info(EARLIER), [job(order)])
        before.intents.write(HOST, permit(order))
    return f"The ledger {bench.place} does not know what was pressed in run {EARLIER}, which {folder} tells of"


def test_with_a_ledger_that_has_forgotten_a_press_no_worker_presses_any_order_of_the_run(bench: Bench) -> None:
    stints = bench.submit()
    words = press_in_another_ledger(bench, ORDERS[1])
    bench.work(stints[0])
    with Ledger.open(bench.place) as other:  # a worker on another machine, which has no such folder
        other.limits.count_for(RUN_ID)
        with pytest.raises(QueuedRunStopped, match="does not know what was pressed"):
            other.limits.ask()
    for stint in stints[1:]:
        bench.work(stint)
    assert (bench.worked, bench.opened) == ([], 0)
    results = bench.results()
    assert [outcome for outcome, _ in results.values()] == [Outcome.SKIPPED] * 3
    skipped = f"Nothing was pressed: the run stopped. {words}: Confirm for order {ORDERS[1]}"
    assert [said.partition(". It is")[0] for _, said in results.values()] == [skipped] * 3
    assert f"- {RUN_ID}: {words}" in bench.printed.getvalue()


@pytest.mark.parametrize(("order", "command"), [("112-1215998-9999999", "run"), (ORDERS[1], "plan")])
def test_a_press_that_a_run_cannot_repeat_stops_nothing(bench: Bench, order: str, command: str) -> None:
    stint, *_ = bench.submit(command=command)
    press_in_another_ledger(bench, order)
    bench.work(stint)
    assert bench.worked == [ORDERS[0]]


def test_after_the_ledger_was_away_it_is_looked_at_again_whether_it_has_forgotten(bench: Bench) -> None:
    first, second, _ = bench.submit()
    bench.on_work[ORDERS[0]] = [raises(LedgerTrouble(ledger="there", reason="gone."))]
    bench.work(first)
    press_in_another_ledger(bench, ORDERS[1])
    bench.work(second)
    assert bench.worked == [ORDERS[0], ORDERS[0]]


def test_while_the_ledger_is_away_it_waits_and_then_works_the_same_order(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stint, *_ = bench.submit()
    away = LedgerTrouble(ledger="there", reason="gone.")
    bench.on_work[ORDERS[0]] = [raises(away)]
    bench.work(stint)
    assert bench.worked == [ORDERS[0], ORDERS[0]]
    assert bench.opened == 2  # the browser's own connection to the ledger is made again
    assert "- The ledger there cannot be used: gone. Waiting for it.\n" in bench.printed.getvalue()
    assert bench.results()[ORDERS[0]][0] is Outcome.CANCELED


def test_a_machine_that_cannot_keep_evidence_leaves_its_orders_to_others(bench: Bench) -> None:
    stint, *_ = bench.submit()
    bench.on_work[ORDERS[0]] = [raises(EvidenceNotWritten(reason="No space left on device"))]
    (order,) = bench.worker.begin(stint.stint)
    with pytest.raises(EvidenceNotWritten):
        bench.worker.work_on(order)
    assert bench.results() == {}


def test_a_worker_does_not_wait_for_a_ledger_that_was_moved(bench: Bench) -> None:
    stint, *_ = bench.submit()

    def moved() -> None:
        with Ledger.open(bench.place) as other, other._database.writing() as connection:
            connection.execute(sa.text("INSERT INTO moved VALUES ('postgresql://db.example/countermand', 'now')"))
        raise LedgerTrouble(ledger="there", reason="it was moved.")

    bench.on_work[ORDERS[0]] = [moved]
    (order,) = bench.worker.begin(stint.stint)
    with pytest.raises(LedgerTrouble, match=r"it was moved to postgresql://db\.example/countermand\."):
        bench.worker.work_on(order)
    assert bench.results() == {}


def test_somebody_who_stops_it_does_not_wait_for_the_ledger(bench: Bench) -> None:
    stint, *_ = bench.submit()

    def away_and_stopped() -> None:
        bench.asked_to_stop = True
        raise LedgerTrouble(ledger="there", reason="gone.")

    bench.on_work[ORDERS[0]] = [away_and_stopped]
    (order,) = bench.worker.begin(stint.stint)
    with pytest.raises(Interrupted):
        bench.worker.work_on(order)
    assert bench.results() == {}


def test_a_worker_that_lost_its_account_takes_no_more_orders(bench: Bench) -> None:
    stint, *_ = bench.submit()
    (order,) = bench.worker.begin(stint.stint)
    with Ledger.open(bench.place) as other, other._database.writing() as connection:
        connection.execute(sa.text("UPDATE accounts SET owner = 'another'"))
    with pytest.raises(AccountLost):
        bench.worker.work_on(order)
    assert (bench.worked, bench.opened, bench.results()) == ([], 0, {})


def test_an_order_that_a_worker_before_it_still_claims_is_waited_for(bench: Bench) -> None:
    stint, *_ = bench.submit()
    with Ledger.open(bench.place) as frozen:
        frozen.runs.go_on_as(RUN_ID, "frozen")
        assert frozen.claims.take(HOST, ORDERS[0], 300)
        bench.on_work[ORDERS[0]] = [lambda: None]
        bench.on_wait = [lambda: frozen.claims.release(HOST, ORDERS[0])]
        (done,) = bench.work(stint)
    assert done is not None
    assert bench.worked == [ORDERS[0], ORDERS[0]]


def test_an_order_that_another_run_works_on_is_left_to_it(bench: Bench) -> None:
    stint, *_ = bench.submit()
    with Ledger.open(bench.place) as other:
        other.runs.go_on_as("another run")
        assert other.claims.take(HOST, ORDERS[0], 300)
        bench.on_work[ORDERS[0]] = [lambda: None]
        (order,) = bench.worker.begin(stint.stint)
        assert bench.worker.work_on(order) is None
    left = bench.worker.leave(order)
    assert left.result.outcome is Outcome.SKIPPED
    assert bench.results()[ORDERS[0]][1] == "Another run is working on this order; this one left it alone."


def test_orders_that_were_changed_in_the_ledger_are_not_worked(bench: Bench) -> None:
    stint, *_ = bench.submit()
    changed = job(ORDERS[0], "Südwind").model_dump_json()
    with Ledger.open(bench.place) as other, other._database.writing() as connection:
        connection.execute(
            sa.text("UPDATE orders SET job = :job WHERE amazon_order = :order"), {"job": changed, "order": ORDERS[0]}
        )
    bench.work(stint)
    assert bench.worked == []
    assert "The orders of this stint were changed in the ledger after they were submitted" in bench.printed.getvalue()


def test_what_a_worker_left_unfinished_is_handed_out_again_once_its_lease_is_over(bench: Bench) -> None:
    bench.backlog.theirs = {"mine": f"{HOST} as bot", "theirs": f"{HOST} as gone"}
    bench.worker.work(BrowserThread(), once=True)
    assert bench.backlog.taken_over == [f"{HOST} as gone"]
    assert "- Stint theirs was left unfinished, and is handed out again.\n" in bench.printed.getvalue()


def test_a_result_that_could_not_be_written_is_written_once_the_ledger_is_back(bench: Bench) -> None:
    stint, *_ = bench.submit()
    bench.on_work[ORDERS[0]] = [lambda: OrderDone(result=bench.canceled(ORDERS[0]), pressed=True)]
    bench.work(stint)
    assert bench.results()[ORDERS[0]][0] is Outcome.CANCELED


def test_a_pace_is_waited_for(bench: Bench) -> None:
    stint, *_ = bench.submit()
    bench.on_work[ORDERS[0]] = [raises(NotYet(7.5))]
    bench.work(stint)
    assert bench.waited == [7.5]
    assert bench.ledger.queue.stint(stint.stint) is not None
    assert stint.store == STORE
