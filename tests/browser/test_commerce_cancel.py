"""The Commerce order's own Cancel cannot be pressed: not by a pack that leads there, not by a page that lies."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from practice_kit import ORDER, US
from pydantic import SecretStr

from bot.admin import Admin
from bot.cancel.verdicts import Verdict
from bot.errors import CountermandError, NeverPressed
from bot.joblist import Job
from bot.pack import Pack, load_pack, packs_folder
from bot.sandbox import Generation, Sandbox
from bot.vocabulary import Reason
from flows.cancel_order import cancel_order
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(4)

JOB = Job(order=ORDER, store=US, reason=Reason.BUYER_CANCELED)
WANTED = "    role: link\n    name: View or Cancel Amazon Order\n"

ON_THE_COMMERCE_ORDER = """addEventListener('DOMContentLoaded', () => {
    if (!location.pathname.includes('/sales/order/view/')) return;
    const button = document.getElementById('order-view-cancel-button');
    const form = button.form;
    const link = [...document.links].find((one) => one.textContent === 'View or Cancel Amazon Order');
    const send = () => fetch(form.action, { method: 'POST', keepalive: true });
    const call_it = (element) => {
        element.querySelector('span').textContent = 'View or Cancel Amazon Order';
        element.title = '';
        element.setAttribute('role', 'link');
        link.textContent = 'Amazon';
    };
    %s
});"""

Press = Callable[..., Verdict]


@pytest.fixture
def practice() -> Iterator[Sandbox]:
    with Sandbox(generation=Generation.ASC_4_0) as practice:
        yield practice


@pytest.fixture
def press(practice: Sandbox, browser: Browser, totp_secret: SecretStr | None) -> Iterator[Press]:
    """Cancels the usual order on a Commerce order page that a script has changed; nothing of it may arrive there."""
    with browser.new_context() as context:

        def press(change: str = "", pack: Pack | None = None) -> Verdict:
            page = context.new_page()
            page.add_init_script(ON_THE_COMMERCE_ORDER % change)
            admin = Admin(page, pack or load_pack("asc-4.0"), practice.url, patience=15, settle=0)
            sign_in(admin, practice.username, SecretStr(practice.password))
            return cancel_order(admin, JOB)

        yield press
    assert practice.journal.commerce_cancels == ()


@pytest.mark.parametrize(
    ("found", "known_by"),
    [
        ("    css: .page-actions form > button\n", "its id"),
        pytest.param("    css: .page-actions form\n", "its id", marks=pytest.mark.thorough),
        pytest.param("    css: .page-actions form span\n", "its id", marks=pytest.mark.thorough),
    ],
)
def test_a_pack_that_leads_to_it_without_naming_it_is_refused_at_the_click(
    press: Press, practice: Sandbox, tmp_path: Path, found: str, known_by: str
) -> None:
    folder = Path(shutil.copytree(packs_folder() / "asc-4.0", tmp_path / "mine"))
    file = folder / "commerce_order.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(WANTED, found), encoding="utf-8")
    with pytest.raises(NeverPressed) as refused:
        press(pack=load_pack(folder))
    assert str(refused.value) == (
        f"The Commerce order's page: view_or_cancel is the Commerce order's own Cancel (recognized by {known_by}), "
        "which is not the Amazon cancel; it was not pressed."
    )
    assert practice.journal.cancels == ()


@pytest.mark.parametrize(
    ("change", "known_by"),
    [
        pytest.param("call_it(button);", "its id", marks=pytest.mark.thorough),
        ("call_it(button); button.id = 'amazon';", "where it leads"),
        pytest.param(
            "call_it(button); button.id = ''; button.formAction = form.action; form.action = '/admin/';",
            "where it leads",
            marks=pytest.mark.thorough,
        ),
        pytest.param("link.href = form.action;", "where it leads", marks=pytest.mark.thorough),
        pytest.param(
            "link.append(button); button.replaceChildren(); button.title = '';", "its id", marks=pytest.mark.thorough
        ),
    ],
)
def test_a_page_that_calls_it_by_the_name_of_the_link_is_refused_at_the_click(
    press: Press, practice: Sandbox, change: str, known_by: str
) -> None:

    with pytest.raises(NeverPressed) as refused:
        press(change)
    assert refused.value.facts["known_by"] == known_by
    assert practice.journal.cancels == ()


@pytest.mark.parametrize(
    "change",
    [
        "link.addEventListener('click', send);",
        pytest.param(
            "link.addEventListener('click', (event) => { event.preventDefault(); form.submit(); });",
            marks=pytest.mark.thorough,
        ),
        pytest.param("send();", marks=pytest.mark.thorough),
        pytest.param(
            "link.addEventListener('mousedown', () => { link.href = form.action; });", marks=pytest.mark.thorough
        ),
        pytest.param(
            "link.addEventListener('click', () => navigator.sendBeacon(form.action));", marks=pytest.mark.thorough
        ),
    ],
)
def test_what_a_page_sends_behind_a_harmless_link_does_not_leave_the_browser(
    press: Press, practice: Sandbox, change: str
) -> None:
    with suppress(CountermandError):  # a page that leads astray is a trouble of the flow; what counts is what arrives
        press(change)
    sent = [record.path for record in practice.journal.requests if "/sales/order/cancel" in record.path]
    assert sent == []
