"""Where the tests' ledgers lie: in a file and, where a server is there, in a PostgreSQL database too."""

import os
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from server_kit import Server, programs

from bot.ledger import leases
from bot.ledger.database import Database

SERVER = os.environ.get("TEST_POSTGRESQL_URL")
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

    def schema(self) -> dict[str, Any]:
        """Every table: its columns with their types, and its indexes."""
        with self.engine.connect() as connection:
            seen = sa.inspect(connection)
            return {
                table: (
                    {column["name"]: str(column["type"]) for column in seen.get_columns(table)},
                    {index["name"]: (index["column_names"], index["unique"]) for index in seen.get_indexes(table)},
                )
                for table in seen.get_table_names()
            }


@pytest.fixture(params=["sqlite", *(["postgresql"] if SERVER else [])])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Path | str]]:
    """Gives places where a ledger can be made: a file, or the address of an empty schema on the server."""
    if request.param == "sqlite":
        numbers = count()
        yield lambda: tmp_path / f"ledger{next(numbers) or ''}.sqlite"
        return
    server, made = Beside(str(SERVER)), []

    def make() -> str:
        made.append(f"test_{secrets.token_hex(8)}")
        server.change(f"CREATE SCHEMA {made[-1]}")
        return with_schema(str(SERVER), made[-1])

    yield make
    for schema in made:
        server.change(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def place(new_place: Callable[[], Path | str]) -> Path | str:
    """Where the ledger of a test is made."""
    return new_place()


@pytest.fixture(scope="session")
def database_server() -> Iterator[Server | None]:
    """A PostgreSQL server of the tests' own, from this computer's programs; None if it has none.

    It may be ended and started again: whatever is on it is in a schema of its own.
    """
    found = programs()
    if found is None:
        yield None
        return
    with Server(found) as server:
        yield server


@pytest.fixture
def schema_on_server(database_server: Server | None) -> str:
    """The address of an empty schema on that server."""
    if database_server is None:
        pytest.skip("PostgreSQL is not installed")
    name = f"of_{secrets.token_hex(4)}"
    Beside(database_server.address).change(f"CREATE SCHEMA {name}")
    return with_schema(database_server.address, name)


class Clock:
    """The clock of a ledger, set by its test."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self, seconds: float) -> None:
        """Set it forward, or back."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of every ledger, in a file or on a server: it stands at 2026-03-01 02:00 UTC until it is set."""
    clock = Clock(1_772_330_400.0)
    monkeypatch.setattr(Database, "clock", property(lambda _: sa.literal(clock.now, sa.Double)))
    monkeypatch.setattr(Database, "now", lambda *_: clock.now)
    monkeypatch.setattr(leases, "time", SimpleNamespace(time=lambda: clock.now, monotonic=lambda: clock.now))
    return clock


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need a server are there only if one is."""
    if not SERVER:
        items[:] = [item for item in items if "on_server" not in getattr(item, "fixturenames", ())]


@pytest.fixture
def on_server() -> Iterator[str]:
    """The address of an empty schema on the server."""
    server, schema = Beside(str(SERVER)), f"test_{secrets.token_hex(8)}"
    server.change(f"CREATE SCHEMA {schema}")
    yield with_schema(str(SERVER), schema)
    server.change(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def on_server_beside(on_server: str) -> Beside:
    return Beside(on_server)


@pytest.fixture
def beside_of() -> Callable[[Path | str], Beside]:
    return Beside


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
