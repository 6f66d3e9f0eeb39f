"""How often an order has the bot look at the page: counted, not timed."""

from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page
from practice_kit import US, Cancels, MakeJob, Verdicts, arrived

from bot.admin import Admin
from bot.outcomes import Outcome
from bot.vocabulary import Status
from flows.cancel_order import cancel_order
from flows.open_order import open_store

LOOKS = ("look", "awaitLook", "aim")
AT_MOST = 14


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What the page was asked to do, and how often; no look that waits gives up before it sees what it waits for."""
    made: Counter[str] = Counter()
    evaluate = Page.evaluate

    def counted(page: Page, script: str, asked: Any = None) -> Any:
        if isinstance(asked, list):
            made[asked[0]] += 1
        return evaluate(page, script, asked)

    monkeypatch.setattr(Page, "evaluate", counted)
    for constant in ("admin.admin.SHORTEST_PAUSE", "admin.choice.LIST_FILLS", "cancel.confirm.ANSWER_SHOWS"):
        monkeypatch.setattr(f"bot.{constant}", 60.0)
    return made


def test_an_order_takes_few_looks_from_its_dashboard_to_the_proof(
    admin: Admin, job: MakeJob, cancels: Cancels, acts: Counter[str]
) -> None:
    one = job("unshipped_recent")
    open_store(admin, US)
    acts.clear()
    verdict = cancel_order(admin, one)
    assert (verdict.outcome, verdict.status_after) == (Outcome.CANCELED, Status.CANCELED)
    assert cancels() == arrived(one)
    assert sum(acts[look] for look in LOOKS) <= AT_MOST, acts


DRAWN_AGAIN = """() => {
    [...document.querySelectorAll("button")].filter((one) => one.textContent.trim() === "Confirm")
        .forEach((one) => one.replaceWith(one.cloneNode(true)));
}"""


@pytest.mark.face("spectrum", only=True)
def test_another_confirm_than_the_one_that_was_checked_is_not_pressed(
    admin: Admin, verdicts: Verdicts, job: MakeJob, cancels: Cancels, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []

    def try_out(page: Page, patience: float) -> None:
        page.evaluate(DRAWN_AGAIN)
        tried.append(True)

    monkeypatch.setattr(admin.wire, "try_out", try_out)
    (verdict,) = verdicts(job("unshipped_recent"), attempts=1)
    assert tried == [True]
    assert (verdict.outcome, verdict.message) == (
        Outcome.FAILED,
        "The cancel dialog has changed unexpectedly: Confirm is not the button that was checked.",
    )
    assert cancels() == []
