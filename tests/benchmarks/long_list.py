"""A list of as many orders as there may be: validating it, queueing it, and the report of it. No Admin is opened.

Every fiftieth order failed, the others were canceled; there are no pictures, but each order names five.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joblist import mappings
from kit.table import print_table
from playwright.sync_api import Page, sync_playwright

from bot.access.browser import launch
from bot.access.find_browser import find_browser
from bot.evidence.store import LocalStore
from bot.joblist import read_job_list
from bot.ledger import Ledger
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.reports.report import write_report
from bot.reports.results import write_results
from bot.vocabulary import Status

STEPS = ("open_order", "open_cancel_dialog", "choose_reason", "press_confirm", "reopen_order")
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def timed(act: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    """How long that took by this clock, and what it gave."""
    begun = clock()
    given = act()
    return clock() - begun, given


def measure(orders: int, folder: Path) -> list[tuple[str, str]]:
    """What each part takes, in words."""
    file = folder / "jobs.yaml"
    file.write_text(mappings(orders), encoding="utf-8")
    validating, jobs = timed(lambda: read_job_list(file).jobs, time.process_time)
    at = datetime.now(UTC)
    info = RunInfo(
        run_id="20260301-021405-a1b2",
        command="run",
        admin="shop.example",
        account="bot",
        pack="asc-4.3",
        job_list=file.name,
        started_at=at,
        finished_at=at,
        version="0",
    )
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        queueing, _ = timed(lambda: ledger.runs.begin(info, jobs), time.process_time)
    results = [
        OrderResult(
            order=job.order,
            store=job.store,
            reason=job.reason,
            outcome=Outcome.CANCELED if place % 50 else Outcome.FAILED,
            status_before=Status.UNSHIPPED,
            message="Canceled in the Admin: no error was answered, and the order's page, opened again, says Canceled. "
            "The Admin tells Amazon later.",
            evidence=tuple(f"evidence/{job.order}/{number:02}-{step}.jpg" for number, step in enumerate(STEPS, 1)),
        )
        for place, job in enumerate(jobs, 1)
    ]
    writing, _ = timed(lambda: write_results(folder, info, results), time.process_time)
    reporting, report = timed(lambda: write_report(folder, info, results, LocalStore(folder)), time.process_time)
    sheets = sorted(folder.glob("report-*.html"))
    with sync_playwright() as playwright:
        choice = find_browser(None, playwright, headed=False)
        browser = launch(playwright, choice, headed=False, allowed_hosts=())
        page = browser.new_page()
        page.set_default_timeout(300_000)
        opening, _ = timed(lambda: _open(page, report), time.perf_counter)
        finding, _ = timed(lambda: _find(page, jobs[-1].order) if sheets else None, time.perf_counter)
        browser.close()
    return [
        ("validated, processor seconds", f"{validating:.2f}"),
        ("queued in the ledger, processor seconds", f"{queueing:.2f}"),
        ("results written, processor seconds", f"{writing:.2f}"),
        ("report written, processor seconds", f"{reporting:.1f}"),
        ("report", f"{report.stat().st_size / 1e6:.1f} MB"),
        (
            "its sheets",
            f"{len(sheets)}, of {max((one.stat().st_size for one in sheets), default=0) / 1e6:.1f} MB at most",
        ),
        ("report opened and drawn by the browser, seconds", f"{opening:.2f}"),
        ("an order found by its number and opened on its sheet, seconds", f"{finding:.2f}"),
        ("ledger, bytes an order", f"{(folder / 'ledger.sqlite').stat().st_size / orders:.0f}"),
    ]


def _open(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    page.evaluate(DRAWN)


def _find(page: Page, order: str) -> None:
    page.get_by_label("Find an order by its number").fill(order)
    page.get_by_role("link", name=f"Open order {order}").click()
    page.locator("details.order[open]").wait_for()
    page.evaluate(DRAWN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000, help="how many (default 100,000, the most in one list)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options.orders, Path(folder))
    print_table(f"A list of {options.orders:,} orders", ("what", "figure"), rows)


if __name__ == "__main__":
    main()
