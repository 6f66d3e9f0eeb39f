"""Presses that must arrive: on genuine widgets whose rows must be scrolled to, on late menus, and under covers."""

import pytest
from practice_kit import CANCELED, AtStep, Cancels, MakeJob, Verdicts, arrived

from bot.admin import Admin
from bot.joblist import Job
from bot.sandbox import Face, Sandbox
from bot.vocabulary import Reason, Status

pytestmark = pytest.mark.sampled(2)

ROWS = 43


@pytest.fixture
def face() -> Face:
    return Face.SPECTRUM


@pytest.fixture(
    params=[
        pytest.param({"width": 1440, "height": 1000}, id="tall", marks=pytest.mark.thorough),
        pytest.param({"width": 1280, "height": 720}, id="low"),
    ]
)
def window(request: pytest.FixtureRequest, admin: Admin) -> None:
    admin.page.set_viewport_size(request.param)


@pytest.mark.usefixtures("window")
def test_an_order_whose_row_must_be_scrolled_to_is_canceled_in_one_attempt(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, cancels: Cancels
) -> None:
    sandbox.faults.dashboard_rows = ROWS
    usual = job("unshipped_recent")
    listed = sandbox.shop.orders(usual.store)[:ROWS]
    below = [
        (row, order)
        for row, order in enumerate(listed)
        if row >= 5 and order.status is Status.UNSHIPPED and order.plain
    ]
    assert below[-1][0] >= 20
    jobs = [
        Job(order=order.number, store=usual.store, reason=Reason.BUYER_CANCELED) for _, order in (below[0], below[-1])
    ]
    assert verdicts(*jobs, attempts=1) == [CANCELED] * len(jobs)
    assert cancels() == [cancel for one in jobs for cancel in arrived(one)]


@pytest.mark.parametrize("seed", [7, 8])
def test_a_menu_whose_script_comes_late_is_clicked_until_it_opens(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, seed: int
) -> None:
    sandbox.faults.menu_bound_late = seed
    admin.begin_again()
    assert verdicts(job("unshipped_recent"), attempts=1) == [CANCELED]


CLOSES_ONCE = """() => addEventListener("mouseover", (event) => {
    if (!event.target.closest?.(".submenu a:not(.action-close)") || window.closed_once) return;
    window.closed_once = true;
    document.querySelector(".level-0._show").classList.remove("_show");
}, true)"""


def test_a_menu_that_closes_by_itself_is_opened_again(
    verdicts: Verdicts, job: MakeJob, admin: Admin, at_step: AtStep
) -> None:
    def closes() -> None:
        del at_step["open_sales_channel"]
        admin.page.evaluate(CLOSES_ONCE)

    admin.begin_again()
    at_step["open_sales_channel"] = closes
    assert verdicts(job("unshipped_recent"), attempts=1) == [CANCELED]
    assert "open_sales_channel" not in at_step


GOES_AWAY_ONCE = """() => addEventListener("focusin", ({ target }) => {
    if (window.went || !target.textContent.includes("View Store")) return;
    window.went = true;
    target.style.display = "none";
    setTimeout(() => { target.style.display = ""; }, 1500);
})"""


def test_an_element_that_goes_away_as_it_is_pressed_is_waited_for(
    verdicts: Verdicts, job: MakeJob, admin: Admin, at_step: AtStep
) -> None:
    def goes() -> None:
        del at_step["open_store"]
        admin.page.evaluate(GOES_AWAY_ONCE)

    went: list[bool] = []
    admin.begin_again()
    at_step["open_store"] = goes
    at_step["open_order"] = lambda: went.append(admin.page.evaluate("window.went"))
    assert verdicts(job("unshipped_recent"), attempts=1) == [CANCELED]
    assert went == [True]


def test_what_lies_over_an_order_is_named(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, cancels: Cancels
) -> None:
    admin.patience = 3
    admin.page.add_style_tag(content=".cookies { position: fixed; inset: 0; z-index: 99; background: white }")
    admin.page.evaluate("""() => document.body.append(Object.assign(document.createElement("div"),
        { className: "cookies", textContent: "We use cookies" }))""")
    (verdict,) = verdicts(job("unshipped_recent"), attempts=1)
    assert verdict.message == (
        "The store's dashboard: something covers order_link (opens the order's page): 'We use cookies'."
    )
    assert cancels() == []


NEVER_OPENS = """() => document.addEventListener("click", (event) => {
    if (event.target.closest?.("#nav")) event.stopImmediatePropagation();
}, true)"""


def test_a_page_whose_menu_never_opens_is_loaded_again(
    verdicts: Verdicts, job: MakeJob, admin: Admin, at_step: AtStep
) -> None:
    def breaks() -> None:
        del at_step["open_sales_channel"]
        admin.page.evaluate(NEVER_OPENS)

    admin.begin_again()
    at_step["open_sales_channel"] = breaks
    assert verdicts(job("unshipped_recent"), attempts=1) == [CANCELED]
    assert "open_sales_channel" not in at_step
