"""Commands for people who keep packs or job lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand


def test_two_packs_are_compared(countermand: Countermand) -> None:
    assert countermand("pack", "diff", "asc-4.3", "asc-4.3") == (0, "The packs do not differ.\n", "")


@pytest.mark.parametrize(("of", "key"), [("jobs", "properties"), ("pack", "oneOf")])
def test_a_schema_is_json(countermand: Countermand, of: str, key: str) -> None:
    said = countermand("schema", of)
    schema = json.loads(said.out)
    assert (said.status, said.err) == (0, "")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert key in schema


def test_a_schema_of_anything_else_is_wrong_usage(countermand: Countermand) -> None:
    said = countermand("schema", "report")
    assert said.status == 2
    assert said.err.endswith("'report' is not one of 'jobs', 'pack'.\n")
