"""What is done at certain times, added and ended in the console."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from console_kit import Answer, Browser, Served, hidden
from run_kit import TERMS

from bot.console import pages
from bot.engine.schedules import lines, schedule_of
from bot.joblist import JobList
from bot.ledger import Schedule

from .conftest import ORDERS
from .test_console_approval import change

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections

LATER = "2099-03-01T06:00:00+00:00"
NIGHTLY = {"name": "nightly", "cron": "0 2 * * 1-5", "timezone": "Europe/Berlin", "since": "7d", "run": ""}
CANCEL = NIGHTLY | {"what": "run"}


def added(browser: Browser, fields: Mapping[str, str]) -> Answer:
    return browser.post("/schedules", fields)


def known(console: Served) -> list[Schedule]:
    """What is kept, with the lists; the engine knows of it, too."""
    found = [console.ledger.schedules.find(one.name) for one in console.ledger.schedules.all()]
    assert sorted(console.desk.backlog.scheduled()) == [one.name for one in console.ledger.schedules.all()]
    return [one for one in found if isinstance(one, Schedule)]


def approve(team: Served, run_id: str) -> None:
    anna = team.browser("anna")
    (sha256,) = set(hidden(anna.get(f"/approve/{run_id}").text, "sha256"))
    assert anna.post(f"/approve/{run_id}", {"sha256": sha256, "why": "as agreed", "hours": "24"}).status == 303


@pytest.fixture
def approved(team: Served, three: JobList) -> str:
    """A run that Otto submitted and Anna approved."""
    run_id = team.submitted(three, TERMS, by="otto").run_id
    approve(team, run_id)
    return run_id


@pytest.mark.parametrize(("what", "since"), [("audit", "7d"), ("check", "")])
def test_an_operator_has_something_looked_at_every_night(team: Served, what: str, since: str) -> None:
    answer = added(team.browser("olga"), NIGHTLY | {"what": what})
    assert (answer.status, answer.place) == (303, "/schedules?said=added")
    (schedule,) = known(team)
    assert (schedule.command, schedule.since, schedule.jobs) == (what, since, ())
    assert (schedule.cron, schedule.timezone, schedule.added_by) == ("0 2 * * 1-5", "Europe/Berlin", "olga")
    assert (schedule.terms is None) == (what == "check")
    assert [(done.action, done.about, done.by) for done in team.ledger.audit.latest(1)] == [
        ("schedule added", "nightly", "olga")
    ]
    assert "nightly" in team.browser("vera").get("/schedules").text


def test_the_list_of_a_run_is_planned_at_certain_times(team: Served, three: JobList) -> None:
    run_id = team.submitted(three, TERMS).run_id
    page = team.browser("otto").get(f"/schedules?run={run_id}").text
    assert "Plan three.yaml (3 orders" in page
    assert "Cancel the orders" not in page
    assert added(team.browser("otto"), NIGHTLY | {"what": "plan", "run": run_id}).status == 303
    (schedule,) = known(team)
    assert (schedule.command, schedule.job_list) == ("plan", "three.yaml")
    assert tuple(job.order for job in schedule.jobs) == ORDERS


def test_an_approved_list_is_canceled_at_certain_times_by_somebody_else_who_may_approve(
    team: Served, approved: str
) -> None:
    assert "Cancel the orders of three.yaml" in team.browser("olga").get(f"/schedules?run={approved}").text
    assert added(team.browser("olga"), CANCEL | {"run": approved}).status == 303
    (schedule,) = known(team)
    assert (schedule.command, schedule.added_by, schedule.jobs != ()) == ("run", "olga", True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders SET job = replace(job, 'Nordwind UK', 'Nordwind DE') WHERE amazon_order LIKE '%0000002'",
        "UPDATE queued_runs SET terms = replace(terms, '\"max_failures\": 5', '\"max_failures\": 500')",
    ],
)
def test_a_list_that_was_changed_after_its_approval_is_not_canceled_at_certain_times(
    team: Served, approved: str, statement: str
) -> None:
    change(team.desk.place, statement)
    answer = added(team.browser("olga"), CANCEL | {"run": approved})
    said = "This list was changed in the ledger after it was submitted: nothing was added."
    assert (answer.status != 303, said in answer.text, known(team)) == (True, True, [])


def test_what_was_compared_with_the_approval_is_what_is_canceled_at_certain_times(
    team: Served, approved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there_and_back = (
        "UPDATE orders SET job = replace(job, 'Nordwind {}', 'Nordwind {}') WHERE amazon_order LIKE '%0000002'"
    )

    def changed_back_meanwhile(*arguments: Any, **named: Any) -> Schedule:
        made = schedule_of(*arguments, **named)
        change(team.desk.place, there_and_back.format("DE", "UK"))
        return made

    monkeypatch.setattr(pages.schedules, "schedule_of", changed_back_meanwhile)
    change(team.desk.place, there_and_back.format("UK", "DE"))
    assert added(team.browser("olga"), CANCEL | {"run": approved}).status == 303
    (schedule,) = known(team)
    assert [(job.order, job.store) for job in schedule.jobs] == [(order, "Nordwind UK") for order in ORDERS]


def test_a_schedule_that_was_changed_or_that_an_earlier_version_added_says_that_nothing_is_done_for_it(
    team: Served,
) -> None:
    for name in ("changed", "earlier", "good"):
        assert added(team.browser("olga"), NIGHTLY | {"name": name, "what": "check"}).status == 303
    change(team.desk.place, "UPDATE schedules SET cron = '* * * * *' WHERE name = 'changed'")
    change(team.desk.place, "UPDATE schedules SET what = json_remove(what, '$.jobs_sha256') WHERE name = 'earlier'")
    changed = "it was changed in the ledger after it was added: remove it, and add it again"
    earlier = "an earlier version added it, which kept no hash over its Admin and times: remove it, and add it again"
    page = team.browser("olga").get("/schedules").text
    assert re.findall(r"nothing is done for it: ([^<]+)<", page) == [changed, earlier]
    listed = "\n".join(lines(team.ledger, team.desk.backlog))
    assert re.findall(r"Nothing is done for it: (.+)\.", listed) == [changed, earlier]
    for name in ("changed", "earlier"):
        assert team.browser("olga").post("/schedules/remove", {"name": name}).status == 303
    assert [one.name for one in known(team)] == ["good"]


def test_the_limits_that_were_approved_go_with_the_list(team: Served, three: JobList) -> None:
    limits = replace(TERMS, max_cancellations=1, spacing=30.0, one_worker_a_store=True, not_before=LATER)
    run_id = team.submitted(three, limits, by="otto").run_id
    approve(team, run_id)
    assert added(team.browser("olga"), CANCEL | {"run": run_id}).status == 303
    (schedule,) = known(team)
    assert schedule.terms == replace(limits, command="run", not_before="")


def test_an_approval_that_is_over_approves_no_schedule(
    team: Served, approved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_two_days = team.ledger.now() + timedelta(days=2)
    monkeypatch.setattr(team.ledger, "now", lambda: in_two_days)
    answer = added(team.browser("olga"), CANCEL | {"run": approved})
    assert "The approval of this list has ended: plan it again, and have that approved." in answer.text
    assert (answer.status, known(team)) == (422, [])


@pytest.mark.parametrize("what", ["plan", "run"])
def test_a_list_that_was_for_another_admin_is_not_scheduled_at_this_one(
    team: Served, approved: str, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    elsewhere = team.desk.settings.model_copy(update={"admin_url": "https://shop.example/staging/admin"})
    monkeypatch.setattr(team.desk, "settings", elsewhere)
    answer = added(team.browser("olga"), CANCEL | {"run": approved, "what": what})
    assert "This list is for shop.example/admin, and this console for shop.example/staging/admin" in answer.text
    assert (answer.status, team.ledger.schedules.all()) == (422, [])


@pytest.mark.parametrize(("who", "role"), [("vera", "operator"), ("anna", "operator"), ("otto", "approver")])
def test_who_has_not_the_role_schedules_no_cancel(team: Served, approved: str, who: str, role: str) -> None:
    answer = added(team.browser(who), CANCEL | {"run": approved})
    assert (answer.status, f"For this you need the role {role}." in answer.text) == (403, True)
    assert known(team) == []


def test_the_submitter_schedules_no_cancel_of_their_own_list(team: Served, three: JobList) -> None:
    run_id = team.submitted(three, TERMS, by="Olga").run_id
    approve(team, run_id)
    answer = added(team.browser("olga"), CANCEL | {"run": run_id})
    assert "You submitted this list: another person has to have it canceled at these times." in answer.text
    assert (answer.status, known(team)) == (422, [])


def test_what_nobody_approved_is_not_canceled_at_certain_times(team: Served, three: JobList) -> None:
    run_id = team.submitted(three, TERMS, by="otto").run_id
    answer = added(team.browser("olga"), CANCEL | {"run": run_id})
    assert "Only a list that was approved can be canceled at certain times." in answer.text
    assert (answer.status, known(team)) == (422, [])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": " "}, "A schedule needs a name"),
        ({"cron": "0 2 * *"}, "needs five fields"),
        ({"cron": "0 99 * * *"}, "The schedule cannot be used"),
        ({"timezone": "Mars/Olympus"}, "The schedule cannot be used"),
        ({"since": "a week"}, "a week"),
        ({"cron": "<script>alert(1)</script> 2 * * *"}, "The schedule cannot be used"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form_which_keeps_what_was_entered(
    team: Served, wrong: dict[str, str], says: str
) -> None:
    answer = added(team.browser("olga"), NIGHTLY | {"what": "audit"} | wrong)
    assert (answer.status, known(team)) == (422, [])
    alert = answer.text.split('role="alert">')[1].partition("</p>")[0]
    assert says in alert
    assert "<script>alert(1)" not in answer.text
    assert f'name="timezone" value="{wrong.get("timezone", "Europe/Berlin")}"' in answer.text


def test_a_name_is_used_once(team: Served) -> None:
    assert added(team.browser("olga"), NIGHTLY | {"what": "check"}).status == 303
    assert "There is a schedule" in added(team.browser("olga"), NIGHTLY | {"what": "audit"}).text
    assert [one.command for one in known(team)] == ["check"]
    assert team.browser("olga").post("/schedules/remove", {"name": "nightly"}).status == 303
    assert known(team) == []


@pytest.mark.parametrize("fields", [{"what": "run"}, {"what": "plan"}, {"what": "sign-in"}, {}])
def test_a_form_that_the_page_does_not_have_is_refused(team: Served, fields: dict[str, str]) -> None:
    assert added(team.browser("olga"), NIGHTLY | fields).status == 409
    assert added(team.browser("olga"), NIGHTLY | {"what": "audit", "run": "20990101-000000-abcd"}).status == 404
    assert known(team) == []
