"""The documents about checks say what is so."""

import re
from pathlib import Path

from drift_changes import CHANGES

from bot.checks.check.model import Aspect

ROOT = Path(__file__).resolve().parents[2]


def test_every_change_of_the_drift_suite_is_in_the_table() -> None:
    table = (ROOT / "docs" / "drift.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| (\w+) \| yes \|", table, re.MULTILINE)
    assert rows == [(change.screen, change.name, str(change.found)) for change in CHANGES]


def test_every_aspect_is_described() -> None:
    text = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\w+) \| .+ \|$", text.partition("The first three")[0], re.MULTILINE)[1:] == list(Aspect)
