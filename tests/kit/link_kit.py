"""A network link of a test's own: connections to a server go through it, and it can be cut."""

import socket
import struct
import threading
from contextlib import suppress
from typing import Self

RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing then resets a connection, as a cut one ends."""


class Link:
    """Passes on what is sent between a port of this machine and a server; a context manager.

    Needs the server's ``port``.
    """

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open = threading.Event()
        self._open.set()
        self._refuses = self._over = False
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over = True
        self._open.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reset_all()

    def hold(self) -> None:
        """From now on nothing gets through, and nobody is told: a cable that was pulled."""
        self._open.clear()

    def cut(self) -> None:
        """Every connection is reset, and a new one too: a firewall in between."""
        self._refuses = True
        self._reset_all()

    def mend(self) -> None:
        """All is as before; what was held goes on."""
        self._refuses = False
        self._open.set()

    def _accept(self) -> None:
        while not self._over:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            if self._refuses:
                self._reset(here)
                continue
            try:
                there = socket.create_connection(self._to, timeout=10)
            except OSError:
                self._reset(here)
                continue
            there.settimeout(None)
            with self._lock:
                self._connections |= {here, there}
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while sent := one.recv(65536):
                self._open.wait()
                other.sendall(sent)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _reset_all(self) -> None:
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            self._reset(connection)

    def _reset(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
