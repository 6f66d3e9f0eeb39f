"""A ledger that has forgotten presses, which the folders of earlier runs still tell of."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from run_kit import ORDER, OTHER, RUN_ID, job, run_info

from bot.errors import CannotStart
from bot.evidence.forgotten import refuse_forgotten_presses
from bot.ledger import Event, Ledger
from bot.outcomes import Answer
from bot.vocabulary import Reason

ADMIN = "shop.example/admin"
THIRD = "112-1215998-3002093"


def press(ledger: Ledger, order: str = ORDER) -> int:
    permit: Any = SimpleNamespace(order=order, store="Nordwind UK", reason=Reason.BUYER_CANCELED)
    return ledger.intents.write(ADMIN, permit)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def earlier(runs: Path) -> Iterator[Ledger]:
    """The ledger of a run that began, with its folder."""
    folder = runs / RUN_ID
    folder.mkdir(parents=True)
    with Ledger.open(runs / "ledger.sqlite") as ledger:
        ledger.trail.copy_to(folder)
        ledger.runs.begin(run_info(RUN_ID), [job(), job(OTHER)])
        yield ledger


def older_copy(runs: Path) -> Path:
    """The ledger as it is now, in another file."""
    copy = runs / "copy.sqlite"
    with closing(sqlite3.connect(runs / "ledger.sqlite")) as ours, closing(sqlite3.connect(copy)) as theirs:
        ours.backup(theirs)
    return copy


def refusal(runs: Path, place: Path, *orders: str, admin: str = ADMIN) -> str:
    """Why a run on these orders may not begin with the ledger at that place; empty if it may."""
    with Ledger.open(place) as ledger:
        try:
            refuse_forgotten_presses(runs, ledger, place, admin, orders)
        except CannotStart as refused:
            return str(refused)
    return ""


def told(runs: Path, place: Path, pressed: str) -> str:
    folder = runs / RUN_ID
    return (
        f"The ledger {place} does not know what was pressed in run {RUN_ID}, which {folder} tells of: Confirm for "
        f"order {pressed}. It is another ledger, or an older copy, such as the file without the -wal beside it. Put "
        "the right one back. If it is lost, look these orders up in Seller Central, then move "
        f"{folder} somewhere else, and start again."
    )


def test_a_new_ledger_beside_an_old_run_presses_none_of_its_orders_again(runs: Path, earlier: Ledger) -> None:
    press(earlier)
    press(earlier, OTHER)
    new = runs / "new.sqlite"
    assert refusal(runs, new, THIRD, OTHER, ORDER) == told(runs, new, f"{ORDER} and 1 other of this list")
    assert refusal(runs, new, OTHER) == told(runs, new, OTHER)


def test_an_older_copy_presses_nothing_again_that_was_pressed_since(runs: Path, earlier: Ledger) -> None:
    copy = older_copy(runs)
    earlier.intents.note_answer(press(earlier), Answer.OK, "")
    assert refusal(runs, copy, ORDER) == told(runs, copy, ORDER)


def test_the_ledger_itself_refuses_nothing(runs: Path, earlier: Ledger) -> None:
    press(earlier)
    assert refusal(runs, runs / "ledger.sqlite", ORDER) == ""


def test_the_one_event_that_a_killed_process_leaves_in_its_folder_alone_was_no_press(
    runs: Path, earlier: Ledger
) -> None:
    copy = older_copy(runs)
    press(earlier)
    assert refusal(runs, copy, ORDER) == ""


def test_steps_that_a_crash_of_the_database_took_were_no_press(runs: Path, earlier: Ledger) -> None:
    earlier.intents.note_answer(press(earlier), Answer.OK, "")
    before_the_crash = older_copy(runs)
    for step in ("open_order", "open_cancel_dialog", "choose_reason"):
        earlier.trail.note(Event.STEP, order=OTHER, step=step)
    assert refusal(runs, before_the_crash, ORDER, OTHER) == ""


def test_of_a_run_of_many_presses_those_are_named_that_the_ledger_does_not_know(runs: Path, earlier: Ledger) -> None:
    earlier.intents.note_answer(press(earlier), Answer.OK, "")
    copy = older_copy(runs)
    earlier.intents.note_answer(press(earlier, OTHER), Answer.OK, "")
    assert refusal(runs, copy, ORDER) == ""  # the ledger knows of that one
    assert refusal(runs, copy, ORDER, OTHER) == told(runs, copy, OTHER)


@pytest.mark.parametrize("settled_as", ["not-sent", "not-canceled"])
def test_what_was_settled_so_that_it_may_be_pressed_again_may_be(runs: Path, earlier: Ledger, settled_as: str) -> None:
    earlier.intents.settle(press(earlier), settled_as, by="recovery")
    assert refusal(runs, runs / "new.sqlite", ORDER) == ""


@pytest.mark.parametrize("settled_as", ["canceled", "overtaken"])
def test_what_was_settled_otherwise_may_not(runs: Path, earlier: Ledger, settled_as: str) -> None:
    earlier.intents.settle(press(earlier), settled_as, by="ada")
    new = runs / "new.sqlite"
    assert refusal(runs, new, ORDER) == told(runs, new, ORDER)


@pytest.mark.parametrize(
    ("admin", "refused"), [("shop.example", True), ("shop.example/prod", False), ("shop.example.net/admin", False)]
)
def test_only_presses_in_the_same_admin_count(runs: Path, earlier: Ledger, admin: str, refused: bool) -> None:
    press(earlier)
    press(earlier, OTHER)
    assert bool(refusal(runs, runs / "new.sqlite", ORDER, admin=admin)) is refused


def rename(folder: Path) -> None:
    folder.rename(folder.with_name("archived"))


def is_a_demo(folder: Path) -> None:
    (folder / "ledger.sqlite").touch()


def is_no_trail(folder: Path) -> None:
    (folder / "trail.jsonl").write_bytes(b"\xff\n{}\n" * 9)


@pytest.mark.parametrize("changed", [rename, is_a_demo, is_no_trail])
def test_a_folder_that_is_not_of_a_run_of_this_ledger_says_nothing(
    runs: Path, earlier: Ledger, changed: Callable[[Path], None]
) -> None:
    press(earlier)
    press(earlier, OTHER)
    changed(runs / RUN_ID)
    assert refusal(runs, runs / "new.sqlite", ORDER) == ""
