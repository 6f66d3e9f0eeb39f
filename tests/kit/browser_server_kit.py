"""A browser server of a test's own: the command line in a process, and what a test wants to know of it."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import Self

import psutil
from environment_kit import clean_environment

from bot.access.find_browser import BrowserChoice

PROGRAM = "from bot.cli import main; main()"


def free_port() -> int:
    """A port that nothing listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class BrowserServer:
    """``countermand browser-server`` while the ``with`` block lasts, for an Admin on this machine.

    ``before`` is Python that runs in its process before the command does.
    """

    def __init__(self, folder: Path, choice: BrowserChoice, *, before: str = "", **settings: str) -> None:
        self._program = before + PROGRAM
        self.port = free_port()
        self.said: list[str] = []
        self._acts: dict[str, Callable[[], object]] = {}
        self._folder = folder
        given = {"ADMIN_URL": "http://127.0.0.1/admin"}
        if choice.executable:
            given["BROWSER"] = str(choice.executable)
        self._environment = {f"COUNTERMAND_{name}": value for name, value in (given | settings).items()}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, with its browser, as a service manager does."""
        if self.process.poll() is None:
            self.process.terminate()
        self._is_over()

    def on_line(self, begin: str, act: Callable[[], object]) -> None:
        """Have something done when it says a line that begins so."""
        self._acts[begin] = act

    def _is_over(self) -> None:
        self.process.wait(120)
        self._reads.join(120)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def start(self) -> None:
        """Start it, or start it again, and wait until a worker can come."""
        self.process = Popen(
            [sys.executable, "-c", self._program, "browser-server", "--port", str(self.port)],
            cwd=self._folder,
            env=clean_environment(**self._environment, PYTHONUTF8="1"),
            stdout=PIPE,
            stderr=STDOUT,
            encoding="utf-8",
        )
        ready = threading.Event()
        self.on_line("Its address is a secret", ready.set)

        def read() -> None:
            for line in self.process.stdout or ():
                self.said.append(line.rstrip())
                for act in [act for begin, act in self._acts.items() if line.startswith(begin)]:
                    act()
            ready.set()

        self._reads = threading.Thread(target=read)
        self._reads.start()
        assert ready.wait(300), self.said
        assert self.process.poll() is None, self.said

    @property
    def address(self) -> str:
        """What COUNTERMAND_BROWSER_SERVER is set to."""
        file = self._folder / "runs" / f"browser-server-{self.port}.txt"
        return file.read_text(encoding="ascii").strip()

    @property
    def drivers(self) -> list[psutil.Process]:
        """The processes of Playwright's own servers."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "launch-server" in child.cmdline()]

    def kill(self) -> None:
        """End it and its browser at once, as a machine does that loses power."""
        for process in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            with suppress(ProcessLookupError):
                os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._is_over()
