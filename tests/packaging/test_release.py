"""A release: its tag, its packages, its notes, and the workflows that make it."""

import importlib.util
import json
import re
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = {path.name: path for path in sorted((ROOT / ".github" / "workflows").iterdir())}
A_LINE = 1_000
"""Characters: nobody writes longer lines by hand."""

CHANGELOG = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2027-01-05

### Added

- A console.

## [0.1.0] - 2026-11-23

### Added

- Everything else.
"""


def newest_release() -> str:
    """The newest version in the changelog."""
    released = re.findall(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    return str(released[0])


@pytest.fixture
def release() -> Any:
    """The script that checks and builds a release."""
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- The tag ---


def test_a_tag_that_is_the_version_may_be_released(release: Any) -> None:
    assert release.troubles_with("v0.2.0", "0.2.0", CHANGELOG) == []


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "trouble"),
    [
        (
            "v0.2.0",
            "0.2.1.dev1+g0c16b5171",
            CHANGELOG,
            "The tag is v0.2.0, and this checkout builds version 0.2.1.dev1+g0c16b5171: it is not the tag's, or was "
            "changed.",
        ),
        ("v0.3.0", "0.3.0", CHANGELOG, "CHANGELOG.md has no headline '## [0.3.0] - YYYY-MM-DD'."),
        (
            "v0.2.0",
            "0.2.0",
            CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Something.\n"),
            "CHANGELOG.md has entries under Unreleased: move them to the version.",
        ),
    ],
)
def test_any_other_tag_is_refused_with_what_to_do(
    release: Any, tag: str, version: str, changelog: str, trouble: str
) -> None:
    assert release.troubles_with(tag, version, changelog) == [trouble]


def test_the_notes_of_a_release_are_what_the_changelog_says_of_it(release: Any) -> None:
    assert release.section(CHANGELOG, "0.2.0") == "### Added\n\n- A console."
    assert release.section(CHANGELOG, "0.1.0") == "### Added\n\n- Everything else."
    assert release.section(CHANGELOG, "0.3.0") == ""


# --- The version ---


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., None]:
    """Calls git in a folder with as much of the project as its version needs; is skipped where there is no git."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    (tmp_path / "project").mkdir()
    for name in ("pyproject.toml", "README.md", ".git_archival.txt", ".gitattributes"):
        shutil.copy(ROOT / name, tmp_path / "project" / name)
    somebody = ["-c", "user.name=Somebody", "-c", "user.email=somebody@shop.example", "-c", "commit.gpgsign=false"]

    def git(*words: str) -> None:
        subprocess.run(["git", *somebody, *words], cwd=tmp_path / "project", check=True, capture_output=True)

    git("init")
    git("add", "--all")
    git("commit", "-m", "The project.")
    return git


@pytest.mark.slow("starts the build tool several times")
def test_the_version_is_the_tags_also_in_an_archive_and_in_a_copy_it_is_said_to_be_unknown(
    release: Any, git: Callable[..., None], tmp_path: Path
) -> None:
    project, newest = tmp_path / "project", newest_release()
    after = re.sub(r"\d+$", lambda last: str(int(last[0]) + 1), newest)
    assert re.fullmatch(rf"{re.escape(after)}\.dev\d+\+unknown\.g[0-9a-f]+", release.version(project))
    git("tag", "v7.8.9")
    assert release.version(project) == "7.8.9"
    git("archive", "--output", str(tmp_path / "archive.tar"), "--prefix", "archive/", "HEAD")
    with tarfile.open(tmp_path / "archive.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    assert release.version(tmp_path / "archive") == "7.8.9"
    (tmp_path / "archive" / ".git_archival.txt").unlink()
    assert release.version(tmp_path / "archive") == f"{newest}+unknown"
    (project / "README.md").write_text("Changed.", encoding="utf-8")
    assert re.match(r"7\.8\.10\.dev0\+g[0-9a-f]+\.d\d{8}$", release.version(project))


# --- The packages ---


def test_what_the_sdist_takes_is_named_from_the_top() -> None:
    """``docs`` alone is also ``build/docs``, which is left out only where git's ignored folders are known."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    taken = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [pattern for pattern in taken if not pattern.startswith("/")] == []


@pytest.mark.sampled(3)
@pytest.mark.slow("builds wheel and sdist twice; make dist does the same")
def test_wheel_and_sdist_are_the_same_bytes_when_they_are_built_again_elsewhere(release: Any, tmp_path: Path) -> None:
    assert release.build_twice(tmp_path / "dist") == []
    names = sorted(path.name for path in (tmp_path / "dist").iterdir())
    version = release.version()
    assert names == [f"countermand-{version}-py3-none-any.whl", f"countermand-{version}.tar.gz"]


def test_the_license_of_everything_that_is_bundled_is_named() -> None:
    notices = {path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*.NOTICE.txt")}
    notices |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*LICENSE*")}
    assert notices
    assert notices | {"LICENSE"} == set(PROJECT["license-files"])


BUNDLED = {
    "bot/admin/look.js": "bot/admin/look.NOTICE.txt",
    "bot/console/static/htmx.min.js": "bot/console/static/htmx.LICENSE.txt",
    "bot/console/static/hx-csp.min.js": "bot/console/static/htmx.LICENSE.txt",
    "bot/console/static/hx-sse.min.js": "bot/console/static/htmx.LICENSE.txt",
    "bot/sandbox/static/spectrum.css": "bot/sandbox/static/spectrum.NOTICE.txt",
    "bot/sandbox/static/spectrum.js": "bot/sandbox/static/spectrum.NOTICE.txt",
    "tests/kit/axe/axe.min.js": "tests/kit/axe/LICENSE.txt",
}
"""Each script and style sheet that others have written, or that has work of others in it; and its license."""

LOCKS = {
    "bot/admin/look.NOTICE.txt": "bot/admin/look_source",
    "bot/sandbox/static/spectrum.NOTICE.txt": "bot/sandbox/spectrum",
}
"""Each notice of what was bundled, and the folder whose lock says what that was."""


def test_every_script_that_nobody_can_have_written_by_hand_has_its_license() -> None:
    ours = [ROOT / name for name in ("bot", "flows", "selectors", "tests", "docs")]
    texts = [path for folder in ours for path in folder.rglob("*") if path.suffix in {".js", ".css", ".mjs"}]
    minified = {
        path.relative_to(ROOT).as_posix()
        for path in texts
        if "node_modules" not in path.parts
        and max(map(len, path.read_text(encoding="utf-8").splitlines()), default=0) > A_LINE
    }
    assert minified == set(BUNDLED)
    assert [name for name in BUNDLED.values() if not (ROOT / name).stat().st_size] == []


@pytest.mark.parametrize("notice", LOCKS)
def test_every_package_that_a_notice_names_is_the_locked_one_under_its_license(notice: str) -> None:
    named = set(
        re.findall(r"(\S+) (\d+\.\d+\.\d+) \(([\w.-]+)\)(?:$|, changed)", (ROOT / notice).read_text("utf-8"), re.M)
    )
    lock = json.loads((ROOT / LOCKS[notice] / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    locked = {
        (path.rpartition("node_modules/")[2], one.get("version"), one.get("license")) for path, one in lock.items()
    }
    assert named - locked == set()
    needed = json.loads((ROOT / LOCKS[notice] / "package.json").read_text(encoding="utf-8")).get("dependencies", {})
    assert set(needed) - {name for name, _, _ in named} == set()
    assert {under for _, _, under in named} <= set(PROJECT["license"].split(" AND "))


def test_the_packages_license_has_that_of_everything_in_it_and_no_other() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in PROJECT["license-files"]]
    said = {
        "Apache-2.0": "Apache License",
        "MIT": "Permission is hereby granted, free of charge",
        "BSD-3-Clause": "Redistributions of source code must retain",
        "0BSD": "Zero-Clause BSD",
    }
    assert PROJECT["license"].split(" AND ") == [
        name for name, words in said.items() if any(words in text for text in texts)
    ]


def test_a_project_for_programs_that_do_not_ask_the_build_tool_says_its_version(release: Any) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    stated = tomllib.loads(release.with_version(text, "0.2.0"))["project"]
    assert stated == {name: what for name, what in PROJECT.items() if name != "dynamic"} | {"version": "0.2.0"}


def test_an_audit_asks_about_every_lock_and_fails_where_it_was_not_answered() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    audit = makefile.partition("\naudit: ")[2].partition("\n\n")[0]
    assert "for lock in requirements*.lock" in audit
    assert "pip-audit --strict --require-hashes" in audit
    (bundled,) = re.findall(r"^BUNDLED := (.*)$", makefile, re.MULTILINE)
    assert {ROOT / folder for folder in bundled.split()} == {
        path.parent for path in (ROOT / "bot").rglob("package-lock.json")
    }


# --- The workflows ---


def steps(name: str) -> list[dict[str, Any]]:
    """Every step of a workflow."""
    jobs = YAML(typ="safe").load(WORKFLOWS[name].read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_takes_every_action_at_an_exact_commit(name: str) -> None:
    used = re.findall(r"uses: (\S+)(.*)", WORKFLOWS[name].read_text(encoding="utf-8"))
    assert used
    assert [
        action for action, comment in used if not re.search(r"@[0-9a-f]{40}$", action) or "# v" not in comment
    ] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_calls_targets_and_files_that_are_there(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    said = "\n".join(step["run"] for step in steps(name) if "run" in step)
    targets = re.findall(r"\bmake ([a-z-]+)", said)
    assert targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
    named = re.findall(r"(?:-r|python|seccomp=|--file) ?((?:\.ci|docs|requirements)[\w./-]*|Containerfile)", said)
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_the_tests_run_on_every_system_and_version_that_is_supported() -> None:
    jobs = YAML(typ="safe").load(WORKFLOWS["ci.yml"].read_text(encoding="utf-8"))["jobs"]
    matrix = jobs["systems"]["strategy"]["matrix"]
    versions = [line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert matrix["python"] == versions
    assert [system.partition("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]
    assert {"lint", "docs", "packages", "image", "audit"} <= {*jobs, "lint"}


def test_a_release_is_built_without_rights_and_attested() -> None:
    workflow = YAML(typ="safe").load(WORKFLOWS["release.yml"].read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["build"]["permissions"] == {"contents": "read"}
    attested = [step["uses"].partition("@")[0] for step in steps("release.yml") if "attest" in step.get("uses", "")]
    assert attested == ["actions/attest-build-provenance"] * 2
