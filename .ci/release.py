"""What a release needs: its tag checked, its packages built twice and compared, its notes taken from the changelog.

python .ci/release.py check v0.2.0
python .ci/release.py build dist
python .ci/release.py notes v0.2.0
python .ci/release.py project build/sbom/pyproject.toml
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ANOTHER_TIME = 1_000_000_000
"""When the files of the second build were changed last; in Unix time."""


def version(source: Path = ROOT) -> str:
    """The version that packages built from a folder have: its tag's, or one that says how far after the tag it is."""
    command = [sys.executable, "-m", "hatchling", "version"]
    return subprocess.run(command, cwd=source, check=True, capture_output=True, text=True).stdout.strip()


def section(changelog: str, of: str) -> str:
    """What a changelog says of a version; empty if it does not have it."""
    found = re.search(rf"^## \[{re.escape(of)}](?: - \d{{4}}-\d\d-\d\d)?\n(.*?)(?=^## \[|\Z)", changelog, re.M | re.S)
    return found[1].strip() if found else ""


def troubles_with(tag: str, version: str, changelog: str) -> list[str]:
    """What is wrong with a tag; nothing if the release may be built."""
    troubles = []
    if tag != f"v{version}":
        troubles.append(
            f"The tag is {tag}, and this checkout builds version {version}: it is not the tag's, or was changed."
        )
    released = tag.removeprefix("v")
    if not re.search(rf"^## \[{re.escape(released)}] - \d{{4}}-\d\d-\d\d$", changelog, re.M):
        troubles.append(f"CHANGELOG.md has no headline '## [{released}] - YYYY-MM-DD'.")
    if section(changelog, "Unreleased"):
        troubles.append("CHANGELOG.md has entries under Unreleased: move them to the version.")
    return troubles


def with_version(project: str, version: str) -> str:
    """A pyproject.toml that says its version, for programs that do not ask the build tool."""
    stated, changed = re.subn(r"^dynamic = \[\"version\"].*$", f'version = "{version}"', project, flags=re.M)
    if changed != 1:
        raise ValueError("pyproject.toml does not take its version from the tag")
    return stated


def build(source: Path, into: Path) -> dict[str, bytes]:
    """Build wheel and sdist of a source folder; gives what each file holds."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(into)]
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in sorted(into.iterdir())}


def build_twice(into: Path) -> list[str]:
    """Build both packages, and once more from the sdist alone, with other times and rights; gives the names of those
    that are not the same.
    """
    first = build(ROOT, into)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(next(into.glob("*.tar.gz"))) as sdist:
            sdist.extractall(folder, filter="data")
        (source,) = Path(folder).iterdir()
        for path in source.rglob("*"):
            path.chmod(path.stat().st_mode & 0o700)  # as somebody has it who keeps files private
            os.utime(path, (ANOTHER_TIME, ANOTHER_TIME))
        second = build(source, Path(folder) / "again")
    return [name for name in first if first[name] != second.get(name)]


def main() -> None:
    """Do what was asked, or say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["check", "build", "notes", "project"])
    parser.add_argument("of", help="The tag; for build, the folder for the packages; for project, the file to write.")
    asked = parser.parse_args()
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if asked.what == "check":
        if troubles := troubles_with(asked.of, version(), changelog):
            sys.exit("\n".join(troubles))
        print(f"{asked.of} may be released.")
    elif asked.what == "project":
        Path(asked.of).write_text(
            with_version((ROOT / "pyproject.toml").read_text(encoding="utf-8"), version()), "utf-8"
        )
    elif asked.what == "notes":
        print(section(changelog, asked.of.removeprefix("v")) or f"See CHANGELOG.md for {asked.of}.")
    else:
        shutil.rmtree(asked.of, ignore_errors=True)
        if different := build_twice(Path(asked.of)):
            sys.exit(f"Not the same when built again: {', '.join(different)}")
        print(f"Packages, the same when built again from the sdist: {asked.of}")


if __name__ == "__main__":
    main()
