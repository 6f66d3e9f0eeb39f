"""Telling open pages that something has changed.

A page that follows a run keeps a stream open, over which comes one word, ``changed``; it then asks for itself again.
However many pages follow a run, the ledger is asked once a second for all of them, and a reader that is slow misses
words, but nothing else.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from loguru import logger
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.console.desk import Desk
from bot.console.visit import not_now, who
from bot.errors import LedgerTrouble

LOOK_EVERY = 1.0
"""Seconds between two looks at the ledger."""

MOST_STREAMS = 300
"""Of everybody together."""

MOST_OF_ONE = 20
"""Of one person: pages in the background keep none."""

STILL_EVERY = 10.0
"""Seconds between two looks whether the person is still signed in."""

PATIENCE = 10.0
"""Seconds that a reader may take for a word, before its stream is closed."""


@dataclass
class _Topic:
    """What several pages follow."""

    version: Callable[[], str]
    readers: int = 0
    known: str | None = None
    """What it was when it was looked at last."""
    number: int = 0
    """How often it has changed."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nobody follows it any more."""
    task: "asyncio.Task[None] | None" = None


class Live:
    """The streams that are open."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._topics: dict[str, _Topic] = {}
        self._people: Counter[str] = Counter()

    async def of_runs(self, request: Request) -> Response:
        """A stream about every run."""
        return await self._stream(request, "runs", self._desk.ledger.pages.version_of_all)

    async def of_run(self, request: Request) -> Response:
        """A stream about one run."""
        run_id = request.path_params["run"]
        return await self._stream(request, run_id, lambda: self._desk.ledger.pages.version(run_id))

    async def _stream(self, request: Request, name: str, version: Callable[[], str]) -> Response:
        try:
            person = await run_in_threadpool(who, request, self._desk)
        except LedgerTrouble as trouble:
            return PlainTextResponse(f"{not_now(self._desk, trouble)}\n", 503)
        if person is None:
            return PlainTextResponse("Sign in first.\n", 401)
        if self._people[person.name] >= MOST_OF_ONE or self._people.total() >= MOST_STREAMS:
            words = "Too many pages are open. This one shows what it knew when it was loaded: load it again.\n"
            return PlainTextResponse(words, 503, {"Retry-After": "30"})
        return EventSourceResponse(self._words(request, person.name, name, version), ping=15, send_timeout=PATIENCE)

    async def _words(
        self, request: Request, person: str, name: str, version: Callable[[], str]
    ) -> AsyncIterator[ServerSentEvent]:
        topic = self._topics.setdefault(name, _Topic(version))
        self._people[person] += 1
        topic.readers += 1
        try:
            await self._look_once(topic)  # what happens from now on is heard of
            if topic.task is None:
                topic.task = asyncio.create_task(self._look(topic))
            clock = asyncio.get_running_loop().time
            known, asked = topic.number, clock()
            yield ServerSentEvent(event="hello", data="")
            while True:
                if clock() - asked >= STILL_EVERY:
                    asked = clock()
                    if not await self._is_still_here(request):
                        yield ServerSentEvent(event="changed", data="")  # the page asks again, and hears why
                        return
                if topic.number != known:
                    known = topic.number
                    yield ServerSentEvent(event="changed", data=str(known))
                else:
                    await _wait_for(topic.changed, STILL_EVERY)
        finally:
            self._people[person] -= 1
            topic.readers -= 1
            if not topic.readers:
                self._topics.pop(name, None)
                topic.left.set()

    async def _is_still_here(self, request: Request) -> bool:
        try:
            return await run_in_threadpool(who, request, self._desk) is not None
        except LedgerTrouble:
            return True  # it says so itself, once it is asked
        except Exception:
            return False

    async def _look(self, topic: _Topic) -> None:
        while not topic.left.is_set():
            await _wait_for(topic.left, LOOK_EVERY)
            await self._look_once(topic)

    async def _look_once(self, topic: _Topic) -> None:
        try:
            now = await run_in_threadpool(topic.version)
        except LedgerTrouble as trouble:
            logger.debug("what pages follow cannot be looked at: {}", trouble)
            return
        if topic.known is not None and now != topic.known:
            topic.number += 1
            topic.changed.set()
            topic.changed = asyncio.Event()
        topic.known = now


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait for it, but not longer than this."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
