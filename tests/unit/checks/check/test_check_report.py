"""What a check came to, as it is told: on a terminal, in JUnit's XML, as JSON and as a page."""

import io
import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.checks.check.inspector import Pictures
from bot.checks.check.model import Aspect, AspectState, Candidate, Drift, ScreenReport
from bot.checks.check.outcome import CheckOutcome, ending, on_the_way
from bot.checks.check.report import junit, page, write_files
from bot.checks.check.show import as_json, of_json, tell
from bot.checks.doctor import Finding, FindingState
from bot.pack import load_pack

HOLDS = dict.fromkeys(Aspect, AspectState.HOLDS)
MISSING = Drift(
    aspect=Aspect.ELEMENTS,
    element="confirm",
    what="confirm (cancels the order) is not there: the pack looks for a button named 'Confirm'.",
    instead="Of role button there are: Close, Submit.",
    last_held='On 2026-03-01 it was button "Confirm", at 830, 560.',
    candidates=(
        Candidate(
            shown='button "Submit"',
            where='after button "Close"',
            likeness=0.71,
            snippet="confirm:\n  role: button\n  name: Submit\n",
            finds=1,
            warning="A person must verify this.",
        ),
    ),
)
MOVED = Drift(
    aspect=Aspect.LANDMARKS,
    what="The screen's contents, or their order, differ from the baseline: 1 removed, 1 added.",
    lines=("  main", '- button "Confirm"', '+ button "Submit"'),
)


def screen(name: str, *drifts: Drift, changed: float | None = 0.0, **aspects: AspectState) -> ScreenReport:
    found = {drift.aspect: AspectState.DIFFERS for drift in drifts}
    given = {Aspect(aspect): state for aspect, state in aspects.items()}
    return ScreenReport(
        screen=name, title=f"The {name} page", aspects=HOLDS | found | given, drifts=drifts, changed=changed
    )


def outcome(*screens: ScreenReport, **changed: object) -> CheckOutcome:
    told = {
        "check": "20260301-021405-4cca",
        "admin": "staging.example",
        "account": "qa",
        "pack": "asc-4.3",
        "baselines": "baselines/asc-4.3",
        "started_at": datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC),
        "seconds": 12.5,
        "version": "0",
        "screens": screens,
    }
    return CheckOutcome.model_validate(told | changed)


NO_BASELINE = screen("home", landmarks=AspectState.NO_BASELINE, looks=AspectState.NO_BASELINE, changed=None)


@pytest.mark.parametrize(
    ("made", "holds", "headline"),
    [
        (outcome(screen("home")), True, "1 screen as the pack and the baselines say"),
        (outcome(NO_BASELINE), True, "1 screen as the pack says; there are no baselines to compare with"),
        (outcome(screen("home"), screen("dialog", MISSING)), False, "1 of 2 screens differs"),
        (
            outcome(screen("dialog", MISSING), ended="Cancel dialog: gone", next_step="Look."),
            False,
            "1 of 1 screen differs, and the walk ended there",
        ),
        (outcome(screen("home"), ended="Sign-in: refused"), False, "The walk ended early: 1 screen checked"),
    ],
)
def test_a_check_is_told_in_one_line(made: CheckOutcome, holds: bool, headline: str) -> None:
    assert (made.holds, made.headline) == (holds, headline)


@pytest.mark.parametrize(
    "made", [outcome(screen("home")), outcome(screen("dialog", MISSING, MOVED), NO_BASELINE, ended="gone")]
)
def test_what_is_told_to_programs_can_be_read_again(made: CheckOutcome) -> None:
    assert of_json(as_json(made)) == made


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"holds": true}', '{"screens": [1]}', "\xff"])
def test_what_is_not_of_a_check_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^It was not written by a check\.$"):
        of_json(text)


def test_the_terminal_shows_a_table_and_what_is_there_instead() -> None:
    told = io.StringIO()
    tell(outcome(screen("home"), screen("dialog", MISSING, MOVED, looks=AspectState.DIFFERS, changed=2.3456)), told)
    lines = [line.rstrip() for line in told.getvalue().splitlines()]
    assert lines[1:5] == [
        " Screen            Checks   Elements   Wording   Landmarks   Looks",
        f" {'─' * 73}",
        " The home page     holds    holds      holds     holds       holds",
        " The dialog page   holds    differs    holds     differs     2.35 % differ",
    ]
    assert lines[6:] == [
        "",
        "The dialog page",
        "  elements   confirm (cancels the order) is not there: the pack looks for a button named 'Confirm'.",
        "             Of role button there are: Close, Submit.",
        '             On 2026-03-01 it was button "Confirm", at 830, 560.',
        '             Most likely: button "Submit", after button "Close" (71% similar)',
        "             ! A person must verify this.",
        "               confirm:",
        "                 role: button",
        "                 name: Submit",
        "  landmarks  The screen's contents, or their order, differ from the baseline: 1 removed, 1 added.",
        "               main",
        '             - button "Confirm"',
        '             + button "Submit"',
        "",
        "1 of 2 screens differs. Nothing was canceled.",
    ]


def test_what_a_page_says_cannot_steer_the_terminal() -> None:
    told = io.StringIO()
    evil = MISSING.model_copy(update={"instead": "\x1b[31mred\x1b[0m\u202eturned"})
    tell(outcome(screen("dialog", evil)), told)
    assert "\x1b" not in told.getvalue()
    assert "\u202e" not in told.getvalue()


def test_junit_has_a_case_for_every_aspect_of_every_screen() -> None:
    suite = ET.fromstring(junit(outcome(NO_BASELINE, screen("dialog", MISSING), ended="Cancel dialog: gone")))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "11",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    (failure,) = suite.iter("failure")
    assert failure.get("message") == MISSING.what
    assert (failure.text or "").splitlines() == [MISSING.what, MISSING.instead, MISSING.last_held]


def test_json_holds_all_of_it() -> None:
    told = json.loads(as_json(outcome(screen("dialog", MISSING))))
    assert (told["holds"], told["screens"][0]["state"]) == (False, "differs")
    assert told["screens"][0]["drifts"][0]["candidates"][0]["snippet"] == "confirm:\n  role: button\n  name: Submit\n"


def test_the_page_is_one_file_that_fetches_nothing(tmp_path: Path) -> None:
    pictures = {"dialog": Pictures(after=b"now", before=b"then", difference=b"red")}
    made = outcome(screen("dialog", MISSING, MOVED, looks=AspectState.DIFFERS, changed=2.3456))
    path = write_files(tmp_path / "new", made, pictures)
    written = path.read_text(encoding="utf-8")
    assert sorted(file.name for file in path.parent.iterdir()) == ["check.html", "check.json", "junit.xml", "pictures"]
    kept = {file.name: file.read_bytes() for file in (path.parent / "pictures").iterdir()}
    assert kept == {"dialog-before.png": b"then", "dialog-now.png": b"now", "dialog-difference.png": b"red"}
    assert written == page(made, pictures)
    assert written.count("data:image/png;base64,") == 3
    assert "http://" not in written
    assert "https://" not in written
    assert "Difference: 2.35 % differ" in written


def test_what_a_page_says_is_words_in_the_page() -> None:
    evil = MISSING.model_copy(update={"instead": "<script>alert(1)</script>"})
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page(outcome(screen("dialog", evil)), {})


def test_screens_that_were_not_looked_at_say_why() -> None:
    pack = load_pack("asc-4.3")
    findings = [
        Finding(check="cancel_dialog", state=FindingState.NOT_TRIED, found="there is no Unshipped order"),
        Finding(check="home", state=FindingState.FAILED, found="Gone.", next_step="Look."),
    ]
    way = {one.screen: one for one in on_the_way(pack, {"start_page": screen("start_page")}, findings)}
    assert list(way) == [
        "sign_in",
        "two_factor",
        "start_page",
        "home",
        "store_dashboard",
        "all_orders",
        "order_details",
        "cancel_dialog",
    ]
    assert way["two_factor"].note == "the Admin asked for no code"
    assert way["home"].note == "the walk did not get that far"
    assert way["cancel_dialog"].note == "there is no Unshipped order"
    assert ending(findings) == ("Home page: Gone.", "Look.")
