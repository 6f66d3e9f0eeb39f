"""A pack in another language: what a layer turns into what, and every mistake that its author can make."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import CannotStart, InputInvalid
from bot.pack import load_pack, packs_folder
from bot.pack.language import codes, xpath_string
from bot.vocabulary import Reason, Status

SHIPPED = ("de_DE", "fr_FR", "nl_NL")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack to make mistakes in."""
    return Path(shutil.copytree(packs_folder() / "asc-4.3", tmp_path / "mine"))


@pytest.fixture
def mistakes(folder: Path) -> Callable[..., str]:
    """Loads the pack in German, and gives what it complains of; files as seen from the pack's folder."""

    def load(language: str = "de_DE") -> str:
        with pytest.raises(InputInvalid) as caught:
            load_pack(folder, language)
        return "\n".join(str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems)

    return load


def edit(folder: Path, old: str, new: str, file: str = "languages/de_DE.yaml") -> tuple[int, int]:
    """Change one place of a file; line and column of it."""
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    before = text[: text.index(old)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def words_line(folder: Path) -> int:
    return (folder / "languages" / "de_DE.yaml").read_text(encoding="utf-8").splitlines().index("words:") + 1


def test_the_shipped_pack_has_four_languages() -> None:
    assert codes(packs_folder() / "asc-4.3") == ["en_US", *SHIPPED]


@pytest.mark.parametrize("language", SHIPPED)
def test_every_shipped_language_loads_and_keeps_all_but_the_words(language: str) -> None:
    english, other = load_pack("asc-4.3"), load_pack("asc-4.3", language)
    assert other.name == f"asc-4.3 in {language}"
    assert other.screens.keys() == english.screens.keys()
    for name, spec in english.screens.items():
        told = other.screens[name]
        assert told.elements.keys() == spec.elements.keys()
        for element, was in spec.elements.items():
            now = told.elements[element]
            kept = {"role", "within", "case", "commits", "private", "secret", "purpose", "observed", "css"}
            assert now.model_dump(include=kept) == was.model_dump(include=kept)
            assert now.kind == was.kind
        assert [check.elements for check in told.checks] == [check.elements for check in spec.checks]
        assert told.interrupts == spec.interrupts


@pytest.mark.parametrize("language", SHIPPED)
def test_every_status_and_reason_is_mapped_back(language: str) -> None:
    pack = load_pack("asc-4.3", language)
    assert {pack.status(words) for texts in pack.info.statuses.values() for words in texts} == set(Status)
    assert pack.info.reasons.keys() == set(Reason)
    assert pack.status("Unshipped") is None


def test_german_words_stand_where_the_english_ones_stood() -> None:
    pack = load_pack("asc-4.3", "de_DE")
    details = pack.screens["order_details"]
    assert details.elements["cancel_order"].name == "Bestellung stornieren"
    assert details.elements["status"].field == "Status"
    assert "Uiterste verzenddatum" not in details.labels
    assert "Spätestes Versanddatum" in details.labels
    assert pack.screens["home"].elements["store_names"].before == "Magento-Website"
    assert pack.screens["side_menu_missing"].elements["sign"].xpath == (
        "//body[.//*[contains(concat(' ', @class, ' '), ' admin-user ')]//*[@title=\"Mein Konto\"]][\n"
        "  not(.//a[contains(normalize-space(.), 'Marketing')])]"
    )
    assert pack.status("Teilweise versandt") is Status.PARTIALLY_SHIPPED


def test_messages_stay_english_and_say_what_to_look_for() -> None:
    checks = load_pack("asc-4.3", "de_DE").screens["cancel_dialog"].checks
    assert [check.message for check in checks] == [
        "There is not exactly one dialog open. In German it reads: Stornierungsgrund, Bestätigen.",
        "The dialog does not ask for the Reason for cancellation. In German it reads: Stornierungsgrund.",
        "The button Confirm is not there, exactly once, in the dialog. In German it reads: Bestätigen.",
    ]


def test_the_screens_before_signing_in_may_be_in_another_language() -> None:
    pack = load_pack("asc-4.3", "de_DE", "en_US")
    assert pack.screens["sign_in"].elements["username"].label == "Username"
    assert pack.screens["sign_in_refused"].elements["sign_in"].name == "Sign in"
    assert pack.screens["two_factor"].elements["code"].label == "Authenticator-Code"
    assert pack.sign_in_title == "English"


def test_the_other_languages_are_looked_for_and_not_ones_own() -> None:
    assert [spec.screen for spec in load_pack("asc-4.3").in_other_languages] == [
        *(f"sign_in_in_{code.lower()}" for code in SHIPPED),
        *(f"home_in_{code.lower()}" for code in SHIPPED),
    ]
    names = [spec.screen for spec in load_pack("asc-4.3", "de_DE", "nl_NL").in_other_languages]
    assert names == [
        *("sign_in_in_en_us", "sign_in_in_de_de", "sign_in_in_fr_fr"),
        *("home_in_en_us", "home_in_fr_fr", "home_in_nl_nl"),
    ]


def test_a_language_that_the_pack_has_not_is_named() -> None:
    with pytest.raises(CannotStart) as caught:
        load_pack("asc-4.3", "sv_SE")
    assert str(caught.value) == (
        "The pack asc-4.3 has no language 'sv_SE': name one of those that it has (en_US, de_DE, fr_FR, nl_NL) in "
        "COUNTERMAND_LANGUAGE, or add languages/sv_SE.yaml to it."
    )
    with pytest.raises(CannotStart, match="COUNTERMAND_SIGN_IN_LANGUAGE"):
        load_pack("asc-4.3", "de_DE", "German")


def test_a_pack_without_languages_is_in_english_only(folder: Path) -> None:
    shutil.rmtree(folder / "languages")
    assert load_pack(folder).in_other_languages == ()
    with pytest.raises(CannotStart, match=r"\(en_US\)"):
        load_pack(folder, "de_DE")


# --- Mistakes ---


def test_a_missing_translation_is_named_with_the_screen_that_needs_it(
    folder: Path, mistakes: Callable[..., str]
) -> None:
    edit(folder, "  Apply filters: Filter anwenden\n", "")
    edit(folder, "  Latest ship date: Spätestes Versanddatum\n", "")
    line = words_line(folder)
    assert mistakes().splitlines() == [
        f"languages/de_DE.yaml:{line}:1: there is no translation of 'Apply filters' (screen all_orders, element "
        "apply_filters)",
        f"languages/de_DE.yaml:{line}:1: there is no translation of 'Latest ship date' (screen order_details, labels)",
    ]


def test_a_translation_that_no_screen_needs_is_named_where_it_stands(
    folder: Path, mistakes: Callable[..., str]
) -> None:
    line, _column = edit(folder, "  Currency: Währung\n", "  Currency: Währung\n  Save Order: Bestellung speichern\n")
    assert mistakes() == f"languages/de_DE.yaml:{line + 1}:3: 'Save Order' is on no screen of this pack: remove it"


def test_a_misspelt_key_is_named_with_the_one_that_was_meant(folder: Path, mistakes: Callable[..., str]) -> None:
    line, _column = edit(folder, "  View Store: Shop", "  View Stores: Shop")
    assert mistakes().splitlines() == [
        f"languages/de_DE.yaml:{words_line(folder)}:1: there is no translation of 'View Store' (screen home, element "
        "store_card)",
        f"languages/de_DE.yaml:{line}:3: 'View Stores' is on no screen of this pack: did you mean View Store?",
    ]


def test_words_that_read_otherwise_on_one_screen_are_used_there_alone(folder: Path) -> None:
    file = folder / "languages" / "de_DE.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "screens: {two_factor: {Confirm: Absenden}}\n", encoding="utf-8")
    pack = load_pack(folder, "de_DE")
    assert pack.screens["two_factor"].elements["send_code"].name == "Absenden"
    assert pack.screens["cancel_dialog"].elements["confirm"].name == "Bestätigen"


def test_words_of_a_screen_that_it_has_not_are_named(folder: Path, mistakes: Callable[..., str]) -> None:
    file = folder / "languages" / "de_DE.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "screens: {home: {Confirm: Absenden}}\n", encoding="utf-8")
    line = text.count("\n") + 1
    assert mistakes() == f"languages/de_DE.yaml:{line}:18: 'Confirm' is on no screen of this pack: remove it"


def test_two_labels_of_one_screen_that_become_the_same_are_named(folder: Path, mistakes: Callable[..., str]) -> None:
    line, column = edit(folder, "Items unshipped: Nicht versandte Artikel", "Items unshipped: Versandte Artikel")
    assert mistakes() == (
        f"languages/de_DE.yaml:{line}:{column + 17}: 'Versandte Artikel' is already the translation of 'Items shipped' "
        "on the screen order_details"
    )


def test_what_is_pressed_freely_cannot_get_the_words_of_what_commits(
    folder: Path, mistakes: Callable[..., str]
) -> None:
    line, column = edit(folder, "Back: Zurück", "Back: bestätigen")
    assert mistakes() == (
        f"languages/de_DE.yaml:{line}:{column + 6}: 'bestätigen' is the translation of 'Confirm', which commits"
    )


def test_two_statuses_that_become_the_same_are_named(folder: Path, mistakes: Callable[..., str]) -> None:
    edit(folder, "[Abgeschlossen]", "[Versandt]")
    assert mistakes() == ("languages/de_DE.yaml:1:1: the same words are used for two different statuses or reasons")


def test_a_status_without_words_is_named(folder: Path, mistakes: Callable[..., str]) -> None:
    edit(folder, "  Unshipped: [Nicht versandt]\n", "")
    assert mistakes() == "languages/de_DE.yaml:1:1: no words for status Unshipped"


def test_facts_must_be_the_same_in_braces(folder: Path, mistakes: Callable[..., str]) -> None:
    edit(folder, "    text: Order details\n", '    text: "Order {order}"\n', "order_details.yaml")
    line, _ = edit(folder, "  Currency: Währung\n", '  "Order {order}": Bestellung {store}\n  Currency: Währung\n')
    assert mistakes() == (
        f"languages/de_DE.yaml:{line}:20: 'Bestellung {{store}}' does not have the same facts in braces as 'Order "
        f"{{order}}'"
    )


def test_a_layer_under_another_languages_name_is_named(folder: Path, mistakes: Callable[..., str]) -> None:
    (folder / "languages" / "de_DE.yaml").rename(folder / "languages" / "de_AT.yaml")
    assert mistakes("de_AT") == "languages/de_AT.yaml:1:11: the language is de_DE, its file de_AT.yaml"


def test_mistakes_in_a_language_that_is_not_used_stop_nobody(folder: Path) -> None:
    (folder / "languages" / "de_DE.yaml").write_text("nonsense", encoding="utf-8")
    pack = load_pack(folder, "nl_NL")
    assert [spec.screen for spec in pack.in_other_languages if spec.screen.startswith("home")] == [
        "home_in_en_us",
        "home_in_fr_fr",
    ]


def test_words_that_the_xpath_has_not_are_named(folder: Path, mistakes: Callable[..., str]) -> None:
    file = "interruptions/side_menu_missing.yaml"
    edit(folder, "words: [My Account, Marketing]", "words: [My Account, Promotions]", file)
    assert mistakes() == f"{file}:8:5: words are those that the xpath has in quotes; it has not 'Promotions'"


@pytest.mark.parametrize(
    ("words", "string"),
    [
        ("Zurück", '"Zurück"'),
        ("l'acheteur", '"l\'acheteur"'),
        ('a "b" c\'d', 'concat("a ", \'"\', "b", \'"\', " c\'d")'),
    ],
)
def test_any_words_become_an_xpath_string(words: str, string: str) -> None:
    assert xpath_string(words) == string
