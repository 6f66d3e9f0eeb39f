"""What the Admin needs of a recorder, and what a recorder needs of the Admin: neither knows the other.

The recorder that keeps evidence is ``bot.evidence.recorder.Recorder``.
"""

from collections.abc import Sequence
from typing import Protocol

from playwright.sync_api import Page

from bot.cancel.attempt import Attempt
from bot.ledger import Event
from bot.pack import Pack


class Recorded(Protocol):
    """What a recorder is told of the Admin whose page it takes."""

    @property
    def page(self) -> Page:
        """The page that is open."""

    @property
    def pack(self) -> Pack:
        """What its screens look like."""

    @property
    def attempt(self) -> Attempt:
        """The attempt under way."""

    @property
    def holds_secret(self) -> bool:
        """Whether a secret was typed into the page."""

    @property
    def signed_out(self) -> bool:
        """Whether nobody was signed in when the page was opened, and nobody has signed in since."""

    def note(self, event: Event, **told: object) -> None:
        """Append an event about the order in hand to the trail."""


class StepRecorder(Protocol):
    """Hears of every step that is taken in the Admin."""

    def picture(self, admin: Recorded, step: str) -> None:
        """A step is done.

        Raises:
            EvidenceNotWritten: it could not be recorded, and nothing is pressed yet.
        """

    def trouble(self, admin: Recorded, step: str, error: Exception | None = None) -> None:
        """A step failed. Never raises."""


class NoRecorder:
    """Records nothing: for flows that are run without a run folder."""

    evidence: Sequence[str] = ()

    def begin(self, subject: str) -> None:
        """An order begins."""

    def picture(self, admin: Recorded, step: str) -> None:
        """A step is done."""

    def trouble(self, admin: Recorded, step: str, error: Exception | None = None) -> None:
        """A step failed."""
