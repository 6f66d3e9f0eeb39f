"""Whether a run may be worked as far as its approval goes: asked in the transaction of every claim and intent."""

from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa

from bot.ledger.schema import submissions


class Approval(StrEnum):
    """How it stands with the approval of a run."""

    NOT_NEEDED = ""
    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


def why_not_approved(connection: sa.Connection, run_id: str, now: float) -> str:
    """Why no order of a run may begin as far as its approval goes, inside a transaction; empty if it may."""
    row = connection.execute(
        sa.select(submissions.c.approval, submissions.c.approved_until).where(submissions.c.run_id == run_id)
    ).one_or_none()
    if row is None or row.approval == Approval.NOT_NEEDED:
        return ""
    if row.approval != Approval.APPROVED:
        return "It was not approved."
    if row.approved_until is None or row.approved_until <= now:
        return f"Its approval ended at {_moment(row.approved_until or 0.0)}."
    return ""


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
