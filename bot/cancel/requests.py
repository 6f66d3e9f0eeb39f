"""What a request would cancel, read from the request as it is about to leave: its method, address and body.

The extension cancels in two ways: by the mutation ``cancelOrder`` at the app's endpoint, and by the form of the
classic cancel page, which also acts on a bare GET. Both are known here for every pack, whatever screens it describes;
a pack can add a way of its own. GraphQL is known by the operation that it asks for, never by words that a note or a
name may hold.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from graphql import DocumentNode, OperationDefinitionNode, SelectionSetNode

_PARTS_OF_A_CALL = frozenset({"query", "operationName", "variables", "extensions"})
"""What a GraphQL call can have in an address; one of them is enough to make it a call."""

LONGEST_QUERY = 20_000
"""Tokens of a GraphQL document that are read at most; the app's own have some hundred."""


class Allowed(Protocol):
    """What a permit allows, as far as a request can show it."""

    @property
    def order(self) -> str:
        """The Amazon order number."""

    @property
    def store_id(self) -> str:
        """The store, as the app's addresses and requests name it; empty where they do not."""

    @property
    def row_id(self) -> str:
        """The order's row, as the classic pages' addresses and forms name it; empty where they do not."""

    @property
    def merchant_id(self) -> str:
        """The store, as the classic pages' addresses and forms name it; empty where they do not."""


class Unreadable(ValueError):
    """A request to an address that cancels orders, whose meaning cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it is about to leave the browser."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    """None where it has one that the browser did not give, such as a file."""

    @property
    def content_type(self) -> str:
        """The whole header; empty without one."""
        return next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")

    @property
    def kind(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to cancel orders: an address, and what the request calls the order, its row, the store and the reason.

    With ``mutation`` it is a GraphQL endpoint, and the names are those of the mutation's arguments; without, a form,
    and they are those of its fields.
    """

    address: str
    """Whole parts of a path, such as ``channel/amazon/graphql``."""
    mutation: str = ""
    order: str = ""
    row: str = ""
    store: str = ""
    reason: str = "reason"

    def is_at(self, url: str) -> bool:
        """Whether an address is this one, whatever stands before and after it in the path."""
        return f"/{self.address.strip('/')}/".lower() in f"{unquote(urlsplit(url).path)}/".lower()


GRAPHQL = Way(address="channel/amazon/graphql", mutation="cancelOrder", order="orderId", store="uuid", reason="reason")
FORM = Way(address="channel/amazon/order_cancel_save", order="order_id", row="id", store="merchant_id", reason="reason")
KNOWN_WAYS = (GRAPHQL, FORM)
"""The ways of the extension itself, in every version."""


def with_known(ways: Iterable[Way]) -> tuple[Way, ...]:
    """These ways and those of the extension itself; a pack's names hold where it names the same request."""
    return tuple({(way.address.strip("/").lower(), way.mutation): way for way in (*KNOWN_WAYS, *ways)}.values())


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """One cancel that a request asks for. What it does not say is None; what it says twice, differently, too."""

    way: Way
    order: str | None = None
    row: str | None = None
    store: str | None = None
    reason: str | None = None
    contradicts_itself: bool = field(default=False)

    def differs_from(self, permit: Allowed, reasons: Iterable[str]) -> str:
        """Why this is not the cancel that the permit allows, in words that end a sentence; empty if it is.

        Needs the words that may stand for the permit's reason on the wire.
        """
        if self.contradicts_itself:
            return "names two different orders at once"
        if self.order is not None and self.order != permit.order:
            return f"names order {_shown(self.order)}"
        if self.way.mutation:
            if self.order is None:
                return "names no order"
            if not permit.store_id or self.store != permit.store_id:
                return f"names store {_shown(self.store)}"
        else:
            if not permit.row_id or self.row != permit.row_id:
                return f"names row {_shown(self.row)}"
            if self.store is not None and permit.merchant_id and self.store != permit.merchant_id:
                return f"names the store with the number {_shown(self.store)}"
        if self.reason not in {*reasons}:
            return f"gives the reason {_shown(self.reason)}"
        return ""


def _shown(value: str | None) -> str:
    return "none" if value is None else repr(value[:80])


def cancels_in(sent: Sent, ways: Iterable[Way] = KNOWN_WAYS) -> list[Cancel]:
    """Every cancel that a request asks for; empty for one that cancels nothing.

    Raises:
        Unreadable: it goes to an address that cancels orders, and what it asks for cannot be read.
    """
    return [cancel for way in ways if way.is_at(sent.url) for cancel in _cancels(sent, way)]


def _cancels(sent: Sent, way: Way) -> Iterator[Cancel]:
    if not way.mutation:
        yield _form_cancel(sent, way)
        return
    for call in _calls(sent):
        yield from _mutations(call, way)


# --- Forms ---


def _form_cancel(sent: Sent, way: Way) -> Cancel:
    """A classic form: the server takes its fields from the path, the query and the body alike."""
    values: dict[str, set[str]] = {}
    for name, value in [*_path_pairs(sent.url, way), *parse_qsl(urlsplit(sent.url).query), *_fields(sent)]:
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


def _fields(sent: Sent) -> list[tuple[str, str]]:
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


# --- GraphQL ---


def _calls(sent: Sent) -> list[dict[str, Any]]:
    """The GraphQL calls of a request: several where they are sent in a batch, or in its address and its body."""
    in_address = dict(parse_qsl(urlsplit(sent.url).query))
    if sent.body is None:
        raise Unreadable("its body is not there to be read")
    if not sent.body:
        return [_unpacked(in_address)] if in_address.keys() & _PARTS_OF_A_CALL else []
    # Which of the two a server takes, where both have a text, is not known here.
    calls = [_unpacked(in_address)] if "query" in in_address else []
    if sent.kind == "application/graphql":
        return [*calls, _unpacked({**in_address, "query": sent.body.decode(errors="replace")})]
    if sent.kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = dict(_fields(sent))
        return [*calls, *(_read_json(form["operations"]) if "operations" in form else [_unpacked(in_address | form)])]
    return [*calls, *_read_json(sent.body)]


def _json(text: bytes | str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable("its body is not JSON") from wrong


def _read_json(text: bytes | str) -> list[dict[str, Any]]:
    said = _json(text)
    calls = said if isinstance(said, list) else [said]
    if not all(isinstance(call, dict) for call in calls):
        raise Unreadable("its body is no GraphQL call")
    return calls


def _unpacked(form: Mapping[str, str]) -> dict[str, Any]:
    """A call whose parts came as texts: its variables are JSON inside JSON."""
    variables = form.get("variables")
    return {**form, "variables": _json(variables) if variables else {}}


def _mutations(call: Mapping[str, Any], way: Way) -> Iterator[Cancel]:
    variables = call.get("variables") or {}
    name = call.get("operationName")
    if not isinstance(variables, dict):
        raise Unreadable("its variables are no object")
    query = call.get("query")
    if not query:
        # A query that the server knows by its hash: the names of the operation and of its variables are all there is.
        if not isinstance(name, str) or not name:
            raise Unreadable("it does not say what it asks for")
        if name == way.mutation or {way.order, way.reason} <= variables.keys():
            yield _cancel(way, variables)
        return
    if not isinstance(query, str):
        raise Unreadable("its query is no text")
    document = _parsed(query)
    for operation in _operations(document, name):
        if operation.operation.value != "mutation":
            continue
        known = {**_defaults(operation), **variables}
        for arguments in _fields_named(way.mutation, operation.selection_set, document, known, frozenset()):
            yield _cancel(way, arguments)


def _cancel(way: Way, arguments: Mapping[str, Any]) -> Cancel:
    def said(name: str) -> str | None:
        value = arguments.get(name)
        return None if value is None else str(value)

    return Cancel(way=way, order=said(way.order), store=said(way.store), reason=said(way.reason))


@lru_cache(maxsize=64)
def _parsed(query: str) -> "DocumentNode":
    from graphql import GraphQLError, parse  # only where something is sent

    try:
        return parse(query, no_location=True, max_tokens=LONGEST_QUERY)
    except (GraphQLError, RecursionError) as wrong:
        raise Unreadable("its query is not GraphQL") from wrong


def _operations(document: "DocumentNode", name: object) -> list["OperationDefinitionNode"]:
    """The operations that the server may carry out: the named one, or all where none, or no such, is named."""
    from graphql import OperationDefinitionNode

    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return [one for one in found if one.name is not None and one.name.value == name] or found


def _defaults(operation: "OperationDefinitionNode") -> dict[str, Any]:
    from graphql.utilities import value_from_ast_untyped

    return {
        one.variable.name.value: value_from_ast_untyped(one.default_value)
        for one in operation.variable_definitions or ()
        if one.default_value is not None
    }


def _fields_named(
    name: str,
    selections: "SelectionSetNode",
    document: "DocumentNode",
    variables: dict[str, Any],
    entered: frozenset[str],
) -> Iterator[dict[str, Any]]:
    """The arguments of every field of that name at the top of an operation, under any alias, fragments included."""
    from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode
    from graphql.pyutils import Undefined
    from graphql.utilities import value_from_ast_untyped

    for one in selections.selections:
        if isinstance(one, FieldNode):
            if one.name.value == name:
                values = {
                    part.name.value: value_from_ast_untyped(part.value, variables) for part in one.arguments or ()
                }
                yield {part: value for part, value in values.items() if value is not Undefined}
        elif isinstance(one, InlineFragmentNode):
            yield from _fields_named(name, one.selection_set, document, variables, entered)
        elif isinstance(one, FragmentSpreadNode) and one.name.value not in entered:
            for part in document.definitions:
                if isinstance(part, FragmentDefinitionNode) and part.name.value == one.name.value:
                    inside = entered | {part.name.value}
                    yield from _fields_named(name, part.selection_set, document, variables, inside)
