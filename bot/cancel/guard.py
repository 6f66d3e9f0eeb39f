"""The guard: proves, from the page as it is at that moment, that Confirm would cancel the right order.

It alone issues permits, and a permit is the only key to Confirm. What cannot be proved is refused.
The server does not look at the status again when a cancel arrives, so this look is the last there is.
"""

from dataclasses import InitVar, dataclass

from bot.admin import Admin
from bot.admin.screen import Glance, Screen
from bot.errors import Mismatch, ScreenNotReached
from bot.joblist import Job
from bot.money import amount
from bot.vocabulary import AMAZON_ORDER_NUMBER, Reason, Status
from bot.wording import cut

_SEAL = object()


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The row of a list that was clicked to open an order."""

    buyer_name: str = ""
    order_total: str = ""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An order that was opened: from which row, in which store."""

    details: Screen
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
class Sighting:
    """What an order's page says of it, read in one instant."""

    order_number: str
    """As the page shows it: the Amazon number, or the Commerce number of an imported order."""
    status: Status | None
    """None when the page writes a status that the pack does not know."""
    status_words: str
    notes: str | None = None
    """None, as the two below, where the page does not say, or says it twice: a status can be read all the same."""
    buyer_name: str | None = None
    order_total: str | None = None


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Leave to press Confirm once, for this order. Only ``issue_permit`` can make one."""

    order: str
    store: str
    reason: Reason
    seen: Sighting
    store_id: str = ""
    """Of the store, where the request that cancels must name it so; so are the two below."""
    row_id: str = ""
    """Of the order."""
    merchant_id: str = ""
    """Of the store."""
    seal: InitVar[object]
    """Not kept: a permit cannot be copied for another order."""

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the guard issues permits")


_IDENTITY = ("order_number", "status")
_COMPARED = ("buyer_name", "order_total")


def look_at_order(admin: Admin, job: Job, opened: Opened, glance: Glance | None = None) -> Sighting:
    """Read the order's page, and refuse it unless it is the job's order in the job's store.

    Buyer and total are read and not compared here (see ``compare_details``): where nothing is to be pressed, the status
    decides, and a page need not even say them.

    The page is looked at now, unless a ``glance`` says what it was like when it was arrived at, a moment ago, and has
    all that is wanted: a page may still be drawing then.

    Raises:
        Mismatch: the number on the page, or in its address, is not the job's; or the store, or the row, is another.
        ElementMissing, ElementAmbiguous: the page does not say its number or status, or says it twice.
    """
    words = (*_IDENTITY, "notes", *_COMPARED)
    if glance is None or any(len(glance.texts.get(name, ())) != 1 for name in words):
        glance = opened.details.glance(*words)
    read = opened.details.singles({name: glance.texts[name] for name in _IDENTITY})
    said = {name: glance.texts[name] for name in ("notes", *_COMPARED)}
    notes, buyer_name, order_total = (texts[0] if len(texts) == 1 else None for texts in said.values())
    place = glance.facts_of_address(admin.pack.info.order_route) or {}
    _same_order(job, read["order_number"], place.get("order"))
    if others := glance.order_numbers - {job.order}:
        raise Mismatch(what=f"The page of order {job.order} shows the number of another order as well: {min(others)}.")
    if place.get("store_id", "") != opened.store_id or place.get("merchant_id", "") != opened.merchant_id:
        raise Mismatch(what=f"The page of order {job.order} does not belong to store {job.store!r}.")
    if place.get("row_id", "") != opened.row_id:
        raise Mismatch(
            what=f"The page of order {job.order} is not the one that the list of store {job.store!r} led to."
        )
    return Sighting(
        order_number=read["order_number"],
        status=admin.pack.status(read["status"]),
        status_words=read["status"],
        notes=notes,
        buyer_name=buyer_name,
        order_total=order_total,
    )


def compare_details(job: Job, opened: Opened, seen: Sighting) -> None:
    """On the way to a press: hold buyer and total against the row that was clicked, and against the job list.

    Raises:
        Mismatch: they are not what the row or the list says.
        ElementMissing: the page does not say them, or says them twice.
    """
    if seen.buyer_name is None:
        raise opened.details.lacks("buyer_name")
    if seen.order_total is None:
        raise opened.details.lacks("order_total")
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


def issue_permit(admin: Admin, job: Job, opened: Opened) -> Permit:
    """Prove everything anew, with the dialog or the cancel page open and the reason chosen, and issue the permit.

    Raises:
        Mismatch: something on the page is not the job's.
        Technical: the dialog or page is not what it should be, or what commits cannot be pressed.
    """
    way = admin.pack.info.way
    beside = None
    if way.confirm_on == "cancel_page":
        await_script(admin, job)
        beside = _look_beside(admin, job, opened)
    confirming = admin.screen(way.confirm_on, order=job.order).check()
    confirming.the_only("confirm").click(trial=True)
    if way.confirm_on == "cancel_dialog":
        _dialog_is_about(confirming, job)
    else:
        _cancel_page_is_about(admin, confirming, job, opened)
    wanted = admin.pack.info.reasons[job.reason]
    chosen = confirming.chosen("reason")
    if chosen != wanted:
        where = "dialog" if way.confirm_on == "cancel_dialog" else "cancel page"
        raise Mismatch(what=f"The {where} shows the reason {_quoted(chosen)}, not {wanted!r}.")
    seen = beside or look_at_order(admin, job, opened)
    if seen.status is not Status.UNSHIPPED:
        raise Mismatch(what=f"The order's status has become {_status(seen)}; only Unshipped can be canceled.")
    compare_details(job, opened, seen)
    return Permit(
        order=job.order,
        store=job.store,
        reason=job.reason,
        seen=seen,
        store_id=opened.store_id,
        row_id=opened.row_id,
        merchant_id=opened.merchant_id,
        seal=_SEAL,
    )


def await_script(admin: Admin, job: Job) -> None:
    """Wait until the script of the page has taken its button over.

    Until then the classic page's button has a handler of its own, which visits the address that cancels without any
    reason.

    Raises:
        ScreenNotReached: it still does after the patience.
    """
    confirming = admin.screen(admin.pack.info.way.confirm_on, order=job.order)

    def is_bound() -> bool:
        handlers = confirming.find("confirm").evaluate_all(_OWN_HANDLERS)
        return not any(admin.wire.names_a_cancel(handler) for handler in handlers)

    if not admin.until(is_bound):
        why = "its button still sends the cancel without a reason, because the page's script has not started."
        raise ScreenNotReached(screen=confirming.spec.title, seconds=admin.patience, why=why)


_OWN_HANDLERS = """(elements) => elements.flatMap((element) => {
    const around = element.closest("button, a, input, [role=button], [role=link]") ?? element;
    return [String(around.onclick ?? ""), around.getAttribute("onclick") ?? "", around.getAttribute("href") ?? ""];
})"""
"""What a click would do that the page's script has no part in: a script of the markup's own, or a link."""


def _dialog_is_about(dialog: Screen, job: Job) -> None:
    for number in AMAZON_ORDER_NUMBER.findall(dialog.words_of("dialog")):
        if number != job.order:
            raise Mismatch(what=f"The dialog is about order {number}, not {job.order}.")


def _cancel_page_is_about(admin: Admin, page: Screen, job: Job, opened: Opened) -> None:
    """The page has the order's number and, in its address, the row that the order's own page had."""
    glance = page.glance("amazon_order_number")
    shown = page.singles(glance.texts)["amazon_order_number"]
    for number in (shown, *sorted(glance.order_numbers)):
        if number != job.order:
            raise Mismatch(what=f"The cancel page is about order {_quoted(number)}, not {job.order}.")
    place = glance.facts_of_address(admin.pack.info.cancel_route or "") or {}
    if not opened.row_id or place.get("row_id") != opened.row_id:
        raise Mismatch(what=f"The cancel page's address is not that of order {job.order}.")


def _look_beside(admin: Admin, job: Job, opened: Opened) -> Sighting:
    """Open the order's page on a page beside the one that cancels, which shows no status, and look at it there.

    Raises:
        Mismatch: as ``look_at_order``.
        Technical: the order's page did not come.
        EvidenceNotWritten: no picture of it could be taken.
    """
    with admin.beside():
        admin.go_to(opened.url)
        seen = look_at_order(admin, job, opened, opened.details.arrive().seen)
        admin.recorder.picture(admin, "look_beside")
    return seen


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
