"""Workers and accounts: who is alive, what is leased, how many sign-ins are left, and what is stuck. No secret."""

from starlette.responses import Response

from bot.console import acting
from bot.console.people import Role
from bot.console.visit import Visit, done, render
from bot.engine.listing import queue_lines
from bot.ledger.signins import CODES, PASSWORDS, Factor


def listed(visit: Visit) -> Response:
    """Workers and accounts."""
    desk, ledger = visit.desk, visit.desk.ledger
    accounts = [
        {
            "name": one.username,
            "held": [held for held in ledger.accounts.held() if held.thing.partition(" ")[0] == one.username],
            "passwords": ledger.sign_ins.refused_in_a_row(desk.admin, one.username, Factor.PASSWORD),
            "codes": ledger.sign_ins.refused_in_a_row(desk.admin, one.username, Factor.CODE)
            if one.totp_secret
            else None,
            "last": ledger.sign_ins.last_accepted(desk.admin, one.username),
        }
        for one in desk.settings.pool
    ]
    return render(
        visit,
        "workers.html",
        accounts=accounts,
        held=ledger.accounts.held(),
        claims=ledger.claims.held(),
        most={"passwords": PASSWORDS, "codes": CODES},
        paused=ledger.queue.paused(),
        lines=list(queue_lines(ledger, desk.backlog)),
    )


def count_from_0(visit: Visit) -> Response:
    """Count refused sign-ins of an account from 0."""
    visit.needs(Role.ADMINISTRATOR)
    acting.count_from_0(visit, visit.text("account"), note=visit.text("note"))
    return done("/workers", "counted")


def release(visit: Visit) -> Response:
    """Take an account away from a worker that is gone for good."""
    visit.needs(Role.ADMINISTRATOR)
    acting.release(visit, visit.text("admin", 255), visit.text("account", 255), note=visit.text("note"))
    return done("/workers", "released")
