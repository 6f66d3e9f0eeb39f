"""The worker that comes with the console: a process of its own, started with it and stopped with it."""

import threading

from bot.engine.machines import WorkerProcess
from bot.engine.run_session import Tools
from bot.system import has_crashed

LOOK_EVERY = 0.5
"""Seconds between two looks whether the process still lives."""

LONGEST_PAUSE = 60.0
"""Seconds, at most, before one that could not go on is started again; the first pause is short."""


class WorkerInside:
    """One worker on this machine, until the console ends.

    One that died is started again at once. One that could not go on, because its account is in use, or the Admin is in
    maintenance, has said so in the terminal, and is started again after a pause that doubles each time.
    """

    def __init__(self, tools: Tools) -> None:
        self._member = WorkerProcess(tools, once=False)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="worker-inside", daemon=True)
        self._status = 0

    def start(self) -> None:
        """Start it."""
        self._member.start()
        self._thread.start()

    @property
    def said(self) -> str:
        """How it stands with it, in a sentence."""
        if self.is_alive:
            return "The worker inside this console is alive."
        return (
            f"The worker inside this console has ended with exit status {self._status}; the terminal says why. "
            "It is started again within a minute."
        )

    @property
    def is_alive(self) -> bool:
        """Whether it works, or waits for work."""
        return self._member.process.is_alive()

    def stop(self) -> None:
        """Let it finish the order whose Confirm is pressed, hand back the rest, and end."""
        self._ending.set()
        self._thread.join()
        if self._member.process.is_alive():
            self._member.ask_to_stop()
            self._member.process.join()

    def _watch(self) -> None:
        pause = 1.0
        while not self._ending.wait(LOOK_EVERY):
            if self._member.process.is_alive():
                continue
            status = self._member.process.exitcode or 0
            self._status = abs(status)
            if not (has_crashed(status) and self._member.may_start_again()):
                if self._ending.wait(pause):
                    return
                pause = min(LONGEST_PAUSE, 2 * pause)
            self._member.start()
