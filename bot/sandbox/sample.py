"""The sample job list of the demo, and the outcome of each of its orders in a fresh practice Admin."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bot.outcomes import OrderResult, Outcome

SAMPLE_LIST: Final = Path(__file__).parent / "sample-orders.yaml"

EXPECTED: Final[dict[str, Outcome]] = {
    "112-1215998-3002091": Outcome.CANCELED,
    "112-1215998-3002089": Outcome.CANCELED,
    "112-6177312-0215004": Outcome.CANCELED,
    "112-1215998-3002079": Outcome.NOT_CANCELABLE,
    "112-1215998-3002078": Outcome.NOT_CANCELABLE,
    "112-1215998-3002069": Outcome.NOT_CANCELABLE,
    "112-1215998-3002095": Outcome.NOT_CANCELABLE,
    "112-1215998-3002092": Outcome.NOT_CANCELABLE,
    "112-1215998-3003000": Outcome.NOT_CANCELABLE,
    "112-1215998-3002077": Outcome.ALREADY_CANCELED,
    "112-0000000-0000000": Outcome.NOT_FOUND,
    "111-1071022-7105009": Outcome.CANCELED,
    "111-1071022-7105011": Outcome.CANCELED_NOT_SENT,
    "111-1071022-7105014": Outcome.MISMATCH,
}
"""What must happen to each order of the demo. If anything else happens, the demo has failed."""


def unexpected(results: Sequence[OrderResult]) -> Iterator[str]:
    """A sentence for each order of the sample list that did not end as expected."""
    results_by_order = {result.order: result for result in results}
    for order, outcome in EXPECTED.items():
        result = results_by_order.get(order)
        if result is None:
            yield f"order {order} has no result."
        elif result.outcome is not outcome:
            yield f"order {order} ended as {result.outcome}, not {outcome}: {result.message}"
