"""Choosing one of several words, whatever the control is: a select, a listbox button, a combobox, radio buttons.

All four are read back the same way: the words that a person now sees as chosen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from bot.admin.look import Found, Match, Request, by_role, element_of, found_in, known, whole
from bot.admin.pressing import press
from bot.admin.window import Window
from bot.wording import plain_name

LIST_FILLS = 0.25
"""Seconds that a list that has opened is given to draw its options."""


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


def choose(
    window: Window,
    box: Match,
    words: str,
    part: Request | None = None,
    judge: Callable[[dict[str, Any]], None] = lambda seen: None,
) -> None:
    """Choose ``words``, whole, from the one control in ``box``, which a look told the choice of.

    A control that opens a list is pressed as ``bot.admin.pressing`` says, with ``part`` and ``judge``.

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
        options, wanted = _list_of(window, control, words, part, judge)
        if wanted.count() != 1:
            raise NotOffered(_texts(options))
        press(window, known(wanted.matches[0].number), {}, lambda seen: None)


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
    return _texts(_list_of(window, control)[0])


def opens_a_list(box: Match) -> bool:
    """Whether the one control in ``box`` has to be pressed before its words can be seen."""
    try:
        return control_in(box).kind in {"button", "combobox"}
    except NotOneControl:
        return False


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


def _list_of(
    window: Window,
    control: Control,
    words: str | None = None,
    part: Request | None = None,
    judge: Callable[[dict[str, Any]], None] = lambda seen: None,
) -> tuple[Found, Found]:
    """The options of a control's list, which is open afterwards: all of them, and those that are ``words``."""
    if control.kind != "listbox":
        press(window, known(control.numbers[0]), part or {}, judge, tries=1)
    # The list may be drawn anywhere in the page, so it is looked for in all of it: the one list that is open.
    listbox = known(control.numbers[0]) if control.kind == "listbox" else by_role("listbox")
    options = by_role("option") | {"within": listbox, "tell": ["text"]}
    finds = {"lists": listbox, "options": options, "wanted": by_role("option", words) | {"within": listbox}}

    def look() -> dict[str, Found] | None:
        (part,) = window.look({"finds": finds, "wants": {"some": ["options"]}})["parts"]
        found = {name: found_in(part["finds"][name]) for name in finds}
        return found if found["lists"].matches else None

    found = window.until(look, moment=LIST_FILLS)
    if not found or found["lists"].count() != 1:
        raise PlaywrightError(f"choose: {'several lists are' if found else 'no list is'} open")
    return found["options"], found["wanted"]


def _texts(options: Found) -> list[str]:
    """What the options of a list read as."""
    return [plain_name(option.text) for option in options.matches]
