from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.vocabulary import Reason

STARTED = datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC)
RESULT: dict[str, Any] = {
    "order": "112-1215998-3002091",
    "store": "Nordwind UK",
    "reason": "BuyerCanceled",
    "outcome": "canceled",
    "message": "So it is.",
}
RUN: dict[str, Any] = {
    "run_id": "20260301-021405-a1b2",
    "command": "run",
    "admin": "shop.example",
    "account": "bot",
    "pack": "asc-4.3",
    "job_list": "jobs.yaml",
    "started_at": STARTED,
    "version": "0.1.0",
}


def test_the_outcomes_are_those_that_results_promise() -> None:
    assert [str(outcome) for outcome in Outcome] == [
        "canceled",
        "already_canceled",
        "not_cancelable",
        "not_found",
        "mismatch",
        "canceled_not_sent",
        "reverted",
        "unknown",
        "failed",
        "skipped",
        "would_cancel",
    ]


def test_three_outcomes_are_a_success() -> None:
    successes = {outcome for outcome in Outcome if outcome.is_success}
    assert successes == {Outcome.CANCELED, Outcome.ALREADY_CANCELED, Outcome.WOULD_CANCEL}


def test_three_outcomes_need_a_person_first() -> None:
    assert {outcome for outcome in Outcome if outcome.needs_a_person} == {
        Outcome.CANCELED_NOT_SENT,
        Outcome.REVERTED,
        Outcome.UNKNOWN,
    }


def test_an_outcome_that_needs_a_person_is_never_a_success() -> None:
    assert [outcome for outcome in Outcome if outcome.is_success and outcome.needs_a_person] == []


def test_a_result_has_the_promised_keys_in_their_order() -> None:
    assert list(OrderResult.model_validate(RESULT).model_dump(mode="json")) == [
        "order",
        "store",
        "reason",
        "outcome",
        "status_before",
        "status_after",
        "message",
        "next_step",
        "attempts",
        "seconds",
        "evidence",
        "note",
    ]


def test_a_result_says_reason_and_outcome_in_the_words_of_the_lists() -> None:
    result = OrderResult.model_validate(RESULT)
    assert (result.reason, result.outcome) == (Reason.BUYER_CANCELED, Outcome.CANCELED)


@pytest.mark.parametrize("model", [(OrderResult, RESULT), (RunInfo, RUN)], ids=["result", "run"])
def test_an_unknown_key_is_refused(model: tuple[type[BaseModel], dict[str, Any]]) -> None:
    kind, facts = model
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        kind.model_validate(facts | {"surprise": 1})


@pytest.mark.parametrize(
    ("model", "name"),
    [(OrderResult.model_validate(RESULT), "outcome"), (RunInfo.model_validate(RUN), "finished_at")],
    ids=["result", "run"],
)
def test_what_was_recorded_cannot_be_changed(model: BaseModel, name: str) -> None:
    with pytest.raises(ValidationError, match="Instance is frozen"):
        setattr(model, name, None)


@pytest.mark.parametrize("facts", [{"attempts": -1}, {"seconds": -0.1}, {"outcome": "done"}, {"reason": "Because"}])
def test_a_result_that_cannot_be_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OrderResult.model_validate(RESULT | facts)


def test_a_result_survives_json() -> None:
    result = OrderResult.model_validate(
        RESULT | {"status_before": "Unshipped", "evidence": ["evidence/a/01-open_store.jpg"], "note": "Grüße"}
    )
    assert OrderResult.model_validate_json(result.model_dump_json()) == result


def test_a_run_that_ended_says_when_and_why_and_is_otherwise_the_same() -> None:
    info = RunInfo.model_validate(RUN)
    ended = info.finished(datetime(2026, 3, 1, 2, 20, tzinfo=UTC), "The Admin went down.")
    assert ended.model_dump() == info.model_dump() | {
        "finished_at": datetime(2026, 3, 1, 2, 20, tzinfo=UTC),
        "stopped_early": "The Admin went down.",
    }
    assert (info.finished_at, info.stopped_early) == (None, "")


def test_a_run_that_ended_with_its_list_has_no_reason_for_it() -> None:
    assert RunInfo.model_validate(RUN).finished(STARTED).stopped_early == ""
