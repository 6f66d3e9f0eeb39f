"""GraphQL calls, read: known by the operation that they ask for, never by words that a note or a name may hold."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from bot.cancel.cancels import Cancel, Sent, Unreadable, Way
from bot.cancel.forms import fields

if TYPE_CHECKING:
    from graphql import DocumentNode, OperationDefinitionNode, SelectionSetNode

_PARTS_OF_A_CALL = frozenset({"query", "operationName", "variables", "extensions"})
"""What a GraphQL call can have in an address; one of them is enough to make it a call."""

LONGEST_QUERY = 20_000
"""Tokens of a GraphQL document that are read at most; the app's own have some hundred."""


def mutations_in(sent: Sent, way: Way) -> Iterator[Cancel]:
    """Every cancel that the GraphQL calls of a request ask for.

    Raises:
        Unreadable: one of them cannot be read.
    """
    for call in _calls(sent):
        yield from _mutations(call, way)


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
        form = dict(fields(sent))
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
