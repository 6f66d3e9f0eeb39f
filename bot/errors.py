"""Everything that can go wrong, as one family.

A class's ``template`` is what a user reads; words in braces are filled in from the facts that the error is raised
with. ``next_step`` says what to do about it. Every class takes both the same way: ``reason`` and ``next_step`` may be
given to any of them, and other facts by name. The docstring is for developers and is never shown, because
``python -OO`` removes docstrings. Each class says which exit status it leads to, which outcome it gives an order (if it
concerns only one) and whether it is safe to start that order again.

    CountermandError
    ├── InputInvalid            the user's files: exit status 2, nothing was opened
    ├── SettingsInvalid         the user's settings: exit status 2, nothing was opened
    ├── CannotStart             no browser, no run folder, no ledger: exit status 2, nothing was opened
    │   ├── NoBrowser
    │   ├── BrowserUnusable     the one that the settings name
    │   ├── BrowserDoesNotStart
    │   ├── BrowserServerUnusable   the browser is to be on another machine
    │   ├── NotApproved         a run that a person cannot approve
    │   └── LedgerTrouble
    ├── RunStopped              the rest of the list cannot be processed: exit status 3
    │   ├── NotReached          the address of the Admin leads to no Admin
    │   ├── CannotSignIn        a person has to help
    │   │   ├── SignInRefused
    │   │   └── FormRefused     no attempt: what was entered was never looked at
    │   ├── AccountLost         another run may have signed in with this run's account
    │   ├── GenerationUnknown   no pack fits the screens
    │   ├── HttpClientBlocked       a cancel could not be sent exactly once
    │   ├── CommitsNotAllowed   a test may not cancel orders
    │   ├── QueuedRunStopped    the run, and not the worker that hears of it
    │   └── Interrupted         by a person: exit status 130
    ├── NothingToCheck             the page is fine, but has nothing that doctor or check could look at
    └── OrderTrouble            concerns one order; the others go on
        ├── Refused             the page is fine and says no: never started again
        └── Technical           the page is not as expected: started again as long as nothing was pressed
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from bot.outcomes import Outcome
from bot.wording import cut


class CountermandError(Exception):
    """The base of the family. Needs a fact for every word in braces; a ``next_step`` replaces that of the class."""

    template: ClassVar[str] = "Something went wrong."
    exit_status: ClassVar[int] = 3
    next_step: str = ""

    def __init__(self, reason: object = None, next_step: str | None = None, **facts: object) -> None:
        self.facts = facts if reason is None else {"reason": reason, **facts}
        self.message = self.template.format(**self.facts)
        if next_step is not None:
            self.next_step = next_step
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
    """A file that a user wrote has mistakes. Needs all of them, in the order of the file."""

    template = "{listing}"
    exit_status = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(listing="\n".join(str(problem) for problem in self.problems))


class SettingsInvalid(CountermandError):
    """The settings have mistakes. Needs ``listing``: a line for each of them."""

    template = "{listing}"
    exit_status = 2


class CannotStart(CountermandError):
    """Something that every run needs is missing. Needs ``reason``."""

    template = "{reason}"
    exit_status = 2


class NoBrowser(CannotStart):
    """This machine has no browser. Needs ``where`` it was looked for: empty, or words that begin with a space."""

    template = (
        "No browser was found{where}. Get one with: python -m playwright install chromium -- or install Chromium, "
        "Chrome or Edge -- or name one in COUNTERMAND_BROWSER."
    )


class BrowserUnusable(CannotStart):
    """The settings name a browser that cannot be used. Needs what is ``named``, and ``why`` it cannot be used."""

    template = (
        "COUNTERMAND_BROWSER names {named}, but {why}. Name the browser's program file, or leave the setting out to "
        "use the one that is found."
    )


class BrowserDoesNotStart(CannotStart):
    """A browser was found but does not start. Needs its ``source``, ``why``, and ``advice``, a sentence."""

    template = "{source} does not start: {why}. {advice}"


class BrowserServerUnusable(CannotStart):
    """A browser on another machine cannot be used. Needs its ``server``, ``why``, and ``advice``, a sentence."""

    template = "The browser server at {server} cannot be used: {why}. {advice}"


class NotApproved(CannotStart):
    """A submitted run cannot be approved or declined. Needs the ``run`` and the ``reason``, without its full stop."""

    template = "Run {run} was not changed: {reason}."


class LedgerTrouble(CannotStart):
    """The ledger cannot be opened, read or written. Needs the ``ledger`` and the ``reason``."""

    template = "The ledger {ledger} cannot be used: {reason}"


class RunStopped(CountermandError):
    """Ends the run; orders that were not started become ``skipped``. Needs ``reason``."""

    template = "{reason}"


class NotReached(RunStopped):
    """The address of the Admin leads nowhere, or to something that is not an Admin. Needs ``reason``, ``next_step``."""


class CannotSignIn(RunStopped):
    """A person who signs in by hand solves it, if one is watching. Needs ``reason``."""


class SignInRefused(CannotSignIn):
    """The Admin refused what was entered, which counts as an attempt. Needs ``reason``."""


class FormRefused(CannotSignIn):
    """The sign-in form was refused, or not even sent, before anybody looked at the password. Needs ``reason``."""


class AccountLost(RunStopped):
    """The Admin ``account`` may be another run's by now: this one gave no sign of life for too long."""

    template = "This run was frozen for too long: another run may have signed in as {account} in the meantime."
    next_step = "Run the list again: orders that are done are recognized as already canceled."


class GenerationUnknown(RunStopped):
    """No pack fits the screens. Needs the ``store`` whose page was checked, and ``why`` no pack fits."""

    template = "The page of store {store!r} does not show which version of the Amazon Sales Channel this is: {why}"
    next_step = (
        "Name the pack, in COUNTERMAND_PACK or with --pack: asc-2 for versions 2 and 3, asc-4.0 for 4.0 to 4.2, "
        "asc-4.3 for 4.3 and later, or a folder of your own."
    )


class HttpClientBlocked(RunStopped):
    """The client that sends cancels cannot reach the Admin. Needs ``why``."""

    template = "The client that sends a cancel exactly once cannot reach the Admin ({why}). Nothing was pressed."
    next_step = (
        "If its certificate is the reason, name the file of the authority that signed it in "
        "COUNTERMAND_CERTIFICATE_AUTHORITY. If a firewall lets only browsers through, have it let this machine "
        "through; "
        "or set COUNTERMAND_CANCEL_SENT_BY=browser, and see docs/once.md for what that risks."
    )


class CommitsNotAllowed(RunStopped):
    """A test may not cancel orders. Needs the ``test``, the ``host`` and ``why`` not."""

    template = "Test {test} may not cancel an order at {host}: {why}. Nothing was pressed."
    next_step = (
        "Mark the test with @pytest.mark.commits, and allow it by name and Admin: --countermand-commits TEST@ADMIN"
    )


class QueuedRunStopped(RunStopped):
    """No more orders of a queued run begin, on whatever machine. Needs ``reason``."""


class Interrupted(RunStopped):
    """A person stopped the run."""

    template = "Interrupted."
    exit_status = 130


class NothingToCheck(CountermandError):
    """The page is fine, but shows nothing that could be examined. Needs ``reason``, ``next_step``."""

    template = "{reason}"


class OrderTrouble(CountermandError):
    """Trouble with one order. Needs ``reason``. Its facts may come from a page, so long ones are cut."""

    template = "{reason}"
    outcome: ClassVar[Outcome] = Outcome.FAILED
    exit_status = 1

    def __init__(self, reason: object = None, next_step: str | None = None, **facts: object) -> None:
        super().__init__(_short(reason), next_step, **{name: _short(fact) for name, fact in facts.items()})


def _short(fact: object) -> object:
    return cut(fact) if isinstance(fact, str) else fact


# --- The page is fine and says no --------------------------------------------------------------------------


class Refused(OrderTrouble):
    """Starting the order again would only give the same answer. Needs ``reason``."""


class StoreNotFound(Refused):
    """The home page has no card of the ``store``."""

    template = "There is no store {store!r} on the Amazon Sales Channel home page."
    outcome = Outcome.NOT_FOUND
    next_step = "Compare the store's name in the job list with the card on the home page: the whole name must match."


class OrderNotFound(Refused):
    """The ``store`` has no such ``order``."""

    template = "Order {order} is neither among the recent orders of store {store!r} nor in All Orders."
    outcome = Outcome.NOT_FOUND
    next_step = "Check the order number and the store in the job list; orders not yet imported do not appear here."


class NotInGrid(Refused):
    """There is no such ``order``, on screens with the orders of all stores in one grid."""

    template = "Order {order} is on no page of the Orders tab, which has the orders of all stores."
    outcome = Outcome.NOT_FOUND
    next_step = OrderNotFound.next_step


class NotImported(Refused):
    """The ``order`` has no Commerce order, whose page leads to the cancel on these screens."""

    template = "Order {order} has no Commerce order, and on these screens only an imported order can be canceled."
    outcome = Outcome.NOT_CANCELABLE
    next_step = (
        "Nothing was pressed. Wait until the order is imported (the list's notes say what is holding it up), then run "
        "the list again; or cancel it in Seller Central."
    )


class Mismatch(Refused):
    """The page disagrees with the job. Needs ``what``, a sentence."""

    template = "{what}"
    outcome = Outcome.MISMATCH
    next_step = "Nothing was pressed. Compare the job list with the order's page before trying again."


class PressedBefore(Refused):
    """An earlier Confirm of the ``order`` waits for a person. Needs its run's ``run_id``, and when it was
    ``written_at``.
    """

    template = (
        "Confirm may have been pressed for order {order} in run {run_id} ({written_at}), and the result was never "
        "settled."
    )
    outcome = Outcome.UNKNOWN
    next_step = (
        "Nothing was pressed this time. Look the order up in Seller Central before you do anything else with it."
    )


# --- The page is not as expected ---------------------------------------------------------------------------


class Technical(OrderTrouble):
    """Safe to start again as long as nothing was pressed. Needs ``reason``."""

    next_step = "Nothing was pressed: run the list again. If it happens again, look at the screenshots of this order."
    at: object = None
    """The ``bot.admin.screen.Screen`` on which it happened, if that is known."""


class ElementMissing(Technical):
    """An element is not on its screen. Needs the ``screen``, the ``element``'s name, and its ``purpose``."""

    template = "{screen}: {element} ({purpose}) is not there."


class ElementAmbiguous(Technical):
    """An element is on its screen several times. Needs the same as ``ElementMissing``, and the ``count``."""

    template = "{screen}: {element} ({purpose}) was found {count} times, so none of them was used."


class ElementCovered(Technical):
    """Something lies over an element. Needs the same as ``ElementMissing``, and the words on the ``cover``."""

    template = "{screen}: something covers {element} ({purpose}){cover}."


class ScreenNotReached(Technical):
    """A screen did not appear. Needs the ``screen``, the ``seconds`` waited, and ``why`` this is not it."""

    template = "{screen} did not appear within {seconds:g} s: {why}"


class ScreenChanged(Technical):
    """A screen turned into something else. Needs the ``screen``, and ``why`` the page is no longer that screen."""

    template = "{screen} has changed unexpectedly: {why}"


class SessionEnded(Technical):
    """Signing in again solves it. Needs ``reason``."""


class Unreachable(Technical):
    """The Admin's server did not answer this time; it may the next. Needs ``reason``, ``next_step``."""


class CodeRefused(Technical):
    """The Admin refused a two-factor code; a fresh one may be tried. Needs ``reason``."""


class InTheWay(Technical):
    """The Admin shows something else first. Needs ``reason``, ``next_step``."""


class AdminBusy(Technical):
    """The Admin turned a request away; starting again after a pause may help. Needs the HTTP ``status``."""

    template = "The Admin is busy and turned a request away (HTTP {status})."
    next_step = "Nothing was pressed: run the list again later, with fewer workers or a slower --pace."


class ChoiceNotOffered(Technical):
    """A pick list lacks a choice. Needs the ``screen``, the ``element``, what was ``wanted``, what is ``offered``."""

    template = "{screen}: {wanted!r} is not among the choices of {element}, which are: {offered}."
    next_step = "Nothing was pressed. Check the reasons in the pack against those that this Admin offers."


class ChoiceAmbiguous(Technical):
    """A pick list has a choice several times. Needs the ``screen``, the ``element``, what was ``wanted``, and the
    ``count``.
    """

    template = "{screen}: {wanted!r} is {count} times among the choices of {element}, so none of them was chosen."
    next_step = ChoiceNotOffered.next_step


class LeadsElsewhere(Technical):
    """A link leaves the Admin. Needs the ``screen``, the ``element``'s name, and the other ``host``."""

    template = "{screen}: {element} leads to {host}, which is not the Admin; it was not followed."
    next_step = "Nothing was pressed. With order import disabled some versions link to Seller Central: cancel it there."


class NotLookedAtAgain(Technical):
    """An audit cannot be sure that a page is the ``order``'s. Needs ``why``, a sentence."""

    template = "Order {order} could not be checked again: {why}"
    next_step = "Run countermand audit again. If it happens again, look at the screenshots of this order."


class NeverPressed(Technical):
    """An element must not be pressed. Needs the ``screen``, the ``element``, and what it is ``known_by``."""

    template = (
        "{screen}: {element} is the Commerce order's own Cancel (recognized by {known_by}), which is not the Amazon "
        "cancel; it was not pressed."
    )
    next_step = "Nothing was pressed. Look at the screenshots of this order, and at this element in the pack."


class PageTrouble(Technical):
    """The page or the browser broke down. Needs ``reason``."""

    template = "The browser failed: {reason}"


class CancelStopped(Technical):
    """The page tried to cancel an order by itself. Needs ``why`` that was blocked."""

    template = "Nothing was pressed, but {why}."
    next_step = "Nothing left the browser. Look at the screenshots of this order, and tell the shop's administrator."


class ListNotRead(Technical):
    """An order cannot be reported as missing from a list. Needs the ``screen``, the ``order`` and ``why`` not."""

    template = "{screen}: the list cannot be read reliably, so order {order} cannot be reported as missing: {why}"


class StoreNotRead(Technical):
    """The app was told of the ``store``, and its card cannot be found. Needs the ``screen``."""

    template = (
        "{screen}: the app was answered with store {store!r}, but no card of it was found on the page, so it cannot be "
        "reported as missing."
    )


class ClaimLost(Technical):
    """Another run has taken over the ``order``."""

    template = "Another run has taken over order {order}, because this run was frozen for too long."


class IntentExpired(Technical):
    """Too much time has passed between the intent for the ``order`` and its press."""

    template = (
        "Confirm was not pressed for order {order}: after its intent was written, this run was frozen or its clock "
        "was changed."
    )


class EvidenceNotWritten(Technical):
    """The proof that an order may be canceled cannot be saved. Needs ``reason``."""

    template = "The evidence could not be written ({reason}), and no order is canceled without it."
    next_step = (
        "Nothing was pressed. Free some disk space, let the folder be written to, or mount it if it is a share. "
        "Then run the list again."
    )
