"""What workers leave in ledger and evidence, without a worker: orders at work with their pictures, and ended ones."""

import hashlib
import io

from console_kit import Served
from PIL import Image
from run_kit import job, permit

from bot.ledger import Event, Ledger
from bot.outcomes import Answer, OrderResult, Outcome
from bot.vocabulary import Status

WORDS = "Order could not be canceled: 503 from the channel"
"""What the Admin answered on the wire."""


def picture_of(shade: int, kind: str) -> bytes:
    """A picture, 600 pixels wide."""
    file = io.BytesIO()
    Image.new("RGB", (600, 400), (shade, shade, shade)).save(file, kind)
    return file.getvalue()


def jpeg(shade: int) -> bytes:
    """A picture as they are in evidence, 600 pixels wide."""
    return picture_of(shade, "JPEG")


class Worker:
    """A worker that has done what the test says."""

    def __init__(self, console: Served, ledger: Ledger, run_id: str, name: str = "worker-1") -> None:
        self.console, self.ledger, self.run_id = console, ledger, run_id
        ledger.runs.go_on_as(run_id, name)

    def take(self, order: str) -> None:
        """Begin an order."""
        assert self.ledger.claims.take(self.console.desk.admin, order, 300)

    def step(self, order: str, step: str) -> None:
        """Begin a step of it."""
        self.ledger.trail.note(Event.STEP, order=order, step=step)

    def picture(self, order: str, name: str, content: bytes) -> None:
        """Photograph it: the file first, then what the trail says of it."""
        file = f"evidence/{order}/{name}"
        self.console.desk.evidence(self.run_id).add(file, content)
        self.ledger.trail.note(Event.PICTURE, order=order, file=file, sha256=hashlib.sha256(content).hexdigest())

    def end(self, order: str, outcome: Outcome = Outcome.CANCELED, **told: object) -> None:
        """Give it its outcome, and give it back."""
        asked = job(order)
        given = {"order": order, "store": asked.store, "reason": asked.reason, "message": "As it was."}
        self.ledger.runs.finish_order(OrderResult.model_validate(given | {"outcome": outcome} | told))
        self.ledger.claims.release(self.console.desk.admin, order)

    def cancel_with_an_error(self, order: str) -> int:
        """Go the whole way with it: the press is answered with an error, and the details say that it is canceled.

        Gives the number of the intent, at which an audit has looked since.
        """
        self.take(order)
        self.step(order, "open_order")
        self.picture(order, "01-open_order.jpg", jpeg(200))
        self.picture(order, "01-open_order.txt", b"Order details\nStatus: Unshipped\n")
        self.step(order, "press_confirm")
        intent = self.ledger.intents.write(self.console.desk.admin, permit(order))
        self.ledger.intents.note_answer(intent, Answer.ERROR, WORDS)
        self.picture(order, "02-press_confirm.jpg", jpeg(60))
        self.ledger.intents.conclude(intent, Outcome.CANCELED_NOT_SENT)
        self.end(
            order,
            Outcome.CANCELED_NOT_SENT,
            status_before=Status.UNSHIPPED,
            status_after=Status.CANCELED,
            attempts=1,
            seconds=12.5,
            next_step="Cancel it in Seller Central.",
        )
        self.ledger.intents.note_look(intent, Status.CANCELED)
        return intent
