"""Lists as people have them, each with the command as a person types it and what comes of it, whole."""

import io
import shlex
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from command_kit import Countermand
from workbook_kit import (
    EXCEL_97,
    EXCEL_97_MARKED,
    EXCEL_97_MERGED,
    of_excel,
    opendocument,
    opendocument_of,
    row_of_opendocument,
    workbook,
)

from bot.cancel.verdicts import Verdict
from bot.joblist import Job
from bot.outcomes import Outcome

ONE, TWO = "112-1215998-3002091", "112-1215998-3002092"
HOW = "write three, seven and seven digits, such as 112-1215998-3002091"
LABELS = (
    "No Inventory, Shipping Address Undeliverable, Customer Exchange, Buyer Canceled, General Adjustment, Carrier "
    "Credit Decision, Risk Assessment Information Not Valid, Carrier Coverage Failure, Customer Return and Merchandise "
    "Not Received"
)
REASONS = f"llowed are {LABELS}, or their codes, such as NoInventory"
AMOUNT = "write digits, with a point before the cents and no currency sign, such as 121.80"
COLUMNS = "allowed are order, store, reason, note, total and buyer"
NEEDED = "order, store and reason are needed; for all orders alike, name the"
HEAD = "store: S\nreason: NoInventory\norders:\n"
NOTHING_TO_EXPECT = (
    "--expect compares a total or a buyer, and the list has no column for either: add one, or leave it out"
)
NOT_COMPUTED = "This formula has no result yet: open the workbook in a spreadsheet program and save it there"
ERROR = "This cell shows the error {}: correct its formula, or write the value itself"
HIDDEN = (
    "This row is hidden, by a filter or by hand{}: show every row, or copy those that you want to a sheet of their own"
)
BOTH = '--store S --reason "No Inventory"'


def job(order: str = ONE, store: str = "S", reason: str = "NoInventory", **more: str) -> str:
    """An order as the rows below write it."""
    return " ".join([order, store, reason, *(f"{name}={value}" for name, value in more.items())])


def hide(*rows: int) -> Callable[[Any], None]:
    """Hides rows of a sheet, as a filter does."""

    def shape(sheet: Any) -> None:
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    return shape


HEADER = ["order", "store", "reason"]
ROW = [ONE, "S", "NoInventory"]

GOOD: list[tuple[str, str, dict[str, str | bytes], list[str], str]] = [
    # What it is · the command · files · the orders · what is remarked
    ("YAML", "run jobs.yaml", {"jobs.yaml": f"{HEAD}- {ONE}\n"}, [job()], ""),
    ("YML", "run jobs.yml", {"jobs.yml": f"{HEAD}- {ONE}\n"}, [job()], ""),
    ("BOM", "run jobs.yaml", {"jobs.yaml": f"\ufeff{HEAD}- {ONE}\n"}, [job()], ""),
    (
        "list without a store",
        "run jobs.yaml --store S",
        {"jobs.yaml": f"reason: NoInventory\norders: [{ONE}]\n"},
        [job()],
        "",
    ),
    (
        "list without a reason",
        "run jobs.yaml --reason NoInventory",
        {"jobs.yaml": f"store: S\norders: [{ONE}]\n"},
        [job()],
        "",
    ),
    (
        "the list wins",
        "run jobs.yaml --store T",
        {"jobs.yaml": f"{HEAD}- {ONE}\n"},
        [job()],
        "Not needed for this list, and not used: --store.\n",
    ),
    (
        "what goes with other files",
        "run jobs.yaml --sheet One --expect",
        {"jobs.yaml": f"{HEAD}- {ONE}\n"},
        [job()],
        "Not needed for this list, and not used: --sheet, --expect.\n",
    ),
    (
        "comment after a value",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- order: {ONE}\n  note: a # b\n"},
        [job(note="a")],
        "",
    ),
    ("# in quotes", "run jobs.yaml", {"jobs.yaml": f"{HEAD}- order: {ONE}\n  note: 'a #1'\n"}, [job(note="a #1")], ""),
    (
        "# inside a block",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- order: {ONE}\n  note: >-\n    note: a #1\n"},
        [job(note="note: a #1")],
        "",
    ),
    (
        "surname Null in quotes",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- {{order: {ONE}, expect: {{buyer: 'Null'}}}}\n"},
        [job(buyer="Null")],
        "",
    ),
    (
        "white space in a name",
        "run jobs.yaml",
        {"jobs.yaml": HEAD.replace("S", "'A\u00a0 B'") + f"- {ONE}\n"},
        [job(store="A B")],
        "",
    ),
    (
        "decomposed letters",
        "run jobs.yaml",
        {"jobs.yaml": HEAD.replace("S", "Cafe\u0301") + f"- {ONE}\n"},
        [job(store="Caf\u00e9")],
        "",
    ),
    (
        "joiners of emoji and of scripts",
        "run jobs.yaml",
        {"jobs.yaml": f'{HEAD}- {{order: {ONE}, store: "👩\u200d💻", expect: {{buyer: "نامه\u200cای"}}}}\n'},
        [job(store="👩\u200d💻", buyer="نامه\u200cای")],
        "",
    ),
    (
        "reason with two spaces",
        "run jobs.yaml",
        {"jobs.yaml": HEAD.replace("NoInventory", "No  Inventory") + f"- {ONE}\n"},
        [job()],
        "",
    ),
    ("CSV", "run jobs.csv", {"jobs.csv": f"order,store,reason\n{ONE},S,NoInventory\n"}, [job()], ""),
    (
        "CSV of Excel in Europe",
        "run jobs.csv",
        {"jobs.csv": f"sep=;\r\norder;store;reason\r\n{ONE};S, T;NoInventory\r\n"},
        [job(store="S, T")],
        "",
    ),
    ("CSV with capitals", "run jobs.csv", {"jobs.csv": f"Order,STORE,Reason\n{ONE},S,NoInventory\n"}, [job()], ""),
    ("CSV with a BOM", "run jobs.csv", {"jobs.csv": f"\ufefforder,store,reason\n{ONE},S,NoInventory\n"}, [job()], ""),
    (
        "CSV with a blank tail",
        "run jobs.csv",
        {"jobs.csv": f"order,store,reason,,\n{ONE},S,NoInventory,,\n,,,,\n\n"},
        [job()],
        "",
    ),
    ("CSV with pipes", "run jobs.csv", {"jobs.csv": f"order|store|reason\n{ONE}|S|NoInventory\n"}, [job()], ""),
    ("CSV with tabs", "run jobs.csv", {"jobs.csv": f"order\tstore\treason\n{ONE}\tS\tNoInventory\n"}, [job()], ""),
    (
        "separators in quotes",
        "run jobs.csv --reason NoInventory",
        {"jobs.csv": f'order-id;"note, as, we, write it";store name\n{ONE};"a; b";"S; T"\n'},
        [job(store="S; T")],
        "Columns used: order-id as order and store name as store.\nColumns left out: note, as, we, write it.\n",
    ),
    (
        "quotes and a line break in a note",
        "run jobs.csv",
        {"jobs.csv": f'order,store,reason,note\n{ONE},S,NoInventory,"says ""no"", twice"\n'},
        [job(note='says "no", twice')],
        "",
    ),
    (
        "a report with empty cells at the end of its lines",
        f"run orders.txt {BOTH}",
        {"orders.txt": f"order-id\tsku\t\t\r\n{ONE}\tx\t\t\r\n{TWO}\t\t\t\t\t\r\n\t\t\t\r\n"},
        [job(), job(TWO)],
        "Columns used: order-id as order.\nColumns left out: sku.\n",
    ),
    ("one column", f"run jobs.csv {BOTH}", {"jobs.csv": f"order\n{ONE}\n{TWO}\n"}, [job(), job(TWO)], ""),
    (
        "a cell that is empty",
        "run jobs.csv --reason NoInventory",
        {"jobs.csv": f"order,store,reason\n{ONE},S,\n{TWO},S,CustomerReturn\n"},
        [job(), job(TWO, reason="CustomerReturn")],
        "",
    ),
    (
        "total and buyer of our own",
        "run jobs.csv",
        {"jobs.csv": f"order,store,reason,total,buyer\n{ONE},S,NoInventory,121.80,B\n"},
        [job(total="121.80", buyer="B")],
        "",
    ),
    (
        "Amazon's report of unshipped orders",
        f"run orders.txt {BOTH}",
        {
            "orders.txt": f'order-id\torder-item-id\tbuyer-name\tproduct-name\n{ONE}\t1\tM "Max" B\t12" ruler\n{ONE}\t2\tM "Max" B\tcap\n{TWO}\t3\tC\t\n'
        },
        [job(), job(TWO)],
        "Columns used: order-id as order.\nColumns left out: order-item-id, buyer-name and product-name.\n"
        "3 lines for 2 orders: the lines of one order count as one.\n",
    ),
    (
        "a reason and a note on the last of its lines",
        "run report.txt --store S",
        {"report.txt": f"order-id\tsku\treason\tnote\n{ONE}\tx\t\t\n{ONE}\ty\tCustomerReturn\ta\n"},
        [job(reason="CustomerReturn", note="a")],
        "Columns used: order-id as order, reason as reason and note as note.\nColumns left out: sku.\n"
        "2 lines for 1 order: the lines of one order count as one.\n",
    ),
    (
        "its buyers as expectations",
        f"run orders.txt {BOTH} --expect",
        {"orders.txt": f"order-id\tbuyer-name\n{ONE}\tMax B\n"},
        [job(buyer="Max B")],
        "Columns used: order-id as order and buyer-name as buyer.\n",
    ),
    (
        "Amazon's report of all orders",
        f"run orders.tsv {BOTH}",
        {"orders.tsv": f"amazon-order-id\tmerchant-order-id\n{ONE}\t{ONE}\n"},
        [job()],
        "Columns used: amazon-order-id as order.\nColumns left out: merchant-order-id.\n",
    ),
    (
        "a report from Europe",
        f"run orders.txt {BOTH} --expect --encoding cp1252",
        {"orders.txt": f"order-id\tbuyer-name\n{ONE}\tMüller\n".encode("cp1252")},
        [job(buyer="Müller")],
        "Columns used: order-id as order and buyer-name as buyer.\n",
    ),
    (
        "a report from Japan",
        f"run orders.txt {BOTH} --expect --encoding shift_jis",
        {"orders.txt": f"order-id\tbuyer-name\n{ONE}\t山田太郎\n".encode("shift_jis")},
        [job(buyer="山田太郎")],
        "Columns used: order-id as order and buyer-name as buyer.\n",
    ),
    (
        "Excel's Unicode text",
        f"run orders.txt {BOTH} --encoding utf-16",
        {"orders.txt": f"order-id\r\n{ONE}\r\n".encode("utf-16")},
        [job()],
        "Columns used: order-id as order.\n",
    ),
    (
        "the Admin's grid export",
        'run export.csv --reason "No Inventory"',
        {
            "export.csv": f'"Amazon Order Number","Amazon Store Name","Magento Order Number","Status","Total"\n"{ONE}","S","000000033","Unshipped","$ 1,121.80"\n'
        },
        [job()],
        "Columns used: Amazon Order Number as order and Amazon Store Name as store.\n"
        "Columns left out: Magento Order Number, Status and Total.\n",
    ),
    (
        "its totals as expectations",
        'run export.csv --reason "No Inventory" --expect',
        {"export.csv": f'"Amazon Order Number","Amazon Store Name","Total"\n"{ONE}","S","CHF 1’121.80"\n'},
        [job(total="1121.80")],
        "Columns used: Amazon Order Number as order, Amazon Store Name as store and Total as total.\n",
    ),
    (
        "the app's own column names",
        f"run export.csv {BOTH}",
        {
            "export.csv": f"Purchase Date,Order Number,Status,Buyer's Name,Total,Order Notes\n2026-11-30,{ONE},Unshipped,B,$1,x\n"
        },
        [job()],
        'Columns used: Order Number as order.\nColumns left out: Purchase Date, Status, "Buyer\'s Name", Total and Order Notes.\n',
    ),
    ("a workbook", "run jobs.xlsx", {"jobs.xlsx": workbook(HEADER, ROW)}, [job()], ""),
    (
        "cells as people see them",
        "run jobs.xlsx",
        {
            "jobs.xlsx": workbook(
                [*HEADER, "note", "total"], [*ROW, 4711, 121.8], [TWO, *ROW[1:], date(2026, 11, 30), 100]
            )
        },
        [job(note="4711", total="121.8"), job(TWO, note="2026-11-30", total="100")],
        "",
    ),
    (
        "empty rows and columns",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook([None] * 3, [*HEADER, None], [None] * 4, [*ROW, None])},
        [job()],
        "",
    ),
    (
        "a sheet that is named",
        "run jobs.xlsx --sheet Two",
        {"jobs.xlsx": workbook(HEADER, ROW, more=[HEADER, [TWO, "S", "NoInventory"]])},
        [job(TWO)],
        "",
    ),
    (
        "the first sheet that is not hidden",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook(HEADER, ROW, hidden="Lists")},
        [job()],
        "",
    ),
    (
        "a sheet of several",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook(HEADER, ROW, more=[HEADER, [TWO, "S", "NoInventory"]])},
        [job()],
        "Sheet used: Sheet1. Not read: Two.\n",
    ),
    ("empty sheets beside it", "run jobs.xlsx", {"jobs.xlsx": workbook(HEADER, ROW, more=[])}, [job()], ""),
    (
        "saved by Excel",
        "run orders.xlsx",
        {
            "orders.xlsx": of_excel(
                '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c>'
                '<c r="D1" t="s"><v>5</v></c></row>',
                '<row r="2"><c r="A2" t="str"><f>"112-1215998-"&amp;3002091</f><v>112-1215998-3002091</v></c>'
                '<c r="B2" t="s"><v>3</v></c><c r="C2" t="s"><v>4</v></c><c r="D2"><f>SUM(F1:F9)</f>'
                "<v>121.80000000000001</v></c></row>",
                texts=[
                    "order",
                    "store",
                    "reason",
                    '<r><t>North</t></r><r><t xml:space="preserve"> &amp; Co</t></r>',
                    "NoInventory",
                    "total",
                ],
            )
        },
        [job(store="North & Co", total="121.8")],
        "",
    ),
    (
        "merged cells",
        "run jobs.xlsx --store T",
        {
            "jobs.xlsx": workbook(
                HEADER, ROW, [TWO, None, "NoInventory"], [None] * 3, shaped=lambda sheet: sheet.merge_cells("B2:B4")
            )
        },
        [job(), job(TWO)],
        "Not needed for this list, and not used: --store.\n",
    ),
    (
        "a hidden column",
        "run jobs.xlsx",
        {
            "jobs.xlsx": workbook(
                HEADER, ROW, shaped=lambda sheet: setattr(sheet.column_dimensions["C"], "hidden", True)
            )
        },
        [job()],
        "Hidden, and used all the same: the column of reason.\n",
    ),
    (
        "empty rows that are hidden",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook(HEADER, ROW, shaped=lambda sheet: setattr(sheet.row_dimensions[9], "hidden", True))},
        [job()],
        "",
    ),
    (
        "an error in a column that is left out",
        f"run report.xlsx {BOTH}",
        {"report.xlsx": workbook(["order-id", "margin"], [ONE, "#DIV/0!"])},
        [job()],
        "Columns used: order-id as order.\nColumns left out: margin.\n",
    ),
    ("LibreOffice", "run jobs.ods", {"jobs.ods": opendocument(HEADER, ROW)}, [job()], ""),
    ("Excel 97", "run jobs.xls", {"jobs.xls": EXCEL_97}, [job(total="121.8", buyer="Müller")], ""),
    (
        "merged and hidden in Excel 97",
        "run jobs.xls",
        {"jobs.xls": EXCEL_97_MERGED},
        [job(), job(TWO)],
        "Hidden, and used all the same: the column of store.\n",
    ),
    ("a workbook called .xls", "run jobs.xls", {"jobs.xls": workbook(HEADER, ROW)}, [job()], ""),
    (
        "a report in a workbook",
        f"run jobs.xlsm {BOTH}",
        {"jobs.xlsm": workbook(["order-id", "sku"], [ONE, "x"])},
        [job()],
        "Columns used: order-id as order.\nColumns left out: sku.\n",
    ),
    ("numbers by themselves", f"run {ONE} {TWO} {BOTH}", {}, [job(), job(TWO)], ""),
    ("a plan of numbers", f"plan {ONE} --store S --reason BuyerCanceled", {}, [job(reason="BuyerCanceled")], ""),
    ("YAML on standard input", "run -", {"-": f"{HEAD}- {ONE}\n"}, [job()], ""),
    ("CSV on standard input", "run -", {"-": f"order,store,reason\n{ONE},S,NoInventory\n"}, [job()], ""),
    (
        "a report on standard input",
        f"run - {BOTH}",
        {"-": f"order-id\tsku\n{ONE}\tx\n"},
        [job()],
        "Columns used: order-id as order.\nColumns left out: sku.\n",
    ),
    ("a workbook on standard input", "run -", {"-": workbook(HEADER, ROW)}, [job()], ""),
]

WRONG: list[tuple[str, str, dict[str, str | bytes], str]] = [
    # What it is · the command · files · the whole message
    (
        "NBSP that indents",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- order: {ONE}\n\u00a0 note: x\n"},
        "jobs.yaml:5:1: The character U+00A0 indents this line, which YAML takes for text: use ordinary spaces",
    ),
    (
        "NBSP before a dash",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD} \u00a0- {ONE}\n"},
        "jobs.yaml:4:2: The character U+00A0 indents this line, which YAML takes for text: use ordinary spaces",
    ),
    (
        "wide space before a dash",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}\u3000- {ONE}\n"},
        "jobs.yaml:4:1: The character U+3000 indents this line, which YAML takes for text: use ordinary spaces",
    ),
    (
        "a note cut off",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- order: {ONE}\n  note: ticket #4711\n"},
        'jobs.yaml:5:9: YAML reads "#4711" as a comment, and the note as ticket: put the whole text in quotes, or a space after #',
    ),
    (
        "a store cut off",
        "run jobs.yaml",
        {"jobs.yaml": f"store: S #2\nreason: NoInventory\norders: [{ONE}]\n"},
        'jobs.yaml:1:8: YAML reads "#2" as a comment, and the store as S: put the whole text in quotes, or a space after #',
    ),
    (
        "a buyer cut off",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- order: {ONE}\n  expect:\n    buyer: A B #C\n"},
        'jobs.yaml:6:12: YAML reads "#C" as a comment, and the buyer as A B: put the whole text in quotes, or a space after #',
    ),
    (
        "an amount cut in two",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- {{order: {ONE}, expect: {{total: 1.234,56}}}}\n"},
        "jobs.yaml:4:54: 1.234,56 is not an amount: write digits, with a point before the cents, no other signs and no currency, such as 1234.56",
    ),
    (
        "an amount with a comma",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- {{order: {ONE}, expect: {{total: '12,50'}}}}\n"},
        f"jobs.yaml:4:48: 12,50 is not an amount: {AMOUNT}",
    ),
    (
        "an amount with a currency",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- {{order: {ONE}, expect: {{total: $12.50}}}}\n"},
        f'jobs.yaml:4:48: "$12.50" is not an amount: {AMOUNT}',
    ),
    (
        "surname Null",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- {{order: {ONE}, expect: {{buyer: Null}}}}\n"},
        "jobs.yaml:4:48: Null means that there is no value: put it in quotes if it is a name",
    ),
    (
        "no buyer",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- order: {ONE}\n  expect:\n    buyer:\n"},
        "jobs.yaml:6:11: A value is missing here: write one, or leave the key out",
    ),
    (
        "unseen in a store",
        "run jobs.yaml",
        {"jobs.yaml": f"store: S\u200bX\nreason: NoInventory\norders: [{ONE}]\n"},
        "jobs.yaml:1:9: The store holds the character U+200B, which is invisible: remove it",
    ),
    (
        "unseen in a store in quotes",
        "run jobs.yaml",
        {"jobs.yaml": f"store: 'S\u00adX'\nreason: NoInventory\norders: [{ONE}]\n"},
        "jobs.yaml:1:10: The store holds the character U+00AD, which is invisible: remove it",
    ),
    (
        "unseen in a buyer",
        "run jobs.yaml",
        {"jobs.yaml": f"{HEAD}- {{order: {ONE}, expect: {{buyer: A\u2060B}}}}\n"},
        "jobs.yaml:4:49: The buyer holds the character U+2060, which is invisible: remove it",
    ),
    (
        "a joiner between Latin letters",
        "run jobs.yaml",
        {"jobs.yaml": f"store: S\u200dX\nreason: NoInventory\norders: [{ONE}]\n"},
        "jobs.yaml:1:9: The store holds the character U+200D, which is invisible: remove it",
    ),
    (
        "a joiner at the end",
        "run jobs.yaml",
        {"jobs.yaml": f"store: 💻\u200d\nreason: NoInventory\norders: [{ONE}]\n"},
        "jobs.yaml:1:9: The store holds the character U+200D, which is invisible: remove it",
    ),
    (
        "unseen in a CSV",
        "run jobs.csv",
        {"jobs.csv": f"order,store,reason\n{ONE},S\u200bX,NoInventory\n"},
        "jobs.csv:2:2: The store holds the character U+200B, which is invisible: remove it",
    ),
    (
        "formulas that were never computed",
        f"run orders.xlsx {BOTH} --expect",
        {"orders.xlsx": workbook(["order", "total", "buyer"], [ONE, "=100+21.8", "Ann"], [TWO, 5, '=A2 & ""'])},
        f"orders.xlsx:Sheet1!B2: {NOT_COMPUTED}\norders.xlsx:Sheet1!C3: {NOT_COMPUTED}",
    ),
    (
        "rows that a filter hides",
        "run orders.xlsx",
        {"orders.xlsx": workbook(HEADER, ROW, [TWO, "S", "NoInventory"], shaped=hide(3))},
        f"orders.xlsx:Sheet1!A3: {HIDDEN.format('')}",
    ),
    (
        "several rows that a filter hides",
        "run orders.xlsx",
        {
            "orders.xlsx": workbook(
                HEADER, *([ROW] + [[f"112-1215998-300209{n}", *ROW[1:]] for n in range(2, 7)]), shaped=hide(3, 5, 6)
            )
        },
        f"orders.xlsx:Sheet1!A3: {HIDDEN.format(', and so are 2 more')}",
    ),
    (
        "rows that a filter hides in LibreOffice",
        "run orders.ods",
        {
            "orders.ods": opendocument_of(
                row_of_opendocument(*HEADER)
                + row_of_opendocument(*ROW, visibility="filter")
                + row_of_opendocument(TWO, *ROW[1:], visibility="collapse")
            )
        },
        f"orders.ods:Tabelle1!A2: {HIDDEN.format(', and so is 1 more')}",
    ),
    (
        "errors in cells",
        f"run orders.xlsx {BOTH} --expect",
        {"orders.xlsx": workbook(["order", "total", "buyer"], ["#N/A", None, None], [TWO, "#REF!", "Ann"])},
        f"orders.xlsx:Sheet1!A2: {ERROR.format('#N/A')}\norders.xlsx:Sheet1!B3: {ERROR.format('#REF!')}",
    ),
    (
        "errors in the columns of a report that are used",
        "run report.xlsx --reason NoInventory",
        {"report.xlsx": workbook(["order-id", "store", "margin"], [ONE, "#N/A", "#DIV/0!"])},
        f"report.xlsx:Sheet1!B2: {ERROR.format('#N/A')}",
    ),
    (
        "errors and formulas without a result in LibreOffice",
        "run orders.ods",
        {
            "orders.ods": opendocument_of(
                row_of_opendocument(*HEADER, "note")
                + row_of_opendocument(
                    ONE,
                    '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error">'
                    "<text:p>#N/A</text:p></table:table-cell>",
                    "NoInventory",
                    '<table:table-cell table:formula="of:=[.A1]"/>',
                )
            )
        },
        f"orders.ods:Tabelle1!B2: {ERROR.format('#N/A')}\norders.ods:Tabelle1!D2: {NOT_COMPUTED}",
    ),
    (
        "all of it in Excel 97",
        "run orders.xls",
        {"orders.xls": EXCEL_97_MARKED},
        f"orders.xls:Orders!D2: {NOT_COMPUTED}\norders.xls:Orders!E3: {ERROR.format('#N/A')}\n"
        f"orders.xls:Orders!A4: {HIDDEN.format(', and so is 1 more')}",
    ),
    (
        "a workbook called CSV",
        "run jobs.csv",
        {"jobs.csv": workbook(HEADER, ROW)},
        "jobs.csv:1:1: This is a workbook, although its name ends in .csv: give it its own ending, such as .xlsx",
    ),
    (
        "a workbook called YAML",
        "run jobs.yaml",
        {"jobs.yaml": workbook(HEADER, ROW)},
        "jobs.yaml:1:1: This is a workbook, although its name ends in .yaml: give it its own ending, such as .xlsx",
    ),
    (
        "a CSV called workbook",
        "run jobs.xlsx",
        {"jobs.xlsx": "order,store,reason\n"},
        "jobs.xlsx:1:1: This is not a workbook, although its name ends in .xlsx: a list with columns of text ends in .csv",
    ),
    (
        "half a workbook",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook(HEADER, ROW)[:100]},
        "jobs.xlsx:1:1: The workbook cannot be read: Cannot detect file format",
    ),
    (
        "a sheet that is not there",
        "run jobs.xlsx --sheet Orders",
        {"jobs.xlsx": workbook(HEADER, ROW, more=[HEADER, [TWO, "S", "NoInventory"]])},
        "jobs.xlsx:1:1: There is no sheet Orders: it has Sheet1 and Two",
    ),
    (
        "mistakes in cells",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook([*HEADER, "total"], ["112", "S", "Bored", -1])},
        f"jobs.xlsx:Sheet1!A2: 112 is not an Amazon order number: {HOW}\njobs.xlsx:Sheet1!C2: Bored is not a reason: a{REASONS}\njobs.xlsx:Sheet1!D2: -1 is not an amount: {AMOUNT}",
    ),
    (
        "twice in a workbook",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook(HEADER, ROW, ROW)},
        f"jobs.xlsx:Sheet1!A3: {ONE} is in the list twice: it is already at Sheet1!A2; keep one of them",
    ),
    (
        "a column that is not known",
        "run jobs.xlsx",
        {"jobs.xlsx": workbook([*HEADER, "buyers"], [*ROW, "B"])},
        f"jobs.xlsx:Sheet1!D1: buyers is not a known column: did you mean buyer? A{COLUMNS[1:]}",
    ),
    (
        "mistakes in LibreOffice",
        "run jobs.ods",
        {"jobs.ods": opendocument(HEADER, ["112", "S", "NoInventory"])},
        f"jobs.ods:Tabelle1!A2: 112 is not an Amazon order number: {HOW}",
    ),
    ("an empty workbook", "run jobs.xlsx", {"jobs.xlsx": workbook()}, "jobs.xlsx:1:1: The file is empty"),
    (
        "a report without a store",
        "run orders.txt --reason NoInventory",
        {"orders.txt": f"order-id\tsku\n{ONE}\tx\n"},
        f"orders.txt:1:1: The column store is missing: {NEEDED} store with --store",
    ),
    (
        "a report without anything",
        "run orders.txt",
        {"orders.txt": f"order-id\tsku\n{ONE}\tx\n"},
        f"orders.txt:1:1: The column store is missing: {NEEDED} store with --store\norders.txt:1:1: The column reason is missing: {NEEDED} reason with --reason",
    ),
    (
        "a report from Europe",
        f"run orders.txt {BOTH}",
        {"orders.txt": f"order-id\tbuyer-name\n{ONE}\tMüller\n".encode("cp1252")},
        "orders.txt:2:22: The file is not UTF-8: the byte 0xFC here belongs to no character; save it as UTF-8, or name its encoding: --encoding cp1252",
    ),
    (
        "a report from Japan",
        f"run orders.txt {BOTH}",
        {"orders.txt": f"order-id\tbuyer-name\n{ONE}\t山田太郎\n".encode("shift_jis")},
        "orders.txt:2:21: The file is not UTF-8: the byte 0x8E here belongs to no character; save it as UTF-8, or name its encoding: --encoding shift_jis",
    ),
    (
        "Excel's Unicode text",
        f"run orders.txt {BOTH}",
        {"orders.txt": f"order-id\n{ONE}\n".encode("utf-16")},
        "orders.txt:1:1: The file is UTF-16, not UTF-8: save it as UTF-8, or name its encoding: --encoding utf-16",
    ),
    (
        "an unknown encoding",
        f"run orders.txt {BOTH} --encoding shiftjs",
        {"orders.txt": "order-id\n"},
        "orders.txt:1:1: shiftjs is not an encoding: did you mean shift_jis? Usual are utf-8, cp1252, shift_jis and utf-16",
    ),
    (
        "the wrong encoding",
        f"run orders.txt {BOTH} --encoding utf-8",
        {"orders.txt": b"order-id\n\xfc\n"},
        "orders.txt:1:1: The file is not utf-8: byte 10, 0xFC, belongs to no character of it",
    ),
    (
        "a total that is not a number",
        "run export.csv --reason NoInventory --expect",
        {"export.csv": f"Amazon Order Number,Amazon Store Name,Total\n{ONE},S,free\n"},
        f"export.csv:2:3: free is not an amount: {AMOUNT}",
    ),
    (
        "lines that differ",
        f"run orders.txt {BOTH} --expect",
        {"orders.txt": f"order-id\tbuyer-name\n{ONE}\tA\n{ONE}\tB\n"},
        f"orders.txt:3:1: {ONE} has other expectations on line 2: give it one total and one buyer, or leave out --expect",
    ),
    (
        "lines with two reasons and two notes",
        "run report.txt --store S",
        {
            "report.txt": f"order-id\treason\tnote\n{ONE}\tNoInventory\ta\n{ONE}\tCustomerReturn\t\n"
            f"{ONE}\t\tb\n{TWO}\tNoInventory\t\n"
        },
        f"report.txt:3:2: {ONE} has another reason on line 2: give it one\n"
        f"report.txt:4:3: {ONE} has another note on line 2: give it one",
    ),
    (
        "one order of two stores",
        "run export.csv --reason NoInventory",
        {"export.csv": f"Order Number,Store Name\n{ONE},S\n{ONE},T\n"},
        f"export.csv:3:1: {ONE} is in the list twice: it is already on line 2, for another store, and an order belongs to one store only; keep one of them",
    ),
    (
        "two columns of stores",
        "run export.csv --reason NoInventory",
        {"export.csv": f"Order Number,Store Name,Amazon Store Name\n{ONE},S,S\n"},
        "export.csv:1:3: Both Store Name and Amazon Store Name hold the store: keep one of these columns",
    ),
    (
        "no column of orders",
        f"run export.csv {BOTH}",
        {"export.csv": "number,status\n1,x\n"},
        f"export.csv:1:1: The column order is missing: order, store and reason are needed\nexport.csv:1:1: number is not a known column: {COLUMNS}\nexport.csv:1:2: status is not a known column: {COLUMNS}",
    ),
    (
        "quotes that stay open",
        "run jobs.csv",
        {"jobs.csv": f'order,store,reason\n{ONE},"S,NoInventory\n'},
        "jobs.csv:2:1: The quotes that open in this row are never closed: add the closing one",
    ),
    (
        "an unknown ending",
        "run jobs.json",
        {"jobs.json": "{}"},
        "jobs.json:1:1: The name of a job list must end in .yaml or .yml, in .csv, .tsv or .txt, or in .xlsx, .xlsm, .xls or .ods, which says how it is read",
    ),
    ("no such file and no ending", "run jobs", {}, "jobs:1:1: There is no such file: check the name and the folder"),
    ("a folder", "run .", {}, ".:1:1: This is a folder, not a file: name a file in it"),
    ("an empty name", "run ''", {}, "The name of the job list is empty: name a file, or order numbers."),
    (
        "numbers without a header",
        f"run jobs.txt {BOTH}",
        {"jobs.txt": f"{ONE}\n{TWO}\n"},
        "jobs.txt:1:1: This list does not name its columns: write a first line above it, such as order,store,reason",
    ),
    (
        "expectations that a list of one's own does not have",
        f"run jobs.csv {BOTH} --expect",
        {"jobs.csv": f"order\n{ONE}\n"},
        f"jobs.csv:1:1: {NOTHING_TO_EXPECT}",
    ),
    (
        "expectations that a report does not have",
        f"run report.txt {BOTH} --expect",
        {"report.txt": f"order-id\tsku\n{ONE}\tA\n"},
        f"report.txt:1:1: {NOTHING_TO_EXPECT}",
    ),
    (
        "numbers with hyphens out of a letter",
        f"run {ONE.replace('-', chr(0x2011))} {BOTH}",
        {},
        f'command line:order 1: "{ONE.replace("-", chr(0x2011))}" is not an Amazon order number (it only looks like one: '
        f"U+2011 in place of -): {HOW}",
    ),
    (
        "numbers in other digits",
        "run jobs.csv",
        {"jobs.csv": f"order,store,reason\n１１２{ONE[3:-1]}l,S,NoInventory\n"},
        f"jobs.csv:2:1: １１２{ONE[3:-1]}l is not an Amazon order number (it only looks like one: U+FF11 in place of 1, "
        f"U+FF12 in place of 2, l in place of 1): {HOW}",
    ),
    (
        "an export in another language",
        f"run export.csv {BOTH}",
        {"export.csv": f"Kauf-Datum;Bestellnummer;Status\n2026-11-30;{ONE};Nicht versandt\n"},
        "export.csv:1:2: Bestellnummer holds Amazon order numbers, and is not a known column: call it order-id in the "
        "first line, and the others are used or left out as in a report",
    ),
    (
        "a column that only looks known",
        "run jobs.csv",
        {"jobs.csv": f"\u043erder,store,reason\n{ONE},S,NoInventory\n"},
        f"jobs.csv:1:1: The column order is missing: order, store and reason are needed\njobs.csv:1:1: \u043erder is not a "
        f"known column: did you mean order (they look alike: U+043E in place of U+006F)? A{COLUMNS[1:]}",
    ),
    (
        "numbers with commas between them",
        f"run {ONE},{TWO} {BOTH}",
        {},
        f"command line:order 1: {ONE},{TWO} is not an Amazon order number: {HOW}",
    ),
    (
        "a number without its hyphens",
        f"run 11212159983002091 {BOTH}",
        {},
        f"command line:order 1: 11212159983002091 is not an Amazon order number: {HOW}",
    ),
    (
        "a number and a file",
        f"run {ONE} jobs.yaml {BOTH}",
        {},
        "Name one job list, or only order numbers: jobs.yaml is not an order number.",
    ),
    ("no such file", "run jobs.xlsx", {}, "jobs.xlsx:1:1: There is no such file: check the name and the folder"),
    ("nothing on standard input", "run -", {"-": ""}, "standard input:1:1: The file is empty"),
    (
        "numbers without a store",
        f'run {ONE} --reason "No Inventory"',
        {},
        'Orders that are named on the command line need --store too: --store NAME --reason "Buyer Canceled"',
    ),
    (
        "numbers without anything",
        f"plan {ONE}",
        {},
        'Orders that are named on the command line need --store and --reason too: --store NAME --reason "Buyer Canceled"',
    ),
    (
        "a malformed order number",
        f"run {ONE} 112-1215998 {BOTH}",
        {},
        f"command line:order 2: 112-1215998 is not an Amazon order number: {HOW}",
    ),
    (
        "a number twice",
        f"run {ONE} {ONE} {BOTH}",
        {},
        f"command line:order 2: {ONE} is in the list twice: it is already at order 1; keep one of them",
    ),
    ("numbers and a sheet", f"run {ONE} {BOTH} --sheet One", {}, "--sheet can only be used with a file of orders."),
    (
        "two files",
        "run a.yaml b.yaml",
        {},
        "2 job lists are named, and a run works through one: put them into one file, or run one after the other. Orders can be named one after the other.",
    ),
    (
        "an unknown reason",
        f"run {ONE} --store S --reason Bored",
        {},
        f"--reason: Bored is not a reason: a{REASONS}.",
    ),
    (
        "a store that is unseen",
        f"run {ONE} --store 'S\u200b' --reason NoInventory",
        {},
        "--store: The store holds the character U+200B, which is invisible: remove it.",
    ),
]


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch, shop: object) -> list[Job]:
    """The jobs that the flows were given, on an Admin that is a stand-in."""
    jobs: list[Job] = []

    def work(admin: Any, job: Job, **_: object) -> Verdict:
        jobs.append(job)
        return Verdict(outcome=Outcome.WOULD_CANCEL, message="So it is.")

    monkeypatch.setattr("flows.cancel_order.cancel_order", work)
    monkeypatch.setattr("flows.read_order.plan_order", work)
    return jobs


@pytest.fixture
def typed(countermand: Countermand, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, str | bytes]], Any]:
    """Calls a command as a person types it, with these files, the one called - on standard input."""

    def call(command: str, files: dict[str, str | bytes]) -> Any:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            if name == "-":
                monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
            else:
                Path(name).write_bytes(data)
        name, *arguments = shlex.split(command)
        return countermand(name, *arguments, *(["--yes"] if name == "run" else []))

    return call


def written(job: Job) -> str:
    """A job as the rows above write it."""
    more = {"note": job.note, "total": job.expect.total, "buyer": job.expect.buyer}
    return " ".join([job.order, job.store, job.reason, *(f"{name}={value}" for name, value in more.items() if value)])


@pytest.mark.parametrize(
    ("command", "files", "jobs", "remarks"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD]
)
def test_a_list_is_read_as_people_have_it(
    typed: Callable[..., Any],
    worked: list[Job],
    command: str,
    files: dict[str, str | bytes],
    jobs: list[str],
    remarks: str,
) -> None:
    said = typed(command, files)
    assert ([written(job) for job in worked], said.status) == (jobs, 0), said
    assert said.err.startswith(remarks), said
    assert bool(remarks) == said.err.startswith(("Columns", "Not needed", "Sheet", "Hidden")), said


@pytest.mark.parametrize(("command", "files", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_list_that_is_wrong_is_told_whole(
    typed: Callable[..., Any], worked: list[Job], command: str, files: dict[str, str | bytes], message: str
) -> None:
    assert typed(command, files) == (2, "", message + "\n")
    assert worked == []
    assert not Path("runs").exists()


def test_a_workbook_that_its_reader_never_gets_through_is_given_up(
    typed: Callable[..., Any], worked: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damaged in this place, a workbook of Excel 97 has its reader go on without end."""
    monkeypatch.setattr("bot.joblist.workbook.LONGEST_TRY", 1.0)
    said = typed("run jobs.xls", {"jobs.xls": EXCEL_97[:76] + b"\7" + EXCEL_97[77:]})
    assert said == (2, "", "jobs.xls:1:1: The workbook cannot be read: it is damaged\n")
    assert worked == []


def test_the_tables_have_at_least_eighty_rows() -> None:
    assert len(GOOD) + len(WRONG) >= 80
