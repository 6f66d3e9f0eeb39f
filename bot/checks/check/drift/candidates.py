"""What a missing element may be now, and which YAML in a pack would find it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from playwright.sync_api import Error as PlaywrightError

from bot.admin.screen import Screen
from bot.checks.check.baseline import Baseline, as_yaml
from bot.checks.check.drift.likeness import FIELDS, PRESSED, alike, nearness, role_likeness
from bot.checks.check.drift.position import Found, as_box, label_of, texts, where
from bot.checks.check.model import Box, Candidate, LastHeld
from bot.checks.check.snapshot import CONTROLS, DIALOGS, Snapshot, Thing, folded, is_data
from bot.pack import fill
from bot.pack.describe import visible_words
from bot.pack.model import READ_ONLY_KINDS, Card, Element

MOST = 3
"""The most candidates that are listed."""

LEAST = 0.4
"""The least likeness of a candidate."""

BEHIND = 0.25
"""A candidate whose likeness is this much below the best is not listed."""

_BOXES = (*sorted(DIALOGS), "navigation", "banner", "main", "search", "form", "region", "complementary", "contentinfo")
_BOXES += ("toolbar", "tabpanel", "group", "table", "grid")

_COMMITS = (
    "A person must verify this before it goes into the pack: the control with this name will be pressed to cancel "
    "orders, which cannot be undone."
)
_PRESSED = "Try what {shown} does before it goes into the pack; a control that commits needs commits: true there."


def candidates(
    screen: Screen, name: str, snapshot: Snapshot, baseline: Baseline | None, last: LastHeld | None
) -> Iterable[Candidate]:
    """What may be the element ``name`` now, the most likely first; each with YAML that was tried and finds it."""
    element = screen.element(name)
    wanted = (
        fill(visible_words(element), screen.facts) if _fits(screen, visible_words(element)) else visible_words(element)
    )
    taken = _taken(screen, name)
    before = {line.partition(" ")[2].strip('"') for line in baseline.landmarks} if baseline else set()
    inside = _place_of(screen, element.within)
    scored = []
    for found in _pool(element, snapshot):
        words = found.name if isinstance(found, Thing) else label_of(found)
        if not words:
            continue
        role = role_likeness(element, found, last)
        place = nearness(found.box, last)
        like = alike(wanted, words)
        score = 0.4 * like + 0.2 * role + 0.4 * place if last else 0.7 * like + 0.3 * role
        same = folded(words) in {folded(wanted), folded(last.words) if last else ""}
        if not same and (folded(words) in taken or words in before):
            score *= 0.35  # it is something else, or was there beside it
        if inside is not None and not inside.holds(found.box):
            score *= 0.5
        scored.append((score, found, words))
    scored.sort(key=lambda one: -one[0])
    given = 0
    seen: set[str] = set()
    for score, found, words in scored:
        if score < max(LEAST, scored[0][0] - BEHIND) or given == MOST:
            return
        for new in _ways(element, found, words):
            snippet = _snippet(name, new)
            finds = 0 if snippet in seen else _finds(screen, name, new)
            seen.add(snippet)
            if finds == 1 or (finds and new.kind == "column"):
                role_now = found.role if isinstance(found, Thing) else "text"
                shown = found.words if isinstance(found, Thing) else f'text "{words}"'
                yield Candidate(
                    shown=shown,
                    where=where(found, snapshot),
                    likeness=round(min(1.0, score), 2),
                    snippet=snippet,
                    finds=finds,
                    warning=warning(element, shown, role_now),
                )
                given += 1
                break


def told_apart(screen: Screen, name: str, thing: Thing, snapshot: Snapshot) -> str | None:
    """YAML that finds this one of several, by the box that it alone is in; None if no box tells them apart."""
    element = screen.element(name)
    if element.kind in READ_ONLY_KINDS:
        return None
    inside = [
        (other, box)
        for other, box in screen.spec.elements.items()
        if other != name and box.kind in {"role", "card"} and box.within is None and element.within is None
    ]
    for other, _ in inside:
        new = element.model_copy(update={"within": other})
        place = _place_of(screen, other)
        if place is not None and place.holds(thing.box) and _finds(screen, name, new) == 1:
            return _snippet(name, new)
    around = [one for one in snapshot.things if one.role in _BOXES and one.box.holds(thing.box) and one is not thing]
    for box in sorted(around, key=lambda one: one.box.width * one.box.height):
        around_name = f"around_{name}"
        holder = Element.model_validate(
            {
                "role": box.role,
                **({"name": box.name} if box.name and not is_data(box.name) else {}),
                "for": f"the part of the screen that {name} is in",
                "observed": _today(),
            }
        )
        new = element.model_copy(update={"within": around_name})
        spec = screen.spec.model_copy(update={"elements": {**screen.spec.elements, around_name: holder, name: new}})
        tried = Screen(screen.window, spec, screen.facts)
        if tried.count(around_name) == 1 and tried.find(name, hidden_too=element.commits).count() == 1:
            return _snippet(around_name, holder) + _snippet(name, new)
    return None


def warning(element: Element, shown: str, role: str) -> str:
    """What a person must verify before this goes into a pack; empty if nothing."""
    if element.commits:
        return _COMMITS
    return _PRESSED.format(shown=shown) if role in PRESSED else ""


def _pool(element: Element, snapshot: Snapshot) -> Iterable[Found]:
    """The things that an element of this kind could be now."""
    kind = element.kind
    controls = [thing for thing in snapshot.things if thing.role in CONTROLS and thing.name]
    if kind == "column":
        return snapshot.of_role("columnheader")
    if kind == "label":
        return [thing for thing in controls if thing.role in FIELDS]
    if kind == "card":
        return [thing for thing in controls if thing.role in PRESSED]
    if kind in {"row", "before", "css", "xpath", "says"}:
        return []
    free = [piece for piece in texts(snapshot) if not any(thing.box.holds(piece.box) for thing in controls)]
    if kind in {"field", "choice"}:
        return free
    if kind == "text":
        return [*controls, *free]
    roles = {element.role} if isinstance(element.role, str) else set(element.role or ())
    if roles & FIELDS:
        return [thing for thing in controls if thing.role in FIELDS]
    if not roles & CONTROLS:
        return [
            thing for thing in snapshot.things if thing.role not in CONTROLS and thing.role != "text" and thing.name
        ]
    return [*controls, *([] if element.commits else free)]


def _ways(element: Element, found: Found, words: str) -> Iterable[Element]:
    """How a pack could find this, the best way first."""
    boxes = ("role", "name", "text", "label", "field", "column", "choice", "card")
    bare = element.model_copy(update=dict.fromkeys(boxes))
    role = found.role if isinstance(found, Thing) else None
    kind = element.kind
    by_role: dict[str, object] = {"role": role, "name": words}
    ways: list[dict[str, object]]
    if kind in {"column", "label", "field", "choice"}:
        ways = [{kind: words}]
    elif element.card is not None:
        ways = [{"card": Card(text=element.card.text, control=words)}]
    elif kind == "text":
        ways = [{"text": words}, by_role] if role else [{"text": words}]
    elif role:
        ways = [by_role]
    else:
        ways = [] if element.commits else [{"text": words}]
    for way in ways:
        yield bare.model_copy(update=way)
        if element.within:
            yield bare.model_copy(update={**way, "within": None})


def _finds(screen: Screen, name: str, new: Element) -> int:
    """How many things on the page match this description of an element."""
    spec = screen.spec.model_copy(update={"elements": {**screen.spec.elements, name: new}})
    tried = Screen(screen.window, spec, screen.facts)
    try:
        if new.kind == "field":
            values = tried.texts(name)[name]
            return len(values) if any(values) else 0
        if new.commits:  # one that is hidden may lie on top when it is pressed
            return tried.find(name, hidden_too=True).count()
        return tried.count(name)
    except (KeyError, PlaywrightError):
        return 0


def _place_of(screen: Screen, name: str | None) -> Box | None:
    """Where the one element ``name`` is; None if there is not exactly one."""
    try:
        found = screen.find(name).matches if name else ()
    except (KeyError, PlaywrightError):
        return None
    return as_box(found[0].box) if len(found) == 1 else None


def _taken(screen: Screen, name: str) -> set[str]:
    """The words of this screen's other elements and labels: a thing with one of these is a different element."""
    words = set(screen.spec.labels)
    for other, element in screen.spec.elements.items():
        if other not in {name, screen.element(name).within}:
            words.add(visible_words(element))
    return {folded(one) for one in words if one} - {folded(visible_words(screen.element(name)))}


def _fits(screen: Screen, template: str) -> bool:
    try:
        fill(template, screen.facts)
    except KeyError:
        return False
    return True


def _snippet(name: str, element: Element) -> str:
    told = element.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    told["observed"] = _today()
    return as_yaml({name: told})


def _today() -> str:
    return f"this Admin, {datetime.now(UTC):%Y-%m-%d}; to be checked by a person"
