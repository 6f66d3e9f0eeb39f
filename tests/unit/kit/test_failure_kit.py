"""What a failing test prints of the command that it compares."""

import sys
from pathlib import Path

from failure_kit import LOG_LINES, Program, outcome


def test_a_status_is_printed_with_everything_that_was_said() -> None:
    assert outcome(2, "Nothing was opened.\n", "jobs.yaml:1: no orders\n") == (
        "exit status: 2\noutput: Nothing was opened.\nerror: jobs.yaml:1: no orders"
    )


def test_what_a_program_said_is_kept_with_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "runs" / "one" / "log.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(50)), encoding="utf-8")
    kept: list[str] = []
    code = "import sys; print('said'); sys.exit('complained')"
    program = Program([sys.executable, "-c", code], cwd=tmp_path, told=kept.append)
    assert program.communicate() == ("said\n", "complained\n")
    end = "\n".join(f"line {number}" for number in range(50 - LOG_LINES, 50))
    assert kept == [f"exit status: 1\noutput: said\nerror: complained\nend of the log: {end}"]
