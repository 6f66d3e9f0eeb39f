"""Commands that look at the Admin's screens: ``doctor``, ``record`` and ``check``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import HEADED, LANGUAGE, ONE_PACK, PACK, path_at_home
from bot.cli.wiring import ask_to_start, explain, own_process, run_list, settings_of, sign_in
from bot.errors import CannotStart
from bot.wording import harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.outcomes import OrderResult
    from bot.runner.stopping import StopRequest
    from bot.settings import Settings


def doctor(
    store: Annotated[str | None, typer.Option("--store", help="Store to look at; the first one if not given.")] = None,
    headed: HEADED = False,
    pack: PACK = None,
    language: LANGUAGE = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list for programs, and nothing else.")] = False,
) -> None:
    """``countermand doctor``."""
    from functools import partial

    from bot.checks.doctor import examine
    from bot.checks.doctor.kept import Keeping
    from bot.checks.doctor.show import Json, Lines
    from bot.settings import load_settings
    from flows.look_around import look_around

    show = Keeping(Json() if as_json else Lines(), partial(load_settings, pack=pack, language=language))
    with own_process(show.say) as stop:
        status = examine(partial(look_around, store=store), sign_in, show, show.settings, headed=headed, stop=stop)
    raise typer.Exit(status)


def record(
    screen: Annotated[str, typer.Argument(metavar="SCREEN", help="Name of the screen, such as order_details.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; SCREEN.yaml in this folder if not given.", callback=path_at_home),
    ] = None,
    pack: ONE_PACK = None,
    language: LANGUAGE = None,
) -> None:
    """``countermand record``."""
    from bot.checks.recording.command import record_to_file

    file = out or Path(f"{screen}.yaml")
    draft = record_to_file(screen, file, settings_of(pack, language, unmasked=False), sign_in, typer.echo)
    typer.echo(f"Draft: {file}. Read all of it: it is only a starting point.")
    for problem in draft.problems:
        typer.echo(harmless(f"The pack loader says: {problem}"), err=True)
    raise typer.Exit(bool(draft.problems))


def check(
    store: Annotated[str | None, typer.Option("--store", help="Store to look at; the first one if not given.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Replace the baselines with what is found now.")] = False,
    baselines: Annotated[
        Path | None,
        typer.Option(
            "--baselines",
            metavar="FOLDER",
            help="Folder of the baselines; beside the pack if not given.",
            callback=path_at_home,
        ),
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=100, help="Percentage of a screenshot that may differ.")
    ] = 0.1,
    looks: Annotated[bool, typer.Option("--looks/--no-looks", help="Compare screenshots too.")] = True,
    full: Annotated[
        str | None, typer.Option("--full", metavar="ORDER", help="If nothing differs, also cancel this test order.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="With --full: the reason, as a label or a code.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --full: start without asking.")] = False,
    headed: HEADED = False,
    pack: ONE_PACK = None,
    language: LANGUAGE = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object for programs, and nothing else.")] = False,
) -> None:
    """``countermand check``."""
    from functools import partial

    from bot.checks.check.command import Plan
    from bot.checks.check.command import check as make_check
    from bot.checks.check.show import Watching, tell
    from bot.checks.check.show import as_json as in_json
    from bot.reports.notify.messages import of_screens
    from bot.reports.notify.notifier import channels_of, notifying
    from flows.look_around import look_around

    if full and as_json:
        raise CannotStart(reason="--full shows its progress: leave out --json, and read check.json.")
    settings = settings_of(pack, language, unmasked=False)
    channels_of(settings)  # what is wrong with them is said before anything is opened
    cancel = _full(settings, full, store, reason, yes=yes, headed=headed) if full else None
    show = Watching()
    with own_process(show.say) as stop:
        plan = Plan(
            baselines=baselines,
            update=update,
            tolerance=tolerance,
            looks=looks,
            headed=headed,
            show=show,
            stop=stop,
            full=partial(cancel, stop) if cancel else None,
        )
        made = make_check(settings, partial(look_around, store=store), sign_in, plan)
    if as_json:
        typer.echo(in_json(made.outcome), nl=False)
    else:
        tell(made.outcome)
        typer.echo(f"Report: {made.page}")
    if made.opened and not made.outcome.holds:
        with notifying(settings, lambda words: typer.echo(harmless(words), err=True)) as notifier:
            notifier.send(of_screens(made.outcome.admin, made.outcome.check, made.outcome.differing))
    raise typer.Exit(made.exit_status)


def _full(
    settings: "Settings", order: str, store: str | None, reason: str | None, *, yes: bool, headed: bool
) -> "Callable[[StopRequest], OrderResult]":
    """What cancels the one order that ``check --full`` names; a person is asked first, before anything is opened."""
    from bot.joblist import job_list_of
    from bot.runner.task import RunOptions
    from flows.cancel_order import cancel_order

    if store is None or reason is None:
        raise CannotStart(reason="--full cancels an order: give its store with --store, and a reason with --reason.")
    job_list = job_list_of({"orders": [{"order": order, "store": store, "reason": reason}]}, name="order-of-check")
    if not yes:
        ask_to_start(settings, job_list, workers=1)

    options = RunOptions(command="run", work=cancel_order, sign_in=sign_in, explain=explain, headed=headed)

    def cancel(stop: "StopRequest") -> "OrderResult":
        (result,) = run_list(job_list, settings, options, stop=stop).results
        return result

    return cancel
