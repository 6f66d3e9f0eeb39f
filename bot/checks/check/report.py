"""A check as files: ``check.html`` for people, ``check.json`` for programs, ``junit.xml`` for CI servers.

The pictures are inside the page, and once more as files of their own, for the console.
"""

import base64
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.checks.check.inspector import Pictures
from bot.checks.check.model import AspectState, ScreenReport
from bot.checks.check.outcome import ASPECT_WORDS, STATE_WORDS, CheckOutcome
from bot.checks.check.show import as_json
from bot.reports.html_page import html_page
from bot.reports.results import JUNIT_FILE, for_xml, save
from bot.wording import duration, harmless, harmless_lines

PAGE_FILE = "check.html"
JSON_FILE = "check.json"
BEFORE, NOW, DIFFERENCE = "before", "now", "difference"
"""What the pictures of a screen are called, in the order in which they stand side by side."""

_TEMPLATE = Path(__file__).with_name("check.html.j2")
_KINDS = {
    AspectState.HOLDS: "done",
    AspectState.DIFFERS: "person",
    AspectState.NO_BASELINE: "not-canceled",
    AspectState.NOT_LOOKED_AT: "skipped",
}
_FIGURES = (
    (AspectState.HOLDS, "As they should be"),
    (AspectState.DIFFERS, "Different"),
    (AspectState.NO_BASELINE, "Without baseline"),
    (AspectState.NOT_LOOKED_AT, "Not looked at"),
)


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture of a screen."""

    label: str
    picture: str
    """As a ``data:`` URI; empty if there is no picture."""
    why_not: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One screen as the page shows it."""

    report: ScreenReport
    kind: str
    words: str
    shots: tuple[Shot, ...]


def write_files(folder: Path, outcome: CheckOutcome, pictures: Mapping[str, Pictures]) -> Path:
    """Write the three files and the pictures into ``folder``, and say where the page is.

    Raises:
        RunStopped: a file cannot be written.
    """
    for screen, shown in pictures.items():
        changed = any(one.screen == screen and one.changed for one in outcome.screens)
        kept = {BEFORE: shown.before, NOW: shown.after, DIFFERENCE: shown.difference if changed else b""}
        for which, png in kept.items():
            if png:
                save(picture_file(folder, screen, which), png)
    save(folder / JSON_FILE, as_json(outcome))
    save(folder / JUNIT_FILE, junit(outcome))
    save(folder / PAGE_FILE, page(outcome, pictures))
    return folder / PAGE_FILE


def picture_file(folder: Path, screen: str, which: str) -> Path:
    """Where a picture of a screen is, in the folder of its check."""
    return folder / "pictures" / f"{screen}-{which}.png"


def page(outcome: CheckOutcome, pictures: Mapping[str, Pictures]) -> str:
    """The page for people: one file, with the pictures inside."""
    counts = Counter(one.state for one in outcome.screens)
    return html_page(
        _TEMPLATE,
        title=f"Countermand check {outcome.check}",
        outcome=outcome,
        facts=_facts(outcome),
        figures=[(counts[state], label, _KINDS[state]) for state, label in _FIGURES],
        sections=[_section(one, pictures.get(one.screen)) for one in outcome.screens],
        aspects=ASPECT_WORDS,
        states=STATE_WORDS,
        kinds=_KINDS,
        harmless=harmless,
        harmless_lines=harmless_lines,
        differs=AspectState.DIFFERS,
    )


def junit(outcome: CheckOutcome) -> str:
    """A suite with a test case for each aspect of each screen, and one for the walk."""
    suite = ET.Element("testsuite", {"name": for_xml(f"countermand check {outcome.check}")})
    counts: Counter[str] = Counter()

    def case(group: str, name: str, kind: str = "", message: str = "", text: str = "") -> None:
        one = ET.SubElement(suite, "testcase", {"classname": for_xml(group), "name": name})
        counts.update(["tests", kind] if kind else ["tests"])
        if kind:
            ET.SubElement(one, kind, {"message": for_xml(message)}).text = for_xml(text)

    for screen in outcome.screens:
        for aspect, state in screen.aspects.items():
            drifts = [drift for drift in screen.drifts if drift.aspect is aspect]
            if drifts:
                text = "\n\n".join(
                    "\n".join(filter(None, (one.what, one.instead, one.last_held, *one.lines))) for one in drifts
                )
                case(screen.screen, aspect, "failure", drifts[0].what, text)
            elif state in {AspectState.NO_BASELINE, AspectState.NOT_LOOKED_AT}:
                case(screen.screen, aspect, "skipped", screen.note or STATE_WORDS[state])
            else:
                case(screen.screen, aspect)
    if outcome.ended:
        case("walk", "walk", "error", outcome.ended, outcome.next_step)
    else:
        case("walk", "walk")
    if outcome.full is not None:
        kind = "" if outcome.full.outcome.is_success else "failure"
        case("full", outcome.full.order, kind, outcome.full.message, outcome.full.next_step)
    for name, kind in {"tests": "tests", "failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(name, str(counts[kind]))
    suite.set("time", f"{outcome.seconds:.3f}")
    suite.set("timestamp", outcome.started_at.isoformat(timespec="seconds"))
    suite.set("hostname", for_xml(outcome.admin))
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'


def _facts(outcome: CheckOutcome) -> list[tuple[str, str]]:
    facts = {
        "Admin": outcome.admin,
        "Account": outcome.account,
        "Screens": outcome.pack,
        "Baselines": outcome.baselines,
        "Started": f"{outcome.started_at:%Y-%m-%d %H:%M:%S} UTC",
        "Took": duration(outcome.seconds),
        "Browser": outcome.browser,
        "Check": outcome.check,
        "Countermand": outcome.version,
    }
    return [(name, harmless(fact)) for name, fact in facts.items() if fact]


def _section(report: ScreenReport, pictures: Pictures | None) -> Section:
    words = STATE_WORDS[report.state]
    if report.state is AspectState.DIFFERS:
        words = ", ".join(
            ASPECT_WORDS[aspect] for aspect, state in report.aspects.items() if state is AspectState.DIFFERS
        )
    elif report.updated:
        words = "baseline written"
    shots: tuple[Shot, ...] = ()
    if pictures is not None and pictures.after:
        none = "The same" if pictures.before else "There is no baseline yet"
        shots = (
            Shot(label="Before", picture=_inside(pictures.before), why_not="There is no baseline yet"),
            Shot(label="Now", picture=_inside(pictures.after)),
            Shot(
                label="Difference",
                picture=_inside(pictures.difference) if report.changed else "",
                why_not=none,
            ),
        )
    return Section(report=report, kind=_KINDS[report.state], words=words, shots=shots)


def _inside(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""
