"""Reading values beside labels and under column headers, on markup of every kind; and masking them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Locator, Page

from bot.admin import Admin
from bot.admin.camera import COVER, TRIES, photograph
from bot.admin.look import ask, by_role
from bot.errors import ElementMissing
from bot.evidence.recorder import Recorder
from bot.evidence.store import LocalStore
from bot.pack import Pack, load_pack

pytestmark = pytest.mark.sampled(4)

KNOWN = ["Status", "Notes", "Store Name", "Order total", "Shipping service", "Prime", "Magento Website"]
FOR_READERS = "position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip:rect(0,0,0,0);white-space:nowrap"
HIDDEN = {
    "display none": "display:none",
    "visibility hidden": "visibility:hidden",
    "opacity 0": "opacity:0",
    "one pixel": FOR_READERS,
    "left of the page": "position:absolute;left:-9999px",
    "no height": "display:inline-block;height:0;overflow:hidden",
    "indented away": "display:inline-block;width:90px;text-indent:-9999px;overflow:hidden",
    "no size": "font-size:0",
}


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all tests of this module: each puts its own document into it."""
    with closing(browser.new_page()) as page:
        yield page


def request(fields: dict[str, str], columns: dict[str, str], act: str = "read") -> dict[str, Any]:
    return {"fields": fields, "columns": columns, "known": KNOWN, "covers": [], "act": act}


@pytest.fixture
def field(page: Page) -> Callable[..., list[str]]:
    """Everything that a label reads as on a page with this markup."""

    def read(html: str, label: str = "Status") -> list[str]:
        page.set_content(html)
        return list(ask(page, "read", request({"it": label}, {}))["fields"]["it"])

    return read


@pytest.fixture
def column(page: Page) -> Callable[..., list[str]]:
    """Every cell under a header on a page with this markup."""

    def read(html: str, header: str = "Buyer's Name") -> list[str]:
        page.set_content(html)
        return list(ask(page, "read", request({}, {"it": header}))["columns"]["it"])

    return read


def row(label: str, value: str) -> str:
    return f'<div style="display:flex"><div style="width:120px">{label}</div>{value}</div>'


# --- Fields, wherever the label and the value stand ---

SHAPES = {
    "table": "<table><tr><td>Status<td>Unshipped<tr><td>Notes<td>Imported</table>",
    "table with row headers": "<table><tr><th>Status<td>Unshipped<tr><th>Notes<td>Imported</table>",
    "two pairs a row": "<table><tr><td>Status<td>Unshipped<td>Notes<td>Imported</table>",
    "description list": "<dl style='display:grid;grid-template-columns:90px 90px'>"
    "<dt>Status<dd>Unshipped<dt>Notes<dd>Imported</dl>",
    "floating description list": "<style>dt{float:left;clear:left;width:90px}dd{margin-left:100px}</style>"
    "<dl><dt>Status<dd>Unshipped<dt>Notes<dd>Imported</dl>",
    "row wrappers": row("Status", "<div>Unshipped</div>") + row("Notes", "<div>Imported</div>"),
    "row wrappers of spans": "<style>span{display:inline-block;width:90px}</style>"
    "<p><span>Status</span><span>Unshipped</span></p><p><span>Notes</span><span>Imported</span></p>",
    "flat grid": "<div style='display:grid;grid-template-columns:repeat(4,90px)'><i>Status</i><i>Unshipped</i>"
    "<i>Notes</i><i>Imported</i></div>",
    "columns": "<div style='display:flex'><div style='width:90px'><p>Status</p><p>Notes</p></div>"
    "<div><p>Unshipped</p><p>Imported</p></div></div>",
    "values before labels in the document": "<div style='display:flex;flex-direction:row-reverse;float:left'>"
    "<div><p>Unshipped</p><p>Imported</p></div><div style='width:90px'><p>Status</p><p>Notes</p></div></div>",
    "one text each": "<p>Status: Unshipped</p><p>Notes : Imported</p>",
    "deep in other boxes": "<div><section>"
    + row("<div><span><b>Status</b></span></div>", "<div><div><a href=#><u>Unshipped</u></a></div></div>")
    + "</section><section>"
    + row("<span>Notes</span>", "<p style='margin:0'><em>Imported</em></p>")
    + "</section></div>",
    "labels with colons": "<table><tr><td>Status:<td>Unshipped<tr><td>Notes :<td>Imported</table>",
    "upper case by style": "<style>td{text-transform:uppercase}</style>"
    "<table><tr><td>Status<td>Unshipped<tr><td>Notes<td>Imported</table>",
    "labels in upper case": "<table><tr><td>STATUS<td>Unshipped<tr><td>NOTES:<td>Imported</table>",
    "labels with icons": "<table><tr><td>\ue616 Status<td>\ue616 Unshipped<tr><td>Notes \ue616<td>Imported</table>",
    "values in inputs": row("<label>Status</label>", "<input value=Unshipped>")
    + row("Notes", "<textarea>Imported</textarea>"),
    "inputs inside labels": "<p><label>Status <input value=Unshipped></label></p>"
    "<p><label>Notes <input value=Imported></label></p>",
    "values in selects": row("Status", "<select><option>Shipped<option selected>Unshipped</select>")
    + row("Notes", "<select><option>Imported</select>"),
    "tall values": "<table><tr><td>Status<td style='font-size:40px'>Unshipped<tr><td>Notes<td>Imported</table>",
    "far down in a scroller": "<div style='height:60px;overflow:auto'><div style='height:900px'></div><table><tr>"
    "<td>Status<td>Unshipped<tr><td>Notes<td>Imported</table></div>",
    "boxes that draw no box of their own": "<style>i{display:contents}</style>"
    + row("<i>Status</i>", "<i><div><i>Unshipped</i></div></i>")
    + row("<i>Notes</i>", "<div><i>Imported</i></div>"),
    "app as high as the window": "<body style='margin:0;overflow:hidden'><div style='height:100vh;overflow:hidden'>"
    "<div style='height:100%;overflow-y:scroll'><div style='height:3000px'></div><table><tr><td>Status<td>Unshipped"
    "<tr><td>Notes<td>Imported</table></div></div>",
}


@pytest.mark.parametrize("html", SHAPES.values(), ids=list(SHAPES))
def test_a_value_is_read_beside_its_label(field: Callable[..., list[str]], html: str) -> None:
    assert (field(html, "Status"), field(html, "Notes")) == (["Unshipped"], ["Imported"])


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td>Status<td>Unshipped<tr><td>Notes<td></table>",
        "<dl style='display:grid;grid-template-columns:90px 90px'><dt>Status<dd>Unshipped<dt>Notes<dd></dl>",
        row("Status", "<div>Unshipped</div>") + row("Notes", "<div></div>"),
        "<table><tr><td>Notes<td><td>Shipping service<td>Express</table>",
        "<table><tr><td>Notes<td>\u00a0<td>Prime:<td>No</table>",
        "<table><tr><td>Notes<td><span style='display:none'>Imported</span></table>",
        "<p>Notes:</p>",
        "<p><b>Notes:</b> <b>Magento Website:</b> Main</p>",
        row("Notes", "<input value=''>"),
    ],
)
def test_an_empty_value_is_empty_and_not_its_neighbour(field: Callable[..., list[str]], html: str) -> None:
    assert field(html, "Notes") == [""]


@pytest.mark.parametrize(
    ("html", "value"),
    [
        ("<p>Store Name: north</p>", "north"),
        ("<p><b>Store Name:</b> north <b>Magento Website:</b> Main <b>Status:</b> Active</p>", "north"),
        ("<p>Store Name: north-us\n  Magento   Website: Main</p>", "north-us"),
        ("<p>Store Name : north</p>", "north"),
        ("<p>store name: North</p>", "North"),
        ("<p>Store Name: a: b</p>", "a: b"),
    ],
)
def test_a_label_and_its_value_may_be_one_text(field: Callable[..., list[str]], html: str, value: str) -> None:
    assert field(html, "Store Name") == [value]


@pytest.mark.parametrize(
    ("html", "value"),
    [
        (row("Order total", "<div style='display:flex'><div>$</div><div>121.80</div></div>"), "$ 121.80"),
        (row("Order total", "<div><span>$</span><span>121.80</span></div>"), "$121.80"),
        (row("Order total", "<div>121.80 <small>USD</small></div>"), "121.80 USD"),
        (row("Order total", "<div>$ 121<br>.80</div>"), "$ 121 .80"),
        (row("Order total", "<div style='display:flex'><div>$ 121.80</div><button>Edit</button></div>"), "$ 121.80"),
        (row("Order total", "<div><button>Edit</button></div>"), "Edit"),
    ],
)
def test_a_value_in_several_boxes_is_one_value(field: Callable[..., list[str]], html: str, value: str) -> None:
    assert field(html, "Order total") == [value]


@pytest.mark.parametrize(
    "label", ["Order Status", "Status of payment", "Statuses", "Status*", "Sta tus", "Buyer status: Unshipped"]
)
def test_a_label_matches_whole(field: Callable[..., list[str]], label: str) -> None:
    assert field(row(label, "<div>Unshipped</div>")) == []


def test_a_label_that_is_there_twice_gives_both(field: Callable[..., list[str]]) -> None:
    assert field(row("Status", "<div>Unshipped</div>") + "<p>Status: Shipped</p>") == ["Unshipped", "Shipped"]


def test_a_heading_with_the_words_of_a_label_is_no_second_label(field: Callable[..., list[str]]) -> None:
    assert field("<h2>Status</h2><p><a href=#>Status</a></p>" + row("Status", "<div>Unshipped</div>")) == ["Unshipped"]


def test_words_in_scripts_and_choices_are_not_on_the_screen(field: Callable[..., list[str]]) -> None:
    html = (
        "<script>'Status: Shipped'</script><style>/* Status: Shipped */</style><noscript>Status: Shipped</noscript>"
        "<template>Status: Shipped</template><select><option>Status: Shipped</select><!-- Status: Shipped -->"
    )
    assert field(html) == []


@pytest.mark.parametrize("style", HIDDEN.values(), ids=list(HIDDEN))
def test_what_nobody_sees_is_not_read(field: Callable[..., list[str]], style: str) -> None:
    twin = f"<div style='{style}'><p>Status: Shipped</p></div>"
    label = f"Status<span style='{style}'> (what is this?)</span>"
    value = f"<div>Unshipped<span style='{style}'> or Shipped</span></div>"
    beside = f"<div style='{style}'>Shipped</div><div>Unshipped</div>"
    assert field(twin + row("Status", "<div>Unshipped</div>")) == ["Unshipped"]
    assert field(row(label, "<div>Unshipped</div>")) == ["Unshipped"]
    assert field(row("Status", value)) == ["Unshipped"]
    assert field(row("Status", beside)) == ["Unshipped"]
    inside = f"<div style='{style}'><div style='display:contents'><i style='display:contents'>Shipped</i></div></div>"
    assert field(row("Status", f"{inside}<div>Unshipped</div>")) == ["Unshipped"]


@pytest.mark.parametrize("closed", ["<dialog>{}</dialog>", "<details><summary>More</summary>{}</details>"])
def test_what_is_closed_is_not_read(field: Callable[..., list[str]], closed: str) -> None:
    assert field(closed.format("<p>Status: Shipped</p>") + row("Status", "<div>Unshipped</div>")) == ["Unshipped"]


def test_the_page_behind_an_open_dialog_is_read(page: Page, field: Callable[..., list[str]]) -> None:
    html = f"<main aria-hidden=true inert>{row('Status', '<div>Unshipped</div>')}</main><dialog open>Reason?</dialog>"
    assert field(html) == ["Unshipped"]


# --- Columns ---

ICON = "\ue616"
HEAD = "<thead><tr><th>Order Number<th>Buyer's Name<th>Total</thead>"
GRID_HEAD = "<div role=row><div role=columnheader>Order Number</div><div role=columnheader>Buyer's Name</div></div>"
GRID_ROW = "<div role=row><div role=gridcell>1</div><div role=gridcell>Ada</div></div>"

TABLES = {
    "table": f"<table>{HEAD}<tbody><tr><td>1<td>Ada<td>$1</table>",
    "grid": f"<div role=grid><div role=rowgroup>{GRID_HEAD}</div><div role=rowgroup>{GRID_ROW}</div></div>",
    "tree grid": f"<div role=treegrid>{GRID_HEAD}{GRID_ROW.replace('gridcell>1', 'rowheader>1')}</div>",
    "aria table": f"<div role=table>{GRID_HEAD}{GRID_ROW.replace('gridcell', 'cell')}</div>",
    "row headers": f"<table>{HEAD}<tbody><tr><th scope=row>1<td>Ada<td>$1</table>",
    "rows that draw no box of their own": "<style>[role=row],i{display:contents}</style>"
    f"<div role=grid style='display:grid'>{GRID_HEAD}{GRID_ROW.replace('Ada', '<i>Ada</i>')}</div>",
    "sort icons": f"<table>{HEAD.replace('Name', f'Name <i>{ICON}</i>')}<tbody><tr><td>1<td>Ada<td>$1</table>",
    "words for readers": f"<style>i{{{FOR_READERS}}}</style><table>{HEAD.replace('Name', 'Name<i>sort</i>')}"
    "<tr><td>1<td>Ada<td>2</table>",
    "upper case by style": f"<table style='text-transform:uppercase'>{HEAD}<tbody><tr><td>1<td>Ada<td>$1</table>",
    "sticky header in a table of its own": f"<table>{HEAD}</table><table>{HEAD}<tbody><tr><td>1<td>Ada<td>$1</table>",
    "hidden column": f"<table>{HEAD.replace('<tr>', '<tr><th style=display:none>Id')}<tr><td style=display:none>7"
    "<td>1<td>Ada<td>$1</table>",
    "hidden row": f"<table>{HEAD}<tr hidden><td>0<td>Eve<td>$1<tr><td>1<td>Ada<td>$1</table>",
    "hidden table": f"<table hidden>{HEAD}<tr><td>0<td>Eve<td>$1</table><table>{HEAD}<tr><td>1<td>Ada<td>$1</table>",
    "no records in another table": f"<table>{HEAD}<tr><td colspan=3>No records</table>"
    f"<table>{HEAD}<tr><td>1<td>Ada<td>1</table>",
    "header over two columns": "<table><tr><th colspan=2>Order Number<th>Buyer's Name<tr><td>1<td>x<td>Ada</table>",
    "another table inside a cell": f"<table>{HEAD}<tr><td>1<td>Ada<td><table><tr><td>0<td>Eve<td>0</table></table>",
    "boxes in cells": f"<table>{HEAD}<tr><td>1<td><div><span>A</span><span>d</span></div>a<td>$1</table>".replace(
        "</div>a", "a</div>"
    ),
}


@pytest.mark.parametrize("html", TABLES.values(), ids=list(TABLES))
def test_cells_are_read_under_their_header(column: Callable[..., list[str]], html: str) -> None:
    assert column(html) == ["Ada"]


@pytest.mark.parametrize(
    "html",
    [
        f"<table>{HEAD}<tr><td>1<td>Ada</table>",
        f"<table>{HEAD}<tr><td>1<td>Ada<td>$1<td>Edit</table>",
        f"<table>{HEAD}<tr><td colspan=2>1<td>Ada<td>$1</table>",
        f"<table>{HEAD}<tr><td colspan=3>We couldn't find any records.</table>",
        f"<table>{HEAD.replace('Total', 'Buyer&#39;s Name')}<tr><td>1<td>Ada<td>Eve</table>",
        f"<table>{HEAD}{HEAD}<tr><td>1<td>Ada<td>$1</table>",
        f"<table>{HEAD.replace('Name', 'Names')}<tr><td>1<td>Ada<td>$1</table>",
        "<table><tr><td>Order Number<td>Buyer's Name<tr><td>1<td>Ada</table>",
    ],
    ids=[
        "a cell less",
        "a cell more",
        "a cell over two columns",
        "no records",
        "the header twice",
        "two heads in one table",
        "another header",
        "no headers",
    ],
)
def test_a_cell_that_cannot_be_placed_is_not_read(column: Callable[..., list[str]], html: str) -> None:
    assert column(html) == []


def test_a_text_of_more_than_a_thousand_characters_is_cut_and_ends_with_its_length(
    field: Callable[..., list[str]], column: Callable[..., list[str]]
) -> None:
    long, read = "Ada " * 1_000, f"{'Ada ' * 250}... (3999 characters)"
    assert field(f"<p style='white-space: nowrap'>Status: {long}</p>") == [read]
    assert column(f"<table>{HEAD}<tr><td>1<td>{long}<td>$1</table>") == [read]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>112-1215998-3002091</p>", ["112-1215998-3002091"]),
        (
            "<p>Status 112-1215998-3002091</p><p>Status: 112-1215998-3002092</p>",
            ["112-1215998-3002091", "112-1215998-3002092"],
        ),
        ("<p>Sent again as 112-1215998-3002091</p>", []),
        ("<p>112-1215998-3002091 has been canceled.</p>", []),
        ("<p hidden>112-1215998-3002091</p>", []),
    ],
)
def test_a_number_that_stands_alone_or_behind_a_label_is_found(page: Page, html: str, found: list[str]) -> None:
    page.set_content(html)
    asked = request({"it": "Status"}, {}) | {"alone": "[0-9]{3}-[0-9]{7}-[0-9]{7}"}
    assert ask(page, "read", asked)["alone"] == found


def test_a_field_and_a_column_read_the_same_words_alike(page: Page) -> None:
    name = "<div><span>Ada</span><span>King</span> <b>lovelace</b></div>"
    page.set_content(
        "<style>span{display:inline-block}</style><div style='text-transform:capitalize'>"
        + row("Status", name)
        + f"<table>{HEAD}<tr><td>1<td>{name}<td>$1</table></div>"
    )
    seen = ask(page, "read", request({"it": "Status"}, {"it": "Buyer's Name"}))
    assert seen["fields"] == seen["columns"]


@pytest.mark.parametrize(
    "html",
    [f"<table>{HEAD}<tr><td>1<td>Ada<td>$1<tr><td>2<td>Eve<td>$2</table>",
     f"<div role=grid>{GRID_HEAD}{GRID_ROW}{GRID_ROW.replace('1', '2').replace('Ada', 'Eve')}</div>"],
)  # fmt: skip
def test_of_one_row_only_its_own_cells_are_read(page: Page, html: str) -> None:
    page.set_content(html)
    of_eve = by_role("row") | {"has": {"has": "Eve"}}
    asked = request({}, {"it": "Buyer's Name"}) | {"find": of_eve}
    rows = ask(page, "look", {"parts": [{"rows": asked}]})["parts"][0]["rows"]
    assert [seen["columns"] for seen in rows] == [{"it": ["Eve"]}]


SIDEWAYS = """<style>[role=row] { display: flex; width: 900px } [role=row] > * { flex: none; width: 400px }</style>
<div role=grid style='width:300px'>
    <div style='overflow:hidden'><div role=row><b role=columnheader>Number</b><b role=columnheader>Total</b></div></div>
    <div style='overflow:auto'><div role=row><i role=gridcell>112-1</i><i role=gridcell>7.20</i></div></div>
</div>"""


def test_a_header_that_is_cut_off_with_its_column_is_read(column: Callable[..., list[str]]) -> None:
    assert column(SIDEWAYS, "Total") == ["7.20"]


# --- Masks ---

PRIVATE = "font:16px monospace;width:400px"
DETAILS = (
    f"<div style='{PRIVATE}'>"
    + row("<div id=label>Notes</div>", "<div>{name}</div>")
    + "<div id=apart>Order details</div><table border=1><tr><th id=number>Order Number<th id=head>Buyer's Name<tr>"
    "<td id=one>1<td id=cell><b>{name}</b> {name}</table>"
    + row("Store Name", "<input id=input value='{name}'>")
    + "</div>"
)
STUBBORN = {
    "plain": "",
    "insists on its colour": "td, b, input, div { color: red !important; background: white !important }",
    "insists on its fill": "td, b, input, div { -webkit-text-fill-color: blue !important }",
    "changes slowly": "* { transition: all 60s }",
    "has shadows": "b { text-shadow: 3px 3px red }",
}
MASKED = ({"note": "Notes", "store": "Store Name"}, {"buyer": "Buyer's Name"})


def shown(locator: Locator) -> bytes:
    box = locator.bounding_box()
    assert box is not None
    return locator.page.screenshot(clip=FloatRect(**box), caret="initial")


@pytest.mark.parametrize("style", STUBBORN.values(), ids=list(STUBBORN))
def test_a_mask_leaves_nothing_of_the_words(page: Page, style: str) -> None:
    pictures = []
    for name in ("Ada", "Eve"):
        page.set_content(f"<style>{style}</style>" + DETAILS.format(name=name))
        ask(page, "read", request(*MASKED, act="mask"))
        pictures.append(page.screenshot())
    assert pictures[0] == pictures[1]


def test_a_mask_hides_the_values_and_nothing_else(page: Page) -> None:
    page.set_content(DETAILS.format(name="Ada"))
    kept = [page.locator(name) for name in ("#label", "#apart", "#number", "#head", "#one")]
    hidden = [page.locator(name) for name in ("#cell", "#input")]
    before = [shown(part) for part in (*kept, *hidden)]
    ask(page, "read", request(*MASKED, act="mask"))
    after = [shown(part) for part in (*kept, *hidden)]
    same = [one == other for one, other in zip(before, after, strict=True)]
    assert same == [True] * len(kept) + [False] * len(hidden)


@pytest.mark.parametrize("style", STUBBORN.values(), ids=list(STUBBORN))
def test_a_mask_leaves_the_document_alone_and_the_next_look_takes_it_off(page: Page, style: str) -> None:
    page.set_content(f"<style>{style}</style>" + DETAILS.format(name="Ada"))
    seen = []
    for act in ("read", "mask", "read"):
        ask(page, "read", request(*MASKED, act=act))
        seen.append((page.content(), page.screenshot(caret="initial")))
    (before, clean), (during, masked), (after, again) = seen
    assert before == during == after
    assert (clean == masked, clean == again) == (False, True)


def test_a_masked_page_reads_the_same(page: Page) -> None:
    page.set_content(DETAILS.format(name="Ada"))
    before, _, masked = [ask(page, "read", request(*MASKED, act=act)) for act in ("read", "mask", "read")]
    assert before == masked
    assert before["fields"] == {"note": ["Ada"], "store": ["Ada"]}


@pytest.mark.parametrize(
    "table",
    [
        f"<table>{HEAD}<tr><td>1<td>{{name}}</table>",
        f"<table>{HEAD}{HEAD}<tr><td>1<td>{{name}}<td>$1</table>",
        f"<table>{HEAD}<tr><td>1<td colspan=2>{{name}}</table>",
    ],
    ids=["a cell less", "two heads", "a wide cell"],
)
def test_a_row_that_cannot_be_read_is_masked_whole(page: Page, table: str) -> None:
    pictures = []
    for name in ("Ada", "Eve"):
        page.set_content(f"<style>{{font-family:monospace}}</style><tt>{table.format(name=name)}</tt>")
        ask(page, "read", request(*MASKED, act="mask"))
        pictures.append(page.screenshot())
    assert pictures[0] == pictures[1]


# --- Evidence ---

BUYER = """Ada "O'Brien" King \\ Co: #1 – <é>"""


@pytest.fixture(scope="module")
def shipped() -> Pack:
    return load_pack("asc-4.3")


ROUTE = "about:blank#/store-details/7f/orders/112-1215998-3002091"
PRIVATE_FIELDS = (
    *("Buyer name", "Buyer email", "Shipping phone number", "Shipping address 1", "Shipping city", "Shipping region"),
    *("Shipping postal code", "Shipping country"),
)


def show_order(page: Page, more: str = "", **values: str | None) -> None:
    """An order's page with these values, each by its label with _ for a blank; None leaves the label out too."""
    given = {label.replace("_", " "): value for label, value in values.items()}
    rows = dict.fromkeys(PRIVATE_FIELDS, "") | {"Status": "Unshipped"} | given
    shown = "".join(row(label, f"<div>{value}</div>") for label, value in rows.items() if value is not None)
    page.goto(ROUTE)
    page.set_content(f"<h2>Order details</h2>{shown}{more}")


REDRAWS = """() => {
    const buyer = document.querySelector("#buyer");
    buyer.replaceWith(buyer.cloneNode(true));
}"""


@pytest.mark.parametrize("times", [1, 3, 100])
def test_a_buyer_that_the_page_draws_again_while_it_is_photographed_is_on_no_picture(
    page: Page, shipped: Pack, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    pictures = []
    for name in ("Ada", "Eve"):
        show_order(page, Buyer_name=f"<tt id=buyer>{name}</tt>")
        left, real = iter(range(times)), page.screenshot
        asked: list[dict[str, Any]] = []

        def screenshot(left: Iterator[int] = left, real: Any = real, asked: Any = asked, **how: Any) -> bytes:
            asked.append(how)
            if next(left, None) is not None:
                page.evaluate(REDRAWS)
            return bytes(real(**how))

        with monkeypatch.context() as patch:
            patch.setattr(page, "screenshot", screenshot)
            pictures.append(photograph(page, shipped, masked=True, careful=False))
        assert len(asked) == min(times + 1, TRIES)
    assert pictures[0] == pictures[1]


def test_a_picture_is_taken_once_what_moves_has_come_to_its_end(page: Page, shipped: Pack) -> None:
    page.set_content("""<style>
        @keyframes comes { from { background: rgb(255, 0, 0); } to { background: rgb(0, 255, 0); } }
        @keyframes turns { to { rotate: 1turn; } }
        #dialog { position: fixed; inset: 0; animation: comes 0.5s forwards; }
        #spinner { position: fixed; width: 9px; height: 9px; animation: turns 1s infinite; }
    </style><div id=dialog></div><div id=spinner></div>""")
    picture = Image.open(BytesIO(photograph(page, shipped, masked=False, careful=False))).convert("RGB")
    assert picture.getpixel((300, 300)) == pytest.approx((0, 255, 0), abs=4)


@pytest.fixture
def evidence(page: Page, shipped: Pack, tmp_path: Path) -> Callable[..., str]:
    """What the recorder writes down of the page as it is, when a step fails."""

    def write(*, masked: bool = True) -> str:
        recorder = Recorder(LocalStore(tmp_path / "run"), masked=masked)
        recorder.trouble(Admin(page, shipped, "https://shop.example/admin", patience=60), "read_order")
        assert recorder.evidence == (
            "evidence/session/01-read_order-trouble.jpg",
            "evidence/session/02-read_order-trouble.txt",
        )
        return (tmp_path / "run" / recorder.evidence[1]).read_text(encoding="utf-8")

    return write


def put(page: Page, **texts: str) -> None:
    page.evaluate("(texts) => { for (const id in texts) document.getElementById(id).textContent = texts[id]; }", texts)


def test_the_written_evidence_has_no_private_words(page: Page, evidence: Callable[..., str]) -> None:
    show_order(
        page,
        "<table><tr><th>Order Number<th>Buyer's Name<tr><td>112-1215998-3002091<td id=listed></table>"
        "<div role=alert id=alert></div>",
        Buyer_name="<div id=buyer></div>",
        Shipping_city="<div style='display:flex'><b>Saint</b><i>Petersburg</i></div>",
        Shipping_postal_code="<input aria-label='Shipping postal code' value='SW1A 1AA'>",
        Buyer_email="<a href=#>ada@example.com</a>",
    )
    put(page, buyer=BUYER, listed=BUYER, alert=f"Order of {BUYER} failed.")
    text = evidence()
    for word in ("Ada", "Brien", "King", "Saint", "Petersburg", "SW1A", "ada@example.com"):
        assert word not in text
    assert text.startswith("Messages on the screen:\nOrder of [masked] failed.\n\nThe page (ARIA snapshot):\n")
    assert "112-1215998-3002091" in text


def test_the_written_evidence_of_a_row_that_cannot_be_read_has_none_of_its_words(
    page: Page, evidence: Callable[..., str]
) -> None:
    show_order(page, "<table><tr><th>Order Number<th>Buyer's Name<tr><td>112-1<td>Ada<td>Edit</table>")
    text = evidence()
    assert "Order Number" in text
    assert "Ada" not in text


def test_a_private_word_is_masked_whole_and_not_inside_others(page: Page, evidence: Callable[..., str]) -> None:
    show_order(page, "<p>Orders of the Orderly</p>", Shipping_city="<div>Order</div>")
    assert "Orders of the Orderly" in evidence()


def test_the_keys_of_a_session_are_in_no_text(page: Page, evidence: Callable[..., str]) -> None:
    key = "0123456789abcdef" * 4
    page.set_content(f'<a href="/admin/sales/key/{key}/">Orders</a> <a href="/admin/x?form_key={key[:16]}">Save</a>')
    told = evidence(masked=False)
    assert "/admin/sales/key/[key]/" in told
    assert "form_key=[key]" in told
    assert key[:16] not in told


def test_evidence_that_is_not_to_be_masked_is_whole(page: Page, evidence: Callable[..., str]) -> None:
    page.set_content(row("Buyer name", "<div>Ada</div>"))
    assert "Ada" in evidence(masked=False)


def test_halves_of_characters_on_a_page_do_not_stop_the_evidence(page: Page, evidence: Callable[..., str]) -> None:
    show_order(page, "<div role=alert id=alert></div>")
    page.evaluate("document.getElementById('alert').textContent = 'broken \\ud83d word'")
    assert "broken" in evidence()


def test_a_picture_is_masked_and_the_page_until_the_next_look(page: Page, shipped: Pack, tmp_path: Path) -> None:
    admin = Admin(page, shipped, "https://shop.example/admin", patience=60)
    recorder = Recorder(LocalStore(tmp_path))
    for name in ("Ada", "Eve"):
        show_order(page, "<input value=other>", Buyer_name=f"<tt>{name}</tt>")
        before = (page.content(), page.screenshot(caret="initial"))
        recorder.picture(admin, "read_order")
        assert page.content() == before[0]
        admin.screen("order_details").texts("status")
        assert (page.content(), page.screenshot(caret="initial")) == before
    pictures = [(tmp_path / file).read_bytes() for file in recorder.evidence]
    assert all(one == other for one, other in pairwise(pictures))


# --- Pages of which it is not known what is private ---

HIDDEN_WHOLE = "This page is masked whole. "
LOST = {
    "a label with another name": "<div style='display:flex'><b>Purchaser</b>Ada</div>",
    "a value under its label": "<div>Buyer name</div><div>Ada</div>",
    "a value under its label, with another beside it": "<table><tr><td>Buyer name<td>Notes<tr><td>Ada<td>new</table>",
}


def is_one_sheet(picture: bytes) -> bool:
    """Whether a picture is of nothing but the cover's color, below the first lines, where the reason is written."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    bands = image.crop((0, 200, image.width, image.height)).split()
    return all(abs(edge - cover) < 8 for band, cover in zip(bands, COVER, strict=True) for edge in band.getextrema())  # type: ignore[operator]


@pytest.mark.parametrize("markup", LOST)
def test_a_page_whose_private_value_is_not_found_is_masked_whole(
    page: Page, shipped: Pack, evidence: Callable[..., str], markup: str
) -> None:
    show_order(page, LOST[markup], Buyer_name=None)
    assert is_one_sheet(photograph(page, shipped, masked=True, careful=False))
    text = evidence()
    assert text.startswith(
        HIDDEN_WHOLE + "The order's page: what is private there could not be found: buyer_name.\n\n"
        "Words on it that the pack knows:\n"
    )
    assert "- Order details" in text
    assert "Ada" not in text


def test_a_page_whose_private_values_are_empty_or_left_out_where_they_may_be_is_shown(
    page: Page, shipped: Pack, evidence: Callable[..., str]
) -> None:
    show_order(page, Shipping_country="<input>")
    assert not is_one_sheet(photograph(page, shipped, masked=True, careful=False))
    assert "Order details" in evidence().partition("(ARIA snapshot):")[2]


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<table><tr><th>Order Number<th>Buyer's Name<tr><td>112-1215998-3002091<td>Ada</table>", True),
        ("<table><tr><th>Order Number<th>Buyer's Name</table>", True),
        ("<p>There are no orders.</p>", True),
        ("<table><tr><th>Order Number<th>Sold to<tr><td>112-1215998-3002091<td>Ada</table>", False),
        ("<ul><li>112-1215998-3002091 Ada</ul>", False),
    ],
    ids=["listed", "none listed", "no list", "a header with another name", "no table"],
)
def test_a_list_is_shown_where_its_column_of_buyers_is_there_or_no_order_is(
    page: Page, shipped: Pack, evidence: Callable[..., str], html: str, shown: bool
) -> None:
    page.goto("about:blank")
    page.set_content(f"{row('Store Name', '<div>north</div>')}<h2>Recent orders:</h2>{html}")
    assert is_one_sheet(photograph(page, shipped, masked=True, careful=False)) is not shown
    text = evidence()
    assert ("could not be found: buyer_name." in text) is not shown
    assert "Ada" not in text


UNKNOWN = "<h1>Customers</h1><p>Ada, 1 Main Street</p>"
MENU = "<nav><a href=#>Marketing</a></nav>"


@pytest.mark.parametrize(
    ("html", "why", "known"),
    [
        (UNKNOWN, "No screen of the pack was recognized on it, so what is private on it is not known.", "none"),
        (
            MENU + UNKNOWN,
            "The Admin's page with the side menu: what is private on the rest of it is not known.",
            "Marketing",
        ),
    ],
)
def test_a_page_that_no_pack_knows_is_masked_whole(
    page: Page, shipped: Pack, evidence: Callable[..., str], html: str, why: str, known: str
) -> None:
    page.goto("about:blank")
    page.set_content(html)
    assert is_one_sheet(photograph(page, shipped, masked=True, careful=False))
    assert evidence() == f"{HIDDEN_WHOLE}{why}\n\nWords on it that the pack knows:\n- {known}"


def test_a_page_that_nobody_is_signed_in_to_is_shown(page: Page, shipped: Pack) -> None:
    page.goto("about:blank")
    page.set_content("<h1>Access denied</h1><p style='margin-top:300px'>by a firewall</p>")
    assert not is_one_sheet(photograph(page, shipped, masked=True, careful=False, signed_out=True))


def test_a_page_with_the_side_menu_is_one_that_somebody_is_signed_in_to(page: Page, shipped: Pack) -> None:
    page.goto("about:blank")
    page.set_content(MENU + UNKNOWN)
    assert is_one_sheet(photograph(page, shipped, masked=True, careful=False, signed_out=True))


def test_what_a_message_window_covers_must_be_known_too(page: Page, shipped: Pack) -> None:
    window = "<aside class='modal-popup _show' style='position:fixed;top:300px'>Attention</aside>"
    for known in (True, False):
        show_order(page, window)
        if not known:
            page.set_content(UNKNOWN + window)
        assert is_one_sheet(photograph(page, shipped, masked=True, careful=False)) is not known


def test_a_row_that_cannot_be_read_is_missing(page: Page, shipped: Pack) -> None:
    page.set_content("<table><tr><th>Order Number<th>Buyer's Name<th>Total<tr><td>112-1<td>Ada</table>")
    dashboard = Admin(page, shipped, "https://shop.example/admin", patience=60).screen("store_dashboard", order="112-1")
    with pytest.raises(ElementMissing) as refused:
        dashboard.read_row("order_row", "buyer_name", "order_total")
    assert str(refused.value) == (
        "The store's dashboard: buyer_name (the buyer, to compare with the order's page) is not there."
    )
