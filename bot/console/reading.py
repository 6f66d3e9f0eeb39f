"""What pages and programs are told, read from the ledger."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot import wording
from bot.console.shown import (
    ApprovalShown,
    EventShown,
    IntentShown,
    OrderShown,
    OrdersShown,
    PageOf,
    RunShown,
    RunsShown,
    State,
    TermsShown,
)
from bot.ledger import Approval, Entry, Intent, Kind, Ledger, ListedOrder, ListedRun, Submission, Terms
from bot.outcomes import Outcome

RUNS_PER_PAGE = 25
ORDERS_PER_PAGE = 50


def runs(ledger: Ledger, page: int = 1, kind: Kind = Kind.ALL, words: str = "") -> RunsShown:
    """A page of the list of runs."""
    part = part_of(ledger.pages.count_runs(kind, words), page, RUNS_PER_PAGE)
    listed = ledger.pages.runs(part.size, part.begin - 1, kind, words)
    return RunsShown(runs=tuple(_shown(ledger, listed)), part=part)


def run(ledger: Ledger, run_id: str) -> RunShown | None:
    """One run; None if the ledger knows none with that id."""
    listed = ledger.pages.run(run_id)
    if listed is None:
        return None
    shown = next(iter(_shown(ledger, [listed])))
    queued = ledger.queue.terms(run_id) if listed.queued else None
    return shown.model_copy(update={"terms": _terms(queued) if queued else None})


def orders(
    ledger: Ledger, shown: RunShown, page: int = 1, outcome: str = "", words: str = "", size: int = ORDERS_PER_PAGE
) -> OrdersShown:
    """A page of the orders of a run, each with what its plan said, if there was one."""
    part = part_of(ledger.pages.count_orders(shown.run, outcome, words), page, size)
    listed = ledger.pages.orders(shown.run, part.size, part.begin - 1, outcome, words)
    planned: dict[str, ListedOrder] = {}
    if shown.plan_run:
        found = (ledger.pages.order(shown.plan_run, one.job.order) for one in listed)
        planned = {one.job.order: one for one in found if one is not None}
    return OrdersShown(orders=tuple(order_shown(one, planned.get(one.job.order)) for one in listed), part=part)


def order_shown(listed: ListedOrder, planned: ListedOrder | None = None) -> OrderShown:
    """One order as it is shown. Nothing in it can control a terminal or reverse the direction of text."""
    job, result = listed.job, listed.result
    seen: dict[str, Any] = {}
    if result is not None:
        seen = {
            "outcome": result.outcome,
            "status_before": result.status_before,
            "status_after": result.status_after,
            "message": wording.harmless(result.message),
            "next_step": wording.harmless(result.next_step),
            "attempts": result.attempts,
            "seconds": result.seconds,
            "evidence": result.evidence,
        }
    if planned is not None and planned.result is not None:
        seen |= {"planned": planned.result.outcome, "planned_message": wording.harmless(planned.result.message)}
    return OrderShown(
        place=listed.place,
        order=job.order,
        store=wording.harmless(job.store),
        reason=job.reason,
        note=wording.harmless(job.note),
        expect_total="" if job.expect.total is None else str(job.expect.total),
        expects_buyer=job.expect.buyer is not None,
        **seen,
    )


def events(entries: Iterable[Entry]) -> list[EventShown]:
    """The events of a trail."""
    return [
        EventShown(
            number=entry.number,
            at=str(entry.told.get("at", "")),
            event=entry.event,
            told={name: value for name, value in entry.told.items() if name not in {"number", "at", "order", "event"}},
            hash=entry.hash,
        )
        for entry in entries
    ]


def intent_shown(intent: Intent, seller_central: str) -> IntentShown:
    """A Confirm that was pressed, or about to be."""
    waits = not intent.settled_as or intent.reverted
    kind = "reverted" if intent.reverted else str(intent.outcome or "unknown") if waits else ""
    return IntentShown(
        intent=intent.intent,
        admin=wording.harmless(intent.admin),
        order=intent.order,
        store=wording.harmless(intent.store),
        reason=intent.reason,
        run=intent.run_id,
        written_at=intent.written_at,
        answer=str(intent.answer or ""),
        answer_words=wording.harmless(intent.answer_words),
        outcome=str(intent.outcome or ""),
        settled_as=intent.settled_as,
        looked_at=intent.looked_at,
        looked_status=wording.harmless(intent.looked_status),
        kind=kind,
        seller_central=f"{seller_central}/orders-v3/order/{intent.order}",
    )


def counter(shown: RunShown) -> Counter[Outcome]:
    """How many orders of a run have each outcome."""
    return Counter(shown.counts)


def part_of(total: int, page: int, size: int) -> PageOf:
    """Which part of a list a page is; one beyond the end is the last."""
    pages = max(1, -(-total // size))
    return PageOf(total=total, page=max(1, min(page, pages)), pages=pages, size=size)


def _shown(ledger: Ledger, listed: Iterable[ListedRun]) -> Iterable[RunShown]:
    found = list(listed)
    asked = ledger.submissions.of_runs([one.info.run_id for one in found])
    paused, now = ledger.queue.paused() is not None, ledger.now()
    for one in found:
        submission = asked.get(one.info.run_id)
        yield RunShown(
            run=one.info.run_id,
            command=wording.harmless(one.info.command),
            admin=wording.harmless(one.info.admin),
            account=wording.harmless(one.info.account),
            job_list=wording.harmless(one.info.job_list),
            submitted_by=wording.harmless(submission.submitted_by) if submission else "",
            started_at=one.info.started_at,
            finished_at=one.info.finished_at,
            state=_state(one, submission, paused, now),
            stopped=wording.harmless(one.stopped),
            orders=one.orders,
            done=one.done,
            counts=dict(one.counts),
            waiting_for_person=one.waiting_for_person,
            headline=_headline(one),
            queued=one.queued,
            plan_run=submission.plan_run if submission else "",
            approval=_approval(submission),
        )


def _headline(one: ListedRun) -> str:
    if one.over:
        return wording.headline(one.counts.elements(), one.info.command)
    return f"{one.done:,} of {wording.count_of(one.orders, 'order')} done"


def _state(one: ListedRun, submission: Submission | None, paused: bool, now: datetime) -> State:
    approval = submission.approval if submission else Approval.NOT_NEEDED
    if one.over:
        early = State.DECLINED if approval is Approval.DECLINED else State.STOPPED
        return early if one.stopped else State.FINISHED
    if not one.queued:
        return State.ELSEWHERE
    if one.stopped:
        return State.DECLINED if approval is Approval.DECLINED else State.STOPPING
    if approval is Approval.WAITING:
        return State.APPROVAL
    if submission is not None and submission.is_over(now):
        return State.APPROVAL_OVER
    if paused:
        return State.PAUSED
    if one.begun:
        return State.RUNNING
    if one.not_before and datetime.fromisoformat(one.not_before) > now:
        return State.LATER
    return State.QUEUED


def _approval(submission: Submission | None) -> ApprovalShown | None:
    if submission is None or submission.approval is Approval.NOT_NEEDED:
        return None
    return ApprovalShown(
        state=str(submission.approval),
        sha256=submission.sha256,
        another_person=submission.four_eyes,
        decided_by=wording.harmless(submission.decided_by),
        decided_at=submission.decided_at,
        why=wording.harmless(submission.why),
        until=submission.approved_until,
    )


def _terms(terms: Terms) -> TermsShown:
    return TermsShown(
        priority=terms.priority,
        not_before=terms.not_before,
        spacing=terms.spacing,
        max_failures=terms.max_failures,
        max_failures_total=terms.max_failures_total,
        max_cancellations=terms.max_cancellations,
        unmasked=terms.unmasked,
    )
