"""Builds the documentation as a site, strictly: a link or a headline that is not there ends it.

The pages are the files in ``docs`` as they are, with README, CHANGELOG, SECURITY and CONTRIBUTING beside them, the
reference pages that are made from the code, and a page for every source file that a page links to. So the site needs
nothing from anywhere else. They are put together in ``build/docs``, and so is the site.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from reference import PAGES

ROOT = Path(__file__).resolve().parents[2]
STAGE = ROOT / "build" / "docs"
BESIDE = {"README.md": "start.md", "CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md"}
BESIDE |= {"CONTRIBUTING.md": "contributing.md"}
"""Documents in the top folder, and what they are called on the site, whose own index is ``docs/README.md``."""

LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".ini": "ini", ".toml": "toml", ".json": "json"}
PICTURES = {".png", ".jpg", ".svg"}


def stage() -> Path:
    """Put the pages together; gives the folder of the settings for Zensical."""
    shutil.rmtree(STAGE, ignore_errors=True)
    pages = STAGE / "pages"
    documents = {path: path.relative_to(ROOT / "docs").as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))}
    documents |= {ROOT / name: called for name, called in BESIDE.items()}
    linked: dict[Path, str] = {}
    for path, called in documents.items():
        write(pages / called, with_links(path, called, documents, linked))
    for path, called in linked.items():
        write(pages / called, source_page(path) if path.suffix not in PICTURES else path.read_bytes())
    for called, make in PAGES.items():
        write(pages / called, make())
    shutil.copy(Path(__file__).with_name("zensical.toml"), STAGE / "zensical.toml")
    return STAGE


def with_links(path: Path, called: str, documents: dict[Path, str], linked: dict[Path, str]) -> str:
    """The text of a document, whose links lead to where things are on the site."""

    def there(found: re.Match[str]) -> str:
        words, target, headline = found[1], found[2], found[3] or ""
        if re.match(r"[a-z]+:", target):
            return found[0]
        aim = (path.parent / target).resolve()
        a_folder = aim.is_dir()
        if a_folder:
            aim = aim / "README.md"
        if aim in documents:
            to = documents[aim]
        elif aim.is_file():
            linked[aim] = to = place_of(aim)
        else:
            return words if a_folder else found[0]
        return f"[{words}]({os.path.relpath(to, Path(called).parent).replace(os.sep, '/')}{headline})"

    return LINK.sub(there, path.read_text(encoding="utf-8"))


def place_of(path: Path) -> str:
    """Where a file that a page links to is on the site: a picture as it is, anything else as a page."""
    if path.suffix in PICTURES and path.is_relative_to(ROOT / "docs"):
        return path.relative_to(ROOT / "docs").as_posix()
    return f"source/{path.relative_to(ROOT).as_posix().lstrip('.')}.md"


def source_page(path: Path) -> str:
    """A page that shows a source file."""
    text = path.read_text(encoding="utf-8")
    fence = "`" * 4
    name = path.relative_to(ROOT).as_posix()
    return f"# {name}\n\n{fence}{LANGUAGES.get(path.suffix, 'text')}\n{text}{fence}\n"


FETCHED = re.compile(r"""<(?:script|img|iframe|source)[^>]*\ssrc="?(https?:)?//|<link[^>]*\shref="?(https?:)?//""")
AT_HOME = re.compile(r"""<link[^>]*\srel="?(canonical|icon)""")


def fetched_from_elsewhere(site: Path) -> list[str]:
    """The pages that would fetch something from another place."""
    return [
        page.relative_to(site).as_posix()
        for page in sorted(site.rglob("*.html"))
        if any(not AT_HOME.match(found[0]) for found in FETCHED.finditer(page.read_text(encoding="utf-8")))
    ]


def write(path: Path, content: str | bytes) -> None:
    """Write a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def main() -> None:
    """Build it, or say what is wrong with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zensical", help="The program zensical, of the version in requirements-docs.lock.")
    asked = parser.parse_args()
    folder = stage()
    done = subprocess.run(
        [Path(asked.zensical).absolute(), "build", "--clean", "--strict"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"NO_COLOR": "1", "PYTHONUTF8": "1"},
        check=False,
    )
    if done.returncode:
        told = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        sys.exit(told.partition("Traceback")[0] or told)
    if pages := fetched_from_elsewhere(folder / "site"):
        sys.exit(f"These pages fetch something from elsewhere: {', '.join(pages)}")
    print(f"Documentation: {(folder / 'site' / 'index.html').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
