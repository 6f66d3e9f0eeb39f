from pathlib import Path

import pytest

from bot.files import at_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def test_a_tilde_in_front_is_the_home_folder(home: Path) -> None:
    assert (at_home("~"), at_home("~/runs"), at_home(Path("~/runs"))) == (home, home / "runs", home / "runs")


@pytest.mark.parametrize("path", ["runs", "../~", "runs/~", "runs~", "/~"])
def test_any_other_path_stays_as_it_is(path: str) -> None:
    assert at_home(path) == Path(path)


def test_a_home_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        at_home("~nobody-of-this-name/runs")
    assert str(refused.value) == (
        "~nobody-of-this-name is not a home folder on this machine; write a file or folder of that name with its full "
        "path"
    )
