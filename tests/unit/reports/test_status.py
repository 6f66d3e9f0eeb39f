from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from run_kit import HOST, STARTED, job, permit, run_info

from bot.ledger import Event, Ledger
from bot.outcomes import Answer, OrderResult, Outcome, RunInfo
from bot.reports.status import looked_again, looked_at_too_soon, status_lines
from bot.vocabulary import Reason

LOCAL = STARTED.astimezone().strftime("%Y-%m-%d %H:%M")
ORDERS = [f"112-1215998-300209{number}" for number in range(4)]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory() as ledger:
        yield ledger


def begun(ledger: Ledger, run_id: str = "20260301-021405-a1b2", at: datetime = STARTED) -> RunInfo:
    info = run_info(run_id, started_at=at)
    ledger.runs.begin(info, [job(order) for order in ORDERS])
    return info


def ended(ledger: Ledger, order: str, outcome: Outcome) -> None:
    ledger.runs.finish_order(
        OrderResult(
            order=order,
            store="Nordwind UK",
            reason=Reason.BUYER_CANCELED,
            outcome=outcome,
            message="So it is.",
        )
    )


def pressed(ledger: Ledger, order: str) -> int:
    return ledger.intents.write(HOST, permit(order))


def at(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def shown(ledger: Ledger) -> list[str]:
    return list(status_lines(ledger, now=STARTED))


def test_an_empty_ledger_has_nothing_to_show(ledger: Ledger) -> None:
    assert shown(ledger) == ["Latest runs", "  none yet", "", "Nothing waits for a person."]


def test_a_run_says_where_it_was_and_what_became_of_its_orders(ledger: Ledger) -> None:
    info = begun(ledger)
    ended(ledger, ORDERS[0], Outcome.CANCELED)
    ended(ledger, ORDERS[1], Outcome.CANCELED)
    ended(ledger, ORDERS[2], Outcome.NOT_FOUND)
    ledger.runs.finish(info.finished(STARTED + timedelta(minutes=1)))
    assert shown(ledger)[1:3] == [
        f"  20260301-021405-a1b2  {LOCAL}  run on shop.example: 2 canceled, 1 not found",
        "",
    ]


def test_a_run_that_stopped_early_says_why(ledger: Ledger) -> None:
    ledger.runs.finish(begun(ledger).finished(STARTED, "The Admin went down."))
    assert shown(ledger)[2] == "      The Admin went down."


def test_a_run_without_an_end_says_what_that_may_mean(ledger: Ledger) -> None:
    begun(ledger)
    assert shown(ledger)[1:3] == [
        f"  20260301-021405-a1b2  {LOCAL}  run on shop.example: none",
        "      It is still running, or was cut off.",
    ]


def test_the_newest_run_stands_first(ledger: Ledger) -> None:
    begun(ledger, "older")
    begun(ledger, "newer", STARTED + timedelta(days=1))
    assert [line.split()[0] for line in shown(ledger)[1:5:2]] == ["newer", "older"]


def test_an_order_that_was_cut_off_after_the_press_waits_for_a_person(ledger: Ledger) -> None:
    begun(ledger)
    pressed(ledger, ORDERS[0])
    (intent,) = ledger.intents.waiting()
    written = datetime.fromisoformat(intent.written_at).astimezone().strftime("%Y-%m-%d %H:%M")
    assert shown(ledger)[-3:] == [
        "1 order waiting for a person: look in Seller Central, then: countermand resolve",
        f"  {ORDERS[0]}  Nordwind UK: cut off before it was known",
        f"      Confirm pressed {written} in run 20260301-021405-a1b2",
    ]


def test_what_is_known_of_an_order_that_waits_is_told_with_the_admins_words(ledger: Ledger) -> None:
    begun(ledger)
    intent = pressed(ledger, ORDERS[0])
    ledger.intents.note_answer(intent, Answer.ERROR, "Unable to cancel\n Amazon order")
    ledger.intents.conclude(intent, Outcome.CANCELED_NOT_SENT)
    assert shown(ledger)[-2] == (
        f"  {ORDERS[0]}  Nordwind UK: Canceled here, not sent to Amazon (Unable to cancel Amazon order)"
    )


def test_every_order_that_waits_is_listed_and_the_settled_ones_are_not(ledger: Ledger) -> None:
    begun(ledger)
    for order in ORDERS:
        outcome = Outcome.CANCELED if order == ORDERS[2] else Outcome.UNKNOWN
        ledger.intents.conclude(pressed(ledger, order), outcome)
    lines = shown(ledger)
    heading = next(place for place, line in enumerate(lines) if "waiting for a person" in line)
    waiting = [line.split()[0] for line in lines[heading:] if line.startswith("  112-")]
    assert waiting == [ORDERS[0], ORDERS[1], ORDERS[3]]


def test_canceled_orders_say_when_and_whether_they_still_were_when_looked_at_again(ledger: Ledger) -> None:
    begun(ledger)
    for order, status in zip(ORDERS, ("Canceled", "Unshipped", None, None), strict=True):
        intent = pressed(ledger, order)
        ledger.intents.conclude(intent, Outcome.CANCELED)
        if status:
            ledger.intents.note_look(intent, status)
    kept, reverted, *unseen = ledger.intents.canceled_since(None, STARTED)
    assert shown(ledger)[4:9] == [
        "4 orders canceled in the last 7 days; "
        "1 still canceled when looked at again, 1 reverted, 2 not looked at again",
        f"  {ORDERS[1]}  canceled here {at(reverted.written_at)}; REVERTED: read Unshipped at {at(reverted.looked_at)}",
        *(
            f"  {intent.order}  canceled here {at(intent.written_at)}; not looked at again yet (countermand audit)"
            for intent in reversed(unseen)
        ),
        f"  {ORDERS[0]}  canceled here {at(kept.written_at)}; still canceled at {at(kept.looked_at)}",
    ]


def test_of_many_canceled_orders_the_newest_are_listed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.reports.status.ORDERS", 3)
    begun(ledger)
    for order in ORDERS:
        ledger.intents.conclude(pressed(ledger, order), Outcome.CANCELED)
    lines = shown(ledger)[5:9]
    assert [line.split()[0] for line in lines[:3]] == ORDERS[:0:-1]
    assert lines[3] == "  and 1 more: the report of each run has them (countermand report RUN)"


def test_an_order_that_was_reverted_waits_for_a_person(ledger: Ledger) -> None:
    begun(ledger)
    number = pressed(ledger, ORDERS[0])
    ledger.intents.conclude(number, Outcome.CANCELED)
    ledger.intents.note_look(number, "Unshipped")
    (intent,) = ledger.intents.waiting()
    assert shown(ledger)[-3:] == [
        "1 order waiting for a person: look in Seller Central, then: countermand resolve",
        f"  {ORDERS[0]}  Nordwind UK: Reverted: Amazon did not keep the cancel (Unshipped {at(intent.looked_at)})",
        f"      Confirm pressed {at(intent.written_at)} in run 20260301-021405-a1b2",
    ]


def test_only_the_latest_look_counts(ledger: Ledger) -> None:
    begun(ledger)
    intent = pressed(ledger, ORDERS[0])
    ledger.intents.conclude(intent, Outcome.CANCELED)
    ledger.intents.note_look(intent, "Canceled")
    ledger.intents.note_look(intent, "Shipped")
    (canceled,) = ledger.intents.canceled_since(None, STARTED)
    assert looked_again([canceled]) == {
        ORDERS[0]: f"canceled here {at(canceled.written_at)}; REVERTED: read Shipped at {at(canceled.looked_at)}"
    }


def test_an_order_that_was_not_canceled_here_has_nothing_to_be_looked_at_again(ledger: Ledger) -> None:
    info = begun(ledger)
    ledger.intents.conclude(pressed(ledger, ORDERS[0]), Outcome.UNKNOWN)
    assert looked_again(ledger.intents.of_run(info.run_id)) == {}


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (
            3.9,
            "2 orders canceled less than 4 hours ago: Amazon may not have answered, so run countermand audit again "
            "later.",
        ),
        (4.1, ""),
    ],
)
def test_an_audit_that_comes_too_soon_asks_for_another_one(ledger: Ledger, hours: float, said: str) -> None:
    begun(ledger)
    for order in ORDERS[:2]:
        ledger.intents.conclude(pressed(ledger, order), Outcome.CANCELED)
    canceled = ledger.intents.canceled_since(None, STARTED)
    latest = max(datetime.fromisoformat(intent.written_at) for intent in canceled)
    assert looked_at_too_soon(canceled, latest + timedelta(hours=hours)) == said


@pytest.mark.parametrize(
    ("event", "told", "shown_as"),
    [
        (Event.TAKEN, {}, "taken"),
        (Event.STEP, {"step": "choose_reason"}, "at step choose_reason"),
        (Event.PICTURE, {"file": "evidence/x.jpg", "sha256": ""}, "at step choose_reason"),
        (Event.INTENT_WRITTEN, {}, "intent written, Confirm is next"),
        (Event.PRESSED, {}, "Confirm pressed, waiting for the answer"),
        (Event.ANSWERED, {}, "answered, to be proved"),
    ],
)
def test_an_order_in_progress_says_how_far_it_is_and_whose_it_is(
    ledger: Ledger, event: Event, told: dict[str, object], shown_as: str
) -> None:
    info = begun(ledger)
    ledger.claims.take("shop.example", ORDERS[0], 300)
    ledger.trail.note(Event.STEP, order=ORDERS[0], step="choose_reason")
    ledger.trail.note(event, order=ORDERS[0], **told)
    (claim,) = ledger.claims.held()
    until = at(datetime.fromtimestamp(claim.until, UTC).isoformat())
    lines = shown(ledger)
    assert lines[lines.index("1 order in progress") + 1] == (
        f"  {ORDERS[0]}  {shown_as}; run {info.run_id} ({claim.process}), until {until}"
    )


def test_words_from_outside_cannot_steer_the_terminal(ledger: Ledger) -> None:
    info = begun(ledger)
    ledger.intents.note_answer(pressed(ledger, ORDERS[0]), Answer.ERROR, "an \x1b[31merror")
    ledger.runs.finish(info.finished(STARTED, "It \x1b]0;title\x07stopped."))
    lines = shown(ledger)
    assert lines[2] == "      It stopped."
    assert lines[-2] == f"  {ORDERS[0]}  Nordwind UK: cut off before it was known (an error)"
