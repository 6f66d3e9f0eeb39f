"""What waits for a person: each order with its evidence, the way to Seller Central, and settling, one or many."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.console import acting, reading
from bot.console.people import Role
from bot.console.visit import Visit, done, fields, render
from bot.ledger import Intent
from bot.wording import OUTCOME_WORDS

SHOWN = 200
"""Orders that are shown at once; further ones follow when these are settled."""


def listed(visit: Visit) -> Response:
    """Everything that waits."""
    waiting, words = _waiting(visit), visit.query("q").lower()
    kind, run_id = visit.query("kind", 20), visit.query("run", 64)
    shown = [(reading.intent_shown(one, visit.desk.settings.seller_central), acting.state_of(one)) for one in waiting]
    kinds = {name: sum(one.kind == name for one, _ in shown) for name in ("unknown", "canceled_not_sent", "reverted")}
    found = [
        (one, seen)
        for one, seen in shown
        if (not kind or one.kind == kind)
        and (not run_id or one.run == run_id)
        and all(word in f"{one.order} {one.store} {one.answer_words}".lower() for word in words.split())
    ]
    return render(
        visit,
        "settle.html",
        found=found[:SHOWN],
        total=len(found),
        everything=len(shown),
        kinds=kinds,
        kind=kind,
        run_id=run_id,
        words=visit.query("q"),
        labels=OUTCOME_WORDS,
    )


def preview(visit: Visit) -> Response:
    """What would be settled, before it is."""
    visit.needs(Role.OPERATOR)
    chosen = _chosen(visit)
    waiting = {one.intent: one for one in _waiting(visit)}
    found = [
        (reading.intent_shown(waiting[number], visit.desk.settings.seller_central), seen)
        for number, seen in chosen
        if number in waiting and acting.state_of(waiting[number]) == seen
    ]
    if not found:
        raise HTTPException(409, "No order was chosen, or all of them have changed since you looked.")
    return render(visit, "settle_preview.html", found=found, lost=len(chosen) - len(found))


def settle(visit: Visit) -> Response:
    """Settle what was previewed."""
    acting.settle(visit, _chosen(visit), visit.text("as", 20), note=visit.text("note"))
    return done("/settle", "settled")


def _waiting(visit: Visit) -> list[Intent]:
    return visit.desk.ledger.intents.waiting()


def _chosen(visit: Visit) -> list[tuple[int, str]]:
    """The intents that were chosen, each with the state in which the person saw it."""
    chosen = []
    for value in fields(visit, "intent"):
        number, _, seen = str(value).partition(" ")
        if number.isascii() and number.isdigit():
            chosen.append((int(number), seen))
    return list(dict.fromkeys(chosen))
