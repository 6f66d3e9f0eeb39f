"""What several commands do: read the settings, sign in, ask a person, and work through a list."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import typer

from bot.errors import CannotStart
from bot.wording import harmless

if TYPE_CHECKING:
    from bot.accounts import Account
    from bot.admin import Admin
    from bot.admin.screen import Screen
    from bot.cancel.verdicts import Verdict
    from bot.joblist import Job, JobList
    from bot.runner import RunEnd
    from bot.runner.stopping import StopRequest
    from bot.runner.task import RunOptions
    from bot.settings import Settings


def settings_of(pack: str | None, language: str | None, unmasked: bool, pace: str | None = None) -> "Settings":
    """The settings; what the command line says goes before them."""
    from bot.settings import load_settings

    return load_settings(pack=pack, language=language, unmasked=unmasked or None, pace=pace)


def sign_in(admin: "Admin", account: "Account") -> None:
    """Sign in with an account. Processes of workers find this function by its name."""
    from flows.sign_in import sign_in as fill_in_the_form

    fill_in_the_form(admin, account.username, account.password, account.totp_secret)


def explain(screen: "Screen", element: str) -> list[str]:
    """What a screen has in place of an element that was not found there. Found by its name, as ``sign_in``."""
    from bot.checks.check.drift import explain as compare
    from bot.checks.check.drift import in_lines

    return in_lines(compare(screen, element))


def audit_again(admin: "Admin", job: "Job") -> "Verdict":
    """Look again at an order that was canceled, as ``audit`` does. Found by its name, as ``sign_in``.

    Raises:
        NotLookedAtAgain: the ledger knows of no cancel.
    """
    from bot.errors import NotLookedAtAgain
    from flows.read_order import audit_order

    intent = admin.ledger.intents.latest(admin.name, job.order)
    if intent is None:
        raise NotLookedAtAgain(order=job.order, why="the ledger knows of no cancel of it.")
    return audit_order(admin, job, intent)


def check_screens(settings: "Settings", account: "Account") -> str:
    """Compare the Admin's screens, as ``check`` does, with an account that is this process's already; gives a sentence.

    People are told of what differs. Found by its name, as ``sign_in``.
    """
    from functools import partial

    from bot.checks.check.command import Plan
    from bot.checks.check.command import check as make_check
    from bot.errors import CountermandError
    from bot.reports.notify.messages import of_screens
    from bot.reports.notify.notifier import notifying
    from flows.look_around import look_around

    alone = settings.with_account(account)
    try:
        made = make_check(alone, partial(look_around, store=None), sign_in, Plan(), read_settings=lambda: alone)
    except CountermandError as trouble:
        return f"the check could not be made: {trouble}".rstrip(".")
    if not made.outcome.holds:
        with notifying(settings) as notifier:
            notifier.send(of_screens(made.outcome.admin, made.outcome.check, made.outcome.differing))
    return f"{made.outcome.headline}. Report: {made.page}"


@contextmanager
def own_process(say: Callable[[str], None]) -> "Iterator[StopRequest]":
    """This process does one thing until the block ends: signals ask it to stop, and only its own log hears of it.

    Signals and log sinks belong to the whole process, so a run leaves them alone, and the command line sets them.
    """
    from loguru import logger

    from bot.runner.stopping import StopRequest, stop_on_signals

    stop = StopRequest()
    logger.remove()
    try:
        with stop_on_signals(stop, say):
            yield stop
    finally:
        logger.add(sys.stderr, level="WARNING", backtrace=False, diagnose=False)


def run_list(
    job_list: "JobList", settings: "Settings", options: "RunOptions", *, stop: "StopRequest | None" = None
) -> "RunEnd":
    """Work through a list, show how it goes, and say where the report is.

    Needs the ``stop`` of ``own_process`` where the caller is inside of that.
    """
    from bot.reports.notify.displays import NotifyingProgress
    from bot.reports.notify.notifier import notifying
    from bot.reports.progress import make_progress
    from bot.reports.report import REPORT_FILE
    from bot.runner.launch import run_jobs

    shown = make_progress()
    # A demo is nobody's business but of the person who looks at it.
    with nullcontext() if options.command == "demo" else notifying(settings, shown.say) as notifier:
        display = shown if notifier is None else NotifyingProgress(shown, notifier)
        with own_process(shown.say) if stop is None else nullcontext(stop) as asked:
            end = run_jobs(job_list, settings, options, display=display, stop=asked)
    last_words(f"Report: {settings.runs_dir / end.info.run_id / REPORT_FILE}")
    return end


def last_words(text: str) -> None:
    """Say something after a run. What cannot be said, because nobody reads on, does not change how the run ended."""
    from bot.reports.progress import SafeStream

    stream = SafeStream(sys.stdout)
    stream.write(f"{text}\n")
    stream.flush()


def ask_to_start(settings: "Settings", job_list: "JobList", workers: int) -> None:
    """Show what would be canceled, and ask a person whether it may be.

    Raises:
        CannotStart: there is no terminal to ask on.
        typer.Abort: the person declined.
    """
    stores = ", ".join(dict.fromkeys(job.store for job in job_list.jobs))
    names = [account.username for account in settings.pool]
    free = "the first that is free" if workers == 1 else f"the first {workers} that are free"
    account = names[0] if len(names) == 1 else f"{free} of {', '.join(names)}"
    at_once = f"Workers: {workers}\n" if workers > 1 else ""
    typer.echo(
        f"Admin:   {harmless(settings.admin_url)}\nAccount: {harmless(account)}\nStore:   {harmless(stores)}\n"
        f"{at_once}Orders:  {len(job_list.jobs)} from {harmless(job_list.file)}"
    )
    if not sys.stdin.isatty():
        raise CannotStart(reason="There is no terminal to ask on. Look at the plan first, then start with --yes.")
    if not typer.confirm("Cancel them? This cannot be undone."):
        raise typer.Abort
