"""Trouble at the edges, on every face of the practice Admin: whatever breaks, nothing is pressed twice or wrongly.

docs/faults.md lists every fault with what is done about it, and the test that shows it.
"""

import errno
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from log_kit import logged
from loguru import logger
from playwright.sync_api import Playwright
from practice_kit import (
    ASK,
    CANCELED,
    MAKE_ROOM,
    AtStep,
    Cancels,
    GivesUpOnce,
    MakeJob,
    OnArrival,
    Verdicts,
    arrived,
    failed,
    job_list,
    not_sent,
    refused,
    unanswered,
    unproved,
)

import bot.admin.interruptions
from bot import cli
from bot.access.find_browser import BrowserChoice
from bot.access.session import BrowserSession, SessionOptions
from bot.admin import Admin
from bot.cancel.verdicts import Verdict
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.ledger import Ledger
from bot.ledger.schema import SCHEMA_VERSION
from bot.outcomes import Outcome
from bot.runner import RunEnd
from bot.sandbox import Sandbox
from bot.vocabulary import Status

pytestmark = pytest.mark.sampled(4)

NO_ROOM = os.strerror(errno.ENOSPC)


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Everything logged as a warning or worse, which is also said aloud."""
    with logged() as lines:
        yield lines


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a failed request must have been the app's last word has tests of its own."""
    monkeypatch.setattr(bot.admin.interruptions, "LAST_WORD", 0.1)


@pytest.fixture
def break_at(sandbox: Sandbox, at_step: AtStep) -> Callable[..., None]:
    """Has faults begin with a step, one set of them each time it begins.

    An order that is begun again, or looked at again, finds everything in order.
    """

    def break_at(step: str, *troubles: dict[str, Any]) -> None:
        waiting = list(troubles)
        at_step[step] = lambda: sandbox.faults.update(waiting.pop(0) if waiting else {})
        at_step["open_admin"] = at_step["reopen_order"] = sandbox.faults.reset

    return break_at


# --- The Admin is in trouble before Confirm -------------------------------------------------------------------------


@pytest.mark.thorough
def test_a_server_in_trouble_that_answers_the_app_is_recognised_at_once(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, break_at: Callable[..., None]
) -> None:
    break_at("open_order", {"app_status": 500})
    break_at("filter_by_order_number", {"app_status": 502})
    break_at("open_cancel_dialog", {"app_status": 504})
    assert verdicts(job("unshipped_recent"), job("unshipped_old"), job("apostrophe")) == [
        failed(f"The Admin answered a request of its app with an error (HTTP {status}).", ASK)
        for status in (500, 502, 504)
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_order_is_canceled_once_although_a_request_of_the_app_went_wrong(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, break_at: Callable[..., None], log: list[str]
) -> None:
    break_at("open_cancel_dialog", {"app_status": 502})
    order = job("unshipped_recent")
    assert verdicts(order, attempts=2) == [CANCELED]
    assert log == [f"order {order.order}, attempt 1: The Admin answered a request of its app with an error (HTTP 502)."]
    assert cancels() == arrived(order)


def test_an_admin_that_wants_to_be_left_alone_is_asked_again_after_a_rest(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, break_at: Callable[..., None], log: list[str]
) -> None:
    break_at("open_order", {"too_many_requests": True})
    break_at("open_cancel_dialog", {"app_status": 429})
    first, second = job("unshipped_recent"), job("apostrophe")
    assert verdicts(first, second, attempts=1) == [CANCELED, CANCELED]
    assert log == [f"order {first.order}, attempt 1: The Admin is busy and turned a request away (HTTP 429)."] * 2
    assert cancels() == arrived(first) + arrived(second)


def test_maintenance_that_begins_in_the_middle_of_an_order_ends_the_run(
    run: Callable[..., RunEnd], job: MakeJob, sandbox: Sandbox, at_step: AtStep
) -> None:
    at_step["open_cancel_dialog"] = lambda: setattr(sandbox.faults, "maintenance", True)
    end = run(job("unshipped_recent"), job("apostrophe"), attempts=2)
    assert (end.exit_status, end.info.stopped_early) == (3, "The Admin is in maintenance, or down (HTTP 503).")
    assert [result.outcome for result in end.results] == ["skipped", "skipped"]
    assert "cancelOrder" not in sandbox.journal.operations


def test_an_admin_behind_a_server_that_does_not_reach_it_fails_at_once(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.bad_gateway = True
    assert verdicts(job("other_store")) == [failed("The Admin answered with an error (HTTP 502).", ASK)]
    assert sandbox.journal.operations == ()


@pytest.mark.thorough
def test_an_admin_that_hangs_or_cuts_the_connection_before_confirm_fails_the_order(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, break_at: Callable[..., None], gives_up_once: GivesUpOnce
) -> None:
    break_at("open_order", {"hangs_ms": 60_000}, {"operation_lost": "orderDetails"})
    gives_up_once(
        lambda: sandbox.journal.operations.count("orderDetails") == 1,
        lambda: sandbox.journal.operations.count("orderDetails") == 2,
    )
    not_there = "The order's page did not appear within 15 s: The headline Order details is not there."
    told = failed(not_there)
    assert verdicts(job("unshipped_recent"), job("apostrophe")) == [told] * 2
    assert "cancelReasons" not in sandbox.journal.operations


# --- The Admin is in trouble at Confirm -----------------------------------------------------------------------------


@pytest.mark.thorough
def test_what_a_server_in_trouble_does_with_a_cancel_is_told_and_nothing_is_pressed_twice(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, break_at: Callable[..., None]
) -> None:
    break_at("press_confirm", {"app_status": 502}, {"cancel_status": 503}, {"cancel_arrives_twice": True})
    jobs = job("unshipped_recent"), job("apostrophe"), job("unshipped_old")
    assert verdicts(*jobs, attempts=3) == [
        unproved("an error was answered (HTTP 502)"),
        not_sent("HTTP 503"),
        CANCELED,
    ]
    twice = (jobs[2].order, jobs[2].store, "BuyerCanceled", "Canceled")
    assert cancels() == [*arrived(*jobs[1:]), twice]
    assert sandbox.journal.operations.count("cancelOrder") == 3


# --- The order has changed meanwhile ----------------------------------------------------------------------------------


def test_an_order_that_ships_while_its_dialog_opens_is_not_canceled(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.faults.ships_behind_dialog = True
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused("The order's status has become 'Shipped'; only Unshipped can be canceled.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_shipment_that_the_open_page_does_not_show_is_not_seen(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    # The limit of what a screen can prove, and of a server that does not look again.
    sandbox.faults.ships_after_details = True
    order = job("unshipped_recent")
    assert verdicts(order) == [CANCELED]
    assert cancels() == [(order.order, order.store, "BuyerCanceled", "Shipped")]


def test_a_list_that_sorts_itself_anew_under_the_mouse_leads_to_no_other_order(
    verdicts: Verdicts,
    job: MakeJob,
    cancels: Cancels,
    sandbox: Sandbox,
    admin: Admin,
    break_at: Callable[..., None],
    log: list[str],
    gives_up_once: GivesUpOnce,
) -> None:
    sandbox.faults.list_sorts_anew = True
    admin.reload()
    break_at("open_order", {"list_sorts_anew": True})
    gives_up_once(lambda: "/orders/" in admin.page.url)
    order = job("unshipped_recent")
    assert verdicts(order, attempts=2) == [CANCELED]
    assert log == [
        f"order {order.order}, attempt 1: The order's page did not appear within 15 s: "
        f"The page's address is not that of order {order.order} in this store."
    ]
    assert cancels() == arrived(order)


def test_a_cancel_that_the_page_sends_for_another_order_is_stopped(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    # Nothing on the screen tells; what leaves the browser does.
    sandbox.faults.dialog_hides_other_order = True
    order, other = job("unshipped_recent"), job("apostrophe")
    assert verdicts(order, attempts=3) == [
        unproved(f"no answer came (the page sent a cancel of order {other.order}, which was stopped)")
    ]
    assert cancels() == []


# --- The browser dies -----------------------------------------------------------------------------------------------


GONE = "Target page, context or browser has been closed"


@pytest.fixture(scope="module")
def session(playwright: Playwright, browser_choice: BrowserChoice) -> Iterator[BrowserSession]:
    """A browser that tests may end: it is started again when it is needed again."""
    with closing(BrowserSession(playwright, browser_choice, SessionOptions(hosts=("127.0.0.1",))).start()) as session:
        yield session


def kill_browser(admin: Admin) -> Callable[[], None]:
    """What ends the process of the page's browser; asked for beforehand, because then it can be done in any thread."""
    browser = admin.page.context.browser
    assert browser is not None
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    (process,) = (process["id"] for process in processes if process["type"] == "browser")
    return lambda: os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))


class TestInABrowserThatDies:
    """The same fixtures, in a browser of their own."""

    @pytest.fixture
    def admin(self, session: BrowserSession, admin_on: Callable[..., Admin]) -> Admin:
        admin = admin_on(session.fresh_page(), fresh_page=session.fresh_page)
        admin.begin_again()
        return admin

    def test_an_order_is_begun_again_and_canceled_once(
        self,
        verdicts: Verdicts,
        job: MakeJob,
        cancels: Cancels,
        admin: Admin,
        on_arrival: OnArrival,
        log: list[str],
    ) -> None:
        on_arrival("cancelReasons", kill_browser(admin))
        order = job("unshipped_recent")
        assert verdicts(order, attempts=2) == [CANCELED]
        assert log == [
            f"order {order.order}, attempt 1: The browser failed: {GONE}",
            "the browser is started again",
        ]
        assert cancels() == arrived(order)

    def test_an_order_that_was_pressed_is_looked_at_in_a_new_browser_and_never_pressed_again(
        self,
        verdicts: Verdicts,
        job: MakeJob,
        cancels: Cancels,
        sandbox: Sandbox,
        admin: Admin,
        on_arrival: OnArrival,
    ) -> None:
        sandbox.faults.cancel_hangs_ms = 60_000
        on_arrival("cancelOrder", kill_browser(admin))
        order = job("unshipped_recent")
        assert verdicts(order, attempts=3) == [unanswered("the browser ended before an answer came")]
        assert cancels() == arrived(order)
        assert sandbox.journal.operations.count("cancelOrder") == 1


# --- The disk is full -----------------------------------------------------------------------------------------------


@pytest.fixture
def fill_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on there is no room for anything in the run's folder."""

    def refuse(name: str) -> None:
        write = getattr(Path, name)

        def refused(path: Path, *arguments: Any, **more: Any) -> Any:
            if path.is_relative_to(tmp_path):
                raise OSError(errno.ENOSPC, NO_ROOM)
            return write(path, *arguments, **more)

        monkeypatch.setattr(Path, name, refused)

    def fill_disk() -> None:
        refuse("open")
        refuse("write_bytes")

    return fill_disk


@pytest.fixture
def recorded(admin: Admin, tmp_path: Path) -> Admin:
    """The practice Admin with a run's folder, where pictures and the trail are kept."""
    admin.recorder = Recorder(LocalStore(tmp_path))
    admin.ledger.trail.copy_to(tmp_path)
    return admin


@pytest.mark.parametrize("step", ["choose_reason", "press_confirm"])
def test_without_room_for_the_evidence_nothing_is_pressed(
    verdicts: Verdicts,
    job: MakeJob,
    sandbox: Sandbox,
    recorded: Admin,
    at_step: AtStep,
    fill_disk: Callable[[], None],
    step: str,
) -> None:
    at_step[step] = fill_disk
    assert verdicts(job("unshipped_recent")) == [
        failed(f"The evidence could not be written ({NO_ROOM}), and no order is canceled without it.", MAKE_ROOM)
    ]
    assert recorded.ledger.intents.waiting() == []
    assert "cancelOrder" not in sandbox.journal.operations


def test_without_room_after_the_press_the_outcome_is_in_the_ledger_and_the_loss_is_said(
    run: Callable[..., RunEnd],
    job: MakeJob,
    cancels: Cancels,
    recorded: Admin,
    fill_disk: Callable[[], None],
    log: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = recorded.ledger.intents.write

    def write_and_fill(*about: Any) -> int:
        intent = write(*about)
        fill_disk()
        return intent

    monkeypatch.setattr(recorded.ledger.intents, "write", write_and_fill)
    order = job("unshipped_recent")
    end = run(order)
    assert [result.outcome for result in end.results] == ["canceled"]
    assert recorded.ledger.runs.results("run-1") == list(end.results)
    (intent,) = recorded.ledger.intents.of_run("run-1")
    assert (intent.answer, intent.outcome, intent.settled_as) == ("ok", "canceled", "canceled")
    lacks = f"{tmp_path / 'trail.jsonl'} lacks event"
    assert log == [
        f"{lacks} 11 (pressed), which the ledger has: {NO_ROOM}",
        f"{lacks} 12 (answered), which the ledger has: {NO_ROOM}",
        f"no picture of step press_confirm, after Confirm: {NO_ROOM}",
        f"the trail lacks the event step, after Confirm: {NO_ROOM}",
        f"no picture of step reopen_order, after Confirm: {NO_ROOM}",
        f"{lacks} 13 (proved), which the ledger has: {NO_ROOM}",
        f"{lacks} 14 (finished), which the ledger has: {NO_ROOM}",
        f"{lacks} 15 (run_finished), which the ledger has: {NO_ROOM}",
    ]
    assert cancels() == arrived(order)


# --- The ledger fails -----------------------------------------------------------------------------------------------

LEDGER = Path("runs/ledger.sqlite")
ADVICE = (
    "If another program holds it, end that one; if it is damaged, move it away and keep it: "
    "it is the only memory of what was pressed."
)
HELD = (
    "Another program holds it, perhaps to upgrade it. Wait until that program has finished, or end it if it hangs; "
    "then try again."
)


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


@pytest.fixture
def not_begun(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[], str]]:
    """What is said of a run that must not begin; that nothing was opened is made sure of."""
    settings = {"ADMIN_URL": sandbox.url, "USERNAME": sandbox.username, "PASSWORD": sandbox.password}
    for name, value in settings.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    (tmp_path / "jobs.yaml").write_text(job_list(), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["countermand", "run", "jobs.yaml", "--yes"])
    monkeypatch.setitem(vars(Ledger)["open"].__func__.__kwdefaults__, "patience", 0)
    Ledger.open(tmp_path / LEDGER).close()

    def not_begun() -> str:
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 2
        assert sandbox.journal.requests == ()
        return capsys.readouterr().err

    yield not_begun
    logger.remove()


def test_a_run_does_not_begin_with_a_ledger_that_another_program_holds(
    not_begun: Callable[[], str], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / LEDGER, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not_begun() == f"The ledger {LEDGER} cannot be used: database is locked. {HELD}\n"


def test_a_run_does_not_begin_with_a_damaged_ledger(not_begun: Callable[[], str], tmp_path: Path) -> None:
    file = tmp_path / LEDGER
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 10_000)
    assert not_begun() == f"The ledger {LEDGER} cannot be used: database disk image is malformed. {ADVICE}\n"


def test_a_run_does_not_begin_with_a_ledger_of_a_newer_version(not_begun: Callable[[], str], tmp_path: Path) -> None:
    change(tmp_path / LEDGER, "UPDATE ledger_version SET version = 99")
    assert not_begun() == (
        f"The ledger {LEDGER} cannot be used: it is of version 99, this Countermand supports up to {SCHEMA_VERSION}. "
        "Update Countermand.\n"
    )


def test_a_ledger_that_fails_in_the_middle_of_a_run_lets_nothing_be_pressed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep, tmp_path: Path
) -> None:
    file = tmp_path / "ledger.sqlite"
    at_step["open_cancel_dialog"] = lambda: change(file, "DROP TABLE events")
    with Ledger.open(file) as admin.ledger:
        told = verdicts(job("unshipped_recent"), job("apostrophe"), attempts=3)
    message = f"The ledger {file} cannot be used: no such table: events. {ADVICE}"
    assert told == [Verdict(outcome=Outcome.FAILED, message=message)] * 2
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_ledger_that_fails_after_the_press_hides_no_outcome_and_the_next_run_settles_it(
    verdicts: Verdicts,
    job: MakeJob,
    cancels: Cancels,
    admin: Admin,
    at_step: AtStep,
    tmp_path: Path,
    log: list[str],
) -> None:
    file = tmp_path / "ledger.sqlite"
    order = job("unshipped_recent")
    at_step["reopen_order"] = lambda: change(file, "ALTER TABLE events RENAME TO elsewhere")
    with Ledger.open(file) as admin.ledger:
        assert verdicts(order) == [CANCELED]
        trouble = f"The ledger {file} cannot be used: no such table: events. {ADVICE}"
        assert log == [
            f"after Confirm: {trouble}",
            f"the result of order {order.order} is not in the ledger: {trouble}",
            f"the end of the run is not in the ledger: {trouble}",
        ]
        change(file, "ALTER TABLE elsewhere RENAME TO events")
        (intent,) = admin.ledger.intents.waiting()
        assert verdicts(order) == [
            Verdict(
                outcome=Outcome.CANCELED,
                message=f"Confirm was pressed, or about to be, in run run-1 ({intent.written_at}), "
                "no error was answered, and the order's page, opened now, says Canceled. The Admin tells "
                "Amazon later.",
                status_before=Status.CANCELED,
                status_after=Status.CANCELED,
            )
        ]
    assert cancels() == arrived(order)


# --- The clock is set back ------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_loses_no_claim_and_makes_no_press_look_long_ago(
    verdicts: Verdicts,
    job: MakeJob,
    cancels: Cancels,
    admin: Admin,
    at_step: AtStep,
    break_at: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def set_back() -> None:
        monkeypatch.setattr("bot.ledger.database.time", SimpleNamespace(time=lambda: time.time() - 3600))

    break_at("press_confirm", {"request_lost": True})
    at_step["go_back"] = set_back
    admin.options = replace(admin.options, recover_after=0)
    lost, other = job("unshipped_recent"), job("apostrophe")
    assert [verdict.outcome for verdict in verdicts(lost, other)] == ["unknown", "canceled"]
    (intent,) = admin.ledger.intents.waiting()
    assert verdicts(lost) == [
        Verdict(
            outcome=Outcome.UNKNOWN,
            message=f"Confirm was pressed, or about to be, in run run-1 ({intent.written_at}), what came of it was "
            "never proved, and the order now reads Unshipped. Nothing was pressed this time.",
            next_step="Its request may still arrive: run the list once COUNTERMAND_RECOVER_AFTER (300 seconds unless "
            "set) is over since then, and that run settles it.",
            status_before=Status.UNSHIPPED,
        )
    ]
    assert cancels() == arrived(other)
