"""Spans of time, and rates of orders, as people write them: ``90m``, ``24h``, ``7d``; ``30/min``."""

import re
from datetime import timedelta

from bot.errors import CannotStart

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3600}


def time_span(text: str) -> timedelta:
    """The span that ``text`` describes.

    Raises:
        CannotStart: it is not a span of time.
    """
    parts = re.fullmatch(r"([0-9]{1,5})([mhd])", text.strip())
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
