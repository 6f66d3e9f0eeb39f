"""For people who maintain packs: a pack in words, the differences between two, and the oddities of one.

A mistake in a pack stops every command; an oddity is only reported here.
"""

from collections import defaultdict
from collections.abc import Iterator

from pydantic import BaseModel

from bot.pack import Pack
from bot.pack.describe import describe
from bot.pack.model import Element, ScreenSpec

_NAME = 24
"""Columns of an element's name."""


def show(pack: Pack, only: str | None = None) -> Iterator[str]:
    """A pack in words, line by line; with ``only``, that screen."""
    if only is None:
        yield f"{pack.name}: {pack.info.title}"
        yield f"  {len(pack.screens)} screens, of which {len(pack.interruptions())} may appear in place of any other"
        yield f"  an order is at {pack.info.order_route}, a store at {pack.info.store_route}"
    for name, spec in pack.screens.items():
        if only in {None, name}:
            yield ""
            yield from _show_screen(name, spec)


def _show_screen(name: str, spec: ScreenSpec) -> Iterator[str]:
    yield f"{name}: {spec.title}"
    for number, check in enumerate(spec.checks, start=1):
        condition = (
            f"shows {check.shows}"
            if check.shows
            else f"does not show {check.hides}"
            if check.hides
            else f"is at {check.route}"
            if check.route
            else " and ".join(f"{field} reads {words!r}" for field, words in (check.reads or {}).items())
        )
        yield f"  {number}. {condition}; else: {check.message}"
    for element, described in spec.elements.items():
        yield f"  {element:<{_NAME}}{describe(described)}{_remarks(described)}"
        yield f"  {'':<{_NAME}}for: {described.purpose}"
    if spec.interrupts is not None:
        yield f"  If it appears: {spec.interrupts.reaction}. {spec.interrupts.message}"


def _remarks(element: Element) -> str:
    remarks = [
        "COMMITS" if element.commits else "",
        "private" if element.private else "",
        "secret" if element.secret else "",
        {"once": "", "maybe": "not always there", "often": "there once or more"}[element.there],
        *(f"there while {field} reads {words!r}" for field, words in (element.when or {}).items()),
    ]
    told = ", ".join(filter(None, remarks))
    return f"  [{told}]" if told else ""


def odd(pack: Pack) -> Iterator[str]:
    """The oddities of a pack, each with its file."""
    for name, spec in pack.screens.items():
        folder = "interruptions/" if (pack.folder / "interruptions" / f"{name}.yaml").is_file() else ""
        file = f"{folder}{name}.yaml"
        found: dict[str, list[str]] = defaultdict(list)
        for element, described in spec.elements.items():
            found[describe(described)].append(element)
        for finder, names in found.items():
            if len(names) > 1:
                yield f"{file}: {' and '.join(names)} are found in the same way: {finder}"
        fields = {described.field for described in spec.elements.values() if described.field}
        for label in spec.labels:
            if label in fields:
                yield f"{file}: the label {label!r} is also a field: it does not need to be listed again"
            if spec.labels.count(label) > 1:
                yield f"{file}: the label {label!r} is listed twice"


def by_markup(pack: Pack) -> Iterator[str]:
    """The elements that are found by invisible markup, except those of interruptions: worth a second look."""
    for name, spec in pack.screens.items():
        for element, described in spec.elements.items():
            if spec.interrupts is None and (described.css or described.xpath):
                yield f"{name}.yaml: {element} is found by its markup ({described.kind}), which may change unseen"


def differences(old: Pack, new: Pack) -> Iterator[str]:
    """The differences between two packs, line by line."""
    yield from _fields("pack.yaml", old.info, new.info)
    for name in [*old.screens, *(name for name in new.screens if name not in old.screens)]:
        if name not in new.screens:
            yield f"- {name}: the screen is gone"
        elif name not in old.screens:
            yield f"+ {name}: a new screen, {new.screens[name].title}"
        else:
            yield from _screens(name, old.screens[name], new.screens[name])


def _screens(name: str, old: ScreenSpec, new: ScreenSpec) -> Iterator[str]:
    for element in [*old.elements, *(one for one in new.elements if one not in old.elements)]:
        where = f"{name}.{element}"
        if element not in new.elements:
            yield f"- {where}: {describe(old.elements[element])}"
        elif element not in old.elements:
            yield f"+ {where}: {describe(new.elements[element])}"
        else:
            yield from _fields(where, old.elements[element], new.elements[element])
    yield from _fields(name, old, new, besides=("elements",))


def _fields(where: str, old: BaseModel, new: BaseModel, besides: tuple[str, ...] = ()) -> Iterator[str]:
    one, other = (model.model_dump(mode="json", by_alias=True) for model in (old, new))
    for key, before in one.items():
        after = other[key]
        if key in besides or before == after:
            continue
        if isinstance(before, list) and isinstance(after, list):
            yield from (f"- {where}.{key}: {_told(item)}" for item in before if item not in after)
            yield from (f"+ {where}.{key}: {_told(item)}" for item in after if item not in before)
            if sorted(map(str, before)) == sorted(map(str, after)):
                yield f"~ {where}.{key}: in a different order"
        elif isinstance(before, dict) and isinstance(after, dict):
            for term in [*before, *(term for term in after if term not in before)]:
                if before.get(term) != after.get(term):
                    yield f"~ {where}.{key}.{term}: {_told(before.get(term))} -> {_told(after.get(term))}"
        else:
            yield f"~ {where}.{key}: {_told(before)} -> {_told(after)}"


def _told(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(one)}" for key, one in value.items() if one is not None)
    return repr(value)
