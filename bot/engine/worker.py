"""A worker's life: it takes a stint, works its orders, ends it, and takes the next, until it is stopped.

It ends when it cannot go on: its account is lost or refused, there is no browser, the Admin turns it away for good.
What it had in hand waits for another worker. While the ledger cannot be reached it waits, and presses nothing.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from loguru import logger

from bot.accounts import Account
from bot.cancel.verdicts import Verdict
from bot.engine import schedules
from bot.engine.account_lease import AccountLease, lease_of
from bot.engine.backlog import Backlog
from bot.engine.conclusion import conclude
from bot.engine.run_session import Display, OpenRunSession, RunSession
from bot.engine.stints import named_again, times_again
from bot.errors import (
    CannotStart,
    ClaimLost,
    CountermandError,
    IntentExpired,
    Interrupted,
    LedgerTrouble,
    QueuedRunStopped,
)
from bot.evidence.forgotten import refuse_forgotten_presses
from bot.joblist import Job
from bot.ledger import Event, Ledger, NotYet, QueuedRun
from bot.ledger.queue import hash_of_jobs
from bot.outcomes import OrderResult
from bot.runner.results import (
    WORKED_ON_ELSEWHERE,
    failed,
    result_of,
    skipped,
    verdict_of_press,
)
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.worker import OrderDone
from bot.secrecy import Clean
from bot.settings import Settings

T = TypeVar("T")

IDLE_SECONDS = 60.0
"""After this long without an order, the browser is closed."""

LOOK_AROUND_SECONDS = 10.0
"""How often a worker without a stint looks whether others left some unfinished."""

TRY_LEDGER_SECONDS = 2.0
"""How often a ledger is tried that could not be reached."""

DEATHS = 2
"""An order that this many workers died with is not tried again."""

MOST_AGAIN = 5
"""A stint is queued once more by itself this often; then a person has to look (``countermand queue retry``)."""

TIMES = 10
"""Nor is one that was begun this often, by whatever workers."""


class QueueWorker:
    """One worker of the queue, on the thread that owns its browser.

    Args:
        settings: where, and how patiently.
        lease: the account that it has for itself.
        ledger: the ledger of its own business: what a stint holds, and how it ends.
        backlog: the engine's queue.
        open_session: opens what it takes to work the orders of a run.
        display: told what it does.
        stop: asked often; True means that a person asked to stop.
        wait: waits this many seconds, less if a person asks to stop.
        clean: takes secrets out of what is recorded.
        check: compares the Admin's screens as ``countermand check`` does, with an account; gives a sentence.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        lease: AccountLease,
        ledger: Ledger,
        backlog: Backlog,
        open_session: OpenRunSession,
        display: Display,
        stop: Callable[[], bool],
        wait: Callable[[float], None],
        clean: Clean = lambda text: text,
        check: Callable[[Account], str] | None = None,
    ) -> None:
        self._check = check
        self._settings = settings
        self._lease = lease
        self._ledger = ledger
        self._backlog = backlog
        self._open_session = open_session
        self._display = display
        self._stop = stop
        self._wait = wait
        self._clean = clean
        self._run: QueuedRun | None = None
        self._opened = ExitStack()
        self._session: RunSession | None = None
        self._session_of = ""
        self._looked_back: set[str] = set()  # runs whose orders no run folder here tells more of than the ledger
        self._last_busy = self._last_look = time.monotonic()

    # --- Its life ---

    def work(self, browser_thread: BrowserThread, *, once: bool) -> None:
        """Take stints until somebody stops it; with ``once``, until nothing is left for it.

        Raises:
            CountermandError: it cannot go on; what it had in hand waits for another worker.
        """
        with self._opened:
            while not self._stop():
                if not self._with_ledger(self._lease.keep):
                    raise self._lease.lost()
                if browser_thread.serve(0.2):
                    self._last_busy = time.monotonic()
                elif self._is_left_alone(once):
                    return

    def _is_left_alone(self, once: bool) -> bool:
        """What it does without a stint; whether there is nothing left to wait for."""
        now = time.monotonic()
        if self._session is not None and now - self._last_busy > IDLE_SECONDS:
            self._close_session()
        if now - self._last_look > LOOK_AROUND_SECONDS or once:
            self._last_look = now
            self._with_ledger(self._take_over)
            return once and self._with_ledger(lambda: self._backlog.is_empty(self._lease.admin, self._lease.executor))
        return False

    def _take_over(self) -> None:
        """Have handed out again what workers left unfinished whose lease is over."""
        held = {held.thing for held in self._ledger.accounts.held() if held.admin == self._lease.admin}
        for stint, executor in self._backlog.of_earlier_versions(self._lease.admin).items():
            if executor == self._lease.executor or lease_of(executor) not in held:
                self._queue_again(stint, "was begun by an earlier version")
        self._queue_lost()
        executors = set(self._backlog.worked_on(self._lease.admin).values())
        gone = sorted(executor for executor in executors if lease_of(executor) not in held)
        for stint in self._backlog.take_over(self._lease.admin, gone):
            self._display.say(f"Stint {stint} was left unfinished, and is handed out again.")

    def _queue_lost(self) -> None:
        """Queue once more what the engine has done with although orders are left, as after an error of its own."""
        for run in self._ledger.queue.waiting():
            open_stints = [one.stint for one in run.stints if times_again(one.stint) < MOST_AGAIN]
            if run.info.admin != self._lease.admin or not open_stints:
                continue
            for name in sorted(self._backlog.ended_of(run.info.run_id, open_stints)):
                self._queue_again(name, "was left by the queue before its orders were done")

    def _queue_again(self, name: str, why: str) -> None:
        """Queue a stint once more that nobody would be handed, under an id of its own."""
        stint = self._ledger.queue.stint(name)
        run = None if stint is None else self._ledger.queue.find(stint.run_id)
        if stint is not None and run is not None and not stint.ended_at:
            put = partial(self._backlog.put, admin=self._lease.admin, terms=run.terms)
            self._ledger.queue.put_back(stint, put, named_again(name))
            self._display.say(f"Stint {name} {why}, and is queued once more.")
        self._backlog.take_back([name])

    # --- A stint, as the engine asks for it ---

    def begin(self, name: str) -> Sequence[Job]:
        """Take a stint, and say what is in it; nothing if it is not as it was submitted."""
        return self._with_ledger(lambda: self._begin(name))

    def _begin(self, name: str) -> Sequence[Job]:
        stint = self._ledger.queue.stint(name)
        run = None if stint is None else self._ledger.queue.find(stint.run_id)
        if stint is None or run is None or run.finished_at:
            return ()
        self._run = run
        jobs = self._ledger.queue.jobs_of(stint)
        trouble = self._ledger.submissions.why_not(run.info.run_id)
        if hash_of_jobs(jobs) != stint.sha256:
            trouble = "The orders of this stint were changed in the ledger after they were submitted: none was worked."
        if trouble:
            self._ledger.queue.end_stint(stint, trouble)
            self._display.say(f"{name}: {trouble}")
            return ()
        self._stop_if_forgotten(run)
        self._ledger.queue.begin_stint(stint, self._lease.worker, self._lease.account.username)
        self._display.run_taken(run.info)
        return jobs

    def _stop_if_forgotten(self, run: QueuedRun) -> None:
        """Stop a run, on all machines, if a run folder here tells of a Confirm for one of its orders that the ledger
        does not know: another machine, which has no such folder, would press it once more.
        """
        run_id = run.info.run_id
        if run.terms.command != "run" or run_id in self._looked_back:
            return
        orders = [order for stint in run.stints for order in stint.orders]
        place, runs_dir = self._settings.ledger_place, self._settings.runs_dir
        try:
            refuse_forgotten_presses(runs_dir, self._ledger, place, self._lease.admin, orders)
        except LedgerTrouble:
            raise
        except CannotStart as refused:
            self._ledger.queue.stop(run_id, str(refused))
            self._display.say(f"{run_id}: {refused}")
            return
        self._looked_back.add(run_id)

    def work_on(self, job: Job) -> OrderDone | None:
        """Work on an order until it has a result; None while another run works on it."""
        run, waits_for = self._of_stint(), ""
        while True:
            try:
                known = self._with_ledger(lambda: self._known(run, job))
                return known if known is not None else self._work_on_or_skip(run, job)
            except NotYet as later:
                if later.why and later.why != waits_for:
                    waits_for = later.why
                    self._display.say(f"{waits_for} Waiting.")
                self._heed_stop()
                self._wait(later.seconds)
                self._heed_stop()
            except LedgerTrouble as trouble:
                self._close_session()
                self._wait_for_ledger(trouble)
            except Interrupted:
                with suppress(LedgerTrouble):
                    self._lease.hold()  # it may have been stopped because it lost that
                raise
            except (ClaimLost, IntentExpired) as trouble:
                self._display.say(str(trouble))
                self._close_session()  # it was frozen, and its page may be anywhere
                self._heed_stop()
                self._wait(TRY_LEDGER_SECONDS)

    def leave(self, job: Job) -> OrderDone:
        """Leave an order to the other run that works on it."""
        run, elsewhere = self._of_stint(), WORKED_ON_ELSEWHERE
        return self._unless_claimed(lambda: self._record_left(run, job, elsewhere.message, elsewhere))

    def end(self, name: str) -> None:
        """Nothing is left to be done for a stint; after the last one of its run, write the results of the run."""
        self._unless_claimed(lambda: self._end(name))

    def _end(self, name: str) -> None:
        stint = self._ledger.queue.stint(name)
        if stint is None:
            return
        if not stint.ended_at:
            is_of_run = self._session is not None and self._session_of == stint.run_id
            pack, blocked = self._session.seen() if self._session is not None and is_of_run else ("", {})
            self._ledger.queue.end_stint(stint, pack=pack, blocked=blocked)
        if not self._ledger.queue.is_last(stint.run_id, name):
            return
        run = self._ledger.queue.find(stint.run_id)
        if run is None:
            return
        if self._session_of == stint.run_id:
            self._close_session()
        end, troubles = conclude(self._settings, run, clean=self._clean)
        self._display.run_finished(end.info, end.results, self._settings.runs_dir / stint.run_id)
        for trouble in troubles:
            self._display.say(str(trouble))

    def call(self, schedule: str, at: datetime) -> None:
        """Do what a schedule says for this time, unless it is too late for that."""
        self._with_ledger(lambda: self._call(schedule, at))

    def _call(self, name: str, at: datetime) -> None:
        schedule = self._ledger.schedules.find(name)
        if isinstance(schedule, str):
            self._display.say(f"Schedule {name} was called, and nothing is done: {schedule}.")
            return
        if schedule.admin != self._lease.admin:
            self._display.say(f"Schedule {name} was called, and nothing is done: it is for {schedule.admin}.")
            return
        if refused := schedules.refusal(at, self._ledger.now()):
            self._display.say(f"Schedule {name}, {at:%Y-%m-%d %H:%M}: nothing is done, {refused}.")
            return
        if schedule.command == "check":
            self._close_session()
            became = self._check(self._lease.account) if self._check else "this worker cannot check"
        else:
            became = schedules.queue_run(self._ledger, self._backlog, schedule, at)
        self._display.say(f"Schedule {name}, {at:%Y-%m-%d %H:%M}: {became}.")

    def _known(self, run: QueuedRun, job: Job) -> OrderDone | None:
        """What the ledger says became of an order in this run, before this worker looks at it; None if it must."""
        result = self._ledger.runs.result(run.info.run_id, job.order)
        if result is not None:
            return OrderDone(result=result, pressed=False)
        events = self._ledger.trail.of_order(run.info.run_id, job.order)
        taken = [entry.told for entry in events if entry.event == Event.TAKEN]
        # A worker that gave the order back, or lost the ledger for a while, did not die with it.
        deaths = sum(told.get("from_run") == run.info.run_id for told in taken)
        deaths += self._ledger.claims.abandoned_by(run.info.admin, job.order) == run.info.run_id
        if deaths >= DEATHS:
            why = f"{DEATHS} workers ended while they worked on it."
        elif len(taken) >= TIMES:
            why = f"It was begun {len(taken)} times, and never finished."
        else:
            return None
        return self._record_left(run, job, why, failed(why))

    def _work_on_or_skip(self, run: QueuedRun, job: Job) -> OrderDone | None:
        """Work on an order, unless no more orders of its run begin."""
        try:
            return self._work_on(run, job)
        except QueuedRunStopped as stop:
            why = str(stop)

            def skip() -> OrderDone:
                self._ledger.queue.stop(run.info.run_id, why)
                return self._record_left(run, job, why, skipped(why))

            return self._with_ledger(skip)

    def _record_left(self, run: QueuedRun, job: Job, why: str, verdict: Verdict) -> OrderDone:
        """Record a verdict on an order that this worker did not work on, unless an earlier worker pressed Confirm.

        Raises:
            ClaimLost: another worker of the run works on it.
        """
        pressed = verdict_of_press(self._ledger.intents.latest_of_run(run.info.run_id, job.order), why)
        return OrderDone(result=self._record(run, result_of(job, pressed or verdict)), pressed=False)

    def _work_on(self, run: QueuedRun, job: Job) -> OrderDone | None:
        """Work on an order in the session of its run.

        Raises:
            NotYet, QueuedRunStopped, LedgerTrouble: as :class:`RunSession`.
            CountermandError: this worker cannot go on.
        """
        self._lease.hold()
        self._ledger.limits.count_for(run.info.run_id)
        self._ledger.limits.ask()
        done = self._session_for(run).do(job)
        if done is None and self._is_claimed_by_run(run, job):
            raise NotYet(TRY_LEDGER_SECONDS)  # a worker that is gone, or was frozen, had this stint before
        if done is not None:
            self._make_sure(run, done.result)
        return done

    def _is_claimed_by_run(self, run: QueuedRun, job: Job) -> bool:
        return any(held.thing == job.order and held.run_id == run.info.run_id for held in self._ledger.claims.held())

    def _make_sure(self, run: QueuedRun, result: OrderResult) -> None:
        """See to it that a result is in the ledger: when the order ended, the ledger may have been away."""

        def write() -> None:
            if self._ledger.runs.result(run.info.run_id, result.order) is None:
                self._record(run, result)

        self._with_ledger(write)

    def _record(self, run: QueuedRun, result: OrderResult) -> OrderResult:
        self._ledger.runs.go_on_as(run.info.run_id, self._lease.worker)
        self._ledger.limits.count_for(run.info.run_id)
        result = self._ledger.runs.finish_order(result)
        self._display.order_finished(result)
        return result

    # --- Its session ---

    def _session_for(self, run: QueuedRun) -> RunSession:
        if self._session is None or self._session_of != run.info.run_id:
            self._close_session()
            self._session = self._opened.enter_context(self._open_session(run))
            self._session_of = run.info.run_id
        return self._session

    def _close_session(self) -> None:
        self._session, self._session_of = None, ""
        try:
            self._opened.close()
        except CountermandError as trouble:
            logger.warning("while the browser was closed: {}", trouble)

    # --- What may happen meanwhile ---

    def _of_stint(self) -> QueuedRun:
        if self._run is None:
            raise Interrupted
        return self._run

    def _heed_stop(self) -> None:
        if self._stop():
            raise Interrupted
        if not self._lease.keep():
            raise self._lease.lost()

    def _unless_claimed(self, do: Callable[[], T]) -> T:
        """Do something that needs the ledger, once no other worker of the run works on the orders that it is about."""
        while True:
            try:
                return self._with_ledger(do)
            except ClaimLost:
                self._heed_stop()
                self._wait(TRY_LEDGER_SECONDS)

    def _with_ledger(self, do: Callable[[], T]) -> T:
        """Do something that needs the ledger; as long as it cannot be reached, wait and do it again."""
        while True:
            try:
                return do()
            except LedgerTrouble as trouble:
                self._wait_for_ledger(trouble)

    def _wait_for_ledger(self, trouble: LedgerTrouble) -> None:
        """Wait until the ledger can be reached again.

        Raises:
            LedgerTrouble: it was moved, or upgraded by a newer version, for which waiting is no help.
        """
        self._display.say(f"{trouble} Waiting for it.")
        while True:
            if self._stop():
                raise Interrupted
            self._wait(TRY_LEDGER_SECONDS)
            try:
                self._ledger.now()
                Ledger.open(self._settings.ledger_place).close()
            except LedgerTrouble as still:
                if still.__cause__ is None:  # it is no trouble of the database
                    raise
                continue
            self._looked_back.clear()  # it may be an older copy that was put there
            self._display.say("The ledger can be used again.")
            return
