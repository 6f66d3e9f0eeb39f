"""The script that looks at pages: whether what is put into them was built from the source beside it."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "bot" / "admin" / "look_source"


def source_sum() -> str:
    """The same sum as in ``build.mjs``: every file's name and text, in the order of their names."""
    files = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*") if path.is_file()}
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{files[name].read_text(encoding='utf-8')}\0".encode())
    return total.hexdigest()


def test_the_bundle_belongs_to_its_source() -> None:
    banner = (SOURCE.parent / "look.js").read_text(encoding="utf-8").partition("\n")[0]

    assert banner == f"/*! Source: bot/admin/look_source, sha256 {source_sum()}. License: look.NOTICE.txt */", (
        "run: make look-bundle"
    )


def test_the_notice_has_the_license_of_what_is_in_the_bundle() -> None:
    notice = (SOURCE.parent / "look.NOTICE.txt").read_text(encoding="utf-8")

    assert notice.startswith("look.js contains dom-accessibility-api 0.7.1 (MIT), changed ")
    assert "Permission is hereby granted, free of charge" in notice


def test_the_lock_names_no_registry_and_has_every_hash() -> None:
    lock = (SOURCE / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('    "node_modules/')
