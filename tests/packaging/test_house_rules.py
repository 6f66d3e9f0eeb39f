"""Rules about the source itself that no type checker knows."""

import ast
import importlib.metadata
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENGINE = sorted((ROOT / "bot").rglob("*.py"))
FLOWS = sorted((ROOT / "flows").rglob("*.py"))
OF_EXTRAS = {
    ROOT / "bot" / "pytest_plugin.py": "qa",
    ROOT / "bot" / "console" / "oidc.py": "oidc",
    ROOT / "bot" / "evidence" / "s3.py": "s3",
    ROOT / "bot" / "reports" / "notify" / "channels.py": "notify",
}
"""Modules that import what only an extra of the package brings."""
SANDBOX = ROOT / "bot" / "sandbox"
BLIND = {"first", "last", "nth", "sleep", "wait_for_timeout"}


def where(path: Path, node: ast.AST) -> str:
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return f"{name}:{getattr(node, 'lineno', 0)}"


def imports(path: Path) -> Iterator[tuple[str, str, ast.AST]]:
    """Every import of a file, wherever it stands: the module, the name taken from it if any, the place."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, "", node
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                yield "." * node.level + (node.module or ""), name.name, node


def in_package(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def blind_acts(path: Path) -> Iterator[str]:
    """Every place in a file that takes one of several, forces, or waits for a time instead of a state."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(attr=name) if name in BLIND:
                yield f"{where(path, node)}: .{name}"
            case ast.Name(id="sleep") | ast.alias(name="sleep"):
                yield f"{where(path, node)}: sleep"
            case ast.Attribute(attr="press" | "type" | "down" as name, value=ast.Attribute(attr="keyboard")):
                yield f"{where(path, node)}: keyboard.{name}"
            case ast.keyword(arg="force", value=value) if not isinstance(value, ast.Constant) or value.value:
                yield f"{where(path, node)}: force="
            case ast.Constant(value="networkidle"):
                yield f"{where(path, node)}: networkidle"


def test_the_flows_take_nothing_from_playwright_but_its_page() -> None:
    found = [
        where(path, node)
        for path in FLOWS
        for module, name, node in imports(path)
        if in_package(module, "playwright") and (module, name) != ("playwright.sync_api", "Page")
    ]
    assert found == []


def test_no_import_is_relative() -> None:
    found = [
        where(path, node) for path in [*ENGINE, *FLOWS] for module, _, node in imports(path) if module.startswith(".")
    ]
    assert found == []


def test_nothing_acts_or_waits_blindly() -> None:
    found = [act for path in [*ENGINE, *FLOWS] if not path.is_relative_to(SANDBOX) for act in blind_acts(path)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "page.get_by_role('row').first.click()",
        "rows.last",
        "rows.nth(2)",
        "time.sleep(1)",
        "from time import sleep",
        "sleep(1)",
        "page.wait_for_timeout(100)",
        "page.wait_for_load_state('networkidle')",
        "page.goto('/', wait_until='networkidle')",
        "page.keyboard.press('Enter')",
        "button.click(force=True)",
    ],
)
def test_the_look_for_blind_acts_finds(line: str, tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(line + "\n", encoding="utf-8")
    assert list(blind_acts(flow))


@pytest.mark.parametrize("line", ["first = rows[0]", "button.click()", "button.click(force=False)", '"""sleep"""'])
def test_the_look_for_blind_acts_passes_over(line: str, tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(line + "\n", encoding="utf-8")
    assert list(blind_acts(flow)) == []


def reads_settings_itself(path: Path) -> Iterator[str]:
    """Every place in a file that reads ``.env``, or one of our settings from the environment."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=[*names]) if any(in_package(name.name, "dotenv") for name in names):
                yield where(path, node)
            case ast.ImportFrom(module=str(module)) if in_package(module, "dotenv"):
                yield where(path, node)
            case (
                ast.Subscript(value=source, slice=ast.Constant(value=str(name)))
                | ast.Call(func=source, args=[ast.Constant(value=str(name)), *_])
            ) if name.startswith("COUNTERMAND_") and "env" in ast.unparse(source):
                yield where(path, node)


def test_settings_are_read_in_one_module() -> None:
    reader = ROOT / "bot" / "environment.py"
    assert list(reads_settings_itself(reader))
    assert [place for path in [*ENGINE, *FLOWS] if path != reader for place in reads_settings_itself(path)] == []


@pytest.mark.parametrize(
    "line",
    [
        "import dotenv",
        "from dotenv import dotenv_values",
        "os.environ['COUNTERMAND_PACK']",
        "os.environ.get('COUNTERMAND_PACK')",
        "os.getenv('COUNTERMAND_PACK', '')",
    ],
)
def test_the_look_for_readers_of_settings_finds(line: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(line + "\n", encoding="utf-8")
    assert list(reads_settings_itself(module))


def test_no_assert_guards_anything() -> None:
    # python -O takes it away. What a test suite of somebody else asserts is raised as an AssertionError.
    found = [
        where(path, node)
        for path in [*ENGINE, *FLOWS]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_nothing_that_is_told_comes_from_a_docstring() -> None:
    # python -OO takes them away.
    found = [
        where(path, node)
        for path in [*ENGINE, *FLOWS]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute | ast.Name | ast.alias)
        and {"__doc__", "getdoc"} & {getattr(node, part, "") for part in ("attr", "id", "name")}
    ]
    assert found == []


def test_selectors_is_a_folder_of_data() -> None:
    # A package of that name would take the place of the standard library's, and with it break subprocess.
    assert [path.name for path in (ROOT / "selectors").rglob("*.py")] == []


def test_selectors_means_the_standard_librarys_module_in_the_checkout_too() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", "import selectors; print(selectors.DefaultSelector.__name__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.strip().endswith("Selector")


def test_every_imported_package_is_a_declared_dependency() -> None:
    declared = {canonicalize_name(Requirement(line).name) for line in PROJECT["project"]["dependencies"]}
    extras = {
        path: {canonicalize_name(Requirement(line).name) for line in PROJECT["project"]["optional-dependencies"][extra]}
        for path, extra in OF_EXTRAS.items()
    }
    providers = importlib.metadata.packages_distributions()
    missing = {
        f"{where(path, node)}: {module}"
        for path in [*ENGINE, *FLOWS]
        for module, _, node in imports(path)
        if (top := module.partition(".")[0]) not in {"bot", "flows", *sys.stdlib_module_names}
        and (declared | extras.get(path, set())).isdisjoint(canonicalize_name(name) for name in providers.get(top, []))
    }
    assert missing == set()


def test_a_press_is_marked_in_one_place_and_an_attempt_begun_in_one() -> None:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in [*ENGINE, *FLOWS]}
    assert [path for path, text in sources.items() if ".mark_pressed()" in text] == ["bot/cancel/confirm.py"]
    assert [path for path, text in sources.items() if "_pressed = True" in text] == ["bot/cancel/attempt.py"]
    assert [path for path, text in sources.items() if ".begin_attempt(" in text] == ["bot/runner/worker.py"]
