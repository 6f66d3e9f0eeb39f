"""Containerfile, compose.yaml, systemd units and the recipe for Windows agree with the program that they start."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from environment_kit import clean_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from bot.cli import app
from bot.sandbox.sessions import ACCOUNTS, PASSWORD
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
OURS = {name: service for name, service in COMPOSE["services"].items() if "command" in service}
UNITS = sorted((DEPLOY / "systemd").iterdir())
SETTINGS = {f"COUNTERMAND_{name.upper()}" for name in Settings.model_fields}


def instructions() -> Iterator[tuple[str, str]]:
    """What the Containerfile says, an instruction at a time."""
    text = re.sub(r"^\s*#.*\n", "", CONTAINERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, " ".join(rest.split())


def unknown_in(command: list[str]) -> list[str]:
    """What of a command line the program does not know: the command, or an option of it."""
    group: Any = typer.main.get_command(app)
    words = list(command)
    while words and hasattr(group, "commands"):
        name = words.pop(0)
        if name.startswith("--"):
            words.insert(0, name)
            break
        if name not in group.commands:
            return [name]
        group = group.commands[name]
    known = {option for parameter in group.params for option in [*parameter.opts, *parameter.secondary_opts]}
    return [word for word in words if word.startswith("--") and word not in {*known, "--help"}]


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        (["worker", "--once"], []),
        (["queue", "pause"], []),
        (["--help"], []),
        (["wroker"], ["wroker"]),
        (["worker", "--twice"], ["--twice"]),
    ],
)
def test_what_the_program_does_not_know_is_found(command: list[str], unknown: list[str]) -> None:
    assert unknown_in(command) == unknown


# --- The image ---


def test_the_image_copies_what_is_there_and_is_not_ignored() -> None:
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert set(copied) == let_in
    assert {"bot", "flows", "selectors"} <= let_in


def test_the_image_runs_as_a_user_with_a_number_and_writes_to_two_places() -> None:
    said = dict(instructions())
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", said["USER"])
    assert json.loads(said["VOLUME"]) == ["/runs"]
    assert json.loads(said["ENTRYPOINT"]) == ["/usr/bin/tini", "--", "countermand"]
    environment = dict(pair.split("=", 1) for pair in shlex.split(said["ENV"]))
    assert (environment["HOME"], environment["COUNTERMAND_RUNS_DIR"]) == ("/tmp", "/runs")
    assert {name for name in environment if name.startswith("COUNTERMAND_")} <= SETTINGS


def test_the_commands_of_the_image_are_there() -> None:
    said = dict(instructions())
    assert unknown_in(json.loads(said["CMD"])) == []
    program, *health = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    assert (program, unknown_in(health)) == ("countermand", [])


def test_the_image_has_the_newest_version_of_the_changelog_and_so_has_the_package_in_it() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest, *_ = re.findall(r"^## \[([\d.]+)]", changelog, re.MULTILINE)
    assert f"ARG VERSION={newest}\n" in CONTAINERFILE
    assert CONTAINERFILE.count("\nARG VERSION\n") == CONTAINERFILE.count("\nFROM ") == 2
    assert 'SETUPTOOLS_SCM_PRETEND_VERSION="${VERSION}" /opt/build/bin/pip wheel' in CONTAINERFILE
    chosen = f"${{COUNTERMAND_VERSION:-{newest}}}"
    assert {service["image"] for service in OURS.values()} == {f"countermand:{chosen}"}
    assert [service["build"]["args"] for service in OURS.values()] == [{"VERSION": chosen}] * len(OURS)


@pytest.mark.parametrize("lock", ["image", "build"])
def test_the_locks_of_the_image_hold_the_versions_that_are_tested(lock: str) -> None:
    def locked(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+])?==(\S+)", text, re.MULTILINE)
        return {canonicalize_name(package): version for package, version in found}

    needed = {
        "image": [line for extra in ("notify", "oidc", "postgresql", "s3") for line in EXTRAS[extra]]
        + PROJECT["dependencies"],
        "build": ["hatchling"],
    }[lock]
    mine, tested = locked(f"requirements-{lock}.lock"), locked("requirements.lock")
    assert {canonicalize_name(Requirement(line).name) for line in needed} - set(mine) == set()
    assert {name: version for name, version in mine.items() if tested.get(name) != version} == {}


def test_the_profile_of_system_calls_leaves_what_the_browsers_sandbox_is_made_of() -> None:
    profile = json.loads((DEPLOY / "seccomp.json").read_text(encoding="utf-8"))
    (rule,) = profile["syscalls"]
    assert (profile["defaultAction"], rule["action"]) == ("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO")
    denied = set(rule["names"])
    assert {"clone", "clone3", "unshare", "chroot", "seccomp"} & denied == set()
    assert {"mount", "ptrace", "bpf", "init_module", "keyctl", "kexec_load", "setns"} <= denied


# --- compose.yaml ---


@pytest.mark.parametrize("name", OURS)
def test_a_service_starts_a_command_that_is_there_with_settings_that_are_there(name: str) -> None:
    service = OURS[name]
    assert unknown_in(service["command"]) == []
    named = {setting for setting in service["environment"] if setting.startswith("COUNTERMAND_")}
    assert len(named) >= 4
    assert named - SETTINGS == set()


@pytest.mark.parametrize("name", OURS)
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true", "seccomp:docs/deploy/seccomp.json"]
    assert (service["tmpfs"][0].partition(":")[0], service["stop_grace_period"]) == ("/tmp", "3m")
    assert "runs:/runs" in service["volumes"]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_what_a_service_names_is_there(name: str) -> None:
    service = COMPOSE["services"][name]
    assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    for volume in service.get("volumes", ()):
        source = volume.partition(":")[0]
        assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]


def test_only_the_practice_admin_and_its_list_are_for_the_demo() -> None:
    demo = {name for name, service in COMPOSE["services"].items() if service.get("profiles") == ["demo"]}
    assert demo == {"practice", "sample"}
    assert OURS["worker"]["deploy"]["replicas"] == 2


def test_the_files_of_the_demo_are_the_practice_admins_accounts() -> None:
    files = [re.fullmatch(r"\$\{\w+:-(.+)}", secret["file"])[1] for secret in COMPOSE["secrets"].values()]  # type: ignore[index]
    accounts, *passwords = [(ROOT / file).read_text(encoding="utf-8") for file in files]
    listed = YAML(typ="safe").load(accounts)["accounts"]
    assert {account["username"] for account in listed} <= set(ACCOUNTS)
    assert len(listed) == OURS["worker"]["deploy"]["replicas"]
    named = {Path(account["password"]["file"]).name for account in listed}
    assert named == set(COMPOSE["secrets"]) - {"accounts"}
    assert {password.strip() for password in passwords} == {PASSWORD}


# --- Services ---


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_is_there_with_settings_that_are_there(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    (started,) = re.findall(r"^ExecStart=/opt/countermand/bin/countermand (.+)$", text, re.MULTILINE)
    assert unknown_in(shlex.split(started)) == []
    named = set(re.findall(r"^Environment=(COUNTERMAND_\w+)=", text, re.MULTILINE))
    assert named
    assert named - SETTINGS == set()
    for needed in ("User=countermand", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert f"\n{needed}\n" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/countermand/bin/countermand", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


def test_every_timer_has_its_service() -> None:
    names = {unit.name for unit in UNITS}
    assert {unit.stem for unit in UNITS if unit.suffix == ".timer"} <= {name.removesuffix(".service") for name in names}
