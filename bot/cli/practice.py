"""Commands on the practice Admin: ``demo`` and ``sandbox``."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import HEADED
from bot.cli.wiring import explain, run_list, sign_in

if TYPE_CHECKING:
    from bot.sandbox import Sandbox
    from bot.settings import Settings


class FaceName(StrEnum):
    """The ways in which the practice Admin draws its screens."""

    SPECTRUM = "spectrum"
    PLAIN = "plain"
    SHADOW = "shadow"


class GenerationName(StrEnum):
    """Whose screens the practice Admin has, named like the packs that describe them."""

    ASC_2 = "asc-2"
    ASC_4_0 = "asc-4.0"
    ASC_4_3 = "asc-4.3"


FACE = Annotated[FaceName, typer.Option("--face", help="How the practice Admin draws its screens.")]


def settings_for(practice: "Sandbox", **more: Any) -> "Settings":
    """The settings with which a practice Admin of the newest screens is worked, whatever the person's own are."""
    from bot.settings import load_settings

    return load_settings(
        admin_url=practice.url,
        username=practice.username,
        password=practice.password,
        accounts="",
        browser_server="",  # the practice Admin is on this machine
        pack="asc-4.3",
        language="en_US",
        sign_in_language="en_US",
        keep_session=False,
        **more,
    )


def demo(headed: HEADED = False, face: FACE = FaceName.SPECTRUM) -> None:
    """``countermand demo``."""
    from bot.joblist import read_job_list
    from bot.runner.task import RunOptions
    from bot.sandbox import Face, Sandbox
    from bot.sandbox.sample import SAMPLE_LIST, unexpected
    from flows.cancel_order import cancel_order

    with Sandbox(face=Face(face)) as sandbox:
        typer.echo(f"A practice Admin runs at {sandbox.url} while the demo lasts; no real shop is touched.")
        settings = settings_for(sandbox)
        options = RunOptions(command="demo", work=cancel_order, sign_in=sign_in, explain=explain, headed=headed)
        end = run_list(read_job_list(SAMPLE_LIST), settings, options)
    surprises = list(unexpected(end.results))
    for surprise in surprises:
        typer.echo(f"Not as the demo expects: {surprise}", err=True)
    raise typer.Exit(end.exit_status if end.exit_status > 1 else bool(surprises))


def sandbox(
    face: FACE = FaceName.SPECTRUM,
    port: Annotated[int, typer.Option("--port", help="Port on this machine; 0 takes a free one.")] = 0,
    answer_ms: Annotated[int, typer.Option("--answer-ms", min=0, help="Milliseconds that it takes to answer.")] = 0,
    two_factor: Annotated[bool, typer.Option("--two-factor", help="Ask for a two-factor code at sign-in.")] = False,
    language: Annotated[str, typer.Option("--language", help="Language of its screens, such as de_DE.")] = "en_US",
    generation: Annotated[
        GenerationName, typer.Option("--generation", help="Version of the extension whose screens it has.")
    ] = GenerationName.ASC_4_3,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; 0.0.0.0 for other containers.")
    ] = "127.0.0.1",
) -> None:
    """``countermand sandbox``."""
    import threading

    import pyotp

    from bot.runner.stopping import StopRequest, stop_on_signals
    from bot.sandbox import Face, Faults, Generation, Sandbox

    ended = threading.Event()
    stop = StopRequest()
    faults = Faults(two_factor=pyotp.random_base32() if two_factor else "")
    with Sandbox(
        face=Face(face),
        port=port,
        answer_ms=answer_ms,
        faults=faults,
        generation=Generation(generation),
        language=language,
        host=host,
    ) as practice:
        typer.echo(f"Practice Admin: {practice.url}\nUser name: {practice.username}\nPassword: {practice.password}")
        if two_factor:
            typer.echo(f"Two-factor secret: {faults.two_factor}")
        typer.echo("Press Ctrl-C to end it.")
        with stop_on_signals(stop, lambda _: ended.set()):
            while not ended.wait(0.5):  # short, because a wait without an end hears no signal on Windows
                continue
