"""What pages and programs are told. The pages are made from the same objects that the API answers with."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from bot.outcomes import Outcome
from bot.vocabulary import Reason, Status


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class State(StrEnum):
    """How it stands with a run."""

    APPROVAL = "waits for approval"
    APPROVAL_OVER = "approval has ended"
    DECLINED = "declined"
    LATER = "begins later"
    QUEUED = "waits for a worker"
    PAUSED = "paused"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped early"
    FINISHED = "finished"
    ELSEWHERE = "running, or cut off"
    """It was started on one machine, and has no end yet."""


MARKS = {
    State.APPROVAL: "◇",
    State.APPROVAL_OVER: "◆",
    State.DECLINED: "✗",
    State.LATER: "◷",
    State.QUEUED: "○",
    State.PAUSED: "‖",
    State.RUNNING: "▶",
    State.STOPPING: "□",
    State.STOPPED: "■",
    State.FINISHED: "✓",
    State.ELSEWHERE: "▷",
}
"""A shape for each state, beside its word: nobody needs to see a color."""


class ApprovalShown(_Shown):
    """How it stands with the approval of a run."""

    state: str = Field(description="waiting, approved or declined")
    sha256: str = Field(description="Hash of the list and its terms, as they were frozen")
    another_person: bool = Field(description="Whether somebody other than the submitter has to approve it")
    decided_by: str = ""
    decided_at: str = Field(default="", description="ISO 8601, UTC")
    why: str = ""
    until: datetime | None = Field(default=None, description="When the approval ends")


class TermsShown(_Shown):
    """How a queued run is worked."""

    priority: int = Field(description="Lower goes first")
    not_before: str = Field(description="When its first order may begin; empty for at once")
    spacing: float = Field(description="Seconds from the beginning of one order to that of the next")
    max_failures: int
    max_failures_total: int
    max_cancellations: int | None = Field(description="It stops after pressing Confirm for this many orders")
    unmasked: bool = Field(description="Whether buyers' data is left readable in the pictures")


class RunShown(_Shown):
    """A run, with its figures."""

    run: str = Field(description="Its id")
    command: str = Field(description="run, plan, dry run, audit or demo")
    admin: str
    account: str
    job_list: str
    submitted_by: str = Field(default="", description="Who asked for it; empty where it was started on one machine")
    started_at: datetime
    finished_at: datetime | None
    state: State
    stopped: str = Field(default="", description="Why no more of its orders begin; empty while they may")
    orders: int
    done: int
    counts: dict[Outcome, int] = Field(description="How many orders have each outcome")
    waiting_for_person: int = Field(description="How many of its orders wait for a person now")
    headline: str
    queued: bool = Field(description="Whether it was submitted for workers")
    plan_run: str = Field(default="", description="The run that was its plan")
    approval: ApprovalShown | None = None
    terms: TermsShown | None = None

    @property
    def mark(self) -> str:
        """The shape of its state."""
        return MARKS[self.state]

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen in it."""
        return self.finished_at is None


class OrderShown(_Shown):
    """An order of a run."""

    place: int = Field(description="Counted from 1, in the order of the list")
    order: str
    store: str
    reason: Reason
    note: str
    expect_total: str = ""
    expects_buyer: bool = Field(default=False, description="Whether the list says who the buyer must be")
    outcome: Outcome | None = Field(default=None, description="None while it has none")
    status_before: Status | None = None
    status_after: Status | None = None
    message: str = ""
    next_step: str = ""
    attempts: int = 0
    seconds: float = 0.0
    evidence: tuple[str, ...] = ()
    planned: Outcome | None = Field(default=None, description="What the plan said of it")
    planned_message: str = ""


class EventShown(_Shown):
    """One event of a trail."""

    number: int
    at: str
    event: str
    told: dict[str, object]
    hash: str


class IntentShown(_Shown):
    """A Confirm that was pressed, or about to be."""

    intent: int
    admin: str
    order: str
    store: str
    reason: Reason
    run: str
    written_at: str
    answer: str = ""
    answer_words: str = ""
    outcome: str = Field(default="", description="Empty if the run was cut off before it knew")
    settled_as: str = ""
    looked_at: str = Field(default="", description="When an audit looked at it last")
    looked_status: str = ""
    kind: str = Field(description="unknown, canceled_not_sent or reverted while it waits for a person, else empty")
    seller_central: str = Field(description="Address of the order's page in Seller Central")


class PageOf(_Shown):
    """Which part of a long list this is."""

    total: int
    page: int = Field(description="Counted from 1")
    pages: int
    size: int

    @property
    def begin(self) -> int:
        """The number of the first one on this page, counted from 1."""
        return (self.page - 1) * self.size + 1

    @property
    def end(self) -> int:
        """The number of the last one on this page."""
        return min(self.total, self.page * self.size)


class RunsShown(_Shown):
    """A page of the list of runs."""

    runs: tuple[RunShown, ...]
    part: PageOf


class OrdersShown(_Shown):
    """A page of the orders of a run."""

    orders: tuple[OrderShown, ...]
    part: PageOf
