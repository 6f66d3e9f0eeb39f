"""What a response tells of the server's time: its clock, and how long it took."""

import time
from email.utils import parsedate_to_datetime

from playwright.sync_api import Response


def seconds_ahead(answer: Response) -> float | None:
    """How far the server's clock, by its ``Date`` header, is ahead of this machine's; None when it does not say.

    The header counts whole seconds, so half of one is added to what it says.
    """
    try:
        said = parsedate_to_datetime(answer.headers.get("date", "")).timestamp() + 0.5
        said += float(answer.headers.get("age", 0))
    except (ValueError, OverflowError):
        return None
    timing = answer.request.timing
    answered = (timing["startTime"] + max(0.0, timing["responseStart"])) / 1000  # both are milliseconds
    return said - (answered if timing["startTime"] > 0 else time.time())


def seconds_taken(answer: Response) -> float | None:
    """How long the server took from the request to the beginning of its answer; None when that is not known."""
    timing = answer.request.timing  # in milliseconds, -1 where not known
    asked, answered = timing["requestStart"], timing["responseStart"]
    return (answered - asked) / 1000 if 0 <= asked <= answered else None
