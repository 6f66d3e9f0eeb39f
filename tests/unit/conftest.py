"""Where the tests' ledgers lie: in a file and, where a server is there, in a PostgreSQL database too."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

SERVER = os.environ.get("COUNTERMAND_TEST_POSTGRESQL")
"""Address of a PostgreSQL database in which tests may make and drop schemas; without it they need no server."""


class Beside:
    """Another connection to where a ledger lies: it sees what is really written, and can change it."""

    def __init__(self, place: Path | str) -> None:
        # Nothing stays open between two questions.
        self.engine = sa.create_engine(_url(place), poolclass=sa.NullPool)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def change(self, statement: str, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def tables(self) -> dict[str, dict[str, str]]:
        """Every table, with the type of each of its columns."""
        with self.engine.connect() as connection:
            seen = sa.inspect(connection)
            return {
                table: {column["name"]: str(column["type"]) for column in seen.get_columns(table)}
                for table in seen.get_table_names()
            }


@pytest.fixture(params=["sqlite", *(["postgresql"] if SERVER else [])])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a ledger can be made: a file, or the address of an empty place of its own on the server."""
    if request.param == "sqlite":
        yield tmp_path / "ledger.sqlite"
        return
    schema = f"test_{secrets.token_hex(8)}"
    whole = Beside(str(SERVER))
    whole.change(f"CREATE SCHEMA {schema}")
    yield with_schema(str(SERVER), schema)
    whole.change(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def beside(place: Path | str) -> Beside:
    return Beside(place)


def with_schema(address: str, schema: str) -> str:
    """The address, with every connection put into one schema of the database."""
    url = sa.make_url(address).update_query_dict({"options": f"-csearch_path={schema}"})
    return url.render_as_string(hide_password=False)


def _url(place: Path | str) -> Any:
    if isinstance(place, Path):
        return sa.URL.create("sqlite", database=str(place))
    return sa.make_url(place).set(drivername="postgresql+psycopg")
