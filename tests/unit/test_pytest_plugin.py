"""The pytest plugin where no browser is needed: whom it leaves alone, and whom it lets through."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.errors import CommitsNotAllowed
from bot.qa import Gate, gate_host

pytestmark = pytest.mark.slow("runs whole test suites")

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = any(point.name == "countermand" for point in importlib.metadata.entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "bot.pytest_plugin")
ALONE = ("-p", "no:randomly", "-p", "no:cacheprovider")

MARKED = """
import pytest

@pytest.mark.commits
def test_it_cancels(countermand_admin):
    raise AssertionError("it ran")
"""


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"countermand": "bot.pytest_plugin"}
    assert {line.partition(">")[0] for line in project["optional-dependencies"]["qa"]} == {
        "pytest",
        "pytest-playwright",
    }
    assert not any(line.startswith("pytest") for line in project["dependencies"])


def test_nothing_heavy_is_imported_before_a_fixture_is_asked_for() -> None:
    heavy = ("playwright", "pydantic", "loguru", "sqlalchemy", "starlette", "ruamel", "rich", "flows", "bot.admin")
    asked = "import sys; before = set(sys.modules); import bot.pytest_plugin; " + (
        f"print([name for name in {heavy!r} if name in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_suite_that_asks_for_nothing_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.commits
        def test_of_a_database():
            pass

        @pytest.fixture
        def admin():
            return "mine"

        def test_with_an_admin_of_its_own(admin):
            assert admin == "mine"
        """
    )
    pytester.runpytest_subprocess(*PLUGIN, *ALONE).assert_outcomes(passed=2)


def test_a_marked_test_that_nobody_allows_is_left_out_and_says_how_to_allow_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MARKED)
    ran = pytester.runpytest_subprocess(
        *PLUGIN,
        *ALONE,
        "-rs",
        "--countermand-target=sandbox",
        "--countermand-commits=test_it@sandbox",
        "--countermand-commits=test_it_cancels@shop.example",
    )
    ran.assert_outcomes(skipped=1)
    ran.stdout.fnmatch_lines(["*it cancels orders; allow it with: --countermand-commits test_it_cancels@sandbox"])


def test_the_host_that_counts_is_that_of_the_settings(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "https://shop.example:8443/admin")
    monkeypatch.setenv("COUNTERMAND_USERNAME", "qa")
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "secret")
    pytester.makepyfile(MARKED)
    pytester.makeini("[pytest]\ncountermand_commits =\n    test_it_cancels@sandbox\n    test_it_cancels@shop.example\n")
    ran = pytester.runpytest_subprocess(*PLUGIN, *ALONE, "-rs")
    ran.assert_outcomes(skipped=1)
    ran.stdout.fnmatch_lines(["*: --countermand-commits test_it_cancels@shop.example:8443/admin"])


# --- The gate ---


def gate(marked: bool = True, *allowed: str) -> Gate:
    return Gate(test="test_it", host="staging.example", marked=marked, allowed=allowed)


def test_the_gate_lets_through_who_is_marked_and_allowed_by_name_and_host() -> None:
    opened = gate(True, "test_it@staging.example")
    opened.check("112-1215998-3002091")
    assert opened.refused == []


@pytest.mark.parametrize(
    ("closed", "why"),
    [
        (gate(False, "test_it@staging.example"), "it is not marked with commits"),
        (gate(), "test_it@staging.example is not allowed"),
        (gate(True, "test_it"), "test_it@staging.example is not allowed"),
        (gate(True, "*@staging.example", "test_it@*"), "test_it@staging.example is not allowed"),
        (gate(True, "test_it@staging.example.org"), "test_it@staging.example is not allowed"),
        (gate(True, "test_it_too@staging.example"), "test_it@staging.example is not allowed"),
    ],
)
def test_the_gate_refuses_everybody_else(closed: Gate, why: str) -> None:
    with pytest.raises(CommitsNotAllowed) as refused:
        closed.check("112-1215998-3002091")
    assert str(refused.value) == (
        f"Test test_it may not cancel an order at staging.example: {why}. Nothing was pressed."
    )
    assert closed.refused == [refused.value]


def test_a_real_admin_is_never_meant_by_the_word_for_the_practice_admin() -> None:
    assert gate_host("https://sandbox/") == "sandbox."
    assert gate_host("https://sandbox/admin") == "sandbox/admin"
    assert gate_host("https://sandbox.example/admin") == "sandbox.example/admin"
    assert gate_host("http://127.0.0.1:8080/admin") == "127.0.0.1:8080/admin"
