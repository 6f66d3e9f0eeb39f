"""One screen of the Admin, as a flow handles it: checked, read, and acted on by the names of its elements.

Every action finds its element exactly once or fails, and checks the screen again right before it acts
(an Admin's page moves on its own: a session ends, a cover falls, a list is redrawn).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Locator

from bot import choice
from bot.errors import (
    ChoiceNotOffered,
    ElementAmbiguous,
    ElementMissing,
    LeadsElsewhere,
    ScreenChanged,
)
from bot.finder import READING, locate, reading_request
from bot.pack import READ_ONLY_KINDS, Check, Element, ScreenSpec, fill, match_route

if TYPE_CHECKING:
    from bot.admin import Admin


class Screen:
    """A screen of the pack, on the page that is open now, about the order that the facts name."""

    def __init__(self, admin: "Admin", spec: ScreenSpec, facts: Mapping[str, str]) -> None:
        self.admin = admin
        self.spec = spec
        self.facts = dict(facts)

    # --- What is on it ---

    def element(self, name: str) -> Element:
        """The pack's description of an element."""
        return self.spec.elements[name]

    def find(self, name: str) -> Locator:
        """Whatever visibly answers to element ``name``: none, one or several."""
        return locate(self.admin.page, self.spec, name, self.facts)

    def count(self, name: str) -> int:
        """How many visible elements answer to ``name``."""
        if self.element(name).kind in READ_ONLY_KINDS:
            return len(self.texts(name)[name])
        return self.find(name).count()

    def one(self, name: str) -> Locator:
        """The one element that answers to ``name``; waits for it where the page is still drawing it.

        Raises:
            ElementMissing, ElementAmbiguous: there is none in time, or there are several.
            InTheWay, SessionEnded, RunStopped: something known appeared instead.
        """
        found = self.find(name)

        def look() -> int:
            count = found.count()
            if not count:
                self.admin.notice_interruptions(besides=(self.spec.screen,))
            return count

        self._exactly_one(name, self.admin.until(look) or 0)
        return found

    def texts(self, *names: str) -> dict[str, list[str]]:
        """Every text that field and column elements read as now, all from one instant."""
        seen = self.admin.page.evaluate(
            f"(request) => ({READING})(null, request)", reading_request(self.spec, self.facts, *names)
        )
        return {**seen["fields"], **seen["columns"]}

    def read(self, *names: str) -> dict[str, str]:
        """What field elements read as, all from one instant, each found exactly once.

        Raises:
            ElementMissing, ElementAmbiguous: a label is not there, or is there several times.
        """
        return self._singles(self.texts(*names))

    def read_row(self, row: str, *columns: str) -> dict[str, str]:
        """What the cells of the one ``row`` read as, under the given column elements, all from one instant.

        Raises:
            ElementMissing, ElementAmbiguous: the row, or a column of it, is not there or is there several times.
        """
        request = reading_request(self.spec, self.facts, *columns)
        return self._singles(self.one(row).evaluate(READING, request)["columns"])

    # --- Whether it is the screen it should be ---

    def failing_check(self) -> Check | None:
        """The first of the pack's checks that does not hold now, or None when all hold."""
        return next((check for check in self.spec.checks if not self._holds(check)), None)

    def is_busy(self) -> bool:
        """Whether a cover lies over it that means: not ready yet."""
        covers = (*self.admin.pack.info.busy, *self.spec.busy)
        return bool(covers) and self.admin.page.locator(", ".join(covers)).filter(visible=True).count() > 0

    def is_here(self) -> bool:
        """Whether it is this screen now, ready to be used."""
        return not self.is_busy() and self.failing_check() is None

    def appears(self) -> bool:
        """Whether it shows in place of another screen: as ``is_here``, but a message may be there twice."""
        shown = (check.shows for check in self.spec.checks if check.shows)
        return all(self.count(name) for name in shown) and all(
            self._holds(check) for check in self.spec.checks if not check.shows
        )

    def address_facts(self, template: str) -> dict[str, str]:
        """The facts that the page's address gives under a route template; empty when it does not fit."""
        return match_route(template, self.admin.address()) or {}

    def arrive(self) -> "Screen":
        """Wait until it is open, as ``Admin.arrive`` does."""
        return self.admin.arrive(self.spec.screen, **self.facts)

    def check(self) -> Self:
        """Check it again, as before every action.

        Raises:
            ScreenChanged: with the message of the first check that fails.
            InTheWay, SessionEnded, RunStopped: something known lies over it.
        """
        failing = self.failing_check()
        if failing is not None:
            self.admin.notice_interruptions(besides=(self.spec.screen,))
            raise ScreenChanged(screen=self.spec.title, why=self.told(failing))
        return self

    def told(self, check: Check) -> str:
        """The check's message, with the facts filled in."""
        return fill(check.message, self.facts)

    # --- Acting on it ---

    def click(self, name: str) -> None:
        """Check the screen, then click the one element ``name``; never one that commits.

        Raises:
            LeadsElsewhere: it is a link to a host that is not allowed.
            Technical: the screen has changed, or there is not exactly one such element.
        """
        if self.element(name).commits:
            raise ValueError(f"{name} commits: only the holder of a permit can press it")
        self.check()
        target = self.one(name)
        host = urlsplit(target.evaluate("(element) => element.closest('a')?.href ?? ''")).hostname
        if host is not None and not self.admin.may_talk_to(host):
            raise LeadsElsewhere(screen=self.spec.title, element=name, host=host)
        target.click()

    def fill(self, name: str, text: str) -> None:
        """Check the screen, then type ``text`` into the one element ``name``."""
        self.check()
        self.one(name).fill(text)

    def choose(self, name: str, words: str) -> None:
        """Check the screen, then choose ``words`` from the one ``choice`` element ``name``.

        Raises:
            ChoiceNotOffered: the words are not among the choices.
        """
        self.check()
        self._with_choice(name, lambda box: choice.choose(self.admin.page, box, words), wanted=words)

    def chosen(self, name: str) -> str:
        """The words that the ``choice`` element ``name`` now shows as chosen; empty when none is."""
        return str(self._with_choice(name, choice.chosen))

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

    def _holds(self, check: Check) -> bool:
        if check.shows is not None:
            return self.count(check.shows) == 1
        if check.hides is not None:
            return self.count(check.hides) == 0
        if check.route is not None:
            return self.admin.address() == fill(check.route, self.facts)
        ((name, expected),) = (check.reads or {}).items()
        wanted = fill(expected, self.facts)
        if self.element(name).kind in READ_ONLY_KINDS:
            return self.texts(name)[name] == [wanted]
        return [" ".join(text.split()) for text in self.find(name).all_inner_texts()] == [wanted]

    def _singles(self, texts: Mapping[str, list[str]]) -> dict[str, str]:
        for name, values in texts.items():
            self._exactly_one(name, len(values))
        return {name: value for name, (value,) in texts.items()}

    def _exactly_one(self, name: str, count: int) -> None:
        if count == 1:
            return
        facts = {"screen": self.spec.title, "element": name, "purpose": self.element(name).purpose}
        raise ElementAmbiguous(**facts, count=count) if count else ElementMissing(**facts)
