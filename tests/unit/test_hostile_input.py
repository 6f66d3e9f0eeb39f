"""Text that means to do harm, whichever way it comes in: what a run writes and says stays harmless.

The texts are those of ``docs/hostile-input.md``; how pages behave that lie is in ``tests/browser``.
"""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from admin_kit import PagelessAdmin
from loguru import logger
from run_kit import run_info

from bot.admin.recorder import NoRecorder
from bot.cancel.verdicts import Verdict
from bot.errors import InputInvalid, Mismatch, PageTrouble
from bot.evidence.store import LocalStore
from bot.joblist import Job, read_job_list
from bot.ledger import Event, Ledger
from bot.outcomes import Outcome
from bot.reports.progress import PlainProgress, Progress, make_progress
from bot.reports.report import write_report
from bot.reports.results import read_run, write_results
from bot.runner import InProcessWorker, RunLimits, Runner, WorkerOptions
from bot.runner.logs import log_to
from bot.vocabulary import Reason

FIRST, SECOND, THIRD = (f"112-1215998-300209{number}" for number in (1, 2, 3))
INFO = run_info(version="0")
LONG = 10_000_000

HOSTILE = {
    "HTML": """'"><img src=x onerror="document.title = 'run'"><a href="javascript:document.title = 'run'">x</a>""",
    "a script": "</script></style></title><script>document.title = 'run'</script>{{ 7 * 7 }}{% raw %}<!--",
    "terminal codes": "\x1b[31m\x1b]0;title\x07\x1b]8;;http://x\x1b\\y\x9b2J\x90q\x9c\x08\x7f\x1b",
    "markup of the terminal": "[bold red]x[/] [link=http://x]y[/link] <red>z</red> {} {0} %s",
    "a formula": '=HYPERLINK("http://x"&A1)',
    "a formula with +": "+1+cmd|' /C calc'!A0",
    "a formula with -": "-1",
    "a formula with @": "@SUM(1)",
    "a formula behind a tab": "\t=1+1",
    "a formula behind a line break": "\r=1+1",
    "a formula behind what nobody sees": "\u202e\u200b\u200d=1+1",
    "a full-width formula": "＝1+1",
    "a path": "../../../etc/x",
    "a path on Windows": "C:\\x\\..\\y:stream",
    "a reserved name": "NUL",
    "a path with NUL": "evidence/\x00/../x.jpg",
    "turned around": "Nord\u202ednuw\u202c \u2066abc\u2069 \u200f\u061cgpj.exe",
    "what nobody sees": "a\u200b\u00ad\u2060\ufeff\u3164\uffa0\U000e0041b",
    "marks inside words": "a\u200fb\u061cc\u200bd\u00ade\u3164f\u2060g",
    "half a character": "\ud83d and \udc00",
    "line breaks": "a\nb\r\nc\rd\x0be\x0cf\x1cg\x85h\u2028i\u2029j",
    "JSON": '"}],"outcome":"canceled"}\\u0000',
    "XML": "]]><testcase/><!ENTITY x SYSTEM 'file:///etc/x'>&x;",
    "a row of the CSV": 'x"\r\n112-1215998-3002099,Nordwind UK,NoInventory,canceled',
    "10 MB": "A" * LONG,
    "10 MB of terminal codes": "\x1b[31m\x1b]" * (LONG // 7),
}
RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What may stand raw in no file and on no terminal; of line breaks only the line feed."""
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What the live display itself sends to a terminal."""

each = pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=name, marks=[pytest.mark.thorough] if len(text) >= LONG // 2 else [])
        for name, text in HOSTILE.items()
    ],
)


class Folder:
    """A run of three orders whose pages, answers and list say ``text`` wherever they can, and the files of it."""

    def __init__(self, folder: Path, text: str, progress: Progress, first: Job | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder
        jobs = [Job(order=order, store="Nordwind UK", reason=Reason.NO_INVENTORY) for order in (FIRST, SECOND, THIRD)]
        if first:
            jobs[0] = first
        admin: Any = PagelessAdmin(INFO.admin)

        def work(_: object, job: Job) -> Verdict:
            ledger.trail.note(Event.STEP, order=job.order, step=text[:1_000])  # what a field reads as is no longer
            logger.bind(step=text).warning("the page says {}", text)
            if job.order == FIRST:
                raise Mismatch(what=text)
            if job.order == SECOND:
                raise PageTrouble(reason=text)
            return Verdict(outcome=Outcome.UNKNOWN, message=text, next_step=text)

        with (
            log_to(folder / "log.jsonl", secrets=(), say=progress.say),
            Ledger.open(folder / "ledger.sqlite") as ledger,
        ):
            ledger.trail.copy_to(folder)
            worker = InProcessWorker(
                work=work,
                open_admin=lambda: nullcontext(admin),
                ledger=ledger,
                recorder=NoRecorder(),
                options=WorkerOptions(attempts=1),
            )
            runner = Runner(worker, ledger=ledger, progress=progress, limits=RunLimits(max_failures=5))
            info = INFO.model_copy(update=dict.fromkeys(("account", "job_list"), text[:10_000]))
            end = runner.run(info, jobs)
        progress.run_finished(end.info, end.results)
        write_results(folder, end.info, end.results)
        write_report(folder, end.info, end.results, LocalStore(folder), {FIRST: text[:10_000]})
        self.results = end.results

    def read(self, name: str) -> str:
        return (self.path / name).read_bytes().decode()  # strictly: what is no UTF-8 fails here


@pytest.fixture(
    scope="module",
    params=[
        # Of the two that are as long, the one that says more.
        pytest.param(text, id=name, marks=[pytest.mark.thorough] if name == "10 MB" else [])
        for name, text in HOSTILE.items()
    ],
)
def said_and_written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Folder]:
    """What a run with one of the hostile texts said in plain lines, and its folder."""
    stream = io.StringIO()
    folder = Folder(tmp_path_factory.mktemp("run"), request.param, PlainProgress(stream))
    return stream.getvalue(), folder


@pytest.mark.slow("writes megabytes")
def test_the_files_of_a_run_have_the_names_that_they_always_have(said_and_written: tuple[str, Folder]) -> None:
    _, run = said_and_written
    found = {path.name for path in run.path.rglob("*")}
    assert found - {"ledger.sqlite-wal", "ledger.sqlite-shm"} == {
        *("report.html", "run.json", "results.json", "results.csv", "junit.xml", "log.jsonl", "trail.jsonl"),
        "ledger.sqlite",
    }


def test_nothing_that_nobody_sees_stands_raw_in_a_file_and_none_grows(said_and_written: tuple[str, Folder]) -> None:
    _, run = said_and_written
    for name in ("report.html", "run.json", "results.json", "results.csv", "junit.xml", "log.jsonl", "trail.jsonl"):
        text = run.read(name).replace("\r\n", "\n") if name == "results.csv" else run.read(name)
        assert (name, RAW.findall(text)) == (name, [])
        assert len(text) < 400_000, name


def test_what_is_said_cannot_steer_a_terminal(said_and_written: tuple[str, Folder]) -> None:
    said, _ = said_and_written
    assert RAW.findall(said) == []
    assert [line[:5] for line in said.splitlines()] == [
        *("Run: ", "- the", "[1/3]", "- the", "- ord", "[2/3]", "- the", "[3/3]", "0 of ", "Needs"),
    ]
    assert len(said) < 40_000


def test_every_order_is_one_row_of_the_csv_and_no_cell_is_a_formula(said_and_written: tuple[str, Folder]) -> None:
    _, run = said_and_written
    header, *rows = csv.reader(io.StringIO(run.read("results.csv"), newline=""))
    assert [row[0] for row in rows] == [FIRST, SECOND, THIRD]
    assert {len(row) for row in rows} == {len(header)}
    assert len(run.read("results.csv").splitlines()) == 4
    assert not [cell for row in rows for cell in row if re.match(r"[\s\"\u200b-\u200d\ufeff]*[=+\-@＝＋－＠]", cell)]


def test_junit_has_the_orders_and_nothing_else(said_and_written: tuple[str, Folder]) -> None:
    _, run = said_and_written
    suite = ET.fromstring(run.read("junit.xml"))
    assert [element.tag for element in suite.iter()] == [
        "testsuite",
        *("testcase", "failure"),
        *("testcase", "error"),
        *("testcase", "failure"),
    ]
    assert [case.get("name") for case in suite] == [FIRST, SECOND, THIRD]


def test_the_json_files_read_back_and_each_line_of_the_log_is_an_object(said_and_written: tuple[str, Folder]) -> None:
    _, run = said_and_written
    _, results = read_run(run.path)
    assert [(result.order, result.outcome) for result in results] == [
        (FIRST, Outcome.MISMATCH),
        (SECOND, Outcome.FAILED),
        (THIRD, Outcome.UNKNOWN),
    ]
    logged = [json.loads(line) for line in run.read("log.jsonl").splitlines()]
    assert [entry["level"] for entry in logged] == ["warning", "info", *["warning"] * 2, "info", "warning", "info"]
    trail = [json.loads(line)["event"]["number"] for line in run.read("trail.jsonl").splitlines()]
    assert trail == list(range(1, len(trail) + 1))


def test_nothing_in_the_report_is_markup(said_and_written: tuple[str, Folder]) -> None:
    _, run = said_and_written
    elements: list[tuple[str, dict[str, str | None]]] = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attrs: elements.append((tag, dict(attrs)))  # type: ignore[method-assign]
    reader.feed(run.read("report.html"))
    assert [tag for tag, _ in elements].count("script") == 1
    assert [tag for tag, _ in elements if tag in {"iframe", "object", "embed", "svg", "testcase"}] == []
    assert [name for _, attributes in elements for name in attributes if name.startswith("on")] == []
    links = [str(attributes[name]) for _, attributes in elements for name in ("href", "src") if name in attributes]
    assert [link for link in links if link and not link.startswith("#order-")] == []


@each
def test_on_a_terminal_only_the_display_itself_sends_codes(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    Folder(tmp_path, text, make_progress(stream))
    left = COLOURS.sub("", stream.getvalue()).replace("\r", "")
    assert RAW.findall(left) == []
    assert len(stream.getvalue()) < 400_000


# --- The list -----------------------------------------------------------------------------------------------------


LISTED = {"order": FIRST, "store": "Nordwind UK", "reason": "NoInventory", "note": "", "buyer": "", "total": ""}


def yaml_list(listed: dict[str, str]) -> str:
    """The list of one order, every value of it in double quotes and escapes."""
    written = {
        key: '"' + "".join(rf"\U{ord(sign):08x}" for sign in value) + '"' for key, value in listed.items() if value
    }
    expected = ", ".join(f"{key}: {written.pop(key)}" for key in ("buyer", "total") if key in written)
    return "orders:\n- " + "\n  ".join(
        [*(f"{key}: {value}" for key, value in written.items()), f"expect: {{{expected}}}"]
    )


def csv_list(listed: dict[str, str]) -> str:
    page = io.StringIO(newline="")
    csv.writer(page).writerows([listed.keys(), listed.values()])
    return page.getvalue()


def check_said(said: str) -> None:
    assert RAW.findall(said) == []
    assert len(said) < 20_000


@each
@pytest.mark.parametrize(("name", "write"), [("jobs.yaml", yaml_list), ("jobs.csv", csv_list)], ids=["YAML", "CSV"])
def test_what_a_list_says_is_refused_in_plain_words_or_carried_harmlessly(
    name: str, write: Callable[[dict[str, str]], str], text: str, tmp_path: Path
) -> None:
    if write is yaml_list:
        text = text[:1_000_000]  # each sign takes ten in escapes
    accepted: dict[str, str] = {}
    for key in LISTED if len(text) < 1_000_000 else ["note"]:
        (tmp_path / name).write_bytes(write(LISTED | {key: text}).encode(errors="replace"))
        try:
            read_job_list(tmp_path / name)
        except InputInvalid as refused:
            check_said(str(refused))
        else:
            assert key in {"note", "store", "buyer"}
            accepted[key] = text
    if not accepted:
        return
    (tmp_path / name).write_bytes(write(LISTED | accepted).encode(errors="replace"))
    (job,) = read_job_list(tmp_path / name).jobs
    run = Folder(tmp_path / "run", "", PlainProgress(said := io.StringIO()), job)
    check_said(said.getvalue())
    assert (run.results[0].store, run.results[0].note) == (job.store, job.note)
    for file in ("report.html", "results.json", "results.csv", "junit.xml", "log.jsonl"):
        assert RAW.findall(run.read(file).replace("\r\n", "\n")) == []
