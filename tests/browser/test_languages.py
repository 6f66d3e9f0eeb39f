"""The Admin in Dutch, German and French: the flows are the same, and what they say stays English."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext
from practice_kit import Cancels, MakeJob, Verdicts
from pydantic import SecretStr

from bot.admin import Admin
from bot.admin.first_page import reach
from bot.checks.doctor import Round
from bot.checks.doctor.show import Lines
from bot.errors import RunStopped
from bot.joblist import Job
from bot.outcomes import Outcome
from bot.pack import Pack, load_pack
from bot.runner import RunEnd
from bot.sandbox import Sandbox
from bot.sandbox.languages import LANGUAGES, speech
from bot.vocabulary import Reason, Status
from flows.cancel_order import leave_dialog, open_dialog
from flows.look_around import look_around
from flows.open_order import open_order, open_sales_channel
from flows.read_order import plan_order
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(4)

TITLES = {"nl_NL": "Dutch", "de_DE": "German", "fr_FR": "French"}
UNABLE = {
    "nl_NL": "Amazon-bestelling kan niet worden geannuleerd",
    "de_DE": "Amazon-Bestellung kann nicht storniert werden",
    "fr_FR": "Impossible d'annuler la commande Amazon",
}
OTHERS = [pytest.param(code, marks=pytest.mark.thorough) for code in LANGUAGES if code != "de_DE"]


@pytest.fixture(params=["de_DE", *OTHERS])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sandbox(sandbox: Sandbox, language: str) -> Sandbox:
    sandbox.faults.language = language
    return sandbox


@pytest.fixture
def pack(language: str) -> Pack:
    return load_pack("asc-4.3", language)


Told = tuple[Outcome, Status | None, Status | None, str]


@pytest.fixture
def told(run: Callable[..., RunEnd]) -> Callable[..., dict[str, Told]]:
    """Works through jobs, and gives what the results say of each order."""

    def work(*jobs: Job) -> dict[str, Told]:
        return {
            result.order: (result.outcome, result.status_before, result.status_after, result.message)
            for result in run(*jobs).results
        }

    return work


def test_an_order_is_canceled_and_told_in_the_terms_of_the_results(
    job: MakeJob, told: Callable[..., dict[str, Told]], cancels: Cancels, language: str
) -> None:
    thousands = job("thousands", reason="NoInventory", expect={"total": "1249.95"})
    failing = job("without_items")
    otherwise = job("unicode", expect={"total": "1.00"})
    assert told(thousands, failing, otherwise) == {
        thousands.order: (
            Outcome.CANCELED,
            Status.UNSHIPPED,
            Status.CANCELED,
            "Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
            "The Admin tells Amazon later.",
        ),
        failing.order: (
            Outcome.CANCELED_NOT_SENT,
            Status.UNSHIPPED,
            Status.CANCELED,
            f"The Admin says Canceled but answered with an error ({UNABLE[language]}): Amazon was probably never told.",
        ),
        otherwise.order: (
            Outcome.MISMATCH,
            None,
            None,
            "The order's total is 56.00, the job list expects 1.00.",
        ),
    }
    assert cancels() == [
        (thousands.order, thousands.store, "NoInventory", "Unshipped"),
        (failing.order, failing.store, "BuyerCanceled", "Unshipped"),
    ]


@pytest.mark.thorough
def test_every_status_is_told_in_the_terms_of_the_results(
    job: MakeJob, told: Callable[..., dict[str, Told]], cancels: Cancels
) -> None:
    kinds = {
        "pending": Status.PENDING,
        "pending_availability": Status.PENDING_AVAILABILITY,
        "partially_shipped": Status.PARTIALLY_SHIPPED,
        "shipped": Status.SHIPPED,
        "completed": Status.COMPLETED,
        "error": Status.ERROR,
    }
    done = job("canceled")
    seen = told(*map(job, kinds), done)
    assert seen.pop(done.order) == (
        Outcome.ALREADY_CANCELED,
        Status.CANCELED,
        None,
        "The order was already canceled; nothing was pressed.",
    )
    assert seen == {
        job(kind).order: (
            Outcome.NOT_CANCELABLE,
            status,
            None,
            f"The order's status is {status}; only Unshipped orders can be canceled here.",
        )
        for kind, status in kinds.items()
    }
    assert cancels() == []


@pytest.mark.thorough
def test_an_order_that_is_only_in_all_orders_is_found(job: MakeJob, verdicts: Verdicts, cancels: Cancels) -> None:
    (said,) = verdicts(job("unshipped_old"), work=plan_order)
    assert said.outcome is Outcome.WOULD_CANCEL
    assert said.message == "The order is Unshipped and would be canceled with the reason Buyer Canceled."
    assert cancels() == []


@pytest.mark.thorough
def test_the_doctor_finds_every_screen(new_admin: Admin, sandbox: Sandbox, cancels: Cancels) -> None:
    said = io.StringIO()
    checks = Round(Lines(said))
    new_admin.callbacks = replace(new_admin.callbacks, on_step=checks.steps.append)

    look_around(new_admin, checks, lambda admin: sign_in(admin, sandbox.username, SecretStr(sandbox.password)))

    assert "opens for order 701-4418203-9920013, with its reasons and Confirm; it was left again" in said.getvalue()
    assert cancels() == []


@pytest.mark.thorough
def test_every_reason_of_the_pack_is_offered(admin: Admin, job: MakeJob, cancels: Cancels) -> None:
    opened, _ = open_order(admin, job("unshipped_recent"))
    dialog = open_dialog(admin, job("unshipped_recent"), opened)
    for reason in Reason:
        dialog.choose("reason", admin.pack.info.reasons[reason])
        assert dialog.chosen("reason") == admin.pack.info.reasons[reason]
    leave_dialog(admin, opened)
    assert cancels() == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    "fault", [{"usage_data_modal": True}, {"release_notes_modal": True}], ids=lambda fault: min(fault)
)
def test_what_lies_in_the_way_is_cleared(
    fault: dict[str, bool], new_admin: Admin, sandbox: Sandbox, cancels: Cancels
) -> None:
    said: list[str] = []
    new_admin.callbacks = replace(new_admin.callbacks, say=said.append)
    sandbox.faults.update(fault)
    new_admin.begin_again()
    open_sales_channel(new_admin)
    assert len(said) == 1
    assert cancels() == []


STOPS = {
    "refused": "The Admin refused the user name or password, or the account is locked for a while.",
    "recaptcha": "The Admin requires Google reCAPTCHA at sign-in, which a program cannot pass.",
    "permission": "The Admin says that this account needs permissions to view the page.",
    "menu": "The Admin's side menu has no Amazon Sales Channel for this account.",
    "two_factor": "The Admin requires two-factor authentication, which was never set up for this account.",
    "provider": "The Admin asks for a second factor that a program cannot provide (Authy, Duo Security or a U2F key).",
}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("refused", {}),
        ("recaptcha", {"recaptcha": True}),
        ("permission", {"permission_missing": True}),
        ("menu", {"menu_lacks": "Amazon Sales Channel"}),
        ("two_factor", {"two_factor_not_set_up": True}),
        ("provider", {"two_factor_provider": "Duo Security"}),
    ],
)
def test_what_stops_a_run_is_named(
    name: str, fault: dict[str, bool | str], new_admin: Admin, sandbox: Sandbox, job: MakeJob, cancels: Cancels
) -> None:
    sandbox.faults.update(fault)
    password = "wrong" if name == "refused" else sandbox.password

    def work() -> None:
        sign_in(new_admin, sandbox.username, SecretStr(password))
        open_order(new_admin, job("unshipped_recent"))

    with pytest.raises(RunStopped) as stopped:
        work()
    assert str(stopped.value).startswith(STOPS[name])
    assert cancels() == []


def test_an_admin_in_another_language_is_named_at_its_sign_in_page(
    context: BrowserContext, sandbox: Sandbox, language: str
) -> None:
    admin = Admin(context.new_page(), load_pack("asc-4.3"), sandbox.url, patience=15)
    with pytest.raises(RunStopped) as stopped:
        reach(admin)
    with pytest.raises(RunStopped) as again:
        sign_in(admin, sandbox.username, SecretStr(sandbox.password))
    assert (
        str(stopped.value) == str(again.value) == f"The Admin's sign-in page is in {TITLES[language]}, not in English."
    )
    assert stopped.value.next_step == (
        f"Set COUNTERMAND_SIGN_IN_LANGUAGE={language}, and COUNTERMAND_LANGUAGE to the account's."
    )
    assert sandbox.journal.cancels == ()


def test_an_account_in_another_language_than_the_sign_in_page_is_named_at_the_home_page(
    context: BrowserContext, sandbox: Sandbox, job: MakeJob, language: str
) -> None:
    sandbox.faults.sign_in_language = "en_US"
    sandbox.faults.two_factor = ""
    admin = Admin(context.new_page(), load_pack("asc-4.3"), sandbox.url, patience=15)
    sign_in(admin, sandbox.username, SecretStr(sandbox.password))
    with pytest.raises(RunStopped) as stopped:
        open_order(admin, job("unshipped_recent"))
    assert str(stopped.value) == f"The Amazon Sales Channel home page is in {TITLES[language]}, not in English."
    assert stopped.value.next_step == f"Set COUNTERMAND_LANGUAGE={language}."
    assert sandbox.journal.cancels == ()


def test_the_sign_in_page_may_be_in_another_language_than_the_account(
    context: BrowserContext, sandbox: Sandbox, job: MakeJob, language: str, cancels: Cancels
) -> None:
    sandbox.faults.sign_in_language = "en_US"
    sandbox.faults.two_factor = ""
    admin = Admin(context.new_page(), load_pack("asc-4.3", language, "en_US"), sandbox.url, patience=15)
    sign_in(admin, sandbox.username, SecretStr(sandbox.password))
    assert plan_order(admin, job("unshipped_recent")).outcome is Outcome.WOULD_CANCEL
    assert cancels() == []


# What reads the same in every language: names, numbers, and what only says that nothing here is real.
SAME = {
    "Practice Admin: nothing here is real. Account", "demo", ", password", "practice123", ".", "Magento", "®",
    "Copyright © 2020 Practice shop. All rights reserved.", "ver. 2.4.3", "practice Admin: nothing here is real",
}  # fmt: skip

WORDS_SEEN = """() => {
    const seen = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        if (!/^(SCRIPT|STYLE)$/.test(node.parentElement.tagName)) seen.push(node.data);
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]"))
        for (const name of ["aria-label", "title", "placeholder"]) seen.push(element.getAttribute(name) ?? "");
    return [...new Set(seen.map((text) => text.trim()).filter((text) => /\\p{L}/u.test(text)))];
}"""


@pytest.mark.thorough
def test_no_english_word_is_left_on_any_screen(
    admin: Admin, sandbox: Sandbox, job: MakeJob, language: str, cancels: Cancels
) -> None:
    known = speech(language)
    assert known is not None
    spoken = set(known.words.values())
    english = {word for word in known.words if word not in spoken and known.words[word] != word}
    left: dict[str, list[str]] = {}

    def look(where: str) -> None:
        seen = set(admin.page.evaluate(WORDS_SEEN)) - SAME
        if found := sorted(seen & (english | {f"{word}:" for word in english})):
            left[where] = found

    look("dashboard")
    opened, _ = open_order(admin, job("unshipped_recent"))
    look("order")
    open_dialog(admin, job("unshipped_recent"), opened)
    look("dialog")
    leave_dialog(admin, opened)
    open_order(admin, job("unshipped_old"))
    admin.page.context.clear_cookies()
    admin.open()
    admin.arrive("sign_in")
    look("sign-in")
    sign_in(admin, sandbox.username, SecretStr(sandbox.password))
    look("start page")
    admin.store = None
    admin.arrive("start_page").click("marketing_menu")
    admin.screen("start_page").click("amazon_sales_channel")
    admin.arrive("home")
    look("home")
    assert left == {}
    assert cancels() == []


@pytest.mark.thorough
def test_a_status_that_changed_behind_the_dialog_is_told_in_both_languages(
    job: MakeJob, verdicts: Verdicts, sandbox: Sandbox, language: str, cancels: Cancels
) -> None:
    sandbox.faults.ships_behind_dialog = True
    (said,) = verdicts(job("unshipped_recent"))
    shipped = {"nl_NL": "Verzonden", "de_DE": "Versandt", "fr_FR": "Expédiée"}[language]
    assert said.message == (f"The order's status has become '{shipped}' (Shipped); only Unshipped can be canceled.")
    assert cancels() == []
