"""The pack: what the Admin's screens look like, as data (``selectors/<pack>/``, one YAML file a screen).

Three layers are kept apart, so that a person who knows the screens but no Python can keep a pack: the YAML files
say how a person recognises each thing; this module types and validates them; ``bot.finder`` turns them into
Playwright locators. Everything wrong in a pack is reported at once, with file, line and column.

``pack.yaml`` holds what is true of all screens; each other file describes one; those under ``interruptions/`` are
the screens that may appear in place of any other.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from bot.errors import CannotStart, InputInvalid, Problem
from bot.vocabulary import Reason, Status
from bot.yamlfile import Document, read_yaml, validate

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]

FACTS = frozenset({"order", "store", "store_id", "reason"})
"""What a finder, a route or a check may put in braces: facts of the order in hand."""

BOX, COMMITS, ANY = "box", "commits", "any"
_ORDER_LIST = {"store_name": ANY, "order_row": BOX, "order_link": BOX} | dict.fromkeys(
    ("order_number", "buyer_name", "order_total"), "column"
)

REQUIRED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sign_in": dict.fromkeys(("username", "password", "sign_in"), BOX),
        "start_page": dict.fromkeys(("marketing_menu", "amazon_sales_channel"), BOX),
        "home": dict.fromkeys(("store_card", "view_store"), BOX),
        "store_dashboard": {**_ORDER_LIST, "all_orders": BOX},
        "all_orders": _ORDER_LIST
        | dict.fromkeys(("order_number_filter", "apply_filters", "clear_all_filters", "back"), BOX),
        "order_details": dict.fromkeys(("order_number", "status", "notes", "buyer_name", "order_total"), "field")
        | dict.fromkeys(("cancel_order", "back"), BOX),
        "cancel_dialog": {"dialog": BOX, "reason": "choice", "confirm": COMMITS},
        "answer": dict.fromkeys(("messages", "error", "success"), BOX),
    }
)
"""The screens and elements that the flows name, and what each must be: of a kind (``field``, ``column``,
``choice``), a box that can be acted on, one that commits, or anything. A pack without them cannot be worked with.
"""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Card(_Model):
    """The smallest box that holds a given text and a given control."""

    text: Words = Field(description="The text that tells this box from its neighbours, whole")
    control: Words = Field(description="The words on a button or link that every such box has")


KINDS = ("role", "label", "text", "says", "field", "column", "card", "row", "choice", "css", "xpath")
READ_ONLY_KINDS = frozenset({"field", "column"})


class Element(_Model):
    """One thing on a screen: how a person finds it, what it is for, and where that was observed."""

    role: Words | tuple[Words, ...] | None = Field(
        default=None, description="ARIA role, such as button, or any of several; goes with name"
    )
    name: Words | None = Field(default=None, description="With role: the accessible name, whole")
    label: Words | None = Field(default=None, description="The form control with this label")
    text: Words | None = Field(default=None, description="The element with this text, whole")
    says: Words | None = Field(default=None, description="A message that has these words in it")
    field: Words | None = Field(default=None, description="The value that stands beside this label (read only)")
    column: Words | None = Field(default=None, description="The cells under this column header (read only)")
    card: Card | None = Field(default=None, description="The smallest box that holds a text and a control")
    row: Words | None = Field(default=None, description="The table row that has a cell with this text, whole")
    choice: Words | None = Field(
        default=None, description="The select, listbox button, combobox or group of radio buttons at this label"
    )
    css: Words | None = Field(default=None, description="CSS selector; only where nothing visible serves")
    xpath: Words | None = Field(default=None, description="XPath; only where nothing visible serves")

    within: Name | None = Field(default=None, description="Look only inside this element of the same screen")
    case: Literal["exact", "any"] = Field(default="exact", description="Whether upper and lower case must agree")
    commits: bool = Field(
        default=False, description="Pressing it cannot be taken back; only the holder of a permit can press it"
    )
    private: bool = Field(default=False, description="Shows buyers' data: masked in pictures and texts")
    purpose: Words = Field(alias="for", description="What it is for, in a few words; error messages use them")
    observed: Words = Field(description="Where it was seen: a guide, a version, a screen")

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        used = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(used) != 1:
            found = f"it has {' and '.join(used)}" if used else "it has none"
            raise ValueError(f"an element is found in exactly one way ({', '.join(KINDS)}); {found}")
        if self.name is not None and self.role is None:
            raise ValueError("name goes with role; without role, use text or label")
        if self.private and not (self.field or self.column):
            raise ValueError("only field and column elements can be private: their words are what is masked")
        if self.commits and self.name is None:
            raise ValueError("an element that commits is found by role and name, so that nothing else can match")
        return self

    @property
    def kind(self) -> str:
        """The one way in which it is found, such as ``role`` or ``field``."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def templates(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """The texts that may hold facts in braces, each with the keys that lead to it."""
        if self.card is not None:
            yield ("card", "text"), self.card.text
            yield ("card", "control"), self.card.control
        elif self.role is None and self.kind not in {"css", "xpath"}:
            yield (self.kind,), getattr(self, self.kind)
        elif self.name is not None:
            yield ("name",), self.name


class Check(_Model):
    """One condition of a screen, with the sentence that the user reads when it does not hold."""

    shows: Name | None = Field(default=None, description="This element is there, exactly once")
    hides: Name | None = Field(default=None, description="This element is not there")
    reads: dict[Name, Words] | None = Field(default=None, description="This element reads exactly so")
    route: Words | None = Field(default=None, description="The address after the # is exactly this")
    message: Words = Field(description="What is wrong when this does not hold")

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if sum(value is not None for value in (self.shows, self.hides, self.reads, self.route)) != 1:
            raise ValueError("a check has exactly one of shows, hides, reads and route")
        if self.reads is not None and len(self.reads) != 1:
            raise ValueError("reads names exactly one element")
        return self

    @property
    def elements(self) -> tuple[str, ...]:
        """The names of the elements that this check looks at."""
        return tuple(name for name in (self.shows, self.hides, *(self.reads or ())) if name is not None)


class Interruption(_Model):
    """What it means when this screen appears instead of the one that was expected."""

    reaction: Literal["sign_in", "retry", "stop"] = Field(
        description="sign_in: sign in again and go on; retry: begin this order again; stop: end the run"
    )
    lasting: float = Field(
        default=0, ge=0, le=600, description="Seconds that it must last before it counts; 0 is at once"
    )
    message: Words = Field(description="What happened, for the user")
    next_step: Words = Field(description="What the user should do")


class ScreenSpec(_Model):
    """One screen: its elements, the ordered checks that prove that it is this screen, and its busy covers."""

    screen: Name = Field(description="The screen's name; also the file's name")
    title: Words = Field(description="What people call it; error messages use this")
    observed: Words = Field(description="Where it was seen: a guide, a version")
    elements: dict[Name, Element] = Field(default_factory=dict)
    labels: tuple[Words, ...] = Field(
        default=(), description="Further labels on this screen, so that none of them is taken for a value"
    )
    checks: tuple[Check, ...] = Field(
        description="In order; the first that fails is the message", json_schema_extra={"minItems": 1}
    )
    busy: tuple[Words, ...] = Field(default=(), description="CSS of covers that mean: not ready yet")
    interrupts: Interruption | None = Field(
        default=None, description="Set where this screen may appear in place of any other"
    )

    @field_validator("checks")
    @classmethod
    def _some(cls, checks: tuple[Check, ...]) -> tuple[Check, ...]:
        # Not min_length: it also complains, beside the real mistake, when every check has one.
        if not checks:
            raise ValueError("a screen has at least one check, or it could not be told from any other")
        return checks


class CancelRequest(_Model):
    """How the page's own cancel request is recognised on the wire, to hear its answer."""

    address: Words = Field(description="Part of the address that the request goes to")
    body: Words = Field(description="Part of the request's body")


class PackInfo(_Model):
    """``pack.yaml``: what holds for all screens of a pack."""

    pack: Words = Field(description="The pack's name; also the folder's name")
    title: Words = Field(description="Which Admin and which versions it describes")
    observed: Words = Field(description="Where that was seen")
    statuses: dict[Status, tuple[Words, ...]] = Field(description="Status -> every way in which screens write it")
    reasons: dict[Reason, Words] = Field(description="Reason code -> its words in the pick list")
    order_route: Words = Field(description="Where an order's own page is, after the #")
    store_route: Words = Field(description="Where a store's dashboard is, after the #")
    cancel_request: CancelRequest
    busy: tuple[Words, ...] = Field(default=(), description="CSS of covers that mean, on any screen: not ready yet")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for kind, words in (
            ("status", [status for status, texts in self.statuses.items() if texts]),
            ("reason", list(self.reasons)),
        ):
            missing = [str(term) for term in (Status if kind == "status" else Reason) if term not in words]
            if missing:
                raise ValueError(f"no words for {kind} {', '.join(missing)}")
        shown = [text for texts in self.statuses.values() for text in texts]
        if len(set(shown)) != len(shown) or len(set(self.reasons.values())) != len(self.reasons):
            raise ValueError("the same words stand for two different statuses or reasons")
        return self


class Pack(_Model):
    """A whole pack, loaded and checked."""

    folder: Path
    info: PackInfo
    screens: dict[str, ScreenSpec]

    @property
    def name(self) -> str:
        """Such as ``asc-4.3``."""
        return self.info.pack

    def status(self, words: str) -> Status | None:
        """The status that a screen writes as ``words``; None when the pack knows no such words."""
        folded = " ".join(words.split())
        return next((status for status, texts in self.info.statuses.items() if folded in texts), None)

    def interruptions(self) -> tuple[ScreenSpec, ...]:
        """The screens that may appear in place of any other."""
        return tuple(spec for spec in self.screens.values() if spec.interrupts)


def packs_folder() -> Path:
    """Where the packs that come with Countermand are: in the installed package, or at a checkout's top level."""
    here = Path(__file__).resolve().parent
    installed = here / "selectors"
    return installed if installed.is_dir() else here.parent / "selectors"


def load_pack(named: str | Path) -> Pack:
    """Load a pack by name (``asc-4.3``) or by folder, and check all of it.

    Raises:
        CannotStart: there is no such pack.
        InputInvalid: with every mistake in it.
    """
    folder = Path(named)
    if not (folder / "pack.yaml").is_file():
        folder = packs_folder() / named
    if not (folder / "pack.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in packs_folder().glob("*/pack.yaml")))
        raise CannotStart(
            reason=f"There is no pack {str(named)!r}: name one that comes with Countermand ({known}) "
            "or a folder that has a pack.yaml, in COUNTERMAND_PACK or with --pack."
        )
    problems: list[Problem] = []
    info: PackInfo | None = None
    screens: dict[str, ScreenSpec] = {}
    for path in sorted(folder.glob("interruptions/*.yaml")) + sorted(folder.glob("*.yaml")):
        try:
            document = read_yaml(path)
            if path.name == "pack.yaml":
                info = validate(PackInfo, document)
                problems += _braces(document, ("order_route",), info.order_route)
                problems += _braces(document, ("store_route",), info.store_route)
            else:
                spec = validate(ScreenSpec, document)
                problems += _lint(spec, document, path)
                if path.stem in screens:
                    problems.append(document.problem(("screen",), f"the screen {path.stem} has two files"))
                screens[path.stem] = spec
        except InputInvalid as invalid:
            problems += invalid.problems
    if info is not None and not problems:
        problems += _missing(folder, screens)
    if problems or info is None:
        raise InputInvalid(problems)
    return Pack(folder=folder, info=info, screens=screens)


def _missing(folder: Path, screens: Mapping[str, ScreenSpec]) -> Iterator[Problem]:
    for screen, elements in REQUIRED.items():
        file = str(folder / f"{screen}.yaml")
        if screen not in screens:
            yield Problem(file, 1, 1, f"the screen {screen} is missing: the flows need it")
            continue
        for name in sorted(elements.keys() - screens[screen].elements.keys()):
            yield Problem(file, 1, 1, f"the element {name} is missing: the flows need it")


def _lint(spec: ScreenSpec, document: Document, file: Path) -> Iterator[Problem]:
    def problem(path: tuple[str | int, ...], message: str) -> Problem:
        return Problem(document.file, *document.locate(path), message)

    if spec.screen != file.stem:
        yield problem(("screen",), f"the screen is named {spec.screen} but its file is {file.name}")
    if spec.interrupts is None and file.parent.name == "interruptions":
        yield problem((), "interrupts is missing: every screen in this folder says what its appearing means")
    # Interruptions are looked for whatever the order in hand is, so they know nothing of it.
    facts = FACTS if spec.interrupts is None else frozenset[str]()
    needs = REQUIRED.get(spec.screen, {})
    used = set(needs)
    for number, check in enumerate(spec.checks):
        used.update(check.elements)
        sign = spec.elements.get(check.shows) if check.shows else None
        if spec.interrupts is not None and (check.shows is None or (sign and sign.kind in READ_ONLY_KINDS)):
            yield problem(("checks", number), "an interruption is recognised by what it shows, which cannot be a field")
        for name in check.elements:
            if name not in spec.elements:
                yield problem(("checks", number), f"there is no element {name} on this screen")
        if check.reads:
            for name, expected in check.reads.items():
                element = spec.elements.get(name)
                if element is not None and element.kind == "column":
                    yield problem(("checks", number), f"{name} is a column: it has no single text to compare")
                yield from _braces(document, ("checks", number, "reads", name), expected, facts)
        if check.route:
            yield from _braces(document, ("checks", number, "route"), check.route, facts)
        yield from _braces(document, ("checks", number, "message"), check.message, facts)
    for name, element in spec.elements.items():
        if element.within is not None:
            used.add(element.within)
            container = spec.elements.get(element.within)
            if container is None or container.kind in READ_ONLY_KINDS or _is_inside_itself(spec, name):
                yield problem(("elements", name, "within"), f"{element.within} is no box on this screen")
        for keys, template in element.templates():
            yield from _braces(document, ("elements", name, *keys), template, facts)
        need = needs.get(name, ANY)
        if need == BOX and element.kind in READ_ONLY_KINDS:
            yield problem(("elements", name), f"the element {name} cannot be a {element.kind}: the flows act on it")
        elif need == COMMITS and not element.commits:
            yield problem(("elements", name), f"the element {name} needs commits: true")
        elif need not in {BOX, COMMITS, ANY, element.kind}:
            yield problem(("elements", name), f"the element {name} must be a {need}, not a {element.kind}")
    for name, element in spec.elements.items():
        if name not in used and not element.private:
            yield problem(("elements", name), f"the element {name} is not used by any check or flow: remove it")


def _is_inside_itself(spec: ScreenSpec, name: str) -> bool:
    """Whether the boxes around an element lead back to it."""
    around = [name]
    while (box := spec.elements.get(around[-1])) and box.within is not None and around.count(around[-1]) == 1:
        around.append(box.within)
    return around[-1] == name and len(around) > 1


def _braces(
    document: Document, path: tuple[str | int, ...], template: str, facts: frozenset[str] = FACTS
) -> Iterator[Problem]:
    where = document.locate(path)
    try:
        names = {
            name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            for _, name, form, conversion in Formatter().parse(template)
            if name is not None
        }
    except ValueError:
        yield Problem(document.file, *where, f"the braces in {template!r} do not pair up")
        return
    for name in sorted(names - facts):
        allowed = ", ".join(f"{{{fact}}}" for fact in sorted(facts))
        hint = f"allowed are {allowed}" if facts else "an interruption knows nothing of the order in hand"
        yield Problem(document.file, *where, f"{{{name}}} is not known; {hint}")


def fill(template: str, facts: Mapping[str, str]) -> str:
    """``template`` with its facts filled in.

    Raises:
        KeyError: a fact is needed and was not given; a mistake in a flow, not in a pack.
    """
    return template.format_map(facts)


def match_route(template: str, address: str) -> dict[str, str] | None:
    """The facts in an address that fits ``template`` whole, or None.

    ``match_route("#/store-details/{store_id}/orders/{order}", "#/store-details/7f/orders/112-1-1")`` is
    ``{"store_id": "7f", "order": "112-1-1"}``.
    """
    pattern = ""
    for text, name, _, _ in Formatter().parse(template):
        again = f"(?P<{name}>" in pattern
        pattern += re.escape(text) + ("" if not name else f"(?P={name})" if again else f"(?P<{name}>[^/?#]+)")
    found = re.fullmatch(pattern, address)
    return found.groupdict() if found else None


def pack_schema() -> dict[str, Any]:
    """JSON Schema of a pack's files, for editors: ``pack.yaml`` or one screen."""
    screen = ScreenSpec.model_json_schema(ref_template="#/$defs/{model}")
    info = PackInfo.model_json_schema(ref_template="#/$defs/{model}")
    definitions = {**info.pop("$defs", {}), **screen.pop("$defs", {}), "ScreenSpec": screen, "PackInfo": info}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Countermand pack: pack.yaml, or one screen",
        "oneOf": [{"$ref": "#/$defs/ScreenSpec"}, {"$ref": "#/$defs/PackInfo"}],
        "$defs": definitions,
    }
