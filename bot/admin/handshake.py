"""Why a server cut a connection over TLS that Chromium calls just cut."""

import socket
import ssl
from urllib.parse import urlsplit

from bot.identity import host_of

_SECONDS = 5
"""How long the server may take for each answer."""


def wants_client_certificate(url: str) -> bool:
    """Whether the server at ``url`` ends the TLS handshake because nobody showed it a certificate.

    In TLS 1.3 the refusal comes after the browser's side of the handshake, while the browser already sends its request.
    Where the server has closed by then, the refusal can be lost, and Chromium tells of a closed socket. So this opens
    one connection and sends nothing over it: whatever the server says next arrives. It takes up to ten seconds.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        return False
    host = host_of(url)
    if parts.scheme != "https" or not host:
        return False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent, so it does not matter who answers.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as line,
            context.wrap_socket(line, server_hostname=host) as secured,
        ):
            secured.recv(1)
    except ssl.SSLError as refused:
        return "CERTIFICATE" in (refused.reason or "")
    except OSError:
        return False
    return False
