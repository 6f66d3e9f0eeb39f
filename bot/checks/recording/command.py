"""``countermand record``: a browser that can be seen, a person at it and at the terminal, and a draft at the end."""

import re
import secrets
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot import __version__
from bot.access.leases import leased
from bot.checks.recording.drafts import Draft
from bot.checks.recording.listening import Recording, wait_for
from bot.errors import CannotStart
from bot.identity import admin_name
from bot.ledger import Ledger
from bot.pack import load_pack
from bot.reports.results import save
from bot.runner.entering import Entry, Hooks, SignIn, unopened_admin
from bot.settings import Settings

WALK = (
    "A browser opens and signs in. Your own clicks in it are real: what you press is pressed. Nothing that you type is "
    "recorded.\nWalk to the screen, then press Enter here."
)
CLICK = (
    "Recording. Click each thing that the pack should know: labels, values, columns, buttons. Do not click on "
    "anything that you must not press: write it into the draft by hand.\nThen press Enter here."
)


def record_to_file(screen: str, file: Path, settings: Settings, sign_in: SignIn, say: Callable[[str], None]) -> Draft:
    """Record a screen with the person at the terminal, and write the draft to a file that is not there yet.

    Raises:
        CannotStart: there is no terminal or no visible browser, the name is not valid, or the file exists.
        RunStopped: no sign-in worked, or the file cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", screen):
        raise CannotStart(
            reason=f"{screen!r} is not a screen name: use lower-case letters, digits and _, as in order_details."
        )
    if file.exists():
        raise CannotStart(reason=f"{file} already exists: name another file with --out.")
    if not sys.stdin.isatty():
        raise CannotStart(reason="There is no terminal: recording needs a person at one, and at the browser beside it.")
    pack = load_pack(settings.pack, settings.language, settings.sign_in_language)
    with Ledger.open(settings.ledger_place) as ledger:
        ledger.runs.go_on_as(f"record-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}")
        name = admin_name(settings.admin_url)
        with (
            leased(ledger, name, settings.pool, sharing=settings.share_account) as account,
            unopened_admin(
                Entry(
                    settings=settings,
                    account=account,
                    packs=(pack,),
                    ledger=ledger,
                    sign_in=sign_in,
                    hooks=Hooks(say=say),
                    headed=True,
                )
            ) as (admin, enter),
        ):
            enter(admin)
            say(WALK)
            wait_for(admin, enter_pressed())
            recording = Recording(admin.page)
            say(CLICK)
            wait_for(admin, enter_pressed())
            observed = f"recorded at {admin.name} on {datetime.now(UTC):%Y-%m-%d}, countermand {__version__}"
            draft = recording.draft(screen, like=pack, observed=observed)
    save(file, draft.text)
    if recording.elsewhere:
        say(f"Clicks at another address than the one where recording began, left out: {recording.elsewhere}.")
    return draft


def enter_pressed() -> Callable[[], bool]:
    """A function that says whether Enter was pressed since now; the page keeps running meanwhile."""
    pressed = threading.Event()

    def wait() -> None:
        sys.stdin.readline()
        pressed.set()

    threading.Thread(target=wait, name="enter", daemon=True).start()
    return pressed.is_set
