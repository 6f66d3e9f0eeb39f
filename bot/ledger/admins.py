"""Finding the rows of the ledger that are about one Admin.

Versions up to 5 of the ledger identified an Admin by its host alone, so a row under a bare host counts for every Admin
there. Such rows are not rewritten, because the trail and its hashes refer to them as they are. And if one Admin's name
continues another's (``shop.example/admin``, ``shop.example/admin/dashboard``), both can be the address of one Admin,
so the rows of either count for both. ``shop.example/staging/admin`` and
``shop.example/prod/admin`` are two.
"""

from typing import Any

import sqlalchemy as sa

from bot.identity import names_of_host


def is_about(column: sa.Column[Any], admin: str) -> sa.ColumnElement[bool]:
    """Whether the Admin that a row names in ``column`` is, or can be, the one with that name."""
    parts = admin.split("/")
    above = {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
    below = f"{admin}/"
    return column.in_(sorted(above | names_of_host(admin))) | (sa.func.substr(column, 1, len(below)) == below)


def lock_name(admin: str, thing: str) -> str:
    """The name of the lock for deciding about something of an Admin; the same for all Admins at one host."""
    return f"{admin.partition('/')[0]} {thing}"
