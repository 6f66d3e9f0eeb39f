"""Words for people: the words for every outcome, and text from outside made harmless.

The report and the progress display say the same things in the same words; the machine-readable files do not
use this module.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.vocabulary import Status

AUDIT_AFTER_HOURS = 4
"""When to run an audit, in hours after the last cancel.

By then the Admin's cron job has had many turns, Amazon has worked through what it was sent, and the next import has
brought back what it did not keep. It is well within the day that ``countermand audit`` looks back on.
"""


class Group(StrEnum):
    """The four groups of outcomes in a summary."""

    DONE = "done"
    """No action is needed."""
    PERSON = "person"
    """Somebody must look in Seller Central before anything else is done."""
    NOT_CANCELED = "not-canceled"
    """Nothing was pressed: the order is unchanged."""
    SKIPPED = "skipped"
    """The run did not get to it."""


class Words(NamedTuple):
    """What to call an outcome: in full, in at most 18 characters, and in one sentence."""

    label: str
    short: str
    meaning: str
    group: Group


OUTCOME_WORDS: dict[Outcome, Words] = {
    Outcome.CANCELED: Words(
        "Canceled",
        "Canceled",
        "Confirm was pressed, no error came back, and the order, opened again, reads Canceled. The Admin's cron job "
        "tells Amazon later, and shows nothing if that fails.",
        Group.DONE,
    ),
    Outcome.ALREADY_CANCELED: Words(
        "Already canceled",
        "Already canceled",
        "It was canceled before this run looked at it. Nothing was pressed.",
        Group.DONE,
    ),
    Outcome.WOULD_CANCEL: Words(
        "Would be canceled",
        "Would be canceled",
        "Everything was in order to cancel it. Nothing was pressed.",
        Group.DONE,
    ),
    Outcome.CANCELED_NOT_SENT: Words(
        "Canceled here, not sent to Amazon",
        "Not sent to Amazon",
        "The Admin reads Canceled but answered with an error: Amazon was probably never told.",
        Group.PERSON,
    ),
    Outcome.REVERTED: Words(
        "Reverted: Amazon did not keep the cancel",
        "Reverted",
        "It was canceled earlier, but now reads something else. Nothing was pressed this time.",
        Group.PERSON,
    ),
    Outcome.UNKNOWN: Words(
        "Unknown: a person must look",
        "Unknown",
        "Confirm may have been pressed, and the result could not be determined. It was not pressed again.",
        Group.PERSON,
    ),
    Outcome.MISMATCH: Words(
        "Page disagrees with the list",
        "Page disagrees",
        "The page disagrees with the job list. Nothing was pressed.",
        Group.NOT_CANCELED,
    ),
    Outcome.NOT_CANCELABLE: Words(
        "Cannot be canceled here",
        "Not cancelable",
        "Its status does not allow a cancel in the Admin. Nothing was pressed.",
        Group.NOT_CANCELED,
    ),
    Outcome.NOT_FOUND: Words(
        "Not found",
        "Not found",
        "The store, or the order in that store, is not in this Admin. Nothing was pressed.",
        Group.NOT_CANCELED,
    ),
    Outcome.FAILED: Words(
        "Failed before Confirm",
        "Failed",
        "A technical failure. Nothing was pressed, so running it again is safe.",
        Group.NOT_CANCELED,
    ),
    Outcome.SKIPPED: Words(
        "Skipped",
        "Skipped",
        "The run stopped before this order's turn. Nothing was pressed.",
        Group.SKIPPED,
    ),
}
"""The words for every outcome, in the order in which summaries list them."""

_BROKEN_OFF = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TERMINAL_SEQUENCES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"  # titles, links
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colors and cursor moves
    r"|\x1b[ -/]*[0-~]?"
)
_BLANKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction marks and overrides
    r"\u00ad\u115f\u1160\u180e\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"  # as nothing
)
"""A character that is invisible, or could control a terminal or reverse text; white space is not among them."""
_TO_ESCAPE = re.compile(rf"(?!\n)(?:{INVISIBLE.pattern}|{_BLANKS.pattern})")
_HALF_CHARACTERS = re.compile(r"[\ud800-\udfff]")

LONGEST = 2_000
"""The most characters of one text from a page that are shown, written or kept."""


def cut(text: str, most: int = LONGEST) -> str:
    """``text``, or its first ``most`` characters and how many there were."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def harmless_lines(text: str) -> str:
    """``text`` with its line breaks, without anything that could control a terminal or reverse text."""
    text = _TERMINAL_SEQUENCES.sub("", text.replace("\r\n", "\n"))
    kept = _BLANKS.sub(lambda blank: "\t" if blank[0] == "\t" else "\n", text).expandtabs(4)
    return _HALF_CHARACTERS.sub("\ufffd", INVISIBLE.sub("", kept))


def harmless_cell(text: str) -> str:
    """``text`` on one line as ``harmless`` gives it, but with its spaces as they are."""
    text = _TERMINAL_SEQUENCES.sub("", text.replace("\r\n", "\n"))
    return _HALF_CHARACTERS.sub("\ufffd", INVISIBLE.sub("", _BLANKS.sub(" ", text)))


def escaped(written: str) -> str:
    """JSON, as it is and means, with every character escaped that is invisible or could control a terminal.

    Needs JSON whose white space between values is made of spaces and line feeds only.
    """
    return _TO_ESCAPE.sub(lambda found: json.dumps(found[0])[1:-1], written)


def harmless(text: str) -> str:
    """``text``, which may come from a page or a list, as one line that cannot control a terminal.

    Terminal sequences, control characters and direction overrides are removed; white space becomes one space.
    """
    return " ".join(harmless_lines(text).split())


def step_words(name: str) -> str:
    """A step's name for people: ``choose_reason`` is ``choose reason``."""
    return harmless(name.replace("_", " "))


def status_words(status: Status | None) -> str:
    """A status for people: ``PartiallyShipped`` is ``Partially shipped``; one that was never seen is empty."""
    return "" if status is None else _BROKEN_OFF.sub(" ", status.value).capitalize()


def status_change(result: OrderResult, arrow: str = "->") -> str:
    """The statuses before and after as ``Unshipped -> Canceled``, or the one that was seen, or nothing."""
    seen = [status_words(result.status_before), status_words(result.status_after)]
    return f" {arrow} ".join(word for word in seen if word)


def duration(seconds: float) -> str:
    """A length of time (seconds) for people: ``4.2 s``, ``2 min 3 s``, ``1 h 4 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def plain_name(name: str) -> str:
    """A name as it is compared: composed characters (NFC), and one space where there is any white space."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def apart(one: str, other: str) -> str:
    """What tells two names apart that look alike, in brackets and with a space before; empty if they do not look alike.

    ``" (they look alike: U+0430 in place of U+0061)"``.
    """
    one, other = plain_name(one), plain_name(other)
    if one == other or _as_seen(one) != _as_seen(other):
        return ""
    if len(one) == len(other):
        differ = [(left, right) for left, right in zip(one, other, strict=True) if left != right]
        told = (f"U+{ord(left):04X} in place of U+{ord(right):04X}" for left, right in dict.fromkeys(differ))
    else:
        counts = Counter(one), Counter(other)
        signs = dict.fromkeys(sign for sign in one + other if counts[0][sign] != counts[1][sign])
        told = (f"{counts[0][sign]} of U+{ord(sign):04X} in place of {counts[1][sign]}" for sign in signs)
    return f" (they look alike: {', '.join(told)})"


def _as_seen(name: str) -> str:
    """A name as a person takes it in: without what has no shape of its own, and other signs of one shape as one."""
    return unicodedata.normalize("NFKC", _NO_SHAPE.sub("", name)).translate(_LOOKS_LIKE)


_NO_SHAPE = re.compile(rf"{INVISIBLE.pattern}|[\u200c\u200d\ufe00-\ufe0f]")
"""Invisible characters, joiners, and what chooses between two drawings of an emoji."""

_LOOKS_LIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455"  # Cyrillic
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425"
    "\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7"  # Greek
    "\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019\u02bc",
    "aeopcyxijsABEKMHOPCTXoABEZHIKMNOPTX------'''",
)
"""Letters of Cyrillic and Greek, dashes and apostrophes that look like one on every keyboard."""


def count_of(number: int, one: str) -> str:
    """A number with its noun: ``1 order``, ``2 orders``."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def is_trial(command: str) -> bool:
    """Whether runs of this command never press Confirm."""
    return command in {"plan", "dry run"}


def trial_sentence(command: str) -> str:
    """What a reader must know about a run that canceled nothing real; empty for a real run."""
    return {
        "plan": "This was a plan: it only read the Admin. Nothing was canceled.",
        "dry run": "This was a dry run: every dialog was left before Confirm. Nothing was canceled.",
        "demo": "This was a practice run on the practice Admin. No real order was touched.",
        "audit": "This was an audit: it checked orders that were canceled earlier. Nothing was pressed.",
    }.get(command, "")


def headline(outcomes: Iterable[Outcome], command: str) -> str:
    """A run in one line: ``7 of 14 orders canceled, 2 need a person, 4 not canceled, 1 skipped``."""
    trial, audit = is_trial(command), command == "audit"
    counts = Counter(outcomes)
    total = counts.total()
    if not total:
        return "No orders"
    would, canceled = counts[Outcome.WOULD_CANCEL], counts[Outcome.CANCELED]
    already = counts[Outcome.ALREADY_CANCELED]
    groups = Counter(OUTCOME_WORDS[outcome].group for outcome in counts.elements())
    if trial or would:
        parts = [f"{would:,} of {count_of(total, 'order')} would be canceled"]
        if canceled + already:
            parts.append(f"{canceled + already:,} {'canceled' if canceled else 'already canceled'}")
    else:
        parts = [f"{canceled + already:,} of {count_of(total, 'order')} {'still ' if audit else ''}canceled"]
    if person := groups[Group.PERSON]:
        parts.append(f"{person:,} {'needs' if person == 1 else 'need'} a person")
    if left := groups[Group.NOT_CANCELED]:
        parts.append(f"{left:,} {'would not be' if trial else 'not looked at again' if audit else 'not canceled'}")
    if skipped := groups[Group.SKIPPED]:
        parts.append(f"{skipped:,} skipped")
    return ", ".join(parts)


def opening(info: RunInfo, total: int) -> str:
    """The first line of a run: what starts, on how many orders, where and with which account."""
    # An audit has no list; job_list says which orders it checks.
    which = harmless(info.job_list) if info.command == "audit" else f"from {harmless(info.job_list)}"
    line = (
        f"{harmless(info.command).capitalize()}: {count_of(total, 'order')} {which}, "
        f"at {harmless(info.admin)} as {harmless(info.account)}"
    )
    return f"{line} (nothing will be canceled)" if is_trial(info.command) else line


def audit_sentence(info: RunInfo, outcomes: Iterable[Outcome]) -> str:
    """What is known about the orders that a run canceled, and when to check them; empty if it canceled none."""
    canceled = Counter(outcomes)[Outcome.CANCELED]
    if not canceled:
        return ""
    if info.command == "demo":
        return (
            "A real Admin's cron job tells Amazon later, and shows nothing if that fails: run countermand audit "
            f"{AUDIT_AFTER_HOURS} hours after a real run."
        )
    accepted = f"{count_of(canceled, 'cancel')} and put {'it' if canceled == 1 else 'them'}"
    return (
        f"The Admin accepted {accepted} into its queue; its cron job tells Amazon later, and shows nothing if that "
        f"fails: run countermand audit {AUDIT_AFTER_HOURS} hours after this run."
    )


def closing(info: RunInfo, results: Sequence[OrderResult]) -> list[str]:
    """The last lines of a run: its figures, why it stopped early if it did, whether it was a trial, and when to check
    its cancels.
    """
    outcomes = [result.outcome for result in results]
    line = headline(outcomes, info.command)
    if info.finished_at is not None:
        line += f", in {duration(max(0.0, (info.finished_at - info.started_at).total_seconds()))}"
    lines = [f"{line}."]
    if info.stopped_early:
        lines.append(f"Stopped before the end of the list: {harmless(info.stopped_early)}")
    if sentence := trial_sentence(info.command):
        lines.append(sentence)
    if sentence := audit_sentence(info, outcomes):
        lines.append(sentence)
    return lines


def advice(result: OrderResult) -> str:
    """What to do about an order that needs a person."""
    return harmless(result.next_step) or "Look at this order in Seller Central."


def first_line(trouble: Exception) -> str:
    """The sentence in a browser's error: its first line, without the name of the call."""
    line = str(trouble).strip().splitlines()[0]
    return line.partition(": ")[2] or line
