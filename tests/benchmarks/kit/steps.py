"""How long each step of the bot takes, and which share of an order that is."""

import time
from collections.abc import Iterable, Mapping, Sequence
from statistics import median


class StepTimes:
    """Times the steps of one order after another. A step lasts until the next one begins, its picture included."""

    def __init__(self) -> None:
        self._steps: dict[str, float] | None = None
        self._step = ("", 0.0)

    def begin(self) -> None:
        """The order begins."""
        self._steps = {}
        self._step = ("before the first step", time.perf_counter())

    def step(self, name: str) -> None:
        """The order has come to a step; between orders it does not count."""
        if self._steps is not None:
            last, since = self._step
            self._step = (name, time.perf_counter())
            self._steps[last] = self._steps.get(last, 0.0) + self._step[1] - since

    def end(self) -> dict[str, float]:
        """The order is done; the seconds of each of its steps, which together are all of its time."""
        self.step("")
        steps, self._steps = self._steps or {}, None
        return steps


def share_table(orders: Mapping[str, Sequence[Mapping[str, float]]]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of a table of the steps' medians and shares, with two columns for each of several measurements."""
    names = dict.fromkeys(name for measured in orders.values() for steps in measured for name in steps)
    rows = []
    for name in names:
        row = [name]
        for measured in orders.values():
            took = [steps[name] for steps in measured if name in steps]
            row += [f"{median(took):.3f}", f"{sum(took) / _whole(measured):.0%}"] if took else ["", ""]
        rows.append(row)
    return ["step", *(head for name in orders for head in (f"{name} s", f"{name} share"))], rows


def _whole(measured: Iterable[Mapping[str, float]]) -> float:
    return sum(sum(steps.values()) for steps in measured)
