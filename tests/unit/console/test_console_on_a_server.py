"""The console with its ledger on a server that crashes and comes back, in each of the four steps of a list: it is
submitted, approved, watched, and settled. Nothing is lost, nothing is done twice, and meanwhile there is a page that
says so.

The server crashes between two requests, or in the middle of one: when everything is written but not yet kept, or when
it is kept and the person has not heard of it yet.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from console_kit import Answer, Browser, Served, hidden, served
from run_kit import TERMS, permit
from server_kit import Server

from bot.console import acting, live
from bot.console.visit import Visit
from bot.joblist import JobList
from bot.ledger import Approval, Ledger
from bot.ledger.audit import Audit
from bot.ledger.trail import Event
from bot.outcomes import OrderResult, Outcome
from bot.vocabulary import Reason

from .conftest import ORDERS
from .test_console_streams import follow
from .test_console_streams import words as events

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of the engine's own connections
    pytest.mark.slow("it ends and starts a server"),
    pytest.mark.sampled(3),
]

AWAY = (
    "The ledger cannot be used now: nothing can be shown, and nothing is pressed without it. Try again in a minute. "
    "If you have sent something, look first whether it was done."
)
LISTED = "store: Nordwind UK\nreason: Buyer Canceled\norders: [" + ", ".join(ORDERS) + "]\n"


@pytest.fixture
def team(schema_on_server: str, tmp_path: Path) -> Iterator[Served]:
    """The console of a team, with its ledger on the server."""
    with served(tmp_path, team=True, ledger=schema_on_server) as console:
        yield console


@pytest.fixture
def server(team: Served, database_server: Server | None) -> Iterator[Server]:
    """The server under it."""
    assert database_server is not None
    yield database_server
    if not is_up(database_server):
        database_server.start()


def is_up(server: Server) -> bool:
    return (server._folder / "data" / "postmaster.pid").exists()


def words(answer: Answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def is_away(answer: Answer) -> bool:
    """Whether the page says that the ledger is away, and not where it is."""
    assert (answer.status, AWAY in words(answer)) == (503, True), (answer.status, words(answer))
    return not re.search("postgresql|psycopg|127\\.0\\.0\\.1:", answer.text)


@dataclass
class Crash:
    """Has the server crash before the next act, in the middle of it, or right after it."""

    server: Server
    monkeypatch: pytest.MonkeyPatch
    when: str

    @property
    def is_kept(self) -> bool:
        """Whether what the person did is written for good by then."""
        return self.when == "after it is kept"

    def __call__(self, name: str, writes: int = 1) -> None:
        """Crash at the act of this name, which writes so often into the audit, each time at the end."""
        if self.when == "before":
            self.server.end()
        elif self.is_kept:
            act = getattr(acting, name)

            def act_and_crash(visit: Visit, *arguments: Any, **told: Any) -> None:
                act(visit, *arguments, **told)
                self.server.end()
                visit.desk.ledger.pages.count_runs()  # which fails: the answer never gets to the person

            self.monkeypatch.setattr(acting, name, act_and_crash)
        else:
            append, left = Audit.append, iter(range(writes - 1, -1, -1))

            def append_and_crash(*arguments: Any, **told: Any) -> None:
                append(*arguments, **told)
                if not next(left):
                    self.server.end()

            self.monkeypatch.setattr(Audit, "append", append_and_crash)

    def is_over(self) -> None:
        """The server is started again, and crashes no more."""
        back_again(self.server, self.monkeypatch)


@pytest.fixture(params=["before", "before it is kept", "after it is kept"])
def crash(request: pytest.FixtureRequest, server: Server, monkeypatch: pytest.MonkeyPatch) -> Crash:
    return Crash(server, monkeypatch, request.param)


def back_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    server.start()


def new_list(browser: Browser) -> Answer:
    body = f'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n{LISTED}\r\n--x--\r\n'
    return browser.ask("POST", "/new", body.encode(), content_type="multipart/form-data; boundary=x")


def finished_plan(team: Served, run_id: str) -> None:
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as(run_id, "worker-1")
        for order in ORDERS:
            told = {"order": order, "store": "Nordwind UK", "reason": Reason.BUYER_CANCELED, "message": "Read."}
            ledger.runs.finish_order(OrderResult(outcome=Outcome.WOULD_CANCEL, **told))
        info = ledger.runs.find(run_id)
        assert info is not None
        ledger.runs.finish(info.finished(info.started_at))


def test_a_list_that_is_submitted_while_the_server_crashes_is_there_once(team: Served, crash: Crash) -> None:
    olga = team.browser("olga")
    plan = new_list(olga).place.split("/")[2].partition("?")[0]
    finished_plan(team, plan)
    crash("submit")
    assert is_away(olga.post(f"/runs/{plan}/submit", {"which": "would"}))
    assert is_away(olga.get(f"/runs/{plan}"))
    crash.is_over()
    assert len(team.ledger.submissions.waiting()) == int(crash.is_kept)
    again = olga.post(f"/runs/{plan}/submit", {"which": "would"})
    assert (again.status, again.place.rpartition("said=")[2]) == (303, "again" if crash.is_kept else "submitted")
    (submission,) = team.ledger.submissions.waiting()
    assert (submission.submitted_by, submission.plan_run) == ("olga", plan)
    assert team.ledger.pages.count_runs() == 2
    assert [one.about for one in team.ledger.audit.all(action="submitted")].count(submission.run_id) == 1


def test_a_list_that_is_approved_while_the_server_crashes_is_queued_once(
    team: Served, three: JobList, crash: Crash
) -> None:
    anna, run_id = team.browser("anna"), team.submitted(three, TERMS).run_id
    (sha256,) = set(hidden(anna.get(f"/approve/{run_id}").text, "sha256"))
    form = {"sha256": sha256, "why": "As planned.", "hours": "24"}
    crash("approve")
    assert is_away(anna.post(f"/approve/{run_id}", form))
    assert is_away(anna.get("/approve"))
    crash.is_over()
    submission = team.ledger.submissions.find(run_id)
    assert submission is not None
    assert submission.approval == (Approval.APPROVED if crash.is_kept else Approval.WAITING)
    assert len(team.waiting_for_workers()) == (3 if crash.is_kept else 0)
    assert anna.post(f"/approve/{run_id}", form).status == 303
    assert len(team.waiting_for_workers()) == len(set(team.waiting_for_workers())) == 3
    assert team.ledger.submissions.why_not(run_id) == ""


def test_who_watches_while_the_server_crashes_sees_it_again_when_it_is_back(
    team: Served, three: JobList, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY", 0.05)
    vera, run_id = team.browser("vera"), team.submitted(three, TERMS, approval=False).run_id
    stream = follow(vera, f"/live/runs/{run_id}")
    assert (stream.status, events(stream, 1)) == (200, ["hello"])
    server.end()
    for page in (
        "/",
        "/runs",
        f"/runs/{run_id}",
        f"/runs/{run_id}/orders/{ORDERS[0]}",
        "/settle",
        "/audit",
        "/audit.csv",
    ):
        answer = vera.get(page)
        assert answer.status == 303 if page == "/" else is_away(answer)
    late = follow(vera, f"/live/runs/{run_id}")
    assert late.status in {200, 503}
    assert b"postgresql" not in (late.read() if late.status == 503 else b"")
    program = vera.get("/api/runs", authorization="Bearer cmd_x")
    assert (program.status, json.loads(program.body)["error"]) == (503, AWAY)
    assert vera.get("/metrics", authorization="Bearer cmd_x").status == 503
    server.start()
    with Ledger.open(team.desk.place) as worker:
        worker.runs.go_on_as(run_id, "worker-1")
        told = {"order": ORDERS[0], "store": "Nordwind UK", "reason": Reason.BUYER_CANCELED, "message": "Proved."}
        worker.runs.finish_order(OrderResult(outcome=Outcome.CANCELED, **told))
    assert events(stream, 1) == ["changed"]
    again = vera.get(f"/runs/{run_id}")
    assert (again.status, words(again).count("Canceled") > 0) == (200, True)
    assert len(team.waiting_for_workers()) == 3


def test_orders_that_are_settled_while_the_server_crashes_are_settled_once_and_together(
    team: Served, three: JobList, crash: Crash
) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as(run_id)
        for order in ORDERS:
            ledger.intents.conclude(ledger.intents.write(team.desk.admin, permit(order)), Outcome.UNKNOWN)
    otto = team.browser("otto")
    chosen = [html.unescape(one) for one in hidden(otto.get("/settle").text, "intent")]
    form = {"intent": chosen, "as": "canceled", "note": "Seen in Seller Central."}
    crash("settle", writes=len(ORDERS))
    assert is_away(otto.post("/settle", form))
    assert is_away(otto.get("/settle"))
    crash.is_over()
    assert len(team.ledger.intents.waiting()) == (0 if crash.is_kept else 3)
    again = otto.post("/settle", form)
    if crash.is_kept:
        assert (again.status, f"Order {ORDERS[0]} was settled as canceled meanwhile, by otto:" in words(again)) == (
            409,
            True,
        )
    else:
        assert again.status == 303
    assert team.ledger.intents.waiting() == []
    assert [one.about for one in team.ledger.audit.all(action="settled")] == list(ORDERS)
    settled = [one for one in team.ledger.trail.entries("by-hand") if one.event == Event.SETTLED]
    assert [one.told["order"] for one in settled] == list(ORDERS)


def test_a_decline_that_the_server_crashes_in_the_middle_of_is_finished_by_declining_again(
    team: Served, three: JobList, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.ledger.queue import Queue

    anna, run_id = team.browser("anna"), team.submitted(three, TERMS).run_id
    stop = Queue.stop

    def crash_and_stop(*arguments: Any, **told: Any) -> Any:
        server.end()
        return stop(*arguments, **told)

    monkeypatch.setattr(Queue, "stop", crash_and_stop)
    assert is_away(anna.post(f"/approve/{run_id}/decline", {"why": "Wrong store."}))
    back_again(server, monkeypatch)
    assert team.waiting_for_workers() == []
    assert anna.post(f"/approve/{run_id}/decline", {"why": "Wrong store."}).status == 303
    assert {one.outcome for one in team.ledger.runs.results(run_id)} == {Outcome.SKIPPED}
    assert [one.by for one in team.ledger.audit.all(action="declined")] == ["anna"]


def test_people_who_sign_in_and_out_while_the_server_is_away_are_told(
    tmp_path: Path, schema_on_server: str, database_server: Server | None
) -> None:
    assert database_server is not None
    with served(tmp_path, ledger=schema_on_server) as mine:
        me, newcomer = mine.me(), mine.browser()
        database_server.end()
        try:
            left, came = me.post("/sign-out"), newcomer.get(f"/enter/{mine.said[-1]}")
            assert [(one.status, AWAY in words(one)) for one in (left, came)] == [(503, True), (503, True)]
            assert "The ledger postgresql" in words(left)  # whose console it is runs it, too
        finally:
            database_server.start()
        assert me.get("/runs").status == 200
        assert newcomer.get(f"/enter/{mine.said[-1]}").status == 303
        assert me.post("/sign-out").status == 200
        assert me.get("/runs").status == 401
