"""A look finds what Playwright's own locators find: on generated pages of every kind of markup, and on the screens.

Where the two differ, the test says why: ``EXPLAINED``. Every other difference fails. There are more pages with
``--every-face``, as in ``make test-thorough``.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page
from practice_kit import MakeJob

from bot.admin import Admin
from bot.admin.look import NAME, Request, ask, by_role, by_text, request_for, whole
from bot.admin.screen import Screen
from bot.sandbox import Face
from flows.cancel_order import cancel_order

pytestmark = pytest.mark.sampled(4)

PAGES, MORE_PAGES, AT_ONCE = 16, 2000, 8
WORDS = ("Back", "Confirm", "All Orders", "Cancel Order", "Café")
ROLES = (
    *("button", "link", "textbox", "searchbox", "combobox", "listbox", "option", "checkbox", "radio", "heading", "img"),
    *(
        "dialog",
        "alertdialog",
        "row",
        "cell",
        "gridcell",
        "columnheader",
        "rowheader",
        "table",
        "grid",
        "group",
        "list",
    ),
    *("listitem", "navigation", "banner", "main", "region", "form", "menuitem", "tab"),
)
HIDING = (
    *[""] * 14,
    *("hidden", "style='display:none'", "style='visibility:hidden'", "style='opacity:0'", "aria-hidden=true"),
    *("style='display:contents'", "style='display:block;width:0;height:0;overflow:hidden'"),
    *("style='visibility:visible'", "hidden style='display:block'", "aria-hidden=false", "inert"),
    "style='position:absolute;left:-999px'",
)

EXPLAINED = {
    "slot": "Playwright reads the words of a shadow root's host before those of the root, wherever the slot is, and "
    "takes a slot for an element. A look reads what is put into a slot where the slot is.",
    "around": "Playwright looks for aria-hidden around what is put into a slot where it stands in the document, not "
    "around the slot. Chromium's own accessibility tree has none of it, nor has a look.",
    "part": "dom-accessibility-api has a form control, a label around it, an image, a table, a grid, a fieldset or an "
    "article say something else as a part of another element's name than Playwright has, also by aria-labelledby.",
    "unseen": "What is not visible and has display: contents is for Playwright visible by its text, which nobody sees.",
    "unheard": "Of what has display: contents Playwright overlooks aria-hidden, on it and around it, and takes it for "
    "hidden if all that is in it is. Chromium's own accessibility tree goes by aria-hidden, as ARIA says, and so "
    "does a look.",
    "beside": "Of what is not visible, Playwright leaves out what CSS puts before and after its words.",
}
"""Why a look may find something else than Playwright does, by what the element has in or around it."""

WHY = """(element) => {
    const flat = (one) => one.shadowRoot || one.localName === "slot" ||
        [...one.children].some(flat);
    const up = (one) => one.parentElement || one.getRootNode().host;
    const hidden = (one, above) => !!one && (one.getAttribute("aria-hidden") === "true" || hidden(above(one), above));
    if (flat(element)) return "slot";
    if (hidden(element, (one) => one.assignedSlot || up(one)) && !hidden(element, up)) return "around";
    const style = getComputedStyle(element);
    const unseen = (one) => getComputedStyle(one).visibility !== "visible";
    const inside = [...element.querySelectorAll("*")];
    const silent = (one) => one.getAttribute("aria-hidden") === "true" || getComputedStyle(one).display === "none";
    if (style.display === "contents" && [element, ...inside].some(unseen)) return "unseen";
    if (style.display === "contents" && (hidden(element, up) || inside.some(silent))) return "unheard";
    const parts = "input, select, textarea, label, img, svg, table, article, [role=grid], fieldset";
    const named = element.getRootNode().getElementById(element.getAttribute("aria-labelledby"));
    if (named && flat(named)) return "slot";
    if (element.querySelector(parts) || element.labels?.length || named?.matches(parts)) return "part";
    return style.visibility !== "visible" && (element.matches(".icon, .after")) ? "beside" : "";
}"""


class Pages:
    """Makes pages of random markup. Every element that is made has a number, by which it is told from the others."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._last = 0

    def page(self) -> str:
        """A page."""
        style = "<style>.icon::before{content:'\ue629'} .after::after{content:' now'} *{min-height:1px}</style>"
        return style + "".join(self._thing(0) for _ in range(self._random.randint(3, 7)))

    def _one(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _words(self) -> str:
        words = self._one(*WORDS)
        odd = (f"{words} now", f" {words}\n ", words.replace(" ", "&nbsp;"), f"{words}\ue601", words.upper())
        return self._one(words, words, words, *odd)

    def _attributes(self, more: str = "") -> str:
        self._last += 1
        look = self._one("", "", "", "class=icon", "class=after")
        return f"data-n={self._last} id=n{self._last} {self._one(*HIDING)} {look} {more}"

    def _name(self) -> str:
        words, number = self._one(*WORDS), self._random.randint(1, 9)
        return self._one(*[""] * 6, f"aria-label='{words}'", f"title='{words}'", f"aria-labelledby=n{number}")

    def _inside(self, depth: int) -> str:
        if depth > 3 or self._random.random() < 0.45:
            return self._words()
        return "".join(self._thing(depth + 1) for _ in range(self._random.randint(1, 3)))

    def _thing(self, depth: int) -> str:
        often = (self._box, self._inline, self._pressed, self._field)
        make = self._random.choice(
            (*often, *often, self._shadow, self._shadow, self._table, self._list, self._with_role, self._select)
        )
        return make(depth)

    def _tag(self, tag: str, inside: str, more: str = "") -> str:
        return f"<{tag} {self._attributes(more)}>" + (f"{inside}</{tag}>" if inside else "")

    def _box(self, depth: int) -> str:
        tag = self._one("div", "section", "main", "nav", "header", "footer", "article", "form", "fieldset", "p", "h2")
        return self._tag(tag, self._words() if tag in {"p", "h2"} else self._inside(depth), self._name())

    def _inline(self, depth: int) -> str:
        return self._tag(self._one("span", "b", "i", "em", "strong", "label"), self._words())

    def _pressed(self, depth: int) -> str:
        words = self._words()
        inside = self._one(words, f"<span>{words}</span>", f"<i></i>{words}", "<img alt='Back'>")
        tags = ("button", "button disabled", "a href=#", "a", "div role=button", "span role=link")
        tag, _, more = self._one(*tags).partition(" ")
        return self._tag(tag, inside, f"{more} {self._name()}")

    def _field(self, depth: int) -> str:
        kinds = ("text", "password", "search", "submit", "button", "checkbox", "radio", "number", "hidden", "email")
        kind = self._one(*kinds)
        value = f"value='{self._one(*WORDS)}'" if kind in {"submit", "button"} else ""
        field = self._tag("input", "", f"type={kind} {value} {self._name()}")
        beside = f"<label for=n{self._last}>{self._words()}</label>{field}"
        return self._one(field, f"<label>{self._words()} {field}</label>", beside)

    def _select(self, depth: int) -> str:
        options = "".join(f"<option>{words}" for words in WORDS[:2])
        return self._tag("select", options, f"{self._one('', 'size=3', 'multiple')} {self._name()}")

    def _table(self, depth: int) -> str:
        def cells(tag: str, more: str = "") -> str:
            return "".join(self._tag(tag, self._words(), more) for _ in range(2))

        if self._random.random() < 0.3:
            return self._tag("div", self._tag("div", cells("div", "role=gridcell"), "role=row"), "role=grid")
        head = self._tag("tr", cells("th", self._one("", "scope=col")))
        named = self._tag("tr", self._tag("th", self._words(), "scope=row") + cells("td"))
        rows = head + named + self._tag("tr", cells("td"))
        return self._tag("table", rows, self._one("", "", "role=grid", "role=presentation"))

    def _list(self, depth: int) -> str:
        return self._tag(self._one("ul", "ol"), "".join(self._tag("li", self._inside(depth)) for _ in range(2)))

    def _with_role(self, depth: int) -> str:
        return self._tag("div", self._inside(depth), f"role={self._one(*ROLES)} {self._name()}")

    def _shadow(self, depth: int) -> str:
        shadow = self._one(
            "<slot></slot>",
            f"<slot>{self._words()}</slot>",
            self._tag("button", "<slot></slot>"),
            self._tag("div", f"{self._inside(depth)}<slot></slot>"),
            self._inside(depth),
        )
        light = self._one("", self._words(), self._inside(depth))
        return self._tag("x-part", f"<template shadowrootmode=open>{shadow}</template>{light}")


def of_role(role: str, name: str | None, page: Page, *, hidden: bool = False) -> Locator:
    # The generator names the roles, so the type checker cannot know them.
    found = page.get_by_role(role, name=whole(name) if name else None, include_hidden=hidden)  # type: ignore[arg-type]
    return found if hidden else found.filter(visible=True)


def of_text(words: str, page: Page) -> Locator:
    return page.get_by_text(words if words.isascii() else whole(words), exact=True).filter(visible=True)


def of_label(words: str, page: Page) -> Locator:
    return page.get_by_label(whole(words)).filter(visible=True)


def as_playwright_finds() -> Iterator[tuple[str, Callable[[Page], Locator], Request]]:
    """What is asked of every page: in words, of Playwright, and of a look."""
    for role in ROLES:
        yield f"role {role}", partial(of_role, role, None), by_role(role)
    for words in WORDS:
        for role in ("button", "link", "textbox", "heading", "row"):
            yield f"{role} {words}", partial(of_role, role, words), by_role(role, words)
        yield f"text {words}", partial(of_text, words), by_text(words)
        label = {"kind": "label", "label": {"fits": whole(words).pattern, "flags": ""}}
        yield f"label {words}", partial(of_label, words), label
    for words in WORDS[:2]:
        hidden_too = by_role("button", words) | {"hidden": True}
        yield f"button {words}, hidden too", partial(of_role, "button", words, hidden=True), hidden_too


ASKED = tuple(as_playwright_finds())


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all generated ones."""
    with closing(browser.new_page()) as page:
        yield page


def differences(page: Page, what: str, theirs: Locator, ours: list[dict[str, Any]]) -> list[str]:
    """What the two found differently on the page that is open, and is not explained."""
    found = theirs.evaluate_all(
        """(elements, [name, numbers, why]) => {
            const looked = numbers.map((number) => window[name].element(number));
            const only = (these, those) => these.filter((one) => !those.includes(one));
            const apart = [...only(elements, looked), ...only(looked, elements)];
            return apart.map((one) => [eval(why)(one), one.cloneNode(false).outerHTML, elements.includes(one)]);
        }""",
        [NAME, [one["number"] for one in ours], WHY],
    )
    return [
        f"{what}: only {'Playwright' if is_theirs else 'a look'} finds {html}"
        for why, html, is_theirs in found
        if why not in EXPLAINED
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "first" in metafunc.fixturenames:
        pages = MORE_PAGES if metafunc.config.getoption("--every-face") else PAGES
        metafunc.parametrize("first", range(0, pages, AT_ONCE))


def test_on_generated_pages(page: Page, first: int) -> None:
    found: dict[int, list[str]] = {}
    for seed in range(first, first + AT_ONCE):
        page.set_content(Pages(seed).page())
        (part,) = ask(page, "look", {"parts": [{"finds": {what: wanted for what, _, wanted in ASKED}}]})["parts"]
        for what, theirs, _ in ASKED:
            if apart := differences(page, what, theirs(page), part["finds"][what]):
                found.setdefault(seed, []).extend(apart)
    assert found == {}


def test_most_of_what_is_asked_is_found_on_some_page(page: Page) -> None:
    seen: set[str] = set()
    for seed in range(PAGES):
        page.set_content(Pages(seed).page())
        (part,) = ask(page, "look", {"parts": [{"finds": {what: wanted for what, _, wanted in ASKED}}]})["parts"]
        seen |= {what for what, found in part["finds"].items() if found}
    assert len(seen) > len(ASKED) / 2


def test_what_aria_hides_is_for_a_look_what_is_not_in_chromiums_accessibility_tree(page: Page) -> None:
    shown = "<li id={} style='display:contents' {}>Back</li>"
    page.set_content(
        f"<ul aria-hidden=true>{shown.format('a', '')}</ul><ul>{shown.format('b', 'aria-hidden=true')}"
        f"{shown.format('c', '')}<li id=d style='display:contents'><b aria-hidden=true>Back</b></li></ul>"
        "<x-part><template shadowrootmode=open><div aria-hidden=true><slot></slot></div></template>"
        "<ul><li id=e>Back</li></ul></x-part>"
    )
    browser = page.context.new_cdp_session(page)
    in_tree = []
    for name in ("a", "b", "c", "d", "e"):
        element = browser.send("Runtime.evaluate", {"expression": f"document.getElementById('{name}')"})["result"]
        asked = {"objectId": element["objectId"], "fetchRelatives": False}
        (node,) = browser.send("Accessibility.getPartialAXTree", asked)["nodes"]
        in_tree += [] if node["ignored"] else [name]
    (part,) = ask(page, "look", {"parts": [{"finds": {"it": by_role("listitem")}}]})["parts"]
    looked = [
        page.evaluate(f"(number) => window[{NAME!r}].element(number).id", one["number"]) for one in part["finds"]["it"]
    ]
    assert in_tree == looked == ["c", "d"]


# --- On the screens ---


@pytest.mark.parametrize("face", [Face.PLAIN, Face.SPECTRUM, Face.SHADOW], ids=str)
def test_on_every_screen_up_to_the_dialog(new_admin: Admin, job: MakeJob) -> None:
    seen: list[str] = []
    apart: list[str] = []

    def arrived(screen: Screen) -> None:
        seen.append(screen.spec.screen)
        for name, element in screen.spec.elements.items():
            if element.within or element.has or element.kind not in {"role", "text", "label"} or "{" in str(element):
                continue
            asked = request_for(screen.spec, name, screen.facts)
            (part,) = ask(screen.window.page, "look", {"parts": [{"finds": {name: asked}}]})["parts"]
            page = screen.window.page
            theirs = page.locator("css=never")
            for role in (element.role,) if isinstance(element.role, str) else element.role or ():
                theirs = theirs.or_(of_role(role, element.name, page))
            if element.text is not None:
                theirs = of_text(element.text, page)
            elif element.label is not None:
                theirs = of_label(element.label, page)
            apart.extend(differences(screen.window.page, name, theirs, part["finds"][name]))

    new_admin.on_arrival = arrived
    new_admin.begin_again()
    cancel_order(new_admin, job("unshipped_recent"), dry_run=True)
    assert {"sign_in", "start_page", "home", "store_dashboard", "order_details", "cancel_dialog"} <= {*seen}
    assert apart == []
