"""Frames of a WebSocket, as they pass: enough of them to know how old what a client sends is.

The server asks the client for a sign of life every few seconds, by a ping. The client's answer comes in the stream of
its messages, in their order. So what comes after the answer to a ping was sent after that ping was, however long it was
on its way.
"""

import secrets
import time
from asyncio import StreamReader
from collections.abc import Callable
from dataclasses import dataclass

CLOSE, PING, PONG = 0x8, 0x9, 0xA

LONGEST = 1 << 30
"""Bytes of a frame; a longer one is no frame of a browser's."""


@dataclass(frozen=True)
class Frame:
    """One frame, as it came."""

    kind: int
    """Its opcode."""
    raw: bytes
    """All of it, to be handed on."""
    payload: bytes
    """What is in a ping or a pong; empty for every other kind."""


async def next_frame(reader: StreamReader) -> Frame:
    """Read a frame, whole.

    Raises:
        IncompleteReadError: the stream ended.
        ValueError: it is no frame.
    """
    head = await reader.readexactly(2)
    kind, masked, length = head[0] & 0x0F, bool(head[1] & 0x80), head[1] & 0x7F
    if length >= 126:
        more = await reader.readexactly(2 if length == 126 else 8)
        head, length = head + more, int.from_bytes(more)
    if length > LONGEST:
        raise ValueError("a frame is too long")
    mask = await reader.readexactly(4) if masked else b""
    data = await reader.readexactly(length)
    payload = b""
    if kind in {PING, PONG}:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)) if masked else data
    return Frame(kind, head + mask + data, payload)


class SignsOfLife:
    """How old the client's messages can be that come now, by the pings that it has answered.

    Both clocks are looked at: one does not go on while the computer sleeps, the other can be set.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._clocks = clock, wall_clock
        self._proved = self._now()
        self._asked: dict[bytes, tuple[float, float]] = {}

    def ping(self) -> bytes:
        """A frame that asks for a sign of life."""
        mark = secrets.token_bytes(8)
        self._asked[mark] = self._now()
        return bytes([0x80 | PING, len(mark)]) + mark

    def answered(self, frame: Frame) -> None:
        """Note that a ping was answered; what is no answer to one of ours says nothing."""
        asked_at = self._asked.pop(frame.payload, None)
        if asked_at is not None:
            self._proved = asked_at
            self._asked = {mark: at for mark, at in self._asked.items() if at >= asked_at}

    @property
    def age(self) -> float:
        """Seconds that what comes now can have been on its way, at most."""
        return max(abs(now - then) for now, then in zip(self._now(), self._proved, strict=True))

    def _now(self) -> tuple[float, float]:
        clock, wall_clock = self._clocks
        return clock(), wall_clock()
