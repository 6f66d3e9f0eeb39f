"""The clicks of a cancellation as a person writes them with Playwright who wants them done: no checks."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page


class Bare:
    """Cancels orders with as little as possible; pictures only if it is given something to ``photograph`` with."""

    def __init__(self, page: Page, face: str = "spectrum", photograph: Callable[[str], None] | None = None) -> None:
        self.page = page
        self.spectrum = face == "spectrum"
        self._photograph = photograph

    def sign_in(self, url: str, account: str, password: str) -> None:
        self.page.goto(url)
        self.page.get_by_label("Username").fill(account)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("link", name="Marketing").click()
        self.page.get_by_role("link", name="Amazon Sales Channel").click()
        self.page.get_by_text("Sell products in the Amazon marketplace").wait_for()

    def go_to_dashboard(self, order: str, store_id: str) -> None:
        """Be on the dashboard of the store, with the order in view."""
        if not self.page.url.endswith(f"/{store_id}"):
            self.page.evaluate("(hash) => { location.hash = hash; }", f"#/store-details/{store_id}")
        self.page.get_by_role("link", name=order).wait_for()

    def cancel(self, order: str, reason: str) -> str:
        """Cancel an order, the reason given by its label, and read the status on its reopened page."""
        page = self.page
        page.get_by_role("link", name=order).click()
        cancel = page.get_by_role("button", name="Cancel Order")
        self._picture("open_order", cancel)
        cancel.click()
        confirm = page.get_by_role("button", name="Confirm")
        self._picture("open_cancel_dialog", confirm)
        if self.spectrum:
            page.get_by_role("button", name="Reason for cancellation").click()
            page.get_by_role("option", name=reason).click()
        else:
            page.get_by_label("Reason for cancellation").select_option(label=reason)
        self._picture("choose_reason", confirm)
        confirm.click()
        answer = page.get_by_text("has been canceled")
        answer.wait_for()
        self._picture("press_confirm", answer)
        page.reload(wait_until="domcontentloaded")
        label = "//span[normalize-space()='Status']" if self.spectrum else "//dt[.='Status']"
        shown = page.locator(f"xpath={label}/following-sibling::*[1]")
        status = shown.inner_text()
        self._picture("reopen_order", shown)
        return status

    def go_back(self) -> None:
        self.page.get_by_role("button", name="Back").click()
        self.page.get_by_text("Recent orders:").wait_for()

    def _picture(self, step: str, shows: Locator) -> None:
        """Photograph a step once the page shows what it has come to."""
        if self._photograph:
            shows.wait_for()
            self._photograph(step)
