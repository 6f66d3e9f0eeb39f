"""Recording a screen: a person presses what a pack should know, and this only listens.

The person's own presses are real, with all their effects: nothing is blocked. What is typed, and what fields
show, is never told by the page.
"""

from collections.abc import Callable

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from pydantic import ValidationError

from bot.admin import Admin
from bot.admin.look import listen
from bot.checks.recording.drafts import Draft, Seen, write_draft
from bot.pack import Pack

BINDING = "countermandHears"


class Recording:
    """Listens on one page from now on; what is pressed at another address than that of now is only counted."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._heard: list[Seen] = []
        self._address = str(page.evaluate("() => location.pathname + location.hash"))
        page.expose_binding(BINDING, lambda _, told: self._hear(told))
        listen(page, BINDING)

    @property
    def seen(self) -> list[Seen]:
        """What was pressed, typed into and pointed at on the screen, in order."""
        return [one for one in self._heard if one.address == self._address]

    @property
    def elsewhere(self) -> int:
        """How many presses were at another address, and are not in the draft."""
        return len(self._heard) - len(self.seen)

    def draft(self, screen: str, *, like: Pack, observed: str) -> Draft:
        """The draft of what was heard until now."""
        return write_draft(screen, self.seen, like=like, observed=observed)

    def _hear(self, told: object) -> None:
        try:
            self._heard.append(Seen.model_validate(told))
        except ValidationError:
            return  # a page may call what it likes


def wait_for(admin: Admin, answered: Callable[[], bool]) -> None:
    """Let the page work until the person at the terminal has ``answered``, or has closed it."""
    try:
        while not admin.until(answered, seconds=60):
            pass
    except PlaywrightError:
        if not admin.page.is_closed():
            raise
