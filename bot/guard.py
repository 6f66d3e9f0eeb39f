"""The guard: proves, from the page as it is at that moment, that Confirm would cancel the right order.

It alone issues permits, and a permit is the only key to Confirm. What cannot be proved is refused.
The server does not look at the status again when a cancel arrives, so this look is the last there is.
"""

from dataclasses import InitVar, dataclass

from bot.admin import Admin
from bot.errors import Mismatch
from bot.joblist import Job
from bot.money import amount
from bot.pack import match_route
from bot.screen import Screen
from bot.vocabulary import AMAZON_ORDER_NUMBER, Reason, Status
from bot.wording import cut

_SEAL = object()


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The row of a list that was clicked to open an order."""

    buyer_name: str
    order_total: str


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An order that was opened: from which row, in which store."""

    details: Screen
    listed: Listed
    store_id: str


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What an order's page says of it, read in one instant."""

    order_number: str
    """As the page shows it: the Amazon number, or the Commerce number of an imported order."""
    status: Status | None
    """None when the page writes a status that the pack does not know."""
    status_words: str
    notes: str
    buyer_name: str
    order_total: str


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Leave to press Confirm once, for this order. Only ``issue_permit`` can make one."""

    order: str
    store: str
    reason: Reason
    seen: Sighting
    seal: InitVar[object]
    """Not kept: a permit cannot be copied for another order."""

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the guard issues permits")


def look_at_order(admin: Admin, job: Job, opened: Opened) -> Sighting:
    """Read the order's page, and refuse it unless it is the job's order in the job's store.

    Raises:
        Mismatch: number, store, buyer or total are not what the job, the clicked row or the list expect.
        ElementMissing, ElementAmbiguous: the page does not say, or says it twice.
    """
    glance = opened.details.glance("order_number", "status", "notes", "buyer_name", "order_total")
    read = opened.details.singles(glance.texts)
    place = match_route(admin.pack.info.order_route, glance.address) or {}
    seen = Sighting(
        order_number=read["order_number"],
        status=admin.pack.status(read["status"]),
        status_words=read["status"],
        notes=read["notes"],
        buyer_name=read["buyer_name"],
        order_total=read["order_total"],
    )
    _same_order(job, seen.order_number, place.get("order"))
    if others := glance.order_numbers - {job.order}:
        raise Mismatch(what=f"The page of order {job.order} shows the number of another order as well: {min(others)}.")
    if place.get("store_id") != opened.store_id:
        raise Mismatch(what=f"The page of order {job.order} does not belong to store {job.store!r}.")
    if seen.buyer_name != opened.listed.buyer_name:
        raise Mismatch(what="The buyer's name on the order's page is not the one in the list that led to it.")
    total = amount(seen.order_total)
    if total is None or total != amount(opened.listed.order_total):
        raise Mismatch(
            what=f"The order's page says a total of {_quoted(seen.order_total)}, the list that led to it "
            f"{_quoted(opened.listed.order_total)}."
        )
    if job.expect.total is not None and total != job.expect.total:
        raise Mismatch(what=f"The order's total is {total}, the job list expects {job.expect.total}.")
    if job.expect.buyer is not None and seen.buyer_name != " ".join(job.expect.buyer.split()):
        raise Mismatch(what="The buyer's name on the order's page is not the one that the job list expects.")
    return seen


def issue_permit(admin: Admin, job: Job, opened: Opened) -> Permit:
    """Prove everything anew, with the dialog open and the reason chosen, and issue the permit.

    Raises:
        Mismatch: something on the page is not the job's.
        Technical: the dialog is not what it should be, or Confirm cannot be pressed.
    """
    dialog = admin.screen("cancel_dialog", order=job.order).check()
    dialog.the_only("confirm").click(trial=True)
    for number in AMAZON_ORDER_NUMBER.findall(dialog.words_of("dialog")):
        if number != job.order:
            raise Mismatch(what=f"The dialog is about order {number}, not {job.order}.")
    wanted = admin.pack.info.reasons[job.reason]
    chosen = dialog.chosen("reason")
    if chosen != wanted:
        raise Mismatch(what=f"The dialog shows the reason {_quoted(chosen)}, not {wanted!r}.")
    seen = look_at_order(admin, job, opened)
    if seen.status is not Status.UNSHIPPED:
        raise Mismatch(what=f"The order's status has become {_status(seen)}; only Unshipped can be canceled.")
    return Permit(order=job.order, store=job.store, reason=job.reason, seen=seen, seal=_SEAL)


def _same_order(job: Job, shown: str, in_address: str | None) -> None:
    """An imported order shows its Commerce number; then the page's address must prove which order it is."""
    if in_address is not None and in_address != job.order:
        raise Mismatch(what=f"The page's address is that of order {cut(in_address, 80)}, not {job.order}.")
    if AMAZON_ORDER_NUMBER.fullmatch(shown):
        if shown != job.order:
            raise Mismatch(what=f"The page shows order {shown}, not {job.order}.")
    elif in_address is None:
        raise Mismatch(what=f"The page shows order {_quoted(shown)} and nothing on it proves that this is {job.order}.")


def _status(seen: Sighting) -> str:
    """The status as the page writes it, with the results' term where that is another word."""
    written = _quoted(seen.status_words)
    same = seen.status is None or "".join(seen.status_words.split()) == seen.status
    return written if same else f"{written} ({seen.status})"


def _quoted(words: str) -> str:
    """Words of the page as a message repeats them."""
    return repr(cut(words, 80))
