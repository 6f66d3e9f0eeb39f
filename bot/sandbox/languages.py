"""The practice Admin in other languages: its words, its amounts and its dates (``languages.yaml``).

What a page says is turned from English as it leaves the server; what the app draws is turned in the browser, with the
same words (``static/dom.js``).
"""

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from bot.errors import CannotStart
from bot.joblist.yamlfile import read_yaml
from bot.sandbox.faults import Faults
from bot.sandbox.sessions import Session

ENGLISH = "en_US"
LANGUAGES = ("nl_NL", "de_DE", "fr_FR")
"""The others, in the order of ``languages.yaml``."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS_OF = {
    "nl_NL": ("jan.", "feb.", "mrt.", "apr.", "mei", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec."),
    "de_DE": ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
    "fr_FR": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}
_DATES = {"nl_NL": "{day} {month} {year}", "de_DE": "{day}. {month} {year}", "fr_FR": "{day} {month} {year}"}
_GROUPS = {"nl_NL": ".", "de_DE": ".", "fr_FR": "\u202f"}  # the thousands separator
_SIGNED = {"nl_NL": "{sign}\u00a0{number}", "de_DE": "{number}\u00a0{sign}", "fr_FR": "{number}\u00a0{sign}"}
_COLON = {"nl_NL": ":", "de_DE": ":", "fr_FR": "\u00a0:"}

_DATE = re.compile(rf"({'|'.join(_MONTHS)}) (\d{{1,2}}), (\d{{4}})(?:, (\d{{1,2}}):(\d\d) ([AP]M))?")
_MONEY = re.compile(r"(?:((?:CAN )?\$) ?)?(\d[\d,]*(?:\.\d\d)?)")
_AMOUNTS = {"total", "price", "volume"}
_MOMENTS = {"date", "purchased", "shipBy", "created", "updated"}
_PIECE = re.compile(r"(?<=>)[^<>]+(?=<)|(?<=\s)(title|aria-label|placeholder|alt)=\"([^\"]*)\"")
_OPAQUE = re.compile(r"(<(?:script|style)\b.*?</(?:script|style)>)", re.DOTALL)


class Speech:
    """What the practice Admin says, in one language. English stays as it is."""

    def __init__(self, code: str) -> None:
        place = LANGUAGES.index(code)
        table = read_yaml(Path(__file__).parent / "languages.yaml").data
        said: dict[str, str] = {english: others[place] for english, others in table.items()}  # type: ignore[index,union-attr,misc]
        self.code = code
        self.words = {english: words for english, words in said.items() if "{}" not in english}
        self._patterns = [
            (re.compile("(.*)".join(map(re.escape, english.split("{}")))), words)
            for english, words in said.items()
            if "{}" in english
        ]

    def text(self, english: str) -> str:
        """Words in this language; those that are not known, such as names, stay as they are."""
        bare = english.strip()
        told = self._told(bare)
        return english if told is None else english.replace(bare, told)

    def _told(self, bare: str) -> str | None:
        if bare in self.words:
            return self.words[bare]
        if bare.removesuffix(":") in self.words:
            return self.words[bare.removesuffix(":")] + _COLON[self.code]
        for pattern, words in self._patterns:
            if found := pattern.fullmatch(bare):
                return words.replace("{}", self.text(found[1]))
        if re.fullmatch(r"\$[\d,.]+", bare):
            return self.money(bare)
        return None

    def money(self, english: str) -> str:
        """``$ 1,249.95`` in the language's form: ``1.249,95 $``."""
        found = _MONEY.fullmatch(english)
        if found is None:
            return english
        whole, point, cents = found[2].partition(".")
        number = whole.replace(",", _GROUPS[self.code]) + ("," if point else "") + cents
        return _SIGNED[self.code].format(sign=found[1], number=number) if found[1] else number

    def date(self, english: str) -> str:
        """``Apr 2, 2020, 7:42 PM`` in the language's form."""
        found = _DATE.fullmatch(english)
        if found is None:
            return english
        month, day, year, hour, minute, half = found.groups()
        said = _DATES[self.code].format(day=day, month=_MONTHS_OF[self.code][_MONTHS.index(month)], year=year)
        return said if hour is None else f"{said} {int(hour) % 12 + 12 * (half == 'PM'):02}:{minute}"

    def data(self, value: Any, key: str = "") -> Any:
        """What the endpoint answers, with its amounts, dates and notes in the language's form."""
        if isinstance(value, dict):
            return {name: self.data(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.data(inner, key) for inner in value]
        if not isinstance(value, str):
            return value
        if key in _AMOUNTS:
            return self.money(value)
        if key in _MOMENTS:
            return self.date(value)
        return self.text(value) if key in {"notes", "text"} else value

    def page(self, drawn: str) -> str:
        """A page that was drawn in English, and beside it the words that its scripts need."""

        def told(match: re.Match[str]) -> str:
            if match[1]:
                return f'{match[1]}="{html.escape(self.text(html.unescape(match[2])))}"'
            words = html.unescape(match.group())
            said = self.text(words)
            return match.group() if said == words else html.escape(said, quote=False)

        parts = _OPAQUE.split(drawn)
        said = "".join(part if place % 2 else _PIECE.sub(told, part) for place, part in enumerate(parts))
        said = said.replace('<html lang="en">', f'<html lang="{self.code.replace("_", "-")}">')
        patterns = [[pattern.pattern, words] for pattern, words in self._patterns]
        known = {
            "words": self.words,
            "patterns": patterns,
            "colon": _COLON[self.code],
            "lang": self.code.replace("_", "-"),
        }
        script = json.dumps(known).replace("<", "\\u003c")
        return said.replace("</head>", f'<script type="application/json" id="words">{script}</script>\n</head>')


@cache
def speech(code: str) -> Speech | None:
    """The words of a language; None for English, which needs none, and for a language that is not spoken here."""
    return Speech(code) if code in LANGUAGES else None


def checked(code: str) -> str:
    """The code of a language that is spoken here. Raises CannotStart."""
    if code not in (ENGLISH, *LANGUAGES):
        known = ", ".join((ENGLISH, *LANGUAGES))
        raise CannotStart(reason=f"The practice Admin does not speak {code!r}: it speaks {known}.")
    return code


class Tongue:
    """Which language each user sees: an account its own, anyone not signed in the sign-in page's."""

    def __init__(self, code: str, faults: Faults) -> None:
        self._code = code
        self._faults = faults

    def of(self, session: Session) -> Speech | None:
        """The language for a session; None is English."""
        faults = self._faults
        account = faults.language or self._code
        return speech(account if session.account else faults.sign_in_language or account)

    def text(self, session: Session, english: str) -> str:
        """Words for a session."""
        speech = self.of(session)
        return english if speech is None else speech.text(english)
