"""One attempt at one order. Whether Confirm was pressed in it decides if the order may be tried again."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Attempt:
    """One attempt at one order, made new each time an order is begun or begun again.

    ``pressed`` goes from False to True, once, and never back: what was pressed stays known whatever fails afterwards.
    """

    order: str = ""
    """The Amazon order number, for the ledger's trail; empty between orders."""
    step: str = ""
    """The step that was begun last."""
    response_seconds: list[float] = field(default_factory=list)
    """Seconds that the Admin took to respond, for each page that was opened in this attempt."""
    _pressed: bool = field(default=False, init=False)

    @property
    def pressed(self) -> bool:
        """Whether Confirm was pressed, or may have been."""
        return self._pressed

    def mark_pressed(self) -> None:
        """Right before the press, and nowhere else: from here on nothing is pressed again in this attempt."""
        self._pressed = True
