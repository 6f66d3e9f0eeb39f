"""A page as evidence: its picture, and its words. Buyers' data can be masked in both; secrets are in neither."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from loguru import logger
from playwright.sync_api import Page

from bot.admin.changes import changes_so_far, motion_ends
from bot.admin.look import Request, ask, find, known_labels, request_for
from bot.pack import Pack
from bot.pack.model import READ_ONLY_KINDS
from bot.secrecy import Clean
from bot.wording import cut

JPEG_QUALITY = 60
"""Out of 100: small text stays sharp, a picture is about 40 kB."""

TRIES = 5
"""How often a page is photographed that changes between its mask and its picture."""

LONGEST_MOTION = 1.0
"""Seconds that a page is given to end what moves on it before it is photographed."""

LONGEST_LINE = 2_000
"""A longer line of a page's words, in characters, is left out: no line of an Admin is that long, and what is private in
it could not be found in reasonable time."""

LONGEST_PAGE = 100_000
"""How many characters of a page's words are written down at most."""


_SESSIONS_OWN = re.compile(r"(/key/|form_key[=/])[0-9A-Za-z]{16,}")
"""Keys that belong to one session of an Admin, as its addresses have them: they open its links."""


def photograph(page: Page, pack: Pack, *, masked: bool, careful: bool) -> bytes:
    """A picture of the page as it is, as JPEG; what fades, slides or closes on it has come to its end.

    A page that changed between the mask and the picture is taken again: what it has drawn meanwhile was not masked. One
    that goes on changing is covered as a whole.

    Args:
        page: the page.
        pack: says what is private on it, and which fields hold secrets.
        masked: whether buyers' data is hidden.
        careful: whether fields are searched for secrets; a page into which none was typed has none.
    """
    with _secrets_hidden(page, pack) if careful else nullcontext():
        for _ in range(TRIES):
            changes = motion_ends(page, LONGEST_MOTION, _private(pack, act="mask") if masked else None)
            # Hiding the caret, Playwright's default, would leave traces in the document.
            picture = page.screenshot(type="jpeg", quality=JPEG_QUALITY, caret="initial")
            if not masked or changes_so_far(page) == changes:
                return picture
        logger.warning("the page went on changing while it was photographed, so all of it is masked")
        everything = [page.locator("body")]
        return page.screenshot(type="jpeg", quality=JPEG_QUALITY, caret="initial", mask=everything, mask_color="#777")


def words(page: Page, pack: Pack, *, masked: bool, clean: Clean, explain: Callable[[], Sequence[str]] = tuple) -> str:
    """The page in words: the messages on it and its ARIA snapshot.

    Args:
        page: the page.
        pack: says what is private on it, and which fields hold secrets.
        masked: whether buyers' data is hidden.
        clean: takes secrets out of the words, should the page show one; the keys in addresses are never in them.
        explain: gives lines to begin with; called while the fields with secrets are empty.
    """
    messages = find(page, request_for(pack.screens["answer"], "messages", {}), "words").all_inner_texts()
    with _secrets_hidden(page, pack):
        explanation = explain()
        snapshot = page.locator("body").aria_snapshot(timeout=5000)
    lines = [*explanation, "Messages on the screen:", *(messages or ["none"]), ""]
    text = _without_long_lines("\n".join([*lines, "The page (ARIA snapshot):", snapshot]))
    if masked:
        for private in sorted(ask(page, "read", _private(pack, act="words")), key=len, reverse=True):
            if 1 < len(private) <= LONGEST_LINE:  # the longer ones went with their lines
                text = re.sub(rf"(?<!\w){_as_written(private)}(?!\w)", "[masked]", text)
    text = _SESSIONS_OWN.sub(r"\1[key]", text)
    # Cut last: what is left of half a secret, or half a name, would not be recognized.
    return cut(clean(text), LONGEST_PAGE)


def _without_long_lines(text: str) -> str:
    return "\n".join(
        line if len(line) <= LONGEST_LINE else f"[a line of {len(line):,} characters is left out]"
        for line in text.split("\n")
    )


@contextmanager
def _secrets_hidden(page: Page, pack: Pack) -> Iterator[None]:
    """While the block runs, the fields that the pack marks as secret are empty; the page is not told."""
    # Only screens that may appear at any time have such fields, and those know no facts of an order.
    fields = [
        request_for(spec, name, {})
        for spec in pack.interruptions()
        for name, element in spec.elements.items()
        if element.secret
    ]
    # What was typed stays in the page, where it is anyway.
    if not ask(page, "conceal", {"fields": fields, "again": False}):
        yield
        return
    try:
        yield
    finally:
        ask(page, "conceal", {"fields": fields, "again": True})


def _as_written(words: str) -> str:
    """A pattern for these words in an ARIA snapshot, which puts some texts in quotes and escapes them there."""
    written = {"'": "'{1,2}", '"': r'\\*"', "\\": r"\\+", " ": r"\s+"}
    return "".join(written.get(sign) or re.escape(sign) for sign in words)


def _private(pack: Pack, *, act: str) -> Request:
    """The request to mask everything that the pack marks as private until the page is read next, or for its words."""
    named = [(spec, name) for spec in pack.screens.values() for name in spec.elements if spec.elements[name].private]
    private = [spec.elements[name] for spec, name in named]
    return {
        "boxes": [
            request_for(spec, name, {}) for spec, name in named if spec.elements[name].kind not in READ_ONLY_KINDS
        ],
        "fields": {str(place): element.field for place, element in enumerate(private) if element.field},
        "columns": {str(place): element.column for place, element in enumerate(private) if element.column},
        "known": [label for spec in pack.screens.values() for label in known_labels(spec)],
        "act": act,
    }
