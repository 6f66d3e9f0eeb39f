"""The engine of Countermand: everything below the flows.

Imports run one way: ``bot.cli`` -> ``flows`` -> the rest of ``bot``. Nothing here except the command line
imports ``flows``.

An order's way through: ``cli`` takes the command, ``joblist`` reads the list, ``ledger`` remembers it, and ``runner``
has each order worked by its flow. A flow asks ``admin`` for screens; a ``screen`` is found through the ``pack``, and
``recorder`` photographs it. ``guard`` reads the page once more and issues the permit, ``confirm`` presses with it,
``verdicts`` concludes, and ``results`` and ``report`` tell.

Beside the way: ``environment`` reads what is set and ``settings`` judges it; ``launch``, ``browser``, ``session`` and
``signin`` lead into the Admin, and ``interruptions`` knows what comes between; ``doctor``, ``check``, ``recording`` and
``qa`` look at screens and cancel nothing; ``status``, ``verify`` and ``purge`` look back at runs; ``sandbox`` is the
practice Admin.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("countermand")
except PackageNotFoundError:  # started from a checkout that was never installed
    __version__ = "0+checkout"

__all__ = ["__version__"]
