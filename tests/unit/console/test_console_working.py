"""A run and an order as they are worked: who is at work on what, how fast it goes, and everything about one order."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from console_kit import Served
from run_kit import TERMS
from worked_kit import WORDS, Worker, jpeg

from bot.joblist import JobList
from bot.ledger import Ledger, trail

from .conftest import ORDERS
from .test_console_pages import words

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections

FIRST, SECOND, THIRD = ORDERS
AT_WORK = re.compile(r'<li class="card" id="at-\d+">.*?</li>', re.DOTALL)


def at_work(page: str) -> list[tuple[str, str, str]]:
    """Of each order at work: its number, the picture that is shown, and what stands below."""
    found = []
    for card in AT_WORK.findall(page):
        picture = re.search(r'<img src="([^"]+)"', card)
        (order,) = set(re.findall(r"/orders/([\d-]+)", card))
        below = re.search(r'<span class="soft">(.*?)</span>', card)
        found.append((order, picture[1] if picture else "", html.unescape(below[1]) if below else ""))
    return found


def told(at: str) -> str:
    """A time of the ledger's as pages have it."""
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S} UTC"


def test_each_worker_is_shown_with_its_order_its_step_and_the_picture_that_it_took_last(
    team: Served, three: JobList
) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    browser, run = team.browser("vera"), f"/runs/{run_id}"
    assert "At work now" not in browser.get(run).text
    with Ledger.open(team.desk.place) as one, Ledger.open(team.desk.place) as other:
        first, second = Worker(team, one, run_id, "kiel"), Worker(team, other, run_id, "<b>ulm</b>")
        first.take(FIRST)
        second.take(SECOND)
        second.step(SECOND, "open_order")
        second.picture(SECOND, "01-open_order.jpg", jpeg(200))
        page = browser.get(run).text
        picture = f"{run}/evidence/{SECOND}/01-open_order.jpg"
        assert at_work(page) == [(FIRST, "", "taken · kiel"), (SECOND, picture, "open order · <b>ulm</b>")]
        assert ("No picture yet" in page, "<b>ulm" in page) == (True, False)
        assert browser.get(picture).body == jpeg(200)
        second.step(SECOND, "choose_reason")
        second.picture(SECOND, "02-choose_reason.jpg", jpeg(100))
        second.picture(SECOND, "02-choose_reason.txt", b"words are no picture")
        first.end(FIRST)
        latest = f"{run}/evidence/{SECOND}/02-choose_reason.jpg"
        assert at_work(browser.get(run).text) == [(SECOND, latest, "choose reason · <b>ulm</b>")]
        second.end(SECOND)
    assert "At work now" not in browser.get(run).text


def test_the_rate_and_the_time_left_follow_from_the_orders_that_ended_last(
    team: Served, three: JobList, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    browser, run = team.browser("vera"), f"/runs/{run_id}"
    now = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
    monkeypatch.setattr(trail, "timestamp", lambda: now.isoformat())
    with Ledger.open(team.desk.place) as ledger:
        worker = Worker(team, ledger, run_id)
        worker.end(FIRST)
        alone = words(browser.get(run))
        assert ("1 of 3 orders done" in alone, "a minute" in alone, " left" in alone) == (True, False, False)
        now += timedelta(seconds=40)
        worker.end(SECOND)
        assert "2 of 3 orders done · 1.5 a minute · about 40 s left" in words(browser.get(run))
        worker.end(THIRD)
        assert " left" not in words(browser.get(run)).partition("Orders")[0]


def test_the_page_of_an_order_has_everything_that_is_known_of_it(team: Served, three: JobList) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    run = f"/runs/{run_id}"
    with Ledger.open(team.desk.place) as ledger:
        worker = Worker(team, ledger, run_id)
        intent = worker.cancel_with_an_error(FIRST)
        (looked,) = ledger.intents.looks_at([intent])
        (kept,) = ledger.intents.of_run(run_id, FIRST)
        entries = ledger.trail.of_order(run_id, FIRST)
    page = team.browser("vera").get(f"{run}/orders/{FIRST}")
    said = words(page)
    shots = re.findall(r'<a class="shot" href="([^"]+)" data-label="([^"]+)"><img src="([^"]+)"', page.text)
    files = [f"{run}/evidence/{FIRST}/{name}" for name in ("01-open_order.jpg", "02-press_confirm.jpg")]
    assert shots == [(file, label, file) for file, label in zip(files, ("Open order", "Press confirm"), strict=True)]
    read = f"{run}/evidence/{FIRST}/01-open_order.txt"
    assert f'href="{read}"' in page.text
    assert team.browser("vera").get(read).text == "Order details\nStatus: Unshipped\n"
    assert "Status Unshipped → Canceled" in said
    assert "Next step: Cancel it in Seller Central." in said
    assert f"Permit to cancel {FIRST} of Nordwind UK, Buyer Canceled, once" in said
    assert f"Intent on disk before Confirm no. {intent}, {told(kept.written_at)}" in said
    assert f"Answer on the wire error: {WORDS}" in said
    assert f"Looked at again Canceled, {told(looked[1])}" in said
    rows = re.findall(r'<td>(\d+)</td>.*?<td>([^<]*)</td><td class="seen">.*?<code title="(\w{64})">(\w+)…', page.text)
    assert [(int(row[0]), row[1], row[2]) for row in rows] == [
        (entry.number, entry.event.replace("_", " "), entry.hash) for entry in entries
    ]
    assert [row[3] for row in rows] == [entry.hash[:12] for entry in entries]
    assert {"intent written", "answered", "looked again"} <= {row[1] for row in rows}
