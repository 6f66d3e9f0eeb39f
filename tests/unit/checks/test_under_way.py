import io
import re

import pytest

from bot.checks.check.show import Watching
from bot.checks.doctor import CHECKS
from bot.checks.doctor.show import Lines
from bot.checks.under_way import UnderWay

HOME = next(check for check in CHECKS if check.name == "home")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[Lines, Watching])
def kind(request: pytest.FixtureRequest) -> type[Lines | Watching]:
    found: type[Lines | Watching] = request.param
    return found


def told(kind: type[Lines | Watching], stream: io.StringIO) -> list[str]:
    """Every line that was shown at any time, without what moves the cursor or turns round."""
    show = kind(stream)
    assert isinstance(show, UnderWay)
    show.begun(HOME)
    show.step("open_store")
    show.say("The session\x1b[2J ended.")
    show.over(())
    shown = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", stream.getvalue())
    return [re.sub(r"^[-\\|/] (?=Home)", "", line).rstrip() for line in re.split(r"[\r\n]+", shown)]


@pytest.mark.parametrize(("term", "is_shown"), [("xterm-256color", True), ("dumb", False), ("unknown", False)])
def test_what_is_under_way_is_shown_on_a_terminal_that_can_move_its_cursor(
    kind: type[Lines | Watching], term: str, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    lines = told(kind, Terminal())
    assert ("Home page: open store ..." in lines) is is_shown
    assert "- The session ended." in lines


def test_where_there_is_no_terminal_only_remarks_are_shown(
    kind: type[Lines | Watching], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    lines = told(kind, io.StringIO())
    assert "- The session ended." in lines
    assert [line for line in lines if line.endswith("...")] == []
