"""What pages say before anything has happened, states that nobody needs to see in color, and addresses that last."""

import html
import re
from pathlib import Path

import pytest
from console_kit import Browser, Served, served
from run_kit import TERMS, permit
from worked_kit import Worker

from bot.console.rendering import badge
from bot.console.shown import MARKS, State
from bot.joblist import JobList
from bot.ledger import Ledger
from bot.outcomes import Outcome

from .conftest import ORDERS

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections

FIRST_STEPS = {
    "/runs": ("Begin with a new list", "Runs appear here once somebody with the role operator submits a list."),
    "/approve": ("Begin with a new list", "Somebody with the role operator does that; the runs show what is planned"),
    "/settle": ("Look each one up in Seller Central then", "Look each one up in Seller Central then"),
    "/workers": ("Start one on any machine", "Start one on any machine"),
    "/screens": ("Run countermand check on this machine", "Run countermand check on this machine"),
    "/schedules": ("Begin with an audit: add it below.", "Somebody with the role operator adds schedules."),
    "/audit": ("Begin with a new list.", "Begin with the runs."),
}
"""What an empty page tells to do first: to an operator, and to somebody who may only look."""


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())


@pytest.mark.parametrize("who", ["olga", "vera"])
def test_an_empty_page_says_what_to_do_first_and_leads_only_where_its_reader_may_go(team: Served, who: str) -> None:
    browser = team.browser(who)
    for path, first_steps in FIRST_STEPS.items():
        page = browser.get(path)
        assert (page.status, "<tbody></tbody>" in page.text) == (200, False), path
        (said,) = re.findall(r'<div class="card empty">.*?</div>|<p class="notice warn">.*?</p>', page.text, re.DOTALL)
        assert first_steps[who == "vera"] in text_of(said)
        for link in re.findall(r'href="([^"]+)"', said):
            if link.startswith("#"):
                assert f'id="{link[1:]}"' in page.text
            else:
                assert browser.get(link).status == 200, f"{path} leads {who} to {link}"


def test_each_state_and_each_outcome_has_a_word_and_a_shape_of_its_own(team: Served, three: JobList) -> None:
    assert sorted(MARKS) == sorted(State)
    assert len(set(MARKS.values())) == len(set(State)) == len(MARKS)
    told = [
        re.fullmatch(r'<span [^>]+><span aria-hidden="true">(.+)</span> (.+)</span>', badge(one)) for one in Outcome
    ]
    shapes, labels = zip(*(one.groups() for one in told if one), strict=True)
    assert len(set(shapes)) == len(set(labels)) == len(Outcome)
    run_id = team.submitted(three, TERMS, approval=False).run_id
    state = re.compile(r'<span class="state (\w+)"><span aria-hidden="true">(.)</span> ([\w ,]+)</span>')
    for path in ("/runs", f"/runs/{run_id}"):
        assert state.findall(team.browser("vera").get(path).text) == [("queued", "○", "waits for a worker")]


def main_of(browser: Browser, address: str) -> str:
    """What a page shows, without what differs each time that it is made."""
    page = browser.get(address)
    assert page.status == 200, address
    shown = page.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r'hx-nonce="[^"]+"', "", shown)


def test_the_address_of_a_page_gives_the_same_page_again_to_others_and_after_a_restart(
    tmp_path: Path, three: JobList
) -> None:
    with served(tmp_path, team=True) as team:
        waiting = team.submitted(JobList(file="later.csv", jobs=three.jobs[:1]), TERMS).run_id
        run_id = team.submitted(three, TERMS, approval=False).run_id
        with Ledger.open(team.desk.place) as ledger:
            worker = Worker(team, ledger, run_id)
            worker.end(ORDERS[0], Outcome.FAILED, message="No such button.")
            worker.end(ORDERS[1])
            ledger.intents.conclude(ledger.intents.write(team.desk.admin, permit(ORDERS[2])), Outcome.UNKNOWN)
        addresses = {
            "/runs?kind=approval&q=later": ("later.csv", "three.yaml"),
            f"/runs/{run_id}": (ORDERS[2], ORDERS[1][:4] + "x"),
            f"/runs/{run_id}?outcome=failed&q=button": (f"/orders/{ORDERS[0]}", f"/orders/{ORDERS[1]}"),
            f"/runs/{run_id}?outcome=none": (f"/orders/{ORDERS[2]}", f"/orders/{ORDERS[1]}"),
            f"/runs/{run_id}/orders/{ORDERS[0]}": ("No such button.", f"{ORDERS[2]}</h1>"),
            f"/approve/{waiting}?q={ORDERS[0]}": (f"/orders/{ORDERS[0]}", f"/orders/{ORDERS[1]}"),
            f"/settle?kind=unknown&run={run_id}": (f"Choose {ORDERS[2]}", "No order fits"),
            "/settle?kind=reverted": ("No order fits", f"Choose {ORDERS[2]}"),
            f"/audit?action=submitted&q={waiting}": (f">{waiting}<", f">{run_id}<"),
        }
        seen = {address: main_of(team.browser("olga"), address) for address in addresses}
        for address, (there, not_there) in addresses.items():
            assert (there in seen[address], not_there in seen[address]) == (True, False), address
            for follows in re.findall(r'hx-get="([^"]+)"', seen[address]):  # what a page asks for when it follows
                assert main_of(team.browser("olga"), html.unescape(follows)) == seen[address]
        assert {address: main_of(team.browser("olga"), address) for address in addresses} == seen
    with served(tmp_path, team=True) as again:
        assert {address: main_of(again.browser("olga"), address) for address in addresses} == seen
