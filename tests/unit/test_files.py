import errno
import io
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.errors import InputInvalid, Problem
from bot.files import Limits, did_you_mean, listing, one_of, read_text, shown, write_atomically

LIMITS = Limits(max_bytes=1000, max_lines=10)


def refusal(content: bytes | None, name: str = "list.yaml") -> str:
    path = Path(name)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputInvalid) as caught:
        read_text(path, LIMITS)
    return caught.value.message


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    Path("list.yaml").write_bytes(b"\xef\xbb\xbfstore: caf\xc3\xa9\r\n")
    assert read_text(Path("list.yaml"), LIMITS) == "store: café\r\n"


def test_a_missing_file_is_named() -> None:
    assert refusal(None) == "list.yaml:1:1: There is no such file: check the name and the folder"


def test_a_file_below_a_file_is_missing() -> None:
    Path("list.yaml").write_text("a")
    assert refusal(None, "list.yaml/x").endswith("There is no such file: check the name and the folder")


def test_a_folder_is_not_a_file() -> None:
    Path("lists").mkdir()
    assert refusal(None, "lists") == "lists:1:1: This is a folder, not a file: name a file in it"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_somebody_to_write_to_it() -> None:
    os.mkfifo("pipe")
    assert refusal(None, "pipe") == "pipe:1:1: This is a device or a pipe: name an ordinary file"


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert refusal(None, "a\0b").startswith("a\\x00b:1:1: The file cannot be read: ")


def test_a_file_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    Path("list.yaml").touch()
    message = "list.yaml:1:1: The file may not be read by this user: change its permissions"
    assert refusal(None) == message


def test_a_disk_that_fails_is_reported_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    Path("list.yaml").touch()
    assert refusal(None) == "list.yaml:1:1: The file cannot be read: Input/output error"


def test_a_file_over_the_limit_of_bytes_is_refused() -> None:
    assert refusal(b"x" * 1001) == "list.yaml:1:1: The file is too large: at most 1,000 bytes are allowed"


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_file_over_the_limit_of_lines_is_refused_however_they_end(end: bytes) -> None:
    message = "list.yaml:1:1: The file has 11 lines: at most 10 are allowed"
    assert refusal((b"x" + end) * 10 + b"x") == message


def test_as_many_lines_as_are_allowed_are_read() -> None:
    Path("list.yaml").write_bytes(b"x\n" * 10)
    assert read_text(Path("list.yaml"), LIMITS) == "x\n" * 10


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert refusal(content) == "list.yaml:1:1: The file is empty"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_first_byte_that_is_not_utf_8_is_located_in_characters(mark: bytes) -> None:
    assert refusal(mark + "a: b\r\nnöte: ".encode() + b"caf\xe9\n") == (
        "list.yaml:2:10: The file is not UTF-8: the byte 0xE9 here belongs to no character; save it as UTF-8"
    )


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-be", "UTF-16"),  # without a mark the two look alike at their beginning
    ],
)
def test_wider_encodings_are_named(encoding: str, name: str) -> None:
    message = f"list.yaml:1:1: The file is {name}, not UTF-8: save it as UTF-8"
    assert refusal("store: x".encode(encoding)) == message


def test_every_character_that_nobody_sees_is_located() -> None:
    assert refusal("a: \x00b\nc: \u202ed\n\x85\n\ufeff".encode()) == (
        "list.yaml:1:4: The character U+0000 is invisible here and not allowed: remove it\n"
        "list.yaml:2:4: The character U+202E is invisible here and not allowed: remove it\n"
        "list.yaml:3:1: The character U+0085 is invisible here and not allowed: remove it\n"
        "list.yaml:4:1: The character U+FEFF is invisible here and not allowed: remove it"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("asc-v2-2.3", "asc-v2-2.3"),
        ("No Inventory", "No Inventory"),
        ("", '""'),
        ("$ 12", '"$ 12"'),
        (" a", '" a"'),
        ("a\x1b[31m\n", '"a\\x1b[31m\\n"'),
        ("a\u3164b", '"a\\u3164b"'),
        ("x" * 100, "x" * 77 + "..."),
    ],
)
def test_a_users_text_is_shown_on_one_line_and_in_quotes_unless_it_is_plain(value: str, expected: str) -> None:
    assert shown(value) == expected


def test_the_nearest_word_is_found_whatever_its_capitals() -> None:
    assert did_you_mean("BUYER CANCELLED", ["No Inventory", "Buyer Canceled"]) == "did you mean Buyer Canceled? "


def test_no_word_is_suggested_when_none_is_near() -> None:
    assert did_you_mean("xyz", ["No Inventory", "Buyer Canceled"]) == ""


def test_choices_are_listed_as_in_a_sentence() -> None:
    assert [one_of("a"), one_of("ab"), one_of("abc", "or")] == ["a", "a and b", "a, b or c"]


def problems(count: int) -> InputInvalid:
    return InputInvalid(Problem("list.yaml", line, 1, "This is wrong") for line in range(1, count + 1))


def test_a_listing_ends_with_how_many_more_mistakes_there_are() -> None:
    assert listing(problems(5), most=2) == (
        "list.yaml:1:1: This is wrong\nlist.yaml:2:1: This is wrong\n... and 3 more mistakes"
    )
    assert listing(problems(51)).endswith("\nlist.yaml:50:1: This is wrong\n... and 1 more mistake")


def test_a_listing_of_few_mistakes_is_the_message_itself() -> None:
    assert listing(problems(50)) == problems(50).message


# --- Writing ---


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.json"
    write_atomically(path, "before\r\n")
    write_atomically(path, "after: Süd \ud800\n")

    assert path.read_bytes() == "after: Süd ?\n".encode()
    assert [file.name for file in path.parent.iterdir()] == ["results.json"]


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    write_atomically(tmp_path / "picture.png", b"\x89PNG\r\n\xff")

    assert (tmp_path / "picture.png").read_bytes() == b"\x89PNG\r\n\xff"


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_is_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(number: int) -> None:
        happened.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else f"{os.fstat(number).st_size} bytes")
        sync(number)

    def note_replace(draft: Path, target: Path) -> Path:
        happened.append("name")
        return replace(draft, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_atomically(tmp_path / "results.json", "12345")

    assert happened == ["5 bytes", "name", *([] if sys.platform == "win32" else ["folder"])]


@pytest.mark.parametrize("place", ["write", "fsync", "replace"])
@pytest.mark.parametrize("before", [b"as it was", None])
def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, before: bytes | None
) -> None:
    path = tmp_path / "results.json"
    if before is not None:
        path.write_bytes(before)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    class Full(io.BytesIO):
        """A file on a disk that is full."""

        def write(self, _: object, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def open_full(file: Path, mode: str, **more: Any) -> Full:
        open(file, mode, **more).close()
        return Full()

    with monkeypatch.context() as patch:
        if place == "write":
            patch.setattr("bot.files.open", open_full, raising=False)
        else:
            patch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[place], full)
        with pytest.raises(OSError, match="No space left on device"):
            write_atomically(path, "new" * 10_000)

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == (
        {} if before is None else {"results.json": before}
    )


def test_a_write_that_is_interrupted_leaves_nothing_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_atomically(tmp_path / "results.json", "new")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_file_has_its_permissions_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    sync = os.fsync

    def note(number: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(number).st_mode))
        sync(number)

    monkeypatch.setattr(os, "fsync", note)
    write_atomically(tmp_path / "session.json", "secret", mode=0o600)

    assert (seen[0], stat.S_IMODE((tmp_path / "session.json").stat().st_mode)) == (0o600, 0o600)


def test_a_file_system_that_cannot_sync_a_folder_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def only_files(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(number)

    monkeypatch.setattr(os, "fsync", only_files)
    write_atomically(tmp_path / "results.json", "new")

    assert (tmp_path / "results.json").read_bytes() == b"new"
