"""One request: who asks, what they sent, and what is answered."""

import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from loguru import logger
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.console.desk import Desk
from bot.console.people import EVERYTHING, Person, Role
from bot.console.rendering import environment
from bot.errors import CountermandError, InputInvalid, LedgerTrouble
from bot.files import listing
from bot.joblist.reading import LIMITS
from bot.ledger import ConsoleSession, Kind
from bot.secrecy import cleaner
from bot.settings import secrets_that_are_set
from bot.wording import harmless_lines


class TooLarge(Exception):
    """More is being sent than may be."""


MOST_FIELDS = 6_000
"""Fields of one form: a page of what is to be settled has a few for each order."""

SAID = {
    "approved": "Approved. Workers take it from the queue now.",
    "declined": "Declined. Every order of the run is skipped.",
    "paused": "The queue is paused: orders in hand are finished, and no other begins.",
    "resumed": "Orders begin again.",
    "stopped": "The run is stopped: orders in hand are finished, and the rest is skipped.",
    "submitted": "Submitted. It waits for an approval; nothing is pressed before that.",
    "planned": "The plan is queued. It reads every order and presses nothing.",
    "again": "This list is queued already, as this run. Nothing was changed.",
    "settled": "Settled. What was said is in the ledger, with your name and note.",
    "counted": "Refused sign-ins of the account are counted from 0.",
    "released": "The account is released.",
    "revoked": "The token is of no more use.",
    "added": "Added. Workers do it at its times, as long as one runs then.",
    "removed": "The schedule is removed. Runs that it has queued stay.",
    "retried": "What was stuck is queued once more.",
    "signed-out": "You are signed out.",
}
"""What a page says after something was done, by the word in its address."""


@dataclass(kw_only=True)
class Visit:
    """A request of somebody whose roles are known."""

    request: Request
    desk: Desk
    person: Person
    form: FormData = field(default_factory=FormData)

    def text(self, name: str, most: int = 2_000) -> str:
        """A field of the form, or nothing."""
        value = self.form.get(name, "")
        return "" if isinstance(value, UploadFile) else value.strip()[:most]

    def query(self, name: str, most: int = 200) -> str:
        """A word of the address's query, or nothing."""
        return self.request.query_params.get(name, "").strip()[:most]

    @property
    def page(self) -> int:
        """The page that is asked for, counted from 1."""
        asked = self.query("page", 9)
        return int(asked) if asked.isascii() and asked.isdigit() else 1

    def needs(self, role: Role) -> None:
        """Refuse who may not do this.

        Raises:
            HTTPException: they may not.
        """
        if not self.person.may(role):
            raise HTTPException(403, f"For this you need the role {role}. An administrator gives out roles.")


def render(visit: Visit, template: str, status: int = 200, **content: object) -> Response:
    """A page for a person who is signed in."""
    desk = visit.desk
    counts = {
        "approval": desk.ledger.pages.count_runs(Kind.APPROVAL),
        "person": desk.ledger.pages.count_waiting(),
    }
    said = SAID.get(visit.query("said", 20), "")
    return _html(
        visit.request, template, status, visit=visit, desk=desk, person=visit.person, menu=counts, said=said, **content
    )


def bare(request: Request, template: str, status: int = 200, **content: object) -> Response:
    """A page for somebody who is not signed in; it says nothing of any run."""
    return _html(request, template, status, **content)


def _html(request: Request, template: str, status: int, **content: object) -> Response:
    nonce = request.scope["state"]["nonce"]
    page = (
        environment()
        .get_template(template)
        .render(content, nonce=nonce, here=request.url.path, query=dict(request.query_params), Role=Role)
    )
    return HTMLResponse(page, status)


def done(where: str, word: str) -> Response:
    """What follows on something that was done: the page that shows it, asked for again."""
    return RedirectResponse(f"{where}{'&' if '?' in where else '?'}said={word}", 303)


Handler = Callable[[Visit], Response]


def page(handler: Handler, role: Role = Role.VIEWER) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers with what the handler gives, once it is known who asks and that they may."""
    return partial(_answer, handler, role)


def _defect(request: Request, defect: Exception) -> Response:
    clean = cleaner(secrets_that_are_set())
    print(clean("".join(traceback.format_exception(defect))), file=sys.stderr, end="")
    words = "This is a defect of Countermand; the terminal has its details. Nothing was pressed."
    return trouble(request, 500, words)


async def _answer(handler: Handler, role: Role, request: Request) -> Response:
    desk: Desk = request.app.state.desk
    try:
        person = await run_in_threadpool(who, request, desk)
        if person is None:
            return bare(request, "sign_in.html", 401, desk=desk, why="", to=_asked_for(request))
        visit = Visit(request=request, desk=desk, person=person)
        visit.needs(role)
        if request.method == "POST":
            async with request.form(
                max_files=1, max_fields=MOST_FIELDS, max_part_size=LIMITS.max_bytes + 1
            ) as visit.form:
                return await run_in_threadpool(handler, visit)
        return await run_in_threadpool(handler, visit)
    except HTTPException as refused:
        return trouble(request, refused.status_code, str(refused.detail))
    except TooLarge:
        return trouble(request, 413, "More was sent than a list of orders can hold.")
    except LedgerTrouble as away:
        return trouble(request, 503, not_now(desk, away))
    except CountermandError as told:
        return trouble(request, 409, words_of(told))
    except Exception as defect:
        return _defect(request, defect)


def words_of(told: CountermandError) -> str:
    """What went wrong, and what to do about it, for a page."""
    text = listing(told) if isinstance(told, InputInvalid) else str(told)
    return harmless_lines(cleaner(secrets_that_are_set())(f"{text} {told.next_step}".strip()))


def not_now(desk: Desk, away: LedgerTrouble) -> str:
    """What people are told while the ledger cannot be used. Where it is, and why, is for who runs the console."""
    words = (
        "The ledger cannot be used now: nothing can be shown, and nothing is pressed without it. Try again in a "
        "minute. If you have sent something, look first whether it was done."
    )
    if desk.is_ones_own:
        return f"{words} {words_of(away)}"
    logger.warning("{}", words_of(away))
    return words


def trouble(request: Request, status: int, words: str) -> Response:
    """A page that says what went wrong."""
    titles = {
        401: "Sign in first",
        403: "This is not for you to do",
        404: "There is no such page",
        405: "That cannot be done here",
        409: "This could not be done",
        413: "That is too large",
        503: "Not now",
    }
    return bare(request, "trouble.html", status, title=titles.get(status, "Something went wrong"), words=words)


def who(request: Request, desk: Desk) -> Person | None:
    """Who asks: by the proxy's header, or by their session; None for nobody who is known.

    Raises:
        HTTPException: somebody pretends to be the proxy, or the person has no role here.
    """
    if desk.proxy is not None:
        named = request.headers.getlist(desk.proxy.header)
        client = request.client.host if request.client else ""
        if desk.proxy.believes(client):
            if len(named) == 1 and named[0].strip():
                return _with_roles(desk, named[0].strip()[:255], "proxy")
        elif named:
            raise HTTPException(403, "Who you are is believed from listed proxies only, and this address is not one.")
    secret = request.cookies.get(desk.cookie, "")
    session = desk.ledger.console.session(secret) if secret else None
    return None if session is None else person_of(desk, session)


def person_of(desk: Desk, session: ConsoleSession) -> Person | None:
    """The person of a session; None if people no longer sign in in the way that it began.

    Raises:
        HTTPException: the person has no role here.
    """
    if session.way == "address":
        return Person(name=session.person, roles=EVERYTHING, way=session.way) if desk.is_ones_own else None
    if desk.provider is None or session.issuer != desk.provider.issuer:
        return None
    claimed = frozenset(Role(role) for role in desk.provider.roles_of(session.claimed))
    return _with_roles(desk, session.person, session.way, claimed)


def _with_roles(desk: Desk, name: str, way: str, claimed: frozenset[Role] = frozenset()) -> Person:
    roles = claimed | (desk.roles.of(name) if desk.roles is not None else frozenset())
    if not roles:
        words = f"{harmless_lines(name)} has no role in this console. An administrator gives out roles."
        raise HTTPException(403, words)
    return Person(name=name, roles=roles, way=way)


def _asked_for(request: Request) -> str:
    """The address of the page that is asked for, without its host."""
    if request.method != "GET":
        return "/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def fields(visit: Visit, name: str) -> list[Any]:
    """Every value of a field that a form may have several times."""
    return [value for value in visit.form.getlist(name) if not isinstance(value, UploadFile)]
