"""The wheel: what is in it, and that it works where there is no checkout."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from environment_kit import clean_environment

from bot.access.find_browser import BrowserChoice

pytestmark = pytest.mark.slow("builds the wheel, installs it and runs the demo")

ROOT = Path(__file__).resolve().parents[2]
BUNDLE_SOURCES = (ROOT / "bot" / "sandbox" / "spectrum", ROOT / "bot" / "admin" / "look_source")
PROGRAMS = "Scripts" if sys.platform == "win32" else "bin"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from the checkout without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folder of a new virtual environment into which the wheel was installed."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(environment, symlinks=sys.platform != "win32")
    python = environment / PROGRAMS / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--no-index", str(wheel)], check=True, capture_output=True)
    # The dependencies are lent by the environment that runs the tests, to spare a download. In a folder that
    # a .pth file adds, Python reads no further .pth files: the checkout, which is installed there by one,
    # does not come along. A test below makes sure of it.
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    lent = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    path_file = Path(purelib.stdout.strip()) / "dependencies.pth"
    path_file.write_text("\n".join(sorted(lent)) + "\n", encoding="utf-8")
    return environment / PROGRAMS


def away_from_the_checkout(**more: str) -> dict[str, str]:
    """The environment without what could lead Python to the checkout."""
    return {name: value for name, value in clean_environment(**more).items() if name != "PYTHONPATH"}


def test_the_wheel_contains_the_program_and_its_data_and_nothing_else(wheel: Path) -> None:
    expected = {
        prefix + path.relative_to(ROOT).as_posix()
        for prefix, folder in (("", "bot"), ("", "flows"), ("bot/", "selectors"))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not any(map(path.is_relative_to, BUNDLE_SOURCES))
    }
    with zipfile.ZipFile(wheel) as archive:
        contained = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert contained == expected


def test_the_wheel_contains_every_kind_of_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        kinds = {f"{Path(name).parts[:3]} {Path(name).suffix}" for name in archive.namelist()}
        names = set(archive.namelist())
    assert "bot/reports/report.html.j2" in names
    assert "bot/py.typed" in names
    assert "bot/selectors/asc-4.3/pack.yaml" in names
    assert f"{('bot', 'sandbox', 'static')} .js" in kinds
    assert f"{('bot', 'sandbox', 'templates')} .html" in kinds
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_wheel_contains_the_script_that_looks_with_its_notice_and_not_its_source(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "bot/admin/look.js" in names
    assert any(name.endswith(".dist-info/licenses/bot/admin/look.NOTICE.txt") for name in names)
    assert not [name for name in names if "look_source" in name]


def test_the_wheel_contains_the_spectrum_face_with_its_notices(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert any(
            name.endswith(".dist-info/licenses/bot/sandbox/static/spectrum.NOTICE.txt") for name in archive.namelist()
        )
        made = {name: archive.read(f"bot/sandbox/static/spectrum.{name}") for name in ("js", "css", "NOTICE.txt")}

    banner = made["js"].partition(b"\n")[0]
    assert banner == made["css"].partition(b"\n")[0]
    assert banner.endswith(b"Licenses: spectrum.NOTICE.txt */")
    notice = made["NOTICE.txt"].decode()
    for package in ("@adobe/react-spectrum 3", "react 18", "react-dom 18", "react-aria 3", "react-stately 3"):
        assert f"\n{package}." in notice
    assert "Apache License" in notice
    assert "Permission is hereby granted, free of charge" in notice


def test_the_installed_program_is_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = "import bot, flows, selectors, sys\nfor part in (bot, flows, selectors): print(part.__file__)\n"
    code += "for folder in sys.path: print(folder)"
    asked = subprocess.run(
        [installed / "python", "-c", code],
        cwd=tmp_path,
        env=away_from_the_checkout(),
        capture_output=True,
        text=True,
        check=True,
    )
    bot, flows, selectors, *path = map(Path, asked.stdout.splitlines())
    environment = installed.parent
    assert bot.is_relative_to(environment)
    assert flows.is_relative_to(environment)
    assert not selectors.is_relative_to(environment)
    assert ROOT not in path


@pytest.mark.sampled(3)
def test_the_installed_program_runs_its_demo_in_an_empty_folder(
    installed: Path, tmp_path: Path, browser_choice: BrowserChoice
) -> None:
    environment = away_from_the_checkout()
    if browser_choice.executable is not None:
        environment["COUNTERMAND_BROWSER"] = str(browser_choice.executable)
    demo = subprocess.run(
        [installed / "countermand", "demo"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1800,  # for a program that hangs; a busy machine needs less
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    (run,) = (tmp_path / "runs").glob("*/run.json")
    assert (run.parent / "report.html").stat().st_size > 0
    assert (run.parent / "results.json").stat().st_size > 0
    assert list((run.parent / "evidence").rglob("*.jpg"))
