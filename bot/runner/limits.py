"""When a run stops before the end of its list, and how fast it may go."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunLimits:
    """When a run stops before the end of its list, and how fast it may go.

    ``max_failures`` orders in a row, or ``max_failures_total`` in all, that failed for technical reasons;
    ``max_cancellations`` orders that were canceled, or may have been (None is no limit); ``spacing`` seconds from the
    beginning of one order to that of the next.
    """

    max_failures: int
    max_failures_total: int = 50
    max_cancellations: int | None = None
    spacing: float = 0
