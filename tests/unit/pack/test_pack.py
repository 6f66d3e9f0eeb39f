"""A pack's files: every mistake that its author can make is named, with file, line and column."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import CannotStart, InputInvalid
from bot.joblist.yamlfile import read_yaml
from bot.pack import Pack, load_pack, load_packs, match_route, pack_schema, packs_folder
from bot.pack.lint import REQUIRED
from bot.vocabulary import Reason, Status

SCREEN = """screen: start_page
title: The start page
observed: here

elements:
  marketing_menu:
    role: link
    name: Marketing
    for: opens the menu
    observed: here
  amazon_sales_channel:
    role: link
    name: Amazon Sales Channel
    for: leads there
    observed: here

checks:
  - shows: marketing_menu
    message: The menu is not there.
"""
INTERRUPTION = """screen: captcha
title: The CAPTCHA
observed: here

elements:
  sign:
    css: "#captcha"
    for: the field for the words
    observed: here

checks:
  - shows: sign
    message: It is not there.

interrupts:
  reaction: stop
  lasting: 0
  message: The Admin asks for a CAPTCHA.
  next_step: Sign in by hand once.
"""
DIALOG = """screen: cancel_dialog
title: The dialog
observed: here

elements:
  dialog:
    role: dialog
    for: the box
    observed: here
  reason:
    choice: Reason
    within: dialog
    for: the reason
    observed: here
  confirm:
    role: button
    name: Confirm
    within: dialog
    commits: true
    for: cancels
    observed: here

checks:
  - shows: dialog
    message: The dialog is not open.
"""
INFO = """pack: mine
title: Mine
observed: here
order_route: "#/stores/{store_id}/orders/{order}"
store_route: "#/stores/{store_id}"
cancel_request: {address: graphql, body: cancelOrder}
statuses:
  Pending: [Pending]
  PendingAvailability: [Pending Availability]
  Unshipped: [Unshipped]
  PartiallyShipped: [Partially Shipped]
  Shipped: [Shipped]
  Completed: [Completed]
  Canceled: [Canceled]
  Error: [Error]
reasons:
  NoInventory: No Inventory
  ShippingAddressUndeliverable: Shipping Address Undeliverable
  CustomerExchange: Customer Exchange
  BuyerCanceled: Buyer Canceled
  GeneralAdjustment: General Adjustment
  CarrierCreditDecision: Carrier Credit Decision
  RiskAssessmentInformationNotValid: Risk Assessment Information Not Valid
  CarrierCoverageFailure: Carrier Coverage Failure
  CustomerReturn: Customer Return
  MerchandiseNotReceived: Merchandise Not Received
"""

TEXTS = {
    "start_page.yaml": SCREEN,
    "cancel_dialog.yaml": DIALOG,
    "pack.yaml": INFO,
    "interruptions/captcha.yaml": INTERRUPTION,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the pack that comes with the program, some of its files rewritten."""
    copied = tmp_path / "mine"
    shutil.copytree(packs_folder() / "asc-4.3", copied)
    for file, text in TEXTS.items():
        (copied / file).write_text(text, encoding="utf-8")
    return copied


@pytest.fixture
def mistakes(folder: Path) -> Callable[[], str]:
    """What loading that copy complains of, without the folder's path."""

    def complain() -> str:
        with pytest.raises(InputInvalid) as refused:
            load_pack(folder)
        return str(refused.value).replace(f"{folder}/", "").replace(f"{folder}\\", "").replace("\\", "/")

    return complain


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


# --- Packs that are sound ---


def test_the_pack_that_comes_with_the_program_loads() -> None:
    pack = load_pack("asc-4.3")
    assert pack.name == "asc-4.3"
    assert REQUIRED.keys() <= pack.screens.keys()
    assert {spec.screen for spec in pack.interruptions()} == {
        "sign_in",
        "two_factor",
        *(file.stem for file in (packs_folder() / "asc-4.3" / "interruptions").iterdir()),
    }


def test_the_pack_that_comes_with_the_program_presses_only_confirm() -> None:
    commits = [
        (spec.screen, name)
        for spec in load_pack("asc-4.3").screens.values()
        for name, element in spec.elements.items()
        if element.commits
    ]
    assert commits == [("cancel_dialog", "confirm")]


def test_a_copied_folder_loads_by_its_path(folder: Path) -> None:
    assert load_pack(folder).folder == folder
    assert load_pack(str(folder)).name == "mine"


def test_a_folder_is_named_from_where_the_program_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert load_pack("mine").name == "mine"


def test_a_folder_of_the_same_name_without_a_pack_hides_no_pack(tmp_path: Path) -> None:
    (tmp_path / "asc-4.3").mkdir()
    assert load_pack("asc-4.3").folder == packs_folder() / "asc-4.3"


def test_a_screen_may_be_added_as_an_interruption(folder: Path) -> None:
    text = INTERRUPTION.replace("screen: captcha", "screen: release_notes")
    (folder / "interruptions" / "release_notes.yaml").write_text(text, encoding="utf-8")
    assert "release_notes" in {spec.screen for spec in load_pack(folder).interruptions()}


@pytest.fixture(scope="module")
def shipped() -> Pack:
    return load_pack("asc-4.3")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Unshipped", Status.UNSHIPPED),
        ("  Partially\n Shipped ", Status.PARTIALLY_SHIPPED),
        ("PartiallyShipped", Status.PARTIALLY_SHIPPED),
        ("Pending Availability", Status.PENDING_AVAILABILITY),
        ("unshipped", None),
        ("Shipped.", None),
        ("Unshipped Canceled", None),
        ("", None),
    ],
)
def test_a_status_is_known_by_its_whole_words(shipped: Pack, words: str, status: Status | None) -> None:
    assert shipped.status(words) is status


def test_each_reason_has_its_label(shipped: Pack) -> None:
    assert shipped.info.reasons == {reason: reason.label for reason in Reason}


# --- Packs that are not there ---

NO_PACK = (
    "There is no pack {name!r}: name one that comes with Countermand (asc-2, asc-4.0, asc-4.3) or a folder that has "
    "a pack.yaml, in COUNTERMAND_PACK or with --pack."
)


@pytest.mark.parametrize("name", ["nope", "", "asc-4.3/pack.yaml", "../selectors"])
def test_a_pack_that_is_not_there_is_named_with_those_that_are(name: str) -> None:
    with pytest.raises(CannotStart) as refused:
        load_pack(name)
    assert str(refused.value) == NO_PACK.format(name=name)


def test_a_folder_without_pack_yaml_is_no_pack(folder: Path) -> None:
    (folder / "pack.yaml").unlink()
    with pytest.raises(CannotStart) as refused:
        load_pack(folder)
    assert str(refused.value) == NO_PACK.format(name=str(folder))


def test_a_pack_that_extends_another_has_its_screens_and_needs_no_others() -> None:
    screens = {name: spec for name, spec in load_pack("asc-2").screens.items() if not spec.interrupts}
    assert screens.keys() == {
        "answer",
        "cancel_page",
        "home",
        "order_details",
        "orders_grid",
        "start_page",
    }
    assert screens["order_details"] == load_pack("asc-4.0").screens["order_details"]
    assert load_pack("asc-4.0").screens["home"] == load_pack("asc-4.3").screens["home"] != screens["home"]


def test_the_packs_of_auto_are_those_that_come_with_it_the_newest_first() -> None:
    assert [pack.name for pack in load_packs("auto")] == ["asc-4.3", "asc-4.0", "asc-2"]
    assert [pack.name for pack in load_packs("asc-4.0")] == ["asc-4.0"]


# --- Mistakes in the set of files ---


def test_a_missing_screen_is_named(folder: Path, mistakes: Callable[[], str]) -> None:
    (folder / "answer.yaml").unlink()
    assert mistakes() == "answer.yaml:1:1: the screen answer is missing: the flows need it"


def test_every_missing_element_is_named(folder: Path, mistakes: Callable[[], str]) -> None:
    text = SCREEN.replace("amazon_sales_channel", "channel").replace("marketing_menu", "menu")
    text = text.replace("message:", "hides: channel\n    message:").replace("    hides: channel\n", "")
    text += "  - hides: channel\n    message: It is there.\n"
    (folder / "start_page.yaml").write_text(text, encoding="utf-8")
    assert mistakes() == (
        "start_page.yaml:1:1: the element amazon_sales_channel is missing: the flows need it\n"
        "start_page.yaml:1:1: the element marketing_menu is missing: the flows need it"
    )


def test_a_screen_with_two_files_is_a_mistake(folder: Path, mistakes: Callable[[], str]) -> None:
    text = INTERRUPTION.replace("screen: captcha", "screen: answer")
    (folder / "interruptions" / "answer.yaml").write_text(text, encoding="utf-8")
    assert "answer.yaml:1:9: the screen answer has two files" in mistakes().splitlines()


def test_a_file_and_its_screen_have_one_name(folder: Path, mistakes: Callable[[], str]) -> None:
    edit(folder, "interruptions/captcha.yaml", "screen: captcha", "screen: puzzle")
    assert mistakes() == ("interruptions/captcha.yaml:1:9: the screen is named puzzle but its file is captcha.yaml")


def test_mistakes_in_several_files_are_all_named(folder: Path, mistakes: Callable[[], str]) -> None:
    edit(folder, "interruptions/captcha.yaml", "    message: It is not there.\n", "")
    edit(folder, "pack.yaml", "title: Mine\n", "")
    edit(folder, "start_page.yaml", "shows: marketing_menu", "shows: menu")
    assert mistakes() == (
        "interruptions/captcha.yaml:12:5: message is missing: What is wrong when this does not hold\n"
        "pack.yaml:1:1: title is missing: Which Admin and which versions it describes\n"
        "start_page.yaml:18:5: there is no element menu on this screen"
    )


# --- Mistakes in one file ---

KINDS = "role, label, text, says, field, column, card, row, choice, before, css, xpath"
FACTS = "{order}, {reason}, {store}, {store_id}"
AT_THE_MENU = "    for: opens the menu\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "start_page.yaml",
            "    role: link\n    name: Marketing\n",
            "",
            f"start_page.yaml:7:5: an element is found in exactly one way ({KINDS}); it has none",
            id="no way to find it",
        ),
        pytest.param(
            "start_page.yaml",
            "    name: Marketing\n",
            "    text: Marketing\n    css: a\n",
            f"start_page.yaml:7:5: an element is found in exactly one way ({KINDS}); it has role and text and css",
            id="three ways to find it",
        ),
        pytest.param(
            "start_page.yaml",
            "    role: link\n    name: Marketing\n",
            "    css: a:has-text('Marketing')\n",
            "start_page.yaml:7:5: ':has-text' is Playwright's own and no CSS: find it by role and name, or by text, or "
            "write it as xpath",
            id="a selector of Playwright's",
        ),
        pytest.param(
            "start_page.yaml",
            "    role: link\n    name: Marketing\n",
            "    text: Marketing\n    name: Marketing\n",
            "start_page.yaml:7:5: name goes with role; without role, use text or label",
            id="name without role",
        ),
        pytest.param(
            "start_page.yaml",
            "name: Marketing\n",
            'name: ""\n',
            "start_page.yaml:8:11: name is too short: at least 1 characters are needed",
            id="empty words",
        ),
        pytest.param(
            "start_page.yaml",
            AT_THE_MENU,
            "",
            "start_page.yaml:7:5: for is missing: What it is for, in a few words; error messages use them",
            id="no purpose",
        ),
        pytest.param(
            "start_page.yaml",
            "title: The start page\n",
            "titel: The start page\n",
            "start_page.yaml:1:1: title is missing: What people call it; error messages use this\n"
            "start_page.yaml:2:1: titel is not a known key: did you mean title? Allowed are screen, "
            "title, observed, elements, labels, checks, busy, interrupts, page and before_sign_in",
            id="unknown key",
        ),
        pytest.param(
            "start_page.yaml",
            "screen: start_page",
            "screen: Start Page",
            "start_page.yaml:1:9: screen must look like ^[a-z][a-z0-9_]*$",
            id="name with a space",
        ),
        pytest.param(
            "start_page.yaml",
            "name: Marketing\n",
            "name: Marketing {ordr}\n",
            f"start_page.yaml:8:11: {{ordr}} is not known; allowed are {FACTS}",
            id="unknown fact in a name",
        ),
        pytest.param(
            "start_page.yaml",
            "name: Marketing\n",
            "name: Marketing {}\n",
            f"start_page.yaml:8:11: {{}} is not known; allowed are {FACTS}",
            id="empty braces",
        ),
        pytest.param(
            "start_page.yaml",
            "name: Marketing\n",
            "name: Marketing {order:d}\n",
            f"start_page.yaml:8:11: {{order:d}} is not known; allowed are {FACTS}",
            id="a fact with a format",
        ),
        pytest.param(
            "start_page.yaml",
            "name: Marketing\n",
            "name: Marketing {order.__class__}\n",
            f"start_page.yaml:8:11: {{order.__class__}} is not known; allowed are {FACTS}",
            id="a part of a fact",
        ),
        pytest.param(
            "start_page.yaml",
            "name: Marketing\n",
            "name: Marketing {order\n",
            "start_page.yaml:8:11: the braces in 'Marketing {order' are not balanced",
            id="a brace that is not closed",
        ),
        pytest.param(
            "start_page.yaml",
            "name: Marketing\n",
            "name: Marketing order}\n",
            "start_page.yaml:8:11: the braces in 'Marketing order}' are not balanced",
            id="a brace that is not opened",
        ),
        pytest.param(
            "start_page.yaml",
            "The menu is not there.",
            "Order {oder} has no menu.",
            f"start_page.yaml:19:14: {{oder}} is not known; allowed are {FACTS}",
            id="unknown fact in a message",
        ),
        pytest.param(
            "start_page.yaml",
            "shows: marketing_menu",
            'route: "#/{oder}"',
            f"start_page.yaml:18:12: {{oder}} is not known; allowed are {FACTS}",
            id="unknown fact in a route",
        ),
        pytest.param(
            "start_page.yaml",
            "shows: marketing_menu",
            'reads: {marketing_menu: "{oder}"}',
            f"start_page.yaml:18:29: {{oder}} is not known; allowed are {FACTS}",
            id="unknown fact in what an element reads",
        ),
        pytest.param(
            "start_page.yaml",
            "    role: link\n    name: Marketing\n",
            '    card: {text: Shop, control: "Open {shop}"}\n',
            f"start_page.yaml:7:33: {{shop}} is not known; allowed are {FACTS}",
            id="unknown fact in a card's control",
        ),
        pytest.param(
            "start_page.yaml",
            "shows: marketing_menu",
            "hides: menu",
            "start_page.yaml:18:5: there is no element menu on this screen",
            id="a check of an element that is not there",
        ),
        pytest.param(
            "start_page.yaml",
            "shows: marketing_menu",
            "shows: marketing_menu\n    hides: marketing_menu",
            "start_page.yaml:18:5: a check has exactly one of shows, hides, reads and route",
            id="a check with two conditions",
        ),
        pytest.param(
            "start_page.yaml",
            "  - shows: marketing_menu\n    message: The menu is not there.\n",
            "  []\n",
            "start_page.yaml:18:3: a screen needs at least one check that tells it from the others",
            id="no checks",
        ),
        pytest.param(
            "start_page.yaml",
            "shows: marketing_menu",
            "reads: {marketing_menu: a, amazon_sales_channel: b}",
            "start_page.yaml:18:5: reads names exactly one element",
            id="a check that reads two elements",
        ),
        pytest.param(
            "start_page.yaml",
            AT_THE_MENU,
            "    within: banner\n" + AT_THE_MENU,
            "start_page.yaml:9:13: banner is no box on this screen",
            id="within what is not there",
        ),
        pytest.param(
            "start_page.yaml",
            AT_THE_MENU,
            "    within: marketing_menu\n" + AT_THE_MENU,
            "start_page.yaml:9:13: marketing_menu is no box on this screen",
            id="within itself",
        ),
        pytest.param(
            "start_page.yaml",
            AT_THE_MENU,
            "    within: headline\n" + AT_THE_MENU + "    observed: here\n"
            "  headline:\n    field: Headline\n    for: says where\n",
            "start_page.yaml:9:13: headline is no box on this screen",
            id="within a field",
        ),
        pytest.param(
            "start_page.yaml",
            "checks:\n",
            "  spare:\n    text: Spare\n    for: nothing\n    observed: here\n\nchecks:\n",
            "start_page.yaml:18:5: the element spare is not used by any check or flow: remove it",
            id="an element that nothing uses",
        ),
        pytest.param(
            "start_page.yaml",
            AT_THE_MENU,
            "    private: true\n" + AT_THE_MENU,
            "start_page.yaml:7:5: only field, column, css, xpath elements can be private: their words are what is "
            "masked",
            id="private on something that is not read",
        ),
        pytest.param(
            "start_page.yaml",
            "    role: link\n    name: Marketing\n",
            "    field: Marketing\n",
            "start_page.yaml:7:5: the element marketing_menu cannot be a field: the flows act on it",
            id="a field that is clicked",
        ),
        pytest.param(
            "cancel_dialog.yaml",
            "    choice: Reason\n",
            "    label: Reason\n",
            "cancel_dialog.yaml:11:5: the element reason must be a choice, not a label",
            id="a reason that is no choice",
        ),
        pytest.param(
            "cancel_dialog.yaml",
            "    commits: true\n",
            "",
            "cancel_dialog.yaml:16:5: the element confirm needs commits: true",
            id="a confirm that does not commit",
        ),
        pytest.param(
            "cancel_dialog.yaml",
            "    role: button\n    name: Confirm\n",
            "    text: Confirm\n",
            "cancel_dialog.yaml:16:5: an element that commits is found by role and name, so that nothing else can "
            "match",
            id="commits without role",
        ),
        pytest.param(
            "cancel_dialog.yaml",
            "    name: Confirm\n",
            "",
            "cancel_dialog.yaml:16:5: an element that commits is found by role and name, so that nothing else can "
            "match",
            id="commits without name",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            'css: "#captcha"',
            'says: "{order}"',
            "interruptions/captcha.yaml:7:11: {order} is not known; an interruption knows nothing about the current "
            "order",
            id="an interruption about an order",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            INTERRUPTION[INTERRUPTION.index("interrupts:") :],
            "",
            "interruptions/captcha.yaml:1:1: interrupts is missing: every screen in this folder must say what it "
            "means when it appears",
            id="an interruption that interrupts nothing",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            "reaction: stop",
            "reaction: halt",
            "interruptions/captcha.yaml:16:13: halt is not allowed for reaction: allowed are sign_in, taken_over, "
            "new_code, retry, refused, form_refused, person, stop and clear",
            id="unknown reaction",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            "reaction: stop",
            "reaction: clear",
            "interruptions/captcha.yaml:16:3: press names the element that closes it, and goes with the reaction clear",
            id="nothing to press",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            "reaction: stop",
            "reaction: stop\n  press: sign",
            "interruptions/captcha.yaml:16:3: press names the element that closes it, and goes with the reaction clear",
            id="something to press that is not cleared",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            "reaction: stop",
            "reaction: clear\n  press: close",
            "interruptions/captcha.yaml:17:10: close cannot be pressed on this screen",
            id="pressing what is not there",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            "lasting: 0",
            "lasting: -1",
            "interruptions/captcha.yaml:17:12: lasting must be at least 0.0",
            id="negative seconds",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            "shows: sign",
            "hides: sign",
            "interruptions/captcha.yaml:12:5: an interruption is recognized by what it shows, which cannot be a field",
            id="an interruption by what is not there",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            'css: "#captcha"',
            "field: Captcha",
            "interruptions/captcha.yaml:12:5: an interruption is recognized by what it shows, which cannot be a field",
            id="an interruption by a field",
        ),
        pytest.param(
            "interruptions/captcha.yaml",
            "lasting: 0",
            "lasting: soon",
            "interruptions/captcha.yaml:17:12: lasting must be a number, not soon",
            id="seconds in words",
        ),
        pytest.param(
            "pack.yaml",
            "  Shipped: [Shipped]\n",
            "",
            "pack.yaml:1:1: no words for status Shipped",
            id="a status is missing",
        ),
        pytest.param(
            "pack.yaml",
            "  Shipped: [Shipped]\n",
            "  Shipped: []\n",
            "pack.yaml:1:1: no words for status Shipped",
            id="a status without words",
        ),
        pytest.param(
            "pack.yaml",
            "  CustomerReturn: Customer Return\n  MerchandiseNotReceived: Merchandise Not Received\n",
            "",
            "pack.yaml:1:1: no words for reason CustomerReturn, MerchandiseNotReceived",
            id="two reasons are missing",
        ),
        pytest.param(
            "pack.yaml",
            "  Shipped: [Shipped]\n",
            "  Shipped: [Shipped, Unshipped]\n",
            "pack.yaml:1:1: the same words are used for two different statuses or reasons",
            id="two statuses with the same words",
        ),
        pytest.param(
            "pack.yaml",
            "CustomerReturn: Customer Return",
            "CustomerReturn: No Inventory",
            "pack.yaml:1:1: the same words are used for two different statuses or reasons",
            id="two reasons with the same words",
        ),
        pytest.param(
            "pack.yaml",
            "/orders/{order}",
            "/orders/{number}",
            f"pack.yaml:4:14: {{number}} is not known; allowed are {FACTS}",
            id="unknown fact in the order route",
        ),
        pytest.param(
            "pack.yaml",
            'store_route: "#/stores/{store_id}"',
            'store_route: "#/stores/{store_id"',
            "pack.yaml:5:14: the braces in '#/stores/{store_id' are not balanced",
            id="unpaired braces in the store route",
        ),
        pytest.param(
            "pack.yaml",
            'store_route: "#/stores/{store_id}"\n',
            "",
            "pack.yaml:1:1: order_route has {store_id}, which a store_route with {store_id} must give",
            id="no store route",
        ),
        pytest.param(
            "pack.yaml",
            'order_route: "#/stores/{store_id}/orders/{order}"',
            'order_route: "#/orders/{order}"',
            "pack.yaml:1:1: order_route has neither {store_id} nor {row_id}: nothing would prove whose page it is",
            id="an order route that proves nothing",
        ),
        pytest.param(
            "pack.yaml",
            "cancel_request:",
            "way: {confirm_on: cancel_page}\ncancel_request:",
            "pack.yaml:1:1: with confirm_on cancel_page, order_route and cancel_route have {row_id}",
            id="a cancel page whose address proves nothing",
        ),
        pytest.param(
            "pack.yaml",
            "title: Mine\n",
            "title: Mine\nextends: nobody\n",
            "pack.yaml:3:10: there is no pack 'nobody'",
            id="extends a pack that is not there",
        ),
    ],
)
def test_a_mistake_is_named_where_it_stands(
    folder: Path, mistakes: Callable[[], str], file: str, old: str, new: str, message: str
) -> None:
    edit(folder, file, old, new)
    assert mistakes() == message


def test_what_is_only_read_cannot_be_secret(folder: Path, mistakes: Callable[[], str]) -> None:
    edit(folder, "order_details.yaml", "    field: Status\n", "    field: Status\n    secret: true\n")
    assert "field and column elements cannot be secret: nothing is typed into them" in mistakes()


def test_boxes_inside_one_another_are_a_mistake(folder: Path, mistakes: Callable[[], str]) -> None:
    edit(folder, "start_page.yaml", AT_THE_MENU, "    within: amazon_sales_channel\n" + AT_THE_MENU)
    edit(folder, "start_page.yaml", "    for: leads there", "    within: marketing_menu\n    for: leads there")
    assert mistakes() == (
        "start_page.yaml:9:13: amazon_sales_channel is no box on this screen\n"
        "start_page.yaml:15:13: marketing_menu is no box on this screen"
    )


def test_a_check_cannot_compare_a_column(folder: Path, mistakes: Callable[[], str]) -> None:
    column = "  numbers:\n    column: Number\n    for: the numbers\n    observed: here\n\nchecks:\n"
    edit(folder, "start_page.yaml", "\nchecks:\n", column)
    edit(folder, "start_page.yaml", "shows: marketing_menu", "reads: {numbers: x}")
    assert mistakes() == "start_page.yaml:22:5: numbers is a column: it has no single text to compare"


def test_what_flows_read_must_be_a_field(folder: Path, mistakes: Callable[[], str]) -> None:
    file = folder / "order_details.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("    field: Notes\n", "    text: Notes\n"), encoding="utf-8")
    line = text.splitlines().index("  notes:") + 2
    assert mistakes() == f"order_details.yaml:{line}:5: the element notes must be a field, not a text"


def test_an_unknown_key_of_an_element_is_named(folder: Path, mistakes: Callable[[], str]) -> None:
    edit(folder, "start_page.yaml", AT_THE_MENU, "    colour: red\n" + AT_THE_MENU)
    assert mistakes() == (
        "start_page.yaml:9:5: colour is not a known key: did you mean column? Allowed are role, "
        "name, label, text, says, field, column, card, row, choice, before, css, xpath, words, has, within, case, "
        "there, when, commits, private, secret, for and observed"
    )


def test_a_file_that_is_not_yaml_is_named(folder: Path, mistakes: Callable[[], str]) -> None:
    (folder / "answer.yaml").write_text("screen: [answer\n", encoding="utf-8")
    assert mistakes().startswith("answer.yaml:2:1: This is not YAML: ")


def test_a_file_that_is_a_list_is_named(folder: Path, mistakes: Callable[[], str]) -> None:
    (folder / "answer.yaml").write_text("- answer\n", encoding="utf-8")
    assert mistakes() == (
        "answer.yaml:1:1: The file must be a mapping with the keys screen, title, observed, elements, labels, checks, "
        "busy, interrupts, page and before_sign_in, not a list"
    )


def test_a_key_that_is_there_twice_is_named(folder: Path, mistakes: Callable[[], str]) -> None:
    edit(folder, "start_page.yaml", "  amazon_sales_channel:\n", "  marketing_menu:\n")
    assert (
        mistakes()
        == "start_page.yaml:11:3: The key marketing_menu appears twice: it is already on line 6; keep one of them"
    )


# --- Routes ---

ORDER_ROUTE = "#/store-details/{store_id}/orders/{order}"


def test_a_route_gives_its_facts() -> None:
    address = "#/store-details/7f/orders/112-1215998-3002091"
    assert match_route(ORDER_ROUTE, address) == {"store_id": "7f", "order": "112-1215998-3002091"}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#/",
        "#/store-details/7f",
        "#/store-details/7f/orders",
        "#/store-details/7f/orders/",
        "#/store-details//orders/112-1-1",
        "#/store-details/7f/orders/112-1-1/",
        "#/store-details/7f/orders/112-1-1/items",
        "#/store-details/7f/orders/112-1-1?tab=2",
        "#/store-details/7f/orders/112-1-1#items",
        "/#/store-details/7f/orders/112-1-1",
        "#/STORE-DETAILS/7f/orders/112-1-1",
    ],
)
def test_an_address_that_does_not_fit_whole_gives_nothing(address: str) -> None:
    assert match_route(ORDER_ROUTE, address) is None


def test_signs_in_a_route_stand_for_themselves() -> None:
    assert match_route("#/a.b/{order}", "#/aXb/1") is None
    assert match_route("#/a.b/{order}", "#/a.b/1") == {"order": "1"}


def test_a_route_without_facts_fits_only_itself() -> None:
    assert match_route("#/home", "#/home") == {}
    assert match_route("#/home", "#/home/x") is None


def test_a_fact_that_is_in_a_route_twice_must_agree() -> None:
    assert match_route("#/{order}/of/{order}", "#/1/of/1") == {"order": "1"}
    assert match_route("#/{order}/of/{order}", "#/1/of/2") is None


# --- The schema ---


def test_the_schema_is_one_json_document_whose_references_all_lead_somewhere() -> None:
    schema = json.loads(json.dumps(pack_schema()))
    references: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            references.extend([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(references) == {f"#/$defs/{name}" for name in schema["$defs"]}


def test_the_schema_knows_every_key_and_allows_no_others() -> None:
    definitions = pack_schema()["$defs"]
    models = {name: model for name, model in definitions.items() if model["type"] == "object"}
    assert set(models) == {
        "Card",
        "Element",
        "ScreenCheck",
        "Interruption",
        "ScreenSpec",
        "CancelRequest",
        "Names",
        "PackInfo",
        "Way",
        "Layer",
    }
    assert all(model["additionalProperties"] is False for model in models.values())
    assert "for" in models["Element"]["required"]
    assert "purpose" not in models["Element"]["properties"]


def test_the_schema_describes_every_key_of_every_shipped_file() -> None:
    """Keys and required keys only: no validator of JSON Schema is installed."""
    definitions = pack_schema()["$defs"]

    def fits(model: str, data: Any) -> None:
        assert set(definitions[model]["required"]) <= set(data) <= set(definitions[model]["properties"])

    for path in packs_folder().glob("*/**/*.yaml"):
        data: Any = read_yaml(path).data
        if path.name == "pack.yaml":
            fits("PackInfo", data)
            continue
        if path.parent.name == "languages":
            fits("Layer", data)
            continue
        fits("ScreenSpec", data)
        for element in data["elements"].values():
            fits("Element", element)
        for check in data["checks"]:
            fits("ScreenCheck", check)
        if "interrupts" in data:
            fits("Interruption", data["interrupts"])
