"""The layouts that real screens have, on Adobe's own widgets: the way is found in each, and one order is canceled."""

import pytest
from playwright.sync_api import ViewportSize
from practice_kit import CANCELED, US, AtStep, Cancels, MakeJob, Verdicts, arrived

from bot.admin import Admin
from bot.sandbox import Generation, Sandbox
from bot.sandbox.faults import LAYOUT

pytestmark = [pytest.mark.face("spectrum", only=True), pytest.mark.sampled(4)]

WIDE, NARROW = (ViewportSize(width=width, height=800) for width in (1920, 1200))

IS_UNDER_BANNER = """(link) => {
    const { x, y, width, height } = link.getBoundingClientRect();
    return Boolean(document.elementFromPoint(x + width / 2, y + height / 2)?.closest(".cookie-banner"));
}"""


@pytest.fixture
def admin(new_admin: Admin) -> Admin:
    """The practice Admin on its start page, so that the whole way is walked."""
    new_admin.begin_again()
    return new_admin


@pytest.mark.thorough
@pytest.mark.parametrize("layout", LAYOUT)
def test_the_way_is_found_in_every_layout(
    layout: str, verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin
) -> None:
    sandbox.faults.update({layout: True})
    order = job("unshipped_recent")
    assert verdicts(order, attempts=1) == [CANCELED]
    assert cancels() == arrived(order)
    assert admin.page.context.pages == [admin.page]


@pytest.mark.parametrize(
    "window", [pytest.param(WIDE, marks=pytest.mark.thorough, id="wide"), pytest.param(NARROW, id="narrow")]
)
def test_the_way_is_found_in_a_wide_and_in_a_narrow_window_with_all_layouts_at_once(
    window: ViewportSize, verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin
) -> None:
    admin.page.set_viewport_size(window)
    sandbox.faults.update(dict.fromkeys(LAYOUT, True))
    orders = job("unshipped_recent"), job("unshipped_old")
    assert verdicts(*orders, attempts=1) == [CANCELED] * 2
    assert cancels() == arrived(*orders)
    assert admin.page.context.pages == [admin.page]


def test_an_order_behind_a_banner_is_brought_out_from_under_it(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    under: list[bool] = []
    admin.page.set_viewport_size({"width": 1280, "height": 900})
    sandbox.faults.cookie_banner = True
    order = job("unshipped_recent")
    link = admin.page.get_by_role("link", name=order.order)
    at_step["open_order"] = lambda: under.append(link.evaluate(IS_UNDER_BANNER))
    assert verdicts(order, attempts=1) == [CANCELED]
    assert cancels() == arrived(order)
    assert under == [True]


@pytest.mark.parametrize("generation", [Generation.ASC_4_0], indirect=True, ids=str)
def test_an_imported_order_is_canceled_in_the_same_window(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin
) -> None:
    order = job("imported")
    assert verdicts(order, attempts=1) == [CANCELED]
    assert cancels() == arrived(order)
    assert admin.page.context.pages == [admin.page]


HEADS = "() => [...document.querySelectorAll('[role=columnheader]')].map((head) => head.innerText)"


@pytest.mark.parametrize(
    ("width", "drawn"),
    [
        pytest.param(1024, ["Buyer's Name", "Total"], id="the total beside the sight"),
        pytest.param(800, [], id="buyer and total not drawn"),
    ],
)
def test_an_order_whose_columns_are_out_of_sight_is_canceled(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin, at_step: AtStep, width: int, drawn: list[str]
) -> None:
    heads: list[str] = []
    admin.page.set_viewport_size({"width": width, "height": 800})
    at_step["open_order"] = lambda: heads.extend(admin.page.evaluate(HEADS))
    order = job("unshipped_recent")
    assert verdicts(order, attempts=1) == [CANCELED]
    assert cancels() == arrived(order)
    assert [head for head in heads if head in {"Buyer's Name", "Total"}] == drawn


def test_a_total_out_of_sight_is_compared_with_the_orders_page(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin, at_step: AtStep
) -> None:
    admin.page.set_viewport_size({"width": 800, "height": 800})
    order = job("unshipped_recent")
    listed = sandbox.shop.order(order.store, order.order)
    shown = listed.total
    at_step["open_order"] = lambda: setattr(listed, "total", "99.99")
    (verdict,) = verdicts(order, attempts=1)
    assert verdict.message == (f"The order's page says a total of '99.99', the list that led to it '$ {shown}'.")
    assert cancels() == []


def test_a_system_message_that_names_and_links_the_store_is_not_taken_for_its_card(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin
) -> None:
    sandbox.faults.system_message_store = US
    order = job("unshipped_recent")
    assert verdicts(order, attempts=1) == [CANCELED]
    assert cancels() == arrived(order)
