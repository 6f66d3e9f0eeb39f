"""The screen on which Confirm is: what proves that it is the order's, and how its answer is recognized.

In version 4.3 and later it is a dialog over the order's page, and the app sends a mutation. Before, it is a page of its
own with a form. Which of the two a pack describes is decided once, in ``confirm_screen``.
"""

from abc import ABC, abstractmethod

from bot.cancel.answers import answer_to_form, answer_to_mutation
from bot.cancel.details import Opened, OrderDetails, look_at_order, quoted
from bot.cancel.endpoint import Answered
from bot.cancel.page import AdminPage, KnownScreen
from bot.errors import Mismatch, ScreenNotReached
from bot.joblist import Job
from bot.outcomes import Answer
from bot.pack import Pack
from bot.vocabulary import AMAZON_ORDER_NUMBER


class ConfirmScreen(ABC):
    """One of the two kinds of screens that Confirm is on."""

    name: str
    """In the pack."""
    title: str
    """In messages."""
    answers_with_a_page: bool
    """Whether the answer leads to another page, which says what was answered."""

    @abstractmethod
    def look_beside(self, admin: AdminPage, job: Job, opened: Opened) -> OrderDetails | None:
        """Before the screen is looked at, the order's page, where it is not below this screen; None where it is.

        Raises:
            Mismatch, Technical: as ``look_at_order``, or the order's page did not come.
        """

    @abstractmethod
    def refuse_another_order(self, admin: AdminPage, screen: KnownScreen, job: Job, opened: Opened) -> None:
        """Make sure that the screen is about the job's order.

        Raises:
            Mismatch: it is about another.
        """

    @abstractmethod
    def answer_on_wire(self, answered: Answered) -> tuple[Answer, str] | None:
        """What an answer on the wire says by itself; None where only the page that it leads to says more."""


class CancelDialog(ConfirmScreen):
    """A dialog over the order's page. The app sends a mutation, whose answer says all."""

    name, title, answers_with_a_page = "cancel_dialog", "dialog", False

    def look_beside(self, admin: AdminPage, job: Job, opened: Opened) -> None:
        """The order's page is below the dialog."""

    def refuse_another_order(self, admin: AdminPage, screen: KnownScreen, job: Job, opened: Opened) -> None:
        """No number in the dialog's words is another order's."""
        for number in AMAZON_ORDER_NUMBER.findall(screen.words_of("dialog")):
            if number != job.order:
                raise Mismatch(what=f"The dialog is about order {number}, not {job.order}.")

    def answer_on_wire(self, answered: Answered) -> tuple[Answer, str]:
        """What the mutation was answered."""
        return answer_to_mutation(answered)


class CancelPage(ConfirmScreen):
    """A page of its own, with the order's number and without its status. Its form is answered by another page."""

    name, title, answers_with_a_page = "cancel_page", "cancel page", True

    def look_beside(self, admin: AdminPage, job: Job, opened: Opened) -> OrderDetails:
        """Open the order's page on a page beside this one, and look at it there.

        Raises:
            ScreenNotReached: the script of this page did not start in time.
            EvidenceNotWritten: no picture of the order's page could be taken.
        """
        self._await_script(admin, job)
        with admin.beside():
            admin.go_to(opened.url)
            arrived = admin.arrive("order_details", **opened.details.facts)
            seen = look_at_order(admin, job, opened, arrived.seen)
            admin.picture("look_beside")
        return seen

    def refuse_another_order(self, admin: AdminPage, screen: KnownScreen, job: Job, opened: Opened) -> None:
        """The page has the order's number and, in its address, the row that the order's own page had."""
        snapshot = screen.snapshot("amazon_order_number")
        shown = screen.singles(snapshot.texts)["amazon_order_number"]
        for number in (shown, *sorted(snapshot.order_numbers)):
            if number != job.order:
                raise Mismatch(what=f"The cancel page is about order {quoted(number)}, not {job.order}.")
        place = snapshot.facts_of_address(admin.pack.info.cancel_route or "") or {}
        if not opened.row_id or place.get("row_id") != opened.row_id:
            raise Mismatch(what=f"The cancel page's address is not that of order {job.order}.")

    def answer_on_wire(self, answered: Answered) -> tuple[Answer, str] | None:
        """What the form was answered, as far as its page does not say more."""
        return answer_to_form(answered)

    def _await_script(self, admin: AdminPage, job: Job) -> None:
        """Wait until the script of the page has taken its button over.

        Until then the button has a handler of its own, which visits the address that cancels without any reason.

        Raises:
            ScreenNotReached: it still does after the patience.
        """
        screen = admin.screen(self.name, order=job.order)

        def is_bound() -> bool:
            return not any(admin.wire.names_a_cancel(act) for act in screen.done_by_a_click("confirm"))

        if not admin.until(is_bound):
            why = "its button still sends the cancel without a reason, because the page's script has not started."
            raise ScreenNotReached(screen=screen.title, seconds=admin.patience, why=why)


_CONFIRM_SCREENS: dict[str, ConfirmScreen] = {screen.name: screen for screen in (CancelDialog(), CancelPage())}


def confirm_screen(pack: Pack) -> ConfirmScreen:
    """The screen that Confirm is on, as the pack describes it."""
    return _CONFIRM_SCREENS[pack.info.way.confirm_on]
