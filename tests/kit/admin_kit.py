"""An Admin without a page: as much of one as a worker touches."""

from bot.cancel.attempt import Attempt


class PagelessAdmin:
    """Begins attempts, and begins again, and does nothing else."""

    def __init__(self, name: str = "shop.example") -> None:
        self.name = name
        self.recognized = ""
        self.attempt = Attempt()
        self.attempts: list[Attempt] = []
        """Every attempt that was begun."""
        self.begun_again = 0

    def begin_attempt(self, order: str) -> Attempt:
        self.attempt = Attempt(order=order)
        self.attempts.append(self.attempt)
        return self.attempt

    def begin_again(self) -> None:
        self.begun_again += 1
