"""Whatever lies in the way after signing in: it is cleared, or named at once with what to do."""

from collections.abc import Callable, Sequence

import pytest
from practice_kit import CANCELED, arrived
from pydantic import SecretStr

from bot.admin import Admin
from bot.errors import CountermandError, InTheWay, RunStopped
from bot.joblist import Job
from bot.pack import Pack
from bot.sandbox import Sandbox
from flows.cancel_order import cancel_order
from flows.open_order import open_sales_channel
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(4)

PATIENT = 60
"""Seconds that a test never waits: what is recognised is recognised at once."""
DECLINED = "The Admin asked for permission to collect usage data; it was declined."
CLOSED = "The Admin showed its release notes; they were closed."


@pytest.fixture
def said() -> list[str]:
    """What the person who waits was told."""
    return []


@pytest.fixture
def admin(new_admin: Admin, pack: Pack, sandbox: Sandbox, said: list[str]) -> Admin:
    """The practice Admin with nothing open and nobody signed in."""
    return Admin(new_admin.page, pack, sandbox.url, patience=PATIENT, settle=0, say=said.append)


@pytest.fixture
def enter(admin: Admin, sandbox: Sandbox, totp_secret: SecretStr | None) -> Callable[[], None]:
    """Signs in, and goes to the Amazon Sales Channel."""

    def enter() -> None:
        sign_in(admin, sandbox.username, SecretStr(sandbox.password), totp_secret)
        open_sales_channel(admin)

    return enter


def answers(sandbox: Sandbox) -> list[str]:
    """What the message windows were answered, in order."""
    asked = ("disableAdminUsage", "enableAdminUsage", "releaseNotification")
    paths = [record.path for record in sandbox.journal.requests if record.method == "POST"]
    return [word for path in paths for word in asked if word in path]


@pytest.mark.parametrize(
    ("faults", "answered", "told"),
    [
        pytest.param({"usage_data_modal": True}, ["disableAdminUsage"], [DECLINED], marks=pytest.mark.thorough),
        pytest.param({"release_notes_modal": True}, ["releaseNotification"], [CLOSED], marks=pytest.mark.thorough),
        (
            {"usage_data_modal": True, "release_notes_modal": True},
            ["disableAdminUsage", "releaseNotification"],
            [DECLINED, CLOSED],
        ),
        pytest.param({"key_banner_after_sign_in": True}, [], [], marks=pytest.mark.thorough),
        pytest.param({"system_message": True}, [], [], marks=pytest.mark.thorough),
        pytest.param({"start_page": "Products"}, [], [], marks=pytest.mark.thorough),
        ({"start_page": "Products", "system_message": True, "key_banner_after_sign_in": True}, [], []),
    ],
    ids=[
        "usage data",
        "release notes",
        "usage data over release notes",
        "key banner",
        "system message",
        "another start page",
        "several at once",
    ],
)
def test_what_can_be_cleared_is_and_the_order_is_canceled_once(
    admin: Admin,
    sandbox: Sandbox,
    job: Callable[..., Job],
    cancels: Callable[[], Sequence[tuple[str, str, str, str]]],
    said: list[str],
    totp_secret: SecretStr | None,
    faults: dict[str, object],
    answered: list[str],
    told: list[str],
) -> None:
    sandbox.faults.update(faults)
    order = job("unshipped_recent")
    sign_in(admin, sandbox.username, SecretStr(sandbox.password), totp_secret)
    assert cancel_order(admin, order) == CANCELED
    assert cancels() == arrived(order)
    assert (answers(sandbox), said) == (answered, told)


@pytest.mark.parametrize(
    ("faults", "kind", "message", "next_step"),
    [
        (
            {"release_notes_modal": True, "release_notes_stay": True},
            RunStopped,
            "A message window of the Admin covers the page.",
            "Sign in by hand with this account, answer the window, and run it again.",
        ),
        (
            {"side_menu_missing": True},
            RunStopped,
            "The Admin's page has no side menu with Marketing for this account.",
            "Ask an administrator to give the account's role the Amazon Sales Channel resources (under Marketing), "
            "a start page that it may see, and the language that COUNTERMAND_LANGUAGE names.",
        ),
        (
            {"start_page": "Products", "menu_lacks": "Marketing"},
            RunStopped,
            "The Admin's page has no side menu with Marketing for this account.",
            "Ask an administrator to give the account's role the Amazon Sales Channel resources (under Marketing), "
            "a start page that it may see, and the language that COUNTERMAND_LANGUAGE names.",
        ),
        (
            {"menu_lacks": "Amazon Sales Channel"},
            RunStopped,
            "The Admin's side menu has no Amazon Sales Channel for this account.",
            "Ask an administrator whether the extension is installed and enabled, and to give the account's role the "
            "Amazon Sales Channel resources (Marketing > Channels).",
        ),
        (
            {"permission_missing": True},
            RunStopped,
            "The Admin says that this account needs permissions to view the page.",
            "Ask an administrator to give the account's role the Amazon Sales Channel resources.",
        ),
        (
            {"app_script_missing": True},
            InTheWay,
            "The Amazon Sales Channel app has not started; its page stays empty.",
            "Its script may come from a host that is not allowed or cannot be reached; see COUNTERMAND_ALLOWED_HOSTS.",
        ),
        ({"maintenance": True}, RunStopped, "The Admin is in maintenance, or down (HTTP 503).", ""),
    ],
    ids=[
        "release notes that stay",
        "no side menu",
        "no Marketing",
        "no Amazon Sales Channel",
        "permission",
        "dead app",
        "maintenance",
    ],
)
def test_what_cannot_be_cleared_is_named_at_once(
    enter: Callable[[], None],
    sandbox: Sandbox,
    faults: dict[str, object],
    kind: type[CountermandError],
    message: str,
    next_step: str,
) -> None:
    sandbox.faults.update(faults)
    with pytest.raises(kind) as stopped:
        enter()
    assert (str(stopped.value), stopped.value.next_step) == (message, next_step)
    assert sandbox.journal.operations == ()


def test_a_window_that_comes_in_the_middle_of_the_way_is_cleared_too(
    enter: Callable[[], None], admin: Admin, sandbox: Sandbox, said: list[str]
) -> None:
    enter()
    sandbox.faults.usage_data_modal = True
    admin.begin_again()
    open_sales_channel(admin)
    assert (answers(sandbox), said) == (["disableAdminUsage"], [DECLINED])
