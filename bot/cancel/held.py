"""Requests that wait in the browser until the wire has decided what becomes of them."""

import base64
from typing import Any, Protocol

from playwright.sync_api import CDPSession, Request, Route
from playwright.sync_api import Error as PlaywrightError

from bot.cancel.cancels import Sent
from bot.cancel.endpoint import Answered
from bot.cancel.sending import in_plain_words

_OF_THE_WAY = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})
"""Headers of an answer that say how it traveled: the client has unpacked it."""


class Held(Protocol):
    """A request that waits in the browser for what becomes of it."""

    def sent(self) -> Sent:
        """The request."""

    def let_out(self) -> None:
        """Let it go on as the browser meant it."""

    def stop(self) -> None:
        """End it: it never leaves the browser."""

    def give(self, answered: Answered) -> None:
        """Answer it with what the client was answered."""


class HeldByChromium:
    """A request, or its answer, that Chromium's own interception holds."""

    def __init__(self, session: CDPSession, event: dict[str, Any]) -> None:
        self._session, self._event = session, event

    def sent(self) -> Sent:
        """The request."""
        request = self._event["request"]
        entries = request.get("postDataEntries", [])
        body: bytes | None = b""
        if request.get("hasPostData"):
            whole = bool(entries) and all("bytes" in entry for entry in entries)
            body = b"".join(base64.b64decode(entry["bytes"]) for entry in entries) if whole else None
        return Sent(method=request["method"], url=request["url"], headers=request["headers"], body=body)

    def answered(self) -> Answered:
        """What the server answered."""
        if "responseErrorReason" in self._event:
            return Answered(trouble=f"the connection failed ({self._event['responseErrorReason']})")
        status = int(self._event["responseStatusCode"])
        headers = {one["name"]: one["value"] for one in self._event.get("responseHeaders", [])}
        if 300 <= status < 400:  # the browser gives no body of a redirect
            return Answered(status=status, headers=headers)
        try:
            said = self._session.send("Fetch.getResponseBody", {"requestId": self._event["requestId"]})
        except PlaywrightError as trouble:  # the connection was cut within the answer
            return Answered(trouble=in_plain_words(trouble))
        body = base64.b64decode(said["body"]) if said["base64Encoded"] else str(said["body"]).encode()
        return Answered(status=status, headers=headers, body=body)

    def let_out(self) -> None:
        """Let it go on as the browser meant it."""
        self._session.send("Fetch.continueRequest", {"requestId": self._event["requestId"]})

    def stop(self) -> None:
        """End it: it never leaves the browser."""
        told = {"requestId": self._event["requestId"], "errorReason": "BlockedByClient"}
        self._session.send("Fetch.failRequest", told)

    def give(self, answered: Answered) -> None:
        """Answer it with what the client was answered."""
        # The client has kept the cookies in the browser's profile already.
        headers = [
            {"name": name, "value": value}
            for name, value in answered.headers.items()
            if name.lower() not in _OF_THE_WAY | {"set-cookie"}
        ]
        told = {
            "requestId": self._event["requestId"],
            "responseCode": answered.status,
            "responseHeaders": headers,
            "body": base64.b64encode(answered.body).decode(),
        }
        self._session.send("Fetch.fulfillRequest", told)


class HeldByRoute:
    """A request that Playwright's own interception holds, in any browser."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def sent(self) -> Sent:
        """The request."""
        return as_sent(self._route.request)

    def let_out(self) -> None:
        """Let it go on as the browser meant it."""
        self._route.fallback()

    def stop(self) -> None:
        """End it: it never leaves the browser."""
        self._route.abort("blockedbyclient")

    def give(self, answered: Answered) -> None:
        """Answer it with what the client was answered."""
        headers = {
            name: value for name, value in answered.headers.items() if name.lower() not in _OF_THE_WAY | {"set-cookie"}
        }
        self._route.fulfill(status=answered.status, headers=headers, body=answered.body)


def as_sent(request: Request) -> Sent:
    """A request, as the browser reports it."""
    return Sent(method=request.method, url=request.url, headers=request.headers, body=request.post_data_buffer or b"")


def as_heard(request: Request) -> tuple[Sent, Answered]:
    """A request that has ended, and what it was answered."""
    response = request.response()
    if response is None:
        return as_sent(request), Answered(trouble="no answer came")
    status = response.status
    body = b"" if 300 <= status < 400 else response.body()
    return as_sent(request), Answered(status=status, headers=response.headers, body=body)
