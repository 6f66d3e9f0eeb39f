"""A browser for a worker on another machine: Playwright's own server, behind a door that lets one worker in at a time.

Playwright's server alone is not fit for that. It tells its secret path to everybody who asks (``/json``), lets in any
number of clients at once, and acts on a message however long that was on its way. So it listens where only this user's
programs reach it, and this door is what listens on the port. Through it comes who knows the path, and nobody else while
a worker is there. What was on its way for too long is not let in: after that time another machine may have concluded
that it never will arrive, and a cancel would leave twice.

Each worker gets a browser that was just started, and that browser ends when the worker leaves.
"""

import asyncio
import hmac
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright._impl._driver import compute_driver_executable, get_driver_env

from bot.access.browser import START_LIMIT, does_not_start, lacks_sandbox, launch_options
from bot.access.find_browser import BrowserChoice, find_browser
from bot.access.remote_browser import PLAYWRIGHT
from bot.access.trust_store import driver_environment, home_with
from bot.access.websocket import CLOSE, PONG, SignsOfLife, next_frame
from bot.errors import BrowserDoesNotStart, CannotStart
from bot.files import write_atomically
from bot.settings import Settings

ADDRESS = "127.0.0.1"
"""Nobody else reaches it: another machine comes through a tunnel, or through a server that speaks TLS."""

STALE_SECONDS = 20.0
"""What has been on its way for longer is not let in: together with the age that an intent may have when its cancel
leaves, it is still far less than what recovery waits."""

PING_SECONDS = 3.0
HEAD_SECONDS = 10.0
END_SECONDS = 10.0

_NODE_NAMES = {
    "executable_path": "executablePath",
    "chromium_sandbox": "chromiumSandbox",
    "handle_sigint": "handleSIGINT",
    "handle_sigterm": "handleSIGTERM",
    "handle_sighup": "handleSIGHUP",
}
"""Options that Playwright calls differently here and there."""

_LONGEST_HEAD = 64 * 1024
_PATH = re.compile(r"[A-Za-z0-9_-]{40,}")

Say = Callable[[str], None]


def serve_browser(settings: Settings, port: int, *, headed: bool, say: Say, stopping: Callable[[], bool]) -> None:
    """Serve a browser for one worker at a time, until somebody stops it.

    Raises:
        CannotStart: there is no browser, it does not start, or the port cannot be had.
    """
    file = settings.runs_dir / f"browser-server-{port}.txt"
    path = _path_in(file, port)
    connection = settings.connection
    hosts = (settings.host, *settings.allowed_hosts)
    with home_with(connection.authority) as home, driver_environment(connection.authority):
        choice = find_browser(settings.browser, headed=headed or connection.proxy is not None)
        options = launch_options(
            choice,
            headed=headed,
            allowed_hosts=hosts,
            secrets=connection.secrets,
            fonts=settings.fonts,
            proxy=connection.proxy,
            home=home,
        )
        door = Door(path, port, lambda: start_browser(choice, options), say, stale=STALE_SECONDS)
        asyncio.run(door.open(stopping, lambda: say(f"Serves {choice.source} for {', '.join(hosts)}.\n{_where(file)}")))


def _where(file: Path) -> str:
    return f"Its address is a secret, and is in {file}: set COUNTERMAND_BROWSER_SERVER to it where the worker is."


def _path_in(file: Path, port: int) -> str:
    """The secret path: the one that the file has from an earlier start, else a new one.

    Raises:
        CannotStart: the file cannot be read or written.
    """
    try:
        path = urlsplit(file.read_text(encoding="ascii").strip()).path.strip("/") if file.exists() else ""
        if not _PATH.fullmatch(path):
            path = secrets.token_urlsafe(32)
            write_atomically(file, f"ws://{ADDRESS}:{port}/{path}\n", mode=0o600)
    except (OSError, ValueError) as trouble:
        why = trouble.strerror if isinstance(trouble, OSError) else "it is no text"
        raise CannotStart(reason=f"The file of the address, {file}, cannot be used: {why}.") from trouble
    return path


# --- The browser ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServedBrowser:
    """A browser in Playwright's server, and the way in."""

    process: asyncio.subprocess.Process
    folder: "tempfile.TemporaryDirectory[str]"
    place: str
    """Its socket; on Windows a port of this machine."""
    path: str

    async def connect(self) -> tuple[StreamReader, StreamWriter]:
        """A connection of its own."""
        if self.place.isdecimal():
            return await asyncio.open_connection(ADDRESS, int(self.place), limit=_LONGEST_HEAD)
        return await asyncio.open_unix_connection(self.place, limit=_LONGEST_HEAD)

    async def end(self) -> None:
        """End it; it is asked to first, so that it leaves no profile behind."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), END_SECONDS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        with suppress(OSError):
            self.folder.cleanup()


async def start_browser(choice: BrowserChoice, options: dict[str, Any]) -> ServedBrowser:
    """Start a browser in a server of Playwright's.

    Raises:
        BrowserDoesNotStart: with the reason and what to do about it.
    """
    try:
        return await _start(choice, options)
    except BrowserDoesNotStart as trouble:
        if not (options["chromium_sandbox"] and lacks_sandbox(str(trouble.facts["words"]))):
            raise
    return await _start(choice, {**options, "chromium_sandbox": False})


async def _start(choice: BrowserChoice, options: dict[str, Any]) -> ServedBrowser:
    folder = tempfile.TemporaryDirectory(prefix="countermand-", ignore_cleanup_errors=True)  # nobody else's
    path = secrets.token_urlsafe(32)
    told = {_NODE_NAMES.get(name, name): value for name, value in options.items()}
    told |= {"wsPath": path, "host": ADDRESS, "port": 0}
    if sys.platform != "win32":
        told["port"] = str(Path(folder.name) / "socket")  # only this user can reach it
    told |= {"handleSIGTERM": True, "handleSIGHUP": True}  # so that it closes the browser when it is asked to end
    config = Path(folder.name) / "options.json"
    config.write_text(json.dumps(told, default=str), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *compute_driver_executable(),
        *("launch-server", "--browser", "chromium", "--config", str(config)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        start_new_session=os.name != "nt",  # Ctrl-C in the terminal is answered by this program
    )
    line = b""
    with suppress(TimeoutError, ValueError):
        line = await asyncio.wait_for(process.stdout.readline(), START_LIMIT / 1000 + 10) if process.stdout else b""
    config.unlink()
    place = str(told["port"] or urlsplit(line.decode(errors="replace").strip()).port or "")
    served = ServedBrowser(process, folder, place, path)
    if line and place:
        return served
    words = b""
    if process.stderr is not None:
        with suppress(TimeoutError):
            words = await asyncio.wait_for(process.stderr.read(), END_SECONDS)
    await served.end()
    raise does_not_start(choice, words.decode(errors="replace"))


def _environment() -> dict[str, str]:
    """The driver's: it needs no setting, and no way to the ledger."""
    return {name: value for name, value in get_driver_env().items() if not name.upper().startswith("COUNTERMAND_")}


# --- The door -------------------------------------------------------------------------------------------------------


class Door:
    """Lets one worker at a time through to a browser that was just started.

    Args:
        path: what a worker has to know.
        port: where it listens on this machine; 0 takes a free one.
        start: starts a browser.
        say: told who comes and goes.
        stale: seconds that a message may have been on its way.
    """

    def __init__(
        self,
        path: str,
        port: int,
        start: Callable[[], Coroutine[Any, Any, ServedBrowser]],
        say: Say,
        *,
        stale: float,
    ) -> None:
        self.port = port
        self._path = path
        self._start = start
        self._say = say
        self._stale = stale
        self._is_taken = self._is_over = False
        self._next: asyncio.Task[ServedBrowser] | None = None

    async def open(self, stopping: Callable[[], bool], opened: Callable[[], None]) -> None:
        """Serve until ``stopping`` says so; ``opened`` is called when workers can come.

        Raises:
            CannotStart: the browser does not start, or the port cannot be had.
        """
        self._next = asyncio.create_task(self._start())
        try:
            await self._next
            async with self._listening():
                opened()
                pause = asyncio.Event()
                while not stopping():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(pause.wait(), 0.2)
        finally:
            self._is_over = True
            with suppress(BrowserDoesNotStart):  # one that is just starting is waited for, or it would be left behind
                await (await self._next).end()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        guests: set[asyncio.Task[None]] = set()

        def come(reader: StreamReader, writer: StreamWriter) -> None:
            guest = asyncio.create_task(self._answer(reader, writer))
            guests.add(guest)
            guest.add_done_callback(guests.discard)

        try:
            server = await asyncio.start_server(come, ADDRESS, self.port, limit=_LONGEST_HEAD)
        except OSError as trouble:
            why = os.strerror(trouble.errno) if trouble.errno else str(trouble)
            raise CannotStart(
                reason=f"Port {self.port} of this machine cannot be used: {why}.",
                next_step="Name another one with --port: each worker needs a server of its own.",
            ) from trouble
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for guest in guests:
                guest.cancel()
            await asyncio.gather(*guests, return_exceptions=True)

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Let somebody in, or say why not."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
            if refusal := self._refusal(head):
                status, words = refusal
                told = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n{words}"
                writer.write(told.encode())
                await writer.drain()
                return
            self._is_taken = True
            try:
                await self._serve(head, reader, writer)
            finally:
                self._is_taken = False
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            pass  # it has gone, or is no worker
        finally:
            writer.close()

    def _refusal(self, head: bytes) -> tuple[str, str] | None:
        """Why this is not let in: a status and words; None if it is."""
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, _, rest = first.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0].strip("/")
        if not hmac.compare_digest(path.encode(), self._path.encode()):
            return "404 Not Found", "There is nothing here."
        if method != "GET" or headers.get("upgrade", "").lower() != "websocket" or "origin" in headers:
            return "400 Bad Request", "This is for workers."
        theirs = re.match(r"Playwright/(\d+\.\d+)", headers.get("user-agent", ""))
        if theirs is None or theirs[1] != _minor(PLAYWRIGHT):
            return "428 Precondition Required", PLAYWRIGHT
        if self._is_taken:
            return "409 Conflict", "A worker has this browser."
        return None

    async def _serve(self, head: bytes, reader: StreamReader, writer: StreamWriter) -> None:
        browser = await self._taken()
        if browser is None:
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\nThe browser does not start.")
            await writer.drain()
            return
        self._say("A worker has come.")
        why = "it has left"
        try:
            inner = await browser.connect()
            try:
                inner[1].write(_to_the_browser(head, browser.path))
                answer = await asyncio.wait_for(inner[0].readuntil(b"\r\n\r\n"), HEAD_SECONDS)
                writer.write(answer)
                await writer.drain()
                if answer.startswith(b"HTTP/1.1 101 "):
                    why = await self._hand_on((reader, writer), inner)
            finally:
                inner[1].close()
        finally:
            # Said before it is done: whoever waits for the next worker need not wait for that.
            self._say(f"The worker's connection is over: {why}.")
            self._next = asyncio.create_task(self._renew(browser))

    async def _taken(self) -> ServedBrowser | None:
        """The browser that waits for a worker, or a new one if that has died; None if none starts."""
        with suppress(BrowserDoesNotStart):
            if self._next is not None:
                browser = await asyncio.shield(self._next)
                if browser.process.returncode is None:
                    return browser
                await browser.end()
        self._next = asyncio.create_task(self._start())
        try:
            return await asyncio.shield(self._next)
        except BrowserDoesNotStart as trouble:
            self._say(str(trouble))
            return None

    async def _renew(self, browser: ServedBrowser) -> ServedBrowser:
        await browser.end()
        return browser if self._is_over else await self._start()

    async def _hand_on(
        self, worker: tuple[StreamReader, StreamWriter], inner: tuple[StreamReader, StreamWriter]
    ) -> str:
        """Hand on what the two say to each other until one of them ends; gives why it is over."""
        life, whole_frames = SignsOfLife(), asyncio.Lock()

        async def from_worker() -> str:
            with suppress(EOFError, OSError):
                while True:
                    frame = await next_frame(worker[0])
                    if frame.kind == PONG:
                        life.answered(frame)
                    elif life.age > self._stale:
                        return f"what it sent was on its way for more than {self._stale:g} s, and was not let in"
                    else:
                        inner[1].write(frame.raw)
                        await inner[1].drain()
                        if frame.kind == CLOSE:
                            break
            return "it has left"

        async def from_browser() -> str:
            with suppress(EOFError, OSError):
                while True:
                    frame = await next_frame(inner[0])
                    async with whole_frames:
                        worker[1].write(frame.raw)
                        await worker[1].drain()
            return "the browser has ended"

        async def asking() -> str:
            pause = asyncio.Event()
            with suppress(OSError):
                while life.age <= self._stale:
                    async with whole_frames:
                        worker[1].write(life.ping())
                    with suppress(TimeoutError):
                        await asyncio.wait_for(pause.wait(), min(PING_SECONDS, self._stale / 4))
            return f"it has given no sign of life for {self._stale:g} s"

        tasks = [asyncio.create_task(one()) for one in (from_worker, from_browser, asking)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            worker[1].transport.abort()  # nothing that waits is sent or read any more
            inner[1].transport.abort()


def _to_the_browser(head: bytes, path: str) -> bytes:
    """The worker's request as Playwright's server takes it; it asks for nothing but the browser that is there."""
    _, *lines = head.decode("latin-1").rstrip().split("\r\n")
    kept = [line for line in lines if not line.lower().startswith(("host:", "x-playwright-"))]
    return "\r\n".join([f"GET /{path} HTTP/1.1", "Host: localhost", *kept, "", ""]).encode("latin-1")


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
