"""A run of this version in the folder of a person who worked with 0.1.0: with their settings, pack and ledger."""

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from practice_kit import HANGS, ORDER, US, Cancels, Start, job_list

from bot.ledger import Ledger
from bot.reports.results import read_run
from bot.sandbox import Face, Sandbox
from bot.vocabulary import Status

DATA = Path(__file__).resolve().parents[1] / "upgrade" / "countermand-0.1.0.zip"
KILLED, NOT_SENT, NEW = "112-6177312-0215004", "111-1071022-7105011", "112-1215998-3002089"


@pytest.mark.slow("a run of several orders in a process of its own")
@pytest.mark.face(Face.PLAIN, only=True)
def test_what_an_older_version_pressed_is_settled_and_not_pressed_again(
    start: Start, sandbox: Sandbox, cancels: Cancels, tmp_path: Path
) -> None:
    with zipfile.ZipFile(DATA) as data:
        data.extractall(tmp_path)
    ledger = tmp_path / "runs" / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as connection, connection:  # this practice Admin is at another port
        connection.execute("UPDATE intents SET admin = ?", [urlsplit(sandbox.url).netloc])
    for order in (ORDER, KILLED):
        sandbox.shop.order(US, order).status = Status.CANCELED
    (tmp_path / "again.yaml").write_text(job_list(ORDER, KILLED, NEW, store=US), encoding="utf-8")

    process = start(tmp_path, "run", "again.yaml", "--yes")
    said, complained = process.communicate(timeout=HANGS)

    assert (process.returncode, complained) == (0, ""), said
    folder = max(path.parent for path in tmp_path.glob("runs/*/run.json"))
    _, results = read_run(folder)
    assert [(result.order, result.outcome) for result in results] == [
        (ORDER, "already_canceled"),
        (KILLED, "canceled"),
        (NEW, "canceled"),
    ]
    assert cancels() == [(NEW, US, "BuyerCanceled", "Unshipped")]
    with Ledger.open(ledger) as upgraded:
        assert [intent.order for intent in upgraded.intents.waiting()] == [NOT_SENT]
