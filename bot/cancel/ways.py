"""From a pack's words to the wire: how its screens cancel an order, as a request shows it."""

from collections.abc import Collection, Mapping

from bot.cancel.cancels import FORM, GRAPHQL, Way
from bot.cancel.wire import SentBy, Wire
from bot.pack import Pack


def wire_for(
    url: str,
    packs: Collection[Pack],
    allowed_hosts: Collection[str] = (),
    sent_by: SentBy = "client",
    headers: Mapping[str, str] | None = None,
) -> Wire:
    """The wire of the Admin at ``url``, whose screens are those of one of the packs."""
    endpoint = next((pack.info.app_endpoint for pack in packs if pack.info.app_endpoint), "")
    ways = ways_to_cancel(packs)
    return Wire(url, ways=ways, endpoint=endpoint, allowed_hosts=allowed_hosts, headers=headers, sent_by=sent_by)


def ways_to_cancel(packs: Collection[Pack]) -> list[Way]:
    """How the screens of these packs cancel an order, as it is seen on the wire."""
    return [
        Way(
            address=pack.info.cancel_request.address,
            mutation=pack.info.mutation,
            order=pack.info.cancel_request.names.order or (GRAPHQL if pack.info.mutation else FORM).order,
            row=pack.info.cancel_request.names.row or FORM.row,
            store=pack.info.cancel_request.names.store or (GRAPHQL if pack.info.mutation else FORM).store,
            reason=pack.info.cancel_request.names.reason or FORM.reason,
        )
        for pack in packs
    ]
