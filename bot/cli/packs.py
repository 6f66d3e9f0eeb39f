"""Commands for people who keep packs or job lists: ``pack show``, ``pack diff``, ``pack lint`` and ``schema``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import path_at_home
from bot.errors import CannotStart
from bot.wording import count_of, harmless, harmless_lines

pack_app = typer.Typer(
    name="pack",
    help="Check, show and compare packs, for people who keep them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

PACK = Annotated[str, typer.Argument(metavar="PACK", help="Name of a pack that comes with Countermand, or a folder.")]


class SchemaOf(StrEnum):
    """What a JSON Schema can be printed of."""

    JOBS = "jobs"
    PACK = "pack"


@pack_app.command(help="Say in words what a pack looks for.")
def show(pack: PACK, screen: Annotated[str | None, typer.Option("--screen", help="Only this screen.")] = None) -> None:
    """``countermand pack show``."""
    from bot.pack import load_pack
    from bot.pack.tools import show as in_words

    loaded = load_pack(pack)
    if screen is not None and screen not in loaded.screens:
        known = ", ".join(loaded.screens)
        raise CannotStart(reason=f"The pack {loaded.name} has no screen {screen!r}: there are {known}.")
    typer.echo("\n".join(in_words(loaded, screen)).strip())


@pack_app.command(help="Say what changed between two packs; exit status 1 if anything did.")
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="Pack: a name or a folder.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Pack to compare with it.")],
) -> None:
    """``countermand pack diff``."""
    from bot.pack import load_pack
    from bot.pack.tools import differences

    lines = list(differences(load_pack(old), load_pack(new)))
    typer.echo("\n".join(lines) or "The packs do not differ.")
    raise typer.Exit(bool(lines))


@pack_app.command(
    help="""Say what is wrong or odd about a pack; exit status 1 if anything is.

    With --page, it looks for every element of a screen on a saved page, which is opened without a network.
    """
)
def lint(
    pack: PACK,
    page: Annotated[
        Path | None,
        typer.Option(
            "--page", metavar="FILE", help="Page saved from a browser (HTML) to try it on.", callback=path_at_home
        ),
    ] = None,
    screen: Annotated[
        str | None, typer.Option("--screen", help="Which screen it is; the most likely one if not given.")
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option("--fact", metavar="NAME=VALUE", help="What the page is about: order=..."),
    ] = None,
) -> None:
    """``countermand pack lint``."""
    from bot.pack import load_pack
    from bot.pack.tools import by_markup, odd

    loaded = load_pack(pack)
    found = list(odd(loaded))
    for line in found:
        typer.echo(f"- {line}")
    if page is not None:
        found += _lint_page(loaded.name, pack, page, screen, fact or [])
    if not found:
        typer.echo(f"{loaded.name}: nothing is wrong or odd.")
    for line in by_markup(loaded):
        typer.echo(f"Note: {line}.")
    raise typer.Exit(bool(found))


def schema(of: Annotated[SchemaOf, typer.Argument(metavar="jobs|pack", help="What to describe.")]) -> None:
    """``countermand schema``."""
    import json

    from bot.joblist import job_list_schema
    from bot.pack import pack_schema

    typer.echo(json.dumps(job_list_schema() if of is SchemaOf.JOBS else pack_schema(), indent=2))


def _lint_page(name: str, pack: str, path: Path, screen: str | None, facts: list[str]) -> list[str]:
    from bot.checks.check.drift import in_lines
    from bot.checks.check.savedpage import hold_saved, likeliest, saved_page
    from bot.pack import load_pack
    from bot.pack.lint import FACTS
    from bot.settings import load_local_settings

    given = dict(fact.partition("=")[::2] for fact in facts)
    if unknown := sorted(given.keys() - FACTS):
        raise CannotStart(reason=f"--fact {unknown[0]} is not known: there are {', '.join(sorted(FACTS))}.")
    loaded = load_pack(pack)
    with saved_page(path, load_local_settings().browser) as (page, lacking):
        held, drifts = hold_saved(page, loaded, screen or likeliest(page, loaded), given)
    typer.echo(f"{harmless(str(path))} as {held.spec.screen} ({held.spec.title}):")
    if lacking:
        sheets = count_of(lacking, "style sheet")
        typer.echo(f"  Note: {sheets} of the page did not come with it, so it may show other things. Save it complete.")
    for drift in drifts:
        lines = harmless_lines("\n".join(in_lines(drift))).splitlines()
        typer.echo("\n".join(f"  {'- ' if not place else '  '}{line}" for place, line in enumerate(lines)))
    if not drifts:
        typer.echo(f"  matches everything that {name} says about it")
    return [drift.what for drift in drifts]
