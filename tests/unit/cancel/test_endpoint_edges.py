"""The edges of what the app's endpoint can answer: each status, each shape, and what is heard twice."""

from typing import Any

import pytest

from bot.cancel.endpoint import Answered, Endpoint, Meaning, understand

LOGIN = "https://h/admin/channel/auth/login/"
PAGE = b'<form id="login-form">'


def answer(body: bytes, status: int = 200) -> Answered:
    return Answered(status=status, body=body)


def meaning(answered: Answered) -> tuple[Meaning, str]:
    understood = understand(answered)
    return understood.meaning, understood.words


# --- What a page is called ------------------------------------------------------------------------------------------


def test_a_header_is_found_in_any_case_and_one_that_is_not_there_is_empty() -> None:
    answered = Answered(headers={"X-First": "1", "Location": LOGIN})
    assert (answered.header("LOCATION"), answered.header("Retry-After")) == (LOGIN, "")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b"<title>Caf\xc3\xa9 &amp; more</title>", "Café & more"),
        (b"<title>\xff</title>", "\ufffd"),
        (b'<TITLE lang="en">Two\nlines</TITLE>', "Two lines"),
        (b"<title>" + b"a" * 100 + b"</title>", "a" * 100),
        (b"<title>" + b"a" * 101 + b"</title>", "a" * 100 + "... (101 characters)"),
        (b" " * 19_983 + b"<title>in</title>", "in"),
        (b" " * 19_984 + b"<title>in</title>", ""),
        (b"no page", ""),
    ],
)
def test_a_page_is_called_by_the_title_near_its_beginning(body: bytes, title: str) -> None:
    assert answer(body).title == title


@pytest.mark.parametrize(
    ("status", "location", "leads_there"),
    [
        (300, LOGIN, True),
        (399, LOGIN, True),
        (299, LOGIN, False),
        (400, LOGIN, False),
        (302, "https://h/admin/auth", True),
        (302, "https://h/admin/authors/", False),
        (302, "https://h/admin/?to=/auth/", False),
        (302, "", False),
    ],
)
def test_only_a_redirect_to_the_sign_in_page_leads_there(status: int, location: str, leads_there: bool) -> None:
    assert Answered(status=status, headers={"Location": location}).is_sign_in_page is leads_there


# --- What an answer means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (answer(b"", 400), (Meaning.ERROR, "HTTP 400")),
        (answer(b"<title>Gone</title>", 499), (Meaning.ERROR, "HTTP 499, a page called 'Gone'")),
        (answer(b"<title>Gone</title>", 500), (Meaning.ERROR, "HTTP 500")),
        (answer(b"", 300), (Meaning.UNREADABLE, "it leads to another address (HTTP 300)")),
        (answer(b'{"data":{}}', 299), (Meaning.GOOD, "")),
        (Answered(status=200, body=b'{"data":{}}', trouble="cut off"), (Meaning.CUT, "cut off")),
        (
            answer(b'{"errors":[{"message":"Authentication failed"}]}', 401),
            (Meaning.FORBIDDEN, "HTTP 401, Authentication failed"),
        ),
        (answer(b"<html>"), (Meaning.UNREADABLE, "a page in place of data")),
        (answer(b"5"), (Meaning.UNREADABLE, "it could not be read")),
        (answer(b'"data"'), (Meaning.UNREADABLE, "it could not be read")),
        (answer(b"[]"), (Meaning.UNREADABLE, "it says neither yes nor no")),
        (answer(b'[{"data":{"a":1}},{"data":null}]'), (Meaning.UNREADABLE, "it says neither yes nor no")),
        (answer(b'{"errors":"odd","data":{}}'), (Meaning.ERROR, "odd")),
        (answer(b'{"errors":{"message":"odd"},"data":{}}'), (Meaning.ERROR, "odd")),
        (answer(b'{"errors":[],"data":{}}'), (Meaning.GOOD, "")),
        (answer(b'{"errors":[{"message":" no \\n luck "},{"message":"second"}]}'), (Meaning.ERROR, "no luck")),
        (answer(b'[{"data":{}},{"errors":[{"message":"odd"}]}]'), (Meaning.ERROR, "odd")),
        (answer(b'{"ajaxExpired":false,"data":{}}'), (Meaning.GOOD, "")),
        (answer(b'[{"errors":[{"message":"Authentication failed"}]}]'), understand(answer(PAGE))[:2]),
    ],
)
def test_the_edges_of_what_an_answer_means(answered: Answered, expected: tuple[Meaning, str]) -> None:
    assert meaning(answered) == expected


@pytest.mark.parametrize("body", [b'[{"data": {}}, 5]', b'[5, {"data": {}}]', b'[{"data": {}}, {"data": null}]', b"[]"])
def test_a_batch_is_good_only_if_each_part_of_it_is(body: bytes) -> None:
    assert meaning(answer(body)) == (Meaning.UNREADABLE, "it says neither yes nor no")


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'[{"data":{"a":1}},{"data":{"b":null}}]', {"a": 1, "b": None}),
        (b'{"data":{"name":"\xff"}}', {"name": "\ufffd"}),
    ],
)
def test_a_good_answer_gives_all_of_its_data(body: bytes, data: dict[str, Any]) -> None:
    assert understand(answer(body)).data == data


# --- What was heard -------------------------------------------------------------------------------------------------


def test_every_good_answer_counts() -> None:
    endpoint = Endpoint()
    for _ in range(2):
        endpoint.answered("stores", answer(b'{"data":{}}'))
    assert endpoint.good_answers == 2


def test_an_answer_that_nobody_waited_for_leaves_nothing_to_wait_for_less() -> None:
    endpoint = Endpoint()
    endpoint.answered("stores", answer(b'{"data":{}}'))
    endpoint.asked("stores")
    assert endpoint.is_waiting


def test_each_question_is_waited_for_by_itself() -> None:
    endpoint = Endpoint()
    endpoint.asked("stores")
    endpoint.asked("orders")
    endpoint.given_up("stores")
    assert endpoint.is_waiting
    endpoint.given_up("orders")
    assert not endpoint.is_waiting


def test_the_first_sign_in_page_is_kept_because_it_says_only_once_why_the_session_ended() -> None:
    endpoint = Endpoint()
    endpoint.answered("stores", answer(b'<p>Another place &amp; time</p>\xff<form id="login-form">'))
    endpoint.answered("orders", answer(PAGE))
    assert endpoint.sign_in_page == '<p>Another place & time</p>\ufffd<form id="login-form">'
    endpoint.begins()
    assert endpoint.sign_in_page == ""


def test_what_is_no_sign_in_page_is_not_kept() -> None:
    endpoint = Endpoint()
    endpoint.answered("stores", answer(b"<html>"))
    assert endpoint.sign_in_page == ""
