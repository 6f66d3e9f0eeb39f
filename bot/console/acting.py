"""What people do, each with the role that it needs. The same functions do it that the command line calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException

from bot.console.people import Role
from bot.console.shown import RunShown
from bot.console.visit import Visit
from bot.engine import by_hand
from bot.engine.schedules import PRIORITY, add, remove
from bot.engine.submission import Submitted
from bot.engine.submission import submit as queue_list
from bot.errors import CannotStart
from bot.joblist import JobList
from bot.ledger import Asked, Intent, Schedule, Terms
from bot.ledger.intents import why_changed
from bot.ledger.submissions import is_same_person


@dataclass(frozen=True, kw_only=True)
class How:
    """How a list is worked, beside what the settings say."""

    priority: int = PRIORITY
    not_before: str = ""
    """When its first order may begin: ISO 8601, UTC; empty for at once."""
    spacing: float | None = None
    """Seconds from the beginning of one order to that of the next; None for what the settings say."""
    max_cancellations: int | None = None
    one_worker_a_store: bool = False


def plan(visit: Visit, job_list: JobList) -> Submitted:
    """Queue the plan of a list, which presses nothing and needs no approval."""
    visit.needs(Role.OPERATOR)
    return _queue(visit, job_list, "plan", Asked(by=visit.person.name))


def submit(visit: Visit, job_list: JobList, plan_run: str = "", how: How = How()) -> Submitted:
    """Freeze a list, which waits for an approval from then on."""
    visit.needs(Role.OPERATOR)
    asked = Asked(by=visit.person.name, approval=True, four_eyes=visit.desk.four_eyes, plan_run=plan_run)
    return _queue(visit, job_list, "run", asked, how)


def _queue(visit: Visit, job_list: JobList, command: str, asked: Asked, how: How = How()) -> Submitted:
    settings = visit.desk.settings
    terms = Terms(
        command=command,
        priority=how.priority,
        not_before=how.not_before,
        spacing=settings.pace if how.spacing is None else how.spacing,
        max_failures=settings.max_failures,
        max_failures_total=settings.max_failures_total,
        max_cancellations=how.max_cancellations,
        unmasked=settings.unmasked,
        one_worker_a_store=how.one_worker_a_store,
    )
    return queue_list(job_list, settings, terms, asked, via="console")


def approve(visit: Visit, run_id: str, *, why: str, hours: float, seen: str) -> None:
    """Approve what was looked at."""
    visit.needs(Role.APPROVER)
    with visit.desk.writing() as ledger:
        run = by_hand.queued(ledger, run_id)
        by_hand.approve(
            ledger,
            visit.desk.backlog,
            run,
            by=visit.person.name,
            why=why,
            seconds=hours * 3600,
            four_eyes=visit.desk.four_eyes,
            seen=seen,
        )


def decline(visit: Visit, run_id: str, *, why: str) -> None:
    """Decline a run; every order of it is skipped."""
    visit.needs(Role.APPROVER)
    desk = visit.desk
    with desk.writing() as ledger:
        run = by_hand.queued(ledger, run_id)
        by_hand.decline(desk.settings, ledger, desk.backlog, run, by=visit.person.name, why=why)


def stop(visit: Visit, run_id: str) -> None:
    """Take a run out of the queue: orders in hand are finished, and the rest is skipped."""
    visit.needs(Role.OPERATOR)
    desk = visit.desk
    with desk.writing() as ledger:
        run = by_hand.queued(ledger, run_id)
        by_hand.cancel(desk.settings, ledger, desk.backlog, run, visit.person.name)


def retry(visit: Visit, run_id: str) -> str:
    """Queue once more what is stuck of a run; gives a sentence about it."""
    visit.needs(Role.OPERATOR)
    with visit.desk.writing() as ledger:
        return by_hand.retry(ledger, visit.desk.backlog, by_hand.queued(ledger, run_id), visit.person.name)


def pause(visit: Visit) -> None:
    """Let no order begin, of any run."""
    visit.needs(Role.OPERATOR)
    with visit.desk.writing() as ledger:
        ledger.queue.pause(visit.person.name)


def resume(visit: Visit) -> None:
    """Let orders begin again."""
    visit.needs(Role.OPERATOR)
    with visit.desk.writing() as ledger:
        ledger.queue.resume(visit.person.name)


def settle(visit: Visit, chosen: Sequence[tuple[int, str]], settled_as: str, *, note: str) -> list[Intent]:
    """Settle orders as a person found them in Seller Central.

    ``chosen`` has the number of each intent, and the state that the person saw it in: if one has changed since, none
    is settled.

    Raises:
        CannotStart: there is no note, something has changed since, or an order is being worked on.
    """
    visit.needs(Role.OPERATOR)
    if not note.strip():
        raise CannotStart(reason="The note is empty: say what you saw; the ledger keeps it.")
    if settled_as not in {"canceled", "not-canceled"}:
        raise HTTPException(409, "Say what Seller Central shows: canceled, or not canceled.")
    with visit.desk.writing() as ledger:
        waiting = {intent.intent: intent for intent in ledger.intents.waiting()}
        now = {intent.intent: intent for intent in ledger.intents.numbered([number for number, _ in chosen])}
        for number, seen in chosen:
            if number not in now:
                raise CannotStart(reason="One of these orders is not in the ledger: nothing was settled.")
            if number not in waiting or state_of(waiting[number]) != seen:
                raise CannotStart(reason=why_changed(now[number]))
        if not chosen:
            raise CannotStart(reason="No order was chosen.")
        intents = [waiting[number] for number, _ in chosen]
        ledger.intents.settle_by_hand(intents, settled_as, by=visit.person.name, why=note)
        return intents


def state_of(intent: Intent) -> str:
    """What a person saw of an intent, by which a later change shows."""
    return f"{intent.outcome or ''}/{intent.answer or ''}/{intent.looked_at}/{intent.settled_as}"


def count_from_0(visit: Visit, account: str, *, note: str) -> None:
    """Count refused sign-ins of an account from 0, because a person has signed in with it."""
    visit.needs(Role.ADMINISTRATOR)
    if not note.strip():
        raise CannotStart(reason="The note is empty: say how it was done; the ledger keeps it.")
    if account not in [one.username for one in visit.desk.settings.pool]:
        raise HTTPException(404, "The settings name no such account.")
    with visit.desk.writing() as ledger:
        ledger.sign_ins.signed_in_by_hand(visit.desk.admin, account, by=visit.person.name, why=note)


def release(visit: Visit, admin: str, account: str, *, note: str) -> None:
    """Take an account away from a worker that is gone for good."""
    visit.needs(Role.ADMINISTRATOR)
    if not note.strip():
        raise CannotStart(reason="The note is empty: say why; the ledger keeps it.")
    with visit.desk.writing() as ledger:
        by_hand.release(ledger, admin, account, by=visit.person.name, why=note)


def add_schedule(visit: Visit, schedule: Schedule, list_of: RunShown | None = None) -> None:
    """Have something done at certain times. Its list, if it has one, is that of an earlier run.

    What cancels has list and terms exactly as they were frozen, whatever ``schedule`` says of them.

    Raises:
        CannotStart: it would cancel what was not approved, or what this person submitted; or it cannot be added.
    """
    visit.needs(Role.APPROVER if schedule.command == "run" else Role.OPERATOR)
    if schedule.command in {"run", "plan"} and (list_of is None or list_of.admin != schedule.admin):
        other = list_of.admin if list_of else "another Admin"
        raise CannotStart(reason=f"This list is for {other}, and this console for {schedule.admin}: nothing was added.")
    if schedule.command == "run":
        if list_of is None or list_of.approval is None or list_of.approval.state != "approved":
            raise CannotStart(reason="Only a list that was approved can be canceled at certain times.")
        if list_of.approval.until is None or list_of.approval.until <= visit.desk.ledger.now():
            raise CannotStart(reason="The approval of this list has ended: plan it again, and have that approved.")
        another = visit.desk.four_eyes or list_of.approval.another_person
        if another and is_same_person(visit.person.name, list_of.submitted_by):
            raise CannotStart(reason="You submitted this list: another person has to have it canceled at these times.")
        frozen = visit.desk.ledger.submissions.frozen(list_of.run)
        if frozen is None:
            raise CannotStart(reason="This list was changed in the ledger after it was submitted: nothing was added.")
        jobs, terms = frozen
        schedule = replace(schedule, jobs=jobs, terms=Terms(**terms | {"command": "run", "not_before": ""}))
    with visit.desk.writing() as ledger:
        add(ledger, visit.desk.backlog, schedule, visit.person.name)


def remove_schedule(visit: Visit, name: str) -> None:
    """End a schedule; runs that it has queued stay."""
    visit.needs(Role.OPERATOR)
    with visit.desk.writing() as ledger:
        remove(ledger, visit.desk.backlog, name, visit.person.name)
