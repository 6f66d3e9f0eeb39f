"""The run's end of a crew: it starts workers, hands them orders one by one, hears them, and replaces those that die.

Each worker is a process of its own, with a browser and an Admin account. The run's process hands out, hears and
tells; it touches no page. What a worker did is in the ledger before the run hears of it, so that nothing is lost with
a worker that dies: its order is handed out again, and looked at before anything is done to it, as after any crash.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from loguru import logger

from bot.accounts import Account
from bot.errors import AccountLost, CannotStart, CountermandError, Interrupted, RunStopped
from bot.evidence.store import EVIDENCE, store_of
from bot.joblist import Job
from bot.ledger import Ledger
from bot.reports.progress import Progress
from bot.runner.dispatch import Dispatch
from bot.runner.messages import GO_HOME, STOP, Begins, Ended, Free, Leaves, Logged, Message, Ready, Said, Step
from bot.runner.stopping import StopRequest
from bot.runner.worker import WORKED_ON_ELSEWHERE, Book, Done, failed, pressed_and_lost, result_of, skipped
from bot.runner.worker_process import Station, work_at

DEATHS = 3
"""The run stops after so many workers that died without having done an order in between."""

LOOK = 0.25
"""Seconds after which the run looks whether somebody asked to stop, or a worker may go on."""

TROUBLES: dict[str, type[CountermandError]] = {
    "stopped": RunStopped,
    "entry": RunStopped,
    "start": CannotStart,
    "defect": RunStopped,
}
"""What stops the run when a worker leaves with trouble of such a kind."""


@dataclass
class _Hand:
    """A worker, as the run knows it."""

    number: int
    account: Account
    process: BaseProcess
    line: Connection
    free: bool = False
    told_to_go: bool = False
    left: Leaves | None = None
    open: bool = field(default=True)


class Crew:
    """Worker processes.

    Args:
        station: opens all that a worker needs, in its process.
        accounts: what each worker signs in with, one a worker.
        ledger: where the run looks up what a worker that died had done.
        host: the Admin, as the ledger knows it.
        run_id: this run.
        folder: the run's folder.
        log: writes a line to the run's log.
        stop: whether a person asked to stop.
        blocked: how many requests of all browsers were blocked, by host.
    """

    def __init__(
        self,
        station: Station,
        accounts: Sequence[Account],
        *,
        ledger: Ledger,
        host: str,
        run_id: str,
        folder: Path,
        log: Callable[[str], None],
        stop: StopRequest,
        blocked: dict[str, int],
    ) -> None:
        self._station = station
        self._accounts = accounts
        self._ledger = ledger
        self._host = host
        self._run_id = run_id
        self._folder = folder
        self._log = log
        self._stop = stop
        self._blocked = blocked
        self._processes = multiprocessing.get_context("spawn")
        self._hands: dict[int, _Hand] = {}
        self._trouble: CountermandError | None = None
        self._died_with: set[str] = set()
        self._deaths = 0
        self._begun = 0
        self.recognised = ""
        """Name of the pack that was recognised on the page; empty where none was."""
        self.evidence: Sequence[str] = ()
        """What the worker that ended the run photographed last."""

    @property
    def workers(self) -> int:
        """How many work at once."""
        return len(self._accounts)

    def work_through(self, dispatch: Dispatch, book: Book, progress: Progress) -> None:
        """Have every order worked, until they are done or the run cannot go on.

        Raises:
            RunStopped, CannotStart: the run cannot go on; every worker has ended.
            KeyboardInterrupt: a person did not want to wait; the workers were ended at once.
        """
        try:
            for number, account in enumerate(self._accounts, start=1):
                self._start(number, account)
            while self._hands:
                self._hear_all(dispatch, book, progress)
                self._hand_out(dispatch)
                if lost := self._ledger.accounts.sign_of_life():
                    self._trouble = self._trouble or AccountLost(account=" and ".join(lost))
        finally:
            self._end_at_once(dispatch, book)
        if self._stop():
            raise Interrupted
        if self._trouble is not None:
            raise self._trouble

    def _start(self, number: int, account: Account) -> None:
        line, other_end = self._processes.Pipe()
        process = self._processes.Process(
            target=work_at, args=(self._station, number, account, other_end), name=f"countermand worker {number}"
        )
        process.start()
        other_end.close()  # so that the line is cut when the worker ends
        self._hands[number] = _Hand(number, account, process, line)

    def _hand_out(self, dispatch: Dispatch) -> None:
        """Give every free worker its next order, or send it home."""
        asked = self._stop()
        for hand in list(self._hands.values()):
            if asked and not hand.told_to_go:
                self._send(hand, STOP)
                hand.told_to_go = True
            if not hand.free or hand.told_to_go:
                continue
            job = None
            if self._trouble is None:
                try:
                    job = dispatch.next_for(hand.number)
                except RunStopped as stop:
                    self._trouble = stop
            if job is not None:
                hand.free = False
                self._send(hand, job)
            elif self._trouble is not None or dispatch.is_over:
                self._send(hand, GO_HOME)
                hand.told_to_go = True

    def _send(self, hand: _Hand, what: object) -> None:
        with suppress(OSError):  # it has died, which is seen next
            hand.line.send(what)

    def _hear_all(self, dispatch: Dispatch, book: Book, progress: Progress) -> None:
        """Hear what the workers say, for a moment, and see which of them have ended."""
        lines = [hand.line for hand in self._hands.values() if hand.open]
        ends = [hand.process.sentinel for hand in self._hands.values()]
        heard = wait([*lines, *ends], min(LOOK, dispatch.wait) or LOOK)
        for hand in list(self._hands.values()):
            if hand.process.sentinel in heard:
                while hand.open:  # what it said last
                    self._hear(hand, dispatch, book, progress)
                self._has_ended(hand, dispatch, book)
            elif hand.line in heard:
                self._hear(hand, dispatch, book, progress)

    def _hear(self, hand: _Hand, dispatch: Dispatch, book: Book, progress: Progress) -> None:
        """Hear one message of a worker."""
        try:
            message: Message = hand.line.recv()
        except (OSError, EOFError):
            hand.open = False
            return
        match message:
            case Ready():
                hand.free = True
            case Begins():
                job = dispatch.in_hand[hand.number]
                self._begun += 1
                progress.order_started(self._begun, job.order, job.store, hand.number)
            case Step(name):
                progress.step(name, hand.number)
            case Ended(result):
                book.note(result)
            case Free(done):
                hand.free = True
                self._is_free(hand, done, dispatch, book)
            case Said(words):
                progress.say(words)
            case Logged(line):
                self._log(line)
            case Leaves():
                hand.left = message

    def _is_free(self, hand: _Hand, done: Done | None, dispatch: Dispatch, book: Book) -> None:
        if done is None:
            job = dispatch.in_hand[hand.number]
            if dispatch.is_worked_on_elsewhere(hand.number):
                book.keep(result_of(job, WORKED_ON_ELSEWHERE))
            return
        self._deaths = 0
        self._count(hand, done, dispatch)

    def _count(self, hand: _Hand, done: Done, dispatch: Dispatch) -> None:
        try:
            dispatch.done(
                hand.number,
                done.result,
                pressed=done.pressed,
                answer_seconds=done.answer_seconds,
                turned_away=done.turned_away,
            )
        except RunStopped as stop:
            self._trouble = self._trouble or stop

    def _has_ended(self, hand: _Hand, dispatch: Dispatch, book: Book) -> None:
        """A worker's process is over: as it said, or without a word."""
        del self._hands[hand.number]
        hand.process.join()
        hand.line.close()
        left = hand.left
        if left is None:
            self._has_died(hand, dispatch, book)
            return
        for host, count in left.blocked.items():
            self._blocked[host] = self._blocked.get(host, 0) + count
        self.recognised = self.recognised or left.recognised
        job = dispatch.in_hand.pop(hand.number, None)
        if left.kind in TROUBLES and self._trouble is None:
            if left.kind in {"entry", "start"} and (self._hands or dispatch.is_over):
                logger.warning("Worker {} ({}) goes home: {}", hand.number, hand.account.username, left.trouble)
                return
            self.evidence = left.evidence
            self._trouble = TROUBLES[left.kind](reason=left.trouble)
            self._trouble.next_step = left.next_step
        if job is not None and job.order not in book.results:
            self._conclude(job, book, left.trouble or "Interrupted.")

    def _has_died(self, hand: _Hand, dispatch: Dispatch, book: Book) -> None:
        """Put a new worker in the place of one that died, and hand its order out again, once."""
        self._deaths += 1
        job = dispatch.in_hand.get(hand.number)
        logger.warning(
            "worker {} died (exit code {}){}",
            hand.number,
            hand.process.exitcode,
            f" with order {job.order} in hand" if job else "",
        )
        self._ledger.claims.release_all_of(hand.number)
        if job is not None:
            self._forget_unfinished(job.order)
            known = book.results.get(job.order) or self._ledger.runs.result(self._run_id, job.order)
            if known is not None:  # it died between the ledger and its line
                if job.order not in book.results:
                    book.note(known)
                self._count(hand, Done(result=known, pressed=self._was_pressed(job)), dispatch)
            elif job.order in self._died_with:
                self._conclude(job, book, "Two workers died while they worked on it.", again=True)
                self._count(hand, Done(result=book.results[job.order], pressed=self._was_pressed(job)), dispatch)
            else:
                self._died_with.add(job.order)
                dispatch.put_back(hand.number)
        if self._deaths >= DEATHS and self._trouble is None:
            self._trouble = RunStopped(reason=f"Worker processes died {self._deaths} times in a row.")
            self._trouble.next_step = "See log.jsonl, and whether the machine has memory for so many workers."
        if self._trouble is None and not self._stop() and not dispatch.is_over:
            self._start(hand.number, hand.account)

    def _was_pressed(self, job: Job) -> bool:
        return any(intent.order == job.order for intent in self._ledger.intents.of_run(self._run_id))

    def _conclude(self, job: Job, book: Book, why: str, *, again: bool = False) -> None:
        """Give an order whose worker is gone the result that the ledger allows."""
        known = self._ledger.runs.result(self._run_id, job.order)
        if known is not None:
            book.note(known)
            return
        open_intent = self._ledger.intents.open(self._host, job.order)
        if open_intent is not None and open_intent.run_id == self._run_id:
            verdict = pressed_and_lost(why)
        else:
            verdict = failed(why) if again else skipped(why)
        book.keep(result_of(job, verdict))

    def _forget_unfinished(self, order: str) -> None:
        """Remove what a worker was writing as evidence when it died: the trail does not know of it."""
        told = {entry.told.get("file") for entry in self._ledger.trail.of_order(self._run_id, order)}
        store = store_of(self._folder)
        for file in store.list(f"{EVIDENCE}/{order}"):
            if file not in told:
                logger.info("removed {}, which a worker was writing when it died", file)
                store.remove(file)

    def _end_at_once(self, dispatch: Dispatch, book: Book) -> None:
        """End every worker that is still there, and conclude what it had in hand."""
        for hand in self._hands.values():
            hand.process.kill()
        for hand in self._hands.values():
            hand.process.join()
            hand.line.close()
            job = dispatch.in_hand.pop(hand.number, None)
            if job is not None and job.order not in book.results:
                self._forget_unfinished(job.order)
                self._conclude(job, book, "Interrupted.")
        self._hands.clear()
