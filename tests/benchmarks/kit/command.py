"""The command line as people start it."""

import os
import shutil
import sys
from pathlib import Path


def countermand(*words: str) -> list[str]:
    """The command line of ``countermand`` with some words, beside this Python."""
    script = shutil.which("countermand", path=str(Path(sys.executable).parent))
    return [script or "countermand", *words]


def surroundings(**settings: str) -> dict[str, str]:
    """The environment with these settings of the bot and no others, but for the browser's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("COUNTERMAND_") or name.upper() == "COUNTERMAND_BROWSER"
    }
    return kept | {f"COUNTERMAND_{name.upper()}": value for name, value in settings.items()}
