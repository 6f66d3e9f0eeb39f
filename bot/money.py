"""Amounts as screens and reports write them: ``$ 121.80``, ``CA$1,234.50``, ``1.234,50 €``, ``CHF 1’121.80``."""

import re
from decimal import Decimal

_AMOUNT = re.compile(r"\d{1,3}(?:\s\d{3})+(?!\d)(?:[.,]\d{1,2})?|\d[\d.,']*")
"""Digits that white space groups in threes, or digits with other signs between them: two amounts beside one
another are not one.
"""

_SIGNS = str.maketrans({"\u2019": "'", "\u066b": ".", "\u066c": ","})
"""The apostrophe that Swiss screens write between thousands, and the Arabic signs for decimals and thousands."""


def amount(text: str) -> Decimal | None:
    """The one amount in ``text``; None where it has no amount, or more than one.

    The last point or comma with one or two digits after it is the decimal sign; everything else between digits
    only groups them.
    """
    text = text.translate(_SIGNS)
    found = _AMOUNT.findall(text)
    if len(found) != 1:
        return None
    digits = re.sub(r"\s", "", found[0]).rstrip(".,'")
    parts = re.fullmatch(r"([\d.,']*?)(?:[.,](\d{1,2}))?", digits)
    if parts is None:
        return None
    units = re.sub(r"[.,']", "", parts[1])
    value = Decimal(f"{units or '0'}.{parts[2] or '0'}")
    return -value if re.search(r"[-\u2212]\s*\D{0,4}$", text[: text.index(found[0])]) else value
