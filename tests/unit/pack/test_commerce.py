"""The Commerce order's own Cancel: a pack that could mean it is refused when it is loaded."""

import shutil
from pathlib import Path

import pytest

from bot.errors import InputInvalid
from bot.pack import load_pack, packs_folder

WANTED = "    role: link\n    name: View or Cancel Amazon Order\n"
REFUSED = (
    "the element view_or_cancel could be the Commerce order's own Cancel, which is not the Amazon cancel: "
    "no pack may name it"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(packs_folder() / "asc-4.0", tmp_path / "asc-4.0"))


@pytest.mark.parametrize(
    "found",
    [
        "    role: button\n    name: Cancel\n",
        "    role: [link, button]\n    name: cancel\n    case: any\n",
        "    role: button\n    name: ' Cancel '\n",
        "    text: Cancel\n",
        "    text: CANCEL\n    case: any\n",
        "    label: Cancel\n",
        "    css: '#order-view-cancel-button'\n",
        "    css: '[id=order-view-cancel-button]'\n",
        "    css: form[action*='sales/order/cancel'] button\n",
        "    xpath: //*[@id='order-view-cancel-button']\n",
        "    card: {text: Payment Information, control: Cancel}\n",
        "    role: button\n    name: Cancel\n    commits: true\n",
    ],
)
def test_an_element_that_could_be_it_is_refused(folder: Path, found: str) -> None:
    file = folder / "commerce_order.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(WANTED) == 1
    file.write_text(text.replace(WANTED, found), encoding="utf-8")
    with pytest.raises(InputInvalid) as refused:
        load_pack(folder)
    line = text.splitlines().index("  view_or_cancel:") + 2
    assert str(refused.value) == f"{file}:{line}:5: {REFUSED}"


def test_the_link_beside_it_is_not_refused(folder: Path) -> None:
    assert load_pack(folder).screens["commerce_order"].elements["view_or_cancel"].name == "View or Cancel Amazon Order"
