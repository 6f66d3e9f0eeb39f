from datetime import timedelta

import pytest

from bot.errors import CannotStart
from bot.timespan import time_span


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
    assert str(refused.value) == (f"{text!r} is no span of time: write minutes, hours or days, such as 90m, 24h or 7d.")
