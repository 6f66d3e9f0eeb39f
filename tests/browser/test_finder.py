"""Finding each kind of element on markup of every kind: the whole words, what is visible, and how many there are."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from bot.admin.look import NAME, by_role, element_of, install, request_for
from bot.admin.look import find as find_now
from bot.pack.model import ScreenSpec

Find = Callable[..., list[str]]
ICON = "\ue629"
STORES = ("north", "north-us", "north-us-2", "far north", "North")
ORDER = "112-1215998-3002091"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all tests of this module: each puts its own document into it."""
    with closing(browser.new_page()) as page:
        yield page


@pytest.fixture
def find(page: Page) -> Find:
    """The ids of everything that answers to an element, or to the last of several, on a page with this markup."""

    def ids(html: str, *elements: dict[str, Any], **facts: str) -> list[str]:
        page.set_content(html)
        named = {f"element_{place}": {"for": "x", "observed": "x", **one} for place, one in enumerate(elements)}
        check = {"shows": "element_0", "message": "x"}
        spec = ScreenSpec.model_validate(
            {"screen": "any", "title": "x", "observed": "x", "elements": named, "checks": [check]}
        )
        found = find_now(page, request_for(spec, list(named)[-1], facts))
        named_by = "(element) => element.id || element.tagName"
        return [str(element_of(page, match.number).evaluate(named_by)) for match in found.matches]

    return ids


# --- Letters that can be written in two ways ---


@pytest.mark.parametrize("on_page", ["Caf\u00e9 N\u00f6rd", "Cafe\u0301 No\u0308rd", "Caf\u00e9 \u00a0 No\u0308rd"])
@pytest.mark.parametrize("wanted", ["Caf\u00e9 N\u00f6rd", "Cafe\u0301 No\u0308rd"])
@pytest.mark.parametrize(
    "element",
    [
        {"text": "{store}"},
        {"role": "button", "name": "{store}"},
        {"card": {"text": "{store}", "control": "View Store"}},
    ],
)
def test_composed_and_decomposed_letters_are_the_same(
    find: Find, element: dict[str, Any], wanted: str, on_page: str
) -> None:
    html = f"<div id=it><button id=it>{on_page}</button><a href=#>View Store</a></div>"
    assert set(find(html, element, store=wanted)) == {"it"}


# --- By role and name ---


@pytest.mark.parametrize(
    "html",
    [
        "<button id=it>Sign in</button>",
        "<button id=it>\n  Sign\n  in </button>",
        "<button id=it><span>Sign</span> <b>in</b></button>",
        "<button id=it aria-label='Sign in'>x</button>",
        "<input id=it type=submit value='Sign in'>",
        "<div id=it role=button>Sign in</div>",
        "<button id=it style='text-transform:uppercase'>Sign in</button>",
        f"<button id=it><i>{ICON}</i>Sign in</button>",
        f"<button id=it>Sign in {ICON}{ICON}</button>",
        f"<style>button::before{{content:'{ICON}'}}</style><button id=it>Sign in</button>",
        "<span id=words>Sign in</span><button id=it aria-labelledby=words>x</button>",
    ],
)
def test_a_control_is_found_by_the_name_that_people_see(find: Find, html: str) -> None:
    assert find(html, {"role": "button", "name": "Sign in"}) == ["it"]


@pytest.mark.parametrize(
    "words", ["Sign in now", "Please Sign in", "Sign", "Signin", "sign in", "Sign in 2", "Sign. in"]
)
def test_a_name_matches_whole_and_as_written(find: Find, words: str) -> None:
    assert find(f"<button>{words}</button>", {"role": "button", "name": "Sign in"}) == []


@pytest.mark.parametrize("name", ["Save (all)", "a.c", "[x]", "Who? Me*", "a|b", "$5 \\ ^", 'it\'s "so"'])
def test_signs_in_a_name_stand_for_themselves(find: Find, page: Page, name: str) -> None:
    html = "<button id=it></button><button id=other>Save all abc x Who Me</button>"
    page.set_content(html)
    page.evaluate("(name) => { document.getElementById('it').textContent = name; }", name)
    assert find(page.content(), {"role": "button", "name": name}) == ["it"]


def test_capitals_are_of_no_account_where_the_pack_says_so(find: Find) -> None:
    html = "<input id=it aria-label='ORDER number'><input aria-label='Order numbers'>"
    assert find(html, {"role": "textbox", "name": "Order Number", "case": "any"}) == ["it"]


@pytest.mark.parametrize("words", ["Confirm", "Next"])
def test_a_control_of_another_role_is_another_control(find: Find, words: str) -> None:
    assert find(f"<a href=#>{words}</a><p>{words}</p>", {"role": "button", "name": words}) == []


def test_everything_of_a_role_is_found_without_a_name(find: Find) -> None:
    assert find("<a href=# id=a>A</a><a href=# id=b>B</a><a>no link</a>", {"role": "link"}) == ["a", "b"]


@pytest.mark.parametrize(
    "html",
    ["<div role=dialog id=it>x</div>", "<div role=alertdialog id=it>x</div>", "<dialog open id=it>x</dialog>"],
)
def test_a_dialog_is_found_whichever_role_it_has(find: Find, html: str) -> None:
    assert find(html + "<dialog>closed</dialog>", {"role": ["dialog", "alertdialog"]}) == ["it"]


def test_controls_behind_an_open_dialog_are_not_found_by_role(find: Find) -> None:
    html = "<main aria-hidden=true><button>Confirm</button></main><div role=dialog><button id=it>Confirm</button></div>"
    assert find(html, {"role": "button", "name": "Confirm"}) == ["it"]


@pytest.mark.parametrize(
    "style", ["display:none", "visibility:hidden", "width:0;height:0;overflow:hidden;padding:0;border:0"]
)
def test_a_hidden_twin_is_not_found(find: Find, style: str) -> None:
    hidden = f"<div style='{style}'><button style='{style}'>Back</button></div>"
    for element in ({"role": "button", "name": "Back"}, {"text": "Back"}):
        assert find(f"{hidden}<button id=it>Back</button>", element) == ["it"]


def test_all_twins_that_can_be_seen_are_found(find: Find) -> None:
    html = "<button id=a>Confirm</button><button id=b>Confirm</button>"
    assert find(html, {"role": "button", "name": "Confirm"}) == ["a", "b"]


# --- By text and by label ---


@pytest.mark.parametrize(
    "html",
    [
        "<p id=it>All Orders</p>",
        "<a href=# id=it>  All\n Orders </a>",
        "<div><div><span id=it>All Orders</span></div></div>",
        "<input type=button id=it value='All Orders'>",
        "<p id=it>All&nbsp;Orders</p>",
        "<p id=it>All <b>Orders</b></p>",
    ],
)
def test_a_text_is_found_in_the_smallest_element_that_has_all_of_it(find: Find, html: str) -> None:
    assert find(html, {"text": "All Orders"}) == ["it"]


@pytest.mark.parametrize("words", ["All Orders:", "all orders", "See All Orders", "All", "All Orders All Orders"])
def test_a_text_matches_whole_and_as_written(find: Find, words: str) -> None:
    assert (
        find(f"<p>{words}</p><script>var x = 'All Orders'</script><title>All Orders</title>", {"text": "All Orders"})
        == []
    )


def test_a_text_in_any_case_matches_whole(find: Find) -> None:
    assert find("<p id=it>BACK</p><p>Backwards</p><p>go back</p>", {"text": "Back", "case": "any"}) == ["it"]


def test_a_message_has_the_words_in_it(find: Find) -> None:
    html = "<p id=it>Unfortunately: unable to  cancel the order.</p><p>It was possible.</p>"
    assert find(html, {"says": "Unable to cancel"}) == ["it"]


@pytest.mark.parametrize(
    "html",
    [
        "<label for=it>Username</label><input id=it>",
        "<label>Username <input id=it></label>",
        "<label for=it><span>Username</span></label><input id=it>",
        "<input id=it aria-label=Username>",
        "<b id=name>Username</b><input id=it aria-labelledby=name>",
    ],
)
def test_a_form_control_is_found_by_its_label(find: Find, html: str) -> None:
    assert find(html + "<label>Username again<input></label>", {"label": "Username"}) == ["it"]


# --- Inside a box ---


def test_only_what_is_in_the_box_is_found(find: Find) -> None:
    html = "<button>Confirm</button><div role=dialog><button id=it>Confirm</button></div><button>Confirm</button>"
    assert find(html, {"role": "dialog"}, {"role": "button", "name": "Confirm", "within": "element_0"}) == ["it"]


def test_boxes_may_lie_in_boxes(find: Find) -> None:
    html = "<form><fieldset><button id=it>Go</button></fieldset><button>Go</button></form><button>Go</button>"
    boxes = ({"css": "form"}, {"role": "group", "within": "element_0"})
    assert find(html, *boxes, {"role": "button", "name": "Go", "within": "element_1"}) == ["it"]


def test_what_is_in_two_boxes_is_found_in_both(find: Find) -> None:
    html = "<div role=dialog><button id=a>Go</button></div><div role=dialog><button id=b>Go</button></div>"
    assert find(html, {"role": "dialog"}, {"role": "button", "name": "Go", "within": "element_0"}) == ["a", "b"]


def test_nothing_is_found_in_a_box_that_is_not_there(find: Find) -> None:
    html = "<button>Go</button><dialog><button>Go</button></dialog>"
    assert find(html, {"role": "dialog"}, {"role": "button", "name": "Go", "within": "element_0"}) == []


def test_css_and_xpath_find_what_can_be_seen(find: Find) -> None:
    html = "<i class=x id=it>x</i><i class=x hidden>y</i>"
    assert find(html, {"css": "i.x"}) == find(html, {"xpath": "//i[@class='x']"}) == ["it"]


def test_braces_in_css_are_no_facts(find: Find) -> None:
    assert find("<i id=it title='{order}'>x</i>", {"css": "[title='{order}']"}, order="1") == ["it"]


# --- Rows ---

NUMBERS = ("112-1215998-30020911", ORDER, f"9{ORDER}", f"{ORDER} (2)")
ROWS = {
    "table": "<table>" + "".join(f"<tr id=row{n}><td>{x}<td>Ada" for n, x in enumerate(NUMBERS)) + "</table>",
    "links": "<table>" + "".join(f"<tr id=row{n}><td><a href=#>{x}</a>" for n, x in enumerate(NUMBERS)) + "</table>",
    "grid": "<div role=grid>"
    + "".join(f"<div role=row id=row{n}><div role=gridcell><span>{x}</span></div></div>" for n, x in enumerate(NUMBERS))
    + "</div>",
    "table with a grid's role": "<table role=grid>"
    + "".join(f"<tr id=row{n}><td>{x}<td>Ada" for n, x in enumerate(NUMBERS))
    + "</table>",
}


@pytest.mark.parametrize("html", ROWS.values(), ids=list(ROWS))
def test_a_row_is_found_by_a_whole_cell_and_not_by_a_longer_one(find: Find, html: str) -> None:
    assert find(html, {"row": "{order}"}, order=ORDER) == ["row1"]


@pytest.mark.parametrize("number", ["112", "112-1215998", "30020911", "{ORDER}", "112.1215998.3002091"])
def test_a_part_of_a_cell_finds_no_row(find: Find, number: str) -> None:
    assert find(ROWS["table"], {"row": "{order}"}, order=number) == []


def test_a_row_that_is_there_twice_is_found_twice(find: Find) -> None:
    html = f"<table><tr id=a><td>{ORDER}<tr id=b><td>112<td>replaces<td>{ORDER}</table>"
    assert find(html, {"row": "{order}"}, order=ORDER) == ["a", "b"]


def test_a_link_is_found_in_its_row(find: Find) -> None:
    html = f"<a href=#>{ORDER}</a><table><tr><td><a id=it href=#>{ORDER}</a><td><a href=#>Edit</a></table>"
    assert find(html, {"row": "{order}"}, {"role": "link", "name": "{order}", "within": "element_0"}, order=ORDER) == [
        "it"
    ]


def test_a_hidden_row_is_not_found(find: Find) -> None:
    assert find(f"<table><tr hidden><td>{ORDER}<tr id=it><td>{ORDER}</table>", {"row": ORDER}) == ["it"]


# --- Cards ---

CARD = {"card": {"text": "{store}", "control": "View Store"}}
VIEW = {"text": "View Store", "within": "element_0"}


def card(store: str, control: str = "<button id='view {}'>View Store</button>") -> str:
    head = f"<header><img alt=flag><h3>{store}</h3></header><p>Incomplete Listings: 7</p>"
    return f"<section id='{store}'>{head}<footer>{control.format(store)}<button>Action</button></footer></section>"


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize(
    "control",
    [
        "<button id='view {}'>View Store</button>",
        "<a href=# id='view {}'>View Store</a>",
        "<input type=button id='view {}' value='View Store'>",
        "<span><a href=# role=button id='view {}'> View\n Store </a></span>",
    ],
    ids=["button", "link", "input", "link as a button"],
)
def test_a_card_is_found_by_its_whole_text_and_its_own_control(find: Find, store: str, control: str) -> None:
    html = "<main>" + "".join(card(one, control) for one in STORES) + "</main>"
    assert find(html, CARD, store=store) == [store]
    assert find(html, CARD, VIEW, store=store) == [f"view {store}"]


def test_a_card_may_be_a_table_row_or_a_list_item(find: Find) -> None:
    control = "<button>View Store</button>"
    assert find(f"<table><tr><td>a<td>{control}<tr id=it><td>b<td>{control}</table>", CARD, store="b") == ["it"]
    assert find(f"<ul><li>a {control}</li><li id=it><b>b</b> {control}</ul>", CARD, store="b") == ["it"]


def test_a_text_that_is_twice_in_its_card_gives_one_card(find: Find) -> None:
    html = card("south") + card("north").replace("<footer>", "<p>north</p><footer>")
    assert find(html, CARD, store="north") == ["north"]


def test_two_cards_with_the_same_text_are_two(find: Find) -> None:
    html = card("north") + card("south") + card("north").replace("id='north'", "id='copy'")
    assert find(html, CARD, store="north") == ["north", "copy"]


def test_a_card_without_its_own_control_gives_several_controls_and_not_a_neighbours(find: Find) -> None:
    html = "<main>" + card("north", "") + card("south") + card("west") + "</main>"
    assert find(html, CARD, VIEW, store="north") == ["view south", "view west"]


def test_a_card_whose_control_is_hidden_has_none(find: Find) -> None:
    hidden = "<button id='view {}' hidden>View Store</button>"
    html = "<main>" + card("north", hidden) + card("south") + "</main>"
    assert find(html, CARD, VIEW, store="north") == []


def test_a_control_with_more_words_is_another(find: Find) -> None:
    html = card("north", "<button>View Store Settings</button><button>view store</button><p>View Store</p>")
    assert find(html, CARD, store="north") == []


@pytest.mark.parametrize(
    "store", ["""O'Neil's "best" shop""", "'", '"', """"'"'""", "a]b[1]|//*", "{store}", "50% \\ off"]
)
def test_quotes_and_signs_in_a_card_stand_for_themselves(page: Page, find: Find, store: str) -> None:
    page.set_content(
        "<div id=other><b>other</b><button>View</button></div><div id=it><b id=name></b><button id=view></button></div>"
    )
    page.evaluate("(x) => { for (const id of ['name', 'view']) document.getElementById(id).textContent = x; }", store)
    element = {"card": {"text": "{store}", "control": "{reason}"}}
    assert find(page.content(), element, store=store, reason=store) == ["it"]


TITLED = {"card": {"text": "{store}", "control": "View Store", "title_before": "Magento Website"}}


def titled(name: str, website: str, title: str = "<h3>{}</h3>") -> str:
    facts = f"<dl><dt>Magento Website:</dt><dd>{website}</dd><dt>Status</dt><dd>Active</dd></dl>"
    return f"<article id='{name}'>{title.format(name)}{facts}<button>View Store</button><a>Action</a></article>"


def test_the_title_of_a_card_is_right_before_its_first_label(find: Find) -> None:
    html = titled("north", "south") + titled("south", "Main", "<h3>so<i>uth</i></h3><script>1</script><p hidden>x</p>")
    assert find(html, TITLED, store="south") == ["south"]
    assert find(html, TITLED, store="north") == ["north"]
    assert find(html, TITLED, store="Main") == []
    assert find(html, TITLED, store="Active") == []


@pytest.mark.parametrize("store", ["Action", "Stores"])
def test_what_precedes_a_card_without_a_title_is_not_its_title(find: Find, store: str) -> None:
    html = f"<main><h2>Stores</h2>{titled('first', 'Main', '')}{titled('second', 'Main', '')}</main>"
    assert find(html, TITLED, store=store) == []
    assert find(f"<main><h2>Stores</h2>{titled('first', 'Main', '')}</main>", TITLED, store=store) == []


def test_a_store_that_is_not_there_has_no_card(find: Find) -> None:
    html = "<main>" + "".join(card(one) for one in STORES) + "</main>"
    for store in ("nort", "north-us-", "NORTH", "north north-us"):
        assert find(html, CARD, store=store) == []


# --- A page that does not want to be seen through ---

REPLACES = """<script>
    Element.prototype.checkVisibility = () => false;
    Element.prototype.getAttribute = () => "Confirm";
    Element.prototype.getBoundingClientRect = () => new DOMRect();
    Object.defineProperty(Node.prototype, "textContent", { get: () => "Confirm" });
    Array.prototype.filter = function () { return this.slice(0, 1); };
    Array.from = () => [];
    window.getComputedStyle = () => ({ display: "none", visibility: "hidden", getPropertyValue: () => "none" });
</script>"""


def test_what_a_page_puts_in_the_place_of_the_browsers_own_changes_no_look(browser: Browser) -> None:
    with closing(browser.new_page()) as page:
        install(page)
        twins = "<button id=a>Confirm</button><button id=b>Confirm</button><button id=c>Back</button>"
        page.goto(f"data:text/html,{quote(REPLACES + twins)}")

        found = find_now(page, by_role("button", "Confirm"), "words")

        assert found.all_inner_texts() == ["Confirm", "Confirm"]
        assert page.evaluate("[document.body.checkVisibility(), Array.from('ab').length]") == [False, 0]


def test_a_page_cannot_be_there_before_the_look_nor_take_its_place(browser: Browser) -> None:
    with closing(browser.new_page()) as page:
        install(page)
        page.goto("data:text/html,<button>Confirm</button>")

        takes = f"() => {{ window[{NAME!r}] = {{ look: () => null }}; delete window[{NAME!r}]; }}"
        page.evaluate(takes)

        assert find_now(page, by_role("button", "Confirm")).count() == 1
