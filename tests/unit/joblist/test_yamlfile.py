from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from bot.errors import InputInvalid
from bot.joblist.validation import validate
from bot.joblist.yamlfile import Document, Limits, read_draft, read_yaml


def document(text: str, limits: Limits | None = None) -> Document:
    Path("list.yaml").write_text(text, encoding="utf-8")
    return read_yaml(Path("list.yaml"), limits)


def data(text: str) -> Any:
    return document(text).data


def refusal(text: str, limits: Limits | None = None) -> str:
    with pytest.raises(InputInvalid) as caught:
        document(text, limits)
    return caught.value.message


def test_every_scalar_is_the_text_that_stands_in_the_file() -> None:
    assert data("a: no\nb: 121.80\nc: 0x1F\nd: 2024-01-31\ne: 'null'\nf: true\n1: 1e3") == {
        "a": "no",
        "b": "121.80",
        "c": "0x1F",
        "d": "2024-01-31",
        "e": "null",
        "f": "true",
        "1": "1e3",
    }


def test_an_empty_value_a_tilde_and_null_are_nothing() -> None:
    assert data("a:\nb: ~\nc: null\nd: NULL\ne: ''") == {
        "a": None,
        "b": None,
        "c": None,
        "d": None,
        "e": "",
    }


def test_the_version_line_of_yaml_changes_nothing() -> None:
    assert data("%YAML 1.1\n---\na: yes\n") == {"a": "yes"}


def test_an_alias_repeats_the_value_that_its_anchor_marks() -> None:
    assert data("a: &x {k: v}\nb: *x\nc: &y text\nd: [*y, *x]") == {
        "a": {"k": "v"},
        "b": {"k": "v"},
        "c": "text",
        "d": ["text", {"k": "v"}],
    }


JOBS = """\
# jobs
store: a
orders:
  - 1
  - &x
    order: 2
    expect: {total: é, buyer: é}
  - *x
empty:
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (2, 1)),
        (("store",), (2, 8)),
        (("orders",), (4, 3)),
        (("orders", 0), (4, 5)),
        (("orders", 1, "order"), (6, 12)),
        (("orders", 1, "expect", "buyer"), (7, 31)),
        (("orders", 2), (8, 5)),  # where the alias stands
        (("orders", 2, "order"), (6, 12)),  # what it repeats
        (("empty",), (9, 7)),
    ],
)
def test_a_value_is_located_at_its_first_character(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert document(JOBS).locate(path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("nothing",), (2, 1)),
        (("orders", 7), (4, 3)),
        (("orders", "store"), (4, 3)),
        (("orders", 1, "expect", "nothing", 3), (7, 13)),
        (("store", 0), (2, 8)),
    ],
)
def test_what_is_not_there_is_located_at_what_is_around_it(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert document(JOBS).locate(path) == place


def test_a_key_is_located_where_the_key_stands() -> None:
    assert document("a:\n  bc:   d\n").locate(("a", "bc"), of_key=True) == (2, 3)


@pytest.mark.parametrize("text", ["# nothing here\n", "---\n", "~", "null\n"])
def test_a_file_that_says_nothing_is_empty(text: str) -> None:
    assert refusal(text) == "list.yaml:1:1: The file is empty"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: b: c",
            "1:5: This is not YAML: a key with a colon is not allowed here: check that the line is aligned with its "
            "neighbors, and put text that holds a colon and a space in quotes",
        ),
        ("a:\n\tb: c", "2:1: This is not YAML: a tab cannot indent a line: use spaces"),
        ("a: b\n\tc: d", "2:1: This is not YAML: a tab cannot indent a line: use spaces"),
        ("a: @b", "1:4: This is not YAML: no value can begin with @: put the text in quotes"),
        ("a: 'b\nc", "1:4: This is not YAML: the quotes that open here are never closed: add the closing one"),
        (
            "é: [b\nc: d",
            "2:2: This is not YAML: the bracket that opens on line 1 needs a comma or its closing bracket before this",
        ),
        (
            "a:\n- {b: c",
            "2:8: This is not YAML: the brace that opens on line 2 needs a comma or its closing brace before this",
        ),
        (
            "- a\nb: c",
            "2:1: This is not YAML: the list that begins on line 1 continues here with something else: begin each of "
            "its items with a dash below the first one's",
        ),
        (
            "a:\n  - b\n - c",
            "3:2: This is not YAML: the keys that begin on line 1 continue here with something that is not a key: "
            "check how far the line is indented, and put text that holds quotes, brackets or asterisks in quotes as a "
            "whole",
        ),
        (
            "a: b\nc\nd: e",
            "2:1: This is not YAML: this line is neither a key nor an item of a list: write a colon and a space "
            "after a key, and a dash and a space before an item",
        ),
        (
            "a: - b",
            "1:4: This is not YAML: a list cannot begin on the line of its key: write each dash on a line of its "
            "own below it",
        ),
        ("a: [b,,c]", "1:7: This is not YAML: a value is missing here: write it, or put the text in quotes"),
        (
            'a: "\\q"',
            "1:5: This is not YAML: this backslash means nothing in double quotes: write it twice, or use single "
            "quotes",
        ),
        ('a: "\\ud800"', "1:7: This is not YAML: this backslash code is no character: check its digits"),
        ("a: *", "1:5: This is not YAML: a value that begins with an asterisk or an ampersand must be in quotes"),
        (
            "%YAML 3.0\n---\na",
            "1:1: This is not YAML: only YAML 1.1 and 1.2 are read: remove the line that begins with %",
        ),
        ("%FOO\n---\na", "1:5: This is not YAML: no line may begin with %: remove it"),
        ("a: !x!y b", "1:4: This is not YAML: words that begin with ! are not allowed: put the text in quotes"),
        ("--- a\n... b", "2:5: This is not YAML: there is more text after the end of the data: remove it"),
    ],
)
def test_what_is_not_yaml_is_explained_where_it_stands(text: str, message: str) -> None:
    assert refusal(text) == f"list.yaml:{message}"


def test_duplicate_keys_name_both_lines() -> None:
    assert refusal("a: 1\nb:\n  c: 2\n  c: 3\na: 4\n'a': 5") == (
        "list.yaml:4:3: The key c appears twice: it is already on line 3; keep one of them\n"
        "list.yaml:5:1: The key a appears twice: it is already on line 1; keep one of them\n"
        "list.yaml:6:1: The key a appears twice: it is already on line 1; keep one of them"
    )


@pytest.mark.parametrize("value", ["!!python/object/apply:os.system [ls]", "!!int 3", "!x y", "! z", "!!map {}"])
def test_a_tag_is_refused(value: str) -> None:
    message = "A value cannot begin with !: put the text in quotes, or remove the tag"
    assert refusal(f"a: {value}") == f"list.yaml:1:4: {message}"


def test_a_tag_line_is_refused() -> None:
    assert refusal("# x\n%TAG ! tag:x,\n---\na: b") == "list.yaml:2:1: A %TAG line is not allowed: remove it"


@pytest.mark.parametrize(
    ("key", "found"), [("[a]", "a list or a mapping"), ("{a: b}", "a list or a mapping"), ("~", "nothing")]
)
def test_a_key_that_is_not_text_is_refused(key: str, found: str) -> None:
    assert refusal(f"? {key}\n: value") == f"list.yaml:1:3: A key must be text, not {found}"


def test_merging_is_refused() -> None:
    assert refusal("a: &x {b: c}\nd:\n  <<: *x") == (
        "list.yaml:3:3: Merging with << is not allowed: write the keys out"
    )


def test_a_second_document_is_refused() -> None:
    assert refusal("a: b\n---\nc: d") == ("list.yaml:2:1: A second document begins here: a file may hold only one")


def test_an_alias_inside_what_it_repeats_is_refused() -> None:
    assert refusal("a: &x\n  b: [*x]") == (
        "list.yaml:2:7: *x repeats a value that it is itself a part of: &x on line 1"
    )


def test_an_alias_of_nothing_is_refused() -> None:
    assert refusal("a: *bold") == (
        "list.yaml:1:4: *bold refers to nothing: mark a value before it with &bold, or put the text in quotes"
    )


def test_aliases_that_explode_are_refused_when_they_pass_the_limit() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
    )
    assert refusal(bomb) == (
        "list.yaml:6:10: The file, with all that its aliases repeat, holds too many values: at most 200,000 are allowed"
    )


def test_too_many_values_are_refused() -> None:
    assert refusal("[a, b, c]", Limits(max_nodes=3)) == (
        "list.yaml:1:8: The file holds too many values: at most 3 are allowed"
    )


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 51 + "a", "{a: " * 51])
def test_too_deep_a_nest_is_refused(text: str) -> None:
    assert refusal(text).endswith(": Lists and mappings lie too deep inside one another: at most 50 levels are allowed")


def test_a_nest_that_aliases_make_too_deep_is_refused() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))
    assert refusal(text) == (
        "list.yaml:50:12: Lists and mappings lie too deep inside one another: at most 50 levels are allowed"
    )


def test_an_invisible_character_cannot_hide_in_a_backslash_code() -> None:
    assert refusal('a: "x\\u202Ey"\nb: "\\0"\nc: "\\t\\n"') == (
        "list.yaml:1:4: The quoted text holds the invisible character U+202E: remove it\n"
        "list.yaml:2:4: The quoted text holds the invisible character U+0000: remove it"
    )


def test_mistakes_of_every_sort_are_reported_together_up_to_where_the_grammar_breaks() -> None:
    assert refusal("a: !x 1\na: 2\n? [b]\n: *c\nd: 'e\n") == (
        "list.yaml:1:4: A value cannot begin with !: put the text in quotes, or remove the tag\n"
        "list.yaml:2:1: The key a appears twice: it is already on line 1; keep one of them\n"
        "list.yaml:3:3: A key must be text, not a list or a mapping\n"
        "list.yaml:4:3: *c refers to nothing: mark a value before it with &c, or put the text in quotes\n"
        "list.yaml:5:4: This is not YAML: the quotes that open here are never closed: add the closing one"
    )


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    size: int


def test_a_draft_keeps_its_mistakes_until_it_is_validated() -> None:
    Path("list.yaml").write_text("name: *a\nsize: x\nsize: 4\n")
    draft = read_draft(Path("list.yaml"))
    assert draft.data == {"name": None, "size": "x"}
    with pytest.raises(InputInvalid) as caught:
        validate(Thing, draft)
    assert caught.value.message == (
        "list.yaml:1:7: *a refers to nothing: mark a value before it with &a, or put the text in quotes\n"
        "list.yaml:2:7: size must be a whole number, not x\n"
        "list.yaml:3:1: The key size appears twice: it is already on line 2; keep one of them"
    )


def test_a_draft_with_mistakes_is_refused_even_if_the_model_accepts_it() -> None:
    Path("list.yaml").write_text("name: a\nsize: 3\nsize: 4\n")
    with pytest.raises(InputInvalid) as caught:
        validate(Thing, read_draft(Path("list.yaml")))
    assert caught.value.message == (
        "list.yaml:3:1: The key size appears twice: it is already on line 2; keep one of them"
    )


def test_a_draft_that_cannot_be_read_on_is_refused_at_once() -> None:
    Path("list.yaml").write_text("name: [\n")
    with pytest.raises(InputInvalid):
        read_draft(Path("list.yaml"))
