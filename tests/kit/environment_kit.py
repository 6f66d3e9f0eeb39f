"""The environment that programs of a test are started in: nothing of what a person has set for their own work.

``tests/conftest.py`` takes the same out of the environment of every test.
"""

import os
from collections.abc import Iterable

OF_PYTEST = {"PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_PLUGINS", "PYTEST_THEME"}
OF_THE_TERMINAL = {"CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "LINES", "NO_COLOR", "PY_COLORS"}
"""These change how a command line draws its output."""


def personal(names: Iterable[str]) -> list[str]:
    """Which of these variables are settings of this program, of Python, of pytest or of the terminal.

    PYTHONPATH is not among them: with it somebody tests a checkout that is not installed.
    """
    return [
        name
        for name in names
        if name.upper().startswith("COUNTERMAND_")
        or (name.startswith("PYTHON") and name != "PYTHONPATH")
        or name in OF_PYTEST | OF_THE_TERMINAL
    ]


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without personal settings, and with these variables."""
    left_out = set(personal(os.environ))
    return {name: value for name, value in os.environ.items() if name not in left_out} | more
