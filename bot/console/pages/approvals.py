"""What waits for an approval: the frozen list, its hash, and what the plan said of each order."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.console import acting, reading
from bot.console.pages.runs import run_of
from bot.console.people import Role
from bot.console.shown import State
from bot.console.visit import Visit, done, render
from bot.ledger import Done, Kind
from bot.ledger.submissions import is_same_person

HOURS = {"8": "8 hours", "24": "24 hours", "72": "3 days", "168": "7 days"}
"""How long an approval may hold."""


def listed(visit: Visit) -> Response:
    """Everything that waits for an approval."""
    found = reading.runs(visit.desk.ledger, visit.page, Kind.APPROVAL)
    return render(visit, "approvals.html", found=found, decided=_decided(visit))


def _decided(visit: Visit) -> list[Done]:
    return [one for one in visit.desk.ledger.audit.latest(40) if one.action in {"approved", "declined"}][:10]


def one(visit: Visit) -> Response:
    """What is to be approved."""
    shown, ledger = run_of(visit), visit.desk.ledger
    if shown.approval is None:
        raise HTTPException(404, "This run needs no approval.")
    plan = reading.run(ledger, shown.plan_run) if shown.plan_run else None
    mine = is_same_person(shown.submitted_by, visit.person.name)
    return render(
        visit,
        "approval.html",
        run=shown,
        plan=plan,
        stores=ledger.pages.stores(shown.run),
        found=reading.orders(ledger, shown, visit.page, "", visit.query("q")),
        words=visit.query("q"),
        hours=HOURS,
        waits=shown.state in {State.APPROVAL, State.APPROVAL_OVER},
        may=visit.person.may(Role.APPROVER),
        own=mine and (visit.desk.four_eyes or shown.approval.another_person),
        State=State,
    )


def approve(visit: Visit) -> Response:
    """Approve exactly what was looked at: the form holds its hash."""
    run_id = str(visit.request.path_params["run"])
    hours = visit.text("hours", 4)
    if hours not in HOURS:
        raise HTTPException(409, "Say how long the approval holds.")
    acting.approve(visit, run_id, why=visit.text("why"), hours=float(hours), seen=visit.text("sha256", 64))
    return done(f"/runs/{run_id}", "approved")


def decline(visit: Visit) -> Response:
    """Decline it."""
    run_id = str(visit.request.path_params["run"])
    acting.decline(visit, run_id, why=visit.text("why"))
    return done(f"/runs/{run_id}", "declined")
