"""The scripts of the console: which versions they are, from where, and how large."""

import hashlib
from pathlib import Path

import bot.console

STATIC = Path(bot.console.__file__).parent / "static"

HTMX = "4.0.1"
"""The version of htmx.org on npm that these files are from: its dist folder, and dist/ext."""

SUMS = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
    "hx-csp.min.js": "a7e1e6711ae6c3e50ad300fba7936cbe8d07599cdae313414a179ddd6b26e143",
}


def test_the_scripts_of_others_are_as_they_were_published() -> None:
    assert {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in SUMS} == SUMS
    assert f'version:"{HTMX}"' in (STATIC / "htmx.min.js").read_text(encoding="utf-8") or HTMX in (
        STATIC / "htmx.min.js"
    ).read_text(encoding="utf-8")


def test_their_license_is_with_them() -> None:
    assert "Zero-Clause BSD" in (STATIC / "htmx.LICENSE.txt").read_text(encoding="utf-8")


def test_all_scripts_together_are_at_most_60_kb() -> None:
    assert sum(path.stat().st_size for path in STATIC.glob("*.js")) <= 60_000
