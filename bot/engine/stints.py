"""How a list is cut into stints."""

import math
from collections.abc import Sequence

from bot.joblist import Job

MOST_ORDERS = 25
"""The most orders of a stint: what a worker that dies leaves for another one to look at again, and what it works
between two looks at the queue.
"""

STINTS_OF_A_LIST = 8
"""A short list is cut into about this many stints, so that several workers get some of it, and none looks at the queue
for every order."""


def run_of(stint: str) -> str:
    """The run that a stint belongs to, by its id."""
    return stint.partition("/")[0]


_AGAIN = " again "


def named_again(stint: str) -> str:
    """The id under which a stint is queued once more: the engine has done with the one that it has."""
    first, _, number = stint.partition(_AGAIN)
    return f"{first}{_AGAIN}{int(number) + 1 if number else 1}"


def times_again(stint: str) -> int:
    """How often a stint was queued once more, by its id."""
    number = stint.partition(_AGAIN)[2]
    return int(number) if number else 0


def cut(jobs: Sequence[Job]) -> list[tuple[Job, ...]]:
    """The stints of a list: each of one store, in the order in which the list comes to them."""
    size = min(MOST_ORDERS, math.ceil(len(jobs) / STINTS_OF_A_LIST))
    by_store: dict[str, list[Job]] = {}
    for job in jobs:
        by_store.setdefault(job.store, []).append(job)
    return [tuple(of[first : first + size]) for of in by_store.values() for first in range(0, len(of), size)]
