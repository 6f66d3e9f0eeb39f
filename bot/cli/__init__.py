"""The command line: parses and wires, nothing else. What is slow to import is imported by the command that needs it.

The commands are in the modules beside this one. They are listed here in the order of the help, each with its help
text, which is not its docstring, because ``python -OO`` removes docstrings. Whatever goes wrong in a command becomes a
sentence and an exit status.
"""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer

from bot import __version__
from bot.cli.browsers import browser_server
from bot.cli.by_hand import resolve, signed_in
from bot.cli.console import serve
from bot.cli.looking_back import purge, report, status, verify
from bot.cli.machines import move_ledger, queue_app, submit, worker
from bot.cli.packs import pack_app, schema
from bot.cli.practice import demo, sandbox
from bot.cli.schedules import schedule_app
from bot.cli.screens import check, doctor, record
from bot.cli.working import audit, plan, run
from bot.errors import CountermandError, InputInvalid
from bot.files import listing
from bot.wording import AUDIT_AFTER_HOURS, harmless_lines

app = typer.Typer(
    name="countermand",
    help="Cancel unshipped Amazon orders through the Adobe Commerce Admin's screens, and prove what became of each.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

COMMANDS: dict[Callable[..., None], str] = {
    run: "Cancel the orders on a list, or say why not.",
    plan: "Say what would happen to each order; press nothing.",
    audit: f"""Look again at canceled orders: did Amazon accept it?

    The Admin tells Amazon later, and the next import undoes a cancel that Amazon did not accept. Run it
    {AUDIT_AFTER_HOURS} hours after the orders were canceled.""",
    submit: """Queue a list for workers on any machine.

    It prints the run id. The list is frozen: what is queued is what was read now.""",
    worker: "Work what is queued, until stopped.",
    browser_server: "Serve a browser for a worker on another machine.",
    serve: """Serve the console: lists, approvals, live pictures.

    On this computer it prints an address that signs you in. A worker comes with it.""",
    resolve: "Settle an order that waits for a person.",
    signed_in: "Record that a person signed in by hand, after refusals.",
    demo: "See it work here, on a practice Admin.",
    report: "Write the report of a run again.",
    verify: "Check that a run's folder and the ledger still agree.",
    status: "List runs, and what waits for a person.",
    purge: "Remove old evidence; keep outcomes.",
    move_ledger: "Move the ledger to a server, for many machines.",
    sandbox: "Serve the practice Admin, to try things and to train.",
    doctor: """Check everything up to the cancel dialog; cancel nothing.

    It signs in with an account of the settings that no run is using.""",
    record: """Click through a screen; get a draft of its pack file.

    It records where you click, never what you type. Your clicks are real, whatever they do.""",
    check: """Compare screens with pack and baselines; cancel nothing.

    It signs in with an account of the settings that no run is using, and only looks, up to the cancel dialog.""",
    schema: "Print a JSON Schema, for editors that check and complete.",
}
for command, words in COMMANDS.items():
    app.command(help=words)(command)
app.add_typer(queue_app)
app.add_typer(schedule_app)
app.add_typer(pack_app)


def main() -> NoReturn:
    """Run the command line; every mistake of a person ends in a sentence and an exit status."""
    try:
        _take_every_character()
        _run()
    finally:
        _give_up_broken_output()


def _run() -> NoReturn:
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except CountermandError as error:
        text = listing(error) if isinstance(error, InputInvalid) else str(error)
        typer.echo(harmless_lines(_without_secrets(f"{text}\n{error.next_step}".strip())), err=True)
        sys.exit(error.exit_status)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except typer.Abort:
        typer.echo("Stopped: nothing was opened.", err=True)
        sys.exit(130)
    except Exception as error:
        # click's usage errors know how to show themselves; anything else is a defect and keeps its traceback
        show = getattr(error, "show", None)
        if isinstance(error, OSError) and traceback.extract_tb(error.__traceback__)[-1].name == typer.echo.__name__:
            typer.echo(f"The output could not be written: {error.strerror or error}.", err=True)
            sys.exit(3)
        if show is None:
            typer.echo(_without_secrets("".join(traceback.format_exception(error))), err=True, nl=False)
            sys.exit(1)
        with suppress(AttributeError):  # what the argument parser puts before the words of its own checks
            error.message = error.message.replace("Value error, ", "")  # type: ignore[attr-defined]
        show()
        sys.exit(2)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"countermand {__version__}")
        raise typer.Exit


def _take_every_character() -> None:
    """Have standard output write ``?`` for what its encoding lacks. On Windows, a file or a pipe has an old one."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _give_up_broken_output() -> None:
    """Drop what standard output does not take, or Python would end with a status of its own, and a warning."""
    try:
        sys.stdout.flush()
    except OSError:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _without_secrets(text: str) -> str:
    from bot.secrecy import cleaner
    from bot.settings import secrets_that_are_set

    return cleaner(secrets_that_are_set())(text)
