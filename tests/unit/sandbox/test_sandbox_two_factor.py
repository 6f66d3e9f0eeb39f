from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

import pyotp
import pytest

from bot.sandbox import Faults, Sandbox
from bot.sandbox.twofactor import TwoFactor

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Visitor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = 1_800_000_000.0
ACCEPTED, INVALID = '{"success":true}', '{"success":false,"message":"Invalid code"}'


@pytest.fixture
def clock() -> list[float]:
    return [NOW]


@pytest.fixture
def two_factor(clock: list[float]) -> TwoFactor:
    return TwoFactor(Faults(two_factor=SECRET), lambda: clock[0])


def code(at: float = NOW) -> str:
    return pyotp.TOTP(SECRET).at(int(at))


def test_a_code_is_taken_once(two_factor: TwoFactor, clock: list[float]) -> None:
    assert [two_factor.check("demo", code()) for _ in range(2)] == ["accepted", "used"]
    clock[0] += 30
    assert [two_factor.check("demo", code(NOW)), two_factor.check("demo", code(NOW + 30))] == ["wrong", "accepted"]


def test_each_account_uses_its_own_codes(two_factor: TwoFactor) -> None:
    assert [two_factor.check(account, code()) for account in ("demo", "channels")] == ["accepted", "accepted"]


def test_ten_wrong_codes_block_the_account_for_300_seconds(two_factor: TwoFactor, clock: list[float]) -> None:
    assert [two_factor.check("demo", "000000") for _ in range(10)] == ["wrong"] * 10
    assert two_factor.check("demo", code()) == "blocked"
    assert two_factor.check("channels", code()) == "accepted"
    clock[0] += 300
    assert two_factor.check("demo", code(clock[0])) == "accepted"


def test_nine_wrong_codes_do_not_block_the_account(two_factor: TwoFactor, clock: list[float]) -> None:
    for _ in range(2):
        assert [two_factor.check("demo", "000000") for _ in range(9)] == ["wrong"] * 9
        assert two_factor.check("demo", code(clock[0])) == "accepted"
        clock[0] += 30


def test_the_code_is_of_the_servers_clock(clock: list[float]) -> None:
    two_factor = TwoFactor(Faults(two_factor=SECRET, clock_ahead_ms=-60_000), lambda: clock[0])
    assert [two_factor.check("demo", code(NOW)), two_factor.check("demo", code(NOW - 60))] == ["wrong", "accepted"]


@pytest.fixture
def enter(visitor: Visitor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Signs in with the password, and gives what the server answers to a code."""
    sandbox.faults.two_factor = SECRET
    monkeypatch.setattr(sandbox._site._two_factor, "_clock", lambda: NOW)
    asked = visitor.sign_in()
    assert "/admin/tfa/google/auth/key/" in asked.url
    assert 'id="tfa_code"' in asked.text
    address = re.search(r'data-answer="([^"]+)"', asked.text)
    assert address
    return lambda entered: visitor.ask(address[1], urlencode({"tfa_code": entered}).encode()).text


def test_a_good_code_leads_to_the_start_page(enter: Callable[[str], str], visitor: Visitor, sandbox: Sandbox) -> None:
    assert enter(code()) == ACCEPTED
    assert "/dashboard/" in visitor.ask().url
    assert [(record.account, record.verdict) for record in sandbox.journal.codes] == [("demo", "accepted")]


def test_without_a_good_code_nobody_gets_further(
    enter: Callable[[str], str], visitor: Visitor, sandbox: Sandbox
) -> None:
    assert enter("000000") == INVALID
    for path in ("", "channel/amazon/index/", "tfa/google/auth/"):
        assert "/admin/tfa/google/auth/key/" in visitor.ask(path).url
    visitor.endpoint = "channel/amazon/graphql/"
    assert "/admin/tfa/google/auth/key/" in visitor.post("stores").url
    assert [record.verdict for record in sandbox.journal.codes] == ["wrong"]


def test_a_code_that_was_used_is_invalid(enter: Callable[[str], str], new_visitor: Callable[[], Visitor]) -> None:
    assert enter(code()) == ACCEPTED
    second = new_visitor()
    address = re.search(r'data-answer="([^"]+)"', second.sign_in().text)
    assert address
    assert second.ask(address[1], urlencode({"tfa_code": code()}).encode()).text == INVALID


def test_an_account_without_a_second_factor_is_told_so(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.two_factor_not_set_up = True
    answer = visitor.sign_in()
    assert "/admin/tfa/tfa/requestconfig/key/" in answer.url
    assert "You need to configure Two-Factor Authorization" in answer.text
    assert "tfa_code" not in answer.text


def test_a_role_without_the_permission_is_told_so_and_not_asked_for_a_code(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.two_factor_denied = True
    answer = visitor.sign_in()
    assert "/admin/tfa/tfa/accessdenied/key/" in answer.url
    assert "Sorry, you need permissions to view this content." in answer.text
    assert "/tfa/tfa/accessdenied/" in visitor.ask().url


def test_another_provider_has_no_field_for_a_code(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.two_factor_provider = "Duo Security"
    answer = visitor.sign_in()
    assert "2FA - Duo Security" in answer.text
    assert "tfa_code" not in answer.text


def test_the_server_says_the_time_of_its_own_clock(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox._site._two_factor, "_clock", lambda: NOW)
    sandbox.faults.clock_ahead_ms = 90_000
    with urlopen(sandbox.url, timeout=300) as response:
        assert [parsedate_to_datetime(date).timestamp() for date in response.headers.get_all("Date")] == [NOW + 90]
