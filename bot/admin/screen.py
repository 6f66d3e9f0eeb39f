"""One screen of the Admin, as a flow handles it: checked, read, and acted on by the names of its elements.

Every action finds its element exactly once or fails, and checks the screen again right before it acts
(an Admin's page moves on its own: a session ends, a cover falls, a list is redrawn).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self
from urllib.parse import urlsplit

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator

from bot.admin import choice
from bot.admin.changes import motion_ends
from bot.admin.finder import READ_PAGE, READ_ROWS, SCROLL_ON, locate, reading_request
from bot.admin.pressing import TRIES, Covered, Gone, press
from bot.admin.snapshot import Snapshot
from bot.admin.window import Window
from bot.errors import (
    ChoiceNotOffered,
    ElementAmbiguous,
    ElementCovered,
    ElementMissing,
    LeadsElsewhere,
    NeverPressed,
    PageTrouble,
    RunStopped,
    ScreenChanged,
    Technical,
)
from bot.identity import host_of
from bot.pack import commerce, fill, match_route
from bot.pack.model import READ_ONLY_KINDS, Element, ScreenCheck, ScreenSpec
from bot.vocabulary import AMAZON_ORDER_NUMBER
from bot.wording import plain_name

MENU_OPENS = 1.0
"""Seconds that a menu is given to open before it is clicked again."""

CLICKS_A_PAGE = 3
"""How often a menu that does not open is clicked before the page is loaded again."""


class Screen:
    """A screen of the pack, on the page that is open now, about the order that the facts name."""

    def __init__(self, window: Window, spec: ScreenSpec, facts: Mapping[str, str]) -> None:
        self.window = window
        self.spec = spec
        self.facts = dict(facts)
        self.seen: Snapshot | None = None
        """The snapshot that last found it open: every check of it held in that instant."""

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.spec.title

    # --- What is on it ---

    def element(self, name: str) -> Element:
        """The pack's description of an element."""
        return self.spec.elements[name]

    def find(self, name: str, *, hidden_too: bool = False) -> Locator:
        """Every visible element that answers to ``name``, with ``hidden_too`` hidden ones too: none, one, several."""
        return locate(self.window.page, self.spec, name, self.facts, hidden_too=hidden_too)

    def count(self, name: str) -> int:
        """How many visible elements answer to ``name``."""
        if self.element(name).kind in READ_ONLY_KINDS:
            return len(self.texts(name)[name])
        return self.find(name).count()

    def the_only(self, name: str) -> Locator:
        """The one element that answers to ``name``, where there is no second that is hidden either.

        For one that commits: what is hidden now may lie on top when it is pressed. It does not wait.

        Raises:
            ElementMissing, ElementAmbiguous: no element answers to it, or several do, visible or not.
        """
        self._exactly_one(name, self.find(name, hidden_too=True).count())
        return self.find(name)  # acting on it fails if it is the hidden one, or if there are several by then

    def one(self, name: str) -> Locator:
        """The one element that answers to ``name``; waits for it where the page is still drawing it.

        Raises:
            ElementMissing, ElementAmbiguous: no element answers to it in time, or several do.
            InTheWay, SessionEnded, RunStopped: something known appeared instead.
        """
        found = self.find(name)

        def look() -> int:
            count = found.count()
            if not count:
                self.window.notice_interruptions(besides=(self.spec.screen,))
            return count

        self._exactly_one(name, self.window.until(look) or 0)
        return found

    def snapshot(self, *names: str) -> Snapshot:
        """Look at the page once: its address, whether it is covered, and what some elements read as."""
        covers = (*self.window.pack.info.busy, *self.spec.busy)
        request = reading_request(self.spec, self.facts, *names, covers=covers)
        seen = self.window.page.evaluate(READ_PAGE, request)
        self.window.note_changes(seen["changes"])
        return Snapshot(
            address=seen["address"],
            path=seen["path"],
            busy=seen["busy"],
            texts={**seen["fields"], **seen["columns"]},
            order_numbers=frozenset(seen["alone"]),
        )

    def texts(self, *names: str) -> dict[str, list[str]]:
        """Every text that field and column elements read as now, all from one instant."""
        return self.snapshot(*names).texts

    def read(self, *names: str) -> dict[str, str]:
        """What field elements read as, all from one instant, each found exactly once.

        Raises:
            ElementMissing, ElementAmbiguous: a label is not there, or is there several times.
        """
        return self.singles(self.texts(*names))

    def singles(self, texts: Mapping[str, list[str]]) -> dict[str, str]:
        """What each element reads as, where each was found exactly once.

        Raises:
            ElementMissing, ElementAmbiguous: one was not.
        """
        for name, values in texts.items():
            self._exactly_one(name, len(values))
        return {name: value for name, (value,) in texts.items()}

    def unread(self, column: str, order: str) -> str:
        """Why the list that has ``column`` may have ``order`` although none of its rows seems to, as a sentence.

        Empty where the list can be read whole.
        """
        request = reading_request(self.spec, self.facts, column)
        seen = self.window.page.evaluate(READ_PAGE, request)
        header = fill(self.element(column).column or "", self.facts)
        if order in seen["columns"][column]:
            return f"it stands in the column {header!r}, and in no row that could be found."
        if rows := seen["unread"][column]["rows"]:
            return f"{rows} of its rows cannot be read under the header {header!r}."
        if not seen["unread"][column]["tables"] and self.window.page.evaluate(
            _SHOWS_NUMBERS, AMAZON_ORDER_NUMBER.pattern
        ):
            return f"there are order numbers on the page, and no column {header!r}."
        return ""

    def read_row(self, row: str, *columns: str) -> dict[str, str]:
        """What the cells of the one ``row`` read as, under the given column elements, all from one instant.

        Raises:
            ElementMissing, ElementAmbiguous: the row, or a column of it, is not there or is there several times.
        """
        request = reading_request(self.spec, self.facts, *columns)
        rows = self.find(row).evaluate_all(READ_ROWS, request)
        self._exactly_one(row, len(rows))
        return self.singles(rows[0]["columns"])

    # --- Whether it is the screen it should be ---

    def failing_check(self) -> ScreenCheck | None:
        """The first of the pack's checks that does not hold now, or None when all hold."""
        return next(self.failing_checks(), None)

    def failing_checks(self) -> Iterator[ScreenCheck]:
        """The pack's checks that do not hold now, in their order."""
        snapshot = self.snapshot(*self._texts_for_checks())
        return (check for check in self.spec.checks if not self._holds(check, snapshot))

    def is_here(self) -> bool:
        """Whether it is this screen now, with no cover over it that means: not ready yet."""
        snapshot = self.snapshot(*self._texts_for_checks())
        if snapshot.busy or not all(self._holds(check, snapshot) for check in self.spec.checks):
            return False
        self.seen = snapshot
        return True

    def signs(self) -> list[Locator]:
        """What must be seen, each at least once, where this screen appears in place of another."""
        return [self.find(check.shows) for check in self.spec.checks if check.shows]

    def address_facts(self, template: str) -> dict[str, str]:
        """The facts that the page's address gave under a route template when it was here; empty if it did not fit."""
        return (self.seen or self.snapshot()).facts_of_address(template) or {}

    def link_facts(self, name: str, template: str) -> dict[str, str]:
        """The facts that the address gives to which the link ``name`` leads; empty when it does not fit.

        Raises:
            ElementMissing, ElementAmbiguous: no element answers to it, or several do.
        """
        self.one(name)
        (address,) = self.leads_to(name)
        return match_route(template, urlsplit(address).path) or {}

    def leads_to(self, name: str) -> list[str]:
        """The addresses that the links which answer to ``name`` lead to; empty for one that is no link."""
        return [str(address) for address in self.find(name).evaluate_all(_LEADS_TO)]

    def words_of(self, name: str) -> str:
        """The visible words of the one element ``name``.

        Raises:
            ElementMissing, ElementAmbiguous: no element answers to it, or several do.
        """
        texts = self.find(name).all_inner_texts()
        self._exactly_one(name, len(texts))
        return texts[0]

    def check(self) -> Self:
        """Check it again, as before every action.

        Raises:
            ScreenChanged: with the message of the first check that fails.
            InTheWay, SessionEnded, RunStopped: something known lies over it.
        """
        failing = self.failing_check()
        if failing is not None:
            self.window.notice_interruptions(besides=(self.spec.screen,))
            raise self.blamed(ScreenChanged(screen=self.spec.title, why=self.told(failing)))
        return self

    def told(self, check: ScreenCheck) -> str:
        """The check's message, with the facts filled in."""
        return fill(check.message, self.facts)

    def blamed(self, error: Technical) -> Technical:
        """The error, which remembers that it happened on this screen."""
        error.at = self
        return error

    # --- Acting on it ---

    def click(self, name: str, *, tries: int = TRIES, waits: bool = True) -> bool:
        """Check the screen, then click the one element ``name``; never one that commits.

        A click that does not arrive at the element is made again, up to ``tries`` times. An element that goes away
        before it is clicked is waited for, unless ``waits`` is false. Returns whether the click was seen to arrive.

        Raises:
            LeadsElsewhere: it is a link to a host that is not allowed.
            NeverPressed: it is the Commerce order's own Cancel.
            Technical: the screen has changed, or there is not exactly one such element.
        """
        if self.element(name).commits:
            raise ValueError(f"{name} commits: only the holder of a permit can press it")
        deadline = time.monotonic() + self.window.patience
        while True:
            self.check()
            target = self.find(name)
            if self._may_follow(name, target) != 1 and waits:
                self._may_follow(name, self.one(name))
            try:
                return press(self.window, target, tries=tries)
            except Gone:
                if not waits or time.monotonic() >= deadline:
                    raise self.lacks(name) from None
                logger.debug("{}: {} was drawn again before it was clicked", self.title, name)
            except Covered as cover:
                raise self.blamed(
                    ElementCovered(
                        screen=self.title,
                        element=name,
                        purpose=self.element(name).purpose,
                        cover=f": {cover.words!r}" if cover.words else "",
                    )
                ) from None

    def _may_follow(self, name: str, target: Locator) -> int:
        """Refuse a link to a host that is not allowed, and the Commerce order's own Cancel; say how many there are."""
        about = target.evaluate_all(_ABOUT)
        for address, known_by in about:
            host = host_of(address)
            if host and not self.window.may_talk_to(host):
                raise LeadsElsewhere(screen=self.spec.title, element=name, host=host)
            if known_by:
                raise NeverPressed(screen=self.spec.title, element=name, known_by=known_by)
        return len(about)

    def click_in_menu(self, name: str, *, of: str) -> None:
        """Click the entry ``name`` of the menu ``of``, which is opened for it, again if it closes by itself.

        Until a menu's script runs, a click on it does nothing. A menu that is open is not clicked: that would close it.

        Raises:
            ElementMissing: the entry never came into sight, or never stayed there.
            InTheWay, SessionEnded, RunStopped: something known appeared instead, such as a menu without that entry.
        """
        clicks = 0
        refused: Technical | None = None

        def look() -> bool:
            nonlocal clicks, refused
            try:
                if not self.find(name).count():
                    if clicks and clicks % CLICKS_A_PAGE == 0:  # its script has not come: a person loads the page again
                        self.window.page.reload(wait_until="domcontentloaded")
                    clicks += 1
                    self.click(of, tries=1, waits=False)
                    self.window.until(self.find(name).count, seconds=MENU_OPENS)
                    motion_ends(self.window.page, self.window.patience)
                if self.find(name).count():
                    return self.click(name, tries=1, waits=False)
            except ElementMissing as error:
                refused = error
            self.window.notice_interruptions(besides=(self.spec.screen,))
            return False

        if not self.window.until(look):
            raise refused or self.lacks(name)

    def scroll_on(self, column: str) -> bool:
        """Show the next rows of the list that has ``column``; False when its end is reached.

        Long lists draw only the rows that can be seen.
        """
        header = fill(self.element(column).column or "", self.facts)
        return bool(self.window.page.evaluate(SCROLL_ON, header))

    def fill(self, name: str, text: str) -> None:
        """Check the screen, then type ``text`` into the one element ``name``.

        Raises:
            PageTrouble: a field for a secret could not be filled; the browser's own words would repeat the secret.
            RunStopped: a secret would leave the browser readable, though the Admin's address is encrypted.
        """
        self.check()
        if self.element(name).secret:
            self._refuse_unencrypted()
            self.window.holds_secret = True
        field = self.one(name)
        try:
            field.fill(text)
        except PlaywrightError:
            if not self.element(name).secret:
                raise
            reason = f"{self.spec.title}: nothing could be typed into {name} ({self.element(name).purpose})."
            raise PageTrouble(reason=reason) from None

    def _refuse_unencrypted(self) -> None:
        """A server can send the browser on from https:// to http://."""
        opened = urlsplit(self.window.page.url)
        if opened.scheme == "http" and urlsplit(self.window.url).scheme == "https":
            raise RunStopped(
                reason=f"{self.spec.title} came over http:// from {opened.netloc}, although the Admin's address is "
                "https://; no secret was typed into it.",
                next_step="Ask the shop's administrator why the Admin leaves https://. If that is meant, set "
                "COUNTERMAND_ADMIN_URL and COUNTERMAND_ALLOW_HTTP accordingly.",
            )

    def choose(self, name: str, words: str) -> None:
        """Check the screen, then choose ``words`` from the one ``choice`` element ``name``.

        Raises:
            ChoiceNotOffered: the words are not among the choices.
        """
        self.check()
        self._with_choice(name, lambda box: choice.choose(self.window.page, box, words), wanted=words)

    def chosen(self, name: str) -> str:
        """The words that the ``choice`` element ``name`` now shows as chosen; empty when none is."""
        return str(self._with_choice(name, choice.chosen))

    def offered(self, name: str) -> list[str]:
        """The words that the ``choice`` element ``name`` offers; its list may stay open, for the page to be left."""
        words: list[str] = self._with_choice(name, lambda box: choice.offered(self.window.page, box))
        return words

    # --- Inside ---

    def _with_choice(self, name: str, act: Callable[[Locator], Any], wanted: str = "") -> Any:
        try:
            return act(self.one(name))
        except choice.NotOffered as refused:
            raise ChoiceNotOffered(
                screen=self.spec.title, wanted=wanted, element=name, offered=", ".join(refused.offered) or "none"
            ) from refused
        except choice.NotOneControl as refused:
            self._exactly_one(name, refused.count)
            raise

    def _texts_for_checks(self) -> list[str]:
        """The elements that checks look at and that are read, not located; of fields all: one costs as much as all."""
        names = {name: None for check in self.spec.checks for name in check.elements}
        read = {name: None for name in names if self.element(name).kind in READ_ONLY_KINDS}
        fields = [name for name, element in self.spec.elements.items() if element.kind == "field"]
        return [*(read | dict.fromkeys(fields if read.keys() & set(fields) else ()))]

    def _holds(self, check: ScreenCheck, snapshot: Snapshot) -> bool:
        if check.route is not None:
            route = fill(check.route, self.facts)
            return snapshot.address == route if route.startswith("#") else f"/{route}/" in f"{snapshot.path}/"
        if check.reads is not None:
            ((name, expected),) = check.reads.items()
            texts = snapshot.texts[name] if name in snapshot.texts else self.find(name).all_inner_texts()
            return [plain_name(text) for text in texts] == [plain_name(fill(expected, self.facts))]
        name = check.shows or check.hides or ""
        if check.shows and name in snapshot.texts:
            return len(snapshot.texts[name]) == 1 and bool(snapshot.texts[name][0])  # a label alone is not drawn yet
        count = len(snapshot.texts[name]) if name in snapshot.texts else self.find(name).count()
        return count == (1 if check.shows else 0)

    def lacks(self, name: str) -> Technical:
        """The error that says that an element is not there as it should be."""
        facts = {"screen": self.spec.title, "element": name, "purpose": self.element(name).purpose}
        return self.blamed(ElementMissing(**facts))

    def _exactly_one(self, name: str, count: int) -> None:
        if count == 1:
            return
        facts = {"screen": self.spec.title, "element": name, "purpose": self.element(name).purpose}
        raise self.blamed(ElementAmbiguous(**facts, count=count) if count else ElementMissing(**facts))


_SHOWS_NUMBERS = """(pattern) => new RegExp(`(?<!\\\\d)${pattern}(?!\\\\d)`).test(document.body.innerText)"""

_LEADS_TO = "(elements) => elements.map((element) => element.closest('a')?.href ?? '')"
_ABOUT = f"""(elements) => {{
    const known = ({commerce.IS_IT})(elements);
    return ({_LEADS_TO})(elements).map((address, place) => [address, known[place]]);
}}"""
"""Of each element where it leads, and by what it is known to be the Commerce order's own Cancel."""
