"""One order is canceled for good. It runs only where pytest.ini, or the command line, names this test and the host."""

import pytest

from flows.cancel_order import cancel_order


@pytest.mark.commits
def test_an_unshipped_order_is_canceled(countermand_result, store: str, unshipped: str) -> None:
    result = countermand_result(cancel_order, order=unshipped, store=store, reason="CustomerExchange")
    assert (result.outcome, result.status_before, result.status_after) == ("canceled", "Unshipped", "Canceled")
