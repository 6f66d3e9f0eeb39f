"""Secrets, taken out of whatever is written or said: the log, results, messages, and the words of a page."""

import base64
import html
import json
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import get_args
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from bot.environment import read_written
from bot.errors import CountermandError
from bot.files.home import at_home
from bot.settings import Settings, variable
from bot.signin.accounts import read_accounts_file

HIDDEN = "[hidden]"

Clean = Callable[[str], str]


def cleaner(secrets: Collection[str]) -> Clean:
    """Gives texts in which each of ``secrets`` is replaced, also as it looks inside quotes, HTML or an address."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    # The longest first, because one secret may be the beginning of another.
    hide = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))) or r"(?!)")
    return lambda text: hide.sub(HIDDEN, text)


def secrets_that_are_set() -> set[str]:
    """Every secret that the settings name, as it is written there, whether they are valid or not."""
    written = read_written()
    names = {
        variable(name)
        for name, field in Settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    }
    found = {entry.value for entry in written.entries if entry.name in names and entry.value}
    # A file that cannot be read hides nothing; who needs the accounts hears what is wrong with it.
    with suppress(CountermandError, ValueError):
        if accounts := written.value(variable("accounts")):
            found |= read_accounts_file(at_home(accounts)).secrets(written)
    # The spaces of a two-factor secret are taken out before it is used.
    return found | {"".join(value.split()).upper() for value in found if " " in value}


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as JSON, Python, HTML, addresses and base64 write it."""
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
