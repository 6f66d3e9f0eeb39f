"""Arguments and options that several commands share, each with its help text."""

from pathlib import Path
from typing import Annotated

import typer

from bot.files import at_home


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


JOBS = Annotated[Path, typer.Argument(metavar="JOBS", help="Job list, YAML or CSV.", callback=path_at_home)]
RUN = Annotated[str, typer.Argument(metavar="RUN", help="Run id, run folder, or latest.", callback=_run_at_home)]
PACK = Annotated[str | None, typer.Option("--pack", help="Pack that describes the screens: a name, a folder, or auto.")]
ONE_PACK = Annotated[str | None, typer.Option("--pack", help="Pack that describes the screens: a name or a folder.")]
LANGUAGE = Annotated[str | None, typer.Option("--language", help="The account's language in the Admin, such as de_DE.")]
HEADED = Annotated[bool, typer.Option("--headed", help="Show the browser while it works.")]
WORKERS = Annotated[
    int, typer.Option("--workers", min=1, help="Number of workers; each is a process and needs its own Admin account.")
]
PACE = Annotated[str | None, typer.Option("--pace", help="Maximum rate of all workers together, such as 30/min.")]
UNMASKED = Annotated[bool, typer.Option("--unmasked", help="Leave buyers' data readable in screenshots.")]
