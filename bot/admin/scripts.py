"""What a person can see of a page, defined once for all the scripts that read one."""

from pathlib import Path

_SEEING = Path(__file__).with_name("seeing.js").read_text(encoding="utf-8")


def script(path: Path) -> str:
    """The one function that a file of JavaScript holds, as an expression, with what ``seeing.js`` defines at hand."""
    return f"(() => {{\n{_SEEING}\nreturn (\n{path.read_text(encoding='utf-8')}\n);\n}})()"
