"""The practice Admin's web site: which request gets which answer."""

import asyncio
import json
import mimetypes
from email.utils import formatdate
from os import PathLike, stat_result
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from bot.sandbox import pages as routes
from bot.sandbox.channel import Channel, ChannelError
from bot.sandbox.classic import Asked, Classic
from bot.sandbox.faults import Faults
from bot.sandbox.generation import Generation
from bot.sandbox.journal import CodeRecord, CommerceCancelRecord, Journal, RequestRecord
from bot.sandbox.languages import Tongue
from bot.sandbox.pages import Pages
from bot.sandbox.sessions import (
    BAD_KEY,
    CHANGE_PASSWORD,
    EXPIRED,
    PICTURE,
    RECAPTCHA,
    TAKEN_OVER,
    WRONG,
    WRONG_PICTURE,
    Session,
    Sessions,
)
from bot.sandbox.shop import Shop
from bot.sandbox.twofactor import TwoFactor

COOKIE = "admin"
AJAX_EXPIRED = {"ajaxExpired": 1, "ajaxRedirect": "/admin/"}
_SLOW_START = 1.5
"""Seconds."""

# Browsers refuse modules of another type, and Windows machines can have another one on record.
mimetypes.add_type("text/javascript", ".js")


class CutOff(Response):
    """An answer that breaks off: the connection is closed before all of it was sent.

    It does begin, because browsers send a request once more if a kept connection closes before any answer.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send less than was promised."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"data":', "more_body": True})


class Scripts(StaticFiles):
    """Scripts and styles; browsers ask each time whether they changed."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """One file, or the word that the browser's copy is still good."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response


class Site:
    """Answers every request of the practice Admin. ``answer_ms`` is delay of the data endpoint."""

    def __init__(
        self,
        face: str,
        generation: Generation,
        answer_ms: int,
        shop: Shop,
        faults: Faults,
        journal: Journal,
        sessions: Sessions,
        tongue: Tongue,
    ) -> None:
        self._generation = generation
        self._answer_ms = answer_ms
        self._shop = shop
        self._faults = faults
        self._journal = journal
        self._sessions = sessions
        self._tongue = tongue
        self._pages = Pages(face, faults, tongue, routes.IN_MENU if generation.has_app else routes.IN_MENU_OF_2)
        self._two_factor = TwoFactor(faults)
        self._channel = Channel(shop, faults, journal, generation)
        self._classic = Classic(generation, shop, faults, self._channel, self._pages)

    def reset(self) -> None:
        """Data, journal, sessions and faults as at the start."""
        self._faults.reset()
        self._sessions.clear()
        self._two_factor.clear()
        self._shop.reset()
        self._journal.clear()

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", lambda request: RedirectResponse("/admin/")),
                Route("/favicon.ico", lambda request: Response(status_code=204)),
                Route("/static/app.js", self._app_script),
                Mount("/static", Scripts(directory=routes.HERE / "static")),
                Route("/sandbox/journal.json", lambda request: JSONResponse(self._journal.as_dict())),
                Route("/sandbox/reset", self._reset, methods=["POST"]),
                Route("/sandbox/faults", self._switch, methods=["GET", "POST"]),
                Route("/admin{rest:path}", self._admin, methods=["GET", "POST"]),
            ]
        )

    async def _app_script(self, request: Request) -> Response:
        if self._faults.app_script_missing:
            return Response("not found", status_code=404)
        if self._faults.slow_start:
            await asyncio.sleep(_SLOW_START)
        script = (routes.HERE / "static" / "app.js").read_bytes()
        return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-store"})

    async def _reset(self, request: Request) -> Response:
        self.reset()
        return JSONResponse({"reset": True})

    async def _switch(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                switches = json.loads(await request.body())
                self._faults.update(switches)
            except (ValueError, AttributeError) as wrong:
                return JSONResponse({"error": str(wrong)}, status_code=400)
        return JSONResponse(self._faults.as_dict())

    async def _admin(self, request: Request) -> Response:
        """Answer one request to the Admin, with the time of the server's clock."""
        response = await self._answer_admin(request)
        response.headers["Date"] = formatdate(self._two_factor.now(), usegmt=True)
        return response

    async def _answer_admin(self, request: Request) -> Response:
        body = await request.body()
        session = self._sessions.find(request.cookies.get(COOKIE, ""))
        route, parameters = _parse(request.url.path)
        call = _call(body) if route == routes.DATA else {}
        form = await _form(request) if self._classic.knows(route) else {}
        asked = Asked(request.method, session, route, parameters | form)
        self._journal.add(
            RequestRecord(
                method=request.method,
                path=request.url.path,
                operation=asked.operation if self._classic.knows(route) else call.get("operationName", ""),
                account=session.account,
            )
        )
        if self._faults.hangs_ms:
            await asyncio.sleep(self._faults.hangs_ms / 1000)
        if status := self._trouble(background=route == routes.DATA):
            return self._pages.trouble(status)
        if self._faults.ended_session and session.account:
            self._sessions.end(session, EXPIRED)
        if self._classic.knows(route) and asked.operation and asked.operation == self._faults.session_ends_before:
            self._sessions.end(session, TAKEN_OVER)
        if route == routes.DATA:
            response = await self._data(session, call)
        elif not session.account:
            session, response = self._signed_out(request, session, body)
        elif self._classic.knows(route) and not self._is_kept_out(session, route, parameters):
            response = await self._classic_page(asked)
        else:
            response = self._page(request.method, session, route, parameters, body)
        response.set_cookie(COOKIE, session.id, path="/admin", httponly=True, samesite="lax")
        return response

    def _trouble(self, *, background: bool) -> int:
        """The HTTP status of a server in trouble, for a page or for a background request; 0 while it has none."""
        faults = self._faults
        statuses = (
            (faults.maintenance, 503),
            (faults.server_error, 500),
            (faults.bad_gateway, 502),
            (faults.too_many_requests, 429),
        )
        everywhere = next((status for wrong, status in statuses if wrong), 0)
        return everywhere or (faults.app_status if background else 0)

    def _signed_out(self, request: Request, session: Session, body: bytes) -> tuple[Session, Response]:
        """Sign somebody in, or show the form, at whatever address was asked for."""
        if request.headers.get("x-requested-with") == "XMLHttpRequest":
            return session, JSONResponse(AJAX_EXPIRED)
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        if request.method == "POST" and "login[username]" in form:
            if form.get("form_key") != session.form_key:
                session.messages = [("error", "Invalid Form Key. Please refresh the page.")]
            elif self._faults.recaptcha:
                session.messages = [("error", RECAPTCHA)]
            elif self._wants_picture(session, form) and form.get("captcha[backend_login]") != PICTURE:
                session.messages = [("error", WRONG_PICTURE)]
                session.asks_picture = True
            elif fresh := self._sessions.sign_in(session, form["login[username]"], form.get("login[password]", "")):
                fresh.owes_code = self._two_factor.asked_for
                if self._faults.key_banner_after_sign_in:
                    fresh.messages.append(("error", BAD_KEY))
                if self._faults.password_old:
                    fresh.messages.append(("warning", CHANGE_PASSWORD))
                return fresh, RedirectResponse(fresh.url(self._start_page()), status_code=302)
            else:
                session.messages = [("error", WRONG)]
        return session, self._pages.sign_in(session)

    def _wants_picture(self, session: Session, form: dict[str, str]) -> bool:
        """Whether a sign-in needs the words in the picture. A fresh browser's form does not show it at first."""
        account = form["login[username]"]
        return session.asks_picture or self._faults.captcha or self._sessions.wants_picture(account)

    def _page(self, method: str, session: Session, route: str, parameters: dict[str, str], body: bytes) -> Response:
        """One of the Admin's pages, for somebody who is signed in."""
        session.owes_code &= self._two_factor.asked_for
        if session.owes_code and route != routes.SIGN_OUT:
            return self._second_factor(method, session, route, parameters, body)
        if self._faults.password_expired and route not in {routes.SIGN_OUT, routes.MY_ACCOUNT}:
            session.messages = [("error", CHANGE_PASSWORD)]
            return RedirectResponse(session.url(routes.MY_ACCOUNT), status_code=302)
        start = RedirectResponse(session.url(self._start_page()), status_code=302)
        if not route:
            return start
        if parameters.get("key") != session.key(route) and route != routes.ORDER:
            # pages of the extension and of Sales go to the start page without a word
            if not route.startswith(("channel/", "sales/")):
                session.messages.append(("error", BAD_KEY))
            return start
        match route:
            case routes.DASHBOARD:
                newest = tuple(order for store in self._shop.stores for order in self._shop.recent(store.name)[:2])
                return self._pages.dashboard(session, newest)
            case routes.MY_ACCOUNT:
                return self._pages.filler(session, "My Account")
            case routes.CHANNEL:
                session.listed_store = None
                return self._pages.channel(session)
            case routes.ORDER | routes.ORDER_CANCEL:
                return self._commerce_order(method, session, route, parameters.get("order_id", ""))
            case routes.USAGE_ALLOWED | routes.USAGE_DECLINED:
                session.usage_answered = True
                return JSONResponse({"success": True})
            case routes.NOTES:
                session.notes_closed = True
                return JSONResponse({"success": True})
            case routes.SIGN_OUT:
                self._sessions.end(session)
                session.messages.append(("success", "You have logged out."))
                return RedirectResponse("/admin/", status_code=302)
        if route in routes.FILLERS:
            return self._pages.filler(session, routes.FILLERS[route])
        return self._pages.not_found(session)

    def _is_kept_out(self, session: Session, route: str, parameters: dict[str, str]) -> bool:
        """Whether an address leads nowhere in this session: its key is another one's, or a code is still to come."""
        session.owes_code &= self._two_factor.asked_for
        return session.owes_code or parameters.get("key") != session.key(route)

    async def _classic_page(self, asked: Asked) -> Response:
        """One of the extension's pages that the server draws, or what comes of the form that was sent from one."""
        faults = self._faults
        cancels = asked.operation == "cancelOrder"
        if asked.operation and self._answer_ms:
            await asyncio.sleep(self._answer_ms / 1000)
        if (cancels and faults.request_lost) or (asked.operation and faults.operation_lost == asked.operation):
            return CutOff()
        if cancels and faults.cancel_late_ms:
            await asyncio.sleep(faults.cancel_late_ms / 1000)
        response = self._classic.answer(asked)
        if not cancels:
            return response
        if faults.cancel_arrives_twice:
            response = self._classic.answer(asked)
        if faults.cancel_hangs_ms:
            await asyncio.sleep(faults.cancel_hangs_ms / 1000)
        if faults.answer_lost:
            return CutOff()
        return self._pages.trouble(faults.cancel_status) if faults.cancel_status else response

    def _start_page(self) -> str:
        """The route of the page that accounts start at."""
        titles = {title: route for route, title in routes.FILLERS.items()}
        return titles[self._faults.start_page] if self._faults.start_page else routes.DASHBOARD

    def _second_factor(
        self, method: str, session: Session, route: str, parameters: dict[str, str], body: bytes
    ) -> Response:
        """Ask for the second factor, whatever was asked for, or check what was entered."""
        page = routes.TWO_FACTOR_SET_UP if self._faults.two_factor_not_set_up else routes.TWO_FACTOR
        if self._faults.two_factor_denied:
            page = routes.TWO_FACTOR_DENIED
        keyed = parameters.get("key") == session.key(route)
        if keyed and route == page:
            return self._pages.denied(session) if self._faults.two_factor_denied else self._pages.two_factor(session)
        if not (keyed and route == routes.TWO_FACTOR_ANSWER and method == "POST" and self._faults.two_factor):
            return RedirectResponse(session.url(page), status_code=302)
        (code,) = parse_qs(body.decode(errors="replace")).get("tfa_code", [""])[:1]
        verdict = self._two_factor.check(session.account, code.strip())
        self._journal.add(CodeRecord(account=session.account, verdict=verdict))
        if verdict != "accepted":
            return JSONResponse({"success": False, "message": self._tongue.text(session, "Invalid code")})
        session.owes_code = False
        return JSONResponse({"success": True})

    def _commerce_order(self, method: str, session: Session, route: str, number: str) -> Response:
        try:
            order = self._shop.by_commerce_number(number)
        except KeyError:
            return self._pages.not_found(session)
        if route == routes.ORDER_CANCEL and method == "POST":
            self._journal.add(CommerceCancelRecord(commerce_number=number, order=order.number, account=session.account))
            session.messages.append(("success", "You canceled the order."))
            return RedirectResponse(session.url(routes.ORDER, order_id=number), status_code=302)
        if self._generation.is_classic:
            amazon_order = self._classic.details_url(session, order)
        else:
            uuid = self._shop.store(order.store).uuid
            amazon_order = f"{session.url(routes.CHANNEL)}#/store-details/{uuid}/orders/{order.number}"
        return self._pages.order(session, order, amazon_order)

    async def _data(self, session: Session, call: dict[str, Any]) -> Response:
        """Answer one operation of the app, whatever its key. Errors are HTTP 200, an ended session included."""
        if self._answer_ms:
            await asyncio.sleep(self._answer_ms / 1000)
        faults = self._faults
        operation = str(call.get("operationName", ""))
        if operation and faults.session_ends_before == operation and session.account:
            self._sessions.end(session, TAKEN_OVER)
        if not session.account or session.owes_code:
            return JSONResponse(AJAX_EXPIRED) if faults.ajax_expired else self._without_session(session)
        if faults.data_forbidden:
            return self._authentication_failed(session, 403)
        cancels = operation == "cancelOrder"
        if (cancels and faults.request_lost) or (operation and faults.operation_lost == operation):
            return CutOff()
        if cancels and faults.cancel_late_ms:
            await asyncio.sleep(faults.cancel_late_ms / 1000)
        response = self._answer(operation, call, session)
        if not cancels:
            return response
        if faults.cancel_arrives_twice:
            response = self._answer(operation, call, session)
        if faults.cancel_hangs_ms:
            await asyncio.sleep(faults.cancel_hangs_ms / 1000)
        if faults.answer_lost:
            return CutOff()
        return self._pages.trouble(faults.cancel_status) if faults.cancel_status else response

    def _without_session(self, session: Session) -> Response:
        """What a background request is answered after the session has ended: the first is sent to the sign-in page, the
        others get words that are no JSON, with a good status.
        """
        if session.redirected:
            return self._authentication_failed(session, 200)
        session.redirected = True
        return RedirectResponse(session.url(routes.SIGN_IN), status_code=302)

    def _authentication_failed(self, session: Session, status: int) -> Response:
        """An error in JSON, followed by the complete sign-in page."""
        error = json.dumps({"errors": [{"message": "Authentication failed"}]})
        page = bytes(self._pages.sign_in(session).body).decode()
        return Response(error + page, status_code=status, media_type="application/json")

    def _answer(self, operation: str, call: dict[str, Any], session: Session) -> Response:
        """Act on one operation."""
        try:
            variables = call.get("variables")
            data = self._channel.answer(operation, variables if isinstance(variables, dict) else {}, session)
        except (ChannelError, ValueError) as error:
            return self._errors(session, str(error))
        speech = self._tongue.of(session)
        return JSONResponse({"data": data if speech is None else speech.data(data)})

    def _errors(self, session: Session, message: str) -> Response:
        return JSONResponse({"errors": [{"message": self._tongue.text(session, message)}]})


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, however it was encoded."""
    if request.method != "POST":
        return {}
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _call(body: bytes) -> dict[str, Any]:
    try:
        call = json.loads(body or b"{}")
    except ValueError:
        return {}
    return call if isinstance(call, dict) else {}


def _parse(path: str) -> tuple[str, dict[str, str]]:
    """The route (three names) and the parameters (pairs of names and values) of an Admin address."""
    names = [name for name in path.split("/") if name][1:]
    return "/".join(names[:3]), dict(zip(names[3::2], names[4::2], strict=False))
