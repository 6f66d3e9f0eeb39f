"""What a test holds a built bundle of JavaScript to: the source that it was built from, and its locked packages."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def source_sum(source: Path) -> str:
    """The same sum as in each ``build.mjs``: every file's name and text, in the order of their names."""
    files = {path.relative_to(source).as_posix(): path for path in source.rglob("*") if path.is_file()}
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{files[name].read_text(encoding='utf-8')}\0".encode())
    return total.hexdigest()


def check_lock(source: Path) -> None:
    """Make sure that the lock beside a source names no registry, and has a hash for every package."""
    lock = (source / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('    "node_modules/') > 0
