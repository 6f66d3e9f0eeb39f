"""A run's folder that cannot be written any more: nothing new is pressed, and what was pressed is not forgotten."""

import errno
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from log_kit import logged
from run_kit import HOST, ORDER, RUN_ID, job, permit, run_info

from bot.errors import EvidenceNotWritten
from bot.ledger import Event, Ledger
from bot.outcomes import Answer, OrderResult, Outcome
from bot.vocabulary import Reason

FULL = os.strerror(errno.ENOSPC)
INFO = run_info()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger whose run has begun and keeps its trail in a folder too."""
    with Ledger.in_memory() as ledger:
        ledger.trail.copy_to(tmp_path)
        ledger.runs.begin(INFO, [job()])
        yield ledger


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """While its block lasts, a file takes ten bytes of what is written to it and no more."""

    class NearlyFull(io.FileIO):
        def write(self, content: Any) -> int:
            return super().write(content[:10])

    really_open = Path.open

    def opened(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        # A full disk can still be read, and who asks first reads this machine's boot id.
        return really_open(path, mode, *args, **kwargs) if mode == "r" else NearlyFull(path, mode)

    @contextmanager
    def full_disk() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", opened)
            yield

    return full_disk


@pytest.fixture
def said() -> Iterator[list[str]]:
    with logged("ERROR") as lines:
        yield lines


def events(ledger: Ledger) -> list[object]:
    return [entry.told["event"] for entry in ledger.trail.entries(RUN_ID)]


def copied(folder: Path) -> list[object]:
    lines = (folder / "trail.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["event"]["event"] for line in lines]


def test_before_the_press_nothing_is_kept_that_the_folder_cannot_have(
    ledger: Ledger, full_disk: Callable[[], Any], tmp_path: Path
) -> None:
    with full_disk():
        for write in (
            lambda: ledger.trail.note(Event.STEP, step="open_store"),
            lambda: ledger.claims.take(HOST, ORDER, 60),
            lambda: ledger.intents.write(HOST, permit()),
        ):
            with pytest.raises(EvidenceNotWritten) as refused:
                write()
            assert refused.value.facts["reason"] == FULL
    assert (ledger.intents.waiting(), events(ledger), copied(tmp_path)) == ([], ["run_started"], ["run_started"])


def test_what_came_of_a_press_is_kept_although_the_folder_cannot_have_it_and_said(
    ledger: Ledger, full_disk: Callable[[], Any], said: list[str], tmp_path: Path
) -> None:
    result = OrderResult(
        order=ORDER, store="Nordwind UK", reason=Reason.BUYER_CANCELED, outcome=Outcome.CANCELED, message="So it is."
    )
    intent = ledger.intents.write(HOST, permit())
    with full_disk():
        ledger.trail.note(Event.PRESSED, order=ORDER, intent=intent)
        ledger.intents.note_answer(intent, Answer.OK, "")
        ledger.intents.note_look(intent, "Canceled")
        ledger.intents.conclude(intent, Outcome.CANCELED)
        ledger.runs.finish_order(result)
        ledger.runs.finish(INFO.finished(datetime.now(UTC)))
    (kept,) = ledger.intents.of_run(RUN_ID)
    assert (kept.answer, kept.outcome, kept.settled_as) == (Answer.OK, Outcome.CANCELED, "canceled")
    assert ledger.intents.was_seen(intent, "Canceled")
    assert ledger.runs.results(RUN_ID) == [result]
    lost = ["pressed", "answered", "looked_again", "proved", "finished", "run_finished"]
    assert said == [
        f"{tmp_path / 'trail.jsonl'} lacks event {number} ({event}), which the ledger has: {FULL}"
        for number, event in enumerate(lost, start=3)
    ]
    assert events(ledger) == ["run_started", "intent_written", *lost]
    assert copied(tmp_path) == ["run_started", "intent_written"]


def test_a_copy_goes_on_with_whole_lines_once_there_is_room_again(
    ledger: Ledger, full_disk: Callable[[], Any], tmp_path: Path
) -> None:
    with full_disk():
        ledger.trail.note(Event.PRESSED)
        with pytest.raises(EvidenceNotWritten):
            ledger.trail.note(Event.STEP)
    ledger.trail.note(Event.STEP)
    assert copied(tmp_path) == ["run_started", "step"]
    assert events(ledger) == ["run_started", "pressed", "step"]
