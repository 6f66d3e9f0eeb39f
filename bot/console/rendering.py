"""Templates, and the few words that they need. Whatever is put into one is escaped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot import wording
from bot.outcomes import Outcome
from bot.vocabulary import Reason
from bot.wording import OUTCOME_WORDS

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"

MARKS = {
    Outcome.CANCELED: "✓",
    Outcome.ALREADY_CANCELED: "=",
    Outcome.WOULD_CANCEL: "→",
    Outcome.CANCELED_NOT_SENT: "!",
    Outcome.REVERTED: "↺",
    Outcome.UNKNOWN: "?",
    Outcome.MISMATCH: "≠",
    Outcome.NOT_CANCELABLE: "■",
    Outcome.NOT_FOUND: "○",
    Outcome.FAILED: "✗",
    Outcome.SKIPPED: "·",
}
"""A shape for each outcome, beside its word: nobody needs to see a color."""


@cache
def environment() -> Environment:
    """Where every template comes from."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        moment=moment,
        day=day,
        duration=wording.duration,
        count_of=wording.count_of,
        number=number,
        step=step,
        harmless=lambda value: wording.harmless(str(value)),
        path=lambda value: quote(str(value), safe=""),
        evidence=evidence_path,
    )
    made.globals.update(
        badge=badge,
        status_words=wording.status_words,
        outcomes=OUTCOME_WORDS,
        reasons=tuple(Reason),
        with_query=with_query,
    )
    return made


def moment(at: datetime | str) -> Markup:
    """A point in time, in UTC; a script puts the reader's own time beside it."""
    try:
        when = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return Markup.escape(wording.harmless(str(at)))
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    utc = when.astimezone(UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="milliseconds"), f"{utc:%Y-%m-%d %H:%M:%S}"
    )


def day(at: datetime | str) -> str:
    """A point in time to the minute, in UTC, without anything around it."""
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def number(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def step(name: str) -> str:
    """What a file of evidence shows: ``evidence/<order>/07-choose_reason.jpg`` is ``Choose reason``."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    words = wording.step_words(stem.partition("-")[2] or stem)
    return words[:1].upper() + words[1:]


def evidence_path(name: str) -> str:
    """The part of an address that names a file of evidence."""
    return quote(name)


def badge(outcome: Outcome | str | None) -> Markup:
    """An outcome as a shape and a word; the color comes last."""
    if not outcome:
        return Markup('<span class="badge open"><span aria-hidden="true">◌</span> Open</span>')
    words = OUTCOME_WORDS[Outcome(outcome)]
    kind = "would" if outcome == Outcome.WOULD_CANCEL else words.group
    return Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>').format(
        kind, MARKS[Outcome(outcome)], words.short
    )


def with_query(path: str, query: Mapping[str, object], **changed: object) -> str:
    """An address with its query, some of it changed; what is empty is left out."""
    kept = {name: value for name, value in {**query, **changed}.items() if value not in ("", None)}
    if kept.get("page") == 1:
        del kept["page"]
    return f"{path}?{urlencode(kept)}" if kept else path
