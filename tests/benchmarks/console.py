"""How long the console's pages take, measured in a browser: on the practice data, and with 100,000 orders in a run.

A page's time is from the click to the end of its ``load``: server, network of this computer, parsing, styles, scripts.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from kit.table import print_table
from ledger import fill
from playwright.sync_api import Page, sync_playwright

from bot.access.find_browser import find_browser
from bot.engine.schedules import add, schedule_of
from bot.joblist import Job, JobList, read_job_list
from bot.ledger import Ledger, Terms
from bot.outcomes import OrderResult, Outcome
from bot.sandbox.sample import EXPECTED, SAMPLE_LIST
from bot.vocabulary import Reason

sys.path.append(str(Path(__file__).parents[1] / "kit"))
from console_kit import Served, served

LIMITS = {"practice": 200.0, "long": 500.0}
"""Milliseconds."""

TERMS = Terms(
    command="run",
    priority=100,
    not_before="",
    spacing=0,
    max_failures=5,
    max_failures_total=50,
    max_cancellations=None,
)


def practice(console: Served) -> list[str]:
    """The sample list, with the outcome of each order; gives the pages to measure."""
    sample = read_job_list(SAMPLE_LIST)
    waiting = console.submitted(sample, TERMS, by="somebody").run_id
    run_id = console.submitted(
        sample.model_copy(update={"jobs": sample.jobs[:-1]}), TERMS, by="somebody", approval=False
    ).run_id
    with Ledger.open(console.desk.place) as ledger:
        ledger.runs.go_on_as(run_id)
        for job in sample.jobs[:-1]:
            told = OrderResult(
                order=job.order, store=job.store, reason=job.reason, outcome=EXPECTED[job.order], message="As it was."
            )
            ledger.runs.finish_order(told)
    order = f"/runs/{run_id}/orders/{sample.jobs[0].order}"
    run = f"/runs/{run_id}"
    fill_in_few(console)
    pages = [
        "/runs",
        run,
        order,
        f"/approve/{waiting}",
        "/new",
        "/approve",
        "/settle",
        "/workers",
        "/screens",
        "/audit",
    ]
    return [*pages, "/schedules", f"/schedules?run={run_id}", "/tokens"]


def fill_in_few(console: Served, many: int = 20) -> None:
    """Schedules and tokens, as many as a team has."""
    desk = console.desk
    with Ledger.open(desk.place) as ledger:
        for number in range(many):
            audit = schedule_of(
                desk.settings, name=f"audit {number}", cron="0 2 * * *", timezone="UTC", command="audit", since="7d"
            )
            add(ledger, desk.backlog, audit, "somebody")
            ledger.console.make_token(f"robot {number}", ("viewer",), days=7, by="somebody")


def long(console: Served, count: int) -> list[str]:
    """One run of 100,000 orders, one that waits for an approval, and a schedule; gives the pages to measure."""
    file = Path(console.desk.settings.ledger or "")
    fill(file, count)
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE orders SET outcome = 'canceled'"))
        connection.execute(sa.text("UPDATE orders SET outcome = 'failed' WHERE place % 1000 = 0"))
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()
    jobs = [
        Job(order=f"115-0000000-{number:07}", store=f"Nordwind {number % 7}", reason=Reason.NO_INVENTORY)
        for number in range(count)
    ]
    job_list = JobList(file="long.csv", jobs=tuple(jobs))
    waiting = console.submitted(job_list, TERMS, by="somebody").run_id
    schedule = schedule_of(
        console.desk.settings,
        name="nightly",
        cron="0 2 * * *",
        timezone="UTC",
        command="plan",
        job_list=job_list,
    )
    with Ledger.open(console.desk.place) as ledger:
        add(ledger, console.desk.backlog, schedule, "somebody")
    fill_in_few(console)
    order = console.ledger.pages.orders("long-ago", [count // 2])[0].job.order
    run = "/runs/long-ago"
    return [
        "/runs",
        run,
        f"{run}?page={count // 100}",
        f"{run}?outcome={Outcome.FAILED}",
        f"{run}?q={order[4:9]}",
        f"{run}?q=reads+Nordwind",
        f"{run}/orders/{order}",
        "/approve",
        f"/approve/{waiting}",
        f"/approve/{waiting}?page={count // 100}",
        f"/approve/{waiting}?q=Nordwind+3",
        f"/runs/{waiting}",
        "/settle",
        "/workers",
        "/schedules",
        f"/schedules?run={waiting}",
        "/tokens",
        "/audit",
    ]


def measure(page: Page, where: str, times: int) -> list[float]:
    """Milliseconds of each of these loads."""
    taken = []
    for _ in range(times):
        page.goto(where, wait_until="load")
        taken.append(
            float(
                page.evaluate(
                    "performance.getEntriesByType('navigation').map(one => one.duration || one.loadEventEnd)[0]"
                )
            )
        )
    return sorted(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000, help="in the long run (default 100,000)")
    parser.add_argument("--times", type=int, default=7, help="how often each page is loaded (7)")
    arguments = parser.parse_args()
    over = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        choice = find_browser(None)
        how = {"channel": "chromium"} if choice.executable is None else {"executable_path": choice.executable}
        browser = playwright.chromium.launch(**how)
        for kind, title in (("practice", "practice data"), ("long", f"{arguments.orders:,} orders")):
            (Path(folder) / kind).mkdir()
            with served(Path(folder) / kind) as console:
                pages = practice(console) if kind == "practice" else long(console, arguments.orders)
                page = browser.new_context(base_url=f"http://127.0.0.1:{console.port}").new_page()
                page.goto(f"/enter/{console.said[-1]}")
                rows = []
                for where in pages:
                    measure(page, where, 1)
                    taken = measure(page, where, arguments.times)
                    rows.append([where, f"{median(taken):.0f}", f"{taken[-1]:.0f}"])
                    if median(taken) > LIMITS[kind]:
                        over.append(f"{where} ({title}): {median(taken):.0f} ms, at most {LIMITS[kind]:.0f}")
            print_table(f"Pages of the console, {title}", ["page", "median ms", "worst ms"], rows)
        browser.close()
    for one in over:
        print(f"Over its limit: {one}")
    sys.exit(bool(over))


if __name__ == "__main__":
    main()
