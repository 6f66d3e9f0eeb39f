from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect
from run_kit import run_info

from bot.cancel.verdicts import after_confirm
from bot.evidence.store import LocalStore
from bot.outcomes import Answer, OrderResult, Outcome
from bot.reports.report import write_report
from bot.vocabulary import Reason, Status

pytestmark = pytest.mark.sampled(4)

CANCELED, DOUBTFUL, MISSING = "112-1215998-3002091", "112-1215998-3002092", "113-4417720-6118003"


def order(number: str, outcome: Outcome, **facts: object) -> OrderResult:
    return OrderResult.model_validate(
        {"order": number, "store": "Nordwind UK", "reason": Reason.NO_INVENTORY, "outcome": outcome}
        | {"message": "Seen.", "next_step": "" if outcome.is_success else "Look it up."}
        | facts
    )


@pytest.fixture
def opened(page: Page, tmp_path: Path) -> Page:
    """A report of three orders, as a file; the doubtful one has three pictures and a text."""
    folder = tmp_path / "evidence" / DOUBTFUL
    folder.mkdir(parents=True)
    names = ("01-open_order.jpg", "02-choose_reason.jpg", "03-press_confirm.jpg")
    for name in names:
        Image.new("RGB", (1280, 720), "white").save(folder / name, "JPEG")
    (folder / "04-page.txt").write_text("- dialog <script>document.title = 'run'</script>", encoding="utf-8")
    evidence = [f"evidence/{DOUBTFUL}/{name}" for name in (*names, "04-page.txt", "05-never.jpg")]
    info = run_info("20260301-021405")
    report = write_report(
        tmp_path,
        info,
        [
            order(CANCELED, Outcome.CANCELED, message="It shows Canceled."),
            order(DOUBTFUL, Outcome.UNKNOWN, evidence=evidence, note="Ticket 4711"),
            order(MISSING, Outcome.NOT_FOUND, store="Südwind"),
        ],
        LocalStore(tmp_path),
    )
    page.goto(report.as_uri())
    return page


def shown(page: Page) -> list[str]:
    return [text.split()[0] for text in page.locator("details.order > summary:visible").all_inner_texts()]


def test_chips_show_only_the_orders_with_the_pressed_outcomes(opened: Page) -> None:
    opened.get_by_role("button", name="Not found 1").click()
    assert shown(opened) == [MISSING]

    opened.get_by_role("button", name="Unknown 1").click()
    assert shown(opened) == [DOUBTFUL, MISSING]
    expect(opened.get_by_role("status")).to_have_text("2 of 3 orders shown")

    opened.get_by_role("button", name="Not found 1").click()
    opened.get_by_role("button", name="Unknown 1").click()
    assert shown(opened) == [CANCELED, DOUBTFUL, MISSING]
    expect(opened.get_by_role("status")).to_have_text("3 orders")


@pytest.mark.parametrize(
    ("words", "orders"),
    [
        ("1215998", [CANCELED, DOUBTFUL]),
        ("SÜDWIND", [MISSING]),
        ("4711 nord", [DOUBTFUL]),
        ("shows canceled", [CANCELED]),
        ("nothing like it", []),
    ],
)
def test_typed_words_show_only_the_orders_that_have_all_of_them(opened: Page, words: str, orders: list[str]) -> None:
    opened.get_by_role("searchbox", name="Show only orders with these words").fill(words)

    assert shown(opened) == orders
    expect(opened.get_by_text("No order matches.")).to_be_visible(visible=not orders)


def test_orders_that_need_attention_are_open_and_the_others_open_on_demand(opened: Page) -> None:
    assert opened.locator("details.order[open] > summary .mono").all_inner_texts() == [DOUBTFUL, MISSING]

    opened.get_by_role("button", name="Open all").click()
    expect(opened.locator("details.order[open]")).to_have_count(3)
    opened.get_by_role("button", name="Close all").click()
    expect(opened.locator("details.order[open]")).to_have_count(0)


def test_a_link_from_the_needs_a_person_block_finds_the_order_again(opened: Page) -> None:
    opened.get_by_role("button", name="Open all").click()
    opened.get_by_role("button", name="Close all").click()
    opened.get_by_role("button", name="Not found 1").click()

    opened.get_by_role("link", name=DOUBTFUL).click()

    expect(opened.locator("details.order[open]")).to_have_count(1)
    expect(opened.get_by_role("button", name="Enlarge picture 1: Open order")).to_be_visible()


def test_a_picture_enlarges_and_the_keyboard_walks_through_them(opened: Page) -> None:
    viewer = opened.get_by_role("dialog", name="Enlarged picture")
    second = opened.get_by_role("button", name="Enlarge picture 2: Choose reason")
    expect(viewer).to_be_hidden()

    second.focus()
    opened.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    expect(viewer.get_by_role("paragraph")).to_have_text(f"Choose reason 2 of 3, order {DOUBTFUL}")
    expect(viewer.get_by_role("img", name="Choose reason")).to_have_js_property("naturalWidth", 1280)

    opened.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("paragraph")).to_have_text(f"Press confirm 3 of 3, order {DOUBTFUL}")
    expect(viewer.get_by_role("button", name="Next")).to_be_disabled()
    viewer.get_by_role("button", name="Previous").click()
    opened.keyboard.press("ArrowLeft")
    expect(viewer.get_by_role("paragraph")).to_have_text(f"Open order 1 of 3, order {DOUBTFUL}")

    opened.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(opened.get_by_role("button", name="Enlarge picture 1: Open order")).to_be_focused()


def test_a_click_closes_the_enlarged_picture(opened: Page) -> None:
    opened.get_by_role("button", name="Enlarge picture 3: Press confirm").click()
    opened.get_by_role("img", name="Press confirm").click()

    expect(opened.get_by_role("dialog")).to_be_hidden()


def test_a_missing_picture_is_shown_as_missing(opened: Page) -> None:
    expect(opened.get_by_text("Picture missing")).to_be_visible()


def test_a_text_unfolds_and_stays_text(opened: Page) -> None:
    opened.get_by_text("The page in words: Page").click()

    expect(opened.get_by_text("- dialog <script>document.title = 'run'</script>")).to_be_visible()
    expect(opened).to_have_title("Countermand report 20260301-021405")


def test_the_report_asks_the_network_for_nothing_and_complains_of_nothing(opened: Page) -> None:
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url.partition(":")[0])

    opened.on("request", note)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.context.set_offline(True)

    opened.reload()
    opened.get_by_role("button", name="Enlarge picture 1: Open order").click()
    expect(opened.get_by_role("img", name="Open order")).to_be_visible()

    assert set(asked) <= {"file", "data"}
    assert asked.count("file") == 1
    assert complaints == []


def test_the_page_cannot_fetch_even_if_it_wanted_to(opened: Page) -> None:
    refused = opened.evaluate("fetch('data:text/plain,x').then(() => 'fetched', (error) => error.constructor.name)")

    assert refused == "TypeError"


@pytest.mark.parametrize("width", [1400, 420, 320])
def test_nothing_sticks_out_sideways(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 800})

    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_an_order_of_a_long_list_is_found_by_its_number(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reports.report.SHEET", 1)
    info = run_info("20260301-021405")
    results = [order(number, Outcome.CANCELED) for number in (CANCELED, DOUBTFUL, MISSING)]
    page.goto(write_report(tmp_path, info, results, LocalStore(tmp_path)).as_uri())
    field = page.get_by_label("Find an order by its number")
    field.fill("112-1215998-3002099")
    expect(page.get_by_text("There is no such order in this run.")).to_be_visible()
    field.fill(DOUBTFUL)
    page.get_by_role("link", name=f"Open order {DOUBTFUL}").click()
    expect(page.locator("details.order[open]")).to_contain_text(DOUBTFUL)
    page.get_by_role("link", name="To the whole report").click()
    expect(page.get_by_role("heading", name="The whole list")).to_be_visible()


@pytest.mark.parametrize("width", [1200, 1280, 1920])
def test_the_row_of_a_good_cancel_shows_its_whole_message(page: Page, tmp_path: Path, width: int) -> None:
    message = after_confirm(Answer.OK, "", Status.CANCELED).message
    results = [order(CANCELED, Outcome.CANCELED, message=message), order(MISSING, Outcome.NOT_FOUND)]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(write_report(tmp_path, run_info(), results, LocalStore(tmp_path)).as_uri())
    glance = page.locator(".glance").first

    expect(glance).to_have_text(message)
    assert glance.evaluate("(glance) => glance.scrollHeight - glance.clientHeight") == 0


@pytest.mark.parametrize("width", [360, 800, 1200, 1920])
def test_open_all_stays_beside_the_search_field(page: Page, tmp_path: Path, width: int) -> None:
    results = [order(f"112-1215998-30020{place:02}", outcome) for place, outcome in enumerate(Outcome)]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(write_report(tmp_path, run_info(), results, LocalStore(tmp_path)).as_uri())
    field = page.get_by_label("Show only orders with these words").bounding_box()
    button = page.get_by_role("button", name="Open all").bounding_box()

    assert field is not None
    assert button is not None
    assert field["y"] < button["y"] + button["height"] / 2 < field["y"] + field["height"]
    assert field["width"] > 150
