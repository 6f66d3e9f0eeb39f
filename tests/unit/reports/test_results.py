import csv
import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest
from run_kit import run_info

from bot.errors import CannotStart, RunStopped
from bot.outcomes import OrderResult, Outcome
from bot.reports.results import read_run, write_results
from bot.vocabulary import Reason, Status

INFO = run_info("20260301-021405", admin="shop.example:8443")


def result(outcome: Outcome = Outcome.CANCELED, **facts: object) -> OrderResult:
    return OrderResult.model_validate(
        {
            "order": "112-1215998-3002091",
            "store": "Nordwind UK",
            "reason": Reason.BUYER_CANCELED,
            "outcome": outcome,
            "message": "The details page shows Canceled.",
        }
        | facts
    )


def cells(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def suite(folder: Path) -> ET.Element:
    return ET.fromstring((folder / "junit.xml").read_text(encoding="utf-8"))


def test_a_run_that_was_written_reads_back_the_same(tmp_path: Path) -> None:
    info = INFO.finished(datetime(2026, 3, 1, 2, 20, tzinfo=UTC), "The Admin went down.")
    results = (
        result(
            status_before=Status.UNSHIPPED,
            status_after=Status.CANCELED,
            seconds=4.25,
            evidence=("evidence/112-1215998-3002091/01-open_store.jpg",),
            note="Grüße, 見本",
        ),
        result(Outcome.SKIPPED, order="112-1215998-3002092", attempts=0),
    )

    write_results(tmp_path / "runs" / "one", info, results)

    assert read_run(tmp_path / "runs" / "one") == (info, results)


def test_writing_leaves_the_four_files_and_nothing_else(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [])
    write_results(tmp_path, INFO, [result()])

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "junit.xml",
        "results.csv",
        "results.json",
        "run.json",
    ]


def test_results_json_has_one_object_an_order_with_the_fields_by_name(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [result(status_before=Status.PARTIALLY_SHIPPED)])

    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == [
        {
            "order": "112-1215998-3002091",
            "store": "Nordwind UK",
            "reason": "BuyerCanceled",
            "outcome": "canceled",
            "status_before": "PartiallyShipped",
            "status_after": None,
            "message": "The details page shows Canceled.",
            "next_step": "",
            "attempts": 1,
            "seconds": 0.0,
            "evidence": [],
            "note": "",
        }
    ]


def test_the_csv_has_the_same_columns_and_joins_evidence_by_spaces(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [result(seconds=1.5, evidence=("evidence/a/1.jpg", "evidence/a/2.jpg"))])

    (row,) = cells(tmp_path)
    assert list(row) == list(OrderResult.model_fields)
    assert row["evidence"] == "evidence/a/1.jpg evidence/a/2.jpg"
    assert (row["order"], row["status_before"], row["seconds"]) == ("112-1215998-3002091", "", "1.5")


@pytest.mark.parametrize(
    ("note", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", " x"),
        ("\t=x", "' =x"),
        ("\rx", " x"),
        ("\r\n+x", "' +x"),
        ("  =1", "'  =1"),
        ('"=1', "'\"=1"),
        ("' =cmd|x", "'' =cmd|x"),
        ('" \n@x', "'\"  @x"),
        ("＝1", "'＝1"),
        ("\ufeff=1", "'=1"),
        ("\u202e=1", "'=1"),
        ("\x00\x1b[2J-1", "'-1"),
        ("\u200c=1", "'\u200c=1"),
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(tmp_path: Path, note: str, cell: str) -> None:
    write_results(tmp_path, INFO, [result(note=note)])

    assert cells(tmp_path)[0]["note"] == cell


@pytest.mark.parametrize("note", ["ticket 4711", "a=b", '"quoted"', "112-1215998-3002091", "", "two  spaces"])
def test_an_ordinary_cell_stays_as_it_is(tmp_path: Path, note: str) -> None:
    write_results(tmp_path, INFO, [result(note=note)])

    assert cells(tmp_path)[0]["note"] == note


def test_each_order_is_one_line_of_the_csv(tmp_path: Path) -> None:
    write_results(
        tmp_path, INFO, [result(message="Seen.\r\n112-1215998-3002099,Nordwind UK,NoInventory,canceled\u2028.")]
    )

    assert len((tmp_path / "results.csv").read_text(encoding="utf-8").splitlines()) == 2
    assert cells(tmp_path)[0]["message"] == "Seen. 112-1215998-3002099,Nordwind UK,NoInventory,canceled ."


def test_what_nobody_sees_is_escaped_in_the_json_and_reads_back_the_same(tmp_path: Path) -> None:
    words = "a\x00\x1b[31m\x7f\x85\x9b2Jb\u200f\u202ec\u2028\u3164\ufeff\U000e0041 Grüße\u200d"
    write_results(tmp_path, INFO, [result(note=words)])

    assert read_run(tmp_path)[1][0].note == words
    written = (tmp_path / "results.json").read_text(encoding="utf-8")
    assert (
        r'"note": "a\u0000\u001b[31m\u007f\u0085\u009b2Jb\u200f\u202ec\u2028\u3164\ufeff\udb40\udc41 Grüße'
        '\u200d"\n'
    ) in written


def test_junit_has_one_suite_and_one_case_an_order(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [result(seconds=4.25), result(order="112-1215998-3002092", seconds=1)])

    assert suite(tmp_path).tag == "testsuite"
    assert suite(tmp_path).attrib == {
        "name": "countermand run 20260301-021405",
        "tests": "2",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
        "time": "5.250",
        "timestamp": "2026-03-01T02:14:05+00:00",
        "hostname": "shop.example:8443",
    }
    assert [case.attrib for case in suite(tmp_path)] == [
        {"classname": "Nordwind UK", "name": "112-1215998-3002091", "time": "4.250"},
        {"classname": "Nordwind UK", "name": "112-1215998-3002092", "time": "1.000"},
    ]


@pytest.mark.parametrize(
    ("outcome", "element", "kind"),
    [
        (Outcome.CANCELED, "system-out", None),
        (Outcome.ALREADY_CANCELED, "system-out", None),
        (Outcome.WOULD_CANCEL, "system-out", None),
        (Outcome.SKIPPED, "skipped", None),
        (Outcome.FAILED, "error", "failed"),
        (Outcome.NOT_CANCELABLE, "failure", "not_cancelable"),
        (Outcome.NOT_FOUND, "failure", "not_found"),
        (Outcome.MISMATCH, "failure", "mismatch"),
        (Outcome.CANCELED_NOT_SENT, "failure", "canceled_not_sent"),
        (Outcome.REVERTED, "failure", "reverted"),
        (Outcome.UNKNOWN, "failure", "unknown"),
    ],
)
def test_junit_tells_each_outcome(tmp_path: Path, outcome: Outcome, element: str, kind: str | None) -> None:
    write_results(tmp_path, INFO, [result(outcome)])

    ((child,),) = suite(tmp_path)
    assert (child.tag, child.get("type")) == (element, kind)


def test_a_junit_failure_holds_the_message_and_the_next_step(tmp_path: Path) -> None:
    write_results(
        tmp_path,
        INFO,
        [result(Outcome.UNKNOWN, message="No answer <came>.", next_step="Look in Seller Central.")],
    )

    ((failure,),) = suite(tmp_path)
    assert failure.get("message") == "No answer <came>."
    assert failure.text == "No answer <came>.\nLook in Seller Central."
    assert suite(tmp_path).get("failures") == "1"


def test_characters_that_xml_cannot_hold_are_replaced(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [result(Outcome.FAILED, store="a\x00b", message="\x1b[31mred\ufffe")])

    (case,) = suite(tmp_path)
    assert case.get("classname") == "a\ufffdb"
    assert case[0].get("message") == "\ufffd[31mred\ufffd"


def test_half_a_surrogate_pair_from_a_page_does_not_cost_the_files(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [result(message="half \ud83d here")])

    assert read_run(tmp_path)[1][0].message == "half ? here"
    assert cells(tmp_path)[0]["message"] == "half \ufffd here"


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "results.csv").mkdir()
    (tmp_path / "results.csv" / "in the way").touch()

    with pytest.raises(RunStopped) as caught:
        write_results(tmp_path, INFO, [result()])

    assert caught.value.message.startswith(f"{tmp_path / 'results.csv'} could not be written: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "junit.xml",
        "results.csv",
        "results.json",
        "run.json",
    ]


def test_a_folder_that_does_not_exist_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        read_run(tmp_path / "none")

    assert caught.value.message == f"There is no folder {tmp_path / 'none'}."


def test_a_folder_of_something_else_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        read_run(tmp_path)

    assert caught.value.message == f"{tmp_path} is not the folder of a run: it has no run.json."


def test_a_run_without_results_is_said_so(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [])
    (tmp_path / "results.json").unlink()

    with pytest.raises(CannotStart) as caught:
        read_run(tmp_path)

    missing = tmp_path / "results.json"
    assert caught.value.message == f"{missing} is missing: this run was broken off before it was written."


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'[{"order": ', "is damaged: EOF while parsing a value at line 1 column 11."),
        (b"", "is damaged: EOF while parsing a value at line 1 column 0."),
        (b"\xff\xfe", "is damaged: expected value at line 1 column 1."),
        (b"[" * 5000, "is damaged: recursion limit exceeded at line 1 column 202."),
        (b"{}", "is not as this version writes it: the whole: Input should be a valid array."),
        (b"[{}]", "is not as this version writes it: [0].order: Field required."),
    ],
)
def test_damaged_results_are_said_so(tmp_path: Path, content: bytes, complaint: str) -> None:
    write_results(tmp_path, INFO, [])
    (tmp_path / "results.json").write_bytes(content)

    with pytest.raises(CannotStart) as caught:
        read_run(tmp_path)

    assert caught.value.message == f"{tmp_path / 'results.json'} {complaint}"


def test_results_that_an_editor_saved_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    write_results(tmp_path, INFO, [result()])
    path = tmp_path / "results.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert read_run(tmp_path)[1] == (result(),)
