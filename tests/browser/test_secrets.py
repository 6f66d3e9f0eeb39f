"""Everything that writes, run with marked secrets; afterwards every byte that was written is searched for them.

The processes are looked at as well, at the moment in which a two-factor code arrives at the practice Admin.
"""

import base64
import html
import itertools
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pyotp
import pytest
from practice_kit import HANGS, Start, job_list
from starlette.responses import HTMLResponse

import bot.sandbox.sessions
from bot.sandbox import Sandbox

pytestmark = pytest.mark.sampled(4)

PASSWORD = """mK7"pass'wörd\\ <b>&amp; 50%+?/{0} zQ9"""
WRONG_PASSWORD = PASSWORD.replace("mK7", "wR5")

DEFECT = """
import base64, json, os, urllib.parse

def defect(*arguments, **named):
    secrets = [os.environ["COUNTERMAND_PASSWORD"], os.environ["COUNTERMAND_TOTP_SECRET"]]
    written = [repr, json.dumps, urllib.parse.quote, urllib.parse.quote_plus, str]
    forms = [write(secret) for secret in secrets for write in written]
    raise RuntimeError(" ".join([*forms, *(base64.b64encode(secret.encode()).decode() for secret in secrets)]))
"""


AS_WELL_AS = """
import sys
from bot.cli import main

asked = sys.argv[1:]
for command in {}:
    sys.argv[1:] = command
    try:
        main()
    except SystemExit as end:
        assert not end.code, command
sys.argv[1:] = asked
"""
"""Carries other commands out before the one that is asked for, in the same process."""


@cache
def written_as(secret: str) -> set[bytes]:
    """The bytes that a secret can be found as."""
    texts = {
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    }
    found = {text.encode(encoding) for text in texts for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1")}
    for raw, before in itertools.product((secret.encode(), secret.encode("utf-16-le")), range(3)):
        # Wherever it begins inside something longer: the first and the last signs depend on what is around it.
        coded = base64.b64encode(bytes(before) + raw)[4 if before else 0 : -4]
        found |= {coded, coded.translate(bytes.maketrans(b"+/", b"-_"))}
    return found | {secret.encode().hex().encode()}


class Watch:
    """Knows the secrets, and searches whatever a process wrote for them."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.secrets = {"password": PASSWORD, "other password": WRONG_PASSWORD}
        self.secrets["two-factor secret"] = sandbox.faults.two_factor
        self.secrets["small two-factor secret"] = sandbox.faults.two_factor.lower()
        self.found: list[str] = []
        self.searched: set[str] = set()
        self.browsers = 0
        self._sandbox = sandbox
        self._folder = folder

    def search(self, where: str, content: bytes) -> None:
        self.searched.add(where)
        # Where there is no keyring, a session is kept in a file as it is, which nobody else may read.
        cookies = [] if where.startswith("runs/sessions/") else list(self._sandbox._site._sessions._sessions)
        for name, secret in (*self.secrets.items(), *(("cookie", cookie) for cookie in cookies)):
            if any(form in content for form in written_as(secret)):
                self.found.append(f"{name} in {where}")

    def search_files(self) -> None:
        for path in self._folder.rglob("*"):
            if path.is_file():
                self.search(path.relative_to(self._folder).as_posix(), path.name.encode() + path.read_bytes())

    def search_ledgers(self) -> None:
        for path in self._folder.rglob("*.sqlite"):
            with closing(sqlite3.connect(path)) as ledger:
                self.search(f"{path.name}, as text", "\n".join(ledger.iterdump()).encode(errors="replace"))

    def search_processes(self) -> None:
        """The command lines of all processes, and what browsers were started with."""
        for process in Path("/proc").glob("[0-9]*") if sys.platform.startswith("linux") else ():
            command = _read(process / "cmdline")
            self.search("a command line", command)
            if b"--remote-debugging-pipe" in command:
                self.browsers += 1
                self.search("the environment of a browser", _read(process / "environ"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # somebody else's, or it has ended


@pytest.fixture
def watch(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The practice Admin with marked secrets; every code that arrives lets the clock go on to the next."""
    monkeypatch.setattr(bot.sandbox.sessions, "PASSWORD", PASSWORD)
    sandbox.faults.two_factor = pyotp.random_base32()
    watch = Watch(sandbox, tmp_path)
    check = sandbox._site._two_factor.check

    def look_and_check(account: str, code: str) -> Any:
        watch.search_processes()
        watch.search_files()
        verdict = check(account, code)
        sandbox.faults.clock_ahead_ms += 30_000
        return verdict

    monkeypatch.setattr(sandbox._site._two_factor, "check", look_and_check)
    sandbox.faults.clock_ahead_ms = round((10 - time.time() % 30) * 1000)
    return watch


@pytest.fixture
def carry_out(start: Start, sandbox: Sandbox, watch: Watch, tmp_path: Path) -> Iterator[Callable[..., tuple[int, str]]]:
    """Carries a command out, in a process of its own, and gives its exit status and what it said.

    At the end everything is searched that was written meanwhile.
    """
    order = sandbox.shop.example("unshipped_recent")
    (tmp_path / "jobs.yaml").write_text(job_list(order.number, store=order.store), encoding="utf-8")

    def carry_out(*arguments: str, **settings: str) -> tuple[int, str]:
        usual = {"PASSWORD": PASSWORD, "TOTP_SECRET": sandbox.faults.two_factor, "ATTEMPTS": "1"}
        process = start(tmp_path, *arguments, **(usual | settings))
        said, complained = process.communicate(timeout=HANGS)
        watch.search(f"what {arguments[0]} said", f"{said}\n{complained}".encode())
        return process.returncode, said + complained

    yield carry_out
    watch.search_files()
    watch.search_ledgers()
    assert watch.found == []


@pytest.fixture
def of_a_file(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings with which an account comes from a file, and its secrets from variables that the file names."""
    (tmp_path / "accounts.yaml").write_text(
        f"accounts:\n  - username: {sandbox.username}\n    password: {{env: SHOP_PASSWORD}}\n"
        "    totp_secret: {env: SHOP_TOTP}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    monkeypatch.setenv("SHOP_TOTP", sandbox.faults.two_factor)
    return {"USERNAME": "", "PASSWORD": "", "TOTP_SECRET": "", "ACCOUNTS": "accounts.yaml"}


@pytest.mark.sampled(2)
def test_no_command_lets_a_secret_out(
    carry_out: Callable[..., tuple[int, str]],
    watch: Watch,
    of_a_file: dict[str, str],
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    assert carry_out("run", "jobs.yaml", "--yes")[0] == 0
    assert len(sandbox.journal.cancels) == 1
    assert watch.browsers or not sys.platform.startswith("linux")
    reading = [["report", "latest"], ["verify", "latest"], ["status"]]
    status, said = carry_out("audit", before=AS_WELL_AS.format(reading), KEEP_SESSION="false", **of_a_file)
    assert status == 0, said
    assert len(sandbox.journal.codes) == 2  # so it signed in, and was looked at meanwhile
    assert len(sandbox.journal.cancels) == 1
    if sys.platform != "win32":
        assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("runs/sessions/*")} == {0o600}
    kinds = {Path(name).suffix for name in watch.searched}
    assert kinds >= {".jpg", ".jsonl", ".json", ".csv", ".xml", ".html", ".sqlite", ".sqlite-wal"}


@pytest.mark.thorough
def test_a_plan_with_an_account_of_a_file_lets_no_secret_out(
    carry_out: Callable[..., tuple[int, str]], of_a_file: dict[str, str], sandbox: Sandbox
) -> None:
    status, said = carry_out("plan", "jobs.yaml", KEEP_SESSION="false", **of_a_file)
    assert status == 0, said
    assert len(sandbox.journal.codes) == 1
    assert sandbox.journal.cancels == ()


@pytest.mark.parametrize(
    ("settings", "faults", "expected"),
    [
        pytest.param({"PASSWORD": WRONG_PASSWORD}, {}, 3, id="password refused"),
        pytest.param({"TOTP_SECRET": pyotp.random_base32()}, {}, 3, id="code refused", marks=pytest.mark.thorough),
        pytest.param({"TIMEOUT": "2"}, {"app_script_missing": True}, 1, id="app dead", marks=pytest.mark.thorough),
        pytest.param({}, {"server_error": True}, 3, id="page that shows the password", marks=pytest.mark.thorough),
        pytest.param({"BROWSER": "./browser"}, {}, 2, id="browser that does not start", marks=pytest.mark.thorough),
        pytest.param(
            {"TOTP_SECRET": f"no base32: {PASSWORD}"},
            {},
            2,
            id="a two-factor secret that is not base32",
            marks=pytest.mark.thorough,
        ),
        pytest.param({"ADMIN_URL": f"https://bot:{quote(PASSWORD)}@127.0.0.1/"}, {}, 2, id="password in the address"),
    ],
)
def test_no_failure_lets_a_secret_out(
    carry_out: Callable[..., tuple[int, str]],
    sandbox: Sandbox,
    watch: Watch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    faults: dict[str, object],
    expected: int,
) -> None:
    shown = HTMLResponse(f"<h1>Error</h1><pre>{escape(PASSWORD)}</pre>", 500)
    monkeypatch.setattr(sandbox._site._pages, "trouble", lambda status: shown)
    (tmp_path / "browser").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    (tmp_path / "browser").chmod(0o755)
    sandbox.faults.update(faults)
    if "TOTP_SECRET" in settings:
        watch.secrets["other two-factor secret"] = settings["TOTP_SECRET"]
    status, said = carry_out("run", "jobs.yaml", "--yes", **settings)
    assert status == expected, said
    assert sandbox.journal.cancels == ()
    if "server_error" in faults:
        (words,) = tmp_path.rglob("*-trouble.txt")
        assert "[hidden]" in words.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        pytest.param("bot.admin.screen.Screen.fill", 3, id="while it signs in", marks=pytest.mark.thorough),
        pytest.param("flows.cancel_order.open_order", 3, id="at an order"),
        pytest.param("bot.runner.launch.write_report", 1, id="while it writes the report", marks=pytest.mark.thorough),
    ],
)
def test_no_defect_whose_words_hold_them_lets_a_secret_out(
    carry_out: Callable[..., tuple[int, str]], sandbox: Sandbox, place: str, expected: int
) -> None:
    where, _, name = place.rpartition(".")
    module = ".".join(where.split(".")[:2])
    before = f"{DEFECT}\nimport {module}\n{where}.{name} = defect\n"
    status, said = carry_out("run", "jobs.yaml", "--dry-run", before=before)
    assert status == expected, said
    assert "RuntimeError: [hidden]" in said or "RuntimeError: '[hidden]" in said
    assert sandbox.journal.cancels == ()


@pytest.mark.parametrize(
    "write",
    [
        lambda secret: secret.encode(),
        lambda secret: secret.encode("utf-16-le"),
        lambda secret: json.dumps({"it": secret}).encode(),
        lambda secret: html.escape(secret).encode(),
        lambda secret: quote_plus(secret).encode(),
        *[lambda secret, n=n: base64.b64encode(b"x" * n + secret.encode() + b"x") for n in range(4)],
    ],
)
def test_the_search_finds_what_it_is_there_to_find(
    write: Callable[[str], bytes], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.faults.two_factor = pyotp.random_base32()
    watch = Watch(sandbox, tmp_path)
    (tmp_path / "file").write_bytes(b"before " + write(PASSWORD) + b" after")
    watch.search_files()
    assert watch.found == ["password in file"]
