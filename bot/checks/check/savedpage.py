"""A page that was saved from a browser, compared with a pack: opened without a network and without its scripts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from playwright.sync_api import Page, Route, sync_playwright

from bot.access.browser import VIEWPORT, launch
from bot.access.find_browser import find_browser
from bot.admin import Admin
from bot.admin.screen import Screen
from bot.checks.check import contract
from bot.checks.check.model import Drift
from bot.checks.check.snapshot import take_snapshot
from bot.errors import CannotStart
from bot.pack import Pack, fill
from bot.pack.model import ScreenCheck


@contextmanager
def saved_page(path: Path, browser: str | None = None) -> Iterator[tuple[Page, int]]:
    """The page in a browser without a network; the only files read are style sheets beside the page.

    Also gives how many of its style sheets are not there: without them a page shows other things, elsewhere.

    Raises:
        CannotStart: there is no such file, or no browser.
    """
    if not path.is_file():
        raise CannotStart(reason=f"There is no file {path}: save the page from the browser as HTML, and name it here.")
    page_file = path.resolve()
    lacking: list[str] = []

    def only_itself(route: Route) -> None:
        parts = urlsplit(route.request.url)
        wanted = Path(url2pathname(parts.path)) if parts.scheme == "file" else None
        is_style = route.request.resource_type == "stylesheet" and wanted is not None
        beside = wanted is not None and wanted.is_relative_to(page_file.parent) and wanted.is_file()
        if wanted == page_file or (is_style and beside):
            route.continue_()
        else:
            if route.request.resource_type == "stylesheet":
                lacking.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        opened = launch(playwright, find_browser(browser, playwright), headed=False, allowed_hosts=())
        try:
            context = opened.new_context(java_script_enabled=False, offline=True, viewport=VIEWPORT)
            context.route("**/*", only_itself)
            page = context.new_page()
            page.goto(page_file.as_uri(), wait_until="load")
            yield page, len(lacking)
        finally:
            opened.close()


def hold_saved(page: Page, pack: Pack, name: str, facts: Mapping[str, str]) -> tuple[Screen, list[Drift]]:
    """The screen, and what on the page is not as the pack's file for it says.

    A file has no address of the Admin, so checks of the address do not count; nor do those that need unknown facts.

    Raises:
        CannotStart: the pack has no such screen.
    """
    if name not in pack.screens:
        known = ", ".join(name for name, spec in pack.screens.items() if spec.interrupts is None)
        raise CannotStart(reason=f"The pack {pack.name} has no screen {name!r}: there are {known}.")
    admin = Admin(page, pack, "https://saved.invalid/")
    screen = contract.knowing(admin.screen(name, **facts))
    checks = tuple(check for check in screen.spec.checks if check.route is None and _can_be_told(screen, check))
    screen = Screen(admin, screen.spec.model_copy(update={"checks": checks}), screen.facts)
    return screen, list(contract.hold(screen, take_snapshot(page)))


def likeliest(page: Page, pack: Pack) -> str:
    """The screen that matches the page best, if no screen was named.

    Raises:
        CannotStart: it shows nothing of any.
    """
    admin = Admin(page, pack, "https://saved.invalid/")
    shares = {}
    for name, spec in pack.screens.items():
        screen = contract.knowing(admin.screen(name))
        known = [element for element in spec.elements if contract.is_known(screen, element)]
        if spec.interrupts is None and known:
            found = sum(screen.count(element) > 0 for element in known)
            shares[name] = found * found / len(known)
    best = max(shares, key=lambda name: shares[name])
    if not shares[best]:
        raise CannotStart(reason="The page shows nothing of any screen of this pack: name the screen with --screen.")
    return best


def _can_be_told(screen: Screen, check: ScreenCheck) -> bool:
    try:
        screen.told(check)
        for words in (check.reads or {}).values():
            fill(words, screen.facts)
    except KeyError:
        return False
    return all(contract.is_known(screen, element) for element in check.elements)
