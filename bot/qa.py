"""For other people's test suites: is this the right screen, and may this test cancel an order?

What ``bot.pytest_plugin`` is made of, apart from pytest itself.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from string import Formatter
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Page, Route

from bot.admin import Admin
from bot.admin.screen import Screen
from bot.cancel.ways import ways_to_cancel
from bot.cancel.wire import cancels_an_order
from bot.errors import CommitsNotAllowed, CountermandError, RunStopped
from bot.files import did_you_mean
from bot.identity import admin_name, host_of
from bot.pack import Pack, load_pack, match_route

SANDBOX = "sandbox"
"""The name of the practice Admin, whose port changes every time. It never means a real Admin."""


@dataclass
class Gate:
    """Whether one test may cancel orders at one Admin; asked at the moment of pressing."""

    test: str
    """The test's name, without parameters."""
    host: str
    """The Admin, by its host and path (``bot.identity``); or ``SANDBOX``."""
    marked: bool
    """Whether the test says of itself that it commits."""
    allowed: Collection[str]
    """``TEST@ADMIN`` of every test that may."""
    refused: list[CommitsNotAllowed] = field(default_factory=list)
    """What was refused so far."""

    @property
    def why_not(self) -> str:
        """Why it may not; empty when it may."""
        if not self.marked:
            return "it is not marked with commits"
        return "" if f"{self.test}@{self.host}" in self.allowed else f"{self.test}@{self.host} is not allowed"

    def check(self, order: str = "") -> None:
        """Let through, or refuse.

        Raises:
            CommitsNotAllowed: the test may not.
        """
        if why := self.why_not:
            refused = CommitsNotAllowed(test=self.test, host=self.host, why=why)
            self.refused.append(refused)
            raise refused


def gate_host(url: str) -> str:
    """What the gate calls a real Admin: never by the name that stands for the practice Admin."""
    name = admin_name(url)
    return f"{name}." if name == SANDBOX else name


def guard_context(context: BrowserContext, pack: Pack, gate: Gate, may_talk_to: Callable[[str], bool]) -> list[str]:
    """Stop what a context's pages may not do in this test, no matter what presses; gives the list of what was stopped.

    A cancel that the gate does not let through, and requests to hosts that are not allowed, never leave the browser.
    """
    stopped: list[str] = []
    ways = ways_to_cancel([pack])

    def look_at(route: Route) -> None:
        request = route.request
        host = host_of(request.url)
        if host and not may_talk_to(host):
            route.abort("blockedbyclient")
        elif cancels_an_order(request, ways):
            if gate.why_not:
                stopped.append(f"a page sent a cancel, which was stopped: {gate.why_not}")
                route.abort("blockedbyclient")
            else:
                route.fallback()
        else:
            route.fallback()

    context.route("**/*", look_at)
    return stopped


def assert_screen(
    page: Page | Admin, name: str, *, pack: Pack | str = "asc-4.3", timeout: float = 30, **facts: str
) -> Screen:
    """Wait until screen ``name`` of the pack is open and every check of it holds; give it, to be read.

    Args:
        page: any Playwright page, or an Admin, which has a pack of its own.
        name: the screen, such as ``order_details``.
        pack: what the screens look like: a name, a folder, or a pack that was loaded.
        timeout: seconds to wait; an Admin has its own ``patience``.
        facts: what the screen's checks have in braces, such as ``store``. Those that the page's address gives need not
            be named.

    Raises:
        AssertionError: with the message of the first check that does not hold, or of what lies over the page.
        ValueError: there is no such screen, or a fact is needed that the address does not give.
    """
    __tracebackhide__ = True
    admin = page if isinstance(page, Admin) else _admin_of(page, pack, timeout)
    if name not in admin.pack.screens:
        known = list(admin.pack.screens)
        raise ValueError(f"pack {admin.pack.name} has no screen {name!r}: {did_you_mean(name, known) or known}".strip())
    needed = _facts_of(admin, name) - facts.keys()
    try:
        if needed & {"order", "store_id"}:
            facts = {**_facts_of_address(admin, needed), **facts}
        if missing := sorted(needed - facts.keys()):
            raise ValueError(f"screen {name} is checked by facts that must be given: {', '.join(missing)}")
        return admin.arrive(name, **facts)
    except RunStopped as trouble:
        raise AssertionError(f"{trouble} {trouble.next_step}".strip()) from None
    except CountermandError as trouble:  # its next step is for people who run a list
        raise AssertionError(str(trouble)) from None


def _facts_of_address(admin: Admin, needed: set[str]) -> dict[str, str]:
    """The order and store in the page's address; the page may still be on its way there."""

    def look() -> dict[str, str] | None:
        for route in filter(None, (admin.pack.info.order_route, admin.pack.info.store_route)):
            place = match_route(route, admin.address() if route.startswith("#") else urlsplit(admin.page.url).path)
            if place is not None and needed & {"order", "store_id"} <= place.keys():
                return place
        admin.notice_interruptions()
        return None

    place = admin.until(look)
    if place is None:
        raise AssertionError(
            f"The page's address, {admin.address() or 'without a #'}, is not that of an order or store."
        )
    return place


def _facts_of(admin: Admin, name: str) -> set[str]:
    spec = admin.pack.screens[name]
    checked = {element for check in spec.checks for element in check.elements}
    templates = [text for element in checked for _, text in spec.elements[element].templates()]
    for check in spec.checks:
        templates += [check.message, check.route or "", *(check.reads or {}).values()]
    return {fact for text in templates for _, fact, _, _ in Formatter().parse(text) if fact}


_admins: "WeakKeyDictionary[Page, dict[str, Admin]]" = WeakKeyDictionary()


def _admin_of(page: Page, pack: Pack | str, timeout: float) -> Admin:
    """An Admin for a bare page; the same one each time for the same pack."""
    pack = pack if isinstance(pack, Pack) else load_pack(pack)
    known = _admins.setdefault(page, {})
    if pack.name not in known:
        known[pack.name] = Admin(page, pack, page.url, patience=timeout)
    known[pack.name].patience = timeout
    return known[pack.name]
