"""Makes the pictures of the documentation: the demo at work on a terminal, its report, and the console in a browser."""

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from loguru import logger
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

import bot
from bot.access.browser import launch
from bot.access.find_browser import find_browser
from bot.cli.wiring import explain, sign_in
from bot.joblist import read_job_list
from bot.outcomes import OrderResult, Outcome
from bot.reports.live import LiveProgress
from bot.reports.report import REPORT_FILE
from bot.runner.launch import run_jobs
from bot.runner.task import RunOptions
from bot.sandbox import Sandbox
from bot.sandbox.sample import EXPECTED, SAMPLE_LIST
from bot.settings import load_settings
from flows.cancel_order import cancel_order

DOCS = Path(__file__).resolve().parents[1]
PICTURES = ("run.png", "report.png", "console.png", "console-approve.png", "console-order.png")
OF_THE_CONSOLE = {"LOGNAME": "maria", "PYTHONUTF8": "1", "COUNTERMAND_SETTLE": "0"}
"""Who is seen to be signed in; and the practice Admin's figures need no time to settle."""

PATIENCE = 120_000
"""Milliseconds that the console's worker may take for the sample list."""

Save = Callable[[str, bytes], None]
COLUMNS = 119
NOT_SENT = next(order for order, outcome in EXPECTED.items() if outcome is Outcome.CANCELED_NOT_SENT)
"""The order whose pictures are shown."""

NEXT = bot.__version__.partition(".dev")[0]
"""The release that a picture is of, which may be the next one: not how far this checkout is from it."""

SHOWN_AFTER = 9
"""The picture of the terminal is taken during the order after this many."""

THEME = TerminalTheme(
    (252, 252, 254),
    (26, 32, 44),
    [(0, 0, 0), (178, 34, 34), (0, 128, 0), (128, 128, 0), (0, 0, 238), (139, 0, 139), (0, 139, 139), (120, 120, 120)],
    [(110, 110, 110), (200, 0, 0), (0, 150, 0), (150, 150, 0), (0, 0, 255), (170, 0, 170), (0, 160, 160), (0, 0, 0)],
)
PAGE = """<style>body {{ margin: 0; background: #fcfcfe; display: inline-block; padding: 18px 22px }}
pre {{ font: 14px/21px DejaVu Sans Mono, monospace; margin: 0 }}</style><pre>{code}</pre>"""


class Watched(LiveProgress):
    """The live display, and what a person saw of it in the middle of the run."""

    def __init__(self, url: str) -> None:
        super().__init__(Console(file=io.StringIO(), force_terminal=True, width=COLUMNS, highlight=False))
        self._above: list[RenderableType] = [
            "$ countermand demo",
            f"A practice Admin runs at {url} while the demo lasts; no real shop is touched.",
        ]
        self._finished_orders = 0
        self.seen = ""
        """The terminal as a page, once it was seen."""

    def _print(self, what: RenderableType) -> None:
        self._above.append(what)

    def order_finished(self, result: OrderResult) -> None:
        """See :class:`LiveProgress`."""
        super().order_finished(result)
        self._finished_orders += 1

    def step(self, name: str, worker: int = 1) -> None:
        """See :class:`LiveProgress`."""
        super().step(name, worker)
        if self._finished_orders == SHOWN_AFTER and not self.seen:
            terminal = Console(file=io.StringIO(), record=True, force_terminal=True, width=COLUMNS, highlight=False)
            for line in (*self._above, self.area()):
                terminal.print(line)
            self.seen = terminal.export_html(theme=THEME, inline_styles=True, code_format=PAGE)


def run_the_demo(runs: Path) -> tuple[str, Path]:
    """The terminal in the middle of a demo, as a page; and the report at its end."""
    with Sandbox() as sandbox:
        settings = load_settings(
            admin_url=sandbox.url,
            username=sandbox.username,
            password=sandbox.password,
            accounts="",
            keep_session=False,
            runs_dir=runs,
        )
        display = Watched(sandbox.url)
        options = RunOptions(command="demo", work=cancel_order, sign_in=sign_in, explain=explain)
        with patch("bot.runner.launch.__version__", NEXT):
            end = run_jobs(read_job_list(SAMPLE_LIST), settings, options, display=display)
    return display.seen, runs / end.info.run_id / REPORT_FILE


def photograph_the_demo(browser: Browser, terminal: str, report: Path, save: Save) -> None:
    """Take the pictures of the terminal and of the report."""
    page = browser.new_page(viewport={"width": 1100, "height": 400})
    page.set_content(terminal)
    save("run.png", page.locator("body").screenshot())
    page.set_viewport_size({"width": 1280, "height": 1240})
    page.goto(report.as_uri())
    save("report.png", page.screenshot())
    page.close()


@contextmanager
def console(folder: Path) -> Iterator[str]:
    """The practice console, started as people start it; gives the address that signs a browser in."""
    with subprocess.Popen(
        [sys.executable, "-u", "-c", "from bot.cli import main; main()", "serve", "--demo"],
        cwd=folder,
        env=os.environ | OF_THE_CONSOLE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as program:
        if program.stdout is None:
            raise RuntimeError("its output was not asked for")
        try:
            addresses = (re.search(r"http://\S+/enter/\S+", line) for line in program.stdout)
            address = next((found[0] for found in addresses if found), None)
            if address is None:
                sys.exit("The console did not start: see what it said above.")
            yield address
        finally:
            program.terminate()
            program.communicate()


def photograph_the_console(browser: Browser, address: str, save: Save) -> None:
    """Take the sample list through the console, and the pictures of what is approved, a run and an order on the way."""
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.get_by_role("link", name="New list").first.click()
    page.get_by_role("link", name="Take the sample list").click()
    page.get_by_role("button", name="Plan this list").click()
    wait_for_the_end(page)
    page.get_by_role("radio", name="All ").check()
    page.get_by_role("button", name="Submit for approval").click()
    page.goto(page.url.partition("?")[0].replace("/runs/", "/approve/"))
    page.get_by_label("Reason").first.fill("The buyers asked for it.")
    save("console-approve.png", page.screenshot())
    page.get_by_role("button", name="Approve: ").click()
    wait_for_the_end(page)
    save("console.png", page.screenshot())
    page.goto(f"{page.url.partition('?')[0]}/orders/{NOT_SENT}")
    page.locator("a.shot").filter(has_text="Choose reason").click()
    enlarged = page.locator("#viewer-picture")
    expect(enlarged).to_be_visible()
    enlarged.evaluate("picture => picture.decode()")
    save("console-order.png", page.screenshot())
    page.close()


def wait_for_the_end(page: Page) -> None:
    """Wait until the run on this page is over."""
    expect(page.locator(".big-state")).to_contain_text("finished", timeout=PATIENCE)


def small(picture: bytes) -> bytes:
    """The same picture, with as many colors as a person can tell apart in it."""
    made = io.BytesIO()
    full = Image.open(io.BytesIO(picture)).convert("RGB")
    few = full.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    few.save(made, "PNG", optimize=True)
    return made.getvalue()


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=DOCS, help="Folder for the pictures.")
    into = parser.parse_args().into
    made: dict[str, bytes] = {}
    logger.remove()  # what a run logs is no picture
    with tempfile.TemporaryDirectory() as folder:
        terminal, report = run_the_demo(Path(folder) / "runs")
        with sync_playwright() as playwright, console(Path(folder)) as address:
            browser = launch(playwright, find_browser(None, playwright), headed=False, allowed_hosts=("127.0.0.1",))
            photograph_the_demo(browser, terminal, report, made.__setitem__)
            photograph_the_console(browser, address, made.__setitem__)
            browser.close()
    if set(made) != set(PICTURES):
        sys.exit(f"Not every picture was made: {', '.join(sorted(set(PICTURES) ^ set(made)))}")
    for name, content in made.items():
        print((into / name).write_bytes(small(content)), name)


if __name__ == "__main__":
    main()
