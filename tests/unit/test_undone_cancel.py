"""What a run concludes of an order that was canceled earlier, as the ledger or the order's own notes know."""

import pytest
from run_kit import HOST, permit, run_info

from bot.cancel.details import OrderDetails
from bot.cancel.verdicts import reverted, reverted_by_its_notes
from bot.ledger import Intent, Ledger
from bot.outcomes import Outcome
from bot.pack import load_pack
from bot.vocabulary import Status
from flows.recover_order import undone_cancel

ORDER = "112-1215998-3002091"
PACK = load_pack("asc-4.3")
NOTE = "Status updated to canceled."


def seen(status: Status | None, notes: str = "", words: str = "") -> OrderDetails:
    return OrderDetails(
        order_number=ORDER,
        status=status,
        status_words=words or str(status),
        notes=notes,
        buyer_name="",
        order_total="",
    )


def earlier(settled_as: str) -> Intent:
    with Ledger.in_memory() as ledger:
        ledger.runs.begin(run_info(), [])
        intent = ledger.intents.write(HOST, permit(ORDER))
        if settled_as == "canceled":
            ledger.intents.conclude(intent, Outcome.CANCELED)
        else:
            ledger.intents.settle(intent, settled_as, by="maria")
        latest = ledger.intents.latest(HOST, ORDER)
        assert latest is not None
        return latest


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.CANCELED])
def test_an_order_that_was_canceled_here_and_reads_anything_else_was_reverted(status: Status) -> None:
    intent = earlier("canceled")
    assert undone_cancel(seen(status), intent, PACK) == reverted(intent.run_id, intent.written_at, status, "")


def test_so_was_one_whose_status_the_pack_does_not_know() -> None:
    intent = earlier("canceled")
    verdict = undone_cancel(seen(None, words="Refused"), intent, PACK)
    assert verdict == reverted(intent.run_id, intent.written_at, None, "Refused")


def test_an_order_that_was_canceled_here_and_still_reads_canceled_was_not() -> None:
    assert undone_cancel(seen(Status.CANCELED, NOTE), earlier("canceled"), PACK) is None


@pytest.mark.parametrize("settled_as", [None, "not-sent", "overtaken"])
def test_an_unshipped_order_whose_notes_tell_of_a_cancel_that_the_ledger_does_not_know_was_reverted(
    settled_as: str | None,
) -> None:
    latest = earlier(settled_as) if settled_as else None
    assert undone_cancel(seen(Status.UNSHIPPED, f" {NOTE}\n"), latest, PACK) == reverted_by_its_notes()


def test_a_persons_word_that_it_was_not_canceled_counts_more_than_the_note() -> None:
    assert undone_cancel(seen(Status.UNSHIPPED, NOTE), earlier("not-canceled"), PACK) is None


@pytest.mark.parametrize("notes", ["", "Status updated to Unshipped.", "Please do not cancel."])
def test_other_notes_tell_of_no_cancel(notes: str) -> None:
    assert undone_cancel(seen(Status.UNSHIPPED, notes), None, PACK) is None


@pytest.mark.parametrize("status", [Status.SHIPPED, Status.PENDING])
def test_what_cannot_be_canceled_anyway_is_told_by_its_status_whatever_its_notes_say(status: Status) -> None:
    assert undone_cancel(seen(status, NOTE), None, PACK) is None


@pytest.mark.parametrize(
    ("language", "note"),
    [
        ("de_DE", "Status auf storniert geändert."),
        ("fr_FR", "Statut mis à jour sur annulée."),
        ("nl_NL", "Status bijgewerkt naar geannuleerd."),
    ],
)
def test_the_note_is_known_in_the_admins_language_and_in_english(language: str, note: str) -> None:
    pack = load_pack("asc-4.3", language)
    assert undone_cancel(seen(Status.UNSHIPPED, note), None, pack) == reverted_by_its_notes()
    assert undone_cancel(seen(Status.UNSHIPPED, NOTE), None, pack) == reverted_by_its_notes()


@pytest.mark.parametrize("name", ["asc-4.0", "asc-2"])
def test_the_older_packs_know_the_note_too(name: str) -> None:
    assert undone_cancel(seen(Status.UNSHIPPED, NOTE), None, load_pack(name)) == reverted_by_its_notes()
