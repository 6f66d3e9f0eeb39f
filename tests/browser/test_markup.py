"""The pack for 4.3 depends on no id, class or nesting: an order is canceled though all are others at every step."""

from collections.abc import Callable, Sequence

import pytest
from drift_scripts import HELPERS, UNSEEN
from practice_kit import arrived

from bot.admin import Admin
from bot.cancel.verdicts import Verdict
from bot.joblist import Job

pytestmark = pytest.mark.both_faces

STEPS = ("open_store", "open_order", "open_cancel_dialog", "choose_reason", "press_confirm")


def test_the_pack_survives_every_change_of_ids_classes_and_nesting(
    admin: Admin,
    job: Callable[..., Job],
    verdicts: Callable[..., Sequence[Verdict]],
    at_step: dict[str, Callable[[], object]],
    cancels: Callable[[], list[tuple[str, str, str, str]]],
) -> None:
    ids: list[list[str]] = []

    def change_the_markup() -> None:
        for script in UNSEEN.values():
            admin.page.evaluate(f"() => {{ {HELPERS} {script} }}")
        ids.append(admin.page.evaluate("() => [...document.querySelectorAll('[id]')].map(({ id }) => id)"))

    at_step.update(dict.fromkeys(STEPS, change_the_markup))
    order = job("unshipped_recent")
    (verdict,) = verdicts(order)
    assert (verdict.outcome, verdict.message) == (
        "canceled",
        "Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
        "The Admin tells Amazon later.",
    )
    assert cancels() == arrived(order)
    assert len(ids) >= len(STEPS) - 1  # the store may be open already
    assert all(one.startswith("x") for page in ids for one in page)
