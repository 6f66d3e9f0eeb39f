"""Pages that lie about what would be pressed, or say what means to do harm: nothing runs, nothing wrong is pressed.

What is written of such texts in all their kinds is in ``tests/unit/test_hostile_input.py``; the table of them all is
``docs/hostile-input.md``.
"""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from practice_kit import (
    HANGS,
    RUN_AGAIN,
    AtStep,
    Cancels,
    MakeJob,
    Start,
    Verdicts,
    arrived,
    failed,
    refused,
)

from bot.admin import Admin
from bot.admin.camera import LONGEST_PAGE
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.reports.report import write_report
from bot.sandbox import Sandbox, channel
from bot.vocabulary import Reason, Status

pytestmark = pytest.mark.sampled(4)

LONG = 10_000_000

MARKUP = (
    """'"></script><script>window.ran = 1</script><img src=x onerror="window.ran = 1"><svg onload="window.ran = 1">"""
)
HOSTILE = f"=1+1 {MARKUP}\x1b[31m\x1b]0;title\x07\x9b2J\u202e\u2028../../x\r\n112-1215998-3002099,canceled"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What may stand raw in no file and on no terminal."""


# --- The page lies about what would be pressed --------------------------------------------------------------------


@pytest.fixture
def in_the_dialog(admin: Admin, at_step: AtStep) -> Callable[[str], None]:
    """Has a script run right before Confirm; ``dialog`` is the dialog and ``confirm`` its button."""

    def prepare(script: str) -> None:
        around = f"""() => {{
            const dialog = document.querySelector("section[role=dialog], dialog[open]");
            const confirm = [...dialog.querySelectorAll("button")].find((one) => one.textContent.trim() === "Confirm");
            {script}
        }}"""
        at_step["press_confirm"] = lambda: admin.page.evaluate(around)

    return prepare


NOT_ONCE = "The cancel dialog has changed unexpectedly: The button Confirm is not there, exactly once, in the dialog."
TWICE = "The cancel dialog: confirm (cancels the order; cannot be undone) was found 2 times, so none of them was used."


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        pytest.param("second.style.display = 'none'", TWICE, id="hidden"),
        pytest.param(
            "second.setAttribute('aria-hidden', 'true')",
            TWICE,
            id="hidden from screen readers",
            marks=pytest.mark.thorough,
        ),
        pytest.param("second.style.visibility = 'hidden'", TWICE, id="invisible", marks=pytest.mark.thorough),
        pytest.param("second.style = 'position: absolute; width: 0; padding: 0; overflow: hidden'", None, id="tiny"),
        pytest.param("second.style.opacity = 0", NOT_ONCE, id="see-through", marks=pytest.mark.thorough),
        pytest.param("second.style = 'position: fixed; left: -5000px'", NOT_ONCE, id="beside the window"),
    ],
)
def test_a_second_confirm_in_the_dialog_leaves_both_alone_although_it_is_hidden(
    verdicts: Verdicts,
    job: MakeJob,
    sandbox: Sandbox,
    in_the_dialog: Callable[[str], None],
    lie: str,
    message: str | None,
) -> None:
    in_the_dialog(f"const second = confirm.cloneNode(true); {lie}; confirm.after(second);")
    (verdict,) = verdicts(job("unshipped_recent"))
    assert (verdict.outcome, verdict.next_step) == (Outcome.FAILED, RUN_AGAIN)
    assert verdict.message in ([message] if message else [TWICE, NOT_ONCE])
    assert "cancelOrder" not in sandbox.journal.operations


def test_a_confirm_outside_the_dialog_is_none(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, in_the_dialog: Callable[[str], None]
) -> None:
    in_the_dialog("document.body.append(confirm);")
    assert verdicts(job("unshipped_recent")) == [failed(NOT_ONCE)]
    assert "cancelOrder" not in sandbox.journal.operations


def test_with_two_dialogs_neither_is_used(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, in_the_dialog: Callable[[str], None]
) -> None:
    in_the_dialog("""
        const second = dialog.cloneNode(true);
        dialog.parentElement.append(second);
        if (second.showModal) { second.removeAttribute("open"); second.showModal(); }
    """)
    assert verdicts(job("unshipped_recent")) == [
        failed("The cancel dialog has changed unexpectedly: There is not exactly one dialog open.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


LAY_OVER = """([number, other]) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const boxes = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.data.trim() !== number) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        boxes.push(range.getBoundingClientRect());
    }
    for (const { left, top, width, height } of boxes) {
        const over = Object.assign(document.createElement("div"), { textContent: other });
        over.style = "position: absolute; z-index: 99999; background: white; pointer-events: none"; // it scrolls along
        Object.assign(over.style, { left: `${left + scrollX}px`, top: `${top + scrollY}px` });
        Object.assign(over.style, { width: `${width}px`, height: `${height}px` });
        document.body.append(over);
    }
}"""
"""Lays a box with another number over every place where a number stands."""


@pytest.mark.parametrize("step", ["open_cancel_dialog", "press_confirm"])
def test_a_number_that_is_laid_over_the_orders_own_is_a_mismatch(
    verdicts: Verdicts, job: MakeJob, sandbox: Sandbox, admin: Admin, at_step: AtStep, step: str
) -> None:
    order, other = job("unshipped_recent").order, "112-1215998-3002089"
    at_step[step] = lambda: admin.page.evaluate(LAY_OVER, [order, other])
    assert verdicts(job("unshipped_recent"), attempts=3) == [
        refused(f"The page of order {order} shows the number of another order as well: {other}.")
    ]
    assert "cancelOrder" not in sandbox.journal.operations


def test_another_orders_number_in_a_note_is_no_mismatch(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox
) -> None:
    sandbox.shop.example("unshipped_recent").notes = "Sent again as 112-1215998-3002089."
    order = job("unshipped_recent")
    assert [verdict.outcome for verdict in verdicts(order)] == [Outcome.CANCELED]
    assert cancels() == arrived(order)


# --- The page says what means to do harm ---------------------------------------------------------------------------


@pytest.mark.thorough
def test_ten_megabytes_in_a_name_and_in_notes_are_cut_and_hold_nothing_up(
    verdicts: Verdicts, job: MakeJob, cancels: Cancels, sandbox: Sandbox, admin: Admin, tmp_path: Path
) -> None:
    long = sandbox.shop.example("unshipped_recent")
    long.buyer, long.notes = "B" * LONG, "N" * LONG
    admin.recorder = Recorder(LocalStore(tmp_path))
    admin.reload()
    assert verdicts(job("unshipped_recent", expect={"buyer": "Michael Blankenship"})) == [
        refused("The buyer's name on the order's page is not the one that the job list expects.")
    ]
    (words,) = tmp_path.rglob("*.txt")
    text = words.read_text(encoding="utf-8")
    assert "Order details" in text
    assert len(text) < LONGEST_PAGE
    assert not re.search("BBBB|NNNN", text)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.jpg")) < 2_000_000
    assert cancels() == []


@pytest.fixture
def hostile_shop(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Four orders of a store with a hostile name; each has hostile words in another place. Gives their numbers."""
    store = sandbox.shop.example("unshipped_recent").store
    numbers = [order.number for order in sandbox.shop.select(store=store, status=Status.UNSHIPPED)[:4]]
    status, total, reasons, answer = numbers
    details, store_data, answer_of = channel.details_data, channel._store_data, channel.Channel.answer

    def hostile_details(order: Any, session: Any) -> dict[str, Any]:
        changed = {status: {"status": HOSTILE}, total: {"total": HOSTILE}}.get(order.number, {})
        return details(order, session) | {"buyer": order.buyer, "notes": HOSTILE} | changed

    def hostile_store(of: Any) -> dict[str, Any]:
        return store_data(of) | ({"name": f"=1+1{MARKUP}"} if of.name == store else {})

    def hostile_answer(self: Any, operation: str, variables: Any, session: Any) -> dict[str, Any]:
        answered = answer_of(self, operation, variables, session)
        if operation == "cancelReasons" and variables["orderId"] == reasons:
            answered[operation]["reasons"] = [{"code": "NoInventory", "label": HOSTILE}]
        if operation == "cancelOrder" and variables["orderId"] == answer:
            raise channel.ChannelError(HOSTILE + "A" * 100_000)
        return answered

    monkeypatch.setattr(channel, "details_data", hostile_details)
    monkeypatch.setattr(channel, "_store_data", hostile_store)
    monkeypatch.setattr(channel.Channel, "answer", hostile_answer)
    return numbers


@pytest.mark.thorough
def test_a_run_on_a_hostile_page_writes_and_says_only_what_is_harmless(
    hostile_shop: list[str], start: Start, cancels: Cancels, tmp_path: Path, page: Page
) -> None:
    listed = {"store": f"=1+1{MARKUP}", "reason": "BuyerCanceled", "orders": hostile_shop}
    (tmp_path / "jobs.yaml").write_text(json.dumps(listed), encoding="utf-8")
    said, complained = start(tmp_path, "run", "--yes", "jobs.yaml", ATTEMPTS="1").communicate(timeout=HANGS)
    (folder,) = (path.parent for path in tmp_path.glob("runs/*/run.json"))

    def read(name: str) -> str:
        return (folder / name).read_bytes().decode()

    results = json.loads(read("results.json"))
    assert [(result["order"], result["outcome"]) for result in results] == list(
        zip(hostile_shop, ["not_cancelable", "mismatch", "failed", "canceled_not_sent"], strict=True)
    )
    assert [number for number, *_ in cancels()] == hostile_shop[3:]
    assert all("window.ran" in result["message"] for result in results)

    names = ["report.html", "run.json", "results.json", "junit.xml", "log.jsonl", "trail.jsonl"]
    texts = [said, complained, read("results.csv").replace("\r\n", "\n"), *map(read, names)]
    assert [RAW.findall(text) for text in texts] == [[]] * len(texts)
    assert [text for text in texts[3:] if len(text) > 3_000_000] == []  # the report holds the pictures
    assert sum(path.stat().st_size for path in (folder / "evidence").rglob("*.txt")) < 4 * LONGEST_PAGE

    _, *rows = csv.reader(io.StringIO(read("results.csv"), newline=""))
    assert [row[0] for row in rows] == hostile_shop
    assert not [cell for row in rows for cell in row if re.match(r"[\s\"]*[=+\-@]", cell)]
    assert [case.get("name") for case in ET.fromstring(read("junit.xml"))] == hostile_shop
    assert {path.name.partition(".")[0] for path in (folder / "evidence").iterdir()} == {"session", *hostile_shop}

    page.goto((folder / "report.html").as_uri())
    page.get_by_role("button", name="Open all", exact=True).click()
    expect(page.locator("details.order[open]")).to_have_count(4)
    assert page.evaluate("window.ran") is None
    assert page.locator("svg, iframe, script").count() == 1


@pytest.mark.parametrize("words", [MARKUP, HOSTILE, "javascript:window.ran=1", "{{ 7 }}", "&lt;script&gt;"])
def test_in_the_report_hostile_words_are_words(page: Page, tmp_path: Path, words: str) -> None:
    result = OrderResult(
        order="112-1215998-3002091",
        store=words,
        reason=Reason.NO_INVENTORY,
        outcome=Outcome.UNKNOWN,
        message=words,
        next_step=words,
        note=words,
        evidence=("evidence/x/01-page.txt", words, f"{words}.jpg", f"{words}.txt"),
    )
    (tmp_path / "evidence" / "x").mkdir(parents=True)
    (tmp_path / "evidence" / "x" / "01-page.txt").write_text(words, encoding="utf-8")
    facts = dict.fromkeys(
        ("run_id", "command", "admin", "account", "pack", "job_list", "version", "stopped_early"), words
    )
    info = RunInfo.model_validate(facts | {"started_at": "2026-03-01T02:14:05Z"})
    page.goto(write_report(tmp_path, info, [result], LocalStore(tmp_path), {result.order: words}).as_uri())
    seen = " ".join(words.split()) if words != HOSTILE else MARKUP
    page.get_by_text("The page in words: Page").click()
    expect(page.locator("details.text pre")).to_contain_text(seen)
    expect(page.locator("p.next")).to_contain_text(seen)
    assert page.evaluate("window.ran") is None
    assert page.locator("script").count() == 1
    assert page.locator("svg, iframe, [onerror], [onload], a[href^=javascript]").count() == 0
