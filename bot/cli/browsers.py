"""The command ``browser-server``: a browser for a worker on another machine."""

from typing import Annotated

import typer

from bot.cli.options import HEADED
from bot.cli.wiring import last_words, own_process
from bot.wording import harmless_lines

PORT = 9323


def browser_server(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port of this machine; each worker needs a server.")
    ] = PORT,
    headed: HEADED = False,
) -> None:
    """``countermand browser-server``."""
    from bot.access.browser_server import serve_browser
    from bot.settings import load_browser_settings

    settings = load_browser_settings()

    def say(words: str) -> None:
        last_words(harmless_lines(words))

    with own_process(lambda remark: None) as stop:
        serve_browser(settings, port, headed=headed, say=say, stopping=stop)
    say("Stopped.")
