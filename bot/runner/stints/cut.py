"""How the list of a run with workers of its own is cut: into stints that become smaller towards its end.

A long stint is handed out once for many orders. A short one leaves none of the workers without work while another one
has a dozen orders left.
"""

import math
from collections import deque
from collections.abc import Sequence

from bot.joblist import Job

MOST_ORDERS = 25
"""The most orders of a stint."""

SHARES = 2
"""Each worker would get this many of what is left, if the next stints were as long as this one."""


def cut_for(jobs: Sequence[Job], workers: int) -> list[tuple[Job, ...]]:
    """The stints of a list: each of one store, the stores in turn, so that workers begin in different ones."""
    by_store: dict[str, deque[Job]] = {}
    for job in jobs:
        by_store.setdefault(job.store, deque()).append(job)
    stores, left = deque(by_store.values()), len(jobs)
    stints = []
    while stores:
        store = stores.popleft()
        size = min(len(store), MOST_ORDERS, math.ceil(left / (SHARES * workers)))
        stints.append(tuple(store.popleft() for _ in range(size)))
        left -= size
        if store:
            stores.append(store)
    return stints
