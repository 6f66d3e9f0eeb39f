"""Getting into the Admin: a browser of its own, the Admin on a page of it, and signing in until it works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.access.saved_session import SavedSession
from bot.access.session import browser_session
from bot.accounts import Account
from bot.admin import Admin
from bot.cancel.ways import wire_for
from bot.errors import Technical
from bot.evidence.recorder import Recorder
from bot.identity import admin_name
from bot.ledger import Ledger
from bot.pack import Pack
from bot.runner.worker import pause_after
from bot.settings import Settings

SignIn = Callable[[Admin, Account], None]
"""Opens the Admin and signs in with an account."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """How someone who works in the Admin is heard, and asked to stop."""

    step: Callable[[str], None] = lambda name: None
    """Told the name of every step as it begins."""
    say: Callable[[str], None] = lambda remark: None
    """Told remarks for the person who waits."""
    stopping: Callable[[], bool] = lambda: False
    """Asked often; True means that a person asked to stop."""
    wait: Callable[[float], None] = lambda seconds: None
    """Waits this many seconds, less if a person asks to stop."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What it takes to enter the Admin."""

    settings: Settings
    account: Account
    packs: tuple[Pack, ...]
    """The pack that describes the screens, or those of which one is to be recognized."""
    ledger: Ledger
    sign_in: SignIn
    hooks: Hooks = Hooks()
    recorder: Recorder | None = None
    """Keeps the evidence; without it, no evidence is kept."""
    headed: bool = False
    """Whether the browser can be seen."""
    blocked: dict[str, int] | None = None
    """Counts the browser's requests to hosts that are not allowed, by host."""
    session_name: str = ""
    """What the session is saved under; the account's user name where nothing is given."""


@contextmanager
def open_admin(entry: Entry) -> Iterator[Admin]:
    """The Admin, signed in, in a browser of its own that is closed at the end.

    Raises:
        CannotStart: there is no browser, or it does not start.
        Technical: the Admin could not be entered in as many attempts as the settings allow.
        RunStopped: the Admin cannot be entered, and trying again would not help.
    """
    with unopened_admin(entry) as (admin, sign_in):
        enter(admin, sign_in, entry.settings.attempts, entry.hooks.wait)
        yield admin


def enter(
    admin: Admin, sign_in: Callable[[Admin], None], attempts: int, wait: Callable[[float], None] = lambda seconds: None
) -> None:
    """Sign in; after a passing fault, wait and try again.

    Raises:
        Technical: it failed as often as it may be tried.
        RunStopped: trying again would not help.
    """
    for attempt in range(1, attempts + 1):
        try:
            if attempt == 1:
                sign_in(admin)
            else:
                admin.begin_again()  # on a fresh page, which signs in too
            return
        except Technical as trouble:
            if attempt == attempts:
                raise
            seconds = pause_after(attempt)
            admin.say(f"{trouble} Trying again in {seconds:g} s.")
            wait(seconds)
            admin.heed_stop()


@contextmanager
def unopened_admin(entry: Entry) -> Iterator[tuple[Admin, Callable[[Admin], None]]]:
    """The Admin in a browser of its own that is closed at the end, with nothing opened yet, and what signs in there.

    Raises:
        CannotStart: there is no browser, or it does not start.
    """
    settings, packs = entry.settings, entry.packs
    saved = None
    if settings.keep_session:
        name = entry.session_name or entry.account.username
        saved = SavedSession(settings.sessions_dir, admin_name(settings.admin_url), name)
    headers = settings.connection.plain_headers
    wire = wire_for(settings.admin_url, packs, settings.allowed_hosts, settings.cancel_sent_by, headers)
    with browser_session(settings, headed=entry.headed, saved=saved, blocked=entry.blocked, wire=wire) as session:

        def sign_in(admin: Admin) -> None:
            entry.sign_in(admin, entry.account)
            session.save()

        admin = Admin(
            session.fresh_page(),
            packs[0],
            settings.admin_url,
            ledger=entry.ledger,
            recorder=entry.recorder,
            patience=settings.timeout,
            settle=settings.settle,
            recover_after=settings.recover_after,
            allowed_hosts=settings.allowed_hosts,
            candidates=packs if len(packs) > 1 else (),
            direct=settings.route == "direct",
            fresh_page=session.fresh_page,
            second_page=session.second_page,
            sign_in=sign_in,
            by_hand=entry.headed,
            behind_proxy=settings.connection.proxy is not None,
            on_step=entry.hooks.step,
            say=entry.hooks.say,
            stopping=entry.hooks.stopping,
            wire=wire,
        )
        yield admin, sign_in
