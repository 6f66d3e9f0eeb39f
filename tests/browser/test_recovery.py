"""An order whose Confirm was pressed, or about to be, in a run that was cut off, and an order that is looked at again.

Here the ledger says that there was such a run; bots that really are killed are in ``test_chaos.py``.
"""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from practice_kit import HANGS, ORDER, US, Cancels, MakeJob, Verdicts, arrived, job_list

from bot.admin import Admin
from bot.cancel.verdicts import LOOK_IN_SELLER_CENTRAL, Verdict
from bot.ledger import Intent
from bot.outcomes import Answer, Outcome
from bot.runner import RunEnd
from bot.sandbox import UNKNOWN_ORDER, Sandbox
from bot.vocabulary import Status
from flows.read_order import audit_order, plan_order


def test_an_order_that_reads_canceled_after_a_crash_is_no_success_and_waits_for_a_person(
    pressed: Callable[..., Intent], verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, cancels: Cancels, admin: Admin
) -> None:
    intent = pressed()
    sandbox.shop.example("unshipped_recent").status = Status.CANCELED
    assert verdicts(job("unshipped_recent")) == [
        Verdict(
            outcome=Outcome.UNKNOWN,
            message=f"Confirm was pressed, or about to be, in run by-hand ({intent.written_at}), what came of it was "
            "never proved, and the order now reads Canceled. Nothing was pressed this time.",
            next_step=LOOK_IN_SELLER_CENTRAL,
            status_before=Status.CANCELED,
        )
    ]
    assert cancels() == []
    assert [waiting.order for waiting in admin.ledger.intents.waiting()] == [intent.order]


def test_an_order_whose_answer_was_heard_before_the_crash_is_canceled(
    pressed: Callable[..., Intent], verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, cancels: Cancels, admin: Admin
) -> None:
    intent = pressed(Answer.OK)
    sandbox.shop.example("unshipped_recent").status = Status.CANCELED
    assert verdicts(job("unshipped_recent")) == [
        Verdict(
            outcome=Outcome.CANCELED,
            message=f"Confirm was pressed, or about to be, in run by-hand ({intent.written_at}), no error was "
            "answered, and the order's page, opened now, says Canceled. The Admin tells Amazon later.",
            status_before=Status.CANCELED,
            status_after=Status.CANCELED,
        )
    ]
    assert (cancels(), admin.ledger.intents.waiting()) == ([], [])


def test_an_order_that_still_is_unshipped_long_after_a_crash_is_canceled_once(
    pressed: Callable[..., Intent], verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin
) -> None:
    pressed()
    admin.options = replace(admin.options, recover_after=0)
    assert [verdict.outcome for verdict in verdicts(job("unshipped_recent"))] == ["canceled"]
    assert cancels() == [(job("unshipped_recent").order, US, "BuyerCanceled", "Unshipped")]
    assert admin.ledger.intents.waiting() == []


def test_an_order_that_was_pressed_a_moment_ago_is_not_pressed_again(
    pressed: Callable[..., Intent], verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin
) -> None:
    intent = pressed()
    (verdict,) = verdicts(job("unshipped_recent"))
    assert (verdict.outcome, verdict.status_before) == ("unknown", "Unshipped")
    assert cancels() == []
    assert [waiting.order for waiting in admin.ledger.intents.waiting()] == [intent.order]


def test_an_order_that_amazon_did_not_keep_canceled_is_reverted_and_not_pressed_again(
    run: Callable[..., RunEnd], job: MakeJob, sandbox: Sandbox, cancels: Cancels, admin: Admin
) -> None:
    order = job("unshipped_recent")
    run(order)
    (intent,) = admin.ledger.intents.canceled_since(admin.name, datetime.fromtimestamp(0, UTC))
    sandbox.shop.example("unshipped_recent").status = Status.UNSHIPPED
    for end in (run(order, work=plan_order), run(order)):
        (result,) = end.results
        assert (result.outcome, result.status_before, result.message, result.next_step, end.exit_status) == (
            Outcome.REVERTED,
            Status.UNSHIPPED,
            f"Canceled in run {intent.run_id} ({intent.written_at}), but it reads Unshipped now: Amazon did not keep "
            "the cancel.",
            "Look the order up in Seller Central, and cancel it there if it is still open; then: countermand resolve, "
            "--as canceled. To have it canceled here again: countermand resolve, --as not-canceled.",
            1,
        )
    assert [waiting.order for waiting in admin.ledger.intents.waiting()] == [order.order]
    assert cancels() == arrived(order)


def test_an_order_whose_notes_tell_of_a_cancel_that_the_ledger_does_not_know_is_reverted_and_not_pressed(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, cancels: Cancels
) -> None:
    sandbox.shop.example("unshipped_recent").notes = "Status updated to canceled."
    assert verdicts(job("unshipped_recent")) == [
        Verdict(
            outcome=Outcome.REVERTED,
            message="The order reads Unshipped, but its notes say that it was canceled before: Amazon did not keep "
            "that cancel. Nothing was pressed.",
            next_step="Look the order up in Seller Central, and cancel it there if it is still open. This ledger knows "
            "nothing of the earlier cancel: ask who else cancels orders here.",
            status_before=Status.UNSHIPPED,
        )
    ]
    assert cancels() == []


def test_a_press_that_nobody_heard_of_is_not_taken_for_lost_when_the_notes_tell_of_a_cancel(
    pressed: Callable[..., Intent], verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, cancels: Cancels, admin: Admin
) -> None:
    intent = pressed()
    sandbox.shop.example("unshipped_recent").notes = "Status updated to canceled."
    admin.options = replace(admin.options, recover_after=0)
    assert verdicts(job("unshipped_recent")) == [
        Verdict(
            outcome=Outcome.UNKNOWN,
            message=f"Confirm was pressed, or about to be, in run by-hand ({intent.written_at}), the order read "
            "Canceled after that, and it reads Unshipped now: an import from Amazon has undone it, and whether Amazon "
            "was told is not known. Nothing was pressed this time.",
            next_step=LOOK_IN_SELLER_CENTRAL,
            status_before=Status.UNSHIPPED,
        )
    ]
    assert cancels() == []


def test_an_audit_that_comes_to_another_orders_page_speaks_of_no_list(
    run: Callable[..., RunEnd], job: MakeJob, sandbox: Sandbox, admin: Admin
) -> None:
    order = job("unshipped_recent")
    run(order)
    (intent,) = admin.ledger.intents.canceled_since(admin.name, datetime.fromtimestamp(0, UTC))
    sandbox.faults.wrong_details = True
    end = run(order, work=lambda admin, job: audit_order(admin, job, intent))
    (result,) = end.results
    assert (result.outcome, result.next_step) == (
        Outcome.FAILED,
        "Run countermand audit again. If it happens again, look at the screenshots of this order.",
    )
    assert result.message.startswith(f"Order {order.order} could not be checked again: ")
    assert "list" not in result.message + result.next_step


def test_an_audit_that_does_not_find_the_order_speaks_of_no_list(
    run: Callable[..., RunEnd], job: MakeJob, admin: Admin
) -> None:
    run(job("unshipped_recent"))
    (intent,) = admin.ledger.intents.canceled_since(admin.name, datetime.fromtimestamp(0, UTC))
    end = run(job("unshipped_recent", order=UNKNOWN_ORDER), work=lambda admin, job: audit_order(admin, job, intent))
    (result,) = end.results
    assert (result.outcome, result.next_step) == (
        Outcome.NOT_FOUND,
        "It was canceled here earlier, so look it up in Seller Central; its store may have been renamed or removed "
        "since.",
    )


@pytest.mark.thorough
def test_an_audit_finds_what_the_next_import_brought_back(
    start: Callable[..., "subprocess.Popen[str]"], sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "jobs.yaml").write_text(job_list(), encoding="utf-8")

    def ended(*arguments: str) -> tuple[int, str]:
        process = start(tmp_path, *arguments)
        said, _ = process.communicate(timeout=HANGS)
        return process.returncode, said

    assert ended("run", "jobs.yaml", "--yes")[0] == 0
    (folder,) = (path.parent for path in tmp_path.glob("runs/*/run.json"))
    assert "not looked at again yet (countermand audit)" in (folder / "report.html").read_text(encoding="utf-8")

    sandbox.shop.order(US, ORDER).status = Status.UNSHIPPED
    status, said = ended("audit", "--since", "1h")
    assert status == 1
    assert "0 of 1 order still canceled, 1 needs a person" in said
    assert "1 order canceled less than 4 hours ago" in said
    assert "list" not in said
    assert "; REVERTED: read Unshipped at " in (folder / "report.html").read_text(encoding="utf-8")

    status, said = ended("status")
    assert "1 order canceled in the last 7 days; 0 still canceled when looked at again, 1 reverted" in said
    assert status == 0
    assert said.splitlines()[-3] == "1 order waiting for a person: look in Seller Central, then: countermand resolve"
    assert said.splitlines()[-2].startswith(f"  {ORDER}  {US}: Reverted: Amazon did not keep the cancel (Unshipped ")
    assert ended("resolve", ORDER, "--as", "canceled", "--note", "canceled in Seller Central")[0] == 0
    assert ended("status")[1].splitlines()[-1] == "Nothing waits for a person."
    assert [record.order for record in sandbox.journal.cancels] == [ORDER]

    verified = ended("verify", folder.name)
    assert verified[0] == 0, verified[1]
