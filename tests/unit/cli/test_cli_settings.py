"""What is set reaches what it is about: each setting and option that says how a run goes, and no browser."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import ElementMissing, Interrupted, RunStopped
from bot.recorder import Recorder

if TYPE_CHECKING:
    from conftest import Countermand, Shop

FIRST, SECOND, THIRD = (f"112-1215998-300209{number}" for number in (1, 2, 3))


def outcomes() -> list[str]:
    (file,) = Path("runs").glob("*/results.json")
    return [result["outcome"] for result in json.loads(file.read_text(encoding="utf-8"))]


def missing() -> ElementMissing:
    return ElementMissing(screen="Order details", element="status", purpose="what can be done")


@pytest.fixture
def three(shop: Shop) -> Shop:
    """An Admin that is none, and a list of three orders of one store."""
    orders = "".join(f"- {order}\n" for order in (FIRST, SECOND, THIRD))
    Path("jobs.yaml").write_text(f"store: Nordwind UK\nreason: Buyer Canceled\norders:\n{orders}", encoding="utf-8")
    return shop


@pytest.mark.parametrize("attempts", [1, 3])
def test_an_order_is_begun_as_often_as_is_set(
    countermand: Countermand, three: Shop, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    monkeypatch.setenv("COUNTERMAND_ATTEMPTS", str(attempts))
    three.trouble[SECOND] = missing()
    assert countermand("run", "jobs.yaml", "--yes").status == 1
    assert Counter(order for _, order, _ in three.worked) == {FIRST: 1, SECOND: attempts, THIRD: 1}


@pytest.mark.parametrize(
    ("setting", "failed", "became"),
    [
        ("MAX_FAILURES", [FIRST, SECOND], ["failed", "failed", "skipped"]),
        ("MAX_FAILURES", [FIRST, THIRD], ["failed", "canceled", "failed"]),
        ("MAX_FAILURES_TOTAL", [FIRST, SECOND], ["failed", "failed", "skipped"]),
    ],
)
def test_a_run_stops_after_as_many_failures_as_are_set(
    countermand: Countermand,
    three: Shop,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    failed: list[str],
    became: list[str],
) -> None:
    monkeypatch.setenv(f"COUNTERMAND_{setting}", "2")
    three.trouble |= {order: missing() for order in failed}
    status = countermand("run", "jobs.yaml", "--yes").status
    assert (status, outcomes()) == (3 if "skipped" in became else 1, became)


@pytest.fixture
def rested(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was rested, each time; nobody waits for it."""
    rested: list[float] = []
    monkeypatch.setattr("bot.stopping.StopRequest.wait", lambda _, seconds: rested.append(seconds))
    return rested


def test_a_worker_rests_as_long_as_is_set_after_an_order_that_it_pressed(
    countermand: Countermand, three: Shop, monkeypatch: pytest.MonkeyPatch, rested: list[float]
) -> None:
    monkeypatch.setenv("COUNTERMAND_PAUSE", "7")
    countermand("plan", "jobs.yaml")
    assert rested == []
    countermand("run", "jobs.yaml", "--yes")
    assert rested == [7, 7, 7]


@pytest.mark.parametrize(
    ("setting", "options"), [("1/h", []), ("", ["--pace", "1/h"]), ("2/s", ["--pace", "1/h"])], ids=str
)
@pytest.mark.parametrize("command", [["run", "--yes"], ["plan"]], ids=str)
def test_the_next_order_waits_for_the_pace_that_is_set(
    countermand: Countermand,
    three: Shop,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    options: list[str],
    command: list[str],
) -> None:
    def stopped(_: object, seconds: float) -> None:
        rested.append(seconds)
        raise Interrupted

    rested: list[float] = []
    monkeypatch.setattr("bot.stopping.StopRequest.wait", stopped)
    monkeypatch.setenv("COUNTERMAND_PACE", setting)
    assert countermand(*command, "jobs.yaml", *options).status == 130
    assert [order for _, order, _ in three.worked] == [FIRST]
    (seconds,) = rested
    assert 3000 < seconds <= 3600  # what the first order took is off it


class Opened:
    """What browser and Admin were opened with; nothing is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.browser: dict[str, Any] = {}
        self.admin: dict[str, Any] = {}
        self.masked: bool | None = None

        def recorder(*given: Any, masked: bool, **further: Any) -> Recorder:
            self.masked = masked
            return Recorder(*given, masked=masked, **further)

        def session(_: object, choice: str, hosts: tuple[str, ...], headed: bool, *further: Any) -> SimpleNamespace:
            kept, _, _, fonts = further
            self.browser = {"named": choice, "hosts": hosts, "headed": headed, "kept": kept is not None, "fonts": fonts}
            given = SimpleNamespace(fresh_page=lambda: None, second_page=None, keep=None, close=lambda: None)
            return SimpleNamespace(start=lambda: given)

        def admin(*_: object, **given: object) -> None:
            self.admin = given
            raise RunStopped(reason="That is far enough.")

        monkeypatch.setattr("bot.session.sync_playwright", lambda: nullcontext())
        monkeypatch.setattr("bot.session.find_browser", lambda named, *_, **__: named)
        monkeypatch.setattr("bot.session.BrowserSession", session)
        monkeypatch.setattr("bot.launch.Recorder", recorder)
        monkeypatch.setattr("bot.launch.Admin", admin)

    def said_to_the_admin(self) -> dict[str, object]:
        names = ("patience", "settle", "recover_after", "allowed_hosts", "direct", "by_hand")
        return {name: self.admin[name] for name in names}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> Opened:
    return Opened(monkeypatch)


def test_browser_and_admin_are_as_they_are_documented_where_nothing_is_set(
    countermand: Countermand, opened: Opened
) -> None:
    assert countermand("plan", "jobs.yaml").status == 3
    assert opened.browser == {"named": None, "hosts": ("shop.example",), "headed": False, "kept": True, "fonts": True}
    assert opened.said_to_the_admin() == {
        "patience": 30,
        "settle": 5,
        "recover_after": 300,
        "allowed_hosts": (),
        "direct": False,
        "by_hand": False,
    }
    assert opened.masked is True


def test_browser_and_admin_are_as_they_are_set(
    countermand: Countermand, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "BROWSER": "/opt/chrome",
        "ALLOWED_HOSTS": "cdn.example, fonts.example",
        "KEEP_SESSION": "false",
        "FONTS": "false",
        "TIMEOUT": "45",
        "SETTLE": "9",
        "RECOVER_AFTER": "600",
        "ROUTE": "direct",
        "UNMASKED": "true",
    }.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    assert countermand("plan", "jobs.yaml", "--headed").status == 3
    assert opened.browser == {
        "named": "/opt/chrome",
        "hosts": ("shop.example", "cdn.example", "fonts.example"),
        "headed": True,
        "kept": False,
        "fonts": False,
    }
    assert opened.said_to_the_admin() == {
        "patience": 45,
        "settle": 9,
        "recover_after": 600,
        "allowed_hosts": ("cdn.example", "fonts.example"),
        "direct": True,
        "by_hand": True,
    }
    assert opened.masked is False


def test_what_is_left_readable_can_be_said_on_the_command_line(countermand: Countermand, opened: Opened) -> None:
    assert countermand("plan", "jobs.yaml", "--unmasked").status == 3
    assert opened.masked is False
