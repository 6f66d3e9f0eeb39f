"""Checking a file's data against a pydantic model, with every mistake in plain words and at its place.

A model's own validators speak for themselves: the text of a ``ValueError`` is taken as it is, so it should be
a sentence that says what is wrong and what is allowed.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from bot.errors import InputInvalid, Problem
from bot.files import did_you_mean, one_of, shown

if TYPE_CHECKING:
    from bot.joblist.yamlfile import Document

T = TypeVar("T")

Path = tuple[str | int, ...]

_KINDS = {
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "iterable": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "model_attributes": "a mapping",
    "mapping": "a mapping",
    "dataclass": "a mapping",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "url": "an address such as https://shop.example/admin",
    "date": "a date such as 2024-01-31",
    "datetime": "a date and time such as 2024-01-31T12:00:00Z",
    "time_delta": "a length of time such as PT30S",
}
"""What a value must be, by the first words of pydantic's error type (``int_parsing``, ``list_type``)."""

_LIMITS = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "finite_number": "must be an ordinary number",
    "string_pattern_mismatch": "must look like {pattern}",
    "string_too_short": "is too short: at least {min_length} characters are needed",
    "string_too_long": "is too long: at most {max_length} characters are allowed",
    "too_short": "has too few items: at least {min_length} are needed",
    "too_long": "has too many items: at most {max_length} are allowed",
}

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_PYDANTICS_OWN = frozenset(get_args(ErrorType))


def validate(model: "type[T] | TypeAdapter[T]", document: "Document") -> T:
    """The document's data as an instance of that model.

    Raises ``InputInvalid`` with every mistake, the document's own ``problems`` too, in the order of the file.
    """
    adapter: TypeAdapter[T] = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    try:
        instance = adapter.validate_python(document.data)
    except ValidationError as error:  # not chained: its text repeats whole values, such as names of buyers
        found = [*document.problems, *problems_of(error, adapter, document)]
        raise InputInvalid(in_order(found)) from None
    if document.problems:
        raise InputInvalid(document.problems)
    return instance


def problems_of(error: ValidationError, adapter: "TypeAdapter[Any]", document: "Document") -> list[Problem]:
    """What that validation of the document found wrong, in the order of the file.

    For readers that look for further mistakes, which no model can see, before they raise. A value that is among
    the document's own ``problems`` is not complained of a second time.
    """
    known = {(problem.line, problem.column) for problem in document.problems}
    found = dict.fromkeys(_Words(adapter, document).problems(error.errors(include_url=False)))
    return in_order(problem for problem in found if (problem.line, problem.column) not in known)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """These mistakes, in the order of the file."""
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


class _Words:
    """Turns pydantic's errors about one document into problems."""

    def __init__(self, adapter: "TypeAdapter[Any]", document: "Document") -> None:
        self.adapter = adapter
        self.document = document
        self._schema: dict[str, Any] | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """The model's JSON Schema, which knows what is allowed where; made when first needed."""
        if self._schema is None:
            try:
                self._schema = self.adapter.json_schema()
            except PydanticInvalidForJsonSchema:  # then the messages name no alternatives
                self._schema = {}
        return self._schema

    def problems(self, errors: Sequence[ErrorDetails]) -> Iterable[Problem]:
        """A problem for each error, and one only for the several kinds that a value might have had."""
        kinds: dict[Path, list[str]] = {}
        complained: set[Path] = set()  # where an alternative of a value got further than its kind
        for error in errors:
            path = self._walk(error)[0]
            kind = _kind(error["type"])
            if kind is None:
                complained.update(path[:n] for n in range(len(path) + 1))
                yield self._problem(error, path)
            else:
                complained.update(path[:n] for n in range(len(path)))
                kinds.setdefault(path, []).append(kind)
        for path, wanted in kinds.items():
            if not path and (keys := self._alternatives([self.schema])[0].get("properties")):
                wanted = [f"a mapping with the keys {one_of(keys)}"]
            if path not in complained:
                yield self.document.problem(path, _wrong_kind(path, self._value(path), wanted))

    def _walk(self, error: ErrorDetails) -> tuple[Path, tuple[bool, ...]]:
        """The error's place in the data, and which steps of its ``loc`` led there.

        The others name alternatives (of a union) that pydantic puts between.
        """
        steps = error["loc"][:-1] if error["type"] == "missing" else error["loc"]
        if steps[-1:] == ("[key]",):
            steps = steps[:-1]
        elif error["type"] == "union_tag_invalid":
            steps = (*steps, _discriminator(error))
        return _follow(self.document.data, steps)

    def _value(self, path: Path) -> Any:
        value: Any = self.document.data
        for step in path:
            value = value[step]
        return value

    def _problem(self, error: ErrorDetails, path: Path) -> Problem:
        kind, context = error["type"], error.get("ctx", {})
        of_key = kind == "extra_forbidden" or error["loc"][-1:] == ("[key]",)
        message = self._message(error, path, kind, context)
        if kind == "missing":
            path = (*path, error["loc"][-1])  # some files have a place for what is not there: an empty cell
        return self.document.problem(path, message, of_key=of_key)

    def _message(self, error: ErrorDetails, path: Path, kind: str, context: dict[str, Any]) -> str:
        if kind == "missing":
            key = str(error["loc"][-1])
            about = self._properties(error).get(key, {}).get("description", "")
            return f"{key} is missing" + (f": {about}" if about else "")
        if kind == "union_tag_not_found":
            return f"{_discriminator(error)} is missing: it says which kind of value this is"
        if kind == "extra_forbidden":
            allowed = list(self._properties(error))
            hint = _allowed(str(path[-1]), allowed) if allowed else "remove it"
            return f"{shown(path[-1])} is not a known key: {hint}"
        if kind == "union_tag_invalid":
            hint = _allowed(str(context["tag"]), _QUOTED.findall(context["expected_tags"]))
            return f"{shown(context['tag'])} is not allowed for {_name(path)}: {hint}"
        if kind in {"enum", "literal_error"}:
            choices = _QUOTED.findall(context["expected"])
            if isinstance(error["input"], str):
                hint = _allowed(error["input"], choices)
                return f"{shown(error['input'])} is not allowed for {_name(path)}: {hint}"
            return _wrong_kind(path, error["input"], [one_of(choices, "or")])
        if kind in {"value_error", "assertion_error"}:
            return str(context.get("error", error["msg"]))
        if kind in _LIMITS:
            return f"{_begin(_name(path))} {_LIMITS[kind].format(**context)}"
        if kind in _PYDANTICS_OWN:
            return f"{_begin(_name(path))} is not right: {error['msg']}"
        return error["msg"]

    def _properties(self, error: ErrorDetails) -> dict[str, Any]:
        """The keys that are allowed where the error is, with their schemas."""
        candidates = self._alternatives([self.schema])
        for step, is_real in zip(error["loc"][:-1], self._walk(error)[1], strict=False):
            if is_real:
                candidates = self._alternatives(_below(candidates, step))
            else:
                candidates = [c for c in candidates if _is_alternative(c, str(step))] or candidates
        return {key: schema for c in candidates for key, schema in c.get("properties", {}).items()}

    def _alternatives(self, schemas: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The schemas behind references and unions."""
        found: list[dict[str, Any]] = []
        for schema in schemas:
            inner = [i for word in ("anyOf", "oneOf", "allOf") for i in schema.get(word, ())]
            if reference := schema.get("$ref"):
                inner.append(self.schema["$defs"][reference.rpartition("/")[2]])
            found.extend(self._alternatives(inner) if inner else [schema])
        return found


def _below(schemas: Iterable[dict[str, Any]], step: str | int) -> Iterable[dict[str, Any]]:
    for schema in schemas:
        inside = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        if inside is None and isinstance(step, str):
            # A mapping whose keys have a pattern of their own describes its values there.
            inside = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
        if isinstance(inside, dict):
            yield inside


def _is_alternative(schema: dict[str, Any], tag: str) -> bool:
    properties = schema.get("properties", {}).values()
    return schema.get("title") == tag or any(p.get("const") == tag for p in properties)


def _follow(data: Any, steps: tuple[str | int, ...]) -> tuple[Path, tuple[bool, ...]]:
    """The longest path through the data along these steps, without steps that lead nowhere."""
    if not steps:
        return (), ()
    step, rest = steps[0], steps[1:]
    leads = (isinstance(data, dict) and step in data) or (
        isinstance(data, list) and isinstance(step, int) and step < len(data)
    )
    if leads:
        path, real = _follow(data[step], rest)
        if not real or real[-1]:
            return (step, *path), (True, *real)
    other_path, other_real = _follow(data, rest)
    if leads and not (other_real and other_real[-1]):
        return (step, *path), (True, *real)
    return other_path, (False, *other_real)


def _discriminator(error: ErrorDetails) -> str:
    """The key whose value decides between the alternatives of a union."""
    return str(error.get("ctx", {}).get("discriminator", "")).strip("'")


def _kind(error_type: str) -> str | None:
    """What the value should have been, if the error is about that and nothing else."""
    if error_type == "none_required":
        return "nothing"
    match = re.fullmatch(r"(\w+?)_(?:attributes_)?(?:type|parsing|from_float)", error_type)
    return _KINDS.get(match[1]) if match else None


def _wrong_kind(path: Path, value: object, wanted: Sequence[str]) -> str:
    name = _begin(_name(path))
    if value is None:
        return f"{name} has no value: write {one_of(dict.fromkeys(wanted), 'or')}"
    found = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else shown(value)
    return f"{name} must be {one_of(dict.fromkeys(wanted), 'or')}, not {found}"


def _allowed(word: str, choices: Sequence[str]) -> str:
    """The choice that was probably meant, if one is near, and all the others."""
    near = did_you_mean(word, choices)
    return f"{near}{'A' if near else 'a'}llowed {'is' if len(choices) == 1 else 'are'} {one_of(choices)}"


def _name(path: Path) -> str:
    if not path:
        return "the file"
    last = path[-1]
    if isinstance(last, str):
        return shown(last)
    return f"item {last + 1} of {_name(path[:-1])}"


def _begin(name: str) -> str:
    """The name at the beginning of a sentence; a key keeps its own spelling."""
    return name[0].upper() + name[1:] if name.startswith(("the file", "item ")) else name
