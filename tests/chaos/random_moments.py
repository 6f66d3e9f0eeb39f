"""Bots killed at random moments, again and again, and what became of the orders on their lists.

A list is started, the bot killed at a moment drawn at random, the list started again, and so on until a bot that
nobody killed has come to its end and no order is left over; then comes the next list. Half of the moments are drawn
from the time of a whole run. The other half come shortly after the intent, the press or the answer, within the time
that usually passes until the next of these: a kill matters most there, and that is a small part of a run. Half of the
kills hit the bot alone, as ``kill -9`` does; the other half the bot, its driver and its browser at the same moment, as
the end of a container does. The practice Admin takes its time over every answer, and one order in five it cannot send
on to Amazon, which only its answer tells.

After each kill the practice Admin's journal is held against everything that the runs and the ledger say, and the
figures are written to ``.chaos``. Ctrl-C or SIGTERM ends the campaign with what it has reached; the same command
continues it. Each face is worked in a process of its own, both at the same time. With ``--frozen`` bots are not killed
but frozen: see ``frozen_bots``.

The exit status is 1 if an order was canceled twice or is on no list, if something is called canceled whose command did
not reach the second stage, if the ledger knows no intent of a cancel, if ``countermand verify`` finds that a run's
folder and the ledger do not agree, or if a list never comes to its end; 3 if the campaign was stopped; 0 if so many
bots were killed.

The recovery time must be longer than the request of a killed bot can still be on its way. Here that is the time that
the practice Admin takes to answer, because the next bot is started when the browser of the one before is gone.
"""

import argparse
import itertools
import math
import os
import random
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "kit"))  # as pytest does: see pyproject.toml

from chaos_figures import STARTING, Figures, State, state_of, table
from chaos_kit import JOBS, Bots, find_out, read_results
from frozen_bots import freeze_one

from bot.access.find_browser import find_browser
from bot.ledger import Event, Ledger
from bot.outcomes import Outcome
from bot.sandbox import Face, Order, Sandbox, Shop
from bot.sandbox.stock import new_shop
from bot.vocabulary import Status

FINAL = {Outcome.CANCELED, Outcome.ALREADY_CANCELED, Outcome.CANCELED_NOT_SENT, Outcome.UNKNOWN}
"""What can be said of an order that the practice Admin has canceled."""

STARTS = 100
"""A list that is not finished after this many starts never will be."""

AIMED_AT = (Event.INTENT_WRITTEN, Event.PRESSED, Event.ANSWERED)
"""The events after which half of the kills fall."""

LOOK_AGAIN = 0.004
"""Seconds between two looks at a trail."""

STOPPED = 3

Moment = Callable[[float], bool]
"""Whether it has come, this many seconds after the start of a bot."""


class Stopped(Exception):
    """A person, or the system, asked the campaign to stop."""


class Chaos:
    """Works lists on one practice Admin, with bots that are killed."""

    def __init__(self, sandbox: Sandbox, state: State, keep: Callable[[], None], sessions: Path) -> None:
        self._sandbox = sandbox
        self._state = state
        self._keep = keep
        self._sessions = sessions
        self._browser = find_browser(os.environ.get("COUNTERMAND_BROWSER")).executable
        self._span = 0.0  # seconds that a whole list takes, from the first one, whose bot nobody kills
        self._gaps: dict[str, list[float]] = defaultdict(lambda: [0.1])
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def work(self, orders: list[Order], chance: random.Random, where: str) -> None:
        """Have a list worked to its end, and kill bots on the way until the goal of the campaign is reached."""
        state, figures = self._state, self._state.figures
        listed = {order.number for order in orders}
        self._sandbox.journal.clear()  # what is still heard of an earlier list is on no list then
        folder = Path(tempfile.mkdtemp(prefix="chaos-list-"))
        (folder / JOBS).write_text("\n".join(["reason: BuyerCanceled", "orders:", *map(_line, orders), ""]), "utf-8")
        (folder / "runs").mkdir()
        (folder / "runs" / "sessions").symlink_to(self._sessions, target_is_directory=True)
        recover_after = state.options["recover_after"]
        before = len(figures.violations)
        with Bots(folder, self._sandbox, self._browser, recover_after=recover_after) as bots:
            for start in range(STARTS):
                begun = time.monotonic()
                dies = self._span and figures.kills.total() < state.goal
                killed = self._live(bots, chance, self._draw(bots, chance, len(orders)) if dies else None)
                if not start and not killed:
                    self._span = min(self._span or math.inf, time.monotonic() - begun)
                figures.starts += 1
                figures.add_truth(find_out(bots, self._sandbox, listed), where)
                figures.seconds += time.monotonic() - begun
                self._keep()
                if not killed and self._is_through(bots, listed):
                    self._count(bots)
                    break
            else:
                figures.add_wrong("endless", [f"the list in {folder} is not through after {STARTS} starts"], where)
        figures.lists += 1
        figures.orders += len(orders)
        if len(figures.violations) > before:
            print(f"The runs that were looked at are in {folder}.", flush=True)
        else:
            shutil.rmtree(folder)

    # --- Moments ---

    def _draw(self, bots: Bots, chance: random.Random, orders: int) -> tuple[bool, Moment]:
        """When the next bot is to die, and whether that is after an event that is waited for."""
        if chance.random() < 0.5:
            at = chance.uniform(0, self._span)
            return False, lambda seconds: seconds >= at
        event = chance.choice(AIMED_AT)
        number = 1 if chance.random() < 0.6 else chance.randint(1, orders)
        delay = chance.uniform(0, statistics.median(self._gaps[event][-50:]))
        known = _folders(bots)
        seen: list[float] = []

        def has_come(seconds: float) -> bool:
            if not seen:
                told = [one["event"] for folder in _folders(bots) - known for one in bots.events(folder)]
                if told.count(event) < number:
                    return False
                seen.append(seconds)
            return seconds - seen[0] >= delay

        return True, has_come

    def _learn(self, bots: Bots, folder: Path) -> None:
        """How long it usually takes from one event to the next between the intent and the proof."""
        told = [one for one in bots.events(folder) if one["event"] in {*AIMED_AT, Event.PROVED, Event.IN_DOUBT}]
        for one, following in itertools.pairwise(told):
            if one["event"] in AIMED_AT:
                self._gaps[one["event"]].append(_seconds(following["at"]) - _seconds(one["at"]))

    # --- A bot's life ---

    def _live(self, bots: Bots, chance: random.Random, death: tuple[bool, Moment] | None) -> bool:
        """The life of one bot; whether it was killed."""
        known = _folders(bots)
        process = bots.start()
        begun = time.monotonic()
        killed = False
        while process.poll() is None:
            if self._stopping:
                bots.kill_all(process)
                bots.bury(process)
                shutil.rmtree(bots.folder)
                raise Stopped
            if death is not None and death[1](time.monotonic() - begun):
                killed = True
                break
            time.sleep(LOOK_AGAIN)
        if killed:
            self._kill(bots, process, chance)
        else:
            bots.bury(process)
        new = _folders(bots) - known
        for folder in new:
            self._learn(bots, folder)
        if killed:
            events = [one["event"] for folder in new for one in bots.events(folder)]
            self._state.figures.kills[state_of(events) if events else STARTING] += 1
            self._state.figures.aimed += bool(death and death[0])
        return killed

    def _kill(self, bots: Bots, process: "subprocess.Popen[bytes]", chance: random.Random) -> None:
        figures = self._state.figures
        if chance.random() < 0.5:
            process.kill()
            figures.alone += 1
        else:
            bots.kill_all(process)
        buried = bots.bury(process)
        figures.outlived = max(figures.outlived, buried.seconds)
        figures.forced += buried.ended_by_force

    def _stop(self, *_: object) -> None:
        self._stopping = True

    # --- What became of it ---

    def _is_through(self, bots: Bots, listed: set[str]) -> bool:
        """Whether every order was canceled, and the latest run has said so or why a person must look."""
        arrived = {record.order for record in self._sandbox.journal.cancels}
        said = {result.order for result in read_results(bots).values() if result.outcome in FINAL}
        return listed <= arrived and listed <= said

    def _count(self, bots: Bots) -> None:
        """What became of the orders of a list that is through."""
        figures = self._state.figures
        for result in read_results(bots).values():
            done = result.outcome is Outcome.ALREADY_CANCELED
            figures.outcomes[str(Outcome.CANCELED if done else result.outcome)] += 1
            figures.not_sent += any(
                record.order == result.order and not record.reached_amazon for record in self._sandbox.journal.cancels
            )
        with Ledger.open(bots.ledger) as ledger:
            for run in ledger.runs.latest(STARTS):
                figures.pressed_again += sum(
                    told["event"] == Event.SETTLED and told["settled_as"] == "not-sent"
                    for told in (entry.told for entry in ledger.trail.entries(run.run_id))
                )


def _line(order: Order) -> str:
    return f"  - {{order: {order.number}, store: {order.store}}}"


def _folders(bots: Bots) -> set[Path]:
    return {path.parent for path in bots.runs.glob("*/trail.jsonl")}


def _seconds(at: str) -> float:
    hours, minutes, seconds = at.partition("T")[2].partition("+")[0].removesuffix("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


# --- Lists ---


def _some_not_sent(shop: Shop, chance: random.Random) -> Shop:
    """A shop where Amazon never hears of the cancel of one Unshipped order in five."""
    for order in shop.select(status=Status.UNSHIPPED, plain=None):
        order.items = () if chance.random() < 0.2 else order.items
    return shop


def _lists(shop: Shop, chance: random.Random, length: int) -> Iterator[list[Order]]:
    """Lists of Unshipped orders, each of one store, the stores in turn."""
    shelves = [list(shop.select(store=store.name, status=Status.UNSHIPPED, plain=None)) for store in shop.stores]
    for shelf in shelves:
        chance.shuffle(shelf)
    while any(shelves):
        for shelf in filter(None, shelves):
            yield [shelf.pop() for _ in range(min(length, len(shelf)))]


def cause(face: Face, state: State, file: Path) -> int:
    """Kill bots on one face until the campaign's goal is reached, or freeze them.

    Returns:
        The exit status.
    """
    figures = state.figures
    is_through: Callable[[], bool] = lambda: figures.kills.total() + figures.frozen.total() >= state.goal  # noqa: E731
    with tempfile.TemporaryDirectory(prefix="chaos-sessions-") as sessions:
        while not is_through() and not figures.wrong["endless"]:
            # A shop has some hundred Unshipped orders: a long campaign begins with a new one when they are used up.
            number = state.next_list
            shop_chance = random.Random(f"{state.seed} {face} {number // 100}")
            shop = _some_not_sent(new_shop(), shop_chance)
            lists = list(_lists(shop, shop_chance, state.options["orders"]))[:100]
            with Sandbox(face=face, answer_ms=state.options["answer_ms"], shop=shop) as sandbox:
                chaos = Chaos(sandbox, state, lambda: state.write(file), Path(sessions))
                for orders in lists[number % 100 :]:
                    where = f"{face}, list {state.next_list + 1}"
                    chance = random.Random(f"{state.seed} {face} {state.next_list}")
                    state.next_list += 1  # one that is stopped in the middle is not begun again
                    try:
                        if state.options["frozen"]:
                            freeze_one(sandbox, state, orders, chance, where)
                            if chaos._stopping:
                                raise Stopped
                        else:
                            chaos.work(orders, chance, where)
                    except Stopped:
                        state.write(file)
                        return STOPPED
                    state.write(file)
                    print(_progress(face, state), flush=True)
                    if is_through() or figures.wrong["endless"]:
                        break
    return 1 if figures.violations else 0


def _progress(face: Face, state: State) -> str:
    figures = state.figures
    done = figures.kills.total() + figures.frozen.total()
    each = figures.seconds / (done or 1)
    return (
        f"{face}: {figures.lists} lists, {figures.starts} starts, {done} of {state.goal} "
        f"{'frozen' if state.options['frozen'] else f'kills, {figures.in_doubt} of them from intent to proof'}; "
        f"{each:.1f} s each, about {max(0, state.goal - done) * each / 60:.0f} min to go; "
        f"{len(figures.violations)} violations"
    )


# --- The campaign ---


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, help="how many bots are killed, on two faces (default 200)")
    parser.add_argument("--frozen", action="store_true", help="freeze and wake bots instead of killing them")
    parser.add_argument("--seed", type=int, help="of a new campaign's lists and moments")
    parser.add_argument("--face", choices=list(Face), type=Face, help="one face only")
    parser.add_argument("--orders", type=int, default=6, help="on a list (default 6)")
    parser.add_argument("--answer-ms", type=int, default=150, help="how long the practice Admin thinks (default 150)")
    parser.add_argument("--recover-after", type=float, default=2, help="recovery time, in seconds (default 2)")
    parser.add_argument("--state", type=Path, default=Path(".chaos"), help="where the campaign is kept (.chaos)")
    parser.add_argument("--fresh", action="store_true", help="forget the campaign that was stopped, and begin another")
    parser.add_argument("--on", type=Face, choices=list(Face), help=argparse.SUPPRESS)  # a process of a campaign
    given = parser.parse_args()
    files = {
        face: given.state / f"{'frozen-' if given.frozen else ''}{face}.json" for face in (Face.SPECTRUM, Face.PLAIN)
    }
    if given.on:
        state = State.read(files[given.on])
        if state is None:
            parser.error(f"there is no campaign in {files[given.on]}")
        return cause(given.on, state, files[given.on])
    if given.fresh:
        for file in files.values():
            file.unlink(missing_ok=True)
    faces = [given.face] if given.face else [Face.SPECTRUM, Face.PLAIN]
    _prepare(parser, given, {face: files[face] for face in faces})
    statuses = _work_side_by_side(faces)
    return _report({face: files[face] for face in faces}, statuses)


def _prepare(parser: argparse.ArgumentParser, given: argparse.Namespace, files: dict[Face, Path]) -> None:
    """Write what each face begins with, or goes on with."""
    options: dict[str, Any] = {
        "orders": given.orders,
        "answer_ms": given.answer_ms,
        "recover_after": given.recover_after,
        "frozen": given.frozen,
    }
    kept = {face: State.read(file) for face, file in files.items()}
    known = [state for state in kept.values() if state is not None]
    seed = given.seed if given.seed is not None else (known[0].seed if known else secrets.randbelow(10**6))
    if any((state.seed, state.options) != (seed, options) for state in known):
        parser.error("a campaign with other options was stopped: give the same ones to go on, or --fresh")
    goal = given.kills or sum(state.goal for state in known) or (20 if given.frozen else 200)
    for place, (face, file) in enumerate(files.items()):
        share = goal * (place + 1) // len(files) - goal * place // len(files)
        state = kept[face] or State(seed=seed, goal=share, options=options)
        state.goal = share
        state.write(file)
    print(f"Seed: {seed}. {'Going on with the campaign' if known else 'A new campaign'} in {given.state}.", flush=True)


def _work_side_by_side(faces: list[Face]) -> list[int]:
    """Work each face in a process of its own, and pass on to them that they are to stop."""
    command = [sys.executable, __file__, *sys.argv[1:]]
    begun = [
        subprocess.Popen([*(word for word in command if word != "--fresh"), "--on", face], start_new_session=True)
        for face in faces
    ]

    def stop(*_: object) -> None:
        for process in begun:
            process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return [process.wait() for process in begun]


def _report(files: dict[Face, Path], statuses: list[int]) -> int:
    states = [state for file in files.values() if (state := State.read(file)) is not None]
    columns = [state.figures for state in states]
    whole = sum(columns, Figures())
    heads = [str(face) for face in files]
    if len(columns) > 1:
        heads, columns = [*heads, "both"], [*columns, whole]
    print("\n".join(["", *table(heads, columns), ""]))
    for violation in whole.violations:
        print(f"VIOLATION: {violation}")
    if whole.violations:
        return 1
    if any(statuses):
        # One that was asked while it began, or was already ending, has ended by the signal itself.
        stopped = set(statuses) <= {0, STOPPED, -signal.SIGTERM}
        print("Stopped." if stopped else "A process of the campaign failed: see above.", end=" ")
        print("The same command goes on from here; --fresh begins another campaign.")
        return STOPPED if stopped else 1
    for file in files.values():
        file.replace(file.with_suffix(".done.json"))  # the next campaign is a new one
    return 0


if __name__ == "__main__":
    sys.exit(main())
