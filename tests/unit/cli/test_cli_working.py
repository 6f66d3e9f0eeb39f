"""Working through a list: what is refused before anything is opened, and a run on an Admin that is a stand-in."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from run_kit import RUN_FILES, job, run_info

from bot import __version__
from bot.errors import ElementMissing, Interrupted, NoBrowser, RunStopped
from bot.ledger import Ledger
from bot.pack import packs_folder
from bot.pack.language import codes
from bot.vocabulary import Reason

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand, Shop

FIRST, SECOND = "112-1215998-3002091", "112-1215998-3002092"

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


def nothing_was_made() -> bool:
    return [path.name for path in Path().iterdir()] == ["jobs.yaml"]


class Terminal(io.StringIO):
    """Standard input that is a person at a keyboard."""

    def isatty(self) -> bool:
        return True


def run_folder() -> Path:
    (folder,) = [path for path in Path("runs").iterdir() if path.is_dir()]
    return folder


def results() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((run_folder() / "results.json").read_text(encoding="utf-8"))
    return found


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
        "is 1.\nLeave out --workers, or name more accounts in COUNTERMAND_ACCOUNTS. Only where the Admin's own "
        "setting allows account sharing: COUNTERMAND_SHARE_ACCOUNT=true\n",
    )
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("pace", ["30", "fast", "0/min", "30/day"])
def test_a_pace_that_is_none_is_refused(countermand: Countermand, pace: str) -> None:
    assert countermand("run", "jobs.yaml", "--yes", "--pace", pace) == (
        2,
        "",
        "--pace: it must be a number of orders and a time, such as 30/min, 500/h or 2/s.\n"
        "Every setting is listed in .env.example.\n",
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
        "There is no terminal to ask on. Look at the plan first, then start with --yes.\n",
    )


@pytest.mark.usefixtures("settings")
def test_without_a_terminal_a_run_needs_a_yes(countermand: Countermand) -> None:
    assert countermand("run", "jobs.yaml") == (
        2,
        SUMMARY,
        "There is no terminal to ask on. Look at the plan first, then start with --yes.\n",
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
    assert said.out.rstrip("\n") == f"{SUMMARY}Cancel them? This cannot be undone. [y/N]: "
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
        f"The stop file {stop_file} exists: remove it to let runs start again.\n",
    )
    assert list(Path("runs").iterdir()) == [stop_file]


# --- A run, with an Admin that is a stand-in ---


def test_a_run_in_which_all_is_canceled_ends_with_0_and_says_where_its_report_is(
    countermand: Countermand, shop: Shop
) -> None:
    said = countermand("run", "jobs.yaml", "--yes")
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines()[-1] == f"Report: {run_folder() / 'report.html'}"
    assert shop.worked == [("cancel", FIRST, False), ("cancel", SECOND, False)]


def test_a_run_leaves_a_folder_with_everything_in_it(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes")
    assert sorted(path.name for path in run_folder().iterdir()) == RUN_FILES


def test_a_run_says_of_itself_what_it_was(countermand: Countermand, shop: Shop) -> None:
    countermand("run", "jobs.yaml", "--yes", "--unmasked")
    info = json.loads((run_folder() / "run.json").read_text(encoding="utf-8"))
    assert {name: info[name] for name in info if not name.endswith("_at")} == {
        "run_id": run_folder().name,
        "command": "run",
        "admin": "shop.example:8443/admin",
        "account": "bot",
        "workers": 1,
        "pack": "asc-4.3",
        "job_list": "jobs.yaml",
        "stopped_early": "",
        "unmasked": True,
        "evidence": "",
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


FILES = {".json", ".csv", ".xml", ".jsonl", ".html"}


def test_the_password_is_in_no_file_and_on_no_screen(
    countermand: Countermand, shop: Shop, settings: dict[str, str]
) -> None:
    password = settings["PASSWORD"]
    shop.trouble[SECOND] = ValueError(f"it failed\n  - fill({password!r}), {json.dumps(password)}")
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


def test_files_that_cannot_be_written_are_named_and_the_ledger_has_the_outcomes(
    countermand: Countermand, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunStopped(reason="results.json could not be written: No space left on device.")

    monkeypatch.setattr("bot.runner.run_files.write_results", full)
    said = countermand("run", "jobs.yaml", "--yes")
    ledger = Path("runs/ledger.sqlite")
    assert (said.status, said.err) == (
        3,
        f"results.json could not be written: No space left on device. The outcomes are in the ledger {ledger}.\n",
    )


# --- An audit ---


@pytest.mark.usefixtures("settings")
def test_without_a_ledger_an_audit_says_so_and_makes_none(countermand: Countermand) -> None:
    ledger = Path("runs/ledger.sqlite")
    told = f"There is no ledger at {ledger} yet, so no order was canceled: nothing to audit.\n"
    assert countermand("audit") == (0, told, "")
    assert nothing_was_made()


@pytest.mark.usefixtures("settings")
def test_where_nothing_was_canceled_an_audit_opens_nothing(countermand: Countermand) -> None:
    Ledger.open(Path("runs/ledger.sqlite")).close()
    said = countermand("audit")
    assert (said.status, said.err) == (0, "")
    assert re.fullmatch(r"No order was canceled here since \d{4}-\d\d-\d\d \d\d:\d\d: nothing to audit\.\n", said.out)
    assert [path.name for path in Path("runs").iterdir() if path.is_dir()] == []


@pytest.mark.usefixtures("settings")
def test_an_audit_of_a_time_that_is_none_is_refused(countermand: Countermand) -> None:
    assert countermand("audit", "--since", "yesterday") == (
        2,
        "",
        "'yesterday' is not a span of time: write minutes, hours or days, such as 90m, 24h or 7d.\n",
    )
    assert nothing_was_made()


@pytest.mark.parametrize(("command", "status"), [(("run", "--yes"), 2), (("run", "--dry-run"), 0), (("plan",), 0)])
def test_with_a_ledger_that_has_forgotten_a_press_nothing_is_pressed(
    countermand: Countermand, shop: Shop, command: tuple[str, ...], status: int
) -> None:
    earlier = Path("runs") / "20260301-021405-a1b2"
    earlier.mkdir(parents=True)
    with Ledger.open(Path("before.sqlite")) as ledger:
        ledger.trail.copy_to(earlier)
        ledger.runs.begin(run_info(earlier.name), [job(FIRST)])
        permit: Any = SimpleNamespace(order=FIRST, store="Nordwind UK", reason=Reason.BUYER_CANCELED)
        ledger.intents.write("shop.example:8443/admin", permit)
    name, *options = command
    said = countermand(name, "jobs.yaml", *options)
    assert (said.status, bool(shop.worked)) == (status, status == 0)
    forgotten = f"The ledger {Path('runs/ledger.sqlite')} does not know what was pressed in run {earlier.name}"
    assert said.err.startswith(forgotten) is (status == 2)
    folders = [path for path in Path("runs").iterdir() if path.is_dir()]
    assert (folders == [earlier]) is (status == 2)  # a run that does not begin leaves no folder
