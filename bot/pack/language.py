"""A pack in another language: the words of its screens, as a layer of data (``selectors/<pack>/languages/de_DE.yaml``).

A pack's own files are in English. A layer translates each of their English words into what the Admin shows; the pack
made from the two is used like any other. What a layer lacks, or does not need, is named with its place.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.errors import InputInvalid, Problem
from bot.files import did_you_mean
from bot.joblist.validation import validate
from bot.joblist.yamlfile import Document, read_yaml
from bot.pack.model import Element, Interruption, Name, PackInfo, ScreenCheck, ScreenSpec, Words, distinct_terms
from bot.vocabulary import Reason, Status

ENGLISH = "en_US"
"""The language of a pack's own files."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}_[A-Z]{2}$")]

TELLING = ("sign_in", "home")
"""The screens that are looked for in the other languages too: the first before signing in, and the first after it of
which more than names of products can be read.
"""

PRESSED_KINDS = frozenset({"role", "text", "label", "card"})
"""The kinds of elements that can be pressed."""

Say = Callable[[str], str]
"""English words of a screen -> what they are in a language."""


class Layer(BaseModel):
    """``languages/<code>.yaml``: what the English words of a pack are in another language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Code = Field(description="The Admin's name of the language, such as de_DE; also the file's name")
    title: Words = Field(description="What people call the language, in English")
    observed: Words = Field(description="Where the words were seen")
    statuses: dict[Status, tuple[Words, ...]] = Field(description="Status -> every way in which screens write it")
    reasons: dict[Reason, Words] = Field(description="Reason code -> its words in the pick list")
    canceled_notes: tuple[Words, ...] = Field(
        default=(), description="Every way in which an order's notes say that it was canceled, beside the English one"
    )
    words: dict[Words, Words] = Field(description="English words, as the pack has them -> what the Admin shows")
    screens: dict[Name, dict[Words, Words]] = Field(
        default_factory=dict,
        description="Screen -> English words that are translated differently there -> what it shows",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        distinct_terms(self.statuses, self.reasons)
        return self

    def say(self, screen: str, words: str) -> str:
        """What English ``words`` of a screen are in this language. Raises KeyError."""
        return self.screens.get(screen, {}).get(words) or self.words[words]


@dataclass(frozen=True)
class Translation:
    """A layer with the file that it was read from."""

    layer: Layer
    document: Document


def codes(folder: Path) -> list[str]:
    """The languages that the pack in ``folder`` can be used in."""
    return [ENGLISH, *sorted(path.stem for path in folder.glob("languages/*.yaml") if path.stem != ENGLISH)]


def read_layer(folder: Path, code: str) -> Translation:
    """Read the layer of a language, without comparing it with the pack.

    Raises:
        InputInvalid: with every mistake in it.
    """
    document = read_yaml(folder / "languages" / f"{code}.yaml")
    layer = validate(Layer, document)
    if layer.language != code:
        raise InputInvalid([document.problem(("language",), f"the language is {layer.language}, its file {code}.yaml")])
    return Translation(layer, document)


def in_language(info: PackInfo, layer: Layer) -> PackInfo:
    """``pack.yaml`` in a language. A note keeps the language in which it was written, so the English ones stay."""
    notes = info.canceled_notes + layer.canceled_notes
    return info.model_copy(update={"statuses": layer.statuses, "reasons": layer.reasons, "canceled_notes": notes})


def screen_in_language(spec: ScreenSpec, layer: Layer) -> ScreenSpec:
    """One screen in a language. Needs a layer that ``mistakes`` finds nothing wrong with."""

    def say(words: str) -> str:
        return layer.say(spec.screen, words) if is_said(words) else words

    elements = {name: _element(element, say) for name, element in spec.elements.items()}
    checks = tuple(_check(check, spec, elements, say, layer.title) for check in spec.checks)
    labels = tuple(say(label) for label in spec.labels)
    return spec.model_copy(update={"elements": elements, "checks": checks, "labels": labels})


def is_said(words: str) -> bool:
    """Whether there is anything to translate: a text of nothing but facts in braces, or without letters, has none."""
    return any(any(map(str.isalpha, text)) for text, *_ in Formatter().parse(words))


def words_of(spec: ScreenSpec) -> Iterator[tuple[str, str]]:
    """The English words that identify a screen, each with its purpose; words may repeat."""
    for name, element in spec.elements.items():
        for _, template in element.templates():
            yield template, f"element {name}"
        for words in element.words:
            yield words, f"element {name}"
    for label in spec.labels:
        yield label, "labels"
    for number, check in enumerate(spec.checks, start=1):
        for expected in (check.reads or {}).values():
            yield expected, f"check {number}"


def mistakes(translation: Translation, screens: Mapping[str, ScreenSpec]) -> Iterator[Problem]:
    """Missing and unused words of a layer, and different words of a screen that it translates alike."""
    layer, document = translation.layer, translation.document
    needed: dict[str, str] = {}
    used: set[tuple[str, ...]] = set()
    for spec in screens.values():
        for words, where in words_of(spec):
            if not is_said(words):
                continue
            own = words in layer.screens.get(spec.screen, {})
            used.add(("screens", spec.screen, words) if own else ("words", words))
            if not own:
                needed.setdefault(words, f"screen {spec.screen}, {where}")
    lacking = [words for words in needed if words not in layer.words]
    for words in lacking:
        message = f"there is no translation of {words!r} ({needed[words]})"
        yield document.problem(("words",), message, of_key=True)
    given: list[tuple[str, ...]] = [("words", words) for words in layer.words]
    given += [("screens", screen, words) for screen, those in layer.screens.items() for words in those]
    for path in given:
        if path not in used:
            near = did_you_mean(path[-1], lacking)
            message = f"{path[-1]!r} is on no screen of this pack: {near or 'remove it'}"
            yield document.problem(path, message.rstrip(), of_key=True)
        elif _facts(path[-1]) != _facts(said := _said(layer, path)):
            yield document.problem(path, f"{said!r} does not have the same facts in braces as {path[-1]!r}")
    if not lacking:
        for spec in screens.values():
            yield from _confused(spec, translation)
        yield from _committing(screens, translation)


def other_languages(folder: Path, screens: Mapping[str, ScreenSpec], used: Mapping[str, str]) -> Iterator[ScreenSpec]:
    """What a telling screen looks like in each language that it is not ``used`` in, as an interruption.

    ``used`` has the code of the language of each telling screen. A layer with mistakes is ignored here; loading it
    reports them.
    """
    layers: dict[str, Layer | None] = {ENGLISH: None}
    for code in codes(folder)[1:]:
        try:
            layers[code] = read_layer(folder, code).layer
        except InputInvalid:
            continue
    titles = {code: layer.title if layer else "English" for code, layer in layers.items()}
    for screen in TELLING:
        if screen not in screens:
            continue
        spec = screens[screen]
        sign = next((check.shows for check in reversed(spec.checks) if check.shows), None)
        if sign is None:
            continue
        element = spec.elements[sign]
        sides = {code: _sign(element, screen, layer) for code, layer in layers.items()}
        for code, side in sides.items():
            if side is not None and side != sides.get(used[screen]):
                yield _wrong_language(spec, side, (code, titles[code]), titles.get(used[screen], used[screen]))


def _sign(element: Element, screen: str, layer: Layer | None) -> Element | None:
    """The element in a language, with a cheap finder; None if there is no such finder."""
    try:
        told = element if layer is None else _element(element, lambda words: layer.say(screen, words))
    except KeyError:
        return None
    words = xpath_string(told.name or told.text or "")
    if told.name is not None:
        xpath = (
            "//*[self::button or self::a or self::input or @role='button']"
            f"[normalize-space(.)={words} or @value={words} or @aria-label={words}]"
        )
    elif told.text is not None:
        # Orders carry notes that may read the same: the words count alone on the page.
        xpath = f"//*[text()[normalize-space()={words}]][not(//table or //*[@role='grid'])]"
    else:
        return told
    return told.model_copy(update={"role": None, "name": None, "text": None, "xpath": xpath, "within": None})


def _wrong_language(spec: ScreenSpec, sign: Element, found: tuple[str, str], expected: str) -> ScreenSpec:
    code, title = found
    setting = "COUNTERMAND_SIGN_IN_LANGUAGE" if spec.before_sign_in else "COUNTERMAND_LANGUAGE"
    message = f"{spec.title} is in {title}, not in {expected}."
    what = Interruption(
        reaction="stop",
        message=message,
        next_step=f"Set {setting}={code}"
        + (", and COUNTERMAND_LANGUAGE to the account's." if spec.before_sign_in else "."),
    )
    return ScreenSpec(
        screen=f"{spec.screen}_in_{code.lower()}",
        title=f"{spec.title} in {title}",
        observed=spec.observed,
        elements={"sign": sign},
        checks=(ScreenCheck(shows="sign", message="It is not there."),),
        interrupts=what,
        before_sign_in=spec.before_sign_in,
    )


def _element(element: Element, say: Say) -> Element:
    told: dict[str, object] = {}
    if element.card is not None:
        card = {str(keys[1]): say(words) for keys, words in element.templates() if keys[0] == "card"}
        told["card"] = element.card.model_copy(update=card)
    else:
        told = {str(keys[0]): say(template) for keys, template in element.templates() if keys[0] != "has"}
    if element.has:
        told["has"] = tuple(map(say, element.has))
    if element.words:
        told["words"] = tuple(map(say, element.words))
        told["xpath"] = _xpath(element.xpath or "", {words: say(words) for words in element.words})
    return element.model_copy(update=told)


def _check(check: ScreenCheck, spec: ScreenSpec, elements: Mapping[str, Element], say: Say, title: str) -> ScreenCheck:
    told: dict[str, object] = {}
    if check.reads is not None:
        told["reads"] = {name: say(expected) for name, expected in check.reads.items()}
    before = [template for name in check.elements for _, template in spec.elements[name].templates()]
    after = [template for name in check.elements for _, template in elements[name].templates()]
    if before != after and spec.interrupts is None:
        # The message is in English; what a person must look for is not.
        told["message"] = f"{check.message} In {title} it reads: {', '.join(after)}."
    return check.model_copy(update=told)


def _confused(spec: ScreenSpec, translation: Translation) -> Iterator[Problem]:
    """Different words of one screen, found in the same way, that the layer translates alike."""
    layer, document = translation.layer, translation.document
    seen: dict[tuple[str, ...], str] = {}
    found = [("label", label) for label in spec.labels]
    found += [(_way(element), words) for element in spec.elements.values() for _, words in element.templates()]
    for way, words in found:
        if not is_said(words):
            continue
        said = layer.say(spec.screen, words)
        first = seen.setdefault((way, _fold(said)), words)
        if _fold(first) != _fold(words):
            path = _path(layer, spec.screen, words)
            message = f"{said!r} is already the translation of {first!r} on the screen {spec.screen}"
            yield document.problem(path, message)


def _committing(screens: Mapping[str, ScreenSpec], translation: Translation) -> Iterator[Problem]:
    """Words of harmless controls that the layer translates like those of a control that commits."""
    layer, document = translation.layer, translation.document
    found = [
        (spec.screen, element.commits, words)
        for spec in screens.values()
        for element in spec.elements.values()
        for _, words in element.templates()
        if is_said(words) and element.kind in PRESSED_KINDS
    ]
    commits = {_fold(layer.say(screen, words)): words for screen, commits, words in found if commits}
    told = set()
    for screen, _, words in found:
        kept = commits.get(_fold(layer.say(screen, words)))
        if kept is None or _fold(kept) == _fold(words):
            continue
        path = _path(layer, screen, words)
        if path not in told:
            told.add(path)
            yield document.problem(path, f"{layer.say(screen, words)!r} is the translation of {kept!r}, which commits")


def _path(layer: Layer, screen: str, words: str) -> tuple[str, ...]:
    """Where the layer translates these words of a screen."""
    return ("screens", screen, words) if words in layer.screens.get(screen, {}) else ("words", words)


def _way(element: Element) -> str:
    """How an element is found; two elements with the same value could be confused."""
    if element.role is not None:
        return f"role {element.role}"
    return "label" if element.kind == "field" else element.kind


def _fold(words: str) -> str:
    return " ".join(words.split()).removesuffix(":").casefold()


def _facts(words: str) -> list[str]:
    try:
        return sorted(name for _, name, _, _ in Formatter().parse(words) if name is not None)
    except ValueError:
        return [words]


def _said(layer: Layer, path: tuple[str, ...]) -> str:
    return layer.words[path[1]] if path[0] == "words" else layer.screens[path[1]][path[2]]


_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")


def _xpath(xpath: str, words: Mapping[str, str]) -> str:
    """The XPath with these words, inside its quoted texts, replaced by others."""

    def told(match: re.Match[str]) -> str:
        text = inside = match.group()[1:-1]
        for english in sorted(words, key=len, reverse=True):
            inside = inside.replace(english, words[english])
        return match.group() if inside == text else xpath_string(inside)

    return _LITERAL.sub(told, xpath)


def xpath_string(words: str) -> str:
    """``words`` as an XPath string; XPath has no escapes, so a text with both kinds of quotes is put together."""
    if '"' not in words:
        return f'"{words}"'
    parts = ", '\"', ".join(f'"{part}"' for part in words.split('"'))
    return f"concat({parts})"
