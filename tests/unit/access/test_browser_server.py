"""Who is let in to a browser server, what is handed on to its browser, and what is not because it is too old."""

import asyncio
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.access.browser_server import Door, ServedBrowser, _path_in
from bot.access.remote_browser import PLAYWRIGHT
from bot.access.websocket import PING, PONG, Frame, SignsOfLife, next_frame
from bot.errors import BrowserDoesNotStart, CannotStart

PATH = "p" * 43
INNER = "inner"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


class FakeBrowser:
    """What Playwright's server would be: it notes what it is told, and answers as a test has it answer."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.heard: list[bytes] = []
        self.ended = False
        self.process = SimpleNamespace(returncode=None)
        self.path = INNER
        self.hears = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: list[StreamWriter] = []

    async def start(self) -> "FakeBrowser":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.append(writer)
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(SWITCHED)
        try:
            while True:
                self.heard.append((await next_frame(reader)).raw)
                self.hears.set()
        except (EOFError, OSError):
            writer.close()

    def say(self, data: bytes) -> None:
        self._writers[-1].write(data)

    def die(self) -> None:
        self._writers[-1].transport.abort()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()

    async def connect(self) -> tuple[StreamReader, StreamWriter]:
        assert self._server is not None
        return await asyncio.open_connection(*self._server.sockets[0].getsockname()[:2])

    async def end(self) -> None:
        self.ended = True
        if self._server is not None:
            self._server.close()


class Worker:
    """A worker's end of the connection."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> str:
        """What is answered to its request, and all of it where it is not let in."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return (head if head == SWITCHED else head + await self.reader.read()).decode()

    async def ping(self) -> Frame:
        while (frame := await next_frame(self.reader)).kind != PING:
            pass
        return frame


def masked(kind: int, payload: bytes) -> bytes:
    mask = b"\x01\x02\x03\x04"
    return (
        bytes([0x80 | kind, 0x80 | len(payload)]) + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    )


class Opened:
    """A door that is open, and who stands at it."""

    def __init__(self, door: Door, browsers: list[FakeBrowser], said: list[str]) -> None:
        self.door, self.browsers, self.said = door, browsers, said
        self.workers: list[Worker] = []

    async def come(self, path: str = PATH, version: str = PLAYWRIGHT, **headers: str) -> Worker:
        worker = Worker(*await asyncio.open_connection("127.0.0.1", self.door.port))
        self.workers.append(worker)
        told = {"Host": "far.example", "User-Agent": f"Playwright/{version} (x64)", "Upgrade": "websocket"} | headers
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in told.items()]
        worker.writer.write("\r\n".join([f"GET /{path} HTTP/1.1", *lines, "", ""]).encode())
        return worker

    async def until(self, holds: Callable[[], bool]) -> None:
        pause = asyncio.Event()
        for _ in range(3000):
            if holds():
                return
            try:
                await asyncio.wait_for(pause.wait(), 0.01)
            except TimeoutError:
                continue
        raise AssertionError(self.said)


@asynccontextmanager
async def opened(stale: float = 60) -> AsyncIterator[Opened]:
    browsers: list[FakeBrowser] = []
    said: list[str] = []

    async def start() -> ServedBrowser:
        browsers.append(await FakeBrowser().start())
        return cast(ServedBrowser, browsers[-1])

    door = Door(PATH, 0, start, said.append, stale=stale)
    standing = Opened(door, browsers, said)
    ready, over = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(door.open(over.is_set, ready.set))
    await ready.wait()
    try:
        yield standing
    finally:
        over.set()
        await serving
        for browser in browsers:
            browser.close()
        for worker in standing.workers:
            worker.writer.close()
        assert all(browser.ended for browser in browsers)


def through(act: Callable[[Opened], Awaitable[None]], **how: Any) -> None:
    async def do() -> None:
        async with opened(**how) as door:
            await asyncio.wait_for(act(door), 120)

    asyncio.run(do())


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"path": "json"}, "404 Not Found There is nothing here."),
        ({"path": ""}, "404 Not Found There is nothing here."),
        ({"path": PATH[1:]}, "404 Not Found There is nothing here."),
        ({"path": f"{PATH}/more"}, "404 Not Found There is nothing here."),
        ({"Origin": "https://shop.example"}, "400 Bad Request This is for workers."),
        ({"Upgrade": "h2c"}, "400 Bad Request This is for workers."),
        ({"version": "1.2.3"}, f"428 Precondition Required {PLAYWRIGHT}"),
        ({"User_Agent": "curl/8"}, f"428 Precondition Required {PLAYWRIGHT}"),
    ],
)
def test_only_a_worker_of_the_same_version_that_knows_the_path_is_let_in(asked: dict[str, str], answer: str) -> None:
    async def act(door: Opened) -> None:
        told = (await (await door.come(**asked)).answer()).removeprefix("HTTP/1.1 ")
        assert f"{told.partition(chr(13))[0]} {told.rpartition(chr(10))[2]}" == answer
        assert door.browsers[0].heads == door.said == []

    through(act)


def test_a_second_worker_is_not_let_in_while_one_is_there() -> None:
    async def act(door: Opened) -> None:
        first = await door.come()
        assert (await first.answer()).startswith("HTTP/1.1 101 ")
        assert (await (await door.come()).answer()).startswith("HTTP/1.1 409 Conflict\r\n")
        first.writer.close()
        await door.until(lambda: len(door.browsers) == 2)
        assert (await (await door.come()).answer()).startswith("HTTP/1.1 101 ")
        assert [len(browser.heads) for browser in door.browsers] == [1, 1]
        assert door.browsers[0].ended

    through(act)


def test_the_request_goes_on_to_the_path_inside_and_asks_for_nothing_else() -> None:
    async def act(door: Opened) -> None:
        await (await door.come(x_playwright_launch_options='{"args": ["--no-sandbox"]}')).answer()
        assert door.browsers[0].heads == [
            f"GET /{INNER} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Playwright/{PLAYWRIGHT} (x64)\r\n"
            "Upgrade: websocket\r\n\r\n"
        ]

    through(act)


def test_what_both_say_is_handed_on_as_it_is() -> None:
    long = b"\x81\x7e\x01\x00" + b"x" * 256

    async def act(door: Opened) -> None:
        worker = await door.come()
        await worker.answer()
        (browser,) = door.browsers
        for sent in (masked(0x1, b"one"), masked(0x9, b"mine")):
            worker.writer.write(sent)
        browser.say(long)
        said = await next_frame(worker.reader)
        while said.kind == PING:
            said = await next_frame(worker.reader)
        assert said.raw == long
        await door.until(lambda: len(browser.heard) == 2)
        assert browser.heard == [masked(0x1, b"one"), masked(0x9, b"mine")]

    through(act)


def test_a_sign_of_life_is_not_handed_on_and_what_comes_after_it_is() -> None:
    async def act(door: Opened) -> None:
        worker = await door.come()
        await worker.answer()
        worker.writer.write(masked(PONG, (await worker.ping()).payload) + masked(0x1, b"still here"))
        await door.until(lambda: bool(door.browsers[0].heard))
        assert door.browsers[0].heard == [masked(0x1, b"still here")]

    through(act)


def test_a_worker_that_gives_no_sign_of_life_loses_its_browser() -> None:
    async def act(door: Opened) -> None:
        worker = await door.come()
        await worker.answer()
        await door.until(lambda: len(door.said) == 2)
        assert door.said[1] == "The worker's connection is over: it has given no sign of life for 0.2 s."
        await door.until(lambda: door.browsers[0].ended)

    through(act, stale=0.2)


def test_what_was_on_its_way_for_too_long_is_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    # It arrives when the answers to pings do that were sent before it: all of them are old.
    ages = iter([0.0, 0.0, 99.0])
    monkeypatch.setattr(SignsOfLife, "age", property(lambda life: next(ages, 0.0)))

    async def act(door: Opened) -> None:
        worker = await door.come()
        await worker.answer()
        await worker.ping()
        worker.writer.write(masked(0x1, b"in time") + masked(0x1, b"the cancel"))
        await door.until(lambda: len(door.said) == 2)
        assert door.said[1] == (
            "The worker's connection is over: what it sent was on its way for more than 60 s, and was not let in."
        )
        assert masked(0x1, b"the cancel") not in door.browsers[0].heard

    through(act)


def test_a_browser_that_ends_takes_the_connection_with_it_and_the_next_worker_gets_another() -> None:
    async def act(door: Opened) -> None:
        worker = await door.come()
        await worker.answer()
        door.browsers[0].die()
        with suppress(OSError):
            await worker.reader.read()
        assert door.said == ["A worker has come.", "The worker's connection is over: the browser has ended."]
        await door.until(lambda: len(door.browsers) == 2)

    through(act)


def test_a_browser_that_died_before_a_worker_came_is_replaced() -> None:
    async def act(door: Opened) -> None:
        door.browsers[0].process.returncode = -9
        assert (await (await door.come()).answer()).startswith("HTTP/1.1 101 ")
        assert [len(browser.heads) for browser in door.browsers] == [0, 1]

    through(act)


def test_a_browser_that_does_not_start_ends_the_server_at_once() -> None:
    async def start() -> ServedBrowser:
        raise BrowserDoesNotStart(source="It", why="it is ill", advice="Call a doctor.", words="")

    door = Door(PATH, 0, start, lambda words: None, stale=60)
    with pytest.raises(BrowserDoesNotStart):
        asyncio.run(door.open(lambda: True, lambda: None))


def test_a_port_that_something_else_has_is_named() -> None:
    async def start_another() -> ServedBrowser:
        return cast(ServedBrowser, await FakeBrowser().start())

    async def act(door: Opened) -> None:
        other = Door(PATH, door.door.port, start_another, lambda words: None, stale=60)
        with pytest.raises(CannotStart) as refused:
            await other.open(lambda: True, lambda: None)
        assert str(refused.value).startswith(f"Port {door.door.port} of this machine cannot be used: ")

    through(act)


# --- How old a message can be -----------------------------------------------------------------------------------------


def frame_of(data: bytes) -> Frame:
    async def read() -> Frame:
        reader = StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await next_frame(reader)

    return asyncio.run(read())


def test_the_age_counts_from_the_latest_ping_that_was_answered() -> None:
    now = [100.0]
    life = SignsOfLife(lambda: now[0], lambda: now[0])
    first = frame_of(life.ping())
    now[0] += 5
    second = frame_of(life.ping())
    now[0] += 5
    assert life.age == 10
    life.answered(second)
    assert life.age == 5
    life.answered(first)  # it came late, and proves less
    assert life.age == 5
    life.answered(Frame(PONG, b"", b"never asked"))
    assert life.age == 5


@pytest.mark.parametrize(("on", "wall"), [(0.0, 600.0), (600.0, 0.0), (0.0, -600.0)])
def test_a_clock_that_stands_still_or_is_set_makes_a_message_older_and_never_younger(on: float, wall: float) -> None:
    clock, wall_clock = [100.0], [5000.0]
    life = SignsOfLife(lambda: clock[0], lambda: wall_clock[0])
    clock[0], wall_clock[0] = clock[0] + on, wall_clock[0] + wall
    assert life.age == 600


def test_a_frame_that_no_browser_sends_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        frame_of(b"\x82\x7f" + (1 << 40).to_bytes(8))


# --- The secret path --------------------------------------------------------------------------------------------------


def test_the_path_is_made_once_kept_for_the_next_start_and_only_its_user_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "browser-server-9323.txt"
    path = _path_in(file, 9323)
    assert file.read_text(encoding="ascii") == f"ws://127.0.0.1:9323/{path}\n"
    assert _path_in(file, 9323) == path
    assert len(path) == 43
    assert file.stat().st_mode & 0o077 == 0 or tempfile.gettempdir().startswith("C:")
    file.write_text("ws://127.0.0.1:9323/short\n", encoding="ascii")
    assert _path_in(file, 9323) not in {"short", path}
