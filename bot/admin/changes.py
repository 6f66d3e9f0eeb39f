"""How often a page has changed, counted in the page itself, so that waiting is for a change and not for a time."""

from playwright.sync_api import Page

from bot.admin.look import ask


def note_lost_scripts(page: Page) -> None:
    """Have the page note from its beginning that a script could not be loaded: that is told only once."""
    page.add_init_script(_NOTE_SCRIPTS)


def wait_for_change(page: Page, known: int, seconds: float) -> int:
    """Wait, but no longer than ``seconds``, until the page has changed since it had changed ``known`` times.

    Returns how often it has changed by now: another number as soon as anything has, another document too.
    """
    return int(ask(page, "awaitChange", [known, seconds * 1000]))


def changes_so_far(page: Page) -> int:
    """How often the page has changed by now."""
    return int(ask(page, "changes"))


def motion_ends(page: Page, limit: float) -> None:
    """Wait until nothing on the page moves that will come to an end, but no longer than ``limit`` seconds."""
    ask(page, "calm", {"limit": limit * 1000, "mask": None})


def comes_to_rest(page: Page, rest: float, limit: float) -> bool:
    """Wait until the page has not changed for ``rest`` seconds; False when it never does within ``limit`` seconds."""
    return bool(ask(page, "awaitRest", [rest * 1000, limit * 1000]))


# A script that cannot be loaded says so once, and only to what listens by then.
_NOTE_SCRIPTS = """addEventListener("error", ({ target }) => {
    if (target?.tagName === "SCRIPT") window[Symbol.for("countermand scripts")] = true;
}, true);"""
