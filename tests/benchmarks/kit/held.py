"""How much memory a run of the bot holds after some of its orders."""

import gc
import os
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.outcomes import OrderResult
from kit.memory import held_by_tree
from kit.run import Bot, Ear


@dataclass(frozen=True)
class Held:
    """What the bot, the Playwright driver and the browser held together, in MB; None where the system does not say."""

    after: int
    """Orders that were done by then."""
    as_it_stands: float | None
    needed: float | None
    """Without what nobody uses any more: a browser throws that away when it feels like it."""


@dataclass
class MemoryWatch(Ear):
    """Notes how much memory the bot and its browser hold after some orders."""

    after: Collection[int]
    practice: int
    """Process of the practice Admin, whose memory does not count."""
    bot: Bot | None = None
    held: list[Held] = field(default_factory=list)
    finished: int = 0
    """Orders that are done."""

    def order_finished(self, result: OrderResult) -> None:
        self.finished += 1
        if self.finished in self.after and self.bot is not None:
            as_it_stands = held_by_tree(os.getpid(), without=self.practice)
            devtools = self.bot.admin.page.context.new_cdp_session(self.bot.admin.page)
            devtools.send("HeapProfiler.collectGarbage")
            devtools.detach()
            gc.collect()
            needed = held_by_tree(os.getpid(), without=self.practice)
            self.held.append(Held(self.finished, as_it_stands, needed))
