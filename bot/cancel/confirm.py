"""The one place that presses Confirm, and what is heard after it.

The press itself takes a permit and writes the intent to the ledger, flushed to disk, before it presses. After it
nothing is ever pressed again.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Request, Route
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot.admin import Admin, first_line
from bot.cancel.guard import Permit
from bot.cancel.verdicts import Answer, Verdict
from bot.errors import EvidenceNotWritten, LedgerTrouble, StoodStill
from bot.ledger import Event
from bot.outcomes import Outcome
from bot.vocabulary import AMAZON_ORDER_NUMBER, Status
from bot.wording import cut

PRESS_SECONDS = 5.0
"""How long a press may take; that Confirm can be pressed was tried just before."""

FRESH_SECONDS = 30.0
"""How old an intent may be when Confirm is pressed: by far less than what recovery waits before it believes that a
press never arrived, and more than a ledger that is in use needs to write it.
"""

LONGEST_ANSWER = 1_000
"""At most so many characters of what the Admin answered are kept."""


@dataclass
class Heard:
    """What has been heard of the cancel that was pressed, on the wire and on the screen."""

    intent: int
    before: Counter[str] = field(default_factory=Counter)
    """Words that read like an answer and stood on the page before the press, in an order's notes, say."""
    lost: str = ""
    stopped: str = ""
    """Why a request was not let out of the browser; empty when none was stopped."""
    answers: list[Request] = field(default_factory=list)
    followed: list[Request] = field(default_factory=list)
    """The pages that the answer to a form led to."""
    press_trouble: str = ""


@contextmanager
def press_confirm(admin: Admin, permit: Permit) -> Iterator[Heard]:
    """Write the intent, press Confirm once, and listen for the answer while the block runs.

    What the press sends is held against the permit before it leaves the browser: a cancel of another order, which a
    page could send without showing it, is stopped. Nothing raised by the browser leaves here once the press was
    tried: the press may have arrived.

    Raises:
        CountermandError: whoever made the Admin lets nothing be pressed here; nothing was.
        PressedBefore: the ledger knows of a Confirm for this order that was never settled.
        LedgerTrouble: the intent could not be written; nothing was pressed.
        StoodStill: too long after the intent, as when the computer slept in between; nothing was pressed, and another
            run may have concluded that by now.
    """
    admin.may_commit(permit.order)
    on = admin.pack.info.way.confirm_on
    confirming = admin.screen(on, order=permit.order)
    confirm = confirming.the_only("confirm")
    before = Counter(_answers_shown(admin, "error") + _answers_shown(admin, "success"))
    begun = time.time()  # a clock that goes on while the computer sleeps
    heard = Heard(intent=admin.ledger.intents.write(admin.host, permit), before=before)
    known = admin.pack.info.cancel_request

    def is_ours(request: Request) -> bool:
        return request.method == "POST" and known.address in request.url and known.body in (request.post_data or "")

    def follows_ours(request: Request) -> bool:
        """Whether it is the page that the answer to a form leads to."""
        before = request.redirected_from if on == "cancel_page" else None
        return before is not None and (is_ours(before) or follows_ours(before))

    def on_finished(request: Request) -> None:
        if is_ours(request):
            heard.answers.append(request)
        elif follows_ours(request):
            heard.followed.append(request)

    def on_failed(request: Request) -> None:
        if is_ours(request) or follows_ours(request):
            heard.lost = request.failure or "the connection was cut"

    def look_at(route: Route) -> None:
        request = route.request
        others = set(AMAZON_ORDER_NUMBER.findall(request.post_data or "")) - {permit.order}
        if others and is_ours(request):
            heard.stopped = f"the page sent a cancel of order {min(others)}, which was stopped"
            route.abort("blockedbyclient")
        elif on == "cancel_page" and is_ours(request) and not _names_row(request, permit.row_id):
            heard.stopped = "the page sent a cancel of another order, which was stopped"
            route.abort("blockedbyclient")
        else:
            route.fallback()

    def is_watched(address: str) -> bool:
        return known.address in address

    listeners = {"requestfinished": on_finished, "requestfailed": on_failed}
    for event, listener in listeners.items():
        admin.page.on(event, listener)  # type: ignore[call-overload]  # one overload an event name
    admin.page.route(is_watched, look_at)
    try:
        if not 0 <= time.time() - begun <= FRESH_SECONDS:
            raise StoodStill(order=permit.order)
        admin.pressed = True
        try:
            # Not waited for here: the page that answers a form may take longer than a press may.
            confirm.click(timeout=PRESS_SECONDS * 1000, no_wait_after=True)
        except PlaywrightError as trouble:
            heard.press_trouble = first_line(trouble)
            logger.error("pressing Confirm ended with: {}", heard.press_trouble)
        admin.note(Event.PRESSED, intent=heard.intent)
        yield heard
    finally:
        for event, listener in listeners.items():
            admin.page.remove_listener(event, listener)
        with suppress(PlaywrightError):  # a page that has gone watches nothing any more
            admin.page.unroute(is_watched, look_at)


def await_answer(admin: Admin, heard: Heard) -> tuple[Answer, str]:
    """Wait until the Admin has answered, on the wire and on the screen, and say what it answered.

    An error wins over everything else. Words that stood there before the press are no answer to it; those that
    are neither known as success nor as error count only when the wire said nothing. Never raises what the
    browser reports.
    """
    screen = admin.screen("answer")
    on = admin.pack.info.way.confirm_on
    confirming = admin.screen(on)

    def look() -> tuple[Answer, str] | None:
        if heard.stopped or heard.lost:
            return Answer.NONE, heard.stopped or heard.lost
        on_wire = _on_wire(heard, on)
        errors = [*(Counter(_answers_shown(admin, "error")) - heard.before)]
        if errors or (on_wire and on_wire[0] is Answer.ERROR):
            return Answer.ERROR, " ".join((errors or [on_wire[1] if on_wire else ""])[0].split())
        if confirming.count("dialog" if on == "cancel_dialog" else "confirm"):
            return None
        if on_wire:
            return on_wire
        if Counter(_answers_shown(admin, "success")) - heard.before:
            return Answer.OK, ""
        if on == "cancel_page" and heard.answers and admin.quiet():
            return Answer.UNCLEAR, " ".join(" ".join(screen.find("messages").all_inner_texts()).split())
        return None

    try:
        came = on == "cancel_dialog" or _await_page(admin, heard)
        answer = admin.until(look) if came else (Answer.NONE, heard.press_trouble or "nothing was answered in time")
        if answer is None:
            answer = _on_wire(heard, on)  # the dialog stayed open over an answer that did arrive
        if answer is None:
            words = " ".join(" ".join(screen.find("messages").all_inner_texts()).split())
            answer = (
                (Answer.UNCLEAR, words)
                if words
                else (Answer.NONE, heard.press_trouble or "nothing was answered in time")
            )
    except PlaywrightError as trouble:
        answer = (Answer.NONE, first_line(trouble))
    answer = (answer[0], cut(answer[1], LONGEST_ANSWER))
    _note(admin, lambda: admin.ledger.intents.note_answer(heard.intent, *answer))
    return answer


def _await_page(admin: Admin, heard: Heard) -> bool:
    """Wait until the page has come that answers a form; False when it does not come in time.

    The wire is listened to and nothing else: a page that is about to be replaced by another cannot be looked at.
    """

    def has_come() -> bool:
        responses = [request.response() for request in (*heard.answers, *heard.followed)]
        return bool(heard.lost or heard.stopped) or any(one and not 300 <= one.status < 400 for one in responses)

    deadline = time.monotonic() + admin.patience
    while not has_come():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        with suppress(PlaywrightTimeout):
            admin.page.wait_for_event("requestfinished", timeout=min(left, 0.25) * 1000)
    return True


def conclude(admin: Admin, heard: Heard, verdict: Verdict) -> None:
    """Record what became of the press. A ledger that fails now is said loudly and hides no outcome: its intent
    stays open, so the order is not pressed again.
    """
    if verdict.status_after is Status.CANCELED and verdict.outcome is not Outcome.CANCELED:
        # An import may bring Unshipped back: that it once read Canceled proves that the request did arrive.
        _note(admin, lambda: admin.ledger.intents.note_look(heard.intent, Status.CANCELED))
    _note(admin, lambda: admin.ledger.intents.conclude(heard.intent, verdict.outcome))


def _answers_shown(admin: Admin, kind: str) -> list[str]:
    return [" ".join(text.split()) for text in admin.screen("answer").find(kind).all_inner_texts()]


def _note(admin: Admin, record: Callable[[], None]) -> None:
    try:
        record()
    except (LedgerTrouble, EvidenceNotWritten) as trouble:
        logger.error("after Confirm: {}", trouble)
        admin.say(str(trouble))


def _names_row(request: Request, row_id: str) -> bool:
    """Whether a form is sent for this row and no other: in its address, or where that names none, in its fields."""
    in_address = re.findall(r"/id/([^/?#]+)", request.url)
    fields = parse_qsl(request.post_data or "")
    named = in_address or [value for name, value in fields if name in {"id", "order_id", "row_id"}]
    return bool(row_id) and set(named) == {row_id}


def _on_wire(heard: Heard, on: str = "cancel_dialog") -> tuple[Answer, str] | None:
    """The answer of the cancel request, once it has arrived whole; of several answers an error wins.

    The answer to a form is the page that it leads to: on the wire it can only be known to have failed.
    """
    answer_of = _answer_of if on == "cancel_dialog" else _answer_of_form
    answers = [answer for answer in map(answer_of, heard.answers) if answer is not None]
    return min(answers, key=lambda answer: _WORST_FIRST.index(answer[0]), default=None)


_WORST_FIRST = (Answer.ERROR, Answer.UNCLEAR, Answer.NONE, Answer.OK)


def _answer_of_form(request: Request) -> tuple[Answer, str] | None:
    response = request.response()
    if response is None or response.status < 400:
        return None
    return Answer.ERROR, f"HTTP {response.status}"


def _answer_of(request: Request) -> tuple[Answer, str] | None:
    response = request.response()
    if response is None:
        return None
    if not response.ok:
        return Answer.ERROR, f"HTTP {response.status}"
    try:
        said = response.json()
    except (PlaywrightError, ValueError):
        return Answer.UNCLEAR, "it could not be read"
    if not isinstance(said, dict):
        return Answer.UNCLEAR, "it says neither yes nor no"
    errors = said.get("errors")
    if errors:
        first = errors[0] if isinstance(errors, list) else errors
        return Answer.ERROR, str(first.get("message", "")) if isinstance(first, dict) else str(first)
    data = said.get("data")
    if isinstance(data, dict) and data and all(data.values()):
        return Answer.OK, ""
    return Answer.UNCLEAR, "it says neither yes nor no"
