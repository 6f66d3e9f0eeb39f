"""Selenium with a Chrome driver, as its documentation writes a script; ``save_screenshot`` takes the pictures.

It waits implicitly, as the documentation's first script does: explicit waits, which it teaches too, look every half a
second by default, and would be slower.
"""

import os
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from turns import Order, Turns, take_turns


class Script:
    """Finds an element, and does something with it."""

    def __init__(self, driver: WebDriver, pictures: Path) -> None:
        self._driver = driver
        self._pictures = pictures

    def sign_in(self, url: str, username: str, password: str) -> None:
        self._driver.get(url)
        self._driver.find_element(By.ID, "username").send_keys(username)
        self._driver.find_element(By.ID, "login").send_keys(password)
        self._driver.find_element(By.XPATH, "//button[normalize-space()='Sign in']").click()
        self._driver.find_element(By.XPATH, "//a[normalize-space()='Marketing']").click()
        self._driver.find_element(By.XPATH, "//a[normalize-space()='Amazon Sales Channel']").click()
        self._driver.find_element(By.XPATH, "//*[text()='Sell products in the Amazon marketplace']")

    def go_to_dashboard(self, order: Order) -> None:
        self._driver.execute_script("location.hash = arguments[0];", f"#/store-details/{order.store_id}")
        self._driver.find_element(By.LINK_TEXT, order.order)

    def cancel(self, order: Order) -> tuple[str, int]:
        driver = self._driver
        driver.find_element(By.LINK_TEXT, order.order).click()
        cancel = driver.find_element(By.XPATH, "//button[normalize-space()='Cancel Order']")
        self._picture("open_order")
        cancel.click()
        confirm = driver.find_element(By.XPATH, "//button[normalize-space()='Confirm']")
        self._picture("open_cancel_dialog")
        driver.find_element(
            By.XPATH, "//span[text()='Reason for cancellation']/..//button[@aria-haspopup='listbox']"
        ).click()
        driver.find_element(By.XPATH, f"//*[@role='option'][normalize-space()='{order.reason}']").click()
        self._picture("choose_reason")
        confirm.click()
        driver.find_element(By.XPATH, "//*[contains(text(), 'has been canceled')]")
        self._picture("press_confirm")
        driver.refresh()
        shown = driver.find_element(By.XPATH, "//span[normalize-space()='Status']/following-sibling::*[1]")
        status = shown.text
        self._picture("reopen_order")
        return status, 5

    def _picture(self, step: str) -> None:
        self._driver.save_screenshot(str(self._pictures / f"{step}.png"))


def main() -> None:
    turns = Turns()
    options = webdriver.ChromeOptions()
    options.binary_location = turns.settings["browser"]
    options.add_argument("--headless")
    options.add_argument(f"--window-size={turns.settings['width']},{turns.settings['height']}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium has none for root
    driver = webdriver.Chrome(options=options, service=Service(executable_path=turns.settings["driver"] or None))
    driver.implicitly_wait(30)
    take_turns(turns, Script(driver, Path(turns.settings["folder"])))
    driver.quit()


if __name__ == "__main__":
    main()
