import base64
import os
import re
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from run_kit import ORDER, run_info

from bot.evidence.store import LocalStore
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.reports import report, shown_evidence
from bot.reports.report import write_report
from bot.vocabulary import Reason, Status

INFO = run_info(
    "20260301-021405",
    admin="shop.example:8443",
    account="night-desk",
    finished_at=datetime(2026, 3, 1, 2, 16, 36, tzinfo=UTC),
)


class Reader(HTMLParser):
    """The page's text, with the attributes of every element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key.strip("_")) == value for key, value in attributes.items())
        ]


def result(outcome: Outcome = Outcome.CANCELED, **facts: object) -> OrderResult:
    return OrderResult.model_validate(
        {
            "order": ORDER,
            "store": "Nordwind UK",
            "reason": Reason.BUYER_CANCELED,
            "outcome": outcome,
            "message": "The details page shows Canceled.",
        }
        | facts
    )


def put(folder: Path, name: str, content: bytes = b"\xff\xd8 a picture") -> str:
    path = folder / "evidence" / ORDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return f"evidence/{ORDER}/{name}"


def read(folder: Path, *results: OrderResult, info: RunInfo = INFO) -> Reader:
    return Reader(write_report(folder, info, results, LocalStore(folder)).read_text(encoding="utf-8"))


def test_the_report_lies_in_the_run_folder_alone(tmp_path: Path) -> None:
    assert write_report(tmp_path, INFO, [], LocalStore(tmp_path)) == tmp_path / "report.html"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_header_tells_the_facts_of_the_run(tmp_path: Path) -> None:
    page = read(tmp_path, result())

    assert page.text.startswith(
        "Countermand report 20260301-021405 Countermand · report of a run 1 of 1 order canceled "
        "Admin shop.example:8443 Account night-desk Job list jobs.yaml Command run "
        "Started 2026-03-01 02:14:05 UTC Finished 2026-03-01 02:16:36 UTC Took 2 min 31 s "
        "Screens asc-4.3 Buyers' data masked in the pictures Run 20260301-021405 Countermand 0.1.0"
    )


def test_times_keep_the_zone_that_they_were_taken_in(tmp_path: Path) -> None:
    local = datetime(2026, 3, 1, 2, 14, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    page = read(tmp_path, info=INFO.model_copy(update={"started_at": local}))

    assert "Started 2026-03-01 02:14:05 UTC+05:30" in page.text


def test_blocked_requests_are_told_by_host(tmp_path: Path) -> None:
    info = INFO.model_copy(update={"blocked": {"fonts.example": 1200, "<b>stats.example": 3}})
    assert "Blocked requests 1,200 to fonts.example, 3 to <b>stats.example Run" in read(tmp_path, info=info).text


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("plan", "This was a plan: it only read the Admin. Nothing was canceled."),
        ("dry run", "This was a dry run: every dialog was left before Confirm. Nothing was canceled."),
        ("demo", "This was a practice run on the practice Admin. No real order was touched."),
    ],
)
def test_a_run_that_canceled_nothing_real_says_so(tmp_path: Path, command: str, sentence: str) -> None:
    assert sentence in read(tmp_path, info=INFO.model_copy(update={"command": command})).text


def test_a_real_run_that_canceled_nothing_has_no_notice(tmp_path: Path) -> None:
    assert read(tmp_path, result(Outcome.NOT_FOUND)).all("p", class_="notice") == []


def test_a_run_that_canceled_something_says_what_is_known_of_amazon_and_when_to_look_again(tmp_path: Path) -> None:
    page = read(tmp_path, result(), result(Outcome.REVERTED))
    assert len(page.all("p", class_="notice")) == 1
    assert (
        "The Admin accepted 1 cancel and put it into its queue; its cron job tells Amazon later, and shows nothing if "
        "that fails: run countermand audit 4 hours after this run."
    ) in page.text
    assert "1 Canceled in the Admin; Amazon is told later 1 Needs a person look in Seller Central" in page.text


def test_an_audit_counts_what_is_still_canceled_and_names_no_list(tmp_path: Path) -> None:
    info = INFO.model_copy(update={"command": "audit", "job_list": "canceled in the last 24h"})
    page = read(tmp_path, *map(result, (Outcome.ALREADY_CANCELED, Outcome.REVERTED, Outcome.FAILED)), info=info)
    assert (
        "1 Still canceled by the Admin's page, opened again 1 Needs a person look in Seller Central "
        "1 Not looked at again nothing was pressed 0 Skipped the run got to every order"
    ) in page.text
    assert "Orders canceled in the last 24h" in page.text
    assert "Reverted: Amazon did not keep the cancel" in page.text
    assert "list" not in page.text.partition("Reverted: Amazon did not keep the cancel")[0].lower()
    assert "disagrees" not in page.text


def test_a_plan_never_counts_an_order_as_canceled(tmp_path: Path) -> None:
    page = read(tmp_path, result(Outcome.WOULD_CANCEL), info=INFO.model_copy(update={"command": "plan"}))

    assert "1 Would be canceled nothing was pressed 0 Need a person" in page.text


def test_a_run_that_stopped_early_says_why(tmp_path: Path) -> None:
    page = read(tmp_path, info=INFO.model_copy(update={"stopped_early": "The Admin went down."}))

    assert "The run stopped before the end of the list. The Admin went down." in page.text


def test_a_run_that_has_not_finished_says_so(tmp_path: Path) -> None:
    page = read(tmp_path, info=INFO.model_copy(update={"finished_at": None}))

    assert "This run has not finished." in page.text
    assert "Finished not finished Screens asc-4.3" in page.text


def test_readable_buyers_data_is_warned_of(tmp_path: Path) -> None:
    page = read(tmp_path, info=INFO.model_copy(update={"unmasked": True}))

    assert "Buyers' names and addresses are readable in the pictures." in page.text
    assert "Buyers' data readable in the pictures" in page.text


def test_the_figures_count_every_order_once(tmp_path: Path) -> None:
    page = read(tmp_path, *(result(outcome) for outcome in Outcome if outcome is not Outcome.WOULD_CANCEL))

    assert (
        "2 Canceled 1 of them before this run 3 Need a person look in Seller Central "
        "4 Not canceled nothing was pressed 1 Skipped the run did not get to them"
    ) in page.text


def test_orders_that_need_a_person_are_named_with_their_next_step(tmp_path: Path) -> None:
    page = read(tmp_path, result(Outcome.UNKNOWN, message="No answer.", next_step="Look it up."), result())

    assert (
        "Needs a person: 1 order Do not run it again before somebody has looked in Seller Central. "
        f"{ORDER} Nordwind UK Look it up. Unknown: a person must look. No answer."
    ) in page.text
    assert page.all("a", href="#order-1")


def test_nothing_is_said_of_persons_when_nothing_is_in_doubt(tmp_path: Path) -> None:
    assert "Needs a person" not in read(tmp_path, result()).text


def test_an_order_tells_everything_that_is_known_of_it(tmp_path: Path) -> None:
    page = read(
        tmp_path,
        result(
            Outcome.NOT_CANCELABLE,
            status_before=Status.PARTIALLY_SHIPPED,
            message="Its status is partially shipped.",
            next_step="Cancel it in Seller Central.",
            attempts=2,
            seconds=4.24,
            note="ticket 4711",
        ),
    )

    assert (
        "Its status is partially shipped. Cannot be canceled here. Its status does not allow a cancel in the "
        "Admin. Nothing was pressed. Next step: Cancel it in Seller Central. Status Partially shipped "
        "Reason Buyer Canceled Store Nordwind UK Attempts 2 Time 4.2 s Note from the list ticket 4711"
    ) in page.text


def test_only_orders_that_need_attention_are_open(tmp_path: Path) -> None:
    page = read(tmp_path, *(result(outcome) for outcome in Outcome))

    opened = [order["data-outcome"] for order in page.all("details", class_="order") if "open" in order]
    assert opened == ["not_cancelable", "not_found", "mismatch", "canceled_not_sent", "reverted", "unknown", "failed"]


def test_many_orders_that_were_not_canceled_stay_closed(tmp_path: Path) -> None:
    page = read(tmp_path, result(Outcome.UNKNOWN), *[result(Outcome.NOT_FOUND)] * (report.OPEN_LIMIT + 1))

    opened = [order["data-outcome"] for order in page.all("details", class_="order") if "open" in order]
    assert opened == ["unknown"]


def test_pictures_are_inside_and_labelled_by_step(tmp_path: Path) -> None:
    content = b"\xff\xd8 jpeg"
    page = read(tmp_path, result(evidence=[put(tmp_path, "07-choose_reason.jpg", content)]))

    assert page.all("img")[0] == {
        "src": f"data:image/jpeg;base64,{base64.b64encode(content).decode()}",
        "alt": "",
    }
    assert page.all("button", class_="shot")[0]["aria-label"] == "Enlarge picture 1: Choose reason"


def test_texts_are_shown_word_for_word(tmp_path: Path) -> None:
    page = read(tmp_path, result(evidence=[put(tmp_path, "08-page.txt", b"- button <Confirm>\n\xff\x1b[2J")]))

    assert "The page in words: Page - button <Confirm> \ufffd" in page.text


def test_a_long_text_is_cut_and_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_evidence, "TEXT_LIMIT", 5)
    page = read(tmp_path, result(evidence=[put(tmp_path, "08-page.txt", b"123456789")]))

    assert "12345 Cut here. Open the whole text" in page.text
    assert page.all("a", href=f"evidence/{ORDER}/08-page.txt")


@pytest.mark.parametrize("name", [f"evidence/{ORDER}/01-open_store.jpg", "01-open_store.png", "open_store"])
def test_a_picture_that_is_not_there_is_shown_as_missing(tmp_path: Path, name: str) -> None:
    assert "Picture missing 1 Open store" in read(tmp_path, result(evidence=[name])).text


def test_an_empty_picture_is_shown_as_missing(tmp_path: Path) -> None:
    assert "Picture missing" in read(tmp_path, result(evidence=[put(tmp_path, "01-open.jpg", b"")])).text


def test_a_text_that_is_not_there_is_shown_as_missing(tmp_path: Path) -> None:
    page = read(tmp_path, result(evidence=[f"evidence/{ORDER}/02-page.txt"]))

    assert "The page in words: Page (file missing)" in page.text


@pytest.mark.parametrize(
    "name",
    [
        "../secret.jpg",
        "evidence/../../secret.jpg",
        "{outside}/secret.jpg",
        "..\\secret.jpg",
        "C:secret.jpg",
        "\\\\server\\share\\secret.jpg",
        "evidence/\x00.jpg",
        "x" * 5000 + ".jpg",
        "",
        ".",
    ],
)
def test_evidence_outside_the_run_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")

    page = read(folder, result(evidence=[name.format(outside=tmp_path.as_posix())]))

    assert "Picture missing" in page.text
    assert not any((picture.get("src") or "").startswith("data:") for picture in page.all("img"))
    assert all((link["href"] or "").startswith("#") for link in page.all("a"))


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make symbolic links")
@pytest.mark.parametrize("target", ["../secret.jpg", "ring.jpg"])
def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (folder / "evidence").mkdir()
    (folder / "evidence" / "ring.jpg").symlink_to(f"../{target}" if "secret" in target else target)

    assert "Picture missing" in read(folder, result(evidence=["evidence/ring.jpg"])).text


def test_pictures_beyond_the_budget_are_linked_and_the_report_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "EVIDENCE_BUDGET", 10)
    names = [put(tmp_path, f"0{number}-step #{number}.jpg", b"12345678") for number in (1, 2)]

    page = read(tmp_path, result(evidence=names))

    assert [shot["class"] for _, shot in page.elements if (shot.get("class") or "").startswith("shot")] == [
        "shot",
        "shot",
    ]
    assert page.all("a", class_="shot")[0]["href"] == f"evidence/{ORDER}/02-step%20%232.jpg"
    assert (
        "1 of 2 evidence files are not inside this report, because it would grow past 1e-05 MB: they are "
        "linked, and open as long as the evidence folder lies beside it."
    ) in page.text


def test_the_budget_goes_first_to_orders_that_need_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "EVIDENCE_BUDGET", 10)
    good, doubtful = (put(tmp_path, name, b"12345678") for name in ("01-good.jpg", "02-doubtful.jpg"))

    page = read(tmp_path, result(evidence=[good]), result(Outcome.UNKNOWN, evidence=[doubtful]))

    assert [shot["data-label"] for shot in page.all("button", class_="shot")] == ["Doubtful"]


def test_nothing_from_outside_becomes_markup(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    everywhere = {
        "order": evil,
        "store": evil,
        "message": evil,
        "next_step": evil,
        "note": evil,
        "evidence": [put(tmp_path, "01-'onclick=alert(1).jpg"), f"{evil}.jpg", f"{evil}.txt"],
    }
    info = INFO.model_copy(
        update=dict.fromkeys(("admin", "account", "pack", "job_list", "stopped_early", "run_id", "command"), evil)
    )

    page = read(tmp_path, result(Outcome.UNKNOWN, **everywhere), info=info)

    assert len(page.all("script")) == 1
    assert all((picture.get("src") or "data:").startswith("data:") for picture in page.all("img"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_direction_overrides_do_not_reach_the_page(tmp_path: Path) -> None:
    written = write_report(tmp_path, INFO, [result(store="Nord\u202ednuw", message="a\x07b")], LocalStore(tmp_path))

    assert not re.search("[\u202e\x07]", written.read_text(encoding="utf-8"))


def test_the_page_may_fetch_nothing(tmp_path: Path) -> None:
    page = read(tmp_path, result(evidence=[put(tmp_path, "01-open.jpg")]))

    assert page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"] == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not page.all("link")
    assert "://" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_run_without_orders_has_a_report_too(tmp_path: Path) -> None:
    assert "There were no orders in this run." in read(tmp_path).text


def test_an_order_that_was_canceled_here_says_what_it_read_later(tmp_path: Path) -> None:
    later = "canceled here 2026-03-01 02:14; still canceled at 2026-03-02 09:00"
    results = [result(), result(Outcome.NOT_FOUND, order="112-1215998-3002092")]
    write_report(tmp_path, INFO, results, LocalStore(tmp_path), {ORDER: later})
    page = Reader((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert page.count("Looked at again") == 1
    assert f"Looked at again {later}" in page


# --- Long lists ---


def numbered(number: int) -> str:
    return f"112-1215998-{number:07}"


@pytest.fixture
def long_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of five orders, of which two go into a file; the fourth needs a person."""
    monkeypatch.setattr(report, "SHEET", 2)
    picture = put(tmp_path, "01-open_order.jpg")
    became = [Outcome.CANCELED, Outcome.CANCELED, Outcome.NOT_FOUND, Outcome.UNKNOWN, Outcome.CANCELED]
    results = [result(outcome, order=numbered(place), evidence=[picture]) for place, outcome in enumerate(became, 1)]
    assert write_report(tmp_path, INFO, results, LocalStore(tmp_path)) == tmp_path / "report.html"
    return tmp_path


def page_of(folder: Path, name: str) -> Reader:
    return Reader((folder / name).read_text(encoding="utf-8"))


def orders_on(page: Reader) -> list[str | None]:
    return [order["id"] for order in page.all("details", class_="order")]


def test_the_orders_of_a_long_list_are_in_files_beside_the_report(long_run: Path) -> None:
    files = [f"report-0{number}.html" for number in (1, 2, 3)]
    assert sorted(path.name for path in long_run.glob("*.html")) == [*files, "report.html"]
    assert [orders_on(page_of(long_run, file)) for file in files] == [
        ["order-1", "order-2"],
        ["order-3", "order-4"],
        ["order-5"],
    ]
    second = page_of(long_run, files[1])
    assert "0 of 2 orders canceled, 1 needs a person, 1 not canceled" in second.text
    assert "Orders 3 to 4 of a long list. To the whole report" in second.text


def test_the_report_of_a_long_list_has_the_figures_of_all_and_what_did_not_go_well(long_run: Path) -> None:
    page = page_of(long_run, "report.html")
    assert "3 of 5 orders canceled, 1 needs a person, 1 not canceled" in page.text
    assert "It is long, so its orders are in 3 files beside this one, up to 2 in each." in page.text
    assert orders_on(page) == ["order-3", "order-4"]
    assert "Orders 1 to 2 2 of 2 orders canceled" in page.text
    assert page.all("a", href="report-03.html")


def test_pictures_of_a_long_list_are_linked_where_all_went_well_and_inside_where_not(long_run: Path) -> None:
    assert len(page_of(long_run, "report.html").all("button", class_="shot")) == 2
    first = page_of(long_run, "report-01.html")
    assert (len(first.all("button", class_="shot")), len(first.all("a", class_="shot"))) == (0, 2)
    assert "The pictures are linked, and open as long as the evidence folder lies beside this file." in first.text


def test_more_trouble_than_fits_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SHEET", 2)
    results = [result(Outcome.FAILED, order=numbered(place)) for place in range(1, 6)]
    write_report(tmp_path, INFO, results, LocalStore(tmp_path))
    page = page_of(tmp_path, "report.html")
    assert "only the orders that did not go well: the first 2 of 5." in page.text
    assert orders_on(page) == ["order-1", "order-2"]
