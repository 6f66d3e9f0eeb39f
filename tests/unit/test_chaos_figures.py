"""What a campaign of kills keeps: it goes on from there, and its table tells what must never be."""

from collections import Counter
from pathlib import Path

import pytest
from chaos_figures import STATES, Figures, State, state_of, table
from chaos_kit import Truth

from bot.ledger import Event

TRUTH = Truth(
    doubles=("112-1215998-3002091",), outside=(), false_successes=(), without_intent=(), disagreements=("run: no",)
)


def test_a_campaign_goes_on_with_what_was_kept(tmp_path: Path) -> None:
    state = State(seed=7, goal=500, options={"orders": 6}, next_list=3)
    state.figures.kills["pressed"] += 2
    state.figures.add_truth(TRUTH, "plain, list 3")
    state.write(tmp_path / "kept" / "plain.json")
    kept = State.read(tmp_path / "kept" / "plain.json")
    assert kept == state
    kept.figures.kills["pressed"] += 1
    assert kept.figures.kills == Counter({"pressed": 3})
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["plain.json"]


def test_where_nothing_was_kept_there_is_no_campaign(tmp_path: Path) -> None:
    assert State.read(tmp_path / "plain.json") is None


def test_a_violation_is_kept_once_for_each_list() -> None:
    figures = Figures()
    for where in ("plain, list 3", "plain, list 3", "plain, list 4"):
        figures.add_truth(TRUTH, where)
    assert figures.violations == [
        "plain, list 3: 112-1215998-3002091 was canceled twice",
        "plain, list 4: 112-1215998-3002091 was canceled twice",
        "plain, list 3: run: no",
        "plain, list 4: run: no",
    ]


def test_the_figures_of_two_faces_are_added() -> None:
    one, two = Figures(starts=3, outlived=0.5, seconds=60), Figures(starts=4, outlived=1.25, seconds=50)
    one.kills["pressed"], two.kills["pressed"] = 1, 2
    two.add_wrong("woken", ["a"], "plain, list 1")
    both = one + two
    assert (both.starts, both.outlived, both.kills["pressed"]) == (7, 1.25, 3)
    assert both.seconds == 60  # both faces were worked at the same time
    assert both.violations == ["plain, list 1: a"]
    rows = list(table(["spectrum", "plain", "both"], [one, two, both]))
    assert [row for row in rows if row.startswith("| kills")] == [f"| {'kills':<51} |        1 |     2 |    3 |"]


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], STATES[0]),
        ([Event.RUN_STARTED], STATES[0]),
        ([Event.TAKEN, Event.STEP], STATES[1]),
        ([Event.TAKEN, Event.IN_DOUBT], STATES[1]),  # an earlier run's intent
        ([Event.TAKEN, Event.INTENT_WRITTEN], STATES[2]),
        ([Event.TAKEN, Event.INTENT_WRITTEN, Event.PRESSED], STATES[3]),
        ([Event.TAKEN, Event.INTENT_WRITTEN, Event.PRESSED, Event.ANSWERED], STATES[4]),
        ([Event.TAKEN, Event.INTENT_WRITTEN, Event.PRESSED, Event.ANSWERED, Event.PROVED], STATES[5]),
        ([Event.TAKEN, Event.FINISHED], STATES[6]),
        ([Event.TAKEN, Event.FINISHED, Event.TAKEN], STATES[1]),
        ([Event.FINISHED, Event.RUN_FINISHED, Event.RESULTS_WRITTEN], STATES[7]),
    ],
)
def test_where_a_run_was_cut_off_is_told_by_its_trail(events: list[Event], state: str) -> None:
    assert state_of(events) == state
