"""Tokens for programs: made, shown once, revoked."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.console.people import Role
from bot.console.visit import Visit, done, fields, render

_ROLES = (Role.VIEWER, Role.OPERATOR, Role.APPROVER)
"""What a program may be given: it cannot give out tokens itself."""


def listed(visit: Visit) -> Response:
    """Every token that was made."""
    visit.needs(Role.ADMINISTRATOR)
    return render(visit, "tokens.html", found=visit.desk.ledger.console.tokens(), made="")


def make(visit: Visit) -> Response:
    """Make one, and show it once."""
    visit.needs(Role.ADMINISTRATOR)
    name, days = visit.text("name", 60), visit.text("days", 4)
    roles = tuple(str(role) for role in _ROLES if str(role) in fields(visit, "role"))
    if not name or not roles or days not in {"7", "30", "365"}:
        raise HTTPException(409, "A token needs a name, and something that it may do.")
    with visit.desk.writing() as ledger:
        made = ledger.console.make_token(name, roles, days=float(days), by=visit.person.name)
        found = ledger.console.tokens()
    return render(visit, "tokens.html", found=found, made=made)


def revoke(visit: Visit) -> Response:
    """Let one be of no more use."""
    visit.needs(Role.ADMINISTRATOR)
    with visit.desk.writing() as ledger:
        if not ledger.console.revoke(visit.text("token", 64), by=visit.person.name):
            raise HTTPException(404, "There is no such token, or it was revoked before.")
    return done("/tokens", "revoked")
