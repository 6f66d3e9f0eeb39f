"""Where nothing is to be pressed the status decides: number, address and store prove the order, and neither buyer nor
total hides what it reads. On the way to a press they are compared.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from practice_kit import ALREADY_CANCELED, CANCELED, Cancels, MakeJob, OnArrival, Verdicts, arrived, not_cancelable

from bot.admin import Admin
from bot.cancel.verdicts import NEXT_STEPS, Verdict
from bot.outcomes import Outcome
from bot.runner import RunEnd
from bot.sandbox import Sandbox
from bot.vocabulary import Status
from flows.open_order import open_store
from flows.read_order import audit_order, plan_order

pytestmark = pytest.mark.sampled(2)


@pytest.fixture(params=["cancel", "plan"])
def read(request: pytest.FixtureRequest, verdicts: Verdicts) -> Callable[..., Sequence[Verdict]]:
    """Works on orders as ``run`` and as ``plan`` do: neither presses anything here."""
    return verdicts if request.param == "cancel" else lambda *jobs: verdicts(*jobs, work=plan_order)


def test_a_pending_order_without_a_total_is_not_cancelable(
    read: Callable[..., Sequence[Verdict]], job: MakeJob, sandbox: Sandbox
) -> None:
    sandbox.shop.example("pending").total = ""
    assert read(job("pending")) == [not_cancelable(Status.PENDING, NEXT_STEPS[Status.PENDING])]


@pytest.mark.parametrize("expected", [{"total": "999.00"}, {"buyer": "Nobody"}])
def test_what_the_list_expects_hides_no_status(
    read: Callable[..., Sequence[Verdict]], job: MakeJob, expected: dict[str, str]
) -> None:
    assert read(job("canceled", expect=expected)) == [ALREADY_CANCELED]


@pytest.mark.parametrize("expected", [{"total": "999.00"}, {"buyer": "Nobody"}])
def test_on_the_way_to_a_press_what_the_list_expects_is_compared(
    read: Callable[..., Sequence[Verdict]], job: MakeJob, cancels: Cancels, expected: dict[str, str]
) -> None:
    (verdict,) = read(job("unshipped_recent", expect=expected))
    assert verdict.outcome is Outcome.MISMATCH
    assert cancels() == []


def test_an_unshipped_order_without_a_total_is_not_pressed(
    read: Callable[..., Sequence[Verdict]], job: MakeJob, sandbox: Sandbox, cancels: Cancels
) -> None:
    sandbox.shop.example("unshipped_recent").total = ""
    (verdict,) = read(job("unshipped_recent"))
    assert (verdict.outcome, verdict.message) == (
        Outcome.MISMATCH,
        "The order's page says a total of '', which is not one amount.",
    )
    assert cancels() == []


SEEN = {"total": "121.80", "buyer": "Michael Blankenship"}
"""What the usual order's page says before it is canceled."""


@pytest.mark.parametrize("expected", [{}, SEEN], ids=["nothing expected", "expected"])
def test_a_total_that_becomes_nothing_with_the_cancel_hides_no_success(
    verdicts: Verdicts,
    job: MakeJob,
    sandbox: Sandbox,
    cancels: Cancels,
    on_arrival: OnArrival,
    expected: dict[str, str],
) -> None:
    order = sandbox.shop.example("unshipped_recent")
    on_arrival("cancelOrder", lambda: setattr(order, "total", "0.00"))
    assert verdicts(job("unshipped_recent", expect=expected)) == [CANCELED]
    assert cancels() == arrived(job("unshipped_recent"))


@pytest.mark.parametrize("expected", [{}, SEEN], ids=["nothing expected", "expected"])
def test_an_audit_sees_a_canceled_order_whose_total_and_buyer_have_gone(
    run: Callable[..., RunEnd], job: MakeJob, sandbox: Sandbox, admin: Admin, expected: dict[str, str]
) -> None:
    order = job("unshipped_recent", expect=expected)
    run(order)
    (intent,) = admin.ledger.intents.canceled_since(admin.name, datetime.fromtimestamp(0, UTC))
    open_store(admin, order.store)  # its list says what the order's page no longer does
    known = sandbox.shop.example("unshipped_recent")
    known.total, known.buyer = "0.00", ""
    (result,) = run(order, work=lambda admin, job: audit_order(admin, job, intent)).results
    assert result.outcome is Outcome.ALREADY_CANCELED
