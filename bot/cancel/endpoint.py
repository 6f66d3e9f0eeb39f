"""What the app's endpoint answers, listened to on the wire from the moment its page is opened.

What the app shows is no proof of what it was answered: after an ended session, a refused permission or an error it may
show a message of its own, an empty list, or nothing at all. The first request after the end of a session is redirected
to the sign-in page; later ones are answered with a piece of JSON followed by that page, and status 200.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bot.wording import cut, harmless, plain_name

SESSION_ENDED_WORDS = "Authentication failed"
"""What the extension answers without a session, and without the permission; never translated."""

_SIGN_IN_PAGE = re.compile(rb"login\[username\]|id=[\"']login-form[\"']")
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_A_PAGE = re.compile(rb"\s*(?:<!doctype|<html|<\?xml|<head|<body)", re.IGNORECASE)


class Meaning(StrEnum):
    """What an answer of the endpoint comes to."""

    GOOD = "good"
    """It arrived whole, is JSON, and says nothing of an error."""
    SESSION_ENDED = "session ended"
    FORBIDDEN = "forbidden"
    """The account may not do this, or a firewall lets no request through."""
    BUSY = "busy"
    """The server asks to be left alone: HTTP 429 or 503."""
    ERROR = "error"
    """HTTP 4xx or 5xx, or errors in the answer."""
    UNREADABLE = "unreadable"
    """It arrived, and is no answer to what was asked."""
    CUT = "cut"
    """The connection ended before the answer was whole."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One answer as it arrived, or that none did."""

    status: int = 0
    """HTTP status; 0 where no answer arrived."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    trouble: str = ""
    """Why no whole answer arrived, in the words of the browser or the system."""

    def header(self, name: str) -> str:
        """A header's value; empty without that header."""
        return next((value for known, value in self.headers.items() if known.lower() == name.lower()), "")

    @property
    def title(self) -> str:
        """What the page is called that came in place of data; empty where none did."""
        found = _TITLE.search(self.body[:20_000])
        return cut(harmless(unescape(found[1].decode(errors="replace"))), 100) if found else ""

    @property
    def is_sign_in_page(self) -> bool:
        """Whether it is, or leads to, the page that asks to sign in."""
        leads_to = urlsplit(self.header("location")).path
        return bool(_SIGN_IN_PAGE.search(self.body)) or (300 <= self.status < 400 and "/auth/" in f"{leads_to}/")


class Understood(NamedTuple):
    """What an answer means, and in words that can end a sentence."""

    meaning: Meaning
    words: str = ""
    data: Mapping[str, Any] = {}
    """What a good answer says under ``data``."""


def understand(answered: Answered) -> Understood:
    """What an answer of the endpoint means."""
    if answered.trouble or not answered.status:
        return Understood(Meaning.CUT, answered.trouble or "the connection was cut")
    if answered.is_sign_in_page and answered.status != 403:
        return Understood(Meaning.SESSION_ENDED, "the session has ended; the Admin asks to sign in")
    if answered.status in {429, 503}:
        return Understood(Meaning.BUSY, http_words(answered))
    said, rest = _json_and_rest(answered.body)
    errors = _errors(said)
    if answered.status in {401, 403}:
        if SESSION_ENDED_WORDS in errors:
            return Understood(Meaning.FORBIDDEN, f"{http_words(answered)}, {SESSION_ENDED_WORDS}")
        return Understood(Meaning.FORBIDDEN, http_words(answered))
    if answered.status >= 400:
        return Understood(Meaning.ERROR, http_words(answered))
    if SESSION_ENDED_WORDS in errors or (isinstance(said, dict) and said.get("ajaxExpired")):
        return Understood(Meaning.SESSION_ENDED, "the session has ended; the Admin asks to sign in")
    if answered.status >= 300:
        return Understood(Meaning.UNREADABLE, f"it leads to another address (HTTP {answered.status})")
    if rest or not isinstance(said, dict | list):
        return Understood(Meaning.UNREADABLE, _instead(answered))
    if errors:
        return Understood(Meaning.ERROR, errors[0] or "an error without words")
    parts = said if isinstance(said, list) else [said]
    data = [part.get("data") for part in parts if isinstance(part, dict)]
    whole = [part for part in data if isinstance(part, dict)]
    if not whole or len(whole) != len(parts):
        return Understood(Meaning.UNREADABLE, "it says neither yes nor no")
    return Understood(Meaning.GOOD, data={name: value for part in whole for name, value in part.items()})


def http_words(answered: Answered) -> str:
    """An answer by its HTTP status; what refuses, such as a firewall, is told by the title of its page as well."""
    called = f", a page called {answered.title!r}" if answered.title and answered.status < 500 else ""
    return f"HTTP {answered.status}{called}"


def _instead(answered: Answered) -> str:
    if _A_PAGE.match(answered.body):
        return f"a page called {answered.title!r} in place of data" if answered.title else "a page in place of data"
    return "it could not be read"


def _json_and_rest(body: bytes) -> tuple[Any, str]:
    """The JSON that a body begins with, and what follows it; None where it begins with none."""
    text = body.decode("utf-8-sig", errors="replace").strip()
    try:
        said, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, text
    return said, text[end:].strip()


def _errors(said: Any) -> list[str]:
    """The words of the errors in an answer, each once."""
    found: list[str] = []
    for part in said if isinstance(said, list) else [said]:
        errors = part.get("errors") if isinstance(part, dict) else None
        for error in errors if isinstance(errors, list) else [errors] if errors else []:
            found.append(str(error.get("message", "")) if isinstance(error, dict) else str(error))
    return [" ".join(words.split()) for words in dict.fromkeys(found)]


@dataclass
class Endpoint:
    """What was heard of the app's endpoint since its page was opened.

    A question is all that a request asks, by which it is told from every other.
    """

    _under_way: Counter[str] = field(default_factory=Counter)
    _good: int = 0
    _troubles: dict[str, Understood] = field(default_factory=dict)
    _said: list[Mapping[str, Any]] = field(default_factory=list)
    """The data of the good answers, since the page was opened or the app went back to an earlier screen of it."""
    sign_in_page: str = ""
    """The sign-in page that came in place of data, as HTML: it says why the session ended, and says so only once."""

    def begins(self) -> None:
        """A page was opened: what was heard before says nothing about it."""
        self._under_way.clear()
        self._troubles.clear()
        self._good = 0
        self._said.clear()
        self.sign_in_page = ""

    def forget_what_was_said(self) -> None:
        """The app goes back to a screen: what the one that it leaves was told says nothing about that one."""
        self._said.clear()

    def asked(self, question: str) -> None:
        """A request has left."""
        self._under_way[question] += 1

    def answered(self, question: str, answered: Answered) -> None:
        """A request was answered, or was cut off. A good answer ends the trouble that the same question had before."""
        self.given_up(question)
        understood = understand(answered)
        self.note_page(answered)
        if understood.meaning is Meaning.GOOD:
            self._good += 1
            self._said.append(understood.data)
            self._troubles.pop(question, None)
        else:
            self._troubles[question] = understood

    def note_page(self, answered: Answered) -> None:
        """A background request came to the sign-in page, or was answered with it."""
        if _SIGN_IN_PAGE.search(answered.body):
            self.sign_in_page = self.sign_in_page or unescape(answered.body.decode(errors="replace"))

    def given_up(self, question: str) -> None:
        """A request has ended: there is no answer to wait for any more."""
        self._under_way -= Counter((question,))  # never below 0

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._under_way)

    @property
    def good_answers(self) -> int:
        """How many answers arrived whole and without error since the page was opened."""
        return self._good

    def named(self, words: str) -> bool:
        """Whether something of this name was in the data that the good answers brought, as far as it still counts."""
        return any(plain_name(words) == plain_name(name) for data in self._said for name in _values_of(data, "name"))

    def said(self, number: str) -> bool:
        """Whether the data that the good answers brought holds this order number, as far as it still counts."""
        return any(number == value for data in self._said for value in _values_of(data))

    @property
    def trouble(self) -> Understood | None:
        """The most serious trouble that no later answer has ended; None if every answer was good."""
        return min(self._troubles.values(), key=lambda one: _GRAVEST.index(one.meaning), default=None)


def _values_of(data: object, key: str | None = None) -> Iterator[str]:
    """Every text in the data of an answer; with a ``key``, those only that stand under it."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if isinstance(value, str):
                if key in {None, name}:
                    yield value
            else:
                yield from _values_of(value, key)
    elif isinstance(data, list):
        for value in data:
            if isinstance(value, str) and key is None:
                yield value
            else:
                yield from _values_of(value, key)


_GRAVEST = (
    Meaning.SESSION_ENDED,
    Meaning.FORBIDDEN,
    Meaning.BUSY,
    Meaning.ERROR,
    Meaning.UNREADABLE,
    Meaning.CUT,
    Meaning.GOOD,
)
