"""Two people who do the same at the same moment: one of them has done it, and the other is told who and what.

On a ledger in a file, and on a server.
"""

import html
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from console_kit import Answer, Served, hidden, served
from run_kit import TERMS, permit

from bot.engine import schedules
from bot.joblist import JobList
from bot.ledger import Approval, Ledger, Schedule
from bot.ledger.audit import Action, Audit
from bot.ledger.intents import Intents
from bot.ledger.submissions import Submissions
from bot.ledger.trail import Event
from bot.outcomes import Outcome

from .conftest import ORDERS

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


@pytest.fixture(params=["sqlite", "postgresql"])
def team(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """The console of a team, with its ledger in a file or on a server."""
    where = {} if request.param == "sqlite" else {"ledger": request.getfixturevalue("schema_on_server")}
    with served(tmp_path, team=True, **where) as console:
        yield console


def words(answer: Answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def at_once(*acts: Callable[[], Answer]) -> list[Answer]:
    """What each of them is answered, in their order."""
    answers: dict[int, Answer] = {}

    def do(number: int, act: Callable[[], Answer]) -> None:
        answers[number] = act()

    people = [threading.Thread(target=do, args=(number, act)) for number, act in enumerate(acts)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return [answers[number] for number in range(len(acts))]


def meeting_at(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    """Have two people meet where this is called: neither goes on before the other is there."""
    original, both = getattr(owner, name), threading.Barrier(2)

    def met(*arguments: Any, **named: Any) -> Any:
        both.wait(60)
        return original(*arguments, **named)

    monkeypatch.setattr(owner, name, met)


def test_of_two_people_who_settle_the_same_order_one_does_and_the_other_is_told(
    team: Served, three: JobList, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as(run_id)
        numbers = [ledger.intents.write(team.desk.admin, permit(order)) for order in ORDERS]
        for number in numbers:
            ledger.intents.conclude(number, Outcome.UNKNOWN)
    chosen = [html.unescape(one) for one in hidden(team.browser("otto").get("/settle").text, "intent")]
    meeting_at(monkeypatch, Intents, "settle_by_hand")  # both have looked by then, and found it waiting
    otto, olga = at_once(
        lambda: team.browser("otto").post("/settle", {"intent": chosen[:2], "as": "canceled", "note": "Yes."}),
        lambda: team.browser("olga").post("/settle", {"intent": chosen[1:], "as": "not-canceled", "note": "No."}),
    )
    assert sorted([otto.status, olga.status]) == [303, 409]
    first, said, told, done = (
        ("otto", "canceled", olga, ORDERS[:2]) if otto.status == 303 else ("olga", "not-canceled", otto, ORDERS[1:])
    )
    why = f"Order {ORDERS[1]} was settled as {said} meanwhile, by {first}: nothing was settled now. Look at it again."
    assert why in words(told)
    settled = {one.order: (one.settled_as, one.settled_by) for one in team.ledger.intents.of_run(run_id)}
    assert settled == {order: (said, first) if order in done else ("", "") for order in ORDERS}
    entries = [one.told for one in team.ledger.trail.entries("by-hand") if one.event == Event.SETTLED]
    assert sorted(one["order"] for one in entries) == sorted(done)
    assert [one.by for one in team.ledger.audit.all(action="settled")] == [first, first]


def test_of_two_people_who_approve_the_same_list_one_does_and_the_other_is_told(
    team: Served, three: JobList, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = team.submitted(three, TERMS, by="otto").run_id
    (sha256,) = set(hidden(team.browser("anna").get(f"/approve/{run_id}").text, "sha256"))
    meeting_at(monkeypatch, Submissions, "approve")

    def approve(name: str) -> Answer:
        form = {"sha256": sha256, "why": f"As {name} planned.", "hours": "24"}
        return team.browser(name).post(f"/approve/{run_id}", form)

    anna, olga = at_once(lambda: approve("anna"), lambda: approve("olga"))
    assert sorted([anna.status, olga.status]) == [303, 409]
    first, told = ("anna", olga) if anna.status == 303 else ("olga", anna)
    why = rf"Run {run_id} was not changed: {first} has approved it already, until \d{{4}}-\d\d-\d\d \d\d:\d\d UTC\."
    assert re.search(why, words(told)), words(told)
    submission = team.ledger.submissions.find(run_id)
    assert submission is not None
    assert (submission.decided_by, submission.why) == (first, f"As {first} planned.")
    assert len(team.waiting_for_workers()) == len(set(team.waiting_for_workers())) == 3
    assert [one.told["by"] for one in team.ledger.trail.of_kind(run_id, Event.APPROVED)] == [first]
    assert [one.by for one in team.ledger.audit.all(action="approved")] == [first]


def test_of_two_people_one_who_approves_and_one_who_declines_the_first_has_decided(
    team: Served, three: JobList, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = team.submitted(three, TERMS, by="otto").run_id
    (sha256,) = set(hidden(team.browser("anna").get(f"/approve/{run_id}").text, "sha256"))
    both = threading.Barrier(2)
    for name in ("approve", "decline"):
        original = getattr(Submissions, name)

        def met(*arguments: Any, _original: Any = original, **named: Any) -> Any:
            both.wait(60)
            return _original(*arguments, **named)

        monkeypatch.setattr(Submissions, name, met)
    approved, declined = at_once(
        lambda: team.browser("anna").post(f"/approve/{run_id}", {"sha256": sha256, "why": "Yes.", "hours": "24"}),
        lambda: team.browser("olga").post(f"/approve/{run_id}/decline", {"why": "No."}),
    )
    assert sorted([approved.status, declined.status]) == [303, 409]
    submission = team.ledger.submissions.find(run_id)
    assert submission is not None
    if approved.status == 303:
        assert f"Run {run_id} was not changed: it was approved before by anna." in words(declined)
        assert (submission.approval, len(team.waiting_for_workers())) == (Approval.APPROVED, 3)
    else:
        assert f"Run {run_id} was not changed: it was declined by olga." in words(approved)
        assert (submission.approval, team.waiting_for_workers()) == (Approval.DECLINED, [])


def test_two_people_who_submit_the_same_list_have_one_run(
    team: Served, three: JobList, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.ledger.queue import Queue

    meeting_at(monkeypatch, Queue, "submit")
    made: list[tuple[str, bool]] = []

    def submit(name: str) -> Answer:
        told = team.submitted(three, TERMS, by=name)
        made.append((told.run_id, told.is_new))
        return team.browser(name).get("/runs")

    at_once(lambda: submit("olga"), lambda: submit("otto"))
    assert len({run_id for run_id, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False, True]
    assert team.ledger.pages.count_runs() == 1


class Crash(BaseException):
    """The end of the process, as far as a transaction is concerned."""


def crashing_at(monkeypatch: pytest.MonkeyPatch, action: Action, *, after: bool) -> None:
    """Have the process end right before, or right after, the audit is told of this."""
    append = Audit.append

    def told(audit: Audit, connection: Any, done: Action, **facts: Any) -> None:
        if after or done is not action:
            append(audit, connection, done, **facts)
        if done is action:
            raise Crash

    monkeypatch.setattr(Audit, "append", told)


def known_of(team: Served) -> tuple[list[str], list[str], list[str]]:
    """The schedules that the ledger has, those that the engine knows, and what the audit says of schedules."""
    told = [str(one.action) for one in team.ledger.audit.all() if "schedule" in one.action]
    return [one.name for one in team.ledger.schedules.all()], sorted(team.desk.backlog.scheduled()), told


@pytest.mark.parametrize("after", [False, True], ids=["before the audit", "after the audit"])
def test_a_schedule_is_added_and_removed_with_its_entry_in_the_audit_or_not_at_all(team: Served, after: bool) -> None:
    schedule = Schedule(name="nightly", admin=team.desk.admin, cron="0 2 * * *", timezone="UTC", command="check")
    with Ledger.open(team.desk.place) as ledger:
        with pytest.MonkeyPatch.context() as crashes:
            crashing_at(crashes, Action.SCHEDULE_ADDED, after=after)
            with pytest.raises(Crash):
                schedules.add(ledger, team.desk.backlog, schedule, "olga")
        assert known_of(team) == ([], [], [])
        schedules.add(ledger, team.desk.backlog, schedule, "olga")
        there = (["nightly"], ["nightly"], ["schedule added"])
        assert known_of(team) == there
        with pytest.MonkeyPatch.context() as crashes:
            crashing_at(crashes, Action.SCHEDULE_REMOVED, after=after)
            with pytest.raises(Crash):
                schedules.remove(ledger, team.desk.backlog, "nightly", "olga")
        assert known_of(team) == there
        schedules.remove(ledger, team.desk.backlog, "nightly", "olga")
    assert known_of(team) == ([], [], ["schedule added", "schedule removed"])


def test_of_two_people_who_add_a_schedule_of_one_name_the_first_has_added_it(team: Served) -> None:
    fields = {"name": "nightly", "timezone": "UTC", "what": "check"}
    answers = at_once(
        lambda: team.browser("olga").post("/schedules", fields | {"cron": "0 2 * * *"}),
        lambda: team.browser("otto").post("/schedules", fields | {"cron": "0 5 * * *"}),
    )
    assert sorted(answer.status for answer in answers) == [303, 422]
    (kept,) = team.ledger.schedules.all()
    (called,) = team.desk.backlog._client.list_schedules()
    assert (kept.cron, kept.added_by) in {("0 2 * * *", "olga"), ("0 5 * * *", "otto")}
    assert called["schedule"] == kept.cron
    assert known_of(team)[2] == ["schedule added"]
