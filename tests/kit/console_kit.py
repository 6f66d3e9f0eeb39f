"""A console that listens on this computer, and somebody who talks to it as a browser does."""

import http.client
import re
import socket
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import uvicorn
from pydantic import SecretStr

from bot.console.app import application
from bot.console.desk import Desk
from bot.console.oidc import Provider
from bot.console.people import Roles
from bot.console.ways_in import OneTimeAddress, ProxyHeader
from bot.engine.backlog import open_backlog
from bot.engine.submission import Submitted, submit
from bot.joblist import JobList
from bot.ledger import Asked, Ledger
from bot.settings import Settings

HEADER = "X-Forwarded-User"
ROLES = """\
viewers: [vera, olga, otto, anna, adam]
operators: [olga, otto]
approvers: [anna, olga]
administrators: [adam, ada]
"""
"""Vera looks; Olga and Otto operate, and Olga approves too; Anna approves; Adam may do everything."""


class Answer(NamedTuple):
    """What the console answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def place(self) -> str:
        """Where it leads."""
        return self.headers.get("location", "")


class Browser:
    """Somebody at the console. It sends what browsers send, unless a test says something else."""

    def __init__(self, port: int, name: str = "") -> None:
        self.port, self.name = port, name
        self.origin = f"http://127.0.0.1:{port}"
        self.cookies: dict[str, str] = {}
        self.set_cookie = ""

    @property
    def cookie(self) -> str:
        """What it sends as its cookies."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @cookie.setter
    def cookie(self, cookie: str) -> None:
        self.cookies = {one.partition("=")[0]: one.partition("=")[2] for one in cookie.split("; ")}

    def _keep(self, set_cookie: str) -> None:
        name, _, value = set_cookie.partition(";")[0].partition("=")
        self.cookies[name] = value
        if "max-age=0" in set_cookie.lower():
            del self.cookies[name]
        else:
            self.set_cookie = set_cookie

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, /, **headers: str | None
    ) -> Answer:
        """Headers by name, with ``_`` for ``-``; None leaves one out."""
        usual: dict[str, str | None] = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        if method == "POST":
            usual["Origin"] = self.origin
        if self.name:
            usual[HEADER] = self.name
        if self.cookie:
            usual["Cookie"] = self.cookie
        given = {name.replace("_", "-").title(): value for name, value in headers.items()}
        sent = {name: value for name, value in {**usual, **given}.items() if value is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            for set_cookie in answer.headers.get_all("set-cookie") or []:
                self._keep(set_cookie)
            return Answer(answer.status, told, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, **headers)

    def post(
        self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None, /, **headers: str | None
    ) -> Answer:
        body = urllib.parse.urlencode(fields or {}, doseq=True).encode()
        return self.ask("POST", path, body, content_type="application/x-www-form-urlencoded", **headers)


class Served:
    """A console that listens, with its ledger."""

    def __init__(self, desk: Desk, port: int, said: list[str]) -> None:
        self.desk, self.port, self.said = desk, port, said

    @property
    def ledger(self) -> Ledger:
        return self.desk.ledger

    def browser(self, name: str = "") -> Browser:
        """A browser of the person with this name; without one, of nobody yet."""
        return Browser(self.port, name)

    def me(self) -> Browser:
        """A browser that has opened the one-time address."""
        browser = self.browser()
        assert browser.get(f"/enter/{self.said[-1]}").status == 303
        return browser

    def submitted(self, job_list: JobList, terms: object, *, by: str = "olga", approval: bool = True) -> Submitted:
        """A list that somebody has submitted."""
        asked = Asked(by=by, approval=approval, four_eyes=self.desk.four_eyes)
        return submit(job_list, self.desk.settings, terms, asked)  # type: ignore[arg-type]  # Terms, or one like it

    def waiting_for_workers(self) -> list[str]:
        """What the engine would hand out."""
        return self.desk.backlog.waiting(self.desk.admin)


@contextmanager
def served(folder: Path, *, team: bool = False, **settings: object) -> Iterator[Served]:
    """A console on a free port: one person's own, a team's behind a proxy on this computer, or, with the settings of
    a provider, a team's that signs in there.
    """
    runs = folder / "runs"
    given = {
        "admin_url": "https://shop.example/admin",
        "username": "bot",
        "password": SecretStr("correct horse"),
        "runs_dir": runs,
        "ledger": str(runs / "ledger.sqlite"),
    }
    known = Settings.model_validate(given | settings)
    said: list[str] = []
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    port = listener.getsockname()[1]
    with Ledger.open(known.ledger_place) as ledger, open_backlog(known.ledger_place, ledger) as backlog:
        desk = Desk(
            settings=known,
            ledger=ledger,
            backlog=backlog,
            origin=f"http://127.0.0.1:{port}",
            hosts=frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}),
        )
        if team or known.console_oidc_issuer:
            (folder / "roles.yaml").write_text(ROLES, encoding="utf-8")
            desk.roles = Roles(folder / "roles.yaml")
        if known.console_oidc_issuer:
            desk.provider = Provider(known, desk.origin)
        elif team:
            desk.proxy = ProxyHeader.of(HEADER, ["127.0.0.1"])
        else:
            desk.one_time = OneTimeAddress(said.append, person="sole")
        config = uvicorn.Config(
            application(desk),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Served(desk, port, said)
        finally:
            server.should_exit = True
            thread.join()
            listener.close()


def hidden(page: str, name: str) -> list[str]:
    """The values of the fields with this name in a page's forms."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


Consoles = Callable[..., Served]
