"""What is done at certain times: when, what, who said so, and the end of it."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.console import acting
from bot.console.people import Role
from bot.console.visit import Visit, done, render


def listed(visit: Visit) -> Response:
    """Every schedule."""
    desk = visit.desk
    return render(visit, "schedules.html", found=desk.ledger.schedules.all(), known=desk.backlog.scheduled())


def remove(visit: Visit) -> Response:
    """End one."""
    visit.needs(Role.OPERATOR)
    name = visit.text("name", 200)
    if name not in [one.name for one in visit.desk.ledger.schedules.all()]:
        raise HTTPException(404, "There is no schedule of that name.")
    acting.remove_schedule(visit, name)
    return done("/schedules", "removed")
