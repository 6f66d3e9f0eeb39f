"""Who may do what: roles, and the file that gives them to people."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot.joblist.validation import validate
from bot.joblist.yamlfile import read_yaml


class Role(StrEnum):
    """What a person may do. Anyone with a role may look at everything."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    """Plans, submits, pauses, stops, settles."""
    APPROVER = "approver"
    """Approves and declines."""
    ADMINISTRATOR = "administrator"
    """Everything, and also accounts and tokens."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who asks for something: a person, or a program with a token."""

    name: str
    roles: frozenset[Role]
    way: str = ""
    """How it was proved who that is."""

    def may(self, role: Role) -> bool:
        """Whether this person has a role, or a role that includes it."""
        return role in self.roles or Role.ADMINISTRATOR in self.roles or (role is Role.VIEWER and bool(self.roles))


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    viewers: tuple[str, ...] = Field(default=(), description="Who may look; '*' is everyone who can sign in")
    operators: tuple[str, ...] = Field(default=(), description="Who may plan, submit, pause, stop and settle")
    approvers: tuple[str, ...] = Field(default=(), description="Who may approve and decline")
    administrators: tuple[str, ...] = Field(default=(), description="Who may do everything, and give out tokens")

    def roles_of(self, name: str) -> frozenset[Role]:
        """The roles of the person with this name."""
        lists = {
            Role.VIEWER: self.viewers,
            Role.OPERATOR: self.operators,
            Role.APPROVER: self.approvers,
            Role.ADMINISTRATOR: self.administrators,
        }
        wanted = name.casefold()
        return frozenset(
            role
            for role, names in lists.items()
            if any(one.casefold() == wanted or (one == "*" and role is Role.VIEWER) for one in names)
        )


class Roles:
    """The roles in a file, which is read again when it has changed: what is taken away there is gone at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int] = (-1, -1)
        self._content = _Content()
        self.of("")

    def of(self, name: str) -> frozenset[Role]:
        """The roles of the person with this name.

        Raises:
            InputInvalid: the file cannot be read, or has mistakes; then nobody has any.
        """
        try:
            found = self._file.stat()
            stamp = (found.st_mtime_ns, found.st_size)
        except OSError:
            stamp = (-2, -2)
        if stamp != self._stamp:
            self._content = validate(_Content, read_yaml(self._file))
            self._stamp = stamp
        return self._content.roles_of(name)


EVERYTHING = frozenset(Role)
"""What the one person of a console on their own computer may do."""
