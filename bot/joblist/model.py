"""The shape of a job list, and the rules for each of its values: what a job is, and what a file may contain.

The rules speak for themselves: each says in one sentence what is wrong with a value and what is allowed.
"""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, Final, TypeGuard

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    WithJsonSchema,
    field_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bot.files import FORBIDDEN, did_you_mean, one_of, shown
from bot.vocabulary import AMAZON_ORDER_NUMBER, Reason
from bot.wording import INVISIBLE, plain_name

MOST_ORDERS: Final = 100_000
"""How many orders one list may hold."""

_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,4})?")
_BREAK: Final = re.compile(r"[\t\n\r]")
_BY_WORDS: Final = {reason.label: reason for reason in Reason} | {reason.value: reason for reason in Reason}
_LABELS: Final = tuple(reason.label for reason in Reason)


def is_order_number(value: Any) -> TypeGuard[str]:
    """Whether it is a complete Amazon order number, in the digits 0 to 9."""
    return isinstance(value, str) and value.isascii() and AMAZON_ORDER_NUMBER.fullmatch(value) is not None


def _order_number(value: Any) -> Any:
    if is_order_number(value):
        return value
    how = "write three, seven and seven digits, such as 112-1215998-3002091"
    if isinstance(value, str) and value:
        raise ValueError(f"{shown(value)} is not an Amazon order number{_looks_like_one(value)}: {how}")
    raise ValueError(f"An Amazon order number is missing here: {how}")


_SIGNS: Final = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212\uff0dlI|Oo", "-------11100")
"""Signs that look like those of an order number."""


def _looks_like_one(value: str) -> str:
    """What keeps a text from being the order number that it looks like, in brackets; empty if it does not look so."""
    meant = "".join(str(unicodedata.decimal(sign, sign)) for sign in value.translate(_SIGNS))
    if not is_order_number(meant):
        return ""
    differ = dict.fromkeys((wrong, right) for wrong, right in zip(value, meant, strict=True) if wrong != right)
    told = (f"{wrong if wrong.isascii() else f'U+{ord(wrong):04X}'} in place of {right}" for wrong, right in differ)
    return f" (it only looks like one: {', '.join(told)})"


def _reason(value: Any) -> Any:
    if isinstance(value, str) and (reason := _BY_WORDS.get(" ".join(value.split()))):
        return reason
    allowed = f"llowed are {one_of(_LABELS)}, or their codes, such as {Reason.NO_INVENTORY.value}"
    if isinstance(value, str) and value:
        near = did_you_mean(value, _LABELS)
        raise ValueError(f"{shown(value)} is not a reason: {near}{'A' if near else 'a'}{allowed}")
    raise ValueError(f"A reason is missing here: a{allowed}")


def _amount(value: Any) -> Any:
    if not isinstance(value, str) or _AMOUNT.fullmatch(value):
        return value
    how = "write digits, with a point before the cents and no currency sign, such as 121.80"
    raise ValueError(f"{shown(value)} is not an amount: {how}")


def unseen_in(name: str) -> str:
    """The first character of a name that nobody sees; empty if it has no such character.

    A joiner inside of an emoji, or inside of a script whose letters it joins or parts, is seen by what it does.
    """
    for found in _UNSEEN.finditer(name):
        before, after = name[: found.start()][-1:], name[found.end() :][:1]
        joins = before and after and all(unicodedata.category(sign) in _JOINED for sign in before + after)
        if found[0] not in _JOINERS or not joins:
            return found[0]
    return ""


_JOINED: Final = frozenset({"Lo", "Mn", "Mc", "So", "Sk"})
"""Kinds of characters that joiners stand between: letters without capitals, marks, emoji and their skin tones."""

_JOINERS: Final = "\u200c\u200d"
_UNSEEN: Final = re.compile(f"{INVISIBLE.pattern}|[{_JOINERS}]")


def _text(what: str, most: int, *, least: int = 1, is_name: bool = False) -> BeforeValidator:
    """One line of ``least`` to ``most`` characters; spaces around it do not count. A name is compared: see above."""

    def check(value: Any) -> Any:
        if not isinstance(value, str):
            return value  # pydantic says what it should have been
        if is_name and (sign := unseen_in(value)):
            raise ValueError(f"The {what} holds the character U+{ord(sign):04X}, which is invisible: remove it")
        text = value.strip()
        if len(text) < least:
            raise ValueError(f"The {what} is empty: write some text")
        if len(text) > most:
            raise ValueError(f"The {what} has {len(text):,} characters: at most {most} are allowed")
        if not text.isprintable() and (_BREAK.search(text) or FORBIDDEN.search(text)):
            raise ValueError(f"The {what} must be one line of text without tabs or invisible characters")
        return plain_name(text) if is_name else text

    return BeforeValidator(check)


_NAME_SCHEMA: Final = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200})
OrderNumber_ = Annotated[
    str,
    BeforeValidator(_order_number),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{3}-[0-9]{7}-[0-9]{7}$"}),
]
Store_ = Annotated[str, _text("store", 200, is_name=True), _NAME_SCHEMA]
Reason_ = Annotated[Reason, BeforeValidator(_reason), WithJsonSchema({"enum": list(_BY_WORDS)})]
_Total = Annotated[
    Decimal,
    BeforeValidator(_amount),
    Field(ge=0),
    WithJsonSchema({"type": ["string", "number"], "minimum": 0, "pattern": f"^{_AMOUNT.pattern}$"}),
]
_Buyer = Annotated[str, _text("buyer", 200, is_name=True), _NAME_SCHEMA]
_NOTE_SCHEMA: Final = WithJsonSchema({"type": ["string", "number"], "maxLength": 500})  # YAML: note: 4711

_ORDER: Final = "Amazon order number of three, seven and seven digits, such as 112-1215998-3002091"
_STORE: Final = "Name of the store, exactly as Amazon Sales Channel shows it"
_REASON: Final = "Reason for cancellation: what the Admin calls it, or its code"
_NOTE: Final = "Your own note, such as a ticket number; it appears in the report"
_EXPECT: Final = "What the Admin must show for this order; if it shows something else, nothing is canceled"
_TOTAL: Final = "Order total: digits, a point before the cents, no currency sign"
_BUYER: Final = "Buyer's name"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expect(_Model):
    """What the Admin must show for an order before it may be canceled; None is not compared."""

    total: _Total | None = Field(default=None, description=_TOTAL)
    buyer: _Buyer | None = Field(default=None, description=_BUYER)


class Job(_Model):
    """One order to cancel, with nothing left to look up in the rest of the list."""

    order: OrderNumber_ = Field(description=_ORDER)
    store: Store_ = Field(description=_STORE)
    reason: Reason_ = Field(description=_REASON)
    note: Annotated[str, _text("note", 500, least=0), _NOTE_SCHEMA] = Field(default="", description=_NOTE)
    expect: Expect = Field(default=Expect(), description=_EXPECT)


class JobList(_Model):
    """All jobs of a list, in its order; no order is in it twice."""

    file: str = Field(description="The file as the user named it")
    jobs: tuple[Job, ...]
    remarks: tuple[str, ...] = Field(default=(), description="What was not used of the file, in sentences")

    @field_validator("jobs")
    @classmethod
    def _once_each(cls, jobs: tuple[Job, ...]) -> tuple[Job, ...]:
        if len({job.order for job in jobs}) < len(jobs):
            raise ValueError("an order is in the list twice")
        return jobs


# The same as written in a file. There a key may be left out, but not left empty: an empty `total:` would look
# like a check without checking anything.


def _filled(value: Any) -> Any:
    if value is None:
        raise ValueError("A value is missing here: write one, or leave the key out")
    return value


class ExpectInFile(_Model):
    """``expect`` of an order."""

    model_config = ConfigDict(title="Expected", json_schema_extra={"description": f"{_EXPECT}."})

    total: Annotated[_Total | None, BeforeValidator(_filled)] = Field(default=None, description=_TOTAL)
    buyer: Annotated[_Buyer | None, BeforeValidator(_filled)] = Field(default=None, description=_BUYER)


class OrderInFile(_Model):
    """An order that is more than its number."""

    model_config = ConfigDict(title="Order", json_schema_extra={"description": "One order with its own details."})

    order: OrderNumber_ = Field(description=_ORDER)
    store: Store_ = Field(default="", description=f"{_STORE}; without it, that of the list")
    reason: Annotated[Reason_ | None, BeforeValidator(_reason)] = Field(
        default=None, description=f"{_REASON}; without it, that of the list"
    )
    note: Annotated[str, _text("note", 500), _NOTE_SCHEMA] = Field(default="", description=_NOTE)
    expect: ExpectInFile = Field(default=ExpectInFile(), description=_EXPECT)


def _form(item: Any) -> str:
    return "mapping" if isinstance(item, dict) else "number"


def _a_few(orders: Any) -> Any:
    if orders is None or orders == []:
        raise ValueError("The list has no orders: at least one is needed")
    if isinstance(orders, list) and len(orders) > MOST_ORDERS:
        raise ValueError(f"The list has {len(orders):,} orders: at most {MOST_ORDERS:,} are allowed")
    return orders


class ListInFile(_Model):
    """The whole file."""

    model_config = ConfigDict(title="Job list", json_schema_extra={"description": "Orders for Countermand to cancel."})

    store: Store_ = Field(default="", description=f"{_STORE}; for every order that does not name one")
    reason: Annotated[Reason_ | None, BeforeValidator(_reason)] = Field(
        default=None, description=f"{_REASON}; for every order that does not give one"
    )
    orders: Annotated[
        list[
            Annotated[
                Annotated[OrderNumber_, Tag("number")] | Annotated[OrderInFile, Tag("mapping")],
                Discriminator(_form),
            ]
        ],
        BeforeValidator(_a_few),
        Field(min_length=1, max_length=MOST_ORDERS),
    ] = Field(description="The orders: each is just its number, or a mapping with more details")


LIST_IN_FILE: Final = TypeAdapter(ListInFile)


def job_list_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a job list in YAML, for editors."""
    schema = LIST_IN_FILE.json_schema(schema_generator=_EditorSchema)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


class _EditorSchema(GenerateJsonSchema):
    """Without the values that represent a missing key: in a file they would be mistakes."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])
