"""What differs between operating systems, on this one with the other's answers."""

import getpass
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import files, system
from bot.access.saved_session import SavedSession
from bot.cli import main
from bot.files import write_atomically
from bot.ledger import Ledger
from bot.system import has_crashed, most_processes, user_name


def nobody() -> str:
    raise KeyError("getpwuid(): uid not found: 10001")


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr(os, "getuid", lambda: 10001, raising=False)
    assert user_name() == "user 10001"


def test_a_user_without_a_name_on_windows_is_unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.delattr(os, "getuid", raising=False)
    assert user_name() == "an unnamed user"


@pytest.mark.parametrize(
    ("exit_status", "crashed"), [(0, False), (3, False), (130, False), (-9, True), (0xC0000005, True)]
)
def test_a_process_that_a_signal_or_windows_ended_has_crashed(exit_status: int, crashed: bool) -> None:
    assert has_crashed(exit_status) is crashed


@pytest.mark.parametrize(("platform", "most"), [("win32", 31), ("linux", None), ("darwin", None)])
def test_windows_alone_limits_how_many_workers_one_program_watches(
    monkeypatch: pytest.MonkeyPatch, platform: str, most: int | None
) -> None:
    monkeypatch.setattr(system.sys, "platform", platform)
    assert most_processes() == most


@pytest.mark.parametrize("host", ["aux.example", "CON.example", "com1.example"])
def test_the_session_of_a_host_that_is_called_like_a_device_has_a_name_that_windows_takes(
    tmp_path: Path, host: str
) -> None:
    name = SavedSession(tmp_path, host, "bot").file.name
    assert name.startswith(f"_{host}")


def test_the_session_of_any_other_host_keeps_its_name(tmp_path: Path) -> None:
    assert SavedSession(tmp_path, "auxiliary.example/admin", "bot").file.name.startswith("auxiliary.example_admin--bot")


@pytest.fixture
def in_use(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[Path]]:
    """On Windows, another program has the file open this many times that somebody wants to replace it."""
    tries: list[Path] = []

    def of_times(times: int) -> list[Path]:
        replace = Path.replace

        def refuse(self: Path, target: Path) -> Path:
            tries.append(self)
            if len(tries) <= times:
                raise PermissionError(13, "Access is denied")
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", refuse)
        monkeypatch.setattr(files.sys, "platform", "win32")
        monkeypatch.setattr(files, "_PAUSES", (0, 0, 0))
        return tries

    return of_times


def test_a_file_that_a_virus_scanner_reads_is_replaced_when_it_has_finished(
    in_use: Callable[[int], list[Path]], tmp_path: Path
) -> None:
    file = tmp_path / "results.json"
    file.write_text("old", encoding="utf-8")
    tries = in_use(3)
    write_atomically(file, "new")
    assert (file.read_text(encoding="utf-8"), len(tries)) == ("new", 4)


def test_a_file_that_stays_open_elsewhere_is_left_as_it_is_and_said(
    in_use: Callable[[int], list[Path]], tmp_path: Path
) -> None:
    file = tmp_path / "results.csv"
    file.write_text("old", encoding="utf-8")
    tries = in_use(9)
    with pytest.raises(PermissionError):
        write_atomically(file, "new")
    assert (file.read_text(encoding="utf-8"), len(tries)) == ("old", 4)
    assert list(tmp_path.iterdir()) == [file]


def test_elsewhere_a_file_that_may_not_be_replaced_is_tried_once(
    monkeypatch: pytest.MonkeyPatch, in_use: Callable[[int], list[Path]], tmp_path: Path
) -> None:
    tries = in_use(9)
    monkeypatch.setattr(files.sys, "platform", "linux")
    with pytest.raises(PermissionError):
        write_atomically(tmp_path / "results.csv", "new")
    assert len(tries) == 1


def test_output_in_an_old_encoding_has_a_question_mark_for_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    monkeypatch.setattr(sys, "argv", ["countermand", "status"])
    monkeypatch.setenv("COUNTERMAND_LEDGER", str(tmp_path / "Bücher 本.sqlite"))
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert written.getvalue().decode("cp1252").startswith(f"There is no ledger at {tmp_path / 'Bücher ?.sqlite'} yet")


def test_a_person_without_a_name_can_settle_an_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from run_kit import HOST, ORDER, permit

    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        intent = ledger.intents.write(HOST, permit())
    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr(sys, "argv", ["countermand", "resolve", ORDER, "--as", "not-canceled", "--note", "seen"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    with Ledger.open(tmp_path / "runs" / "ledger.sqlite") as ledger:
        assert ledger.intents.waiting() == []
        latest = ledger.intents.latest(HOST, ORDER)
        assert latest is not None
        assert (latest.intent, latest.settled_as) == (intent, "not-canceled")
