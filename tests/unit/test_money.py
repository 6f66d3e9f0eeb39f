"""Amounts as screens write them, and texts that are no single amount."""

from decimal import Decimal

import pytest

from bot.money import amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$121.80", "121.80"),
        ("$ 121.80", "121.80"),
        ("$\u00a0121.80", "121.80"),
        ("USD 121.80", "121.80"),
        ("121.80 USD", "121.80"),
        ("CA$1,234.50", "1234.50"),
        ("$12,345,678.90", "12345678.90"),
        ("₹1,23,456.00", "123456.00"),
        ("1.234,50 €", "1234.50"),
        ("1 234,50 €", "1234.50"),
        ("1\u202f234\u202f567,50 €", "1234567.50"),
        ("1\u00a0234,5 kr", "1234.50"),
        ("CHF 1'234.50", "1234.50"),
        ("CHF 1\u2019121.80", "1121.80"),
        ("١٢١٫٨٠ ر.س", "121.80"),
        ("١٬١٢١٫٨ ر.س", "1121.80"),
        ("\u06f1\u06f2\u06f1\u066b\u06f8\u06f0", "121.80"),
        ("¥1234", "1234"),
        ("¥1,234", "1234"),
        ("1.234 ₫", "1234"),
        ("$0.00", "0"),
        ("0,5", "0.50"),
        ("Total: $121.80.", "121.80"),
        ("-$5.00", "-5"),
        ("$-5.00", "-5"),
        ("\u22125,00 €", "-5"),
        ("999999999999999999999999.99", "999999999999999999999999.99"),
    ],
)
def test_an_amount_is_read_whatever_signs_group_it(text: str, value: str) -> None:
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "   ", "n/a", "$", "-", "free"])
def test_a_text_without_digits_is_no_amount(text: str) -> None:
    assert amount(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "$121.80 $0.00",
        "121.80 0.00",
        "121.80 100.00",
        "12 1.80",
        "1 2",
        "1234 567",
        "121.80 / 5",
        "2 items: $121.80",
        "10 - 20",
        "1.5e3",
    ],
)
def test_two_amounts_are_never_read_as_one(text: str) -> None:
    assert amount(text) is None


def test_cents_are_told_from_thousands() -> None:
    assert amount("$1,23") != amount("$1,230") != amount("$1.23")


def test_amounts_that_differ_in_one_digit_differ() -> None:
    assert amount("$121.80") != amount("$121.08")
    assert amount("$121.80") != amount("$1,121.80")
    assert amount("$121.80") != amount("-$121.80")
