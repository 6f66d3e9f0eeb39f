"""What is told: figures, order numbers and outcomes. Nothing in it comes from a page, or from a note in a list."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.secrecy import Clean
from bot.wording import OUTCOME_WORDS, count_of, cut, harmless, headline

MOST_ORDERS = 20
"""The most orders that a message lists."""


class Occasion(StrEnum):
    """When people are told; the settings choose among them."""

    END = "end"
    """A run is over."""
    PERSON = "person"
    """An order needs a person."""
    STOP = "stop"
    """A run stopped before the end of its list, or a worker cannot go on."""
    SCREENS = "screens"
    """The Admin's screens are not what they were."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message."""

    occasion: Occasion
    title: str
    lines: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    """The same for programs."""

    def cleaned(self, clean: Clean) -> "Message":
        """The same without the secrets that its words may hold."""
        facts = {name: clean(fact) if isinstance(fact, str) else fact for name, fact in self.facts.items()}
        return replace(self, title=clean(self.title), lines=tuple(map(clean, self.lines)), facts=facts)

    @property
    def text(self) -> str:
        """The lines, one below the other."""
        return "\n".join(self.lines)


def of_order(info: RunInfo, result: OrderResult) -> Message:
    """An order of a run needs a person."""
    words = OUTCOME_WORDS[result.outcome].label
    return Message(
        occasion=Occasion.PERSON,
        title=f"Order {result.order} needs a person: {words}",
        lines=(f"Run {info.run_id} on {harmless(info.admin)}.", "See countermand status, and the run's report."),
        facts={**_of(info), "orders": _listed([result])},
    )


def of_end(info: RunInfo, results: Sequence[OrderResult]) -> Message:
    """A run is over, or stopped before the end of its list."""
    outcomes = [result.outcome for result in results]
    waiting = [result for result in results if result.outcome.needs_a_person]
    stopped = _reason(info.stopped_early)
    lines = [f"Run {info.run_id} on {harmless(info.admin)}: {headline(outcomes, info.command)}."]
    if stopped:
        lines.append(f"Stopped before the end of the list: {stopped}")
    if waiting:
        lines.append(f"{count_of(len(waiting), 'order')} waiting for a person:")
        lines += [f"  {result.order}: {OUTCOME_WORDS[result.outcome].label}" for result in waiting[:MOST_ORDERS]]
    if len(waiting) > MOST_ORDERS:
        lines.append(f"  and {len(waiting) - MOST_ORDERS} more")
    counts = Counter(outcomes)
    return Message(
        occasion=Occasion.STOP if stopped else Occasion.END,
        title=f"Countermand {info.command} {'stopped' if stopped else 'is over'}: {headline(outcomes, info.command)}",
        lines=tuple(lines),
        facts={
            **_of(info),
            "outcomes": {str(outcome): counts[outcome] for outcome in Outcome if outcome in counts},
            "stopped": stopped,
            "orders": _listed(waiting[:MOST_ORDERS]),
        },
    )


def of_worker(admin: str, worker: str, why: str) -> Message:
    """A worker of the queue cannot go on."""
    return Message(
        occasion=Occasion.STOP,
        title=f"A worker cannot go on: {_reason(why)}",
        lines=(f"Worker {harmless(worker)} on {harmless(admin)}.", "What it had in hand waits for another worker."),
        facts={"admin": admin, "worker": worker, "stopped": _reason(why)},
    )


def of_screens(admin: str, check: str, screens: Sequence[str]) -> Message:
    """A check found screens that differ from their pack, or from what they were; or it did not get through."""
    which = ", ".join(map(harmless, screens)) or "the check did not get through"
    return Message(
        occasion=Occasion.SCREENS,
        title=f"The Admin's screens have changed: {which}",
        lines=(f"Check {check} on {harmless(admin)}.", "Look at its report before the next run."),
        facts={"admin": admin, "check": check, "screens": list(screens)},
    )


def _of(info: RunInfo) -> dict[str, Any]:
    return {"run": info.run_id, "command": info.command, "admin": info.admin}


def _listed(results: Iterable[OrderResult]) -> list[dict[str, str]]:
    return [{"order": result.order, "outcome": str(result.outcome)} for result in results]


def _reason(why: str) -> str:
    """Why something stopped, without what was said of an order, whose words may be a page's."""
    return cut(harmless(why.partition("; the last one: ")[0]))
