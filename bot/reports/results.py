"""A run's results as files for programs: ``run.json``, ``results.json``, ``results.csv``, ``junit.xml``.

The two JSON files hold everything, and :func:`read_run` makes the run from them again. The other two say the
same to spreadsheets and to CI servers.
"""

import csv
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.errors import CannotStart, RunStopped
from bot.files import write_atomically
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.wording import INVISIBLE, escaped, harmless_cell

RUN_FILE = "run.json"
RESULTS_FILE = "results.json"
CSV_FILE = "results.csv"
JUNIT_FILE = "junit.xml"

_T = TypeVar("_T")
_RUN = TypeAdapter(RunInfo)
_RESULTS = TypeAdapter(tuple[OrderResult, ...])

# Spreadsheets skip blanks and quotes before they look for a formula, and know the full-width signs too.
_FORMULA = re.compile(r"[\t\r]|[\s\"'\u200b-\u200d\ufeff]*[=+\-@＝＋－＠]")
_LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_results(folder: Path, info: RunInfo, results: Sequence[OrderResult]) -> None:
    """Write the four files into ``folder``, which is made where it is missing.

    Each file is replaced in one go, so that nobody reads half of one. The others are written even if one cannot be,
    because it is open in a spreadsheet, for example.

    Raises RunStopped when a file cannot be written: the message names each of them and says why.
    """
    makers: dict[str, Callable[[], str]] = {
        RUN_FILE: lambda: _json(info.model_dump(mode="json")),
        RESULTS_FILE: lambda: _json([result.model_dump(mode="json") for result in results]),
        CSV_FILE: lambda: _csv(results),
        JUNIT_FILE: lambda: _junit(info, results),
    }
    troubles = []
    for name, make in makers.items():
        try:
            save(folder / name, make())
        except RunStopped as trouble:
            troubles.append(trouble.message)
    if troubles:
        raise RunStopped(reason="\n".join(troubles))


def hashes_of_results(folder: Path) -> dict[str, str]:
    """The SHA-256, in hexadecimal digits, of each of the four files that is there."""
    files = [folder / name for name in (RUN_FILE, RESULTS_FILE, CSV_FILE, JUNIT_FILE)]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}


def save(path: Path, content: str | bytes) -> None:
    """Replace a file of a run by ``content``, in one go.

    Raises RunStopped when it cannot be written; then it is as it was.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise RunStopped(reason=f"{path} could not be written: {error.strerror or error}.") from error


def read_run(folder: Path) -> tuple[RunInfo, tuple[OrderResult, ...]]:
    """The run that :func:`write_results` wrote into ``folder``.

    Raises CannotStart when there is no such folder, it is no run's folder, or a file in it is damaged.
    """
    if not folder.is_dir():
        raise CannotStart(reason=f"There is no folder {folder}.")
    if not (folder / RUN_FILE).exists():
        raise CannotStart(reason=f"{folder} is not the folder of a run: it has no {RUN_FILE}.")
    return _read(_RUN, folder / RUN_FILE), _read(_RESULTS, folder / RESULTS_FILE)


def _read(adapter: TypeAdapter[_T], path: Path) -> _T:
    try:
        written = path.read_bytes()
    except FileNotFoundError as error:
        raise CannotStart(reason=f"{path} is missing: this run was broken off before it was written.") from error
    except OSError as error:
        raise CannotStart(reason=f"{path} could not be read: {error.strerror or error}.") from error
    try:
        return adapter.validate_json(written.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            what = f"is damaged: {first['ctx']['error']}."
        else:
            where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
            what = f"is not as this version writes it: {where.lstrip('.') or 'the whole'}: {first['msg']}."
        raise CannotStart(reason=f"{path} {what}") from error


def _json(content: object) -> str:
    return escaped(json.dumps(content, ensure_ascii=False, indent=2)) + "\n"


def _csv(results: Sequence[OrderResult]) -> str:
    columns = list(OrderResult.model_fields)
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow(columns)
    for result in results:
        row = result.model_dump(mode="json") | {"evidence": " ".join(result.evidence)}
        writer.writerow([spreadsheet_cell(row[column]) for column in columns])
    return page.getvalue()


def spreadsheet_cell(value: object) -> object:
    """``value`` on one line, so that no spreadsheet takes it for a formula and no terminal for a command."""
    if not isinstance(value, str):
        return value
    text = harmless_cell(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _junit(info: RunInfo, results: Sequence[OrderResult]) -> str:
    kinds = [_junit_kind(result.outcome) for result in results]
    suite = ET.Element(
        "testsuite",
        {
            "name": for_xml(f"countermand {info.command} {info.run_id}"),
            "tests": str(len(results)),
            "failures": str(kinds.count("failure")),
            "errors": str(kinds.count("error")),
            "skipped": str(kinds.count("skipped")),
            "time": f"{sum(result.seconds for result in results):.3f}",
            "timestamp": info.started_at.isoformat(timespec="seconds"),
            "hostname": for_xml(info.admin),
        },
    )
    for result, kind in zip(results, kinds, strict=True):
        case = ET.SubElement(
            suite,
            "testcase",
            {"classname": for_xml(result.store), "name": for_xml(result.order), "time": f"{result.seconds:.3f}"},
        )
        if kind:
            trouble = ET.SubElement(case, kind, {"message": for_xml(result.message)})
            if kind != "skipped":
                trouble.set("type", result.outcome.value)
            trouble.text = for_xml("\n".join(filter(None, (result.message, result.next_step))))
        else:
            ET.SubElement(case, "system-out").text = for_xml(result.message)
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'


def _junit_kind(outcome: Outcome) -> str:
    """The element that tells a CI server of this outcome; empty for a pass."""
    if outcome.is_success:
        return ""
    return {Outcome.SKIPPED: "skipped", Outcome.FAILED: "error"}.get(outcome, "failure")


def for_xml(text: str) -> str:
    """``text`` with every character that XML 1.0 has no place for, or that nobody sees, replaced by U+FFFD.

    Whatever some readers take for the end of a line is a line feed.
    """
    return INVISIBLE.sub("\ufffd", _NOT_XML.sub("\ufffd", _LINE_END.sub("\n", text)))
