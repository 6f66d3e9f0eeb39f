"""What one look at a page gives, all from one instant."""

from dataclasses import dataclass, field

from bot.admin.look import Found
from bot.pack import match_route


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What one look at a page gives, all from one instant."""

    address: str
    """What comes after the #."""
    busy: bool
    """Whether a cover lies over the page that means: not ready yet."""
    texts: dict[str, list[str]]
    """What the fields and columns that were asked for read as."""
    found: dict[str, Found] = field(default_factory=dict)
    """The other elements that were asked for."""
    order_numbers: frozenset[str] = frozenset()
    """Every Amazon order number that stands by itself, or beside its label; looked for where fields are read."""
    path: str = ""
    """The path of the page's address."""

    def facts_of_address(self, template: str) -> dict[str, str] | None:
        """The facts that the address gives under a route template of the pack, or None where it does not fit."""
        return match_route(template, self.address if template.startswith("#") else self.path)
