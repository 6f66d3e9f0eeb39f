"""Coming in and leaving: the one-time address, and signing out."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.console.desk import Desk
from bot.console.visit import bare
from bot.ledger.console_access import LONGEST


async def by_address(request: Request) -> Response:
    """Sign in the first person who opens the one-time address."""
    desk: Desk = request.app.state.desk
    if desk.one_time is None or not await run_in_threadpool(desk.one_time.takes, request.path_params["secret"]):
        why = "This address was used before, or is not the latest one."
        return bare(request, "sign_in.html", 403, desk=desk, why=why)
    return await begin(desk, desk.one_time.person, "address")


async def begin(desk: Desk, person: str, way: str) -> Response:
    """Begin a session: what the browser gets is new, whatever it had before."""

    def sign_in() -> str:
        with desk.writing() as ledger:
            return ledger.console.sign_in(person, way)

    answer = RedirectResponse("/runs", 303)
    keep(answer, desk, await run_in_threadpool(sign_in))
    return answer


def keep(answer: Response, desk: Desk, secret: str) -> None:
    """Have the browser keep a session, out of the reach of scripts."""
    answer.set_cookie(desk.cookie, secret, max_age=round(LONGEST), path="/", secure=True, httponly=True, samesite="lax")


async def sign_out(request: Request) -> Response:
    """End the session, here and for anyone with a copy of its cookie."""
    desk: Desk = request.app.state.desk
    secret = request.cookies.get(desk.cookie, "")

    def end() -> None:
        with desk.writing() as ledger:
            ledger.console.sign_out(secret)

    if secret:
        await run_in_threadpool(end)
    answer = bare(request, "sign_in.html", 200, desk=desk, why="You are signed out.")
    answer.delete_cookie(desk.cookie, path="/", secure=True, httponly=True, samesite="lax")
    return answer
