"""What shops have in front of their Admin, as servers of a test: TLS with an authority of their own, HTTP
authentication, a firewall that asks for a header, a client certificate, a forward proxy.
"""

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

PASSPHRASE = "of the test's key"
NAMES = ("localhost", "shop.test")


@dataclass(frozen=True)
class Certificates:
    """An authority that no machine knows, and what it has signed, as files in a folder."""

    folder: Path

    @classmethod
    def made_in(cls, folder: Path) -> Self:
        authority, authority_key = _signed("Authority of the test", authority=True)
        server, server_key = _signed("127.0.0.1", by=(authority, authority_key))
        client, client_key = _signed("bot", by=(authority, authority_key))
        plain, locked = NoEncryption(), BestAvailableEncryption(PASSPHRASE.encode())
        store = pkcs12.serialize_key_and_certificates(b"bot", client_key, client, None, locked)
        for name, content in {
            "authority.pem": authority.public_bytes(Encoding.PEM),
            "server.pem": server.public_bytes(Encoding.PEM),
            "server.key": server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, plain),
            "client.pem": client.public_bytes(Encoding.PEM),
            "client.key": client_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, plain),
            "locked.key": client_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked),
            "client.p12": store,
        }.items():
            (folder / name).write_bytes(content)
        return cls(folder)

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def server(self, *, asks_for_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file("server.pem"), self.file("server.key"))
        if asks_for_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file("authority.pem"))
        return context


def _signed(
    name: str, *, authority: bool = False, by: tuple[x509.Certificate, EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder(by[0].subject if by else subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        names: list[x509.GeneralName] = [x509.DNSName(one) for one in NAMES]
        alternatives = x509.SubjectAlternativeName([*names, x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(by[1] if by else key, SHA256()), key


@dataclass(frozen=True)
class Arrived:
    """A request, as a server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    shown: str
    """Common name of the certificate that the client showed; empty without one."""
    body: bytes = b""


Answer = tuple[int, Mapping[str, str], bytes]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None, *, cuts_browsers: bool = False
    ) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._tls = tls
        self._cuts_browsers = cuts_browsers
        self.arrived: list[Arrived] = []

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the request's own thread, so that a client that says nothing holds nobody up.
        if self._cuts_browsers and b"http/1.1" in request.recv(4096, socket.MSG_PEEK):
            return  # only a browser says this in the clear, for the protocol that it would like to speak
        with suppress(OSError), self._wrapped(request) as told:
            super().finish_request(told, client_address)

    def _wrapped(self, request: Any) -> AbstractContextManager[Any]:
        return self._tls.wrap_socket(request, server_side=True) if self._tls else nullcontext(request)

    def handle_error(self, *_: object) -> None:
        """A browser that hangs up is expected."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"

    def note(self) -> Arrived:
        shown = ""
        if isinstance(self.connection, ssl.SSLSocket) and (peer := self.connection.getpeercert()):
            subject: Any = peer["subject"]
            shown = dict(part[0] for part in subject)["commonName"]
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        arrived = Arrived(self.command, self.path, headers, shown, body)
        self.server.arrived.append(arrived)
        return arrived

    def give(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        told = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
        for name, value in {**told, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def hand_on(self, arrived: Arrived, port: int, path: str) -> None:
        """Let the server on a port of this machine answer."""
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request(arrived.method, path, arrived.body, {**arrived.headers, "connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "content-length", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True
        connection.close()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Front(_Server):
    """Stands in front of a server of this machine, and hands on what ``refuse`` has no answer for.

    With ``cuts_browsers`` a browser's connection ends before anything was said, as if what was said had been lost.
    """

    def __init__(
        self,
        behind: str,
        *,
        tls: ssl.SSLContext | None = None,
        refuse: Callable[[Arrived], Answer | None] = lambda arrived: None,
        cuts_browsers: bool = False,
    ) -> None:
        port = urlsplit(behind).port or 0

        class Handler(_Handler):
            def handle_all(self) -> None:
                arrived = self.note()
                refusal = refuse(arrived)
                if refusal is not None:
                    self.give(*refusal)
                else:
                    self.hand_on(arrived, port, self.path)

            do_GET = do_POST = handle_all

        super().__init__(Handler, tls, cuts_browsers=cuts_browsers)
        self._scheme = "https" if tls else "http"

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.server_port}/admin/"


class ForwardProxy(_Server):
    """A proxy by which every name leads to this machine; with a ``user`` it asks for ``user:password``."""

    def __init__(self, user: str = "") -> None:
        wanted = f"Basic {base64.b64encode(user.encode()).decode()}"

        class Handler(_Handler):
            def is_let_in(self, arrived: Arrived) -> bool:
                if not user or arrived.headers.get("proxy-authorization") == wanted:
                    return True
                self.give(407, {"Proxy-Authenticate": 'Basic realm="proxy"'}, b"")
                return False

            def do_CONNECT(self) -> None:
                if not self.is_let_in(self.note()):
                    return
                try:
                    to = socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2])))
                except OSError:
                    self.give(502, {}, b"")
                    return
                self.send_response_only(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(to, self.connection), daemon=True)
                back.start()
                _pump(self.connection, to)
                back.join()
                to.close()
                self.close_connection = True

            def handle_all(self) -> None:
                arrived = self.note()
                if self.is_let_in(arrived):
                    parts = urlsplit(self.path)
                    self.hand_on(arrived, parts.port or 80, parts._replace(scheme="", netloc="").geturl())

            do_GET = do_POST = handle_all

        super().__init__(Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def _pump(from_: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := from_.recv(65536):
            to.sendall(data)
    with suppress(OSError):
        to.shutdown(socket.SHUT_WR)
