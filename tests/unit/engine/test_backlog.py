from collections.abc import Callable
from typing import Any, cast

import pytest
import sqlalchemy as sa

from bot.engine.backlog import Backlog
from bot.errors import LedgerTrouble


class Away:
    """A client of the engine whose database is away."""

    def list_workflows(self, **_: Any) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("connection refused\nIs the server running?"))

    cancel_workflows = resume_workflow = list_workflows


@pytest.mark.parametrize(
    "ask",
    [
        lambda backlog: backlog.is_empty("shop.example", "shop.example as bot"),
        lambda backlog: backlog.worked_on("shop.example"),
        lambda backlog: backlog.waiting("shop.example"),
        lambda backlog: backlog.alive("shop.example"),
        lambda backlog: backlog.counted(),
        lambda backlog: backlog.ended_of("shop.example", ["x"]),
        lambda backlog: backlog.of_earlier_versions("shop.example"),
        lambda backlog: backlog.given_up("shop.example"),
        lambda backlog: backlog.take_over("shop.example", ["shop.example as bot"]),
    ],
)
def test_a_database_that_is_away_is_trouble_with_the_ledger(ask: Callable[[Backlog], object]) -> None:
    with pytest.raises(LedgerTrouble) as trouble:
        ask(Backlog(cast(Any, Away()), "there"))
    assert str(trouble.value) == ("The ledger there cannot be used: connection refused. Nothing is pressed without it.")
