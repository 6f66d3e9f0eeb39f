"""What README and the documents say of commands, options, settings, outcomes, files and figures is so."""

import ast
import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import documents_kit
import pytest
import typer
from environment_kit import clean_environment
from pydantic_core import PydanticUndefined
from run_kit import RUN_FILES

from bot.access.attempts import A_PERSON
from bot.access.two_factor import SKEW
from bot.accounts import read_accounts_file
from bot.cli import app
from bot.environment import read_written
from bot.joblist import MOST_ORDERS, Expect, read_job_list
from bot.ledger.schema import version_table
from bot.ledger.signins import PASSWORDS
from bot.outcomes import Outcome
from bot.pack import packs_folder
from bot.pack.language import codes
from bot.reports.report import EVIDENCE_BUDGET, SHEET
from bot.runner.worker import BACKOFFS, FIRST_BACKOFF, LONGEST_BACKOFF
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS, JOB_LIST, LONG_LISTS, OUTCOMES, SETTINGS, SIGN_IN = (
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("commands", "job-list", "long-lists", "outcomes", "settings", "sign-in")
)
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]

IN_WORDS = {
    "ledger": "`ledger.sqlite` in the runs folder",
    "baselines": "beside the pack",
    "evidence": "each run's own folder",
    "notify_on": "`end,person,stop,screens`",
    "notify_from": "the first of those",
    "sign_in_language": "the same",
    "browser": "the one found",
    "pace": "none",
}
"""Defaults for which the table of settings has its own words."""


PROMISES = {
    "every order on the list is canceled exactly once": [
        "a_cancel_arrives_once_whatever_the_server_answers",
        "an_order_that_was_proved_canceled_and_reads_unshipped_again_is_not_pressed_again",
        "a_run_cancels_what_it_may_and_ends_with_status_1_if_anything_is_left",
    ],
    "with a screenshot of every screen along the way": ["every_step_has_a_picture_that_is_named_by_it"],
    "When something cannot be proved, it stops and says so.": ["an_answer_alone_proves_nothing"],
    "the same flows run [from any pytest-playwright suite]": [
        "the_whole_example_suite_passes_with_the_options_of_pytest_playwright"
    ],
    "a virtual environment with locked versions, and a browser if you have none": [
        "the_download_goes_before_an_installed_one",
        "an_installed_one_serves_where_the_download_fails",
    ],
    "No real shop is touched.": ["a_demo_meets_the_practice_admin_whatever_is_set_for_the_real_one"],
    "countermand demo": ["the_installed_program_runs_its_demo_in_an_empty_folder"],
    "it signs in, visits every screen up to the cancel dialog, cancels nothing, and tells you what to fix": [
        "the_doctor_looks_at_every_screen_and_presses_nothing"
    ],
    "(CSV, Excel and Amazon's own reports": ["a_list_is_read_as_people_have_it"],
    "reads every order, says what would happen, presses nothing": ["a_plan_opens_no_dialog"],
    "goes as far as choosing the reason, then leaves the dialog": [
        "a_dry_run_chooses_the_reason_and_leaves_the_dialog"
    ],
    "shows host, account, store and number of orders, and asks first": [
        "the_tutorial_works_from_top_to_bottom_and_prints_what_it_shows"
    ],
    "one file, screenshots included, ready to send": ["the_page_is_one_file_that_fetches_nothing"],
    "The audit checks that each order still reads Canceled.": [
        "an_audit_looks_at_what_was_canceled",
        "an_audit_finds_what_the_next_import_brought_back",
    ],
    "`countermand submit orders.yaml`, and `countermand worker` on": [
        "three_machines_with_one_server_cancel_every_order_once"
    ],
    "lists, approvals by a second person, live screenshots, what waits for a person": [
        "four_people_take_a_list_from_paste_to_settled",
        "the_submitter_cannot_approve",
    ],
    "`0` every order is done": ["a_run_in_which_all_is_canceled_ends_with_0_and_says_where_its_report_is"],
    "`1` at least one is not": ["a_run_cancels_what_it_may_and_ends_with_status_1_if_anything_is_left"],
    "`2` bad input, settings or setup; nothing was opened": [
        "mistakes_in_the_settings_end_with_exit_status_2",
        "where_nothing_can_be_opened_the_exit_status_is_2",
    ],
    "`3` stopped early": ["a_refused_password_is_tried_once_and_ends_the_run_with_status_3"],
    "`130` interrupted or declined": ["an_interrupted_run_ends_with_130_and_a_report"],
    "It cancels only what the Admin can cancel: *Unshipped* orders.": [
        "only_an_unshipped_order_goes_on",
        "a_status_that_is_no_longer_unshipped_is_refused",
    ],
    "It answers no CAPTCHA.": ["a_captcha_is_named_before_anything_is_tried"],
    "Of the two-factor providers it supports Google Authenticator.": [
        "another_provider_has_no_field_for_a_code",
        "a_code_is_entered_where_the_admin_asks_for_one",
    ],
    "[change the description of the screens](docs/packs.md), not the code": [
        "every_command_that_a_document_shows_works"
    ],
}
"""What README promises, in its words; and the tests that show it."""


def default_in_words(name: str) -> str:
    """What the table of settings says of a default."""
    default = Settings.model_fields[name].default
    if default is PydanticUndefined:
        return "required"
    if name in IN_WORDS:
        return IN_WORDS[name]
    if default is None or default == ():
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def options_of_commands() -> dict[str, set[str]]:
    """Every command, those of ``pack`` and ``queue`` too, and the options that it takes."""
    commands: dict[str, Any] = dict(typer.main.get_group(app).commands)
    for group in ("pack", "queue", "schedule"):
        commands |= {f"{group} {name}": command for name, command in commands[group].commands.items()}
    return {
        name: {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
        for name, command in commands.items()
    }


def calls_of(text: str) -> Iterator[tuple[str, set[str]]]:
    """Every command that a text has somebody enter, and the options that follow it there."""
    for line in text.splitlines():
        for name, further, rest in re.findall(
            r"\bcountermand ([a-z][a-z-]*)(?: (show|lint|diff|add|remove)\b)?([^`#]*)", line
        ):
            yield f"{name} {further}".strip(), set(re.findall(r"--[a-z-]+", rest))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_promise_of_the_readme_stands_there_and_has_its_tests() -> None:
    readme = " ".join(README.split())
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def test_(\w+)", path.read_text(encoding="utf-8"))
    }
    assert [promise for promise in PROMISES if promise not in readme] == []
    assert {name for names in PROMISES.values() for name in names} - tests == set()


def test_every_part_of_the_readme_that_is_for_users_promises_something() -> None:
    parts = re.split(r"^## ", README, flags=re.MULTILINE)
    for_users = [part for part in parts if part.partition("\n")[0] not in {"Read on", "Development"}]
    assert [
        part.partition("\n")[0]
        for part in for_users
        if not any(promise in " ".join(part.split()) for promise in PROMISES)
    ] == []


def test_the_table_of_settings_has_every_one_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `COUNTERMAND_(\w+)` \| ([^|]+) \|", SETTINGS, re.MULTILINE))
    assert rows == {name.upper(): default_in_words(name) for name in Settings.model_fields}


def test_the_table_of_commands_has_every_one() -> None:
    rows = re.findall(r"^\| `countermand ([a-z-]+)", COMMANDS, re.MULTILINE)
    assert set(rows) == {name for name in options_of_commands() if " " not in name}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_a_document_names_takes_the_options_that_it_names(document: Path) -> None:
    known = options_of_commands()
    wrong = [
        (name, options - known.get(name, set()))
        for name, options in calls_of(document.read_text(encoding="utf-8"))
        if name not in known or options - known[name]
    ]
    assert wrong == []


def test_every_option_of_a_commands_row_is_one_of_it() -> None:
    known = options_of_commands()
    rows = re.findall(r"^\| `countermand ([a-z-]+(?: add)?)(.*)$", COMMANDS, re.MULTILINE)
    named = {name: set(re.findall(r"`(--[a-z-]+)", row)) for name, row in rows}
    assert {name: options - known[name] for name, options in named.items() if options - known[name]} == {}
    assert sum(map(len, named.values())) >= 20


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_target_of_make_that_a_document_names_is_there(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:`|^|; )make ([a-z][a-z-]*)", text, re.MULTILINE)) - targets == set()


@pytest.mark.slow("starts make for each")
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_every_target_of_make_that_a_document_shows_can_be_made_as_far_as_make_says() -> None:
    shown = {
        command
        for document in documents_kit.DOCUMENTS
        for block in documents_kit.for_a_shell(document.read_text(encoding="utf-8"))
        for command in block.commands("make")
    }
    assert ("demo",) in shown
    for command in shown:
        said = subprocess.run(
            ["make", "--dry-run", *command],
            cwd=ROOT,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (said.returncode, said.stderr) == (0, ""), command


def test_everything_in_a_runs_folder_is_named() -> None:
    named = OUTCOMES.partition("A run's folder, ")[2].partition("\n\n")[0]
    assert set(RUN_FILES) <= {name.partition("/")[0] for name in re.findall(r"`([^`]+)`", named)}


def test_every_language_of_a_pack_is_named_with_it() -> None:
    (row,) = re.findall(r"^\| `COUNTERMAND_LANGUAGE` .*$", SETTINGS, re.MULTILINE)
    others = {folder.name: set(codes(folder)) - {"en_US"} for folder in packs_folder().iterdir()}
    assert others == {
        "asc-4.3": set(re.findall(r"`([a-z]{2}_[A-Z]{2})`", row)) - {"en_US"},
        "asc-4.0": set(),
        "asc-2": set(),
    }
    assert "with the pack `asc-4.3`" in row


def test_the_table_of_outcomes_has_every_one() -> None:
    table = OUTCOMES.partition("## Outcomes")[2].partition("## Exit status")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(Outcome)


def test_the_short_list_of_outcomes_in_the_readme_has_every_one() -> None:
    table = README.partition("## What can happen to an order")[2].partition("Exit status")[0]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(Outcome)


def test_the_readme_gives_an_exit_status_for_every_one_in_the_table() -> None:
    table = OUTCOMES.partition("## Exit status")[2].partition("`countermand demo`")[0]
    statuses = re.findall(r"^\| `(\d+)` \|", table, re.MULTILINE)
    assert statuses == ["0", "1", "2", "3", "130"]
    assert re.findall(r"`(\d+)`", README.partition("Exit status: ")[2].partition("\n\n")[0]) == statuses


def test_the_table_of_the_ledger_has_every_one_of_its_tables() -> None:
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text.partition("## Where it lies")[0], re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == set(version_table.metadata.tables)


@pytest.mark.parametrize("document", [README.replace("\n   ", "\n"), JOB_LIST], ids=["README.md", "docs/job-list.md"])
def test_the_job_list_that_is_shown_is_read_as_it_is_meant(document: str, tmp_path: Path) -> None:
    (shown,) = (block for block in blocks(document, "yaml") if "orders:" in block)
    (tmp_path / "orders.yaml").write_text(shown, encoding="utf-8")
    first, second = read_job_list(tmp_path / "orders.yaml").jobs
    assert (first.order, first.store, first.reason, first.note, first.expect) == (
        "112-1215998-3002091",
        "asc-v2-2.3-magentocommerce-us",
        "BuyerCanceled",
        "",
        Expect(),
    )
    assert (second.order, second.store, second.reason, second.note) == (
        "112-1215998-3002092",
        "asc-v2-2.3-magentocommerce-us",
        "NoInventory",
        "ticket 4711",
    )
    assert (str(second.expect.total), second.expect.buyer) == ("121.80", "Michael Blankenship")


def test_the_file_of_accounts_that_is_shown_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = (block for block in blocks(SIGN_IN, "yaml") if "accounts:" in block)
    (tmp_path / "secret").write_text("of two\n", encoding="utf-8")
    there = shown.replace("/run/secrets/worker-2", (tmp_path / "secret").as_posix())
    (tmp_path / "accounts.yaml").write_text(there, encoding="utf-8")
    monkeypatch.setenv("WORKER_1_PASSWORD", "of one")
    monkeypatch.setenv("WORKER_1_TOTP", "JBSWY3DPEHPK3PXP")
    accounts = read_accounts_file(tmp_path / "accounts.yaml").accounts(read_written())
    assert [(account.username, account.secrets) for account in accounts] == [
        ("worker-1", ("of one", "JBSWY3DPEHPK3PXP")),
        ("worker-2", ("of two",)),
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_settings_that_a_document_shows_can_be_copied_into_dotenv(document: Path) -> None:
    shown = re.findall(r"^(COUNTERMAND_\w+)=(?!.* make )(.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    known = {f"COUNTERMAND_{name.upper()}" for name in Settings.model_fields}
    assert [(name, value) for name, value in shown if name not in known or " #" in value] == []


def test_every_import_that_is_shown_can_be_made() -> None:
    shown = [
        (node.module, name.name)
        for document in DOCUMENTS
        for block in blocks(document.read_text(encoding="utf-8"), "python")
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
    ]
    assert [one for one in shown if not hasattr(importlib.import_module(one[0]), one[1])] == []
    assert len(shown) >= 6


def test_the_figures_are_those_of_the_program() -> None:
    rests = [min(LONGEST_BACKOFF, FIRST_BACKOFF * 2**number) for number in range(BACKOFFS)]
    spoken = f"{', '.join(f'{rest:g}' for rest in rests[:-1])} and {rests[-1]:g} seconds"
    figures = [
        (OUTCOMES, f"Beyond {EVIDENCE_BUDGET / 1_000_000:g} MB of screenshots the rest is linked"),
        (OUTCOMES, f"beyond {SHEET:,} orders the list is split into files beside it"),
        (JOB_LIST, f"A list holds at most {MOST_ORDERS:,} orders"),
        (LONG_LISTS, f"started again after a pause of {spoken}"),
        (SIGN_IN, f"a clock that is more than {SKEW} s off is reported"),
        (SIGN_IN, "no more attempts after two refusals in a row"),
        (SIGN_IN, "by hand in the browser's window, within ten minutes"),
    ]
    assert [figure for text, figure in figures if figure not in " ".join(text.split())] == []
    assert (PASSWORDS, A_PERSON) == (2, 600)
