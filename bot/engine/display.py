"""What a worker prints: one line for each order, and for what somebody should know."""

from collections.abc import Sequence
from pathlib import Path

from bot.outcomes import OrderResult, RunInfo
from bot.reports.notify.displays import RunNotices
from bot.reports.progress import Writer, order_line
from bot.reports.report import REPORT_FILE
from bot.wording import closing, harmless


class WorkerDisplay:
    """Plain lines. Several workers may write to one terminal, so each line says whose it is, if there are several.

    Args:
        stream: where the lines go.
        who: stands before every line; empty if the worker is alone.
        notices: has people told who do not read along.
    """

    def __init__(self, stream: Writer, who: str = "", notices: RunNotices | None = None) -> None:
        self._notices = notices
        self._info: RunInfo | None = None
        self._stream = stream
        self._before = f"[{harmless(who)}] " if who else ""
        self._run = ""

    def run_taken(self, info: RunInfo) -> None:
        """Whose orders the next lines are about, if that changes."""
        self._info = info
        if self._run != info.run_id:
            self._run = info.run_id
            self.line(f"{info.run_id}: {info.command} from {harmless(info.job_list)}")

    def step(self, name: str) -> None:
        """Nothing: the steps are in the run's log and pictures."""

    def order_finished(self, result: OrderResult) -> None:
        """One line."""
        self.line(order_line(result))
        if self._notices is not None and self._info is not None:
            self._notices.order_finished(self._info, result)

    def say(self, remark: str) -> None:
        """The remark, on a line of its own."""
        self.line(f"- {harmless(remark)}")

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult], folder: Path) -> None:
        """The figures of a run, and where its report is."""
        for words in closing(info, results):
            self.line(f"{info.run_id}: {words}")
        self.line(f"Report: {folder / REPORT_FILE}")
        if self._notices is not None:
            self._notices.run_finished(info, results)

    def line(self, text: str) -> None:
        """A line, in one go."""
        self._stream.write(f"{self._before}{text}\n")
        self._stream.flush()
