"""Choosing one of several words, whatever the control is: a select, a listbox button, a combobox, radio buttons.

All four are read back the same way: the words that a person now sees as chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from bot.admin.look import Found, Match, Request, by_role, element_of, find, find_each, whole
from bot.admin.window import Window
from bot.wording import plain_name


class NotOffered(LookupError):
    """The words are not among the choices; ``offered`` are the ones that are."""

    def __init__(self, offered: list[str]) -> None:
        super().__init__(", ".join(offered))
        self.offered = offered


class NotOneControl(LookupError):
    """The box holds no control that can be chosen from, or several; ``count`` of them."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


@dataclass(frozen=True)
class Control:
    """The one control in a box; the radio buttons of a box are one control."""

    kind: str
    numbers: tuple[int, ...]
    """Of its elements: several for radio buttons."""
    shown: str
    """The words that it shows as chosen."""
    offered: tuple[str, ...]
    """The words that it offers, where it shows them all the time."""


def choose(window: Window, box: Match, words: str) -> None:
    """Choose ``words``, whole, from the one control in ``box``, which a look told the choice of.

    Raises:
        NotOneControl: the box has no control, or several.
        NotOffered: the control does not offer these words, or offers them twice.
    """
    control = control_in(box)
    page = window.page
    if control.kind == "radio":
        element_of(page, control.numbers[_place_of(words, control.offered)]).check()
    elif control.kind == "select":
        place = _place_of(words, [plain_name(text) for text in control.offered])
        element_of(page, control.numbers[0]).select_option(index=place)
    else:
        found = find_each(page, **_options_of(_open_list(window, control), words))
        if found["wanted"].count() != 1:
            raise NotOffered(_texts(found["options"]))
        element_of(page, found["wanted"].matches[0].number).click()


def offered(window: Window, box: Match) -> list[str]:
    """The words that the one control in ``box`` offers; a list that had to be opened for that stays open.

    Raises:
        NotOneControl: the box has no control, or several.
    """
    control = control_in(box)
    if control.kind == "radio":
        return [*control.offered]
    if control.kind == "select":
        return [plain_name(text) for text in control.offered]
    return _texts(find_each(window.page, **_options_of(_open_list(window, control)))["options"])


def chosen(box: Match) -> str:
    """The words that the one control in ``box`` shows as chosen; empty when none is.

    Raises:
        NotOneControl: the box has no control, or several.
    """
    return plain_name(control_in(box).shown)


def control_in(box: Match) -> Control:
    """The one control in a box that a look told the choice of; the radio buttons of a box are one control.

    Raises:
        NotOneControl: the box has no control, or several.
    """
    seen = box.choice
    kinds = [one["kind"] for one in seen]
    if kinds and set(kinds) == {"radio"}:
        return _as_one(seen)
    if kinds.count("combobox") == 1 and set(kinds) <= {"combobox", "button"}:
        # A combobox is a field with a button of its own that opens the same list.
        return _as_one([seen[kinds.index("combobox")]])
    if len(seen) != 1:
        raise NotOneControl(len(seen))
    return _as_one(seen)


def _as_one(seen: Sequence[dict[str, Any]]) -> Control:
    return Control(
        kind=seen[0]["kind"],
        numbers=tuple(one["number"] for one in seen),
        shown="".join(one["shown"] for one in seen),
        offered=tuple(words for one in seen for words in one["offered"]),
    )


def _place_of(words: str, offered: Sequence[str]) -> int:
    """Where the words are among those that a control shows.

    Raises:
        NotOffered: they are not, or are twice.
    """
    places = [place for place, text in enumerate(offered) if whole(words).match(text)]
    if len(places) != 1:
        raise NotOffered([*offered])
    return places[0]


def _open_list(window: Window, control: Control) -> Request:
    """The request for the list of a control, which is open afterwards."""
    if control.kind == "listbox":
        return {"kind": "known", "number": control.numbers[0]}
    element_of(window.page, control.numbers[0]).click()
    # The list may be drawn anywhere in the page, so it is looked for in all of it: the one list that is open.
    found = window.until(lambda: find(window.page, by_role("listbox")).matches)
    if not found or len(found) != 1:
        raise PlaywrightError(f"choose: {'several lists are' if found else 'no list is'} open")
    return {"kind": "known", "number": found[0].number}


def _options_of(listbox: Request, words: str | None = None) -> dict[str, Request]:
    """The requests for the options of a list: all of them, and those that are ``words``."""
    options = by_role("option") | {"within": listbox, "tell": ["text"]}
    return {"options": options, "wanted": by_role("option", words) | {"within": listbox}}


def _texts(options: Found) -> list[str]:
    """What the options of a list read as."""
    return [plain_name(option.text) for option in options.matches]
