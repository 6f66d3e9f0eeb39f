"""The edges of what a request can look like: whatever is written unusually is read all the same, or refused."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote, urlencode

import pytest

from bot.cancel.cancels import Allowed, Cancel, Sent, Unreadable, Way, with_known
from bot.cancel.graphql_calls import LONGEST_QUERY
from bot.cancel.requests import cancels_in

ORDER = "112-1215998-3002091"
ENDPOINT = "https://shop.example/admin/channel/amazon/graphql/key/5f/"
SAVE = "https://shop.example/admin/channel/amazon/order_cancel_save/"
URLENCODED = "application/x-www-form-urlencoded"
MUTATION = f'mutation {{ cancelOrder(orderId: "{ORDER}", uuid: "7f", reason: "r") {{ uuid }} }}'
READ = [(ORDER, None, "7f", "r")]
ALLOWED = cast(Allowed, SimpleNamespace(order=ORDER, store_id="7f", row_id="17", merchant_id="3"))


def sent(body: bytes | None = b"", *, url: str = ENDPOINT, kind: str = "application/json") -> Sent:
    return Sent(method="POST", url=url, headers={"content-type": kind}, body=body)


def call(query: object, **more: object) -> Sent:
    return sent(json.dumps({"query": query, **more}).encode())


def told(request: Sent) -> list[tuple[str | None, ...]]:
    """Order, row, store and reason of each cancel."""
    return [(one.order, one.row, one.store, one.reason) for one in cancels_in(request)]


def saved(body: str, url: str = SAVE) -> Cancel:
    """The one cancel of a classic form."""
    (cancel,) = cancels_in(sent(body.encode(), url=url, kind=URLENCODED))
    return cancel


# --- Where it goes, and what it says it is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Content-Type": " Application/JSON ; charset=utf-8"}, "application/json"),
        ({"accept": "text/html"}, ""),
    ],
)
def test_the_kind_of_a_body_is_read_in_any_case_and_without_its_parameters(
    headers: Mapping[str, str], kind: str
) -> None:
    assert Sent(method="POST", url=SAVE, headers=headers, body=b"").kind == kind


@pytest.mark.parametrize(
    ("url", "is_there"),
    [
        ("https://h/admin/channel/amazon/graphql", True),
        ("https://h/admin/channel%2Famazon/graphql/", True),
        ("https://h/ADMIN/CHANNEL/AMAZON/GRAPHQL", True),
        ("https://h/admin/mychannel/amazon/graphql/", False),
        ("https://h/admin/channel/amazon/graphqls/", False),
        ("https://h/admin/?to=/channel/amazon/graphql/", False),
    ],
)
def test_an_address_is_known_by_whole_parts_of_its_path(url: str, is_there: bool) -> None:
    assert Way(address="/Channel/Amazon/GraphQL/").is_at(url) is is_there


def test_a_pack_names_a_known_way_in_any_case() -> None:
    own = Way(address="Channel/Amazon/Order_Cancel_Save", order="number")
    assert [way.order for way in with_known([own])] == ["orderId", "number"]


def test_ways_of_a_pack_with_different_addresses_are_kept_apart() -> None:
    own = [Way(address="shop/X", order="one"), Way(address="shop", order="another")]
    assert [way.order for way in with_known(own)][2:] == ["one", "another"]


# --- Forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ("id=17&id=", SAVE),
        ("%20id=18", f"{SAVE}id/17/"),
        ("id%20x=1&id.x=2&id=17&id[x]=18", SAVE),
        ("reason=a", f"{SAVE}?reason=b"),
        ("merchant_id=3", f"{SAVE}merchant_id/4/"),
    ],
)
def test_a_field_that_is_said_twice_and_differently_is_a_contradiction(body: str, url: str) -> None:
    assert saved(body, url).contradicts_itself


def test_a_field_that_is_said_twice_in_the_same_words_is_none() -> None:
    cancel = saved("id=17&reason=r", f"{SAVE}id/17/")
    assert (cancel.row, cancel.contradicts_itself, cancel.differs_from(ALLOWED, ["r"])) == ("17", False, "")


@pytest.mark.parametrize(
    "url",
    [
        f"{SAVE}id/17/key",
        f"{SAVE}id/%31%37/",
        f"{SAVE}id/1%2537/",
        f"{SAVE}/id//17/",
        "https://shop.example/admin/CHANNEL/amazon/Order_Cancel_Save/id/17",
        f"{SAVE}?id=17",
    ],
)
def test_a_row_in_the_address_is_read_however_it_is_written(url: str) -> None:
    assert saved("", url).row == "17"


def test_an_address_that_is_written_twice_counts_from_the_first_as_at_the_server() -> None:
    """The names and values begin after the first: ``channel`` is ``amazon``, ``order_cancel_save`` is ``id``."""
    cancel = saved("", f"{SAVE}channel/amazon/order_cancel_save/id/17/")
    assert cancel.differs_from(ALLOWED, ["r"]) == "names row none"


def test_an_address_may_stand_in_the_pack_between_slashes() -> None:
    own = Way(address="/shop/cancel/", row="id", reason="why")
    request = sent(b"why=r", url="https://shop.example/admin/shop/cancel/id/17/key/5f/", kind=URLENCODED)
    (cancel,) = cancels_in(request, with_known([own]))
    assert (cancel.row, cancel.reason) == ("17", "r")


def test_bytes_that_are_no_text_hide_nothing() -> None:
    (cancel,) = cancels_in(sent(b"id=17&note=\xff", url=SAVE, kind=URLENCODED))
    assert cancel.row == "17"


def multipart(*parts: bytes) -> Sent:
    body = b"".join(b"--X\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--X--\r\n"
    return sent(body, url=SAVE, kind="multipart/form-data; boundary=X")


def test_a_multipart_form_with_odd_bytes_is_read() -> None:
    request = multipart(
        b'name="id"\r\n\r\n17',
        b'name="\xff"\r\n\r\nodd',
        b'name="reason"\r\n\r\n\xff',
        b'name="order_id"\r\n\r\n',
    )
    assert told(request) == [("", "17", None, "\ufffd")]


def test_a_multipart_form_may_end_without_a_last_line_break() -> None:
    request = multipart(b'name="id"\r\n\r\n17')
    assert told(replace(request, body=(request.body or b"").removesuffix(b"\r\n"))) == [(None, "17", None, None)]


def test_the_library_that_reads_forms_says_nothing_by_itself() -> None:
    logging.getLogger("python_multipart").setLevel(logging.NOTSET)  # whatever an earlier test left
    with pytest.raises(Unreadable) as refused:
        cancels_in(sent(b"nothing of a form", url=SAVE, kind="multipart/form-data; boundary=X"))
    assert str(refused.value).startswith("its form cannot be read (")
    assert logging.getLogger("python_multipart").level == logging.CRITICAL


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (b"id=17", "text/plain", "its body is of the type text/plain"),
        (b"id=17", "", "its body is of the type that it does not say"),
        (None, URLENCODED, "its body is not there to be read"),
    ],
)
def test_why_a_form_cannot_be_read(body: bytes | None, kind: str, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        cancels_in(sent(body, url=SAVE, kind=kind))
    assert str(refused.value) == why


# --- GraphQL: how a call is wrapped ---------------------------------------------------------------------------------

BY_NAME = urlencode({"operationName": "cancelOrder", "variables": json.dumps({"orderId": ORDER})})


@pytest.mark.parametrize(
    ("request_", "cancels"),
    [
        (sent(url=f"{ENDPOINT}?{BY_NAME}"), [(ORDER, None, None, None)]),
        (sent(f"query={quote(MUTATION)}&variables=[]".encode(), kind=URLENCODED), READ),
        (sent(f"query={quote(MUTATION)}&variables=".encode(), kind=URLENCODED), READ),
        (sent(urlencode({"operations": json.dumps({"query": MUTATION})}).encode(), kind=URLENCODED), READ),
        (replace(multipart(b'name="query"\r\n\r\n' + MUTATION.encode()), url=ENDPOINT), READ),
        (call("", variables={"orderId": ORDER, "reason": "r"}, operationName="a"), [(ORDER, None, None, "r")]),
        (sent(b"operationName=cancelOrder", url=f"{ENDPOINT}?{BY_NAME}", kind=URLENCODED), [(ORDER, None, None, None)]),
        (
            sent(
                b"mutation ($o: ID) { cancelOrder(orderId: $o) { uuid } }",
                url=f"{ENDPOINT}?{urlencode({'variables': json.dumps({'o': ORDER})})}",
                kind="application/graphql",
            ),
            [(ORDER, None, None, None)],
        ),
        (sent(MUTATION.encode() + b" # \xff", kind="application/graphql"), READ),
        (call("", operationName="cancelOrder", variables={"orderId": 7}), [("7", None, None, None)]),
        (call(None, operationName="cancelOrder", variables=None), [(None, None, None, None)]),
    ],
)
def test_a_call_is_read_however_it_is_wrapped(request_: Sent, cancels: list[Any]) -> None:
    assert told(request_) == cancels


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (sent(b"{"), "its body is not JSON"),
        (sent(b"[" * 100_000), "its body is not JSON"),
        (sent(b"[{}, 1]"), "its body is no GraphQL call"),
        (sent(b"{}"), "it does not say what it asks for"),
        (call("", operationName=7), "it does not say what it asks for"),
        (call("", operationName=""), "it does not say what it asks for"),
        (call(7), "its query is no text"),
        (call("mutation {"), "its query is not GraphQL"),
        (call("mutation " + "{a" * 4_000 + "}" * 4_000), "its query is not GraphQL"),
        (call(MUTATION, variables=["7f"]), "its variables are no object"),
        (sent(f"query={quote(MUTATION)}&variables=[1]".encode(), kind=URLENCODED), "its variables are no object"),
        (sent(f"query={quote(MUTATION)}&variables={{".encode(), kind=URLENCODED), "its body is not JSON"),
        (sent(None), "its body is not there to be read"),
    ],
)
def test_why_a_call_cannot_be_read(request_: Sent, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        cancels_in(request_)
    assert str(refused.value) == why


def test_a_query_is_read_up_to_its_longest_and_no_further() -> None:
    fields = LONGEST_QUERY - len(["mutation", "{", "cancelOrder", "}"])
    assert len(told(call("mutation { cancelOrder " + "a " * fields + "}"))) == 1
    with pytest.raises(Unreadable, match=r"\Aits query is not GraphQL\Z"):
        cancels_in(call("mutation { cancelOrder " + "a " * (fields + 1) + "}"))


# --- GraphQL: where the mutation stands -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "variables", "cancels"),
    [
        ("mutation ($o: ID = 1) { cancelOrder(orderId: $o) { a } }", {"o": ORDER}, [(ORDER, None, None, None)]),
        ("mutation ($o: ID = 1, $p: ID) { cancelOrder(orderId: $o) { a } }", {}, [("1", None, None, None)]),
        ("mutation { cancelOrder(orderId: $unknown, reason: null) { a } }", {}, [(None, None, None, None)]),
        ("mutation { other cancelOrder }", {}, [(None, None, None, None)]),
        (
            "mutation { ...A } fragment A on Mutation { ...A ... on Mutation { ...A } cancelOrder(orderId: 1) { a } }",
            {},
            [("1", None, None, None)],
        ),
        (
            "mutation { ...A ...B } fragment A on Mutation { ...B } "
            "fragment B on Mutation { cancelOrder(orderId: $o) }",
            {"o": ORDER},
            [(ORDER, None, None, None)] * 2,
        ),
        (
            "fragment A on Mutation { cancelOrder(orderId: 1) } fragment B on Mutation { cancelOrder(orderId: 2) } "
            "mutation { ...B }",
            {},
            [("2", None, None, None)],
        ),
        (
            "mutation ($o: ID) { ... on Mutation { ... { cancelOrder(orderId: $o) } } }",
            {"o": ORDER},
            [(ORDER, None, None, None)],
        ),
        (
            "mutation { ... on Mutation { ...A } } fragment A on Mutation { cancelOrder(orderId: 1) }",
            {},
            [("1", None, None, None)],
        ),
        ("query { a } mutation { cancelOrder(orderId: 1) }", {}, [("1", None, None, None)]),
    ],
)
def test_a_mutation_is_found_wherever_it_stands(query: str, variables: dict[str, Any], cancels: list[Any]) -> None:
    assert told(call(query, variables=variables)) == cancels


# --- Against the permit ---------------------------------------------------------------------------------------------


def test_of_a_long_name_eighty_characters_are_shown() -> None:
    (cancel,) = cancels_in(call(f'mutation {{ cancelOrder(orderId: "{"9" * 90}") }}'))
    assert cancel.differs_from(ALLOWED, ["r"]) == f"names order '{'9' * 80}'"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("id=17&reason=r", ""),
        (f"id=17&order_id={ORDER}&merchant_id=3&reason=r", ""),
        ("reason=r", "names row none"),
        ("id=17&merchant_id=3", "gives the reason none"),
    ],
)
def test_a_form_may_leave_out_what_its_row_says_already(body: str, why: str) -> None:
    assert saved(body).differs_from(ALLOWED, ["r"]) == why


def test_where_the_stores_number_is_not_known_the_row_decides() -> None:
    numberless = cast(Allowed, SimpleNamespace(order=ORDER, store_id="7f", row_id="17", merchant_id=""))
    assert saved("id=17&merchant_id=4&reason=r").differs_from(numberless, ["r"]) == ""
