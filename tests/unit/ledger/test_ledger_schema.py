"""A ledger of an older version becomes one of this version when it is opened, and nothing in it is lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.ledger import Ledger
from bot.ledger.schema import SCHEMA_VERSION, STEPS, migrate
from bot.outcomes import Outcome
from bot.verdicts import Answer
from bot.vocabulary import Reason

ORDER = "112-1215998-3002091"


def tables(file: Path) -> dict[str, set[str]]:
    with sa.create_engine(f"sqlite:///{file}").connect() as connection:
        seen = sa.inspect(connection)
        return {table: {column["name"] for column in seen.get_columns(table)} for table in seen.get_table_names()}


def of_version(file: Path, version: int) -> None:
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        migrate(connection, 0, version)
    engine.dispose()


def put(file: Path, statement: str) -> None:
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


INTENT = (
    "INSERT INTO intents (admin, amazon_order, run_id, store, reason, written_at, answer, outcome, settled_at) VALUES "
    "('shop.example', '{order}', 'run-1', 'Nordwind UK', 'BuyerCanceled', '2026-03-01T02:14:05+00:00', {rest})"
)


def test_every_version_has_its_step() -> None:
    assert len(STEPS) == SCHEMA_VERSION


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_an_older_ledger_becomes_the_same_as_a_new_one(tmp_path: Path, version: int) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    of_version(old, version)
    assert tables(old) != {}
    Ledger.open(old).close()
    Ledger.open(new).close()
    assert tables(old) == tables(new)


def test_what_waits_for_a_person_still_waits_after_the_migration(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    of_version(file, 1)
    put(file, INTENT.format(order=ORDER, rest="'error', 'canceled_not_sent', NULL"))
    with Ledger.open(file) as ledger:
        (intent,) = ledger.intents.waiting()
    assert (intent.order, intent.reason, intent.answer, intent.outcome) == (
        ORDER,
        Reason.BUYER_CANCELED,
        Answer.ERROR,
        Outcome.CANCELED_NOT_SENT,
    )


def test_what_was_proved_before_the_migration_is_known_as_canceled(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    of_version(file, 1)
    put(file, INTENT.format(order=ORDER, rest="'ok', 'canceled', '2026-03-01T02:14:09+00:00'"))
    with Ledger.open(file) as ledger:
        assert ledger.intents.waiting() == []
        (intent,) = ledger.intents.canceled_since("shop.example", intent_time())
    assert intent.order == ORDER


def test_the_database_itself_refuses_a_second_open_intent_after_the_migration(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    of_version(file, 1)
    put(file, INTENT.format(order=ORDER, rest="NULL, NULL, NULL"))
    Ledger.open(file).close()
    with pytest.raises(sa.exc.IntegrityError):
        put(file, INTENT.format(order=ORDER, rest="NULL, NULL, NULL"))


def intent_time() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)
