"""Admin accounts: what one is, and the file that names several of them, for runs and workers at the same time.

The file does not hold secrets: it says where they are.
"""

import base64
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bot.environment import DOTENV, Written
from bot.errors import SettingsInvalid
from bot.files import at_home
from bot.joblist.validation import validate
from bot.joblist.yamlfile import read_yaml


class SecretReference(BaseModel):
    """Where a secret is: in a variable of the environment or of ``.env``, or in a file of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str | None = Field(default=None, min_length=1, description="Name of the environment variable that holds it")
    file: Path | None = Field(default=None, description="File that holds it, and nothing else")

    @model_validator(mode="before")
    @classmethod
    def _is_no_secret(cls, value: Any) -> Any:
        if isinstance(value, str):  # a wrong value is usually repeated in the message, which a secret must not be
            raise ValueError("do not put a secret into this file: write {env: NAME} or {file: PATH}")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret has exactly one of env and file")
        return self

    def read(self, written: Written) -> SecretStr:
        """The secret.

        Raises:
            ValueError: it is not there; the message says where it should be.
        """
        if self.env is not None:
            value, where = written.value(self.env), f"the environment variable {self.env}"
            if not value:
                raise ValueError(f"{self.env} is set neither in the environment nor in {DOTENV}")
        else:
            where = f"the file {self.file}"
            try:
                value = at_home(str(self.file)).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as trouble:
                raise ValueError(f"{where} cannot be read: {getattr(trouble, 'strerror', 'it is not text')}") from None
        if not value.strip():
            raise ValueError(f"{where} holds nothing")
        return SecretStr(value.strip("\r\n"))


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str = Field(min_length=1, description="Admin user name")
    password: SecretReference = Field(description="Where its password is")
    totp_secret: SecretReference | None = Field(default=None, description="Where its two-factor secret is")

    def references(self) -> dict[str, SecretReference]:
        """Where its secrets are, by the names that the file gives them."""
        found = {"password": self.password, "totp_secret": self.totp_secret}
        return {name: reference for name, reference in found.items() if reference is not None}


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: tuple[_Entry, ...] = Field(description="The accounts, tried in this order")

    @field_validator("accounts")
    @classmethod
    def _some(cls, value: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
        if not value:
            raise ValueError("the file has no accounts: list at least one")
        return value


class Account(BaseModel):
    """An Admin account with its secrets."""

    model_config = ConfigDict(frozen=True)

    username: str
    password: SecretStr
    totp_secret: SecretStr | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything of it that must not appear anywhere."""
        return tuple(secret.get_secret_value() for secret in (self.password, self.totp_secret) if secret)


@dataclass(frozen=True)
class AccountsFile:
    """A file of accounts, read, with its secrets still where they are. ``read_accounts_file`` gives it."""

    file: Path
    entries: tuple[_Entry, ...]

    @property
    def variables(self) -> frozenset[str]:
        """The names of the variables that hold its secrets."""
        return frozenset(reference.env for reference in self._references() if reference.env is not None)

    def accounts(self, written: Written) -> tuple[Account, ...]:
        """The accounts, each with its secrets; those in variables are taken from what is ``written``.

        Raises:
            SettingsInvalid: an account is listed twice, or a secret is missing or invalid.
        """
        names = [entry.username for entry in self.entries]
        wrong = [
            f"{self.file}: the account {name} is listed twice."
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        accounts: list[Account] = []
        for entry in self.entries:
            found: dict[str, SecretStr] = {}
            for name, reference in entry.references().items():
                try:
                    secret = reference.read(written)
                    found[name] = base32(secret) if name == "totp_secret" else secret
                except ValueError as useless:
                    wrong.append(f"{self.file}: the {name} of the account {entry.username} cannot be used: {useless}.")
            if not wrong:
                accounts.append(Account.model_validate({"username": entry.username, **found}))
        if wrong:
            raise SettingsInvalid(listing="\n".join(wrong))
        return tuple(accounts)

    def secrets(self, written: Written) -> set[str]:
        """Every secret that can be read, whether it can be used or not."""
        found: set[str] = set()
        for reference in self._references():
            with suppress(ValueError):
                found.add(reference.read(written).get_secret_value())
        return found

    def _references(self) -> list[SecretReference]:
        return [reference for entry in self.entries for reference in entry.references().values()]


def base32(secret: SecretStr) -> SecretStr:
    """A two-factor secret as it is computed with: without the spaces in which the Admin shows it.

    Raises:
        ValueError: it is not valid.
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


def read_accounts_file(file: Path) -> AccountsFile:
    """Read a file of accounts, but none of the secrets that it refers to.

    Raises:
        InputInvalid: with every mistake in the file and its place.
    """
    return AccountsFile(file, validate(_Content, read_yaml(file)).accounts)
