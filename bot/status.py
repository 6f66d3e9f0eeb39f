"""``countermand status``: the latest runs, and what waits for a person."""

from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.ledger import Ledger
from bot.wording import OUTCOME_WORDS, harmless


def show_status(ledger: Ledger, console: Console | None = None) -> None:
    """Print the latest runs, newest first, and every order whose Confirm was pressed without a proof."""
    console = console or Console(highlight=False)
    runs = Table(title="Latest runs", title_justify="left", box=None, pad_edge=False)
    for column in ("Run", "Command", "Admin", "Started", "Orders", "Ended"):
        runs.add_column(column)
    for info in ledger.runs():
        counts = Counter(result.outcome for result in ledger.results(info.run_id))
        orders = ", ".join(f"{count} {OUTCOME_WORDS[outcome].short.lower()}" for outcome, count in counts.items())
        ended = info.stopped_early or ("yes" if info.finished_at else "no: it still runs, or was cut off")
        started = info.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
        runs.add_row(*map(Text, (info.run_id, info.command, info.admin, started, orders or "none", harmless(ended))))
    console.print(runs)
    waiting = ledger.waiting()
    if not waiting:
        console.print("\nNothing waits for a person.")
        return
    table = Table(
        title=f"\n{len(waiting)} waiting for a person: look each up in Seller Central",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for column in ("Order", "Store", "Confirm pressed", "Run", "What is known"):
        table.add_column(column)
    for intent in waiting:
        known = OUTCOME_WORDS[intent.outcome].label if intent.outcome else "cut off before it was known"
        if intent.answer_words:
            known += f" ({harmless(intent.answer_words)})"
        table.add_row(*map(Text, (intent.order, intent.store, intent.written_at, intent.run_id, known)))
    console.print(table)
