"""What this suite is about: one store, and an order of it that is still Unshipped."""

from typing import Any

import pytest

from bot.pytest_plugin import found_browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], pytestconfig: pytest.Config) -> dict[str, Any]:
    """Use an installed Chromium, Chrome or Edge where Playwright has none of its own. Leave it away if yours has."""
    return found_browser(browser_type_launch_args, pytestconfig)


@pytest.fixture
def store() -> str:
    """A store of your Admin; here, one of the practice Admin."""
    return "asc-v2-2.3-magentocommerce-us"


@pytest.fixture
def unshipped() -> str:
    """An order of that store that reads Unshipped."""
    return "112-1215998-3002091"
