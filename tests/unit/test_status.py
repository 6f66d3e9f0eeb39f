import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from bot.guard import Permit
from bot.joblist import Job
from bot.ledger import Ledger
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.status import show_status
from bot.verdicts import Answer
from bot.vocabulary import Reason

STARTED = datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC)
LOCAL = STARTED.astimezone().strftime("%Y-%m-%d %H:%M")
ORDERS = [f"112-1215998-300209{number}" for number in range(4)]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


def begun(ledger: Ledger, run_id: str = "20260301-021405-a1b2", at: datetime = STARTED) -> RunInfo:
    info = RunInfo(
        run_id=run_id,
        command="run",
        admin="shop.example",
        account="bot",
        pack="asc-4.3",
        job_list="jobs.yaml",
        started_at=at,
        version="0.1.0",
    )
    ledger.begin_run(info, [Job(order=order, store="Nordwind UK", reason=Reason.BUYER_CANCELED) for order in ORDERS])
    return info


def ended(ledger: Ledger, order: str, outcome: Outcome) -> None:
    ledger.finish_order(
        OrderResult(
            order=order,
            store="Nordwind UK",
            reason=Reason.BUYER_CANCELED,
            outcome=outcome,
            message="So it is.",
        )
    )


def pressed(ledger: Ledger, order: str) -> int:
    leave = SimpleNamespace(order=order, store="Nordwind UK", reason=Reason.BUYER_CANCELED)
    return ledger.write_intent("shop.example", cast(Permit, leave))


def shown(ledger: Ledger) -> list[list[str]]:
    """The lines, each as the words between which there is more than one space."""
    screen = io.StringIO()
    show_status(ledger, Console(file=screen, width=200, highlight=False))
    lines = screen.getvalue().splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


HEADINGS = ["Run", "Command", "Admin", "Started", "Orders", "Ended"]


def test_an_empty_ledger_has_nothing_to_show(ledger: Ledger) -> None:
    assert shown(ledger) == [["Latest runs"], HEADINGS, [], ["Nothing waits for a person."]]


def test_a_run_says_where_it_was_what_became_of_its_orders_and_that_it_ended(ledger: Ledger) -> None:
    info = begun(ledger)
    ended(ledger, ORDERS[0], Outcome.CANCELED)
    ended(ledger, ORDERS[1], Outcome.CANCELED)
    ended(ledger, ORDERS[2], Outcome.NOT_FOUND)
    ledger.finish_run(info.finished(STARTED + timedelta(minutes=1)))
    assert shown(ledger)[2] == [
        "20260301-021405-a1b2",
        "run",
        "shop.example",
        LOCAL,
        "2 canceled, 1 not found",
        "yes",
    ]


def test_a_run_that_stopped_early_says_why(ledger: Ledger) -> None:
    ledger.finish_run(begun(ledger).finished(STARTED, "The Admin went down."))
    assert shown(ledger)[2][-1] == "The Admin went down."


def test_a_run_without_an_end_says_what_that_may_mean(ledger: Ledger) -> None:
    begun(ledger)
    assert shown(ledger)[2][-2:] == ["none", "no: it still runs, or was cut off"]


def test_the_newest_run_stands_first(ledger: Ledger) -> None:
    begun(ledger, "older")
    begun(ledger, "newer", STARTED + timedelta(days=1))
    assert [line[0] for line in shown(ledger)[2:4]] == ["newer", "older"]


def test_an_order_that_was_cut_off_after_the_press_waits_for_a_person(ledger: Ledger) -> None:
    begun(ledger)
    pressed(ledger, ORDERS[0])
    (intent,) = ledger.waiting()
    assert shown(ledger)[3:] == [
        [],
        ["1 waiting for a person: look each up in Seller Central"],
        ["Order", "Store", "Confirm pressed", "Run", "What is known"],
        [
            ORDERS[0],
            "Nordwind UK",
            intent.written_at,
            "20260301-021405-a1b2",
            "cut off before it was known",
        ],
    ]


def test_what_is_known_of_an_order_that_waits_is_told_with_the_admins_words(ledger: Ledger) -> None:
    begun(ledger)
    intent = pressed(ledger, ORDERS[0])
    ledger.note_answer(intent, Answer.ERROR, "Unable to cancel\n Amazon order")
    ledger.conclude(intent, Outcome.CANCELED_NOT_SENT)
    assert shown(ledger)[-1][-1] == "Canceled here, not sent to Amazon (Unable to cancel Amazon order)"


def test_every_order_that_waits_is_listed_and_the_settled_ones_are_not(ledger: Ledger) -> None:
    begun(ledger)
    for order in ORDERS:
        intent = pressed(ledger, order)
        if order != ORDERS[2]:
            ledger.conclude(intent, Outcome.UNKNOWN)
        else:
            ledger.conclude(intent, Outcome.CANCELED)
    assert [line[0] for line in shown(ledger)[6:]] == [ORDERS[0], ORDERS[1], ORDERS[3]]


def test_words_from_outside_cannot_steer_the_terminal(ledger: Ledger) -> None:
    info = begun(ledger)
    ledger.note_answer(pressed(ledger, ORDERS[0]), Answer.ERROR, "an \x1b[31merror")
    ledger.finish_run(info.finished(STARTED, "It \x1b]0;title\x07stopped [red]here[/red]."))
    lines = shown(ledger)
    assert lines[2][-1] == "It stopped [red]here[/red]."
    assert lines[-1][-1] == "cut off before it was known (an error)"


def test_it_is_printed_on_standard_output(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    show_status(ledger)
    assert capsys.readouterr().out.endswith("\nNothing waits for a person.\n")
