"""Recording a screen: what a person presses becomes a draft of a pack's file, of which every word is compared."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from bot.access.find_browser import BrowserChoice
from bot.admin import Admin
from bot.admin.look import find, request_for
from bot.admin.screen import Screen
from bot.checks.recording.command import CLICK, WALK, record_to_file
from bot.checks.recording.drafts import Draft
from bot.checks.recording.listening import Recording, wait_for
from bot.cli.wiring import sign_in
from bot.joblist import Job
from bot.joblist.validation import validate
from bot.joblist.yamlfile import read_yaml
from bot.pack.model import READ_ONLY_KINDS, ScreenSpec
from bot.runner.entering import Entry, unopened_admin
from bot.sandbox import Face, Sandbox
from bot.settings import load_settings
from flows.cancel_order import open_dialog
from flows.open_order import open_order, open_sales_channel

pytestmark = pytest.mark.sampled(4)

JOB = Job.model_validate(
    {"order": "112-1215998-3002091", "store": "asc-v2-2.3-magentocommerce-us", "reason": "BuyerCanceled"}
)

HEAD = """\
observed: here

# A draft: every finder found exactly one element. A person must verify what each is for, and which ones commit.
elements:
"""

ORDER = """\
screen: order_details
title: The order's page
{head}  heading:
    role: heading
    name: Order details
    for: the headline of the left column
    observed: here
  status:
    field: Status
    for: the order's status
    observed: here
  buyer_name:
    field: Buyer name
    private: true
    for: the buyer, to compare with the list
    observed: here
  shipping_service:
    field: Shipping service
    for: say what it is for
    observed: here
  save_order:
    role: button
    name: Save Order
    commits: true  # it looks as if it cannot be undone: verify, and remove this if it can
    for: say what it is for
    observed: here
  cancel_order:
    role: button
    name: Cancel Order
    for: "opens the dialog; only there while the order is Unshipped"
    observed: here

# In order; keep the fewest that identify this screen.
checks:
  - shows: heading
    message: The headline Order details is not there.
  - shows: status
    message: The value beside Status is not there.
  - shows: shipping_service
    message: The value beside Shipping service is not there.
  - shows: save_order
    message: The button Save Order is not there.

# Not recorded, and needed by the flows: back, notes, order_number, order_total.
"""

DASHBOARD = """\
screen: store_dashboard
title: The store's dashboard
{head}  recent_orders:
    role: heading
    name: "Recent orders:"
    for: the list of the newest orders
    observed: here
  store_name:
    field: Store Name
    for: which store the dashboard is of
    observed: here
  magento_website:
    field: Magento Website
    for: say what it is for
    observed: here
  order_status:
    column: Status
    for: the statuses of the orders in the list
    observed: here
  buyer_name:
    column: Buyer's Name
    private: true
    for: the buyer, to compare with the order's page
    observed: here
  all_orders:
    role: link
    name: All Orders
    for: leads to the list of all orders
    observed: here
  order_link:
    role: link
    name: "{{order}}"
    for: opens the order's page
    observed: here

# In order; keep the fewest that identify this screen.
checks:
  - shows: recent_orders
    message: "The headline Recent orders: is not there."
  - shows: store_name
    message: The value beside Store Name is not there.
  - shows: magento_website
    message: The value beside Magento Website is not there.

# Not recorded, and needed by the flows: order_number, order_row, order_total.

# Columns that no flow reads; add one under elements where something uses it.
# order_notes: {{column: Order Notes}}
"""

DIALOG = """\
screen: cancel_dialog
title: The cancel dialog
{head}  dialog:
    role: [dialog, alertdialog]
    for: the box that asks for the reason
    observed: here
  reason:
    choice: Reason for cancellation
    within: dialog
    for: the reason given to Amazon
    observed: here
  close:
    role: button
    name: Close
    within: dialog
    for: say what it is for
    observed: here
  confirm:
    role: button
    name: Confirm
    within: dialog
    commits: true
    for: "cancels the order; cannot be undone"
    observed: here

# In order; keep the fewest that identify this screen.
checks:
  - shows: dialog
    message: There is not exactly one dialog open.
  - shows: reason
    message: The choice Reason for cancellation is not there.
  - shows: close
    message: The button Close is not there.
  - shows: confirm
    message: The button Confirm is not there.
"""

SIGN_IN = """\
screen: sign_in
title: The Admin's sign-in page
{head}  username:
    role: textbox
    name: Username
    for: the Admin user name
    observed: here
  password:
    label: Password
    secret: true
    for: the Admin password
    observed: here
  forgot_your_password:
    role: link
    name: "Forgot your password?"
    for: say what it is for
    observed: here
  sign_in:
    role: button
    name: Sign in
    for: signs in with what was entered
    observed: here

# In order; keep the fewest that identify this screen.
checks:
  - shows: username
    message: The field Username is not there.
  - shows: password
    message: The field Password is not there.
  - shows: forgot_your_password
    message: "The link Forgot your password? is not there."
  - shows: sign_in
    message: The button Sign in is not there.
"""

HOME = """\
screen: home
title: The Amazon Sales Channel home page
{head}  banner:
    {banner}
    for: the headline that only the home page has
    observed: here
  add_amazon_store:
    role: button
    name: Add Amazon Store
    for: say what it is for
    observed: here

# In order; keep the fewest that identify this screen.
checks:
  - shows: banner
    message: The {called} Sell products in the Amazon marketplace is not there.
  - shows: add_amazon_store
    message: The button Add Amazon Store is not there.

# Not recorded, and needed by the flows: store_card, store_names, view_store.

# Left out, because nothing tells it apart from everything else:
# button View Store (there are 4)
# field Incomplete Listings (there are 4)
"""


def found_once(admin: Admin, draft: Draft, folder: Path, **facts: str) -> dict[str, int]:
    """How often each finder of a draft finds something on the page that is open."""
    file = folder / "draft.yaml"
    file.write_text(draft.text, encoding="utf-8")
    spec = validate(ScreenSpec, read_yaml(file))
    screen = Screen(admin, spec, facts)
    return {
        name: len(screen.texts(name)[name])
        if element.kind in READ_ONLY_KINDS
        else find(admin.page, request_for(spec, name, facts)).count()
        for name, element in spec.elements.items()
        if element.kind != "column"
    }


def look_at(page: Page, *texts: str) -> None:
    for text in texts:
        page.get_by_text(text, exact=True).filter(visible=True).click()


def test_an_orders_page(admin: Admin, sandbox: Sandbox, tmp_path: Path) -> None:
    open_order(admin, JOB)
    recording = Recording(admin.page)
    look_at(admin.page, "Order details", "Unshipped", "Buyer name", "FreeEconomy")
    admin.page.get_by_role("button", name="Save Order").dispatch_event("pointerdown")
    admin.page.get_by_role("button", name="Cancel Order").click(trial=True)
    admin.page.get_by_role("button", name="Cancel Order").dispatch_event("pointerdown")

    draft = recording.draft("order_details", like=admin.pack, observed="here")

    assert draft.text == ORDER.format(head=HEAD)
    assert draft.problems == []
    assert recording.elsewhere == 0
    assert set(found_once(admin, draft, tmp_path).values()) == {1}
    assert sandbox.journal.cancels == ()


@pytest.mark.parametrize("face", [Face.SPECTRUM, Face.SHADOW], ids=str)
def test_a_list_of_orders(admin: Admin, sandbox: Sandbox, tmp_path: Path) -> None:
    page = admin.page
    page.set_viewport_size({"width": 1440, "height": 2000})  # a list that scrolls under a click gives it to another row
    recording = Recording(page)
    row = page.get_by_role("row").filter(has_text=JOB.order)
    look_at(page, "Recent orders:")
    page.get_by_text(JOB.store).click()
    page.get_by_text("Amazon US Website").click()
    row.get_by_text("Unshipped", exact=True).click()
    row.get_by_text("Michael Blankenship").click()
    row.get_by_text("Status updated").click()
    page.get_by_text("All Orders").click(button="right")
    row.get_by_role("link").click(button="right")
    found = found_once(
        admin, recording.draft("store_dashboard", like=admin.pack, observed="here"), tmp_path, order=JOB.order
    )
    row.get_by_role("link").click()
    page.get_by_text("Order details", exact=True).click()

    draft = recording.draft("store_dashboard", like=admin.pack, observed="here")

    assert draft.text == DASHBOARD.format(head=HEAD)
    assert draft.problems == []
    assert recording.elsewhere == 1
    assert set(found.values()) == {1}
    assert "Michael" not in draft.text
    assert JOB.order not in draft.text


@pytest.mark.thorough
@pytest.mark.parametrize("face", [Face.SPECTRUM, Face.SHADOW], ids=str)
def test_a_dialog_whose_confirm_the_person_presses(admin: Admin, sandbox: Sandbox) -> None:
    opened, _ = open_order(admin, JOB)
    dialog = open_dialog(admin, JOB, opened)
    recording = Recording(admin.page)
    dialog.choose("reason", "Buyer Canceled")
    admin.page.get_by_role("button", name="Close").click(button="right")
    sandbox.faults.request_lost = True  # what a person presses is pressed
    admin.page.get_by_role("button", name="Confirm").click()

    draft = recording.draft("cancel_dialog", like=admin.pack, observed="here")
    unknown = recording.draft("another_dialog", like=admin.pack, observed="here")

    assert draft.text == DIALOG.format(head=HEAD)
    assert draft.problems == []
    assert "    commits: true  # it looks as if it cannot be undone" in unknown.text
    assert "Buyer Canceled" not in draft.text + unknown.text
    assert sandbox.journal.cancels == ()


def test_what_is_typed_is_never_recorded(new_admin: Admin, sandbox: Sandbox) -> None:
    page = new_admin.page
    page.context.clear_cookies()
    new_admin.open()
    new_admin.arrive("sign_in")
    recording = Recording(page)
    page.get_by_label("Username").click()
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill(sandbox.password)
    page.get_by_text("Forgot").click()
    page.get_by_role("button", name="Sign in").click()
    new_admin.until(lambda: any(one.words == "Sign in" for one in recording.seen))

    draft = recording.draft("sign_in", like=new_admin.pack, observed="here")

    assert draft.text == SIGN_IN.format(head=HEAD)
    assert draft.problems == []
    assert sandbox.password not in repr(recording.seen)
    assert "demo" not in repr(recording.seen)


@pytest.mark.parametrize("face", [Face.SPECTRUM, Face.SHADOW], ids=str)
def test_what_is_there_several_times_is_left_out_and_named(admin: Admin, sandbox: Sandbox) -> None:
    page = admin.page
    page.goto(page.url.partition("#")[0] + "#/")
    admin.arrive("home")
    recording = Recording(page)
    look_at(page, "Sell products in the Amazon marketplace")
    for button in page.get_by_text("View Store").all():
        button.click(button="right")
    page.get_by_text("Add Amazon Store").click()
    page.get_by_text("Incomplete Listings: 7").click()

    draft = recording.draft("home", like=admin.pack, observed="here")

    heading = ("headline", "role: heading\n    name: Sell products in the Amazon marketplace")
    text = ("text", "text: Sell products in the Amazon marketplace")
    called, banner = text if sandbox.face is Face.SPECTRUM else heading
    assert draft.text == HOME.format(head=HEAD, called=called, banner=banner)
    assert draft.problems == []


def test_listening_changes_nothing_on_the_page(admin: Admin) -> None:
    page = admin.page
    before = page.content()
    recording = Recording(page)
    page.get_by_text("Recent orders:").dispatch_event("pointerdown")
    assert [one.words for one in recording.seen] == ["Recent orders:"]
    assert page.content() == before


def test_waiting_ends_with_the_answer_or_with_the_page(admin: Admin) -> None:
    answers = iter([False, True])
    wait_for(admin, lambda: next(answers))
    assert next(answers, None) is None
    admin.page.close()
    wait_for(admin, lambda: False)


def test_a_page_can_say_nothing_that_is_not_asked(admin: Admin) -> None:
    recording = Recording(admin.page)
    for told in (None, {}, {"kind": "css", "words": "x"}, {"kind": "text", "words": "x" * 300, "found": 1}):
        admin.page.evaluate("(told) => window.countermandHears(told)", told)
    assert recording.seen == []


@pytest.mark.thorough
def test_a_person_at_the_terminal_gets_a_file(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser_choice: BrowserChoice
) -> None:
    sandbox.faults.two_factor = ""
    opened: list[Admin] = []
    said: list[str] = []

    @contextmanager
    def out_of_sight(entry: Entry) -> Iterator[Any]:
        with unopened_admin(replace(entry, headed=False)) as (admin, enter):
            opened.append(admin)
            yield admin, enter

    def person() -> Callable[[], bool]:
        """Walks to the screen before the first Enter, and clicks there before the second."""
        page = opened[0].page
        if said[-1] == WALK:
            open_sales_channel(opened[0])
        else:
            look_at(page, "Sell products in the Amazon marketplace")
        return lambda: True

    monkeypatch.setattr("bot.checks.recording.command.unopened_admin", out_of_sight)
    monkeypatch.setattr("bot.checks.recording.command.enter_pressed", person)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    settings = load_settings(
        admin_url=sandbox.url,
        username=sandbox.username,
        password=sandbox.password,
        browser=browser_choice.executable and str(browser_choice.executable),
        keep_session=False,
    )

    # In a thread of its own, because this one may have a Playwright already.
    with ThreadPoolExecutor(1) as threads:
        given = ("home", tmp_path / "home.yaml", settings, sign_in, said.append)
        draft = threads.submit(record_to_file, *given).result()

    assert said == [WALK, CLICK]
    assert (tmp_path / "home.yaml").read_text(encoding="utf-8") == draft.text
    assert "Sell products in the Amazon marketplace" in draft.text
    assert draft.problems == []
