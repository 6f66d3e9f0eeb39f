"""The Admin as a person at it sees it: one page, its screens, and the steps taken on it.

This is what flows are given. It can be made around any Playwright ``Page``, such as the ``page`` fixture of
pytest-playwright::

    admin = Admin(page, load_pack("asc-4.3"), "https://shop.example/admin")
"""

from bot.admin.admin import Admin, Callbacks, ReachedStore
from bot.admin.options import AdminOptions
from bot.cancel.attempt import Attempt

__all__ = [
    "Admin",
    "AdminOptions",
    "Attempt",
    "Callbacks",
    "ReachedStore",
]
