"""The outcome of an order, and of a run: the data for every report, file and exit status."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from bot.vocabulary import Reason, Status


class Outcome(StrEnum):
    """The outcome of one order. Every order of a run ends with exactly one of these."""

    CANCELED = "canceled"
    """Confirm was pressed, no error answered, and the details page, opened again, says ``Canceled``.

    So the Admin accepted the cancel and queued it. Its cron job tells Amazon later, and shows nothing if that fails.
    """
    ALREADY_CANCELED = "already_canceled"
    """It was canceled before this run looked at it; nothing was pressed."""
    NOT_CANCELABLE = "not_cancelable"
    """Its status does not allow a cancel here; nothing was pressed."""
    NOT_FOUND = "not_found"
    """The store, or the order in that store, is not in this Admin; nothing was pressed."""
    MISMATCH = "mismatch"
    """The page disagrees with the job; nothing was pressed."""
    CANCELED_NOT_SENT = "canceled_not_sent"
    """The Admin says ``Canceled`` but answered with an error: Amazon was probably never told."""
    REVERTED = "reverted"
    """It was canceled earlier and reads something else now: Amazon did not keep that cancel; nothing was pressed."""
    UNKNOWN = "unknown"
    """Confirm may have been pressed and the result cannot be determined: a person must look."""
    FAILED = "failed"
    """A technical failure before Confirm; nothing was pressed, and running it again is safe."""
    SKIPPED = "skipped"
    """The run stopped before this order's turn, or another run was working on it; nothing was pressed."""
    WOULD_CANCEL = "would_cancel"
    """A plan or a dry run: everything was in order and nothing was pressed."""

    @property
    def is_success(self) -> bool:
        """Whether an order with this outcome needs no attention (exit status 0)."""
        return self in {Outcome.CANCELED, Outcome.ALREADY_CANCELED, Outcome.WOULD_CANCEL}

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody must look in Seller Central before anything else is done to this order."""
        return self in {Outcome.CANCELED_NOT_SENT, Outcome.REVERTED, Outcome.UNKNOWN}


class OrderResult(BaseModel):
    """The result of one order: one object of ``results.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: str = Field(description="Amazon order number, as in the job list")
    store: str = Field(description="Store name, as in the job list")
    reason: Reason = Field(description="Reason code that the job asked for")
    outcome: Outcome
    status_before: Status | None = Field(default=None, description="Status when the order was opened")
    status_after: Status | None = Field(default=None, description="Status when it was opened again after Confirm")
    message: str = Field(description="One sentence: what was seen")
    next_step: str = Field(default="", description="What a person should do now; empty if there is nothing to do")
    attempts: int = Field(default=1, ge=0, description="How many times the order was started; 0 if never")
    seconds: float = Field(default=0.0, ge=0, description="Time spent on it, in seconds")
    evidence: tuple[str, ...] = Field(
        default=(),
        description="Files that show it, in order, relative to the run's folder, with forward slashes: "
        "evidence/<order>/<nn>-<step>.jpg, and .txt files with the page's words where there was trouble",
    )
    note: str = Field(default="", description="The job's own note, carried through")


class RunInfo(BaseModel):
    """What a run was: where, as whom, from which list, when, and how it ended (``run.json``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    command: str = Field(description="run, dry run, plan, audit or demo")
    admin: str = Field(description="Host of the Admin, with its port unless that is the default")
    account: str = Field(description="Admin user name; those of all workers, separated by commas")
    workers: int = Field(default=1, ge=1, description="How many worked at once")
    pack: str = Field(
        description=(
            "Name of the pack that described the screens, with (auto) if it was recognized on the page; just auto if "
            "no store was reached"
        )
    )
    job_list: str = Field(description="File name of the job list")
    started_at: datetime = Field(description="With time zone")
    finished_at: datetime | None = Field(default=None, description="With time zone; none while it runs")
    stopped_early: str = Field(default="", description="Why it stopped before the end of the list, or empty")
    unmasked: bool = Field(default=False, description="Whether buyers' data was left readable in the screenshots")
    blocked: dict[str, int] = Field(
        default={}, description="How many requests of the browser were blocked, by host, as the host is not allowed"
    )
    version: str = Field(description="Version of Countermand")
    evidence: str = Field(
        default="",
        description="Where the evidence is: empty in the run's own folder, else the address of a bucket, or a folder "
        "(COUNTERMAND_EVIDENCE)",
    )

    def finished(self, at: datetime, stopped_early: str = "", blocked: Mapping[str, int] | None = None) -> Self:
        """This run, ended ``at`` that time."""
        update = {"finished_at": at, "stopped_early": stopped_early, "blocked": dict(blocked or {})}
        return self.model_copy(update=update)


class Answer(StrEnum):
    """What the Admin answered to Confirm."""

    OK = "ok"
    """It answered, and said nothing of an error."""
    ERROR = "error"
    """It answered with an error."""
    UNCLEAR = "unclear"
    """It answered something that cannot be understood."""
    NONE = "none"
    """No answer came."""
