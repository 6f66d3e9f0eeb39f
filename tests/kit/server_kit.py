"""A PostgreSQL server of a test's own, from the programs that this computer has: it can be ended and started again."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from environment_kit import clean_environment

NOT_AS_ROOT = "postgres"
"""The user that the server is run as where a test is run as root, which PostgreSQL refuses."""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None if there is no server on this computer."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in [*([Path(found).parent] if found else []), *folders] if _is_whole(folder)), None)


def _is_whole(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres"))


class Server:
    """The server; a context manager. Needs the folder of its ``programs``, and how many may be connected at once."""

    def __init__(self, programs: Path, connections: int = 100) -> None:
        self._programs = programs
        self._port = 0
        self._connections = connections
        self._folder = Path(tempfile.mkdtemp(prefix="server-"))  # short: the name of a socket is
        self._user = NOT_AS_ROOT if os.name == "posix" and os.geteuid() == 0 else None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])

    @property
    def address(self) -> str:
        """The address of its database."""
        return f"postgresql+psycopg://bot@127.0.0.1:{self._port}/postgres"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def process(self) -> int:
        """The number of its first process."""
        return int((self._folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def __enter__(self) -> Self:
        if self._user:
            shutil.chown(self._folder, self._user)
        self._call("initdb", "--auth=trust", "--username=bot", "--no-sync", "--pgdata", str(self._folder / "data"))
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, also after it was ended."""
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -N {self._connections}"
        self._call(
            "pg_ctl", "-w", "-D", str(self._folder / "data"), "-l", str(self._folder / "log"), "-o", options, "start"
        )

    def end(self) -> None:
        """End it as a crash does: nothing is finished."""
        self._call("pg_ctl", "-w", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    def restart(self) -> None:
        """End it as its administrator does, and start it again."""
        self._call("pg_ctl", "-w", "-D", str(self._folder / "data"), "-m", "fast", "stop")
        self.start()

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            user=self._user,
            cwd=self._folder,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a server that is started would keep a pipe open
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}; see {self._folder}")
