"""The pack for 4.3 depends on no id, class or nesting: an order is canceled though all are others at every step.

Of live React components only classes and comments can be changed: they fail where somebody else moves their elements,
and look for their own ids.
"""

from collections.abc import Callable, Sequence

import pytest
from drift_scripts import HELPERS, UNSEEN
from practice_kit import arrived

from bot.admin import Admin
from bot.cancel.verdicts import Verdict
from bot.joblist import Job
from bot.sandbox import Face, Sandbox

pytestmark = pytest.mark.both_faces

HARMLESS = {"every class is another", "comments stand between"}
"""The changes that do no harm to live components."""

STEPS = ("open_store", "open_order", "open_cancel_dialog", "choose_reason", "press_confirm")


def test_the_pack_survives_every_change_of_ids_classes_and_nesting(
    admin: Admin,
    sandbox: Sandbox,
    job: Callable[..., Job],
    verdicts: Callable[..., Sequence[Verdict]],
    at_step: dict[str, Callable[[], object]],
    cancels: Callable[[], list[tuple[str, str, str, str]]],
) -> None:
    is_live = sandbox.face is Face.SPECTRUM
    scripts = [script for name, script in UNSEEN.items() if name in HARMLESS or not is_live]
    ids: list[list[str]] = []
    classes: list[int] = []

    def change_the_markup() -> None:
        for script in scripts:
            admin.page.evaluate(f"() => {{ {HELPERS} {script} }}")
        ids.append(admin.page.evaluate("() => [...document.querySelectorAll('[id]')].map(({ id }) => id)"))
        classes.append(admin.page.locator("[class$='-x']").count())

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
    assert is_live or all(one.startswith("x") for page in ids for one in page)
    assert min(classes) > 0
    assert len(scripts) == (len(HARMLESS) if is_live else len(UNSEEN))
