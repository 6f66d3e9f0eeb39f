"""A practice Admin in each of its faces, and the flows on a page of it, for tests that look at both ends.

What a run did is asserted where it arrived: on the journal of the practice Admin.
"""

import io
import itertools
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urljoin, urlsplit, urlunsplit

import pyotp
import pytest
from environment_kit import clean_environment
from failure_kit import Program, print_if_it_fails
from playwright.sync_api import BrowserContext, Page, expect
from practice_kit import US, AtStep, Cancels, GivesUpOnce, MakeJob, OnArrival, Start
from pydantic import SecretStr
from run_kit import run_info

from bot.access.find_browser import BrowserChoice
from bot.admin import Admin, ReachedStore
from bot.admin.recorder import NoRecorder
from bot.cancel.guard import Permit
from bot.cancel.verdicts import Verdict
from bot.joblist import Job
from bot.ledger import Intent
from bot.outcomes import Answer
from bot.pack import Pack, load_pack
from bot.reports.progress import PlainProgress
from bot.runner import InProcessWorker, RunEnd, RunLimits, Runner, WorkerOptions
from bot.sandbox import Face, Generation, RequestRecord, Sandbox
from bot.sandbox.pages import CHANNEL
from flows.cancel_order import cancel_order
from flows.sign_in import sign_in

PROGRAM = """
import signal
from bot.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in a shell's background are started without
main()
"""

NO_KEYRING = "keyring.backends.null.Keyring"
"""Nothing of a test goes into the keyring of the person who runs it."""

shipped_pack = cache(load_pack)

RUN = run_info("run", admin="practice", account="demo", version="0")


@pytest.fixture(scope="session")
def in_the_background() -> Iterator[Callable[[Callable[[], object]], object]]:
    """Does what no test has to wait for; the session ends when all of it is done, and fails where some of it failed."""
    with ThreadPoolExecutor(thread_name_prefix="after-a-test") as pool:
        begun: list[Future[object]] = []
        yield lambda act: begun.append(pool.submit(act))
        for one in begun:
            one.result()


@pytest.fixture(params=[Face.SPECTRUM, Face.PLAIN, Face.SHADOW], ids=str)
def face(request: pytest.FixtureRequest) -> Face:
    """Which face the practice Admin has: what the test's mark says, or each of these; with --face, that one."""
    return Face(request.config.getoption("--face") or request.param)


@pytest.fixture
def generation(request: pytest.FixtureRequest) -> Generation:
    """Whose screens the practice Admin has: the newest, or a test's parameter."""
    return Generation(getattr(request, "param", Generation.ASC_4_3))


@pytest.fixture(scope="session")
def totp_secret(pytestconfig: pytest.Config) -> SecretStr | None:
    """What two-factor codes are computed from, in a test run with --two-factor."""
    return SecretStr(pyotp.random_base32()) if pytestconfig.getoption("--two-factor") else None


@pytest.fixture
def sandbox(
    face: Face,
    generation: Generation,
    totp_secret: SecretStr | None,
    in_the_background: Callable[[Callable[[], object]], object],
) -> Iterator[Sandbox]:
    """A practice Admin of the test's own: nothing that an earlier test began can still arrive there, and nobody is
    signed in. No test may ever press the Commerce order's own Cancel button.
    """
    practice = Sandbox(face=face, generation=generation)
    practice.start()
    if totp_secret is not None:
        practice.faults.two_factor = totp_secret.get_secret_value()
        practice.faults.two_factor_codes_again = True  # a test may sign in several times within the life of a code
    yield practice
    pressed = practice.journal.commerce_cancels
    in_the_background(practice.stop)
    assert pressed == ()


@pytest.fixture
def pack(generation: Generation) -> Pack:
    """The pack that is shipped for the generation: the same one for every face."""
    return shipped_pack(generation.value)


@pytest.fixture
def job(sandbox: Sandbox) -> MakeJob:
    """Makes the job to cancel one of the practice shop's examples; changes are given by name."""

    def make(example: str, **changed: Any) -> Job:
        order = sandbox.shop.example(example)
        return Job.model_validate({"order": order.number, "store": order.store, "reason": "BuyerCanceled"} | changed)

    return make


@pytest.fixture
def cancels(sandbox: Sandbox) -> Cancels:
    """Every cancel that arrived, in order: order number, store, reason and the status it found."""
    return lambda: [
        (record.order, record.store, record.reason, record.status_on_arrival) for record in sandbox.journal.cancels
    ]


@pytest.fixture
def at_step() -> AtStep:
    """What happens as a step of that name begins: a test puts it in, and it happens each time."""
    return {}


@pytest.fixture
def gives_up_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[GivesUpOnce]:
    """Has the program give up waiting, once for each sight that it is told: at the first look that began with the sight
    there and did not find what is waited for. So neither a slow machine nor a fast one changes what it says.
    """
    sights: list[Callable[[], object]] = []
    wait = Admin.until

    class GaveUp(Exception):
        pass

    def until(admin: Admin, look: Callable[[], Any], *limits: float, **more: float) -> Any:
        def look_out() -> Any:
            there = bool(sights and sights[0]())
            seen = look()
            if there and not seen:
                del sights[0]
                raise GaveUp
            return seen

        try:
            return wait(admin, look_out, *limits, **more)
        except GaveUp:
            return None

    def gives_up_once(*sight: Callable[[], object]) -> None:
        sights.extend(sight)

    monkeypatch.setattr(Admin, "until", until)
    yield gives_up_once
    assert not sights, "the program never came to wait for what is not there"


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

    def on_step(name: str) -> None:
        at_step.get(name, lambda: None)()

    def make(page: Page, **more: Any) -> Admin:
        return Admin(
            page,
            pack,
            sandbox.url,
            patience=15,
            settle=0,
            sign_in=lambda admin: sign_in(admin, sandbox.username, SecretStr(sandbox.password), totp_secret),
            on_step=on_step,
            **more,
        )

    return make


@pytest.fixture
def new_admin(context: BrowserContext, admin_on: Callable[..., Admin]) -> Admin:
    """The practice Admin on a new page where nothing is open yet and nobody is signed in, in a context of the test's
    own, as pytest-playwright makes it: no cookie, cache, route or page of an earlier test is in it.
    """
    return admin_on(context.new_page())


@pytest.fixture(autouse=True)
def _what_is_said_is_shown_where_a_test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the log that pytest shows of a failed test: whatever else reads what is printed is not disturbed."""
    say = Admin.say

    def told(admin: Admin, remark: str) -> None:
        logging.getLogger("said").warning(remark)
        say(admin, remark)

    monkeypatch.setattr(Admin, "say", told)


@pytest.fixture
def open_dashboard(sandbox: Sandbox) -> Callable[[Admin], None]:
    """Signs in and opens the dashboard of the usual store, without the way there, which other tests walk.

    An Admin that is reached by another port of this machine is opened there.
    """

    def open_dashboard(admin: Admin) -> None:
        here = urlsplit(admin.url)
        there = urlsplit(signed_in(admin.page.context, sandbox))
        admin.page.goto(urlunsplit(there._replace(scheme=here.scheme, netloc=here.netloc)))
        admin.arrive("store_dashboard", store=US)
        admin.store = ReachedStore(name=US)
        sandbox.journal.clear()

    return open_dashboard


@pytest.fixture
def admin(new_admin: Admin, open_dashboard: Callable[[Admin], None]) -> Admin:
    """The practice Admin on the dashboard of the usual store."""
    open_dashboard(new_admin)
    return new_admin


@pytest.fixture
def dashboard(context: BrowserContext, sandbox: Sandbox) -> Page:
    """The dashboard of the usual store on a page of its own, where nothing guards what is pressed."""
    page = context.new_page()
    page.goto(signed_in(context, sandbox))
    expect(page.get_by_text("Recent orders:")).to_be_visible()
    return page


@pytest.fixture
def address(sandbox: Sandbox) -> Callable[..., str]:
    """The address of one of the Admin's pages in the session of the test's browser."""

    def address(route: str, **parameters: str) -> str:
        (session,) = (each for each in sandbox._site._sessions._sessions.values() if each.account)
        return sandbox.url.removesuffix("/admin/") + session.url(route, **parameters)

    return address


def signed_in(context: BrowserContext, practice: Sandbox) -> str:
    """Sign in without any screen, and without a code where codes are asked for.

    Returns:
        The address of the usual store's dashboard in this session.
    """
    codes, practice.faults.two_factor = practice.faults.two_factor, ""
    form = context.request.get(practice.url).text()
    (form_key,) = set(re.findall(r'name="form_key"[^>]*value="([^"]+)"', form))
    entered = {"form_key": form_key, "login[username]": practice.username, "login[password]": practice.password}
    start = context.request.post(practice.url, form=entered).text()
    practice.faults.two_factor = codes
    (channel,) = set(re.findall(rf'href="(/admin/{CHANNEL}/key/[^"]+)"', start))
    return f"{urljoin(practice.url, channel)}#/store-details/{practice.shop.store(US).uuid}"


@pytest.fixture
def pressed(admin: Admin, job: MakeJob) -> Callable[..., Intent]:
    """Records that what commits was pressed for the usual order in a run that was cut off."""

    def press(answer: Answer | None = None) -> Intent:
        order = job("unshipped_recent")
        leave = SimpleNamespace(order=order.order, store=order.store, reason=order.reason)
        intent = admin.ledger.intents.write(admin.name, cast(Permit, leave))
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
        worker = InProcessWorker(
            work=work,
            open_admin=lambda: nullcontext(admin),
            ledger=admin.ledger,
            recorder=NoRecorder(),
            options=WorkerOptions(attempts=attempts),
        )
        progress, limits = PlainProgress(io.StringIO()), RunLimits(max_failures=max_failures)
        runner = Runner(worker, ledger=admin.ledger, progress=progress, limits=limits)
        return runner.run(RUN.model_copy(update={"run_id": f"run-{next(numbers)}", "admin": admin.name}), jobs)

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
def start(
    sandbox: Sandbox, browser_choice: BrowserChoice, totp_secret: SecretStr | None, request: pytest.FixtureRequest
) -> Start:
    """Starts a command in a folder, with everything set that it needs and nobody at a terminal.

    ``before`` is Python that runs in the new process before the command does.
    """

    def start(folder: Path, *arguments: str, before: str = "", **settings: str) -> Program:
        given = {"ADMIN_URL": sandbox.url, "USERNAME": sandbox.username, "PASSWORD": sandbox.password, "SETTLE": "0"}
        if totp_secret is not None:
            given["TOTP_SECRET"] = totp_secret.get_secret_value()
        if browser_choice.executable:
            given["BROWSER"] = str(browser_choice.executable)
        environment = {f"COUNTERMAND_{name}": value for name, value in (given | settings).items()}
        return Program(
            [sys.executable, "-c", before + PROGRAM, *arguments],
            cwd=folder,
            env=clean_environment(**environment, PYTHONUTF8="1", PYTHON_KEYRING_BACKEND=NO_KEYRING),
            told=lambda said: print_if_it_fails(request, f"countermand {' '.join(arguments)}", said),
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,  # what is sent to it and its browser is sent to nobody else
        )

    return start
