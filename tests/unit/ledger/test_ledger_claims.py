"""Who works on which order: one run at a time, and a run that died holds no order up."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from run_kit import HOST, ORDER, OTHER, permit

from bot.errors import ClaimLost
from bot.ledger import Ledger
from bot.ledger import leases as module
from bot.outcomes import Outcome


@pytest.fixture
def open_as(place: Path | str) -> Iterator[Callable[[str], Ledger]]:
    """Opens the one ledger as a run of that name."""
    opened: list[Ledger] = []

    def give(run_id: str) -> Ledger:
        ledger = Ledger.open(place)
        ledger.runs.go_on_as(run_id)
        opened.append(ledger)
        return ledger

    yield give
    for ledger in opened:
        ledger.close()


def test_an_order_is_worked_by_one_run_at_a_time(open_as: Callable[[str], Ledger]) -> None:
    one, two = open_as("one"), open_as("two")
    assert one.claims.take(HOST, ORDER, 300)
    assert not two.claims.take(HOST, ORDER, 300)
    assert two.claims.take(HOST, OTHER, 300)
    assert two.claims.take("other.example", ORDER, 300)


def test_the_trail_tells_which_order_was_taken_and_from_which_run(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    clock(301)
    two.claims.take(HOST, ORDER, 300)
    taken = {"number": 1, "at": "", "order": ORDER, "event": "taken"}
    assert [entry.told | {"at": ""} for entry in one.trail.entries("one")] == [taken]
    assert [entry.told | {"at": ""} for entry in two.trail.entries("two")] == [taken | {"from_run": "one"}]


def test_an_order_that_was_given_back_is_free(open_as: Callable[[str], Ledger]) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    one.claims.release(HOST, ORDER)
    assert two.claims.take(HOST, ORDER, 300)


def test_nobody_gives_back_what_another_run_holds(open_as: Callable[[str], Ledger]) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    two.claims.release(HOST, ORDER)
    assert not two.claims.take(HOST, ORDER, 300)


def test_whose_an_order_is_can_be_asked_right_before_it_is_canceled(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one = open_as("one")
    one.claims.take(HOST, ORDER, 300)
    one.claims.take("other.example", ORDER, 600)
    assert one.claims.holds(HOST, ORDER)
    clock(299)
    assert one.claims.holds(HOST, ORDER)
    clock(1)
    assert not one.claims.holds(HOST, ORDER)
    assert one.claims.holds("other.example", ORDER)
    assert one.claims.holds(HOST, OTHER)  # which it never claimed


def test_an_order_that_another_run_has_taken_over_is_no_longer_held(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    clock(301)
    two.claims.take(HOST, ORDER, 300)
    assert (one.claims.holds(HOST, ORDER), two.claims.holds(HOST, ORDER)) == (False, True)


@pytest.mark.usefixtures("clock")
def test_a_run_keeps_its_own_claim(open_as: Callable[[str], Ledger]) -> None:
    one = open_as("one")
    assert one.claims.take(HOST, ORDER, 300)
    assert one.claims.take(HOST, ORDER, 300)


def test_a_claim_is_over_when_its_time_is(open_as: Callable[[str], Ledger], clock: Callable[[float], None]) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    clock(299)
    assert not two.claims.take(HOST, ORDER, 300)
    clock(2)
    assert two.claims.take(HOST, ORDER, 300)


def test_a_run_that_gives_signs_of_life_is_never_robbed(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    for _ in range(10):
        clock(200)
        one.claims.sign_of_life()
        assert not two.claims.take(HOST, ORDER, 300)


def test_a_run_that_slept_through_its_claim_does_not_press(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    clock(301)
    assert two.claims.take(HOST, ORDER, 300)
    with pytest.raises(ClaimLost) as refused:
        one.intents.write(HOST, permit())
    assert refused.value.facts == {"order": ORDER}
    assert two.intents.waiting() == []


def test_a_run_that_slept_does_not_press_even_if_the_other_is_done_by_now(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    one.claims.take(HOST, ORDER, 300)
    clock(301)
    two.claims.take(HOST, ORDER, 300)
    two.intents.conclude(two.intents.write(HOST, permit()), Outcome.CANCELED)
    two.claims.release(HOST, ORDER)
    with pytest.raises(ClaimLost):
        one.intents.write(HOST, permit())


def test_a_sign_of_life_does_not_revive_a_claim_that_is_over(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one = open_as("one")
    one.claims.take(HOST, ORDER, 300)
    clock(301)
    one.claims.sign_of_life()
    with pytest.raises(ClaimLost):
        one.intents.write(HOST, permit())


def test_a_sign_of_life_says_what_was_lost_while_the_run_slept(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    for account in ("first", "second"):
        one.accounts.take(HOST, account, 300)
    clock(299)
    assert one.accounts.sign_of_life() == ()
    clock(299)
    assert one.accounts.sign_of_life() == ()
    clock(301)
    two.accounts.take(HOST, "second", 300)
    assert one.accounts.sign_of_life() == ("first", "second")
    clock(1)
    assert one.accounts.sign_of_life() == ("first", "second")  # the next one to ask hears of it too
    one.accounts.release(HOST, "second")
    assert one.accounts.take(HOST, "first", 300)
    assert one.accounts.sign_of_life() == ()


def test_an_account_that_another_run_had_meanwhile_and_gave_back_is_lost_all_the_same(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    one.accounts.take(HOST, "bot", 300)
    clock(301)
    two.accounts.take(HOST, "bot", 300)
    two.accounts.release(HOST, "bot")
    assert one.accounts.sign_of_life() == ("bot",)


def test_a_claim_that_nobody_gave_back_says_whose_it_was(
    open_as: Callable[[str], Ledger], clock: Callable[[float], None]
) -> None:
    one, two = open_as("one"), open_as("two")
    assert one.claims.take(HOST, ORDER, 300)
    assert two.claims.abandoned_by(HOST, ORDER) == ""
    clock(301)
    assert two.claims.abandoned_by(HOST, ORDER) == "one"
    assert one.claims.abandoned_by(HOST, ORDER) == ""  # its own
    assert two.claims.take(HOST, ORDER, 300)
    assert one.claims.abandoned_by(HOST, ORDER) == ""


CLAIM_AND_DIE = """
import os, sys
from pathlib import Path
from bot.ledger import Ledger
ledger = Ledger.open(sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1]))
ledger.runs.go_on_as("died")
print(ledger.claims.take(sys.argv[2], sys.argv[3], 3600), flush=True)
os._exit(9)
"""


@pytest.mark.slow("starts a process")
@pytest.mark.skipif(sys.platform == "win32", reason="there, nobody can ask whether a process is gone")
def test_a_claim_of_a_process_that_is_gone_is_over_at_once(open_as: Callable[[str], Ledger], place: Path | str) -> None:
    died = subprocess.run(
        [sys.executable, "-c", CLAIM_AND_DIE, str(place), HOST, ORDER],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (died.returncode, died.stdout) == (9, "True\n")
    assert open_as("next").claims.take(HOST, ORDER, 300)


def test_a_claim_from_another_computer_is_left_alone_until_its_time_is_over(
    open_as: Callable[[str], Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = open_as("one"), open_as("two")
    with monkeypatch.context() as elsewhere:
        written = module.this_process().replace("/", "-elsewhere/", 1)
        elsewhere.setattr(module, "this_process", lambda: written)
        one.claims.take(HOST, ORDER, 300)
    assert not two.claims.take(HOST, ORDER, 300)


RACE = """
import sys
from pathlib import Path
from bot.ledger import Ledger
ledger = Ledger.open(sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1]))
ledger.runs.go_on_as(sys.argv[2])
sys.stdin.readline()
print(sum(ledger.claims.take("shop.example", f"112-1215998-{number:07}", 300) for number in range(60)), flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow("races two processes")
def test_of_two_processes_that_want_the_same_orders_each_order_has_one(place: Path | str) -> None:
    command = [sys.executable, "-c", RACE, str(place)]
    racers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    # Neither ends before both have said how many they got: a process that is gone would lose its claims.
    got = [int(racer.stdout.readline()) for racer in racers if racer.stdout is not None]
    for racer in racers:
        racer.communicate("end\n")
    assert sum(got) == 60


def test_settling_says_who_and_why_and_lets_a_later_run_press_again(open_as: Callable[[str], Ledger]) -> None:
    ledger = open_as("one")
    intent = ledger.intents.write(HOST, permit())
    ledger.intents.conclude(intent, Outcome.UNKNOWN)
    assert [waiting.order for waiting in ledger.intents.waiting(ORDER)] == [ORDER]
    ledger.intents.settle(intent, "not-canceled", by="maria", why="open in Seller Central")
    assert ledger.intents.waiting() == []
    assert ledger.intents.write(HOST, permit()) == intent + 1


def test_what_a_person_settled_as_canceled_is_looked_at_again_by_an_audit(open_as: Callable[[str], Ledger]) -> None:
    ledger = open_as("one")
    begun = datetime.now(UTC) - timedelta(seconds=1)
    ledger.intents.settle(ledger.intents.write(HOST, permit()), "canceled", by="maria")
    ledger.intents.settle(ledger.intents.write(HOST, permit(OTHER)), "not-canceled", by="maria")
    assert [intent.order for intent in ledger.intents.canceled_since(HOST, begun)] == [ORDER]
    assert ledger.intents.canceled_since("other.example", begun) == []
    assert ledger.intents.canceled_since(HOST, datetime.now(UTC) + timedelta(days=1)) == []


def test_an_order_that_was_canceled_twice_is_audited_once_with_its_latest_look(
    open_as: Callable[[str], Ledger],
) -> None:
    ledger = open_as("one")
    begun = datetime.now(UTC) - timedelta(seconds=1)
    first = ledger.intents.write(HOST, permit())
    ledger.intents.conclude(first, Outcome.CANCELED)
    ledger.intents.note_look(first, "Unshipped")
    second = ledger.intents.write(HOST, permit())
    ledger.intents.conclude(second, Outcome.CANCELED)
    ledger.intents.note_look(second, "Canceled")
    (intent,) = ledger.intents.canceled_since(HOST, begun)
    assert (intent.intent, intent.looked_status) == (second, "Canceled")


def test_an_order_that_was_reverted_waits_for_a_person_until_it_is_seen_canceled_again_or_settled(
    open_as: Callable[[str], Ledger],
) -> None:
    ledger = open_as("one")
    intent = ledger.intents.write(HOST, permit())
    ledger.intents.conclude(intent, Outcome.CANCELED)
    ledger.intents.note_look(intent, "Canceled")
    assert ledger.intents.waiting() == []
    ledger.intents.note_look(intent, "Shipped")
    (waiting,) = ledger.intents.waiting()
    assert (waiting.order, waiting.reverted, waiting.looked_status) == (ORDER, True, "Shipped")
    assert ledger.intents.waiting(OTHER) == []
    ledger.intents.note_look(intent, "Canceled")
    assert ledger.intents.waiting() == []
    ledger.intents.note_look(intent, "Unshipped")
    ledger.intents.settle(intent, "not-canceled", by="maria")
    assert ledger.intents.waiting() == []
