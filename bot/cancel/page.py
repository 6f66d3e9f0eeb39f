"""What the safety kernel needs of the Admin's page. ``bot.admin`` gives it; the kernel knows only these few methods."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self, TypeVar

from playwright.sync_api import ElementHandle, Page

from bot.cancel.attempt import Attempt
from bot.cancel.wire import Wire
from bot.errors import Technical
from bot.ledger import Event, Ledger
from bot.pack import Pack

Seen = TypeVar("Seen")


class Snapshot(Protocol):
    """What one look at a page gives, all from one instant."""

    @property
    def texts(self) -> Mapping[str, list[str]]:
        """Every text that each of the elements asked for reads as."""

    @property
    def order_numbers(self) -> frozenset[str]:
        """Every Amazon order number that stands by itself."""

    def facts_of_address(self, template: str) -> dict[str, str] | None:
        """The facts that the page's address gives under a route template of the pack, or None where it does not fit."""


class Found(Protocol):
    """What one look found for an element."""

    def all_inner_texts(self) -> list[str]:
        """What a person reads in each."""


class KnownScreen(Protocol):
    """A screen of the pack, read by the names of its elements."""

    @property
    def title(self) -> str:
        """What messages call it."""

    @property
    def facts(self) -> dict[str, str]:
        """What the pack may use in braces, such as ``order``."""

    @property
    def seen(self) -> Snapshot | None:
        """The look that last found it open."""

    def check(self) -> Self:
        """Make sure that it is open now; raises ``Technical`` if not."""

    def find(self, name: str) -> Found:
        """All visible matches of an element: none, one or several."""

    def done_by_a_click(self, name: str) -> list[str]:
        """What a click on it would do that the page's script has no part in."""

    def the_only(self, name: str) -> int:
        """The number of the one element of this name, where no second is hidden either; raises ``Technical`` if not."""

    def when_ready(self, name: str, *beside: "KnownScreen") -> AbstractContextManager[None]:
        """Wait until an element could be pressed, and press nothing.

        While the block runs, this screen, and those beside it, are read from that instant.
        """

    def wanting(self, *, some: Collection[str] = (), never: Collection[str] = ()) -> Self:
        """The same screen, for a look that waits until some elements are there, and others are not."""

    def count(self, name: str) -> int:
        """How many visible elements answer to this name."""

    def snapshot(self, *names: str) -> Snapshot:
        """Look at the page once."""

    def singles(self, texts: Mapping[str, list[str]]) -> dict[str, str]:
        """What each element reads as, each found exactly once; raises ``Technical`` if not."""

    def words(self, *names: str) -> list[list[str]]:
        """The visible words of everything that answers to each of these elements, from one instant."""

    def whole(self) -> dict[str, Any]:
        """What a look is asked for all of it."""

    def words_of(self, name: str) -> str:
        """The visible words of the one element of this name."""

    def chosen(self, name: str) -> str:
        """The words that a pick list shows as chosen."""

    def lacks(self, name: str) -> Technical:
        """The error that says that an element is not there as it should be."""


class AdminPage(Protocol):
    """The Admin's page, while one order is worked on."""

    @property
    def name(self) -> str:
        """The Admin's host and path, by which the ledger knows it."""

    @property
    def page(self) -> Page:
        """The browser's page."""

    @property
    def pack(self) -> Pack:
        """What the screens look like."""

    @property
    def patience(self) -> float:
        """Seconds to wait for a screen."""

    @property
    def wire(self) -> Wire:
        """The last guard of what is sent."""

    @property
    def ledger(self) -> Ledger:
        """Remembers every Confirm."""

    @property
    def attempt(self) -> Attempt:
        """The attempt under way."""

    def screen(self, name: str, **facts: str) -> KnownScreen:
        """A screen of the pack, without looking whether it is the one that is open."""

    def arrive(self, name: str, *, besides: Collection[str] = (), **facts: str) -> KnownScreen:
        """Wait until a screen is open and every check of it holds; raises ``Technical`` if it does not come."""

    def at_once(self, *screens: KnownScreen) -> AbstractContextManager[None]:
        """While the block runs, these screens are read from one instant: that in which it begins."""

    def element(self, number: int) -> ElementHandle:
        """The element that a look told of by this number; raises what the browser reports where it is gone."""

    def until(self, look: Callable[[], Seen | None], *, moment: float | None = None) -> Seen | None:
        """Look again whenever the page changes, until ``look`` gives something or time is up (then None).

        With a ``moment``, in seconds, a look waits in the page for what it wants, the first no longer than that.
        """

    def quiet(self) -> bool:
        """Wait until the page has not changed for a moment; False when it never comes to rest."""

    def beside(self) -> AbstractContextManager[None]:
        """Work on a second page of the same session while the block runs."""

    def go_to(self, url: str) -> None:
        """Open a page whose address was read in this session."""

    def picture(self, step: str) -> None:
        """Photograph the page as evidence."""

    def may_commit(self, order: str) -> None:
        """Make sure that Confirm may be pressed for this order; raises if not."""

    def note(self, event: Event, **told: object) -> None:
        """Append an event about the order to the ledger's trail."""

    def say(self, remark: str) -> None:
        """Tell the person who waits."""
