"""Several machines of a test: the command line of each (``machine_kit``), with one ledger and one practice Admin."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from environment_kit import clean_environment
from failure_kit import Program
from practice_kit import MAIN, US

from bot.evidence.verify import verify
from bot.ledger import Ledger
from bot.outcomes import Outcome
from bot.sandbox import Order, Sandbox
from bot.vocabulary import Status

KIT = Path(__file__).with_name("machine_kit.py")
HANGS = 1800
"""Seconds after which a command that has not ended never will."""


class Machines:
    """Starts the command line, on as many machines as a test wants, all with one ledger."""

    def __init__(self, folder: Path, sandbox: Sandbox, told: Callable[[str], None]) -> None:
        self.folder, self.sandbox, self._told = folder, sandbox, told
        self.started: list[Program] = []
        self.ledger: Path | str = folder / "runs" / "ledger.sqlite"
        both = [order for store in (US, MAIN) for order in sandbox.shop.orders(store)]
        self.orders = [order for order in both if order.plain and order.status is Status.UNSHIPPED][:8]
        self.write_list("jobs.yaml", self.orders)
        (folder / "marks").mkdir()

    def write_list(self, name: str, orders: Sequence[Order]) -> None:
        listed = "".join(f"  - {{order: {order.number}, store: {order.store}}}\n" for order in orders)
        (self.folder / name).write_text(f"reason: BuyerCanceled\norders:\n{listed}", encoding="utf-8")

    def start(
        self,
        *arguments: str,
        account: int = 0,
        settings: Mapping[str, str] = MappingProxyType({}),
        before: Sequence[str] = (),
        **environment: str,
    ) -> Program:
        """Start a command, with what stands before it on its command line, such as another program that starts it."""
        given = {
            "COUNTERMAND_ADMIN_URL": self.sandbox.url,
            "COUNTERMAND_USERNAME": self.sandbox.accounts[account],
            "COUNTERMAND_PASSWORD": self.sandbox.password,
            "COUNTERMAND_LEDGER": str(self.ledger),
            "MACHINE_MARKS": str(self.folder / "marks"),
            **settings,
            **environment,
        }
        process = Program(
            [*before, sys.executable, str(KIT), *arguments],
            cwd=self.folder,
            env=clean_environment(**given, PYTHONUTF8="1"),
            told=self._told,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(
        self, *arguments: str, account: int = 0, settings: Mapping[str, str] = MappingProxyType({}), **environment: str
    ) -> str:
        process = self.start(*arguments, account=account, settings=settings, **environment)
        out, err = process.communicate(timeout=HANGS)
        assert process.returncode == 0, err
        return out

    def submit(self) -> str:
        return self.run("submit", "jobs.yaml").strip()

    def counted(self) -> dict[str, int]:
        """How many cancels of each order arrived."""
        return Counter(record.order for record in self.sandbox.journal.cancels)

    def outcomes(self, run_id: str) -> dict[str, Outcome]:
        with Ledger.open(self.ledger) as ledger:
            return {result.order: result.outcome for result in ledger.runs.results(run_id)}

    def nothing_is_told_wrongly(self, run_id: str) -> bool:
        """Whether no order arrived twice, and what is said of each is what arrived; every order has a result."""
        counted, became = self.counted(), self.outcomes(run_id)
        assert set(became) == {order.number for order in self.orders}
        assert set(counted.values()) <= {1}
        done, untouched = {Outcome.CANCELED, Outcome.ALREADY_CANCELED}, {Outcome.FAILED, Outcome.SKIPPED}
        assert {order for order, outcome in became.items() if outcome in done} <= set(counted)
        assert not {order for order, outcome in became.items() if outcome in untouched} & set(counted)
        with Ledger.open(self.ledger) as ledger:
            assert verify(self.folder / "runs" / run_id, ledger).disagreement == ""
        return True

    def everything_was_canceled_once(self, run_id: str) -> bool:
        """Whether every order arrived once, and the ledger and the run's folder say so."""
        with Ledger.open(self.ledger) as ledger:
            found = verify(self.folder / "runs" / run_id, ledger)
        assert (found.disagreement, found.remark) == ("", "")
        assert self.counted() == dict.fromkeys((order.number for order in self.orders), 1)
        return set(self.outcomes(run_id).values()) <= {Outcome.CANCELED, Outcome.ALREADY_CANCELED}
