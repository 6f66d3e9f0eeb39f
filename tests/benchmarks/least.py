"""What an order's checks and pictures cost, beside what they must cost at the least.

The bot's calls to the browser are counted and timed while it takes turns with the bare script, as in ``one_order.py``.
Then, on an order's page at rest, each kind of call is made many times for as little as it can be asked for: a look that
asks for nothing, an element that is found by its role or its text, a picture of ten by ten pixels. What the bare script
takes, and the bot's looks and pictures at the least that each of them takes, are the limits for a program that checks
and photographs as often as this one: one if they asked for nothing, and one if they ask for what they do.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from kit.figures import fastest_quarter
from kit.practice import jobs_in_view, practice_admin
from kit.run import Ear, open_bot
from kit.table import print_table
from one_order import Watch, measure
from playwright.sync_api import ElementHandle, Mouse, Page

import bot.admin.window
from bot.evidence.recorder import Recorder
from bot.outcomes import OrderResult
from flows.open_order import open_order, open_store

LOOKS = "looks at the page"
ARRIVED = "whether a click arrived"
HANDLES = "elements that were looked at, to act on"
MASKS = "ending motion, masks, and whether the page has changed since"
PICTURES = "pictures"
WAITS = "waiting for the page to change"
CLICKS = "clicks, and reopening the page"
KEEPS = "hashing, writing and noting pictures"
REST = "all the rest: ledger, files, conclusions"

NOTHING = "call that asks for nothing"
LOOK = "look at an order's page: do its checks hold?"
DASHBOARD = "look at the dashboard: is it here?"
FINDS = "look for one element by its role"
CORNER = "picture of 10 by 10 pixels"
WINDOW = "picture of the window, JPEG"

CALLS = {
    (Page, "evaluate"): LOOKS,
    (Page, "evaluate_handle"): HANDLES,
    (Page, "screenshot"): PICTURES,
    (Page, "reload"): CLICKS,
    (Mouse, "click"): CLICKS,
    (ElementHandle, "click"): CLICKS,
    (ElementHandle, "select_option"): CLICKS,
    (ElementHandle, "check"): CLICKS,
    (Recorder, "_write"): KEEPS,
}
ACTS = {"look": LOOKS, "awaitLook": LOOKS, "aim": LOOKS, "hasArrived": ARRIVED}
"""What the script in the page is asked to do; all else that is evaluated there belongs to a picture."""


@dataclass
class Calls(Watch):
    """Counts and times the calls that the bot makes for each of its orders."""

    orders: list[dict[str, list[float]]] = field(default_factory=list)
    """The seconds of each call of a kind, for each of the bot's orders."""
    _hand: dict[str, list[float]] | None = None
    _kind: str = ""
    """That of the call that is under way, which may make others."""

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        super().order_started(number, order, store, worker)
        self._hand = {}

    def order_finished(self, result: OrderResult) -> None:
        if self._hand is not None:
            self.orders.append(self._hand)
        self._hand = None
        super().order_finished(result)

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Count what happens in the block as a call of this kind, if the bot makes it and no other is under way."""
        if self._hand is None or self._kind:
            yield
            return
        self._kind = kind
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._hand.setdefault(kind, []).append(time.perf_counter() - begun)
            self._kind = ""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Have the calls counted while the block runs."""
        put_back = [(owner, name, getattr(owner, name)) for owner, name in CALLS]
        waits = bot.admin.window.wait_for_change
        for (owner, name), kind in CALLS.items():
            setattr(owner, name, self._counted(getattr(owner, name), kind))
        bot.admin.window.wait_for_change = self._counted(waits, WAITS)
        try:
            yield
        finally:
            bot.admin.window.wait_for_change = waits
            for owner, name, call in put_back:
                setattr(owner, name, call)

    def _counted(self, call: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            made = kind
            if kind == LOOKS:
                asked = arguments[-1]
                made = ACTS.get(asked[0], MASKS) if isinstance(asked, list) else MASKS
            with self.timed(made):
                return call(*arguments, **options)

        return counted


def times(call: Callable[[], object], often: int) -> list[float]:
    """The milliseconds of each call, after one that is not counted."""
    call()
    taken = []
    for _ in range(often):
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def at_least(face: str, often: int, folder: Path) -> dict[str, list[float]]:
    """Milliseconds of each kind of call, made as small as can be, on the page of an order."""
    with practice_admin(face) as practice, open_bot(practice, folder, Ear()) as opened:
        admin = opened.admin
        admin.begin_again()
        dashboard = open_store(admin, jobs_in_view()[0].store)
        on_dashboard = times(dashboard.is_here, often)
        details = open_order(admin, jobs_in_view()[0])[0].details
        page = admin.page
        devtools = page.context.new_cdp_session(page)

        def picture(**asked: Any) -> Callable[[], object]:
            return lambda: devtools.send("Page.captureScreenshot", {"format": "jpeg", "quality": 60, **asked})

        corner = {"x": 0, "y": 0, "width": 10, "height": 10, "scale": 1}
        return {
            NOTHING: times(lambda: page.evaluate("0"), often),
            DASHBOARD: on_dashboard,
            LOOK: times(details.check, often),
            FINDS: times(lambda: details.count("cancel_order"), often),
            CORNER: times(picture(clip=corner), often),
            WINDOW: times(picture(), often),
            "the same, set for speed": times(picture(optimizeForSpeed=True), often),
            "picture of the window, PNG": times(picture(format="png"), often),
            "picture of the window, WebP": times(picture(format="webp"), often),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--face", choices=("spectrum", "plain"), default="spectrum")
    parser.add_argument("--orders", type=int, default=14, help="for each side (default 14)")
    parser.add_argument("--often", type=int, default=40, help="how often each kind of call is made (default 40)")
    options = parser.parse_args()
    calls = Calls()
    with tempfile.TemporaryDirectory() as folder:
        with calls.listening():
            measure(options.face, options.orders, 0, Path(folder) / "orders", calls)
        least = at_least(options.face, options.often, Path(folder) / "least")
    orders, whole = calls.orders[1:], median(calls.bot_seconds[1:])
    spent = [sum(sum(kind) for kind in order.values()) for order in orders]
    rows = []
    for kind in (LOOKS, ARRIVED, HANDLES, WAITS, CLICKS, MASKS, PICTURES, KEEPS):
        often = median(len(order.get(kind, ())) for order in orders)
        seconds = median(sum(order.get(kind, ())) for order in orders)
        rows.append((kind, f"{often:.0f}", f"{seconds:.3f}", f"{1000 * seconds / often:.1f}" if often else ""))
    rest = median(took - inside for took, inside in zip(calls.bot_seconds[1:], spent, strict=True))
    evidence = median(sum(sum(order.get(kind, ())) for kind in (MASKS, PICTURES, KEEPS)) for order in orders)
    rows.append((REST, "", f"{rest:.3f}", ""))
    rows.append(("of all that, the evidence: motion, masks, pictures, hashes", "", f"{evidence:.3f}", ""))
    print_table(
        f"One order of {whole:.3f} s, face {options.face}: what the bot asks of the browser; medians",
        ("what", "calls", "seconds", "ms each"),
        rows,
    )
    print_table(
        f"One call on the page of an order at rest, {options.often} times",
        ("what", "median ms", "fastest quarter ms"),
        [(what, f"{median(took):.1f}", f"{fastest_quarter(took):.1f}") for what, took in least.items()],
    )
    bare = median(calls.bare_seconds[1:])
    made = {
        kind: median(len(order.get(kind, ())) for order in orders)
        for kind in (LOOKS, ARRIVED, HANDLES, MASKS, PICTURES)
    }
    took = {what: median(milliseconds) / 1000 for what, milliseconds in least.items()}
    looks = made[LOOKS]
    calls_made = sum(made[kind] for kind in (LOOKS, ARRIVED, HANDLES, MASKS))
    floor = bare + calls_made * took[NOTHING] + made[PICTURES] * took[CORNER]
    at_rest = bare + (calls_made - looks) * took[NOTHING] + looks * took[LOOK] + made[PICTURES] * took[WINDOW]
    print(
        f"The bare script takes {bare:.3f} s, this bot {whole / bare:.2f} times that. With {looks:.0f} looks and "
        f"{made[PICTURES]:.0f} pictures it cannot be less than {floor:.3f} s ({floor / bare:.2f} times) if they ask "
        f"for nothing, and {at_rest:.3f} s ({at_rest / bare:.2f} times) if each costs what it does on a page at rest."
    )


if __name__ == "__main__":
    main()
