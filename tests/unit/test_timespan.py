from datetime import datetime, timedelta, timezone

import pytest

from bot.errors import CannotStart
from bot.timespan import pace_of, point_in_time, time_span


@pytest.mark.parametrize(
    ("text", "span"),
    [("90m", timedelta(minutes=90)), ("24h", timedelta(hours=24)), (" 7d ", timedelta(days=7))],
)
def test_minutes_hours_and_days_are_understood(text: str, span: timedelta) -> None:
    assert time_span(text) == span


@pytest.mark.parametrize("text", ["", "24", "h", "0h", "-1h", "1.5h", "2w", "1h30m", "٢h"])
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(CannotStart) as refused:
        time_span(text)
    assert str(refused.value) == (
        f"{text!r} is not a span of time: write minutes, hours or days, such as 90m, 24h or 7d."
    )


@pytest.mark.parametrize(("text", "most"), [("1000000d", "99999d"), ("100000m", "99999m")])
def test_a_span_that_is_too_long_is_said_to_be_so(text: str, most: str) -> None:
    with pytest.raises(CannotStart) as refused:
        time_span(text)
    assert str(refused.value) == f"{text!r} is too long a span of time: write at most {most}."


def test_zeros_before_a_number_do_not_count() -> None:
    assert time_span("0000090m") == timedelta(minutes=90)


@pytest.mark.parametrize(("text", "seconds"), [("30/min", 2), ("500/h", 7.2), ("2/s", 0.5), (" 1.5 / min ", 40)])
def test_a_pace_is_the_time_from_one_order_to_the_next(text: str, seconds: float) -> None:
    assert pace_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "30", "30/day", "/min", "0/min", "-3/min", "many/min", "1e9/s"])
def test_what_is_no_pace_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"it must be a number of orders and a time, such as 30/min, 500/h or 2/s"):
        pace_of(text)


NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("06:00", "2026-03-01T06:00:00+01:00"),
        ("2:30", "2026-03-02T02:30:00+01:00"),
        ("01:59", "2026-03-02T01:59:00+01:00"),
        ("2026-03-01 06:00", "2026-03-01T06:00:00+01:00"),
        ("2026-03-01T06:00Z", "2026-03-01T06:00:00+00:00"),
    ],
)
def test_a_point_in_time_is_a_date_with_a_time_or_the_next_time_of_day(text: str, at: str) -> None:
    assert point_in_time(text, NOW).isoformat() == at


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tomorrow", "'tomorrow' is not a point in time: "),
        ("25:00", "'25:00' is not a point in time: "),
        ("2026-03-02", "'2026-03-02' is a day without a time: "),
        ("2026-03-01 02:30", "'2026-03-01 02:30' is over: name a time that is to come, or leave out --at."),
    ],
)
def test_no_point_in_time_and_one_that_is_over_are_refused(text: str, words: str) -> None:
    with pytest.raises(CannotStart) as refused:
        point_in_time(text, NOW)
    how = "write a date and a time, such as 2026-03-01 06:00, or a time of day, such as 06:00."
    assert str(refused.value) == (words + how if words.endswith(": ") else words)
