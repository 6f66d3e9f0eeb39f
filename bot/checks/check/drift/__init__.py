"""What is on the screen in place of something that the pack does not find.

Nothing here changes anything: it says what is there, what is most like what was there, and which YAML in a pack would
find that. Each piece of YAML is tried on the page before it is shown, and found exactly one element.
"""

from bot.admin.look import known_labels
from bot.admin.screen import Screen
from bot.checks.check.baseline import Baseline, as_yaml
from bot.checks.check.drift.candidates import MOST, candidates, told_apart, warning
from bot.checks.check.drift.likeness import FIELDS, alike, nearness
from bot.checks.check.drift.position import held_at, label_of, labels_at, matches, texts, where
from bot.checks.check.model import Aspect, Candidate, Drift, LastHeld
from bot.checks.check.snapshot import Snapshot, folded, take_snapshot
from bot.pack.describe import describe
from bot.pack.model import READ_ONLY_KINDS, Element

NAMED = 8
"""How many of the things that are there instead are named."""

__all__ = ["ambiguous", "explain", "held_at", "in_lines", "labels_at", "missing", "not_said"]


def missing(screen: Screen, name: str, snapshot: Snapshot, baseline: Baseline | None = None) -> Drift:
    """What there is in place of an element that is not found."""
    element = screen.element(name)
    last = baseline.elements.get(name) if baseline else None
    kind = element.kind
    what = f"{name} ({element.purpose}) is not there: the pack looks for {describe_element(screen, element)}."
    return Drift(
        aspect=Aspect.ELEMENTS,
        element=name,
        what=what,
        instead=_instead(kind, element, snapshot),
        last_held=_last_held(baseline, last),
        candidates=tuple(candidates(screen, name, snapshot, baseline, last)),
    )


def ambiguous(screen: Screen, name: str, count: int, snapshot: Snapshot, baseline: Baseline | None = None) -> Drift:
    """How to tell apart the several things that match one element."""
    element = screen.element(name)
    last = baseline.elements.get(name) if baseline else None
    what = (
        f"{name} ({element.purpose}) was found {count} times: the pack looks for {describe_element(screen, element)}."
    )
    found = matches(screen, name, snapshot)
    ranked = sorted(found, key=lambda thing: -nearness(thing.box, last))
    apart = []
    for thing in ranked:
        snippet = told_apart(screen, name, thing, snapshot)
        if snippet is not None:
            apart.append(
                Candidate(
                    shown=thing.words,
                    where=where(thing, snapshot),
                    likeness=round(nearness(thing.box, last) if last else 1 / len(ranked), 2),
                    snippet=snippet,
                    finds=1,
                    warning=warning(element, thing.words, thing.role),
                )
            )
    return Drift(
        aspect=Aspect.ELEMENTS,
        element=name,
        what=what,
        instead="They are: " + "; ".join(f"{thing.words} {where(thing, snapshot)}" for thing in found[:NAMED]) + "."
        if found
        else "",
        last_held=_last_held(baseline, last),
        candidates=tuple(apart[:MOST]),
    )


def not_said(screen: Screen, label: str, snapshot: Snapshot, baseline: Baseline | None = None) -> Drift:
    """What may have replaced a label that the pack knows and the screen does not show."""
    taken = {folded(one) for one in known_labels(screen.spec)}
    place = baseline.labels.get(label) if baseline else None
    last = LastHeld(words=label, place=place) if place else None
    scored = []
    for piece in texts(snapshot):
        text = label_of(piece)
        if folded(text) not in taken:
            like = alike(label, text)
            scored.append((0.4 * like + 0.6 * nearness(piece.box, last) if last else like, text, piece))
    scored.sort(key=lambda one: -one[0])
    likest = [
        Candidate(
            shown=f'text "{text}"',
            where=where(piece, snapshot),
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
        candidates=tuple(likest),
    )


def explain(screen: Screen, name: str) -> Drift:
    """What there is in place of an element, on the page as it is now, without a baseline."""
    snapshot = take_snapshot(screen.window.page)
    count = 0 if screen.element(name).kind in READ_ONLY_KINDS else screen.count(name)
    return ambiguous(screen, name, count, snapshot) if count > 1 else missing(screen, name, snapshot)


def in_lines(drift: Drift) -> list[str]:
    """A drift in words and YAML, for a text file."""
    lines = [line for line in (drift.what, drift.instead, drift.last_held) if line]
    for place, one in enumerate(drift.candidates):
        where = f", {one.where}" if one.where else ""
        lines += [f"{'Or' if place else 'Most likely'}: {one.shown}{where} ({one.likeness:.0%} similar)", one.warning]
        lines += [f"  {line}" for line in one.snippet.splitlines()]
    return [line for line in lines if line]


def describe_element(screen: Screen, element: Element) -> str:
    """How the pack finds an element, in words, with the facts of the screen."""
    return describe(element, screen.facts)


def _last_held(baseline: Baseline | None, last: LastHeld | None) -> str:
    if baseline is None or last is None:
        return ""
    shown = f'{last.role or "text"} "{last.words}"' if last.words else last.role or "something"
    after = f", after {last.after}" if last.after else ""
    return f"On {baseline.taken} it was {shown}{after}, at {last.place[0]}, {last.place[1]}."


def _instead(kind: str, element: Element, snapshot: Snapshot) -> str:
    """What there is of its kind."""
    if kind == "column":
        return _listed("The table's headers are", [thing.name for thing in snapshot.of_role("columnheader")])
    if kind in {"field", "choice", "before", "says"}:
        return ""
    roles = {element.role} if isinstance(element.role, str) else set(element.role or ())
    if kind == "label":
        roles = set(FIELDS)
    elif kind == "card":
        roles = {"button", "link"}
    elif not roles:
        return ""
    inside = [
        thing
        for thing in snapshot.of_role(*roles)
        if snapshot.around.holds(thing.box) or snapshot.around == snapshot.window
    ]
    names = list(dict.fromkeys(thing.name for thing in inside if thing.name))
    what = " or ".join(sorted(roles)) if len(roles) < 3 else "field"
    return _listed(f"Of role {what} there are", names) if names else f"There is no element with the role {what}."


def _listed(what: str, names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{what}: {', '.join(names[:NAMED])}{more}." if names else ""
