"""Commands on the practice Admin."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.outcomes import OrderResult, Outcome
from bot.sandbox import Face, Generation, Sandbox
from bot.sandbox.sample import EXPECTED
from bot.vocabulary import Reason

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand


def test_the_practice_admin_names_the_languages_that_it_speaks(countermand: Countermand) -> None:
    assert countermand("sandbox", "--language", "sv_SE") == (
        2,
        "",
        "The practice Admin does not speak 'sv_SE': it speaks en_US, nl_NL, de_DE, fr_FR.\n",
    )


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the practice Admin was started with; a person ends it at once."""
    served: dict[str, Any] = {}

    class Noted(Sandbox):
        def __init__(self, **given: Any) -> None:
            served.update(given)
            super().__init__(**given)

    @contextmanager
    def ended_at_once(_: object, say: Callable[[str], None]) -> Iterator[None]:
        say("Stopping.")
        yield

    monkeypatch.setattr("bot.sandbox.Sandbox", Noted)
    monkeypatch.setattr("bot.runner.stopping.stop_on_signals", ended_at_once)
    return served


def test_the_practice_admin_says_where_it_is_and_who_may_sign_in(
    countermand: Countermand, served: dict[str, Any]
) -> None:
    said = countermand("sandbox")
    assert (said.status, said.err) == (0, "")
    assert re.fullmatch(
        r"Practice Admin: http://127\.0\.0\.1:\d+/admin/?\nUser name: demo\nPassword: practice123\n"
        r"Press Ctrl-C to end it\.\n",
        said.out,
    )
    assert served.pop("faults").two_factor == ""
    assert served == {
        "face": Face.SPECTRUM,
        "port": 0,
        "answer_ms": 0,
        "generation": Generation.ASC_4_3,
        "language": "en_US",
        "host": "127.0.0.1",
    }


def test_the_practice_admin_is_as_it_is_asked_for(countermand: Countermand, served: dict[str, Any]) -> None:
    options = ("--face", "plain", "--answer-ms", "20", "--generation", "asc-2", "--language", "de_DE", "--two-factor")
    said = countermand("sandbox", *options, "--host", "0.0.0.0")
    assert (said.status, said.err) == (0, "")
    assert f"Practice Admin: http://{socket.gethostname()}:" in said.out
    (secret,) = re.findall(r"^Two-factor secret: (\w{32})$", said.out, re.MULTILINE)
    assert served.pop("faults").two_factor == secret
    assert served == {
        "face": Face.PLAIN,
        "port": 0,
        "answer_ms": 20,
        "generation": Generation.ASC_2,
        "language": "de_DE",
        "host": "0.0.0.0",
    }


# --- The demo ---

ORDER = "112-1215998-3002091"


def became(outcomes: dict[str, Outcome]) -> tuple[OrderResult, ...]:
    return tuple(
        OrderResult(order=order, store="any", reason=Reason.BUYER_CANCELED, outcome=outcome, message="So it is.")
        for order, outcome in outcomes.items()
    )


@pytest.fixture
def demo(countermand: Countermand, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Calls the demo, which ends so; what was said, and the settings that it had."""

    def call(results: tuple[OrderResult, ...], exit_status: int) -> tuple[Any, Any]:
        asked: list[Any] = []

        def run_list(_: object, settings: Any, options: Any) -> SimpleNamespace:
            asked.append(settings)
            return SimpleNamespace(results=results, exit_status=exit_status)

        monkeypatch.setattr("bot.cli.practice.run_list", run_list)
        return countermand("demo"), asked[0]

    return call


def test_a_demo_in_which_every_order_became_what_it_must_ends_with_0(demo: Callable[..., Any]) -> None:
    said, _ = demo(became(EXPECTED), 1)
    assert (said.status, said.err) == (0, "")


def test_a_demo_in_which_an_order_became_something_else_says_so_and_ends_with_1(demo: Callable[..., Any]) -> None:
    said, _ = demo(became({**EXPECTED, ORDER: Outcome.FAILED}), 1)
    assert (said.status, said.err) == (
        1,
        f"Not as the demo expects: order {ORDER} ended as failed, not canceled: So it is.\n",
    )


@pytest.mark.parametrize("status", [3, 130])
def test_a_demo_that_stopped_ends_as_any_run(demo: Callable[..., Any], status: int) -> None:
    said, _ = demo(became({**EXPECTED, ORDER: Outcome.SKIPPED}), status)
    assert said.status == status


def test_a_demo_meets_the_practice_admin_whatever_is_set_for_the_real_one(
    demo: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "ADMIN_URL": "https://shop.example/admin",
        "ACCOUNTS": "accounts-that-are-not-there.yaml",
        "PACK": "asc-2",
        "LANGUAGE": "de_DE",
        "SIGN_IN_LANGUAGE": "fr_FR",
    }.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    _, settings = demo(became(EXPECTED), 0)
    assert settings.host == "127.0.0.1"
    assert [account.username for account in settings.pool] == ["demo"]
    assert (settings.pack, settings.language, settings.sign_in_language) == ("asc-4.3", "en_US", "en_US")
    assert not settings.keep_session
