import gc
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from bot.errors import InputInvalid
from bot.joblist import MOST_ORDERS, Expect, Job, JobList, job_list_schema, read_job_list
from bot.vocabulary import Reason

HEAD = "store: a\nreason: Buyer Canceled\norders:\n"
HOW = "write three, seven and seven digits, such as 112-1215998-3002091"
REASONS = (
    "llowed are No Inventory, Shipping Address Undeliverable, Customer Exchange, Buyer Canceled, General Adjustment, "
    "Carrier Credit Decision, Risk Assessment Information Not Valid, Carrier Coverage Failure, Customer Return and "
    "Merchandise Not Received, or their codes, such as NoInventory"
)
AMOUNT = "write digits, with a point before the cents and no currency sign, such as 121.80"


def read(text: str, name: str = "orders.yaml") -> JobList:
    Path(name).write_text(text, encoding="utf-8", newline="")
    return read_job_list(Path(name))


def refusal(text: str, name: str = "orders.yaml") -> str:
    with pytest.raises(InputInvalid) as caught:
        read(text, name)
    return caught.value.message


def test_an_order_takes_what_it_does_not_say_from_the_top_of_the_list() -> None:
    jobs = read(
        "store: asc-v2-2.3-magentocommerce-us     # default for the list\n"
        "reason: Buyer Canceled                   # label or code\n"
        "orders:\n"
        "  - 112-1215998-3002091\n"
        "  - order: 112-1215998-3002092\n"
        "    reason: NoInventory\n"
        "    note: ticket 4711\n"
        '    expect: {total: "121.80", buyer: Michael Blankenship}\n'
        "  - {order: 112-1215998-3002093, store: other}\n"
    )
    assert jobs == JobList(
        file="orders.yaml",
        jobs=(
            Job(
                order="112-1215998-3002091",
                store="asc-v2-2.3-magentocommerce-us",
                reason=Reason.BUYER_CANCELED,
            ),
            Job(
                order="112-1215998-3002092",
                store="asc-v2-2.3-magentocommerce-us",
                reason=Reason.NO_INVENTORY,
                note="ticket 4711",
                expect=Expect(total=Decimal("121.80"), buyer="Michael Blankenship"),
            ),
            Job(order="112-1215998-3002093", store="other", reason=Reason.BUYER_CANCELED),
        ),
    )


def test_every_order_may_bring_its_own_store_and_reason() -> None:
    jobs = read("orders:\n- {order: 112-1215998-3002091, store: a, reason: Customer Return}\n").jobs
    assert [(job.store, job.reason) for job in jobs] == [("a", Reason.CUSTOMER_RETURN)]


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_a_label_or_a_code(reason: Reason) -> None:
    jobs = read(
        "store: a\norders:\n"
        f"- {{order: 112-1215998-3002091, reason: {reason.label}}}\n"
        f"- {{order: 112-1215998-3002092, reason: {reason.value}}}\n"
    ).jobs
    assert [job.reason for job in jobs] == [reason, reason]


def test_a_total_keeps_its_digits() -> None:
    jobs = read(HEAD + "- {order: 112-1215998-3002091, expect: {total: 121.80}}\n").jobs
    assert str(jobs[0].expect.total) == "121.80"


def test_jobs_survive_json() -> None:
    jobs = read(HEAD + "- 112-1215998-3002091\n- {order: 112-1215998-3002092, expect: {total: 1.10}}\n")
    assert JobList.model_validate_json(jobs.model_dump_json()) == jobs


def test_the_name_says_how_a_list_is_read() -> None:
    message = (
        "The name of a job list must end in .yaml or .yml, in .csv, .tsv or .txt, or in .xlsx, .xlsm, .xls or .ods, "
        "which says how it is read"
    )
    assert refusal("{}", "orders.json") == f"orders.json:1:1: {message}"
    assert len(read(HEAD + "- 112-1215998-3002091\n", "ORDERS.YML").jobs) == 1


@pytest.mark.parametrize(
    "number",
    [
        "112-1215998-300209",
        "112-1215998-30020911",
        "1121215998-3002091",
        "112-1215998-3002Q91",
        "000000033",
        "112-1215998-3002091 112-1215998-3002092",
    ],
)
def test_an_order_number_must_be_whole(number: str) -> None:
    assert refusal(HEAD + f"  - {number}\n") == (f"orders.yaml:4:5: {number} is not an Amazon order number: {HOW}")


def test_an_order_number_is_in_ascii_digits() -> None:
    assert refusal(HEAD + "- ١١٢-1215998-3002091\n") == (
        "orders.yaml:4:3: ١١٢-1215998-3002091 is not an Amazon order number (it only looks like one: U+0661 in "
        f"place of 1, U+0662 in place of 2): {HOW}"
    )


@pytest.mark.parametrize(("item", "column"), [("- {order: }", 11), ("- ", 2), ("- [a]", 3), ("- {order: [a]}", 11)])
def test_an_order_without_a_number_is_refused(item: str, column: int) -> None:
    assert refusal(f"{HEAD}{item}\n") == f"orders.yaml:4:{column}: An Amazon order number is missing here: {HOW}"


def test_a_mapping_needs_its_order() -> None:
    assert refusal(HEAD + "- {note: a}\n") == (
        "orders.yaml:4:3: order is missing: Amazon order number of three, seven and seven digits, such as "
        "112-1215998-3002091"
    )


def test_a_duplicate_order_names_both_lines() -> None:
    numbers = "- 112-1215998-3002091\n- 112-1215998-3002092\n- order: 112-1215998-3002091\n- 112-1215998-3002091\n"
    assert refusal(HEAD + numbers) == (
        "orders.yaml:6:10: 112-1215998-3002091 is in the list twice: it is already on line 4; keep one of them\n"
        "orders.yaml:7:3: 112-1215998-3002091 is in the list twice: it is already on line 4; keep one of them"
    )


def test_a_duplicate_order_for_another_store_is_refused_too() -> None:
    assert refusal(HEAD + "- 112-1215998-3002091\n- {order: 112-1215998-3002091, store: b}\n") == (
        "orders.yaml:5:11: 112-1215998-3002091 is in the list twice: it is already on line 4, for another store, "
        "and an order belongs to one store only; keep one of them"
    )


def test_an_order_repeated_by_an_alias_is_a_duplicate() -> None:
    assert refusal(HEAD + "- &x 112-1215998-3002091\n- *x\n") == (
        "orders.yaml:5:3: 112-1215998-3002091 is in the list twice: it is already on line 4; keep one of them"
    )


@pytest.mark.parametrize(
    ("reason", "near"),
    [
        ("buyer canceled", "did you mean Buyer Canceled? A"),
        ("Buyer Cancelled", "did you mean Buyer Canceled? A"),
        ("noinventory", "did you mean No Inventory? A"),
        ("Bored", "a"),
    ],
)
def test_an_unknown_reason_names_the_nearest_one_and_all_others(reason: str, near: str) -> None:
    assert refusal(f"store: a\nreason: {reason}\norders: [112-1215998-3002091]\n") == (
        f"orders.yaml:2:9: {reason} is not a reason: {near}{REASONS}"
    )


def test_an_empty_reason_is_not_the_lists_reason() -> None:
    assert refusal(HEAD + "- order: 112-1215998-3002091\n  reason:\n") == (
        f"orders.yaml:5:10: A reason is missing here: a{REASONS}"
    )


def test_a_list_without_store_and_reason_says_so_once() -> None:
    assert refusal("orders:\n- 112-1215998-3002091\n- 112-1215998-3002092\n") == (
        "orders.yaml:1:1: The store is missing: write it above the orders, for all of them, or in each order\n"
        "orders.yaml:1:1: The reason is missing: write it above the orders, for all of them, or in each order"
    )


def test_an_order_without_a_store_among_others_that_have_one_is_named() -> None:
    assert refusal(
        "reason: No Inventory\norders:\n- {order: 112-1215998-3002091, store: a}\n- 112-1215998-3002092\n"
    ) == ("orders.yaml:4:3: The store is missing: write it in this order, or above the orders, for all of them")


@pytest.mark.parametrize(("orders", "column"), [("orders:", 8), ("orders: []", 9)])
def test_an_empty_list_is_refused(orders: str, column: int) -> None:
    assert refusal(f"store: a\nreason: No Inventory\n{orders}\n") == (
        f"orders.yaml:3:{column}: The list has no orders: at least one is needed"
    )


def test_a_list_without_orders_is_refused() -> None:
    assert refusal("store: a\nreason: No Inventory\n") == (
        "orders.yaml:1:1: orders is missing: The orders: each is just its number, or a mapping with more details"
    )


def test_too_many_orders_are_refused() -> None:
    numbers = "".join(f"- 112-{number:07d}-3002091\n" for number in range(MOST_ORDERS + 1))
    assert refusal(HEAD + numbers) == ("orders.yaml:4:1: The list has 100,001 orders: at most 100,000 are allowed")


def test_a_million_lines_are_refused() -> None:
    message = "orders.yaml:1:1: The file has 1,000,000 lines: at most 900,000 are allowed"
    assert refusal("-\n" * 1_000_000) == message


@pytest.mark.parametrize(
    ("total", "shown"),
    [
        ("$121.80", '"$121.80"'),
        ("121.80 €", '"121.80 €"'),
        ("'1,121.80'", "1,121.80"),
        ("'121,80'", "121,80"),
        ("-1", "-1"),
        ("1e3", "1e3"),
        ("NaN", "NaN"),
        ("''", '""'),
        ("١", "١"),
    ],
)
def test_a_total_is_a_plain_amount(total: str, shown: str) -> None:
    assert refusal(HEAD + f"- {{order: 112-1215998-3002091, expect: {{total: {total}}}}}\n") == (
        f"orders.yaml:4:48: {shown} is not an amount: {AMOUNT}"
    )


def test_an_empty_expectation_would_check_nothing_and_is_refused() -> None:
    text = "- order: 112-1215998-3002091\n  expect:\n    total:\n    buyer:\n- order: 112-1215998-3002092\n  expect:\n"
    assert refusal(HEAD + text) == (
        "orders.yaml:6:11: A value is missing here: write one, or leave the key out\n"
        "orders.yaml:7:11: A value is missing here: write one, or leave the key out\n"
        "orders.yaml:9:10: expect has no value: write a mapping"
    )


@pytest.mark.parametrize(("key", "most"), [("note", 500), ("store", 200)])
def test_texts_have_a_greatest_length(key: str, most: int) -> None:
    assert read(HEAD + f"- {{order: 112-1215998-3002091, {key}: {'x' * most}}}\n")
    assert refusal(HEAD + f"- {{order: 112-1215998-3002091, {key}: {'x' * (most + 1)}}}\n") == (
        f"orders.yaml:4:{34 + len(key)}: The {key} has {most + 1} characters: at most {most} are allowed"
    )


def test_a_buyers_name_has_a_greatest_length() -> None:
    assert refusal(HEAD + f"- {{order: 112-1215998-3002091, expect: {{buyer: {'x' * 201}}}}}\n") == (
        "orders.yaml:4:48: The buyer has 201 characters: at most 200 are allowed"
    )


def test_texts_are_one_line() -> None:
    text = '- order: 112-1215998-3002091\n  note: |\n    a\n    b\n  store: "a\\tb"\n  expect: {buyer: "a\\nb"}\n'
    assert refusal(HEAD + text) == (
        "orders.yaml:5:9: The note must be one line of text without tabs or invisible characters\n"
        "orders.yaml:8:10: The store must be one line of text without tabs or invisible characters\n"
        "orders.yaml:9:19: The buyer must be one line of text without tabs or invisible characters"
    )


def test_invisible_characters_are_refused_wherever_they_are() -> None:
    text = '- order: 112-1215998-3002091\n  note: "a\\u202Eb"\n  store: "\\0"\n'
    assert refusal(HEAD + text) == (
        "orders.yaml:5:9: The quoted text holds the invisible character U+202E: remove it\n"
        "orders.yaml:6:10: The quoted text holds the invisible character U+0000: remove it"
    )


def test_spaces_around_a_text_do_not_count() -> None:
    assert read(HEAD + "- {order: 112-1215998-3002091, note: ' a b '}\n").jobs[0].note == "a b"


def test_an_empty_text_is_refused() -> None:
    assert refusal("store: ' '\nreason: No Inventory\norders: [112-1215998-3002091]\n") == (
        "orders.yaml:1:8: The store is empty: write some text"
    )


def test_unknown_keys_name_the_nearest_one() -> None:
    head = "shop: a\nreason: No Inventory\norder:\nstore: a\norders:\n"
    text = head + "- {order: 112-1215998-3002091, reson: a, expect: {tot: 1}}\n"
    assert refusal(text) == (
        "orders.yaml:1:1: shop is not a known key: allowed are store, reason and orders\n"
        "orders.yaml:3:1: order is not a known key: did you mean orders? Allowed are store, reason "
        "and orders\n"
        "orders.yaml:6:32: reson is not a known key: did you mean reason? Allowed are order, store, "
        "reason, note and expect\n"
        "orders.yaml:6:51: tot is not a known key: did you mean total? Allowed are total and buyer"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 112-1215998-3002091", "1:1: The file must be a mapping with the keys store, reason and orders, not a list"),
        (
            "112-1215998-3002091",
            "1:1: The file must be a mapping with the keys store, reason and orders, not 112-1215998-3002091",
        ),
        ("store: a\nreason: No Inventory\norders: 1", "3:9: orders must be a list, not 1"),
        ("store: [a]\nreason: No Inventory\norders: [112-1215998-3002091]", "1:8: store must be text, not a list"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(text: str, message: str) -> None:
    assert refusal(text) == f"orders.yaml:{message}"


def test_a_list_that_is_not_yaml_is_refused() -> None:
    assert refusal("store: [a\norders:\n") == (
        "orders.yaml:2:7: This is not YAML: the bracket that opens on line 1 needs a comma or its closing bracket "
        "before this"
    )


def test_a_list_that_is_not_utf_8_is_refused() -> None:
    Path("orders.csv").write_bytes(b"order,store,reason\n112-1215998-3002091,caf\xe9,NoInventory\n")
    with pytest.raises(InputInvalid) as caught:
        read_job_list(Path("orders.csv"))
    assert caught.value.message == (
        "orders.csv:2:24: The file is not UTF-8: the byte 0xE9 here belongs to no character; save it as UTF-8, "
        "or name its encoding: --encoding cp1252"
    )


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 100)}]\n" for n in range(1, 9))
    assert refusal(bomb) == (
        "orders.yaml:4:500: The file, with all that its aliases repeat, holds too many values: at most 2,000,000 are "
        "allowed"
    )


def test_all_mistakes_are_reported_together_in_the_order_of_the_file() -> None:
    text = (
        "store: a\n"
        "reason: Bored\n"
        "store: b\n"
        "orders:\n"
        "  - 112-1215998-300209\n"
        "  - order: 112-1215998-3002091\n"
        "    note: !x a\n"
        "    note: b\n"
        "  - 112-1215998-3002091\n"
        "  - {order: 112-1215998-3002092, expect: {total: $1}}\n"
        "notes: c\n"
    )
    assert refusal(text) == (
        f"orders.yaml:2:9: Bored is not a reason: a{REASONS}\n"
        "orders.yaml:3:1: The key store appears twice: it is already on line 1; keep one of them\n"
        f"orders.yaml:5:5: 112-1215998-300209 is not an Amazon order number: {HOW}\n"
        "orders.yaml:7:11: A value cannot begin with !: put the text in quotes, or remove the tag\n"
        "orders.yaml:8:5: The key note appears twice: it is already on line 7; keep one of them\n"
        "orders.yaml:9:5: 112-1215998-3002091 is in the list twice: it is already on line 6; keep one of them\n"
        f'orders.yaml:10:50: "$1" is not an amount: {AMOUNT}\n'
        "orders.yaml:11:1: notes is not a known key: allowed are store, reason and orders"
    )


def test_a_refusal_does_not_carry_the_values_of_the_file_in_its_causes() -> None:
    with pytest.raises(InputInvalid) as caught:
        read(HEAD + "- {order: 1, expect: {buyer: Ann Lee}}\n")
    assert caught.value.__suppress_context__


def test_garbage_is_collected_again_after_a_list_was_read_or_refused() -> None:
    read(HEAD + "- 112-1215998-3002091\n")
    assert gc.isenabled()
    refusal(HEAD)
    assert gc.isenabled()


# CSV


def test_a_csv_has_the_same_columns_in_any_order() -> None:
    jobs = read(
        "reason,note,order,total,store,buyer\r\n"
        'NoInventory,"a ""b"", c",112-1215998-3002091,121.80,s, Ann Lee \r\n'
        "\r\n"
        ",,,,,\r\n"
        "Buyer Canceled,,112-1215998-3002092,,t,\r\n",
        "orders.csv",
    )
    assert jobs.jobs == (
        Job(
            order="112-1215998-3002091",
            store="s",
            reason=Reason.NO_INVENTORY,
            note='a "b", c',
            expect=Expect(total=Decimal("121.80"), buyer="Ann Lee"),
        ),
        Job(order="112-1215998-3002092", store="t", reason=Reason.BUYER_CANCELED),
    )


def test_semicolons_separate_cells_when_the_header_has_no_comma() -> None:
    jobs = read("\ufefforder;store;reason;note\n112-1215998-3002091;s;NoInventory;a, b\n", "orders.csv").jobs
    assert jobs == (Job(order="112-1215998-3002091", store="s", reason=Reason.NO_INVENTORY, note="a, b"),)


def test_empty_columns_at_the_right_are_ignored() -> None:
    assert len(read("order,store,reason,,\n112-1215998-3002091,s,NoInventory,,,,\n", "orders.csv").jobs) == 1


def test_wrong_missing_and_duplicate_columns_are_reported_with_the_rows_mistakes() -> None:
    assert refusal("order,Stores,reason,,note,note\n112-1215998-300209,s,,,,,x\n", "orders.csv") == (
        "orders.csv:1:1: The column store is missing: order, store and reason are needed; for all orders alike, name "
        "the store with --store\n"
        "orders.csv:1:2: Stores is not a known column: did you mean store? Allowed are order, store, "
        "reason, note, total and buyer\n"
        "orders.csv:1:4: This column has no name: allowed are order, store, reason, note, total and buyer\n"
        "orders.csv:1:6: The column note appears twice: it is already column 5; keep one of them\n"
        f"orders.csv:2:1: 112-1215998-300209 is not an Amazon order number: {HOW}\n"
        "orders.csv:2:3: The reason is missing: every row needs one\n"
        "orders.csv:2:7: This row has more cells than the 6 columns that line 1 names: put text with commas or "
        "semicolons in quotes"
    )


def test_a_csv_without_the_order_column_is_refused_for_its_columns_alone() -> None:
    assert refusal("number,store,reason\n1,s,x\n", "orders.csv") == (
        "orders.csv:1:1: The column order is missing: order, store and reason are needed\n"
        "orders.csv:1:1: number is not a known column: allowed are order, store, reason, note, total "
        "and buyer"
    )


def test_a_csv_position_is_the_line_where_the_row_begins_and_the_number_of_the_column() -> None:
    text = (
        "store,order,reason,note,total\n"
        's,112-1215998-3002091,NoInventory,"a\nb",1\n'
        "\n"
        ",112-1215998-3002091,Bored,,\n"
        's,,NoInventory,,"1,5"\n'
    )
    assert refusal(text, "orders.csv") == (
        "orders.csv:2:4: The note must be one line of text without tabs or invisible characters\n"
        "orders.csv:5:1: The store is missing: every row needs one\n"
        "orders.csv:5:2: 112-1215998-3002091 is in the list twice: it is already on line 2, for another store, and an "
        "order belongs to one store only; keep one of them\n"
        f"orders.csv:5:3: Bored is not a reason: a{REASONS}\n"
        "orders.csv:6:2: order is missing: Amazon order number of three, seven and seven digits, such as "
        "112-1215998-3002091\n"
        f"orders.csv:6:5: 1,5 is not an amount: {AMOUNT}"
    )


def test_a_csv_with_a_header_only_has_no_orders() -> None:
    assert refusal("order,store,reason\n", "orders.csv") == (
        "orders.csv:1:1: The list has no orders: at least one is needed"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('112-1215998-3002092,"s,x', "The quotes that open in this row are never closed: add the closing one"),
        (
            '112-1215998-3002092,"s"x,NoInventory',
            "There is text after the closing quote of a cell: write a quote that is part of the text twice",
        ),
        (
            f"112-1215998-3002092,{'x' * 140_000}",
            "A cell of this row is far too long: check that its quotes are closed",
        ),
    ],
)
def test_a_row_that_is_not_csv_is_refused(row: str, message: str) -> None:
    text = f"order,store,reason\n112-1215998-3002091,s,NoInventory\n{row}\n"
    assert refusal(text, "orders.csv") == f"orders.csv:3:1: {message}"


def test_a_csv_of_a_million_lines_is_refused() -> None:
    message = "orders.csv:1:1: The file has 1,000,000 lines: at most 900,000 are allowed"
    assert refusal("order\n" * 1_000_000, "orders.csv") == message


# The schema for editors


def test_the_schema_names_every_key_and_refuses_others() -> None:
    schema = job_list_schema()
    order = schema["$defs"]["OrderInFile"]
    expected = schema["$defs"]["ExpectInFile"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Job list"
    assert [list(part["properties"]) for part in (schema, order, expected)] == [
        ["store", "reason", "orders"],
        ["order", "store", "reason", "note", "expect"],
        ["total", "buyer"],
    ]
    assert [part["additionalProperties"] for part in (schema, order, expected)] == [False] * 3
    assert [part.get("required") for part in (schema, order, expected)] == [["orders"], ["order"], None]
    assert all(key["description"] for part in (schema, order, expected) for key in part["properties"].values())


def test_the_schema_takes_an_order_as_a_number_or_a_mapping() -> None:
    number, mapping = job_list_schema()["properties"]["orders"]["items"]["oneOf"]
    assert re.search(number["pattern"], "112-1215998-3002091")
    assert not re.search(number["pattern"], "112-1215998-30020911")
    assert mapping == {"$ref": "#/$defs/OrderInFile"}


def test_the_schema_offers_reasons_as_labels_and_codes() -> None:
    enum = job_list_schema()["properties"]["reason"]["enum"]
    assert enum == [reason.label for reason in Reason] + [reason.value for reason in Reason]


def test_the_schema_allows_no_empty_values() -> None:
    assert "null" not in json.dumps(job_list_schema())
