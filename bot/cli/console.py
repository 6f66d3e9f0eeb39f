"""The command ``serve``: the console in the browser."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.machines import tools_of
from bot.cli.options import LANGUAGE, PACK
from bot.cli.practice import settings_for
from bot.cli.wiring import settings_of
from bot.wording import harmless

if TYPE_CHECKING:
    from bot.settings import Settings


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Serve a practice Admin and a sample list beside it.")] = False,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; one that other computers reach needs a sign-in.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Port; 8470, or a free one, if not given.")
    ] = None,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Whether a worker comes with it.")] = True,
    pack: PACK = None,
    language: LANGUAGE = None,
) -> None:
    """``countermand serve``."""
    if demo:
        _demo(host, port)
        return
    _serve(settings_of(pack, language, unmasked=False), host, port, worker=worker)


def _serve(
    settings: "Settings", host: str, port: int | None, *, worker: bool, sample: str = "", practice: str = ""
) -> None:
    from bot.console.server import serve as listen
    from bot.pack import load_packs

    load_packs(settings.pack, settings.language, settings.sign_in_language)  # what is wrong with it is said at once
    listen(
        tools_of(settings, headed=False),
        host=host,
        port=port,
        worker=worker,
        say=lambda words: typer.echo(harmless(words)),
        sample=sample,
        practice=practice,
    )


def _demo(host: str, port: int | None) -> None:
    from datetime import datetime

    from bot.sandbox import Sandbox
    from bot.sandbox.sample import SAMPLE_LIST
    from bot.settings import load_local_settings

    runs_dir = load_local_settings().runs_dir / f"console-demo-{datetime.now():%Y%m%d-%H%M%S}"
    with Sandbox() as practice:
        typer.echo("A practice Admin runs beside the console; no real shop is touched.")
        settings = settings_for(practice, runs_dir=runs_dir, ledger=str(runs_dir / "ledger.sqlite"))
        sample = SAMPLE_LIST.read_text(encoding="utf-8")
        _serve(settings, host, port, worker=True, sample=sample, practice=practice.url)
