"""The lines that a screen's landmarks make: in order, without data, and compared line by line."""

import pytest

from bot.checks.check.landmarks import differences, landmarks
from bot.checks.check.model import Box
from bot.checks.check.snapshot import Snapshot, is_data, neutral, parse_aria

KNOWN = ("Status", "Recent orders:")


def lines(snapshot: str, *data: str) -> tuple[str, ...]:
    window = Box(0, 0, 1440, 1000)
    return landmarks(Snapshot(tuple(parse_aria(snapshot)), (), (), (), window, window), KNOWN, data)


def test_a_line_is_a_role_and_a_name_in_order_whatever_the_nesting() -> None:
    flat = '- button "Back" [box=1,2,3,4]\n- heading "Order details" [level=2] [box=1,2,3,4]'
    deep = (
        '- main [box=0,0,9,9]:\n  - list [box=0,0,9,9]:\n    - listitem:\n      - button "Back" [box=5,6,7,8]\n'
        '  - heading "Order details" [level=3]'
    )
    assert lines(flat) == ('button "Back"', 'heading "Order details"')
    assert lines(deep) == ("main", *lines(flat))


def test_icons_and_states_are_no_part_of_a_line() -> None:
    assert lines('- link "\ue616 Sales" [box=0,0,1,1]\n- button "Save" [disabled] [box=0,0,1,1]') == (
        'link "Sales"',
        'button "Save"',
    )


def test_a_name_in_quotes_is_read() -> None:
    assert lines("- 'heading \"Store: it''s \\\"north\\\"\" [level=2] [box=0,0,1,1]'") == (
        'heading "Store: it\'s "north""',
    )


def test_rows_are_data_and_their_heads_are_not() -> None:
    assert lines(
        '- table:\n  - row "Status Total":\n    - columnheader "Status"\n    - columnheader "Total"\n'
        '  - row "Shipped $ 5":\n    - cell "Shipped":\n      - link "Ann Other"\n- button "Next"'
    ) == ("table", 'columnheader "Status"', 'columnheader "Total"', 'button "Next"')


def test_of_texts_only_those_that_the_pack_knows_make_a_line() -> None:
    assert lines('- text: "Recent orders:"\n- paragraph: Ann Other\n- term: Status\n- definition: Shipped') == (
        'text "Recent orders:"',
        'text "Status"',
    )


def test_what_every_card_repeats_is_there_once() -> None:
    card = '- heading "{}"\n- button "View Store"\n- button "Action"\n'
    two, four = (
        lines("".join(card.format(name) for name in names), "north", "south", "east", "west")
        for names in (("north", "south"), ("north", "south", "east", "west"))
    )
    assert two == four == ('heading "{data}"', 'button "View Store"', 'button "Action"')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order 112-1215998-3002091", "Order {order}"),
        ("Feb 13, 2020, 1:02 PM", "{date}"),
        ("2026-03-01 02:14", "{date}"),
        ("Total: $ 1,249.95", "Total: {amount}"),
        ("mail ann@buyer.example", "mail {e-mail}"),
        ("of 4 pages", "of {n} pages"),
        ("Cancel Order", "Cancel Order"),
        ("Ann Other's order", "{data}'s order"),
        ("Active Listings", "Active Listings"),
        ("Active", "{data}"),
    ],
)
def test_what_is_data_in_a_text_is_neutral(text: str, expected: str) -> None:
    data = ("Ann Other", "Active")
    assert neutral(text, data) == expected
    assert is_data(text, data) == (text != expected)


def test_what_went_and_what_came_is_told_with_its_place() -> None:
    before, after = ("main", 'button "Back"', 'button "Cancel Order"'), ("main", 'button "Back"', 'button "Void"', "x")
    assert differences(before, after) == (
        '  button "Back"',
        '- button "Cancel Order"',
        '+ button "Void"',
        "+ x",
    )
    assert differences(before, before) == ()
    assert differences((), ("main",)) == ("  (the beginning)", "+ main")
