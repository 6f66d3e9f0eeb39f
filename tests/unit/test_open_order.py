"""The row that leads to an order's page: whose store it is, as far as it says so."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.cancel.details import Listed
from bot.errors import Mismatch
from bot.joblist import Job
from flows.open_order import follow

ORDER = "112-1215998-3002091"


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("Nordwind UK", "Order 112-1215998-3002091 is listed under store 'Nordwind UK', not 'Nordwind'."),
        (
            "N\u043erdwind",
            "Order 112-1215998-3002091 is listed under store 'N\u043erdwind', not 'Nordwind' (they look alike: U+043E "
            "in place of U+006F).",
        ),
    ],
)
def test_a_row_of_another_store_is_refused_and_one_that_looks_the_same_is_said_to(listed: str, told: str) -> None:
    job = Job.model_validate({"order": ORDER, "store": "Nordwind", "reason": "NoInventory"})
    link: Any = SimpleNamespace(numbers=dict, click=lambda: Listed(store_name=listed))
    admin: Any = None
    with pytest.raises(Mismatch) as refused:
        follow(admin, job, link, "")
    assert str(refused.value) == told
