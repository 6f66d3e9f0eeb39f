"""What a campaign of kills has come to so far: kept in a file after every kill, and told as a table."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from chaos_kit import Truth

from bot.ledger import Event
from bot.outcomes import Outcome

STARTING = "before the first order"
IN_PROGRESS = "an order in progress, no intent yet"
INTENT = "intent written"
PRESSED = "pressed"
ANSWERED = "answered"
PROVED = "proved, or in doubt"
BETWEEN = "between two orders"
AT_THE_END = "after the last order"
STATES = (STARTING, IN_PROGRESS, INTENT, PRESSED, ANSWERED, PROVED, BETWEEN, AT_THE_END)
"""Where a run can be cut off, as its trail tells."""
IN_DOUBT = (INTENT, PRESSED, ANSWERED)
"""From the intent to the proof: where a kill matters most."""

KINDS = ("doubles", "outside", "false_successes", "without_intent", "disagreements", "endless", "woken")
"""What must never be: the kinds that a ``Truth`` knows, lists without an end, and presses by a bot that was woken."""


@dataclass
class Figures:
    """What happened on one face of the practice Admin, or on both."""

    kills: Counter[str] = field(default_factory=Counter)
    """How many in which state."""
    aimed: int = 0
    """Kills at a moment after an intent, a press or an answer; the others fell anywhere in a run."""
    alone: int = 0
    """Kills that hit the bot and not its browser."""
    frozen: Counter[str] = field(default_factory=Counter)
    """How many bots were frozen in which state, and woken after their claims were over."""
    starts: int = 0
    lists: int = 0
    orders: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """What is said of the orders in the end; ``canceled`` whichever run it was that canceled one."""
    not_sent: int = 0
    """Cancels that arrived and did not reach the second stage."""
    pressed_again: int = 0
    """Intents whose Confirm had never arrived, as a later run found before it pressed."""
    outlived: float = 0
    """How long, in seconds, a browser outlived its bot at most."""
    forced: int = 0
    """Processes of a killed bot that had to be ended."""
    seconds: float = 0
    """How long all of it took."""
    wrong: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    """Everything that must never be, by its kind, each with the list on which it was seen."""

    @property
    def violations(self) -> list[str]:
        """Everything that must never be, in sentences."""
        words = {
            "doubles": "{} was canceled twice",
            "outside": "{} was canceled and is not on the list",
            "without_intent": "{} was canceled and the ledger knows no intent",
        }
        return [words.get(kind, "{}").format(what) for kind, found in self.wrong.items() for what in found]

    @property
    def in_doubt(self) -> int:
        """How many kills fell between the intent and the proof."""
        return sum(self.kills[state] for state in IN_DOUBT)

    def add_truth(self, truth: Truth, where: str) -> None:
        """Keep what must never be of what was found out on a list."""
        for kind in KINDS:
            self.add_wrong(kind, getattr(truth, kind, ()), where)

    def add_wrong(self, kind: str, found: Iterable[str], where: str) -> None:
        """Keep what must never be, once for each list."""
        self.wrong[kind] += [what for one in found if (what := f"{where}: {one}") not in self.wrong[kind]]

    def __add__(self, other: "Figures") -> "Figures":
        whole = Figures()
        for name in (each.name for each in fields(self)):
            mine, its = getattr(self, name), getattr(other, name)
            if name == "wrong":
                whole.wrong = {kind: mine[kind] + its[kind] for kind in KINDS}
            else:
                setattr(whole, name, max(mine, its) if name in {"outlived", "seconds"} else mine + its)
        return whole


@dataclass
class State:
    """A campaign on one face as it is kept: how it was begun, and how far it has come."""

    seed: int
    goal: int
    """How many bots are to be killed on this face."""
    options: dict[str, Any]
    """What else it was begun with."""
    next_list: int = 0
    figures: Figures = field(default_factory=Figures)

    @classmethod
    def read(cls, file: Path) -> "State | None":
        """The campaign that is kept in a file, or None if there is no such file."""
        if not file.is_file():
            return None
        kept = json.loads(file.read_text(encoding="utf-8"))
        told = kept.pop("figures")
        counters: dict[str, Any] = {name: Counter(told.pop(name)) for name in ("kills", "frozen", "outcomes")}
        return cls(**kept, figures=Figures(**counters, **told))

    def write(self, file: Path) -> None:
        """Keep it, so that a process stopped in the middle of this leaves the earlier state."""
        file.parent.mkdir(exist_ok=True, parents=True)
        beside = file.with_suffix(".tmp")
        beside.write_text(json.dumps(vars(self) | {"figures": vars(self.figures)}, indent=1), encoding="utf-8")
        os.replace(beside, file)


def state_of(events: Iterable[str]) -> str:
    """Where a run was cut off, as the events of its trail tell."""
    state = STARTING
    for event in events:
        match event:
            case Event.TAKEN:
                state = IN_PROGRESS
            case Event.INTENT_WRITTEN:
                state = INTENT
            case Event.PRESSED:
                state = PRESSED
            case Event.ANSWERED:
                state = ANSWERED
            case Event.PROVED | Event.IN_DOUBT if state == ANSWERED:  # else it is an earlier run's intent
                state = PROVED
            case Event.FINISHED:
                state = BETWEEN
            case Event.RUN_FINISHED:
                state = AT_THE_END
    return state


def table(heads: Sequence[str], columns: Sequence[Figures]) -> Iterator[str]:
    """The figures of each face, and of both, as a table that a Markdown file takes too."""
    frozen = any(figures.frozen for figures in columns)
    rows: list[tuple[str, Callable[[Figures], object]]] = [
        ("kills", lambda figures: figures.kills.total()),
        *((f"... {state}", lambda figures, state=state: figures.kills[state]) for state in STATES),
        ("of them from the intent to the proof", lambda figures: figures.in_doubt),
        ("of them after an event that was waited for", lambda figures: figures.aimed),
        ("of them the bot alone, its browser not", lambda figures: figures.alone),
        ("starts", lambda figures: figures.starts),
        ("lists", lambda figures: figures.lists),
        ("orders on them", lambda figures: figures.orders),
        ("... canceled", lambda figures: figures.outcomes[Outcome.CANCELED]),
        ("... canceled_not_sent: waits for a person", lambda figures: figures.outcomes[Outcome.CANCELED_NOT_SENT]),
        ("... unknown: waits for a person", lambda figures: figures.outcomes[Outcome.UNKNOWN]),
        ("cancels that did not reach the second stage", lambda figures: figures.not_sent),
        ("Confirms that never arrived, pressed by a later run", lambda figures: figures.pressed_again),
        ("**canceled twice**", lambda figures: len(figures.wrong["doubles"])),
        ("**canceled, on no list**", lambda figures: len(figures.wrong["outside"])),
        ("**called canceled, second stage not reached**", lambda figures: len(figures.wrong["false_successes"])),
        ("**canceled, no intent in the ledger**", lambda figures: len(figures.wrong["without_intent"])),
        ("**runs in which verify finds a disagreement**", lambda figures: len(figures.wrong["disagreements"])),
        ("**lists that never came to their end**", lambda figures: len(figures.wrong["endless"])),
        ("a browser outlived its bot by at most, s", lambda figures: f"{figures.outlived:.1f}"),
        ("processes left behind", lambda figures: figures.forced),
        ("seconds a kill", lambda figures: f"{figures.seconds / (figures.kills.total() or 1):.1f}"),
    ]
    if frozen:
        rows = [
            ("frozen past their claims, and woken", lambda figures: figures.frozen.total()),
            *((f"... {state}", lambda figures, state=state: figures.frozen[state]) for state in STATES),
            ("**cancels that arrived after the waking**", lambda figures: len(figures.wrong["woken"])),
            *(row for row in rows if row[0].startswith("**")),
        ]
    cells = [["", *heads], *([words, *(str(figure(column)) for column in columns)] for words, figure in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    for number, row in enumerate(cells):
        yield "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        if not number:
            yield f"| {'-' * widths[0]} | " + " | ".join("-" * (width - 1) + ":" for width in widths[1:]) + " |"
