import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from greenlet import greenlet
from loguru import logger

from bot.outcomes import Outcome
from bot.runner.logs import log_to
from bot.secrecy import HIDDEN

AWKWARD = [
    'double " quotes',
    "single ' quotes",
    "both ' and \"",
    "back\\slash",
    "ends in a backslash\\",
    "Über-Größe ß",
    "見本",
    "tab\tand\nbreak",
    "50% & more?#/",
    "{braces} {0}",
    "<red>markup</red>",
    "(.*)+[a-z]",
    ":",
    '"',
    "e",
]


@pytest.fixture(autouse=True)
def _no_sink_is_left() -> Iterator[None]:
    yield
    logger.remove()


class Log:
    """A log that is written and read back, and what was said meanwhile."""

    def __init__(self, folder: Path, *secrets: str) -> None:
        self.file = folder / "log.jsonl"
        self.said: list[str] = []
        self.to = log_to(self.file, secrets=secrets, say=self.said.append)

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.split("\n")[:-1]]


def test_an_event_is_one_json_object_on_one_line(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        logger.bind(order="112-1215998-3002091", outcome=Outcome.CANCELED).info("Grüße,\n{}", "見本")
    (line,) = log.lines
    assert line == {
        "time": line["time"],
        "level": "info",
        "message": "Grüße,\n見本",
        "order": "112-1215998-3002091",
        "outcome": "canceled",
    }


def test_the_time_of_an_event_has_milliseconds_and_a_zone(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        logger.info("now")
    time = str(log.lines[0]["time"])
    assert (time[10], time[19], time[23] in "+-") == ("T", ".", True)


def test_events_are_in_the_file_at_once(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        logger.debug("first")
        assert [line["message"] for line in log.lines] == ["first"]
        logger.debug("second")
        assert [line["message"] for line in log.lines] == ["first", "second"]


def test_a_log_that_was_begun_is_gone_on_with(tmp_path: Path) -> None:
    for message in ("first", "second"):
        log = Log(tmp_path)
        with log.to:
            logger.info(message)
    assert [line["message"] for line in log.lines] == ["first", "second"]


def test_warnings_and_worse_are_said_and_the_rest_is_not(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        for level in ("trace", "debug", "info", "warning", "error", "critical"):
            getattr(logger, level)(level)
    assert log.said == ["warning", "error", "critical"]
    assert [line["level"] for line in log.lines] == ["debug", "info", "warning", "error", "critical"]


def test_nothing_is_written_or_said_after_the_block(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        pass
    logger.error("too late")
    assert (log.text, log.said) == ("", [])


def test_the_sinks_go_when_the_block_ends_in_an_error(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with pytest.raises(ZeroDivisionError), log.to:
        raise ZeroDivisionError
    logger.info("too late")
    assert log.text == ""


def test_sinks_that_were_there_before_get_everything_during_the_block_and_after(tmp_path: Path) -> None:
    foreign: list[str] = []
    logger.add(lambda message: foreign.append(message.record["message"]), level="DEBUG")
    log = Log(tmp_path)
    with log.to:
        logger.debug("during")
    logger.debug("after")
    assert foreign == ["during", "after"]
    assert [line["message"] for line in log.lines] == ["during"]


def test_what_is_logged_on_another_thread_is_not_in_the_log(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        logger.warning("ours")
        other = threading.Thread(target=logger.warning, args=("theirs",))
        other.start()
        other.join()
    assert ([line["message"] for line in log.lines], log.said) == (["ours"], ["ours"])


def test_what_runs_in_a_greenlet_of_the_same_thread_is_in_the_log(tmp_path: Path) -> None:
    # Playwright calls what listens to a page in greenlets, which have context variables of their own.
    log = Log(tmp_path)
    with log.to:
        greenlet(logger.info).switch("a dialog")
    assert [line["message"] for line in log.lines] == ["a dialog"]


def test_each_line_is_passed_on_as_it_is_in_the_file(tmp_path: Path) -> None:
    passed: list[str] = []
    with log_to(tmp_path / "log.jsonl", secrets=["s3cret"], say=lambda text: None, copy=passed.append) as write:
        logger.info("the s3cret")
        write('{"made": "elsewhere"}')
    assert (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines() == passed
    assert [json.loads(line).get("message") for line in passed] == [f"the {HIDDEN}", None]


def test_a_caller_that_cannot_take_the_lines_is_said_once_and_ends_nothing(tmp_path: Path) -> None:
    def full(line: str) -> None:
        raise ConnectionError("the queue is full")

    said: list[str] = []
    with log_to(tmp_path / "log.jsonl", secrets=(), say=said.append, copy=full):
        logger.info("first")
        logger.info("second")
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["first", "second"]
    assert said == ["The lines of log.jsonl cannot be passed on (ConnectionError); the run continues."]


def test_an_exception_is_written_with_where_it_happened(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        try:
            raise ValueError("no such thing")
        except ValueError as error:
            logger.opt(exception=error).error("it failed")
    (line,) = log.lines
    assert (line["message"], line["error"]) == ("it failed", "ValueError: no such thing")
    assert "test_an_exception_is_written_with_where_it_happened" in str(line["traceback"])
    assert log.said == ["it failed"]


def test_half_a_character_from_a_page_costs_no_line(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.to:
        logger.info("half: \ud83d")
    assert [line["message"] for line in log.lines] == ["half: ?"]


# --- Secrets ---


@pytest.mark.parametrize("secret", AWKWARD)
def test_a_secret_is_in_no_line_and_every_line_stays_json(tmp_path: Path, secret: str) -> None:
    log = Log(tmp_path, secret)
    with log.to:
        logger.bind(step=secret).warning("{}", secret)
    (line,) = log.lines
    assert (line["message"], line["step"]) == (HIDDEN, HIDDEN)
    assert log.said == [HIDDEN]


@pytest.mark.parametrize("secret", [secret for secret in AWKWARD if len(secret) > 1])
def test_a_secret_that_somebody_quoted_is_hidden_too(tmp_path: Path, secret: str) -> None:
    log = Log(tmp_path, secret)
    with log.to:
        logger.warning("{!r}", secret)
        logger.warning("{}", json.dumps({"password": secret}))
        logger.warning("{}", json.dumps({"password": secret}, ensure_ascii=False))
    told = [str(line["message"]) for line in log.lines]
    assert told[1:] == [f'{{"password": "{HIDDEN}"}}'] * 2
    assert told[0][1:-1] == HIDDEN
    assert log.said == told


def test_a_secret_in_an_address_is_hidden(tmp_path: Path) -> None:
    log = Log(tmp_path, "50% & more?#/")
    with log.to:
        logger.warning("GET /?a=50%25%20%26%20more%3F%23%2F and /?a=50%25+%26+more%3F%23%2F")
    assert log.said == [f"GET /?a={HIDDEN} and /?a={HIDDEN}"]


def test_a_secret_in_an_exception_is_hidden(tmp_path: Path) -> None:
    log = Log(tmp_path, 'p"4ss')
    with log.to:
        try:
            raise ValueError('it is p"4ss, or')
        except ValueError as error:
            logger.opt(exception=error).error("it failed")
    (line,) = log.lines
    assert line["error"] == f"ValueError: it is {HIDDEN}, or"
    # The traceback quotes the source of this very test, where the secret stands as Python writes it.
    assert 'p"4ss' not in str(line["traceback"])


def test_a_long_value_is_cut_after_secrets_are_hidden(tmp_path: Path) -> None:
    log = Log(tmp_path, "open sesame")
    with log.to:
        logger.info("{}", "x" * 19_995 + "open sesame" + "y" * 10_000_000)
    (line,) = log.lines
    assert line["message"] == "x" * 19_995 + "[hidd... (10,020,003 characters)"


def test_of_two_secrets_that_begin_alike_nothing_is_left(tmp_path: Path) -> None:
    log = Log(tmp_path, "abc", "abcdef")
    with log.to:
        logger.warning("abcdef abc")
    assert log.said == [f"{HIDDEN} {HIDDEN}"]


def test_a_secret_that_is_a_part_of_the_mark_does_not_garble_it(tmp_path: Path) -> None:
    log = Log(tmp_path, "hidden", "long secret")
    with log.to:
        logger.warning("a long secret, hidden")
    assert log.said == [f"a {HIDDEN}, {HIDDEN}"]


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_everything_is_told(tmp_path: Path, secrets: tuple[str, ...]) -> None:
    log = Log(tmp_path, *secrets)
    with log.to:
        logger.warning("plain")
    assert (log.said, [line["message"] for line in log.lines]) == (["plain"], ["plain"])


def test_a_number_that_is_a_secret_is_hidden(tmp_path: Path) -> None:
    log = Log(tmp_path, "271828")
    with log.to:
        logger.bind(code=271828).info("signed in")
    assert log.lines[0]["code"] == HIDDEN


# --- A log that breaks ---


def test_what_cannot_be_said_is_complained_of_without_the_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(text: str) -> None:
        raise ValueError("not s3cret enough")

    with log_to(tmp_path / "log.jsonl", secrets=["s3cret"], say=say):
        logger.warning("the s3cret")
    assert capsys.readouterr().err == f"An event could not be logged: ValueError: not {HIDDEN} enough\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
def test_a_log_that_is_full_is_said_once_and_ends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(tmp_path, "s3cret")
    log.file.symlink_to("/dev/full")
    with log.to:
        logger.info("the s3cret")
        logger.info("the s3cret again")
    assert log.said == [f"{log.file} can no longer be written ({os.strerror(28)}); the run continues without it."]
    assert capsys.readouterr().err == ""


def test_somebody_who_cannot_be_told_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def say(text: str) -> None:
        raise ValueError("nobody listens")

    monkeypatch.setattr(sys, "stderr", None)  # where loguru would complain
    with log_to(tmp_path / "log.jsonl", secrets=[], say=say):
        logger.warning("first")
        logger.warning("second")
        monkeypatch.undo()
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["first", "second"]
