"""Commands for many machines: ``submit``, ``worker`` and ``queue``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
)
from bot.cli.wiring import audit_again, check_screens, explain, settings_of, sign_in
from bot.errors import CannotStart
from bot.system import most_processes, user_name
from bot.wording import count_of, harmless, harmless_lines

if TYPE_CHECKING:
    from bot.engine.backlog import Backlog
    from bot.engine.run_session import Tools
    from bot.ledger import Ledger
    from bot.settings import LocalSettings, Settings

PRIORITY = 100
"""Of a run that was submitted without one."""


def submit(
    jobs: JOBS,
    store: STORE = None,
    reason: REASON = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would happen to each order.")] = False,
    priority: Annotated[
        int, typer.Option("--priority", min=1, max=1000, help="Runs with a lower number are worked first.")
    ] = PRIORITY,
    at: Annotated[
        str | None, typer.Option("--at", help="Begin then: 2026-03-01 06:00 in this computer's time zone, or 06:00.")
    ] = None,
    pace: PACE = None,
    sheet: SHEET = None,
    encoding: ENCODING = None,
    expect: EXPECT = False,
    max_cancellations: MAX_CANCELLATIONS = None,
    one_worker_per_store: Annotated[
        bool, typer.Option("--one-worker-per-store", help="Let one worker at a time work the orders of a store.")
    ] = False,
    unmasked: UNMASKED = False,
    approval: Annotated[
        bool, typer.Option("--approval", help="Wait until another person has approved it: countermand queue approve.")
    ] = False,
) -> None:
    """``countermand submit``."""
    from datetime import UTC, datetime

    from bot.engine.submission import submit as queue_list
    from bot.ledger import Asked, Terms
    from bot.timespan import point_in_time

    begin = None if at is None else point_in_time(at, datetime.now().astimezone())
    job_list = job_list_of(jobs, store=store, reason=reason, sheet=sheet, encoding=encoding, expect=expect)
    settings = settings_of(None, None, unmasked, pace)
    terms = Terms(
        command="plan" if plan else "run",
        priority=priority,
        not_before="" if begin is None else begin.astimezone(UTC).isoformat(timespec="seconds"),
        spacing=settings.pace,
        max_failures=settings.max_failures,
        max_failures_total=settings.max_failures_total,
        max_cancellations=max_cancellations,
        unmasked=settings.unmasked,
        one_worker_a_store=one_worker_per_store,
    )
    asked = Asked(by=user_name(), approval=approval and not plan, four_eyes=settings.four_eyes is not False)
    submitted = queue_list(job_list, settings, terms, asked)
    typer.echo(submitted.run_id)
    orders = count_of(submitted.orders, "order")
    if submitted.is_new and asked.approval:
        approve = f"countermand queue approve {submitted.run_id}"
        typer.echo(f"{orders} from {harmless(job_list.file)} wait for an approval: {approve}", err=True)
    elif submitted.is_new:
        typer.echo(f"Queued {orders} from {harmless(job_list.file)}. Start a worker with: countermand worker", err=True)
    else:
        typer.echo(f"These {orders} are queued already, as this run. Nothing was changed.", err=True)


def worker(
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=1,
            max=most_processes(),
            help="Number of workers here; each is a process and needs its own account.",
        ),
    ] = 1,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left in the queue.")] = False,
    metrics: Annotated[
        str | None, typer.Option("--metrics", metavar="[HOST:]PORT", help="Serve /metrics for Prometheus there.")
    ] = None,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
) -> None:
    """``countermand worker``."""
    from contextlib import nullcontext

    from bot.access.leases import enough
    from bot.engine.machines import work_in_processes, work_in_this_process
    from bot.engine.metrics import metrics_served, place_of
    from bot.pack import load_packs

    settings = settings_of(pack, language, unmasked=False)
    load_packs(settings.pack, settings.language, settings.sign_in_language)  # what is wrong with it is said at once
    enough(settings.pool, workers, sharing=settings.share_account)
    tools = tools_of(settings, headed=headed)
    served = nullcontext() if metrics is None else metrics_served(settings.ledger_place, place_of(metrics))
    status = 0
    with served:
        if workers == 1:
            work_in_this_process(tools, once=once)
        else:
            status = work_in_processes(tools, workers, once=once)
    raise typer.Exit(status)


def tools_of(settings: "Settings", *, headed: bool) -> "Tools":
    """What a worker of the queue works with."""
    from functools import partial

    from bot.engine.run_session import Tools
    from bot.runner.worker import Work
    from flows.cancel_order import cancel_order
    from flows.read_order import plan_order

    works: dict[str, Work] = {"run": partial(cancel_order, dry_run=False), "plan": plan_order, "audit": audit_again}
    return Tools(
        settings=settings,
        works=works,
        sign_in=sign_in,
        explain=explain,
        headed=headed,
        check=partial(check_screens, settings),
    )


def move_ledger(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="PostgreSQL database, such as postgresql://bot@db.example/ledger.")
    ],
) -> None:
    """``countermand move-ledger``."""
    from bot.ledger.moving import move
    from bot.settings import LocalSettings, load_local_settings

    place = load_local_settings().ledger_place
    if not isinstance(place, Path):
        raise CannotStart(reason=f"The ledger is on a server already: {place}.")
    try:
        target = LocalSettings(ledger=address).ledger_place
    except ValueError:
        target = Path()
    if isinstance(target, Path):
        raise CannotStart(
            reason=f"{address!r} is not the address of a PostgreSQL database without a password, such as "
            "postgresql://bot@db.example/countermand."
        )
    counts = move(place, target)
    typer.echo(
        f"Moved {count_of(counts['runs'], 'run')}, {count_of(counts['intents'], 'intent')} and "
        f"{count_of(counts['events'], 'event')} to {target}. Every row was compared, and is the same.\n"
        f"Set COUNTERMAND_LEDGER={target} on every machine. The file {place} is no longer used."
    )


queue_app = typer.Typer(
    name="queue",
    help="See what waits for workers, and change that.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@contextmanager
def opened() -> "Iterator[tuple[Ledger, Backlog, LocalSettings]]":
    """The ledger, the queue beside it, and where things are on this machine."""
    from bot.engine.backlog import open_backlog
    from bot.ledger import Ledger
    from bot.settings import load_local_settings

    places = load_local_settings()
    with Ledger.open(places.ledger_place) as ledger, open_backlog(places.ledger_place, ledger) as backlog:
        yield ledger, backlog, places


QUEUED_RUN = Annotated[str, typer.Argument(metavar="RUN", help="Id of a submitted run.")]
APPROVAL_REASON = Annotated[str, typer.Option("--reason", help="Why; the ledger keeps it.")]


@queue_app.callback()
def _queue(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        _list()


@queue_app.command("list", help="List the runs that are queued, who works for them, and what is stuck.")
def _list() -> None:
    from bot.engine.listing import queue_lines

    with opened() as (ledger, backlog, _):
        typer.echo(harmless_lines("\n".join(queue_lines(ledger, backlog))))


@queue_app.command("pause", help="Let no order begin, of any run; orders in hand are finished.")
def _pause() -> None:
    with opened() as (ledger, _, _):
        paused = ledger.queue.pause(user_name())
    typer.echo("Paused: orders in hand are finished, and no other begins." if paused else "It is paused already.")


@queue_app.command("resume", help="Let orders begin again.")
def _resume() -> None:
    with opened() as (ledger, _, _):
        resumed = ledger.queue.resume(user_name())
    typer.echo("Orders begin again." if resumed else "It is not paused.")


@queue_app.command("cancel", help="Take a run out of the queue; orders in hand are finished, the rest is skipped.")
def _cancel(run: QUEUED_RUN) -> None:
    from bot.engine.by_hand import cancel, queued
    from bot.reports.report import REPORT_FILE

    with opened() as (ledger, backlog, places):
        end, troubles = cancel(places, ledger, backlog, queued(ledger, run), user_name())
    if end is None:
        typer.echo(f"Run {run} is stopped. Its workers finish the orders in hand and skip the rest.")
        return
    typer.echo(f"Run {run} is canceled. Report: {places.runs_dir / run / REPORT_FILE}")
    for trouble in troubles:
        typer.echo(harmless(str(trouble)), err=True)


@queue_app.command("approve", help="Approve a run that waits for it; what is approved is canceled.")
def _approve(
    run: QUEUED_RUN,
    reason: APPROVAL_REASON,
    valid: Annotated[str, typer.Option("--valid", help="For how long: 90m, 24h or 7d. Then no more orders begin.")] = (
        "24h"
    ),
) -> None:
    from bot.engine.by_hand import approve, queued
    from bot.timespan import time_span

    seconds = time_span(valid).total_seconds()
    with opened() as (ledger, backlog, places):
        found = queued(ledger, run)
        four_eyes = places.four_eyes is not False
        approve(ledger, backlog, found, by=user_name(), why=reason, seconds=seconds, four_eyes=four_eyes)
    typer.echo(f"Run {run} is approved, and queued: {count_of(found.orders, 'order')}.")


@queue_app.command("decline", help="Decline a run that waits for an approval; every order of it is skipped.")
def _decline(run: QUEUED_RUN, reason: APPROVAL_REASON) -> None:
    from bot.engine.by_hand import decline, queued

    with opened() as (ledger, backlog, places):
        decline(places, ledger, backlog, queued(ledger, run), by=user_name(), why=reason)
    typer.echo(f"Run {run} is declined. Every order of it is skipped.")


@queue_app.command("release", help="Take an account away from a worker that is gone for good.")
def _release(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="Account, as countermand queue or status names it.")
    ],
    note: Annotated[str, typer.Option("--note", help="Why; the ledger keeps it.")],
    admin: Annotated[
        str | None, typer.Option("--admin", metavar="NAME", help="Its Admin, if several have such an account.")
    ] = None,
) -> None:
    from bot.engine.by_hand import release

    if not note.strip():
        raise CannotStart(reason="--note is empty: say why; the ledger keeps it.")
    with opened() as (ledger, _, _):
        held = [one for one in ledger.accounts.held() if one.thing == account and admin in {None, one.admin}]
        if len(held) > 1:
            admins = ", ".join(one.admin for one in held)
            raise CannotStart(
                reason=f"Several Admins have an account {account} in use: {admins}. Name one with --admin."
            )
        if not held:
            raise CannotStart(reason=f"Nobody has the account {account}.", next_step="See countermand queue.")
        release(ledger, held[0].admin, account, by=user_name(), why=note)
    typer.echo(harmless(f"Account {account} is free. A worker that still had it begins no further order."))


@queue_app.command("retry", help="Queue once more what is stuck of a run.")
def _retry(run: QUEUED_RUN) -> None:
    from bot.engine.by_hand import queued, retry

    with opened() as (ledger, backlog, _):
        typer.echo(retry(ledger, backlog, queued(ledger, run), user_name()))
