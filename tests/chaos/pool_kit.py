"""A worker process without a browser: what is done to an order, and how its worker ends, is in the job's note."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from admin_kit import PagelessAdmin

from bot.admin import Admin
from bot.admin.recorder import NoRecorder
from bot.cancel.guard import Permit
from bot.cancel.verdicts import Verdict
from bot.errors import CannotSignIn, CannotStart, RunStopped, Technical
from bot.evidence.recorder import Recorder
from bot.joblist import Job
from bot.ledger import Event, Ledger
from bot.outcomes import Outcome
from bot.runner.logs import log_lines_to
from bot.runner.results import RunResults
from bot.runner.worker import Worker, WorkerOptions
from bot.runner.worker_process import Opened, RunConnection, defects_logged

HOST = "shop.example"

PATIENCE = 300
"""Seconds."""


def permit_for(job: Job) -> Permit:
    """What a guard would have given, without a page to give it from."""
    permit = object.__new__(Permit)
    for name, value in {"order": job.order, "store": job.store, "reason": job.reason}.items():
        object.__setattr__(permit, name, value)
    return permit


def _until(holds: Callable[[], bool]) -> None:
    """Wait for it, and fail in the end, so that a test that waits in vain says so."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise RunStopped(reason="What a worker waited for did not come.")
        time.sleep(0.01)


@contextmanager
def open_worker(folder: Path, run_id: str, run: RunConnection, *, place: Path | str = "") -> Iterator[Opened]:
    """A worker that signs in as its account's name says, and does what the notes of its jobs say.

    The ledger is in the folder, if it is in no other ``place``.
    """
    account = run.account.username
    if account == "refused":
        raise CannotSignIn(reason=f"The account {account} is refused.")
    if account == "no browser":
        raise CannotStart(reason="No browser was found.")
    marks = folder / "marks"
    with (
        log_lines_to(run.log, secrets=(), say=run.say),
        Ledger.open(place or folder / "ledger.sqlite") as ledger,
        defects_logged(lambda text: text),
    ):
        ledger.runs.go_on_as(run_id, run.number)
        ledger.limits.count_for(run_id)
        ledger.trail.copy_to(folder / run_id)
        admin = cast(Admin, PagelessAdmin(HOST))

        def work(_: Admin, job: Job) -> Verdict:
            run.step("choose_reason")
            seen = marks / f"{job.order}-{run.number}-{os.getpid()}"
            before = len(list(marks.glob(f"{job.order}-*")))
            seen.touch()
            match job.note:
                case "dies" | "dies once" if job.note == "dies" or not before:
                    os._exit(9)
                case "dies after the intent":
                    if ledger.intents.open(HOST, job.order):
                        return Verdict(outcome=Outcome.UNKNOWN, message="Looked at after a crash.")
                    ledger.intents.write(HOST, permit_for(job))
                    os._exit(9)
                case "dies after the proof":
                    if not before:
                        intent = ledger.intents.write(HOST, permit_for(job))
                        ledger.intents.conclude(intent, Outcome.CANCELED)
                    os._exit(9)
                case "waits for a stop":
                    _until(run.stopping)
                    raise RunStopped(reason="It was stopped.")
                case "waits for the other":
                    _until(lambda: len({path.name.split("-")[-2] for path in marks.iterdir()}) >= 2)
                case note if note.startswith("waits until begun: "):
                    _until(lambda: len(list(marks.iterdir())) >= int(note.removeprefix("waits until begun: ")))
                case note if note.startswith("takes "):
                    time.sleep(float(note.removeprefix("takes ")))
                case "fails":
                    raise Technical(reason="A page did not come.")
                case "cannot go on":
                    raise RunStopped(reason="The Admin is in maintenance.")
                case "breaks":
                    raise ZeroDivisionError("division by zero")
            ledger.trail.note(Event.STEP, order=job.order, step="choose_reason")
            intent = ledger.intents.write(HOST, permit_for(job))
            admin.attempt.mark_pressed()
            ledger.intents.conclude(intent, Outcome.CANCELED)
            return Verdict(outcome=Outcome.CANCELED, message=f"By worker {run.number}.")

        worker = Worker(
            work=work,
            ledger=ledger,
            recorder=cast(Recorder, NoRecorder()),
            results=RunResults(ledger, run.order_finished),
            options=WorkerOptions(attempts=1),
        )
        yield Opened(worker=worker, admin=admin, ledger=ledger)
