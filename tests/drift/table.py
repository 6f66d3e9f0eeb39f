"""Prints the table of the drift suite: what changed on a screen, what was said of it, and whether that was right.

Run it with ``make drift``; it makes every change on the spectrum face of the practice Admin, on the screens that are
named or on all of them. What went wrong is told on standard error.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from drift_changes import CHANGES, NOTHING, OF_SCREENS
from drift_kit import Told, go_to, try_out
from loguru import logger
from playwright.sync_api import sync_playwright
from pydantic import SecretStr

from bot.access.browser import launch, new_context
from bot.access.find_browser import find_browser
from bot.admin import Admin
from bot.pack import load_pack
from bot.sandbox import Face, Sandbox
from flows.open_order import open_store
from flows.sign_in import sign_in


def all_told() -> Iterator[Told]:
    """Every change, with what was said of it."""
    with (
        Sandbox(face=Face.SPECTRUM) as sandbox,
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
    ):
        browser = launch(playwright, find_browser(None, playwright), headed=False, allowed_hosts=("127.0.0.1",))
        for screen in sys.argv[1:] or OF_SCREENS:
            context = new_context(browser)
            admin = Admin(context.new_page(), load_pack("asc-4.3"), sandbox.url)
            order = sandbox.shop.example("unshipped_recent")
            sign_in(admin, sandbox.username, SecretStr(sandbox.password))
            open_store(admin, order.store)
            opened = go_to(admin, screen, order.number, context.clear_cookies)
            yield from try_out(opened, Path(folder), tuple(one for one in CHANGES if one.screen == screen), alone=True)
            context.close()
        browser.close()
        if sandbox.journal.cancels:
            raise RuntimeError("a cancel arrived")


def in_a_word(right: bool | None) -> str:
    """Whether it was right; nothing where there was nothing to be right about."""
    return "" if right is None else "yes" if right else "no"


def main() -> None:
    """Print the table, and below it the shares."""
    logger.remove()
    everything = list(all_told())
    print("| screen | what changed | must be reported | reported | first suggestion | right | right without baseline |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for one in everything:
        change = one.change
        if not one.found or one.right is False:
            print(f"NOT AS IT MUST BE: {change.screen}, {change.name}: {one.report.drifts}", file=sys.stderr)
        must = "nothing" if change.found == NOTHING else str(change.found)
        said, suggested = "yes" if one.found else "NO", one.suggested.replace("|", "/")
        right, alone = in_a_word(one.right), in_a_word(one.right_alone)
        print(f"| {change.screen} | {change.name} | {must} | {said} | {suggested} | {right} | {alone} |")
    exists = [one for one in everything if one.right is not None]
    found, rights = sum(one.found for one in everything), sum(bool(one.right) for one in exists)
    alones = sum(bool(one.right_alone) for one in exists)
    print(
        f"\n{len(CHANGES)} changes: reported correctly in {found} of {len(everything)} cases; "
        f"the first suggestion is right in {rights} of the {len(exists)} where one exists "
        f"({rights / len(exists):.0%}), without a baseline in {alones} ({alones / len(exists):.0%})."
    )
    sys.exit(found < len(everything))


if __name__ == "__main__":
    main()
