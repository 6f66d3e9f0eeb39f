"""The attempts to sign in, so that no number of runs ever locks an account.

The Admin asks for a CAPTCHA after three refused passwords, locks an account after six, and blocks one after ten wrong
two-factor codes. It counts everybody's attempts; so does this, for everybody who shares the ledger. An attempt is
recorded before it is made, and one without a known end counts as refused. One in which the password was never looked
at counts as none. A successful sign-in resets the count.

Secrets are not kept: a password is recognized by its scrypt hash, with a new salt for each attempt.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from bot.errors import CannotSignIn, LedgerTrouble
from bot.ledger.admins import is_about, lock_name
from bot.ledger.audit import Action, Audit
from bot.ledger.database import Database, is_refused_as_double, timestamp
from bot.ledger.processes import is_gone, this_process
from bot.ledger.schema import sign_ins

PASSWORDS = 2
"""Passwords that may be refused in a row: the third would trigger the CAPTCHA."""

CODES = 6
"""Two-factor codes that may be refused in a row; ten block the account, and others may have typed one wrong."""

UNDER_WAY = 120
"""Seconds after which an attempt without an end counts as interrupted."""

BY_HAND = (
    "Sign in by hand once: start with --headed and do it in the browser's window, or sign in elsewhere and then "
    "record it with: countermand signed-in --note TEXT"
)


class Factor(StrEnum):
    """What is entered."""

    PASSWORD = "password"
    CODE = "code"


class Ended(StrEnum):
    """How an attempt ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    CUT_OFF = "cut off"
    NOT_JUDGED = "not judged"
    """The form was refused, or never sent, before anybody looked at the secret: it counts as no attempt."""


class SignIns:
    """Every attempt with a password or a two-factor secret, for each account of an Admin."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def begin(self, admin: str, account: str, factor: Factor, secret: SecretStr) -> int | None:
        """Record that a secret is about to be tried; return the attempt's number, or None while another is under way.

        Raises:
            CannotSignIn: it must not be tried: this password was refused before, or too many were in a row.
        """
        mine = {
            "admin": admin,
            "account": account,
            "factor": factor,
            "fingerprint": _fingerprint(secret),
            "process": this_process(),
        }
        self._close_interrupted(admin, account, factor)
        under_way = sa.select(sign_ins.c.number).where(_whose(admin, account, factor), sign_ins.c.outcome.is_(None))
        try:
            with self._database.writing() as connection:
                self._database.deciding(connection, lock_name(admin, account))
                if connection.execute(under_way).all():
                    return None
                self._check_attempts_left(connection, admin, account, factor, secret)
                begun_at = self._database.now(connection)
                number = connection.execute(sign_ins.insert().values(**mine, begun_at=begun_at)).inserted_primary_key
        except LedgerTrouble as trouble:
            if is_refused_as_double(trouble):
                return None
            raise
        return int(number[0]) if number else None

    def end(self, number: int, how: Ended) -> None:
        """Record how an attempt ended."""
        with self._database.writing() as connection:
            connection.execute(sign_ins.update().where(sign_ins.c.number == number).values(outcome=how))

    def signed_in_by_hand(self, admin: str, account: str, *, by: str, why: str) -> None:
        """Reset every count, because a person has signed in with this account."""
        with self._database.writing() as connection:
            begun_at = self._database.now(connection)
            for factor in Factor:
                connection.execute(
                    sign_ins.insert().values(
                        admin=admin,
                        account=account,
                        factor=factor,
                        fingerprint="",
                        process=this_process(),
                        begun_at=begun_at,
                        outcome=Ended.ACCEPTED,
                        said_by=by,
                        why=why,
                    )
                )
            self._audit.append(connection, Action.COUNTED_FROM_0, by=by, about=account, why=why, admin=admin)

    def refused_in_a_row(self, admin: str, account: str, factor: Factor) -> int:
        """How many attempts since the last good one were refused, or interrupted."""
        return len(self._database.read(_bad_since_good(_whose(admin, account, factor))))

    def last_accepted(self, admin: str, account: str) -> str:
        """When the account signed in last, ISO 8601 in UTC; empty if it never did."""
        whose = is_about(sign_ins.c.admin, admin) & (sign_ins.c.account == account)
        last = sa.select(sa.func.max(sign_ins.c.begun_at)).where(whose, sign_ins.c.outcome == Ended.ACCEPTED)
        at = self._database.read(last)[0][0]
        return "" if at is None else timestamp(at)

    def _close_interrupted(self, admin: str, account: str, factor: Factor) -> None:
        """Mark attempts as interrupted whose process has ended, or that take too long."""
        whose = _whose(admin, account, factor) & sign_ins.c.outcome.is_(None)
        for row in self._database.read(sa.select(sign_ins, self._database.clock.label("now")).where(whose)):
            if is_gone(row.process) or not 0 <= row.now - row.begun_at < UNDER_WAY:
                with self._database.writing() as connection:
                    cut_off = sign_ins.update().where(sign_ins.c.number == row.number, sign_ins.c.outcome.is_(None))
                    connection.execute(cut_off.values(outcome=Ended.CUT_OFF))

    def _check_attempts_left(
        self, connection: sa.Connection, admin: str, account: str, factor: Factor, secret: SecretStr
    ) -> None:
        whose = _whose(admin, account, factor)
        bad = connection.execute(_bad_since_good(whose)).all()
        refused = [row for row in bad if row.outcome == Ended.REFUSED and _is_of(row.fingerprint, secret)]
        if factor is Factor.PASSWORD and refused:
            raise CannotSignIn(
                f"The Admin refused this password of account {account} at {_moment(refused[-1])}, and it is not tried "
                "again, because a few refusals lock the account.",
                f"Correct COUNTERMAND_PASSWORD. If it is right and the account was locked: {BY_HAND}",
            )
        if len(bad) >= (PASSWORDS if factor is Factor.PASSWORD else CODES):
            consequence = (
                "One more could trigger the CAPTCHA"
                if factor is Factor.PASSWORD
                else "A few more could block the account"
            )
            raise CannotSignIn(
                f"The last {len(bad)} {factor}s for account {account} were refused, or interrupted before the Admin "
                f"answered, since {_moment(bad[0])}. {consequence}, so no attempt is made.",
                BY_HAND,
            )


def _whose(admin: str, account: str, factor: Factor) -> sa.ColumnElement[bool]:
    return is_about(sign_ins.c.admin, admin) & (sign_ins.c.account == account) & (sign_ins.c.factor == factor)


def _bad_since_good(whose: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The attempts since the last accepted one that count, oldest first."""
    good = sa.select(sa.func.coalesce(sa.func.max(sign_ins.c.number), 0)).where(
        whose, sign_ins.c.outcome == Ended.ACCEPTED
    )
    return (
        sa.select(sign_ins)
        .where(
            whose,
            sign_ins.c.number > good.scalar_subquery(),
            sign_ins.c.outcome.is_not(None),
            sign_ins.c.outcome != Ended.NOT_JUDGED,
        )
        .order_by(sign_ins.c.number)
    )


def _moment(row: sa.Row[Any]) -> str:
    return f"{datetime.fromtimestamp(row.begun_at, UTC):%Y-%m-%d %H:%M} UTC"


def _fingerprint(secret: SecretStr, salt: bytes = b"") -> str:
    salt = salt or secrets.token_bytes(16)
    digest = hashlib.scrypt(secret.get_secret_value().encode(), salt=salt, n=2**14, r=8, p=1)
    return f"{salt.hex()}${digest.hex()}"


def _is_of(fingerprint: str, secret: SecretStr) -> bool:
    salt = bytes.fromhex(fingerprint.partition("$")[0])
    return hmac.compare_digest(_fingerprint(secret, salt), fingerprint)
