"""Every command that README and the documents show is entered as it stands there, on a practice Admin.

One that needs what no test has is read by the command line's own parser only, and ``ONLY_READ`` says why. That the
parser takes each of them is tested in ``tests/packaging/test_commands_in_documents.py``.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit

import pytest
from documents_kit import ROOT, SHOWN, blocks, for_a_shell
from environment_kit import clean_environment
from failure_kit import Program, end_all, print_if_it_fails
from practice_kit import HANGS, ORDER, US

from bot.access.find_browser import BrowserChoice
from bot.cancel.guard import Permit
from bot.ledger import Ledger
from bot.pack import packs_folder
from bot.reports.results import read_run
from bot.sandbox import Face, Sandbox
from bot.vocabulary import Reason, Status

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such terminal")

TUTORIAL = ROOT / "docs" / "tutorial.md"
PROGRAM = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from bot.cli import main; main()"

ONLY_READ = {
    ("demo",): "tests/packaging/test_wheel.py runs it as it is installed",
    ("run", "orders.yaml", "--headed"): "needs a screen",
    ("record", "order_details", "--out", "my-pack/order_details.yaml"): "needs a screen, and a person who clicks",
    ("move-ledger", "postgresql+psycopg://bot@db.example/countermand"): "needs a database server",
}
"""The commands that are not entered, each with the reason."""

DIFFER = ("pack", "diff", "asc-4.3", "./my-pack")
"""Ends with 1, as its comment says: they differ."""

SAVED = """\
<title>Orders</title>
<div role="dialog">
<label>Reason for cancellation <select><option>No Inventory<option>Buyer Canceled</select></label>
<button>Confirm</button>
</div>
"""
"""A page that somebody saved while the cancel dialog was open."""

SERVES_WHEN = {
    "browser-server": "Serves ",
    "sandbox": "Press Ctrl-C to end it.",
    "serve": "Ctrl-C ends it.",
    "worker": "Ctrl-C stops.",
}
"""The commands that serve until they are stopped, and what they say when they do."""


INTERRUPTED = 130
"""The exit status of what was stopped before it was quite ready."""


# --- Every command is entered ---------------------------------------------------------------------------------------


def test_what_is_only_read_is_still_shown_somewhere() -> None:
    assert set(ONLY_READ) - {command for found in SHOWN.values() for command in found} == set()
    assert sum(map(len, SHOWN.values())) >= 40


@pytest.fixture(scope="module")
def practice() -> Iterator[Sandbox]:
    with Sandbox(face=Face.PLAIN) as practice:
        yield practice


class Terminal:
    """Where a person works: a folder with a job list, a pack of their own, and the settings in ``.env``."""

    def __init__(self, folder: Path, told: Callable[[str], None], **environment: str) -> None:
        self.folder, self._told = folder, told
        self._environment = clean_environment(
            PYTHONUTF8="1", PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring", **environment
        )
        self._started: list[Program] = []

    def enter(self, *command: str) -> tuple[int, str]:
        """Enter a command, say yes to what it asks, and wait for its end; gives its exit status and what it drew."""
        from terminal_kit import COLUMNS, at_a_terminal  # not on Windows

        status, drawn = at_a_terminal(
            [sys.executable, "-c", PROGRAM, *command],
            {"[y/N]: ": "y"},
            cwd=self.folder,
            env=self._environment | {"COLUMNS": str(COLUMNS)},
        )
        self._told(f"$ countermand {' '.join(command)}\n{drawn}\nexit status: {status}\n")
        return status, drawn

    @contextmanager
    def serving(self, *command: str) -> Iterator[str]:
        """Enter a command that serves until it is stopped; gives what it said until then."""
        program = Program(
            [sys.executable, "-u", "-c", PROGRAM, *command],
            cwd=self.folder,
            told=self._told,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
        )
        self._started.append(program)
        assert program.stdout is not None
        said = ""
        while SERVES_WHEN[command[0]] not in said:
            line = program.stdout.readline()
            assert line, said + program.communicate()[1]
            said += line
        yield said
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=HANGS)
        assert program.returncode in {0, INTERRUPTED}, command

    def end(self) -> None:
        end_all(self._started)


@pytest.fixture
def terminal(
    tmp_path: Path, browser_choice: BrowserChoice, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def terminal(**settings: str) -> Terminal:
        given = (
            {"SETTLE": "0"}
            | settings
            | ({"BROWSER": str(browser_choice.executable)} if browser_choice.executable else {})
        )
        environment = {f"COUNTERMAND_{name}": value for name, value in given.items()}
        one = Terminal(tmp_path, lambda said: print_if_it_fails(request, "terminal", said), **environment)
        made.append(one)
        return one

    yield terminal
    for one in made:
        one.end()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def here(command: tuple[str, ...]) -> list[str]:
    """The command with a port that nobody else has, and with an address that this computer has."""
    words = ["127.0.0.1" if word == "10.0.0.7" else word for word in command]
    if "--port" in words:
        words[words.index("--port") + 1] = str(free_port())
    return words


def lay_out(folder: Path, practice: Sandbox, document: str) -> None:
    """What a person has who enters the commands of this document."""
    (readme,) = (
        block for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if "orders:" in block.lines
    )
    (folder / "orders.yaml").write_text("\n".join(readme.lines), encoding="utf-8")
    second = practice.shop.order(US, "112-1215998-3002092")
    second.status, second.total, second.buyer = Status.UNSHIPPED, "121.80", "Michael Blankenship"
    shutil.copytree(packs_folder() / "asc-4.3", folder / "my-pack")
    changed = folder / "my-pack" / "pack.yaml"
    changed.write_text(changed.read_text(encoding="utf-8").replace("title: ", "title: our "), encoding="utf-8")
    (folder / "saved.html").write_text(SAVED, encoding="utf-8")
    (folder / "roles.yaml").write_text("viewers: ['*']\n", encoding="utf-8")
    if document == "docs/recovery.md":  # about an order whose Confirm was pressed in a run that was cut off
        with Ledger.open(folder / "runs" / "ledger.sqlite") as ledger:
            ledger.runs.go_on_as("20260301-021405-a1b2")
            leave = SimpleNamespace(order=ORDER, store=US, reason=Reason.BUYER_CANCELED)
            ledger.intents.write(urlsplit(practice.url).netloc, cast(Permit, leave))


@pytest.mark.slow("a process for each command, most with a browser")
@pytest.mark.sampled(4)
@pytest.mark.parametrize("document", [document for document in SHOWN if ROOT / document != TUTORIAL])
def test_every_command_that_a_document_shows_works(
    document: str, terminal: Callable[..., Terminal], practice: Sandbox, tmp_path: Path
) -> None:
    practice.reset()
    lay_out(tmp_path, practice, document)
    account = {"ADMIN_URL": practice.url, "USERNAME": practice.username, "PASSWORD": practice.password}
    for block in for_a_shell((ROOT / document).read_text(encoding="utf-8")):
        settings = {name.removeprefix("COUNTERMAND_"): value for name, value in block.settings().items()}
        for command in block.commands():
            if command in ONLY_READ:
                continue
            person = terminal(**account | settings)
            if command[0] in SERVES_WHEN:
                with person.serving(*here(command)):
                    pass
            else:
                status, drawn = person.enter(*here(command))
                assert (command, status) == (command, 1 if command == DIFFER else 0), drawn


# --- The tutorial ---------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Without what differs from one time to the next: run ids and seconds."""
    text = re.sub(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b", "RUN", text)
    return re.sub(r"\b(?:\d+ h )?(?:\d+ min(?: \d+ s)?|\d+(?:\.\d)? s)\b", "SOME TIME", text)


def not_printed(shown: list[str], drawn: str) -> list[str]:
    """Which of these lines were not drawn, each after the one before it; a line may go on further than is shown."""
    left, missing = plain(drawn).splitlines(), []
    for line in shown:
        begins = plain(line.rstrip())
        found = next((number for number, there in enumerate(left) if there.startswith(begins)), None)
        if found is None:
            missing.append(line)
        else:
            left = left[found + 1 :]
    return missing


def test_words_that_are_not_printed_or_in_another_order_are_found() -> None:
    drawn = "Plan: 2 orders\n✓ 1  Would be canceled   Unshipped    1.2 s\n2 of 2 orders, in 4.8 s."
    assert not_printed(["✓ 1  Would be canceled   Unshipped", "2 of 2 orders, in 9.1 s."], drawn) == []
    for long in ("37 s", "1 min 5 s", "2 min"):
        assert not_printed(["2 of 2 orders, in 9.1 s."], drawn.replace("4.8 s", long)) == []
    assert not_printed(["2 of 2 orders, in 9.1 s.", "Plan: 2 orders"], drawn) == ["Plan: 2 orders"]
    assert not_printed(["✓ 1  Canceled"], drawn) == ["✓ 1  Canceled"]


@pytest.mark.slow("twelve commands, most with a browser")
@pytest.mark.sampled(3)
def test_the_tutorial_works_from_top_to_bottom_and_prints_what_it_shows(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    port = free_port()
    text = TUTORIAL.read_text(encoding="utf-8").replace("8080", str(port))
    first, *rest = blocks(text)
    (command,) = first.commands()
    person = terminal()
    with person.serving(*command) as said:
        status, drawn, checked = 0, said, 0
        for block in rest:
            written = "\n".join(block.lines)
            if block.language == "ini":
                (tmp_path / ".env").write_text(written, encoding="utf-8")
            elif block.language == "yaml":
                # As the text below it says: first with a mistake, which the next command names.
                (tmp_path / "orders.yaml").write_text(
                    written.replace("Buyer Canceled", "Buyer Cancelled"), encoding="utf-8"
                )
            elif block.language == "text":
                assert not_printed(list(block.lines), drawn) == [], drawn
                checked += 1
                if "did you mean" in written:
                    assert status == 2
                    orders = (tmp_path / "orders.yaml").read_text(encoding="utf-8")
                    (tmp_path / "orders.yaml").write_text(
                        orders.replace("Buyer Cancelled", "Buyer Canceled"), encoding="utf-8"
                    )
            else:
                (command,) = block.commands()
                status, drawn = person.enter(*command)
    assert checked >= 10
    began = {read_run(path.parent)[0].run_id: read_run(path.parent) for path in tmp_path.glob("runs/*/run.json")}
    results = next(results for _, (run, results) in sorted(began.items()) if run.command == "run")
    table = re.findall(r"^\| `([\d-]+)` \| `(\w+)` \|", text, re.MULTILINE)
    assert [(result.order, result.outcome) for result in results] == table
