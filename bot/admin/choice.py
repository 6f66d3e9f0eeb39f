"""Choosing one of several words, whatever the control is: a select, a listbox button, a combobox, radio buttons.

All four are read back the same way: the words that a person now sees as chosen.
"""

from playwright.sync_api import Locator, Page

from bot.admin.finder import choice_controls, whole
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


def choose(page: Page, box: Locator, words: str) -> None:
    """Choose ``words``, whole, from the one control in ``box``.

    Raises:
        NotOneControl: the box has no control, or several.
        NotOffered: the control does not offer these words, or offers them twice.
    """
    control, kind, _ = _control(box)
    if kind == "radio":
        option = box.get_by_role("radio", name=whole(words))
        if option.count() != 1:
            raise NotOffered(control.evaluate_all(_LABELS))
        option.check()
        return
    if kind == "select":
        texts = [" ".join(text.split()) for text in control.locator("option").all_text_contents()]
        alike = [text for text in texts if plain_name(text) == plain_name(words)]
        if len(alike) != 1:
            raise NotOffered(texts)
        control.select_option(label=alike[0])
        return
    if kind != "listbox":
        control.click()
    # The list may be drawn anywhere in the page, so it is looked for in all of it: the one list that is open.
    listbox = control if kind == "listbox" else page.get_by_role("listbox").filter(visible=True)
    listbox.wait_for()
    option = listbox.get_by_role("option", name=whole(words))
    if option.count() != 1:
        raise NotOffered([plain_name(text) for text in listbox.get_by_role("option").all_text_contents()])
    option.click()


def offered(page: Page, box: Locator) -> list[str]:
    """The words that the one control in ``box`` offers; a list that had to be opened for that stays open.

    Raises:
        NotOneControl: the box has no control, or several.
    """
    control, kind, _ = _control(box)
    if kind == "radio":
        words: list[str] = control.evaluate_all(_LABELS)
        return words
    if kind == "select":
        return [plain_name(text) for text in control.locator("option").all_text_contents()]
    if kind != "listbox":
        control.click()
    listbox = control if kind == "listbox" else page.get_by_role("listbox").filter(visible=True)
    listbox.wait_for()
    return [plain_name(text) for text in listbox.get_by_role("option").all_text_contents()]


def chosen(box: Locator) -> str:
    """The words that the one control in ``box`` shows as chosen; empty when none is.

    Raises:
        NotOneControl: the box has no control, or several.
    """
    _, _, shown = _control(box)
    return plain_name(shown)


def _control(box: Locator) -> tuple[Locator, str, str]:
    """The control, its kind, and the words it shows as chosen; the radio buttons of a box are one control."""
    controls = choice_controls(box)
    seen: list[tuple[str, str]] = [(one["kind"], one["shown"]) for one in controls.evaluate_all(_LOOK)]
    kinds = [kind for kind, _ in seen]
    if kinds and set(kinds) == {"radio"}:
        return controls, "radio", "".join(shown for _, shown in seen)
    if kinds.count("combobox") == 1 and set(kinds) <= {"combobox", "button"}:
        # A combobox is a field with a button of its own that opens the same list.
        return controls.and_(box.get_by_role("combobox")), *seen[kinds.index("combobox")]
    if len(seen) != 1:
        raise NotOneControl(len(seen))
    return controls, *seen[0]


# What is seen of an element, without the characters of icon fonts, and as the page spells it: a style sheet may draw
# it in upper case.
_WORDS = """const squeeze = (text) => text.replace(/[\\ue000-\\uf8ff]/g, "").replace(/\\s+/g, " ").trim();
const words = (element) => {
    const seen = squeeze(element?.innerText ?? ""), spelt = squeeze(element?.textContent ?? "");
    return seen.toLowerCase() === spelt.toLowerCase() ? spelt : seen;
};
const label = (radio) => radio.getAttribute("aria-label") || words(radio.labels?.[0] ?? radio);"""

_LABELS = f"(radios) => {{ {_WORDS} return radios.map(label); }}"

_LOOK = f"""(controls) => {{
    {_WORDS}
    const isChosen = (radio) => radio.checked || radio.getAttribute("aria-checked") === "true";
    const look = (control) => {{
        const role = control.getAttribute("role");
        if (control.tagName === "SELECT") return {{ kind: "select", shown: control.selectedOptions[0]?.text ?? "" }};
        if (control.type === "radio" || role === "radio")
            return {{ kind: "radio", shown: isChosen(control) ? label(control) : "" }};
        if (control.tagName === "INPUT") return {{ kind: "combobox", shown: control.value }};
        if (role === "listbox")
            return {{
                kind: "listbox",
                shown: words(control.querySelector("[role=option][aria-selected=true]")),
            }};
        return {{ kind: "button", shown: words(control) }};
    }};
    return controls.map(look);
}}"""
