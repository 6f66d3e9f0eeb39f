"""The result of a complete check: its screens in order, how it ended, and the words for it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from bot.checks.check.inspector import ONLY_CONFIRM
from bot.checks.check.model import Aspect, AspectState, ScreenReport
from bot.checks.doctor import CHECKS, Finding, FindingState
from bot.outcomes import OrderResult
from bot.pack import Pack
from bot.pack.lint import required
from bot.wording import count_of

ASPECT_WORDS = {
    Aspect.CHECKS: "Checks",
    Aspect.ELEMENTS: "Elements",
    Aspect.WORDING: "Wording",
    Aspect.LANDMARKS: "Landmarks",
    Aspect.LOOKS: "Looks",
}
"""What the aspects are called."""

STATE_WORDS = {
    AspectState.HOLDS: "holds",
    AspectState.DIFFERS: "differs",
    AspectState.NO_BASELINE: "no baseline",
    AspectState.NOT_LOOKED_AT: "not looked at",
}
"""What the states are called."""


class CheckOutcome(BaseModel):
    """A complete check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str = Field(description="Id of the check, which is also the name of its folder")
    admin: str = Field(description="The Admin that was checked")
    account: str = Field(description="Who was signed in")
    pack: str = Field(description="Name of the pack")
    baselines: str = Field(description="Folder of the baselines")
    updated: bool = Field(default=False, description="Whether baselines were to be written")
    browser: str = Field(default="", description="The browser that was used")
    started_at: datetime
    seconds: float = Field(description="How long it took, in seconds")
    version: str = Field(description="Version of Countermand")
    screens: tuple[ScreenReport, ...] = Field(description="Every screen, in the order of the walk")
    ended: str = Field(default="", description="Why the walk ended before the cancel dialog; empty if it did not")
    next_step: str = Field(default="", description="What to do about that")
    full: OrderResult | None = Field(default=None, description="What happened to the order that --full names")

    @property
    def holds(self) -> bool:
        """Whether nothing differs and the walk was complete."""
        full = self.full is None or self.full.outcome.is_success
        return full and not self.ended and not any(one.state is AspectState.DIFFERS for one in self.screens)

    @property
    def differing(self) -> tuple[str, ...]:
        """What people call the screens that differ."""
        return tuple(one.title for one in self.screens if one.state is AspectState.DIFFERS)

    @property
    def headline(self) -> str:
        """All of it in one line."""
        counts = Counter(one.state for one in self.screens)
        looked_at = len(self.screens) - counts[AspectState.NOT_LOOKED_AT]
        if differ := counts[AspectState.DIFFERS]:
            line = f"{differ} of {count_of(looked_at, 'screen')} {'differs' if differ == 1 else 'differ'}"
            return line + (", and the walk ended there" if self.ended else "")
        if self.ended:
            return f"The walk ended early: {count_of(looked_at, 'screen')} checked"
        updated = sum(one.updated for one in self.screens)
        if updated:
            return f"{count_of(updated, 'baseline')} written"
        if counts[AspectState.NO_BASELINE]:
            return f"{count_of(looked_at, 'screen')} as the pack says; there are no baselines to compare with"
        return f"{count_of(looked_at, 'screen')} as the pack and the baselines say"


def on_the_way(pack: Pack, reports: Mapping[str, ScreenReport], findings: Sequence[Finding]) -> Iterator[ScreenReport]:
    """A report for every screen up to the dialog; if it was not checked, the report says why."""
    way = [name for name in required(pack.info.way) if name in pack.screens and name not in ONLY_CONFIRM]
    way += [name for name in reports if name not in way]
    ended = any(finding.state is FindingState.FAILED for finding in findings)
    why = {finding.check: finding.found for finding in findings if finding.state is FindingState.NOT_TRIED}
    for name in way:
        if name in reports:
            yield reports[name]
            continue
        note = why.get(name) or ("the walk did not get that far" if ended else "it did not appear")
        if name == "two_factor" and "start_page" in reports:
            note = "the Admin asked for no code"
        yield ScreenReport(
            screen=name,
            title=pack.screens[name].title,
            aspects=dict.fromkeys(Aspect, AspectState.NOT_LOOKED_AT),
            note=note,
        )


def ending(findings: Sequence[Finding]) -> tuple[str, str]:
    """Why a walk ended early, and what to do; two empty texts if it did not."""
    titles = {check.name: check.title for check in CHECKS}
    for finding in findings:
        if finding.state is FindingState.FAILED:
            return f"{titles[finding.check]}: {finding.found}", finding.next_step
    return "", ""
