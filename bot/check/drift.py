"""What is on the screen in place of something that the pack does not find.

Nothing here mends anything: it says what is there, what is likest to what was there, and what a pack would have to say
to find that. Each such piece of YAML is tried on the page before it is shown, and found exactly one thing.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from difflib import SequenceMatcher

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import FloatRect

from bot.check.baseline import Baseline, as_yaml
from bot.check.model import Aspect, Box, Candidate, Drift, LastHeld
from bot.check.sight import CONTROLS, DIALOGS, Piece, Sight, Thing, folded, is_data, look_at
from bot.finder import known_labels
from bot.pack import fill
from bot.pack.lint import FACTS
from bot.pack.model import READ_ONLY_KINDS, Card, Element
from bot.screen import Screen

MOST = 3
"""So many candidates are told."""

LEAST = 0.4
"""A candidate that is less like it is none."""

BEHIND = 0.25
"""One that is so much less like it than the likeliest is not told."""

NAMED = 8
"""So many things are named of those that are there instead."""

PRESSED = frozenset({"button", "link", "menuitem", "tab", "option"})
FIELDS = frozenset({"textbox", "searchbox", "combobox", "spinbutton", "checkbox", "radio", "switch"})
_BOXES = (*sorted(DIALOGS), "navigation", "banner", "main", "search", "form", "region", "complementary", "contentinfo")
_BOXES += ("toolbar", "tabpanel", "group", "table", "grid")

_COMMITS = (
    "A person must verify this, by eye, before it goes into the pack: whatever carries this name here will be pressed "
    "to cancel orders, and that cannot be taken back."
)
_PRESSED = "See by hand what {shown} does before it goes into the pack; what commits must say commits: true there."

Found = Thing | Piece


def missing(screen: Screen, name: str, sight: Sight, baseline: Baseline | None = None) -> Drift:
    """What there is in place of an element that is not found."""
    element = screen.element(name)
    last = baseline.elements.get(name) if baseline else None
    kind = element.kind
    what = f"{name} ({element.purpose}) is not there: the pack looks for {in_words(screen, element)}."
    return Drift(
        aspect=Aspect.ELEMENTS,
        element=name,
        what=what,
        instead=_instead(kind, element, sight),
        last_held=_last_held(baseline, last),
        candidates=tuple(_candidates(screen, name, sight, baseline, last)),
    )


def ambiguous(screen: Screen, name: str, count: int, sight: Sight, baseline: Baseline | None = None) -> Drift:
    """What tells the several things apart that all answer to one element."""
    element = screen.element(name)
    last = baseline.elements.get(name) if baseline else None
    what = f"{name} ({element.purpose}) is there {count} times: the pack looks for {in_words(screen, element)}."
    matches = _matches(screen, name, sight)
    ranked = sorted(matches, key=lambda thing: -_nearness(thing.box, last))
    candidates = []
    for thing in ranked:
        snippet = _told_apart(screen, name, thing, sight)
        if snippet is not None:
            candidates.append(
                Candidate(
                    shown=thing.words,
                    where=_where(thing, sight),
                    likeness=round(_nearness(thing.box, last) if last else 1 / len(ranked), 2),
                    snippet=snippet,
                    finds=1,
                    warning=_warning(element, thing.words, thing.role),
                )
            )
    return Drift(
        aspect=Aspect.ELEMENTS,
        element=name,
        what=what,
        instead="They are: " + "; ".join(f"{thing.words} {_where(thing, sight)}" for thing in matches[:NAMED]) + "."
        if matches
        else "",
        last_held=_last_held(baseline, last),
        candidates=tuple(candidates[:MOST]),
    )


def explain(screen: Screen, name: str) -> Drift:
    """What there is in place of an element, on the page as it is now, without a baseline."""
    sight = look_at(screen.admin.page)
    count = 0 if screen.element(name).kind in READ_ONLY_KINDS else screen.count(name)
    return ambiguous(screen, name, count, sight) if count > 1 else missing(screen, name, sight)


def in_lines(drift: Drift) -> list[str]:
    """A drift in words and YAML, for a text file."""
    lines = [line for line in (drift.what, drift.instead, drift.last_held) if line]
    for place, one in enumerate(drift.candidates):
        where = f", {one.where}" if one.where else ""
        lines += [f"{'Or' if place else 'Likest'}: {one.shown}{where} ({one.likeness:.0%} alike)", one.warning]
        lines += [f"  {line}" for line in one.snippet.splitlines()]
    return [line for line in lines if line]


def not_said(screen: Screen, label: str, sight: Sight, baseline: Baseline | None = None) -> Drift:
    """What may have come in place of a label that the pack knows, and the screen does not show."""
    taken = {folded(one) for one in known_labels(screen.spec)}
    place = baseline.labels.get(label) if baseline else None
    last = LastHeld(words=label, place=place) if place else None
    scored = []
    for piece in _texts(sight):
        text = _label(piece)
        if folded(text) not in taken:
            like = alike(label, text)
            scored.append((0.4 * like + 0.6 * _nearness(piece.box, last) if last else like, text, piece))
    scored.sort(key=lambda one: -one[0])
    candidates = [
        Candidate(
            shown=f'text "{text}"',
            where=_where(piece, sight),
            likeness=round(score, 2),
            snippet=as_yaml({"labels": [text if one == label else one for one in screen.spec.labels]}),
            finds=1,
        )
        for score, text, piece in scored[:1]
        if score >= 0.6
    ]
    return Drift(
        aspect=Aspect.WORDING,
        what=f"The label {label!r} is not on the screen.",
        last_held=_last_held(baseline, last),
        candidates=tuple(candidates),
    )


def labels_at(screen: Screen, sight: Sight) -> Iterable[tuple[str, Box]]:
    """Where the further labels of a screen are now, for a baseline."""
    for label in screen.spec.labels:
        piece = next((piece for piece in sight.pieces if folded(_label(piece)) == folded(label)), None)
        if piece is not None:
            yield label, piece.box


def in_words(screen: Screen, element: Element) -> str:
    """How the pack finds an element, in words, with the facts of the screen."""
    return words_of_finder(element, screen.facts)


def words_of_finder(element: Element, known: Mapping[str, str] | None = None) -> str:
    """How an element is found, in words: ``a button named 'Cancel Order', inside dialog``."""
    facts = {fact: f"{{{fact}}}" for fact in FACTS} | dict(known or {})

    def filled(words: str | None) -> str:
        return repr(fill(words or "", facts))

    if element.role is not None:
        roles = element.role if isinstance(element.role, str) else " or ".join(element.role)
        words = f"a {roles}" + (f" named {filled(element.name)}" if element.name else "")
    elif element.card is not None:
        words = f"the box with {filled(element.card.text)} and {filled(element.card.control)}"
    elif element.css or element.xpath:
        words = f"the {element.kind} {element.css or element.xpath}"
    else:
        told = {
            "label": "the field labelled {}",
            "text": "the text {}",
            "says": "a message with {}",
            "field": "the value beside the label {}",
            "column": "the cells under the head {}",
            "row": "the row with {}",
            "choice": "the pick list at {}",
        }
        words = told[element.kind].format(filled(getattr(element, element.kind)))
    return words + (f", inside {element.within}" if element.within else "")


def held_at(screen: Screen, name: str, sight: Sight, say: Callable[[str], str]) -> LastHeld | None:
    """Where an element that is found is now, for a baseline; ``say`` makes its words neutral."""
    element = screen.element(name)
    try:
        box = _box_of(screen, name, element, sight)
    except PlaywrightError:
        return None
    if box is None:
        return None
    thing = next((one for one in sight.things if _same(one.box, box) and one.role in CONTROLS | DIALOGS), None)
    if thing is None:
        thing = next((one for one in sight.of_role("columnheader", "heading") if _same(one.box, box)), None)
    if thing is None:  # its words may be a part of a control
        words = folded(_words_of(element))
        thing = next(
            (one for one in sight.things if one.role in CONTROLS and folded(one.name) == words and one.box.holds(box)),
            None,
        )
    before = _neighbour(box, sight)
    return LastHeld(
        role=thing.role if thing else "",
        words=say(thing.name) if thing else say(_words_of(element)),
        place=tuple(box),
        after=say(before),
    )


# --- Candidates ----------------------------------------------------------------------------------------------


def _candidates(
    screen: Screen, name: str, sight: Sight, baseline: Baseline | None, last: LastHeld | None
) -> Iterable[Candidate]:
    element = screen.element(name)
    wanted = fill(_words_of(element), screen.facts) if _fits(screen, _words_of(element)) else _words_of(element)
    taken = _taken(screen, name)
    before = {line.partition(" ")[2].strip('"') for line in baseline.landmarks} if baseline else set()
    inside = _place_of(screen, element.within)
    scored = []
    for found in _pool(element, sight):
        words = found.name if isinstance(found, Thing) else _label(found)
        if not words:
            continue
        role = _role_likeness(element, found, last)
        place = _nearness(found.box, last)
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
                    where=_where(found, sight),
                    likeness=round(min(1.0, score), 2),
                    snippet=snippet,
                    finds=finds,
                    warning=_warning(element, shown, role_now),
                )
                given += 1
                break


def _pool(element: Element, sight: Sight) -> Iterable[Found]:
    """What may at all be what an element of this kind is now."""
    kind = element.kind
    controls = [thing for thing in sight.things if thing.role in CONTROLS and thing.name]
    if kind == "column":
        return sight.of_role("columnheader")
    if kind == "label":
        return [thing for thing in controls if thing.role in FIELDS]
    if kind == "card":
        return [thing for thing in controls if thing.role in PRESSED]
    if kind in {"row", "css", "xpath", "says"}:
        return []
    texts = [piece for piece in _texts(sight) if not any(thing.box.holds(piece.box) for thing in controls)]
    if kind in {"field", "choice"}:
        return texts
    if kind == "text":
        return [*controls, *texts]
    roles = {element.role} if isinstance(element.role, str) else set(element.role or ())
    if roles & FIELDS:
        return [thing for thing in controls if thing.role in FIELDS]
    if not roles & CONTROLS:
        return [thing for thing in sight.things if thing.role not in CONTROLS and thing.role != "text" and thing.name]
    return [*controls, *([] if element.commits else texts)]


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
    """How many things an element that is described so finds on the page."""
    spec = screen.spec.model_copy(update={"elements": {**screen.spec.elements, name: new}})
    tried = Screen(screen.admin, spec, screen.facts)
    try:
        if new.kind == "field":
            values = tried.texts(name)[name]
            return len(values) if any(values) else 0
        if new.commits:  # one that is hidden may lie on top when it is pressed
            return tried.find(name, hidden_too=True).count()
        return tried.count(name)
    except (KeyError, PlaywrightError):
        return 0


def _told_apart(screen: Screen, name: str, thing: Thing, sight: Sight) -> str | None:
    """YAML that finds this one of several, by the box that it alone is in; None where no box tells them apart."""
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
    around = [one for one in sight.things if one.role in _BOXES and one.box.holds(thing.box) and one is not thing]
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
        tried = Screen(screen.admin, spec, screen.facts)
        if tried.count(around_name) == 1 and tried.find(name, hidden_too=element.commits).count() == 1:
            return _snippet(around_name, holder) + _snippet(name, new)
    return None


def _place_of(screen: Screen, name: str | None) -> Box | None:
    """Where the one element ``name`` is; None where there is not exactly one."""
    try:
        found = screen.find(name) if name else None
        box = found.bounding_box() if found is not None and found.count() == 1 else None
    except (KeyError, PlaywrightError):
        return None
    return _box(box) if box else None


def _snippet(name: str, element: Element) -> str:
    told = element.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    told["observed"] = _today()
    return as_yaml({name: told})


def _today() -> str:
    return f"this Admin, {datetime.now(UTC):%Y-%m-%d}; to be checked by a person"


def _warning(element: Element, shown: str, role: str) -> str:
    if element.commits:
        return _COMMITS
    return _PRESSED.format(shown=shown) if role in PRESSED else ""


# --- How alike, and where ------------------------------------------------------------------------------------


def alike(wanted: str, found: str) -> float:
    """0 to 1: how like each other two texts are, by their letters and by their words."""
    one, other = folded(wanted), folded(found)
    if one == other:
        return 1.0
    letters = SequenceMatcher(None, one, other, autojunk=False).ratio()
    words, others = set(one.split()), set(other.split())
    shared = len(words & others) / min(len(words), len(others)) if words and others else 0
    return max(letters, 0.9 * shared)


def _role_likeness(element: Element, found: Found, last: LastHeld | None) -> float:
    role = found.role if isinstance(found, Thing) else "text"
    roles = {element.role} if isinstance(element.role, str) else set(element.role or ())
    if not roles:
        roles = {last.role or "text"} if last else {"columnheader" if element.kind == "column" else "text"}
        if not last and element.kind in {"text", "card", "label"}:
            return 0.7
    if role in roles:
        return 1.0
    return 0.6 if (role in PRESSED and roles & PRESSED) or (role in FIELDS and roles & FIELDS) else 0.0


def _nearness(box: Box, last: LastHeld | None) -> float:
    if last is None:
        return 0.0
    x, y = box.middle()
    was_x, was_y = Box(*last.place).middle()
    # Measured at the left edge too: longer words move the middle.
    away = min(math.hypot(x - was_x, y - was_y), math.hypot(box.x - last.place[0], y - was_y))
    return math.exp(-away / 150)


def _taken(screen: Screen, name: str) -> set[str]:
    """The words that other elements and labels of this screen have: what carries them is something else."""
    words = set(screen.spec.labels)
    for other, element in screen.spec.elements.items():
        if other not in {name, screen.element(name).within}:
            words.add(_words_of(element))
    return {folded(one) for one in words if one} - {folded(_words_of(screen.element(name)))}


def _words_of(element: Element) -> str:
    """The words that a person finds it by; empty where there are none."""
    if element.card is not None:
        return element.card.control
    if element.role is not None:
        return element.name or ""
    return "" if element.kind in {"css", "xpath"} else str(getattr(element, element.kind))


def _fits(screen: Screen, template: str) -> bool:
    try:
        fill(template, screen.facts)
    except KeyError:
        return False
    return True


def _label(piece: Piece) -> str:
    """The part of a piece of text that is a label: ``Store Name`` of ``Store Name: north``."""
    head, colon, rest = piece.text.partition(":")
    return head.strip() if colon and rest.strip() else piece.text


def _texts(sight: Sight) -> list[Piece]:
    """The pieces of text that are no data."""
    return [
        piece
        for piece in sight.pieces
        if piece.text and not piece.row and len(_label(piece)) <= 60 and not is_data(_label(piece))
    ]


def _matches(screen: Screen, name: str, sight: Sight) -> list[Thing]:
    """The things that an element finds, by their places."""
    element = screen.element(name)
    if element.kind in READ_ONLY_KINDS:
        return []
    places = [_box(at) for one in screen.find(name).all() if (at := one.bounding_box()) is not None]
    found = []
    for box in places:
        seen = next((one for one in sight.things if _same(one.box, box) and one.role != "text"), None)
        found.append(seen or Thing(role="text", name=_words_of(element), box=box, depth=0))
    return found


def _box_of(screen: Screen, name: str, element: Element, sight: Sight) -> Box | None:
    words = fill(_words_of(element), screen.facts)
    if element.kind == "column":
        heads = sight.of_role("columnheader")
        return next((thing.box for thing in heads if folded(thing.name) == folded(words)), None)
    if element.kind in {"field", "choice"}:
        return next((piece.box for piece in sight.pieces if folded(_label(piece)) == folded(words)), None)
    found = screen.find(name)
    if element.card is not None:
        found = found.get_by_text(words, exact=True).filter(visible=True)
    box = found.bounding_box() if found.count() == 1 else None
    return _box(box) if box else None


def _box(box: FloatRect) -> Box:
    return Box(round(box["x"]), round(box["y"]), round(box["width"]), round(box["height"]))


def _same(one: Box, other: Box) -> bool:
    return all(abs(a - b) <= 2 for a, b in zip(one, other, strict=True))


def _neighbour(box: Box, sight: Sight) -> str:
    """The named thing right before a box, in the page's order."""
    before = ""
    for thing in sight.things:
        if _same(thing.box, box) or (thing.box.y, thing.box.x) == (box.y, box.x):
            return before
        if (
            thing.role in CONTROLS | {"heading", "columnheader"}
            and thing.name
            and thing.box.width
            and not thing.box.holds(box)
        ):
            before = thing.words
    return ""


def _where(found: Found, sight: Sight) -> str:
    """Between what it stands, in words; empty where nothing named is before it."""
    if isinstance(found, Piece):
        near = [
            piece
            for piece in _texts(sight)
            if piece is not found and abs(piece.box.x - found.box.x) < 40 and piece.box.y < found.box.y
        ]
        above = max(near, key=lambda piece: piece.box.y, default=None)
        return f'under "{_label(above)}"' if above else ""
    named = [thing for thing in sight.things if thing.role in CONTROLS | {"heading", "columnheader"} and thing.name]
    place = next((place for place, thing in enumerate(named) if thing is found), None)
    if place is None:
        return f"at {found.box.x}, {found.box.y}"
    before = f"after {named[place - 1].words}" if place else ""
    after = f"before {named[place + 1].words}" if place + 1 < len(named) else ""
    return ", ".join(filter(None, (before, after)))


def _last_held(baseline: Baseline | None, last: LastHeld | None) -> str:
    if baseline is None or last is None:
        return ""
    shown = f'{last.role or "text"} "{last.words}"' if last.words else last.role or "something"
    after = f", after {last.after}" if last.after else ""
    return f"On {baseline.taken} it was {shown}{after}, at {last.place[0]}, {last.place[1]}."


def _instead(kind: str, element: Element, sight: Sight) -> str:
    """What there is of its kind."""
    if kind == "column":
        return _listed("The heads of the table are", [thing.name for thing in sight.of_role("columnheader")])
    if kind in {"field", "choice", "says"}:
        return ""
    roles = {element.role} if isinstance(element.role, str) else set(element.role or ())
    if kind == "label":
        roles = set(FIELDS)
    elif kind == "card":
        roles = {"button", "link"}
    elif not roles:
        return ""
    inside = [thing for thing in sight.of_role(*roles) if sight.around.holds(thing.box) or sight.around == sight.window]
    names = list(dict.fromkeys(thing.name for thing in inside if thing.name))
    what = " or ".join(sorted(roles)) if len(roles) < 3 else "field"
    return _listed(f"Of role {what} there are", names) if names else f"There is nothing of role {what}."


def _listed(what: str, names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{what}: {', '.join(names[:NAMED])}{more}." if names else ""
