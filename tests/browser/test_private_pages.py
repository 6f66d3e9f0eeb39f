"""Buyers' data on the pages that the way leads over: masked where it was found, and the whole page where it was not."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from practice_kit import CANCELED, ORDER, US, Cancels, MakeJob, arrived

from bot.admin import Admin
from bot.admin.camera import COVER, photograph, words
from bot.admin.recorder import Recorded
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.pack import Pack
from bot.sandbox import Generation, Sandbox
from bot.sandbox.pages import CHANNEL, DETAILS
from bot.sandbox.pages import ORDER as COMMERCE_ORDER
from bot.sandbox.shop import Order
from flows.cancel_order import cancel_order
from flows.open_order import open_sales_channel

pytestmark = pytest.mark.sampled(4)

GENERATIONS = pytest.mark.parametrize(
    "generation",
    [
        pytest.param(each, id=each.value, marks=pytest.mark.thorough if each is Generation.ASC_4_0 else ())
        for each in Generation
    ],
    indirect=True,
)
"""Version 4.0 differs in the order's page only, of which every private part is renamed below."""

BOXES = """(private) => {
    const boxes = [];
    const isOnTop = (one, x, y) => {
        let on = document.elementFromPoint(x, y);
        while (on?.shadowRoot) on = on.shadowRoot.elementFromPoint(x, y);
        return on !== null && (one.contains(on) || on.contains(one));
    };
    const add = (one, words, { left, top, right, bottom }) => {
        const end = Math.min(right, left + 60); // the rest may be cut off, or have an icon beside it
        const ends = [left + 1, end - 1].map((x) => isOnTop(one, x, top + 1) && isOnTop(one, x, bottom - 1));
        if (private.some((word) => words.includes(word)) && ends.every(Boolean))
            boxes.push([left + 4, top + 4, end, bottom - 4].map(Math.round)); // a field has a frame
    };
    const search = (root) => {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) search(one.shadowRoot);
            if (one.matches("input")) add(one, one.value, one.getBoundingClientRect());
            for (const node of one.childNodes) {
                if (node.nodeType !== Node.TEXT_NODE || !one.checkVisibility({ visibilityProperty: true })) continue;
                const range = document.createRange();
                range.selectNodeContents(node);
                add(one, node.data, range.getBoundingClientRect());
            }
        }
    };
    search(document);
    return boxes;
}"""
"""Where each piece of text, and each field, begins that has any of these words in it and can be seen."""

RENAME = """([label, other]) => {
    const search = (root) => {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) search(one.shadowRoot);
            for (const node of one.childNodes)
                if (node.nodeType === Node.TEXT_NODE && node.data.trim().replace(/:$/, "") === label) node.data = other;
        }
    };
    search(document);
}"""


def private_words(order: Order) -> list[str]:
    """What nobody else has: a country is on other pages too."""
    return [words for words in (order.buyer, order.email, order.phone, order.address["address1"]) if words]


def spread(picture: bytes, box: tuple[int, int, int, int]) -> float:
    """How far the lightest and the darkest point of a part of a picture are apart, out of 255."""
    lightest, darkest = Image.open(BytesIO(picture)).convert("L").crop(box).getextrema()
    return abs(float(lightest) - float(darkest))  # type: ignore[arg-type]


def is_one_sheet(picture: bytes) -> bool:
    """Whether a picture is of nothing but the cover's color, below the first lines, where the reason is written."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    bands = image.crop((0, 200, image.width, image.height)).split()
    return all(abs(edge - cover) < 8 for band, cover in zip(bands, COVER, strict=True) for edge in band.getextrema())  # type: ignore[operator]


class Watching(Recorder):
    """Keeps the steps whose picture shows nothing of the page, and those that show a piece of private words."""

    def __init__(self, folder: Path, private: list[str]) -> None:
        super().__init__(LocalStore(folder))
        self._folder, self._private = folder, private
        self.sheets: list[str] = []
        self.shown: list[str] = []
        self.masked = 0

    def picture(self, admin: Recorded, step: str) -> None:
        super().picture(admin, step)
        picture = (self._folder / self.evidence[-1]).read_bytes()
        if is_one_sheet(picture):
            self.sheets.append(step)
            return
        for box in admin.page.evaluate(BOXES, self._private):
            if spread(picture, box) < 40:
                self.masked += 1
            else:
                self.shown.append(f"{step} at {box}")


@pytest.fixture
def order(sandbox: Sandbox) -> Order:
    return sandbox.shop.example("imported")


@GENERATIONS
@pytest.mark.sampled(2)
def test_every_picture_of_the_way_shows_its_page_and_none_a_buyer(
    context: BrowserContext,
    admin_on: Callable[..., Admin],
    sandbox: Sandbox,
    job: MakeJob,
    cancels: Cancels,
    tmp_path: Path,
    order: Order,
    face: str,
    generation: Generation,
) -> None:
    private = [name for listed in sandbox.shop.orders(order.store) for name in private_words(listed)]
    recorder = Watching(tmp_path, private)
    admin = admin_on(context.new_page(), recorder=recorder)
    admin.begin_again()
    given = job("imported")
    recorder.begin(given.order)

    verdict = cancel_order(admin, given)

    assert verdict == CANCELED
    assert cancels() == arrived(given)
    assert recorder.shown == []
    assert recorder.masked > 10
    assert set(recorder.sheets) <= {"sign_in", "enter_code", "open_admin"}  # the start page, which may be any


LABELS = {
    Generation.ASC_4_3: ["Buyer name", "Buyer email", "Shipping phone number", "Shipping city"],
    Generation.ASC_4_0: ["Buyer Name", "Shipping Address"],
    Generation.ASC_2: ["Buyer Email", "Shipping Address"],
}


@pytest.fixture
def details(new_admin: Admin, generation: Generation, address: Callable[..., str], sandbox: Sandbox) -> Page:
    """The usual order's page."""
    new_admin.begin_again()
    page = new_admin.page
    if generation is Generation.ASC_4_3:
        page.goto(f"{address(CHANNEL)}#/store-details/{sandbox.shop.store(US).uuid}/orders/{ORDER}")
    else:
        row = sandbox.shop.row_id(sandbox.shop.order(US, ORDER))
        page.goto(address(DETAILS, merchant_id="13", id=row))
    expect(page.get_by_text(ORDER, exact=True)).to_be_visible()
    return page


@pytest.mark.parametrize(
    ("generation", "label"),
    [(generation, label) for generation, labels in LABELS.items() for label in labels],
    indirect=["generation"],
    ids=[f"{generation.value} {label}" for generation, labels in LABELS.items() for label in labels],
)
def test_an_orders_page_of_which_a_private_part_has_another_name_is_masked_whole(
    details: Page, pack: Pack, sandbox: Sandbox, label: str
) -> None:
    assert not is_one_sheet(photograph(details, pack, masked=True, careful=False))

    details.evaluate(RENAME, [label, "Something else"])

    assert is_one_sheet(photograph(details, pack, masked=True, careful=False))
    told = words(details, pack, masked=True, clean=str)
    assert told.startswith("This page is masked whole. The order's page: what is private there could not be found: ")
    assert [private for private in private_words(sandbox.shop.order(US, ORDER)) if private in told] == []


def test_a_list_whose_column_of_buyers_has_another_name_is_masked_whole(
    dashboard: Page, pack: Pack, sandbox: Sandbox
) -> None:
    expect(dashboard.get_by_role("link", name=ORDER)).to_be_visible()
    assert not is_one_sheet(photograph(dashboard, pack, masked=True, careful=False))

    dashboard.evaluate(RENAME, ["Buyer's Name", "Sold to"])

    assert is_one_sheet(photograph(dashboard, pack, masked=True, careful=False))
    told = words(dashboard, pack, masked=True, clean=str)
    assert told.startswith(
        "This page is masked whole. The store's dashboard: what is private there could not be found: buyer_name.\n"
    )
    assert [order.buyer for order in sandbox.shop.recent(US) if order.buyer in told] == []


def test_a_list_without_orders_is_shown(dashboard: Page, pack: Pack) -> None:
    dashboard.get_by_text("All Orders").click()
    dashboard.get_by_role("textbox", name="Order Number").fill("000-0000000-0000000")
    dashboard.get_by_role("button", name="Apply filters").click()
    expect(dashboard.get_by_role("link", name=ORDER)).to_have_count(0)
    expect(dashboard.get_by_text("Clear all filters")).to_be_visible()
    assert not is_one_sheet(photograph(dashboard, pack, masked=True, careful=False))


def test_a_page_of_the_admin_that_the_pack_does_not_know_is_masked_whole(
    dashboard: Page, pack: Pack, address: Callable[..., str], order: Order
) -> None:
    dashboard.goto(address(COMMERCE_ORDER, order_id=order.commerce_number))
    expect(dashboard.locator("body")).to_contain_text(order.phone)
    assert is_one_sheet(photograph(dashboard, pack, masked=True, careful=False))
    told = words(dashboard, pack, masked=True, clean=str)
    assert [private for private in private_words(order) if private in told] == []


@GENERATIONS
def test_the_sign_in_page_and_the_home_page_are_shown_and_the_start_page_is_not(
    context: BrowserContext, admin_on: Callable[..., Admin], pack: Pack, generation: Generation
) -> None:
    admin = admin_on(context.new_page())
    admin.open()
    admin.arrive("sign_in")
    assert not is_one_sheet(photograph(admin.page, pack, masked=True, careful=False))
    admin.begin_again()
    admin.arrive("start_page")
    assert is_one_sheet(photograph(admin.page, pack, masked=True, careful=False))
    open_sales_channel(admin)
    assert not is_one_sheet(photograph(admin.page, pack, masked=True, careful=False))


def test_what_stands_in_front_of_the_admin_is_shown_as_long_as_nobody_is_signed_in(
    context: BrowserContext, admin_on: Callable[..., Admin], tmp_path: Path, sandbox: Sandbox
) -> None:
    wall = "<h1>Access denied</h1><p style='margin-top:300px'>This firewall knows nobody here.</p>"
    recorder = Recorder(LocalStore(tmp_path))
    admin = admin_on(context.new_page(), recorder=recorder)
    for signed_in in (False, True):
        if signed_in:
            admin.begin_again()
        admin.page.route(f"{sandbox.url}**", lambda route: route.fulfill(body=wall, content_type="text/html"))
        admin.open()
        admin.picture("open_admin")
        assert is_one_sheet((tmp_path / recorder.evidence[-1]).read_bytes()) is signed_in
        admin.page.unroute_all()
