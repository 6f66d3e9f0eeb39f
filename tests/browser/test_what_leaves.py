"""What a page sends by itself does not cancel: nothing leaves the browser without a permit, whatever sends it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Error as PlaywrightError
from practice_kit import CANCELED, ORDER, AtStep, Cancels, MakeJob, Verdicts, arrived, failed
from pydantic import SecretStr

from bot.admin import Admin
from bot.cancel.ways import wire_for
from bot.errors import CancelStopped, CountermandError
from bot.outcomes import Outcome
from bot.pack import Pack
from bot.sandbox import UNKNOWN_ORDER, Generation, Sandbox
from flows.sign_in import sign_in

pytestmark = pytest.mark.face("spectrum", only=True)

ASC_2, ASC_4_0, ASC_4_3 = Generation


@pytest.fixture
def own(
    browser: Browser,
    browser_type_launch_args: dict[str, Any],
    browser_context_args: dict[str, Any],
    pack: Pack,
    sandbox: Sandbox,
    generation: Generation,
    open_dashboard: Callable[[Admin], None],
    totp_secret: SecretStr | None,
) -> Iterator[Admin]:
    """The practice Admin in a browser whose every page is looked at, as in a run."""
    with closing(browser.browser_type.launch(**browser_type_launch_args)) as launched:
        wire = wire_for(sandbox.url, [pack])
        wire.guard_browser(launched)
        page = launched.new_context(**browser_context_args).new_page()
        admin = Admin(page, pack, sandbox.url, patience=15, settle=0, wire=wire)
        if generation is ASC_2:  # it has no such page
            sign_in(admin, sandbox.username, SecretStr(sandbox.password), totp_secret)
        else:
            open_dashboard(admin)
        yield admin


MUTATION = f'mutation {{ cancelOrder(uuid: "7f", orderId: "{ORDER}", reason: "NoInventory") {{ uuid }} }}'
SENDS = {
    "fetch": "(to, said) => fetch(to, { method: 'POST', body: said }).catch(() => {})",
    "put": "(to, said) => fetch(to, { method: 'PUT', body: said }).catch(() => {})",
    "kept alive": "(to, said) => fetch(to, { method: 'POST', body: said, keepalive: true }).catch(() => {})",
    "beacon": "(to, said) => { navigator.sendBeacon(to, said); }",
    "request": "(to, said) => { const it = new XMLHttpRequest(); it.open('POST', to); it.send(said); }",
    "address": "(to, said) => fetch(`${to}?query=${encodeURIComponent(JSON.parse(said).query)}`).catch(() => {})",
    "frame": """(to, said) => new Promise((done) => {
        const frame = document.body.appendChild(document.createElement('iframe'));
        frame.contentWindow.fetch(to, { method: 'POST', body: said }).then(done, done);
    })""",
    "worker": """(to, said) => new Promise((done) => {
        const code = `fetch(${JSON.stringify(new URL(to, location).href)}, { method: 'POST', body:
            ${JSON.stringify(said)}, credentials: 'include' }).then(() => postMessage(1), () => postMessage(0))`;
        new Worker(URL.createObjectURL(new Blob([code]))).onmessage = done;
    })""",
    "shared worker": """(to, said) => new Promise((done) => {
        const code = `onconnect = (it) => fetch(${JSON.stringify(new URL(to, location).href)}, { method: 'POST', body:
            ${JSON.stringify(said)}, credentials: 'include' })
            .then(() => it.ports[0].postMessage(1), () => it.ports[0].postMessage(0))`;
        new SharedWorker(URL.createObjectURL(new Blob([code]))).port.onmessage = done;
    })""",
    "form in a frame": """(to, said) => {
        const frame = document.body.appendChild(document.createElement('iframe'));
        frame.name = 'aside';
        const form = document.body.appendChild(document.createElement('form'));
        Object.assign(form, { action: to, method: 'post', target: 'aside' });
        const field = form.appendChild(document.createElement('input'));
        Object.assign(field, { name: 'query', value: JSON.parse(said).query });
        form.submit();
    }""",
    "window": """(to, said) => {
        const other = open('about:blank');
        return other.fetch(to, { method: 'POST', body: said }).then(() => other.close(), () => other.close());
    }""",
}


def stopped_by(admin: Admin, script: str, *given: object) -> str:
    """Why the step ends in which the page sends something by itself."""
    with pytest.raises(CancelStopped) as told, admin.step("look_on"):
        _let_it_send(admin, script, *given)
    return str(told.value)


def _let_it_send(admin: Admin, script: str, *given: object) -> None:
    admin.page.evaluate(script, list(given))
    # What was stopped is known once the page has heard of it, or a moment later.
    assert admin.until(lambda: bool(admin.wire._stopped))


@pytest.mark.parametrize("how", SENDS)
def test_a_cancel_that_the_page_sends_by_itself_is_stopped_however_it_is_sent(
    own: Admin, sandbox: Sandbox, how: str
) -> None:
    before = len(sandbox.journal.requests)
    endpoint = own.page.locator("#root").get_attribute("data-graphql-endpoint")
    script = f"([to, query]) => ({SENDS[how]})(to, JSON.stringify({{ query }}))"
    assert stopped_by(own, script, endpoint, MUTATION) == (
        f"Nothing was pressed, but the page sent a cancel of order {ORDER} although nothing was pressed, which was "
        "stopped."
    )
    assert sandbox.journal.cancels == ()
    assert len(sandbox.journal.requests) == before


SPELLINGS = ("order_cancel_save", "Order_Cancel_Save", "ORDER_CANCEL_SAVE")
VISITS = [
    # Each generation and each spelling once; all pairs in a thorough run.
    pytest.param(generation, spelling, marks=() if of == at else pytest.mark.thorough)
    for of, generation in enumerate(Generation)
    for at, spelling in enumerate(SPELLINGS)
]


@pytest.mark.parametrize(("generation", "action"), VISITS, indirect=["generation"])
def test_a_visit_to_the_address_that_cancels_without_a_reason_is_stopped(
    own: Admin, sandbox: Sandbox, action: str
) -> None:
    before = len(sandbox.journal.requests)
    address = f"{sandbox.url}channel/amazon/{action}/id/1005/"
    with pytest.raises(CountermandError), own.step("look_on"):
        _let_it_send(own, "([address]) => { location.href = address; }", address)
    assert sandbox.journal.cancels == ()
    assert len(sandbox.journal.requests) == before


LOADS = {
    "image": "(address) => { new Image().src = address; }",
    "style": "(address) => { document.body.style.background = `url(${address})`; }",
    "script": "(address) => { document.head.appendChild(document.createElement('script')).src = address; }",
    "prefetch": """(address) => {
        const link = document.createElement('link');
        Object.assign(link, { rel: 'prefetch', href: address });
        document.head.append(link);
    }""",
    "events": "(address) => { new EventSource(address); }",
    "ping": """(address) => {
        const link = document.body.appendChild(document.createElement('a'));
        Object.assign(link, { href: 'about:blank#', target: 'nobody', ping: address });
        link.addEventListener('click', (click) => setTimeout(() => window.stop(), 0));
        link.click();
    }""",
}


@pytest.mark.parametrize("how", LOADS)
def test_what_a_page_loads_by_itself_cancels_nothing(own: Admin, sandbox: Sandbox, how: str) -> None:
    before = len(sandbox.journal.requests)
    address = f"{sandbox.url}channel/amazon/order_cancel_save/id/1005/"
    with pytest.raises(CountermandError), own.step("look_on"):
        _let_it_send(own, f"([address]) => ({LOADS[how]})(address)", address)
    assert sandbox.journal.cancels == ()
    assert len(sandbox.journal.requests) == before


def test_a_rule_that_guesses_the_address_of_a_cancel_is_not_followed(own: Admin, sandbox: Sandbox) -> None:
    address = f"{sandbox.url}channel/amazon/order_cancel_save/id/1005/"
    script = """([guess, other]) => {
        const rules = document.createElement('script');
        rules.type = 'speculationrules';
        rules.textContent = JSON.stringify({ prefetch: [{ urls: [guess], eagerness: 'immediate' }] });
        document.head.append(rules);
        const once = () => fetch(other).then((answer) => answer.status);
        return once().then(once).then(once);
    }"""
    own.page.evaluate(script, [address, sandbox.url])
    assert [request.path for request in sandbox.journal.requests if "order_cancel_save" in request.path] == []
    assert sandbox.journal.cancels == ()


# --- A browser that is not Chromium ---


@pytest.fixture
def no_devtools(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Firefox and WebKit: there is no session for what only Chromium can do."""

    def refuse(*_: object) -> None:
        raise PlaywrightError("CDP session is only available in Chromium")

    monkeypatch.setattr(BrowserContext, "new_cdp_session", refuse)


@pytest.mark.usefixtures("no_devtools")
def test_in_any_browser_the_permitted_cancel_leaves_once_and_no_other(
    new_admin: Admin, verdicts: Verdicts, job: MakeJob, cancels: Cancels
) -> None:
    new_admin.begin_again()
    assert verdicts(job("unshipped_recent")) == [CANCELED]
    endpoint = new_admin.page.locator("#root").get_attribute("data-graphql-endpoint")
    script = f"([to, query]) => ({SENDS['fetch']})(to, JSON.stringify({{ query }}))"
    new_admin.begin_attempt("")
    assert "although nothing was pressed, which was stopped" in stopped_by(new_admin, script, endpoint, MUTATION)
    assert cancels() == arrived(job("unshipped_recent"))


@pytest.mark.usefixtures("no_devtools")
def test_in_any_browser_an_order_is_missing_only_from_a_list_that_was_answered(
    new_admin: Admin, verdicts: Verdicts, job: MakeJob
) -> None:
    new_admin.begin_again()
    (verdict,) = verdicts(job("unshipped_recent", order=UNKNOWN_ORDER))
    assert verdict.outcome is Outcome.NOT_FOUND


# --- The classic cancel page ---


@pytest.mark.parametrize("generation", [ASC_4_0, ASC_2], indirect=True, ids=str)
def test_a_button_that_still_cancels_without_a_reason_is_not_pressed(
    new_admin: Admin, verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, cancels: Cancels, at_step: AtStep
) -> None:
    new_admin.begin_again()
    sandbox.faults.cancel_script_missing = True
    at_step["press_confirm"] = lambda: setattr(new_admin, "patience", 1)
    assert verdicts(job("unshipped_recent")) == [
        failed(
            "The cancel page did not appear within 1 s: its button still sends the cancel without a reason, because "
            "the page's script has not started."
        )
    ]
    assert cancels() == []


@pytest.fixture
def admin(new_admin: Admin) -> Admin:
    return new_admin


# --- The dialog ---


def test_a_toast_is_no_dialog_that_is_open(own: Admin) -> None:
    own.page.evaluate("""() => document.body.insertAdjacentHTML('beforeend',
        '<div role=alertdialog aria-modal=false><div role=alert>The order has been canceled.</div>'
        + '<button aria-label=Close>x</button></div>')""")
    dialog = own.screen("cancel_dialog", order=ORDER)
    assert own.page.get_by_role("alertdialog").count() == 1
    assert (dialog.count("dialog"), dialog.count("confirm")) == (0, 0)


def test_a_toast_beside_the_dialog_does_not_make_two(own: Admin) -> None:
    own.page.evaluate("""() => document.body.insertAdjacentHTML('beforeend',
        '<div role=alertdialog aria-modal=false data-top><div role=alert>The store was updated.</div></div>'
        + '<div role=dialog><p>Reason for cancellation</p><select><option>Buyer Canceled</select>'
        + '<button>Confirm</button></div>')""")
    assert own.screen("cancel_dialog", order=ORDER).is_here()
