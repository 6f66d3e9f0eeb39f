"""One order of a run: what was asked, what was seen, step by step with its pictures, and the trail with its hashes."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.console import reading
from bot.console.pages.runs import run_of
from bot.console.shown import EventShown
from bot.console.visit import Visit, render, words_of
from bot.errors import CannotStart
from bot.ledger import Event
from bot.wording import harmless_lines, step_words

_KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".txt": "text/plain; charset=utf-8"}


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A file of evidence."""

    name: str
    sha256: str
    """As the trail has it."""
    there: bool


def one(visit: Visit) -> Response:
    """An order."""
    shown, ledger = run_of(visit), visit.desk.ledger
    number = str(visit.request.path_params["order"])
    listed = ledger.pages.order(shown.run, number)
    if listed is None:
        raise HTTPException(404, "This run has no order with this number.")
    planned = ledger.pages.order(shown.plan_run, number) if shown.plan_run else None
    entries = reading.events(ledger.trail.of_order(shown.run, number))
    here: Mapping[str, int] = {}
    away = ""
    try:
        here = visit.desk.evidence(shown.run).list(f"evidence/{number}")
    except CannotStart as unknown:
        away = words_of(unknown)
    except OSError as trouble:
        away = f"The pictures cannot be read: {trouble.strerror or trouble}."
    named = [(str(one.told.get("file")), str(one.told.get("sha256"))) for one in entries if one.event == Event.PICTURE]
    shots = [Shot(name=name, sha256=sha256, there=name in here) for name, sha256 in named]
    intents = [
        reading.intent_shown(intent, visit.desk.settings.seller_central)
        for intent in ledger.intents.of_run(shown.run, number)
    ]
    before, after = ledger.pages.beside(shown.run, listed.place)
    return render(
        visit,
        "order.html",
        run=shown,
        order=reading.order_shown(listed, planned),
        events=entries,
        steps=[event for event in entries if event.event != Event.PICTURE],
        pictures=[shot for shot in shots if not shot.name.endswith(".txt")],
        texts=[shot for shot in shots if shot.name.endswith(".txt")],
        intents=intents,
        looks=ledger.intents.looks_at([intent.intent for intent in intents]),
        before=before,
        after=after,
        away=away,
        purged="" if all(shot.there for shot in shots) else ledger.trail.purged_at(shown.run),
        event_words=event_words,
    )


def event_words(event: EventShown) -> str:
    """What an event tells, in words."""
    told = {name: value for name, value in event.told.items() if name not in {"sha256", "file"} and value != ""}
    if event.event == Event.STEP:
        return step_words(str(told.get("step", "")))
    return ", ".join(f"{name.replace('_', ' ')}: {harmless_lines(str(value))}" for name, value in told.items())


def evidence(visit: Visit) -> Response:
    """A file of evidence: one that the store lists under that name, and no other."""
    shown = run_of(visit)
    name = f"evidence/{visit.request.path_params['name']}"
    kind = next((kind for suffix, kind in _KINDS.items() if name.lower().endswith(suffix)), None)
    try:
        store = visit.desk.evidence(shown.run)
        found = store.list(name) if kind is not None else {}
        content = store.get(name) if name in found else None
    except CannotStart as away:
        raise HTTPException(404, words_of(away)) from away
    except OSError:
        content = None
    if content is None or kind is None:
        raise HTTPException(404, "There is no such file of evidence: it was purged, or is on another machine.")
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=3600"}
    return Response(content, media_type=kind, headers=headers)
