"""The guard: proves, from the page as it is at that moment, that Confirm would cancel the right order.

It alone issues permits, and a permit is the only key to Confirm. What cannot be proved is refused.
The server does not look at the status again when a cancel arrives, so this look is the last there is.
"""

from dataclasses import InitVar, dataclass

from bot.cancel.confirm_screen import confirm_screen
from bot.cancel.details import Opened, OrderDetails, compare_details, look_at_order, quoted
from bot.cancel.page import AdminPage
from bot.errors import Mismatch
from bot.joblist import Job
from bot.vocabulary import Reason, Status
from bot.wording import apart, plain_name

_SEAL = object()


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Leave to press Confirm once, for this order. Only ``issue_permit`` can make one."""

    order: str
    store: str
    reason: Reason
    seen: OrderDetails
    store_id: str = ""
    """Of the store, where the request that cancels must name it so; so are the two below."""
    row_id: str = ""
    """Of the order."""
    merchant_id: str = ""
    """Of the store."""
    confirm: int = 0
    """The number of the element that was proved to be Confirm; no other is pressed."""
    seal: InitVar[object]
    """Not kept: a permit cannot be copied for another order."""

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the guard issues permits")


def issue_permit(admin: AdminPage, job: Job, opened: Opened) -> Permit:
    """Prove everything again, with the dialog or the cancel page open and the reason chosen, and issue the permit.

    Raises:
        Mismatch: something on the page is not the job's.
        Technical: the dialog or page is not what it should be, or what commits cannot be pressed.
    """
    place = confirm_screen(admin.pack)
    beside = place.look_beside(admin, job, opened)
    confirming = admin.screen(place.name, order=job.order)
    with confirming.when_ready("confirm", *([] if beside else [opened.details])):
        confirm = confirming.check().the_only("confirm")
        place.refuse_another_order(admin, confirming, job, opened)
        wanted = admin.pack.info.reasons[job.reason]
        chosen = confirming.chosen("reason")
        if plain_name(chosen) != plain_name(wanted):
            raise Mismatch(
                what=f"The {place.title} shows the reason {quoted(chosen)}, not {wanted!r}{apart(chosen, wanted)}."
            )
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
        confirm=confirm,
        seal=_SEAL,
    )


def _status(seen: OrderDetails) -> str:
    """The status as the page writes it, with the results' term where that is another word."""
    written = quoted(seen.status_words)
    same = seen.status is None or "".join(seen.status_words.split()) == seen.status
    return written if same else f"{written} ({seen.status})"
