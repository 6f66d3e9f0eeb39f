"""What a person sees while a round of checks is under way: the check and its step on a terminal, remarks everywhere."""

from typing import IO, Protocol, TextIO, cast

from rich.console import Console
from rich.text import Text

from bot.reports.progress import SafeStream
from bot.wording import harmless, step_words


class Titled(Protocol):
    """A check, as far as its line needs to know it."""

    @property
    def title(self) -> str:
        """What is looked at."""


class UnderWay:
    """Shows the check that is under way, and its step, on one line that moves; only on a terminal that can do that.

    Subclasses report the result of a check.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = SafeStream(stream)
        moves = self._stream.can_move
        self._console = Console(file=cast(IO[str], self._stream), force_terminal=moves, highlight=False, soft_wrap=True)
        self._line = self._console.status("", spinner="line") if moves else None
        self._title = ""

    def begun(self, check: Titled) -> None:
        """Show what is under way."""
        self._title = check.title
        if self._line:
            self._line.update(Text(f"{check.title} ..."))
            self._line.start()

    def step(self, name: str) -> None:
        """Show it more precisely."""
        if self._line:
            self._line.update(Text(f"{self._title}: {step_words(name)} ..."))

    def say(self, remark: str) -> None:
        """The remark, on a line of its own."""
        self._console.print(Text(f"- {harmless(remark)}"))

    def _take_away(self) -> None:
        """Nothing is under way any more, so the line goes."""
        if self._line:
            self._line.stop()
