"""The drift suite: what may happen to the Admin's screens overnight is found and explained, and no more than that.

The changes, and what must be said of each, are in ``tests/drift/drift_changes.py``; ``make drift`` prints the table
of all.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from drift_changes import CHANGES, NOTHING, OF_SCREENS
from drift_kit import go_to, try_out

from bot.admin import Admin
from bot.checks.check.model import Aspect
from bot.sandbox import Sandbox

pytestmark = pytest.mark.sampled(4)

SHORT = {"order_details", "cancel_dialog"}
"""The screens whose changes are always tried; those of the others belong to the thorough run."""


@pytest.mark.parametrize(
    "screen", [name if name in SHORT else pytest.param(name, marks=pytest.mark.thorough) for name in OF_SCREENS]
)
def test_what_changed_on_a_screen_is_told_as_it_must_be(
    screen: str,
    admin: Admin,
    sandbox: Sandbox,
    tmp_path: Path,
    cancels: Callable[[], list[object]],
    pytestconfig: pytest.Config,
) -> None:
    every = pytestconfig.getoption("--every-face")
    changes = tuple(change for change in CHANGES if change.screen == screen and (every or not change.thorough))
    order = sandbox.shop.example("unshipped_recent")
    opened = go_to(admin, screen, order.number, admin.page.context.clear_cookies)
    told = list(try_out(opened, tmp_path, changes))
    assert [(one.change.name, one.found, one.right) for one in told] == [
        (change.name, True, None if not change.right else not change.missed) for change in changes
    ]
    for one in told:
        suggested = [candidate for drift in one.report.drifts for candidate in drift.candidates]
        assert all(candidate.finds >= 1 for candidate in suggested)
        if one.change.found == "confirm":
            assert all("A person must verify this" in candidate.warning for candidate in suggested)
    assert cancels() == []


def test_the_suite_is_as_large_and_as_often_right_as_is_said() -> None:
    suggested = [change for change in CHANGES if change.right]
    right = [change for change in suggested if not change.missed]
    assert len({(change.screen, change.name) for change in CHANGES}) == len(CHANGES) >= 25
    assert len(right) / len(suggested) >= 0.8


def test_every_kind_of_change_is_in_the_suite() -> None:
    assert {change.found for change in CHANGES} >= {NOTHING, Aspect.WORDING, Aspect.LANDMARKS, Aspect.LOOKS}
