"""robocorp-browser, a task as its documentation writes one; ``browser.screenshot`` puts the pictures into its log.

Started with ``python -m robocorp.tasks run``.
"""

from robocorp import browser
from robocorp.browser import _context
from robocorp.tasks import task
from turns import Order, Turns, take_turns


@task
def cancel_orders() -> None:
    """Cancel the orders that come in."""
    turns = Turns()
    browser.configure(headless=True, viewport_size=(turns.settings["width"], turns.settings["height"]))
    # Its settings know no browser but those that it downloads. Opened once, it stays the one of the session.
    _context.browser(executable_path=turns.settings["browser"])
    take_turns(turns, Cancellations())


class Cancellations:
    """The page of the Amazon Sales Channel."""

    def sign_in(self, url: str, username: str, password: str) -> None:
        page = browser.goto(url)
        page.fill("#username", username)
        page.fill("#login", password)
        page.click("button:has-text('Sign in')")
        page.click("a:has-text('Marketing')")
        page.click("a:has-text('Amazon Sales Channel')")
        page.wait_for_selector("text=Sell products in the Amazon marketplace")

    def go_to_dashboard(self, order: Order) -> None:
        page = browser.page()
        page.evaluate("(hash) => { location.hash = hash; }", f"#/store-details/{order.store_id}")
        page.wait_for_selector(f"a:text('{order.order}')")

    def cancel(self, order: Order) -> tuple[str, int]:
        page = browser.page()
        page.click(f"a:text('{order.order}')")
        page.wait_for_selector("button:has-text('Cancel Order')")
        browser.screenshot()
        page.click("button:has-text('Cancel Order')")
        page.wait_for_selector("button:has-text('Confirm')")
        browser.screenshot()
        page.click("role=button[name=/Reason for cancellation/]")
        page.click(f"role=option[name='{order.reason}']")
        page.wait_for_selector("button:has-text('Confirm'):enabled")
        browser.screenshot()
        page.click("button:has-text('Confirm')")
        page.wait_for_selector("text=has been canceled")
        browser.screenshot()
        page.reload()
        status = page.inner_text("//span[normalize-space()='Status']/following-sibling::*[1]")
        browser.screenshot()
        return status, 5
