"""What arrived at the practice Admin, kept for tests that must know exactly what a run did, or did not do."""

import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class RequestRecord:
    """One request that arrived at the practice Admin."""

    method: str
    path: str
    operation: str = ""
    """Name of the operation, for a request to the app's data endpoint; else empty."""
    account: str = ""
    """Who was signed in when it arrived; empty for nobody."""
    at: datetime = field(default_factory=_now)


@dataclass(frozen=True, kw_only=True)
class CancelRecord:
    """One cancel command that the server acted on."""

    order: str
    store: str
    reason: str
    """The code, such as ``BuyerCanceled``; any text is taken, and none."""
    status_on_arrival: str
    account: str
    reached_amazon: bool
    """Whether the second stage, the command to Amazon, went through."""
    answer: Literal["ok", "error"]
    """What the server answered, whether or not the answer arrived."""
    at: datetime = field(default_factory=_now)


@dataclass(frozen=True, kw_only=True)
class CodeRecord:
    """One two-factor code that was tried; which digits, nobody needs to know."""

    account: str
    verdict: Literal["accepted", "wrong", "used", "blocked"]
    at: datetime = field(default_factory=_now)


@dataclass(frozen=True, kw_only=True)
class CommerceCancelRecord:
    """A press of the Commerce order page's own Cancel button, which nobody should ever do here."""

    commerce_number: str
    order: str
    account: str
    at: datetime = field(default_factory=_now)


class Journal:
    """Everything that arrived, in order. May be read from any thread while the server writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[RequestRecord] = []
        self._cancels: list[CancelRecord] = []
        self._commerce_cancels: list[CommerceCancelRecord] = []
        self._codes: list[CodeRecord] = []

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every request but those to the controls under ``/sandbox/``, in order of arrival."""
        with self._lock:
            return tuple(self._requests)

    @property
    def cancels(self) -> tuple[CancelRecord, ...]:
        """Every cancel that the server acted on, in order."""
        with self._lock:
            return tuple(self._cancels)

    @property
    def commerce_cancels(self) -> tuple[CommerceCancelRecord, ...]:
        """Every press of a Commerce order page's own Cancel button, in order. Should be empty, always."""
        with self._lock:
            return tuple(self._commerce_cancels)

    @property
    def codes(self) -> tuple[CodeRecord, ...]:
        """Every two-factor code that was tried, in order."""
        with self._lock:
            return tuple(self._codes)

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the operations that arrived at the data endpoint, in order."""
        return tuple(record.operation for record in self.requests if record.operation)

    def add(self, record: RequestRecord | CancelRecord | CommerceCancelRecord | CodeRecord) -> None:
        """Write one record down."""
        with self._lock:
            match record:
                case RequestRecord():
                    self._requests.append(record)
                case CancelRecord():
                    self._cancels.append(record)
                case CommerceCancelRecord():
                    self._commerce_cancels.append(record)
                case CodeRecord():
                    self._codes.append(record)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._requests.clear()
            self._cancels.clear()
            self._commerce_cancels.clear()
            self._codes.clear()

    def as_dict(self) -> dict[str, list[dict[str, object]]]:
        """The complete journal as plain data, times in ISO format."""
        return {
            name: [asdict(record) | {"at": record.at.isoformat()} for record in records]
            for name, records in (
                ("requests", self.requests),
                ("cancels", self.cancels),
                ("commerce_cancels", self.commerce_cancels),
                ("codes", self.codes),
            )
        }
