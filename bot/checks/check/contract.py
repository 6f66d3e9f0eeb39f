"""A screen compared with its pack file: its checks in order, its elements, and the words that the pack knows."""

import re
from collections.abc import Iterator

from bot.admin.look import ask, by_role, find, known_labels
from bot.admin.screen import Screen
from bot.checks.check import drift
from bot.checks.check.baseline import Baseline
from bot.checks.check.model import Aspect, Drift
from bot.checks.check.snapshot import Snapshot, folded
from bot.pack.model import READ_ONLY_KINDS
from bot.vocabulary import AMAZON_ORDER_NUMBER


def knowing(screen: Screen) -> Screen:
    """The screen with the facts that it shows itself: the first store and order on it, if none is given."""
    facts = dict(screen.facts)
    if "store" not in facts and "store_names" in screen.spec.elements:
        names = screen.find("store_names").all_inner_texts()
        facts |= {"store": " ".join(names[0].split())} if names else {}
    if "order" not in facts and "order_number" in screen.spec.elements:
        numbers = [number for number in screen.texts("order_number")["order_number"]]
        order = next(filter(AMAZON_ORDER_NUMBER.fullmatch, numbers), None)
        facts |= {"order": order} if order else {}
    return Screen(screen.window, screen.spec, facts)


def hold(screen: Screen, snapshot: Snapshot, baseline: Baseline | None = None) -> Iterator[Drift]:
    """Everything on the screen that is not as its pack file says; needs a screen that knows its facts.

    The page is only looked at.
    """
    yield from _checks(screen)
    yield from _elements(screen, snapshot, baseline)
    yield from _wording(screen, snapshot, baseline)


def words_known(screen: Screen) -> tuple[str, ...]:
    """Every text that the pack knows on this screen, of those that are no data."""
    texts = [element.text for element in screen.spec.elements.values() if element.text]
    others = [words for element in screen.spec.elements.values() for words in (element.choice, element.column) if words]
    return tuple(dict.fromkeys(word for word in (*texts, *others, *known_labels(screen.spec)) if "{" not in word))


def private_words(screen: Screen) -> set[str]:
    """What the screen shows that is data: the facts, and what fields and columns read as."""
    names = [
        name for name in screen.spec.elements if screen.element(name).kind in READ_ONLY_KINDS and is_known(screen, name)
    ]
    values = [text for texts in screen.texts(*names).values() for text in texts]
    for texts in _beside(screen, screen.spec.labels).values():
        values += texts
    known = {folded(words) for words in words_known(screen)}
    found = {words for words in (*values, *screen.facts.values()) if len(words) > 1 and folded(words) not in known}
    return found | names_of_data(screen)


def names_of_data(screen: Screen) -> set[str]:
    """Of what the screen shows, the words that may be a part of a control's name: stores, orders, what is private."""
    private = [name for name in screen.spec.elements if screen.element(name).private and is_known(screen, name)]
    values = [text for texts in screen.texts(*private).values() for text in texts] if private else []
    if "store_names" in screen.spec.elements:
        values += [" ".join(name.split()) for name in screen.find("store_names").all_inner_texts()]
    return {words for words in (*values, *screen.facts.values()) if len(words) > 1}


def _checks(screen: Screen) -> Iterator[Drift]:
    for check in screen.failing_checks():
        yield Drift(aspect=Aspect.CHECKS, element=check.shows or "", what=screen.told(check))


def _elements(screen: Screen, snapshot: Snapshot, baseline: Baseline | None) -> Iterator[Drift]:
    gone: set[str] = set()
    counts = {name: _count(screen, name) for name in screen.spec.elements if is_known(screen, name)}
    for name, count in counts.items():
        element = screen.element(name)
        if element.within in gone or (element.within and counts.get(element.within) == 0):
            gone.add(name)  # it is told of the box around it
            continue
        due = _is_due(screen, name)
        if count == 0 and due is not False and element.there != "maybe" and not (element.when and due is None):
            gone.add(name)
            yield drift.missing(screen, name, snapshot, baseline)
        elif count and due is False:
            ((field, words),) = (element.when or {}).items()
            yield Drift(
                aspect=Aspect.ELEMENTS,
                element=name,
                what=f"{name} ({element.purpose}) is there, though {field} does not read {words!r}.",
            )
        elif count > 1 and element.there != "often" and element.kind != "column":
            yield drift.ambiguous(screen, name, count, snapshot, baseline)


def _is_due(screen: Screen, name: str) -> bool | None:
    """Whether an element must be there by what the field that it depends on reads; None where that cannot be said."""
    when = screen.element(name).when
    if when is None:
        return None
    ((field, words),) = when.items()
    read = screen.texts(field)[field]
    if len(read) != 1:
        return None
    return read[0] == words or screen.window.pack.status(read[0]) == words


def _count(screen: Screen, name: str) -> int:
    element = screen.element(name)
    if element.kind == "column":
        return _cells(screen, name)
    if element.kind == "field":
        return len(screen.texts(name)[name])
    if element.commits:
        return max(
            screen.find(name).count(), screen.find(name, hidden_too=True).count() if screen.find(name).count() else 0
        )
    return screen.find(name).count()


def _cells(screen: Screen, name: str) -> int:
    """The cells under a head; of a list that is empty, its heads."""
    cells = len(screen.texts(name)[name])
    if cells:
        return cells
    columns = [other for other in screen.spec.elements if screen.element(other).kind == "column"]
    texts = screen.texts(*columns)
    page = screen.window.page
    if any(texts.values()) or find(page, by_role(("cell", "gridcell"))).count() > 1:
        return 0  # there are rows, and this cannot be read of them
    head = screen.element(name).column or ""
    heads = find(page, by_role("columnheader"), "words").all_inner_texts()
    return sum(folded(text) == folded(head) for text in heads)


def _wording(screen: Screen, snapshot: Snapshot, baseline: Baseline | None) -> Iterator[Drift]:
    texts = [piece.text for piece in snapshot.pieces]
    for label in screen.spec.labels:
        said = rf"(?<!\w){re.escape(label)}\s*:"  # in one piece of text with its value, or by itself
        if not any(folded(text) == folded(label) or re.search(said, text, re.IGNORECASE) for text in texts):
            yield drift.not_said(screen, label, snapshot, baseline)
    statuses = [name for name in ("status", "order_status") if name in screen.spec.elements]
    for name, texts in screen.texts(*statuses).items() if statuses else ():
        unknown = sorted({text for text in texts if text and screen.window.pack.status(text) is None})
        if unknown:
            known = [word for words in screen.window.pack.info.statuses.values() for word in words]
            yield Drift(
                aspect=Aspect.WORDING,
                element=name,
                what=f"{name} reads {', '.join(map(repr, unknown))}, which is not a status that the pack knows.",
                instead=f"The pack knows, under statuses in pack.yaml: {', '.join(known)}.",
            )


def reasons(screen: Screen, name: str, offered: list[str]) -> Iterator[Drift]:
    """Where the reasons that a pick list offers are not those that the pack knows."""
    known = list(screen.window.pack.info.reasons.values())
    lacking = [words for words in known if words not in offered]
    new = [words for words in offered if words not in known and words.strip()]
    if lacking:
        yield Drift(
            aspect=Aspect.WORDING,
            element=name,
            what=f"{name} does not offer {', '.join(map(repr, lacking))}, which the pack knows as "
            f"{'a reason' if len(lacking) == 1 else 'reasons'}.",
            instead=f"What it offers and the pack does not know: {', '.join(map(repr, new)) or 'nothing'}.",
        )


def _beside(screen: Screen, labels: tuple[str, ...]) -> dict[str, list[str]]:
    """What is beside each of these labels; nothing if the label is not on the screen."""
    if not labels:
        return {}
    request = {
        "fields": {label: label for label in labels},
        "columns": {},
        "known": known_labels(screen.spec),
        "act": "read",
    }
    found: dict[str, list[str]] = ask(screen.window.page, "read", request)["fields"]
    return found


def is_known(screen: Screen, name: str) -> bool:
    """Whether the facts of an element, and of what is around it, are known."""
    element = screen.element(name)
    try:
        for _, template in element.templates():
            template.format_map(screen.facts)
    except KeyError:
        return False
    return element.within is None or is_known(screen, element.within)
