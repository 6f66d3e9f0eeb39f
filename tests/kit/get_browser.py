"""Gets a browser that starts, for ``make demo`` and ``make test``: ``python tests/kit/get_browser.py``.

In this order: one that is named in ``COUNTERMAND_BROWSER`` or that Playwright has already downloaded,
Playwright's download, an installed Chromium, Chrome or Edge, Debian's package. A browser counts when it
starts and opens an empty page; being there is not enough. Ends with exit status 0, or with 2 and one message.
"""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from bot.access.browser import launch, new_context
from bot.access.find_browser import BrowserChoice, find_browser, installed_browsers, playwrights_browsers
from bot.environment import read_written
from bot.errors import BrowserDoesNotStart, BrowserUnusable

STEP_LIMIT = 900
"""How long the download, and each step of Debian's installation, may take, in seconds."""

SPEED_LIMIT = 240
"""How long each step may take towards a browser that is only faster than the one that is there, in seconds."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ERROR = re.compile(r"(?:Error|E|error): ?")

# Its headless shell comes with it: see bot.access.find_browser.
_DOWNLOAD = (sys.executable, "-m", "playwright", "install", "chromium")
_INSTALL = ("apt-get", "install", "-y", "--no-install-recommends")
_UPDATE = ("apt-get", "update")
_DEBIAN_STEPS = (_UPDATE, (*_INSTALL, "chromium", "fonts-liberation"))
_DEBIANS_SHELL = (*_INSTALL, "chromium-headless-shell")  # not every Debian, and no Ubuntu, has it
_NO_BROWSER = """\
There is no browser here that starts, and none could be fetched. Do one of these, then try again:
  - install Google Chrome, Chromium or Edge in the way that is usual on this computer
  - let the download through: {download}
  - name the program file of a browser in the environment: COUNTERMAND_BROWSER=/path/to/chrome"""


def main() -> int:
    """Get a browser, saying each step in a line; the exit status is 0 when one starts, else 2."""
    named = _the_named_one()
    if named is not None:
        return _ready(named)
    for way in (_the_one_from_before, _playwrights_download, _an_installed_one, _debians_package):
        choice = way()
        if choice is None:
            continue
        usual = find_browser(None)
        if usual != choice:
            _complain(
                f"{_capital(choice.source)} starts, but Countermand would pick {usual.source}. "
                f"Set COUNTERMAND_BROWSER={choice.executable} in the environment and try again."
            )
            return 2
        return _ready(choice)
    _complain(_NO_BROWSER.format(download=" ".join(_DOWNLOAD)))
    return 2


def _the_named_one() -> BrowserChoice | None:
    named = read_written().value("COUNTERMAND_BROWSER").strip()
    if not named:
        return None
    _say(f"COUNTERMAND_BROWSER names {named}: seeing whether it starts.")
    try:
        return _if_it_starts(find_browser(named))
    except BrowserUnusable as unusable:
        _say(unusable.message)
        return None


def _the_one_from_before() -> BrowserChoice | None:
    return _if_it_starts(next(playwrights_browsers(), None))


def _playwrights_download() -> BrowserChoice | None:
    _say("Downloading Playwright's own Chromium, about 300 MB.")
    if (trouble := _run(_DOWNLOAD)) is not None:
        _say(f"The download did not work: {trouble}.")
        return None
    choice = next(playwrights_browsers(), None)
    if choice is None:
        _say("Playwright's own Chromium cannot run here: the system lacks libraries that it needs.")
    return _if_it_starts(choice)


def _an_installed_one() -> BrowserChoice | None:
    choice = _installed()
    if choice is None or choice.headless_only or not _may_install_debian_packages():
        return choice
    _say("Its headless shell takes half the time; getting that too.")
    return _installed() if _get_shell(_UPDATE, _DEBIANS_SHELL) else choice


def _debians_package() -> BrowserChoice | None:
    if not _may_install_debian_packages():
        return None
    for step in _DEBIAN_STEPS:
        _say(f"Running {' '.join(step)}.")
        if (trouble := _run(step, DEBIAN_FRONTEND="noninteractive")) is not None:
            _say(f"That did not work: {trouble}.")
            return None
    _get_shell(_DEBIANS_SHELL)
    return _installed()


def _installed() -> BrowserChoice | None:
    _say("Looking for an installed Chromium, Chrome or Edge.")
    for choice in installed_browsers():
        if _if_it_starts(choice) is not None:
            return choice
    return None


def _get_shell(*steps: Sequence[str]) -> bool:
    """Install Debian's headless shell, and say whether that worked."""
    for step in steps:
        _say(f"Running {' '.join(step)}.")
        if (trouble := _run(step, limit=SPEED_LIMIT, DEBIAN_FRONTEND="noninteractive")) is not None:
            _say(f"That did not work: {trouble}. It goes on without, more slowly.")
            return False
    return True


def _if_it_starts(choice: BrowserChoice | None) -> BrowserChoice | None:
    """The same browser if it starts and opens an empty page; if not, says why."""
    if choice is None:
        return None
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright, choice, headed=False, allowed_hosts=())
            new_context(browser).new_page().goto("about:blank")
            browser.close()
    except BrowserDoesNotStart as trouble:
        _say(trouble.message)
        return None
    except PlaywrightError as trouble:
        _say(f"{_capital(choice.source)} starts, but opens no page: {_first_line(trouble)}")
        return None
    return choice


def _may_install_debian_packages() -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    with suppress(OSError):
        system = platform.freedesktop_os_release()
        return not {"debian", "ubuntu"}.isdisjoint({system["ID"], *system.get("ID_LIKE", "").split()})
    return False


def _run(command: Sequence[str], *, limit: float = STEP_LIMIT, **environment: str) -> str | None:
    """Run a command without showing its output, for ``limit`` seconds: nothing if it worked, else why it did not."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        start_new_session=True,  # so that what it starts can be ended together with it
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        return f"it was not done after {limit / 60:g} minutes"
    finally:
        _end(process)
    if process.returncode == 0:
        return None
    lines = [line.strip() for line in _COLOUR.sub("", output).splitlines() if line.strip()]
    named_error = next((line for line in lines if _ERROR.match(line)), None)
    said = named_error or (lines[-1] if lines else f"exit status {process.returncode}")
    return _ERROR.sub("", said).rstrip(".")


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _say(line: str) -> None:
    print(f"Browser: {line}", flush=True)


def _complain(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _ready(choice: BrowserChoice) -> int:
    _say(f"{_capital(choice.source)} starts.")
    return 0


def _first_line(error: PlaywrightError) -> str:
    return error.message.partition("\n")[0]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


if __name__ == "__main__":
    sys.exit(main())
