"""``countermand status``: the latest runs, and what waits for a person. Plain lines, so that numbers can be copied."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.ledger import Intent, Ledger
from bot.wording import OUTCOME_WORDS, count_of, harmless

RUNS = 10
"""How many runs are listed."""


def status_lines(ledger: Ledger, now: datetime | None = None) -> Iterator[str]:
    """The latest runs, newest first; the orders canceled in the last week, and whether they still were when looked
    at again; every order whose Confirm was pressed without a proof.
    """
    yield "Latest runs"
    for info in ledger.runs(RUNS):
        counts = Counter(result.outcome for result in ledger.results(info.run_id))
        orders = ", ".join(f"{count} {OUTCOME_WORDS[outcome].short.lower()}" for outcome, count in counts.items())
        ended = info.stopped_early or ("" if info.finished_at else "It still runs, or was cut off.")
        what = f"{info.command} on {harmless(info.admin)}: {orders or 'none'}"
        yield f"  {info.run_id}  {_moment(info.started_at)}  {what}"
        if ended:
            yield f"      {harmless(ended)}"
    canceled = ledger.canceled_since(None, (now or datetime.now(UTC)) - timedelta(days=7))
    if canceled:
        looked = [intent for intent in canceled if intent.looked_at]
        reverted = [intent for intent in looked if intent.looked_status != "Canceled"]
        yield ""
        unseen = f"{len(canceled) - len(looked)} not looked at again"
        still = f"{len(looked) - len(reverted)} still canceled when looked at again, {len(reverted)} reverted"
        yield f"{count_of(len(canceled), 'order')} canceled in the last 7 days; {still}, {unseen}"
        for intent in reverted:
            yield f"  {intent.order}  read {harmless(intent.looked_status)} on {_moment(intent.looked_at)}"
    waiting = ledger.waiting()
    yield ""
    if not waiting:
        yield "Nothing waits for a person."
        return
    yield f"{count_of(len(waiting), 'order')} waiting for a person: look in Seller Central, then: countermand resolve"
    for intent in waiting:
        yield f"  {intent.order}  {harmless(intent.store)}: {_known(intent)}"
        yield f"      Confirm pressed {_moment(intent.written_at)} in run {intent.run_id}"


def _known(intent: Intent) -> str:
    known = OUTCOME_WORDS[intent.outcome].label if intent.outcome else "cut off before it was known"
    return f"{known} ({harmless(intent.answer_words)})" if intent.answer_words else known


def _moment(moment: datetime | str) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
