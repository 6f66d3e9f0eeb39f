"""Spans of time as people write them on a command line: ``90m``, ``24h``, ``7d``."""

import re
from datetime import timedelta

from bot.errors import CannotStart

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def time_span(text: str) -> timedelta:
    """The span that ``text`` says.

    Raises:
        CannotStart: it is no such span.
    """
    parts = re.fullmatch(r"([0-9]{1,5})([mhd])", text.strip())
    if parts is None or int(parts[1]) == 0:
        raise CannotStart(reason=f"{text!r} is no span of time: write minutes, hours or days, such as 90m, 24h or 7d.")
    return timedelta(**{_UNITS[parts[2]]: int(parts[1])})
