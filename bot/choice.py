"""Choosing one of several words, whatever the control is: a select, a listbox button, a combobox, radio buttons.

All four are read back the same way: the words that a person now sees as chosen.
"""

from playwright.sync_api import Locator, Page

from bot.finder import choice_controls, whole


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


def choose(page: Page, box: Locator, words: str) -> None:
    """Choose ``words``, whole, from the one control in ``box``.

    Raises:
        NotOneControl: there is none, or there are several.
        NotOffered: the control does not offer these words, or offers them twice.
    """
    control, kind = _control(box)
    if kind == "radios":
        options = box.get_by_role("radio")
        option = box.get_by_role("radio", name=whole(words))
        if option.count() != 1:
            raise NotOffered(options.evaluate_all(_LABELS))
        option.check()
        return
    if kind == "select":
        offered = [" ".join(text.split()) for text in control.locator("option").all_text_contents()]
        if offered.count(words) != 1:
            raise NotOffered(offered)
        control.select_option(label=words)
        return
    if kind != "listbox":
        control.click()
    # The list may be drawn anywhere in the page, so it is looked for in all of it: the one list that is open.
    listbox = control if kind == "listbox" else page.get_by_role("listbox").filter(visible=True)
    option = listbox.get_by_role("option", name=whole(words))
    listbox.wait_for()
    if option.count() != 1:
        raise NotOffered([" ".join(text.split()) for text in listbox.get_by_role("option").all_text_contents()])
    option.click()


def chosen(box: Locator) -> str:
    """The words that the one control in ``box`` shows as chosen; empty when none is.

    Raises:
        NotOneControl: there is none, or there are several.
    """
    control, kind = _control(box)
    if kind == "radios":
        checked = box.get_by_role("radio", checked=True)
        return "".join(checked.evaluate_all(_LABELS)) if checked.count() == 1 else ""
    return " ".join(str(control.evaluate(_SHOWN)).split())


def _control(box: Locator) -> tuple[Locator, str]:
    if box.get_by_role("radio").count():
        return box, "radios"
    controls = choice_controls(box)
    kinds: list[str] = controls.evaluate_all(_KINDS)
    if kinds.count("combobox") == 1 and set(kinds) <= {"combobox", "button"}:
        # A combobox is a field with a button of its own that opens the same list.
        return controls.and_(box.get_by_role("combobox")), "combobox"
    if len(kinds) != 1:
        raise NotOneControl(len(kinds))
    return controls, kinds[0]


_KINDS = """(controls) => controls.map((control) =>
    control.tagName === "SELECT" ? "select"
    : control.getAttribute("role") === "combobox" && control.tagName === "INPUT" ? "combobox"
    : control.getAttribute("role") === "listbox" ? "listbox"
    : "button")"""

_LABELS = """(radios) => radios.map((radio) =>
    (radio.getAttribute("aria-label") || radio.labels?.[0]?.innerText || radio.innerText || "").trim())"""

_SHOWN = """(control) =>
    control.tagName === "SELECT" ? control.selectedOptions[0]?.text ?? ""
    : control.tagName === "INPUT" ? control.value
    : control.getAttribute("role") === "listbox"
      ? control.querySelector("[role=option][aria-selected=true]")?.innerText ?? ""
      : control.innerText"""
