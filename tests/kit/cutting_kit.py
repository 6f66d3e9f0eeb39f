"""A server between the browser and a practice Admin that hands every request on, and answers cancels as it was told.

It reads each request whole, and the practice Admin acts on it, whatever is answered then: what is counted here is what
a server has received, not what a browser reports. It speaks HTTP/1.1 on connections that it keeps, as web servers do,
with TLS where it is given a certificate, and HTTP/2 where the browser asks for that too.
"""

import http.client
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import BinaryIO, Self
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
from h2.errors import ErrorCodes

CANCELS = re.compile(rb"order_cancel_save|mutation cancelOrder")
STATUSES = {"408": "Request Timeout", "421": "Misdirected Request", "502": "Bad Gateway"}
OF_THE_WAY = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True)
class Received:
    """One request, read whole."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def cancels(self) -> bool:
        return bool(CANCELS.search(self.path.encode() + self.body))


@dataclass(frozen=True)
class Answer:
    """What the practice Admin answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Cutter:
    """Serves while the ``with`` block lasts. ``mode`` says what becomes of the answers to cancels:

    "" handed on; ``close`` and ``reset`` the connection is closed, or reset, without an answer; ``half`` it breaks off
    within the answer; a status such as ``408``; ``late`` no answer until the block ends; with HTTP/2 ``refused``
    (REFUSED_STREAM) and ``goaway``.
    """

    def __init__(self, admin_url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._behind = urlsplit(admin_url)
        self._tls = tls
        self._socket = socket.socket()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.mode = ""
        self.received: list[Received] = []

    @property
    def cancels(self) -> list[Received]:
        """Every request that would cancel, as it arrived."""
        with self._lock:
            return [one for one in self.received if one.cancels]

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def url(self) -> str:
        """The Admin's address, through this server."""
        return f"{self.origin}{self._behind.path}"

    def __enter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        self._socket.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), closing(connection):
            if self._tls is None:
                self._speak_http1(connection)
                return
            encrypted = self._tls.wrap_socket(connection, server_side=True)
            with closing(encrypted):
                speak = self._speak_http2 if encrypted.selected_alpn_protocol() == "h2" else self._speak_http1
                speak(encrypted)

    # --- HTTP/1.1 ---

    def _speak_http1(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            for request in self._requests(stream):
                if request.path == "":
                    return  # asked as a proxy, for a host of the browser's own
                if request.method == "CONNECT":  # asked as a proxy: what follows is meant for the practice Admin
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    continue
                answer = self._hand_on(request)
                mode = self.mode if request.cancels else ""
                if mode == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if mode in {"close", "reset"}:
                    return
                if mode == "late":
                    self._over.wait()
                    return
                if mode in STATUSES:
                    answer = Answer(int(mode), [], b"")
                head = [f"HTTP/1.1 {answer.status} {STATUSES.get(mode, 'Said')}"]
                head += [f"{name}: {value}" for name, value in answer.headers]
                whole = "\r\n".join([*head, f"content-length: {len(answer.body) + 100 * (mode == 'half')}", "", ""])
                connection.sendall(whole.encode() + answer.body)
                if mode in {"half", "408"}:
                    return

    def _requests(self, stream: BinaryIO) -> Iterator[Received]:
        while line := stream.readline():
            method, target, _ = line.decode().split()
            headers: dict[str, str] = {}
            while said := stream.readline().decode().strip():
                name, _, value = said.partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0)))
            asked = urlsplit(target if "://" in target else f"//{target}" if method == "CONNECT" else "")
            path = target if target.startswith("/") else asked._replace(scheme="", netloc="").geturl() or "/"
            if asked.netloc not in {"", self._behind.netloc}:
                path = ""
            yield Received(method, path, headers, body)

    # --- HTTP/2 ---

    def _speak_http2(self, connection: socket.socket) -> None:
        told = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        told.initiate_connection()
        connection.sendall(told.data_to_send())
        heads: dict[int, dict[str, str]] = {}
        bodies: dict[int, bytes] = {}
        while data := connection.recv(65_536):
            for event in told.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    heads[event.stream_id] = {str(name): str(value) for name, value in event.headers or []}
                    bodies[event.stream_id] = b""
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data or b""
                    told.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    head = heads.pop(event.stream_id)
                    fields = {name: value for name, value in head.items() if not name.startswith(":")}
                    request = Received(head[":method"], head[":path"], fields, bodies.pop(event.stream_id))
                    if not self._answer_stream(told, event.stream_id, request):
                        connection.sendall(told.data_to_send())
                        return
            connection.sendall(told.data_to_send())

    def _answer_stream(self, told: h2.connection.H2Connection, stream: int, request: Received) -> bool:
        """Answer one request; False where the connection ends with it."""
        answer = self._hand_on(request)
        mode = self.mode if request.cancels else ""
        if mode == "goaway":
            told.close_connection(ErrorCodes.NO_ERROR, last_stream_id=0)
            return False
        if mode == "refused":
            told.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
            return True
        headers = [(name.lower(), value) for name, value in answer.headers]
        told.send_headers(stream, [(":status", str(answer.status)), *headers], end_stream=not answer.body)
        size = told.max_outbound_frame_size
        for at in range(0, len(answer.body), size):
            told.send_data(stream, answer.body[at : at + size], end_stream=at + size >= len(answer.body))
        return True

    # --- The practice Admin behind it ---

    def _hand_on(self, request: Received) -> Answer:
        with self._lock:
            self.received.append(request)
        behind = http.client.HTTPConnection(str(self._behind.hostname), self._behind.port, timeout=60)
        with closing(behind):
            headers = {name: value for name, value in request.headers.items() if name not in OF_THE_WAY}
            behind.request(request.method, request.path, request.body or None, headers)
            response = behind.getresponse()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() not in OF_THE_WAY]
            return Answer(response.status, kept, response.read())
