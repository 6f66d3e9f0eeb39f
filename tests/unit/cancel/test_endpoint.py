import json

import pytest

from bot.cancel.endpoint import Answered, Endpoint, Meaning, understand

ORDER = "112-1215998-3002091"
SIGN_IN = b'<!doctype html><title>Magento Admin</title><form id="login-form"><input name="login[username]"></form>'
FAILED = b'{"errors":[{"message":"Authentication failed"}]}'
ENDED = "the session has ended; the Admin asks to sign in"
GOOD = Answered(status=200, body=b'{"data":{"stores":[]}}')
BROKEN = Answered(status=200, body=b'{"errors":[{"message":"Internal server error"}]}')


@pytest.mark.parametrize(
    ("answered", "meaning", "words"),
    [
        (GOOD, Meaning.GOOD, ""),
        (Answered(status=200, body=b'\xef\xbb\xbf [{"data":{"a":1}},{"data":{"b":null}}] '), Meaning.GOOD, ""),
        # The end of a session, as it was measured: a redirect first, then JSON and a whole page behind it.
        (
            Answered(status=302, headers={"Location": "https://h/admin/channel/auth/login/key/5f/"}),
            Meaning.SESSION_ENDED,
            ENDED,
        ),
        (Answered(status=200, body=FAILED + SIGN_IN), Meaning.SESSION_ENDED, ENDED),
        (Answered(status=200, body=SIGN_IN), Meaning.SESSION_ENDED, ENDED),
        (Answered(status=200, body=FAILED), Meaning.SESSION_ENDED, ENDED),
        (Answered(status=200, body=b'{"ajaxExpired":1,"ajaxRedirect":"https://h/"}'), Meaning.SESSION_ENDED, ENDED),
        # A missing permission answers the same words, with another status.
        (
            Answered(status=403, body=FAILED + SIGN_IN),
            Meaning.FORBIDDEN,
            "HTTP 403, a page called 'Magento Admin', Authentication failed",
        ),
        (
            Answered(status=403, body=b"<html><title>Attention\n Required!</title>"),
            Meaning.FORBIDDEN,
            "HTTP 403, a page called 'Attention Required!'",
        ),
        (Answered(status=401), Meaning.FORBIDDEN, "HTTP 401"),
        (Answered(status=429), Meaning.BUSY, "HTTP 429"),
        (Answered(status=503, body=b"<title>Error 503</title>"), Meaning.BUSY, "HTTP 503"),
        (Answered(status=500), Meaning.ERROR, "HTTP 500"),
        (Answered(status=404), Meaning.ERROR, "HTTP 404"),
        (BROKEN, Meaning.ERROR, "Internal server error"),
        (Answered(status=200, body=b'{"errors":["odd"],"data":{"a":1}}'), Meaning.ERROR, "odd"),
        (Answered(status=200, body=b'{"errors":[{}]}'), Meaning.ERROR, "an error without words"),
        (Answered(status=200, body=b'{"data":{"a":1}} and more'), Meaning.UNREADABLE, "it could not be read"),
        (Answered(status=200, body=b'{"data":{"a":'), Meaning.UNREADABLE, "it could not be read"),
        (Answered(status=200, body=b""), Meaning.UNREADABLE, "it could not be read"),
        (Answered(status=200, body=b"{}"), Meaning.UNREADABLE, "it says neither yes nor no"),
        (Answered(status=200, body=b'{"data":null}'), Meaning.UNREADABLE, "it says neither yes nor no"),
        (
            Answered(status=200, body=b"<!DOCTYPE html><title>Just a moment...</title>"),
            Meaning.UNREADABLE,
            "a page called 'Just a moment...' in place of data",
        ),
        (
            Answered(status=301, headers={"location": "https://other/"}),
            Meaning.UNREADABLE,
            "it leads to another address (HTTP 301)",
        ),
        (Answered(trouble="the answer broke off"), Meaning.CUT, "the answer broke off"),
        (Answered(), Meaning.CUT, "the connection was cut"),
    ],
)
def test_what_an_answer_means(answered: Answered, meaning: Meaning, words: str) -> None:
    assert understand(answered)[:2] == (meaning, words)


def test_a_good_answer_gives_its_data() -> None:
    assert understand(GOOD).data == {"stores": []}
    deep = Answered(status=200, body=("[" * 100_000).encode())
    assert understand(deep).meaning is Meaning.UNREADABLE


def test_an_answer_is_waited_for_until_it_has_come() -> None:
    endpoint = Endpoint()
    assert (endpoint.is_waiting, endpoint.good_answers) == (False, 0)
    endpoint.asked("stores")
    endpoint.asked("stores")
    endpoint.answered("stores", GOOD)
    assert (endpoint.is_waiting, endpoint.good_answers) == (True, 1)
    endpoint.given_up("stores")
    assert (endpoint.is_waiting, endpoint.trouble) == (False, None)


def test_a_trouble_lasts_until_the_same_question_is_answered_well() -> None:
    endpoint = Endpoint()
    endpoint.answered("stores", BROKEN)
    endpoint.answered("orders", GOOD)
    assert endpoint.trouble == understand(BROKEN)
    endpoint.answered("stores", GOOD)
    assert endpoint.trouble is None


def test_of_several_troubles_the_gravest_is_told() -> None:
    endpoint = Endpoint()
    endpoint.answered("stores", BROKEN)
    endpoint.answered("orders", Answered(status=200, body=FAILED + SIGN_IN))
    endpoint.answered("reasons", Answered(status=403))
    assert endpoint.trouble is not None
    assert endpoint.trouble.meaning is Meaning.SESSION_ENDED


def test_a_new_page_begins_with_nothing_heard() -> None:
    endpoint = Endpoint()
    endpoint.asked("stores")
    endpoint.answered("orders", BROKEN)
    endpoint.answered("reasons", Answered(status=200, body=json.dumps({"data": {}}).encode()))
    endpoint.begins()
    assert (endpoint.is_waiting, endpoint.good_answers, endpoint.trouble) == (False, 0, None)


STORES = json.dumps(
    {"data": {"stores": [{"name": "Cafe\u0301", "status": "Active", "tags": ["Old"], "orders": [{"number": ORDER}]}]}}
)


def test_what_good_answers_named_is_known_until_another_page_is_opened() -> None:
    endpoint = Endpoint()
    endpoint.answered("a", Answered(status=200, body=STORES.encode()))
    assert [endpoint.named(name) for name in ("Caf\u00e9", "Active", "Caf", "Old")] == [True, False, False, False]
    assert [endpoint.said(number) for number in (ORDER, ORDER[:-1], "Old")] == [True, False, True]
    endpoint.begins()
    assert not endpoint.named("Caf\u00e9")
    assert not endpoint.said(ORDER)


def test_what_an_answer_with_an_error_named_is_not_known() -> None:
    endpoint = Endpoint()
    endpoint.answered("a", Answered(status=200, body=STORES.replace('{"data"', '{"errors": ["x"], "data"').encode()))
    assert not endpoint.said(ORDER)
