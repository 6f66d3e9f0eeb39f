"""Removes secrets from everything that is written or shown: the log, results, messages, and page texts."""

import base64
import html
import json
import re
from collections.abc import Callable, Collection
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"

Clean = Callable[[str], str]


def cleaner(secrets: Collection[str]) -> Clean:
    """A function that hides each of ``secrets`` in a text, also as it looks inside quotes, HTML or an address."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    # The longest first, because one secret may be the beginning of another.
    hide = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))) or r"(?!)")
    return lambda text: hide.sub(HIDDEN, text)


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as it looks in JSON, Python, HTML, addresses and base64."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
        quote_plus(secret, errors="replace"),
        base64.b64encode(secret.encode(errors="replace")).decode(),
    }
