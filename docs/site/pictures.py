"""Makes the pictures of the documentation: the demo at work on a terminal, and its report in a browser."""

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

from bot.access.browser import launch
from bot.access.find_browser import find_browser
from bot.cli.wiring import explain, sign_in
from bot.joblist import read_job_list
from bot.outcomes import OrderResult
from bot.reports.live import LiveProgress
from bot.reports.report import REPORT_FILE
from bot.runner.launch import run_jobs
from bot.runner.task import RunOptions
from bot.sandbox import Sandbox
from bot.sandbox.sample import SAMPLE_LIST
from bot.settings import load_settings
from flows.cancel_order import cancel_order

DOCS = Path(__file__).resolve().parents[1]
COLUMNS = 119
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
        end = run_jobs(read_job_list(SAMPLE_LIST), settings, options, display=display)
    return display.seen, runs / end.info.run_id / REPORT_FILE


def photograph(terminal: str, report: Path, save: Callable[[str, bytes], None]) -> None:
    """Take both pictures."""
    with sync_playwright() as playwright:
        browser = launch(playwright, find_browser(None, playwright), headed=False, allowed_hosts=())
        page = browser.new_page(viewport={"width": 1100, "height": 400})
        page.set_content(terminal)
        save("run.png", page.locator("body").screenshot())
        page.set_viewport_size({"width": 1280, "height": 1240})
        page.goto(report.as_uri())
        save("report.png", page.screenshot())
        browser.close()


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=DOCS, help="Folder for the pictures.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as runs:
        terminal, report = run_the_demo(Path(runs))
        photograph(terminal, report, lambda name, content: print((asked.into / name).write_bytes(content), name))


if __name__ == "__main__":
    main()
