import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from admin_kit import PagelessAdmin
from loguru import logger
from practice_kit import CANCELED
from run_kit import HOST, job, permit, run_info

from bot.admin import Admin
from bot.cancel.verdicts import LOOK_IN_SELLER_CENTRAL, Verdict
from bot.errors import (
    AdminBusy,
    CannotStart,
    ElementMissing,
    EvidenceNotWritten,
    Interrupted,
    LedgerTrouble,
    Mismatch,
    NoBrowser,
    OrderNotFound,
    PageTrouble,
    PressedBefore,
    Refused,
    RunStopped,
    SessionEnded,
    Technical,
)
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.joblist import Job
from bot.ledger import Event, Ledger
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.runner import InProcessWorker, RunEnd, RunLimits, Runner, WorkerOptions
from bot.runner.logs import log_to
from bot.runner.results import RunResults
from bot.runner.worker import Worker
from bot.secrecy import Clean, cleaner
from bot.vocabulary import Reason, Status

FIRST, SECOND, THIRD, FOURTH = (f"112-1215998-300209{number}" for number in range(1, 5))
INFO = run_info()
RUN_AGAIN = "Run the list again: what is done is recognized as already canceled."
DEAD = "The browser failed: the page crashed"


JOBS = [job(FIRST), job(SECOND), job(THIRD)]


class FakeAdmin(PagelessAdmin):
    """An Admin without a page that can fail to begin again, and keeps what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.trouble: list[BaseException] = []

    def note(self, event: Event, **told: object) -> None:
        """What a picture's hash is."""

    def say(self, remark: str) -> None:
        self.said.append(remark)

    def heed_stop(self) -> None:
        """Nobody asks to stop."""

    def begin_again(self) -> None:
        super().begin_again()
        if self.trouble:
            raise self.trouble.pop(0)


@dataclass
class FakeProgress:
    """Keeps what it is told; ``at_the_end_of`` is what happens when an order's end is told."""

    told: list[tuple[object, ...]] = field(default_factory=list)
    at_the_end_of: dict[str, BaseException] = field(default_factory=dict)

    def run_started(self, info: RunInfo, total: int) -> None:
        self.told.append(("run", info.run_id, total))

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        self.told.append(("order", number, order, store))

    def step(self, name: str, worker: int = 1) -> None:
        self.told.append(("step", name))

    def order_finished(self, result: OrderResult) -> None:
        self.told.append(("end", result.order, result.outcome))
        if result.order in self.at_the_end_of:
            raise self.at_the_end_of.pop(result.order)

    def say(self, message: str) -> None:
        self.told.append(("say", message))

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None:
        self.told.append(("finished", info.run_id))


def broken(_: object) -> None:
    raise LedgerTrouble(ledger="ledger.sqlite", reason="disk I/O error")


Script = Callable[[], Verdict]


class Bench:
    """A runner whose work on each order is scripted, one entry an attempt; afterwards it says what was asked."""

    def __init__(self, folder: Path, ledger: Ledger | None = None) -> None:
        self.admin = FakeAdmin()
        self.ledger = ledger or Ledger.in_memory()
        self.progress = FakeProgress()
        self.recorder = Recorder(LocalStore(folder))
        self.worked: list[str] = []
        self.scripts: dict[str, list[Script]] = {}
        self.at_the_door: BaseException | None = None
        self.on_the_way_out: BaseException | None = None
        self.waited: list[float] = []
        self.blocked: dict[str, int] = {}
        self.opened = 0
        self.closed = 0

    def on(self, order: str, *scripts: Script) -> None:
        self.scripts[order] = list(scripts)

    def fails(self, trouble: BaseException, *, pressed: bool = False) -> Script:
        def work() -> Verdict:
            if pressed:
                self.admin.attempt.mark_pressed()
            raise trouble

        return work

    def ends(self, verdict: Verdict) -> Script:
        def work() -> Verdict:
            if verdict.outcome is Outcome.CANCELED:
                self.admin.attempt.mark_pressed()
            return verdict

        return work

    def run(
        self,
        jobs: Sequence[Job] = JOBS,
        *,
        attempts: int = 2,
        max_failures: int = 5,
        pause: float = 0,
        clean: Clean = lambda text: text,
        **limits: Any,
    ) -> RunEnd:
        worker = InProcessWorker(
            work=self._work,
            open_admin=self._open,
            ledger=self.ledger,
            recorder=self.recorder,
            options=WorkerOptions(attempts=attempts, wait=self.waited.append, pause=pause),
        )
        progress = self.progress
        the_limits = RunLimits(max_failures=max_failures, **limits)
        return Runner(
            worker, ledger=self.ledger, progress=progress, limits=the_limits, clean=clean, blocked=self.blocked
        ).run(INFO, jobs)

    def _work(self, admin: Admin, job: Job) -> Verdict:
        assert cast(FakeAdmin, admin) is self.admin
        assert not admin.attempt.pressed, "what was pressed for an order before says nothing about this one"
        self.worked.append(job.order)
        scripts = self.scripts.get(job.order)
        return (scripts.pop(0) if scripts else self.ends(CANCELED))()

    @contextmanager
    def _open(self) -> Iterator[Admin]:
        self.opened += 1
        if self.at_the_door:
            raise self.at_the_door
        try:
            yield cast(Admin, self.admin)
        finally:
            self.closed += 1
        if self.on_the_way_out:
            raise self.on_the_way_out


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with bench.ledger:
        yield bench


def outcomes(end: RunEnd) -> list[str]:
    return [str(result.outcome) for result in end.results]


def missing() -> ElementMissing:
    return ElementMissing(screen="Order details", element="Status", purpose="the order's status")


# --- A run in which all goes well ---


def test_every_order_is_worked_once_and_its_verdict_is_its_result(bench: Bench) -> None:
    end = bench.run([job(FIRST, note="ticket 4711")])
    (result,) = end.results
    assert result == OrderResult(
        order=FIRST,
        store="Nordwind UK",
        reason=Reason.BUYER_CANCELED,
        outcome=Outcome.CANCELED,
        status_before=Status.UNSHIPPED,
        status_after=Status.CANCELED,
        message="Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
        "The Admin tells Amazon later.",
        next_step="",
        attempts=1,
        seconds=result.seconds,
        evidence=(),
        note="ticket 4711",
    )
    assert bench.worked == [FIRST]


def test_a_run_in_which_all_is_canceled_ends_with_0(bench: Bench) -> None:
    end = bench.run()
    assert (end.exit_status, end.info.stopped_early, outcomes(end)) == (0, "", ["canceled"] * 3)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.is_success])
def test_an_outcome_that_needs_nobody_ends_with_0(bench: Bench, outcome: Outcome) -> None:
    bench.on(SECOND, bench.ends(Verdict(outcome=outcome, message="So it is.")))
    assert bench.run().exit_status == 0


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if not outcome.is_success])
def test_any_other_outcome_ends_with_1(bench: Bench, outcome: Outcome) -> None:
    bench.on(SECOND, bench.ends(Verdict(outcome=outcome, message="So it is.")))
    end = bench.run()
    assert (end.exit_status, end.info.stopped_early, bench.worked) == (1, "", [FIRST, SECOND, THIRD])


def test_an_empty_list_ends_with_0(bench: Bench) -> None:
    end = bench.run([])
    assert (end.exit_status, end.results) == (0, ())


def test_the_end_of_a_run_is_dated(bench: Bench) -> None:
    before = datetime.now(UTC)
    end = bench.run()
    assert end.info.finished_at is not None
    assert before <= end.info.finished_at <= datetime.now(UTC)
    assert end.info == INFO.finished(end.info.finished_at)


def test_the_ledger_holds_the_run_its_results_and_its_end(bench: Bench) -> None:
    end = bench.run()
    assert bench.ledger.runs.latest() == [end.info]
    assert bench.ledger.runs.results(INFO.run_id) == list(end.results)


def test_a_run_that_could_not_begin_is_in_the_ledger_with_the_reason(bench: Bench) -> None:
    bench.at_the_door = NoBrowser(where="")
    with pytest.raises(NoBrowser) as stopped:
        bench.run()
    (info,) = bench.ledger.runs.latest()
    assert info.run_id == INFO.run_id
    assert info.stopped_early == str(stopped.value)


def test_progress_hears_the_run_and_every_order_in_turn(bench: Bench) -> None:
    bench.run([job(FIRST), job(SECOND, "Nordwind DE")])
    assert bench.progress.told == [
        ("run", INFO.run_id, 2),
        ("order", 1, FIRST, "Nordwind UK"),
        ("end", FIRST, Outcome.CANCELED),
        ("order", 2, SECOND, "Nordwind DE"),
        ("end", SECOND, Outcome.CANCELED),
    ]


def test_an_orders_evidence_is_its_own(bench: Bench, tmp_path: Path) -> None:
    def photographed() -> Verdict:
        # What a step does, without a page.
        bench.recorder._write(bench.admin, "open_store.jpg", b"a picture")  # type: ignore[arg-type]
        return CANCELED

    bench.on(FIRST, photographed)
    bench.on(SECOND, photographed)
    end = bench.run()
    assert [result.evidence for result in end.results] == [
        (f"evidence/{FIRST}/01-open_store.jpg",),
        (f"evidence/{SECOND}/01-open_store.jpg",),
        (),
    ]


def test_evidence_of_every_attempt_is_kept(bench: Bench) -> None:
    def photographed() -> Verdict:
        bench.recorder._write(bench.admin, "open_store-trouble.jpg", b"a picture")  # type: ignore[arg-type]
        raise missing()

    bench.on(FIRST, photographed, photographed)
    end = bench.run()
    assert end.results[0].evidence == (
        f"evidence/{FIRST}/01-open_store-trouble.jpg",
        f"evidence/{FIRST}/02-open_store-trouble.jpg",
    )


def test_log_lines_written_while_an_order_is_worked_name_it(bench: Bench, tmp_path: Path) -> None:
    def speaking() -> Verdict:
        logger.info("step open_store")
        return CANCELED

    bench.on(FIRST, speaking)
    with log_to(tmp_path / "log.jsonl", secrets=[], say=lambda text: None):
        bench.run([job(FIRST)])
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["order"], line["message"], line.get("outcome")) for line in lines] == [
        (FIRST, "step open_store", None),
        (FIRST, CANCELED.message, "canceled"),
    ]


# --- The order of work, and of results ---


def test_the_orders_of_a_store_are_worked_one_after_another(bench: Bench) -> None:
    bench.run([job(FIRST, "UK"), job(SECOND, "DE"), job(THIRD, "UK"), job(FOURTH, "DE")])
    assert bench.worked == [FIRST, THIRD, SECOND, FOURTH]


def test_results_are_in_the_order_of_the_list_whatever_the_order_of_work(bench: Bench) -> None:
    end = bench.run([job(FIRST, "UK"), job(SECOND, "DE"), job(THIRD, "UK")])
    assert bench.worked == [FIRST, THIRD, SECOND]
    assert [result.order for result in end.results] == [FIRST, SECOND, THIRD]


# --- An Admin that must be treated gently ---


def test_an_order_that_failed_is_begun_again_after_a_pause_that_grows(bench: Bench) -> None:
    bench.on(FIRST, *[bench.fails(missing())] * 3)
    assert outcomes(bench.run([job(FIRST)], attempts=4)) == ["canceled"]
    assert bench.waited == [1, 2, 4]


def test_an_admin_that_turns_an_order_away_is_left_alone_longer_each_time_and_then_asked_again(bench: Bench) -> None:
    bench.on(FIRST, *[bench.fails(AdminBusy(status=429))] * 3)
    end = bench.run([job(FIRST)], attempts=1)
    assert (outcomes(end), end.results[0].attempts) == (["canceled"], 1)
    assert bench.waited == [5, 10, 20]
    assert bench.admin.begun_again == 3
    turned_away = "The Admin is busy and turned a request away (HTTP 429)."
    assert bench.admin.said == [f"{turned_away} Waiting {seconds} s." for seconds in (5, 10, 20)]


def test_an_app_that_is_not_available_is_asked_again_at_once_because_it_may_be_maintenance(bench: Bench) -> None:
    bench.on(FIRST, *[bench.fails(AdminBusy(status=503))] * 2)
    assert outcomes(bench.run([job(FIRST)], attempts=1)) == ["canceled"]
    assert bench.waited == [10]


def test_an_admin_that_never_lets_an_order_in_fails_it(bench: Bench) -> None:
    bench.on(FIRST, *[bench.fails(AdminBusy(status=429))] * 6)
    (result,) = bench.run([job(FIRST)], attempts=1).results
    assert (result.outcome, result.message) == (
        "failed",
        "The Admin is busy and turned a request away (HTTP 429).",
    )
    assert result.next_step == "Nothing was pressed: run the list again later, with fewer workers or a slower --pace."
    assert bench.waited == [5, 10, 20, 40, 60]


def test_a_worker_rests_after_a_press_and_only_then(bench: Bench) -> None:
    bench.on(SECOND, bench.ends(Verdict(outcome=Outcome.ALREADY_CANCELED, message="It was canceled before.")))
    bench.run(pause=7)
    assert bench.waited == [7, 7]


# --- A page that says no ---


@pytest.mark.parametrize(
    "refusal",
    [
        OrderNotFound(order=SECOND, store="Nordwind UK"),
        Mismatch(what="The page shows order 1, not 2."),
        PressedBefore(order=SECOND, run_id="earlier", written_at="2026-02-28T23:00:00.000+00:00"),
        Refused(reason="The page says no."),
    ],
)
def test_a_refusal_is_the_orders_result_and_is_never_begun_again(bench: Bench, refusal: Refused) -> None:
    bench.on(SECOND, bench.fails(refusal))
    end = bench.run(attempts=3)
    result = end.results[1]
    assert (result.outcome, result.message, result.next_step, result.attempts) == (
        refusal.outcome,
        str(refusal),
        refusal.next_step,
        1,
    )
    assert (bench.worked, bench.admin.begun_again, end.exit_status) == ([FIRST, SECOND, THIRD], 0, 1)


def test_a_refusal_after_the_press_is_not_said_to_have_pressed_nothing(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(Mismatch(what="The page shows order 1, not 2."), pressed=True))
    result = bench.run().results[1]
    assert (result.outcome, result.message, result.next_step) == (
        Outcome.UNKNOWN,
        "Confirm may have been pressed, and then: The page shows order 1, not 2.",
        LOOK_IN_SELLER_CENTRAL,
    )


# --- A page that is not what it should be ---


def test_trouble_before_the_press_is_begun_again_from_a_fresh_page(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(missing()))
    end = bench.run()
    assert (end.results[1].outcome, end.results[1].attempts) == (Outcome.CANCELED, 2)
    assert (bench.worked, bench.admin.begun_again) == ([FIRST, SECOND, SECOND, THIRD], 1)


def test_a_long_run_goes_on_in_a_fresh_page_from_time_to_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runner.worker.RENEW_AFTER", 2)
    end = bench.run()
    assert (bench.worked, bench.admin.begun_again) == ([FIRST, SECOND, THIRD], 1)
    assert [result.attempts for result in end.results] == [1, 1, 1]


def test_trouble_that_stays_is_a_failure_with_its_last_message(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(missing()), bench.fails(PageTrouble(reason="the page crashed")))
    end = bench.run()
    result = end.results[1]
    assert (result.outcome, result.message, result.next_step, result.attempts) == (
        Outcome.FAILED,
        DEAD,
        "Nothing was pressed: run the list again. If it happens again, look at the screenshots of this order.",
        2,
    )
    assert (bench.worked, end.exit_status) == ([FIRST, SECOND, SECOND, THIRD], 1)


def test_with_one_attempt_no_order_is_begun_again(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(missing()))
    end = bench.run(attempts=1)
    assert (outcomes(end), bench.worked) == (["canceled", "failed", "canceled"], [FIRST, SECOND, THIRD])


@pytest.mark.parametrize("pressed", [False, True])
def test_the_order_after_one_that_went_wrong_begins_on_a_fresh_page(bench: Bench, pressed: bool) -> None:
    bench.on(FIRST, bench.fails(missing(), pressed=pressed))
    bench.run(attempts=1)
    assert (bench.worked, bench.admin.begun_again) == ([FIRST, SECOND, THIRD], 1)


def test_a_fresh_page_that_cannot_be_had_is_tried_for_again(bench: Bench) -> None:
    bench.admin.trouble = [PageTrouble(reason="the page crashed")]
    bench.on(FIRST, bench.fails(missing()))
    end = bench.run(attempts=1)
    assert (outcomes(end), bench.worked) == (["failed", "failed", "canceled"], [FIRST, THIRD])
    assert bench.admin.begun_again == 2


def test_trouble_in_beginning_again_is_an_attempt_too(bench: Bench) -> None:
    bench.admin.trouble = [PageTrouble(reason="the page crashed")]
    bench.on(SECOND, bench.fails(missing()))
    end = bench.run(attempts=3)
    assert (end.results[1].outcome, end.results[1].attempts) == (Outcome.CANCELED, 3)
    assert (bench.worked, bench.admin.begun_again) == ([FIRST, SECOND, SECOND, THIRD], 2)


@pytest.mark.parametrize(
    "trouble",
    [
        missing(),
        PageTrouble(reason="gone"),
        SessionEnded(reason="It ended."),
        AdminBusy(status=429),
        EvidenceNotWritten(reason="No space left on device"),
        LedgerTrouble(ledger="ledger.sqlite", reason="disk I/O error"),
        OrderNotFound(order=SECOND, store="Nordwind UK"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_trouble_after_the_press_is_unknown_and_never_begun_again(bench: Bench, trouble: PageTrouble) -> None:
    bench.on(SECOND, bench.fails(trouble, pressed=True))
    end = bench.run(attempts=5)
    result = end.results[1]
    assert (result.outcome, result.message, result.next_step, result.attempts) == (
        Outcome.UNKNOWN,
        f"Confirm may have been pressed, and then: {trouble}",
        LOOK_IN_SELLER_CENTRAL,
        1,
    )
    assert (bench.worked, end.exit_status) == ([FIRST, SECOND, THIRD], 1)


def test_each_attempt_is_a_new_one_that_begins_unpressed_and_a_press_stays_with_its_own(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(missing()), bench.fails(missing(), pressed=True))
    end = bench.run(attempts=5)
    assert [(attempt.order, attempt.pressed) for attempt in bench.admin.attempts] == [
        (FIRST, True),
        (SECOND, False),
        (SECOND, True),
        (THIRD, True),
    ]
    assert (outcomes(end), end.results[1].attempts) == (["canceled", "unknown", "canceled"], 2)


def test_a_ledger_that_fails_before_the_press_fails_the_order_and_is_not_asked_again(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(LedgerTrouble(ledger="ledger.sqlite", reason="database is locked")))
    end = bench.run()
    result = end.results[1]
    assert (result.outcome, result.message, result.attempts) == (
        Outcome.FAILED,
        "The ledger ledger.sqlite cannot be used: database is locked",
        1,
    )
    assert (bench.worked, end.exit_status) == ([FIRST, SECOND, THIRD], 1)


def test_a_ledger_that_fails_after_the_press_hides_no_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    bench = Bench(tmp_path)
    monkeypatch.setattr(bench.ledger.runs, "finish_order", broken)
    monkeypatch.setattr(bench.ledger.runs, "finish", broken)
    with bench.ledger, log_to(tmp_path / "log.jsonl", secrets=[], say=said.append):
        end = bench.run()
    assert (outcomes(end), end.exit_status) == (["canceled"] * 3, 0)
    trouble = "The ledger ledger.sqlite cannot be used: disk I/O error"
    assert said == [
        f"the result of order {FIRST} is not in the ledger: {trouble}",
        f"the result of order {SECOND} is not in the ledger: {trouble}",
        f"the result of order {THIRD} is not in the ledger: {trouble}",
        f"the end of the run is not in the ledger: {trouble}",
    ]


# --- Too many failures ---


def test_too_many_failures_in_a_row_stop_the_run(bench: Bench) -> None:
    for order in (FIRST, SECOND):
        bench.on(order, bench.fails(PageTrouble(reason="the page crashed")))
    end = bench.run(attempts=1, max_failures=2)
    why = f"2 orders in a row failed; the last one: {DEAD}"
    assert (end.exit_status, end.info.stopped_early, outcomes(end)) == (3, why, ["failed", "failed", "skipped"])
    assert end.results[2].message == f"Nothing was pressed: the run stopped. {why}"
    assert (bench.worked, bench.closed) == ([FIRST, SECOND], 1)


def test_failures_that_are_not_in_a_row_stop_nothing(bench: Bench) -> None:
    for order in (FIRST, THIRD):
        bench.on(order, bench.fails(PageTrouble(reason="the page crashed")))
    end = bench.run([*JOBS, job(FOURTH)], attempts=1, max_failures=2)
    assert (end.exit_status, outcomes(end)) == (1, ["failed", "canceled", "failed", "canceled"])


def test_too_many_failures_in_total_stop_the_run(bench: Bench) -> None:
    bench.on(FIRST, bench.fails(missing()))
    bench.on(THIRD, bench.fails(PageTrouble(reason="the page crashed")))
    end = bench.run([*JOBS, job(FOURTH)], attempts=1, max_failures_total=2)
    stopped = f"2 orders failed; the last one: {DEAD}"
    assert (end.exit_status, end.info.stopped_early) == (3, stopped)
    assert (outcomes(end), bench.worked) == (["failed", "canceled", "failed", "skipped"], [FIRST, SECOND, THIRD])
    assert end.results[3].message == f"Nothing was pressed: the run stopped. {stopped}"


def test_a_run_stops_once_it_has_pressed_as_often_as_it_may(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(PageTrouble(reason="gone"), pressed=True))
    end = bench.run([*JOBS, job(FOURTH)], attempts=1, max_cancellations=2)
    stopped = "Confirm was pressed for 2 orders, which is the limit of this run."
    assert (end.exit_status, end.info.stopped_early) == (3, stopped)
    assert (outcomes(end), bench.worked) == (["canceled", "unknown", "skipped", "skipped"], [FIRST, SECOND])
    assert end.results[3].message == f"Nothing was pressed: the run stopped. {stopped}"


def test_orders_for_which_nothing_was_pressed_do_not_count_as_cancellations(bench: Bench) -> None:
    bench.on(FIRST, bench.fails(Mismatch(what="The page shows order 1, not 2.")))
    bench.on(SECOND, bench.fails(missing()))
    end = bench.run(attempts=1, max_cancellations=1)
    assert (outcomes(end), end.exit_status) == (["mismatch", "failed", "canceled"], 1)


def test_a_run_that_may_press_as_often_as_its_list_is_long_ends_well(bench: Bench) -> None:
    end = bench.run(max_cancellations=3)
    assert (outcomes(end), end.exit_status, end.info.stopped_early) == (["canceled"] * 3, 0, "")


def test_attempts_of_one_order_are_one_failure(bench: Bench) -> None:
    bench.on(FIRST, *[bench.fails(missing())] * 4)
    end = bench.run(attempts=4, max_failures=2)
    assert (end.exit_status, outcomes(end)) == (1, ["failed", "canceled", "canceled"])


def test_refusals_in_a_row_stop_nothing(bench: Bench) -> None:
    for order in (FIRST, SECOND, THIRD):
        bench.on(order, bench.fails(Mismatch(what="The page shows order 1, not 2.")))
    assert bench.run(max_failures=1).exit_status == 1


# --- A run that cannot go on ---


def test_a_stop_in_the_middle_skips_the_order_in_progress_and_the_rest(bench: Bench) -> None:
    stop = RunStopped("The Admin is in maintenance, or down (HTTP 503).", "Wait until it is back.")
    bench.on(SECOND, bench.fails(stop))
    end = bench.run()
    assert (end.exit_status, outcomes(end), bench.worked) == (
        3,
        ["canceled", "skipped", "skipped"],
        [FIRST, SECOND],
    )
    assert end.info.stopped_early == "The Admin is in maintenance, or down (HTTP 503). Wait until it is back."
    in_progress, after = end.results[1:]
    assert (in_progress.message, in_progress.next_step, in_progress.attempts) == (
        "Nothing was pressed: the run stopped. The Admin is in maintenance, or down (HTTP 503).",
        RUN_AGAIN,
        1,
    )
    assert (after.message, after.next_step, after.attempts) == (
        "Nothing was pressed: the run stopped. The Admin is in maintenance, or down (HTTP 503). Wait until it is back.",
        RUN_AGAIN,
        0,
    )


def test_a_stop_after_the_press_leaves_the_order_in_progress_unknown(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(RunStopped(reason="The Admin is down."), pressed=True))
    end = bench.run()
    assert (end.exit_status, outcomes(end)) == (3, ["canceled", "unknown", "skipped"])
    assert (end.results[1].message, end.results[1].next_step) == (
        "Confirm may have been pressed, and then: The Admin is down.",
        LOOK_IN_SELLER_CENTRAL,
    )


def test_a_stop_in_beginning_again_skips_the_order_in_progress(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(missing()))
    bench.admin.trouble = [RunStopped(reason="The sign-in was refused.")]
    end = bench.run()
    assert (end.exit_status, outcomes(end)) == (3, ["canceled", "skipped", "skipped"])
    assert end.results[1].attempts == 2


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), Interrupted()])
def test_an_interrupt_before_the_press_skips_the_order_in_progress_and_the_rest(
    bench: Bench, interrupt: BaseException
) -> None:
    bench.on(SECOND, bench.fails(interrupt))
    end = bench.run()
    assert (end.exit_status, end.info.stopped_early, outcomes(end)) == (
        130,
        "Interrupted.",
        ["canceled", "skipped", "skipped"],
    )
    assert {result.message for result in end.results[1:]} == {"Nothing was pressed: the run stopped. Interrupted."}
    assert bench.closed == 1


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), Interrupted()])
def test_an_interrupt_after_the_press_leaves_the_order_in_progress_unknown(
    bench: Bench, interrupt: BaseException
) -> None:
    bench.on(SECOND, bench.fails(interrupt, pressed=True))
    end = bench.run()
    assert (end.exit_status, outcomes(end)) == (130, ["canceled", "unknown", "skipped"])
    assert (end.results[1].message, end.results[1].next_step) == (
        "Confirm may have been pressed, and then: Interrupted.",
        LOOK_IN_SELLER_CENTRAL,
    )


@pytest.mark.parametrize(
    ("proved", "outcome", "words"),
    [
        (True, "canceled", "Canceled in the Admin, and proved; before the result was recorded: Interrupted."),
        (False, "unknown", "Confirm may have been pressed, and then: Interrupted."),
    ],
)
def test_an_interrupt_while_a_result_is_recorded_does_not_make_it_one_of_an_untouched_order(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, proved: bool, outcome: str, words: str
) -> None:
    def press() -> Verdict:
        intent = bench.ledger.intents.write(HOST, permit(SECOND))
        bench.admin.attempt.mark_pressed()
        if proved:
            bench.ledger.intents.conclude(intent, Outcome.CANCELED)
        return CANCELED

    record, interrupts = bench.ledger.runs.finish_order, [KeyboardInterrupt()]

    def interrupted(result: OrderResult) -> OrderResult:
        if result.order == SECOND and interrupts:
            raise interrupts.pop()
        return record(result)

    bench.on(SECOND, press)
    monkeypatch.setattr(bench.ledger.runs, "finish_order", interrupted)
    end = bench.run()
    assert (end.exit_status, outcomes(end)) == (130, ["canceled", outcome, "skipped"])
    assert end.results[1].message.startswith(words)


def test_an_order_without_evidence_is_handed_back_where_another_worker_may_have_it(bench: Bench) -> None:
    tried: list[int] = []

    def no_room(*_: object) -> Verdict:
        tried.append(1)
        raise EvidenceNotWritten(reason="No space left on device")

    recorded = RunResults(bench.ledger, lambda result: None)
    worker = Worker(
        work=no_room,
        ledger=bench.ledger,
        recorder=bench.recorder,
        results=recorded,
        options=WorkerOptions(attempts=2, hands_back=True),
    )
    bench.ledger.runs.begin(INFO, JOBS)
    with pytest.raises(EvidenceNotWritten):
        worker.do(cast(Admin, bench.admin), JOBS[0], lambda: None)
    assert (len(tried), recorded.by_order, bench.ledger.claims.held()) == (2, {}, [])


def test_an_interrupt_between_two_orders_changes_no_result(bench: Bench) -> None:
    bench.progress.at_the_end_of[SECOND] = KeyboardInterrupt()
    end = bench.run()
    assert (end.exit_status, outcomes(end)) == (130, ["canceled", "canceled", "skipped"])
    assert bench.progress.told.count(("end", SECOND, Outcome.CANCELED)) == 1


def test_the_results_of_a_run_that_stopped_are_all_in_the_ledger(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(RunStopped(reason="The Admin is down.")))
    end = bench.run()
    assert bench.ledger.runs.results(INFO.run_id) == list(end.results)
    assert bench.ledger.runs.latest() == [end.info]


def test_progress_hears_of_skipped_orders_too(bench: Bench) -> None:
    bench.on(FIRST, bench.fails(RunStopped(reason="The Admin is down.")))
    bench.run()
    assert bench.progress.told[2:] == [
        ("end", FIRST, Outcome.SKIPPED),
        ("end", SECOND, Outcome.SKIPPED),
        ("end", THIRD, Outcome.SKIPPED),
    ]


# --- An Admin that cannot be entered ---


def test_an_admin_that_cannot_be_entered_skips_every_order(bench: Bench) -> None:
    bench.at_the_door = PageTrouble(reason="net::ERR_CONNECTION_REFUSED at https://shop.example/admin")
    end = bench.run()
    why = (
        "The Admin could not be entered: The browser failed: net::ERR_CONNECTION_REFUSED at https://shop.example/admin"
    )
    assert (end.exit_status, end.info.stopped_early, outcomes(end), bench.worked) == (3, why, ["skipped"] * 3, [])
    assert {result.message for result in end.results} == {f"Nothing was pressed: the run stopped. {why}"}


def test_a_refused_sign_in_stops_the_run_with_its_next_step(bench: Bench) -> None:
    bench.at_the_door = RunStopped("The sign-in was refused.", "Check the password.")
    end = bench.run()
    assert (end.exit_status, end.info.stopped_early) == (3, "The sign-in was refused. Check the password.")


def test_an_interrupt_while_signing_in_ends_with_130(bench: Bench) -> None:
    bench.at_the_door = KeyboardInterrupt()
    end = bench.run()
    assert (end.exit_status, end.info.stopped_early, outcomes(end)) == (130, "Interrupted.", ["skipped"] * 3)


def test_without_a_browser_the_run_does_not_begin(bench: Bench) -> None:
    bench.at_the_door = NoBrowser(where="")
    with pytest.raises(NoBrowser):
        bench.run()
    assert (bench.worked, bench.ledger.runs.results(INFO.run_id)) == ([], [])


def test_without_a_ledger_the_admin_is_not_opened(bench: Bench) -> None:
    bench.ledger.runs.begin(INFO, [])  # a second run of the same id is one that the ledger does not take
    with pytest.raises(LedgerTrouble):
        bench.run()
    assert (bench.opened, bench.progress.told) == (0, [])


def test_with_a_folder_that_cannot_be_written_the_admin_is_not_opened(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "trail.jsonl").mkdir()
    bench.ledger.trail.copy_to(tmp_path)
    with pytest.raises(CannotStart) as refused:
        bench.run()
    trouble = EvidenceNotWritten(reason=os.strerror(errno.EISDIR))
    assert (str(refused.value), refused.value.next_step) == (str(trouble), trouble.next_step)
    assert (refused.value.exit_status, bench.opened, bench.progress.told) == (2, 0, [])


# --- What nobody foresaw ---

REPORT_IT = "Please report this, with log.jsonl."


def test_an_unforeseen_failure_before_the_press_loses_no_result(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(ZeroDivisionError("division by zero")))
    end = bench.run()
    why = f"Countermand itself failed (ZeroDivisionError: division by zero). {REPORT_IT}"
    assert (end.exit_status, end.info.stopped_early, outcomes(end)) == (3, why, ["canceled", "failed", "skipped"])
    assert end.results[1].message == why
    assert bench.ledger.runs.results(INFO.run_id) == list(end.results)


def test_an_unforeseen_failure_after_the_press_is_unknown(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(ZeroDivisionError("division by zero"), pressed=True))
    end = bench.run()
    assert (end.exit_status, outcomes(end)) == (3, ["canceled", "unknown", "skipped"])
    assert (end.results[1].message, end.results[1].next_step) == (
        "Confirm may have been pressed, and then: "
        f"Countermand itself failed (ZeroDivisionError: division by zero). {REPORT_IT}",
        LOOK_IN_SELLER_CENTRAL,
    )


def test_a_browser_that_cannot_be_closed_changes_no_result(bench: Bench) -> None:
    bench.on_the_way_out = OSError("the pipe is broken")
    end = bench.run()
    assert (end.exit_status, outcomes(end)) == (3, ["canceled"] * 3)
    assert end.info.stopped_early == f"Countermand itself failed (OSError: the pipe is broken). {REPORT_IT}"


def test_what_was_blocked_until_the_end_is_told_of_the_run(bench: Bench) -> None:
    bench.on(THIRD, lambda: (bench.blocked.update({"fonts.example": 3}), CANCELED)[1])
    end = bench.run()
    assert end.info.blocked == {"fonts.example": 3}
    assert bench.ledger.runs.find(INFO.run_id) == end.info


def test_only_the_first_line_of_an_unforeseen_failure_is_told(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(ValueError('it broke\nCall log:\n  - fill("s3cret")')))
    end = bench.run()
    assert end.info.stopped_early == f"Countermand itself failed (ValueError: it broke). {REPORT_IT}"


def test_secrets_in_a_trouble_are_in_no_result_and_not_in_the_ledger(bench: Bench) -> None:
    bench.on(FIRST, bench.fails(Technical(reason="s3\ncret was typed")))
    bench.on(SECOND, bench.fails(ValueError("s3\ncret")))
    end = bench.run(attempts=1, clean=cleaner(["s3\ncret"]))
    why = f"Countermand itself failed (ValueError: [hidden]). {REPORT_IT}"
    skipped = f"Nothing was pressed: the run stopped. {why}"
    assert [result.message for result in end.results] == ["[hidden] was typed", why, skipped]
    assert end.info.stopped_early == why
    assert bench.ledger.runs.find(INFO.run_id) == end.info
    assert bench.ledger.runs.results(INFO.run_id) == list(end.results)


def test_an_unforeseen_failure_without_words_is_told_by_its_name(bench: Bench) -> None:
    bench.on(SECOND, bench.fails(ValueError()))
    assert bench.run().info.stopped_early == f"Countermand itself failed (ValueError). {REPORT_IT}"


def test_the_log_keeps_where_an_unforeseen_failure_happened(bench: Bench, tmp_path: Path) -> None:
    bench.on(SECOND, bench.fails(ZeroDivisionError("division by zero")))
    with log_to(tmp_path / "log.jsonl", secrets=[], say=lambda text: None):
        bench.run()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    (critical,) = [line for line in lines if line["level"] == "critical"]
    assert critical["error"] == "ZeroDivisionError: division by zero"
    assert "in _until_it_has_a_result" in critical["traceback"]
