"""What several commands take: their arguments and options, each with its line of help."""

from pathlib import Path
from typing import Annotated

import typer

JOBS = Annotated[Path, typer.Argument(metavar="JOBS", help="Job list, YAML or CSV.")]
RUN = Annotated[str, typer.Argument(metavar="RUN", help="Run id, run folder, or latest.")]
PACK = Annotated[str | None, typer.Option("--pack", help="Pack that describes the screens: a name, a folder, or auto.")]
ONE_PACK = Annotated[str | None, typer.Option("--pack", help="Pack that describes the screens: a name or a folder.")]
LANGUAGE = Annotated[
    str | None, typer.Option("--language", help="Language that the Admin has for the account, such as de_DE.")
]
HEADED = Annotated[bool, typer.Option("--headed", help="Show the browser while it works.")]
WORKERS = Annotated[
    int, typer.Option("--workers", min=1, help="Processes that work at once; each needs an Admin account of its own.")
]
PACE = Annotated[
    str | None, typer.Option("--pace", help="At most so many orders, such as 30/min; all workers together.")
]
UNMASKED = Annotated[bool, typer.Option("--unmasked", help="Leave buyers' data readable in the pictures.")]
