"""A bot that is frozen until its claims are over, while another works its list, and is woken then: it presses nothing.

That is a machine whose host was paused, for one. The bot is stopped with SIGSTOP a random short time after an event of
its trail, and its browser goes on; another bot, which signs in with another account, works the whole list; then the
first is woken with SIGCONT and goes on to its own end. A cancel that arrives at the practice Admin after the waking is
a violation, and so is everything that is one after a kill. The times that have to pass are shortened (``killed_at``).
"""

import os
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from chaos_figures import State, state_of
from chaos_kit import JOBS, Bots, find_out

from bot.access.find_browser import find_browser
from bot.ledger import Event
from bot.sandbox import Order, Sandbox

CLAIM_SECONDS = 4.0
"""How long an order stays a bot's without a sign of life."""
FRESH_SECONDS = 2.0
"""So old an intent may be when Confirm is pressed: less than the recovery time, as it is in earnest."""
RECOVER_AFTER = 3.0

FROZEN_AFTER = (Event.TAKEN, Event.STEP, *[Event.INTENT_WRITTEN] * 3, Event.PRESSED)
AT_MOST = 120.0
"""Seconds for which an event is waited for."""


def freeze_one(sandbox: Sandbox, state: State, orders: list[Order], chance: random.Random, where: str) -> None:
    """Have a list worked by a bot that is frozen in the middle and by another, and keep what came of it."""
    figures = state.figures
    begun = time.monotonic()
    listed = {order.number for order in orders}
    sandbox.journal.clear()
    folder = Path(tempfile.mkdtemp(prefix="chaos-frozen-"))
    before = len(figures.violations)
    lines = (f"  - {{order: {order.number}, store: {order.store}}}" for order in orders)
    (folder / JOBS).write_text("\n".join(["reason: BuyerCanceled", "orders:", *lines, ""]), encoding="utf-8")
    environment = {"CLAIM_SECONDS": f"{CLAIM_SECONDS:g}", "FRESH_SECONDS": f"{FRESH_SECONDS:g}"}
    browser = find_browser(os.environ.get("COUNTERMAND_BROWSER")).executable
    with Bots(folder, sandbox, browser, recover_after=RECOVER_AFTER, environment=environment) as bots:
        sleeper = bots.start()
        event, number = chance.choice(FROZEN_AFTER), chance.randint(1, len(orders))
        number += len(orders) if event is Event.STEP else 0  # the first steps are those of the sign-in
        deadline = time.monotonic() + AT_MOST
        while _events(bots).count(event) < number and sleeper.poll() is None and time.monotonic() < deadline:
            time.sleep(0.004)
        time.sleep(chance.uniform(0, 0.03))
        wake = bots.freeze(sleeper, all_of_it=False)
        # One that has come to its end before was never frozen, and is no such case.
        frozen_in = state_of(_events(bots)) if sleeper.poll() is None else ""
        time.sleep(max(CLAIM_SECONDS, RECOVER_AFTER, FRESH_SECONDS) + 0.5)
        other = bots.start(account=sandbox.accounts[1])
        other.wait(timeout=600)
        arrived = len(sandbox.journal.cancels)
        wake()
        bots.bury(sleeper)
        late = [f"{record.order} was canceled after the waking" for record in sandbox.journal.cancels[arrived:]]
        figures.add_wrong("woken", late, where)
        figures.add_truth(find_out(bots, sandbox, listed), where)
        bots.bury(bots.start())  # what is left over is worked by a third
        figures.add_truth(find_out(bots, sandbox, listed), where)
    if len(figures.violations) > before:
        print(f"The runs that were looked at are in {folder}.", flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    if frozen_in:
        figures.frozen[frozen_in] += 1
    figures.starts += 3
    figures.lists += 1
    figures.orders += len(orders)
    figures.seconds += time.monotonic() - begun


def _events(bots: Bots) -> list[Any]:
    """The events of the only run so far."""
    return [one["event"] for path in bots.runs.glob("*/trail.jsonl") for one in bots.events(path.parent)]
