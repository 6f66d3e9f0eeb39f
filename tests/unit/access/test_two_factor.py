"""Which two-factor code is the next, and when: with a clock that stands where a test sets it."""

import base64
import hmac
import io
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pyotp
import pytest
from log_kit import logged
from loguru import logger
from pydantic import SecretStr

import bot.access.two_factor
import bot.runner.launch
from bot.access.two_factor import STEP, Turn, code_of, codes_refused, fresh_code, next_turn, no_secret, skew_words
from bot.errors import Interrupted, RunStopped
from bot.joblist import Job, JobList
from bot.ledger import Ledger
from bot.reports.progress import PlainProgress
from bot.runner.launch import run_jobs
from bot.runner.task import RunOptions
from bot.settings import load_settings

SECRET = SecretStr("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
NOW = 1_800_000_000.0  # a time step begins here
FIRST = int(NOW) // STEP


@pytest.mark.parametrize(
    ("seconds", "last", "turn"),
    [
        pytest.param(10, None, Turn(FIRST, 0), id="none was used"),
        pytest.param(10, FIRST - 1, Turn(FIRST, 0), id="an earlier one was used"),
        pytest.param(10, FIRST, Turn(FIRST + 1, 21), id="this one was used"),
        pytest.param(10, FIRST + 1, Turn(FIRST + 2, 51), id="the next one was used, by a clock that is ahead"),
        pytest.param(10, FIRST + 2, Turn(FIRST, 0), id="one was used while a clock was wrong"),
        pytest.param(1, None, Turn(FIRST, 0), id="the step has just settled"),
        pytest.param(0.5, None, Turn(FIRST, 0.5), id="the step has just begun"),
        pytest.param(27, None, Turn(FIRST, 0), id="3 s are left"),
        pytest.param(27.5, None, Turn(FIRST + 1, 3.5), id="less than 3 s are left"),
        pytest.param(27.5, FIRST, Turn(FIRST + 1, 3.5), id="it was used, and runs out"),
        pytest.param(27.5, FIRST + 1, Turn(FIRST + 2, 33.5), id="it runs out, and the next one was used"),
    ],
)
def test_the_next_code_is_unused_and_does_not_run_out(seconds: float, last: int | None, turn: Turn) -> None:
    assert next_turn(NOW + seconds, last) == turn


@pytest.mark.parametrize("length", [16, 26, 32, 212])
def test_secrets_of_every_length_that_the_admin_makes_have_codes(length: int) -> None:
    secret = ("JBSWY3DPEHPK3PXP" * 14)[:length]
    key = base64.b32decode(secret + "=" * (-length % 8))
    mac = hmac.digest(key, struct.pack(">Q", FIRST), "sha1")  # RFC 4226, section 5.3
    number = struct.unpack(">I", mac[mac[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    assert code_of(SecretStr(secret), FIRST) == f"{number % 1_000_000:06}"


class FakeAdmin:
    """An Admin that looks again when the clock has gone on by a quarter of a second."""

    name = "shop.example"

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.now = NOW + 10
        self.server_ahead = 0.0
        self.said: list[str] = []
        self.noticed: list[tuple[str, ...]] = []
        self.stopping = False
        self.say = self.said.append

    def until(self, look: Callable[[], Any], seconds: float) -> Any:
        deadline = self.now + seconds
        while self.now < deadline:
            if seen := look():
                return seen
            self.now += 0.25
        return None

    def heed_stop(self) -> None:
        if self.stopping:
            raise Interrupted

    def notice_interruptions(self, *, besides: tuple[str, ...]) -> None:
        self.noticed.append(besides)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


@pytest.fixture
def admin(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Any:
    admin = FakeAdmin(ledger)
    monkeypatch.setattr(bot.access.two_factor, "time", SimpleNamespace(time=lambda: admin.now))
    return admin


@pytest.fixture
def warned() -> Iterator[list[str]]:
    with logged() as lines:
        yield lines


def expected(step: int) -> str:
    return pyotp.TOTP(SECRET.get_secret_value()).at(step * STEP)


def test_the_code_of_now_is_taken_without_a_wait(admin: Any, warned: list[str]) -> None:
    assert fresh_code(admin, "bot", SECRET) == expected(FIRST)
    assert (admin.said, admin.now, warned) == ([], NOW + 10, [])
    assert admin.ledger.codes.last_step("shop.example", "bot") == FIRST


def test_a_spent_code_is_not_taken_again_and_the_wait_is_said_once(admin: Any) -> None:
    codes = [fresh_code(admin, "bot", SECRET) for _ in range(3)]
    assert codes == [expected(FIRST), expected(FIRST + 1), expected(FIRST + 2)]
    assert admin.said == [
        "Waiting 21 s for the next two-factor code.",
        "Waiting 30 s for the next two-factor code.",
    ]
    assert set(admin.noticed) == {("two_factor",)}


def test_another_account_has_codes_of_its_own(admin: Any) -> None:
    fresh_code(admin, "bot", SECRET)
    fresh_code(admin, "other", SECRET)
    assert admin.said == []


def test_the_code_is_of_the_admins_time(admin: Any, warned: list[str]) -> None:
    admin.server_ahead = -3600.0
    assert fresh_code(admin, "bot", SECRET) == expected(FIRST - 120)
    assert warned == [
        "This machine's clock is 3600 s ahead of the Admin's. Correct it: two-factor codes are computed for the "
        "Admin's time."
    ]


@pytest.mark.parametrize("seconds", [10.0, -10.0, 0.4])
def test_clocks_that_differ_little_are_not_warned_of(admin: Any, warned: list[str], seconds: float) -> None:
    admin.server_ahead = seconds
    fresh_code(admin, "bot", SECRET)
    assert warned == []


def test_a_code_that_another_run_takes_first_is_left_to_it(admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spend = admin.ledger.codes.spend

    def too_late(*of: str | int, last: int | None) -> bool:
        monkeypatch.setattr(admin.ledger.codes, "spend", spend)
        assert spend(*of, last=last)
        return bool(spend(*of, last=last))

    monkeypatch.setattr(admin.ledger.codes, "spend", too_late)
    assert fresh_code(admin, "bot", SECRET) == expected(FIRST + 1)


def test_when_others_use_every_code_the_wait_ends(admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.ledger.codes, "spend", lambda *of, last: False)
    with pytest.raises(RunStopped) as stopped:
        fresh_code(admin, "bot", SECRET)
    assert str(stopped.value) == "No unused two-factor code of account bot was free within 120 s."
    assert stopped.value.next_step == "Give every run that works at the same time an Admin account of its own."


def test_a_person_may_stop_the_wait(admin: Any) -> None:
    fresh_code(admin, "bot", SECRET)
    admin.stopping = True
    with pytest.raises(Interrupted):
        fresh_code(admin, "bot", SECRET)


def test_what_is_said_when_there_is_no_secret() -> None:
    assert str(no_secret()) == "The Admin asks for a two-factor code, and COUNTERMAND_TOTP_SECRET is not set."
    assert no_secret().next_step == (
        "Set COUNTERMAND_TOTP_SECRET to the secret that this account's authenticator app was set up with, or ask an "
        "administrator for an account that is exempt from two-factor authentication."
    )


def test_what_is_said_when_two_codes_were_refused(admin: Any) -> None:
    admin.server_ahead = 47.2
    assert str(codes_refused(admin)) == ("The Admin refused two two-factor codes, one after the other (Invalid code).")
    assert codes_refused(admin).next_step == (
        "Check that COUNTERMAND_TOTP_SECRET is this account's secret, and the clock of the Admin's server: This "
        "machine's clock is 47 s behind the Admin's. No third code was tried, because ten wrong ones block the account."
    )


def test_clocks_that_agree_are_said_to(admin: Any) -> None:
    assert skew_words(admin) == "This machine's clock agrees with the Admin's."


# --- In the ledger ---


def test_the_ledger_knows_the_last_step_of_each_account(ledger: Ledger) -> None:
    assert ledger.codes.last_step("shop.example", "bot") is None
    assert ledger.codes.spend("shop.example", "bot", 7, last=None)
    assert ledger.codes.spend("shop.example", "bot", 9, last=7)
    assert ledger.codes.last_step("shop.example", "bot") == 9
    assert ledger.codes.last_step("other.example", "bot") is None
    assert ledger.codes.last_step("shop.example", "other") is None


@pytest.mark.parametrize("last", [None, 6])
def test_of_two_runs_that_want_one_code_the_second_does_not_get_it(ledger: Ledger, last: int | None) -> None:
    if last is not None:
        assert ledger.codes.spend("shop.example", "bot", last, last=None)
    assert ledger.codes.spend("shop.example", "bot", 7, last=last)
    assert not ledger.codes.spend("shop.example", "bot", 7, last=last)
    assert ledger.codes.last_step("shop.example", "bot") == 7


def test_the_last_step_is_known_to_the_next_run(tmp_path: Any) -> None:
    step = int(time.time()) // STEP
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.codes.spend("shop.example", "bot", step, last=None)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.codes.last_step("shop.example", "bot") == step


# --- In a run ---


def test_a_run_hides_the_secret_in_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def enter(*_wired: object, **_how: object) -> NoReturn:
        logger.warning("the secret is {}", SECRET.get_secret_value())
        raise RunStopped(reason="It was only to be logged.")

    monkeypatch.setattr(bot.runner.launch, "open_admin", enter)
    settings = load_settings(
        admin_url="https://shop.example/admin",
        username="bot",
        password="practice",
        totp_secret=SECRET,
        runs_dir=tmp_path,
    )
    job = Job.model_validate({"order": "112-1215998-3002091", "store": "Nordwind UK", "reason": "BuyerCanceled"})
    job_list = JobList(file="jobs.yaml", jobs=(job,))
    options = RunOptions(command="plan", work=enter, sign_in=enter)
    end = run_jobs(job_list, settings, options, display=PlainProgress(io.StringIO()))
    assert end.info.stopped_early == "It was only to be logged."
    log = (tmp_path / end.info.run_id / "log.jsonl").read_text(encoding="utf-8")
    assert "the secret is [hidden]" in log
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert [content for content in written if SECRET.get_secret_value().encode() in content] == []
