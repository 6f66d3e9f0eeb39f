"""Who may use the console: people who are signed in, and programs that have a token.

The ledger keeps hashes only. A session ends when its time is over, when nothing was heard from it for long, or when
somebody signs out; all of that holds at once, on every machine that serves the console.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot.ledger.audit import Action, Audit
from bot.ledger.database import Database, timestamp
from bot.ledger.schema import console_sessions, console_tokens

LONGEST = 12 * 3600.0
"""Seconds after which a session ends, whatever happens."""

IDLE = 2 * 3600.0
"""Seconds without a request after which it ends."""

_SEEN_EVERY = 60.0
"""Seconds: how exactly it is known when a session was last used."""


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """A token for programs, as it is listed; the token itself was shown once."""

    token: str
    """The beginning of its hash, by which it is named."""
    name: str
    roles: tuple[str, ...]
    made_by: str
    made_at: str
    until: datetime
    used_at: str
    revoked_at: str


@dataclass(frozen=True, kw_only=True)
class ConsoleSession:
    """A session of a person that goes on."""

    person: str
    way: str
    """How it was proved who that is: ``address``, or ``oidc``."""
    issuer: str = ""
    """The provider that proved it."""
    claimed: tuple[str, ...] = ()
    """The groups that it named."""


class ConsoleAccess:
    """Sessions of people and tokens of programs."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    # --- Sessions ---

    def sign_in(
        self, person: str, way: str, *, issuer: str = "", claimed: Sequence[str] = (), instead_of: str = ""
    ) -> str:
        """Begin a session; gives what the browser keeps, which is nowhere else.

        ``way`` says how it was proved who that is: ``address``, if it was the one-time address; ``oidc``, if a provider
        did. The session that the browser had before, ``instead_of``, ends.
        """
        secret = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            now = self._database.now(connection)
            over = (console_sessions.c.until <= now) | (console_sessions.c.session == _hash(instead_of))
            connection.execute(console_sessions.delete().where(over))
            connection.execute(
                console_sessions.insert().values(
                    session=_hash(secret),
                    person=person,
                    way=way,
                    issuer=issuer,
                    claimed=list(claimed),
                    begun_at=now,
                    seen_at=now,
                    until=now + LONGEST,
                )
            )
            self._audit.append(connection, Action.SIGNED_IN, by=person, about=issuer or way)
        return secret

    def session(self, secret: str) -> ConsoleSession | None:
        """The session, and whose it is; None if there is no such session, or no longer."""
        mine = console_sessions.c.session == _hash(secret)
        rows = self._database.read(sa.select(console_sessions, self._database.clock.label("now")).where(mine))
        for row in rows:
            if row.until <= row.now or row.seen_at + IDLE <= row.now:
                return None
            if row.now - row.seen_at > _SEEN_EVERY:
                with self._database.writing(lasting=False) as connection:
                    connection.execute(console_sessions.update().where(mine).values(seen_at=row.now))
            return ConsoleSession(person=row.person, way=row.way, issuer=row.issuer, claimed=tuple(row.claimed))
        return None

    def sign_out(self, secret: str) -> None:
        """End a session."""
        mine = console_sessions.c.session == _hash(secret)
        with self._database.writing() as connection:
            person = connection.scalar(sa.select(console_sessions.c.person).where(mine))
            if person is not None:
                connection.execute(console_sessions.delete().where(mine))
                self._audit.append(connection, Action.SIGNED_OUT, by=person)

    # --- Tokens ---

    def make_token(self, name: str, roles: tuple[str, ...], *, days: float, by: str) -> str:
        """Make a token for a program; it is given here once, and kept as a hash."""
        secret = f"cmd_{secrets.token_urlsafe(32)}"
        with self._database.writing() as connection:
            now = self._database.now(connection)
            connection.execute(
                console_tokens.insert().values(
                    token=_hash(secret),
                    name=name,
                    roles=" ".join(roles),
                    made_by=by,
                    made_at=timestamp(now),
                    until=now + days * 86400,
                )
            )
            self._audit.append(connection, Action.TOKEN_MADE, by=by, about=name, roles=list(roles))
        return secret

    def token(self, secret: str) -> ApiToken | None:
        """The token that a program has shown; None if it is not known, no longer valid, or revoked."""
        mine = console_tokens.c.token == _hash(secret)
        valid = console_tokens.c.revoked_at.is_(None) & (console_tokens.c.until > self._database.clock)
        found = next(map(_token, self._database.read(sa.select(console_tokens).where(mine, valid))), None)
        if found is not None and found.used_at[:16] != timestamp()[:16]:
            with self._database.writing(lasting=False) as connection:
                connection.execute(console_tokens.update().where(mine).values(used_at=timestamp()))
        return found

    def tokens(self) -> list[ApiToken]:
        """Every token that was made, newest first."""
        return [
            _token(row)
            for row in self._database.read(sa.select(console_tokens).order_by(console_tokens.c.made_at.desc()))
        ]

    def revoke(self, token: str, *, by: str) -> bool:
        """Let a token, which is named by the beginning of its hash, be of no more use; False if it is unknown."""
        which = console_tokens.c.token.startswith(token, autoescape=True) & console_tokens.c.revoked_at.is_(None)
        with self._database.writing() as connection:
            names = connection.execute(sa.select(console_tokens.c.name).where(which)).scalars().all()
            if len(names) != 1 or len(token) < _SHOWN:
                return False
            connection.execute(console_tokens.update().where(which).values(revoked_at=timestamp()))
            self._audit.append(connection, Action.TOKEN_REVOKED, by=by, about=names[0])
        return True


_SHOWN = 12
"""Digits of a token's hash that name it."""


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _token(row: sa.Row[Any]) -> ApiToken:
    return ApiToken(
        token=row.token[:_SHOWN],
        name=row.name,
        roles=tuple(row.roles.split()),
        made_by=row.made_by,
        made_at=row.made_at,
        until=datetime.fromtimestamp(row.until, UTC),
        used_at=row.used_at or "",
        revoked_at=row.revoked_at or "",
    )
