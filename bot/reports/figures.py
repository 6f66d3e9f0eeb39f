"""The top of a report: the facts of the run, and its figures."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bot import wording
from bot.outcomes import Outcome, RunInfo
from bot.wording import OUTCOME_WORDS, Group, harmless


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One of the large numbers at the top, which is also a stretch of the bar."""

    count: int
    label: str
    kind: str
    remark: str = ""


def figures_of(counts: Counter[Outcome], command: str) -> list[Figure]:
    """The large numbers of a run with these outcomes."""
    trial, audit = wording.is_trial(command), command == "audit"
    groups = Counter(OUTCOME_WORDS[outcome].group for outcome in counts.elements())
    already, would = counts[Outcome.ALREADY_CANCELED], counts[Outcome.WOULD_CANCEL]
    canceled = counts[Outcome.CANCELED] + already
    done = []
    if trial or would:
        done.append(Figure(count=would, label="Would be canceled", kind="would", remark="nothing was pressed"))
    if audit:
        remark = "by the Admin's page, opened again" if canceled else ""
        done.append(Figure(count=canceled, label="Still canceled", kind="done", remark=remark))
    elif canceled == already and done:
        if already:
            done.append(Figure(count=already, label="Already canceled", kind="done", remark="before this run"))
    else:
        remark = f"{already:,} of them before this run" if already else "in the Admin; Amazon is told later"
        done.append(Figure(count=canceled, label="Canceled", kind="done", remark=remark if canceled else ""))
    person = groups[Group.PERSON]
    return [
        *done,
        Figure(
            count=person,
            label="Needs a person" if person == 1 else "Need a person",
            kind="person",
            remark="look in Seller Central" if person else "nothing is in doubt",
        ),
        Figure(
            count=groups[Group.NOT_CANCELED],
            label="Would not be canceled" if trial else "Not looked at again" if audit else "Not canceled",
            kind="not-canceled",
            remark="nothing was pressed",
        ),
        Figure(
            count=groups[Group.SKIPPED],
            label="Skipped",
            kind="skipped",
            remark="the run did not get to them" if groups[Group.SKIPPED] else "the run got to every order",
        ),
    ]


def facts_of(info: RunInfo, purged_at: datetime | None) -> list[tuple[str, str]]:
    """What is said of a run at the top of its report: names and facts."""
    in_pictures = "readable in the pictures" if info.unmasked else "masked in the pictures"
    facts = {
        "Admin": info.admin,
        "Account": info.account,
        "Workers": str(info.workers) if info.workers > 1 else "",
        "Orders" if info.command == "audit" else "Job list": info.job_list,
        "Command": info.command,
        "Started": moment_words(info.started_at),
        "Finished": moment_words(info.finished_at) if info.finished_at else "not finished",
        "Took": _length(info),
        "Screens": info.pack,
        "Buyers' data": "purged with the pictures" if purged_at else in_pictures,
        "Blocked requests": ", ".join(f"{count:,} to {host}" for host, count in info.blocked.items()),
        "Run": info.run_id,
        "Countermand": info.version,
    }
    return [(name, harmless(fact)) for name, fact in facts.items() if fact]


def moment_words(moment: datetime) -> str:
    """A time with its zone: ``2026-03-01 02:14:05 UTC+01:00``."""
    written = moment.isoformat(sep=" ", timespec="seconds")
    clock, zone = written[:19], written[19:]
    return f"{clock} UTC{zone.removeprefix('+00:00')}" if zone else clock


def _length(info: RunInfo) -> str:
    if info.finished_at is None or (info.finished_at.tzinfo is None) != (info.started_at.tzinfo is None):
        return ""
    return wording.duration(max(0.0, (info.finished_at - info.started_at).total_seconds()))
