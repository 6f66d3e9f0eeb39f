"""An order whose Confirm was pressed, or about to be, when a run was cut off: looked at before anything else."""

from bot.admin import Admin
from bot.cancel.details import Opened, OrderDetails, look_at_order
from bot.cancel.verdicts import Verdict, pressed_before, reverted, reverted_by_its_notes
from bot.joblist import Job
from bot.ledger import Intent
from bot.outcomes import Outcome
from bot.pack import Pack
from bot.vocabulary import Status
from flows.generation import generation_of


def still_open(admin: Admin, job: Job, seen: OrderDetails) -> Verdict | None:
    """What the ledger and the page say of an earlier cancel, changing nothing; None when there was none."""
    intent = admin.ledger.intents.open(admin.name, job.order)
    if intent is None:
        return undone_cancel(seen, admin.ledger.intents.latest(admin.name, job.order), admin.pack)
    return _conclusion(admin, intent, seen, settled=False)


def undone_cancel(seen: OrderDetails, latest: Intent | None, pack: Pack) -> Verdict | None:
    """What is said of an order that was canceled earlier, as ledger or page know, and no longer reads Canceled.

    Amazon is not told a second time: whether it refused, or has only not caught up yet, is not to be seen here. A
    person's word that the order was not canceled, the last that the ledger has of it, opens it again. None when
    there was no such cancel, or the order still reads Canceled.

    Needs what the page says, and the latest intent for this order.
    """
    if latest and latest.settled_as == "canceled" and seen.status is not Status.CANCELED:
        return reverted(latest.run_id, latest.written_at, seen.status, seen.status_words)
    spoken_for = latest is not None and latest.settled_as == "not-canceled"
    if seen.status is Status.UNSHIPPED and pack.says_canceled(seen.notes or "") and not spoken_for:
        return reverted_by_its_notes()
    return None


def recover_order(admin: Admin, job: Job, opened: Opened, seen: OrderDetails) -> Verdict | None:
    """Settle an earlier Confirm of this order from the ledger and the page, or say why a person must.

    None when nothing stands in the way of a new permit: there was no such Confirm and no cancel was undone, or
    the page, opened again after the recovery time, proves that it never arrived; the ledger then says so.

    Raises:
        Refused, Technical: the page could not be read again; nothing was pressed.
    """
    intent = admin.ledger.intents.open(admin.name, job.order)
    if intent is None:
        latest = admin.ledger.intents.latest(admin.name, job.order)
        undone = undone_cancel(seen, latest, admin.pack)
        if undone and latest and latest.settled_as == "canceled":
            admin.ledger.intents.note_look(latest.intent, seen.status or seen.status_words)
        return undone
    settled = admin.ledger.intents.age(intent) >= admin.options.recover_after
    verdict = _conclusion(admin, intent, seen, settled=settled)
    if verdict is None:
        with admin.step("read_order_anew"):
            details = generation_of(admin.pack).reopen_order(admin, opened)
            verdict = _conclusion(admin, intent, look_at_order(admin, job, opened, details.seen), settled=True)
    if verdict is None:
        admin.ledger.intents.settle(
            intent.intent, "not-sent", by="recovery", why="no answer was ever heard and the order still reads Unshipped"
        )
    elif verdict.outcome is Outcome.CANCELED:
        admin.ledger.intents.conclude(intent.intent, verdict.outcome)
    elif verdict.outcome is Outcome.NOT_CANCELABLE:
        if settled:  # until then its request may still arrive, and set the status of what has left to Canceled
            admin.ledger.intents.settle(intent.intent, "overtaken", by="recovery", why=verdict.message)
    elif verdict.status_before is Status.CANCELED:
        # An import may bring Unshipped back: that it once read Canceled proves that the request did arrive.
        admin.ledger.intents.note_look(intent.intent, Status.CANCELED)
    return verdict


def _conclusion(admin: Admin, intent: Intent, seen: OrderDetails, *, settled: bool) -> Verdict | None:
    return pressed_before(
        intent.run_id,
        intent.written_at,
        intent.answer,
        intent.answer_words,
        seen.status,
        settled=settled,
        was_canceled=admin.ledger.intents.was_seen(intent.intent, Status.CANCELED)
        or admin.pack.says_canceled(seen.notes or ""),
    )
