"""What the command line does to its own process, so that a run need not."""

from __future__ import annotations

import errno
import io
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from loguru import logger

from bot.cli.wiring import own_process

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand, Shop


def test_ctrl_c_asks_the_command_to_stop_and_is_as_before_afterwards(ctrl_c_works: None) -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with own_process(said.append) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
    assert said == [
        "Stopping: an order whose Confirm is pressed is finished first. Press Ctrl-C again to stop at once."
    ]
    assert signal.getsignal(signal.SIGINT) is before


def test_nothing_but_the_log_of_the_run_hears_what_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    others: list[str] = []
    logger.add(others.append)
    with own_process(lambda text: None):
        logger.critical("inside")
    assert (others, capsys.readouterr().err) == ([], "")


def test_afterwards_warnings_are_told_and_show_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    with own_process(lambda text: None):
        pass
    password = "practice"
    logger.info("in passing")
    try:
        int(password)
    except ValueError as error:
        logger.opt(exception=error).warning("too late")
    told = capsys.readouterr().err
    assert "too late" in told
    assert "in passing" not in told
    assert "└" not in told  # with which loguru shows the value of a variable


class FullStream(io.StringIO):
    """An output that takes nothing."""

    def write(self, text: str, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.usefixtures("settings")
def test_last_words_that_nobody_can_read_do_not_change_how_a_run_ended(
    countermand: Countermand, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = countermand("run", "jobs.yaml", "--yes").status
    monkeypatch.setattr(sys, "stdout", FullStream())
    assert countermand("run", "jobs.yaml", "--yes").status == ended
