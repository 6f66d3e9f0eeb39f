"""The one place that presses Confirm, and what is heard after it.

The press itself takes a permit and writes the intent to the ledger, flushed to disk, before it presses. What it sends
goes through the wire, which lets exactly that cancel out, once. After the press nothing is ever pressed again.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot.cancel.confirm_screen import ConfirmScreen, confirm_screen
from bot.cancel.endpoint import Answered
from bot.cancel.guard import Permit
from bot.cancel.page import AdminPage, KnownScreen
from bot.cancel.sending import in_plain_words
from bot.cancel.verdicts import Verdict
from bot.cancel.wire import Passage
from bot.errors import CountermandError, EvidenceNotWritten, IntentExpired, LedgerTrouble, ScreenChanged
from bot.ledger import Event
from bot.outcomes import Answer, Outcome
from bot.vocabulary import Status
from bot.wording import cut, first_line

PRESS_SECONDS = 5.0
"""How long a press may take; that Confirm can be pressed was tried just before."""

ANSWER_SHOWS = 0.25
"""Seconds that the first look waits for the page to show an answer, before the wire is asked again."""

LONGEST_ANSWER = 1_000
"""The longest part, in characters, of an answer of the Admin that is kept."""


@dataclass
class Heard:
    """What has been heard of the cancel that was pressed, on the wire and on the screen."""

    intent: int
    passage: Passage
    """What the wire let out, and what came back."""
    before: Counter[str] = field(default_factory=Counter)
    """Words that read like an answer and stood on the page before the press, in an order's notes, say."""
    page_came: bool = False
    """Whether a page was opened since the press: the answer to a form leads to one."""
    page_lost: str = ""
    """Why the page did not come that the answer to a form leads to."""
    press_trouble: str = ""


@contextmanager
def press_confirm(admin: AdminPage, permit: Permit) -> Iterator[Heard]:
    """Write the intent, press Confirm once, and listen for the answer while the block runs.

    The wire holds what the press sends against the permit, and sends it once. Nothing raised by the browser leaves here
    once the press was tried: the press may have arrived.

    Raises:
        CountermandError: this Admin was made so that nothing may be pressed; nothing was.
        HttpClientBlocked, SessionEnded, PageTrouble: the cancel would not get through; nothing was pressed.
        ScreenChanged, ElementMissing, ElementAmbiguous: the page has another Confirm than the one that was proved.
        PressedBefore: the ledger knows of a Confirm for this order that was never settled.
        LedgerTrouble: the intent could not be written; nothing was pressed.
        IntentExpired: too long after the intent, as when the computer slept in between; nothing was pressed, and
            another run may have concluded that already.
    """
    admin.may_commit(permit.order)
    confirming = admin.screen(confirm_screen(admin.pack).name, order=permit.order)
    answers = admin.screen("answer")
    admin.wire.try_out(admin.page, admin.patience)
    with admin.at_once(confirming, answers):
        if confirming.the_only("confirm") != permit.confirm:
            raise ScreenChanged(screen=confirming.title, why="Confirm is not the button that was checked.")
        before = _answers_shown(answers)
    confirm = admin.element(permit.confirm)
    heard = _write_intent(admin, permit, before)
    with admin.wire.open_for(heard.passage), _listening(admin.page, heard):
        if not heard.passage.is_fresh:
            raise IntentExpired(order=permit.order)
        admin.attempt.mark_pressed()
        try:
            # Not waited for here: the page that answers a form may take longer than a press may.
            confirm.click(timeout=PRESS_SECONDS * 1000, no_wait_after=True)
        except PlaywrightError as trouble:
            heard.press_trouble = first_line(trouble)
            logger.error("pressing Confirm ended with: {}", heard.press_trouble)
        admin.note(Event.PRESSED, intent=heard.intent)
        yield heard


def _write_intent(admin: AdminPage, permit: Permit, before: tuple[list[str], list[str]]) -> Heard:
    """Write the intent to the ledger, flushed to disk, and say which one cancel may leave from now on.

    Errors and successes that can be seen ``before`` the press are no answer to it.

    Raises:
        PressedBefore, LedgerTrouble: it was not written.
    """
    errors, successes = before
    passage = Passage(
        permit=permit,
        reasons=(str(permit.reason), admin.pack.info.reasons[permit.reason]),
        page=admin.page,
        patience=admin.patience,
        still_ours=lambda: _is_still_ours(admin, permit.order),
        begun=time.time(),  # before the intent is written, and on a clock that goes on while the computer sleeps
    )
    return Heard(
        intent=admin.ledger.intents.write(admin.name, permit), passage=passage, before=Counter(errors + successes)
    )


@contextmanager
def _listening(page: Page, heard: Heard) -> Iterator[None]:
    """Note, while the block runs, whether the page comes that the answer to a form leads to."""

    def on_page(page: Page) -> None:
        heard.page_came = True

    def on_failed(request: Request) -> None:
        if request.is_navigation_request() and request.frame == page.main_frame:
            heard.page_lost = request.failure or "the connection was cut"

    page.on("domcontentloaded", on_page)
    page.on("requestfailed", on_failed)
    try:
        yield
    finally:
        page.remove_listener("domcontentloaded", on_page)
        page.remove_listener("requestfailed", on_failed)


def await_answer(admin: AdminPage, heard: Heard) -> tuple[Answer, str]:
    """Wait until the Admin has answered, on the wire and on the screen, and say what it answered.

    An error wins over everything else. Words that stood there before the press are no answer to it; those that
    are neither known as success nor as error count only when the wire said nothing. Never raises what the
    browser reports.
    """
    screen = admin.screen("answer")
    place = confirm_screen(admin.pack)
    confirming = admin.screen(place.name)

    def page_shows() -> tuple[list[str], list[str], bool]:
        with admin.at_once(screen.wanting(some=["error"]), confirming.wanting(never=["confirm"])):
            return *_answers_shown(screen), bool(confirming.count("confirm"))

    def look() -> tuple[Answer, str] | None:
        if lost := _lost(heard):
            return Answer.NONE, lost
        on_wire = _on_wire(heard, place)
        shown, successes, is_open = page_shows()
        if on_wire is None and (on_wire := _on_wire(heard, place)):  # it came while the look waited
            shown, successes, is_open = page_shows()
        errors = [*(Counter(shown) - heard.before)]
        if errors or (on_wire and on_wire[0] is Answer.ERROR):
            return Answer.ERROR, " ".join((errors or [on_wire[1] if on_wire else ""])[0].split())
        if is_open:
            return None
        if on_wire:
            return on_wire
        if Counter(successes) - heard.before:
            return Answer.OK, ""
        if place.answers_with_a_page and heard.passage.answered and admin.quiet():
            return Answer.UNCLEAR, " ".join(" ".join(screen.find("messages").all_inner_texts()).split())
        return None

    try:
        came = not place.answers_with_a_page or _await_page(admin, heard)
        answer = admin.until(look, moment=ANSWER_SHOWS) if came else None
        if answer is None:
            answer = _on_wire(heard, place)  # the dialog stayed open over an answer that did arrive
        if answer is None and came:
            words = " ".join(" ".join(screen.find("messages").all_inner_texts()).split())
            answer = (Answer.UNCLEAR, words) if words else None
    except PlaywrightError as trouble:
        answer = (Answer.NONE, _lost(heard) or in_plain_words(trouble))
    if answer is None:
        answer = (Answer.NONE, _lost(heard) or heard.press_trouble or "nothing was answered in time")
    answer = (answer[0], cut(answer[1], LONGEST_ANSWER))
    _note(admin, lambda: admin.ledger.intents.note_answer(heard.intent, *answer))
    return answer


def _await_page(admin: AdminPage, heard: Heard) -> bool:
    """Wait until the page has come that answers a form; False when it does not come in time.

    The wire is listened to and nothing else: a page that is about to be replaced by another cannot be looked at.
    """

    def is_over() -> bool:
        answered = heard.passage.answered
        return bool(_lost(heard) or _is_last_word(answered) or (answered and heard.page_came))

    deadline = time.monotonic() + admin.patience
    while not is_over():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        with suppress(PlaywrightTimeout):
            admin.page.wait_for_event("domcontentloaded", timeout=min(left, 0.25) * 1000)
    return True


def _is_last_word(answered: Answered | None) -> bool:
    """Whether no page follows that would say more: the form was refused, or never answered."""
    return answered is not None and (bool(answered.trouble) or answered.status >= 400)


def _lost(heard: Heard) -> str:
    """Why nothing will be answered; empty while something may be."""
    answered = heard.passage.answered
    if answered is None:
        return heard.passage.stopped
    return answered.trouble or ("" if _is_last_word(answered) else heard.page_lost)


def conclude(admin: AdminPage, heard: Heard, verdict: Verdict) -> None:
    """Record what became of the press. If the ledger fails now, that is reported and hides no outcome: its intent stays
    open, so the order is not pressed again.
    """
    if verdict.status_after is Status.CANCELED and verdict.outcome is not Outcome.CANCELED:
        # An import may bring Unshipped back: that it once read Canceled proves that the request did arrive.
        _note(admin, lambda: admin.ledger.intents.note_look(heard.intent, Status.CANCELED))
    _note(admin, lambda: admin.ledger.intents.conclude(heard.intent, verdict.outcome))


def _is_still_ours(admin: AdminPage, order: str) -> bool:
    """Whether the order is still this run's; not where the ledger cannot say so."""
    try:
        return admin.ledger.claims.holds(admin.name, order)
    except CountermandError as trouble:
        logger.error("before the cancel could leave: {}", trouble)
        return False


def _answers_shown(screen: KnownScreen) -> tuple[list[str], list[str]]:
    """The words of every error, and of every success, that can be seen on the answer's screen."""
    errors, successes = screen.words("error", "success")
    return [" ".join(text.split()) for text in errors], [" ".join(text.split()) for text in successes]


def _note(admin: AdminPage, record: Callable[[], None]) -> None:
    try:
        record()
    except (LedgerTrouble, EvidenceNotWritten) as trouble:
        logger.error("after Confirm: {}", trouble)
        admin.say(str(trouble))


def _on_wire(heard: Heard, place: ConfirmScreen) -> tuple[Answer, str] | None:
    """What the answer on the wire says; None before it came, and where only the page that it leads to says more."""
    answered = heard.passage.answered
    return None if answered is None else place.answer_on_wire(answered)
