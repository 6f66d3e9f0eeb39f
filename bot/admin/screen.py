"""One screen of the Admin, as a flow handles it: checked, read, and acted on by the names of its elements.

Every action finds its element exactly once or fails, and checks the screen again right before it acts
(an Admin's page moves on its own: a session ends, a cover falls, a list is redrawn).
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from bot.admin import choice
from bot.admin.changes import motion_ends
from bot.admin.look import Match, Request, ask, element_of, found_in
from bot.admin.pressing import TRIES, Covered, Gone, NotOne, make_ready, press
from bot.admin.seen_screen import SeenScreen, lacks_columns
from bot.admin.window import Looked
from bot.errors import (
    ChoiceAmbiguous,
    ChoiceNotOffered,
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
from bot.pack import fill
from bot.wording import apart, plain_name

MENU_OPENS = 1.0
"""Seconds that a menu is given to open before it is clicked again."""

CLICKS_A_PAGE = 3
"""How often a menu that does not open is clicked before the page is loaded again."""


class _OutOfSight(Exception):
    """A row lacks columns that may only be out of sight."""


class Screen(SeenScreen):
    """A screen of the pack, on the page that is open now, about the order that the facts name, to act on."""

    def click(self, name: str, *, tries: int = TRIES, waits: bool = True) -> bool:
        """Check the screen, then click the one element ``name``; never one that commits.

        A click that does not arrive at the element is made again, up to ``tries`` times. An element that goes away
        before it is clicked is waited for, unless ``waits`` is false. Returns whether the click was seen to arrive.

        Raises:
            LeadsElsewhere: it is a link to a host that is not allowed.
            NeverPressed: it is the Commerce order's own Cancel.
            Technical: the screen has changed, or there is not exactly one such element.
        """
        return self._click(name, {}, lambda seen: None, tries=tries, waits=waits)

    def click_in_row(self, name: str, row: str, *columns: str) -> dict[str, str]:
        """As ``click``; returns what the cells of the one ``row`` read as in the instant of the press.

        They are the cells under the given column elements.

        Raises:
            ElementMissing, ElementAmbiguous: the row, or a column of it, is not there or is there several times.
        """
        read: dict[str, str] = {}
        sideways: dict[str, str] | None = None

        def judge(seen: dict[str, Any]) -> None:
            if seen["state"] == "ready" or len(seen["rows"]) > 1:  # a row that is not there yet is waited for
                if sideways is None and len(seen["rows"]) == 1 and lacks_columns(seen["rows"]):
                    raise _OutOfSight
                read.update(self._read_in(row, seen["rows"], sideways))

        try:
            self._click(name, {"rows": self._rows(row, *columns)}, judge)
        except _OutOfSight:  # its table is scrolled first: that would move what is about to be pressed
            sideways = self._read_sideways(row, *columns)
            self._click(name, {"rows": self._rows(row, *columns)}, judge)
        return read

    def _click(
        self,
        name: str,
        more: Request,
        judge_more: Callable[[dict[str, Any]], None],
        *,
        tries: int = TRIES,
        waits: bool = True,
    ) -> bool:
        """As ``click``; the page is asked for ``more`` in the instant of the press, and ``judge_more`` told of it."""
        if self.element(name).commits:
            raise ValueError(f"{name} commits: only the holder of a permit can press it")
        deadline = time.monotonic() + self.window.patience
        part = self._part(*self._asked_by_checks(), tell=self._told_by_checks()) | more
        target = self._request(name)
        part["finds"]["pressed"] = self._request(name, tell=("leads", "commerce"))

        def judge(seen: dict[str, Any]) -> None:
            pressed = found_in(seen["finds"].pop("pressed"))
            self._refuse_changed(self._understood(seen, seen))
            for match in pressed.matches:
                self._refuse_press(name, match)
            judge_more(seen)

        while True:
            try:
                return press(self.window, target, part, judge, tries=tries)
            except (Gone, NotOne):
                if not waits or time.monotonic() >= deadline:
                    raise self.lacks(name) from None
                self.one(name)
                logger.debug("{}: {} was drawn again before it was clicked", self.title, name)
            except Covered as cover:
                raise self._covered(name, cover) from None

    def _covered(self, name: str, cover: Covered) -> Technical:
        return self.blamed(
            ElementCovered(
                screen=self.title,
                element=name,
                purpose=self.element(name).purpose,
                cover=f": {cover.words!r}" if cover.words else "",
            )
        )

    @contextmanager
    def when_ready(self, name: str, *beside: Looked) -> Iterator[None]:
        """Wait until the one element ``name`` could be pressed, and press nothing.

        While the block runs, this screen, and those ``beside`` it, are read from that instant.

        Raises:
            ScreenChanged, ElementCovered: it is no longer this screen, or something lay over the element to the end.
            InTheWay, SessionEnded, RunStopped: something known lies over it.
        """
        parts = [screen.whole() for screen in (self, *beside)]

        def judge(seen: Mapping[str, Any]) -> None:
            self._refuse_changed(self._understood(seen, seen["parts"][0]))

        try:
            ready = make_ready(self.window, self._request(name), parts, judge)
        except Covered as cover:
            raise self._covered(name, cover) from None
        with self.window.holding(parts, ready):
            yield

    def _refuse_press(self, name: str, match: Match) -> None:
        host = host_of(match.leads)
        if host and not self.window.may_talk_to(host):
            raise LeadsElsewhere(screen=self.spec.title, element=name, host=host)
        if match.commerce:
            raise NeverPressed(screen=self.spec.title, element=name, known_by=match.commerce)

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
                if not self.count(name):
                    if clicks and clicks % CLICKS_A_PAGE == 0:  # its script has not come: a person loads the page again
                        self.window.page.reload(wait_until="domcontentloaded")
                    clicks += 1
                    self.click(of, tries=1, waits=False)
                    self.window.until(lambda: self.count(name), seconds=MENU_OPENS)
                    motion_ends(self.window.page, self.window.patience)
                if self.count(name):
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
        return bool(ask(self.window.page, "scrollOn", header))

    def fill(self, name: str, text: str) -> None:
        """Check the screen, then type ``text`` into the one element ``name``.

        Raises:
            PageTrouble: a field for a secret could not be filled; the browser's own words would repeat the secret.
            RunStopped: a secret would leave the browser readable, though the Admin's address is encrypted.
        """
        self.check()
        if self.element(name).secret:
            self._refuse_unencrypted()
            self.window.note_secret()
        field = self.one(name)
        try:
            element_of(self.window.page, field.number).fill(text)
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
            ChoiceNotOffered, ChoiceAmbiguous: the words are not among the choices, or several times.
        """
        box = self._seen_box(name)
        if box is None or not choice.opens_a_list(box):
            with self.window.at_once(self):
                self.check()
                box = self.one(name)
            self._with_choice(name, lambda: choice.choose(self.window, box, words), wanted=words)
            return

        part = self._part(*dict.fromkeys((*self._asked_by_checks(), name)), tell=self._told_by_checks())

        def judge(seen: Mapping[str, Any]) -> None:
            snapshot = self._understood(seen, seen)
            self._refuse_changed(snapshot)
            now = snapshot.found[name].matches
            self._exactly_one(name, len(now))
            if choice.control_in(now[0]).numbers != choice.control_in(box).numbers:
                raise self.blamed(ScreenChanged(screen=self.title, why=f"{name} is not the control that was seen."))

        self._with_choice(name, lambda: choice.choose(self.window, box, words, part, judge), wanted=words)

    def _seen_box(self, name: str) -> Match | None:
        """The box of a ``choice`` element in the look that found this screen open; None if it was not asked for it."""
        found = self.seen.found.get(name) if self.seen else None
        return found.matches[0] if found and found.count() == 1 else None

    def chosen(self, name: str) -> str:
        """The words that the ``choice`` element ``name`` now shows as chosen; empty when none is."""
        box = self.one(name)
        return str(self._with_choice(name, lambda: choice.chosen(box)))

    def offered(self, name: str) -> list[str]:
        """The words that the ``choice`` element ``name`` offers; its list may stay open, for the page to be left."""
        box = self.one(name)
        words: list[str] = self._with_choice(name, lambda: choice.offered(self.window, box))
        return words

    def _with_choice(self, name: str, act: Callable[[], Any], wanted: str = "") -> Any:
        try:
            return act()
        except choice.NotOffered as refused:
            count = sum(plain_name(words) == plain_name(wanted) for words in refused.offered)
            if count > 1:
                raise ChoiceAmbiguous(screen=self.spec.title, wanted=wanted, element=name, count=count) from refused
            offered = ", ".join(words + apart(words, wanted) for words in refused.offered)
            raise ChoiceNotOffered(
                screen=self.spec.title, wanted=wanted, element=name, offered=offered or "none"
            ) from refused
        except choice.NotOneControl as refused:
            self._exactly_one(name, refused.count)
            raise
        except Covered as cover:
            raise self._covered(name, cover) from None
        except (Gone, NotOne):
            raise self.lacks(name) from None


def first_here(screens: Collection[Screen], seen: Mapping[str, Any] | None = None) -> Screen | None:
    """The first of these screens that is open now, by one look; None if none is.

    The page is looked at now, unless it has been ``seen`` by a look that asked each of them ``to_be_here`` first.
    """
    if seen is None:
        window = next(iter(screens)).window
        seen = window.look(*(screen.to_be_here() for screen in screens))
    answers = zip(screens, seen["parts"], strict=False)
    return next((screen for screen, answer in answers if screen.is_seen_in(seen, answer)), None)
