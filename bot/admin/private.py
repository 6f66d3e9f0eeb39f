"""What is private on a page, and whether all of it was found: a page of which that cannot be said is shown to nobody.

A page may be shown, with its private parts masked, when a screen of the pack that has a page of its own
(``ScreenSpec.page``) is recognized on it, whatever order and store it is of, and everything private that such a screen
must have was found:

- a ``field``: its label, and beside it the value; a value may be empty, but then no other words stand under the label
- a ``column``: its header; there may be none where the page names no order, because its list is empty
- ``css`` and ``xpath``: at least one element

What is there ``maybe``, or only ``when`` a field reads something, may be missing. Before anybody is signed in nothing
is private, whatever the page is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from playwright.sync_api import Page

from bot.admin.look import Request, ask, known_labels, reading_request, request_for
from bot.pack import Pack, match_route
from bot.pack.model import READ_ONLY_KINDS, ScreenCheck, ScreenSpec
from bot.vocabulary import AMAZON_ORDER_NUMBER
from bot.wording import plain_name

NOT_RECOGNIZED = "No screen of the pack was recognized on it, so what is private on it is not known."


@dataclass(frozen=True, kw_only=True)
class Private:
    """What was private on a page, in one instant."""

    changes: int
    """How often the page had changed by then."""
    hide: str
    """Why nothing of the page may be shown, in a sentence; empty where it may."""
    words: tuple[str, ...]
    """Every word of the private parts, where they were asked for; the longest first."""


def mask_private(page: Page, pack: Pack, limit: float, *, signed_out: bool) -> Private:
    """Wait, but no longer than ``limit`` seconds, until what moves has ended; mask what is private until the next look.

    ``signed_out`` says that nobody was signed in when the page was opened.
    """
    request = {"limit": limit * 1000, "mask": _request(pack, act="mask")}
    return _understood(pack, ask(page, "calm", request), signed_out=signed_out or _is_the_browsers(page))


def private_words(page: Page, pack: Pack, *, signed_out: bool) -> Private:
    """The same with every word of what is private; nothing is masked."""
    seen = ask(page, "private", _request(pack, act="words"))
    return _understood(pack, seen, signed_out=signed_out or _is_the_browsers(page))


def _is_the_browsers(page: Page) -> bool:
    """Whether the page is the browser's own, in place of one that could not be loaded."""
    return page.url.startswith("chrome-error:")


def _request(pack: Pack, *, act: str) -> Request:
    private = list(_private(pack))
    elements = [(key, spec.elements[name]) for key, spec, name in private]
    return {
        "parts": [_part(spec) for spec in _screens(pack)],
        "order": AMAZON_ORDER_NUMBER.pattern,
        "reading": {
            "boxes": [request_for(spec, name, {}) for _, spec, name in private if _is_box(spec, name)],
            "fields": {key: element.field for key, element in elements if element.field},
            "columns": {key: element.column for key, element in elements if element.column},
            "known": [label for spec in pack.screens.values() for label in known_labels(spec)],
            "act": act,
        },
    }


def _screens(pack: Pack) -> tuple[ScreenSpec, ...]:
    return (*pack.screens.values(), *pack.in_other_languages)


def _private(pack: Pack) -> Iterator[tuple[str, ScreenSpec, str]]:
    """Every private element, by a key of its own."""
    for spec in pack.screens.values():
        for name, element in spec.elements.items():
            if element.private:
                yield f"{spec.screen} {name}", spec, name


def _is_box(spec: ScreenSpec, name: str) -> bool:
    return spec.elements[name].kind not in READ_ONLY_KINDS


def _part(spec: ScreenSpec) -> Request:
    """The part of a look that says whether a screen is open, for whatever order and store."""
    names = [name for check in spec.checks for name in check.elements if not _facts_of(spec, name)]
    read = [name for name in names if not _is_box(spec, name)]
    return {
        "finds": {name: request_for(spec, name, {}, tell=("words",)) for name in names if name not in read},
        "reading": {**reading_request(spec, {}, *read), "alone": ""} if read else None,
    }


def _facts_of(spec: ScreenSpec, name: str) -> set[str]:
    """The facts that it takes to find an element, or a box around it."""
    element = spec.elements[name]
    own = {fact for _, text in element.templates() for _, fact, _, _ in Formatter().parse(text) if fact}
    return own | (_facts_of(spec, element.within) if element.within else set())


def _understood(pack: Pack, seen: Mapping[str, Any], *, signed_out: bool) -> Private:
    open_now = [spec for spec, part in zip(_screens(pack), seen["parts"], strict=True) if _is_open(spec, part, seen)]
    return Private(
        changes=seen["changes"],
        hide=_why_hidden(pack, open_now, seen, signed_out=signed_out),
        words=tuple(sorted(seen["private"]["words"], key=len, reverse=True)),
    )


def _why_hidden(pack: Pack, open_now: list[ScreenSpec], seen: Mapping[str, Any], *, signed_out: bool) -> str:
    pages = [spec for spec in open_now if spec.has_own_page]
    if not pages:
        nobody_is_in = signed_out and all(spec.before_sign_in for spec in open_now)
        if nobody_is_in:
            return ""
        part = next((spec.title for spec in open_now if not spec.before_sign_in), "")
        return f"{part}: what is private on the rest of it is not known." if part else NOT_RECOGNIZED
    found = seen["private"]
    counts = iter(found["boxes"])
    there = {
        key: next(counts) > 0 if _is_box(spec, name) else _was_found(found, key, named=seen["order"])
        for key, spec, name in _private(pack)
    }
    for spec in pages:
        must = [name for name, element in spec.elements.items() if element.private]
        if lost := [name for name in must if not _may_lack(found, spec, name) and not there[f"{spec.screen} {name}"]]:
            return f"{spec.title}: what is private there could not be found: {', '.join(lost)}."
    return ""


def _was_found(found: Mapping[str, Any], key: str, *, named: bool) -> bool:
    if key in found["columns"]:
        return bool(found["columns"][key]) or not named
    field = found["fields"][key]
    return bool(field["labels"]) and not field["lost"]


def _may_lack(found: Mapping[str, Any], spec: ScreenSpec, name: str) -> bool:
    """Whether an element is missing where it need not be there: its label must be missing too."""
    element = spec.elements[name]
    labels = found["fields"].get(f"{spec.screen} {name}", {"labels": 0})["labels"]
    return (element.there == "maybe" or element.when is not None) and labels == 0


def _is_open(spec: ScreenSpec, part: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    # What differs from order to order cannot be looked for; the other checks must do.
    known = [check for check in spec.checks if not any(_facts_of(spec, name) for name in check.elements)]
    tells = any(check.hides is None for check in known)
    return tells and all(_holds(spec, check, part, seen) for check in known)


def _holds(spec: ScreenSpec, check: ScreenCheck, part: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    if check.route is not None:
        return match_route(check.route, seen["address"] if check.route.startswith("#") else seen["path"]) is not None
    (name,) = check.elements
    texts = part["reading"]["fields"].get(name) if part["reading"] else None
    if texts is None:
        texts = [found["words"] for found in part["finds"].get(name, ())]
        if check.hides or check.shows:
            return not texts if check.hides else bool(texts) if spec.interrupts else len(texts) == 1
    if check.hides:
        return not texts
    expected = next(iter((check.reads or {}).values()), "{}")
    return len(texts) == 1 and bool(texts[0]) and ("{" in expected or plain_name(texts[0]) == plain_name(expected))
