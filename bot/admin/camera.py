"""A page as evidence: its picture, and its words. Buyers' data can be masked in both; secrets are in neither."""

import io
import re
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from loguru import logger
from playwright.sync_api import Page

from bot.admin.changes import changes_so_far, motion_ends, wait_for_change
from bot.admin.look import ask, find, request_for
from bot.admin.private import mask_private, private_words
from bot.pack import Pack
from bot.pack.describe import visible_words
from bot.secrecy import Clean
from bot.wording import cut

JPEG_QUALITY = 60
"""Out of 100: small text stays sharp, a picture is about 40 kB."""

TRIES = 5
"""How often a page is photographed that changes between its mask and its picture."""

MASKED_WHOLE = "This page is masked whole."

CHANGING = "It went on changing while it was photographed."
"""Why a picture shows nothing of a page."""

COVER, LETTERS = (180, 186, 194), (40, 44, 52)
"""The color of what is masked, and of what is written on it."""

LONGEST_MOTION = 1.0
"""Seconds that a page is given to end what moves on it before it is photographed."""

LONGEST_DRAWING = 1.0
"""Seconds that a page is given to show that it may be photographed."""

LONGEST_LINE = 2_000
"""A longer line of a page's words, in characters, is left out: no line of an Admin is that long, and what is private in
it could not be found in reasonable time."""

LONGEST_PAGE = 100_000
"""How many characters of a page's words are written down at most."""


_SESSIONS_OWN = re.compile(r"(/key/|form_key[=/])[0-9A-Za-z]{16,}")
"""Keys that belong to one session of an Admin, as its addresses have them: they open its links."""


def photograph(page: Page, pack: Pack, *, masked: bool, careful: bool, signed_out: bool = False) -> bytes:
    """A picture of the page as it is, as JPEG; what fades, slides or closes on it has come to its end.

    A page that changed between the mask and the picture is taken again: what it has drawn meanwhile was not masked. A
    page that goes on changing, and one of which it is not known what is private (``bot.admin.private``), is not
    photographed: the picture says so in its place.

    Args:
        page: the page.
        pack: says what is private on it, and which fields hold secrets.
        masked: whether buyers' data is hidden.
        careful: whether fields are searched for secrets; a page into which none was typed has none.
        signed_out: whether nobody was signed in when the page was opened, so that it shows no buyers' data.
    """
    with _secrets_hidden(page, pack) if careful else nullcontext():
        if not masked:
            motion_ends(page, LONGEST_MOTION)
            return _picture(page)
        hide, tries, deadline = "", 0, time.monotonic() + LONGEST_DRAWING
        while tries < TRIES:
            private = mask_private(page, pack, LONGEST_MOTION, signed_out=signed_out)
            hide = private.hide
            if hide and (left := deadline - time.monotonic()) > 0:
                wait_for_change(page, private.changes, left)  # it may still be drawing what it is known by
                continue
            picture = b"" if hide else _picture(page)
            if changes_so_far(page) == private.changes:
                break
            hide, tries = CHANGING, tries + 1
        if not hide:
            return picture
    logger.info("the page is masked whole in its picture: {}", hide)
    return _cover(page, hide)


def words(
    page: Page,
    pack: Pack,
    *,
    masked: bool,
    clean: Clean,
    explain: Callable[[], Sequence[str]] = tuple,
    signed_out: bool = False,
) -> str:
    """The page in words: the messages on it and its ARIA snapshot. Of a page that may not be shown, only those words of
    the pack that are on it.

    Args:
        page: the page.
        pack: says what is private on it, and which fields hold secrets.
        masked: whether buyers' data is hidden.
        clean: takes secrets out of the words, should the page show one; the keys in addresses are never in them.
        explain: gives lines to begin with; called while the fields with secrets are empty.
        signed_out: as for ``photograph``.
    """
    if not masked:
        text = _whole(page, pack, explain)
    else:
        before = private_words(page, pack, signed_out=signed_out)
        text = "" if before.hide else _whole(page, pack, explain)
        after = private_words(page, pack, signed_out=signed_out)  # the page may have changed meanwhile
        if hide := before.hide or after.hide:
            known = _known(page, pack)
            text = "\n".join([f"{MASKED_WHOLE} {hide}", "", "Words on it that the pack knows:", *known])
        for private in sorted({*before.words, *after.words} if not hide else (), key=len, reverse=True):
            if 1 < len(private) <= LONGEST_LINE:  # the longer ones went with their lines
                text = re.sub(rf"(?<!\w){_as_written(private)}(?!\w)", "[masked]", text)
    text = _SESSIONS_OWN.sub(r"\1[key]", text)
    # Cut last: what is left of half a secret, or half a name, would not be recognized.
    return cut(clean(text), LONGEST_PAGE)


def _whole(page: Page, pack: Pack, explain: Callable[[], Sequence[str]]) -> str:
    messages = find(page, request_for(pack.screens["answer"], "messages", {}), "words").all_inner_texts()
    with _secrets_hidden(page, pack):
        explanation = explain()
        snapshot = page.locator("body").aria_snapshot(timeout=5000)
    lines = [*explanation, "Messages on the screen:", *(messages or ["none"]), ""]
    return _without_long_lines("\n".join([*lines, "The page (ARIA snapshot):", snapshot]))


def _known(page: Page, pack: Pack) -> Iterator[str]:
    """The words of the pack that can be read on the page, each in a line."""
    body = {"kind": "css", "css": "body", "within": None, "hidden": True}
    read = " ".join(" ".join(find(page, body, "words").all_inner_texts()).split()).lower()
    found = [words for words in _words_of(pack) if re.search(rf"(?<!\w){re.escape(words.lower())}(?!\w)", read)]
    yield from (f"- {words}" for words in found or ["none"])


def _words_of(pack: Pack) -> list[str]:
    words = [words for texts in pack.info.statuses.values() for words in texts]
    for spec in (*pack.screens.values(), *pack.in_other_languages):
        words += spec.labels
        for element in spec.elements.values():
            words += [visible_words(element), *element.has, *element.words]
    return sorted({" ".join(one.split()) for one in words if one and "{" not in one})


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


def _picture(page: Page) -> bytes:
    # Hiding the caret, Playwright's default, would leave traces in the document.
    return page.screenshot(type="jpeg", quality=JPEG_QUALITY, caret="initial")


def _cover(page: Page, why: str) -> bytes:
    """A picture of the same size that says why the page is not shown."""
    from PIL import Image, ImageDraw, ImageFont

    width, height = page.evaluate("() => [innerWidth, innerHeight]")
    picture = Image.new("RGB", (max(1, width), max(1, height)), COVER)
    size = max(12, width // 50)
    lines = [MASKED_WHOLE, *textwrap.wrap(why, max(20, int(1.5 * width / size)))]
    draw, letters = ImageDraw.Draw(picture), ImageFont.load_default(size)
    draw.multiline_text((2 * size, 2 * size), "\n".join(lines), LETTERS, letters, spacing=size // 2)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()
