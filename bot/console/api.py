"""The console for programs: the same objects that the pages are made from, as JSON, for programs that show a token.

``/api/openapi.json`` describes it. A token is sent as ``Authorization: Bearer ...``; cookies count for nothing here.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import __version__
from bot.console import acting, reading
from bot.console.desk import Desk
from bot.console.pages import orders as order_pages
from bot.console.pages.runs import run_of
from bot.console.people import Person, Role
from bot.console.shown import EventShown, IntentShown, OrderShown, OrdersShown, RunShown, RunsShown
from bot.console.visit import TooLarge, Visit, not_now, words_of
from bot.engine.metrics import CONTENT_TYPE, PATH, exposition
from bot.errors import CountermandError, InputInvalid, LedgerTrouble
from bot.joblist import JobList, job_list_of
from bot.ledger import Kind, ListedOrder

MOST_AT_ONCE = 1_000
"""Orders of one answer."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListAsked(_Asked):
    """A list to plan."""

    name: str = Field(default="list of a program", max_length=200, description="What the list is called")
    store: str | None = Field(default=None, description="Store of orders that name none")
    reason: str | None = Field(default=None, description="Reason of orders that give none")
    orders: list[Any] = Field(description="Order numbers, or objects as in a job list (countermand schema jobs)")


class SubmissionAsked(ListAsked):
    """A list to submit for approval."""

    plan: str = Field(default="", description="Id of the run that was its plan")
    max_cancellations: int | None = Field(default=None, ge=1, description="Stop after this many cancels")


class ApprovalAsked(_Asked):
    """An approval."""

    sha256: str = Field(description="The hash of what is approved, as the run shows it")
    reason: str = Field(min_length=1, max_length=2_000)
    hours: float = Field(default=24, gt=0, le=24 * 30, description="How long it holds")


class DeclineAsked(_Asked):
    """A refusal."""

    reason: str = Field(min_length=1, max_length=2_000)


class Queued(BaseModel):
    """What became of a list."""

    run: str = Field(description="The run's id")
    orders: int
    new: bool = Field(description="False if the same list was queued already; then nothing was changed")


class OrderWhole(BaseModel):
    """An order with everything that is known of it in its run."""

    order: OrderShown
    intents: list[IntentShown]
    trail: list[EventShown]


class Mistakes(BaseModel):
    """What was wrong."""

    error: str
    mistakes: list[str] = []


Answer = BaseModel | Response


@dataclass(frozen=True, kw_only=True)
class _Call:
    """One thing that a program can ask for."""

    method: str
    path: str
    summary: str
    role: Role
    answer: Callable[[Visit, Any], Answer]
    gives: type[BaseModel] | None
    takes: type[BaseModel] | None = None
    query: tuple[str, ...] = ()


def _runs(visit: Visit, _: None) -> RunsShown:
    asked = visit.query("kind", 20)
    kind = Kind(asked) if asked in set(Kind) else Kind.ALL
    return reading.runs(visit.desk.ledger, visit.page, kind, visit.query("q"))


def _run(visit: Visit, _: None) -> RunShown:
    return run_of(visit)


def _orders(visit: Visit, _: None) -> OrdersShown:
    size = visit.query("size", 4)
    most = min(MOST_AT_ONCE, int(size)) if size.isascii() and size.isdigit() and int(size) else 100
    return reading.orders(
        visit.desk.ledger, run_of(visit), visit.page, visit.query("outcome", 20), visit.query("q"), size=most
    )


def _order(visit: Visit, _: None) -> OrderWhole:
    shown, number = run_of(visit), str(visit.request.path_params["order"])
    listed: ListedOrder | None = visit.desk.ledger.pages.order(shown.run, number)
    if listed is None:
        raise HTTPException(404, "This run has no order with this number.")
    intents = visit.desk.ledger.intents.of_run(shown.run, number)
    return OrderWhole(
        order=reading.order_shown(listed),
        intents=[reading.intent_shown(one, visit.desk.settings.seller_central) for one in intents],
        trail=reading.events(visit.desk.ledger.trail.of_order(shown.run, number)),
    )


def _evidence(visit: Visit, _: None) -> Response:
    return order_pages.evidence(visit)


def _plan(visit: Visit, asked: ListAsked) -> Queued:
    queued = acting.plan(visit, _list(asked))
    return Queued(run=queued.run_id, orders=queued.orders, new=queued.is_new)


def _submit(visit: Visit, asked: SubmissionAsked) -> Queued:
    if asked.plan and visit.desk.ledger.pages.run(asked.plan) is None:
        raise HTTPException(404, "The ledger knows no run with the id of the plan.")
    how = acting.How(max_cancellations=asked.max_cancellations)
    queued = acting.submit(visit, _list(asked), plan_run=asked.plan, how=how)
    return Queued(run=queued.run_id, orders=queued.orders, new=queued.is_new)


def _list(asked: ListAsked) -> JobList:
    data: dict[str, object] = {"orders": asked.orders}
    data |= {name: value for name in ("store", "reason") if (value := getattr(asked, name)) is not None}
    return job_list_of(data, name=asked.name)


def _approve(visit: Visit, asked: ApprovalAsked) -> RunShown:
    run_id = str(visit.request.path_params["run"])
    acting.approve(visit, run_id, why=asked.reason, hours=asked.hours, seen=asked.sha256)
    return run_of(visit)


def _decline(visit: Visit, asked: DeclineAsked) -> RunShown:
    acting.decline(visit, str(visit.request.path_params["run"]), why=asked.reason)
    return run_of(visit)


def _stop(visit: Visit, _: None) -> RunShown:
    acting.stop(visit, str(visit.request.path_params["run"]))
    return run_of(visit)


_LOOK, _OPERATE, _APPROVE = Role.VIEWER, Role.OPERATOR, Role.APPROVER

CALLS = (
    _Call(
        method="GET",
        path="/api/runs",
        summary="The runs, newest first, a page at a time",
        role=_LOOK,
        answer=_runs,
        gives=RunsShown,
        query=("page", "kind", "q"),
    ),
    _Call(
        method="GET",
        path="/api/runs/{run}",
        summary="One run: its state and figures",
        role=_LOOK,
        answer=_run,
        gives=RunShown,
    ),
    _Call(
        method="GET",
        path="/api/runs/{run}/orders",
        summary="The orders of a run with their results, a page at a time",
        role=_LOOK,
        answer=_orders,
        gives=OrdersShown,
        query=("page", "size", "outcome", "q"),
    ),
    _Call(
        method="GET",
        path="/api/runs/{run}/orders/{order}",
        summary="One order: result, presses of Confirm, trail",
        role=_LOOK,
        answer=_order,
        gives=OrderWhole,
    ),
    _Call(
        method="GET",
        path="/api/runs/{run}/evidence/{name}",
        summary="A file of evidence, as the results name it",
        role=_LOOK,
        answer=_evidence,
        gives=None,
    ),
    _Call(
        method="POST",
        path="/api/plans",
        summary="Plan a list: says what would happen, presses nothing",
        role=_OPERATE,
        answer=_plan,
        gives=Queued,
        takes=ListAsked,
    ),
    _Call(
        method="POST",
        path="/api/submissions",
        summary="Submit a list, which waits for an approval",
        role=_OPERATE,
        answer=_submit,
        gives=Queued,
        takes=SubmissionAsked,
    ),
    _Call(
        method="POST",
        path="/api/runs/{run}/approval",
        summary="Approve a run; what is approved is canceled",
        role=_APPROVE,
        answer=_approve,
        gives=RunShown,
        takes=ApprovalAsked,
    ),
    _Call(
        method="POST",
        path="/api/runs/{run}/refusal",
        summary="Decline a run; every order of it is skipped",
        role=_APPROVE,
        answer=_decline,
        gives=RunShown,
        takes=DeclineAsked,
    ),
    _Call(
        method="POST",
        path="/api/runs/{run}/stop",
        summary="Stop a run: orders in hand are finished, the rest is skipped",
        role=_OPERATE,
        answer=_stop,
        gives=RunShown,
    ),
)


def routes() -> list[Route]:
    """A route for each call, for the description, and for what Prometheus reads."""
    made = [Route("/api", _description), Route("/api/openapi.json", _description), Route(PATH, _metrics)]
    for call in CALLS:
        path = call.path.replace("{name}", "{name:path}")
        made.append(Route(path, _endpoint(call), methods=[call.method]))
    return made


def _endpoint(call: _Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        desk: Desk = request.app.state.desk
        try:
            body = await request.body() if call.takes is not None else b""
            return await run_in_threadpool(_answered, call, request, desk, body)
        except HTTPException as refused:
            return _mistakes(refused.status_code, str(refused.detail))
        except TooLarge:
            return _mistakes(413, "More was sent than a list of orders can hold.")
        except InputInvalid as invalid:
            return _mistakes(422, "The list has mistakes.", [str(problem) for problem in invalid.problems])
        except LedgerTrouble as away:
            return _mistakes(503, not_now(desk, away))
        except CountermandError as told:
            return _mistakes(409, words_of(told))

    return endpoint


def _answered(call: _Call, request: Request, desk: Desk, body: bytes) -> Response:
    visit = Visit(request=request, desk=desk, person=_program(request, desk))
    visit.needs(call.role)
    asked = None
    if call.takes is not None:
        try:
            asked = call.takes.model_validate_json(body)
        except ValidationError as invalid:
            told = [f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in invalid.errors()]
            return _mistakes(422, "This is not what the call takes.", told)
    given = call.answer(visit, asked)
    if isinstance(given, Response):
        return given
    return Response(given.model_dump_json(), media_type="application/json")


async def _metrics(request: Request) -> Response:
    """What there is to watch, for a program with a token; on a console of one's own, for everybody on that computer."""
    desk: Desk = request.app.state.desk

    def answer() -> Response:
        if not desk.is_ones_own:
            Visit(request=request, desk=desk, person=_program(request, desk)).needs(_LOOK)
        return Response(exposition(desk.ledger, desk.backlog), headers={"Content-Type": CONTENT_TYPE})

    try:
        return await run_in_threadpool(answer)
    except HTTPException as refused:
        return _mistakes(refused.status_code, str(refused.detail))
    except LedgerTrouble as trouble:
        return _mistakes(503, not_now(desk, trouble))


def _program(request: Request, desk: Desk) -> Person:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    found = desk.ledger.console.token(secret.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise HTTPException(401, "Show a token: Authorization: Bearer ... An administrator makes one in the console.")
    roles = frozenset(Role(role) for role in found.roles)
    return Person(name=f"{found.name} (token of {found.made_by})", roles=roles, way="token")


def _mistakes(status: int, error: str, mistakes: list[str] | None = None) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(Mistakes(error=error, mistakes=mistakes or []).model_dump(), status, headers)


async def _description(request: Request) -> Response:
    return Response(json.dumps(openapi(), indent=2), media_type="application/json")


def openapi() -> dict[str, Any]:
    """The description of every call, as OpenAPI 3.1 has it."""
    schemas: dict[str, Any] = {}

    def schema(model: type[BaseModel]) -> dict[str, Any]:
        made = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(made.pop("$defs", {}))
        schemas[model.__name__] = made
        return {"$ref": f"#/components/schemas/{model.__name__}"}

    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        content: dict[str, Any] = {"image/jpeg": {}, "text/plain": {}}
        if call.gives is not None:
            content = {"application/json": {"schema": schema(call.gives)}}
        names = [part[1:-1] for part in call.path.split("/") if part.startswith("{")]
        told: dict[str, Any] = {
            "summary": call.summary,
            "description": f"Needs the role {call.role}.",
            "parameters": [
                *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names),
                *({"name": name, "in": "query", "schema": {"type": "string"}} for name in call.query),
            ],
            "responses": {
                "200": {"description": "Done", "content": content},
                "4XX": {"description": "Refused", "content": {"application/json": {"schema": schema(Mistakes)}}},
            },
        }
        if call.takes is not None:
            told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema(call.takes)}}}
        paths.setdefault(call.path, {})[call.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": "Countermand", "version": __version__},
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
