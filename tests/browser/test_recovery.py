"""An order whose Confirm was pressed, or about to be, in a run that was cut off, and an order that is looked at again.

Here the ledger says that there was such a run; bots that really are killed are in ``test_chaos.py``.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from practice_kit import HANGS, ORDER, US, Cancels, MakeJob, Verdicts, job_list

from bot.admin import Admin
from bot.cancel.verdicts import LOOK_IN_SELLER_CENTRAL, Answer, Verdict
from bot.ledger import Intent
from bot.outcomes import Outcome
from bot.sandbox import Sandbox
from bot.vocabulary import Status


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
            "answered, and the order's page, opened now, says Canceled.",
            status_before=Status.CANCELED,
            status_after=Status.CANCELED,
        )
    ]
    assert (cancels(), admin.ledger.intents.waiting()) == ([], [])


def test_an_order_that_still_is_unshipped_long_after_a_crash_is_canceled_once(
    pressed: Callable[..., Intent], verdicts: Verdicts, job: MakeJob, cancels: Cancels, admin: Admin
) -> None:
    pressed()
    admin.recover_after = 0
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
    assert ended("audit", "--since", "1h")[0] == 1
    assert "; REVERTED: read Unshipped at " in (folder / "report.html").read_text(encoding="utf-8")

    status, said = ended("status")
    assert "1 order canceled in the last 7 days; 0 still canceled when looked at again, 1 reverted" in said
    assert (status, said.splitlines()[-1]) == (0, "Nothing waits for a person.")
    assert [record.order for record in sandbox.journal.cancels] == [ORDER]

    verified = ended("verify", folder.name)
    assert verified[0] == 0, verified[1]
