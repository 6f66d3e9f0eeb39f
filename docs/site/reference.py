"""The reference pages that are made from the code: every command with its options, the forms of files, and the API."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import typer

from bot.cli import app
from bot.joblist import job_list_schema
from bot.pack import pack_schema

API = {
    "bot.runner.launch": ["run_jobs"],
    "bot.runner.task": ["RunOptions"],
    "bot.runner": ["RunEnd"],
    "bot.joblist": ["read_job_list", "job_list_of", "Job"],
    "bot.settings": ["load_settings"],
    "bot.outcomes": ["OrderResult", "Outcome"],
    "bot.admin": ["Admin"],
    "bot.pack": ["load_pack"],
    "bot.qa": ["assert_screen"],
    "bot.errors": ["CountermandError"],
    "bot.evidence.store": ["EvidenceStore"],
    "flows.sign_in": ["sign_in"],
    "flows.open_order": ["open_store"],
    "flows.cancel_order": ["cancel_order"],
    "flows.read_order": ["plan_order", "audit_order"],
}
"""What other people's programs import; the guides show how."""


def commands() -> str:
    """Every command: how it is called, and what each of its arguments and options means."""
    lines = ["# Commands in full", "", "Made from the program itself. In brief: [commands](commands.md).", ""]
    for name, command in _commands_of(typer.main.get_command(app)):
        context = typer.Context(command, info_name=f"countermand {name}")
        usage = " ".join([f"countermand {name}", *command.collect_usage_pieces(context)])
        help_text = inspect.cleandoc(command.help or "")
        lines += [f"## {name}", "", help_text, "", "```text", usage, "```", ""]
        rows = [row for parameter in command.params if (row := _option_row(parameter, context))]
        if rows:
            lines += ["| argument or option | meaning | default |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def _commands_of(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name in sorted(group.commands):
        command = group.commands[name]
        if hasattr(command, "commands"):
            yield from _commands_of(command, f"{before}{name} ")
        elif not command.hidden:
            yield f"{before}{name}", command


def _option_row(parameter: Any, context: Any) -> str:
    record = parameter.get_help_record(context)
    if parameter.name == "help" or (record is None and parameter.param_type_name != "argument"):
        return ""
    called = record[0] if record else parameter.metavar or parameter.name.upper()
    default = parameter.default if isinstance(parameter.default, str | int | float) else ""
    default = "" if default is False else default
    words = getattr(parameter, "help", "") or ""
    return f"| {_code(called)} | {_cell(words)} | {_code(str(default)) if default != '' else ''} |"


def form(title: str, about: str, schema: dict[str, Any]) -> str:
    """A form of a file, from its JSON Schema: every kind of entry, and every field of it."""
    lines = [f"# {title}", "", about, ""]
    kinds = dict(schema.get("$defs", {}))
    if "properties" in schema:
        kinds = {str(schema.get("title", title)): schema} | kinds
    for name, kind in kinds.items():
        if "properties" not in kind:
            continue
        lines += [f"## {name}", "", _cell(kind.get("description", "")), ""]
        lines += ["| key | what it may be | required | meaning |", "| --- | --- | --- | --- |"]
        required = set(kind.get("required", ()))
        for key, value in kind["properties"].items():
            must = "yes" if key in required else ""
            lines.append(f"| `{key}` | {_kind(value)} | {must} | {_cell(value.get('description', ''))} |")
        lines.append("")
    return "\n".join(lines)


def _kind(value: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if choices := value.get("anyOf") or value.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in choices if one.get("type") != "null"))
    words = {"string": "text", "number": "number", "integer": "whole number", "boolean": "`true` or `false`"}
    if value.get("type") == "array":
        return f"list of {_kind(value['items'])}" if "items" in value else "list"
    if value.get("type") == "object":
        inside = value.get("additionalProperties")
        return f"mapping to {_kind(inside)}" if isinstance(inside, dict) and inside else "mapping"
    return words.get(str(value.get("type")), "any value")


def job_list_form() -> str:
    """The form of a job list."""
    about = "Made from the program itself (`countermand schema jobs`). With examples: [job lists](job-list.md)."
    return form("The form of a job list", about, job_list_schema())


def pack_form() -> str:
    """The form of a pack."""
    about = "Made from the program itself (`countermand schema pack`). With examples: [packs](packs.md)."
    return form("The form of a pack", about, pack_schema())


def api() -> str:
    """What other people's programs import: signatures, and what each says of itself."""
    lines = [
        "# Python API",
        "",
        "Made from the code. How to use it: [runs started by code](from-code.md), [QA](qa.md).",
        "",
    ]
    for module_name, names in API.items():
        module = __import__(module_name, fromlist=names)
        lines += [f"## {module_name}", "", _doc(module).partition("\n\n")[0], ""]
        for name in names:
            thing = getattr(module, name)
            lines += [f"### {name}", "", "```python", _signature(name, thing), "```", "", _doc(thing), ""]
            if inspect.isclass(thing):
                lines += [line for member in _methods(thing) for line in member]
    return "\n".join(lines)


def _methods(thing: type) -> Iterator[list[str]]:
    for name, member in vars(thing).items():
        if name.startswith("_") or not _doc(member):
            continue
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        if not inspect.isfunction(function):
            continue
        what = f".{name}" if isinstance(member, property) else _signature(f".{name}", function)
        yield ["```python", what, "```", "", _indented(_doc(member)), ""]


def _signature(name: str, thing: Callable[..., Any]) -> str:
    try:
        signature = str(inspect.signature(thing))
    except ValueError:
        return name
    signature = re.sub(r"<factory>|<[^<>]* object at 0x[0-9a-f]+>|<function [^>]*>", "...", signature)
    signature = re.sub(r"\b(?:bot|collections|playwright|typing|pathlib|datetime)(?:\.\w+)*\.(?=[A-Z])", "", signature)
    return name + signature.replace("'", "")


def _doc(thing: Any) -> str:
    """A docstring as Markdown: its lists of arguments and errors become lists."""
    text = inspect.getdoc(thing) or ""
    text = re.sub(r":(?:class|func|meth|mod):`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    text = re.sub(r"^(Args|Raises|Returns|Attributes):\n", r"**\1**\n\n", text, flags=re.MULTILINE)
    return re.sub(r"^    (\S[^:\n]*): ", r"- `\1`: ", text, flags=re.MULTILINE)


def _indented(text: str) -> str:
    return "\n".join(f"{line}" for line in text.splitlines())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return "`" + _cell(text) + "`"


PAGES: dict[str, Callable[[], str]] = {
    "commands-in-full.md": commands,
    "job-list-form.md": job_list_form,
    "pack-form.md": pack_form,
    "api.md": api,
}
"""The pages, and what makes each."""
