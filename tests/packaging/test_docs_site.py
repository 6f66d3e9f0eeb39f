"""The site of the documentation: every page has its place, and what is made from the code has everything in it.

``make docs``, which is part of ``make lint``, builds it strictly: a link that leads nowhere ends it there.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from environment_kit import clean_environment
from run_kit import job, run_info

from bot.cli import app
from bot.pack import pack_schema
from bot.runner.results import failed, result_of

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [path for folder in ("*.md", "docs/**/*.md") for path in ROOT.glob(folder)]
ENDINGS = {".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}
SITE = ROOT / "docs" / "site"
NAVIGATION = tomllib.loads((SITE / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """The scripts that make the site."""
    monkeypatch.syspath_prepend(SITE)
    import make_site
    import reference

    yield make_site, reference
    for name in ("make_site", "reference"):
        del sys.modules[name]


def pages_of(entries: list[Any]) -> list[str]:
    """Every page of the navigation."""
    pages = []
    for entry in entries:
        ((_, what),) = entry.items()
        pages += [what] if isinstance(what, str) else pages_of(what)
    return pages


def test_every_page_has_one_place_in_the_navigation(site: tuple[Any, Any]) -> None:
    make_site, reference = site
    documents = [path.name for path in (ROOT / "docs").glob("*.md")]
    deploy = [f"deploy/{path.name}" for path in (ROOT / "docs" / "deploy").glob("*.md")]
    assert sorted(pages_of(NAVIGATION)) == sorted([*documents, *deploy, *make_site.BESIDE.values(), *reference.PAGES])


def test_every_page_that_is_not_made_from_the_code_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+)", index))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages if not page.startswith("examples/")} - {"README.md"} - linked == set()


def test_the_commands_in_full_have_every_command_with_every_option(site: tuple[Any, Any]) -> None:
    _, reference = site
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", reference.commands(), re.MULTILINE | re.DOTALL))
    commands = dict(reference._commands_of(typer.main.get_command(app)))
    assert set(sections) == set(commands)
    missing = [
        f"{name} {option}"
        for name, command in commands.items()
        for parameter in command.params
        if parameter.name != "help"
        for option in (parameter.opts if parameter.param_type_name == "option" else [parameter.metavar])
        if option not in sections[name]
    ]
    assert missing == []
    assert sum(len(command.params) for command in commands.values()) > 60


def test_the_form_of_a_pack_has_every_key_with_its_meaning(site: tuple[Any, Any]) -> None:
    _, reference = site
    text = reference.pack_form()
    keys = {key for kind in pack_schema()["$defs"].values() for key in kind.get("properties", {})}
    rows = dict(re.findall(r"^\| `([^`]+)` \| [^|]+ \| (?:yes)? ?\| ((?:[^|]|\\\|)*) \|$", text, re.MULTILINE))
    assert set(rows) == keys


def test_the_api_says_what_each_thing_is(site: tuple[Any, Any]) -> None:
    _, reference = site
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", reference.api(), re.MULTILINE | re.DOTALL))
    assert set(sections) == {name for names in reference.API.values() for name in names}
    assert [name for name, text in sections.items() if not re.search(r"```\n\n\S", text)] == []


def test_a_link_leads_to_where_its_target_is_on_the_site(site: tuple[Any, Any], tmp_path: Path) -> None:
    make_site, _ = site
    page = ROOT / "docs" / "ledger.md"
    linked: dict[Path, str] = {}
    told = make_site.with_links(page, "ledger.md", {page: "ledger.md", ROOT / "SECURITY.md": "security.md"}, linked)
    assert "](source/bot/identity.py.md)" in told
    assert linked[ROOT / "bot" / "identity.py"] == "source/bot/identity.py.md"
    assert "(../" not in told


@pytest.mark.parametrize(
    ("html", "elsewhere"),
    [
        ('<script src="assets/bundle.js"></script>', False),
        ('<link rel="canonical" href="https://docs.example/">', False),
        ('<a href="https://shop.example">', False),
        ('<script src="https://cdn.example/bundle.js"></script>', True),
        ('<link rel="stylesheet" href="//fonts.example/css">', True),
        ('<img alt="" src="https://cdn.example/a.png">', True),
    ],
)
def test_a_page_that_fetches_something_from_elsewhere_is_found(
    site: tuple[Any, Any], tmp_path: Path, html: str, elsewhere: bool
) -> None:
    make_site, _ = site
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    assert make_site.fetched_from_elsewhere(tmp_path) == (["page.html"] if elsewhere else [])


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The script that makes the pictures."""
    monkeypatch.syspath_prepend(SITE)
    import pictures

    yield pictures
    del sys.modules["pictures"]


def test_every_picture_that_is_shown_is_there_and_made_by_the_script_and_no_other_is_there(pictures: Any) -> None:
    shown = {
        (document.parent / target).resolve().relative_to(ROOT).as_posix()
        for document in DOCUMENTS
        for target in re.findall(
            r"(?:!\[[^\]]*\]\(|<img[^>]*\ssrc=.)([^)\s\"']+)", document.read_text(encoding="utf-8")
        )
    }
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*") if path.suffix in ENDINGS}
    assert there == shown == {f"docs/{name}" for name in pictures.PICTURES}


@pytest.mark.parametrize("name", ["run.png", "report.png", "console.png", "console-approve.png", "console-order.png"])
def test_a_picture_is_small_enough_for_a_page(name: str) -> None:
    assert 10_000 < (ROOT / "docs" / name).stat().st_size < 120_000


@pytest.mark.thorough
@pytest.mark.slow("runs the sample list three times; make pictures does the same")
def test_the_script_makes_every_picture(pictures: Any, tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, SITE / "pictures.py", "--into", tmp_path],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert {path.name for path in tmp_path.iterdir()} == set(pictures.PICTURES)


def test_the_picture_of_the_terminal_is_what_a_person_sees_in_the_middle_of_a_run(pictures: Any) -> None:
    display = pictures.Watched("http://127.0.0.1:8080/admin/")
    display.run_started(run_info(command="demo"), 14)
    try:
        for number in range(1, 11):
            order = f"112-1215998-{number:07}"
            display.order_started(number, order, "Nordwind UK")
            display.step("choose_reason")
            display.order_finished(result_of(job(order), failed("A screen was missing.")))
    finally:
        display.run_finished(run_info(command="demo"), [])
    assert "112-1215998-0000009" in display.seen
    assert "9 of 14 orders" in display.seen
    assert "112-1215998-0000010" in display.seen.partition("9 of 14 orders")[2]  # what is in hand
    assert "$ countermand demo" in display.seen
    assert "stylesheet" not in display.seen
