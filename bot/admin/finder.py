"""From a pack's words to Playwright locators: how each kind of element is found on a page.

A locator made here may match none, one or several elements; that exactly one is there is ``bot.admin.screen``'s rule.
Icon fonts put a private-use character into a control's accessible name (the Admin's menu and header buttons do),
so names may have such characters around them; apart from that names and texts match whole.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from bot.admin.scripts import script
from bot.pack import fill
from bot.pack.language import xpath_string
from bot.pack.model import Element, ScreenSpec
from bot.vocabulary import AMAZON_ORDER_NUMBER

READING = script(Path(__file__).with_name("reading.js"))
"""The script that reads fields and columns; see there."""

# May follow an order number, for screen readers only: "(opens in a new window)". It has no digits, so no other number.
_NOTE = r"(?:\s*\([^()\d]*\))?"
_AROUND_A_NAME = "[\\s\ue000-\uf8ff]*"
_NOT_HIDDEN = "not(ancestor-or-self::*[@aria-hidden='true'])"
_NEVER_SEEN = "ancestor-or-self::*[@hidden or self::script or self::style or self::noscript or self::template]"
_CHOICES = (
    f"(self::select or @role='combobox' or @role='listbox' or @aria-haspopup='listbox' or "
    f"(self::input and @type='radio') or @role='radio') and {_NOT_HIDDEN}"
)


def locate(page: Page, spec: ScreenSpec, name: str, facts: Mapping[str, str], *, hidden_too: bool = False) -> Locator:
    """Everything visible on the page that answers to element ``name`` of the screen.

    With ``hidden_too`` also what answers to it and is hidden, inside a box that can be seen. Needs every fact that the
    element's words have in braces; ``field`` and ``column`` elements have no locator, they are only read.
    """
    element = spec.elements[name]
    scope: Page | Locator = locate(page, spec, element.within, facts) if element.within else page
    found = _locate(page, scope, element, facts, hidden_too=hidden_too)
    return found if hidden_too else found.filter(visible=True)


def _locate(
    page: Page, scope: Page | Locator, element: Element, facts: Mapping[str, str], *, hidden_too: bool
) -> Locator:
    if element.role is not None:
        name = whole(fill(element.name, facts), element.case) if element.name else None
        roles = (element.role,) if isinstance(element.role, str) else element.role
        # The pack's author names the roles, so the type checker cannot know them.
        found = [scope.get_by_role(role, name=name, include_hidden=hidden_too) for role in roles]  # type: ignore[arg-type]
        box = reduce(Locator.or_, found)
        if element.has:
            folded = [r"\s+".join(re.escape(word) for word in fill(words, facts).split()) for words in element.has]
            box = box.filter(has_text=re.compile("|".join(folded), re.IGNORECASE if element.case == "any" else 0))
        return box
    if element.text is not None:
        return by_text(scope, fill(element.text, facts), element.case)
    if element.says is not None:
        return scope.get_by_text(fill(element.says, facts), exact=False)
    if element.label is not None:
        return scope.get_by_label(whole(fill(element.label, facts), element.case))
    if element.card is not None:
        words = xpath_string(fill(element.card.control, facts))
        control = (
            f"(self::button or self::a or self::input or @role='button' or @role='link') and {_NOT_HIDDEN} and "
            f"(normalize-space(.)={words} or @aria-label={words} or @value={words})"
        )
        text = by_text(scope, fill(element.card.text, facts), element.case).filter(visible=True)
        holder = f"ancestor::*[.//*[{control}]][1]"
        if element.card.title_before is None:
            # banners and the system's messages can name the store too
            not_told = "self::*[not(ancestor-or-self::*[@id='system_messages' or @id='messages'])]"
            return text.locator(f"xpath={not_told}/{holder}")
        # The next words after the title are the label's, and both are in the same box.
        label = xpath_string(fill(element.card.title_before, facts))
        reads = f"text()[normalize-space()={label} or normalize-space()=concat({label}, ':')]"
        follows = f"following::*[text()[normalize-space()]][not({_NEVER_SEEN})][1]"
        return text.locator(f"xpath=self::*[{follows}[{reads}] and count({holder} | {follows}/{holder}) = 1]/{holder}")
    if element.row is not None:
        cell = by_text(page, fill(element.row, facts), element.case)
        return scope.get_by_role("row").filter(has=cell)
    if element.choice is not None:
        label = fill(element.choice, facts)
        beside = by_text(page, label, element.case).filter(visible=True)
        around = page.locator("label").filter(has_text=re.compile(rf"^\s*{re.escape(label)}"))
        box = beside.locator(f"xpath=ancestor::*[.//*[{_CHOICES}]][1]").or_(
            around.filter(has=page.locator(f"xpath=.//*[{_CHOICES}]"))
        )
        return box if isinstance(scope, Page) else scope.locator(box)  # the scope is looked for once
    if element.css is not None:
        return scope.locator(f"css={element.css}")
    if element.xpath is not None:
        return scope.locator(f"xpath={element.xpath}")
    raise ValueError(f"an element of kind {element.kind} is only read")


def whole(words: str, case: str = "exact") -> re.Pattern[str]:
    """Matches a name that is ``words`` and nothing else, apart from white space and icon characters."""
    folded = r"\s+".join("".join(map(_either_way, word)) for word in unicodedata.normalize("NFC", words).split())
    note = _NOTE if AMAZON_ORDER_NUMBER.fullmatch(words) else ""
    return re.compile(f"^{_AROUND_A_NAME}{folded}{note}{_AROUND_A_NAME}$", re.IGNORECASE if case == "any" else 0)


def _either_way(letter: str) -> str:
    """A pattern for a letter, whether its accent is a part of it or a character behind it."""
    parts = unicodedata.normalize("NFD", letter)
    return re.escape(letter) if parts == letter else f"(?:{re.escape(letter)}|{re.escape(parts)})"


def by_text(scope: Page | Locator, words: str, case: str) -> Locator:
    """The elements whose whole text is ``words``."""
    # Letters with accents can be written in two ways, of which Playwright's own comparison knows one.
    as_it_is = case == "exact" and words.isascii() and not AMAZON_ORDER_NUMBER.fullmatch(words)
    return scope.get_by_text(words, exact=True) if as_it_is else scope.get_by_text(whole(words, case))


def choice_controls(box: Locator) -> Locator:
    """The controls in a ``choice`` box that let a person pick one of several words."""
    return box.locator(f"xpath=.//*[{_CHOICES}]").filter(visible=True)


READ_PAGE = f"(request) => ({READING})(null, request)"
"""``READING`` for the whole page, as ``Page.evaluate`` takes it."""

READ_ROWS = f"(rows, request) => rows.map((row) => ({READING})(row, request))"
"""``READING`` for table rows, as ``Locator.evaluate_all`` takes it."""


SCROLL_ON = """(header) => {
    const fold = (text) => text.replace(/\\s+/g, " ").trim().toLowerCase();
    const tables = [...document.querySelectorAll("table, [role=grid], [role=table], [role=treegrid]")].filter((table) =>
        [...table.querySelectorAll("th, [role=columnheader]")].some((cell) => fold(cell.textContent) === fold(header)));
    const boxes = tables.flatMap((table) => [table, ...table.querySelectorAll("*")]);
    const moved = boxes.filter((box) => {
        const before = box.scrollTop;
        if (box.scrollHeight > box.clientHeight + 1) box.scrollTop = before + box.clientHeight;
        return box.scrollTop > before;
    });
    const drawn = (done) => requestAnimationFrame(() => requestAnimationFrame(() => done(moved.length > 0)));
    return new Promise(drawn);
}"""
"""Scrolls the table that has a given column header by a window's height; says whether there was more to show."""


def reading_request(
    spec: ScreenSpec, facts: Mapping[str, str], *names: str, covers: Collection[str] = ()
) -> dict[str, Any]:
    """The request to ``READING`` for some field and column elements of a screen (see that script)."""
    wanted = {name: spec.elements[name] for name in names}
    return {
        "fields": {name: fill(element.field, facts) for name, element in wanted.items() if element.field},
        "columns": {name: fill(element.column, facts) for name, element in wanted.items() if element.column},
        "known": known_labels(spec),
        "covers": list(covers),
        "alone": AMAZON_ORDER_NUMBER.pattern,
        "act": "read",
    }


def known_labels(spec: ScreenSpec) -> list[str]:
    """Every label that the pack knows on a screen: none of them is ever a value."""
    return [*spec.labels, *(element.field for element in spec.elements.values() if element.field)]
