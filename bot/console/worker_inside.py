"""The worker that comes with the console: a process of its own, started with it and stopped with it."""

import threading

from bot.engine.desk import Tools
from bot.engine.machines import Member

LOOK_EVERY = 0.5
"""Seconds between two looks whether the process still lives."""


class WorkerInside:
    """One worker on this machine, until the console ends. One that dies is started again, as ``countermand worker``
    does it; one that cannot go on has said why in the terminal, and stays ended until somebody starts it again.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._member = Member(tools, once=False)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="worker-inside", daemon=True)
        self._status: int | None = None

    def start(self) -> None:
        """Start it."""
        self._member.start()
        self._thread.start()

    @property
    def said(self) -> str:
        """How it stands with it, in a sentence."""
        if self._status is None:
            return "The worker inside this console is alive."
        if self._status == 0:
            return "The worker inside this console has ended."
        return (
            f"The worker inside this console has ended with exit status {self._status}: the terminal says why. "
            "Start the console again once that is mended, or start a worker anywhere: countermand worker"
        )

    @property
    def is_alive(self) -> bool:
        """Whether it works, or waits for work."""
        return self._status is None

    def stop(self) -> None:
        """Let it finish the order whose Confirm is pressed, hand back the rest, and end."""
        self._ending.set()
        self._thread.join()
        process = self._member.process
        if process.is_alive():
            self._member.ask_to_stop()
            process.join()

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_EVERY):
            if self._status is not None or self._member.process.is_alive():
                continue
            status = self._member.process.exitcode or 0
            if status < 0 and self._member.may_start_again():
                self._member.start()
                continue
            self._status = abs(status)
