"""Prints which part of the program the tests reached, a line for each room of ``bot`` and for the flows.

Needs the data file that pytest-cov left, in COVERAGE_FILE.
"""

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from coverage import Coverage

ROOT = Path(__file__).resolve().parents[2]


def room_of(file: str) -> str:
    """The room that a file belongs to, such as ``bot/ledger``; ``bot`` for the modules beside the rooms."""
    parts = Path(file).parts
    return "/".join(parts[:2]) if parts[0] == "bot" and len(parts) > 2 else parts[0]


def by_room(files: dict[str, dict[str, dict[str, int]]]) -> dict[str, Counter[str]]:
    """What coverage counted of each file, added up for each room."""
    rooms: dict[str, Counter[str]] = {}
    for file, counted in files.items():
        rooms.setdefault(room_of(file), Counter()).update(
            {name: number for name, number in counted["summary"].items() if name.startswith(("num_", "covered_"))}
        )
    return rooms


def table(rooms: dict[str, Counter[str]]) -> list[str]:
    """Lines and branches of each room, and of all together."""
    total: Counter[str] = Counter()
    for counted in rooms.values():
        total.update(counted)
    lines = [f"{'room':<16}{'lines':>8}{'reached':>10}{'branches':>10}{'reached':>10}"]
    for room, counted in [*sorted(rooms.items()), ("all", total)]:
        lines.append(
            f"{room:<16}{counted['num_statements']:>8}{_share(counted, 'covered_lines', 'num_statements'):>10}"
            f"{counted['num_branches']:>10}{_share(counted, 'covered_branches', 'num_branches'):>10}"
        )
    return lines


def _share(counted: Counter[str], part: str, whole: str) -> str:
    return f"{counted[part] / counted[whole]:.1%}" if counted[whole] else "-"


def main() -> None:
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(report))
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    print("\n".join(table(by_room(files))))


if __name__ == "__main__":
    main()
