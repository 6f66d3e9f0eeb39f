"""What a request would cancel, read from the request as it is about to leave: its method, address and body.

The extension cancels in two ways: by the mutation ``cancelOrder`` at the app's endpoint (``graphql_calls``), and by the
form of the classic cancel page, which also acts on a bare GET (``forms``). Both are known here for every pack, whatever
screens it describes; a pack can add a way of its own.
"""

from collections.abc import Iterable, Iterator

from bot.cancel.cancels import KNOWN_WAYS, Cancel, Sent, Way
from bot.cancel.forms import form_cancel
from bot.cancel.graphql_calls import mutations_in


def cancels_in(sent: Sent, ways: Iterable[Way] = KNOWN_WAYS) -> list[Cancel]:
    """Every cancel that a request asks for; empty for one that cancels nothing.

    Raises:
        Unreadable: it goes to an address that cancels orders, and what it asks for cannot be read.
    """
    return [cancel for way in ways if way.is_at(sent.url) for cancel in _cancels(sent, way)]


def _cancels(sent: Sent, way: Way) -> Iterator[Cancel]:
    if way.mutation:
        yield from mutations_in(sent, way)
    else:
        yield form_cancel(sent, way)
