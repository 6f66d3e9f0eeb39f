"""One look at a page: everything that a screen needs to know of it, from one instant, by one script in one call.

The script is built from ``look_source`` into ``look.js`` (``make look-bundle``); what it is asked and answers is told
there, in ``main.js``. It is put into every document before the page's own scripts run. Here is what it is asked: a
pack's words become a request that may be answered by none, one or several elements; that exactly one is there is
``bot.admin.screen``'s rule.

Icon fonts put a private-use character into a control's accessible name (the Admin's menu and header buttons do),
so names may have such characters around them; apart from that names and texts match whole.
"""

import json
import re
import secrets
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ElementHandle, Page
from playwright.sync_api import Error as PlaywrightError

from bot.pack import commerce, fill
from bot.pack.model import READ_ONLY_KINDS, ScreenSpec
from bot.vocabulary import AMAZON_ORDER_NUMBER

Request = dict[str, Any]

NAME = f"countermand {secrets.token_hex(8)}"
"""What the script is called in a window: no page knows, so none can be there before it."""

_BUNDLE = Path(__file__).with_name("look.js").read_text(encoding="utf-8")
_INSTALL = f"if (window === top) (() => {{\n{_BUNDLE}\ncountermand.install({NAME!r});\n}})();"
_ASK = f"([act, asked]) => window[{NAME!r}] ? window[{NAME!r}].ask(act, asked) : 'not installed'"

# May follow an order number, for screen readers only: "(opens in a new window)". It has no digits, so no other number.
_NOTE = r"(?:\s*\([^()\d]*\))?"
_AROUND_A_NAME = "[\\s\ue000-\uf8ff]*"


def install(page: Page) -> None:
    """Have the script in every document of the page, before the document's own scripts."""
    page.add_init_script(_INSTALL)


def install_now(page: Page) -> None:
    """Have the script in the document that is open."""
    page.evaluate(f"() => {{ {_INSTALL} }}")


def listen(page: Page, binding: str) -> None:
    """Have the page's function ``binding`` told of everything that a person presses and types into from now on."""
    page.add_init_script(f"window[{NAME!r}]?.listen({binding!r})")
    ask(page, "listen", binding)


def ask(page: Page, act: str, asked: object = None) -> Any:
    """Have the script do something in the document that is open; see ``main.js``."""
    told = [act, json.dumps(asked)]  # a text travels to the page with less work than all that is in it
    answer = page.evaluate(_ASK, told)
    if answer == "not installed":  # a document that was open before, or one whose scripts are off
        install_now(page)
        answer = page.evaluate(_ASK, told)
    return answer


def element_of(page: Page, number: int) -> ElementHandle:
    """The element that an earlier look at the same document told of.

    Raises:
        PlaywrightError: it is gone.
    """
    element = page.evaluate_handle(f"(number) => window[{NAME!r}]?.element(number) ?? null", number).as_element()
    if element is None:
        raise PlaywrightError("the element that was looked at is gone")
    return element


@dataclass(frozen=True)
class Match:
    """An element that a look found, and what the look was asked to tell of it."""

    number: int
    """By which the script knows it, as long as its document is open."""
    words: str = ""
    """What a person reads in it, a line for each box."""
    text: str = ""
    """All of its text, seen or not."""
    leads: str = ""
    """The address that it leads to; empty for what is no link."""
    commerce: str = ""
    """By what it is known to be the Commerce order's own *Cancel*; empty if it is not."""
    does: tuple[str, ...] = ()
    """What a click would do that the page's script has no part in: a script of the markup's own, or a link."""
    off: bool = False
    """Whether it, or the control that it is a part of, cannot be pressed now."""
    box: tuple[float, float, float, float] = (0, 0, 0, 0)
    """Where it is in the window, in CSS pixels: x, y, width, height."""
    choice: tuple[dict[str, Any], ...] = field(default=(), hash=False)
    """The controls in it that let a person pick one of several words."""


@dataclass(frozen=True)
class Found:
    """Everything that one look found for an element of a pack, in the page's order."""

    matches: tuple[Match, ...]

    def count(self) -> int:
        """How many there are."""
        return len(self.matches)

    def all_inner_texts(self) -> list[str]:
        """What a person reads in each of them."""
        return [match.words for match in self.matches]


def found_in(answer: list[dict[str, Any]]) -> Found:
    """What a look answers for one element."""
    return Found(tuple(_match(**one) for one in answer))


def _match(
    *, does: Sequence[str] = (), box: Sequence[float] = (0, 0, 0, 0), choice: Sequence[dict[str, Any]] = (), **told: Any
) -> Match:
    x, y, width, height = box
    return Match(**told, does=tuple(does), box=(x, y, width, height), choice=tuple(choice))


def find(page: Page, request: Request, *tell: str) -> Found:
    """Everything on the page that answers to one request, by a look of its own."""
    (part,) = ask(page, "look", {"parts": [{"finds": {"it": {**request, "tell": tell}}}]})["parts"]
    return found_in(part["finds"]["it"])


def request_for(
    spec: ScreenSpec, name: str, facts: Mapping[str, str], *, hidden: bool = False, tell: Collection[str] = ()
) -> Request:
    """The request for everything visible that answers to element ``name`` of the screen.

    With ``hidden`` also for what answers to it and is hidden, inside a box that can be seen. Needs every fact that the
    element's words have in braces; ``field`` and ``column`` elements cannot be found, they are only read.
    """
    element = spec.elements[name]
    if element.kind in READ_ONLY_KINDS:
        raise ValueError(f"an element of kind {element.kind} is only read")
    request: Request = {
        "kind": element.kind,
        "hidden": hidden,
        "within": request_for(spec, element.within, facts) if element.within else None,
    }
    if tell:
        request["tell"] = [*tell]
        request["commerce"] = {"button": commerce.BUTTON, "address": commerce.ADDRESS}
    if element.role is not None:
        return (
            request
            | by_role(element.role, element.name and fill(element.name, facts), element.case)
            | {"has": _any_of([fill(words, facts) for words in element.has], element.case) if element.has else None}
        )
    if element.card is not None:
        text, control = _text(fill(element.card.text, facts), element.case), fill(element.card.control, facts)
        label = element.card.title_before
        before = _label(fill(label, facts)) if label else None
        return request | {"text": text, "control": " ".join(control.split()), "before": before}
    if element.css is not None or element.xpath is not None:
        return request | {element.kind: element.css or element.xpath}
    words = fill(getattr(element, element.kind), facts)
    if element.before is not None:
        return request | {"label": _label(words)}
    if element.says is not None:
        return request | {"kind": "text", "text": {"has": words}}
    if element.choice is not None:
        begins = {"fits": rf"^\s*{re.escape(words)}", "flags": ""}
        return request | {"label": _text(words, element.case), "begins": begins}
    if element.label is not None:
        return request | {"label": _test(whole(words, element.case))}
    return request | {"cell" if element.row is not None else "text": _text(words, element.case)}


def by_role(role: str | Collection[str], name: str | None = None, case: str = "exact") -> Request:
    """The request for everything of a role, or of one of several, with a whole name."""
    roles = [role] if isinstance(role, str) else [*role]
    return {"kind": "role", "roles": roles, "name": _test(whole(name, case)) if name else None, "has": None}


def known(number: int) -> Request:
    """The request for the element that an earlier look at the same document told of."""
    return {"kind": "known", "number": number}


def by_text(words: str, within: Request | None = None) -> Request:
    """The request for the elements whose whole text is ``words``."""
    return {"kind": "text", "text": _text(words, "exact"), "within": within}


def whole(words: str, case: str = "exact", *, then: str = "") -> re.Pattern[str]:
    """Matches a name that is ``words`` and nothing else, apart from white space, icon characters, and what the pattern
    ``then`` allows behind it.
    """
    folded = r"\s+".join("".join(map(_either_way, word)) for word in unicodedata.normalize("NFC", words).split())
    note = _NOTE if AMAZON_ORDER_NUMBER.fullmatch(words) else ""
    flags = re.IGNORECASE if case == "any" else 0
    return re.compile(f"^{_AROUND_A_NAME}{folded}{note}{then}{_AROUND_A_NAME}$", flags)


def _either_way(letter: str) -> str:
    """A pattern for a letter, whether its accent is a part of it or a character behind it."""
    parts = unicodedata.normalize("NFD", letter)
    return re.escape(letter) if parts == letter else f"(?:{re.escape(letter)}|{re.escape(parts)})"


def _text(words: str, case: str) -> Request:
    # Letters with accents can be written in two ways, of which a plain comparison knows one.
    as_it_is = case == "exact" and words.isascii() and not AMAZON_ORDER_NUMBER.fullmatch(words)
    return {"is": words} if as_it_is else _test(whole(words, case))


def _label(words: str) -> Request:
    return _test(whole(words, then=r"\s*:?"))


def _any_of(several: Collection[str], case: str) -> Request:
    folded = [r"\s+".join(re.escape(word) for word in words.split()) for words in several]
    return _test(re.compile("|".join(folded), re.IGNORECASE if case == "any" else 0))


def _test(pattern: re.Pattern[str]) -> Request:
    return {"fits": pattern.pattern, "flags": "i" if pattern.flags & re.IGNORECASE else ""}


def reading_request(spec: ScreenSpec, facts: Mapping[str, str], *names: str) -> Request:
    """The request to read some field and column elements of a screen."""
    wanted = {name: spec.elements[name] for name in names}
    return {
        "fields": {name: fill(element.field, facts) for name, element in wanted.items() if element.field},
        "columns": {name: fill(element.column, facts) for name, element in wanted.items() if element.column},
        "known": known_labels(spec),
        "alone": AMAZON_ORDER_NUMBER.pattern,
    }


def known_labels(spec: ScreenSpec) -> list[str]:
    """Every label that the pack knows on a screen: none of them is ever a value."""
    return [*spec.labels, *(element.field for element in spec.elements.values() if element.field)]
