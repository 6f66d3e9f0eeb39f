"""A practice shop with more orders than the usual one; as a program it serves it as ``python -m bot.sandbox`` does."""

import sys

from bot.sandbox import stock
from bot.sandbox.__main__ import main

ORDERS = 2000
"""Orders in each store, of which about a third can be canceled; the newest are those of the usual shop."""


def enlarge_shop() -> None:
    """Let every new shop of this process be a big one; call it before the first."""
    stock.ORDERS = ORDERS


if __name__ == "__main__":
    enlarge_shop()
    sys.exit(main())
