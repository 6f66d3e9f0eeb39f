"""The round of checks that ``countermand doctor`` makes: what follows what, how it is told, and how it ends."""

import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from bot.access.find_browser import BrowserChoice
from bot.checks.doctor import CHECKS, COMPARE, Finding, FindingState, Round, examine
from bot.checks.doctor.show import Json, Lines, in_one_sentence
from bot.errors import ElementMissing, Interrupted, NoBrowser, NothingToCheck, RunStopped
from bot.ledger import Ledger
from bot.settings import load_settings

OPENED = [check.name for check in CHECKS[2:]]
SETTINGS = "https://shop.example/admin, account bot, pack asc-4.3"
BROWSER = "the installed Chromium, version 140.0"
NO_BROWSER = (
    "No browser was found. Get one with: python -m playwright install chromium -- or install Chromium, Chrome or "
    "Edge -- or name one in COUNTERMAND_BROWSER."
)
NOT_REACHED = """\
not reached  Admin
not reached  Sign-in
not reached  App
not reached  Home page
not reached  Store's dashboard
not reached  All Orders
not reached  Order's page
not reached  Cancel dialog
"""


class Terminal(io.StringIO):
    """A terminal that shows what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_sink_is_left() -> Iterator[None]:
    yield
    logger.remove()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ADMIN_URL": "https://shop.example/admin", "USERNAME": "bot", "PASSWORD": "se-cret"}.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, settings: None) -> SimpleNamespace:
    """Stands in for a page of a started browser; ``heard`` is what it was told to call, by event."""
    page = SimpleNamespace(heard={}, context=SimpleNamespace(browser=SimpleNamespace(version="140.0")))
    page.on = page.heard.__setitem__
    admin = SimpleNamespace(page=page, may_talk_to=lambda host: host == "shop.example")

    class Opened:
        def __enter__(self) -> tuple[SimpleNamespace, Callable[..., None]]:
            return admin, lambda admin: None

        def __exit__(self, *_: object) -> None:
            page.closed = True

    monkeypatch.setattr(
        "bot.checks.doctor.browser_for",
        lambda *_, **__: BrowserChoice(executable=None, source="the installed Chromium"),
    )
    monkeypatch.setattr("bot.checks.doctor.unopened_admin", lambda *_, **__: Opened())
    return page


@pytest.fixture
def doctor() -> Callable[..., tuple[int, str]]:
    """Makes a round with this walk; gives the exit status and what was said."""

    def examine_with(walk: Callable[..., None] = lambda *_: None, **given: Any) -> tuple[int, str]:
        said = io.StringIO()
        status = examine(walk, lambda admin, account: None, Lines(said), partial(load_settings, **given))
        return status, said.getvalue()

    return examine_with


def all_work(_admin: object, checks: Round, _sign_in: object) -> None:
    for name in OPENED:
        with checks.check(name) as result:
            result.found = f"{name} is fine"


def failing(at: str, trouble: Exception) -> Callable[..., None]:
    """A walk on which a check fails."""

    def walk(_admin: object, checks: Round, _sign_in: object) -> None:
        for name in OPENED:
            with checks.check(name):
                if name == at:
                    raise trouble

    return walk


# --- How a round ends ---


def test_a_round_where_everything_works(doctor: Callable[..., tuple[int, str]], page: SimpleNamespace) -> None:
    assert doctor(all_work) == (
        0,
        f"""\
works        Settings           {SETTINGS}
works        Browser            {BROWSER}
works        Admin              admin is fine
works        Sign-in            sign_in is fine
works        App                app is fine
works        Home page          home is fine
works        Store's dashboard  store_dashboard is fine
works        All Orders         all_orders is fine
works        Order's page       order_details is fine
works        Cancel dialog      cancel_dialog is fine

Ready: everything works, up to the cancel dialog. Nothing was canceled.
""",
    )
    assert page.closed


def test_what_could_not_be_tried_is_no_failure(doctor: Callable[..., tuple[int, str]], page: SimpleNamespace) -> None:
    def walk(_admin: object, checks: Round, _sign_in: object) -> None:
        for name in OPENED:
            with checks.check(name) as result:
                if name == "cancel_dialog":
                    result.not_tried("there is no Unshipped order")

    status, said = doctor(walk)
    assert status == 0
    assert said.endswith(
        """\
works        Order's page
not tried    Cancel dialog      there is no Unshipped order

Ready, as far as could be tried. Not tried: Cancel dialog.
"""
    )


@pytest.mark.parametrize("name", OPENED)
def test_a_check_that_fails_ends_the_round_with_1(
    doctor: Callable[..., tuple[int, str]], page: SimpleNamespace, name: str
) -> None:
    trouble = RunStopped("It is broken.", "Mend it.")
    place = [check.name for check in CHECKS].index(name)
    behind = len(CHECKS) - place - 1
    status, said = doctor(failing(name, trouble))
    lines = said.splitlines()
    assert status == 1
    assert lines[place] == f"{'FAILED':<13}{CHECKS[place].title:<19}It is broken."
    assert lines[place + 1] == " " * 32 + "-> Mend it."
    assert [line.split("  ")[0] for line in lines[place + 2 : -2]] == ["not reached"] * behind
    left = f", so {behind} check{'' if behind == 1 else 's'} could not be made" if behind else ""
    assert lines[-1] == f"Not ready: {CHECKS[place].title} failed{left}."
    assert page.closed


def test_a_secret_that_a_page_shows_is_not_repeated(
    doctor: Callable[..., tuple[int, str]], page: SimpleNamespace
) -> None:
    trouble = RunStopped("The page says: se-cret is wrong.", "Try another one than se-cret.")
    _, said = doctor(failing("sign_in", trouble))
    assert "The page says: [hidden] is wrong." in said
    assert "Try another one than [hidden]." in said
    assert "se-cret" not in said


def test_settings_that_are_missing_end_the_round_with_2(doctor: Callable[..., tuple[int, str]]) -> None:
    assert doctor() == (
        2,
        f"""\
FAILED       Settings           COUNTERMAND_ADMIN_URL is not set (Address of the Admin, such as https://shop.example/admin).
                                COUNTERMAND_USERNAME is not set (Admin user name).
                                COUNTERMAND_PASSWORD is not set (Admin password).
                                -> Set them in the environment, or in a file .env in the folder you start from: see .env.example.
not reached  Browser
{NOT_REACHED}
Not ready: Settings failed, so 9 checks could not be made.
""",  # noqa: E501
    )
    assert list(Path().iterdir()) == []


@pytest.mark.usefixtures("settings")
def test_a_pack_with_a_mistake_ends_the_round_with_2(doctor: Callable[..., tuple[int, str]]) -> None:
    Path("mine").mkdir()
    Path("mine/pack.yaml").write_text("pack: [", encoding="utf-8")
    status, said = doctor(pack="mine")
    complaint = "This is not YAML: a value is missing here: write it, or put the text in quotes"
    assert (status, said.splitlines()[0]) == (2, f"FAILED       Settings           mine/pack.yaml:1:8: {complaint}")


def test_an_account_that_a_run_is_at_work_with_is_left_to_it(
    doctor: Callable[..., tuple[int, str]], page: SimpleNamespace
) -> None:
    with Ledger.open(Path("runs/ledger.sqlite")) as ledger:
        ledger.runs.go_on_as("20260301-021405-ab12")
        assert ledger.accounts.take("shop.example", "bot", 300)
        status, said = doctor(all_work)
    assert (status, said.splitlines()[:2]) == (
        2,
        [
            "FAILED       Settings           No Admin account is free: bot by run 20260301-021405-ab12.",
            "                                -> Wait for that run, or name more accounts in COUNTERMAND_ACCOUNTS. Only "
            "where the Admin's own setting allows account sharing: COUNTERMAND_SHARE_ACCOUNT=true",
        ],
    )


@pytest.mark.usefixtures("settings")
def test_a_browser_that_is_missing_ends_the_round_with_2(
    doctor: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> None:
        raise NoBrowser(where="")

    monkeypatch.setattr("bot.checks.doctor.browser_for", none)
    assert doctor() == (
        2,
        f"""\
works        Settings           {SETTINGS}
FAILED       Browser            {NO_BROWSER}
{NOT_REACHED}
Not ready: Browser failed, so 8 checks could not be made.
""",
    )


def test_a_round_that_a_person_stops_says_what_it_found(page: SimpleNamespace) -> None:
    said = io.StringIO()
    with pytest.raises(Interrupted):
        examine(failing("home", Interrupted()), lambda admin, account: None, Lines(said), load_settings)
    assert said.getvalue().splitlines()[-4:] == [
        "not reached  Order's page",
        "not reached  Cancel dialog",
        "",
        "Stopped: 5 checks not made.",
    ]


# --- What is said ---


def test_a_screen_that_is_not_as_the_pack_says_is_to_be_looked_at(
    doctor: Callable[..., tuple[int, str]], page: SimpleNamespace
) -> None:
    missing = ElementMissing(screen="The home page", element="view_store", purpose="opens the store")
    _, said = doctor(failing("home", missing))
    assert said.splitlines()[5:7] == [
        "FAILED       Home page          The home page: view_store (opens the store) is not there.",
        f"                                -> {COMPARE}",
    ]


def test_what_the_browser_reports_is_one_sentence(
    doctor: Callable[..., tuple[int, str]], page: SimpleNamespace
) -> None:
    trouble = PlaywrightError("Page.evaluate: Target page, context or browser has been closed\nCall log:\n  - much")
    _, said = doctor(failing("app", trouble))
    assert said.splitlines()[4:6] == [
        "FAILED       App                The browser failed: Target page, context or browser has been closed",
        f"                                -> {COMPARE}",
    ]


def test_hosts_that_were_blocked_are_named_where_something_fails(
    doctor: Callable[..., tuple[int, str]], page: SimpleNamespace
) -> None:
    def walk(admin: object, checks: Round, sign_in: object) -> None:
        for host in ("scripts.example", "shop.example", "fonts.example"):
            page.heard["requestfailed"](SimpleNamespace(url=f"https://{host}/app.js"))
        failing("app", NothingToCheck("It is empty.", "Look."))(admin, checks, sign_in)

    _, said = doctor(walk)
    assert said.splitlines()[5].strip() == (
        "-> Look. Blocked, because COUNTERMAND_ALLOWED_HOSTS does not list it: fonts.example, scripts.example."
    )


def test_a_stop_file_is_told_of(doctor: Callable[..., tuple[int, str]], page: SimpleNamespace) -> None:
    Path("runs").mkdir()
    Path("runs/STOP").touch()
    status, said = doctor(all_work)
    assert status == 0
    assert said.splitlines()[1] == f"- The stop file {Path('runs/STOP')} exists: remove it to let runs start again."


def test_a_warning_is_said_without_the_password(doctor: Callable[..., tuple[int, str]], page: SimpleNamespace) -> None:
    _, said = doctor(lambda *_: logger.warning("it said se-cret"))
    assert "- it said [hidden]" in said.splitlines()


def test_words_from_a_page_cannot_steer_the_terminal(
    doctor: Callable[..., tuple[int, str]], page: SimpleNamespace
) -> None:
    _, said = doctor(
        failing("home", NothingToCheck("No store \x1b[2J\u202eevil [bold]", "Name \x1b]0;one\x07\nof them."))
    )
    assert said.splitlines()[5:7] == [
        "FAILED       Home page          No store evil [bold]",
        "                                -> Name of them.",
    ]


# --- On a terminal, and for programs ---


def told(width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of that width shows, without colours."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    show = Lines(stream)
    show.ended(CHECKS[2], Finding(check="admin", state=FindingState.WORKS, found="shop.example answers"))
    show.ended(
        CHECKS[3],
        Finding(
            check="sign_in",
            state=FindingState.FAILED,
            found="The Admin refused the user name or password, or the account is locked for a while.",
            next_step="Check COUNTERMAND_USERNAME and COUNTERMAND_PASSWORD.",
        ),
    )
    show.ended(CHECKS[4], Finding(check="app", state=FindingState.NOT_REACHED))
    return stream.getvalue()


def test_long_words_are_wrapped_under_their_column(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        told(80, monkeypatch)
        == """\
works        Admin              shop.example answers
FAILED       Sign-in            The Admin refused the user name or password, or
                                the account is locked for a while.
                                -> Check COUNTERMAND_USERNAME and
                                COUNTERMAND_PASSWORD.
not reached  App
"""
    )


def test_on_a_narrow_terminal_what_was_found_has_lines_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        told(50, monkeypatch)
        == """\
works        Admin
    shop.example answers
FAILED       Sign-in
    The Admin refused the user name or password,
    or the account is locked for a while.
    -> Check COUNTERMAND_USERNAME and
    COUNTERMAND_PASSWORD.
not reached  App
"""
    )


def test_only_the_state_has_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    Lines(stream).ended(CHECKS[1], Finding(check="browser", state=FindingState.WORKS, found="Chromium"))
    assert stream.getvalue() == "\x1b[32mworks        \x1b[0m\x1b[1mBrowser            \x1b[0mChromium\n"


def test_for_programs_there_is_one_list_and_nothing_else(
    page: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def walk(admin: object, checks: Round, sign_in: object) -> None:
        checks.show.say("Waiting for a fresh code.")
        failing("sign_in", NothingToCheck("No.", "Ask."))(admin, checks, sign_in)

    assert examine(walk, lambda admin, account: None, Json(), load_settings) == 1
    out, err = capsys.readouterr()
    assert err == "- Waiting for a fresh code.\n"
    assert json.loads(out) == [
        {"check": "settings", "state": "works", "found": SETTINGS, "next_step": ""},
        {"check": "browser", "state": "works", "found": BROWSER, "next_step": ""},
        {"check": "admin", "state": "works", "found": "", "next_step": ""},
        {"check": "sign_in", "state": "failed", "found": "No.", "next_step": "Ask."},
        *({"check": check.name, "state": "not_reached", "found": "", "next_step": ""} for check in CHECKS[4:]),
    ]


def test_a_terminal_that_lacks_a_character_is_no_trouble() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    Lines(stream).ended(CHECKS[5], Finding(check="home", state=FindingState.WORKS, found="1 store: Überstore"))
    stream.flush()
    assert stream.buffer.getvalue() == b"works        Home page          1 store: ?berstore\n"


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ("wwwwwwwwww", "Ready: everything works, up to the cancel dialog. Nothing was canceled."),
        ("wwwwwwwwtt", "Ready, as far as could be tried. Not tried: Order's page, Cancel dialog."),
        ("wwwwwwwwwf", "Not ready: Cancel dialog failed."),
        ("wwwwwwwwfn", "Not ready: Order's page failed, so 1 check could not be made."),
    ],
)
def test_the_round_in_one_sentence(states: str, sentence: str) -> None:
    meant = {
        "w": FindingState.WORKS,
        "t": FindingState.NOT_TRIED,
        "f": FindingState.FAILED,
        "n": FindingState.NOT_REACHED,
    }
    findings = [Finding(check=check.name, state=meant[s]) for check, s in zip(CHECKS, states, strict=True)]
    assert in_one_sentence(findings) == sentence
