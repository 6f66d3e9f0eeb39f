"""What a check finds: for each screen what holds, what does not, and what is there instead."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Aspect(StrEnum):
    """What is compared on a screen, in the order of the report."""

    CHECKS = "checks"
    """The pack's ordered checks."""
    ELEMENTS = "elements"
    """Every element of the pack's file, found as often as the pack says."""
    WORDING = "wording"
    """The words that the pack knows: labels, statuses, reasons."""
    LANDMARKS = "landmarks"
    """What there is on the screen and in which order, against the baseline."""
    LOOKS = "looks"
    """The picture, against the baseline."""


BY_BASELINE = (Aspect.LANDMARKS, Aspect.LOOKS)
"""The aspects that need a baseline."""


class AspectState(StrEnum):
    """The result for a screen, or for one aspect of it."""

    HOLDS = "holds"
    DIFFERS = "differs"
    NO_BASELINE = "no_baseline"
    """There is no baseline to compare it with."""
    NOT_LOOKED_AT = "not_looked_at"
    """The walk did not reach it."""


class Box(NamedTuple):
    """Where something is in the window, in CSS pixels."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, other: "Box") -> bool:
        """Whether the other one is inside this one."""
        return (
            self.x <= other.x + 1
            and self.y <= other.y + 1
            and other.x + other.width <= self.x + self.width + 1
            and other.y + other.height <= self.y + self.height + 1
        )

    def middle(self) -> tuple[float, float]:
        """The point in the middle."""
        return self.x + self.width / 2, self.y + self.height / 2


class LastHeld(_Model):
    """Where an element was when the baseline was taken."""

    role: str = Field(default="", description="Its ARIA role; empty for a piece of text")
    words: str = Field(default="", description="Its accessible name, without anything that is data")
    place: tuple[int, int, int, int] = Field(description="x, y, width, height in the window, in CSS pixels")
    after: str = Field(default="", description="What came before it on the screen")


class Candidate(_Model):
    """Something on the screen that may be what an element is now."""

    shown: str = Field(description="What it is: its role and its words")
    where: str = Field(default="", description="What is before and after it")
    likeness: float = Field(description="0 to 1, by words, role and place")
    snippet: str = Field(description="YAML for the pack's file that would find it")
    finds: int = Field(description="How many things on the screen that YAML finds")
    warning: str = Field(default="", description="What a person must verify before it is used")


class Drift(_Model):
    """One thing that is not as the pack or the baseline says."""

    aspect: Aspect
    element: str = Field(default="", description="Name of the element in the pack; empty if it is about no element")
    what: str = Field(description="What is wrong, in one sentence")
    instead: str = Field(default="", description="What is there instead")
    last_held: str = Field(default="", description="What held when the baseline was taken")
    candidates: tuple[Candidate, ...] = Field(default=(), description="What it may be now, the likeliest first")
    lines: tuple[str, ...] = Field(
        default=(), description="Lines that were removed (-), added (+), or are next to them"
    )


class ScreenReport(_Model):
    """What was found on one screen."""

    screen: str = Field(description="Name of the screen in the pack")
    title: str = Field(description="What people call it")
    aspects: dict[Aspect, AspectState]
    drifts: tuple[Drift, ...] = ()
    changed: float | None = Field(default=None, description="Percent of the compared pixels that look different")
    note: str = Field(default="", description="Why it was not checked, or what else to know")
    updated: bool = Field(default=False, description="Whether its baseline was written")

    @property
    def state(self) -> AspectState:
        """The worst of its aspects."""
        states = set(self.aspects.values())
        order = (AspectState.DIFFERS, AspectState.NOT_LOOKED_AT, AspectState.NO_BASELINE, AspectState.HOLDS)
        if states == {AspectState.HOLDS, AspectState.NOT_LOOKED_AT}:
            return AspectState.HOLDS
        return next((state for state in order if state in states), AspectState.NOT_LOOKED_AT)
