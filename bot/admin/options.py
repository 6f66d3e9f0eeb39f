"""What one Admin is told about how to work, in one object that travels through every layer."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AdminOptions:
    """How to work at an Admin. The settings have the same names, but for ``direct``,
    ``by_hand`` and ``behind_proxy``.
    """

    patience: float = 30
    """Seconds to wait for a screen."""
    settle: float = 5
    """Seconds for which an order's page is opened again after Confirm while it does not say Canceled."""
    recover_after: float = 300
    """Seconds after which a Confirm that was never answered, of an order that still is Unshipped, is believed never to
    have arrived."""
    allowed_hosts: Collection[str] = ()
    """Hosts besides the Admin's own that links may lead to."""
    direct: bool = False
    """Whether an order is opened by its address once its store was reached, instead of by clicks."""
    by_hand: bool = False
    """Whether a person sees the browser and can sign in where the program cannot."""
    behind_proxy: bool = False
    """Whether the Admin is reached through a proxy, and nothing but the browser may try to reach it."""
