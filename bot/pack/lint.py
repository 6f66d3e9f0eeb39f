"""Mistakes in a pack beyond its form: names that are missing, unused or of the wrong kind, and unknown facts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from types import MappingProxyType

from bot.errors import Problem
from bot.joblist.yamlfile import Document
from bot.pack.commerce import names_it
from bot.pack.model import READ_ONLY_KINDS, ScreenSpec, Way

FACTS = frozenset({"order", "store", "store_id", "reason"})
"""What a finder, a route or a check may put in braces: facts of the current order."""

NUMBERS = frozenset({"row_id", "merchant_id"})
"""What the addresses of classic pages may have in braces besides: the extension's own numbers of order and store."""

BOX, COMMITS, ANY = "box", "commits", "any"
_ORDER_LIST = {"store_name": ANY, "order_row": BOX, "order_link": BOX} | dict.fromkeys(
    ("order_number", "order_status", "buyer_name", "order_total"), "column"
)

REQUIRED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sign_in": dict.fromkeys(("username", "password", "sign_in"), BOX),
        "two_factor": dict.fromkeys(("code", "send_code"), BOX),
        "start_page": dict.fromkeys(("marketing_menu", "amazon_sales_channel"), BOX),
        "home": dict.fromkeys(("store_names", "store_card", "view_store"), BOX),
        "store_dashboard": {**_ORDER_LIST, "all_orders": BOX},
        "all_orders": _ORDER_LIST
        | dict.fromkeys(("order_number_filter", "apply_filters", "clear_all_filters", "back"), BOX),
        "order_details": dict.fromkeys(("order_number", "status", "notes", "buyer_name", "order_total"), "field")
        | dict.fromkeys(("cancel_order", "back"), BOX),
        "cancel_dialog": {"dialog": BOX, "reason": "choice", "confirm": COMMITS},
        "answer": dict.fromkeys(("messages", "error", "success"), BOX),
    }
)
"""The screens and elements that the flows name on the way of version 4.3, and what each must be: of a kind (``field``,
``column``, ``choice``), a box that can be acted on, one that commits, or anything. A pack without them cannot be worked
with.
"""


def required(way: Way) -> Mapping[str, Mapping[str, str]]:
    """The screens and elements that the flows need for the way that a pack describes."""
    needs = {screen: dict(elements) for screen, elements in REQUIRED.items()}
    if way.orders == "grid":
        del needs["all_orders"], needs["store_dashboard"]
        needs["home"] = dict.fromkeys(("store_names", "orders_tab"), BOX)
        needs["orders_grid"] = (
            _ORDER_LIST
            | {"store_name": "column"}
            | dict.fromkeys(("filters", "clear_filters", "previous_page", "next_page"), BOX)
        )
    if way.opens == "commerce_order":
        needs["commerce_order"] = {"amazon_order_number": "field", "view_or_cancel": BOX}
    if way.confirm_on == "cancel_page":
        del needs["cancel_dialog"], needs["order_details"]["back"]
        needs["cancel_page"] = {"amazon_order_number": "field", "reason": "choice", "confirm": COMMITS}
    return needs


def missing(
    folder: Path, screens: Mapping[str, ScreenSpec], needed: Mapping[str, Mapping[str, str]] = REQUIRED
) -> Iterator[Problem]:
    """The screens and elements that the flows need and the pack in ``folder`` does not have."""
    for screen, elements in needed.items():
        file = str(folder / f"{screen}.yaml")
        if screen not in screens:
            yield Problem(file, 1, 1, f"the screen {screen} is missing: the flows need it")
            continue
        for name in sorted(elements.keys() - screens[screen].elements.keys()):
            yield Problem(file, 1, 1, f"the element {name} is missing: the flows need it")


def lint(
    spec: ScreenSpec, document: Document, file: Path, needed: Mapping[str, Mapping[str, str]] = REQUIRED
) -> Iterator[Problem]:
    """What is wrong with one screen, given its file, the document that was read from it, and what the flows need."""

    def problem(path: tuple[str | int, ...], message: str) -> Problem:
        return Problem(document.file, *document.locate(path), message)

    if spec.screen != file.stem:
        yield problem(("screen",), f"the screen is named {spec.screen} but its file is {file.name}")
    if spec.interrupts is None and file.parent.name == "interruptions":
        yield problem((), "interrupts is missing: every screen in this folder must say what it means when it appears")
    # Interruptions are looked for whatever the current order is, so they know nothing about it.
    facts = FACTS if spec.interrupts is None else frozenset[str]()
    needs = needed.get(spec.screen, {})
    used = set(needs)
    for number, check in enumerate(spec.checks):
        used.update(check.elements)
        sign = spec.elements.get(check.shows) if check.shows else None
        if spec.interrupts is not None and (check.shows is None or (sign and sign.kind in READ_ONLY_KINDS)):
            yield problem(("checks", number), "an interruption is recognized by what it shows, which cannot be a field")
        for name in check.elements:
            if name not in spec.elements:
                yield problem(("checks", number), f"there is no element {name} on this screen")
        if check.reads:
            for name, expected in check.reads.items():
                element = spec.elements.get(name)
                if element is not None and element.kind == "column":
                    yield problem(("checks", number), f"{name} is a column: it has no single text to compare")
                yield from unknown_facts(document, ("checks", number, "reads", name), expected, facts)
        if check.route:
            yield from unknown_facts(document, ("checks", number, "route"), check.route, facts)
        yield from unknown_facts(document, ("checks", number, "message"), check.message, facts)
    if spec.interrupts is not None and spec.interrupts.press is not None:
        used.add(spec.interrupts.press)
        pressed = spec.elements.get(spec.interrupts.press)
        if pressed is None or pressed.kind in READ_ONLY_KINDS or pressed.commits:
            yield problem(("interrupts", "press"), f"{spec.interrupts.press} cannot be pressed on this screen")
    for name, element in spec.elements.items():
        if element.within is not None:
            used.add(element.within)
            container = spec.elements.get(element.within)
            if container is None or container.kind in READ_ONLY_KINDS or _is_inside_itself(spec, name):
                yield problem(("elements", name, "within"), f"{element.within} is no box on this screen")
        for other in element.when or ():
            used.add(other)
            if other not in spec.elements or spec.elements[other].kind != "field":
                yield problem(("elements", name, "when"), f"{other} is no field on this screen")
        for keys, template in element.templates():
            yield from unknown_facts(document, ("elements", name, *keys), template, facts)
        if names_it(element):
            yield problem(
                ("elements", name),
                f"the element {name} could be the Commerce order's own Cancel, which is not the Amazon cancel: "
                "no pack may name it",
            )
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


def unknown_facts(
    document: Document, path: tuple[str | int, ...], template: str, facts: frozenset[str] = FACTS
) -> Iterator[Problem]:
    """The braces in ``template`` that no flow could fill in; ``path`` is where it is in the document."""
    where = document.locate(path)
    try:
        names = {
            name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            for _, name, form, conversion in Formatter().parse(template)
            if name is not None
        }
    except ValueError:
        yield Problem(document.file, *where, f"the braces in {template!r} are not balanced")
        return
    for name in sorted(names - facts):
        allowed = ", ".join(f"{{{fact}}}" for fact in sorted(facts))
        hint = f"allowed are {allowed}" if facts else "an interruption knows nothing about the current order"
        yield Problem(document.file, *where, f"{{{name}}} is not known; {hint}")
