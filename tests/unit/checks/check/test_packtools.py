"""What people who keep packs are told: what a pack says, what is odd about it, what two differ in."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import CannotStart
from bot.pack import load_pack, packs_folder
from bot.pack.tools import by_markup, differences, odd, show

Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(packs_folder() / "asc-4.3", tmp_path / "my-pack"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    def edit(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def test_a_screen_is_said_in_words() -> None:
    assert list(show(load_pack("asc-4.3"), "cancel_dialog")) == [
        "",
        "cancel_dialog: The cancel dialog",
        "  1. shows dialog; else: There is not exactly one dialog open.",
        "  2. shows reason; else: The dialog does not ask for the Reason for cancellation.",
        "  3. shows confirm; else: The button Confirm is not there, exactly once, in the dialog.",
        "  dialog                  a dialog or alertdialog that has 'Reason for cancellation' or 'Confirm' in it",
        "                          for: the box that asks for the reason",
        "  reason                  the pick list at 'Reason for cancellation', inside dialog",
        "                          for: the reason given to Amazon",
        "  confirm                 a button named 'Confirm', inside dialog  [COMMITS]",
        "                          for: cancels the order; cannot be undone",
    ]


def test_a_pack_shows_all_its_screens() -> None:
    pack = load_pack("asc-4.3")
    lines = list(show(pack))
    assert lines[0] == "asc-4.3: Amazon Sales Channel 4.3 and later (the single-page app in the Admin)"
    assert [line.partition(":")[0] for line in lines if line and not line.startswith(" ")][1:] == list(pack.screens)


def test_the_pack_that_comes_along_has_nothing_odd() -> None:
    pack = load_pack("asc-4.3")
    assert list(odd(pack)) == []
    assert list(by_markup(pack)) == [
        "answer.yaml: messages is found by its markup (css), which may change unseen",
    ]


def test_what_is_odd_is_named_with_its_file(folder: Path, edit: Edit) -> None:
    edit("order_details.yaml", "labels:\n", "labels:\n  - Notes\n  - Premium\n")
    edit("order_details.yaml", "field: Shipping city", "field: Shipping region")
    assert list(odd(load_pack(folder))) == [
        "order_details.yaml: shipping_city and shipping_region are found in the same way: the value beside the label "
        "'Shipping region'",
        "order_details.yaml: the label 'Notes' is also a field: it does not need to be listed again",
        "order_details.yaml: the label 'Premium' is listed twice",
        "order_details.yaml: the label 'Premium' is listed twice",
    ]


def test_two_equal_packs_differ_in_nothing(folder: Path) -> None:
    assert list(differences(load_pack("asc-4.3"), load_pack(folder))) == []


def test_what_changed_between_two_packs_is_told_line_by_line(folder: Path, edit: Edit) -> None:
    edit("cancel_dialog.yaml", "name: Confirm", "name: Submit")
    edit("order_details.yaml", "  - Premium\n", "  - Premium member\n")
    edit("pack.yaml", "NoInventory: No Inventory", "NoInventory: Out of Stock")
    edit("store_dashboard.yaml", "\nchecks:", "\nbusy: [.spinner]\n\nchecks:")
    (folder / "interruptions" / "captcha.yaml").unlink()
    assert list(differences(load_pack("asc-4.3"), load_pack(folder))) == [
        "~ pack.yaml.reasons.NoInventory: 'No Inventory' -> 'Out of Stock'",
        "- captcha: the screen is gone",
        "~ cancel_dialog.confirm.name: 'Confirm' -> 'Submit'",
        "- order_details.labels: 'Premium'",
        "+ order_details.labels: 'Premium member'",
        "+ store_dashboard.busy: '.spinner'",
    ]


def test_a_saved_page_that_is_not_there_is_named(tmp_path: Path) -> None:
    from bot.checks.check.savedpage import saved_page

    missing = tmp_path / "page.html"
    with pytest.raises(CannotStart) as refused, saved_page(missing):
        pass
    assert (
        str(refused.value) == f"There is no file {missing}: save the page from the browser as HTML, and name it here."
    )
