"""People are told of what happens, without secrets and buyers' data; what cannot be sent changes nothing."""

import hashlib
import hmac
import io
import json
import smtplib
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from run_kit import ORDER, RUN_ID, STARTED, job, run_info

from bot.cancel.verdicts import Verdict
from bot.engine.display import WorkerDisplay
from bot.errors import CannotStart
from bot.outcomes import OrderResult, Outcome
from bot.reports.notify.channels import SIGNATURE, TIME, Email, ThroughApprise, Webhook
from bot.reports.notify.displays import NotifyingProgress, RunNotices
from bot.reports.notify.messages import Message, Occasion, of_end, of_order, of_screens, of_worker
from bot.reports.notify.notifier import Notifier, channels_of, notifying
from bot.reports.progress import PlainProgress
from bot.runner.results import result_of
from bot.settings import LocalSettings

HELLO = Message(occasion=Occasion.END, title="Grüße", lines=("one", "two"), facts={"run": RUN_ID})
BUYER = "Michael Blankenship"


def result(outcome: Outcome, order: str = ORDER) -> OrderResult:
    """What a page or a note said of a buyer is in its words."""
    verdict = Verdict(outcome=outcome, message=f"The total of {BUYER} is 121.80.", next_step=f"Ask {BUYER}.")
    return result_of(job(order, note=f"for {BUYER}"), verdict)


class Receiver(BaseHTTPRequestHandler):
    """A chat that takes everything, or does what the path says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))  # type: ignore[attr-defined]
        match self.path:
            case "/elsewhere":
                self.send_response(302)
                self.send_header("Location", "/hook")
            case "/refused":
                self.send_response(403)
            case _:
                self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal of a test."""


class Chat:
    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self._server.received = self.received  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def address(self, path: str = "hook") -> SecretStr:
        return SecretStr(f"http://127.0.0.1:{self._server.server_address[1]}/{path}")

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    yield chat
    chat.close()


# --- What is said ---


def test_the_end_of_a_run_is_told_in_figures_with_the_orders_that_need_a_person() -> None:
    outcomes = [Outcome.CANCELED, Outcome.UNKNOWN, Outcome.CANCELED]
    results = [result(outcome, f"112-1215998-300209{number}") for number, outcome in enumerate(outcomes)]
    message = of_end(run_info().finished(STARTED), results)
    assert (message.occasion, message.title) == (
        Occasion.END,
        "Countermand run is over: 2 of 3 orders canceled, 1 needs a person",
    )
    assert message.text == (
        f"Run {RUN_ID} on shop.example: 2 of 3 orders canceled, 1 needs a person.\n"
        "1 order waiting for a person:\n"
        "  112-1215998-3002091: Unknown: a person must look"
    )
    assert message.facts == {
        "run": RUN_ID,
        "command": "run",
        "admin": "shop.example",
        "outcomes": {"canceled": 2, "unknown": 1},
        "stopped": "",
        "orders": [{"order": "112-1215998-3002091", "outcome": "unknown"}],
    }


def test_a_run_that_stopped_says_why_without_what_was_said_of_an_order() -> None:
    info = run_info().finished(STARTED, f"5 orders in a row failed; the last one: {BUYER} is not there.")
    message = of_end(info, [result(Outcome.FAILED)])
    assert message.occasion is Occasion.STOP
    assert "Stopped before the end of the list: 5 orders in a row failed" in message.text


def test_a_message_lists_so_many_orders_and_no_more() -> None:
    results = [result(Outcome.UNKNOWN, f"112-1215998-{number:07}") for number in range(25)]
    message = of_end(run_info().finished(STARTED), results)
    assert message.text.endswith("\n  and 5 more")
    assert len(message.facts["orders"]) == 20


@pytest.mark.parametrize(
    "message",
    [
        of_order(run_info(), result(Outcome.REVERTED)),
        of_end(run_info().finished(STARTED), [result(Outcome.UNKNOWN), result(Outcome.CANCELED)]),
        of_end(run_info().finished(STARTED, f"3 orders failed; the last one: {BUYER}"), [result(Outcome.FAILED)]),
    ],
)
def test_no_word_of_a_page_or_a_note_is_in_a_message(message: Message) -> None:
    told = json.dumps([message.title, message.text, message.facts], ensure_ascii=False)
    for private in (BUYER, "121.80"):
        assert private not in told


def test_screens_and_workers_are_told_by_their_names() -> None:
    assert of_screens("shop.example", "c", ["Order details"]).title == "The Admin's screens have changed: Order details"
    assert of_screens("shop.example", "c", []).title.endswith(": the check did not get through")
    assert of_worker("shop.example", "worker-1", "No browser.").title == "A worker cannot go on: No browser."


# --- How it gets there ---


def test_a_webhook_is_posted_as_json_and_signed(chat: Chat) -> None:
    secret = SecretStr("of-the-webhook")
    Webhook(chat.address(), secret).send(HELLO)
    ((headers, body),) = chat.received
    assert json.loads(body) == {"event": "end", "title": "Grüße", "text": "Grüße\none\ntwo", "run": RUN_ID}
    assert headers["Content-Type"] == "application/json"
    signed = hmac.new(b"of-the-webhook", headers[TIME].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"sha256={signed}"
    assert b"of-the-webhook" not in body


def test_without_a_secret_nothing_is_signed(chat: Chat) -> None:
    Webhook(chat.address(), None).send(HELLO)
    assert SIGNATURE not in chat.received[0][0]


@pytest.mark.parametrize(("path", "status"), [("elsewhere", 302), ("refused", 403)])
def test_a_webhook_that_leads_elsewhere_or_refuses_is_an_error(chat: Chat, path: str, status: int) -> None:
    with pytest.raises(OSError, match=str(status)) as refused:
        Webhook(chat.address(path), None).send(HELLO)
    refused.value.close()  # type: ignore[attr-defined]
    assert len(chat.received) == 1


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos, mail["Subject"], mail["From"], mail.get_content().split()))
        return "250 OK"


def test_an_email_goes_to_every_address() -> None:
    mailbox = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        Email(f"smtp://127.0.0.1:{port}", None, "bot@shop.example", ("a@shop.example", "b@shop.example")).send(HELLO)
    finally:
        controller.stop()
    assert mailbox.mails == [(["a@shop.example", "b@shop.example"], "Grüße", "bot@shop.example", ["one", "two"])]


def test_no_mail_and_no_password_is_sent_in_readable_form(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Plain:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def starttls(self, **_: Any) -> None:
            raise smtplib.SMTPNotSupportedError("STARTTLS extension not supported by server.")

        def close(self) -> None:
            said.append("closed")

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        Email("smtp://bot@mail.example", SecretStr("pw"), "a@x", ("a@x",)).send(HELLO)
    assert said == ["closed"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Apprise's own imports
def test_everything_else_goes_through_apprise(chat: Chat) -> None:
    pytest.importorskip("apprise", reason="Apprise is not installed")
    address = chat.address().get_secret_value().replace("http://", "json://")
    ThroughApprise(SecretStr(address)).send(HELLO)
    told = json.loads(chat.received[0][1])
    assert (told["title"], told["message"]) == ("Grüße", "one\ntwo")
    with pytest.raises(OSError, match="a service did not take it"):
        ThroughApprise(SecretStr(address.replace("hook", "refused"))).send(HELLO)
    with pytest.raises(CannotStart) as unknown:
        ThroughApprise(SecretStr(f"{address} nonsense://secret"))
    assert str(unknown.value) == "Apprise does not know address 2 of COUNTERMAND_NOTIFY_APPRISE."


# --- Beside the work ---


class Broken:
    def __str__(self) -> str:
        return "the broken one"

    def send(self, message: Message) -> None:
        raise ConnectionError("refused with token-4711\nand more")


class Kept:
    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


def test_what_cannot_be_sent_is_said_in_one_line_without_secrets_and_the_others_are_sent() -> None:
    said: list[str] = []
    kept = Kept()
    notifier = Notifier([Broken(), kept], [*Occasion], said.append, lambda text: text.replace("token-4711", "[hidden]"))
    notifier.send(HELLO)
    notifier.close()
    assert said == ["Not sent by the broken one: Grüße (ConnectionError: refused with [hidden] and more)"]
    assert kept.sent == [HELLO]


def test_secrets_are_taken_out_of_what_is_sent() -> None:
    kept = Kept()
    notifier = Notifier([kept], [*Occasion], print, lambda text: text.replace("s3cret", "[hidden]"))
    notifier.send(of_worker("shop.example", "worker-1", "It says s3cret."))
    notifier.close()
    assert kept.sent[0].title == "A worker cannot go on: It says [hidden]."
    assert kept.sent[0].facts["stopped"] == "It says [hidden]."


def test_nobody_is_told_of_what_nobody_wants_to_hear() -> None:
    kept = Kept()
    notifier = Notifier([kept], [Occasion.PERSON], print)
    notifier.send(HELLO)
    notifier.close()
    assert kept.sent == []


def test_a_channel_that_never_answers_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.reports.notify.notifier.FINISH_SECONDS", 0.01)
    forever, said = threading.Event(), list[str]()

    class Slow(Kept):
        def send(self, message: Message) -> None:
            forever.wait()

    notifier = Notifier([Slow()], [*Occasion], said.append)
    notifier.send(HELLO)
    notifier.close()
    forever.set()
    assert said == ["Messages were still on their way at the end."]


def test_a_run_tells_of_its_first_orders_that_need_a_person_and_of_its_end() -> None:
    kept, out = Kept(), io.StringIO()
    notifier = Notifier([kept], [*Occasion], print)
    progress = NotifyingProgress(PlainProgress(out), notifier)
    results = [result(Outcome.CANCELED), *[result(Outcome.UNKNOWN, f"112-1215998-300209{n}") for n in range(5)]]
    progress.run_started(run_info(), len(results))
    for one in results:
        progress.order_finished(one)
    progress.run_finished(run_info().finished(STARTED), results)
    notifier.close()
    assert [message.occasion for message in kept.sent] == [Occasion.PERSON] * 3 + [Occasion.END]
    assert "5 need a person" in out.getvalue()


def test_a_worker_of_the_queue_tells_of_the_run_that_it_works_for(tmp_path: Any) -> None:
    kept = Kept()
    notifier = Notifier([kept], [*Occasion], print)
    display = WorkerDisplay(io.StringIO(), notices=RunNotices(notifier))
    display.run_taken(run_info())
    display.order_finished(result(Outcome.CANCELED_NOT_SENT))
    display.run_finished(run_info().finished(STARTED), [result(Outcome.CANCELED_NOT_SENT)], tmp_path)
    notifier.close()
    assert [message.facts["run"] for message in kept.sent] == [RUN_ID, RUN_ID]


# --- The settings ---


def test_the_settings_name_the_channels() -> None:
    settings = LocalSettings(
        notify_webhook=SecretStr("https://chat.example/hooks/abc"),
        smtp="smtps://bot@mail.example",
        notify_email=("a@shop.example",),
    )
    assert [str(channel) for channel in channels_of(settings)] == [
        "the webhook at chat.example",
        "e-mail through mail.example",
    ]
    assert channels_of(LocalSettings()) == []
    with notifying(LocalSettings()) as notifier:
        notifier.send(HELLO)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"notify_webhook": "http://chat.example/hook"}, "it must be an address that begins with https://"),
        ({"smtp": "mail.example"}, "it must be an address such as smtps://bot@mail.example"),
        ({"smtp": "smtp://bot:pw@mail.example"}, "with the password in COUNTERMAND_SMTP_PASSWORD"),
        ({"notify_email": "maria"}, "'maria' is not an e-mail address"),
        ({"notify_email": "a@shop.example"}, "COUNTERMAND_SMTP is not set, and a message needs a mail server"),
        ({"notify_on": "end, always"}, "'always' is not one of end, person, stop, screens"),
    ],
)
def test_what_is_wrong_with_them_is_said(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LocalSettings.model_validate(given)
