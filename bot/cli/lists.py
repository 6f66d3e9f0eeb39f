"""The job list that a command line names."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.cli.options import path_at_home
from bot.errors import CannotStart
from bot.files import shown
from bot.wording import harmless

if TYPE_CHECKING:
    from bot.joblist import JobList

_NUMBERS = re.compile(r"[0-9][0-9,;\s\-\u2010-\u2015]*")
"""What is no file but an order, whole or mistyped."""


def job_list_of(jobs: list[str], **given: Any) -> "JobList":
    """The list that the command line names: a file, standard input, or the orders themselves."""
    from bot.joblist import Given, orders_by_number, read_job_list

    if all(_NUMBERS.fullmatch(argument) for argument in jobs):
        job_list = orders_by_number(jobs, Given(**given))
    elif not all(argument.strip() for argument in jobs):
        raise CannotStart(reason="The name of the job list is empty: name a file, or order numbers.")
    elif any(_NUMBERS.fullmatch(argument) for argument in jobs):
        strange = next(argument for argument in jobs if not _NUMBERS.fullmatch(argument))
        raise CannotStart(reason=f"Name one job list, or only order numbers: {shown(strange)} is not an order number.")
    elif len(jobs) > 1:
        raise CannotStart(
            reason=f"{len(jobs)} job lists are named, and a run works through one: put them into one file, or run one "
            "after the other. Orders can be named one after the other."
        )
    else:
        try:
            job_list = read_job_list(path_at_home(Path(jobs[0])) or Path(jobs[0]), Given(**given))
        except typer.BadParameter as unknown:
            raise CannotStart(reason=f"{unknown.message}.") from None
    for remark in job_list.remarks:
        typer.echo(harmless(remark), err=True)
    return job_list
