"""Where the engine keeps its tables: in the ledger's database; and asking it, from outside of a worker."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from bot.errors import LedgerTrouble
from bot.ledger import Ledger
from bot.ledger.database import NOTICED_WHEN_CUT

if TYPE_CHECKING:
    from dbos import DBOSClient


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the engine keeps its tables: in the ledger's database."""

    url: str
    schema: str
    """On a server, the schema of its tables, which belongs to that of the ledger's."""

    @classmethod
    def of(cls, place: Path | str, ledger: Ledger) -> Self:
        """The place that belongs to a ledger, which has its own tables already."""
        if isinstance(place, Path):
            return cls(url=f"sqlite:///{place}", schema="main")
        schema = ledger.schema_name()
        url = sa.make_url(place).set(drivername="postgresql+psycopg")
        cut = {name: str(value) for name, value in NOTICED_WHEN_CUT.items() if name not in url.query}
        where = url.update_query_dict(cut).render_as_string(hide_password=False)
        return cls(url=where, schema="countermand_engine" if schema == "public" else f"{schema}_engine")


@contextmanager
def client_at(place: Path | str, ledger: Ledger, *, application: str) -> "Iterator[DBOSClient]":
    """Someone who asks the engine beside a ledger; its tables are made where they are missing.

    Tables of an older engine are upgraded step by step: on a server most steps, each with its number, in a transaction
    of their own, in a file all in one. Those of a newer engine are used as they are, without a word: older and newer
    programs may share them. Should they lack a column that is asked for, asking is trouble of the ledger. Whether
    Confirm may be pressed hangs on the ledger's own tables alone, and of those a newer version is refused.

    Raises:
        LedgerTrouble: they cannot be made, upgraded or reached.
    """
    from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

    quiet()
    where = Place.of(place, ledger)
    try:
        DBOS.migrate(where.url, schema=where.schema)
        client = DBOSClient(
            system_database_url=where.url,
            dbos_system_schema=where.schema,
            serializer=DBOSPortableJSONSerializer(),
            application_name=application,
            retry_connection_errors=False,
        )
    except Exception as trouble:
        what = str(trouble).strip().partition("\n")[0]
        raise LedgerTrouble(
            ledger=place,
            reason=f"the queue beside it cannot be used ({what}). Its user must be allowed to create a schema there.",
        ) from trouble
    try:
        yield client
    finally:
        client.destroy()


@contextmanager
def trouble_named(place: Path | str) -> Iterator[None]:
    """Have a database that cannot be reached be trouble of the ledger."""
    try:
        yield
    except sa.exc.SQLAlchemyError as trouble:
        what = str(getattr(trouble, "orig", trouble)).strip().partition("\n")[0]
        raise LedgerTrouble(ledger=place, reason=f"{what}. Nothing is pressed without it.") from trouble


def quiet() -> None:
    """Let the engine say nothing on the terminal: what matters is said by the commands."""
    engine = logging.getLogger("dbos")
    engine.propagate = False
    if not engine.handlers:  # without one it makes its own
        engine.addHandler(logging.NullHandler())
