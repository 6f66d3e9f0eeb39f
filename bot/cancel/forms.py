"""The form of the classic cancel page, read: where a server takes its fields from, and as it takes them."""

import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.cancel.cancels import Cancel, Sent, Unreadable, Way


def form_cancel(sent: Sent, way: Way) -> Cancel:
    """The cancel that a classic form asks for: the server takes its fields from the path, the query and the body alike.

    Raises:
        Unreadable: its body cannot be read.
    """
    values: dict[str, set[str]] = {}
    for name, value in [*_path_pairs(sent.url, way), *parse_qsl(urlsplit(sent.url).query), *fields(sent)]:
        values.setdefault(_as_the_server_calls_it(name), set()).add(value)
    wanted = {part: values.get(getattr(way, part), set()) for part in ("order", "row", "store", "reason")}
    single = {part: next(iter(said)) if len(said) == 1 else None for part, said in wanted.items()}
    twice = any(len(said) > 1 for said in wanted.values())
    return Cancel(
        way=way,
        order=single["order"],
        row=single["row"],
        store=single["store"],
        reason=single["reason"],
        contradicts_itself=twice,
    )


def _as_the_server_calls_it(name: str) -> str:
    """PHP takes ``order.id`` and ``order id`` for ``order_id``, and ``id[0]`` for a part of ``id``."""
    return re.sub(r"[ .]", "_", name.lstrip().partition("[")[0])


def _path_pairs(url: str, way: Way) -> Iterator[tuple[str, str]]:
    """The names and values that follow the address in its path: ``.../id/17/key/...``."""
    path = urlsplit(url).path
    at = unquote(path).lower().find(way.address.strip("/").lower())
    names = [unquote(part) for part in unquote(path)[at + len(way.address.strip("/")) :].split("/") if part]
    return zip(names[::2], names[1::2], strict=False)


def fields(sent: Sent) -> list[tuple[str, str]]:
    """The names and values in the body of a form.

    Raises:
        Unreadable: it is no form, or not one that can be read whole.
    """
    if sent.body is None:
        raise Unreadable("its body is not there to be read")
    if not sent.body:
        return []
    if sent.kind == "application/x-www-form-urlencoded":
        return parse_qsl(sent.body.decode(errors="replace"), keep_blank_values=True)
    if sent.kind == "multipart/form-data":
        return _multipart(sent)
    raise Unreadable(f"its body is of the type {sent.kind or 'that it does not say'}")


def _multipart(sent: Sent) -> list[tuple[str, str]]:
    import python_multipart  # only where a form is sent

    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # what is wrong is told once, below
    body = sent.body or b""
    found: list[tuple[str, str]] = []

    def on_field(part: Any) -> None:
        found.append(((part.field_name or b"").decode(errors="replace"), (part.value or b"").decode(errors="replace")))

    def on_file(part: Any) -> None:
        raise Unreadable("its form holds a file")  # the extension's own form has none

    headers = {"Content-Type": sent.content_type.encode()}
    try:
        python_multipart.parse_form(headers, BytesIO(body), on_field, on_file)
    except Unreadable:
        raise
    except (python_multipart.exceptions.FormParserError, ValueError) as wrong:
        raise Unreadable(f"its form cannot be read ({wrong})") from wrong
    # The parser stops at the end of the form, whatever follows; PHP goes on and takes more fields from there.
    _, parameters = python_multipart.multipart.parse_options_header(sent.content_type)
    end = b"--" + parameters[b"boundary"] + b"--"
    if body.partition(end)[1:] not in {(end, b""), (end, b"\r\n")}:
        raise Unreadable("its form does not end where it says that it ends")
    return found
