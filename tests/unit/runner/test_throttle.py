import pytest

from bot.runner.throttle import Throttle


class Clock:
    """Seconds that go by when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


def throttle(clock: Clock, said: list[str], workers: int = 8, spacing: float = 0) -> Throttle:
    return Throttle(workers, spacing, say=said.append, clock=clock)


def answer(throttle: Throttle, *seconds: float) -> None:
    for one in seconds:
        throttle.answered(one)


# --- A pace ---


def test_the_next_order_waits_for_its_turn(clock: Clock, said: list[str]) -> None:
    paced = throttle(clock, said, spacing=2)
    assert paced.wait == 0
    paced.begun()
    assert paced.wait == 2
    clock.now += 1.5
    assert paced.wait == 0.5
    clock.now += 0.5
    assert paced.wait == 0


def test_time_that_was_not_used_is_not_made_up_for(clock: Clock, said: list[str]) -> None:
    paced = throttle(clock, said, spacing=2)
    clock.now += 100
    paced.begun()
    assert paced.wait == 2


def test_without_a_pace_nothing_waits(clock: Clock, said: list[str]) -> None:
    unpaced = throttle(clock, said)
    for _ in range(3):
        unpaced.begun()
    assert unpaced.wait == 0


# --- An Admin that becomes slow ---


def test_an_admin_that_answers_as_at_the_start_is_worked_as_at_the_start(clock: Clock, said: list[str]) -> None:
    steady = throttle(clock, said)
    answer(steady, *[0.4] * 5, *[0.5] * 50)
    assert (steady.at_once, said) == (8, [])


def test_an_admin_that_becomes_slow_is_asked_by_half_as_many(clock: Clock, said: list[str]) -> None:
    slowed = throttle(clock, said)
    answer(slowed, *[0.4] * 5, *[2.0] * 5)
    assert slowed.at_once == 4
    answer(slowed, *[2.0] * 5)
    assert slowed.at_once == 2
    assert said == [
        "The Admin answers in 2.0 s (0.4 s at the start): continuing with 4 orders at a time.",
        "The Admin answers in 2.0 s (0.4 s at the start): continuing with 2 orders at a time.",
    ]


def test_one_slow_answer_slows_nothing(clock: Clock, said: list[str]) -> None:
    steady = throttle(clock, said)
    answer(steady, *[0.4] * 5, *[0.4, 30, 0.4, 0.4, 30])
    assert steady.at_once == 8


def test_milliseconds_that_double_slow_nothing(clock: Clock, said: list[str]) -> None:
    steady = throttle(clock, said)
    answer(steady, *[0.01] * 5, *[0.05] * 10)
    assert steady.at_once == 8


def test_an_admin_that_recovers_is_asked_by_one_more_at_a_time(clock: Clock, said: list[str]) -> None:
    recovering = throttle(clock, said, workers=3)
    answer(recovering, *[0.4] * 5, *[2.0] * 5, *[0.5] * 5)
    assert recovering.at_once == 2
    answer(recovering, *[0.4] * 5)
    assert recovering.at_once == 3
    answer(recovering, *[0.4] * 50)
    assert recovering.at_once == 3
    assert said[1:] == [
        "The Admin answers in 0.5 s again: continuing with 2 orders at a time.",
        "The Admin answers in 0.4 s again: continuing with 3 orders at a time.",
    ]


def test_an_admin_that_turns_away_is_asked_by_half_as_many_at_once(clock: Clock, said: list[str]) -> None:
    refused = throttle(clock, said, workers=3)
    refused.answered(None, turned_away=True)
    assert (refused.at_once, said) == (1, ["The Admin rejects requests: continuing with 1 order at a time."])
    refused.answered(None, turned_away=True)
    assert refused.at_once == 1


def test_orders_without_a_measurement_say_nothing(clock: Clock, said: list[str]) -> None:
    steady = throttle(clock, said)
    for _ in range(20):
        steady.answered(None)
    assert steady.at_once == 8
