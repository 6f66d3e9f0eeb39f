"""How long it takes until something happens: the help text, and the first request of a run.

The help is measured in processor seconds of the whole process, user and system together, because they do not
depend on what else the machine does. A run is measured by the clock, from its start to the first request that
the practice Admin gets; the browser's own start, as Playwright needs it without Countermand, is measured beside.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

from kit.command import countermand, surroundings
from kit.practice import Practice, jobs_in_view, practice_admin
from kit.table import print_table
from playwright.sync_api import sync_playwright

from bot.access.browser import launch, new_context
from bot.access.find_browser import find_browser


def processor_seconds(words: list[str]) -> float | None:
    """Run a command and say what it used, in seconds; None on Windows, which does not say."""
    if sys.platform == "win32":
        return None
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_to_a_page() -> float:
    """What Playwright needs by itself, by the clock: its driver, the browser, a page."""
    begun = time.perf_counter()
    with sync_playwright() as playwright:
        choice = find_browser(os.environ.get("COUNTERMAND_BROWSER"), playwright)
        browser = launch(playwright, choice, headed=False, allowed_hosts=("127.0.0.1",))
        new_context(browser).new_page()
        return time.perf_counter() - begun


def seconds_to_first_request(practice: Practice, folder: Path) -> float:
    """Start a dry run of one order, and see when the practice Admin hears of it first."""
    practice.reset()
    job = jobs_in_view()[0]
    (folder / "jobs.yaml").write_text(f"store: {job.store}\nreason: {job.reason}\norders: [{job.order}]\n", "utf-8")
    environment = surroundings(
        admin_url=practice.url,
        username=practice.username,
        password=practice.password,
        runs_dir=str(folder / "runs"),
    )
    begun = time.time()
    subprocess.run(
        countermand("run", "jobs.yaml", "--dry-run"), check=True, capture_output=True, cwd=folder, env=environment
    )
    return datetime.fromisoformat(practice.requests()[0]["at"]).timestamp() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=11, help="how often the help is asked for (default 11)")
    parser.add_argument("--runs", type=int, default=5, help="how many runs are started (default 5)")
    options = parser.parse_args()
    helps = [processor_seconds(countermand("--help")) for _ in range(options.times)]
    used = [seconds for seconds in helps if seconds is not None]
    browsers, firsts = [], []
    with practice_admin("spectrum") as practice, tempfile.TemporaryDirectory() as folder:
        for _ in range(options.runs):
            browsers.append(seconds_to_a_page())
            firsts.append(seconds_to_first_request(practice, Path(folder)))
    first, browser = median(firsts), median(browsers)
    rows = [
        ("countermand --help, processor seconds", f"{median(used):.3f}" if used else "not known on this system"),
        ("countermand run, to the first request", f"{first:.3f}"),
        ("of that, the browser's own start", f"{browser:.3f}"),
        ("beyond the browser's own start", f"{first - browser:.3f}"),
    ]
    print_table(f"Starting; medians of {options.times} and {options.runs}", ("what", "seconds"), rows)


if __name__ == "__main__":
    main()
