"""The engine of Countermand: everything below the flows.

Imports run one way: ``bot.cli`` -> ``flows`` -> the rest of ``bot``. Nothing here except the command line
imports ``flows``.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("countermand")
except PackageNotFoundError:  # started from a checkout that was never installed
    __version__ = "0+checkout"

__all__ = ["__version__"]
