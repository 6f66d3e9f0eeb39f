"""A practice Admin in each of its two faces, and the flows on a page of it, for tests that look at both ends.

What a run did is asserted where it arrived: on the journal of the practice Admin.
"""

import io
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from practice_kit import US, AtStep, Cancels, MakeJob, OnArrival, Start
from pydantic import SecretStr
from run_kit import run_info

from bot.admin import Admin
from bot.browser.find import BrowserChoice
from bot.cancel.guard import Permit
from bot.cancel.verdicts import Answer, Verdict
from bot.errors import InTheWay, SessionEnded
from bot.joblist import Job
from bot.ledger import Intent
from bot.pack import Pack, load_pack
from bot.progress import PlainProgress
from bot.recorder import NoRecorder
from bot.runner import AtHand, Limits, RunEnd, Runner
from bot.sandbox import Face, Generation, RequestRecord, Sandbox
from flows.cancel_order import cancel_order
from flows.open_order import open_store
from flows.sign_in import sign_in

ContextFor = Callable[[Sandbox], BrowserContext]

PROGRAM = """
import signal
from bot.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in a shell's background are started without
main()
"""

NO_KEYRING = "keyring.backends.null.Keyring"
"""Nothing of a test goes into the keyring of the person who runs it."""

RUN = run_info("run", admin="practice", account="demo", version="0")


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Face, Generation], Sandbox]]:
    """Gives the practice Admin of a face and a generation; each is started once and serves all tests."""
    with ExitStack() as stack:
        started: dict[tuple[Face, Generation], Sandbox] = {}

        def give(face: Face, generation: Generation) -> Sandbox:
            if (face, generation) not in started:
                practice = Sandbox(face=face, generation=generation)
                started[face, generation] = stack.enter_context(practice)
            return started[face, generation]

        yield give


@pytest.fixture(params=list(Face), ids=str)
def face(request: pytest.FixtureRequest) -> Face:
    """Each test that needs a practice Admin runs on both of its faces."""
    return Face(request.param)


@pytest.fixture
def generation() -> Generation:
    """Whose screens the practice Admin has."""
    return Generation.ASC_4_3


@pytest.fixture(scope="session")
def totp_secret(pytestconfig: pytest.Config) -> SecretStr | None:
    """What two-factor codes are computed from, in a test run with --two-factor."""
    return SecretStr(pyotp.random_base32()) if pytestconfig.getoption("--two-factor") else None


@pytest.fixture
def sandbox(
    face: Face,
    generation: Generation,
    serve: Callable[[Face, Generation], Sandbox],
    totp_secret: SecretStr | None,
) -> Iterator[Sandbox]:
    """The practice Admin, as at the start. No test may ever press the Commerce order's own Cancel button."""
    practice = serve(face, generation)
    practice.shop.reset()
    practice.faults.reset()
    if totp_secret is not None:
        practice.faults.two_factor = totp_secret.get_secret_value()
        practice.faults.two_factor_codes_again = True  # tests know nothing of each other's codes
    practice.journal.clear()
    yield practice
    assert practice.journal.commerce_cancels == ()


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The pack that is shipped: the same one for both faces."""
    return load_pack("asc-4.3")


@pytest.fixture
def job(sandbox: Sandbox) -> MakeJob:
    """Makes the job to cancel one of the practice shop's examples; what it is to be otherwise is given by name."""

    def make(example: str, **otherwise: Any) -> Job:
        order = sandbox.shop.example(example)
        return Job.model_validate({"order": order.number, "store": order.store, "reason": "BuyerCanceled"} | otherwise)

    return make


@pytest.fixture
def cancels(sandbox: Sandbox) -> Cancels:
    """Every cancel that arrived, in order: order number, store, reason and the status it found."""
    return lambda: [
        (record.order, record.store, record.reason, record.status_on_arrival) for record in sandbox.journal.cancels
    ]


@pytest.fixture(scope="session")
def context_for(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[ContextFor]:
    """Gives the browser context of a practice Admin; what it has loaded, and who is signed in, goes on from test to
    test.
    """
    with ExitStack() as stack:
        opened: dict[str, BrowserContext] = {}

        def give(practice: Sandbox) -> BrowserContext:
            if practice.url not in opened:
                opened[practice.url] = browser.new_context(**browser_context_args)
                stack.callback(opened[practice.url].close)
            return opened[practice.url]

        yield give


@pytest.fixture
def at_step() -> AtStep:
    """What happens as a step of that name begins: a test puts it in, and it happens each time."""
    return {}


@pytest.fixture
def on_arrival(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> OnArrival:
    """Has something happen once, in the practice Admin's own thread, the moment an operation arrives there."""

    def on_arrival(operation: str, act: Callable[[], object]) -> None:
        write_down = sandbox.journal.add

        def watch(record: Any) -> None:
            write_down(record)
            if isinstance(record, RequestRecord) and record.operation == operation:
                monkeypatch.setattr(sandbox.journal, "add", write_down)
                act()

        monkeypatch.setattr(sandbox.journal, "add", watch)

    return on_arrival


@pytest.fixture
def admin_on(pack: Pack, sandbox: Sandbox, at_step: AtStep, totp_secret: SecretStr | None) -> Callable[..., Admin]:
    """Makes the practice Admin on a page where nothing is open yet; it signs in again when its session ends."""

    def make(page: Page, **more: Any) -> Admin:
        return Admin(
            page,
            pack,
            sandbox.url,
            patience=15,
            settle=0,
            sign_in=lambda admin: sign_in(admin, sandbox.username, SecretStr(sandbox.password), totp_secret),
            on_step=lambda name: at_step.get(name, lambda: None)(),
            **more,
        )

    return make


@pytest.fixture
def new_admin(context_for: ContextFor, sandbox: Sandbox, admin_on: Callable[..., Admin]) -> Iterator[Admin]:
    """The practice Admin on a new page where nothing is open yet."""
    with context_for(sandbox).new_page() as page:
        yield admin_on(page)


@pytest.fixture(scope="session")
def dashboards() -> dict[Face, str]:
    """Where the dashboard of the usual store was last seen, for each face; good as long as the session is."""
    return {}


@pytest.fixture
def admin(new_admin: Admin, sandbox: Sandbox, dashboards: dict[Face, str]) -> Admin:
    """The practice Admin on the dashboard of the usual store, without the way there where that can be spared."""
    try:
        if sandbox.face not in dashboards:
            raise SessionEnded(reason="There was none yet.")
        new_admin.page.goto(dashboards[sandbox.face])
        new_admin.arrive("store_dashboard", store=US)
        new_admin.store = US
    except (SessionEnded, InTheWay):  # the address is of a session that an earlier test has renewed, or left half-open
        new_admin.page.context.clear_cookies()
        new_admin.begin_again()
        open_store(new_admin, US)
        dashboards[sandbox.face] = new_admin.page.url
    sandbox.journal.clear()
    return new_admin


@pytest.fixture
def pressed(admin: Admin, job: MakeJob) -> Callable[..., Intent]:
    """Records that what commits was pressed for the usual order in a run that was cut off."""

    def press(answer: Answer | None = None) -> Intent:
        order = job("unshipped_recent")
        leave = SimpleNamespace(order=order.order, store=order.store, reason=order.reason)
        intent = admin.ledger.intents.write(admin.host, cast(Permit, leave))
        if answer:
            admin.ledger.intents.note_answer(intent, answer, "")
        (written,) = admin.ledger.intents.waiting(order.order)
        return written

    return press


@pytest.fixture
def run(admin: Admin) -> Callable[..., RunEnd]:
    """Works through jobs as a run does, on the page of the test."""

    numbers = itertools.count(1)

    def work(*jobs: Job, attempts: int = 1, max_failures: int = 5, work: Any = cancel_order) -> RunEnd:
        crew = AtHand(
            work=work,
            open_admin=lambda: nullcontext(admin),
            ledger=admin.ledger,
            recorder=NoRecorder(),
            attempts=attempts,
        )
        progress, limits = PlainProgress(io.StringIO()), Limits(max_failures=max_failures)
        runner = Runner(crew, ledger=admin.ledger, progress=progress, limits=limits)
        return runner.run(RUN.model_copy(update={"run_id": f"run-{next(numbers)}", "admin": admin.host}), jobs)

    return work


@pytest.fixture
def verdicts(run: Callable[..., RunEnd]) -> Callable[..., Sequence[Verdict]]:
    """Works through jobs as ``run`` does, and gives what its results say of each."""

    def work(*jobs: Job, **how: Any) -> Sequence[Verdict]:
        return [
            Verdict(
                outcome=result.outcome,
                message=result.message,
                next_step=result.next_step,
                status_before=result.status_before,
                status_after=result.status_after,
            )
            for result in run(*jobs, **how).results
        ]

    return work


@pytest.fixture
def start(sandbox: Sandbox, browser_choice: BrowserChoice, totp_secret: SecretStr | None) -> Start:
    """Starts a command in a folder, with everything set that it needs and nobody at a terminal.

    ``before`` is Python that runs in the new process before the command does.
    """

    def start(folder: Path, *arguments: str, before: str = "", **settings: str) -> "subprocess.Popen[str]":
        given = {"ADMIN_URL": sandbox.url, "USERNAME": sandbox.username, "PASSWORD": sandbox.password, "SETTLE": "0"}
        if totp_secret is not None:
            given["TOTP_SECRET"] = totp_secret.get_secret_value()
        if browser_choice.executable:
            given["BROWSER"] = str(browser_choice.executable)
        environment = {f"COUNTERMAND_{name}": value for name, value in (given | settings).items()}
        return subprocess.Popen(
            [sys.executable, "-c", before + PROGRAM, *arguments],
            cwd=folder,
            env=os.environ | environment | {"PYTHONUTF8": "1", "PYTHON_KEYRING_BACKEND": NO_KEYRING},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # what is sent to it and its browser is sent to nobody else
        )

    return start
