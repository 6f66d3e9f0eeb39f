"""Choosing one of several words from every kind of control, and reading back what a person sees as chosen."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page

from bot.admin import Admin
from bot.admin.choice import NotOffered, NotOneControl, choose, chosen
from bot.admin.look import Match, find, request_for
from bot.errors import ChoiceAmbiguous, ChoiceNotOffered, ElementAmbiguous, ElementMissing
from bot.pack import Pack, load_pack

pytestmark = pytest.mark.sampled(4)

LABEL = "Reason for cancellation"
WORDS = ("No Inventory", "Buyer Canceled", "Buyer Canceled Late", "Customer Return")
READERS = "position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip:rect(0,0,0,0);white-space:nowrap"

SCRIPT = """<script>
var words = %s;
// A button or a field, and a list that is drawn at the end of the page, far from it.
function opens(control, show) {
  control.onclick = () => {
    const list = document.createElement("ul");
    list.setAttribute("role", "listbox");
    for (const word of words) {
      const option = document.createElement("li");
      option.setAttribute("role", "option");
      option.append(word);
      option.onclick = () => { show(word); list.remove(); };
      list.append(option);
    }
    setTimeout(() => document.body.append(list));
  };
}
</script>"""


def options(words: tuple[str, ...]) -> str:
    return "<option value=''>Please select</option>" + "".join(f"<option value={n}>{x}" for n, x in enumerate(words))


def radios(words: tuple[str, ...], one: str = "<label><input type=radio name=r> {}</label>") -> str:
    return "".join(one.format(word, number=number) for number, word in enumerate(words))


def button(words: tuple[str, ...], attributes: str = "aria-haspopup=listbox") -> str:
    return (
        SCRIPT
        % list(words)
        + f"<span id=label>{LABEL}</span><button id=b {attributes} aria-labelledby='label b'>Select a reason</button>"
        "<script>opens(b, (word) => { b.textContent = word + ' \ue628'; })</script>"
    )


def combobox(words: tuple[str, ...], more: str = "") -> str:
    return (
        SCRIPT % list(words)
        + f"<label for=c>{LABEL}</label><input id=c role=combobox aria-expanded=false>{more}"
        + "<script>opens(c, (word) => { c.value = word; })</script>"
    )


def twin(words: tuple[str, ...]) -> str:
    return f"<label><b>{LABEL}</b><select>{options(words)}</select></label>"


PAINTED = (
    "<label style='position:relative'><input type=radio name=r style='position:absolute;opacity:0'>"
    "<i style='display:inline-block;width:14px;height:14px;background:#ccc'></i><span>{}</span></label><br>"
)
ARIA_RADIO = (
    '<div role=radio aria-checked=false tabindex=0 onclick="for (const one of this.parentElement.children)'
    " one.setAttribute('aria-checked', one === this)\">{}</div>"
)
LISTBOX = (
    '<div role=option aria-selected=false onclick="for (const one of this.parentElement.children)'
    " one.setAttribute('aria-selected', one === this)\">{}</div>"
)

CONTROLS: dict[str, Callable[[tuple[str, ...]], str]] = {
    "select": lambda words: f"<label for=s>{LABEL}</label><select id=s>{options(words)}</select>",
    "select in its label": lambda words: f"<label>{LABEL} <select>{options(words)}</select></label>",
    "select in a paragraph of its own": lambda words: f"<p>{LABEL}</p><p><select>{options(words)}</select></p>",
    "select with groups": lambda words: f"<p>{LABEL}</p><select><optgroup label=x>{options(words)}</optgroup></select>",
    "select that lists all": lambda words: f"<p>{LABEL}</p><select size=9>{options(words)}</select>",
    "button with a list elsewhere": button,
    "button that is a combobox": lambda words: button(words, "role=combobox aria-haspopup=listbox"),
    "button before a native twin without a box": lambda words: (
        button(words)
        + f"<div aria-hidden=true style='{READERS}'><label>{LABEL}<select>{options(words)}</select></label></div>"
    ),
    "button beside a native twin whose label is an element of its own": lambda words: (
        button(words)
        .replace("<button", f"<div><div aria-hidden=true style='{READERS}'>{twin(words)}</div><button", 1)
        .replace("</button>", "</button></div>", 1)
    ),
    "button before a native twin that is not drawn": lambda words: (
        button(words) + f"<select style='display:none' aria-label='{LABEL}'>{options(words)}</select>"
    ),
    "combobox": combobox,
    "combobox with a button": lambda words: combobox(words, "<button aria-haspopup=listbox>v</button>"),
    "list": lambda words: f"<p>{LABEL}</p><div role=listbox aria-label=x>{radios(words, LISTBOX)}</div>",
    "fieldset": lambda words: f"<fieldset><legend>{LABEL}</legend>{radios(words)}</fieldset>",
    "radio group": lambda words: f"<b id=l>{LABEL}</b><div role=radiogroup aria-labelledby=l>{radios(words)}</div>",
    "radio buttons without a group": lambda words: f"<p>{LABEL}</p>{radios(words)}",
    "painted radio buttons": lambda words: f"<p>{LABEL}</p>{radios(words, PAINTED)}",
    "radio buttons without inputs": lambda words: f"<p>{LABEL}</p><div>{radios(words, ARIA_RADIO)}</div>",
    "upper case by style": lambda words: f"<style>*{{text-transform:uppercase}}</style>{button(words)}",
    "radio buttons in upper case by style": lambda words: (
        f"<style>*{{text-transform:uppercase}}</style><p>{LABEL}</p>" + radios(words)
    ),
}


def dialog(inside: str) -> str:
    return (
        f"<main><p>{LABEL}</p></main><div role=dialog><h2>Cancel Order</h2><p>Other</p><div>{inside}</div>"
        "<button>Confirm</button></div>"
    )


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all tests of this module: each puts its own document into it."""
    with closing(browser.new_page()) as page:
        page.set_default_timeout(60_000)
        yield page


@pytest.fixture
def screen(page: Page) -> Admin:
    pack: Pack = load_pack("asc-4.3")
    return Admin(page, pack, "https://shop.example/admin", patience=60)


def reason(page: Page) -> Match:
    """The box of the reason, as it is now."""
    (box,) = find(page, request_for(load_pack("asc-4.3").screens["cancel_dialog"], "reason", {}), "choice").matches
    return box


@pytest.fixture(params=CONTROLS.values(), ids=list(CONTROLS))
def control(request: pytest.FixtureRequest) -> Callable[[tuple[str, ...]], str]:
    made: Callable[[tuple[str, ...]], str] = request.param
    return made


def test_every_word_can_be_chosen_and_reads_back(
    page: Page, screen: Admin, control: Callable[[tuple[str, ...]], str]
) -> None:
    page.set_content(dialog(control(WORDS)))
    assert chosen(reason(page)) not in WORDS
    for words in (WORDS[1], WORDS[2], WORDS[0]):
        choose(screen, reason(page), words)
        assert chosen(reason(page)) == words


def test_words_that_are_not_offered_whole_are_refused(
    page: Page, screen: Admin, control: Callable[[tuple[str, ...]], str]
) -> None:
    for words in ("Buyer", "Buyer Cancele", "buyer canceled", "Buyer Canceled."):
        page.set_content(dialog(control(WORDS)))
        with pytest.raises(NotOffered) as refused:
            choose(screen, reason(page), words)
        assert [one for one in refused.value.offered if one != "Please select"] == list(WORDS)
        assert chosen(reason(page)) not in WORDS


def test_words_that_are_offered_twice_are_refused(
    page: Page, screen: Admin, control: Callable[[tuple[str, ...]], str]
) -> None:
    page.set_content(dialog(control((*WORDS, WORDS[1]))))
    with pytest.raises(NotOffered):
        choose(screen, reason(page), WORDS[1])
    assert chosen(reason(page)) not in WORDS


def test_two_controls_at_one_label_are_refused(page: Page, screen: Admin) -> None:
    page.set_content(dialog(f"<p>{LABEL}</p><select>{options(WORDS)}</select><select>{options(WORDS)}</select>"))
    for act in (lambda: choose(screen, reason(page), WORDS[0]), lambda: chosen(reason(page))):
        with pytest.raises(NotOneControl) as refused:
            act()
        assert refused.value.count == 2


def test_a_select_beside_radio_buttons_is_refused(page: Page, screen: Admin) -> None:
    page.set_content(dialog(f"<p>{LABEL}</p>{radios(WORDS)}<select>{options(WORDS)}</select>"))
    with pytest.raises(NotOneControl):
        chosen(reason(page))


def test_another_control_further_off_is_not_the_labels(page: Page, screen: Admin) -> None:
    own = f"<div><label>{LABEL}</label><select id=own>{options(WORDS)}</select></div>"
    page.set_content(dialog(f"<select>{options(WORDS)}</select>{own}<div><select>{options(WORDS)}</select></div>"))
    choose(screen, reason(page), WORDS[1])
    assert page.locator("select").evaluate_all("(all) => all.map((one) => one.selectedIndex)") == [0, 2, 0]


# --- As a flow sees it ---


DIALOG = "The cancel dialog"


def test_a_reason_that_is_not_offered_is_named_with_those_that_are(page: Page, screen: Admin) -> None:
    page.set_content(dialog(CONTROLS["select"](WORDS)))
    with pytest.raises(ChoiceNotOffered) as refused:
        screen.screen("cancel_dialog").choose("reason", "Carrier Coverage Failure")
    assert str(refused.value) == (
        "The cancel dialog: 'Carrier Coverage Failure' is not among the choices of reason, which are: "
        "Please select, No Inventory, Buyer Canceled, Buyer Canceled Late, Customer Return."
    )


def test_a_choice_without_choices_offers_none(page: Page, screen: Admin) -> None:
    page.set_content(dialog(f"<p>{LABEL}</p><select></select>"))
    with pytest.raises(ChoiceNotOffered) as refused:
        screen.screen("cancel_dialog").choose("reason", "No Inventory")
    assert str(refused.value) == (
        "The cancel dialog: 'No Inventory' is not among the choices of reason, which are: none."
    )


@pytest.mark.parametrize("kind", ["select", "button with a list elsewhere", "radio buttons without a group"])
def test_of_two_reasons_that_read_alike_neither_is_chosen(page: Page, screen: Admin, kind: str) -> None:
    twice = ("No Inventory", "Buyer Canceled", "Buyer\u00a0 Canceled")
    page.set_content(dialog(CONTROLS[kind](twice)))
    with pytest.raises(ChoiceAmbiguous) as refused:
        screen.screen("cancel_dialog").choose("reason", "Buyer Canceled")
    assert str(refused.value) == (
        "The cancel dialog: 'Buyer Canceled' is 2 times among the choices of reason, so none of them was chosen."
    )


def test_a_reason_that_only_looks_like_the_wanted_one_is_said_to(page: Page, screen: Admin) -> None:
    page.set_content(dialog(CONTROLS["select"](("No Inventory", "Buyer \u0421anceled"))))
    with pytest.raises(ChoiceNotOffered) as refused:
        screen.screen("cancel_dialog").choose("reason", "Buyer Canceled")
    assert str(refused.value) == (
        "The cancel dialog: 'Buyer Canceled' is not among the choices of reason, which are: Please select, No "
        "Inventory, Buyer \u0421anceled (they look alike: U+0421 in place of U+0043)."
    )


def test_two_controls_are_said_to_be_two(page: Page, screen: Admin) -> None:
    page.set_content(dialog(f"<p>{LABEL}</p><select></select><select></select>"))
    with pytest.raises(ElementAmbiguous) as refused:
        screen.screen("cancel_dialog").chosen("reason")
    assert str(refused.value) == (
        "The cancel dialog: reason (the reason given to Amazon) was found 2 times, so none of them was used."
    )


def test_no_control_is_said_to_be_missing(page: Page, screen: Admin) -> None:
    page.set_content(dialog(f"<p>{LABEL}</p><input>"))
    screen.patience = 0.2  # all of it is there from the beginning
    with pytest.raises(ElementMissing) as refused:
        screen.screen("cancel_dialog").chosen("reason")
    assert str(refused.value) == "The cancel dialog: reason (the reason given to Amazon) is not there."
