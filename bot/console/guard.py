"""What every request has to pass before anything looks at it, and what every answer carries.

- A request names a host that is this console's: a page elsewhere cannot reach it under a name of its own.
- What changes something comes from a page of this console: by ``Sec-Fetch-Site``, else by ``Origin``. A program with a
  token needs neither, because no browser sends a token by itself.
- Nothing is shown inside another site's page, and no other site may read anything.
- A page runs the scripts of this console, each named by the nonce of that answer, and asks no other host for anything.
"""

import asyncio
import secrets
from collections.abc import Iterable
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console.desk import Desk
from bot.console.visit import TooLarge, trouble
from bot.joblist.reading import LIMITS

MOST_BYTES = LIMITS.max_bytes + 1024 * 1024
"""Of a request's body: the largest list that the command line reads, and the form around it."""

_DRAINED = 256 * 1024 * 1024
"""Bytes of a body that is too large that are read and dropped, so that the browser gets to read the answer."""

_DRAIN_SECONDS = 60

_SAFE = {"GET", "HEAD"}
_FRAMES = {"iframe", "frame", "object", "embed"}


class Guard:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        headers = Headers(scope=scope)
        sending = _with_headers(send, nonce, secure=self._desk.is_secure)
        refused = self._refused(scope, headers)
        if refused is None and _length(headers) > MOST_BYTES:
            await _drain(receive)
            words = f"At most {MOST_BYTES // 2**20} MB can be sent at once. A list of orders is far smaller."
            refused = trouble(Request(scope), 413, words)
        await (refused or self._app)(scope, _counted(receive), sending)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        """What is answered to a request that may not pass; None if it may."""
        request = Request(scope)
        if headers.get("host", "").lower() not in self._desk.hosts:
            return PlainTextResponse(f"This console is at {self._desk.origin}/\n", 421)
        site, mode, dest = (headers.get(f"sec-fetch-{name}", "") for name in ("site", "mode", "dest"))
        if scope["method"] in _SAFE:
            if dest in _FRAMES or (site in {"cross-site", "same-site"} and mode not in {"navigate", ""}):
                return trouble(request, 403, "Another site asked for this in your name. Nothing was shown to it.")
            return None
        if "authorization" in headers:
            return None
        own = site == "same-origin" if site else headers.get("origin", "") == self._desk.origin
        if not own or headers.get("origin", self._desk.origin) != self._desk.origin:
            return trouble(request, 403, "This did not come from a page of this console. Nothing was changed.")
        return None


def _length(headers: Headers) -> int:
    told = headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() else 0


def _counted(receive: Receive) -> Receive:
    """The same, until more has come than may."""
    come = 0

    async def counted() -> Message:
        nonlocal come
        message = await receive()
        come += len(message.get("body", b""))
        if come > MOST_BYTES:
            raise TooLarge
        return message

    return counted


async def _drain(receive: Receive) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(_drop(receive), _DRAIN_SECONDS)


async def _drop(receive: Receive) -> None:
    come = 0
    while come < _DRAINED:
        message = await receive()
        come += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def _with_headers(send: Send, nonce: str, *, secure: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _headers(nonce, secure=secure):
                headers.setdefault(name, value)
        await send(message)

    return sending


def _headers(nonce: str, *, secure: bool) -> Iterable[tuple[str, str]]:
    yield "Content-Security-Policy", policy(nonce)
    yield "Cache-Control", "no-store"
    yield "Cross-Origin-Opener-Policy", "same-origin"
    yield "Cross-Origin-Resource-Policy", "same-origin"
    yield "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    yield "Referrer-Policy", "same-origin"
    yield "X-Content-Type-Options", "nosniff"
    yield "X-Frame-Options", "DENY"
    if secure:
        yield "Strict-Transport-Security", "max-age=31536000"


def policy(nonce: str) -> str:
    """What a page of the console may do."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx"
    )
