"""What people see and press on single pages of the console, without a worker and an Admin."""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from console_kit import Served, served
from people_kit import check_of, people_at
from playwright.sync_api import Browser, ConsoleMessage, FloatRect, Page, expect
from run_kit import TERMS, job
from worked_kit import Worker, jpeg, picture_of

from bot.checks.check.inspector import Pictures
from bot.checks.check.model import Aspect, AspectState, ScreenReport
from bot.checks.check.report import write_files
from bot.joblist import JobList
from bot.ledger import Ledger

AXE = Path(__file__).resolve().parents[1] / "kit" / "axe" / "axe.min.js"
FIRST, SECOND = ORDERS = ("112-1215998-0000001", "112-1215998-0000002")
COLORS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ZONE = "America/St_Johns"
"""Half an hour beside every other zone, so that no other one is mistaken for it."""

pytestmark = [
    pytest.mark.slow("a server and a browser"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of the engine's own connections
]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, team=True) as console:
        yield console


@pytest.fixture
def person(browser: Browser, team: Served) -> Iterator[Callable[..., Page]]:
    """A page of the person with this name; what the browser complains of fails the test."""
    yield from people_at(team.desk.origin, browser, is_complaint)


def is_complaint(said: ConsoleMessage) -> bool:
    """Whether the browser complains of a page, and not of an answer that says what is wrong with a form.

    A picture alone it puts into a page of its own, which is none of the console's.
    """
    if said.text.startswith("Failed to load resource") and "/schedules" in said.location["url"]:
        return False
    return said.type in {"error", "warning"} and "/evidence/" not in said.location["url"]


@pytest.fixture
def run(team: Served) -> str:
    """A run of two orders that waits for a worker."""
    two = JobList(file="two.yaml", jobs=tuple(job(order) for order in ORDERS))
    return team.submitted(two, TERMS, approval=False).run_id


def times(page: Page) -> list[tuple[str, str]]:
    """What each time on the page says, with what it should say to a reader in that zone."""
    found = []
    for one in page.locator("main time").all():
        at = datetime.fromisoformat(one.get_attribute("datetime") or "")
        here = at.astimezone(ZoneInfo(ZONE))
        found.append((" ".join(one.inner_text().split()), f"{at:%Y-%m-%d %H:%M:%S} UTC ({here:%d.%m.%Y, %H:%M} here)"))
    return found


def test_a_run_shows_each_picture_as_it_is_taken_with_the_readers_time_beside_utc(
    team: Served, person: Callable[..., Page], run: str
) -> None:
    vera = person("vera", timezone_id=ZONE, locale="de-DE")
    vera.goto(f"/runs/{run}")
    expect(vera.locator(".foot")).to_contain_text(f"Times are UTC, with {ZONE} beside.")
    vera.evaluate("window.loadedOnce = true")
    picture = vera.locator("#at-work + .workers img")
    with Ledger.open(team.desk.place) as ledger:
        worker = Worker(team, ledger, run)
        worker.take(FIRST)
        expect(vera.get_by_text("No picture yet")).to_be_visible()
        for name, words in (("01-open_order.jpg", "Open order"), ("02-choose_reason.jpg", "Choose reason")):
            worker.picture(FIRST, name, jpeg(100))
            expect(picture).to_have_attribute("alt", f"The screen at {words}")
            expect(picture).to_have_js_property("naturalWidth", 600)
        worker.end(FIRST)
        worker.end(SECOND)
    expect(vera.locator(".lead").first).to_contain_text("2 of 2 orders done")
    expect(picture).to_have_count(0)
    assert vera.evaluate("window.loadedOnce") is True
    found = times(vera)
    assert found
    assert [said for said, _ in found] == [should for _, should in found]
    at_utc = person("vera", timezone_id="UTC")
    at_utc.goto(f"/runs/{run}")
    expect(at_utc.locator(".foot")).to_contain_text("Times are UTC.")
    assert "here)" not in at_utc.locator("main").inner_text()


def test_an_orders_pictures_enlarge_by_a_click_and_close_by_a_key_and_are_links_without_scripts(
    team: Served, person: Callable[..., Page], run: str
) -> None:
    with Ledger.open(team.desk.place) as ledger:
        Worker(team, ledger, run).cancel_with_an_error(FIRST)
    where = f"/runs/{run}/orders/{FIRST}"
    vera = person("vera")
    vera.goto(where)
    shots = vera.locator("a.shot")
    expect(shots).to_have_count(2)
    for small in shots.locator("img").all():
        expect(small).to_have_js_property("naturalWidth", 600)
        assert (small.bounding_box() or {"width": 600})["width"] < 300
    viewer, large = vera.get_by_role("dialog", name="Enlarged picture"), vera.locator("#viewer-picture")
    shots.first.click()
    expect(viewer).to_be_visible()
    expect(large).to_have_js_property("naturalWidth", 600)
    assert (large.bounding_box() or {"width": 0})["width"] == 600
    expect(vera.locator("#viewer-label")).to_have_text("Open order, 1 of 2")
    vera.keyboard.press("ArrowRight")
    expect(vera.locator("#viewer-label")).to_have_text("Press confirm, 2 of 2")
    expect(large).to_have_attribute("alt", "Press confirm")
    vera.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(shots.nth(1)).to_be_focused()
    vera.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    vera.get_by_role("button", name="Close").click()
    expect(viewer).to_be_hidden()
    plain = person("vera", java_script_enabled=False)
    plain.goto(where)
    plain.locator("a.shot").first.click()
    plain.wait_for_url(re.compile(r"/evidence/.*/01-open_order\.jpg$"))
    assert plain.evaluate("document.images[0].naturalWidth") == 600


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_schedule_is_added_and_removed_which_asks_first_and_is_in_the_audit(
    team: Served, person: Callable[..., Page], scripts: bool
) -> None:
    olga = person("olga", java_script_enabled=scripts)
    olga.goto("/schedules")
    olga.get_by_role("link", name="add it below").click()
    olga.get_by_label("Name").fill("nightly")
    olga.get_by_label("Time zone").fill("Europe/Berlin")
    olga.get_by_label("Times").fill("0 25 * * *")
    olga.get_by_role("button", name="Add").click()
    expect(olga.get_by_role("alert")).to_contain_text("The schedule cannot be used")
    olga.get_by_label("Times").fill("0 2 * * 1-5")
    olga.get_by_label("How far the audit looks back").fill("3d")
    olga.get_by_role("button", name="Add").click()
    expect(olga.get_by_role("status")).to_contain_text("Added.")
    row = olga.get_by_role("row", name="nightly")
    for words in ("0 2 * * 1-5", "Europe/Berlin", "audit of the last 3d", "never yet", "by olga"):
        expect(row).to_contain_text(words)
    remove = row.get_by_role("button", name="Remove it")
    expect(remove).to_be_hidden()
    row.get_by_text("Remove", exact=True).click()
    expect(row).to_contain_text("Runs that it has queued stay.")
    assert [one.name for one in team.ledger.schedules.all()] == ["nightly"]
    remove.click()
    expect(olga.get_by_role("status")).to_contain_text("The schedule is removed.")
    expect(olga.get_by_role("heading", name="Nothing is scheduled")).to_be_visible()
    olga.goto("/audit")
    entries = olga.locator("tbody tr")
    expect(entries).to_have_count(2)
    for entry, what in zip(entries.all(), ("schedule removed", "schedule added"), strict=True):
        for words in ("olga", what, "nightly", "console"):
            expect(entry).to_contain_text(words)


def test_a_screen_stands_beside_its_baseline_and_both_enlarge(team: Served, person: Callable[..., Page]) -> None:
    screen = ScreenReport(screen="grid", title="The list", aspects={Aspect.LOOKS: AspectState.DIFFERS}, changed=3.0)
    outcome = check_of("shop.example/admin", screen)
    pictures = Pictures(before=picture_of(200, "PNG"), after=picture_of(100, "PNG"), difference=picture_of(0, "PNG"))
    write_files(team.desk.settings.runs_dir / "checks" / outcome.check, outcome, {"grid": pictures})
    vera = person("vera", viewport={"width": 1280, "height": 800})
    vera.goto("/screens")
    vera.get_by_role("link", name="shop.example/admin").click()
    strip = vera.get_by_role("list", name="Pictures of The list")
    boxes: list[FloatRect] = []
    for one in strip.locator("img").all():
        expect(one).to_have_js_property("naturalWidth", 600)
        box = one.bounding_box()
        assert box is not None
        boxes.append(box)
    assert len(boxes) == 3
    assert len({(round(box["y"]), round(box["width"]), round(box["height"])) for box in boxes}) == 1
    assert all(right["x"] >= left["x"] + left["width"] for left, right in itertools.pairwise(boxes))
    vera.get_by_role("link", name="Baseline").click()
    expect(vera.locator("#viewer-label")).to_have_text("The list: Baseline, 1 of 3")
    vera.keyboard.press("ArrowRight")
    expect(vera.locator("#viewer-label")).to_have_text("The list: Now, 2 of 3")
    vera.keyboard.press("Escape")
    expect(vera.get_by_role("dialog", name="Enlarged picture")).to_be_hidden()
    for scheme in COLORS:
        vera.emulate_media(color_scheme=scheme)
        vera.evaluate(AXE.read_text(encoding="utf-8"))
        assert vera.evaluate("axe.run({ resultTypes: ['violations'] }).then(found => found.violations)") == []
