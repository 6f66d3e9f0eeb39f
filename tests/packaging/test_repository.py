"""What the files of the repository say about themselves and about each other."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from environment_kit import clean_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import bot
from bot.outcomes import Outcome
from bot.sandbox import Faults

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Put together here, so that this file does not contain what it looks for.
ONE_PLACE_ONLY = re.compile(
    "|".join(
        (
            r"(?<![\w.:/-])/(?:root|work|home/\w+)" + "/",
            "/opt/" + "pypi",
            "py" + r"pi\.(?:org|python\.org)",
            "python" + r"hosted\.org",
            "registry." + "npm" + "js",
        )
    )
)
MADE = {"__pycache__", "build", "dist", "runs", "test-results"}
HIDDEN_FILES_OF_OURS = {".ci", ".env.example", ".git_archival.txt", ".gitattributes", ".gitignore", ".github"}


def files(folder: Path) -> Iterator[Path]:
    """Every file of the repository, without what tools and runs have made."""
    for path in sorted(folder.iterdir()):
        if path.name in MADE or (path.name.startswith(".") and path.name not in HIDDEN_FILES_OF_OURS):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def test_what_has_no_tag_is_after_the_newest_release_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert PROJECT["tool"]["hatch"]["version"]["fallback-version"] == f"{released[0]}+unknown"


def test_the_installed_version_is_no_older() -> None:
    assert Version(bot.__version__) >= Version("0.1.0")


def test_no_text_file_names_a_registry_or_a_place_on_one_computer() -> None:
    found = []
    for path in files(ROOT):
        content = path.read_bytes()
        if b"\0" in content:
            continue  # a picture
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            if place := ONE_PLACE_ONLY.search(line):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {place[0]}")
    assert found == []


def test_the_lock_holds_a_version_that_fits_for_every_dependency() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)(?:\[[\w,-]+])?==(\S+)", lock, re.MULTILINE)
    }
    needed = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    needed += PROJECT["build-system"]["requires"]
    unfit = [
        line
        for line in needed
        if (requirement := Requirement(line))
        and not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unfit == []


def test_every_locked_version_has_its_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[\w.-]+(?:\[[\w,-]+])?==)", lock, flags=re.MULTILINE)[1:]
    assert [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def anchors_of(document: Path) -> set[str]:
    """What a link can name of a document: its headlines, as GitHub makes them into addresses."""
    headlines = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", headline).strip().lower().replace(" ", "-") for headline in headlines}


def leads_nowhere(document: Path, link: str) -> bool:
    """Whether a link of a document names a file, or a headline of one, that is not there."""
    file, _, headline = link.partition("#")
    target = document.parent / file if file else document
    return not target.exists() or (headline != "" and headline not in anchors_of(target))


def test_every_link_between_the_documents_leads_somewhere() -> None:
    documents = [path for path in files(ROOT) if path.suffix == ".md"]
    links = [
        (document, link)
        for document in documents
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
        if not link.startswith("https://")
    ]
    assert len(links) >= 50
    lost = [f"{path.relative_to(ROOT).as_posix()}: {link}" for path, link in links if leads_nowhere(path, link)]
    assert lost == []


def test_every_file_of_ours_that_a_text_names_is_there() -> None:
    named = re.compile(r"(?<![\w./-])(?:bot|docs|flows|selectors|tests)/[\w./-]+\.(?:md|py|ya?ml)\b")
    texts = [path for path in files(ROOT) if path.suffix in {".md", ".py", ".yaml", ".toml"}]
    gone = [
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path in texts
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name.replace("bot/selectors/", "selectors/")).exists()  # in the wheel they are beside the engine
    ]
    assert gone == []


SCRIPTS = [
    path.relative_to(ROOT).as_posix()
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if "argparse.ArgumentParser(" in path.read_text(encoding="utf-8") and path != Path(__file__).resolve()
]
"""The campaigns and benchmarks, which are started by themselves and not by pytest."""


@pytest.mark.slow("each starts a Python of its own")
@pytest.mark.sampled(4)
@pytest.mark.parametrize("path", SCRIPTS)
def test_every_script_beside_the_tests_finds_what_it_imports(path: str) -> None:
    told = subprocess.run(
        [sys.executable, path, "--help"], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


def words_in_code(document: str) -> set[str]:
    """Every word with an underscore that a document has in backticks, but for those that are written in capitals."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return {name for name in re.findall(r"`(\w+_\w+)`", text) if not name.isupper()}


def names_of_tests_in(path: Path) -> set[str]:
    """The names of the tests in a file, without what they all begin with."""
    return set(re.findall(r"def test_(\w+)", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "document", ["docs/faults.md", "docs/hostile-input.md", "docs/practice-admin.md", "SECURITY.md"]
)
def test_every_test_and_every_switch_that_a_document_names_is_there(document: str) -> None:
    tests = {name for path in (ROOT / "tests").rglob("*.py") for name in names_of_tests_in(path)}
    named = words_in_code(document) - set(Outcome)
    assert len(named & tests) >= 10
    assert named - tests - set(Faults().as_dict()) == set()


@pytest.mark.parametrize(
    ("document", "tests"),
    [
        ("docs/faults.md", "browser/test_faults.py"),
        ("docs/hostile-input.md", "browser/test_hostile_input.py"),
        ("docs/hostile-input.md", "unit/test_hostile_input.py"),
        ("docs/hostile-input.md", "unit/joblist/test_joblist_fuzz.py"),
    ],
)
def test_every_test_of_what_a_table_is_about_is_in_it(document: str, tests: str) -> None:
    assert names_of_tests_in(ROOT / "tests" / tests) - words_in_code(document) == set()


def test_every_hostile_text_that_is_tried_is_in_the_table() -> None:
    tried = ast.parse((ROOT / "tests" / "unit" / "test_hostile_input.py").read_text(encoding="utf-8"))
    (texts,) = (
        node.value
        for node in tried.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Dict)
        and ast.unparse(node.targets[0]) == "HOSTILE"
    )
    names = {ast.literal_eval(key) for key in texts.keys if key is not None}
    table = (ROOT / "docs" / "hostile-input.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    assert names - {name for row in rows for name in row.split("; ")} == set()
