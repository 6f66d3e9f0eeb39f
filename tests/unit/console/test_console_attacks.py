"""What somebody tries who may not: every address by everybody who lacks its role, from other sites, with every text.

Nothing is pressed, nothing is changed, nothing is told.
"""

import contextlib
import html
import http.client
import json
import re
import socket
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from console_kit import HEADER, Answer, Browser, Served, hidden
from run_kit import TERMS, permit

from bot.console import live
from bot.console.api import CALLS
from bot.console.app import application
from bot.console.people import Role
from bot.joblist import JobList
from bot.ledger import Ledger
from bot.outcomes import Answer as WireAnswer
from bot.outcomes import OrderResult, Outcome
from bot.vocabulary import Reason

from .conftest import ORDERS
from .test_console_streams import follow
from .test_console_streams import words as events

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections

CHANGES = {
    "/runs/{run}/stop": Role.OPERATOR,
    "/runs/{run}/retry": Role.OPERATOR,
    "/runs/{run}/submit": Role.OPERATOR,
    "/queue/pause": Role.OPERATOR,
    "/queue/resume": Role.OPERATOR,
    "/new": Role.OPERATOR,
    "/approve/{run}": Role.APPROVER,
    "/approve/{run}/decline": Role.APPROVER,
    "/settle": Role.OPERATOR,
    "/settle/preview": Role.OPERATOR,
    "/workers/count": Role.ADMINISTRATOR,
    "/workers/release": Role.ADMINISTRATOR,
    "/schedules": Role.OPERATOR,
    "/schedules/remove": Role.OPERATOR,
    "/tokens": Role.ADMINISTRATOR,
    "/tokens/revoke": Role.ADMINISTRATOR,
}
"""Every form's address, with the role that it needs."""

WITHOUT = {
    Role.OPERATOR: ("vera", "anna"),
    Role.APPROVER: ("vera", "otto"),
    Role.ADMINISTRATOR: ("vera", "olga"),
}
"""Who lacks it; Olga operates and approves."""

OTHER_SITES: list[dict[str, Any]] = [
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "origin": "https://evil.example"},  # a form
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "origin": "https://evil.example"},  # a fetch
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "origin": "https://evil.example"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "origin": None},  # a form that hides where it is
    {"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate", "origin": "https://other.shop.example"},
    {"sec_fetch_site": None, "sec_fetch_mode": None, "origin": "null"},  # an older browser, a sandboxed page
]


def state(console: Served) -> tuple[object, ...]:
    """All that a form can change."""
    ledger = console.ledger
    return (
        ledger.audit.count(),
        ledger.pages.count_runs(),
        ledger.queue.paused(),
        sorted(console.waiting_for_workers()),
        [(one.intent, one.settled_as) for one in ledger.intents.waiting()],
        [(one.token, one.revoked_at) for one in ledger.console.tokens()],
        [one.run_id for one in ledger.submissions.waiting()],
        [one.name for one in ledger.schedules.all()],
    )


def full(console: Served, three: JobList) -> dict[str, str]:
    """Have something of everything that a form is about; gives the fields of all forms at once."""
    run_id = console.submitted(three, TERMS, by="otto").run_id
    with Ledger.open(console.desk.place) as ledger:
        ledger.runs.go_on_as("20260301-021405-a1b2")
        ledger.intents.conclude(
            ledger.intents.write(console.desk.admin, permit("112-1215998-0000009")), Outcome.UNKNOWN
        )
        ledger.console.make_token("robot", ("viewer",), days=7, by="adam")
        submission = ledger.submissions.find(run_id)
        tokens = ledger.console.tokens()
    assert submission is not None
    (intent,) = hidden(console.browser("otto").get("/settle").text, "intent")
    return {
        "run": run_id,
        "sha256": submission.sha256,
        "why": "As planned.",
        "hours": "24",
        "intent": intent,
        "as": "not-canceled",
        "note": "Seen.",
        "text": "\n".join(ORDERS),
        "store": "Nordwind UK",
        "reason": "Buyer Canceled",
        "which": "all",
        "account": "bot",
        "admin": console.desk.admin,
        "name": "mine",
        "cron": "0 2 * * *",
        "timezone": "UTC",
        "what": "audit",
        "since": "7d",
        "role": "viewer",
        "days": "7",
        "token": tokens[0].token,
    }


def test_every_form_is_refused_to_everybody_without_its_role_and_to_every_other_site(
    team: Served, three: JobList
) -> None:
    form = full(team, three)
    before = state(team)
    for path, role in CHANGES.items():
        where = path.format(run=form["run"])
        for name in WITHOUT[role]:
            refused = team.browser(name).post(where, form)
            assert (refused.status, f"you need the role {role}" in refused.text) == (403, True), (name, where)
        assert team.browser().post(where, form).status == 401, where
        assert team.browser("mallory").post(where, form).status == 403, where
        for headers in OTHER_SITES:
            refused = team.browser("adam").post(where, form, **headers)
            said = "This did not come from a page of this console. Nothing was changed."
            assert (refused.status, said in refused.text) == (403, True), (where, headers)
        # A link, an image or a prefetch can ask for it, and changes nothing.
        assert team.browser("adam").get(f"{where}?said=paused", sec_fetch_site="cross-site").status in {200, 404, 405}
    assert state(team) == before
    assert team.browser("otto").post("/queue/pause").status == 303  # so the forms do change something
    assert state(team) != before


def test_no_form_is_left_out(team: Served) -> None:
    routes = application(team.desk)._app.routes  # type: ignore[attr-defined]  # of the guard
    posts = {re.sub(r":\w+}", "}", one.path) for one in routes if "POST" in (one.methods or ())}
    assert {path for path in posts if not path.startswith("/api/")} - {"/sign-out"} == set(CHANGES)


def test_every_call_of_the_api_is_refused_without_a_token_of_its_role_and_cookies_do_not_count(
    team: Served, three: JobList
) -> None:
    form = full(team, three)
    with Ledger.open(team.desk.place) as ledger:
        tokens = {
            role: ledger.console.make_token(str(role), (str(role),), days=7, by="ada")
            for role in (Role.VIEWER, Role.OPERATOR, Role.APPROVER)
        }
    before = state(team)
    bodies: dict[str, dict[str, object]] = {
        "/api/plans": {"orders": list(ORDERS), "store": "Nordwind UK", "reason": "Buyer Canceled"},
        "/api/submissions": {"orders": list(ORDERS), "store": "Nordwind UK", "reason": "Buyer Canceled"},
        "/api/runs/{run}/approval": {"sha256": form["sha256"], "reason": "Yes."},
        "/api/runs/{run}/refusal": {"reason": "No."},
    }
    for call in CALLS:
        where = call.path.format(run=form["run"], order=ORDERS[0], name="x.jpg")
        body = json.dumps(bodies.get(call.path, {})).encode()
        # No browser sends a token by itself, so with one another site may ask; without one, nothing gets that far.
        answer = team.browser("adam").ask(call.method, where, body, sec_fetch_site="same-origin")
        assert answer.status == 401, where
        if call.method == "POST":
            assert team.browser("adam").ask("POST", where, body, **OTHER_SITES[2]).status == 403, where
        for role, token in tokens.items():
            if role is not call.role and call.role is not Role.VIEWER:
                refused = team.browser("adam").ask(call.method, where, body, authorization=f"Bearer {token}")
                assert refused.status == 403, (where, role)
    assert state(team) == before


def test_the_header_of_a_proxy_from_an_address_that_is_not_listed_is_refused_everywhere(
    team: Served, three: JobList
) -> None:
    form = full(team, three)
    before = state(team)
    asked = [
        *(("GET", path) for path in ("/runs", "/live/runs", "/audit.csv", f"/approve/{form['run']}")),
        *(("POST", path.format(run=form["run"])) for path in CHANGES),
    ]
    for method, path in asked:
        connection = http.client.HTTPConnection("127.0.0.1", team.port, timeout=60, source_address=("127.0.0.2", 0))
        with contextlib.closing(connection):
            headers = {HEADER: "adam", "X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "::1"}
            headers |= {"Origin": f"http://127.0.0.1:{team.port}", "Sec-Fetch-Site": "same-origin"}
            connection.request(method, path, b"", headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 403, (method, path)
            assert ("is believed from listed proxies only" in text, "shop.example" in text) == (True, False), path
    assert state(team) == before


# --- Every text of a list ---

EVIL = "<x-evil evil=1>\"'><x-evil evil=2></td></script><!--{{ 7 * 7 }}${7*7}"
PATH = "../../../../etc/passwd%2e%2e%2f..\\..\\C:\\nul"
FORMULA = '=HYPERLINK("https://evil.example","x")'


class Tags(HTMLParser):
    """The elements of a page, as a browser sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def is_harmless(answer: Answer) -> bool:
    """Whether no text has become an element, an attribute, or an address of another site or another page."""
    tags = Tags(answer.text).found
    assert tags
    leads = [value or "" for _, known in tags for name, value in known.items() if name in {"href", "src", "action"}]
    assert {urlsplit(one).netloc for one in leads} <= {"", "sellercentral.amazon.com"}
    assert {urlsplit(one).scheme for one in leads} <= {"", "https"}
    assert [one for one in leads if ".." in urlsplit(one).path] == []
    assert "\u202e" not in answer.text
    return all(tag != "x-evil" and "evil" not in known for tag, known in tags)


@pytest.mark.parametrize("evil", [EVIL, PATH, FORMULA], ids=["HTML", "path", "formula"])
def test_every_text_that_a_list_can_bring_is_text_on_every_page(team: Served, evil: str) -> None:
    listed = {
        "name": evil,
        "store": evil,
        "reason": "Buyer Canceled",
        "orders": [
            {"order": order, "note": f"{evil} {number}", "expect": {"buyer": evil, "total": "1.00"}}
            for number, order in enumerate(ORDERS)
        ],
    }
    with Ledger.open(team.desk.place) as ledger:
        token = ledger.console.make_token(evil, ("operator",), days=7, by="adam")
    sent = team.browser().ask(
        "POST", "/api/submissions", json.dumps(listed).encode(), authorization=f"Bearer {token}", origin=None
    )
    assert sent.status == 200, sent.text
    run_id = json.loads(sent.body)["run"]
    folder = team.desk.folder(run_id)
    assert folder.resolve().parent == team.desk.settings.runs_dir.resolve()
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as(run_id)
        ledger.console.make_token(evil, ("viewer",), days=7, by=evil)
        told = {"order": ORDERS[0], "store": evil, "reason": Reason.BUYER_CANCELED, "outcome": Outcome.FAILED}
        ledger.runs.finish_order(OrderResult(message=evil, next_step=evil, note=evil, **told))
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as("20260301-021405-a1b2")
        number = ledger.intents.write(team.desk.admin, permit(ORDERS[1], store=evil))
        ledger.intents.note_answer(number, WireAnswer.ERROR, evil)
        ledger.intents.conclude(number, Outcome.CANCELED_NOT_SENT)
    adam = team.browser("adam")
    pages = [
        "/runs",
        f"/runs/{run_id}",
        f"/runs/{run_id}?outcome=failed",
        f"/runs/{run_id}/orders/{ORDERS[0]}",
        f"/runs/{run_id}/orders/{ORDERS[1]}",
        "/approve",
        f"/approve/{run_id}",
        "/settle",
        "/audit",
        "/audit?check=yes",
        "/tokens",
        "/workers",
    ]
    for path in pages:
        answer = adam.get(path)
        assert (answer.status, is_harmless(answer)) == (200, True), path
    assert is_harmless(adam.get(f"/runs/{run_id}/verify"))
    shown = adam.post("/settle/preview", {"intent": _chosen(adam)})
    assert (shown.status, is_harmless(shown)) == (200, True)
    wrong = adam.post("/settle", {"intent": evil, "as": evil, "note": evil})
    assert (wrong.status, is_harmless(wrong)) == (409, True)
    for line in adam.get("/audit.csv").text.splitlines()[1:]:
        assert not re.search(r'(^|,)"?=', line), line
    for path in ("/runs?q=", "/audit?q=", "/settle?q=", "/audit?by=", f"/runs/{run_id}?q="):
        asked = adam.get(path + "".join(f"%{byte:02x}" for byte in evil.encode()))
        assert (asked.status, is_harmless(asked)) == (200, True), path


def _chosen(browser: Browser) -> list[str]:
    return [html.unescape(one) for one in hidden(browser.get("/settle").text, "intent")]


# --- Too much, and too slow ---


def test_a_body_of_100_mb_is_refused_to_programs_and_to_strangers_too(team: Served) -> None:
    with Ledger.open(team.desk.place) as ledger:
        token = ledger.console.make_token("robot", ("operator",), days=7, by="adam")
    large = bytes(100 * 2**20)
    program = team.browser().ask("POST", "/api/plans", large, authorization=f"Bearer {token}", origin=None)
    assert program.status == 413
    pieces = (bytes(2**20) for _ in range(100))
    program = team.browser().ask("POST", "/api/plans", pieces, authorization=f"Bearer {token}", origin=None)
    assert (program.status, json.loads(program.body)["error"]) == (
        413,
        "More was sent than a list of orders can hold.",
    )
    assert team.browser().ask("POST", "/new", large, content_type="multipart/form-data; boundary=x").status == 413
    assert team.ledger.pages.count_runs() == 0


def test_streams_of_many_people_leave_the_pages_to_everybody(team: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 8)
    monkeypatch.setattr(live, "MOST_OF_ONE", 3)
    names = ("vera", "olga", "otto", "anna", "adam")
    streams = [follow(team.browser(name)) for name in names for _ in range(4)]
    assert [one.status for one in streams].count(200) == 8
    refused = [one.read() for one in streams if one.status == 503]
    assert all(one.startswith(b"Too many pages are open.") for one in refused)
    assert {team.browser(name).get("/runs").status for name in names} == {200}
    for one in streams:
        one.close()


def test_senders_that_never_finish_a_list_and_readers_of_streams_that_never_read_keep_nobody_waiting(
    team: Served, three: JobList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY", 0.05)
    host = f"Host: 127.0.0.1:{team.port}\r\n{HEADER}: olga\r\nSec-Fetch-Site: same-origin\r\n"
    form = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000\r\n\r\n"
    part = '--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + "\n".join(ORDERS)
    lazy = []
    for request in (f"POST /new HTTP/1.1\r\n{host}{form}{part}", f"GET /live/runs HTTP/1.1\r\n{host}\r\n"):
        for _ in range(60):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", team.port))
            one.sendall(request.encode())
            lazy.append(one)
    quick = follow(team.browser("vera"))
    assert events(quick, 1) == ["hello"]
    team.submitted(three, TERMS)
    assert events(quick, 1) == ["changed"]
    assert "three.yaml" in team.browser("otto").get("/runs").text
    assert team.ledger.pages.count_runs() == 1
    for one in lazy:
        one.close()
    assert team.browser("otto").get("/runs").status == 200
    assert team.ledger.pages.count_runs() == 1  # a list that broke off is not kept
