"""What the engine still keeps of runs that are over, and removing that.

The ledger has what became of every order, and the engine keeps it too, for a stint that is handed out again. Once its
run is over nobody asks the engine any more. It removes its own rows, in its own way; the ledger's are not touched.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.engine.backlog import CALLED, Backlog
from bot.engine.stints import run_of
from bot.ledger import Ledger


def stints_of_runs_over(ledger: Ledger, backlog: Backlog, before: datetime) -> Sequence[str]:
    """The stints that ended before that moment and whose run is over, too; and the calls of schedules.

    Raises:
        LedgerTrouble: the ledger, or the queue beside it, cannot be read.
    """
    over = ledger.queue.over_before(before)
    return [one for one in backlog.ended_before(before) if run_of(one) in over or one.startswith(CALLED)]
