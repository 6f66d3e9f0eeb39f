"""What the pages show and what their forms do: lists, orders, evidence, what is to be settled, audit, tokens."""

import csv
import html
import io
import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from console_kit import Answer, Browser, Served, hidden
from run_kit import TERMS, job, permit

from bot.joblist import JobList
from bot.ledger import Event, Ledger
from bot.outcomes import Answer as WireAnswer
from bot.outcomes import OrderResult, Outcome
from bot.vocabulary import Reason, Status

from .conftest import ORDERS

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&\u202e{{ 7 * 7 }}"


def words(answer: Answer) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def new_list(browser: Browser, text: str = "", file: tuple[str, bytes] | None = None, **fields: str) -> Answer:
    """Send the form of a new list."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {"text": text, **fields}.items()
    ]
    if file:
        head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{file[0]}"\r\n\r\n'
        parts.append(head.encode() + file[1] + b"\r\n")
    body = b"".join(parts) + b"--x--\r\n"
    return browser.ask("POST", "/new", body, content_type="multipart/form-data; boundary=x")


def finished_plan(console: Served, run_id: str) -> None:
    """Have a plan end as a worker would."""
    with Ledger.open(console.desk.place) as ledger:
        ledger.runs.go_on_as(run_id, "worker-1")
        for number, one in enumerate(ledger.queue.orders_without_result(run_id)):
            outcome = Outcome.NOT_FOUND if number == 2 else Outcome.WOULD_CANCEL
            told = {"order": one.order, "store": one.store, "reason": one.reason, "message": "Read."}
            ledger.runs.finish_order(OrderResult(outcome=outcome, **told))
        info = ledger.runs.find(run_id)
        assert info is not None
        ledger.runs.finish(info.finished(info.started_at))


@pytest.fixture
def in_doubt(team: Served, three: JobList) -> list[int]:
    """Three orders that wait for a person, each in its own way; their intents."""
    run_id = team.submitted(three, TERMS, approval=False).run_id
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as(run_id)
        made = [ledger.intents.write(team.desk.admin, permit(order)) for order in ORDERS]
        ledger.intents.note_answer(made[0], WireAnswer.ERROR, HOSTILE)
        ledger.intents.conclude(made[0], Outcome.CANCELED_NOT_SENT)
        ledger.intents.conclude(made[2], Outcome.CANCELED)
        ledger.intents.note_look(made[2], Status.UNSHIPPED)
    return made


# --- New lists ---


def test_pasted_numbers_are_planned(team: Served) -> None:
    answer = new_list(team.browser("olga"), "\n".join(ORDERS), store="Nordwind UK", reason="Buyer Canceled")
    run_id = answer.place.split("/")[2].partition("?")[0]
    (run,) = team.ledger.queue.waiting()
    assert (run.info.run_id, run.terms.command, run.orders) == (run_id, "plan", 3)
    assert len(team.waiting_for_workers()) == 3


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.csv", b"order,store,reason\n112-1215998-0000001,Nordwind UK,Buyer Canceled\n"),
        ("list.yaml", b"store: Nordwind UK\nreason: BuyerCanceled\norders: [112-1215998-0000001]\n"),
        ("C:\\lists\\list.TXT", b"order\tstore\treason\n112-1215998-0000001\tNordwind UK\tBuyer Canceled\n"),
    ],
)
def test_an_uploaded_file_is_read_as_the_command_line_reads_it(team: Served, name: str, data: bytes) -> None:
    assert new_list(team.browser("olga"), file=(name, data)).status == 303
    (run,) = team.ledger.queue.waiting()
    assert (run.info.job_list, run.orders) == (name.split("\\")[-1], 1)


def test_mistakes_are_shown_beside_their_lines_and_nothing_is_queued(team: Served) -> None:
    text = "store: Nordwind UK\nreason: Buyer Changed\norders:\n  - 112-1215998-0000001\n  - 12-34\n"
    answer = new_list(team.browser("olga"), text)
    assert answer.status == 422
    lines = re.findall(r'<td class="n">(\d*)</td><td>(.*?)</td>', answer.text, re.DOTALL)
    at = [number for number, _ in lines]
    assert at[at.index("2") + 1] == at[at.index("5") + 1] == ""
    assert "Buyer Changed&#34; is not a reason" in answer.text or "Buyer Changed is not a reason" in answer.text
    assert "12-34 is not an Amazon order number" in answer.text
    assert team.ledger.pages.count_runs() == 0


def test_a_pasted_number_that_is_wrong_is_shown_on_its_line(team: Served) -> None:
    answer = new_list(team.browser("olga"), f"{ORDERS[0]}\n112-1\n", store="Nordwind UK", reason="Buyer Canceled")
    assert '<tr class="wrong"><td class="n">2</td><td>112-1</td></tr>' in answer.text.replace("\n", "")


@pytest.mark.parametrize("text", ["", " ", HOSTILE, "orders: []", "\x00", "store: x\n" * 3])
def test_any_text_gets_a_sentence(team: Served, text: str) -> None:
    answer = new_list(team.browser("olga"), text)
    assert answer.status == 422
    assert "<script>alert" not in answer.text
    assert team.ledger.pages.count_runs() == 0


@pytest.mark.parametrize("name", ["list.exe", "../../etc/passwd", "list", "<b>.csv", "a\u202ecsv.exe"])
def test_a_file_of_any_name_gets_a_sentence(team: Served, name: str) -> None:
    answer = new_list(team.browser("olga"), file=(name, b"x"))
    assert (answer.status, "<b>.csv" in answer.text) == (422, False)
    assert team.ledger.pages.count_runs() == 0


def test_who_only_looks_makes_no_list(team: Served) -> None:
    assert new_list(team.browser("vera"), ORDERS[0], store="S", reason="Buyer Canceled").status == 403
    assert team.ledger.pages.count_runs() == 0


def test_what_a_plan_would_cancel_is_submitted_as_it_was_frozen(team: Served) -> None:
    new_list(team.browser("olga"), "\n".join(ORDERS), store="Nordwind UK", reason="Buyer Canceled")
    (plan,) = team.ledger.queue.waiting()
    assert team.browser("olga").post(f"/runs/{plan.info.run_id}/submit", {"which": "would"}).status == 409
    finished_plan(team, plan.info.run_id)
    answer = team.browser("olga").post(f"/runs/{plan.info.run_id}/submit", {"which": "would", "max_cancellations": "1"})
    run_id = answer.place.split("/")[2].partition("?")[0]
    run = team.ledger.queue.find(run_id)
    submission = team.ledger.submissions.find(run_id)
    assert run is not None
    assert submission is not None
    assert (run.orders, run.terms.max_cancellations, run.terms.command) == (2, 1, "run")
    assert (submission.approval, submission.plan_run, submission.submitted_by) == ("waiting", plan.info.run_id, "olga")
    page = words(team.browser("anna").get(f"/approve/{run_id}"))
    assert "2 orders to cancel" in page
    assert "Nordwind UK (2)" in page
    assert page.count("Would be canceled") == 2


@pytest.fixture
def planned(team: Served) -> str:
    """A plan that has ended."""
    new_list(team.browser("olga"), "\n".join(ORDERS), store="Nordwind UK", reason="Buyer Canceled")
    (plan,) = team.ledger.queue.waiting()
    finished_plan(team, plan.info.run_id)
    return plan.info.run_id


def test_when_and_how_fast_it_is_worked_is_submitted_and_approved_with_the_list(team: Served, planned: str) -> None:
    how = {"at": "2099-03-01 06:00", "pace": "30/min", "priority": "7", "one_worker_per_store": "yes"}
    answer = team.browser("olga").post(f"/runs/{planned}/submit", {"which": "all", **how})
    run = team.ledger.queue.find(answer.place.split("/")[2].partition("?")[0])
    assert run is not None
    assert (run.terms.not_before, run.terms.spacing) == ("2099-03-01T06:00:00+00:00", 2.0)
    assert (run.terms.priority, run.terms.one_worker_a_store, run.orders) == (7, True, 3)
    page = words(team.browser("anna").get(f"/approve/{run.info.run_id}"))
    assert "Begins 2099-03-01 06:00:00 UTC" in page
    assert "Pace an order every 2 s at most" in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"at": "soon"}, "Begin: 'soon' is not a point in time"),
        ({"at": "2020-03-01 06:00"}, "Begin: '2020-03-01 06:00' is over: name a time that is to come."),
        ({"pace": "fast"}, "Pace: it must be a number of orders and a time, such as 30/min, 500/h or 2/s."),
        ({"priority": "0"}, "The priority must be a number from 1 to 1000, or left empty."),
        ({"priority": "1001"}, "The priority must be a number from 1 to 1000, or left empty."),
        ({"max_cancellations": "many"}, "The most cancels must be a number from 1 to 999999, or left empty."),
    ],
)
def test_a_field_that_cannot_be_read_is_named_and_nothing_is_submitted(
    team: Served, planned: str, wrong: dict[str, str], says: str
) -> None:
    answer = team.browser("olga").post(f"/runs/{planned}/submit", {"which": "all", **wrong})
    assert (answer.status, says in words(answer)) == (409, True)
    assert team.ledger.pages.count_runs() == 1


# --- Runs, orders, evidence ---


def test_runs_are_found_by_kind_and_by_words(team: Served, three: JobList) -> None:
    waiting = team.submitted(three, TERMS).run_id
    going = team.submitted(JobList(file="other.csv", jobs=(job("112-1215998-0000009"),)), TERMS, approval=False).run_id
    browser = team.browser("vera")

    def found(query: str) -> set[str]:
        return set(re.findall(r'<a class="row-link" href="/runs/([\w-]+)"', browser.get(f"/runs{query}").text))

    assert found("") == found("?kind=open") == {waiting, going}
    assert found("?kind=approval") == {waiting}
    assert found("?q=OTHER.csv") == found("?q=other+shop.example") == {going}
    assert found("?q=olga") == {waiting, going}
    assert found("?kind=finished") == found("?kind=person") == found("?q=%25") == found("?page=99&q=nothing") == set()


def test_orders_are_found_by_outcome_and_by_words_and_paged(team: Served) -> None:
    jobs = tuple(job(f"112-1215998-{number:07}", note="ticket 7" if number == 77 else "") for number in range(1, 121))
    run_id = team.submitted(JobList(file="long.csv", jobs=jobs), TERMS, approval=False).run_id
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as(run_id)
        for one in jobs[:60]:
            told = OrderResult(
                order=one.order, store=one.store, reason=one.reason, outcome=Outcome.FAILED, message="No."
            )
            ledger.runs.finish_order(told)
    browser = team.browser("vera")

    def found(query: str) -> list[int]:
        page = browser.get(f"/runs/{run_id}{query}").text
        return [int(number) for number in re.findall(r'<tr id="o-112-1215998-(\d+)">', page)]

    assert found("") == list(range(1, 51))
    assert found("?page=3") == found("?page=999") == list(range(101, 121))
    assert found("?outcome=failed&page=2") == list(range(51, 61))
    assert found("?outcome=none") == list(range(61, 111))
    assert found("?q=ticket+7") == [77]
    assert found("?q=0000013") == [13]
    assert found("?q=%25") == found("?q=_") == []


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fledger.sqlite",
        "../../ledger.sqlite",
        "112-1215998-0000001/..%2f..%2f..%2fledger.sqlite",
        "%2e%2e/%2e%2e/ledger.sqlite",
        "112-1215998-0000001/01-open.exe",
        "link.jpg",
        "",
        "a%00.jpg",
    ],
)
def test_only_evidence_of_the_run_is_given_out(team: Served, three: JobList, tmp_path: Path, name: str) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    evidence = team.desk.folder(run_id) / "evidence" / ORDERS[0]
    evidence.mkdir(parents=True)
    (evidence / "01-open.jpg").write_bytes(b"\xff\xd8picture")
    (evidence / "01-open.exe").write_bytes(b"secret")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (evidence.parent / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    browser = team.browser("vera")
    good = browser.get(f"/runs/{run_id}/evidence/{ORDERS[0]}/01-open.jpg")
    assert (good.status, good.body, good.headers["content-type"]) == (200, b"\xff\xd8picture", "image/jpeg")
    assert "sandbox" in good.headers["content-security-policy"]
    bad = browser.get(f"/runs/{run_id}/evidence/{name}")
    assert bad.status in {404, 400}
    assert b"secret" not in bad.body


def test_evidence_in_a_place_of_its_own_is_given_out_and_a_place_that_is_away_breaks_no_page(
    team: Served, three: JobList, tmp_path: Path
) -> None:
    own = team.desk.settings
    team.desk.settings = own.model_copy(update={"evidence": str(tmp_path / "shared")})
    run_id = team.submitted(three, TERMS, approval=False).run_id
    store = team.desk.evidence(run_id)
    store.add(f"evidence/{ORDERS[0]}/01-open.jpg", b"\xff\xd8picture")
    assert (tmp_path / "shared" / run_id).is_dir()
    browser, picture = team.browser("vera"), f"/runs/{run_id}/evidence/{ORDERS[0]}/01-open.jpg"
    assert browser.get(picture).body == b"\xff\xd8picture"
    team.desk.settings = own  # as a machine that does not know the place
    said = (
        f"The evidence of run {run_id} is in a folder that machines share, and this one does not know where that is. "
        "Set COUNTERMAND_EVIDENCE to that folder."
    )
    for address, status in ((picture, 404), (f"/runs/{run_id}/orders/{ORDERS[0]}", 200)):
        answer = browser.get(address)
        assert (answer.status, said in " ".join(answer.text.split())) == (status, True)


@pytest.mark.parametrize(
    "path", ["/runs/..", "/runs/%2e%2e/report", "/runs/x/results.csv", "/runs/20260301-021405-a1b2"]
)
def test_a_run_that_the_ledger_does_not_know_is_nowhere(team: Served, path: str) -> None:
    assert team.browser("vera").get(path).status == 404


def test_every_text_of_a_list_stays_text(team: Served) -> None:
    note, store = HOSTILE.replace("\u202e", ""), "<b>Nordwind & Söhne</b>"
    jobs = JobList(file="<i>list</i>.csv", jobs=(job(ORDERS[0], store, note),))
    run_id = team.submitted(jobs, TERMS, by="<u>olga</u>").run_id
    with Ledger.open(team.desk.place) as ledger:
        ledger.runs.go_on_as(run_id)
        told = {"order": ORDERS[0], "store": store, "reason": Reason.BUYER_CANCELED, "outcome": Outcome.FAILED}
        ledger.runs.finish_order(OrderResult(message=HOSTILE, next_step=HOSTILE, note=note, **told))
        ledger.trail.note(Event.STEP, order=ORDERS[0], step=HOSTILE)
    browser = team.browser("adam")
    for path in (
        "/runs",
        f"/runs/{run_id}",
        f"/runs/{run_id}/orders/{ORDERS[0]}",
        "/approve",
        f"/approve/{run_id}",
        "/audit",
    ):
        page = browser.get(path)
        assert page.status == 200
        assert not re.search(r"<(?:script>|img src=x|b>Nord|i>list|u>olga)|\u202e|49\b(?=.{0,3}&)", page.text), path


def test_a_report_opens_in_a_sandbox(team: Served, three: JobList) -> None:
    run_id = team.submitted(three, TERMS, approval=False).run_id
    team.browser("otto").post(f"/runs/{run_id}/stop")
    answer = team.browser("vera").get(f"/runs/{run_id}/report")
    assert answer.status == 200
    assert answer.headers["content-security-policy"].startswith(
        "sandbox allow-scripts allow-popups; default-src 'none'"
    )
    assert team.browser("vera").get(f"/runs/{run_id}/ledger.html").status == 404
    results = team.browser("vera").get(f"/runs/{run_id}/results.json")
    assert [one["outcome"] for one in json.loads(results.body)] == ["skipped"] * 3
    verified = team.browser("vera").get(f"/runs/{run_id}/verify")
    assert "This run is as it was written" in verified.text


# --- To settle ---


def test_what_waits_is_settled_with_a_preview_and_a_note(team: Served, in_doubt: list[int]) -> None:
    browser = team.browser("otto")
    page = browser.get("/settle")
    assert words(page).count("Look in Seller Central") == 3
    assert f"https://sellercentral.amazon.com/orders-v3/order/{ORDERS[0]}" in page.text
    assert "<script>alert" not in page.text
    chosen = [html.unescape(one) for one in hidden(page.text, "intent")]
    preview = browser.post("/settle/preview", {"intent": chosen[:2]})
    assert "Settle 2 orders" in preview.text
    assert len(team.ledger.intents.waiting()) == 3
    again = [html.unescape(one) for one in hidden(preview.text, "intent")]
    assert again == chosen[:2]
    assert browser.post("/settle", {"intent": again, "as": "canceled", "note": " "}).status == 409
    assert browser.post("/settle", {"intent": again, "as": "gone", "note": "Seen."}).status == 409
    assert browser.post("/settle", {"intent": again, "as": "canceled", "note": "Seen."}).status == 303
    assert [one.order for one in team.ledger.intents.waiting()] == [ORDERS[2]]
    settled = [one for one in team.ledger.audit.all(action="settled")]
    assert [(one.by, one.about, one.why, one.via) for one in settled] == [
        ("otto", order, "Seen.", "console") for order in ORDERS[:2]
    ]


def test_an_order_that_changed_since_somebody_looked_is_not_settled(team: Served, in_doubt: list[int]) -> None:
    browser = team.browser("otto")
    chosen = [html.unescape(one) for one in hidden(browser.get("/settle").text, "intent")]
    with Ledger.open(team.desk.place) as ledger:
        ledger.intents.note_answer(in_doubt[1], WireAnswer.OK, "it came after all")
    answer = browser.post("/settle", {"intent": chosen, "as": "not-canceled", "note": "Seen."})
    assert answer.status == 409
    said = f"Order {ORDERS[1]} has changed since you looked: nothing was settled now. Look at it again."
    assert said in words(answer)
    assert len(team.ledger.intents.waiting()) == 3


@pytest.mark.parametrize("name", ["vera", "anna"])
def test_who_is_no_operator_settles_nothing(team: Served, in_doubt: list[int], name: str) -> None:
    chosen = f"{in_doubt[0]} "
    assert team.browser(name).post("/settle", {"intent": chosen, "as": "canceled", "note": "x"}).status == 403
    assert len(team.ledger.intents.waiting()) == 3


# --- Audit, workers, tokens, API ---


def test_the_audit_is_filtered_and_exported_and_a_change_shows(team: Served, three: JobList) -> None:
    team.submitted(three, TERMS, by='=HYPERLINK("x")')
    team.browser("otto").post("/queue/pause")
    team.browser("otto").post("/queue/resume")
    browser = team.browser("vera")
    rows = list(csv.DictReader(io.StringIO(browser.get("/audit.csv").text)))
    assert [one["action"] for one in rows] == ["submitted", "paused", "resumed"]
    assert rows[0]["by"].startswith("'=")
    lines = browser.get("/audit.jsonl?action=paused").text.splitlines()
    assert [(json.loads(one)["by"], json.loads(one)["action"]) for one in lines] == [("otto", "paused")]
    assert "resumed" not in re.sub(r"<option.*?</option>", "", browser.get("/audit?by=otto&action=paused").text)
    assert "Every entry is as it was written:" in words(browser.get("/audit?check=yes"))
    engine = sa.create_engine(f"sqlite:///{team.desk.place}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE events SET line = replace(line, 'otto', 'anna') WHERE event = 'by_person'"))
    assert "Entry 2 is not as it was written," in words(browser.get("/audit?check=yes"))


def test_an_account_is_released_by_an_administrator_with_a_note(team: Served) -> None:
    with Ledger.open(team.desk.place) as worker:
        worker.runs.go_on_as("worker-1")
        worker.accounts.take(team.desk.admin, "bot", 300)
        page = team.browser("adam").get("/workers")
        assert "worker-1" in page.text
        assert "correct horse" not in page.text
        form = {"admin": team.desk.admin, "account": "bot", "note": "Its machine is gone."}
        assert team.browser("otto").post("/workers/release", form).status == 403
        assert team.browser("adam").post("/workers/release", form).status == 303
        assert not worker.accounts.holds_still(team.desk.admin, "bot")
    assert team.browser("adam").post("/workers/release", form).status == 409


def test_refused_sign_ins_are_shown_and_counted_from_0(team: Served) -> None:
    from pydantic import SecretStr

    from bot.ledger.signins import Ended, Factor

    with Ledger.open(team.desk.place) as ledger:
        number = ledger.sign_ins.begin(team.desk.admin, "bot", Factor.PASSWORD, SecretStr("wrong"))
        assert number is not None
        ledger.sign_ins.end(number, Ended.REFUSED)
    assert "1 of 2 passwords" in words(team.browser("vera").get("/workers"))
    form = {"account": "bot", "note": "Signed in by hand."}
    assert team.browser("adam").post("/workers/count", form).status == 303
    assert "0 of 2 passwords" in words(team.browser("vera").get("/workers"))


def token(team: Served, *roles: str, by: str = "adam") -> str:
    page = team.browser(by).post("/tokens", {"name": "robot", "role": roles, "days": "7"})
    (made,) = re.findall(r'<code class="token">([^<]+)</code>', page.text)
    return str(made)


def test_a_program_plans_submits_and_reads_with_a_token(team: Served) -> None:
    robot = {"authorization": f"Bearer {token(team, 'operator')}", "sec_fetch_site": None, "origin": None}
    program = team.browser()
    listed = {"orders": list(ORDERS), "store": "Nordwind UK", "reason": "Buyer Canceled"}
    made = program.ask("POST", "/api/submissions", json.dumps(listed).encode(), **robot)
    assert made.status == 200
    run_id = json.loads(made.body)["run"]
    state = json.loads(program.get(f"/api/runs/{run_id}", **robot).body)
    assert (state["state"], state["orders"], state["approval"]["state"]) == ("waits for approval", 3, "waiting")
    orders = json.loads(program.get(f"/api/runs/{run_id}/orders?size=2&page=2", **robot).body)
    assert [one["order"] for one in orders["orders"]] == [ORDERS[2]]
    asked = json.dumps({"sha256": state["approval"]["sha256"], "reason": "I may not."}).encode()
    assert program.ask("POST", f"/api/runs/{run_id}/approval", asked, **robot).status == 403
    for theirs in (token(team, "approver"), token(team, "operator", "approver")):
        approver = {**robot, "authorization": f"Bearer {theirs}"}
        assert program.ask("POST", f"/api/runs/{run_id}/approval", asked, **approver).status == 409
    assert (
        team.browser("adam")
        .post(f"/approve/{run_id}", {"sha256": state["approval"]["sha256"], "why": "x", "hours": "8"})
        .status
        == 409
    )
    approver = {**robot, "authorization": f"Bearer {token(team, 'approver', by='ada')}"}
    assert program.ask("POST", f"/api/runs/{run_id}/approval", asked, **approver).status == 200
    assert len(team.waiting_for_workers()) == 3
    wrong = program.ask("POST", "/api/plans", json.dumps(listed | {"orders": ["12"]}).encode(), **robot)
    assert wrong.status == 422
    assert "12 is not an Amazon order number" in json.loads(wrong.body)["mistakes"][0]


@pytest.mark.parametrize("kind", ["none", "guessed", "revoked", "cookie"])
def test_without_a_token_that_holds_a_program_gets_nothing(team: Served, kind: str) -> None:
    made = token(team, "viewer")
    if kind == "revoked":
        (shown,) = hidden(team.browser("adam").get("/tokens").text, "token")
        assert team.browser("adam").post("/tokens/revoke", {"token": shown}).status == 303
    header = {"none": None, "guessed": "Bearer cmd_guess", "revoked": f"Bearer {made}", "cookie": None}[kind]
    answer = team.browser("adam" if kind == "cookie" else "").get("/api/runs", authorization=header)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_the_description_has_every_call_and_only_those_that_are_there(team: Served) -> None:
    from bot.console.api import CALLS

    told = json.loads(team.browser().get("/api/openapi.json").body)
    listed = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    assert listed == {(call.method, call.path) for call in CALLS}
    text = json.dumps(told)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named == set(told["components"]["schemas"])


# --- Metrics ---


def test_a_program_with_any_token_reads_the_metrics(team: Served, three: JobList) -> None:
    team.submitted(three, TERMS, approval=False)
    program = team.browser()
    bearer = f"Bearer {token(team, 'viewer')}"
    read = program.get("/metrics", authorization=bearer, sec_fetch_site=None, sec_fetch_mode=None)
    assert (read.status, read.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "countermand_runs_queued 1.0" in read.text.splitlines()
    assert "countermand_orders_waiting 3.0" in read.text.splitlines()


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic dmVyYTp4"])
def test_without_a_token_the_console_of_a_team_tells_no_metrics_not_even_to_who_is_signed_in(
    team: Served, authorization: str | None
) -> None:
    for name in ("", "vera", "adam"):
        refused = team.browser(name).get("/metrics", authorization=authorization)
        assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "countermand_" not in refused.text


def test_a_console_of_ones_own_tells_its_metrics_to_this_computer_and_to_no_other_site(mine: Served) -> None:
    anybody = mine.browser()
    read = anybody.get("/metrics", sec_fetch_site=None, sec_fetch_mode=None)
    assert (read.status, "countermand_runs_queued 0.0" in read.text.splitlines()) == (200, True)
    for headers in ({"host": "evil.example"}, {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors"}):
        refused = anybody.get("/metrics", **headers)
        assert refused.status in {403, 421}
        assert "countermand_" not in refused.text
