"""Coming in and leaving: the one-time address, the provider at which people sign in, and signing out."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.console.desk import Desk
from bot.console.oidc import HOME, LIFE, NotSignedIn, Provider, page_of_this_console
from bot.console.visit import bare, person_of
from bot.ledger.console_access import LONGEST, ConsoleSession

P = ParamSpec("P")
T = TypeVar("T")


async def by_address(request: Request) -> Response:
    """Sign in the first person who opens the one-time address."""
    desk: Desk = request.app.state.desk
    if desk.one_time is None or not await run_in_threadpool(desk.one_time.takes, request.path_params["secret"]):
        why = "This address was used before, or is not the latest one."
        return bare(request, "sign_in.html", 403, desk=desk, why=why, to=HOME)
    return await _begin(request, ConsoleSession(person=desk.one_time.person, way="address"), HOME)


async def to_provider(request: Request) -> Response:
    """Send somebody to the provider, to sign in there."""
    desk, provider = _provider(request)
    to = page_of_this_console(request.query_params.get("to", ""))
    try:
        address, ticket = await _apart(provider, provider.begin, to)
    except NotSignedIn as refused:
        return _refused(request, refused, to)
    answer = RedirectResponse(address, 303)
    _keep(answer, _cookie(desk), ticket, LIFE)
    return answer


async def from_provider(request: Request) -> Response:
    """Sign in somebody whom the provider sends back."""
    desk, provider = _provider(request)
    ticket = request.cookies.get(_cookie(desk), "")
    try:
        proved = await _apart(provider, provider.finish, ticket, dict(request.query_params))
        session = ConsoleSession(person=proved.name, way="oidc", issuer=provider.issuer, claimed=proved.claimed)
        await run_in_threadpool(person_of, desk, session)
    except NotSignedIn as refused:
        answer = _refused(request, refused)
    except HTTPException as refused:  # no role
        answer = _refused(request, NotSignedIn(str(refused.detail)))
    else:
        answer = await _begin(request, session, proved.to)
    _forget(answer, _cookie(desk))
    return answer


async def _apart(provider: Provider, act: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Do something with the provider on the provider's own threads."""
    return await asyncio.get_running_loop().run_in_executor(provider.threads, partial(act, *arguments, **named))


def _provider(request: Request) -> tuple[Desk, Provider]:
    desk: Desk = request.app.state.desk
    if desk.provider is None:
        raise HTTPException(404)
    return desk, desk.provider


def _refused(request: Request, why: NotSignedIn, to: str = HOME) -> Response:
    return bare(request, "sign_in.html", why.status, desk=request.app.state.desk, why=str(why), to=to)


async def _begin(request: Request, session: ConsoleSession, to: str) -> Response:
    """Begin a session: what the browser gets is new, and what it had before is of no more use."""
    desk: Desk = request.app.state.desk
    before = request.cookies.get(desk.cookie, "")

    def sign_in() -> str:
        with desk.writing() as ledger:
            return ledger.console.sign_in(
                session.person, session.way, issuer=session.issuer, claimed=session.claimed, instead_of=before
            )

    answer = RedirectResponse(to, 303)
    _keep(answer, desk.cookie, await run_in_threadpool(sign_in), round(LONGEST))
    return answer


def _cookie(desk: Desk) -> str:
    """The name of the cookie that is kept while somebody is at the provider."""
    return f"{desk.cookie}-in"


def _keep(answer: Response, cookie: str, secret: str, seconds: int) -> None:
    """Have the browser keep a secret, out of the reach of scripts."""
    answer.set_cookie(cookie, secret, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def _forget(answer: Response, cookie: str) -> None:
    answer.delete_cookie(cookie, path="/", secure=True, httponly=True, samesite="lax")


async def sign_out(request: Request) -> Response:
    """End the session, here and for anyone with a copy of its cookie."""
    desk: Desk = request.app.state.desk
    secret = request.cookies.get(desk.cookie, "")

    def end() -> None:
        with desk.writing() as ledger:
            ledger.console.sign_out(secret)

    if secret:
        await run_in_threadpool(end)
    why = "You are signed out."
    if desk.provider is not None:
        why += f" {desk.provider.host} may still know you."
    answer = bare(request, "sign_in.html", 200, desk=desk, why=why, to=HOME)
    _forget(answer, desk.cookie)
    return answer
