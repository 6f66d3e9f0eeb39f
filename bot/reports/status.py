"""``countermand status``: the latest runs, and what waits for a person. Plain lines, so that numbers can be copied."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from bot.ledger import Event, Intent, Ledger
from bot.outcomes import Outcome
from bot.vocabulary import Status
from bot.wording import AUDIT_AFTER_HOURS, OUTCOME_WORDS, count_of, harmless

RUNS = 10
"""How many runs are listed."""

ORDERS = 20
"""How many canceled orders are listed, newest first; those that were reverted are all listed."""


def status_lines(ledger: Ledger, now: datetime | None = None) -> Iterator[str]:
    """The latest runs, newest first; the orders that a run works on now; the orders canceled in the last week, and
    whether they still were when looked at again; every order that waits for a person.
    """
    yield "Latest runs"
    latest = ledger.runs.latest(RUNS)
    if not latest:
        yield "  none yet"
    for info in latest:
        counts = Counter(result.outcome for result in ledger.runs.results(info.run_id))
        orders = ", ".join(f"{count} {OUTCOME_WORDS[outcome].short.lower()}" for outcome, count in counts.items())
        ended = info.stopped_early or ("" if info.finished_at else _not_over(ledger, info.run_id))
        what = f"{info.command} on {harmless(info.admin)}: {orders or 'none'}"
        yield f"  {info.run_id}  {_moment(info.started_at)}  {what}"
        if ended:
            yield f"      {harmless(ended)}"
    yield from _in_progress(ledger)
    yield from _canceled(ledger, (now or ledger.now()) - timedelta(days=7))
    waiting = ledger.intents.waiting()
    yield ""
    if not waiting:
        yield "Nothing waits for a person."
        return
    yield f"{count_of(len(waiting), 'order')} waiting for a person: look in Seller Central, then: countermand resolve"
    for intent in waiting:
        yield f"  {intent.order}  {harmless(intent.store)}: {_known(intent)}"
        yield f"      Confirm pressed {_moment(intent.written_at)} in run {intent.run_id}"


def _not_over(ledger: Ledger, run_id: str) -> str:
    """What is said of a run without an end."""
    queued = ledger.queue.find(run_id)
    if queued is None:
        return "It is still running, or was cut off."
    return f"Queued: {queued.done:,} of {count_of(queued.orders, 'order')} done. See countermand queue."


def looked_at_too_soon(intents: Iterable[Intent], now: datetime | None = None) -> str:
    """What is said after an audit of orders that were canceled too recently for it to prove much; else empty."""
    since = (now or datetime.now(UTC)) - timedelta(hours=AUDIT_AFTER_HOURS)
    late = sum(datetime.fromisoformat(intent.written_at) > since for intent in intents)
    if not late:
        return ""
    return (
        f"{count_of(late, 'order')} canceled less than {AUDIT_AFTER_HOURS} hours ago: Amazon may not have answered, "
        "so run countermand audit again later."
    )


def looked_again(intents: Iterable[Intent]) -> dict[str, str]:
    """For every order that was canceled here, a sentence: when, and what it read when it was looked at again."""
    return {intent.order: _looked_again(intent) for intent in intents if intent.settled_as == "canceled"}


def _looked_again(intent: Intent) -> str:
    here = f"canceled here {_moment(intent.written_at)}"
    if not intent.looked_at:
        return f"{here}; not looked at again yet (countermand audit)"
    if intent.looked_status == Status.CANCELED:
        return f"{here}; still canceled at {_moment(intent.looked_at)}"
    return f"{here}; REVERTED: read {intent.looked_status} at {_moment(intent.looked_at)}"


def _in_progress(ledger: Ledger) -> Iterator[str]:
    held = ledger.claims.held()
    if not held:
        return
    yield ""
    yield f"{count_of(len(held), 'order')} in progress"
    for claim in held:
        last = ledger.trail.latest(claim.run_id, claim.thing)
        told = last.told if last else {}
        doing = {
            Event.TAKEN: "taken",
            Event.INTENT_WRITTEN: "intent written, Confirm is next",
            Event.PRESSED: "Confirm pressed, waiting for the answer",
            Event.ANSWERED: "answered, to be proved",
        }.get(Event(str(told.get("event", Event.TAKEN))), f"at step {told.get('step', '')}")
        until = _moment(datetime.fromtimestamp(claim.until, UTC))
        yield f"  {claim.thing}  {harmless(doing)}; run {claim.run_id} ({harmless(claim.process)}), until {until}"


def _canceled(ledger: Ledger, since: datetime) -> Iterator[str]:
    canceled = ledger.intents.canceled_since(None, since)
    if not canceled:
        return
    reverted = [intent for intent in canceled if intent.reverted]
    still = [intent for intent in canceled if intent.looked_status == Status.CANCELED]
    unseen = len(canceled) - len(still) - len(reverted)
    yield ""
    yield (
        f"{count_of(len(canceled), 'order')} canceled in the last 7 days; {len(still)} still canceled when looked at "
        f"again, {len(reverted)} reverted, {unseen} not looked at again"
    )
    others = [intent for intent in reversed(canceled) if intent not in reverted]
    for intent in [*reverted, *others[:ORDERS]]:
        yield f"  {intent.order}  {harmless(_looked_again(intent))}"
    if others[ORDERS:]:
        yield f"  and {len(others) - ORDERS} more: the report of each run has them (countermand report RUN)"


def _known(intent: Intent) -> str:
    if intent.reverted:
        return f"{OUTCOME_WORDS[Outcome.REVERTED].label} ({harmless(intent.looked_status)} {_moment(intent.looked_at)})"
    known = OUTCOME_WORDS[intent.outcome].label if intent.outcome else "cut off before it was known"
    return f"{known} ({harmless(intent.answer_words)})" if intent.answer_words else known


def _moment(moment: datetime | str) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
