"""Signing in where the Admin asks for a second factor; what was entered is asserted at the practice Admin's journal."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pyotp
import pytest
from log_kit import logged
from playwright.sync_api import Browser, Page
from practice_kit import HANGS, Start, job_list
from pydantic import SecretStr

import bot.access.two_factor
from bot.admin import Admin
from bot.errors import CountermandError, RunStopped
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.ledger import Ledger
from bot.pack import Pack
from bot.sandbox import Sandbox
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(4)

Enter = Callable[..., Admin]


class Clocks:
    """This machine's clock and the Admin's, in the middle of a time step as each sign-in begins, however long the one
    before has taken; a wait that is announced is over.
    """

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = sandbox
        self.said: list[str] = []
        self.offset = 0.0
        monkeypatch.setattr(bot.access.two_factor, "time", SimpleNamespace(time=lambda: time.time() + self.offset))
        self.server(10 - time.time() % 30)

    def server(self, seconds: float) -> None:
        """Let the Admin's clock be so far ahead."""
        self.now = time.time() + seconds
        self.set_back()

    def set_back(self) -> None:
        """Take back the time that has passed by itself on the Admin's clock."""
        self.sandbox.faults.clock_ahead_ms = round((self.now - time.time()) * 1000)

    def say(self, remark: str) -> None:
        self.said.append(remark)
        if remark.startswith("Waiting"):
            self.offset += 30
            self.now += 30
            self.sandbox.faults.clock_ahead_ms += 30_000


@pytest.fixture(autouse=True)
def as_a_test_wants_it(sandbox: Sandbox) -> None:
    """The Admin asks for codes when a test says so, and takes each once, in a run with --two-factor too."""
    sandbox.faults.reset()


@pytest.fixture
def clocks(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(sandbox, monkeypatch)


@pytest.fixture
def secret(sandbox: Sandbox) -> SecretStr:
    """The secret of every account of the practice Admin, another one for each test."""
    sandbox.faults.two_factor = pyotp.random_base32()
    return SecretStr(sandbox.faults.two_factor)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


@pytest.fixture
def enter(browser: Browser, pack: Pack, sandbox: Sandbox, clocks: Clocks, ledger: Ledger) -> Iterator[Enter]:
    """Signs in, in a browser that was never signed in before."""
    pages: list[Page] = []

    def enter(secret: SecretStr | None, recorder: Recorder | None = None, ledger: Ledger = ledger) -> Admin:
        page = browser.new_page()
        pages.append(page)
        clocks.set_back()
        admin = Admin(page, pack, sandbox.url, patience=15, ledger=ledger, recorder=recorder, say=clocks.say)
        sign_in(admin, sandbox.username, SecretStr(sandbox.password), secret)
        return admin

    yield enter
    for page in pages:
        page.context.close()


def verdicts(sandbox: Sandbox) -> list[str]:
    return [record.verdict for record in sandbox.journal.codes]


def refused(enter: Enter, secret: SecretStr | None) -> tuple[str, str]:
    with pytest.raises(RunStopped) as stopped:
        enter(secret)
    return str(stopped.value), stopped.value.next_step


def test_a_code_is_entered_where_the_admin_asks_for_one(enter: Enter, sandbox: Sandbox, secret: SecretStr) -> None:
    admin = enter(secret)
    assert admin.arrive("start_page").spec.screen == "start_page"
    assert verdicts(sandbox) == ["accepted"]


def test_no_code_is_entered_where_none_is_asked_for(enter: Enter, sandbox: Sandbox, ledger: Ledger) -> None:
    enter(SecretStr(pyotp.random_base32()))
    assert verdicts(sandbox) == []
    assert ledger.codes.last_step(sandbox.url.split("/")[2], sandbox.username) is None


def test_a_second_sign_in_waits_for_a_code_that_was_not_used(
    enter: Enter, sandbox: Sandbox, secret: SecretStr, clocks: Clocks
) -> None:
    enter(secret)
    assert clocks.said == []
    enter(secret)
    (said,) = clocks.said
    assert said in [f"Waiting {seconds} s for the next two-factor code." for seconds in range(1, 22)]
    assert verdicts(sandbox) == ["accepted", "accepted"]


def test_another_program_with_the_same_ledger_does_not_use_the_code_again(
    enter: Enter, sandbox: Sandbox, secret: SecretStr, clocks: Clocks, tmp_path: Path
) -> None:
    for _ in range(2):
        with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
            enter(secret, ledger=ledger)
    assert len(clocks.said) == 1
    assert verdicts(sandbox) == ["accepted", "accepted"]


def test_a_password_that_was_entered_before_is_followed_by_the_code(
    enter: Enter, sandbox: Sandbox, secret: SecretStr
) -> None:
    admin = enter_without_code(enter, sandbox)
    sign_in(admin, sandbox.username, SecretStr("not asked for"), secret)
    assert verdicts(sandbox) == ["accepted"]


def enter_without_code(enter: Enter, sandbox: Sandbox) -> Admin:
    secret, sandbox.faults.two_factor = sandbox.faults.two_factor, ""
    admin = enter(None)
    sandbox.faults.two_factor = secret
    admin.page.context.clear_cookies()
    with pytest.raises(RunStopped):
        sign_in(admin, sandbox.username, SecretStr(sandbox.password))
    return admin


def test_one_refused_code_is_followed_by_a_fresh_one(
    enter: Enter, sandbox: Sandbox, secret: SecretStr, ledger: Ledger, clocks: Clocks
) -> None:
    enter(secret)  # by another program, whose ledger this one does not know
    clocks.said.clear()
    with Ledger.in_memory() as other:
        enter(secret, ledger=other)
    assert len(clocks.said) == 1
    assert verdicts(sandbox) == ["accepted", "used", "accepted"]


def test_two_refused_codes_end_the_run_and_say_what_to_check(
    enter: Enter, sandbox: Sandbox, secret: SecretStr, clocks: Clocks
) -> None:
    clocks.server(100 * 30)
    message, next_step = refused(enter, SecretStr(pyotp.random_base32()))
    assert message == "The Admin refused two two-factor codes, one after the other (Invalid code)."
    assert next_step == (
        "Check that COUNTERMAND_TOTP_SECRET is this account's secret, and the clock of the Admin's server: This "
        f"machine's clock is {next_step.split(' s behind')[0].split()[-1]} s behind the Admin's. No third code was "
        "tried, because ten wrong ones block the account."
    )
    assert verdicts(sandbox) == ["wrong", "wrong"]


def test_without_a_secret_no_code_is_tried(enter: Enter, sandbox: Sandbox, secret: SecretStr) -> None:
    assert refused(enter, None) == (
        "The Admin asks for a two-factor code, and COUNTERMAND_TOTP_SECRET is not set.",
        "Set COUNTERMAND_TOTP_SECRET to the secret that this account's authenticator app was set up with, or ask an "
        "administrator for an account that is exempt from two-factor authentication.",
    )
    assert verdicts(sandbox) == []


def test_an_account_without_a_second_factor_is_named(enter: Enter, sandbox: Sandbox, secret: SecretStr) -> None:
    sandbox.faults.two_factor_not_set_up = True
    assert refused(enter, secret) == (
        "The Admin requires two-factor authentication, which was never set up for this account.",
        "Ask an administrator to set up Google Authenticator for the account, and put the secret shown beside the QR "
        "code into COUNTERMAND_TOTP_SECRET; or to exempt the account.",
    )
    assert verdicts(sandbox) == []


@pytest.mark.parametrize("provider", ["Authy Auth", "Duo Security", "U2F key auth"])
def test_a_provider_that_a_program_cannot_answer_is_named(enter: Enter, sandbox: Sandbox, provider: str) -> None:
    sandbox.faults.two_factor_provider = provider
    assert refused(enter, SecretStr(pyotp.random_base32())) == (
        "The Admin asks for a second factor that a program cannot provide (Authy, Duo Security or a U2F key).",
        "Ask an administrator to give the account Google Authenticator as its provider, and put its secret into "
        "COUNTERMAND_TOTP_SECRET; or to exempt the account.",
    )
    assert verdicts(sandbox) == []


@pytest.mark.parametrize(("seconds", "direction"), [(600, "behind"), (-600, "ahead of")])
def test_a_clock_that_is_wrong_is_named_and_the_code_is_of_the_admins_time(
    enter: Enter, sandbox: Sandbox, secret: SecretStr, clocks: Clocks, seconds: int, direction: str
) -> None:
    clocks.server(seconds + 10 - time.time() % 30)
    with logged() as heard:
        admin = enter(secret)
    assert heard == [
        f"This machine's clock is {abs(round(admin.server_ahead))} s {direction} the Admin's. Correct it: two-factor "
        "codes are computed for the Admin's time."
    ]
    # What an answer takes to arrive makes the Admin's clock seem to be behind by as much.
    assert -5 <= admin.server_ahead - sandbox.faults.clock_ahead_ms / 1000 <= 1
    assert verdicts(sandbox) == ["accepted"]


def test_a_clock_that_is_right_is_not_warned_of(
    enter: Enter, sandbox: Sandbox, secret: SecretStr, clocks: Clocks
) -> None:
    clocks.server(5)
    with logged() as heard:
        assert 0 < enter(secret).server_ahead <= 6
    assert heard == []


def test_secret_and_codes_are_in_no_evidence(
    enter: Enter, sandbox: Sandbox, secret: SecretStr, clocks: Clocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[str] = []

    def remember(secret: SecretStr, step: int) -> str:
        codes.append("135792")
        return codes[-1]

    monkeypatch.setattr(bot.access.two_factor, "code_of", remember)
    monkeypatch.setattr(sandbox._site._two_factor, "check", lambda account, code: "wrong")
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.trail.copy_to(tmp_path)
        with pytest.raises(RunStopped):
            enter(secret, Recorder(LocalStore(tmp_path)), ledger)
    assert codes == ["135792", "135792"]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"ledger.sqlite", "trail.jsonl", "03-enter_code-trouble.jpg"}
    described = (tmp_path / "evidence" / "session" / "04-enter_code-trouble.txt").read_text(encoding="utf-8")
    assert "Authenticator code" in described
    for path in files:
        content = path.read_bytes()
        assert b"135792" not in content, path
        assert secret.get_secret_value().encode() not in content, path


@pytest.mark.parametrize("screen", ["sign_in", "two_factor"])
def test_a_field_for_a_secret_is_pictured_empty_and_keeps_what_was_typed(
    page: Page, pack: Pack, tmp_path: Path, screen: str
) -> None:
    page.set_content(
        "<label>Username <input></label><label>Password <input id=field></label><button>Sign in</button>"
        if screen == "sign_in"
        else "<label>Authenticator code <input id=field></label><button>Confirm</button>"
    )
    admin = Admin(page, pack, "http://127.0.0.1/admin", patience=60)
    seen: list[str] = []
    take = page.screenshot
    page.screenshot = lambda **how: (seen.append(page.locator("#field").input_value()), take(**how))[1]  # type: ignore
    page.locator("#field").fill("735291")
    Recorder(LocalStore(tmp_path)).trouble(admin, "step")
    assert seen == [""]
    assert page.locator("#field").input_value() == "735291"
    (words,) = tmp_path.rglob("*.txt")
    assert "735291" not in words.read_text(encoding="utf-8")


def test_a_secret_that_cannot_be_typed_is_not_repeated(page: Page, pack: Pack) -> None:
    page.set_content("<label>Authenticator code <input readonly></label><button>Confirm</button>")
    admin = Admin(page, pack, "http://127.0.0.1/admin", patience=0.1)
    with pytest.raises(CountermandError) as failed:
        admin.screen("two_factor").fill("code", "735291")
    assert str(failed.value) == (
        "The browser failed: The Admin's two-factor page: nothing could be typed into code (the six digits "
        "that an authenticator app shows)."
    )
    assert failed.value.__suppress_context__


@pytest.mark.thorough
def test_the_program_signs_in_with_a_code_and_leaves_no_secret_behind(
    start: Start, sandbox: Sandbox, secret: SecretStr, clocks: Clocks, tmp_path: Path
) -> None:
    order = sandbox.shop.example("unshipped_recent")
    (tmp_path / "jobs.yaml").write_text(job_list(order.number, store=order.store), encoding="utf-8")
    words = secret.get_secret_value()
    run = start(tmp_path, "run", "jobs.yaml", "--dry-run", TOTP_SECRET=f"{words[:8].lower()} {words[8:]}")
    said = "".join(run.communicate(timeout=HANGS))
    assert run.returncode == 0, said
    assert verdicts(sandbox) == ["accepted"]
    assert sandbox.journal.cancels == ()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert "02-sign_in.jpg" in {path.name for path in written}
    assert "03-enter_code.jpg" in {path.name for path in written}
    for form in (words, words.lower(), f"{words[:8].lower()} {words[8:]}"):
        assert form not in said
        assert [path for path in written if form.encode() in path.read_bytes()] == []
