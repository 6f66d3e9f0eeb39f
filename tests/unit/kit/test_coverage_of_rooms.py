"""The table of what the tests reach."""

from coverage_of_rooms import by_room, room_of, table


def counted(statements: int, covered: int, branches: int = 0, covered_branches: int = 0) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "num_statements": statements,
            "covered_lines": covered,
            "num_branches": branches,
            "covered_branches": covered_branches,
            "percent_covered": 0,
        }
    }


def test_a_room_is_a_package_of_the_engine_and_the_flows_are_one() -> None:
    files = ("bot/ledger/claims.py", "bot/checks/check/__init__.py", "bot/errors.py", "flows/sign_in.py")
    assert [room_of(file) for file in files] == ["bot/ledger", "bot/checks", "bot", "flows"]


def test_each_room_has_a_line_and_all_together_the_last() -> None:
    files = {
        "flows/sign_in.py": counted(10, 9),
        "bot/ledger/claims.py": counted(20, 20, 4, 3),
        "bot/ledger/intents.py": counted(20, 10, 4, 1),
    }
    assert table(by_room(files)) == [
        "room               lines   reached  branches   reached",
        "bot/ledger            40     75.0%         8     50.0%",
        "flows                 10     90.0%         0         -",
        "all                   50     78.0%         8     50.0%",
    ]
