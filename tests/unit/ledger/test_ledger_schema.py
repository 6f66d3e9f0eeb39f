"""A ledger of an older version becomes one of this version when it is opened, and nothing in it is lost."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from run_kit import ORDER

from bot.ledger import Ledger
from bot.ledger.schema import SCHEMA_VERSION, STEPS, migrate
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Reason


def of_version(beside: Any, version: int) -> None:
    """Make a ledger as an older version made it."""
    with beside.engine.begin() as connection:
        migrate(connection, 0, version)


INTENT = (
    "INSERT INTO intents (admin, amazon_order, run_id, store, reason, written_at, answer, outcome, settled_at) VALUES "
    "('shop.example', '{order}', 'run-1', 'Nordwind UK', 'BuyerCanceled', '2026-03-01T02:14:05+00:00', {rest})"
)


def test_every_version_has_its_step() -> None:
    assert len(STEPS) == SCHEMA_VERSION


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_an_older_ledger_becomes_the_same_as_a_new_one(
    new_place: Callable[[], Path | str], beside_of: Callable[[Path | str], Any], version: int
) -> None:
    old, new = new_place(), new_place()
    of_version(beside_of(old), version)
    before = beside_of(old).schema()
    assert before != {}
    Ledger.open(old).close()
    Ledger.open(new).close()
    assert before != beside_of(old).schema() == beside_of(new).schema()


def test_what_waits_for_a_person_still_waits_after_the_migration(place: Path | str, beside: Any) -> None:
    of_version(beside, 1)
    beside.change(INTENT.format(order=ORDER, rest="'error', 'canceled_not_sent', NULL"))
    with Ledger.open(place) as ledger:
        (intent,) = ledger.intents.waiting()
    assert (intent.order, intent.reason, intent.answer, intent.outcome) == (
        ORDER,
        Reason.BUYER_CANCELED,
        Answer.ERROR,
        Outcome.CANCELED_NOT_SENT,
    )


def test_what_was_proved_before_the_migration_is_known_as_canceled(place: Path | str, beside: Any) -> None:
    of_version(beside, 1)
    beside.change(INTENT.format(order=ORDER, rest="'ok', 'canceled', '2026-03-01T02:14:09+00:00'"))
    with Ledger.open(place) as ledger:
        assert ledger.intents.waiting() == []
        (intent,) = ledger.intents.canceled_since("shop.example", intent_time())
    assert intent.order == ORDER


def test_the_database_itself_refuses_a_second_open_intent_after_the_migration(place: Path | str, beside: Any) -> None:
    of_version(beside, 1)
    beside.change(INTENT.format(order=ORDER, rest="NULL, NULL, NULL"))
    Ledger.open(place).close()
    with pytest.raises(sa.exc.IntegrityError):
        beside.change(INTENT.format(order=ORDER, rest="NULL, NULL, NULL"))


def intent_time() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)
