"""What the page *Screens* shows of doctor and of checks."""

import re

import pytest
from console_kit import Served
from people_kit import check_of

from bot.checks.check.inspector import Pictures
from bot.checks.check.model import Aspect, AspectState, Drift, ScreenReport
from bot.checks.check.outcome import CheckOutcome
from bot.checks.check.report import write_files
from bot.checks.check.show import as_json
from bot.checks.doctor import CHECKS, Finding, FindingState
from bot.checks.doctor.kept import Keeping
from bot.checks.doctor.show import Json

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


PNG = b"\x89PNG\r\n\x1a\n"

SEEN = ScreenReport(screen="order_details", title="The order's page", aspects={Aspect.LOOKS: AspectState.DIFFERS})


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


def checked(console: Served, number: int, admin: str) -> CheckOutcome:
    """Have a check of an Admin been made, the later the higher its number."""
    outcome = check_of(admin, SEEN, number)
    folder = console.desk.settings.runs_dir / "checks" / outcome.check
    folder.mkdir(parents=True)
    (folder / "check.json").write_text(as_json(outcome), encoding="utf-8")
    (folder / "check.html").write_text(f"The report of {outcome.check}.", encoding="utf-8")
    return outcome


def test_the_latest_check_of_each_admin_is_there_however_often_others_are_checked(mine: Served) -> None:
    checked(mine, 1, "shop.example/staging")
    checked(mine, 2, "shop.example/staging")
    for number in range(3, 40):
        checked(mine, number, "shop.example/admin")
    me = mine.me()
    page = me.get("/screens").text
    assert page.count("shop.example/staging") == 1
    assert "/screens/20260301-000002-a1b2" in page
    assert page.count('href="/screens/') == page.count("order details: differs") == 31
    report = me.get("/screens/20260301-000002-a1b2/report")
    assert (report.status, report.text) == (200, "The report of 20260301-000002-a1b2.")
    assert "sandbox" in report.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["20260301-000099-a1b2", "..", "%2e%2e%2fledger.sqlite", "x"])
def test_a_check_that_is_not_there_is_not_found(mine: Served, name: str) -> None:
    checked(mine, 1, "shop.example/admin")
    me = mine.me()
    for path in ("", "/report", "/pictures/order_details/now"):
        assert me.get(f"/screens/{name}{path}").status == 404


def test_the_page_of_a_check_says_what_drifted_and_has_each_screen_beside_its_baseline(mine: Served) -> None:
    drift = Drift(aspect=Aspect.WORDING, what="The button is called <b>Void</b>.", last_held="It was called Cancel.")
    aspects = {Aspect.LOOKS: AspectState.DIFFERS}
    screens = (
        ScreenReport(screen="grid", title="The list", aspects={Aspect.LOOKS: AspectState.NO_BASELINE}),
        ScreenReport(screen="order_details", title="The order", aspects=aspects, drifts=(drift,), changed=12.5),
        ScreenReport(screen="dialog", title="The dialog", aspects={}, note="the walk did not get that far"),
    )
    outcome = checked(mine, 1, "shop.example/admin").model_copy(update={"screens": screens})
    folder = mine.desk.settings.runs_dir / "checks" / outcome.check
    pictures = {
        "order_details": Pictures(before=PNG + b"1", after=PNG + b"2", difference=PNG + b"3"),
        "grid": Pictures(after=PNG + b"4"),
    }
    write_files(folder, outcome, pictures)
    me, url = mine.me(), f"/screens/{outcome.check}"
    page = me.get(url)
    assert page.status == 200
    assert re.findall(r"<h2[^>]*>(The [a-z]+) <span[^>]*><span[^>]*>(.)</span> ([a-z ]+)<", page.text) == [
        ("The order", "✗", "differs"),
        ("The list", "○", "no baseline"),
        ("The dialog", "–", "not looked at"),
    ]
    assert "<strong>Wording:</strong> The button is called &lt;b&gt;Void&lt;/b&gt;." in page.text
    assert "It was called Cancel." in page.text
    assert "the walk did not get that far" in page.text
    strips = re.findall(r'<ol class="strip beside".*?</ol>', page.text, re.DOTALL)
    shown = [re.findall(r'href="([^"]+)".*?<span class="step">([^<]+)<', strip) for strip in strips]
    at = f"{url}/pictures/order_details"
    assert shown == [
        [(f"{at}/before", "Baseline"), (f"{at}/now", "Now"), (f"{at}/difference", "Difference: 12.5 % differ")],
        [(f"{url}/pictures/grid/now", "Now")],
    ]
    for number, (address, _) in enumerate(shown[0] + shown[1], 1):
        answer = me.get(address)
        assert (answer.body, answer.headers["content-type"]) == (PNG + b"%d" % number, "image/png")
        assert "sandbox" in answer.headers["content-security-policy"]
    (folder / "pictures" / "secret-now.png").write_bytes(b"secret")
    for name in ("secret/now", "order_details/now.png", "grid/before", "..%2fcheck.json/now", "order_details/.."):
        assert me.get(f"{url}/pictures/{name}").status == 404
    assert "The list" in me.get(f"{url}/report").text


def test_a_check_of_an_earlier_version_has_its_pictures_in_its_report(mine: Served) -> None:
    url = f"/screens/{checked(mine, 1, 'shop.example/admin').check}"
    page = mine.me().get(url).text
    assert "There are no pictures of this screen beside the report." in page
    assert f'href="{url}/report"' in page
