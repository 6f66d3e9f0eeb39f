"""The command line, called as a person calls it; no browser is opened."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from admin_kit import PagelessAdmin
from command_kit import Countermand, command_line
from loguru import logger

from bot.cancel.verdicts import Verdict
from bot.errors import NoBrowser
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.vocabulary import Status

FIRST, SECOND = "112-1215998-3002091", "112-1215998-3002092"

PASSWORD = 'correct "horse" \\ Größe'

SETTINGS = {"ADMIN_URL": "https://shop.example:8443/admin", "USERNAME": "bot", "PASSWORD": PASSWORD}

LIST = f"""\
store: Nordwind UK
reason: Buyer Canceled
orders:
  - {FIRST}
  - order: {SECOND}
    store: Nordwind DE
"""


@pytest.fixture
def ctrl_c_works() -> Iterator[None]:
    """Ctrl-C is as it is in a terminal: tests that a shell started in its background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _no_sink_is_left() -> Iterator[None]:
    yield
    logger.remove()


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of this folder opens a browser; one that gets there is told that none was found."""

    def none() -> None:
        raise NoBrowser(where=" in this test")

    monkeypatch.setattr("bot.access.session.sync_playwright", none)


@pytest.fixture
def countermand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> Countermand:
    """The command line, in a folder with a job list."""
    Path("jobs.yaml").write_text(LIST, encoding="utf-8")
    # Otherwise the program would take its name from what runs the tests.
    monkeypatch.setattr(sys.modules["__main__"], "__package__", None, raising=False)

    return command_line(monkeypatch, capsys, request)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Those that a run needs, which are set."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    return SETTINGS


CANCELED = Verdict(
    outcome=Outcome.CANCELED,
    message="So it is.",
    status_before=Status.UNSHIPPED,
    status_after=Status.CANCELED,
)


class Shop:
    """What becomes of each order, and what was asked."""

    def __init__(self) -> None:
        self.worked: list[tuple[str, str, bool]] = []
        self.trouble: dict[str, BaseException] = {}

    def work(self, name: str) -> Callable[..., Verdict]:
        def work_on(admin: Any, job: Job, *, dry_run: bool = False) -> Verdict:
            self.worked.append((name, job.order, dry_run))
            if job.order in self.trouble:
                raise self.trouble[job.order]
            if name == "cancel" and not dry_run:
                admin.attempt.mark_pressed()
            return CANCELED

        return work_on


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> Shop:
    """An Admin that is a stand-in."""
    shop = Shop()

    @contextmanager
    def admin(*_: object, **__: object) -> Iterator[Any]:
        yield PagelessAdmin("shop.example:8443/admin")

    monkeypatch.setattr("bot.runner.launch.open_admin", admin)
    monkeypatch.setattr("flows.cancel_order.cancel_order", shop.work("cancel"))
    monkeypatch.setattr("flows.read_order.plan_order", shop.work("plan"))
    return shop
