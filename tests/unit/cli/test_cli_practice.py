"""Commands on the practice Admin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox import Face, Generation, Sandbox

if TYPE_CHECKING:
    from conftest import Countermand


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
    monkeypatch.setattr("bot.stopping.stop_on_signals", ended_at_once)
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
    }


def test_the_practice_admin_is_as_it_is_asked_for(countermand: Countermand, served: dict[str, Any]) -> None:
    options = ("--face", "plain", "--answer-ms", "20", "--generation", "asc-2", "--language", "de_DE", "--two-factor")
    said = countermand("sandbox", *options)
    assert (said.status, said.err) == (0, "")
    (secret,) = re.findall(r"^Two-factor secret: (\w{32})$", said.out, re.MULTILINE)
    assert served.pop("faults").two_factor == secret
    assert served == {
        "face": Face.PLAIN,
        "port": 0,
        "answer_ms": 20,
        "generation": Generation.ASC_2,
        "language": "de_DE",
    }
