"""What the engine records of an order that was worked, as JSON; the ledger has its result too."""

from collections.abc import Mapping
from typing import Any

from bot.outcomes import OrderResult
from bot.runner.worker import OrderDone


def told_of(done: OrderDone | None) -> dict[str, Any]:
    """What the step of an order tells the engine; nothing if another run works on the order."""
    return {} if done is None else {"result": done.result.model_dump(mode="json"), "pressed": done.pressed}


def done_before(told: Mapping[str, Any]) -> OrderDone | None:
    """What a step told the engine, now or before its worker died."""
    return OrderDone(result=OrderResult.model_validate(told["result"]), pressed=told["pressed"]) if told else None
