"""An order's page, read: the job's order in the job's store, or refused."""

from dataclasses import dataclass

from bot.cancel.page import AdminPage, KnownScreen, Snapshot
from bot.errors import Mismatch
from bot.joblist import Job
from bot.money import amount
from bot.vocabulary import AMAZON_ORDER_NUMBER, Status
from bot.wording import cut, plain_name


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The row of a list that was clicked to open an order."""

    buyer_name: str = ""
    order_total: str = ""
    store_name: str | None = None
    """None where the whole list is of one store, so that no row names it."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An order that was opened: from which row, in which store."""

    details: KnownScreen
    listed: Listed
    store_id: str = ""
    """The store's, from the address of its dashboard, where addresses have one."""
    row_id: str = ""
    """The order's, from the link that led to its page, where addresses have one."""
    merchant_id: str = ""
    """The store's, from the address of the order's page, where classic addresses have one."""
    url: str = ""
    """The address of the order's page, good as long as the session is; where another page is left for it."""


@dataclass(frozen=True, kw_only=True)
class OrderDetails:
    """What an order's page says of it, read in one instant."""

    order_number: str
    """As the page shows it: the Amazon number, or the Commerce number of an imported order."""
    status: Status | None
    """None when the page writes a status that the pack does not know."""
    status_words: str
    notes: str | None = None
    """None, as the two below, where the page does not say, or says it twice: the status can be read without it."""
    buyer_name: str | None = None
    order_total: str | None = None


_IDENTITY = ("order_number", "status")
_COMPARED = ("buyer_name", "order_total")


def look_at_order(admin: AdminPage, job: Job, opened: Opened, snapshot: Snapshot | None = None) -> OrderDetails:
    """Read the order's page, and refuse it unless it is the job's order in the job's store.

    Buyer and total are read and not compared here (see ``compare_details``): where nothing is to be pressed, the status
    decides, and a page need not even say them.

    The page is looked at now, unless the ``snapshot`` of its arrival, a moment ago, has all that is wanted: a page may
    still be drawing then.

    Raises:
        Mismatch: the number on the page, or in its address, is not the job's; or the store, or the row, is another.
        ElementMissing, ElementAmbiguous: the page does not say its number or status, or says it twice.
    """
    words = (*_IDENTITY, "notes", *_COMPARED)
    if snapshot is None or any(len(snapshot.texts.get(name, ())) != 1 for name in words):
        snapshot = opened.details.snapshot(*words)
    read = opened.details.singles({name: snapshot.texts[name] for name in _IDENTITY})
    said = {name: snapshot.texts[name] for name in ("notes", *_COMPARED)}
    notes, buyer_name, order_total = (texts[0] if len(texts) == 1 else None for texts in said.values())
    place = snapshot.facts_of_address(admin.pack.info.order_route) or {}
    _same_order(job, read["order_number"], place.get("order"))
    if others := snapshot.order_numbers - {job.order}:
        raise Mismatch(what=f"The page of order {job.order} shows the number of another order as well: {min(others)}.")
    if place.get("store_id", "") != opened.store_id or place.get("merchant_id", "") != opened.merchant_id:
        raise Mismatch(what=f"The page of order {job.order} does not belong to store {job.store!r}.")
    if place.get("row_id", "") != opened.row_id:
        raise Mismatch(
            what=f"The page of order {job.order} is not the one that the list of store {job.store!r} led to."
        )
    return OrderDetails(
        order_number=read["order_number"],
        status=admin.pack.status(read["status"]),
        status_words=read["status"],
        notes=notes,
        buyer_name=buyer_name,
        order_total=order_total,
    )


def compare_details(job: Job, opened: Opened, seen: OrderDetails) -> None:
    """On the way to a press: hold buyer and total against the row that was clicked, and against the job list.

    Raises:
        Mismatch: they are not what the row or the list says.
        ElementMissing: the page does not say them, or says them twice.
    """
    if seen.buyer_name is None:
        raise opened.details.lacks("buyer_name")
    if seen.order_total is None:
        raise opened.details.lacks("order_total")
    if plain_name(seen.buyer_name) != plain_name(opened.listed.buyer_name):
        raise Mismatch(what="The buyer's name on the order's page is not the one in the list that led to it.")
    total = amount(seen.order_total)
    if total is None:
        raise Mismatch(what=f"The order's page says a total of {quoted(seen.order_total)}, which is not one amount.")
    if total != amount(opened.listed.order_total):
        raise Mismatch(
            what=f"The order's page says a total of {quoted(seen.order_total)}, the list that led to it "
            f"{quoted(opened.listed.order_total)}."
        )
    if job.expect.total is not None and total != job.expect.total:
        raise Mismatch(what=f"The order's total is {total}, the job list expects {job.expect.total}.")
    if job.expect.buyer is not None and plain_name(seen.buyer_name) != plain_name(job.expect.buyer):
        raise Mismatch(what="The buyer's name on the order's page is not the one that the job list expects.")


def _same_order(job: Job, shown: str, in_address: str | None) -> None:
    """An imported order shows its Commerce number; then the page's address must prove which order it is."""
    if in_address is not None and in_address != job.order:
        raise Mismatch(what=f"The page's address is that of order {cut(in_address, 80)}, not {job.order}.")
    if AMAZON_ORDER_NUMBER.fullmatch(shown):
        if shown != job.order:
            raise Mismatch(what=f"The page shows order {shown}, not {job.order}.")
    elif in_address is None:
        raise Mismatch(what=f"The page shows order {quoted(shown)} and nothing on it proves that this is {job.order}.")


def quoted(words: str) -> str:
    """Words of the page as a message repeats them."""
    return repr(cut(words, 80))
