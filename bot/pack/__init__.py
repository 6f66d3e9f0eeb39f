"""The pack: what the Admin's screens look like, as data (``selectors/<pack>/``, one YAML file per screen).

Three layers are kept apart, so that a person who knows the screens but no Python can keep a pack: the YAML files
say how a person recognizes each thing; this module types and validates them; ``bot.admin.look`` has a page
searched for it. Everything wrong in a pack is reported at once, with file, line and column.

``pack.yaml`` holds what is true of all screens; each other file describes one; those under ``interruptions/`` are
the screens that may appear in place of any other.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.errors import CannotStart, InputInvalid, Problem
from bot.files import at_home
from bot.joblist.validation import in_order, validate
from bot.joblist.yamlfile import read_yaml
from bot.pack.language import (
    ENGLISH,
    Layer,
    codes,
    in_language,
    mistakes,
    other_languages,
    read_layer,
    screen_in_language,
)
from bot.pack.lint import FACTS, NUMBERS, lint, missing, required, unknown_facts
from bot.pack.model import PackInfo, ScreenSpec, Way
from bot.vocabulary import Status

AUTO = "auto"
"""The name for the pack that is recognized on the page."""


class Pack(BaseModel):
    """A complete pack, loaded and checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    info: PackInfo
    screens: dict[str, ScreenSpec]
    language: str = ENGLISH
    """Code of the language that the screens are in, such as ``de_DE``."""
    in_other_languages: tuple[ScreenSpec, ...] = ()
    """Interruptions that recognize an Admin in a different language."""
    sign_in_title: str = "English"
    """What people call the language of the sign-in page."""

    @property
    def name(self) -> str:
        """Such as ``asc-4.3``, or ``asc-4.3 in de_DE``."""
        return self.info.pack if self.language == ENGLISH else f"{self.info.pack} in {self.language}"

    def status(self, words: str) -> Status | None:
        """The status that a screen writes as ``words``; None if the pack does not know these words."""
        folded = " ".join(words.split())
        return next((status for status, texts in self.info.statuses.items() if folded in texts), None)

    def says_canceled(self, notes: str) -> bool:
        """Whether an order's notes say that it was canceled once: an import that undoes a cancel leaves the note."""
        folded = " ".join(notes.split())
        return any(words in folded for words in self.info.canceled_notes)

    def interruptions(self) -> tuple[ScreenSpec, ...]:
        """The screens that may appear in place of any other."""
        return tuple(spec for spec in self.screens.values() if spec.interrupts)


def packs_folder() -> Path:
    """Where the packs that come with Countermand are: in the installed package, or at a checkout's top level."""
    bot = Path(__file__).resolve().parents[1]
    installed = bot / "selectors"
    return installed if installed.is_dir() else bot.parent / "selectors"


def load_pack(named: str | Path, language: str = ENGLISH, sign_in_language: str | None = None) -> Pack:
    """Load a pack by name (``asc-4.3``) or by folder, and check all of it.

    Its words are those of ``language``, and on the screens before anybody is signed in those of ``sign_in_language``,
    which is the same unless it is given.

    Raises:
        CannotStart: there is no such pack, or it has no such language.
        InputInvalid: with every mistake in it.
    """
    try:
        folder = at_home(named)
    except ValueError as unknown:
        raise CannotStart(reason=f"There is no pack {str(named)!r}: {unknown}.") from None
    if not (folder / "pack.yaml").is_file():
        folder = packs_folder() / named
    if not (folder / "pack.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in packs_folder().glob("*/pack.yaml")))
        if str(named) == AUTO:
            raise CannotStart(
                reason="Only doctor, plan, run and audit recognize the pack on the page (auto): name it here, "
                f"one that comes with Countermand ({known}) or a folder that has a pack.yaml."
            )
        raise CannotStart(
            reason=f"There is no pack {str(named)!r}: name one that comes with Countermand ({known}) "
            "or a folder that has a pack.yaml, in COUNTERMAND_PACK or with --pack."
        )
    before = language if sign_in_language is None else sign_in_language
    for wanted, setting in ((language, "COUNTERMAND_LANGUAGE"), (before, "COUNTERMAND_SIGN_IN_LANGUAGE")):
        if wanted not in codes(folder):
            raise CannotStart(
                reason=f"The pack {folder.name} has no language {wanted!r}: name one of those that it has "
                f"({', '.join(codes(folder))}) in {setting}, or add languages/{wanted}.yaml to it."
            )
    problems: list[Problem] = []
    info: PackInfo | None = None
    screens: dict[str, ScreenSpec] = {}
    needed = required(Way())
    files = [folder / "pack.yaml"]  # it says which others there are, and what is needed of them
    while files:
        path = files.pop(0)
        try:
            document = read_yaml(path)
            if path.name == "pack.yaml":
                files += _screen_files(folder)
                info = validate(PackInfo, document)
                needed = required(info.way)
                if info.extends is not None:
                    files += _extended(info.extends, files, needed)
                    if not (packs_folder() / info.extends / "pack.yaml").is_file():
                        problems.append(document.problem(("extends",), f"there is no pack {info.extends!r}"))
                for name in ("order_route", "store_route", "cancel_route"):
                    route = getattr(info, name) or ""
                    facts = FACTS if route.startswith("#") else FACTS | NUMBERS
                    problems += unknown_facts(document, (name,), route, facts)
            else:
                spec = validate(ScreenSpec, document)
                problems += lint(spec, document, path, needed)
                if path.stem in screens:
                    problems.append(document.problem(("screen",), f"the screen {path.stem} has two files"))
                screens[path.stem] = spec
        except InputInvalid as invalid:
            problems += invalid.problems
    places = {str(path): place for place, path in enumerate(sorted(folder.rglob("*.yaml"), key=_reading_order))}
    problems.sort(key=lambda problem: places.get(problem.file, len(places)))
    if info is not None and not problems:
        problems += missing(folder, screens, needed)
    layers: dict[str, Layer | None] = {ENGLISH: None}
    for code in () if problems else dict.fromkeys((language, before)):
        try:
            if code != ENGLISH:
                translation = read_layer(folder, code)
                layers[code] = translation.layer
                problems += in_order(mistakes(translation, screens))
        except InputInvalid as invalid:
            problems += invalid.problems
    if problems or info is None:
        raise InputInvalid(problems)
    used = {screen: before if spec.before_sign_in else language for screen, spec in screens.items()}
    told = {}
    for screen, spec in screens.items():
        layer = layers[used[screen]]
        told[screen] = spec if layer is None else screen_in_language(spec, layer)
    after, first = layers[language], layers[before]
    return Pack(
        folder=folder,
        info=info if after is None else in_language(info, after),
        screens=told,
        language=language,
        in_other_languages=tuple(other_languages(folder, screens, used)),
        sign_in_title="English" if first is None else first.title,
    )


def _reading_order(path: Path) -> tuple[bool, str]:
    """The sort order for people: interruptions first, then the screens by name."""
    return path.parent.name != "interruptions", path.name


def _screen_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("interruptions/*.yaml")) + [
        path for path in sorted(folder.glob("*.yaml")) if path.name != "pack.yaml"
    ]


def _extended(base: str, own: list[Path], needed: Mapping[str, Mapping[str, str]]) -> list[Path]:
    """The files of the pack ``base``, and of those that it extends in turn, that hold for a pack with its ``own`` too:
    what it needs, and what may appear at any time.
    """
    folder = packs_folder() / base
    if not (folder / "pack.yaml").is_file():
        return []
    names = {path.name for path in own}
    found = [
        path
        for path in _screen_files(folder)
        if path.name not in names and (path.parent != folder or path.stem in needed)
    ]
    further = validate(PackInfo, read_yaml(folder / "pack.yaml")).extends
    return found + (_extended(further, own + found, needed) if further else [])


def load_packs(named: str | Path, language: str = ENGLISH, sign_in_language: str | None = None) -> tuple[Pack, ...]:
    """The pack of that name or folder; for ``auto`` every one that comes with Countermand and has these languages, the
    newest generation first, of which one is recognized on the page.

    Raises:
        CannotStart, InputInvalid: as ``load_pack``.
    """
    if named != AUTO:
        return (load_pack(named, language, sign_in_language),)
    wanted = {language, sign_in_language or language}
    folders = sorted((path.parent for path in packs_folder().glob("*/pack.yaml")), key=_version, reverse=True)
    speaking = [folder for folder in folders if wanted <= set(codes(folder))]
    return tuple(load_pack(folder, language, sign_in_language) for folder in speaking or folders[:1])


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.name))


def fill(template: str, facts: Mapping[str, str]) -> str:
    """``template`` with its facts filled in.

    Raises:
        KeyError: a required fact was not given; a mistake in a flow, not in a pack.
    """
    return template.format_map(facts)


def match_route(template: str, address: str) -> dict[str, str] | None:
    """The facts in an address that fits ``template``, or None.

    A template with a # fits what comes after the # as a whole, one without it a part of a path, between slashes. After
    the names of its page an Admin's path continues with pairs of a name and a value, in any order, with others between.
    ``match_route("#/store-details/{store_id}/orders/{order}", "#/store-details/7f/orders/112-1-1")`` is
    ``{"store_id": "7f", "order": "112-1-1"}``.
    """
    if not template.startswith("#") and (pairs := _pairs(template)):
        return _match_path(*pairs, address)
    pattern = "" if template.startswith("#") else ".*/"
    for text, name, _, _ in Formatter().parse(template):
        again = f"(?P<{name}>" in pattern
        pattern += re.escape(text) + ("" if not name else f"(?P={name})" if again else f"(?P<{name}>[^/?#]+)")
    found = re.fullmatch(pattern if template.startswith("#") else f"{pattern}(?:[/?#].*)?", address)
    return found.groupdict() if found else None


def _pairs(template: str) -> tuple[list[str], dict[str, str]] | None:
    """The names of an Admin page in a route, and the pairs that follow them; None for any other route."""
    parts = template.strip("/").split("/")
    first = next((place for place, part in enumerate(parts) if "{" in part), 0) - 1
    names, values = parts[first::2], parts[first + 1 :: 2]
    whole = all(re.fullmatch(r"\{\w+\}|[^{}]+", value) for value in values) and not any("{" in name for name in names)
    return (
        (parts[:first], dict(zip(names, values, strict=True)))
        if first > 0 and len(names) == len(values) and whole
        else None
    )


def _match_path(page: list[str], wanted: Mapping[str, str], path: str) -> dict[str, str] | None:
    there = [part for part in re.split(r"[?#]", path)[0].split("/") if part]
    for start in [place for place in range(len(there)) if there[place : place + len(page)] == page]:
        names = there[start + len(page) :]
        said = dict(zip(names[::2], names[1::2], strict=False))
        if all((value.startswith("{") and name in said) or said.get(name) == value for name, value in wanted.items()):
            return {value.strip("{}"): said[name] for name, value in wanted.items() if value.startswith("{")}
    return None


_DESCRIPTIONS = {
    "ScreenSpec": (
        "One screen: its elements, the ordered checks that prove that it is this screen, and its busy covers."
    ),
    "PackInfo": "pack.yaml: what holds for all screens of a pack.",
    "Layer": "languages/<code>.yaml: what the English words of a pack are in another language.",
    "Element": "One thing on a screen: how a person finds it, what it is for, and where that was observed.",
    "Card": "The smallest box that contains a given text and a given control.",
    "ScreenCheck": "One condition of a screen, with the message for users if it does not hold.",
    "Interruption": "What it means when this screen appears instead of the expected one.",
    "CancelRequest": (
        "The request that cancels: what leaves the browser is compared with the permit by it, and its answer is read."
    ),
    "Names": "Names of the cancel request's parameters, if they differ from the extension's.",
    "Way": (
        "How the generations of the screens differ: where orders are listed, what a list leads to, where Confirm is."
    ),
    "Status": "The status of an Amazon order, as the extension names it. Only Unshipped can be canceled here.",
    "Reason": (
        "Why an order is canceled: the codes that Amazon accepts from a seller, in the order the Admin lists them."
    ),
}
"""The schema's description of each part. Pydantic would use docstrings, which ``python -OO`` removes."""


def pack_schema() -> dict[str, Any]:
    """JSON Schema of a pack's files, for editors: ``pack.yaml``, one screen, or one language."""
    screen = ScreenSpec.model_json_schema(ref_template="#/$defs/{model}")
    info = PackInfo.model_json_schema(ref_template="#/$defs/{model}")
    layer = Layer.model_json_schema(ref_template="#/$defs/{model}")
    definitions = {**info.pop("$defs", {}), **screen.pop("$defs", {}), **layer.pop("$defs", {})}
    definitions |= {"ScreenSpec": screen, "PackInfo": info, "Layer": layer}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Countermand pack: pack.yaml, one screen, or one language",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("ScreenSpec", "PackInfo", "Layer")],
        "$defs": {
            name: {"description": _DESCRIPTIONS[name]} | {key: part[key] for key in part if key != "description"}
            for name, part in definitions.items()
        },
    }
