"""Playwright alone: the floor, and the same with a picture of each step as Playwright's documentation takes one."""

from pathlib import Path

from kit.bare import Bare
from playwright.sync_api import sync_playwright
from turns import Order, Turns, take_turns


class Script:
    """The bare clicks, with or without pictures."""

    def __init__(self, bare: Bare, taken: list[str]) -> None:
        self._bare = bare
        self._taken = taken
        self.sign_in = bare.sign_in

    def go_to_dashboard(self, order: Order) -> None:
        self._bare.go_to_dashboard(order.order, order.store_id)

    def cancel(self, order: Order) -> tuple[str, int]:
        self._taken.clear()
        return self._bare.cancel(order.order, order.reason), len(self._taken)


def main() -> None:
    turns = Turns()
    pictures = Path(turns.settings["folder"])
    taken: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=turns.settings["browser"])
        page = browser.new_page(viewport={"width": turns.settings["width"], "height": turns.settings["height"]})

        def photograph(step: str) -> None:
            page.screenshot(path=pictures / f"{step}.png")
            taken.append(step)

        bare = Bare(page, photograph=photograph if turns.settings["pictures"] else None)
        take_turns(turns, Script(bare, taken))
        browser.close()


if __name__ == "__main__":
    main()
