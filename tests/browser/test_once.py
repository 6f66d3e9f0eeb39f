"""Once means once at the server: what arrives there when connections are cut, and what is said of it.

Between the browser and the practice Admin stands a server that reads every request whole, has the practice Admin act on
it, and then answers a cancel as it was told. What it has received is counted there.
"""

import datetime
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser_server_kit import BrowserServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cutting_kit import Cutter
from environment_kit import clean_environment
from playwright.sync_api import Browser, Playwright
from practice_kit import MakeJob

from bot.access.browser import launch_options
from bot.access.find_browser import BrowserChoice
from bot.access.remote_browser import connect
from bot.admin import Admin
from bot.cancel.cancels import Sent
from bot.cancel.sending import send_once
from bot.cancel.verdicts import Verdict
from bot.cancel.ways import wire_for
from bot.outcomes import Outcome
from bot.pack import Pack
from bot.sandbox import Generation, Sandbox
from bot.vocabulary import Status
from flows.cancel_order import cancel_order

pytestmark = pytest.mark.face("spectrum", only=True)

ASC_2, ASC_4_0, ASC_4_3 = Generation
WAYS = pytest.mark.parametrize("generation", [ASC_4_3, ASC_4_0], ids=["mutation", "form"], indirect=True)
"""The two ways in which a cancel leaves: the app's mutation, and the classic multipart form with its redirect."""


def ways_and_modes(*modes: str, form: Collection[str]) -> pytest.MarkDecorator:
    """Each mode for the mutation; for the form only those that are named, and the others in a thorough run."""
    rows = [pytest.param(ASC_4_3, mode, id=f"{mode}-mutation") for mode in modes]
    rows += [
        pytest.param(ASC_4_0, mode, id=f"{mode}-form", marks=() if mode in form else pytest.mark.thorough)
        for mode in modes
    ]
    return pytest.mark.parametrize(("generation", "mode"), rows, indirect=["generation"])


Cancel = Callable[..., Verdict]


@pytest.fixture
def cancel(
    browser: Browser,
    browser_context_args: dict[str, Any],
    pack: Pack,
    sandbox: Sandbox,
    job: MakeJob,
    open_dashboard: Callable[[Admin], None],
) -> Cancel:
    """Cancels the usual order through a server in between, on a page of a profile of its own."""

    def cancel(
        cutter: Cutter, mode: str, *, sent_by: Any = "client", url: str = "", of: Browser = browser, **profile: Any
    ) -> Verdict:
        with of.new_context(**{**browser_context_args, **profile}) as context, context.new_page() as page:
            address = url or cutter.url
            admin = Admin(page, pack, address, patience=60, settle=0, wire=wire_for(address, [pack], sent_by=sent_by))
            open_dashboard(admin)

            def begins(step: str) -> None:
                """From the press on; once the answer was waited for, everything is handed on again."""
                cutter.mode = mode if step == "press_confirm" else "" if mode != "late" else cutter.mode
                admin.patience = 3 if step == "press_confirm" and mode in {"late", "half"} else 60

            admin.callbacks = replace(admin.callbacks, on_step=begins)
            return cancel_order(admin, job("unshipped_recent"))

    return cancel


NOT_TOLD = "The order's page says Canceled, but no answer came ({}): whether Amazon was told is not known."
REFUSED = "The Admin says Canceled but answered with an error ({}): Amazon was probably never told."

TOLD = {
    "close": (Outcome.UNKNOWN, NOT_TOLD.format("the connection was closed without an answer")),
    "reset": (Outcome.UNKNOWN, NOT_TOLD.format("the connection was reset")),
    "half": (Outcome.UNKNOWN, NOT_TOLD.format("the answer broke off")),
    "408": (Outcome.CANCELED_NOT_SENT, REFUSED.format("HTTP 408")),
    "421": (Outcome.CANCELED_NOT_SENT, REFUSED.format("HTTP 421")),
    "502": (Outcome.CANCELED_NOT_SENT, REFUSED.format("HTTP 502")),
    "late": (Outcome.UNKNOWN, NOT_TOLD.format("nothing was answered in time")),
}
"""What a server does after it has read a cancel whole and acted on it -> what is said of the order."""

SENT_AGAIN = ("close", "reset", "408", "421")
"""Of these, what Chromium itself answers by sending the same request once more."""


@ways_and_modes(*TOLD, form={"close", "half", "late"})
def test_a_cancel_arrives_once_whatever_the_server_answers(cancel: Cancel, sandbox: Sandbox, mode: str) -> None:
    with Cutter(sandbox.url) as cutter:
        verdict = cancel(cutter, mode)
        # What breaks off at once may be told to the client before it listens: then it waits in vain.
        assert (verdict.outcome, verdict.message) in [TOLD[mode], TOLD["late" if mode == "half" else mode]]
        assert len(cutter.cancels) == 1
    assert [(record.order, record.reason) for record in sandbox.journal.cancels] == [
        ("112-1215998-3002091", "BuyerCanceled")
    ]


@pytest.mark.sampled(4)
@ways_and_modes(*SENT_AGAIN, form={"close"})
def test_a_cancel_that_the_browser_sends_arrives_twice(cancel: Cancel, sandbox: Sandbox, mode: str) -> None:
    with Cutter(sandbox.url) as cutter:
        cancel(cutter, mode, sent_by="browser")
        assert len(cutter.cancels) > 1
    assert len(sandbox.journal.cancels) > 1


@pytest.mark.sampled(4)
@WAYS
@pytest.mark.parametrize("sent_by", ["client", "browser"])
def test_where_nothing_is_cut_both_channels_cancel_once_and_prove_it(
    cancel: Cancel, sandbox: Sandbox, sent_by: str
) -> None:
    with Cutter(sandbox.url) as cutter:
        verdict = cancel(cutter, "", sent_by=sent_by)
        assert (verdict.outcome, verdict.status_after) == (Outcome.CANCELED, Status.CANCELED)
        assert len(cutter.cancels) == 1
    assert len(sandbox.journal.cancels) == 1


def test_the_form_that_the_client_sends_is_the_one_that_the_page_would_send(cancel: Cancel, sandbox: Sandbox) -> None:
    bodies = []
    for sent_by in ("client", "browser"):
        sandbox.shop.reset()
        with Cutter(sandbox.url) as cutter:
            cancel(cutter, "", sent_by=sent_by)
            (request,) = cutter.cancels
        kept = {name: request.headers[name] for name in ("cookie", "origin", "referer", "user-agent")}
        bodies.append((request.body, sorted(kept), request.headers["user-agent"]))
    assert bodies[0] == bodies[1]


# --- In a browser on another machine ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(browser_choice: BrowserChoice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserServer]:
    with BrowserServer(tmp_path_factory.mktemp("far"), browser_choice) as server:
        yield server


@pytest.fixture(scope="module")
def far_browser(playwright: Playwright, server: BrowserServer) -> Iterator[Browser]:
    """A browser that a browser server serves."""
    args = launch_options(BrowserChoice(executable=None, source=""), allowed_hosts=["127.0.0.1"])["args"]
    browser = connect(playwright, [server.address], args=args, allowed_hosts=["127.0.0.1"])
    yield browser
    browser.close()


@pytest.mark.sampled(3)
@ways_and_modes("", "close", "half", "408", "late", form={"", "close"})
def test_from_a_browser_of_another_machine_a_cancel_arrives_once_too(
    cancel: Cancel, sandbox: Sandbox, far_browser: Browser, mode: str
) -> None:
    with Cutter(sandbox.url) as cutter:
        verdict = cancel(cutter, mode, of=far_browser)
        if mode:
            assert (verdict.outcome, verdict.message) in [TOLD[mode], TOLD["late" if mode == "half" else mode]]
        else:
            assert (verdict.outcome, verdict.status_after) == (Outcome.CANCELED, Status.CANCELED)
        assert len(cutter.cancels) == 1
    assert [(record.order, record.reason) for record in sandbox.journal.cancels] == [
        ("112-1215998-3002091", "BuyerCanceled")
    ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere only root may ask whose connection it is")
def test_a_cancel_leaves_the_machine_that_the_browser_is_on(far_browser: Browser, server: BrowserServer) -> None:
    (driver,) = server.drivers
    with socket.create_server(("127.0.0.1", 0)) as site, far_browser.new_context() as context:
        came: list[int] = []

        def answer() -> None:
            guest, (_, port) = site.accept()
            with guest:
                came.extend(one.laddr.port for one in driver.net_connections("tcp") if one.laddr.port == port)
                guest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        url = f"http://127.0.0.1:{site.getsockname()[1]}/"
        answered = send_once(context.request, Sent(method="POST", url=url, headers={}, body=b"a cancel"), 60)
        answering.join()
    assert answered.status == 200
    assert len(came) == 1


# --- Over HTTP/2, behind a proxy, with a private certificate authority ---------------------------------------------


class Certificate:
    """A certificate for 127.0.0.1, signed by an authority that nobody knows."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.chain, self.key = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
        now = datetime.datetime.now(datetime.UTC)
        keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("Our own", "127.0.0.1")]
        signed = []
        for number, (name, key) in enumerate(zip(names, keys, strict=True)):
            builder = x509.CertificateBuilder(
                issuer_name=names[0],
                subject_name=name,
                public_key=key.public_key(),
                serial_number=x509.random_serial_number(),
                not_valid_before=now - datetime.timedelta(days=1),
                not_valid_after=now + datetime.timedelta(days=30),
            ).add_extension(x509.BasicConstraints(ca=number == 0, path_length=None), critical=True)
            if number:
                addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
                builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
            signed.append(builder.sign(keys[0], hashes.SHA256()))
        written = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in signed]
        self.authority.write_bytes(written[0])
        self.chain.write_bytes(written[1] + written[0])
        bare = serialization.NoEncryption()
        private = serialization.PrivateFormat.PKCS8
        self.key.write_bytes(keys[1].private_bytes(serialization.Encoding.PEM, private, bare))

    def server(self, *protocols: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        context.set_alpn_protocols(list(protocols))
        return context


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


@pytest.mark.sampled(2)
@ways_and_modes("refused", "goaway", form=())
def test_over_http2_the_browser_sends_a_cancel_again_and_the_client_once(
    cancel: Cancel, sandbox: Sandbox, certificate: Certificate, mode: str
) -> None:
    with Cutter(sandbox.url, tls=certificate.server("h2", "http/1.1")) as cutter:
        cancel(cutter, mode, sent_by="browser", ignore_https_errors=True)
        assert len(cutter.cancels) > 1
    sandbox.shop.reset()
    sandbox.journal.clear()
    with Cutter(sandbox.url, tls=certificate.server("h2", "http/1.1")) as cutter:
        verdict = cancel(cutter, mode, ignore_https_errors=True)
        assert len(cutter.cancels) == len(sandbox.journal.cancels) == 1
    # The client speaks HTTP/1.1, in which a server cannot take back what it has read.
    assert verdict.outcome is Outcome.CANCELED


@WAYS
def test_behind_a_proxy_a_cancel_arrives_once_too(cancel: Cancel, sandbox: Sandbox) -> None:
    with Cutter(sandbox.url) as proxy:
        through = {"server": proxy.origin, "bypass": "<-loopback>"}
        verdict = cancel(proxy, "close", url=sandbox.url, proxy=through)
        assert len(proxy.cancels) == len(sandbox.journal.cancels) == 1
    assert (verdict.outcome, verdict.message) == TOLD["close"]


TRY_OUT = """
import sys
from playwright.sync_api import sync_playwright
from bot.cancel.ways import wire_for
from bot.errors import CountermandError, SessionEnded
from bot.pack import load_pack

browser, url = sys.argv[1:]
with sync_playwright() as playwright:
    # The browser trusts what this machine does not know; the client is not told to.
    launched = playwright.chromium.launch(
        executable_path=browser or None, args=["--ignore-certificate-errors"], chromium_sandbox=False
    )
    page = launched.new_page()
    page.goto(url)
    try:
        wire_for(url, [load_pack("asc-4.3")]).try_out(page, 15)
        print("gets through")
    except SessionEnded:
        print("gets through, to the page that asks to sign in")
    except CountermandError as trouble:
        print(type(trouble).__name__, trouble, trouble.next_step)
    launched.close()
"""


def test_a_private_authority_that_the_client_does_not_know_is_named_before_anything_is_pressed(
    sandbox: Sandbox, certificate: Certificate, browser_choice: BrowserChoice
) -> None:
    with Cutter(sandbox.url, tls=certificate.server("http/1.1")) as cutter:

        def try_out(**environment: str) -> str:
            ended = subprocess.run(
                [sys.executable, "-c", TRY_OUT, str(browser_choice.executable or ""), cutter.url],
                env=clean_environment(**environment),
                capture_output=True,
                text=True,
                check=True,
            )
            return ended.stdout.strip()

        assert try_out() == (
            "HttpClientBlocked The client that sends a cancel exactly once cannot reach the Admin "
            "(self-signed certificate in certificate chain). Nothing was pressed. If its certificate is the reason, "
            "name the file of the authority "
            "that signed it in COUNTERMAND_CERTIFICATE_AUTHORITY. If a firewall lets only browsers through, have it "
            "let "
            "this machine through; or set COUNTERMAND_CANCEL_SENT_BY=browser, and see docs/once.md for what that risks."
        )
        assert try_out(NODE_EXTRA_CA_CERTS=str(certificate.authority)) == (
            "gets through, to the page that asks to sign in"
        )
