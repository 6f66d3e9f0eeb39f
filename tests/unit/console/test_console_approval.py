"""Nothing is given to a worker before another person has approved exactly what was frozen."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from console_kit import Browser, Served, hidden
from run_kit import TERMS, permit

from bot.engine.by_hand import approve, decline, queued, retry
from bot.errors import NotApproved, QueuedRunStopped
from bot.joblist import JobList
from bot.ledger import Approval, Event, Ledger

from .conftest import ORDERS

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


@pytest.fixture
def asked(team: Served, three: JobList) -> str:
    """A list that Olga has submitted, and that waits."""
    return team.submitted(three, TERMS).run_id


def change(place: Path | str, statement: str) -> None:
    """Change the ledger behind everybody's back."""
    engine = sa.create_engine(f"sqlite:///{place}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount == 1


def sent(browser: Browser, run_id: str, **changed: str) -> tuple[int, str]:
    """Approve as the form does; gives the status and what the page says."""
    page = browser.get(f"/approve/{run_id}").text
    sha256 = hidden(page, "sha256") or ["none"]
    answer = browser.post(f"/approve/{run_id}", {"sha256": sha256[0], "why": "As planned.", "hours": "24"} | changed)
    return answer.status, html.unescape(re.sub(r"<[^>]+>", "", answer.text))


def test_a_list_that_waits_is_in_no_queue_and_no_order_of_it_can_be_claimed_or_pressed(
    team: Served, asked: str
) -> None:
    assert team.waiting_for_workers() == []
    with Ledger.open(team.desk.place) as worker:
        worker.runs.go_on_as(asked, "worker-1")
        worker.limits.count_for(asked)
        with pytest.raises(QueuedRunStopped, match=r"^It was not approved\.$"):
            worker.claims.take(team.desk.admin, ORDERS[0], 300)
        with pytest.raises(QueuedRunStopped, match=r"^It was not approved\.$"):
            worker.intents.write(team.desk.admin, permit(ORDERS[0]))
        assert (worker.claims.held(), worker.intents.of_run(asked)) == ([], [])


def test_another_person_approves_it_and_then_it_is_queued(team: Served, asked: str) -> None:
    assert sent(team.browser("anna"), asked)[0] == 303
    assert len(team.waiting_for_workers()) == 3
    submission = team.ledger.submissions.find(asked)
    assert submission is not None
    assert (submission.approval, submission.decided_by, submission.why) == (Approval.APPROVED, "anna", "As planned.")
    (event,) = team.ledger.trail.of_kind(asked, Event.APPROVED)
    assert (event.told["by"], event.told["sha256"]) == ("anna", submission.sha256)


@pytest.mark.parametrize("name", ["olga", "OLGA", " Olga"])
def test_the_submitter_cannot_approve(team: Served, asked: str, name: str) -> None:
    assert "another person has to approve it" in team.browser("olga").get(f"/approve/{asked}").text
    submission = team.ledger.submissions.find(asked)
    assert submission is not None
    status, words = sent(team.browser(name), asked, sha256=submission.sha256)
    assert status == 409
    assert "submitted it, and another person has to approve it" in words
    assert team.waiting_for_workers() == []


@pytest.mark.parametrize("name", ["vera", "otto"])
def test_another_role_cannot_approve(team: Served, asked: str, name: str) -> None:
    submission = team.ledger.submissions.find(asked)
    assert submission is not None
    status, words = sent(team.browser(name), asked, sha256=submission.sha256)
    assert (status, "you need the role approver" in words) == (403, True)
    assert team.browser(name).post(f"/approve/{asked}/decline", {"why": "No."}).status == 403
    assert team.waiting_for_workers() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders SET job = replace(job, 'BuyerCanceled', 'NoInventory') WHERE amazon_order LIKE '%0000001'",
        "UPDATE orders SET job = replace(job, 'Nordwind UK', 'Nordwind DE') WHERE amazon_order LIKE '%0000002'",
        "DELETE FROM orders WHERE amazon_order LIKE '%0000003'",
        "DELETE FROM stints WHERE orders LIKE '%0000003%'",
        "UPDATE queued_runs SET terms = replace(terms, '\"unmasked\": false', '\"unmasked\": true')",
        "UPDATE submissions SET sha256 = 'abc'",
    ],
)
def test_a_list_that_was_changed_after_it_was_submitted_is_not_approved(
    team: Served, asked: str, statement: str
) -> None:
    page = team.browser("anna").get(f"/approve/{asked}").text
    change(team.desk.place, statement)
    status, words = sent(team.browser("anna"), asked, sha256=hidden(page, "sha256")[0])
    assert status == 409
    assert "its list was changed" in words or "what was looked at is not what waits" in words
    assert team.waiting_for_workers() == []


def test_what_was_not_looked_at_is_not_approved(team: Served, asked: str) -> None:
    status, words = sent(team.browser("anna"), asked, sha256="0" * 64)
    assert (status, "what was looked at is not what waits: look at it again" in words) == (409, True)


@pytest.mark.parametrize("changed", [{"why": " "}, {"hours": "0"}, {"hours": "100000"}, {"hours": ""}])
def test_an_approval_needs_a_reason_and_an_end(team: Served, asked: str, changed: dict[str, str]) -> None:
    assert sent(team.browser("anna"), asked, **changed)[0] == 409
    assert team.waiting_for_workers() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stints SET orders = replace(orders, '0000001', '0000009') WHERE orders LIKE '%0000001%'",
        "UPDATE stints SET sha256 = 'abc' WHERE orders LIKE '%0000001%'",
        "UPDATE queued_runs SET terms = replace(terms, '\"max_failures\": 5', '\"max_failures\": 500')",
    ],
)
def test_workers_work_nothing_of_a_list_that_was_changed_after_the_approval(
    team: Served, asked: str, statement: str
) -> None:
    sent(team.browser("anna"), asked)
    assert team.ledger.submissions.why_not(asked) == ""
    change(team.desk.place, statement)
    why = "The list was changed in the ledger after it was submitted for approval: none of it is worked."
    assert team.ledger.submissions.why_not(asked) == why


def test_when_an_approval_has_ended_no_more_orders_begin_until_it_is_given_again(team: Served, asked: str) -> None:
    sent(team.browser("anna"), asked)
    change(team.desk.place, "UPDATE submissions SET approved_until = 0")
    with Ledger.open(team.desk.place) as worker:
        worker.runs.go_on_as(asked, "worker-1")
        worker.limits.count_for(asked)
        with pytest.raises(QueuedRunStopped, match=r"^Its approval ended at 1970-01-01 00:00 UTC\.$"):
            worker.intents.write(team.desk.admin, permit(ORDERS[0]))
        assert sent(team.browser("anna"), asked)[0] == 303
        assert worker.claims.take(team.desk.admin, ORDERS[0], 300)
    assert len(team.waiting_for_workers()) == 3


def test_a_declined_list_ends_with_every_order_skipped(team: Served, asked: str) -> None:
    assert team.browser("anna").post(f"/approve/{asked}/decline", {"why": "Wrong store."}).status == 303
    results = team.ledger.runs.results(asked)
    assert {(one.outcome, one.message) for one in results} == {
        ("skipped", "Nothing was pressed: the run stopped. Declined by anna: Wrong store."),
    }
    assert sent(team.browser("adam"), asked)[0] == 409
    assert team.waiting_for_workers() == []


def test_what_waits_is_not_retried_into_the_queue(team: Served, asked: str) -> None:
    assert team.browser("otto").post(f"/runs/{asked}/retry").status == 409
    with Ledger.open(team.desk.place) as ledger, pytest.raises(NotApproved, match="it was not approved"):
        retry(ledger, team.desk.backlog, queued(ledger, asked), "otto")
    assert team.waiting_for_workers() == []


def test_the_command_line_approves_and_declines_as_the_console_does(team: Served, asked: str, three: JobList) -> None:
    with Ledger.open(team.desk.place) as ledger:
        run = queued(ledger, asked)
        by_olga = {"by": "olga", "why": "Mine.", "seconds": 60.0, "four_eyes": True}
        with pytest.raises(NotApproved, match="olga submitted it"):
            approve(ledger, team.desk.backlog, run, **by_olga)  # type: ignore[arg-type]  # as they are
        approve(ledger, team.desk.backlog, run, by="anna", why="As planned.", seconds=60, four_eyes=True)
        assert len(team.waiting_for_workers()) == 3
        other = team.submitted(three, replace(TERMS, command="dry run")).run_id
        decline(team.desk.settings, ledger, team.desk.backlog, queued(ledger, other), by="anna", why="No.")
        done = [(one.action, one.by, one.about, one.via) for one in ledger.audit.all()]
    assert done[1:3] == [("approved", "anna", asked, "command line"), ("submitted", "olga", other, "command line")]
    assert ("declined", "anna", other, "command line") in done


def test_one_person_with_a_console_of_their_own_approves_what_they_submitted(mine: Served, three: JobList) -> None:
    run_id = mine.submitted(three, TERMS, by="sole").run_id
    assert sent(mine.me(), run_id)[0] == 303
    assert len(mine.waiting_for_workers()) == 3


def test_a_list_that_needs_no_approval_is_queued_as_before(team: Served, three: JobList) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    assert len(team.waiting_for_workers()) == 3
    assert team.ledger.submissions.why_not(run_id) == ""


def test_the_same_list_submitted_again_changes_nothing_of_what_waits(team: Served, asked: str, three: JobList) -> None:
    again = team.submitted(three, TERMS, approval=False)
    assert (again.run_id, again.is_new, team.waiting_for_workers()) == (asked, False, [])
