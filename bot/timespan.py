"""Spans of time, points in time and rates of orders, as people write them: ``90m``, ``7d``; ``06:00``; ``30/min``."""

import re
from datetime import datetime, timedelta

from bot.errors import CannotStart

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_MOST_DIGITS = 5
"""99,999 days are 273 years, which no ledger goes back."""

_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3600}


def time_span(text: str) -> timedelta:
    """The span that ``text`` describes.

    Raises:
        CannotStart: it is not a span of time.
    """
    parts = re.fullmatch(r"([0-9]+)([mhd])", text.strip())
    if parts is not None and len(parts[1].lstrip("0")) > _MOST_DIGITS:
        raise CannotStart(reason=f"{text!r} is too long a span of time: write at most {'9' * _MOST_DIGITS}{parts[2]}.")
    if parts is None or int(parts[1]) == 0:
        raise CannotStart(
            reason=f"{text!r} is not a span of time: write minutes, hours or days, such as 90m, 24h or 7d."
        )
    return timedelta(**{_UNITS[parts[2]]: int(parts[1])})


def pace_of(text: str) -> float:
    """The seconds from one order to the next at a pace such as ``30/min``, ``500/h`` or ``2/s``.

    Raises:
        ValueError: it is not valid.
    """
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)\s*/\s*(s|sec|min|h)", text.strip())
    if not found or not float(found[1]):
        raise ValueError("it must be a number of orders and a time, such as 30/min, 500/h or 2/s")
    return _SECONDS[found[2]] / float(found[1])


def point_in_time(text: str, now: datetime) -> datetime:
    """The point in time that ``text`` describes: a date with a time, or a time of day, which is the next one.

    Needs ``now`` in the time zone that counts where ``text`` names none.

    Raises:
        CannotStart: it is no point in time, or it is over.
    """
    how = "write a date and a time, such as 2026-03-01 06:00, or a time of day, such as 06:00"
    try:
        if time_of_day := re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text.strip()):
            at = now.replace(hour=int(time_of_day[1]), minute=int(time_of_day[2]), second=0, microsecond=0)
            return at if at > now else at + timedelta(days=1)
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CannotStart(reason=f"{text!r} is not a point in time: {how}.") from None
    if len(text.strip()) <= len("2026-03-01"):
        raise CannotStart(reason=f"{text!r} is a day without a time: {how}.")
    at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
    if at <= now:
        raise CannotStart(reason=f"{text!r} is over: name a time that is to come, or leave out --at.")
    return at
