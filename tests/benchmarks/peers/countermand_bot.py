"""This bot, complete: every check, picture, masking, the ledger in a file, wired as a run of the command wires it."""

from pathlib import Path

from kit.practice import Practice
from kit.run import Bot, Ear, open_bot
from kit.steps import StepTimes
from turns import Order, Round, Turns

from bot.joblist import Job
from bot.outcomes import OrderResult
from bot.vocabulary import Reason
from flows.open_order import open_store


class InTurn(Ear):
    """Takes each order's turn where the run begins it, and says where it ends it."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._times = StepTimes()
        self._first = True
        self.bot: Bot | None = None

    def begin_round(self) -> None:
        """The next order will be the first of a round, before which the bot signs in."""
        self._first = True

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None:
        if self._first:
            self._turns.entered()
            self._first = False
        asked: Order | None = self._turns.next_order()
        if self.bot is None or asked is None or asked.order != order:
            raise RuntimeError(f"the run begins with {order} and the benchmark with {asked}")
        open_store(self.bot.admin, store)
        self._turns.wait_for_go()
        self._times.begin()

    def step(self, name: str, worker: int = 1) -> None:
        self._times.step(name)

    def order_finished(self, result: OrderResult) -> None:
        steps = self._times.end()
        self._turns.done(str(result.status_after), len(result.evidence), steps=steps, outcome=result.outcome)


def job(order: Order) -> Job:
    """The order as a list has it."""
    reason = next(reason for reason in Reason if reason.label == order.reason)
    return Job(order=order.order, store=order.store, reason=reason)


def main() -> None:
    turns = Turns()
    hears = InTurn(turns)
    now: Round | None = turns.next_round()
    if now is None:
        return
    practice = Practice(url=now.url, username=now.username, password=now.password, pid=0)
    with open_bot(practice, Path(turns.settings["folder"]), hears) as bot:
        hears.bot = bot
        while now is not None:
            hears.begin_round()
            bot.work([job(order) for order in now.orders])
            if turns.next_order() is not None:
                raise RuntimeError("the benchmark has more orders than it named")
            now = turns.next_round()


if __name__ == "__main__":
    main()
