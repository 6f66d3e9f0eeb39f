"""Arguments and options that several commands share, each with its help text."""

from pathlib import Path
from typing import Annotated

import typer

from bot.files import at_home
from bot.system import most_processes


def path_at_home(path: Path | None) -> Path | None:
    """The path that an argument or an option names. ``~`` is the home folder, which not every shell replaces.

    Raises:
        typer.BadParameter: there is no such home folder.
    """
    try:
        return None if path is None else at_home(path)
    except ValueError as unknown:
        raise typer.BadParameter(str(unknown)) from None


def _run_at_home(run: str) -> str:
    return str(path_at_home(Path(run))) if run.startswith("~") else run


JOBS = Annotated[
    list[str],
    typer.Argument(
        metavar="JOBS", help="Job list: YAML, CSV, a workbook, a report of Amazon's, or -; or order numbers."
    ),
]
STORE = Annotated[str | None, typer.Option("--store", help="Store of the orders whose store the list does not say.")]
REASON = Annotated[
    str | None, typer.Option("--reason", help="Reason for the orders whose reason the list does not say.")
]
SHEET = Annotated[
    str | None, typer.Option("--sheet", help="Sheet of a workbook; the first that is not hidden if not named.")
]
ENCODING = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of a list that is not UTF-8, such as cp1252 or shift_jis.")
]
EXPECT = Annotated[
    bool, typer.Option("--expect", help="Cancel only where the Admin shows the buyer and total that the report has.")
]
RUN = Annotated[str, typer.Argument(metavar="RUN", help="Run id, run folder, or latest.", callback=_run_at_home)]
PACK = Annotated[str | None, typer.Option("--pack", help="Pack that describes the screens: a name, a folder, or auto.")]
ONE_PACK = Annotated[str | None, typer.Option("--pack", help="Pack that describes the screens: a name or a folder.")]
LANGUAGE = Annotated[str | None, typer.Option("--language", help="The account's language in the Admin, such as de_DE.")]
HEADED = Annotated[bool, typer.Option("--headed", help="Show the browser while it works.")]
WORKERS = Annotated[
    int,
    typer.Option(
        "--workers",
        min=1,
        max=most_processes(),
        help="Number of workers; each is a process and needs its own Admin account.",
    ),
]
PACE = Annotated[str | None, typer.Option("--pace", help="Maximum rate of all workers together, such as 30/min.")]
MAX_CANCELLATIONS = Annotated[
    int | None, typer.Option("--max-cancellations", min=1, help="Stop after pressing Confirm for this many orders.")
]
UNMASKED = Annotated[bool, typer.Option("--unmasked", help="Leave buyers' data readable in screenshots.")]
