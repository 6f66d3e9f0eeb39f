"""What several commands do: read the settings, sign in, ask a person, and have a list worked through."""

import sys
from typing import TYPE_CHECKING

import typer

from bot.errors import CannotStart
from bot.wording import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.accounts import Account
    from bot.admin import Admin
    from bot.admin.screen import Screen
    from bot.joblist import JobList
    from bot.runner import RunEnd
    from bot.runner.worker import Work
    from bot.settings import Settings


def settings_of(pack: str | None, language: str | None, unmasked: bool, pace: str | None = None) -> "Settings":
    """The settings; what the command line says goes before them."""
    from bot.settings import load_settings

    return load_settings(pack=pack, language=language, unmasked=unmasked or None, pace=pace)


def sign_in(admin: "Admin", account: "Account") -> None:
    """Sign in with an account. Processes of workers find this function by its name."""
    from flows.sign_in import sign_in as fill_in_the_form

    fill_in_the_form(admin, account.username, account.password, account.totp_secret)


def explain(screen: "Screen", element: str) -> "Sequence[str]":
    """What is on a screen in place of an element, in lines. Processes of workers find this function by its name."""
    # Only where it is needed: a run in which all goes well never does.
    from bot.checks.check.drift import explain as compare
    from bot.checks.check.drift import in_lines

    return in_lines(compare(screen, element))


def carry_out(
    command: str,
    settings: "Settings",
    job_list: "JobList",
    work: "Work",
    *,
    ask: bool = False,
    headed: bool = False,
    workers: int = 1,
    max_cancellations: int | None = None,
) -> "RunEnd":
    """Wire the flows to the engine, and work through a list."""
    from functools import partial

    from bot.reports.report import REPORT_FILE
    from bot.runner.launch import carry_out as work_through

    end = work_through(
        command,
        settings,
        job_list,
        work=work,
        sign_in=sign_in,
        explain=explain,
        may_start=partial(ask_to_start, settings, job_list, workers) if ask else None,
        headed=headed,
        workers=workers,
        max_cancellations=max_cancellations,
    )
    typer.echo(f"Report: {settings.runs_dir / end.info.run_id / REPORT_FILE}")
    return end


def ask_to_start(settings: "Settings", job_list: "JobList", workers: int) -> None:
    """Show what would be canceled, and ask a person whether it may be.

    Raises:
        CannotStart: there is no terminal to ask on.
        typer.Abort: the person does not want it.
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
        raise CannotStart(reason="There is no terminal to ask on: look at the plan, then start with --yes.")
    if not typer.confirm("Cancel them? What is canceled cannot be taken back."):
        raise typer.Abort
