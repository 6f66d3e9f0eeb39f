import pytest
from run_kit import run_info

from bot import wording
from bot.outcomes import OrderResult, Outcome
from bot.vocabulary import Reason, Status
from bot.wording import OUTCOME_WORDS, Group


def test_every_outcome_has_words() -> None:
    assert set(OUTCOME_WORDS) == set(Outcome)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_heap_of_an_outcome_agrees_with_what_the_outcome_says_of_itself(outcome: Outcome) -> None:
    group = OUTCOME_WORDS[outcome].group

    assert (group is Group.DONE, group is Group.PERSON) == (outcome.is_success, outcome.needs_a_person)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_short_words_are_short(outcome: Outcome) -> None:
    assert len(OUTCOME_WORDS[outcome].short) <= 18


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]never closed", "never closed"),
        ("a\x1bPq#0\x1b\\b", "ab"),
        ("a\rb\nc\td\x00e\x08f", "a b c def"),
        ("abc\u202edef\u2066g", "abcdefg"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud83d", "half \ufffd"),
        ("  two   words ", "two words"),
        ("Grüße, 見本 [bold]", "Grüße, 見本 [bold]"),
    ],
)
def test_text_from_outside_is_made_harmless(given: str, shown: str) -> None:
    assert wording.harmless(given) == shown


def test_a_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert wording.cut("a" * 2_000) == "a" * 2_000
    assert wording.cut("a" * 10_000_000) == "a" * 2_000 + "... (10,000,000 characters)"


def test_a_cell_keeps_its_spaces_and_is_one_line() -> None:
    assert wording.harmless_cell("a  b\r\nc\td\x1b[2Je\u202e\u3164\ud83d") == "a  b c de\ufffd"


def test_harmless_lines_keep_their_breaks() -> None:
    assert wording.harmless_lines("a\r\n\tb\u202e\x1b[2J\nc") == "a\n    b\nc"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (Status.UNSHIPPED, Status.CANCELED, "Unshipped -> Canceled"),
        (Status.PARTIALLY_SHIPPED, None, "Partially shipped"),
        (None, None, ""),
    ],
)
def test_statuses_are_told_as_a_change(before: Status | None, after: Status | None, shown: str) -> None:
    result = OrderResult(
        order="112-1215998-3002091",
        store="Nordwind UK",
        reason=Reason.NO_INVENTORY,
        outcome=Outcome.CANCELED,
        status_before=before,
        status_after=after,
        message="",
    )

    assert wording.status_change(result) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (4.24, "4.2 s"),
        (9.97, "10 s"),
        (59.7, "1 min"),
        (123, "2 min 3 s"),
        (3599.6, "1 h"),
        (3840, "1 h 4 min"),
    ],
)
def test_lengths_of_time_are_told_for_people(seconds: float, shown: str) -> None:
    assert wording.duration(seconds) == shown


@pytest.mark.parametrize(
    ("outcomes", "command", "line"),
    [
        ([], "run", "No orders"),
        ([Outcome.CANCELED], "run", "1 of 1 order canceled"),
        (
            [Outcome.CANCELED, Outcome.ALREADY_CANCELED, Outcome.UNKNOWN, Outcome.FAILED, Outcome.SKIPPED],
            "run",
            "2 of 5 orders canceled, 1 needs a person, 1 not canceled, 1 skipped",
        ),
        ([Outcome.UNKNOWN, Outcome.CANCELED_NOT_SENT], "run", "0 of 2 orders canceled, 2 need a person"),
        (
            [Outcome.WOULD_CANCEL, Outcome.ALREADY_CANCELED, Outcome.NOT_CANCELABLE],
            "dry run",
            "1 of 3 orders would be canceled, 1 already canceled, 1 would not be",
        ),
        ([Outcome.NOT_FOUND], "plan", "0 of 1 order would be canceled, 1 would not be"),
        ([Outcome.REVERTED, Outcome.CANCELED], "run", "1 of 2 orders canceled, 1 needs a person"),
        ([Outcome.REVERTED, Outcome.WOULD_CANCEL], "plan", "1 of 2 orders would be canceled, 1 needs a person"),
        (
            [Outcome.ALREADY_CANCELED, Outcome.REVERTED, Outcome.FAILED],
            "audit",
            "1 of 3 orders still canceled, 1 needs a person, 1 not looked at again",
        ),
        ([Outcome.WOULD_CANCEL, Outcome.CANCELED], "run", "1 of 2 orders would be canceled, 1 canceled"),
    ],
)
def test_the_headline_counts_every_order_once(outcomes: list[Outcome], command: str, line: str) -> None:
    assert wording.headline(outcomes, command) == line


# --- What is known of Amazon, and when to look again ---


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        (
            [Outcome.CANCELED, Outcome.ALREADY_CANCELED, Outcome.UNKNOWN],
            "The Admin accepted 1 cancel and put it into its queue; its cron job tells Amazon later, and shows nothing "
            "if that fails: run countermand audit 4 hours after this run.",
        ),
        (
            [Outcome.CANCELED] * 1_200,
            "The Admin accepted 1,200 cancels and put them into its queue; its cron job tells Amazon later, and shows "
            "nothing if that fails: run countermand audit 4 hours after this run.",
        ),
        ([Outcome.ALREADY_CANCELED, Outcome.CANCELED_NOT_SENT, Outcome.REVERTED], ""),
        ([], ""),
    ],
)
def test_a_run_that_canceled_something_says_what_is_known_of_amazon_and_when_to_look_again(
    outcomes: list[Outcome], line: str
) -> None:
    assert wording.audit_sentence(run_info(), outcomes) == line


def test_the_demo_says_what_a_real_admin_would_do() -> None:
    assert wording.audit_sentence(run_info(command="demo"), [Outcome.CANCELED]) == (
        "A real Admin's cron job tells Amazon later, and shows nothing if that fails: run countermand audit 4 hours "
        "after a real run."
    )


@pytest.mark.parametrize("command", ["plan", "dry run", "audit"])
def test_what_cancels_nothing_says_nothing_of_amazon(command: str) -> None:
    outcomes = [Outcome.WOULD_CANCEL, Outcome.ALREADY_CANCELED, Outcome.REVERTED, Outcome.FAILED]
    assert wording.audit_sentence(run_info(command=command), outcomes) == ""


def test_an_audit_says_which_orders_it_looks_at_where_a_run_names_its_list() -> None:
    audit = run_info(command="audit", job_list="canceled in the last 24h")
    assert wording.opening(audit, 2) == "Audit: 2 orders canceled in the last 24h, at shop.example as bot"
    assert wording.opening(run_info(), 2) == "Run: 2 orders from jobs.yaml, at shop.example as bot"


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("Nordwind UK", "Nordwind U\u041a", " (they look alike: U+004B in place of U+041A)"),
        ("\u0430\u0430 b", "aa b", " (they look alike: U+0430 in place of U+0061)"),
        ("a\u2013b", "a-b", " (they look alike: U+2013 in place of U+002D)"),
        ("a  b", "a\u00a0b", ""),  # compared as one name
        ("Caf\u00e9", "Cafe\u0301", ""),  # likewise
        ("north", "south", ""),
        ("north", "north 2", ""),
        ("\uff21BC", "ABC", " (they look alike: U+FF21 in place of U+0041)"),
        ("Phone \u260e", "Phone \u260e\ufe0f", " (they look alike: 0 of U+FE0F in place of 1)"),
        ("a\u2026", "a...", " (they look alike: 1 of U+2026 in place of 0, 0 of U+002E in place of 3)"),
        ("\u0646\u0648\u0631", "\u0646\u0648\u0631\u200f", " (they look alike: 0 of U+200F in place of 1)"),
    ],
)
def test_names_that_look_alike_are_told_apart(one: str, other: str, told: str) -> None:
    assert wording.apart(one, other) == told


def test_a_name_is_compared_with_its_letters_composed_and_its_spaces_as_one() -> None:
    assert wording.plain_name(" Cafe\u0301\u00a0 No\u0308rd ") == "Caf\u00e9 N\u00f6rd"
