"""What a person can see of a page, defined once for all the scripts that read one."""

from pathlib import Path

_VISIBILITY = Path(__file__).with_name("visibility.js").read_text(encoding="utf-8")


def script(path: Path) -> str:
    """The one function that a file of JavaScript holds, as an expression that can use ``visibility.js``."""
    return f"(() => {{\n{_VISIBILITY}\nreturn (\n{path.read_text(encoding='utf-8')}\n);\n}})()"
