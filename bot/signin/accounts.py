"""Admin accounts for several runs at once: a file of them, and which one a run signs in with.

The Admin ends a session when the same account signs in elsewhere, so two runs never use one account at a time, unless
the Admin shares accounts and the user says so. Secrets are not in the file: it says where they are.
"""

import base64
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bot.errors import CannotStart, SettingsInvalid
from bot.files.yamlfile import read_yaml, validate
from bot.ledger import Ledger

LEASE = 300.0
"""Seconds for which an account stays a run's without a sign of life."""


class SecretReference(BaseModel):
    """Where a secret is: in an environment variable, or in a file of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str | None = Field(default=None, min_length=1, description="Name of the environment variable that holds it")
    file: Path | None = Field(default=None, description="File that holds it, and nothing else")

    @model_validator(mode="before")
    @classmethod
    def _is_no_secret(cls, value: Any) -> Any:
        if isinstance(value, str):  # which must not be repeated in a message, as a wrong value usually is
            raise ValueError("a secret does not stand in this file: write {env: NAME} or {file: PATH}")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret has exactly one of env and file")
        return self

    def read(self) -> SecretStr:
        """The secret.

        Raises:
            ValueError: it is not there; the words say where it was looked for.
        """
        if self.env is not None:
            value, where = os.environ.get(self.env, ""), f"the environment variable {self.env}"
        else:
            where = f"the file {self.file}"
            try:
                value = Path(str(self.file)).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as trouble:
                raise ValueError(f"{where} cannot be read: {getattr(trouble, 'strerror', 'it is no text')}") from None
        if not value.strip():
            raise ValueError(f"{where} holds nothing")
        return SecretStr(value.strip("\r\n"))


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str = Field(min_length=1, description="Admin user name")
    password: SecretReference = Field(description="Where its password is")
    totp_secret: SecretReference | None = Field(default=None, description="Where its two-factor secret is")


class _AccountsFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: tuple[_Entry, ...] = Field(description="The accounts, tried in this order")

    @field_validator("accounts")
    @classmethod
    def _some(cls, value: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
        if not value:
            raise ValueError("there are no accounts here: name at least one")
        return value


class Account(BaseModel):
    """An Admin account, with its secrets at hand."""

    model_config = ConfigDict(frozen=True)

    username: str
    password: SecretStr
    totp_secret: SecretStr | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything of it that may stand nowhere."""
        return tuple(secret.get_secret_value() for secret in (self.password, self.totp_secret) if secret)


def base32(secret: SecretStr) -> SecretStr:
    """A two-factor secret as it is computed with: without the spaces in which the Admin shows it.

    Raises:
        ValueError: it is none.
    """
    letters = "".join(secret.get_secret_value().split()).rstrip("=").upper()
    try:
        usable = bool(base64.b32decode(letters + "=" * (-len(letters) % 8)))
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            "it must be the secret as the Admin shows it beside the QR code: base32, letters A to Z and digits "
            "2 to 7, spaces allowed"
        )
    return SecretStr(letters)


def read_accounts(file: Path) -> tuple[Account, ...]:
    """Read a file of accounts, and every secret that it refers to.

    Raises:
        InputInvalid: with every mistake in the file, where it stands.
        SettingsInvalid: two accounts are the same, or a secret is not where the file says, or none.
    """
    entries = validate(_AccountsFile, read_yaml(file)).accounts
    names = [entry.username for entry in entries]
    wrong = [f"{file}: the account {name} is there twice." for name in dict.fromkeys(names) if names.count(name) > 1]
    accounts: list[Account] = []
    for entry in entries:
        try:
            accounts.append(
                Account(
                    username=entry.username,
                    password=entry.password.read(),
                    totp_secret=base32(entry.totp_secret.read()) if entry.totp_secret else None,
                )
            )
        except ValueError as useless:
            wrong.append(f"{file}: a secret of the account {entry.username} cannot be used: {useless}.")
    if wrong:
        raise SettingsInvalid(listing="\n".join(wrong))
    return tuple(accounts)


@contextmanager
def leased(ledger: Ledger, admin: str, accounts: Sequence[Account], *, sharing: bool = False) -> Iterator[Account]:
    """The first account that no other run has; it is this run's until the block ends.

    With ``sharing``, which is for Admins that share accounts, it is the first one, whoever has it.

    Raises:
        CannotStart: other runs have all of them.
    """
    with leased_each(ledger, admin, accounts, 1, sharing=sharing) as (account,):
        yield account


@contextmanager
def leased_each(
    ledger: Ledger, admin: str, accounts: Sequence[Account], workers: int, *, sharing: bool = False
) -> Iterator[tuple[Account, ...]]:
    """An account for each of so many workers, which no other run has; they are this run's until the block ends.

    With ``sharing`` they are taken in turn, whoever has them, and may be the same.

    Raises:
        CannotStart: there are not so many, or other runs have them.
    """
    if sharing:
        yield tuple(accounts[number % len(accounts)] for number in range(workers))
        return
    taken: list[Account] = []
    try:
        for account in accounts:
            if len(taken) < workers and ledger.accounts.take(admin, account.username, LEASE):
                taken.append(account)
        if len(taken) < workers:
            raise _too_few(ledger, accounts, workers, len(taken))
        yield tuple(taken)
    finally:
        for account in taken:
            ledger.accounts.release(admin, account.username)


def enough(accounts: Sequence[Account], workers: int, *, sharing: bool = False) -> None:
    """Make sure that so many workers could each have an account, whoever has them now.

    Raises:
        CannotStart: there are not so many.
    """
    if sharing or workers <= len(accounts):
        return
    stop = CannotStart(
        reason=f"{workers} workers need {workers} Admin accounts, because the Admin ends a session when the same "
        f"account signs in again; there {'is' if len(accounts) == 1 else 'are'} {len(accounts)}."
    )
    stop.next_step = _more(f"Start with --workers {len(accounts)}" if len(accounts) > 1 else "Leave --workers away")
    raise stop


def _too_few(ledger: Ledger, accounts: Sequence[Account], workers: int, free: int) -> CannotStart:
    ours = {account.username for account in accounts}
    users = [
        f"{held.thing} by run {held.run_id}"
        for held in ledger.accounts.held()
        if held.thing in ours and held.run_id != ledger.runs.current
    ]
    why = ", ".join(users) or "another run was faster"
    if not free:
        stop = CannotStart(reason=f"No Admin account is free: {why}.")
    else:
        stop = CannotStart(
            reason=f"{workers} workers need {workers} Admin accounts, and {free} {'is' if free == 1 else 'are'} free: "
            f"{why}."
        )
    fewer = f"start with --workers {free}" if free > 1 else "leave --workers away"
    stop.next_step = _more(f"Wait for that run, or {fewer}" if free else "Wait for that run")
    return stop


def _more(first: str) -> str:
    return (
        f"{first}, or name more accounts in COUNTERMAND_ACCOUNTS. Only where the Admin's own setting "
        "allows account sharing: COUNTERMAND_SHARE_ACCOUNT=true"
    )
