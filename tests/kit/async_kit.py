"""Asynchronous code in a test, which may share its process with Playwright's sync API.

That keeps an event loop running in the main thread for as long as a browser is open, so a second one cannot run there.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in a thread of its own; gives what it gives, raises what it raises."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()  # noqa: TID251 - its own thread has no loop
