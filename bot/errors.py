"""Everything that can go wrong, as one family.

The first paragraph of a class's docstring is the sentence that a user reads; words in braces are filled in
from the facts that the error was raised with. Each class says which exit status it leads to, which outcome
it gives the order in hand (if it concerns one order only) and whether beginning the order again is safe.

    CountermandError
    ├── InputInvalid            the user's files: exit status 2, nothing was opened
    ├── SettingsInvalid         the user's settings: exit status 2, nothing was opened
    ├── CannotStart             no browser, no run folder, no ledger: exit status 2, nothing was opened
    │   ├── NoBrowser
    │   └── LedgerTrouble
    ├── RunStopped              the rest of the list cannot be worked: exit status 3
    │   ├── CannotSignIn        a person must see to it
    │   │   └── SignInRefused
    │   ├── GenerationUnknown   no pack fits the screens
    │   └── Interrupted         by a person: exit status 130
    └── OrderTrouble            concerns one order; the others go on
        ├── Refused             the page is sound and says no: never begun again
        └── Technical           the page is not sound: begun again while nothing was pressed
"""

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from bot.outcomes import Outcome
from bot.wording import cut

if TYPE_CHECKING:
    from bot.screen import Screen


class CountermandError(Exception):
    """Something went wrong."""

    exit_status: ClassVar[int] = 3
    next_step: str = ""

    def __init__(self, **facts: object) -> None:
        first_paragraph = (inspect.getdoc(type(self)) or type(self).__name__).partition("\n\n")[0]
        self.facts = facts
        self.message = " ".join(first_paragraph.split()).format(**facts)
        super().__init__(self.message)


class Problem(NamedTuple):
    """One mistake in a file that a user wrote, and where it is (lines and columns count from 1)."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        file = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in self.file)
        return f"{file}:{self.line}:{self.column}: {self.message}"


class InputInvalid(CountermandError):
    """{listing}

    Needs every mistake found, in the order of the file: they are shown all at once.
    """

    exit_status = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(listing="")
        self.message = "\n".join(str(problem) for problem in self.problems)
        self.args = (self.message,)


class SettingsInvalid(CountermandError):
    """{listing}"""

    exit_status = 2


class CannotStart(CountermandError):
    """{reason}"""

    exit_status = 2


class NoBrowser(CannotStart):
    """No browser was found{where}. Get one with: python -m playwright install chromium -- or install Chromium,
    Chrome or Edge -- or name one in COUNTERMAND_BROWSER.
    """


class LedgerTrouble(CannotStart):
    """The ledger {ledger} cannot be used: {reason}"""


class RunStopped(CountermandError):
    """{reason}

    Ends the run; orders not yet begun become ``skipped``.
    """


class CannotSignIn(RunStopped):
    """{reason}

    A person who signs in by hand mends it, where one looks on.
    """


class SignInRefused(CannotSignIn):
    """{reason}

    What was entered counts as tried.
    """


class GenerationUnknown(RunStopped):
    """Which version of the Amazon Sales Channel this is cannot be told from the page of store {store!r}: {why}"""

    next_step = (
        "Name the pack, in COUNTERMAND_PACK or with --pack: asc-2 for versions 2 and 3, asc-4.0 for 4.0 to 4.2, "
        "asc-4.3 for 4.3 and later, or a folder of your own."
    )


class Interrupted(RunStopped):
    """Interrupted."""

    exit_status = 130

    def __init__(self) -> None:
        super().__init__()


class OrderTrouble(CountermandError):
    """{reason}

    What its facts say may come from a page: it is cut where it is too long to be told.
    """

    outcome: ClassVar[Outcome] = Outcome.FAILED
    exit_status = 1

    def __init__(self, **facts: object) -> None:
        super().__init__(**{name: cut(fact) if isinstance(fact, str) else fact for name, fact in facts.items()})


# --- The page is sound and says no -------------------------------------------------------------------------


class Refused(OrderTrouble):
    """{reason}

    Beginning again would only ask the same question.
    """


class StoreNotFound(Refused):
    """There is no store {store!r} on the Amazon Sales Channel home page."""

    outcome = Outcome.NOT_FOUND
    next_step = "Compare the store's name in the job list with the card on the home page: it must be the same, whole."


class OrderNotFound(Refused):
    """Order {order} is neither among the recent orders of store {store!r} nor in All Orders."""

    outcome = Outcome.NOT_FOUND
    next_step = "Check the order number and the store in the job list; orders not yet imported do not appear here."


class NotInGrid(Refused):
    """Order {order} is on no page of the Orders tab of store {store!r}."""

    outcome = Outcome.NOT_FOUND
    next_step = OrderNotFound.next_step


class NotImported(Refused):
    """Order {order} has no Commerce order, and on these screens only an imported order can be canceled."""

    outcome = Outcome.NOT_CANCELABLE
    next_step = (
        "Nothing was pressed. Wait until the order was imported (the list's notes say what keeps it), and run the list "
        "again; or cancel it in Seller Central."
    )


class Mismatch(Refused):
    """{what}"""

    outcome = Outcome.MISMATCH
    next_step = "Nothing was pressed. Compare the job list with the order's page before trying again."


class PressedBefore(Refused):
    """Confirm may have been pressed for order {order} in run {run_id} ({written_at}), and what came of it was
    never settled.
    """

    outcome = Outcome.UNKNOWN
    next_step = "Nothing was pressed this time. Look the order up in Seller Central before anything else is done to it."


# --- The page is not what it should be ---------------------------------------------------------------------


class Technical(OrderTrouble):
    """{reason}

    Safe to begin again while nothing was pressed.
    """

    next_step = "Nothing was pressed: run the list again. If it stays, look at the pictures of this order."
    at: "Screen | None" = None
    """The screen on which it happened, where that is known."""


class ElementMissing(Technical):
    """{screen}: {element} ({purpose}) is not there."""


class ElementAmbiguous(Technical):
    """{screen}: {element} ({purpose}) is there {count} times, so none of them was used."""


class ScreenNotReached(Technical):
    """{screen} did not appear within {seconds:g} s: {why}"""


class ScreenChanged(Technical):
    """{screen} is no longer what it was: {why}"""


class SessionEnded(Technical):
    """{reason}

    Signing in again mends it.
    """


class CodeRefused(Technical):
    """{reason}

    A fresh code may be taken.
    """


class InTheWay(Technical):
    """{reason}"""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason=reason)
        self.next_step = next_step


class AdminBusy(Technical):
    """The Admin asks to be left alone for a while (HTTP {status}).

    Beginning again after a rest may mend it.
    """

    next_step = "Nothing was pressed: run the list again later, with fewer workers or a slower --pace."


class ChoiceNotOffered(Technical):
    """{screen}: {wanted!r} is not among the choices of {element}, which are: {offered}."""

    next_step = "Nothing was pressed. Check the reasons in the pack against those that this Admin offers."


class LeadsElsewhere(Technical):
    """{screen}: {element} leads to {host}, which is not the Admin; it was not followed."""

    next_step = "Nothing was pressed. With order import disabled some versions link to Seller Central: cancel it there."


class NeverPressed(Technical):
    """{screen}: {element} is the Commerce order's own Cancel (by {known_by}), which is not the Amazon cancel; it was
    not pressed.
    """

    next_step = "Nothing was pressed. Look at the pictures of this order, and at what the pack says of this element."


class PageTrouble(Technical):
    """The browser could not go on: {reason}"""


class ClaimLost(Technical):
    """Another run has taken order {order} over, because this one stood still for too long."""


class StoodStill(Technical):
    """Confirm was not pressed for order {order}: this run stood still, or its clock was set, after its intent was
    written.
    """


class EvidenceNotWritten(Technical):
    """The evidence could not be written ({reason}), and no order is canceled without it."""

    next_step = "Nothing was pressed. Make room or give the run folder write permission, then run the list again."
