"""The workers of one machine: one in this process, or several, each in a process of its own.

There is nothing between them but the ledger: they share what workers on several machines share. A process that dies is
replaced.
"""

import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, wait

from loguru import logger

from bot.engine.account_lease import leased_account
from bot.engine.backlog import open_backlog
from bot.engine.display import WorkerDisplay
from bot.engine.executor import engine_started
from bot.engine.run_session import Tools, browser_run_session
from bot.engine.worker import QueueWorker
from bot.errors import CannotStart, CountermandError, Interrupted
from bot.identity import admin_name
from bot.ledger import Ledger
from bot.reports.notify.displays import RunNotices
from bot.reports.notify.messages import of_worker
from bot.reports.notify.notifier import notifying
from bot.reports.progress import SafeStream
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.stopping import StopRequest, in_parts, stop_on_signals
from bot.secrecy import cleaner
from bot.settings import secrets_that_are_set
from bot.system import has_crashed
from bot.wording import count_of, harmless

MAX_DEATHS = 3
"""A worker that died this often in a row without having worked for a minute is not replaced again."""

LIVED_LONG = 60.0
"""Seconds."""


def work_in_this_process(
    tools: Tools, *, once: bool, several: bool = False, asked: Callable[[], bool] = lambda: False
) -> None:
    """One worker, on this thread, until it is stopped; with ``once``, until nothing is left for it.

    ``asked`` is asked too whether it is stopped.

    Raises:
        CountermandError: it cannot go on; what it had in hand waits for another worker.
        Interrupted: somebody who stopped it did not want to wait.
    """
    settings = tools.settings
    if settings.stop_file.exists():
        raise CannotStart(reason=f"The stop file {settings.stop_file} exists: remove it to let workers start again.")
    admin, place = admin_name(settings.admin_url), settings.ledger_place
    secrets = secrets_that_are_set() | {secret for account in settings.pool for secret in account.secrets}
    stop = StopRequest(settings.stop_file, also=asked)
    logger.remove()
    with (
        Ledger.open(place) as ledger,
        leased_account(place, admin, settings) as lease,
        open_backlog(place, ledger) as backlog,
        notifying(settings, lambda words: display.say(words)) as notifier,
    ):
        display = WorkerDisplay(SafeStream(sys.stdout), lease.name if several else "", RunNotices(notifier))
        browser_thread = BrowserThread()
        worker = QueueWorker(
            settings=settings,
            lease=lease,
            ledger=ledger,
            backlog=backlog,
            open_session=partial(
                browser_run_session,
                tools=tools,
                lease=lease,
                display=display,
                stopping=lambda: stop() or lease.is_lost(),
                wait=in_parts(stop.wait, lease.is_lost),
            ),
            display=display,
            stop=stop,
            wait=stop.wait,
            clean=cleaner(secrets),
            check=tools.check,
        )
        with (
            stop_on_signals(stop, display.say),
            engine_started(
                place,
                ledger,
                admin=admin,
                executor=lease.executor,
                works=worker,
                browser_thread=browser_thread,
                say=display.say,
            ),
        ):
            display.line(
                f"Waiting for orders of {harmless(admin)} as {harmless(lease.account.username)}. Ctrl-C stops."
            )
            try:
                worker.work(browser_thread, once=once)
            except Interrupted:
                if not stop():
                    raise
            except KeyboardInterrupt:  # somebody did not want to wait
                raise Interrupted from None
            except CountermandError as trouble:
                notifier.send(of_worker(admin, lease.worker, f"{trouble} {trouble.next_step}".strip()))
                raise
            if stop():
                display.line("Stopped. What was in hand is handed out again.")


def work_in_processes(tools: Tools, workers: int, *, once: bool) -> int:
    """Several workers, each in a process of its own, until all have ended; gives the worst of their exit statuses."""
    say = WorkerDisplay(SafeStream(sys.stdout)).say
    stop = StopRequest(tools.settings.stop_file)
    processes = [WorkerProcess(tools, once) for _ in range(workers)]
    worst = 0
    with stop_on_signals(stop, lambda remark: None):  # each worker says it
        for one in processes:
            one.start()
        told = False
        while processes:
            try:
                wait([one.process.sentinel for one in processes], 0.5)
                if stop.asked and not told:
                    told = True
                    for one in processes:
                        one.ask_to_stop()
            except KeyboardInterrupt:  # somebody does not want to wait
                for one in processes:
                    one.process.terminate()
            for one in [one for one in processes if not one.process.is_alive()]:
                status = one.process.exitcode or 0
                if has_crashed(status) and not stop() and one.may_start_again():
                    say(f"A worker died (exit code {status}), and is started again.")
                    one.start()
                    continue
                processes.remove(one)
                worst = max(worst, abs(status) if status <= 255 else CannotStart.exit_status)
                if processes and not stop():
                    say(f"A worker has ended; {count_of(len(processes), 'worker')} left on this machine.")
    return worst


class WorkerProcess:
    """A worker of this machine, and the process that it is now."""

    def __init__(self, tools: Tools, once: bool) -> None:
        self._tools, self._once = tools, once
        self._deaths = 0
        self._started = 0.0
        self._processes = multiprocessing.get_context("spawn")

    def start(self) -> None:
        """Start it, or start it again."""
        self._pipe, theirs = self._processes.Pipe()
        self.process = self._processes.Process(target=_alone, args=(self._tools, self._once, theirs))
        self._started = time.monotonic()
        self.process.start()
        theirs.close()  # so that the pipe is cut when either of the two ends

    def may_start_again(self) -> bool:
        """Whether it is worth it, after it died."""
        lived_long = time.monotonic() - self._started > LIVED_LONG
        self._deaths = 1 if lived_long else self._deaths + 1
        return self._deaths < MAX_DEATHS

    def ask_to_stop(self) -> None:
        """Pass on what asked this process to stop: its workers do not hear the terminal."""
        with suppress(OSError):
            self._pipe.send("stop")


def _alone(tools: Tools, once: bool, pipe: Connection) -> None:
    """A worker's whole life, in a process that has nothing else to do."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):  # a terminal tells every process at once, and it is the first one that passes it on
            signal.signal(getattr(signal, name), signal.SIG_IGN)

    def asked() -> bool:
        try:
            return pipe.poll()
        except OSError:  # who started it is gone
            return True

    clean = cleaner(secrets_that_are_set())
    try:
        work_in_this_process(tools, once=once, several=True, asked=asked)
    except CountermandError as trouble:
        print(harmless(clean(f"{trouble} {trouble.next_step}".strip())), file=sys.stderr)
        sys.exit(trouble.exit_status)
    except Exception as defect:
        print(clean("".join(traceback.format_exception(defect))), file=sys.stderr, end="")
        sys.exit(1)
