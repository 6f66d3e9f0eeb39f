"""A draft of a pack's file: names, guesses and hostile words."""

from typing import Any

import pytest

from bot.checks.recording.drafts import Seen, write_draft
from bot.pack import load_pack


def seen(kind: str, words: str, **more: Any) -> Seen:
    return Seen.model_validate({"kind": kind, "words": words, "found": 1, "dialog": False, "address": "/"} | more)


def draft_of(*things: Seen, screen: str = "my_screen") -> list[str]:
    """The lines of a draft that is sound."""
    draft = write_draft(screen, things, like=load_pack("asc-4.3"), observed="here")
    assert draft.problems == []
    return [line.strip() for line in draft.text.splitlines()]


COMMITS = "commits: true  # it looks as if it cannot be undone: verify, and remove this if it can"
PRIVATE = "private: true  # it looks like buyers' data: verify"


@pytest.mark.parametrize("name", ["Confirm", "Cancel order", "Submit", "Delete", "OK", "Save and Continue"])
def test_a_button_that_looks_as_if_it_commits_is_marked(name: str) -> None:
    assert COMMITS in draft_of(seen("role", name, role="button"))


@pytest.mark.parametrize("name", ["Back", "View Store", "Okay-dokey list", "Canceled orders"])
def test_others_are_not(name: str) -> None:
    assert COMMITS not in draft_of(seen("role", name, role="button"))


def test_a_headline_never_commits() -> None:
    assert COMMITS not in draft_of(seen("role", "Cancel order", role="heading"))


@pytest.mark.parametrize(("label", "marked"), [("Customer email", True), ("Ship-to city", True), ("Currency", False)])
def test_values_that_look_like_buyers_data_are_private(label: str, marked: bool) -> None:
    assert (PRIVATE in draft_of(seen("field", label))) is marked


def test_the_same_words_twice_get_two_names() -> None:
    lines = draft_of(seen("role", "Next", role="button"), seen("role", "Next", role="link"), seen("text", "42 %"))
    names = ["next:", "next_2:", "element_42:"]
    assert [line for line in lines if line in names] == names


def test_order_numbers_become_a_fact() -> None:
    lines = draft_of(seen("text", "Order 112-1215998-3002091"), seen("text", "Orders"))
    assert 'text: "Order {order}"' in lines
    assert not any("112-" in line for line in lines)


def test_a_screen_that_only_this_admin_has_is_given_a_title() -> None:
    assert "title: The screen my_screen" in draft_of(seen("text", "Hello"))


@pytest.mark.parametrize(
    "words",
    [
        "yes",
        "a: b",
        "# no",
        "'quoted'",
        '"double"',
        "tab\there",
        "- item",
        "line\nsecond: line",
        "\u202eback",
        "a\x1b[31m",
    ],
)
def test_any_words_are_read_back_as_they_were(words: str, tmp_path: Any) -> None:
    from bot.joblist.yamlfile import read_yaml

    draft = write_draft("my_screen", [seen("text", words)], like=load_pack("asc-4.3"), observed="here")
    file = tmp_path / "my_screen.yaml"
    file.write_text(draft.text, encoding="utf-8")
    if draft.problems:  # a character that no pack may have: named, and nothing else of the draft is spoilt
        assert all("invisible" in problem.message for problem in draft.problems)
        return
    data: Any = read_yaml(file).data
    (element,) = data["elements"].values()
    assert element["text"] == words


def test_words_in_braces_are_left_out_and_cannot_break_a_remark() -> None:
    lines = draft_of(seen("text", "Hello"), seen("text", "{nobody}\nchecks:"), seen("role", "", role="button", found=0))
    assert lines[-2:] == ["# text {nobody} checks: (not found by that)", "# button without a name (not found by that)"]


def test_nothing_seen_is_no_screen() -> None:
    draft = write_draft("my_screen", [], like=load_pack("asc-4.3"), observed="here")
    assert [problem.message for problem in draft.problems] == [
        "elements has no value: write a mapping",
        "checks has no value: write a list",
    ]
