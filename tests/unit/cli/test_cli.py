import getpass
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest
from loguru import logger

from bot import __version__, cli
from bot.errors import ElementMissing, Interrupted, NoBrowser, RunStopped
from bot.guard import Permit
from bot.joblist import Job
from bot.language import codes
from bot.ledger import Ledger
from bot.outcomes import Outcome, RunInfo
from bot.pack import packs_folder
from bot.verdicts import Verdict
from bot.vocabulary import Reason, Status

FIRST, SECOND = "112-1215998-3002091", "112-1215998-3002092"
PASSWORD = 'correct "horse" \\ Größe'
SETTINGS = {"ADMIN_URL": "https://shop.example:8443/admin", "USERNAME": "bot", "PASSWORD": PASSWORD}
LIST = f"""\
store: Nordwind UK
reason: Buyer Canceled
orders:
  - {FIRST}
  - order: {SECOND}
    store: Nordwind DE
"""
NOT_SET = """\
COUNTERMAND_ADMIN_URL is not set (Address of the Admin, such as https://shop.example/admin).
COUNTERMAND_USERNAME is not set (Admin user name).
COUNTERMAND_PASSWORD is not set (Admin password).
Set them in the environment, or in a file .env in the folder you start from: see .env.example.
"""
SUMMARY = """\
Admin:   https://shop.example:8443/admin
Account: bot
Store:   Nordwind UK, Nordwind DE
Orders:  2 from jobs.yaml
"""


class Said(NamedTuple):
    """What the command line said, and its exit status."""

    status: int
    out: str
    err: str


Countermand = Callable[..., Said]


@pytest.fixture(autouse=True)
def _no_sink_is_left() -> Iterator[None]:
    yield
    logger.remove()


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of this file opens a browser; one that gets there hears that there is none."""

    def none() -> None:
        raise NoBrowser(where=" in this test")

    monkeypatch.setattr("bot.session.sync_playwright", none)


@pytest.fixture
def countermand(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Countermand:
    """The command line, in a folder with a job list."""
    Path("jobs.yaml").write_text(LIST, encoding="utf-8")
    # Otherwise the program would take its name from what runs the tests.
    monkeypatch.setattr(sys.modules["__main__"], "__package__", None, raising=False)

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["countermand", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return Said(int(end.value.code or 0), out, err)

    return call


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)


def nothing_was_made() -> bool:
    return [path.name for path in Path().iterdir()] == ["jobs.yaml"]


class Terminal(io.StringIO):
    """Standard input that is a person at a keyboard."""

    def isatty(self) -> bool:
        return True


# --- What needs no settings ---


def test_the_version_is_told(countermand: Countermand) -> None:
    assert countermand("--version") == (0, f"countermand {__version__}\n", "")


def test_the_help_lists_every_command(countermand: Countermand) -> None:
    said = countermand("--help")
    commands = dict(re.findall(r"^  (\w+) +(\S.*)$", said.out.partition("Commands:\n")[2], re.MULTILINE))
    assert (said.status, said.err) == (0, "")
    assert commands == {
        "run": "Cancel the orders on a list, or say why not.",
        "plan": "Say what would become of each; press nothing.",
        "demo": "See it work here, on a practice Admin.",
        "audit": "Look again at canceled orders: did Amazon keep it?",
        "resolve": "Settle an order that waits for a person.",
        "report": "Write the report of a run anew.",
        "verify": "Say whether a run's folder and the ledger still agree.",
        "status": "List runs, and what waits for a person.",
        "purge": "Remove old evidence; keep outcomes.",
        "sandbox": "Serve the practice Admin, to try and to train.",
        "pack": "Check, show and compare packs, for people who keep them.",
        "check": "Hold every screen against pack and baselines; cancel nothing.",
        "doctor": "Check everything up to the cancel dialog; cancel nothing.",
        "record": "Click through a screen; get a draft of its pack file.",
        "schema": "Print a JSON Schema, for editors that check and complete.",
    }


@pytest.mark.parametrize(
    "command",
    ["run", "plan", "demo", "report", "verify", "status", "purge", "sandbox", "doctor", "check", "record", "schema"],
)
def test_every_command_explains_itself(countermand: Countermand, command: str) -> None:
    said = countermand(command, "--help")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"Usage: countermand {command} [OPTIONS]")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--full", "112-1215998-3002091"],
            "--full cancels an order: name its store with --store, and a reason with --reason.",
        ),
        (
            ["--full", "112-1215998-3002091", "--json"],
            "--full tells how it goes while it does: leave --json away, and read check.json.",
        ),
    ],
)
def test_check_cancels_only_what_is_named_whole(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    for name, value in {"ADMIN_URL": "https://shop.example/admin", "USERNAME": "bot", "PASSWORD": "se-cret"}.items():
        monkeypatch.setenv(f"COUNTERMAND_{name}", value)
    assert countermand("check", *arguments) == (2, "", f"{complaint}\n")


def test_two_packs_are_compared(countermand: Countermand) -> None:
    assert countermand("pack", "diff", "asc-4.3", "asc-4.3") == (0, "Both say the same.\n", "")


def test_without_a_command_the_help_is_shown(countermand: Countermand) -> None:
    said = countermand()
    assert (said.status, said.out) == (2, "")
    assert said.err.rstrip() == countermand("--help").out.rstrip()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["cancel"], "No such command 'cancel'."),
        (["run"], "Missing argument 'JOBS'."),
        (["status", "--anyway"], "No such option: --anyway"),
        (["run", "jobs.yaml", "more.yaml"], "Got unexpected extra argument(s) (more.yaml)"),
        (["run", "jobs.yaml", "--pack"], "Option '--pack' requires an argument."),
        (["report"], "Missing argument 'RUN'."),
        (["verify"], "Missing argument 'RUN'."),
        (["doctor", "--store"], "Option '--store' requires an argument."),
    ],
)
def test_wrong_usage_ends_with_2(countermand: Countermand, arguments: list[str], complaint: str) -> None:
    said = countermand(*arguments)
    assert (said.status, said.out, said.err.splitlines()[-1]) == (2, "", f"Error: {complaint}")
    assert nothing_was_made()


@pytest.mark.parametrize(("of", "key"), [("jobs", "properties"), ("pack", "oneOf")])
def test_a_schema_is_json(countermand: Countermand, of: str, key: str) -> None:
    said = countermand("schema", of)
    schema = json.loads(said.out)
    assert (said.status, said.err) == (0, "")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert key in schema


def test_a_schema_of_anything_else_is_wrong_usage(countermand: Countermand) -> None:
    said = countermand("schema", "report")
    assert said.status == 2
    assert said.err.endswith("'report' is not one of 'jobs', 'pack'.\n")


def test_status_without_a_ledger_says_so_and_makes_none(countermand: Countermand) -> None:
    assert countermand("status") == (
        0,
        f"There is no ledger at {Path('runs/ledger.sqlite')} yet: no run was made from this folder.\n",
        "",
    )
    assert nothing_was_made()


def test_status_shows_the_ledger_that_is_there(countermand: Countermand) -> None:
    Ledger.open(Path("runs/ledger.sqlite")).close()
    said = countermand("status")
    assert (said.status, said.out.splitlines()[-1]) == (0, "Nothing waits for a person.")


def test_status_of_a_ledger_that_cannot_be_used_says_why(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", "jobs.yaml")
    assert countermand("status") == (
        2,
        "",
        "The ledger jobs.yaml cannot be used: file is not a database. If another program holds it, end that one; "
        "if it is damaged, move it away and keep it: it is the only memory of what was pressed.\n",
    )


def test_the_report_of_an_unknown_run_is_refused(countermand: Countermand) -> None:
    assert countermand("report", "20260301-021405-a1b2") == (
        2,
        "",
        "There is no run '20260301-021405-a1b2' in runs: give a run id (see countermand status), a run folder, "
        "or latest.\n",
    )


def test_without_any_run_there_is_no_latest_report(countermand: Countermand) -> None:
    assert countermand("report", "latest") == (2, "", "There is no run in runs yet.\n")


# --- What is refused before anything is opened ---


@pytest.mark.parametrize("command", [["run", "--yes"], ["run"], ["run", "--dry-run"], ["plan"]])
def test_settings_that_are_missing_are_all_named(countermand: Countermand, command: list[str]) -> None:
    assert countermand(*command, "jobs.yaml") == (2, "", NOT_SET)
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
def test_two_workers_with_one_account_are_refused(countermand: Countermand) -> None:
    assert countermand("run", "jobs.yaml", "--yes", "--workers", "2") == (
        2,
        "",
        "2 workers need 2 Admin accounts, because the Admin ends a session when the same account signs in again; there "
        "is 1.\nLeave --workers away, or name more accounts in COUNTERMAND_ACCOUNTS. Only where the Admin's own "
        "setting allows account sharing: COUNTERMAND_SHARE_ACCOUNT=true\n",
    )
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("pace", ["30", "fast", "0/min", "30/day"])
def test_a_pace_that_is_none_is_refused(countermand: Countermand, pace: str) -> None:
    assert countermand("run", "jobs.yaml", "--yes", "--pace", pace) == (
        2,
        "",
        "COUNTERMAND_PACE: it must be a number of orders and a time, such as 30/min, 500/h or 2/s.\n"
        "Set them in the environment, or in a file .env in the folder you start from: see .env.example.\n",
    )
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
def test_no_workers_are_wrong_usage(countermand: Countermand) -> None:
    said = countermand("run", "jobs.yaml", "--yes", "--workers", "0")
    assert said.status == 2
    assert said.err.partition("\n\n")[2].startswith("Error: Invalid value for '--workers'")
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
def test_mistakes_in_the_job_list_are_all_told_with_their_places(countermand: Countermand) -> None:
    Path("jobs.yaml").write_text(
        f"store: Nordwind UK\nreason: NoInventory\norders:\n  - 112\n  - {FIRST}\n  - {FIRST}\n", encoding="utf-8"
    )
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, said.out) == (2, "")
    assert [line.split(": ")[0] for line in said.err.splitlines()] == ["jobs.yaml:4:5", "jobs.yaml:6:5"]
    assert nothing_was_made()


def test_a_job_list_that_is_not_there_is_told_before_settings_that_are_missing(countermand: Countermand) -> None:
    assert countermand("plan", "none.yaml") == (
        2,
        "",
        "none.yaml:1:1: There is no such file: check the name and the folder\n",
    )


@pytest.mark.usefixtures("settings")
def test_an_unknown_pack_is_refused(countermand: Countermand) -> None:
    known = ", ".join(sorted(path.parent.name for path in packs_folder().glob("*/pack.yaml")))
    assert countermand("run", "jobs.yaml", "--yes", "--pack", "asc-9") == (
        2,
        "",
        f"There is no pack 'asc-9': name one that comes with Countermand ({known}) or a folder that has a "
        "pack.yaml, in COUNTERMAND_PACK or with --pack.\n",
    )
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
def test_an_unknown_language_is_refused(countermand: Countermand) -> None:
    known = ", ".join(codes(packs_folder() / "asc-4.3"))
    for arguments in (("run", "jobs.yaml", "--yes"), ("plan", "jobs.yaml")):
        assert countermand(*arguments, "--language", "German") == (
            2,
            "",
            f"The pack asc-4.3 has no language 'German': name one of those that it has ({known}) in "
            "COUNTERMAND_LANGUAGE, or add languages/German.yaml to it.\n",
        )
    assert nothing_was_made()


def test_the_practice_admin_names_the_languages_that_it_speaks(countermand: Countermand) -> None:
    assert countermand("sandbox", "--language", "sv_SE") == (
        2,
        "",
        "The practice Admin does not speak 'sv_SE': it speaks en_US, nl_NL, de_DE, fr_FR.\n",
    )


@pytest.mark.usefixtures("settings")
@pytest.mark.skipif(sys.platform == "win32", reason="there, no file can have such a name")
def test_what_is_shown_before_a_run_cannot_steer_the_terminal(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_USERNAME", "bot\u202e")
    Path("jobs.yaml").rename("\x1b[2Jjobs\n.yaml")
    assert countermand("run", "\x1b[2Jjobs\n.yaml") == (
        2,
        SUMMARY.replace("jobs.yaml", "jobs .yaml"),
        "There is no terminal to ask on: look at the plan, then start with --yes.\n",
    )


@pytest.mark.usefixtures("settings")
def test_without_a_terminal_a_run_needs_a_yes(countermand: Countermand) -> None:
    assert countermand("run", "jobs.yaml") == (
        2,
        SUMMARY,
        "There is no terminal to ask on: look at the plan, then start with --yes.\n",
    )
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("said_by_the_person", ["n\n", "\n", ""])
def test_a_run_that_is_not_wanted_opens_nothing(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch, said_by_the_person: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(said_by_the_person))
    said = countermand("run", "jobs.yaml")
    assert (said.status, said.err.lstrip("\n")) == (130, "Stopped: nothing was opened.\n")
    assert said.out.rstrip("\n") == f"{SUMMARY}Cancel them? What is canceled cannot be taken back. [y/N]: "
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
def test_without_a_browser_nothing_is_worked(countermand: Countermand) -> None:
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, said.err) == (2, f"{NoBrowser(where=' in this test')}\n")


@pytest.mark.usefixtures("settings")
def test_a_runs_folder_that_cannot_be_made_is_refused(
    countermand: Countermand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_RUNS_DIR", "jobs.yaml")
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, said.out) == (2, "")
    assert re.fullmatch(
        r"The run folder jobs\.yaml\S+ cannot be written \(.+\)\. "
        r"Give write permission, or name another place in COUNTERMAND_RUNS_DIR\.\n",
        said.err,
    )


@pytest.mark.usefixtures("settings")
def test_no_run_starts_while_the_stop_file_is_there(countermand: Countermand) -> None:
    stop_file = Path("runs/STOP")
    stop_file.parent.mkdir()
    stop_file.touch()
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, said.out, said.err) == (
        2,
        "",
        f"The stop file {stop_file} is there: remove it to let runs start again.\n",
    )
    assert list(Path("runs").iterdir()) == [stop_file]


# --- A run, with an Admin that is none ---

CANCELED = Verdict(
    outcome=Outcome.CANCELED,
    message="So it is.",
    status_before=Status.UNSHIPPED,
    status_after=Status.CANCELED,
)


class Shop:
    """What becomes of each order, and what was asked."""

    def __init__(self) -> None:
        self.worked: list[tuple[str, str, bool]] = []
        self.trouble: dict[str, BaseException] = {}

    def work(self, name: str) -> Callable[..., Verdict]:
        def work_on(admin: Any, job: Job, *, dry_run: bool = False) -> Verdict:
            self.worked.append((name, job.order, dry_run))
            if job.order in self.trouble:
                raise self.trouble[job.order]
            admin.pressed = name == "cancel" and not dry_run
            return CANCELED

        return work_on


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, settings: None) -> Shop:
    shop = Shop()

    @contextmanager
    def admin(*_: object, **__: object) -> Iterator[Any]:
        yield SimpleNamespace(
            host="shop.example:8443", pressed=False, answers=[], recognised="", begin_again=lambda: None
        )

    monkeypatch.setattr("bot.launch.open_admin", admin)
    monkeypatch.setattr("flows.cancel_order.cancel_order", shop.work("cancel"))
    monkeypatch.setattr("flows.read_order.plan_order", shop.work("plan"))
    return shop


def run_folder() -> Path:
    (folder,) = [path for path in Path("runs").iterdir() if path.is_dir()]
    return folder


def results() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((run_folder() / "results.json").read_text(encoding="utf-8"))
    return found


def test_a_run_in_which_all_is_canceled_ends_with_0_and_says_where_its_report_is(
    countermand: Countermand, shop: Shop
) -> None:
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines()[-1] == f"Report: {run_folder() / 'report.html'}"
    assert shop.worked == [("cancel", FIRST, False), ("cancel", SECOND, False)]


def test_a_run_leaves_a_folder_with_everything_in_it(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    assert sorted(path.name for path in run_folder().iterdir()) == [
        "evidence",
        "junit.xml",
        "log.jsonl",
        "report.html",
        "results.csv",
        "results.json",
        "run.json",
        "trail.jsonl",
    ]


def test_a_run_says_of_itself_what_it_was(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes", "--unmasked")
    info = json.loads((run_folder() / "run.json").read_text(encoding="utf-8"))
    assert {name: info[name] for name in info if not name.endswith("_at")} == {
        "run_id": run_folder().name,
        "command": "run",
        "admin": "shop.example:8443",
        "account": "bot",
        "workers": 1,
        "pack": "asc-4.3",
        "job_list": "jobs.yaml",
        "stopped_early": "",
        "unmasked": True,
        "blocked": {},
        "version": __version__,
    }


def test_a_run_that_is_wanted_starts(countermand: Countermand, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    said = countermand("run", "jobs.yaml")
    assert (said.status, len(shop.worked)) == (0, 2)
    assert said.out.startswith(SUMMARY)


@pytest.mark.parametrize(
    ("command", "expected"), [(["run", "--dry-run"], ("cancel", FIRST, True)), (["plan"], ("plan", FIRST, False))]
)
def test_what_presses_nothing_starts_without_asking(
    countermand: Countermand, shop: Shop, command: list[str], expected: tuple[str, str, bool]
) -> None:
    assert countermand(*command, "jobs.yaml").status == 0
    assert shop.worked[0] == expected


def test_a_run_presses_no_more_often_than_it_was_told_to(countermand: Countermand, shop: Shop) -> None:
    said = countermand("run", "jobs.yaml", "--yes", "--max-cancellations", "1")
    assert (said.status, [result["outcome"] for result in results()]) == (3, ["canceled", "skipped"])
    assert [order for _, order, _ in shop.worked] == [FIRST]


def test_an_order_that_failed_ends_with_1(countermand: Countermand, shop: Shop) -> None:
    shop.trouble[SECOND] = ElementMissing(screen="Order details", element="status", purpose="what can be done")
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, [result["outcome"] for result in results()]) == (1, ["canceled", "failed"])


def test_a_run_that_stopped_ends_with_3_and_a_report(countermand: Countermand, shop: Shop) -> None:
    shop.trouble[FIRST] = RunStopped(reason="The Admin is down.")
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, [result["outcome"] for result in results()]) == (3, ["skipped", "skipped"])
    assert (run_folder() / "report.html").is_file()


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), Interrupted()])
def test_an_interrupted_run_ends_with_130_and_a_report(
    countermand: Countermand, shop: Shop, interrupt: BaseException
) -> None:
    shop.trouble[SECOND] = interrupt
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, [result["outcome"] for result in results()]) == (130, ["canceled", "skipped"])
    assert (run_folder() / "report.html").is_file()


def test_the_password_is_in_no_file_and_on_no_screen(countermand: Countermand, shop: Shop) -> None:
    shop.trouble[SECOND] = ValueError(f"it failed\n  - fill({PASSWORD!r}), {json.dumps(PASSWORD)}")
    said = countermand("run", "jobs.yaml", "--yes")
    written = {path.name: path.read_bytes().decode() for path in Path("runs").rglob("*") if path.suffix in FILES}
    assert set(written) == {
        "run.json",
        "results.json",
        "results.csv",
        "junit.xml",
        "log.jsonl",
        "report.html",
        "trail.jsonl",
    }
    assert [name for name, text in written.items() if "horse" in text] == []
    assert "horse" not in said.out + said.err
    assert "[hidden]" in written["log.jsonl"]


FILES = {".json", ".csv", ".xml", ".jsonl", ".html"}


def test_a_run_that_nobody_touched_is_verified_under_each_of_its_names(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    run_id = run_folder().name
    for named in ("latest", run_id, str(run_folder())):
        assert countermand("verify", named) == (
            0,
            f"Run {run_id} is as it was written: the folder and the ledger agree in 7 events "
            "and 0 files of evidence.\n",
            "",
        )


def test_a_run_whose_results_were_changed_is_not_as_it_was_written(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    (run_folder() / "results.csv").write_text("", encoding="utf-8")
    told = json.loads((run_folder() / "trail.jsonl").read_text(encoding="utf-8").splitlines()[-1])["event"]
    assert countermand("verify", "latest") == (
        1,
        f"Run {run_folder().name} is NOT as it was written. The first place: "
        f"results.csv (event 7, results_written at {told['at']}) was changed after it was written.\n",
        "",
    )


def a_run_that_was_cut_off(*ledgers: Path) -> Path:
    """The folder of a run of which each of these ledgers has the beginning."""
    folder = Path("runs") / "20260301-021405-a1b2"
    (folder / "evidence").mkdir(parents=True)
    info = RunInfo(
        run_id=folder.name,
        command="run",
        admin="shop.example",
        account="bot",
        pack="asc-4.3",
        job_list="jobs.yaml",
        started_at=datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC),
        version=__version__,
    )
    for place in ledgers:
        (folder / "trail.jsonl").unlink(missing_ok=True)
        with Ledger.open(place) as ledger:
            ledger.trail.copy_to(folder)
            ledger.runs.begin(info, [])
    return folder


def test_a_run_that_was_cut_off_is_verified_with_a_remark(countermand: Countermand, shop: Shop) -> None:
    folder = a_run_that_was_cut_off(Path("runs/ledger.sqlite"))
    assert countermand("verify", folder.name) == (
        0,
        f"Run {folder.name} is as it was written: the folder and the ledger agree in 1 event "
        "and 0 files of evidence.\nThe run was cut off, or still goes on: its trail has no end yet.\n",
        "",
    )


IN_ITS_FOLDER = "Its ledger lies in its own folder, as a demo's does: whoever can change one can change both.\n"


def test_a_demo_is_verified_with_the_ledger_in_its_own_folder(countermand: Countermand) -> None:
    own = Path("runs/20260301-021405-a1b2/ledger.sqlite")
    a_run_that_was_cut_off(own)
    said = countermand("verify", "latest")
    assert (said.status, said.out.endswith(f"its trail has no end yet.\n{IN_ITS_FOLDER}"), said.err) == (0, True, "")
    assert not Path("runs/ledger.sqlite").exists()


def test_a_ledger_that_was_put_into_a_runs_folder_is_no_witness(countermand: Countermand) -> None:
    place = Path("runs/ledger.sqlite")
    folder = a_run_that_was_cut_off(place, Path("runs/20260301-021405-a1b2/ledger.sqlite"))
    with Ledger.open(place) as ledger:
        (entry,) = ledger.trail.entries(folder.name)
    assert countermand("verify", "latest") == (
        1,
        f"Run {folder.name} is NOT as it was written. The first place: Event 1, run_started at {entry.told['at']} "
        "is not the same in the ledger and on line 1 of trail.jsonl.\n"
        "The run was cut off, or still goes on: its trail has no end yet.\n",
        "",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there, no file can have such a name")
def test_names_in_a_runs_folder_cannot_steer_the_terminal(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    (run_folder() / "evidence" / "\x1b[2Jall is well.jpg").write_bytes(b"")
    assert countermand("verify", "latest") == (
        1,
        f"Run {run_folder().name} is NOT as it was written. The first place: "
        "evidence/all is well.jpg is in the folder, but the trail knows nothing of it.\n",
        "",
    )


def test_a_run_that_the_ledger_does_not_know_cannot_be_verified(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    renamed = run_folder().rename(Path("runs") / "renamed")
    assert countermand("verify", str(renamed)) == (
        2,
        "",
        "The ledger knows no run renamed: is it another ledger, or was the folder renamed?\n",
    )


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        ("latest", "There is no run in runs yet."),
        (
            "20260301-021405-a1b2",
            "There is no run '20260301-021405-a1b2' in runs: give a run id (see countermand status), a run folder, "
            "or latest.",
        ),
    ],
)
def test_a_run_that_is_not_there_cannot_be_verified(countermand: Countermand, named: str, complaint: str) -> None:
    assert countermand("verify", named) == (2, "", f"{complaint}\n")
    assert nothing_was_made()


def test_a_run_cannot_be_verified_with_a_ledger_that_cannot_be_used(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    for file in Path("runs").glob("ledger.sqlite*"):
        file.unlink()
    Path("runs/ledger.sqlite").write_text("This is a letter to my landlord. " * 100, encoding="utf-8")
    said = countermand("verify", "latest")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"The ledger {Path('runs/ledger.sqlite')} cannot be used: file is not a database. ")


def test_verifying_makes_no_ledger_where_there_is_none(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    for file in Path("runs").glob("ledger.sqlite*"):
        file.unlink()
    assert countermand("verify", "latest") == (
        2,
        "",
        f"There is no ledger at {Path('runs/ledger.sqlite')}: a run can only be compared with its ledger.\n",
    )
    assert not Path("runs/ledger.sqlite").exists()


def test_the_report_of_a_run_can_be_written_anew(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    report = run_folder() / "report.html"
    report.unlink()
    for named in ("latest", run_folder().name, str(run_folder())):
        assert countermand("report", named) == (0, f"{report}\n", "")
        assert report.is_file()


def test_status_tells_of_the_run(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    with Ledger.open(Path("runs/ledger.sqlite")) as ledger:
        assert [(info.run_id, info.command) for info in ledger.runs.latest()] == [(run_folder().name, "run")]
        assert [result.order for result in ledger.runs.results(run_folder().name)] == [FIRST, SECOND]


def test_files_that_cannot_be_written_are_named_and_the_ledger_has_the_outcomes(
    countermand: Countermand, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunStopped(reason="results.json could not be written: No space left on device.")

    monkeypatch.setattr("bot.launch.write_results", full)
    said = countermand("run", "jobs.yaml", "--yes")
    ledger = Path("runs/ledger.sqlite")
    assert (said.status, said.err) == (
        3,
        f"results.json could not be written: No space left on device. The outcomes are in the ledger {ledger}.\n",
    )


# --- The program itself ---


def test_the_installed_program_is_this_command_line() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, f"countermand {__version__}\n", "")


SLOW = ("playwright", "sqlalchemy", "jinja2", "starlette", "uvicorn", "ruamel", "loguru")


def test_asking_for_help_loads_nothing_slow() -> None:
    asked = "import sys, bot.cli; print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    told = subprocess.run([sys.executable, "-c", asked, *SLOW], capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr) == ("[]\n", "")


# --- What a person settles ---


def pressed_in_doubt() -> None:
    """An order whose Confirm was pressed in a run that was cut off."""
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        ledger.runs.go_on_as("20260301-021405-a1b2")
        leave = SimpleNamespace(order=FIRST, store="Nordwind UK", reason=Reason.BUYER_CANCELED)
        ledger.intents.write("shop.example", cast(Permit, leave))


@pytest.mark.parametrize("settled_as", ["canceled", "not-canceled"])
def test_a_person_settles_an_order_and_who_when_and_why_are_kept(countermand: Countermand, settled_as: str) -> None:
    pressed_in_doubt()
    assert countermand("status").out.splitlines()[-3] == (
        "1 order waiting for a person: look in Seller Central, then: countermand resolve"
    )
    assert countermand("resolve", FIRST, "--as", settled_as, "--note", "seen in Seller Central") == (
        0,
        f"Order {FIRST} (shop.example, run 20260301-021405-a1b2) is settled as {settled_as}.\n",
        "",
    )
    assert countermand("status").out.splitlines()[-1] == "Nothing waits for a person."
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        (entry,) = (entry.told for entry in ledger.trail.entries("by-hand") if entry.told["event"] == "settled")
    kept = {name: entry[name] for name in ("order", "settled_as", "settled_by", "settled_why")}
    assert kept == {
        "order": FIRST,
        "settled_as": settled_as,
        "settled_by": getpass.getuser(),
        "settled_why": "seen in Seller Central",
    }
    assert datetime.fromisoformat(str(entry["at"])).tzinfo is UTC


def test_a_cancel_that_was_undone_can_be_opened_again_by_a_person(countermand: Countermand) -> None:
    pressed_in_doubt()
    countermand("resolve", FIRST, "--as", "canceled", "--note", "seen in Seller Central")
    assert countermand("resolve", FIRST, "--as", "canceled", "--note", "again").status == 2
    assert countermand("resolve", FIRST, "--as", "not-canceled", "--note", "the buyer wants it canceled anew") == (
        0,
        f"Order {FIRST} (shop.example, run 20260301-021405-a1b2) is settled as not-canceled.\n",
        "",
    )
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        assert ledger.intents.canceled("shop.example", FIRST) is None


def test_an_order_that_waits_for_nobody_cannot_be_settled(countermand: Countermand) -> None:
    assert countermand("resolve", FIRST, "--as", "canceled", "--note", "seen") == (
        2,
        "",
        f"Order {FIRST} does not wait for a person; see: countermand status\n",
    )


def test_a_defect_keeps_its_traceback_without_secrets(
    countermand: Countermand, settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError(f"by {PASSWORD}")

    monkeypatch.setattr("bot.joblist.job_list_schema", broken)
    said = countermand("schema", "jobs")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("Traceback (most recent call last):\n")
    assert said.err.endswith("\nZeroDivisionError: by [hidden]\n")
