"""The engine of Countermand: everything below the flows.

Imports run one way, from top to bottom of this table, and never in a circle; the contracts in ``pyproject.toml`` hold
that, and ``make lint`` checks them.

    cli         the command line: parses, and wires the rest together
    console     the web console: lists, approvals, live pictures, what waits for a person
    (flows)     the manual, as code
    checks      looking at the screens without canceling anything: doctor, check, drift, recording
    engine      many machines: the queue, its workers, and what they share
    runner      a run: its start, the order loop, workers and how orders reach them, throttle, stopping, log
    evidence    what a run leaves to be believed: recorder, run folder, verify, purge
    access      getting in: browser, session, sign-in, two-factor, account leases
    admin       the page: screens, finding and reading, choices, what comes in the way
    reports     what people are told: results, report, progress, status; and those who do not watch: notify
    cancel      the safety kernel: guard, permit, the wire, Confirm, verdicts, money
    sandbox     the practice Admin
    ledger      the memory: runs, intents, claims, leases, trail
    pack        the screens, as data
    joblist     what is asked for, and the files that it is read from

Beside the rooms are the words of the trade (``outcomes``, ``vocabulary``, ``money``, ``wording``, ``errors``), what is
set (``environment``, ``accounts``, ``settings``), and four things that every room may need (``files``, ``identity``,
``secrecy``, ``system``). ``qa`` and ``pytest_plugin`` are for other people's test suites.

An order's way through: ``cli`` takes the command, ``joblist`` reads the list, ``ledger`` remembers it, and ``runner``
has each order worked by its flow. A flow asks ``admin`` for screens, which are found through the ``pack`` and
photographed by the recorder. ``cancel.guard`` reads the page again and issues the permit, ``cancel.confirm``
presses with it, ``cancel.wire`` lets exactly that cancel out, ``cancel.verdicts`` concludes, and ``reports`` tell.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("countermand")
except PackageNotFoundError:  # started from a checkout that was never installed
    __version__ = "0+checkout"

__all__ = ["__version__"]
