"""Sending messages beside the work: nothing waits for them, and nothing fails with them."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from loguru import logger

from bot.reports.notify.channels import Channel, Email, ThroughApprise, Webhook
from bot.reports.notify.messages import Message, Occasion
from bot.secrecy import Clean, cleaner
from bot.settings import LocalSettings, secrets_that_are_set

FINISH_SECONDS = 30.0
"""How long is waited at the end for messages that are still on their way."""


class Notifier:
    """Sends what is wanted through every channel, on a thread of its own.

    Args:
        channels: the ways to people.
        occasions: when they want to be told.
        say: told of a message that could not be sent.
        clean: takes secrets out of that.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        occasions: Sequence[Occasion],
        say: Callable[[str], None],
        clean: Clean = lambda text: text,
    ) -> None:
        self._channels = channels
        self._occasions = occasions
        self._say = say
        self._clean = clean
        self._waiting: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._failed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def send(self, message: Message) -> None:
        """Have a message sent, if anybody wants to be told of this."""
        self._tell()
        if not self._channels or message.occasion not in self._occasions:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="notifications", daemon=True)
            self._thread.start()
        self._waiting.put(message.cleaned(self._clean))

    def close(self) -> None:
        """Wait for what is on its way, but not forever."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(FINISH_SECONDS)
            if self._thread.is_alive():
                self._failed.put("Messages were still on their way at the end.")
        self._tell()

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            for channel in self._channels:
                try:
                    channel.send(message)
                except Exception as trouble:  # of whatever kind: it must not reach the run
                    what = " ".join(self._clean(f"{type(trouble).__name__}: {trouble}").split())
                    self._failed.put(f"Not sent by {channel}: {message.title} ({what})")

    def _tell(self) -> None:
        """Say what failed, on the thread of the run, whose log takes only what is logged there."""
        while not self._failed.empty():
            words = self._clean(self._failed.get())
            logger.info("{}", words)  # no warning, which the run would say once more
            self._say(words)


def channels_of(settings: LocalSettings) -> list[Channel]:
    """The ways to people that the settings name.

    Raises:
        CannotStart: one of them needs what is not installed, or is no service that Apprise knows.
    """
    channels: list[Channel] = []
    if settings.notify_webhook is not None:
        channels.append(Webhook(settings.notify_webhook, settings.notify_webhook_secret))
    if settings.notify_email and settings.smtp is not None:
        sender = settings.notify_from or settings.notify_email[0]
        channels.append(Email(settings.smtp, settings.smtp_password, sender, settings.notify_email))
    if settings.notify_apprise is not None:
        channels.append(ThroughApprise(settings.notify_apprise))
    return channels


@contextmanager
def notifying(settings: LocalSettings, say: Callable[[str], None] = lambda words: None) -> Iterator[Notifier]:
    """While the block runs, what sends messages as the settings say; at the end it waits for them.

    Raises:
        CannotStart: as ``channels_of``.
    """
    occasions = [Occasion(name) for name in settings.notify_on]
    notifier = Notifier(channels_of(settings), occasions, say, cleaner(secrets_that_are_set()))
    try:
        yield notifier
    finally:
        notifier.close()
