"""A practice Admin: the real one's screens, words and server behaviour, on this machine, with made-up orders.

The demo and the browser tests drive it, and people may try things on it. It keeps a journal of what arrived
and has switches for what can go wrong.
"""

from bot.sandbox.faults import Faults
from bot.sandbox.generation import Generation
from bot.sandbox.journal import CancelRecord, CodeRecord, CommerceCancelRecord, Journal, RequestRecord
from bot.sandbox.server import Face, Sandbox
from bot.sandbox.shop import EXAMPLES, UNKNOWN_ORDER, Order, Shop, Store

__all__ = [
    "EXAMPLES",
    "UNKNOWN_ORDER",
    "CancelRecord",
    "CodeRecord",
    "CommerceCancelRecord",
    "Face",
    "Faults",
    "Generation",
    "Journal",
    "Order",
    "RequestRecord",
    "Sandbox",
    "Shop",
    "Store",
]
