"""Evidence: a picture of every step, and on trouble also what the page said.

Files are ``evidence/<order>/<nn>-<step>.jpg`` and, on trouble, a ``.txt`` beside it with the messages on the
screen and the page's ARIA snapshot. Buyers' data, as the pack marks it, is masked in both unless the user chose
otherwise.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

from bot.admin.finder import READ_PAGE, known_labels, locate
from bot.admin.screen import Screen
from bot.errors import ElementAmbiguous, ElementMissing, EvidenceNotWritten, LedgerTrouble
from bot.ledger import Event
from bot.pack import Pack
from bot.secrecy import Clean
from bot.wording import cut

if TYPE_CHECKING:
    from bot.admin import Admin

JPEG_QUALITY = 60
"""Out of 100: small text stays sharp, a picture is about 40 kB."""

LONGEST_LINE = 2_000
"""A longer line of a page's words, in characters, is left out: no line of an Admin is so long, and what is private in
it could not be found in reasonable time."""

LONGEST_PAGE = 100_000
"""At most so many characters of a page's words are written down."""

SESSION = "session"
"""The evidence folder of what belongs to no order, such as signing in."""


class NoRecorder:
    """Records nothing: for flows that are run without a run folder."""

    evidence: Sequence[str] = ()

    def begin(self, subject: str) -> None:
        """An order begins."""

    def picture(self, admin: "Admin", step: str) -> None:
        """A step is done."""

    def trouble(self, admin: "Admin", step: str, error: Exception | None = None) -> None:
        """A step failed."""


class Recorder:
    """Records into a run's folder.

    Args:
        folder: the run's folder.
        masked: whether buyers' data is hidden.
        clean: takes secrets out of the words of a page, should it show one.
        session: the evidence folder of what belongs to no order.
    """

    def __init__(
        self, folder: Path, *, masked: bool = True, clean: Clean = lambda text: text, session: str = SESSION
    ) -> None:
        self._folder = folder
        self._clean = clean
        self._masked = masked
        self._written: dict[str, list[str]] = {}
        self.begin(session)

    @property
    def evidence(self) -> Sequence[str]:
        """The files of the order in hand, relative to the run's folder, with forward slashes."""
        return tuple(self._written[self._subject])

    def begin(self, subject: str) -> None:
        """From now on evidence belongs to this order; going on with an earlier one goes on counting.

        That it was another worker of this run that began it makes no difference.
        """
        self._subject = subject
        if subject not in self._written:
            files = (self._folder / "evidence" / subject).glob("*")
            self._written[subject] = [file.relative_to(self._folder).as_posix() for file in sorted(files)]

    def picture(self, admin: "Admin", step: str) -> None:
        """Photograph the page as it is.

        Raises:
            EvidenceNotWritten: it could not be taken or written, and nothing is pressed yet. Once Confirm is
                pressed, lost evidence is logged and hides no outcome.
        """
        try:
            self._write(admin, f"{step}.jpg", self._photograph(admin, careful=admin.holds_secret))
        except (OSError, PlaywrightError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error).splitlines()[0]
            if not admin.attempt.pressed:
                raise EvidenceNotWritten(reason=reason) from error
            logger.error("no picture of step {}, after Confirm: {}", step, reason)

    def trouble(self, admin: "Admin", step: str, error: Exception | None = None) -> None:
        """Photograph a page that is not what it should be, and write down its words. Never raises.

        Where the ``error`` is that an element was not there, or several times, also what is there instead.
        """
        if admin.page.is_closed():
            return
        try:
            self._write(admin, f"{step}-trouble.jpg", self._photograph(admin, careful=True))
            self._write(admin, f"{step}-trouble.txt", self._words(admin, error).encode(errors="backslashreplace"))
        except (OSError, PlaywrightError, LedgerTrouble, EvidenceNotWritten) as failure:
            logger.warning("no evidence of the trouble in step {}: {}", step, failure)

    def _write(self, admin: "Admin", name: str, content: bytes) -> None:
        written = self._written[self._subject]
        path = self._folder / "evidence" / self._subject / f"{len(written) + 1:02}-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        file = path.relative_to(self._folder).as_posix()
        written.append(file)
        admin.note(Event.PICTURE, file=file, sha256=hashlib.sha256(content).hexdigest())

    def _photograph(self, admin: "Admin", *, careful: bool) -> bytes:
        """A picture of the page; ``careful`` also looks for secrets in fields.

        A page into which none was typed has none.
        """
        page, pack = admin.page, admin.pack
        with _secrets_hidden(page, pack) if careful else nullcontext():
            if self._masked:
                _private(page, pack, act="mask")
            # Hiding the caret, as is usual, would leave its traces in the document.
            return page.screenshot(type="jpeg", quality=JPEG_QUALITY, caret="initial")

    def _words(self, admin: "Admin", error: Exception | None) -> str:
        messages = admin.screen("answer").find("messages").all_inner_texts()
        with _secrets_hidden(admin.page, admin.pack):
            instead = _instead(error)
            snapshot = admin.page.locator("body").aria_snapshot(timeout=5000)
        lines = [*instead, "Messages on the screen:", *(messages or ["none"]), ""]
        text = _without_long_lines("\n".join([*lines, "The page (ARIA snapshot):", snapshot]))
        if self._masked:
            for words in sorted(_private(admin.page, admin.pack, act="words") or [], key=len, reverse=True):
                if 1 < len(words) <= LONGEST_LINE:  # the longer ones went with their lines
                    text = re.sub(rf"(?<!\w){_as_written(words)}(?!\w)", "[masked]", text)
        # Cut last: what is left of half a secret, or half a name, would not be recognised.
        return cut(self._clean(text), LONGEST_PAGE)


def _without_long_lines(text: str) -> str:
    return "\n".join(
        line if len(line) <= LONGEST_LINE else f"[a line of {len(line):,} characters is left out]"
        for line in text.split("\n")
    )


def _instead(error: Exception | None) -> list[str]:
    """What is on the screen instead of what was not found, in lines; nothing where it was something else."""
    if not isinstance(error, ElementMissing | ElementAmbiguous) or not isinstance(error.at, Screen):
        return []
    from bot.checks.check.drift import (  # only where it is needed: a run in which all goes well never does
        explain,
        in_lines,
    )

    try:
        found = in_lines(explain(error.at, str(error.facts["element"])))
    except PlaywrightError:
        raise  # told with everything else that the page does not give any more
    except Exception as defect:  # an explanation that fails must not take the place of what it explains
        logger.opt(exception=defect).warning("what is there instead could not be found out: {}", type(defect).__name__)
        return []
    return ["What is there instead:", *found, ""]


@contextmanager
def _secrets_hidden(page: Page, pack: Pack) -> Iterator[None]:
    """While the block runs, the fields that the pack marks as secret are empty; the page is not told."""
    # Only screens that may appear at any time have such fields, and those know no facts of an order.
    found = [
        locate(page, spec, name, {})
        for spec in pack.interruptions()
        for name, element in spec.elements.items()
        if element.secret
    ]
    typed = reduce(Locator.or_, found) if found else None
    if typed is None or not typed.evaluate_all(_EMPTY):
        yield
        return
    try:
        yield
    finally:
        typed.evaluate_all(_FILL_AGAIN)


# What was typed stays in the page, where it is anyway.
_EMPTY = """(fields) => {
    for (const field of fields) { field[Symbol.for("countermand typed")] = field.value; field.value = ""; }
    return fields.length;
}"""
_FILL_AGAIN = """(fields) => {
    for (const field of fields) field.value = field[Symbol.for("countermand typed")] ?? field.value;
}"""


def _as_written(words: str) -> str:
    """A pattern for these words in an ARIA snapshot, which puts some texts in quotes and escapes them there."""
    written = {"'": "'{1,2}", '"': r'\\*"', "\\": r"\\+", " ": r"\s+"}
    return "".join(written.get(sign) or re.escape(sign) for sign in words)


def _private(page: Page, pack: Pack, *, act: str) -> Any:
    """Mask everything on the page that the pack marks as private until the page is read next, or give all its words."""
    private = [element for spec in pack.screens.values() for element in spec.elements.values() if element.private]
    request: dict[str, Any] = {
        "fields": {str(place): element.field for place, element in enumerate(private) if element.field},
        "columns": {str(place): element.column for place, element in enumerate(private) if element.column},
        "known": [label for spec in pack.screens.values() for label in known_labels(spec)],
        "act": act,
    }
    return page.evaluate(READ_PAGE, request)
