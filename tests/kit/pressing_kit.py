"""An Admin without a browser, on which Confirm can be pressed: it writes down what is asked of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot.cancel.attempt import Attempt
from bot.cancel.confirm import Heard, await_answer, press_confirm
from bot.cancel.endpoint import Answered
from bot.cancel.guard import Permit
from bot.cancel.page import AdminPage
from bot.cancel.wire import Passage
from bot.ledger import Event, Ledger
from bot.outcomes import Answer
from bot.pack import Pack, load_pack
from bot.vocabulary import Reason

ORDER = "112-1215998-3002091"
CONFIRM = 41
"""The number of the button that the permit is for."""
HOST = "shop.example"
DIALOG = load_pack("asc-4.3")
"""Confirm is in a dialog, and the app is answered."""
CANCEL_PAGE = load_pack("asc-4.0")
"""Confirm is on a page of its own, and its form is answered by another page."""


class FakeWire:
    """A wire that keeps the passages that it was opened for."""

    def __init__(self, admin: "FakeAdmin") -> None:
        self._admin = admin
        self.passages: list[Passage] = []
        self.open = False
        self.trouble: Exception | None = None

    def try_out(self, page: object, patience: float) -> None:
        assert (page, patience) == (self._admin, self._admin.patience)
        self._admin.did.append("the client was tried")
        if self.trouble:
            raise self.trouble

    @contextmanager
    def open_for(self, passage: Passage) -> Iterator[None]:
        self.passages.append(passage)
        self.open = True
        try:
            yield
        finally:
            self.open = False


class FakeAdmin:
    """An Admin, its page and its screens in one. Only screens and elements that there are can be asked for."""

    def __init__(self, ledger: Ledger, pack: Pack = DIALOG) -> None:
        self.did: list[str] = []
        self.ledger = ledger
        self.name = HOST
        self.pack = pack
        self.page = self
        self.attempt = Attempt(order=ORDER)
        self.asked: list[str] = []
        self.may_commit: Callable[[str], None] = self.asked.append
        self.patience = 15.0
        self.wire = FakeWire(self)
        self.main_frame = object()
        self.listeners: dict[str, Callable[[Any], None]] = {}
        self.said: list[str] = []
        self.click_trouble: BaseException | None = None
        self.on_screen: dict[str, list[str]] = {}
        """The words of each element of the answer's screen."""
        self.confirm = CONFIRM
        """The number of the button that is Confirm now."""
        self.dialog_open = False
        self.is_quiet = True
        self.looked_for: list[tuple[Any, ...]] = []
        """What each look at several screens waited for."""
        self.moment: float | None = None
        """How long the last wait was to go on once something was there."""
        self.once_looked_at: Callable[[], None] = lambda: None
        """Called at the end of every look for the answer."""
        self.was_seen_at_once = False
        """Whether the last look found what was waited for: the patience passes where it did not."""
        self.seconds = 0.0
        """What has passed in waiting for a page."""
        self.waits = 0
        self.as_time_passes: Callable[[float], None] = lambda seconds: None
        """Told the seconds so far whenever a page is waited for; what it raises is raised there."""

    def note(self, event: Event, **told: object) -> None:
        self.did.append(f"note {event}")
        self.noted = told

    # The page:

    def on(self, event: str, listener: Callable[[Any], None]) -> None:
        self.listeners[event] = listener

    def remove_listener(self, event: str, listener: Callable[[Any], None]) -> None:
        assert self.listeners.pop(event) is listener

    def wait_for_event(self, event: str, timeout: float) -> None:
        """No page comes: the time passes."""
        assert event == "domcontentloaded"
        assert 0 < timeout <= 1000
        self.seconds += timeout / 1000
        self.waits += 1
        assert self.waits <= 1_000, "it waits for ever"
        self.as_time_passes(self.seconds)
        raise PlaywrightTimeout("Timeout exceeded")

    # The screens and their elements:

    def screen(self, name: str, **facts: str) -> Any:
        elements = {screen.screen: set(screen.elements) for screen in self.pack.screens.values()}[name]

        def texts(element: str) -> list[str]:
            assert element in elements
            return self.on_screen.get(element, [])

        def the_only(element: str) -> int:
            assert element == "confirm" in elements
            assert facts == {"order": ORDER}
            return self.confirm

        def wanting(**wants: Any) -> Any:
            assert all(wanted in elements for wanted in [*wants.get("some", ()), *wants.get("never", ())])
            return name, wants

        def count(element: str) -> int:
            assert element == "confirm" in elements
            is_open = int(self.dialog_open)
            self.once_looked_at()
            return is_open

        screen = SimpleNamespace(
            title="The cancel dialog",
            wanting=wanting,
            the_only=the_only,
            find=lambda element: SimpleNamespace(all_inner_texts=lambda: texts(element)),
            words=lambda *elements: [texts(element) for element in elements],
            count=count,
        )
        return screen

    def element(self, number: int) -> "FakeAdmin":
        assert number == CONFIRM
        return self

    def click(self, timeout: float, no_wait_after: bool) -> None:
        assert no_wait_after
        waiting = [intent.order for intent in self.ledger.intents.waiting()]
        told = f"in the ledger: {waiting}, pressed: {self.attempt.pressed}, let out: {self.wire.open}"
        self.did.append(f"click within {timeout:g} ms, {told}")
        if self.click_trouble:
            raise self.click_trouble

    # The Admin:

    def at_once(self, *screens: Any) -> AbstractContextManager[None]:
        self.looked_for.append(screens)
        return nullcontext()

    def until(self, look: Callable[[], Any], *, moment: float | None = None) -> Any:
        self.moment = moment
        found = look()
        self.was_seen_at_once = found is not None
        return found

    def quiet(self) -> bool:
        return self.is_quiet

    def say(self, remark: str) -> None:
        self.said.append(remark)


def permit() -> Permit:
    return cast(
        Permit, SimpleNamespace(order=ORDER, store="Nordwind UK", reason=Reason.BUYER_CANCELED, confirm=CONFIRM)
    )


def press(admin: FakeAdmin) -> Any:
    return press_confirm(cast(AdminPage, admin), permit())


def heard(admin: FakeAdmin, answered: Answered | None = None, *, stopped: str = "", press_trouble: str = "") -> Heard:
    """What is known after a press."""
    passage = Passage(
        permit=permit(),
        reasons=(),
        page=cast(Any, None),
        patience=15,
        still_ours=lambda: True,
        left=answered is not None,
        stopped=stopped,
        answered=answered,
    )
    return Heard(intent=admin.ledger.intents.write(HOST, permit()), passage=passage, press_trouble=press_trouble)


def answer(admin: FakeAdmin, *answered: Answered, stopped: str = "", press_trouble: str = "") -> tuple[Answer, str]:
    known = heard(admin, *answered, stopped=stopped, press_trouble=press_trouble)
    return await_answer(cast(AdminPage, admin), known)


def said(what: object, status: int = 200) -> Answered:
    return Answered(status=status, body=json.dumps(what).encode())
