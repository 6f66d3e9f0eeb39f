from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from bot.errors import InputInvalid
from bot.joblist.validation import validate
from bot.joblist.yamlfile import read_yaml


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ByRole(Strict):
    kind: Literal["role"]
    role: str
    level: int = 0


class ByText(Strict):
    kind: Literal["text"]
    text: str = Field(description="The words on the screen")


class Screen(Strict):
    name: str = "home"
    colour: Colour = Colour.RED
    count: int = Field(default=1, ge=1)
    shown: bool = False
    price: Decimal = Decimal(0)
    checks: list[str] = []
    short: str = Field(default="", max_length=3)
    found: dict[str, Annotated[ByRole | ByText, Field(discriminator="kind")]] = {}
    either: list[str | ByRole] = []
    keyed: dict[Annotated[str, Field(pattern="^[a-z]+$")], int] = {}

    @field_validator("name")
    @classmethod
    def _good_name(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("bad is not a good name: choose another")
        return value


def checked(text: str) -> Screen:
    Path("screen.yaml").write_text(text, encoding="utf-8")
    return validate(Screen, read_yaml(Path("screen.yaml")))


def refusal(text: str) -> str:
    with pytest.raises(InputInvalid) as caught:
        checked(text)
    return caught.value.message.replace("screen.yaml:", "")


def test_texts_become_what_the_model_wants() -> None:
    screen = checked("colour: blue\ncount: 3\nshown: yes\nprice: 1.20\nfound: {a: {kind: text, text: 5}}\n")
    assert (screen.colour, screen.count, screen.shown, str(screen.price)) == (Colour.BLUE, 3, True, "1.20")
    assert screen.found == {"a": ByText(kind="text", text="5")}


def test_a_type_adapter_is_as_good_as_a_model() -> None:
    Path("screen.yaml").write_text("[1, 2]")
    assert validate(TypeAdapter(list[int]), read_yaml(Path("screen.yaml"))) == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: bad", "1:7: bad is not a good name: choose another"),
        ("name:", "1:6: name has no value: write text"),
        ("name: [a]", "1:7: name must be text, not a list"),
        ("count: 1.5", "1:8: count must be a whole number, not 1.5"),
        ("count: 0", "1:8: count must be at least 1"),
        ("shown: maybe", "1:8: shown must be true or false, not maybe"),
        ("price: $3", '1:8: price must be a number, not "$3"'),
        ("checks: a", "1:9: checks must be a list, not a"),
        ("checks: [a, {b: c}]", "1:13: Item 2 of checks must be text, not a mapping"),
        ("short: abcd", "1:8: short is too long: at most 3 characters are allowed"),
        ("colour: Blue", "1:9: Blue is not allowed for colour: did you mean blue? Allowed are red and blue"),
        ("colour: mauve", "1:9: mauve is not allowed for colour: allowed are red and blue"),
        ("found: {a: {kind: text}}", "1:12: text is missing: The words on the screen"),
        ("found: {a: {kind: nope}}", "1:19: nope is not allowed for kind: allowed are role and text"),
        ("found: {a: {}}", "1:12: kind is missing: it says which kind of value this is"),
        (
            "found: {a: {kind: text, text: a, txt: b}}",
            "1:34: txt is not a known key: did you mean text? Allowed are kind and text",
        ),
        (
            "found: {a: {kind: role, role: a, text: b}}",
            "1:34: text is not a known key: allowed are kind, role and level",
        ),
        ("either: [[]]", "1:10: Item 1 of either must be text or a mapping, not a list"),
        ("either: [{kind: role}]", "1:10: role is missing"),
        ("keyed: {A1: 3}", "1:9: A1 must look like ^[a-z]+$"),
        (
            "- a",
            "1:1: The file must be a mapping with the keys name, colour, count, shown, price, checks, short, found, "
            "either and keyed, not a list",
        ),
    ],
)
def test_each_mistake_says_what_is_wrong_and_what_is_allowed(text: str, message: str) -> None:
    assert refusal(text) == message


def test_all_mistakes_are_reported_in_the_order_of_the_file() -> None:
    assert refusal("keyed: {a: x}\nconut: 3\nname: bad\ncount: many\n") == (
        "1:12: a must be a whole number, not x\n"
        "2:1: conut is not a known key: did you mean count? Allowed are name, colour, count, shown, "
        "price, checks, short, found, either and keyed\n"
        "3:7: bad is not a good name: choose another\n"
        "4:8: count must be a whole number, not many"
    )
