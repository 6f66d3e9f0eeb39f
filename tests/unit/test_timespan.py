from datetime import timedelta

import pytest

from bot.errors import CannotStart
from bot.timespan import pace_of, time_span


@pytest.mark.parametrize(
    ("text", "span"),
    [("90m", timedelta(minutes=90)), ("24h", timedelta(hours=24)), (" 7d ", timedelta(days=7))],
)
def test_minutes_hours_and_days_are_understood(text: str, span: timedelta) -> None:
    assert time_span(text) == span


@pytest.mark.parametrize("text", ["", "24", "h", "0h", "-1h", "1.5h", "2w", "123456d", "1h30m", "٢h"])
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(CannotStart) as refused:
        time_span(text)
    assert str(refused.value) == (
        f"{text!r} is not a span of time: write minutes, hours or days, such as 90m, 24h or 7d."
    )


@pytest.mark.parametrize(("text", "seconds"), [("30/min", 2), ("500/h", 7.2), ("2/s", 0.5), (" 1.5 / min ", 40)])
def test_a_pace_is_the_time_from_one_order_to_the_next(text: str, seconds: float) -> None:
    assert pace_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "30", "30/day", "/min", "0/min", "-3/min", "many/min", "1e9/s"])
def test_what_is_no_pace_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"it must be a number of orders and a time, such as 30/min, 500/h or 2/s"):
        pace_of(text)
