"""What is set reaches what it is about: each setting and option that says how a run goes, and no browser."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import typer

from bot.access.session import SessionOptions
from bot.cli import app
from bot.errors import ElementMissing, Interrupted, RunStopped
from bot.evidence.recorder import Recorder
from bot.pack import packs_folder

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand, Shop

ROOT = Path(__file__).resolve().parents[3]
FIRST, SECOND, THIRD = (f"112-1215998-300209{number}" for number in (1, 2, 3))


def outcomes() -> list[str]:
    (file,) = Path("runs").glob("*/results.json")
    return [result["outcome"] for result in json.loads(file.read_text(encoding="utf-8"))]


def missing() -> ElementMissing:
    return ElementMissing(screen="Order details", element="status", purpose="what can be done")


@pytest.fixture
def three(shop: Shop) -> Shop:
    """An Admin that is a stand-in, and a list of three orders of one store."""
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
    monkeypatch.setattr("bot.runner.stopping.StopRequest.wait", lambda _, seconds: rested.append(seconds))
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
    rested: list[float] = []

    def stopped(_: object, seconds: float) -> None:
        rested.append(seconds)
        if sum(rested) > 3000:
            raise Interrupted

    monkeypatch.setattr("bot.runner.stopping.StopRequest.wait", stopped)
    monkeypatch.setenv("COUNTERMAND_PACE", setting)
    assert countermand(*command, "jobs.yaml", *options).status == 130
    assert [order for _, order, _ in three.worked] == [FIRST]
    assert set(rested) == {60}  # in parts, between which the account's lease is kept
    assert len(rested) == 51


# --- Nothing that a person wrote is ignored ---

OF_ENV = (
    ".env:1: There is no setting COUNTERMAND_DRY_RUN. Did you mean the option --dry-run?\n"
    ".env:2: There is no setting COUNTERMAND_MAX_CANCELLATIONS. Did you mean the option --max-cancellations?\n"
    "Every setting is listed in .env.example.\n"
)


def nothing_was_made() -> bool:
    return sorted(path.name for path in Path().iterdir() if path.name != ".env") == ["jobs.yaml"]


def test_options_written_as_settings_open_nothing(countermand: Countermand, three: Shop) -> None:
    Path(".env").write_text("COUNTERMAND_DRY_RUN=true\nCOUNTERMAND_MAX_CANCELLATIONS=1\n", encoding="utf-8")
    assert countermand("run", "jobs.yaml", "--yes") == (2, "", OF_ENV)
    assert three.worked == []
    assert nothing_was_made()


READ_SETTINGS = {
    "run": ["jobs.yaml", "--yes"],
    "plan": ["jobs.yaml"],
    "audit": [],
    "submit": ["jobs.yaml"],
    "worker": ["--once"],
    "browser-server": [],
    "queue": [],
    "queue list": [],
    "queue pause": [],
    "queue resume": [],
    "queue cancel": ["20260301-021405-a1b2"],
    "queue retry": ["20260301-021405-a1b2"],
    "queue approve": ["20260301-021405-a1b2", "--reason", "as planned"],
    "queue decline": ["20260301-021405-a1b2", "--reason", "not these"],
    "queue release": ["bot", "--note", "the machine is gone"],
    "serve": [],
    "schedule": [],
    "schedule list": [],
    "schedule add": ["x", "0 2 * * *", "--check"],
    "schedule remove": ["x"],
    "resolve": [FIRST, "--as", "canceled", "--note", "seen"],
    "signed-in": ["--note", "by hand"],
    "demo": [],
    "report": ["latest"],
    "verify": ["latest"],
    "status": [],
    "move-ledger": ["postgresql://bot@db.example/countermand"],
    "purge": ["--older-than", "30d", "--yes"],
    "doctor": [],
    "record": ["order_details"],
    "check": [],
    "pack lint": ["asc-4.3", "--page", "page.html"],
}
"""Every command that reads settings, with what else it needs."""


def test_the_commands_that_read_settings_are_all_here() -> None:
    whole: dict[str, Any] = dict(typer.main.get_group(app).commands)
    commands = {
        *whole,
        *(f"{group} {name}" for group in ("pack", "queue", "schedule") for name in whole[group].commands),
    }
    assert commands - set(READ_SETTINGS) == {"sandbox", "schema", "pack", "pack show", "pack diff"}


@pytest.mark.parametrize("command", READ_SETTINGS)
def test_every_command_that_reads_settings_refuses_those_that_do_not_exist(
    countermand: Countermand, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_WORKERS", "4")
    said = countermand(*command.split(), *READ_SETTINGS[command])
    words = "environment: There is no setting COUNTERMAND_WORKERS. Did you mean the option --workers?"
    assert said.status == 2
    if command == "doctor":
        assert said.out.startswith(f"FAILED       Settings           {words}\n")
    else:
        assert said.err == f"{words}\nEvery setting is listed in .env.example.\n"
    assert nothing_was_made()


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    return folder


def test_a_tilde_is_a_home_folder_on_the_way_through_a_run(countermand: Countermand, three: Shop, home: Path) -> None:
    Path(".env").write_text("COUNTERMAND_RUNS_DIR=~/x\n", encoding="utf-8")
    Path("jobs.yaml").rename(home / "jobs.yaml")
    assert countermand("run", "~/jobs.yaml", "--yes").status == 0
    assert [path.name for path in Path().iterdir()] == [".env"]
    (run,) = (path.parent for path in (home / "x").glob("*/results.json"))
    for command in ("report", "verify"):
        assert countermand(command, f"~/x/{run.name}").status == 0


@pytest.mark.parametrize(
    "command",
    [
        ["plan", "~/gone.yaml"],
        ["plan", "jobs.yaml", "--pack=~/gone.yaml"],
        ["pack", "show", "~/gone.yaml"],
        ["pack", "lint", "asc-4.3", "--page=~/gone.yaml"],
        ["report", "~/gone.yaml"],
        ["verify", "~/gone.yaml"],
    ],
)
def test_a_tilde_of_nobody_is_told_on_the_command_line(
    countermand: Countermand, three: Shop, command: list[str]
) -> None:
    said = countermand(*(word.replace("~", "~nobody-of-this-name") for word in command))
    assert said.status == 2
    words = " ".join(said.err.replace("│", " ").split())
    assert (
        "~nobody-of-this-name is not a home folder on this machine; write a file or folder of that name with its full "
        "path"
    ) in words
    assert nothing_was_made()


@pytest.mark.parametrize("option", ["--baselines", "--out"])
def test_a_tilde_is_a_home_folder_in_what_check_and_record_are_told(
    countermand: Countermand, settings: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    def stop(*given: Any) -> None:
        raise RunStopped(reason=next(str(one) for one in given if "folder-of-mine" in str(one)))

    monkeypatch.setattr("bot.checks.check.command.check", lambda *given: stop(given[-1].baselines))
    monkeypatch.setattr("bot.checks.recording.command.record_to_file", stop)
    command = ["check"] if option == "--baselines" else ["record", "order_details"]
    assert countermand(*command, f"{option}=~/folder-of-mine").err == f"{home / 'folder-of-mine'}\n"


def test_a_tilde_is_a_home_folder_in_the_name_of_a_pack(countermand: Countermand, home: Path) -> None:
    shutil.copytree(packs_folder() / "asc-4.3", home / "mine")
    assert countermand("pack", "diff", "asc-4.3", "~/mine") == (0, "The packs do not differ.\n", "")


def test_a_saved_page_is_opened_in_the_browser_of_dotenv(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(path: Path, browser: str) -> None:
        raise RunStopped(reason=browser)

    Path(".env").write_text("COUNTERMAND_BROWSER=/opt/chrome\n", encoding="utf-8")
    monkeypatch.setattr("bot.checks.check.savedpage.saved_page", stop)
    assert countermand("pack", "lint", "asc-4.3", "--page", "page.html").err == "/opt/chrome\n"


@pytest.mark.slow("starts the program several times")
def test_the_help_stays_quick_because_it_imports_little() -> None:
    heavy = ["dbos", "pydantic_settings", "sqlalchemy", "playwright", "ruamel", "dotenv"]
    for module, allowed in (("bot.cli", set()), ("bot.settings", {"ruamel", "dotenv"})):
        code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
        asked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert set(ast.literal_eval(asked.stdout)) <= allowed


# --- What is set reaches browser and Admin ---


class Opened:
    """What browser and Admin were opened with; nothing is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.browser: dict[str, Any] = {}
        self.admin: dict[str, Any] = {}
        self.masked: bool | None = None
        self.sent_by = ""

        def recorder(*given: Any, masked: bool, **further: Any) -> Recorder:
            self.masked = masked
            return Recorder(*given, masked=masked, **further)

        def session(_: object, choice: str, options: SessionOptions, __: object) -> SimpleNamespace:
            self.browser = {
                "named": choice,
                "hosts": options.hosts,
                "headed": options.headed,
                "saved": options.saved is not None,
                "fonts": options.fonts,
            }
            assert options.wire is not None
            self.sent_by = options.wire.sent_by
            given = SimpleNamespace(fresh_page=lambda: None, second_page=None, save=None, close=lambda: None)
            return SimpleNamespace(start=lambda: given)

        def admin(*_: object, **given: object) -> None:
            self.admin = given
            raise RunStopped(reason="That is far enough.")

        monkeypatch.setattr("bot.access.session.sync_playwright", lambda: nullcontext())
        monkeypatch.setattr("bot.access.session.find_browser", lambda named, *_, **__: named)
        monkeypatch.setattr("bot.access.session.BrowserSession", session)
        monkeypatch.setattr("bot.runner.task.Recorder", recorder)
        monkeypatch.setattr("bot.runner.entering.Admin", admin)

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
    assert opened.browser == {"named": None, "hosts": ("shop.example",), "headed": False, "saved": True, "fonts": True}
    assert opened.said_to_the_admin() == {
        "patience": 30,
        "settle": 5,
        "recover_after": 300,
        "allowed_hosts": (),
        "direct": False,
        "by_hand": False,
    }
    assert (opened.masked, opened.sent_by) == (True, "client")


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
        "CANCEL_SENT_BY": "browser",
    }.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    assert countermand("plan", "jobs.yaml", "--headed").status == 3
    assert opened.browser == {
        "named": "/opt/chrome",
        "hosts": ("shop.example", "cdn.example", "fonts.example"),
        "headed": True,
        "saved": False,
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
    assert (opened.masked, opened.sent_by) == (False, "browser")


def test_what_is_left_readable_can_be_said_on_the_command_line(countermand: Countermand, opened: Opened) -> None:
    assert countermand("plan", "jobs.yaml", "--unmasked").status == 3
    assert opened.masked is False
