"""A console of the test's own, and lists to submit to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_kit import Served, served
from run_kit import job

from bot.joblist import JobList

ORDERS = tuple(f"112-1215998-{number:07}" for number in range(1, 4))


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Served]:
    """The console of one person, on their own computer."""
    with served(tmp_path) as console:
        yield console


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Served]:
    """The console of a team, behind a proxy that says who somebody is."""
    with served(tmp_path, team=True) as console:
        yield console


@pytest.fixture
def three() -> JobList:
    """Three orders of one store."""
    return JobList(file="three.yaml", jobs=tuple(job(order) for order in ORDERS))
