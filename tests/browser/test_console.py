"""The console as people use it: four of them, with and without scripts, on a phone, by keyboard, in both colors.

Everything is real but the worker's browser (``machine_kit``): the practice Admin says what was canceled.
"""

import hashlib
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from console_kit import served
from environment_kit import clean_environment
from failure_kit import Program, end_all, print_if_it_fails
from oidc_kit import OidcProvider
from oidc_kit import person as known_there
from people_kit import people_at
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from practice_kit import MAIN, US
from run_kit import permit

from bot.ledger import Ledger
from bot.outcomes import Outcome
from bot.sandbox import Face, Sandbox

KIT = Path(__file__).resolve().parents[1] / "kit"
AXE = KIT / "axe" / "axe.min.js"
AXE_SUM = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""axe-core 4.14.1 on npm, axe.min.js."""

GOOD, ALSO_GOOD, NOT_SENT = "112-1215998-3002091", "112-1215998-3002089", "111-1071022-7105011"
LIST = f"""\
reason: No Inventory
store: {US}
orders:
  - {GOOD}
  - {ALSO_GOOD}
  - {{order: {NOT_SENT}, store: {MAIN}}}
"""
ROLES = "viewers: ['*']\noperators: [olga, otto]\napprovers: [anna, olga]\nadministrators: [adam]\n"
PATIENCE = 300_000
"""Milliseconds: on a busy machine a worker takes its time."""

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals"),
    pytest.mark.slow("a server, a worker and a browser"),
    pytest.mark.sampled(3),
]


class Console:
    """A console that was started as people start it."""

    def __init__(self, folder: Path, sandbox: Sandbox, told: Callable[[str], None]) -> None:
        self._folder, self._sandbox, self._told = folder, sandbox, told
        self.started: list[Program] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, *arguments: str, team: bool = False, before: str = "") -> str:
        """Start it; gives the address that it says."""
        given = {
            "COUNTERMAND_ADMIN_URL": self._sandbox.url,
            "COUNTERMAND_USERNAME": self._sandbox.username,
            "COUNTERMAND_PASSWORD": self._sandbox.password,
            "MACHINE_MARKS": str(self._folder),
            "MACHINE_FAULT": before,
        }
        if team:
            (self._folder / "roles.yaml").write_text(ROLES, encoding="utf-8")
            given |= {
                "COUNTERMAND_CONSOLE_PROXIES": "127.0.0.1",
                "COUNTERMAND_CONSOLE_URL": self.url,
                "COUNTERMAND_CONSOLE_ROLES": "roles.yaml",
            }
        program = Program(
            [sys.executable, "-u", str(KIT / "machine_kit.py"), "serve", "--port", str(self.port), *arguments],
            cwd=self._folder,
            env=clean_environment(**given, PYTHONUTF8="1"),
            told=self._told,
            start_new_session=True,
        )
        self.started.append(program)
        assert program.stdout is not None
        for line in program.stdout:
            if found := re.search(r"(http://\S+)", line):
                return found[1]
        _, complained = program.communicate()
        raise AssertionError(complained)

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """End the latest; gives its exit status."""
        self.started[-1].send_signal(how)
        self.started[-1].communicate(timeout=600)
        return self.started[-1].returncode


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(face=Face.PLAIN) as practice:
        yield practice


@pytest.fixture
def console(sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Console]:
    made = Console(tmp_path, sandbox, lambda said: print_if_it_fails(request, "countermand serve", said))
    yield made
    end_all(made.started)


@pytest.fixture
def person(browser: Browser, console: Console) -> Iterator[Callable[..., Page]]:
    """A page of the person with this name, at the team's console; what the browser complains of fails the test."""
    yield from people_at(console.url, browser, is_complaint, PATIENCE)


def is_complaint(said: ConsoleMessage) -> bool:
    """Whether the browser complains of a page, and not of an answer that refuses, or of a console that ended."""
    ended = ("Failed to load resource", "htmx: htmx:sse:error", "htmx: htmx:error")
    return said.type in {"error", "warning"} and not said.text.startswith(ended)


def wait_for_state(page: Page, state: str, *, scripts: bool) -> None:
    """Wait until a run's page says this: with scripts it follows by itself, without them it is loaded again."""
    shown = page.locator(".big-state")
    if scripts:
        expect(shown).to_contain_text(state, timeout=PATIENCE)
        return
    while state not in shown.inner_text():
        page.reload()


def canceled(sandbox: Sandbox) -> list[str]:
    return sorted(record.order for record in sandbox.journal.cancels)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.sampled(2)
def test_four_people_take_a_list_from_paste_to_settled(
    console: Console, person: Callable[..., Page], sandbox: Sandbox, scripts: bool
) -> None:
    console.start(team=True)
    how = {"java_script_enabled": scripts}

    olga = person("olga", **how)
    olga.goto("/")
    expect(olga.get_by_text("Nothing was run yet")).to_be_visible()
    olga.get_by_role("link", name="New list").first.click()
    olga.get_by_label("Or paste it here").fill(LIST.replace(ALSO_GOOD, "112-12"))
    olga.get_by_role("button", name="Plan this list").click()
    expect(olga.get_by_text("112-12 is not an Amazon order number")).to_be_visible()
    olga.get_by_label("Or paste it here").fill(LIST)
    olga.get_by_role("button", name="Plan this list").click()
    wait_for_state(olga, "finished", scripts=scripts)
    olga.get_by_role("button", name="Submit for approval").click()
    expect(olga.get_by_text("It waits for an approval.", exact=True)).to_be_visible()
    olga.goto("/approve")
    olga.locator(".row-link").click()
    expect(olga.get_by_text("You submitted this list,")).to_be_visible()
    assert canceled(sandbox) == []

    vera = person("vera", **how)
    vera.goto("/runs?kind=approval")
    vera.locator(".row-link").click()
    assert vera.get_by_role("button", name="Pause").count() == 0

    anna = person("anna", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, **how)
    anna.goto("/approve")
    anna.locator(".row-link").click()
    expect(anna.get_by_role("heading", name="3 orders to cancel")).to_be_visible()
    assert anna.evaluate("document.documentElement.scrollWidth") <= 390
    anna.get_by_label("Reason").first.fill("The buyers asked for it.")
    anna.get_by_role("button", name="Approve: cancel 3 orders").click()

    wait_for_state(vera, "finished", scripts=scripts)
    expect(vera.get_by_text("1 order waits for a person.")).to_be_visible()
    assert canceled(sandbox) == sorted([GOOD, ALSO_GOOD, NOT_SENT])

    otto = person("otto", **how)
    otto.goto("/settle")
    expect(otto.get_by_role("link", name="Look in Seller Central")).to_have_attribute(
        "href", f"https://sellercentral.amazon.com/orders-v3/order/{NOT_SENT}"
    )
    otto.get_by_label(f"Choose {NOT_SENT}").check()
    otto.get_by_role("button", name="Settle what is chosen").click()
    otto.get_by_label("Canceled: nothing is left to do").check()
    otto.get_by_label("How you know").fill("Canceled it there by hand.")
    otto.get_by_role("button", name="Settle 1 order").click()
    expect(otto.get_by_text("Nothing waits for a person")).to_be_visible()

    vera.goto("/audit")
    done = vera.locator("tbody tr").all_inner_texts()
    told = [re.split(r"\s{2,}|\t", line)[2:4] for line in done]
    assert [one for one in told if one[1] != "signed in"] == [
        ["otto", "settled"],
        ["anna", "approved"],
        ["olga", "submitted"],
        ["olga", "submitted"],
    ]
    assert console.end() == 0


def test_everything_can_be_done_with_the_keyboard_alone(
    console: Console, person: Callable[..., Page], sandbox: Sandbox
) -> None:
    address = console.start()
    page = person()
    page.goto(address)
    keys = page.keyboard
    keys.press("n")
    page.wait_for_url("**/new")
    page.get_by_label("Or paste it here").focus()
    keys.insert_text(f"{GOOD}\n{ALSO_GOOD}")
    keys.press("Tab")
    keys.insert_text(US)
    keys.press("Tab")
    keys.type("No I")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    page.wait_for_url("**/runs/*")
    wait_for_state(page, "finished", scripts=True)
    keys.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.press("Escape")
    keys.press("j")
    expect(page.locator(".row-link").first).to_be_focused()
    keys.press("j")
    expect(page.locator("tr.current .row-link")).to_have_text(ALSO_GOOD)
    keys.press("k")
    expect(page.locator("tr.current .row-link")).to_have_text(GOOD)
    keys.press("Enter")
    page.wait_for_url(f"**/orders/{GOOD}")
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.go_back()
    page.get_by_role("button", name="Submit for approval").press("Enter")
    page.wait_for_url("**/runs/*said=submitted")
    keys.press("a")
    page.wait_for_url("**/approve")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url("**/approve/*")
    page.get_by_label("Reason").first.focus()
    keys.insert_text("As planned.")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    page.wait_for_url("**/runs/*said=approved")
    wait_for_state(page, "finished", scripts=True)
    assert canceled(sandbox) == sorted([GOOD, ALSO_GOOD])


def test_a_console_that_is_killed_and_started_again_has_lost_nothing_and_does_nothing_twice(
    console: Console, person: Callable[..., Page], sandbox: Sandbox
) -> None:
    console.start(team=True)
    olga = person("olga")
    olga.goto("/new")
    olga.get_by_label("Or paste it here").fill(LIST)
    olga.get_by_role("button", name="Plan this list").click()
    wait_for_state(olga, "finished", scripts=True)
    console.end(signal.SIGKILL)
    console.start(team=True)
    olga.reload()
    olga.get_by_role("button", name="Submit for approval").click()
    run = olga.url.partition("?")[0]
    console.end(signal.SIGKILL)
    assert canceled(sandbox) == []
    console.start(team=True, before="kill after cancel")
    anna = person("anna")
    anna.goto(run.replace("/runs/", "/approve/"))
    anna.get_by_label("Reason").first.fill("The buyers asked for it.")
    anna.get_by_role("button", name="Approve: cancel 3 orders").click()
    wait_for_state(anna, "finished", scripts=True)
    assert canceled(sandbox) == sorted([GOOD, ALSO_GOOD, NOT_SENT])
    otto = person("otto")
    otto.goto("/settle")
    expect(otto.get_by_role("link", name="Look in Seller Central")).to_have_count(2)
    for box in otto.get_by_role("checkbox", name=re.compile("Choose [0-9]")).all():
        box.check()
    otto.get_by_role("button", name="Settle what is chosen").click()
    console.end(signal.SIGKILL)
    console.start(team=True)
    otto.get_by_label("Canceled: nothing is left to do").check()
    otto.get_by_label("How you know").fill("Looked.")
    otto.get_by_role("button", name="Settle 2 orders").click()
    expect(otto.get_by_text("Nothing waits for a person")).to_be_visible()
    assert canceled(sandbox) == sorted([GOOD, ALSO_GOOD, NOT_SENT])


def test_somebody_signs_in_at_a_provider_of_another_site_and_signs_out(browser: Browser, tmp_path: Path) -> None:
    with (
        OidcProvider(known_there("olga", "support"), host="localhost") as provider,
        served(tmp_path, team=True, **provider.settings) as team,
        browser.new_context(base_url=team.desk.origin) as context,
    ):
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
        page.goto("/settle")
        page.get_by_role("link", name="Sign in").click()
        page.wait_for_url("**/settle")
        page.get_by_text("Nothing waits for a person").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("You are signed out.").wait_for()
        page.goto("/settle")
        page.get_by_role("link", name="Sign in").wait_for()
        assert complaints == []


EVIL = """\
<!doctype html><title>evil</title><form method=post action="{console}/queue/pause" id=f></form>
<iframe src="{console}/runs"></iframe><img src="{console}/queue/pause"><script src="{console}/audit.jsonl"></script>
"""
ASK = """\
async console => {
    const said = [], json = {'Content-Type': 'application/json'};
    for (const how of [{mode: 'cors'}, {mode: 'cors', credentials: 'include'}, {mode: 'cors', headers: json},
                       {mode: 'no-cors', credentials: 'include'}])
        for (const [method, path] of [['GET', '/runs'], ['POST', '/queue/pause']])
            said.push(await fetch(console + path, {method, ...how}).then(answer => answer.text(), () => ''));
    return said.join('');
}"""


@contextmanager
def site(page: str) -> Iterator[str]:
    """Another site, with one page; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://localhost:{server.server_address[1]}/"  # another site than 127.0.0.1 is
        finally:
            server.shutdown()
            thread.join()


def test_a_page_of_another_site_changes_and_reads_nothing_in_the_name_of_who_is_signed_in(
    browser: Browser, tmp_path: Path
) -> None:
    """The reverse proxy signs in whatever a browser sends: no cookie is needed that the browser would keep back."""
    with (
        served(tmp_path, team=True) as team,
        site(EVIL.format(console=team.desk.origin)) as evil,
        browser.new_context(extra_http_headers={"X-Forwarded-User": "adam"}) as context,
    ):
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(evil)
        assert page.evaluate(ASK, team.desk.origin) == ""
        assert not [frame for frame in page.frames if "Nothing was run yet" in frame.content()]
        with page.expect_navigation():
            page.evaluate("document.getElementById('f').submit()")
        page.get_by_text("This did not come from a page of this console. Nothing was changed.").wait_for()
        assert (team.ledger.queue.paused(), team.ledger.audit.count()) == (None, 0)
        page.goto(team.desk.origin)
        assert page.evaluate("fetch('/queue/pause', {method: 'POST'}).then(answer => answer.status)") == 200
        assert team.ledger.queue.paused() is not None


def test_what_is_printed_has_the_orders_and_none_of_the_controls(browser: Browser, tmp_path: Path) -> None:
    with (
        served(tmp_path, team=True) as team,
        browser.new_context(extra_http_headers={"X-Forwarded-User": "otto"}) as context,
    ):
        with Ledger.open(team.desk.place) as ledger:
            ledger.runs.go_on_as("20260301-021405-a1b2")
            intent = ledger.intents.write(team.desk.admin, permit("112-0000000-0000009"))
            ledger.intents.conclude(intent, Outcome.UNKNOWN)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{team.desk.origin}/settle")
        controls = page.locator("button, input, textarea, select")
        assert [one for one in controls.all() if one.is_visible()] != []
        page.emulate_media(media="print")
        assert page.get_by_text("112-0000000-0000009").is_visible()
        assert [one for one in controls.all() if one.is_visible()] == []


def test_axe_is_as_it_was_published() -> None:
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SUM


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(console: Console, person: Callable[..., Page], scheme: str) -> None:
    console.start(team=True)
    page = person("adam", color_scheme=scheme)
    axe = AXE.read_text(encoding="utf-8")

    def violations(where: str) -> list[str]:
        if where != page.url:
            page.goto(where)
        page.wait_for_load_state("load")  # after a form, too: without its styles no page has good colors
        page.evaluate(axe)
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
        return [
            f"{where}: {one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    wrong = [one for where in ("/runs", "/approve", "/settle", "/audit") for one in violations(where)]
    page.goto("/new")
    page.get_by_label("Or paste it here").fill("orders: [12]")
    page.get_by_role("button", name="Plan this list").click()
    wrong += violations(page.url)
    page.get_by_label("Or paste it here").fill(LIST)
    page.get_by_role("button", name="Plan this list").click()
    wait_for_state(page, "finished", scripts=True)
    plan = page.url
    wrong += violations(plan)
    page.get_by_role("button", name="Submit for approval").click()
    run = page.url.partition("?")[0]
    wrong += violations(run)
    anna = person("anna", color_scheme=scheme)
    anna.goto(run.replace("/runs/", "/approve/"))
    page.goto("/approve")
    for where in ("/approve", run.replace("/runs/", "/approve/"), "/no-such", "/runs"):
        wrong += violations(where)
    anna.get_by_label("Reason").first.fill("As planned.")
    anna.get_by_role("button", name="Approve: cancel 3 orders").click()
    wait_for_state(anna, "finished", scripts=True)
    for where in (
        run,
        f"{run}/orders/{NOT_SENT}",
        f"{run}/verify",
        "/settle",
        "/workers",
        "/screens",
        f"/schedules?run={run.rpartition('/')[2]}",
        "/audit?check=yes",
        "/tokens",
    ):
        wrong += violations(where)
    page.goto("/settle")
    page.get_by_role("checkbox", name=re.compile("Choose [0-9]")).check()
    page.get_by_role("button", name="Settle what is chosen").click()
    wrong += violations(page.url)
    assert not wrong, "\n".join(wrong)
