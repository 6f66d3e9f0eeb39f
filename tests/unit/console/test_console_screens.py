"""What the page *Screens* shows of doctor."""

import pytest
from console_kit import Served

from bot.checks.doctor import CHECKS, Finding, FindingState
from bot.checks.doctor.kept import Keeping
from bot.checks.doctor.show import Json

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


def kept(console: Served, *findings: Finding) -> None:
    """Have a round of doctor end so."""
    keeping = Keeping(Json(), lambda: console.desk.settings)
    keeping.settings()
    keeping.over(findings)


@pytest.mark.usefixtures("capsys")
def test_what_doctor_found_is_shown_with_what_to_do(mine: Served) -> None:
    found = Finding(check="settings", state=FindingState.WORKS, found="all <b>read</b>")
    refused = Finding(check="sign_in", state=FindingState.FAILED, found="refused", next_step="Ask the administrator.")
    kept(mine, found, refused, Finding(check="app", state=FindingState.NOT_REACHED))
    page = mine.me().get("/screens").text
    assert ("Not ready" in page, "shop.example/admin" in page) == (True, True)
    assert "all &lt;b&gt;read&lt;/b&gt;" in page
    assert all(words in page for words in ("Sign-in", "refused", "Ask the administrator.", "not reached"))


@pytest.mark.usefixtures("capsys")
def test_an_admin_on_which_everything_works_is_ready(mine: Served) -> None:
    kept(mine, *[Finding(check=check.name, state=FindingState.WORKS) for check in CHECKS])
    page = mine.me().get("/screens").text
    assert ("Ready" in page, "Not ready" in page) == (True, False)


def test_before_the_first_doctor_the_page_says_what_to_do(mine: Served) -> None:
    page = mine.me().get("/screens").text
    assert "countermand check" in page
    assert "countermand doctor" in page
