"""Commands that work through a list of orders: ``run``, ``plan`` and ``audit``."""

from typing import Annotated

import typer

from bot.cli.lists import job_list_of
from bot.cli.options import (
    ENCODING,
    EXPECT,
    HEADED,
    JOBS,
    LANGUAGE,
    MAX_CANCELLATIONS,
    PACE,
    PACK,
    REASON,
    SHEET,
    STORE,
    UNMASKED,
    WORKERS,
)
from bot.cli.wiring import ask_to_start, explain, last_words, run_list, settings_of, sign_in


def run(
    jobs: JOBS,
    store: STORE = None,
    reason: REASON = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Choose the reason, then leave the dialog without confirming.")
    ] = False,
    workers: WORKERS = 1,
    pace: PACE = None,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    unmasked: UNMASKED = False,
    sheet: SHEET = None,
    encoding: ENCODING = None,
    expect: EXPECT = False,
    max_cancellations: MAX_CANCELLATIONS = None,
) -> None:
    """``countermand run``."""
    from functools import partial

    from bot.runner.task import RunOptions
    from flows.cancel_order import cancel_order

    job_list = job_list_of(jobs, store=store, reason=reason, sheet=sheet, encoding=encoding, expect=expect)
    settings = settings_of(pack, language, unmasked, pace)
    options = RunOptions(
        command="dry run" if dry_run else "run",
        work=partial(cancel_order, dry_run=dry_run),
        sign_in=sign_in,
        explain=explain,
        may_start=None if yes or dry_run else partial(ask_to_start, settings, job_list, workers),
        headed=headed,
        workers=workers,
        max_cancellations=max_cancellations,
    )
    raise typer.Exit(run_list(job_list, settings, options).exit_status)


def plan(
    jobs: JOBS,
    store: STORE = None,
    reason: REASON = None,
    workers: WORKERS = 1,
    pace: PACE = None,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    unmasked: UNMASKED = False,
    sheet: SHEET = None,
    encoding: ENCODING = None,
    expect: EXPECT = False,
) -> None:
    """``countermand plan``."""
    from bot.runner.task import RunOptions
    from flows.read_order import plan_order

    job_list = job_list_of(jobs, store=store, reason=reason, sheet=sheet, encoding=encoding, expect=expect)
    settings = settings_of(pack, language, unmasked, pace)
    options = RunOptions(
        command="plan", work=plan_order, sign_in=sign_in, explain=explain, headed=headed, workers=workers
    )
    raise typer.Exit(run_list(job_list, settings, options).exit_status)


def audit(
    since: Annotated[str, typer.Option("--since", help="How far back: 90m, 24h or 7d.")] = "24h",
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    unmasked: UNMASKED = False,
) -> None:
    """``countermand audit``."""
    from bot.evidence.places import store_of_run
    from bot.identity import admin_name
    from bot.joblist import Job, JobList
    from bot.ledger import Ledger, has_ledger
    from bot.reports.renewal import renew_report
    from bot.reports.results import RUN_FILE
    from bot.reports.status import looked_at_too_soon
    from bot.runner.task import RunOptions
    from bot.timespan import time_span
    from flows.read_order import audit_order

    settings, span = settings_of(pack, language, unmasked), time_span(since)
    if not has_ledger(settings.ledger_place):
        typer.echo(f"There is no ledger at {settings.ledger_place} yet, so no order was canceled: nothing to audit.")
        return
    with Ledger.open(settings.ledger_place) as ledger:
        begin = ledger.now() - span
        canceled = ledger.intents.canceled_since(admin_name(settings.admin_url), begin)
        intents = {intent.order: intent for intent in canceled}
    if not intents:
        typer.echo(f"No order was canceled here since {begin.astimezone():%Y-%m-%d %H:%M}: nothing to audit.")
        return
    jobs = tuple(Job(order=intent.order, store=intent.store, reason=intent.reason) for intent in intents.values())
    options = RunOptions(
        command="audit",
        work=lambda admin, job: audit_order(admin, job, intents[job.order]),
        sign_in=sign_in,
        explain=explain,
        headed=headed,
    )
    end = run_list(JobList(file=f"canceled in the last {since}", jobs=jobs), settings, options)
    with Ledger.open(settings.ledger_place) as ledger:
        for run_id in dict.fromkeys(intent.run_id for intent in intents.values()):
            folder = settings.runs_dir / run_id
            if (folder / RUN_FILE).is_file():
                renew_report(folder, ledger, store_of_run(folder, ledger, settings.evidence))
    if too_soon := looked_at_too_soon(intents.values()):
        last_words(too_soon)
    raise typer.Exit(end.exit_status)
