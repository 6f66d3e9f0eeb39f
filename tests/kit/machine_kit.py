"""The command line on a machine of a test, with everything real but the browser: orders are canceled by plain requests.

``python machine_kit.py worker --once`` is ``countermand worker --once``, with a session that keeps the kernel's order
of events: claim, intent on disk, the cancel, once, and what came of it. Faults happen where ``MACHINE_FAULT`` says,
once for all machines that have ``MACHINE_MARKS`` in common: ``kill before intent``, ``kill after intent``, ``kill
after cancel``, ``kill after result``; ``freeze after claim`` and so on. ``MACHINE_SECONDS`` is how long an order takes,
``MACHINE_LEASE`` how long leases and claims last without a sign of life, ``MACHINE_DISK`` how many bytes of a file
the machine's disk has room for, and ``MACHINE_CLOCK`` by how many seconds its clock is wrong. Where evidence has a
place of its own, a line of text is kept there in the place of each picture.
"""

import hashlib
import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urljoin

from admin_kit import PagelessAdmin
from run_kit import permit

import bot.engine.account_lease
import bot.engine.machines
from bot.admin import Admin
from bot.admin.recorder import NoRecorder
from bot.cancel.verdicts import Verdict
from bot.cli import main
from bot.engine.account_lease import AccountLease
from bot.engine.run_session import BrowserRunSession, Display, RunSession, Tools
from bot.errors import EvidenceNotWritten, PressedBefore, Refused
from bot.evidence.places import store_at
from bot.evidence.run_folder import open_run_folder
from bot.joblist import Job
from bot.ledger import Event, Ledger, QueuedRun
from bot.outcomes import Answer, Outcome
from bot.runner.results import RunResults
from bot.runner.worker import Worker, WorkerOptions

if "MACHINE_CLOCK" in os.environ:
    _right, _wrong_by = time.time, float(os.environ["MACHINE_CLOCK"])
    time.time = lambda: _right() + _wrong_by

SECONDS = float(os.environ.get("MACHINE_SECONDS", "0"))
LEASE = float(os.environ.get("MACHINE_LEASE", "300"))


class Shop:
    """The practice Admin, for somebody who is signed in and has no browser."""

    def __init__(self, url: str, account: str, password: str) -> None:
        self._url = url
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        form = self._ask(url)
        (form_key,) = re.findall(r'name="form_key" type="hidden" value="([^"]+)"', form)
        entered = {"form_key": form_key, "login[username]": account, "login[password]": password}
        start = self._ask(url, urlencode(entered).encode())
        (channel,) = re.findall(r'<a href="([^"]+)"[^>]*>(?:<span>)?Amazon Sales Channel<', start)
        page = self._ask(urljoin(url, unescape(channel)))
        (endpoint,) = re.findall(r'data-graphql-endpoint="([^"]+)"', page)
        self._endpoint = urljoin(url, unescape(endpoint))

    def cancel(self, order: str, reason: str) -> bool:
        """Send the cancel, once; whether it was answered without an error."""
        body = {
            "operationName": "cancelOrder",
            "query": "",
            "variables": {"uuid": "", "orderId": order, "reason": reason},
        }
        answer = self._ask(self._endpoint, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return "errors" not in json.loads(answer)

    def _ask(self, address: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> str:
        with self._opener.open(urllib.request.Request(address, data, headers or {}), timeout=300) as response:
            return cast(str, response.read().decode())


def fault(point: str) -> None:
    """What is to happen at this point, if it has not happened on any machine yet."""
    kind, _, where = os.environ.get("MACHINE_FAULT", "").partition(" ")
    if where != point:
        return
    try:
        (Path(os.environ["MACHINE_MARKS"]) / "happened").open("x").close()
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL if kind == "kill" else signal.SIGSTOP)


@contextmanager
def session_without_browser(
    run: QueuedRun,
    tools: Tools,
    lease: AccountLease,
    display: Display,
    *,
    stopping: Callable[[], bool],
    wait: Callable[[float], None],
) -> Iterator[RunSession]:
    """As ``bot.engine.run_session.browser_run_session``."""
    settings = tools.settings
    folder = open_run_folder(settings.runs_dir, run.info.run_id)
    shop = Shop(settings.admin_url, lease.account.username, lease.account.password.get_secret_value())
    with Ledger.open(settings.ledger_place) as ledger:
        ledger.runs.go_on_as(run.info.run_id, lease.worker)
        ledger.limits.count_for(run.info.run_id)
        ledger.trail.copy_to(folder, whole=True)
        admin = cast(Admin, PagelessAdmin(run.info.admin))

        store = store_at(folder, run.info.evidence, settings.evidence) if settings.evidence else None

        def keep(order: str, step: str) -> None:
            """What the recorder does with a picture, before anything is pressed."""
            if store is None:
                return
            try:
                name = f"evidence/{order}/{len(store.list(f'evidence/{order}')) + 1:02}-{step}.txt"
                content = f"{step} of {order}, seen by {lease.worker}".encode()
                store.add(name, content)
            except OSError as trouble:
                raise EvidenceNotWritten(reason=trouble.strerror or str(trouble)) from trouble
            ledger.trail.note(Event.PICTURE, order=order, file=name, sha256=hashlib.sha256(content).hexdigest())

        def work(_: Admin, job: Job) -> Verdict:
            fault("after claim")
            earlier = ledger.intents.open(admin.name, job.order)
            if earlier is not None:
                raise PressedBefore(order=job.order, run_id=earlier.run_id, written_at=earlier.written_at)
            latest = ledger.intents.latest(admin.name, job.order)
            if latest is not None and latest.settled_as == "canceled":
                return Verdict(outcome=Outcome.ALREADY_CANCELED, message="Canceled before.")
            ledger.trail.note(Event.STEP, order=job.order, step="open_order")
            keep(job.order, "open_order")
            if run.terms.command == "plan":
                return Verdict(outcome=Outcome.WOULD_CANCEL, message="Read by nobody.")
            time.sleep(SECONDS)
            ledger.claims.sign_of_life()
            keep(job.order, "press_confirm")
            fault("before intent")
            intent = ledger.intents.write(admin.name, permit(job.order, job.store))
            fault("after intent")
            admin.attempt.mark_pressed()
            if not ledger.claims.holds(admin.name, job.order):
                raise Refused(reason="It is another worker's by now.")
            well = shop.cancel(job.order, str(job.reason))
            fault("after cancel")
            ledger.intents.note_answer(intent, Answer.OK if well else Answer.ERROR, "")
            outcome = Outcome.CANCELED if well else Outcome.CANCELED_NOT_SENT
            ledger.intents.conclude(intent, outcome)
            return Verdict(outcome=outcome, message="By a plain request.")

        def finished(result: Any) -> None:
            display.order_finished(result)
            fault("after result")

        worker = Worker(
            work=work,
            ledger=ledger,
            recorder=NoRecorder(),
            results=RunResults(ledger, finished),
            options=WorkerOptions(claim_seconds=LEASE, wait=wait, hands_back=True),
        )
        yield BrowserRunSession(worker=worker, admin=admin, pack=settings.pack, blocked={})


# Not only in the first process: a machine with several workers starts this file again for each.
bot.engine.machines.browser_run_session = session_without_browser
bot.engine.account_lease.LEASE = LEASE

if __name__ == "__main__":
    if "MACHINE_DISK" in os.environ:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["MACHINE_DISK"]),) * 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
