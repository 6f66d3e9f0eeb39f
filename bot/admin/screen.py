"""One screen of the Admin, as a flow handles it: checked, read, and acted on by the names of its elements.

Every action finds its element exactly once or fails, and checks the screen again right before it acts
(an Admin's page moves on its own: a session ends, a cover falls, a list is redrawn).
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from string import Formatter
from typing import Any, Self
from urllib.parse import urlsplit

from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from bot.admin import choice
from bot.admin.changes import motion_ends
from bot.admin.look import Found, Match, Request, ask, element_of, found_in, reading_request, request_for
from bot.admin.pressing import TRIES, Covered, Gone, NotOne, make_ready, press
from bot.admin.snapshot import Snapshot
from bot.admin.window import Looked, Window
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
from bot.pack import fill, match_route
from bot.pack.model import READ_ONLY_KINDS, Element, ScreenCheck, ScreenSpec
from bot.vocabulary import AMAZON_ORDER_NUMBER
from bot.wording import plain_name

MENU_OPENS = 1.0
"""Seconds that a menu is given to open before it is clicked again."""

_ALWAYS_TOLD = {"choice": ("choice",)}
"""What is told of elements of a kind whenever they are found."""

CLICKS_A_PAGE = 3
"""How often a menu that does not open is clicked before the page is loaded again."""


class _OutOfSight(Exception):
    """A row lacks columns that may only be out of sight."""


def _lacks_columns(rows: Sequence[Mapping[str, Any]]) -> bool:
    return not all(rows[0]["columns"].values())


class Screen:
    """A screen of the pack, on the page that is open now, about the order that the facts name."""

    def __init__(self, window: Window, spec: ScreenSpec, facts: Mapping[str, str]) -> None:
        self.window = window
        self.spec = spec
        self.facts = dict(facts)
        self.seen: Snapshot | None = None
        """The snapshot that last found it open: every check of it held in that instant."""
        self._wants: Mapping[str, Collection[str]] = {}

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.spec.title

    # --- What is on it ---

    def element(self, name: str) -> Element:
        """The pack's description of an element."""
        return self.spec.elements[name]

    def find(self, name: str, *, hidden_too: bool = False) -> Found:
        """Every visible element that answers to ``name`` now, with ``hidden_too`` hidden ones too."""
        return self._look(name, hidden={name} if hidden_too else (), tell=("words", "box")).found[name]

    def count(self, name: str) -> int:
        """How many visible elements answer to ``name``."""
        seen = self._look(name)
        return len(seen.texts[name]) if name in seen.texts else seen.found[name].count()

    def the_only(self, name: str) -> int:
        """The number of the one element that answers to ``name``, where there is no second that is hidden either.

        For one that commits: what is hidden now may lie on top when it is pressed. It does not wait.

        Raises:
            ElementMissing, ElementAmbiguous: no element answers to it, or several do, visible or not.
        """
        part = {"finds": {key: self._request(name, hidden=key == "all") for key in ("all", "seen")}}
        (answer,) = self.window.look(part)["parts"]
        found, seen = (found_in(answer["finds"][key]).matches for key in ("all", "seen"))
        self._exactly_one(name, len(found))
        self._exactly_one(name, len(seen))
        return seen[0].number

    def one(self, name: str, *tell: str) -> Match:
        """The one element that answers to ``name``; waits for it where the page is still drawing it.

        Raises:
            ElementMissing, ElementAmbiguous: no element answers to it in time, or several do.
            InTheWay, SessionEnded, RunStopped: something known appeared instead.
        """

        def look() -> tuple[Match, ...]:
            found = self._look(name, tell=tell).found[name].matches
            if not found:
                self.window.notice_interruptions(besides=(self.spec.screen,))
            return found

        found = self.window.until(look) or ()
        self._exactly_one(name, len(found))
        return found[0]

    def snapshot(self, *names: str) -> Snapshot:
        """Look at the page once: its address, whether it is covered, what some elements read as, and what answers to
        others.
        """
        return self._look(*names)

    def _look(self, *names: str, hidden: Collection[str] = (), tell: Collection[str] = ()) -> Snapshot:
        part = self._part(*names, hidden=hidden, tell=tell)
        seen = self.window.look(part)
        return self._understood(seen, seen["parts"][0])

    def _part(self, *names: str, hidden: Collection[str] = (), tell: Collection[str] = ()) -> Request:
        """What the page is asked for some elements of this screen."""
        read = [name for name in names if self.element(name).kind in READ_ONLY_KINDS]
        found = {
            name: self._request(
                name, hidden=name in hidden, tell=(*tell, *_ALWAYS_TOLD.get(self.element(name).kind, ()))
            )
            for name in names
            if name not in read
        }
        return {
            "covers": [*self.window.pack.info.busy, *self.spec.busy],
            "finds": found,
            "reading": reading_request(self.spec, self.facts, *read) if read else None,
        }

    def whole(self) -> Request:
        """The part of a look that asks for every element whose facts are known; for ``Window.at_once``."""
        names = [name for name in self.spec.elements if self._is_known(name)]
        part = self._part(*names, tell=("words", "box", "choice", "leads", "does"))
        for name in names:
            if self.element(name).commits:
                part["finds"][f"{name}, hidden too"] = self._request(name, hidden=True)
        return part | {"wants": self._wants}

    def wanting(self, *, some: Collection[str] = (), never: Collection[str] = ()) -> Self:
        """The same screen, for a look at the ``whole`` of it that waits.

        It waits until each of ``some`` elements is there at least once, and nothing of those that are ``never`` to be.
        """
        same = type(self)(self.window, self.spec, self.facts)
        same._wants = {"some": [*some], "never": [*never]}
        return same

    def _is_known(self, name: str) -> bool:
        element = self.element(name)
        needed = {fact for _, text in element.templates() for _, fact, _, _ in Formatter().parse(text) if fact}
        return needed <= self.facts.keys() and (element.within is None or self._is_known(element.within))

    def _request(self, name: str, *, hidden: bool = False, tell: Collection[str] = ()) -> Request:
        return request_for(self.spec, name, self.facts, hidden=hidden, tell=tell)

    def _understood(self, seen: Mapping[str, Any], answer: Mapping[str, Any]) -> Snapshot:
        """What the page answered to a part of a look."""
        reading = answer["reading"] or {"fields": {}, "columns": {}, "alone": ()}
        return Snapshot(
            address=seen["address"],
            path=seen["path"],
            busy=answer["busy"],
            texts={**reading["fields"], **reading["columns"]},
            found={name: found_in(found) for name, found in answer["finds"].items()},
            order_numbers=frozenset(reading["alone"]),
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
        (answer,) = self.window.look(self._part(column))["parts"]
        seen = answer["reading"]
        header = fill(self.element(column).column or "", self.facts)
        if order in seen["columns"][column]:
            return f"it stands in the column {header!r}, and in no row that could be found."
        if rows := seen["unread"][column]["rows"]:
            return f"{rows} of its rows cannot be read under the header {header!r}."
        if not seen["unread"][column]["tables"] and ask(self.window.page, "says", AMAZON_ORDER_NUMBER.pattern):
            return f"there are order numbers on the page, and no column {header!r}."
        return ""

    def read_row(self, row: str, *columns: str) -> dict[str, str]:
        """What the cells of the one ``row`` read as, under the given column elements, all from one instant.

        Where a column is out of sight and not drawn, the table is scrolled sideways to read it, and back.

        Raises:
            ElementMissing, ElementAmbiguous: the row, or a column of it, is not there or is there several times.
        """
        (answer,) = self.window.look({"rows": self._rows(row, *columns)})["parts"]
        self._exactly_one(row, len(answer["rows"]))
        sideways = self._read_sideways(row, *columns) if _lacks_columns(answer["rows"]) else {}
        return self._read_in(row, answer["rows"], sideways)

    def _rows(self, row: str, *columns: str) -> Request:
        return {**reading_request(self.spec, self.facts, *columns), "find": self._request(row)}

    def _read_sideways(self, row: str, *columns: str) -> dict[str, str]:
        """What can be read in the row while its table is scrolled sideways: a table may draw only what is in sight."""
        return ask(self.window.page, "readSideways", self._rows(row, *columns)) or {}

    def _read_in(
        self, row: str, rows: Sequence[Mapping[str, Any]], sideways: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        self._exactly_one(row, len(rows))
        texts = rows[0]["columns"]
        return self.singles(texts | {name: [text] for name, text in (sideways or {}).items() if not texts[name]})

    # --- Whether it is the screen it should be ---

    def failing_check(self) -> ScreenCheck | None:
        """The first of the pack's checks that does not hold now, or None when all hold."""
        return next(self.failing_checks(), None)

    def failing_checks(self) -> Iterator[ScreenCheck]:
        """The pack's checks that do not hold now, in their order."""
        return self._failing(self._look(*self._asked_by_checks(), tell=self._told_by_checks()))

    def is_here(self, *also: str) -> bool:
        """Whether it is this screen now, with no cover over it that means: not ready yet.

        The ``seen`` snapshot then has the elements ``also`` asked for, from the same instant.
        """
        names = dict.fromkeys((*self._asked_by_checks(), *also))
        return self._is_seen(self._look(*names, tell=self._told_by_checks()))

    def has_seen(self, name: str) -> bool:
        """Whether the look that found it open was asked for an element, and saw it."""
        return self.seen is not None and name in self.seen.found and bool(self.seen.found[name].matches)

    def to_be_here(self) -> Request:
        """The part of a look that says whether it is this screen; for ``is_seen_in``, and for a look that waits."""
        once = [name for check in self.spec.checks for name in (check.shows, *(check.reads or ())) if name]
        never = [check.hides for check in self.spec.checks if check.hides]
        wants = {"wants": {"once": once, "never": never}}
        return self._part(*self._asked_by_checks(), tell=self._told_by_checks()) | wants

    def is_seen_in(self, seen: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
        """Whether it is this screen by a look that was asked ``to_be_here``."""
        return self._is_seen(self._understood(seen, answer))

    def _is_seen(self, snapshot: Snapshot) -> bool:
        if snapshot.busy or next(self._failing(snapshot), None) is not None:
            return False
        self.seen = snapshot
        return True

    def _failing(self, snapshot: Snapshot) -> Iterator[ScreenCheck]:
        return (check for check in self.spec.checks if not self._holds(check, snapshot))

    def signs(self) -> Request:
        """The part of a look for what must be seen, each at least once, where it appears in place of another screen."""
        shown = [check.shows for check in self.spec.checks if check.shows]
        lasting = self.spec.interrupts is not None and self.spec.interrupts.lasting > 0
        # What only counts once it has lasted, such as the empty place of an app that is starting, is not waited for.
        wants = {} if lasting else {"some": shown}
        return {"finds": {name: self._request(name) for name in shown}, "wants": wants}

    def shows_its_signs(self) -> bool:
        """Whether all of these can be seen now."""
        names = [check.shows for check in self.spec.checks if check.shows]
        found = self._look(*names).found
        return all(found[name].matches for name in names)

    def address_facts(self, template: str) -> dict[str, str]:
        """The facts that the page's address gave under a route template when it was here; empty if it did not fit."""
        return (self.seen or self.snapshot()).facts_of_address(template) or {}

    def link_facts(self, name: str, template: str) -> dict[str, str]:
        """The facts that the address gives to which the link ``name`` leads; empty when it does not fit.

        Raises:
            ElementMissing, ElementAmbiguous: no element answers to it, or several do.
        """
        return match_route(template, urlsplit(self.one(name, "leads").leads).path) or {}

    def leads_to(self, name: str) -> list[str]:
        """The addresses that the links which answer to ``name`` lead to; empty for one that is no link."""
        return [match.leads for match in self._look(name, tell=("leads",)).found[name].matches]

    def done_by_a_click(self, name: str) -> list[str]:
        """What a click on each visible element ``name`` would do that the page's script has no part in: a script of the
        markup's own, or a link.
        """
        return [act for match in self._look(name, tell=("does",)).found[name].matches for act in match.does]

    def words(self, *names: str) -> list[list[str]]:
        """The visible words of everything that answers to each of these elements, from one instant."""
        found = self._look(*names, tell=("words",)).found
        return [found[name].all_inner_texts() for name in names]

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
        self._refuse_changed(self._look(*self._asked_by_checks(), tell=self._told_by_checks()))
        return self

    def _refuse_changed(self, snapshot: Snapshot) -> None:
        failing = next(self._failing(snapshot), None)
        if failing is not None:
            self.window.notice_interruptions(besides=(self.spec.screen,))
            raise self.blamed(ScreenChanged(screen=self.spec.title, why=self.told(failing)))

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
                if sideways is None and len(seen["rows"]) == 1 and _lacks_columns(seen["rows"]):
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
            ChoiceNotOffered: the words are not among the choices.
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

    # --- Inside ---

    def _with_choice(self, name: str, act: Callable[[], Any], wanted: str = "") -> Any:
        try:
            return act()
        except choice.NotOffered as refused:
            raise ChoiceNotOffered(
                screen=self.spec.title, wanted=wanted, element=name, offered=", ".join(refused.offered) or "none"
            ) from refused
        except choice.NotOneControl as refused:
            self._exactly_one(name, refused.count)
            raise
        except Covered as cover:
            raise self._covered(name, cover) from None
        except (Gone, NotOne):
            raise self.lacks(name) from None

    def _asked_by_checks(self) -> list[str]:
        """The elements that checks look at; where one is a field, all fields: one costs as much as all."""
        names = {name: None for check in self.spec.checks for name in check.elements}
        fields = [name for name, element in self.spec.elements.items() if element.kind == "field"]
        return [*(names | dict.fromkeys(fields if names.keys() & set(fields) else ()))]

    def _told_by_checks(self) -> tuple[str, ...]:
        """What they need to be told of what is found."""
        return ("words",) if any(check.reads for check in self.spec.checks) else ()

    def _holds(self, check: ScreenCheck, snapshot: Snapshot) -> bool:
        if check.route is not None:
            route = fill(check.route, self.facts)
            return snapshot.address == route if route.startswith("#") else f"/{route}/" in f"{snapshot.path}/"
        if check.reads is not None:
            ((name, expected),) = check.reads.items()
            texts = snapshot.texts[name] if name in snapshot.texts else snapshot.found[name].all_inner_texts()
            return [plain_name(text) for text in texts] == [plain_name(fill(expected, self.facts))]
        name = check.shows or check.hides or ""
        if check.shows and name in snapshot.texts:
            return len(snapshot.texts[name]) == 1 and bool(snapshot.texts[name][0])  # a label alone is not drawn yet
        count = len(snapshot.texts[name]) if name in snapshot.texts else snapshot.found[name].count()
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


def first_here(screens: Collection[Screen], seen: Mapping[str, Any] | None = None) -> Screen | None:
    """The first of these screens that is open now, by one look; None if none is.

    The page is looked at now, unless it has been ``seen`` by a look that asked each of them ``to_be_here`` first.
    """
    if seen is None:
        window = next(iter(screens)).window
        seen = window.look(*(screen.to_be_here() for screen in screens))
    answers = zip(screens, seen["parts"], strict=False)
    return next((screen for screen, answer in answers if screen.is_seen_in(seen, answer)), None)
