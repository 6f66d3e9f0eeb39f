"""The job-list reader against whatever a file may hold: it reads it, or it says in its own words what is wrong.

A default run tries a fixed set of files. To try many more, other ones each time:

    JOBLIST_FILES=20000 python -m pytest tests/unit/joblist/test_joblist_fuzz.py
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.errors import InputInvalid
from bot.files import listing
from bot.joblist import MOST_ORDERS, JobList, read_job_list
from bot.joblist.columns import COLUMNS
from bot.vocabulary import AMAZON_ORDER_NUMBER, Reason

pytestmark = pytest.mark.slow("tries many job lists")

FILES = int(os.environ.get("JOBLIST_FILES", "0"))
"""How many files each test tries, drawn again each time; 0 for the fixed ones of a default run."""

PROBLEM = re.compile(r"jobs\.(?:yaml|csv):[1-9][0-9]*:[1-9][0-9]*: \S(?:.*\S)?")


def tries(of_them: int) -> settings:
    return settings(
        max_examples=FILES or of_them,
        derandomize=not FILES,
        database=None,
        deadline=None,  # how long a file takes is the benchmarks' business
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def read(content: bytes, name: str) -> JobList | None:
    """The list that the file holds; None if it is refused, and then it is said as it should be."""
    Path(name).write_bytes(content)
    try:
        jobs = read_job_list(Path(name))
    except InputInvalid as refused:
        check(refused, lines=content.count(b"\n") + content.count(b"\r") + 1)
        return None
    assert 1 <= len(jobs.jobs) <= MOST_ORDERS
    for job in jobs.jobs:
        assert AMAZON_ORDER_NUMBER.fullmatch(job.order)
        assert not re.search(
            r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", job.store + job.note + str(job.expect.buyer)
        )
    return jobs


def check(refused: InputInvalid, *, lines: int) -> None:
    """A refusal is a line for each mistake, in the order of the file, that tells its place and can be printed."""
    assert refused.problems
    for problem in refused.problems:
        assert PROBLEM.fullmatch(str(problem)), ascii(str(problem))
        assert str(problem).isprintable(), ascii(str(problem))
        assert len(str(problem)) < 1000
    assert refused.message.split("\n") == [str(problem) for problem in refused.problems]
    places = [(problem.line, problem.column) for problem in refused.problems]
    assert places == sorted(places)
    assert places[-1][0] <= lines
    assert len(listing(refused).split("\n")) <= 51


# --- What a file may be made of -----------------------------------------------------------------------------------

NUMBERS = st.from_regex(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", fullmatch=True)
REASONS = st.sampled_from([name for reason in Reason for name in (reason.value, reason.label)])
HOSTILE = st.sampled_from(
    [
        *("<script>alert(1)</script>", "=1+1", "+1", "-1", "@A1", "../../x", "C:\\x", "NUL", "a\tb", "%s{0}", "'", '"'),
        *(
            "\x00",
            "\x1b[2J",
            "\x9b2J",
            "\u202e",
            "\u200f",
            "\u200b",
            "\u2028",
            "\x85",
            "\r",
            "\ufeff",
            "\ufffe",
            "\U000e0041",
        ),
        *(
            "~",
            "null",
            "<<",
            "*a",
            "&a",
            "!!python/object",
            "%TAG ! x",
            "---",
            "...",
            "- -",
            "? a",
            "|",
            ">",
            "[",
            "{a: ",
            "#",
        ),
        *("A" * 501, "9" * 300, "１１２-1215998-3002091", "1e999", "0x10", "nan", "121.80", "-0", "yes", "2024-01-31"),
    ]
)
WORDS = st.one_of(HOSTILE, HOSTILE, st.text(max_size=12))
KEYS = st.one_of(st.sampled_from(["order", "orders", "store", "reason", "note", "expect", "total", "buyer"]), WORDS)
SCALARS = st.one_of(NUMBERS, REASONS, WORDS)


def lists_and_mappings(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3))


VALUES = st.one_of(SCALARS, lists_and_mappings(st.one_of(SCALARS, lists_and_mappings(SCALARS))))
ORDERS = st.one_of(
    NUMBERS,
    st.fixed_dictionaries(
        {"order": st.one_of(NUMBERS, WORDS)},
        optional={
            "store": WORDS,
            "reason": st.one_of(REASONS, WORDS),
            "note": WORDS,
            "expect": st.one_of(st.dictionaries(st.sampled_from(["total", "buyer"]), WORDS), VALUES),
        },
    ),
    VALUES,
)
LISTS = st.fixed_dictionaries(
    {"orders": st.one_of(st.lists(ORDERS, max_size=5), VALUES)},
    optional={"store": WORDS, "reason": st.one_of(REASONS, WORDS), "extra": VALUES},
)


def as_yaml(value: object, draw: st.DataObject) -> str:
    """The value as a person might write it in YAML, in brackets and braces, with and without quotes."""
    if isinstance(value, dict):
        inside = ", ".join(f"{as_yaml(key, draw)}: {as_yaml(item, draw)}" for key, item in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(as_yaml(item, draw) for item in value)}]"
    text = str(value)
    style = draw.draw(st.sampled_from(["plain", "plain", "single", "double", "escaped"]))
    if style == "single":
        return "'" + text.replace("'", "''") + "'"
    if style == "double":
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if style == "escaped":
        return '"' + "".join(f"\\U{ord(sign):08x}" for sign in text) + '"'
    return text


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "store: a\n",
                    "reason: NoInventory\n",
                    "orders:\n",
                    "  - ",
                    "- ",
                    "order: ",
                    "expect:\n",
                    "    ",
                    "\n",
                ),
                *("\r\n", "\r", "\t", ": ", ", ", ";", ",", '"', "'", "[", "]", "{", "}", "&a ", "*a", "|\n", ">-\n"),
                *("# c\n", "---\n", "order,store,reason,note,total,buyer\n", "order;store;reason\n"),
                "112-1215998-3002091",
            ]
        ),
        WORDS,
    ),
    max_size=30,
)


# --- The tests ----------------------------------------------------------------------------------------------------


@tries(200)
@given(st.binary(max_size=200), st.sampled_from(["jobs.yaml", "jobs.csv"]))
@example(b"\xff\xfe", "jobs.yaml")
@example(b"orders: \xc3", "jobs.csv")
def test_no_bytes_break_the_reader(content: bytes, name: str) -> None:
    read(content, name)


@tries(400)
@given(PIECES, st.sampled_from(["jobs.yaml", "jobs.csv"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
def test_no_pieces_of_a_list_in_any_order_break_the_reader(pieces: list[str], name: str, encoding: str) -> None:
    read("".join(pieces).encode(encoding, errors="replace"), name)


@tries(350)
@given(LISTS, st.data())
def test_no_list_in_yaml_breaks_the_reader(value: dict[str, object], data: st.DataObject) -> None:
    text = "".join(f"{key}: {as_yaml(item, data)}\n" for key, item in value.items())
    read(text.encode(errors="replace"), "jobs.yaml")


@tries(300)
@given(
    st.lists(st.one_of(st.sampled_from(COLUMNS), WORDS), min_size=1, max_size=8),
    st.lists(st.lists(st.one_of(NUMBERS, REASONS, WORDS), max_size=8), max_size=4),
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
)
def test_no_list_in_csv_breaks_the_reader(
    columns: list[str], rows: list[list[str]], delimiter: str, quoted: bool
) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if quoted else text

    text = "\n".join(delimiter.join(map(cell, row)) for row in [columns, *rows])
    read(text.encode(errors="replace"), "jobs.csv")


@tries(100)
@given(
    st.lists(st.tuples(NUMBERS, REASONS), min_size=1, max_size=5, unique_by=lambda order: order[0]),
    st.sampled_from(["jobs.yaml", "jobs.csv"]),
)
def test_a_sound_list_is_read_as_it_is(orders: list[tuple[str, str]], name: str) -> None:
    if name == "jobs.yaml":
        text = "store: a\norders:\n" + "".join(
            f"  - {{order: {order}, reason: {reason}}}\n" for order, reason in orders
        )
    else:
        text = "order,store,reason\n" + "".join(f"{order},a,{reason}\n" for order, reason in orders)
    jobs = read(text.encode(), name)
    assert jobs is not None
    assert [(job.order, job.store) for job in jobs.jobs] == [(order, "a") for order, _ in orders]


@pytest.mark.parametrize("name", ["\x1b[31mjobs.yaml", "jo\nbs.yaml", "jobs\u202elmay.csv"])
def test_a_file_with_a_hostile_name_is_named_harmlessly(name: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        read_job_list(Path(name))
    written = name.encode("unicode_escape").decode()
    assert caught.value.message == f"{written}:1:1: There is no such file: check the name and the folder"
