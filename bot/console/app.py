"""Which address leads where."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.console import api
from bot.console.desk import Desk
from bot.console.guard import Guard
from bot.console.live import Live
from bot.console.oidc import CALLBACK
from bot.console.pages import (
    approvals,
    audit,
    entering,
    lists,
    machines,
    orders,
    runs,
    schedules,
    screens,
    settling,
    tokens,
)
from bot.console.people import Role
from bot.console.rendering import STATIC
from bot.console.visit import Handler, not_now, page, trouble, words_of
from bot.errors import CountermandError, LedgerTrouble
from bot.reports.html_page import STYLE

_STATIC = {
    "base.css": (STYLE, "text/css"),
    "console.css": (STATIC / "console.css", "text/css"),
    "console.js": (STATIC / "console.js", "text/javascript"),
    "htmx.min.js": (STATIC / "htmx.min.js", "text/javascript"),
    "hx-sse.min.js": (STATIC / "hx-sse.min.js", "text/javascript"),
    "hx-csp.min.js": (STATIC / "hx-csp.min.js", "text/javascript"),
    "icon.svg": (STATIC / "icon.svg", "image/svg+xml"),
}
"""Every file that is served as it is; there is no other."""

_RUN = "{run:str}"


def application(desk: Desk) -> ASGIApp:
    """The console, for a server."""
    live = Live(desk)
    operator, approver, administrator = Role.OPERATOR, Role.APPROVER, Role.ADMINISTRATOR
    app = Starlette(
        routes=[
            Route("/static/{name:str}", _static),
            Route("/enter/{secret:str}", entering.by_address),
            Route("/sign-in", entering.to_provider),
            Route(CALLBACK, entering.from_provider),
            Route("/sign-out", entering.sign_out, methods=["POST"]),
            Route("/live/runs", live.of_runs),
            Route(f"/live/runs/{_RUN}", live.of_run),
            _get("/", runs.home),
            _get("/runs", runs.listed),
            _get(f"/runs/{_RUN}", runs.one),
            _get(f"/runs/{_RUN}/verify", runs.compared),
            _get(f"/runs/{_RUN}/report", runs.report),
            _get(f"/runs/{_RUN}/{{file:str}}.html", runs.report),
            _get(f"/runs/{_RUN}/orders/{{order:str}}", orders.one),
            _get(f"/runs/{_RUN}/evidence/{{name:path}}", orders.evidence),
            _post(f"/runs/{_RUN}/stop", runs.stop, operator),
            _post(f"/runs/{_RUN}/retry", runs.retry, operator),
            _post(f"/runs/{_RUN}/submit", lists.submit, operator),
            _get(f"/runs/{_RUN}/{{file:str}}", runs.results),
            _post("/queue/pause", runs.pause, operator),
            _post("/queue/resume", runs.resume, operator),
            _get("/new", lists.empty, operator),
            _post("/new", lists.read, operator),
            _get("/approve", approvals.listed),
            _get(f"/approve/{_RUN}", approvals.one),
            _post(f"/approve/{_RUN}", approvals.approve, approver),
            _post(f"/approve/{_RUN}/decline", approvals.decline, approver),
            _get("/settle", settling.listed),
            _post("/settle", settling.settle, operator),
            _post("/settle/preview", settling.preview, operator),
            _get("/workers", machines.listed),
            _post("/workers/count", machines.count_from_0, administrator),
            _post("/workers/release", machines.release, administrator),
            _get("/schedules", schedules.listed),
            _post("/schedules", schedules.add),
            _post("/schedules/remove", schedules.remove, operator),
            _get("/screens", screens.listed),
            _get("/screens/{check:str}", screens.one),
            _get("/screens/{check:str}/report", screens.report),
            _get("/screens/{check:str}/pictures/{screen:str}/{which:str}", screens.picture),
            _get("/audit", audit.listed),
            _get("/audit.csv", audit.as_csv),
            _get("/audit.jsonl", audit.as_lines),
            _get("/tokens", tokens.listed, administrator),
            _post("/tokens", tokens.make, administrator),
            _post("/tokens/revoke", tokens.revoke, administrator),
            *api.routes(),
        ],
        exception_handlers={HTTPException: _refused, CountermandError: _told},
    )
    app.state.desk = desk
    return Guard(app, desk)


def _get(path: str, handler: Handler, role: Role = Role.VIEWER) -> Route:
    return Route(path, _plain(page(handler, role)), methods=["GET"])


def _post(path: str, handler: Handler, role: Role = Role.VIEWER) -> Route:
    return Route(path, _plain(page(handler, role)), methods=["POST"])


def _plain(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same as a function of its own, which is what a route takes for an endpoint."""

    async def endpoint(request: Request) -> Response:
        return await answer(request)

    return endpoint


async def _static(request: Request) -> Response:
    path, kind = _STATIC.get(request.path_params["name"], (Path(), ""))
    if not kind:
        raise HTTPException(404, "There is no such file.")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "no-cache"})


async def _refused(request: Request, refused: Exception) -> Response:
    status = refused.status_code if isinstance(refused, HTTPException) else 500
    words = {404: "Nothing is at this address.", 405: "That cannot be done at this address."}
    return trouble(request, status, words.get(status, str(getattr(refused, "detail", ""))))


async def _told(request: Request, told: Exception) -> Response:
    if isinstance(told, LedgerTrouble):
        return trouble(request, 503, not_now(request.app.state.desk, told))
    return trouble(request, 409, words_of(told) if isinstance(told, CountermandError) else "")
