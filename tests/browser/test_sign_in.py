"""Signing in without ever coming near an account's lock, and going on with a session that is there."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from front_kit import Front
from playwright.sync_api import Browser, Page
from practice_kit import HANGS, Start, job_list
from pydantic import SecretStr

from bot.admin import Admin
from bot.errors import CannotSignIn
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import Outcome
from bot.pack import Pack
from bot.runner import RunEnd
from bot.sandbox import Sandbox
from bot.sandbox.sessions import PICTURE
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(4)

Enter = Callable[..., Admin]

REFUSED = (
    "The Admin refused the user name or password, or the account is locked for a while.",
    "Check COUNTERMAND_USERNAME and COUNTERMAND_PASSWORD. It is not tried again, because six failures lock an account.",
)
ASKS_FOR_PICTURE = (
    "The Admin asks for the words in a picture (CAPTCHA), which a program cannot read.",
    "Sign in by hand once with this account (--headed shows the browser); the next sign-in then needs no CAPTCHA.",
)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


@pytest.fixture
def enter(browser: Browser, pack: Pack, sandbox: Sandbox, ledger: Ledger) -> Iterator[Enter]:
    """Signs in, in a browser that was never signed in before, with everything known that the ledger knows.

    A ``person`` who looks on is given the page when one is needed.
    """
    pages: list[Page] = []

    def enter(password: str, person: Callable[[Page], None] | None = None) -> Admin:
        page = browser.new_page()
        pages.append(page)
        admin = Admin(
            page,
            pack,
            sandbox.url,
            patience=15,
            ledger=ledger,
            by_hand=person is not None,
            say=lambda remark: person(page) if person is not None else None,
        )
        sign_in(admin, sandbox.username, SecretStr(password))
        return admin

    yield enter
    for page in pages:
        page.context.close()


@pytest.fixture
def person(sandbox: Sandbox) -> Callable[[Page], None]:
    """Somebody who knows the password and can read pictures."""

    def sign_in_by_hand(page: Page) -> None:
        page.get_by_label("Username").fill(sandbox.username)
        page.get_by_label("Password").fill(sandbox.password)
        if page.locator("#captcha").count():
            page.locator("#captcha").fill(PICTURE)
        page.get_by_role("button", name="Sign in").click()

    return sign_in_by_hand


def refused(enter: Enter, password: str) -> tuple[str, str]:
    with pytest.raises(CannotSignIn) as refusal:
        enter(password)
    return str(refusal.value), refusal.value.next_step


def tries(sandbox: Sandbox) -> int:
    """How often somebody tried to sign in."""
    return [(request.method, request.operation) for request in sandbox.journal.requests].count(("POST", ""))


# --- The budget ---------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_tried_once_ever(enter: Enter, sandbox: Sandbox) -> None:
    assert refused(enter, "wrong") == REFUSED
    for _ in range(3):
        assert refused(enter, "wrong")[0].startswith("The Admin refused this password of account demo at ")
    assert tries(sandbox) == 1
    assert enter(sandbox.password).screen("start_page").is_here()


def test_no_number_of_reruns_brings_the_captcha(enter: Enter, sandbox: Sandbox, person: Callable[[Page], None]) -> None:
    for number in range(4):
        refused(enter, f"wrong in another way, {number}")
    assert refused(enter, sandbox.password)[0].startswith("The last 2 passwords for account demo were refused")
    assert tries(sandbox) == 2
    assert enter("wrong", person).screen("start_page").is_here()
    sandbox.journal.clear()
    assert enter(sandbox.password).screen("start_page").is_here()
    assert tries(sandbox) == 1


def test_a_captcha_is_named_before_anything_is_tried(enter: Enter, sandbox: Sandbox) -> None:
    sandbox.faults.captcha = True
    assert refused(enter, sandbox.password) == ASKS_FOR_PICTURE
    assert tries(sandbox) == 0


def test_a_captcha_is_answered_by_the_person_who_looks_on(
    enter: Enter, sandbox: Sandbox, person: Callable[[Page], None]
) -> None:
    sandbox.faults.captcha = True
    assert enter(sandbox.password, person).screen("start_page").is_here()
    assert tries(sandbox) == 1


def test_recaptcha_is_named(enter: Enter, sandbox: Sandbox) -> None:
    sandbox.faults.recaptcha = True
    assert refused(enter, sandbox.password) == (
        "The Admin requires Google reCAPTCHA at sign-in, which a program cannot pass.",
        "Ask an administrator to switch reCAPTCHA off for the Admin's sign-in, or sign in by hand with --headed.",
    )
    assert tries(sandbox) == 1


def test_a_form_that_was_refused_for_another_reason_counts_as_no_attempt(enter: Enter, sandbox: Sandbox) -> None:
    sandbox.faults.recaptcha = True
    for _ in range(3):
        assert refused(enter, sandbox.password)[0].startswith("The Admin requires Google reCAPTCHA at sign-in")
    sandbox.faults.recaptcha = False
    assert enter(sandbox.password).screen("start_page").is_here()
    assert tries(sandbox) == 4


def test_the_words_in_a_picture_that_a_form_did_not_ask_for_count_as_no_attempt(
    enter: Enter, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sandbox.sessions.PICTURE_AFTER", 1)  # after somebody else's wrong password
    asked = sandbox._site._sessions
    monkeypatch.setattr(asked, "wants_picture", lambda account: True)
    for _ in range(2):
        assert refused(enter, sandbox.password)[0].endswith("and refused the form without them.")
    monkeypatch.undo()
    assert enter(sandbox.password).screen("start_page").is_here()


def test_a_single_sign_on_is_left_to_the_person_who_looks_on(
    page: Page, pack: Pack, sandbox: Sandbox, ledger: Ledger, person: Callable[[Page], None]
) -> None:
    let_in: list[str] = []
    headers: dict[str, str] = {}
    adobe = (200, headers, b"<title>Magento Admin</title><button>Sign in with Adobe ID</button>")
    with Front(sandbox.url, refuse=lambda arrived: None if let_in else adobe) as front:

        def by_hand(remark: str) -> None:
            let_in.append(remark)
            page.goto(front.url())
            person(page)

        admin = Admin(page, pack, front.url(), patience=15, ledger=ledger, by_hand=True, say=by_hand)
        sign_in(admin, sandbox.username, SecretStr("never typed"))
        assert admin.screen("start_page").is_here()
        assert "sign in with Adobe ID" in let_in[0]
        assert tries(sandbox) == 1


def test_a_password_that_the_admin_took_is_not_blamed_for_the_second_factor(enter: Enter, sandbox: Sandbox) -> None:
    sandbox.faults.two_factor_not_set_up = True
    for _ in range(3):
        assert refused(enter, sandbox.password)[0].startswith("The Admin requires two-factor authentication, which")


# --- Somebody else with the same account --------------------------------------------------------------------------
@pytest.mark.sampled(1)
def test_a_session_that_somebody_else_ended_is_renewed_once_and_not_fought_over(
    run: Callable[..., RunEnd],
    job: Callable[..., Job],
    sandbox: Sandbox,
    admin: Admin,
    at_step: dict[str, Callable[[], object]],
) -> None:
    admin.begin_again()
    sandbox.journal.clear()
    at_step["open_cancel_dialog"] = lambda: setattr(sandbox.faults, "session_ends_before", "cancelReasons")
    at_step["sign_in"] = sandbox.faults.reset
    end = run(job("unshipped_recent"), job("apostrophe"), attempts=5)
    assert [result.outcome for result in end.results] == [Outcome.SKIPPED, Outcome.SKIPPED]
    assert end.info.stopped_early == (
        "Someone signed in with the same account elsewhere, and the Admin ended this session. It happened twice in "
        "this run, so it is not signed in again. Find out who uses this account, and have them stop; or give the "
        "program an account of its own."
    )
    assert end.exit_status == 3
    assert (tries(sandbox), sandbox.journal.cancels) == (1, ())


# --- Kept sessions, and accounts ----------------------------------------------------------------------------------


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, complained = process.communicate(timeout=HANGS)
    return process.returncode, complained


@pytest.mark.face("plain", only=True)
def test_the_next_run_goes_on_with_the_session_of_the_one_before(
    start: Start, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "jobs.yaml").write_text(job_list(), encoding="utf-8")
    assert finish(start(tmp_path, "plan", "jobs.yaml")) == (0, "")
    assert tries(sandbox) == 1
    (kept,) = (tmp_path / "runs" / "sessions").iterdir()
    if os.name == "posix":
        assert kept.stat().st_mode & 0o777 == 0o600
    assert finish(start(tmp_path, "plan", "jobs.yaml")) == (0, "")
    assert tries(sandbox) == 1
    assert finish(start(tmp_path, "plan", "jobs.yaml", KEEP_SESSION="false")) == (0, "")
    assert tries(sandbox) == 2  # which ended the kept session
    assert finish(start(tmp_path, "plan", "jobs.yaml")) == (0, "")
    assert tries(sandbox) == 3


@pytest.mark.face("plain", only=True)
def test_two_runs_at_once_use_two_accounts_or_the_second_says_why_not(
    start: Start, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_WORKERS", sandbox.password)
    (tmp_path / "jobs.yaml").write_text(job_list(), encoding="utf-8")
    (tmp_path / "accounts.yaml").write_text(
        "accounts:\n"
        "  - {username: worker-1, password: {env: OF_THE_WORKERS}}\n"
        "  - {username: worker-2, password: {env: OF_THE_WORKERS}}\n",
        encoding="utf-8",
    )
    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        ledger.runs.go_on_as("another")
        admin = sandbox.url.split("/")[2]
        ledger.accounts.take(admin, "worker-1", 300)
        several = {"USERNAME": "", "PASSWORD": "", "ACCOUNTS": "accounts.yaml"}
        assert finish(start(tmp_path, "plan", "jobs.yaml", **several)) == (0, "")
        assert {request.account for request in sandbox.journal.requests} == {"", "worker-2"}
        ledger.accounts.take(admin, "worker-2", 300)
        assert finish(start(tmp_path, "plan", "jobs.yaml", **several)) == (
            2,
            "No Admin account is free: worker-1 by run another, worker-2 by run another.\n"
            "Wait for that run, or name more accounts in COUNTERMAND_ACCOUNTS. Only where the Admin's own setting "
            "allows account sharing: COUNTERMAND_SHARE_ACCOUNT=true\n",
        )
