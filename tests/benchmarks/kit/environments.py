"""What peers are installed into: a virtual environment each, in a folder that git ignores, made once and kept."""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = ROOT / ".bench"
READY = "ready"
"""File that is there when an environment is complete."""


class NotInstalled(Exception):
    """A peer cannot be had on this machine; its text is why."""


def environment(requirements: Path) -> Path:
    """The Python of a virtual environment with exactly these requirements.

    Raises:
        NotInstalled: they cannot be had.
    """
    stamp = f"{sys.version}\n{requirements.read_text(encoding='utf-8')}"
    folder = CACHE / f"{requirements.stem}-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / READY).exists():
        print(f"Installing {requirements.stem} into {folder.relative_to(ROOT)}.", flush=True)
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", str(requirements))
        (folder / READY).touch()
    return python


def chrome_driver(browser: Path) -> Path | None:
    """The installed Chrome driver of the browser's version, or Debian's; None leaves it to Selenium to get one.

    Debian's package is only unpacked, into the same folder as the environments: nothing on the system changes.
    """
    wanted = _major(browser)
    installed = shutil.which("chromedriver")
    if installed and _major(Path(installed)) == wanted:
        return Path(installed)
    folder = CACHE / f"chromium-driver-{wanted}"
    driver = folder / "usr" / "bin" / "chromedriver"
    if not driver.exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        print(f"Fetching Debian's chromium-driver into {folder.relative_to(ROOT)}.", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as name:
            try:
                _run("apt-get", "download", "-qq", "chromium-driver", cwd=Path(name))
                for package in Path(name).glob("*.deb"):
                    _run("dpkg-deb", "-x", str(package), str(folder))
            except NotInstalled as why:
                print(f"- {why}")
    return driver if driver.exists() and _major(driver) == wanted else None


def _major(program: Path) -> str:
    """The first number of a program's version; empty if it does not say."""
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"(\d+)\.\d+\.\d+", asked.stdout)
    return found[1] if found else ""


def _run(*words: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise NotInstalled(f"{Path(words[0]).name}: {trouble}") from trouble
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["it says no more"]
        errors = [line for line in said if line.startswith(("ERROR", "E:"))] or said
        raise NotInstalled(f"{' '.join(words[1:4])}: {errors[-1][:200]}")
