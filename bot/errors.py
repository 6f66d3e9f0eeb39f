"""Everything that can go wrong, as one family.

A class's ``sentence`` is what a user reads; words in braces are filled in from the facts that the error was raised
with. Its ``next_step`` says what to do about it. Its docstring is for developers and is never shown: ``python -OO``
takes docstrings away. Each class says which exit status it leads to, which outcome it gives the order in hand (if it
concerns one order only) and whether beginning the order again is safe.

    CountermandError
    ├── InputInvalid            the user's files: exit status 2, nothing was opened
    ├── SettingsInvalid         the user's settings: exit status 2, nothing was opened
    ├── CannotStart             no browser, no run folder, no ledger: exit status 2, nothing was opened
    │   ├── NoBrowser
    │   ├── BrowserUnusable     the one that the settings name
    │   ├── BrowserDoesNotStart
    │   └── LedgerTrouble
    ├── RunStopped              the rest of the list cannot be worked: exit status 3
    │   ├── NotReached          the address of the Admin leads to no Admin
    │   ├── CannotSignIn        a person must see to it
    │   │   └── SignInRefused
    │   ├── GenerationUnknown   no pack fits the screens
    │   ├── NotLetThrough       a cancel could not be sent exactly once
    │   ├── CommitsNotAllowed   a test may not cancel orders
    │   └── Interrupted         by a person: exit status 130
    ├── NotAsNeeded             the page is sound, but has nothing that doctor or check could look at
    └── OrderTrouble            concerns one order; the others go on
        ├── Refused             the page is sound and says no: never begun again
        └── Technical           the page is not sound: begun again while nothing was pressed
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from bot.outcomes import Outcome
from bot.wording import cut


class CountermandError(Exception):
    """What all of the family have in common. A class without a ``sentence`` of its own takes that of its base.

    Needs a fact for every word in braces.
    """

    sentence: ClassVar[str] = "Something went wrong."
    exit_status: ClassVar[int] = 3
    next_step: str = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        self.message = self.sentence.format(**facts)
        super().__init__(self.message)


class Problem(NamedTuple):
    """One mistake in a file that a user wrote, and where it is (lines and columns count from 1)."""

    file: str
    line: int
    column: int
    message: str
    place: str = ""
    """How line and column are written where not as two numbers, such as ``Sheet1!B7``."""

    def at(self, place: str) -> "Problem":
        """The same mistake, with its place written so."""
        return self._replace(place=place)

    def __str__(self) -> str:
        file = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in self.file)
        return f"{file}:{self.place or f'{self.line}:{self.column}'}: {self.message}"


class InputInvalid(CountermandError):
    """A file that a user wrote has mistakes.

    Needs every mistake found, in the order of the file: they are shown all at once.
    """

    sentence = "{listing}"
    exit_status = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(listing="\n".join(str(problem) for problem in self.problems))


class SettingsInvalid(CountermandError):
    """The settings have mistakes. Needs ``listing``: a line for each of them."""

    sentence = "{listing}"
    exit_status = 2


class CannotStart(CountermandError):
    """Something that every run needs is not there. Needs ``reason``."""

    sentence = "{reason}"
    exit_status = 2


class NoBrowser(CannotStart):
    """This machine has no browser. Needs ``where`` it was looked for: empty, or words that begin with a space."""

    sentence = (
        "No browser was found{where}. Get one with: python -m playwright install chromium -- or install Chromium, "
        "Chrome or Edge -- or name one in COUNTERMAND_BROWSER."
    )


class BrowserUnusable(CannotStart):
    """The settings name a browser that cannot be used. Needs what is ``named``, and ``why`` it cannot be used."""

    sentence = (
        "COUNTERMAND_BROWSER names {named}, but {why}. Name the browser's program file, or leave the setting out to "
        "use the one that is found."
    )


class BrowserDoesNotStart(CannotStart):
    """A browser that was found does not start. Needs its ``source``, ``why``, and ``advice`` in a sentence."""

    sentence = "{source} does not start: {why}. {advice}"


class LedgerTrouble(CannotStart):
    """The ledger cannot be opened, read or written. Needs the ``ledger`` and the ``reason``."""

    sentence = "The ledger {ledger} cannot be used: {reason}"


class RunStopped(CountermandError):
    """Ends the run; orders not yet begun become ``skipped``. Needs ``reason``."""

    sentence = "{reason}"


class NotReached(RunStopped):
    """The address of the Admin leads nowhere, or to something that is not an Admin.

    Needs ``next_step`` too: what to do about it.
    """

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason=reason)
        self.next_step = next_step


class CannotSignIn(RunStopped):
    """A person who signs in by hand mends it, where one looks on. Needs ``reason``."""


class SignInRefused(CannotSignIn):
    """The Admin refused what was entered, which counts as tried. Needs ``reason``."""


class GenerationUnknown(RunStopped):
    """No pack fits the screens. Needs the ``store`` whose page was looked at, and ``why`` none fits."""

    sentence = (
        "Which version of the Amazon Sales Channel this is cannot be told from the page of store {store!r}: {why}"
    )
    next_step = (
        "Name the pack, in COUNTERMAND_PACK or with --pack: asc-2 for versions 2 and 3, asc-4.0 for 4.0 to 4.2, "
        "asc-4.3 for 4.3 and later, or a folder of your own."
    )


class NotLetThrough(RunStopped):
    """The client that sends cancels does not get through to the Admin. Needs ``why``."""

    sentence = (
        "The Admin does not let the client through by which a cancel is sent exactly once ({why}). Nothing was pressed."
    )
    next_step = (
        "If its certificate is the reason, name the file of the authority that signed it in NODE_EXTRA_CA_CERTS. If a "
        "firewall lets only browsers through, have it let this machine through; or set "
        "COUNTERMAND_CANCEL_SENT_BY=browser, and see docs/once.md for what that risks."
    )


class CommitsNotAllowed(RunStopped):
    """A test of somebody's suite may not cancel orders. Needs the ``test``, the ``host`` and ``why`` it may not."""

    sentence = "Test {test} may not cancel an order at {host}: {why}. Nothing was pressed."
    next_step = (
        "Mark the test with @pytest.mark.commits, and allow it by name and Admin: --countermand-commits TEST@ADMIN"
    )


class Interrupted(RunStopped):
    """A person stopped the run."""

    sentence = "Interrupted."
    exit_status = 130

    def __init__(self) -> None:
        super().__init__()


class NotAsNeeded(CountermandError):
    """What the page shows is sound, but nothing that orders can be canceled with.

    Needs ``next_step`` too: what to do about it.
    """

    sentence = "{reason}"

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason=reason)
        self.next_step = next_step


class OrderTrouble(CountermandError):
    """Something concerns one order. Needs ``reason``.

    What its facts say may come from a page: it is cut where it is too long to be told.
    """

    sentence = "{reason}"
    outcome: ClassVar[Outcome] = Outcome.FAILED
    exit_status = 1

    def __init__(self, **facts: object) -> None:
        super().__init__(**{name: cut(fact) if isinstance(fact, str) else fact for name, fact in facts.items()})


# --- The page is sound and says no -------------------------------------------------------------------------


class Refused(OrderTrouble):
    """Beginning the order again would only ask the same question. Needs ``reason``."""


class StoreNotFound(Refused):
    """The home page has no card of the ``store``."""

    sentence = "There is no store {store!r} on the Amazon Sales Channel home page."
    outcome = Outcome.NOT_FOUND
    next_step = "Compare the store's name in the job list with the card on the home page: it must be the same, whole."


class OrderNotFound(Refused):
    """The ``store`` has no such ``order``."""

    sentence = "Order {order} is neither among the recent orders of store {store!r} nor in All Orders."
    outcome = Outcome.NOT_FOUND
    next_step = "Check the order number and the store in the job list; orders not yet imported do not appear here."


class NotInGrid(Refused):
    """The ``store`` has no such ``order``, on screens where all orders are in one grid."""

    sentence = "Order {order} is on no page of the Orders tab of store {store!r}."
    outcome = Outcome.NOT_FOUND
    next_step = OrderNotFound.next_step


class NotImported(Refused):
    """The ``order`` has no Commerce order, whose page is the way to the cancel on these screens."""

    sentence = "Order {order} has no Commerce order, and on these screens only an imported order can be canceled."
    outcome = Outcome.NOT_CANCELABLE
    next_step = (
        "Nothing was pressed. Wait until the order was imported (the list's notes say what keeps it), and run the list "
        "again; or cancel it in Seller Central."
    )


class Mismatch(Refused):
    """The page shows something else than the job says. Needs ``what``, a sentence."""

    sentence = "{what}"
    outcome = Outcome.MISMATCH
    next_step = "Nothing was pressed. Compare the job list with the order's page before trying again."


class PressedBefore(Refused):
    """An earlier Confirm of the ``order`` waits for a person. Needs its run's ``run_id``, and when it was
    ``written_at``.
    """

    sentence = (
        "Confirm may have been pressed for order {order} in run {run_id} ({written_at}), and what came of it was never "
        "settled."
    )
    outcome = Outcome.UNKNOWN
    next_step = "Nothing was pressed this time. Look the order up in Seller Central before anything else is done to it."


# --- The page is not what it should be ---------------------------------------------------------------------


class Technical(OrderTrouble):
    """Safe to begin again while nothing was pressed. Needs ``reason``."""

    next_step = "Nothing was pressed: run the list again. If it stays, look at the pictures of this order."
    at: object = None
    """The screen on which it happened, where that is known: a ``bot.admin.screen.Screen``."""


class ElementMissing(Technical):
    """An element is not on its screen. Needs the ``screen``, the ``element``'s name, and its ``purpose``."""

    sentence = "{screen}: {element} ({purpose}) is not there."


class ElementAmbiguous(Technical):
    """An element is on its screen several times. Needs the same as ``ElementMissing``, and the ``count``."""

    sentence = "{screen}: {element} ({purpose}) is there {count} times, so none of them was used."


class ScreenNotReached(Technical):
    """A screen did not come. Needs the ``screen``, the ``seconds`` waited, and ``why`` the page is not that screen."""

    sentence = "{screen} did not appear within {seconds:g} s: {why}"


class ScreenChanged(Technical):
    """A screen became another one. Needs the ``screen``, and ``why`` the page is no longer that screen."""

    sentence = "{screen} is no longer what it was: {why}"


class SessionEnded(Technical):
    """Signing in again mends it. Needs ``reason``."""


class CodeRefused(Technical):
    """The Admin refused a two-factor code; a fresh one may be tried. Needs ``reason``."""


class InTheWay(Technical):
    """The Admin shows something else first. Needs ``next_step`` too: what to do about it."""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason=reason)
        self.next_step = next_step


class AdminBusy(Technical):
    """The Admin turned a request away; beginning again after a rest may mend it. Needs the HTTP ``status``."""

    sentence = "The Admin asks to be left alone for a while (HTTP {status})."
    next_step = "Nothing was pressed: run the list again later, with fewer workers or a slower --pace."


class ChoiceNotOffered(Technical):
    """A pick list lacks a choice. Needs the ``screen``, the ``element``, what was ``wanted``, what is ``offered``."""

    sentence = "{screen}: {wanted!r} is not among the choices of {element}, which are: {offered}."
    next_step = "Nothing was pressed. Check the reasons in the pack against those that this Admin offers."


class LeadsElsewhere(Technical):
    """A link leaves the Admin. Needs the ``screen``, the ``element``'s name, and the other ``host``."""

    sentence = "{screen}: {element} leads to {host}, which is not the Admin; it was not followed."
    next_step = "Nothing was pressed. With order import disabled some versions link to Seller Central: cancel it there."


class NotLookedAtAgain(Technical):
    """An audit came to a page that cannot be taken for the ``order``'s. Needs ``why``, a sentence."""

    sentence = "Order {order} could not be looked at again: {why}"
    next_step = "Run countermand audit again. If it stays, look at the pictures of this order."


class NeverPressed(Technical):
    """An element is one that must not be pressed. Needs the ``screen``, the ``element``, what it is ``known_by``."""

    sentence = (
        "{screen}: {element} is the Commerce order's own Cancel (by {known_by}), which is not the Amazon cancel; it "
        "was not pressed."
    )
    next_step = "Nothing was pressed. Look at the pictures of this order, and at what the pack says of this element."


class PageTrouble(Technical):
    """The page or the browser broke down. Needs ``reason``."""

    sentence = "The browser could not go on: {reason}"


class CancelStopped(Technical):
    """The page tried to cancel an order by itself. Needs ``why`` that was stopped."""

    sentence = "Nothing was pressed, and yet {why}."
    next_step = "Nothing left the browser. Look at the pictures of this order, and tell the shop's administrator."


class ListNotRead(Technical):
    """A list cannot be trusted to lack an order. Needs the ``screen``, the ``order`` and ``why`` not."""

    sentence = "{screen}: the list cannot be read reliably, so that order {order} cannot be called missing: {why}"


class ClaimLost(Technical):
    """The ``order`` is another run's by now."""

    sentence = "Another run has taken order {order} over, because this one stood still for too long."


class StoodStill(Technical):
    """Too much time has passed between the intent for the ``order`` and its press."""

    sentence = (
        "Confirm was not pressed for order {order}: this run stood still, or its clock was set, after its intent was "
        "written."
    )


class EvidenceNotWritten(Technical):
    """What shows that an order may be canceled cannot be kept. Needs ``reason``."""

    sentence = "The evidence could not be written ({reason}), and no order is canceled without it."
    next_step = "Nothing was pressed. Make room or give the run folder write permission, then run the list again."
