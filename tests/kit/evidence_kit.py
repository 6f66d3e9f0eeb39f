"""A second evidence store, which has no folder, and a page that is nothing but its picture."""

import errno
from collections.abc import Mapping
from typing import cast

from playwright.sync_api import Page

from bot.cancel.attempt import Attempt
from bot.evidence.store import EVIDENCE
from bot.ledger import Event, Ledger
from bot.pack import Pack


class MemoryStore:
    """Evidence in this process's memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def __str__(self) -> str:
        return "the memory"

    def add(self, name: str, content: bytes) -> None:
        if name in self.files:
            raise FileExistsError(errno.EEXIST, "File exists", name)
        self.files[name] = content

    def link(self, name: str) -> str:
        return name

    def get(self, name: str, limit: int | None = None, *, sha256: str = "") -> bytes:
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, "No such file", name)
        return self.files[name][:limit]

    def list(self, under: str = EVIDENCE) -> Mapping[str, int]:
        return {name: len(self.files[name]) for name in sorted(self.files) if _is_under(name, under)}

    def remove(self, under: str = EVIDENCE) -> None:
        self.files = {name: content for name, content in self.files.items() if not _is_under(name, under)}


def _is_under(name: str, under: str) -> bool:
    return name == under or name.startswith(f"{under}/")


class PicturePage:
    """As much of a page as a picture of it needs."""

    def __init__(self, picture: bytes) -> None:
        self.picture = picture

    def evaluate(self, script: str, told: object = None) -> int:
        return 0  # it never changes

    def screenshot(self, **_: object) -> bytes:
        return self.picture


class AdminWithPicture:
    """As much of an Admin as a recorder needs to take its picture; its trail is the ledger's."""

    holds_secret = signed_out = False

    def __init__(self, ledger: Ledger, order: str, picture: bytes) -> None:
        self.ledger = ledger
        self.attempt = Attempt(order=order)
        self.page = cast(Page, PicturePage(picture))
        self.pack = cast(Pack, None)

    def note(self, event: Event, **told: object) -> None:
        self.ledger.trail.note(event, order=self.attempt.order, **told)
