"""Commands for what is done at certain times: ``schedule``."""

from typing import Annotated

import typer

from bot.cli.lists import job_list_of
from bot.cli.machines import opened
from bot.cli.options import ENCODING, EXPECT, MAX_CANCELLATIONS, PACE, REASON, SHEET, STORE
from bot.cli.wiring import ask_to_start, settings_of
from bot.errors import CannotStart
from bot.system import user_name
from bot.wording import harmless, harmless_lines

schedule_app = typer.Typer(
    name="schedule",
    help="Have lists, audits and checks done at certain times.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

NAME = Annotated[str, typer.Argument(metavar="NAME", help="What the schedule is called.")]


@schedule_app.callback()
def _schedule(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        _list()


@schedule_app.command("list", help="List the schedules.")
def _list() -> None:
    from bot.engine.schedules import lines

    with opened() as (ledger, backlog, _):
        typer.echo(harmless_lines("\n".join(lines(ledger, backlog))))


@schedule_app.command("add", help="Add a schedule. A list is frozen: it is worked as it was read now.")
def _add(
    name: NAME,
    cron: Annotated[
        str, typer.Argument(metavar="CRON", help="Minute, hour, day, month and weekday, such as '0 2 * * 1-5'.")
    ],
    jobs: Annotated[
        list[str] | None, typer.Argument(metavar="[JOBS]", help="Job list whose orders are canceled each time.")
    ] = None,
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="SPAN", help="Audit the orders of the last 7d instead.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare the screens instead, as check does.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would happen to each order.")] = False,
    timezone: Annotated[
        str, typer.Option("--timezone", help="Time zone of these times, such as Europe/Berlin.")
    ] = "UTC",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Add a list without asking.")] = False,
    store: STORE = None,
    reason: REASON = None,
    pace: PACE = None,
    sheet: SHEET = None,
    encoding: ENCODING = None,
    expect: EXPECT = False,
    max_cancellations: MAX_CANCELLATIONS = None,
) -> None:
    from bot.engine.schedules import add, schedule_of

    if (jobs is not None) + (audit is not None) + check != 1:
        raise CannotStart(reason="Name one thing to do: a job list, --audit with a span of time, or --check.")
    if plan and jobs is None:
        raise CannotStart(reason="--plan is for a job list.")
    settings = settings_of(None, None, unmasked=False, pace=pace)
    job_list = None
    if jobs is not None:
        job_list = job_list_of(jobs, store=store, reason=reason, sheet=sheet, encoding=encoding, expect=expect)
    schedule = schedule_of(
        settings,
        name=name,
        cron=cron,
        timezone=timezone,
        command="check" if check else "audit" if audit is not None else "plan" if plan else "run",
        job_list=job_list,
        since=audit or "",
        max_cancellations=max_cancellations,
    )
    if job_list is not None and not plan and not yes:
        typer.echo(f"At each time of {harmless(cron)} ({harmless(timezone)}):")
        ask_to_start(settings, job_list, 1)
    with opened() as (ledger, backlog, _):
        add(ledger, backlog, schedule, user_name())
    typer.echo(f"Added. Workers of {harmless(schedule.admin)} do it from now on, as long as one runs at that time.")


@schedule_app.command("remove", help="Remove a schedule; runs that it has queued stay.")
def _remove(name: NAME) -> None:
    from bot.engine.schedules import remove

    with opened() as (ledger, backlog, _):
        remove(ledger, backlog, name, user_name())
    typer.echo("Removed.")
