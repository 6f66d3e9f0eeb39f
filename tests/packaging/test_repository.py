"""What the files of the repository say about themselves and about each other."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import bot
from bot.outcomes import Outcome
from bot.sandbox import Faults

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]
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
HIDDEN_FILES_OF_OURS = {".ci", ".env.example", ".gitignore", ".github"}


def files(folder: Path) -> Iterator[Path]:
    """Every file of the repository, without what tools and runs have made."""
    for path in sorted(folder.iterdir()):
        if path.name in MADE or (path.name.startswith(".") and path.name not in HIDDEN_FILES_OF_OURS):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def test_the_version_is_the_newest_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert released[:1] == [VERSION]


def test_the_installed_version_is_the_projects() -> None:
    assert bot.__version__ == VERSION


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


def test_every_test_and_every_switch_that_the_table_of_faults_names_is_there() -> None:
    table = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    tests = {name for source in sources for name in re.findall(r"def test_(\w+)", source)}
    named = set(re.findall(r"`(\w+_\w+)`", table)) - set(Outcome)
    assert named - tests - set(Faults().as_dict()) == set()


def test_every_fault_test_is_in_the_table_of_faults() -> None:
    table = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    source = (ROOT / "tests" / "browser" / "test_faults.py").read_text(encoding="utf-8")
    missing = {name for name in re.findall(r"def test_(\w+)", source) if f"`{name}`" not in table}
    assert missing == set()
