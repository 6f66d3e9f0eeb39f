"""The ledger's tables, and the upgrade of older ledgers.

Migrations are plain numbered steps rather than Alembic: there are few of them, each is a handful of statements that
SQLite and PostgreSQL both understand, they run unattended when a ledger is opened, and a run that is woken at night
should not depend on a second tool. A step is never changed once it has been released.
"""

from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa

_schema = sa.MetaData()

version_table: Final = sa.Table("ledger_version", _schema, sa.Column("version", sa.Integer, primary_key=True))

runs: Final = sa.Table(
    "runs",
    _schema,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("started_at", sa.String(40), nullable=False, index=True),
    sa.Column("info", sa.JSON, nullable=False),
)

orders: Final = sa.Table(
    "orders",
    _schema,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("amazon_order", sa.String(19), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("job", sa.JSON, nullable=False),
    sa.Column("result", sa.JSON),
    # The outcome that is in the result, again: pages of a long run are found and counted by it.
    sa.Column("outcome", sa.String(32)),
    sa.Index("orders_by_outcome", "run_id", "outcome", "place"),
    sa.Index("orders_by_place", "run_id", "place"),
)

intents: Final = sa.Table(
    "intents",
    _schema,
    sa.Column("intent", sa.Integer, primary_key=True),
    sa.Column("admin", sa.String(255), nullable=False),
    sa.Column("amazon_order", sa.String(19), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("store", sa.String(255), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("written_at", sa.String(40), nullable=False),
    sa.Column("answer", sa.String(16)),
    sa.Column("answer_words", sa.Text),
    sa.Column("outcome", sa.String(32)),
    sa.Column("settled_at", sa.String(40)),
    sa.Column("settled_as", sa.String(32)),
    sa.Column("settled_by", sa.String(255)),
    sa.Column("settled_why", sa.Text),
    # The database itself refuses a second open intent for an order.
    sa.Index(
        "one_open_intent",
        "admin",
        "amazon_order",
        unique=True,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    ),
    sa.Index("intents_by_order", "amazon_order", "intent"),
)

looks: Final = sa.Table(
    "looks",
    _schema,
    sa.Column("look", sa.Integer, primary_key=True),
    sa.Column("intent", sa.ForeignKey("intents.intent"), nullable=False, index=True),
    sa.Column("looked_at", sa.String(40), nullable=False),
    sa.Column("status", sa.String(32), nullable=False),
)

claims: Final = sa.Table(
    "claims",
    _schema,
    sa.Column("admin", sa.String(255), primary_key=True),
    sa.Column("amazon_order", sa.String(19), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("process", sa.String(320), nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)

events: Final = sa.Table(
    "events",
    _schema,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("amazon_order", sa.String(19), nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("events_of_an_order", "run_id", "amazon_order", "number"),
)

codes: Final = sa.Table(
    "codes",
    _schema,
    sa.Column("admin", sa.String(255), primary_key=True),
    sa.Column("account", sa.String(255), primary_key=True),
    sa.Column("step", sa.BigInteger, nullable=False),
)

sign_ins: Final = sa.Table(
    "sign_ins",
    _schema,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("admin", sa.String(255), nullable=False),
    sa.Column("account", sa.String(255), nullable=False),
    sa.Column("factor", sa.String(16), nullable=False),
    sa.Column("fingerprint", sa.String(200), nullable=False),
    sa.Column("process", sa.String(320), nullable=False),
    sa.Column("begun_at", sa.Float, nullable=False),
    sa.Column("outcome", sa.String(16)),
    sa.Column("said_by", sa.String(255)),
    sa.Column("why", sa.Text),
    # Of two programs that would try at the same moment, the database itself lets one.
    sa.Index(
        "one_try_at_a_time",
        "admin",
        "account",
        "factor",
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    ),
)

accounts: Final = sa.Table(
    "accounts",
    _schema,
    sa.Column("admin", sa.String(255), primary_key=True),
    sa.Column("account", sa.String(255), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("process", sa.String(320), nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)

queued_runs: Final = sa.Table(
    "queued_runs",
    _schema,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("next_order", sa.Float, nullable=False),
    sa.Column("pressed", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failures_in_a_row", sa.Integer, nullable=False),
    sa.Column("stopped", sa.Text, nullable=False),
    sa.Column("finished_at", sa.String(40)),
    sa.Column("finished_by", sa.String(320)),
    # The database itself refuses to queue a list that is queued already.
    sa.Index(
        "queued_once",
        "sha256",
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    ),
)

stints: Final = sa.Table(
    "stints",
    _schema,
    sa.Column("stint", sa.String(320), primary_key=True),
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), nullable=False, index=True),
    sa.Column("store", sa.String(255), nullable=False),
    sa.Column("orders", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("worker", sa.String(64)),
    sa.Column("account", sa.String(255)),
    sa.Column("process", sa.String(320)),
    sa.Column("begun_at", sa.String(40)),
    sa.Column("ended_at", sa.String(40)),
    sa.Column("trouble", sa.Text),
    sa.Column("pack", sa.String(255)),
    sa.Column("blocked", sa.JSON),
)

submissions: Final = sa.Table(
    "submissions",
    _schema,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("submitted_by", sa.String(255), nullable=False),
    sa.Column("submitted_at", sa.String(40), nullable=False),
    # Which run was the plan that it was made from; empty without one.
    sa.Column("plan_run", sa.String(64), nullable=False),
    # Empty where nobody has to approve it, else "waiting", "approved" or "declined".
    sa.Column("approval", sa.String(16), nullable=False, index=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("four_eyes", sa.Boolean, nullable=False),
    sa.Column("decided_by", sa.String(255)),
    sa.Column("decided_at", sa.String(40)),
    sa.Column("why", sa.Text),
    # Unix time by the ledger's clock after which no more orders begin.
    sa.Column("approved_until", sa.Float),
)

console_sessions: Final = sa.Table(
    "console_sessions",
    _schema,
    # Hashes of what the browser, or the program, has: reading the ledger is not enough to sign in with them.
    sa.Column("session", sa.String(64), primary_key=True),
    sa.Column("person", sa.String(255), nullable=False),
    sa.Column("way", sa.String(16), nullable=False),
    # Of a person who signed in at a provider: which one that was, and the groups it named that have a role here.
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("claimed", sa.JSON, nullable=False),
    sa.Column("begun_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)

console_tokens: Final = sa.Table(
    "console_tokens",
    _schema,
    sa.Column("token", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("roles", sa.String(255), nullable=False),
    sa.Column("made_by", sa.String(255), nullable=False),
    sa.Column("made_at", sa.String(40), nullable=False),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("used_at", sa.String(40)),
    sa.Column("revoked_at", sa.String(40)),
)

pauses: Final = sa.Table(
    "pauses",
    _schema,
    sa.Column("pause", sa.Integer, primary_key=True),
    sa.Column("paused_at", sa.String(40), nullable=False),
    sa.Column("paused_by", sa.String(255), nullable=False),
    sa.Column("resumed_at", sa.String(40)),
)

schedules: Final = sa.Table(
    "schedules",
    _schema,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("admin", sa.String(255), nullable=False),
    sa.Column("cron", sa.String(100), nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("what", sa.JSON, nullable=False),
    sa.Column("jobs", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("added_at", sa.String(40), nullable=False),
    sa.Column("added_by", sa.String(255), nullable=False),
)

moved: Final = sa.Table(
    "moved",
    _schema,
    sa.Column("moved_to", sa.String(1000), primary_key=True),
    sa.Column("moved_at", sa.String(40), nullable=False),
)


def _first(connection: sa.Connection) -> None:
    """Runs, their orders, and intents."""
    first = sa.MetaData()
    for table in (version_table, runs):
        table.to_metadata(first)
    asked = [
        sa.Column(
            column.name,
            column.type,
            *(sa.ForeignKey(key.target_fullname) for key in column.foreign_keys),
            primary_key=column.primary_key,
            nullable=column.nullable,
        )
        for column in orders.columns
        if column.name != "outcome"
    ]
    sa.Table("orders", first, *asked)
    kept = [
        sa.Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in intents.columns
        if column.name not in _SETTLED_COLUMNS
    ]
    table = sa.Table("intents", first, *kept)
    condition = sa.text("settled_at IS NULL")
    columns = (table.c.admin, table.c.amazon_order)
    sa.Index("one_open_intent", *columns, unique=True, sqlite_where=condition, postgresql_where=condition)
    first.create_all(connection)


def _second(connection: sa.Connection) -> None:
    """Who settled an intent and why; later looks at canceled orders; which bot works on an order."""
    for column in _SETTLED_COLUMNS:
        kind = intents.c[column].type.compile(connection.dialect)
        connection.execute(sa.text(f"ALTER TABLE intents ADD COLUMN {column} {kind}"))
    connection.execute(
        intents.update().where(intents.c.settled_at.is_not(None)).values(settled_as="canceled", settled_by="proof")
    )
    looks.create(connection)
    claims.create(connection)


def _third(connection: sa.Connection) -> None:
    """The trail of every run."""
    events.create(connection)


def _fourth(connection: sa.Connection) -> None:
    """An index that finds the intents of an order quickly, however many there are."""
    connection.execute(sa.text("CREATE INDEX intents_of_an_order ON intents (admin, amazon_order, intent)"))


def _fifth(connection: sa.Connection) -> None:
    """Signing in: used codes, attempts, and which run has which account."""
    for table in (codes, sign_ins, accounts):
        table.create(connection)


def _sixth(connection: sa.Connection) -> None:
    """An Admin is its host and path, and rows under a bare host count for it: what was pressed is found by order."""
    connection.execute(sa.text("DROP INDEX intents_of_an_order"))
    next(index for index in intents.indexes if index.name == "intents_by_order").create(connection)


def _seventh(connection: sa.Connection) -> None:
    """The queue: runs that wait for workers, on whatever machine, in stints. Where the ledger was moved to."""
    for table in (queued_runs, stints, pauses, moved):
        table.create(connection)


def _eighth(connection: sa.Connection) -> None:
    """What is done at certain times."""
    schedules.create(connection)


def _ninth(connection: sa.Connection) -> None:
    """The console: who submitted and approved a run, and pages of long runs."""
    kind = orders.c.outcome.type.compile(connection.dialect)
    connection.execute(sa.text(f"ALTER TABLE orders ADD COLUMN outcome {kind}"))
    told = orders.c.result["outcome"].as_string()
    connection.execute(orders.update().where(orders.c.result.is_not(sa.null())).values(outcome=told))
    for index in sorted(orders.indexes, key=lambda index: str(index.name)):
        index.create(connection)
    for table in (submissions, console_tokens):
        table.create(connection)


def _tenth(connection: sa.Connection) -> None:
    """Who is signed in at the console. Sessions that version 9 kept, in another form, end: everybody signs in again."""
    console_sessions.drop(connection, checkfirst=True)
    console_sessions.create(connection)


_SETTLED_COLUMNS: Final = ("settled_as", "settled_by", "settled_why")

STEPS: Final[Sequence[Callable[[sa.Connection], None]]] = (
    _first,
    _second,
    _third,
    _fourth,
    _fifth,
    _sixth,
    _seventh,
    _eighth,
    _ninth,
    _tenth,
)
"""The step from each version to the next; version 0 is an empty database."""

SCHEMA_VERSION: Final = len(STEPS)


def leases_of(version: int) -> Sequence[sa.Table]:
    """The tables of a ledger of this version that say who is using it now."""
    return [table for table, since in ((claims, 2), (accounts, 5)) if version >= since]


def migrate(connection: sa.Connection, version: int, to: int = SCHEMA_VERSION) -> None:
    """Upgrade a ledger of ``version`` (0 for an empty database) step by step to version ``to``, in one transaction."""
    for step in STEPS[version:to]:
        step(connection)
    connection.execute(version_table.delete())
    connection.execute(version_table.insert().values(version=to))
