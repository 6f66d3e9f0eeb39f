"""A browser on another machine: which are worked with, and what becomes of an order when one dies."""

import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser_server_kit import BrowserServer
from link_kit import Link
from playwright._impl._driver import compute_driver_executable, get_driver_env
from playwright.sync_api import Playwright
from practice_kit import (
    CANCELED,
    HANGS,
    ORDER,
    Cancels,
    MakeJob,
    OnArrival,
    Start,
    Verdicts,
    arrived,
    job_list,
    unanswered,
    unproved,
)

import bot.access.session
import bot.cancel.wire
from bot.access.find_browser import BrowserChoice
from bot.access.session import BrowserSession, SessionOptions
from bot.admin import Admin
from bot.errors import BrowserServerUnusable, RunStopped
from bot.sandbox import Sandbox

pytestmark = [pytest.mark.face("spectrum", only=True), pytest.mark.sampled(3)]

HOSTS = ("127.0.0.1",)
FAR = BrowserChoice(executable=None, source="the browser of a server")


@pytest.fixture(autouse=True)
def has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test before may have left the browser a moment ago, and the machine may be slow."""
    monkeypatch.setattr("bot.access.remote_browser.LEAVES_SECONDS", 120)


@pytest.fixture(scope="module")
def server(browser_choice: BrowserChoice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserServer]:
    with BrowserServer(tmp_path_factory.mktemp("far"), browser_choice) as server:
        yield server


def session_at(playwright: Playwright, *servers: str, hosts: tuple[str, ...] = HOSTS) -> BrowserSession:
    return BrowserSession(playwright, FAR, SessionOptions(hosts=hosts, servers=servers))


# --- Which browser is worked with -----------------------------------------------------------------------------------


@contextmanager
def served_by_playwright_alone(choice: BrowserChoice) -> Iterator[str]:
    """Playwright's own server, as its documentation has people start it."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "options.json"
        where = {"executablePath": str(choice.executable)} if choice.executable else {"channel": "chromium"}
        config.write_text(json.dumps({**where, "chromiumSandbox": False}), encoding="utf-8")
        command = [*compute_driver_executable(), "launch-server", "--browser", "chromium", "--config", str(config)]
        with subprocess.Popen(command, env=get_driver_env(), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
            process.terminate()


def test_a_browser_that_anybody_started_is_refused(playwright: Playwright, browser_choice: BrowserChoice) -> None:
    with (
        served_by_playwright_alone(browser_choice) as address,
        pytest.raises(BrowserServerUnusable, match="its browser was started without --disable-client-side-phishing"),
    ):
        session_at(playwright, address).start()


def test_a_browser_that_finds_what_is_forbidden_is_refused(
    playwright: Playwright, browser_choice: BrowserChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.access.remote_browser.difference", lambda line, args: "")
    with (
        served_by_playwright_alone(browser_choice) as address,
        pytest.raises(BrowserServerUnusable, match="its browser looks for localhost, which is not an allowed host"),
    ):
        session_at(playwright, address).start()


def test_a_browser_for_another_shop_is_refused_and_is_free_again(playwright: Playwright, server: BrowserServer) -> None:
    with pytest.raises(BrowserServerUnusable, match="with another value of --host-resolver-rules"):
        session_at(playwright, server.address, hosts=("shop.example",)).start()
    with closing(session_at(playwright, server.address).start()) as session:
        assert not session.fresh_page().is_closed()


def test_while_a_worker_has_it_no_other_gets_it(
    playwright: Playwright, server: BrowserServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.access.remote_browser.LEAVES_SECONDS", 0)
    with (
        closing(session_at(playwright, server.address).start()),
        pytest.raises(BrowserServerUnusable, match="another worker has its browser"),
    ):
        session_at(playwright, server.address).start()


# --- It dies ----------------------------------------------------------------------------------------------------------


class TestInAServerThatDies:
    """The practice Admin's fixtures, in a browser of a server."""

    @pytest.fixture
    def session(self, playwright: Playwright, server: BrowserServer) -> Iterator[BrowserSession]:
        with closing(session_at(playwright, server.address).start()) as session:
            yield session

    @pytest.fixture
    def admin(self, session: BrowserSession, admin_on: Callable[..., Admin]) -> Admin:
        admin = admin_on(session.fresh_page(), fresh_page=session.fresh_page)
        admin.begin_again()
        return admin

    @pytest.fixture
    def dies(self, admin: Admin, server: BrowserServer) -> Callable[[], None]:
        """Ends the whole server with its browser, and starts it again, as a service manager does."""

        def die() -> None:
            server.kill()
            server.start()

        return die

    def test_an_order_is_begun_again_and_canceled_once(
        self, verdicts: Verdicts, job: MakeJob, cancels: Cancels, on_arrival: OnArrival, dies: Callable[[], None]
    ) -> None:
        on_arrival("cancelReasons", dies)
        order = job("unshipped_recent")
        assert verdicts(order, attempts=2) == [CANCELED]
        assert cancels() == arrived(order)

    def test_an_order_that_was_pressed_is_looked_at_and_never_pressed_again(
        self,
        verdicts: Verdicts,
        job: MakeJob,
        cancels: Cancels,
        sandbox: Sandbox,
        on_arrival: OnArrival,
        dies: Callable[[], None],
    ) -> None:
        sandbox.faults.cancel_hangs_ms = 60_000
        on_arrival("cancelOrder", dies)
        order = job("unshipped_recent")
        assert verdicts(order, attempts=3) == [unanswered("the browser ended before an answer came")]
        assert cancels() == arrived(order)
        assert sandbox.journal.operations.count("cancelOrder") == 1


def test_a_server_that_does_not_come_back_stops_the_run(
    playwright: Playwright, browser_choice: BrowserChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.access.session, "COMES_BACK_SECONDS", 0)
    with (
        BrowserServer(tmp_path, browser_choice) as far,
        closing(session_at(playwright, far.address).start()) as session,
    ):
        session.fresh_page()
        far.kill()
        with pytest.raises(RunStopped, match="cannot be used: nothing listens there"):
            session.fresh_page()


# --- The link to it -----------------------------------------------------------------------------------------------

IMPATIENT = "import bot.access.browser_server; bot.access.browser_server.STALE_SECONDS = 6.0\n"


class TestThroughALinkThatIsHeld:
    """The practice Admin's fixtures, in a browser of a server that is reached through a link."""

    @pytest.fixture
    def far(self, browser_choice: BrowserChoice, tmp_path: Path) -> Iterator[BrowserServer]:
        with BrowserServer(tmp_path, browser_choice, before=IMPATIENT) as far:
            yield far

    @pytest.fixture
    def link(self, far: BrowserServer) -> Iterator[Link]:
        with Link(far.port) as link:
            yield link

    @pytest.fixture
    def session(self, playwright: Playwright, far: BrowserServer, link: Link) -> Iterator[BrowserSession]:
        through = far.address.replace(f":{far.port}/", f":{link.port}/")
        with closing(session_at(playwright, through).start()) as session:
            yield session

    @pytest.fixture
    def admin(self, session: BrowserSession, admin_on: Callable[..., Admin]) -> Admin:
        admin = admin_on(session.fresh_page(), fresh_page=session.fresh_page)
        admin.begin_again()
        return admin

    @pytest.mark.slow("it waits until the server gives up the link")
    def test_a_cancel_that_is_held_up_on_its_way_does_not_leave_when_the_link_is_back(
        self,
        verdicts: Verdicts,
        job: MakeJob,
        cancels: Cancels,
        session: BrowserSession,
        far: BrowserServer,
        link: Link,
        admin: Admin,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        send = bot.cancel.wire.send_once

        def mend() -> None:
            gone.wait(HANGS)
            link.mend()

        gone = threading.Event()
        far.on_line("The worker's connection is over", gone.set)
        mending = threading.Thread(target=mend)

        def send_through_held_link(client: Any, sent: Any, patience: float) -> Any:
            if sent.method == "POST":
                link.hold()
                mending.start()
            return send(client, sent, patience)

        monkeypatch.setattr(bot.cancel.wire, "send_once", send_through_held_link)
        order = job("unshipped_recent")
        assert verdicts(order, attempts=3) == [unproved("no answer came (the browser ended before an answer came)")]
        mending.join()
        session.close()
        far.stop()  # now nothing can leave any more
        assert cancels() == []


# --- The whole command ------------------------------------------------------------------------------------------------


@pytest.mark.slow("two programs and a browser")
def test_a_run_with_a_browser_of_another_machine_cancels_once_and_nothing_of_it_holds_the_path(
    start: Start, server: BrowserServer, cancels: Cancels, tmp_path: Path
) -> None:
    (tmp_path / "jobs.yaml").write_text(job_list(), encoding="utf-8")
    run = start(tmp_path, "run", "jobs.yaml", "--yes", BROWSER_SERVER=server.address)
    out, err = run.communicate(timeout=HANGS)
    assert (run.returncode, err) == (0, "")
    assert [order for order, *_ in cancels()] == [ORDER]
    path = server.address.rpartition("/")[2]
    written = b"".join(file.read_bytes() for file in (tmp_path / "runs").rglob("*") if file.is_file())
    assert path not in "".join([out, *server.said])
    assert path.encode() not in written
