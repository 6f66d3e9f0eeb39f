"""What the practice Admin says in other languages."""

import pytest

from bot.errors import CannotStart
from bot.money import amount
from bot.sandbox import Sandbox
from bot.sandbox.languages import LANGUAGES, Speech, speech


@pytest.fixture(params=LANGUAGES)
def spoken(request: pytest.FixtureRequest) -> Speech:
    return Speech(request.param)


def test_english_needs_no_words() -> None:
    assert speech("en_US") is None


def test_words_keep_the_space_around_them_and_names_stay_as_they_are() -> None:
    german = Speech("de_DE")
    assert german.text(" Back ") == " Zurück "
    assert german.text("Michael Blankenship") == "Michael Blankenship"
    assert german.text("Store Name: Back") == "Shop-Name: Zurück"
    assert german.text("Status updated to Unshipped.") == "Status auf Nicht versandt geändert."
    assert Speech("fr_FR").text("Status:") == "Statut\u00a0:"


@pytest.mark.parametrize(
    ("code", "dollars", "number", "date", "moment"),
    [
        ("nl_NL", "$\u00a01.249,95", "121,80", "2 apr. 2020", "2 apr. 2020 19:42"),
        ("de_DE", "1.249,95\u00a0$", "121,80", "2. Apr. 2020", "2. Apr. 2020 19:42"),
        ("fr_FR", "1\u202f249,95\u00a0$", "121,80", "2 avr. 2020", "2 avr. 2020 19:42"),
    ],
)
def test_amounts_and_dates_have_the_languages_form(
    code: str, dollars: str, number: str, date: str, moment: str
) -> None:
    told = Speech(code).data(
        {
            "items": [{"total": "$ 1,249.95", "date": "Apr 2, 2020"}],
            "order": {"total": "121.80", "buyer": "Jan 1, 2020"},
        }
        | {"store": {"updated": "Apr 2, 2020, 7:42 PM", "name": "Back"}}
    )
    assert told == {
        "items": [{"total": dollars, "date": date}],
        "order": {"total": number, "buyer": "Jan 1, 2020"},
        "store": {"updated": moment, "name": "Back"},
    }


@pytest.mark.parametrize("english", ["$ 1,249.95", "CAN $ 102.75", "121.80", "$ 12,345,678.90", "0.50"])
def test_every_form_is_the_same_amount(spoken: Speech, english: str) -> None:
    assert amount(spoken.money(english)) == amount(english)


@pytest.mark.parametrize(
    ("shown", "same"),
    [("121,80 €", "121.80"), ("€ 1.249,95", "1249.95"), ("1\u202f249,95\u00a0€", "1249.95"), ("−121,80 €", "-121.80")],
)
def test_euros_are_compared_too(shown: str, same: str) -> None:
    assert str(amount(shown)) == same


def test_a_page_is_turned_in_its_texts_and_not_in_its_scripts() -> None:
    page = Speech("de_DE").page(
        '<html lang="en"><head><title>Back</title></head><body title="Back" class="Back"><p>Don\'t Allow</p>'
        "<script>x = 'Back' > Back < 1</script><a>Next &gt;</a></body></html>"
    )
    before, _, rest = page.partition('<script type="application/json" id="words">')
    assert before == '<html lang="de-DE"><head><title>Zurück</title>'
    assert rest.partition("</script>\n")[2] == (
        '</head><body title="Zurück" class="Back"><p>Nicht erlauben</p>'
        "<script>x = 'Back' > Back < 1</script><a>Weiter &gt;</a></body></html>"
    )


def test_a_language_that_it_does_not_speak_is_named() -> None:
    with pytest.raises(CannotStart) as caught:
        Sandbox(language="sv_SE")
    assert str(caught.value) == ("The practice Admin does not speak 'sv_SE': it speaks en_US, nl_NL, de_DE, fr_FR.")
