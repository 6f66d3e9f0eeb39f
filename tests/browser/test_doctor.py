"""``countermand doctor`` on every face of the practice Admin: what works, what does not, and nothing is canceled."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from practice_kit import HANGS, US, GivesUpOnce, Start
from pydantic import SecretStr

from bot.admin import Admin
from bot.checks.doctor import CHECKS, COMPARE, TRY_LATER, Finding, FindingState, Over, Round
from bot.identity import admin_name
from bot.sandbox import Sandbox
from bot.vocabulary import Status
from flows.look_around import look_around
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(4)

Look = Callable[..., dict[str, Finding]]

STORES = (
    "4 stores: asc-v2-2.3-adobe-ca, asc-v2-2.3-magentocommerce, asc-v2-2.3-magentocommerce-us, "
    "asc-v2-2.3-magentocommerce-us-2"
)
ADDRESS = "Check COUNTERMAND_ADMIN_URL: scheme, host and port."
NOT_AN_ADMIN = (
    "Open COUNTERMAND_ADMIN_URL in a browser: it must show the Admin's sign-in page, in English. Many shops have an "
    "Admin address of their own; the shop's administrator knows it."
)


class Unheard:
    """Hears everything and shows nothing."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_: None


@pytest.fixture
def look(new_admin: Admin, sandbox: Sandbox, totp_secret: SecretStr | None) -> Look:
    """Makes the checks from reaching the Admin on, and gives what was found; nothing is ever canceled."""

    def look(
        *,
        store: str | None = US,
        password: str = "",
        totp_secret: SecretStr | None = totp_secret,
        url: str = "",
        patience: float = 15,
    ) -> dict[str, Finding]:
        new_admin.page.context.clear_cookies()
        checks = Round(Unheard())
        checks.findings += [Finding(check=name, state=FindingState.WORKS) for name in ("settings", "browser")]
        admin = Admin(new_admin.page, new_admin.pack, url or sandbox.url, patience=patience, on_step=checks.step)
        secrets: dict[str, Any] = {"password": SecretStr(password or sandbox.password), "totp_secret": totp_secret}
        enter = partial(sign_in, username=sandbox.username, **secrets)
        with suppress(Over):
            look_around(admin, checks, enter, store=store)
        checks.finish()
        assert [finding.check for finding in checks.findings] == [check.name for check in CHECKS]
        assert "cancelOrder" not in sandbox.journal.operations
        assert sandbox.journal.cancels == ()
        return {finding.check: finding for finding in checks.findings[2:]}

    return look


def failed(check: str, found: str, next_step: str) -> Finding:
    return Finding(check=check, state=FindingState.FAILED, found=found, next_step=next_step)


def the_failure(findings: dict[str, Finding]) -> Finding:
    """The one check that failed; those before it work, and those after it were not reached."""
    states = [finding.state for finding in findings.values()]
    place = states.index(FindingState.FAILED)
    assert states == [FindingState.WORKS] * place + [FindingState.FAILED] + [FindingState.NOT_REACHED] * (
        len(states) - place - 1
    )
    return list(findings.values())[place]


def listed(sandbox: Sandbox, newest: int) -> str:
    """What is said of a list of the newest orders."""
    statuses = [order.status for order in sandbox.shop.orders(US)[:newest]]
    return f"{newest} orders, {statuses.count(Status.UNSHIPPED)} of them Unshipped"


# --- What works ---------------------------------------------------------------------------------------------------


def test_everything_works_up_to_the_dialog(look: Look, sandbox: Sandbox, totp_secret: SecretStr | None) -> None:
    order = next(order.number for order in sandbox.shop.recent(US) if order.status is Status.UNSHIPPED)
    assert [(finding.check, finding.state, finding.found) for finding in look().values()] == [
        ("admin", "works", f"{admin_name(sandbox.url)} answers: The Admin's sign-in page"),
        ("sign_in", "works", "signed in, with a two-factor code" if totp_secret else "signed in"),
        ("app", "works", "Amazon Sales Channel opens from the menu"),
        ("home", "works", STORES),
        ("store_dashboard", "works", f"store {US}, {listed(sandbox, 10)}"),
        ("all_orders", "works", f"on its first page {listed(sandbox, 50)}"),
        ("order_details", "works", f"order {order} reads Unshipped"),
        ("cancel_dialog", "works", f"opens for order {order}, with its reasons and Confirm; it was left again"),
    ]
    # The dialog asks for its reasons as it opens; leaving it opens the order's page again.
    assert sandbox.journal.operations[-2:] == ("cancelReasons", "orderDetails")


@pytest.mark.thorough
def test_without_a_name_it_is_the_first_store(look: Look) -> None:
    assert look(store=None)["store_dashboard"].found == "store asc-v2-2.3-adobe-ca, 10 orders, 5 of them Unshipped"


@pytest.mark.thorough
def test_an_order_that_is_not_recent_serves_as_well(look: Look, sandbox: Sandbox) -> None:
    for order in sandbox.shop.recent(US):
        order.status = Status.SHIPPED
    findings = look()
    order = next(order for order in sandbox.shop.orders(US)[:50] if order.status is Status.UNSHIPPED)
    assert findings["store_dashboard"].found == f"store {US}, 10 orders, 0 of them Unshipped"
    assert findings["order_details"].found == f"order {order.number} reads Unshipped"
    assert findings["cancel_dialog"].state is FindingState.WORKS


@pytest.mark.thorough
def test_without_an_unshipped_order_the_dialog_is_not_tried(look: Look, sandbox: Sandbox) -> None:
    for order in sandbox.shop.orders(US):
        order.status = Status.PENDING
    findings = look()
    assert findings["order_details"] == Finding(
        check="order_details",
        state=FindingState.WORKS,
        found=f"order {sandbox.shop.recent(US)[0].number} reads Pending",
    )
    assert findings["cancel_dialog"] == Finding(
        check="cancel_dialog",
        state=FindingState.NOT_TRIED,
        found="there is no Unshipped order in these lists; only such an order has the dialog",
    )
    assert "cancelReasons" not in sandbox.journal.operations


@pytest.mark.thorough
def test_without_orders_neither_an_orders_page_nor_the_dialog_is_tried(
    look: Look, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sandbox.shop._by_store, US, {})
    findings = look()
    assert [findings[name].state for name in ("all_orders", "order_details", "cancel_dialog")] == [
        "works",
        "not_tried",
        "not_tried",
    ]
    assert findings["order_details"].found == "the store has no orders"


# --- What does not ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "value", "check", "found", "next_step"),
    [
        pytest.param(
            "maintenance",
            True,
            "admin",
            "The Admin is in maintenance, or down (HTTP 503).",
            TRY_LATER,
            marks=pytest.mark.thorough,
        ),
        (
            "bad_gateway",
            True,
            "admin",
            "The Admin answered with an error (HTTP 502).",
            "Run it again; if it stays, tell the shop's administrator.",
        ),
        pytest.param(
            "two_factor_provider",
            "Duo Security",
            "sign_in",
            "The Admin asks for a second factor that a program cannot provide (Authy, Duo Security or a U2F key).",
            "Ask an administrator to give the account Google Authenticator as its provider, and put its secret into "
            "COUNTERMAND_TOTP_SECRET; or to exempt the account.",
            marks=pytest.mark.thorough,
        ),
        (
            "permission_missing",
            True,
            "app",
            "The Admin says that this account needs permissions to view the page.",
            "Ask an administrator to give the account's role the Amazon Sales Channel resources.",
        ),
        pytest.param(
            "app_status",
            500,
            "app",
            "The Admin answered a request of its app with an error (HTTP 500).",
            "Run it again; if it stays, tell the shop's administrator.",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            "session_ends_before",
            "recentOrders",
            "store_dashboard",
            "The session has ended; the app says Authentication failed.",
            "If this happens often, raise the Admin's session lifetime for this account.",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_a_check_that_fails_says_why_and_what_to_do(
    look: Look, sandbox: Sandbox, fault: str, value: Any, check: str, found: str, next_step: str
) -> None:
    sandbox.faults.update({fault: value})
    assert the_failure(look()) == failed(check, found, next_step)


@pytest.mark.thorough
def test_a_dialog_that_is_not_as_the_pack_says_is_named(
    look: Look, sandbox: Sandbox, new_admin: Admin, gives_up_once: GivesUpOnce
) -> None:
    gives_up_once(lambda: new_admin.page.get_by_role("button", name="Confirm").count() == 2)
    sandbox.faults.second_confirm = True
    told = "The cancel dialog did not appear within 15 s: The button Confirm is not there, exactly once, in the dialog."
    assert the_failure(look()) == failed("cancel_dialog", told, COMPARE)


def test_a_two_factor_secret_that_is_missing_is_named(look: Look, sandbox: Sandbox) -> None:
    sandbox.faults.two_factor = "JBSWY3DPEHPK3PXP"
    assert the_failure(look(totp_secret=None)) == failed(
        "sign_in",
        "The Admin asks for a two-factor code, and COUNTERMAND_TOTP_SECRET is not set.",
        "Set COUNTERMAND_TOTP_SECRET to the secret that this account's authenticator app was set up with, "
        "or ask an administrator for an account that is exempt from two-factor authentication.",
    )


def test_a_wrong_password_is_tried_once(look: Look, sandbox: Sandbox) -> None:
    assert the_failure(look(password="wrong")) == failed(
        "sign_in",
        "The Admin refused the user name or password, or the account is locked for a while.",
        "Check COUNTERMAND_USERNAME and COUNTERMAND_PASSWORD. It is not tried again, because six failures "
        "lock an account.",
    )
    assert [record.method for record in sandbox.journal.requests].count("POST") == 1


@pytest.mark.thorough
def test_a_store_that_is_not_there_is_named_beside_those_that_are(look: Look) -> None:
    assert the_failure(look(store="asc-v2-2.3")) == failed(
        "home",
        f"There is no store 'asc-v2-2.3' on the home page: {STORES}.",
        "Name one of these with --store, whole, and so in the job list.",
    )


@pytest.mark.thorough
def test_a_home_page_without_stores_is_named(look: Look, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shop, "stores", ())
    assert the_failure(look()) == failed(
        "home",
        "The home page shows no store.",
        "Connect one with Add Amazon Store, or look with --headed whether the page shows one all the same.",
    )


# --- Where there is no Admin --------------------------------------------------------------------------------------


class Somewhere(BaseHTTPRequestHandler):
    """A server that is no Admin."""

    answers: dict[str, tuple[int, dict[str, str], bytes]] = {}  # noqa: RUF012  # the tests fill it

    def do_GET(self) -> None:
        status, headers, body = self.answers.get(self.path, (404, {}, b"<h1>Whoops</h1>"))
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def somewhere(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serves it while the block lasts; gives the port."""
    with HTTPServer(("127.0.0.1", 0), Somewhere) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a browser that hangs up is expected
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "answer", "found"),
    [
        ("/shop", (200, {}, b"<title>Shoes</title><h1>Shoes"), "answers, but with a page called 'Shoes', which is not"),
        ("/blank", (200, {}, b"<h1>Shoes"), "answers, which is not"),
    ],
)
def test_a_page_that_is_no_admins_is_named_at_once(look: Look, path: str, answer: Any, found: str) -> None:
    Somewhere.answers = {path: answer}
    with somewhere() as port:
        assert the_failure(look(url=f"http://127.0.0.1:{port}{path}")) == failed(
            "admin", f"127.0.0.1:{port} {found} an Admin's sign-in page in English.", NOT_AN_ADMIN
        )


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (404, "answers, but has no page at this address (HTTP 404)."),
        (410, "answers, but refuses to show the page (HTTP 410)."),
    ],
)
def test_an_address_that_shows_no_page_is_named_at_once(look: Look, status: int, found: str) -> None:
    Somewhere.answers = {"/admin": (status, {}, b"<h1>Whoops")}
    with somewhere() as port:
        assert the_failure(look(url=f"http://127.0.0.1:{port}/admin")) == failed(
            "admin", f"127.0.0.1:{port} {found}", NOT_AN_ADMIN
        )


def test_a_port_where_nothing_listens_is_named(look: Look) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening: nobody else can begin to
        port = taken.getsockname()[1]
        assert the_failure(look(url=f"http://127.0.0.1:{port}/admin")) == failed(
            "admin", f"127.0.0.1:{port} refused the connection: nothing listens there.", ADDRESS
        )


def test_a_name_that_nobody_knows_is_named(look: Look) -> None:
    assert the_failure(look(url="https://shop.invalid/admin")) == failed(
        "admin",
        "There is no address for the name shop.invalid (DNS).",
        "Check the host in COUNTERMAND_ADMIN_URL, and whether this machine needs a VPN to know the name.",
    )


def test_an_address_that_leads_on_to_another_host_is_named(look: Look) -> None:
    Somewhere.answers = {"/admin": (302, {"Location": "https://elsewhere.invalid/admin"}, b"")}
    with somewhere() as port:
        assert the_failure(look(url=f"http://127.0.0.1:{port}/admin")) == failed(
            "admin",
            "The Admin's address leads on to elsewhere.invalid, which is not an allowed host.",
            "If the Admin lives there, put that address into COUNTERMAND_ADMIN_URL; if it only passes through, add the "
            "host to COUNTERMAND_ALLOWED_HOSTS.",
        )


def test_https_where_only_http_is_spoken_is_named(look: Look) -> None:
    with somewhere() as port:
        assert the_failure(look(url=f"https://127.0.0.1:{port}/admin")) == failed(
            "admin", f"127.0.0.1:{port} answers, but does not speak HTTPS as browsers do.", ADDRESS
        )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed")
def test_a_self_signed_certificate_is_named(look: Look, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with somewhere(tls) as port:
        assert the_failure(look(url=f"https://127.0.0.1:{port}/admin")) == failed(
            "admin",
            f"The certificate of 127.0.0.1:{port} is self-signed, or of an authority that this machine does not know.",
            "If it is from an authority of your own, name that authority's file (PEM) in "
            "COUNTERMAND_CERTIFICATE_AUTHORITY, or add it to this machine's trust store; or have the shop's server "
            "use a "
            "certificate of a known authority.",
        )


# --- As a person starts it ----------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_command_tells_a_person_what_works(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    said, complained = (process := start(tmp_path, "doctor", "--store", US)).communicate(timeout=HANGS)
    lines = said.splitlines()
    assert (process.returncode, complained) == (0, "")
    assert [line[:32].split("  ")[0] for line in lines[:10]] == ["works"] * 10
    assert lines[10:] == ["", "Ready: everything works, up to the cancel dialog. Nothing was canceled."]
    assert sandbox.journal.cancels == ()
    assert sandbox.password not in said


def test_the_command_tells_a_program_what_does_not(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    process = start(tmp_path, "doctor", "--json", PASSWORD="wrong")
    said, complained = process.communicate(timeout=HANGS)
    found = json.loads(said)
    assert (process.returncode, complained) == (1, "")
    assert [one["state"] for one in found] == ["works"] * 3 + ["failed"] + ["not_reached"] * 6
    assert found[3]["check"] == "sign_in"
    assert "cancelOrder" not in sandbox.journal.operations
