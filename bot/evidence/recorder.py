"""The recorder: a picture of every step, and on trouble also what the page said.

Files are ``evidence/<order>/<nn>-<step>.jpg`` and, on trouble, a ``.txt`` beside it with the messages on the
screen and the page's ARIA snapshot. Buyers' data, as the pack marks it, is masked in both unless the user chose
not to. Each file is in the trail, with its hash.
"""

import hashlib
from collections.abc import Callable, Sequence

from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from bot.admin import camera
from bot.admin.recorder import Recorded
from bot.admin.screen import Screen
from bot.errors import ElementAmbiguous, ElementMissing, EvidenceNotWritten, LedgerTrouble
from bot.evidence.store import EVIDENCE, EvidenceStore
from bot.ledger import Event
from bot.secrecy import Clean
from bot.wording import first_line

SESSION = "session"
"""The evidence of what belongs to no order, such as signing in, is kept under this name."""

Explain = Callable[[Screen, str], Sequence[str]]
"""Says in lines what is on the screen in place of the element of that name."""


class Recorder:
    """Records the steps of a run.

    Args:
        store: keeps the evidence.
        masked: whether buyers' data is hidden.
        clean: takes secrets out of the words of a page, should it show one.
        session: the name for the evidence of what belongs to no order.
        explain: says what is there in place of an element that was not found; without it nothing is said of that.
    """

    def __init__(
        self,
        store: EvidenceStore,
        *,
        masked: bool = True,
        clean: Clean = lambda text: text,
        session: str = SESSION,
        explain: Explain | None = None,
    ) -> None:
        self._store = store
        self._clean = clean
        self._masked = masked
        self._explain = explain
        self._written: dict[str, list[str]] = {}
        self.begin(session)

    @property
    def evidence(self) -> Sequence[str]:
        """The names of the files of the order in progress."""
        return tuple(self._written.get(self._subject, ()))

    def begin(self, subject: str) -> None:
        """From now on evidence belongs to this order; going on with an earlier one goes on counting.

        That it was another worker of this run that began it makes no difference. A store that cannot be read is logged;
        the first picture fails if that does not change.
        """
        self._subject = subject
        try:
            self._known()
        except OSError as failure:
            logger.warning("the evidence of {} cannot be read: {}", subject, failure.strerror or failure)

    def picture(self, admin: Recorded, step: str) -> None:
        """Photograph the page as it is.

        Raises:
            EvidenceNotWritten: it could not be taken or written, and nothing is pressed yet. Once Confirm is
                pressed, lost evidence is logged and hides no outcome.
        """
        try:
            self._write(admin, f"{step}.jpg", self._photograph(admin, careful=admin.holds_secret))
        except (OSError, PlaywrightError) as error:
            reason = _in_short(error)
            if not admin.attempt.pressed:
                raise EvidenceNotWritten(reason=reason) from error
            logger.error("no picture of step {}, after Confirm: {}", step, reason)

    def trouble(self, admin: Recorded, step: str, error: Exception | None = None) -> None:
        """Photograph a page that is not what it should be, and write down its words. Never raises.

        Where the ``error`` is that an element was not there, or several times, also what is there instead.
        """
        if admin.page.is_closed():
            return
        try:
            self._write(admin, f"{step}-trouble.jpg", self._photograph(admin, careful=True))
            words = camera.words(
                admin.page,
                admin.pack,
                masked=self._masked,
                clean=self._clean,
                explain=lambda: self._instead(error),
                signed_out=admin.signed_out,
            )
            self._write(admin, f"{step}-trouble.txt", words.encode(errors="backslashreplace"))
        except (OSError, PlaywrightError, LedgerTrouble, EvidenceNotWritten) as failure:
            logger.warning("no evidence of the trouble in step {}: {}", step, _in_short(failure))

    def _write(self, admin: Recorded, name: str, content: bytes) -> None:
        written = self._known()
        file = f"{EVIDENCE}/{self._subject}/{len(written) + 1:02}-{name}"
        self._store.add(file, content)
        written.append(file)
        admin.note(Event.PICTURE, file=file, sha256=hashlib.sha256(content).hexdigest())

    def _known(self) -> list[str]:
        """The files of the order in progress, read from the store once."""
        if self._subject not in self._written:
            self._written[self._subject] = list(self._store.list(f"{EVIDENCE}/{self._subject}"))
        return self._written[self._subject]

    def _photograph(self, admin: Recorded, *, careful: bool) -> bytes:
        return camera.photograph(
            admin.page, admin.pack, masked=self._masked, careful=careful, signed_out=admin.signed_out
        )

    def _instead(self, error: Exception | None) -> Sequence[str]:
        """What is on the screen instead of what was not found, in lines; nothing where it was something else."""
        if (
            self._explain is None
            or not isinstance(error, ElementMissing | ElementAmbiguous)
            or not isinstance(error.at, Screen)
        ):
            return ()
        try:
            found = self._explain(error.at, str(error.facts["element"]))
        except PlaywrightError:
            raise  # reported with everything else that the page can no longer give
        except Exception as defect:  # an explanation that fails must not take the place of what it explains
            logger.opt(exception=defect).warning(
                "what is there instead could not be found out: {}", type(defect).__name__
            )
            return ()
        return ("What is there instead:", *found, "")


def _in_short(failure: Exception) -> str:
    """Why something could not be kept, in one line; of a browser's error its sentence, without the call and its log."""
    if isinstance(failure, PlaywrightError):
        return first_line(failure).rstrip(".")
    return (failure.strerror if isinstance(failure, OSError) else "") or str(failure)
