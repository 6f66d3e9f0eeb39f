"""Serves the practice Admin until it is ended: ``python -m bot.sandbox --face spectrum --port 0``.

Prints one line of JSON with url, username and password as soon as it listens.
"""

import argparse
import json
import signal
import sys
from types import FrameType

from bot.errors import CannotStart
from bot.sandbox.generation import Generation
from bot.sandbox.server import Face, Sandbox


def main() -> int:
    """Parse the words after the command, serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description="Serves the practice Admin.")
    parser.add_argument("--face", type=Face, choices=list(Face), default=Face.SPECTRUM)
    parser.add_argument("--generation", type=Generation, choices=list(Generation), default=Generation.ASC_4_3)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--answer-ms", type=int, default=0, help="delay of the data endpoint")
    parser.add_argument("--language", default="en_US", help="such as de_DE")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    try:
        with Sandbox(
            face=options.face,
            port=options.port,
            answer_ms=options.answer_ms,
            generation=options.generation,
            language=options.language,
        ) as sandbox:
            facts = {"url": sandbox.url, "username": sandbox.username, "password": sandbox.password}
            print(json.dumps(facts), flush=True)
            sandbox.wait()
    except KeyboardInterrupt:
        return 0
    except CannotStart as error:
        print(error.message, file=sys.stderr)
        return error.exit_status
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
