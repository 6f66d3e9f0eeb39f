"""A plugin for pytest, beside pytest-playwright: the Admin's screens as fixtures (``pip install 'countermand[qa]'``).

It is loaded by every pytest run of an environment that it is installed in, so that nothing heavy is imported before one
of its fixtures is asked for, and it leaves alone every test that asks for none. ``docs/qa.md`` says how it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from bot.accounts import Account
    from bot.admin import Admin
    from bot.ledger import Ledger
    from bot.outcomes import OrderResult
    from bot.pack import Pack
    from bot.qa import Gate
    from bot.runner.worker import Work
    from bot.sandbox import Sandbox
    from bot.settings import Settings


@dataclass
class Target:
    """The Admin that a test session works at."""

    host: str
    """What permissions name it by."""
    settings: Settings
    pack: Pack
    ledger: Ledger
    """What was pressed before; the practice Admin, whose orders are as at the start in every test, has one a test."""
    account: Account
    run_id: str
    cookies: list[Any] = field(default_factory=list)
    """The session of the first test that signed in; the others go on with it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, each of which can be set in pytest's own settings too."""
    group = parser.getgroup("countermand", "the Amazon orders of an Adobe Commerce Admin")
    group.addoption(
        "--countermand-target",
        choices=("settings", "sandbox"),
        help="The Admin of the settings (COUNTERMAND_ADMIN_URL and so on; the default), or a practice Admin here.",
    )
    group.addoption(
        "--countermand-commits",
        action="append",
        metavar="TEST@ADMIN",
        help="Let this test, which is marked with commits, cancel orders at this Admin, named by its host and path "
        "('sandbox': the practice Admin).",
    )
    parser.addini("countermand_target", "As --countermand-target.", default="settings")
    parser.addini("countermand_commits", "As --countermand-commits, one a line.", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "commits: cancels orders for good; runs only where --countermand-commits allows it by name and Admin"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test that commits and is not allowed here; its presses are asked about again then."""
    if item.get_closest_marker("commits") is None or "countermand_admin" not in getattr(item, "fixturenames", ()):
        return
    from bot.qa import SANDBOX, gate_host

    if _target(item.config) == "sandbox":
        host = SANDBOX
    else:
        from bot.settings import load_settings

        host = gate_host(load_settings().admin_url)
    gate = _gate(item, host)
    if gate.why_not:
        pytest.skip(f"it cancels orders; allow it with: --countermand-commits {gate.test}@{gate.host}")


def found_browser(launch_args: dict[str, Any], config: pytest.Config) -> dict[str, Any]:
    """pytest-playwright's ``browser_type_launch_args``, with the browser that Countermand finds on this machine.

    For a conftest whose machine has no browser of Playwright's own. Options that name a browser go first.
    """
    from bot.access.find_browser import find_browser

    asked_for = config.getoption("--browser") or ["chromium"]
    if asked_for != ["chromium"] or not launch_args.keys().isdisjoint({"channel", "executable_path"}):
        return launch_args
    choice = find_browser(None, headed=bool(config.getoption("--headed")))
    where = {"channel": "chromium"} if choice.executable is None else {"executable_path": choice.executable}
    return {**where, **launch_args}


@pytest.fixture(scope="session")
def countermand_sandbox_of_session() -> Iterator[Sandbox]:
    """The practice Admin, started once; ``countermand_sandbox`` gives it to a test as at the start."""
    from bot.sandbox import Sandbox
    from bot.settings import load_local_settings

    with Sandbox(language=load_local_settings().language) as sandbox:
        yield sandbox


@pytest.fixture
def countermand_sandbox(countermand_sandbox_of_session: Sandbox) -> Sandbox:
    """A practice Admin on this machine: orders, faults and journal as at the start."""
    sandbox = countermand_sandbox_of_session
    sandbox.shop.reset()
    sandbox.faults.reset()
    sandbox.journal.clear()
    return sandbox


@pytest.fixture(scope="session")
def countermand_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The Admin that this session works at, as --countermand-target says; nothing is opened yet."""
    import secrets

    from bot.access.leases import leased
    from bot.identity import admin_name
    from bot.ledger import Ledger
    from bot.pack import load_pack
    from bot.qa import SANDBOX, gate_host
    from bot.settings import load_settings

    run_id = f"pytest-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with ExitStack() as stack:
        if _target(request.config) == "sandbox":
            sandbox: Sandbox = request.getfixturevalue("countermand_sandbox_of_session")
            settings = load_settings(
                admin_url=sandbox.url, username=sandbox.username, password=sandbox.password, accounts="", settle=0
            )
            host, ledger = SANDBOX, Ledger.in_memory()
        else:
            settings = load_settings()
            host, ledger = gate_host(settings.admin_url), Ledger.open(settings.ledger_place)
        stack.enter_context(ledger)
        ledger.runs.go_on_as(run_id)
        admin = admin_name(settings.admin_url)
        account = stack.enter_context(leased(ledger, admin, settings.pool, sharing=settings.share_account))
        yield Target(
            host=host,
            settings=settings,
            pack=load_pack(settings.pack, settings.language, settings.sign_in_language),
            ledger=ledger,
            account=account,
            run_id=run_id,
        )


@pytest.fixture
def countermand_gate(request: pytest.FixtureRequest, countermand_target: Target) -> Gate:
    """Whether this test may cancel orders at the Admin that it works at."""
    return _gate(request.node, countermand_target.host)


@pytest.fixture
def countermand_ledger(countermand_target: Target) -> Iterator[Ledger]:
    """What remembers every Confirm: that of the settings; for the practice Admin, an empty one."""
    from bot.ledger import Ledger
    from bot.qa import SANDBOX

    if countermand_target.host != SANDBOX:
        yield countermand_target.ledger
        return
    with Ledger.in_memory() as ledger:
        yield ledger


@pytest.fixture
def countermand_admin(
    request: pytest.FixtureRequest, context: BrowserContext, countermand_target: Target, countermand_gate: Gate
) -> Iterator[Admin]:
    """The Admin, signed in, on a page of pytest-playwright's ``context``; what the test may not press, it cannot."""
    from bot.admin import Admin
    from bot.qa import SANDBOX, guard_context
    from flows.sign_in import sign_in

    target = countermand_target
    if target.host == SANDBOX:
        request.getfixturevalue("countermand_sandbox")

    def enter(admin: Admin) -> None:
        account = target.account
        sign_in(admin, account.username, account.password, account.totp_secret)
        target.cookies = list(admin.page.context.cookies())

    page: Page = request.getfixturevalue("page")
    admin = Admin(
        page,
        target.pack,
        target.settings.admin_url,
        ledger=request.getfixturevalue("countermand_ledger"),
        patience=target.settings.timeout,
        settle=target.settings.settle,
        recover_after=target.settings.recover_after,
        allowed_hosts=target.settings.allowed_hosts,
        sign_in=enter,
        by_hand=bool(request.config.getoption("--headed")),
        behind_proxy=target.settings.connection.proxy is not None,
        may_commit=countermand_gate.check,
    )
    stopped = guard_context(context, target.pack, countermand_gate, admin.may_talk_to)
    context.add_cookies(target.cookies)
    enter(admin)
    yield admin
    stopped += filter(None, [admin.wire.take_stopped()])
    if stopped and not countermand_gate.refused:
        pytest.fail("; ".join(stopped), pytrace=False)


@pytest.fixture
def countermand_result(
    countermand_admin: Admin, countermand_target: Target, countermand_gate: Gate
) -> Callable[..., OrderResult]:
    """Works on one order as a run does, and gives what ``results.json`` would say of it.

    ``countermand_result(plan_order, order="112-...", store="...", reason="BuyerCanceled")``; what else a job may have
    (``expect``, ``note``) is given by name.
    """
    import io

    from bot import __version__
    from bot.admin.recorder import NoRecorder
    from bot.joblist import Job
    from bot.outcomes import RunInfo
    from bot.reports.progress import PlainProgress
    from bot.runner import InProcessWorker, RunLimits, Runner, WorkerOptions

    number = 0

    def work(flow: Work, **job: Any) -> OrderResult:
        nonlocal number
        number += 1
        __tracebackhide__ = True
        admin, target = countermand_admin, countermand_target
        worker = InProcessWorker(
            work=flow,
            open_admin=lambda: nullcontext(admin),
            ledger=admin.ledger,
            recorder=NoRecorder(),
            options=WorkerOptions(attempts=1),
        )
        progress = PlainProgress(io.StringIO())
        runner = Runner(worker, ledger=admin.ledger, progress=progress, limits=RunLimits(max_failures=1))
        info = RunInfo(
            run_id=f"{target.run_id}-{countermand_gate.test}-{number}"[:100],
            command="run",
            admin=admin.name,
            account=target.account.username,
            pack=target.pack.name,
            job_list=countermand_gate.test,
            started_at=datetime.now(UTC),
            version=__version__,
        )
        end = runner.run(info, [Job.model_validate({"reason": "BuyerCanceled"} | job)])
        if countermand_gate.refused:
            raise countermand_gate.refused[-1]
        return end.results[0]

    return work


def _target(config: pytest.Config) -> str:
    return str(config.getoption("--countermand-target") or config.getini("countermand_target"))


def _gate(item: pytest.Item, host: str) -> Gate:
    from bot.qa import Gate

    config = item.config
    allowed = [*(config.getoption("--countermand-commits") or ()), *config.getini("countermand_commits")]
    test = getattr(item, "originalname", None) or item.name
    return Gate(test=test, host=host, marked=item.get_closest_marker("commits") is not None, allowed=allowed)
