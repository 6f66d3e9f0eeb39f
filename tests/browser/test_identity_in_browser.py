"""Hosts are written as the browser writes them."""

import pytest
from playwright.sync_api import Page

from bot.identity import browser_host


@pytest.mark.parametrize(
    "host",
    [
        "Shop.Example",
        "BÜCHER.example",
        "bu\u0308cher.example",
        "straße.example",
        "STRAẞE.example",
        "ｓｈｏｐ。example",
        "☃.example",
        "my_shop.bücher.example",
        "ΒΌΛΟΣ.example",
        "نامه\u200cای.example",
    ],
)
def test_a_host_is_written_as_the_browser_writes_it(page: Page, host: str) -> None:
    assert browser_host(host) == page.evaluate("(host) => new URL(`https://${host}/admin`).hostname", host)
