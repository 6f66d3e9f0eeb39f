"""A page of HTML that needs nothing beside it, in the look that all reports have."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from bot import wording

STYLE = Path(__file__).with_name("html_page.css")


def html_page(template: Path, **content: object) -> str:
    """A page in the look that all reports have, from a Jinja template; ``style | safe`` in it is the style sheet."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(duration=wording.duration, count_of=wording.count_of)
    style = STYLE.read_text(encoding="utf-8")
    return environment.from_string(template.read_text(encoding="utf-8")).render(content, style=style)
