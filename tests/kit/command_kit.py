"""The command line, called in this process as a person calls it."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest
from failure_kit import outcome, print_if_it_fails

from bot import cli


class Said(NamedTuple):
    """What the command line said, and its exit status."""

    status: int
    out: str
    err: str


Countermand = Callable[..., Said]


def command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> Countermand:
    """Calls it with these arguments, until it ends."""

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["countermand", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        said = Said(int(end.value.code or 0), out, err)
        print_if_it_fails(request, f"countermand {' '.join(arguments)}", outcome(*said))
        return said

    return call
