"""The generations of the Amazon Sales Channel's screens that the practice Admin can have."""

from enum import StrEnum


class Generation(StrEnum):
    """Which extension's screens are served; each is named like the pack that describes it."""

    ASC_2 = "asc-2"
    """2.x and 3.x: pages of the server, a grid of orders whose row action leads to an order."""
    ASC_4_0 = "asc-4.0"
    """4.0 to 4.2: the app's lists; order numbers lead to the Commerce order, and that to pages of the server."""
    ASC_4_3 = "asc-4.3"
    """4.3 and later: the app, and nothing but the app."""

    @property
    def has_app(self) -> bool:
        """Whether the lists of orders are the app's."""
        return self is not Generation.ASC_2

    @property
    def is_classic(self) -> bool:
        """Whether an order's page and the one that cancels it are pages of the server."""
        return self is not Generation.ASC_4_3
