"""Baselines as files: where they are, that they can be reviewed, and what is said of a damaged one."""

from pathlib import Path

import pytest

from bot.checks.check.baseline import Baseline, baselines_folder, read_baseline, write_baseline
from bot.checks.check.model import LastHeld
from bot.errors import CannotStart, InputInvalid
from bot.pack import load_pack, packs_folder

BASELINE = Baseline(
    screen="home",
    pack="asc-4.3",
    taken="2026-03-01",
    browser="Chromium 141 on linux, 1440 x 1000",
    landmarks=("main", 'heading "Sell products"'),
    elements={"banner": LastHeld(role="heading", words="Sell products", place=(180, 83, 588, 27), after="main")},
    labels={"Status": (1, 2, 3, 4)},
)


def test_a_baseline_is_yaml_that_a_reviewer_can_compare(tmp_path: Path) -> None:
    write_baseline(tmp_path / "new", BASELINE, b"picture")
    assert (tmp_path / "new" / "home.yaml").read_text(encoding="utf-8") == (
        "# Written by countermand check --update. Look at what has changed before you keep it.\n"
        "screen: home\n"
        "pack: asc-4.3\n"
        "taken: '2026-03-01'\n"
        "browser: Chromium 141 on linux, 1440 x 1000\n"
        "landmarks:\n"
        "  - main\n"
        '  - heading "Sell products"\n'
        "elements:\n"
        "  banner:\n"
        "    role: heading\n"
        "    words: Sell products\n"
        "    place: [180, 83, 588, 27]\n"
        "    after: main\n"
        "labels:\n"
        "  Status: [1, 2, 3, 4]\n"
    )
    assert read_baseline(tmp_path / "new", "home") == (BASELINE, b"picture")


def test_where_there_is_no_baseline_there_is_none(tmp_path: Path) -> None:
    assert read_baseline(tmp_path, "home") is None


def test_a_damaged_baseline_is_named_with_its_place(tmp_path: Path) -> None:
    write_baseline(tmp_path, BASELINE, b"picture")
    path = tmp_path / "home.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("landmarks:", "landmark:"), encoding="utf-8")
    with pytest.raises(InputInvalid, match=r"home\.yaml:6:1: landmark is not a known key"):
        read_baseline(tmp_path, "home")


def test_a_baseline_without_its_picture_is_named(tmp_path: Path) -> None:
    write_baseline(tmp_path, BASELINE, b"picture")
    (tmp_path / "home.png").unlink()
    with pytest.raises(CannotStart) as refused:
        read_baseline(tmp_path, "home")
    assert str(refused.value) == f"{tmp_path / 'home.png'} cannot be read: No such file or directory."


def test_baselines_lie_beside_a_pack_of_ones_own_and_never_in_the_package(tmp_path: Path) -> None:
    shipped = load_pack("asc-4.3")
    own = shipped.model_copy(update={"folder": tmp_path / "my-pack"})
    assert baselines_folder(own, None) == tmp_path / "my-pack" / "baselines"
    assert baselines_folder(shipped, None) == Path("baselines") / "asc-4.3"
    assert not (Path.cwd() / "baselines").is_relative_to(packs_folder())
    assert baselines_folder(own, Path("here")) == Path("here")
