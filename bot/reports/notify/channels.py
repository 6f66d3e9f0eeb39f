"""How a message gets to people: a webhook, e-mail, and through Apprise (extra ``notify``) everything else.

Every channel raises what went wrong, and takes no longer than ``SECONDS``, or a few times that.
"""

import hashlib
import hmac
import json
import smtplib
import ssl
import time
import urllib.request
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from bot.errors import CannotStart
from bot.reports.notify.messages import Message

SECONDS = 10
"""How long one attempt may take to connect, and to be answered."""

SIGNATURE, TIME = "X-Countermand-Signature", "X-Countermand-Time"
"""Headers of a webhook: ``sha256=`` and the HMAC of the time, a dot and the body; the time in Unix seconds."""


class Channel(Protocol):
    """A way to people. ``str()`` of it is what the log calls it."""

    def send(self, message: Message) -> None:
        """Send a message; whatever is raised says why it was not sent."""


class Webhook:
    """A POST of JSON to an address. With a secret it is signed, so that the receiver knows whom it is from."""

    def __init__(self, address: SecretStr, secret: SecretStr | None) -> None:
        self._address = address
        self._secret = secret
        self._opener = urllib.request.build_opener(_NoRedirect)

    def __str__(self) -> str:
        return f"the webhook at {urlsplit(self._address.get_secret_value()).hostname}"

    def send(self, message: Message) -> None:
        """See :class:`Channel`."""
        told = {"event": str(message.occasion), "title": message.title, "text": f"{message.title}\n{message.text}"}
        body = json.dumps(told | message.facts, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "countermand", TIME: str(int(time.time()))}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret, headers[TIME], body)
        request = urllib.request.Request(self._address.get_secret_value(), body, headers, method="POST")
        with self._opener.open(request, timeout=SECONDS):
            pass


class Email:
    """A message to some addresses, through a mail server: encrypted, unless it is on this machine."""

    def __init__(self, server: str, password: SecretStr | None, sender: str, to: Sequence[str]) -> None:
        self._server = urlsplit(server)
        self._password = password
        self._sender = sender
        self._to = to

    def __str__(self) -> str:
        return f"e-mail through {self._server.hostname}"

    def send(self, message: Message) -> None:
        """See :class:`Channel`."""
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = message.title, self._sender, ", ".join(self._to)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        with self._connected() as server:
            if self._password is not None:
                server.login(unquote(self._server.username or ""), self._password.get_secret_value())
            server.send_message(mail)

    def _connected(self) -> smtplib.SMTP:
        host, context = self._server.hostname or "", ssl.create_default_context()
        if self._server.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self._server.port or 465, timeout=SECONDS, context=context)
        server = smtplib.SMTP(host, self._server.port or 587, timeout=SECONDS)
        if host not in {"localhost", "127.0.0.1", "::1"}:
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


class ThroughApprise:
    """Any service that Apprise has an address for."""

    def __init__(self, addresses: SecretStr) -> None:
        try:
            import apprise
        except ModuleNotFoundError as missing:
            raise CannotStart(
                reason="COUNTERMAND_NOTIFY_APPRISE is set, and Apprise is not installed.",
                next_step="Get it with: pip install 'countermand[notify]'",
            ) from missing
        self._services = apprise.Apprise()
        for number, address in enumerate(addresses.get_secret_value().split(), start=1):
            if not self._services.add(address):
                raise CannotStart(reason=f"Apprise does not know address {number} of COUNTERMAND_NOTIFY_APPRISE.")

    def __str__(self) -> str:
        return "Apprise"

    def send(self, message: Message) -> None:
        """See :class:`Channel`."""
        if not self._services.notify(title=message.title, body=message.text):
            raise OSError("a service did not take it")


def signature(secret: SecretStr, at: str, body: bytes) -> str:
    """What the signature's header holds."""
    key = secret.get_secret_value().encode()
    return f"sha256={hmac.new(key, at.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that leads elsewhere is an error: it would send the message to somebody whom nobody named."""

    def redirect_request(self, *_: object) -> None:
        """None: it is not followed."""
