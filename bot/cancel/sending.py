"""The channel that sends a request exactly once: Playwright's own HTTP client, with the session of the page."""

from playwright.sync_api import APIRequestContext
from playwright.sync_api import Error as PlaywrightError

from bot.cancel.cancels import Sent
from bot.cancel.endpoint import Answered

_CLIENTS_WORDS = {
    "Timeout": "nothing was answered in time",
    "socket hang up": "the connection was closed without an answer",
    "ECONNREFUSED": "the connection was refused, so nothing was sent",
    "ENOTFOUND": "there is no address for the host's name, so nothing was sent",
    "EHOSTUNREACH": "there is no way to the host, so nothing was sent",
    "ENETUNREACH": "there is no way to the host, so nothing was sent",
    "aborted": "the answer broke off",
    "ECONNRESET": "the connection was reset",
    "EPIPE": "the connection was reset",
    "context disposed": "the browser ended before an answer came",
    "has been closed": "the browser ended before an answer came",
}
"""What the client says of a connection -> what that means."""

_THE_CLIENTS_OWN = frozenset({"cookie", "content-length", "connection", "host", "accept-encoding"})
"""Headers of the page's request that the client writes itself."""


def send_once(client: APIRequestContext, sent: Sent, patience: float) -> Answered:
    """Send a request once, without any retry or redirect, and wait up to ``patience`` seconds for the whole answer."""
    headers = {name: value for name, value in sent.headers.items() if name.lower() not in _THE_CLIENTS_OWN}
    try:
        # A connection of its own: on a kept-alive one nobody could tell whether a cut came before or after the request.
        answer = client.fetch(
            sent.url,
            method=sent.method,
            headers={**headers, "Connection": "close"},
            data=sent.body or None,
            timeout=patience * 1000,
            fail_on_status_code=False,
            max_redirects=0,
            max_retries=0,
        )
        try:
            body = answer.body()
            return Answered(
                status=answer.status,
                headers={one["name"]: one["value"] for one in answer.headers_array},
                body=body,
            )
        finally:
            answer.dispose()
    except PlaywrightError as trouble:
        return Answered(trouble=in_plain_words(trouble))


def in_plain_words(trouble: PlaywrightError) -> str:
    """What an error of the client means, in words; its first line where that is not known."""
    first = trouble.message.strip().splitlines()[0]
    words = first.partition(": ")[2] or first
    return next((plain for known, plain in _CLIENTS_WORDS.items() if known in words), words)
