"""Runs the practice Admin on this machine's loopback address, in a thread of its own."""

import socket
import threading
from enum import StrEnum
from types import TracebackType
from typing import Self

import uvicorn

from bot.errors import CannotStart
from bot.sandbox.faults import Faults
from bot.sandbox.generation import Generation
from bot.sandbox.journal import Journal
from bot.sandbox.languages import ENGLISH, Tongue, checked
from bot.sandbox.sessions import ACCOUNTS, PASSWORD, Sessions
from bot.sandbox.shop import Shop
from bot.sandbox.site import Site
from bot.sandbox.stock import new_shop

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
"""Listens for other computers too, such as the other containers of a network."""


class Face(StrEnum):
    """How the Amazon Sales Channel screens are marked up; words and behaviour are the same."""

    SPECTRUM = "spectrum"
    """Adobe's own React Spectrum components (``bot/sandbox/spectrum``, built by ``make practice-bundle``)."""
    PLAIN = "plain"
    """Tables, description lists, pick lists and dialogs of plain HTML."""
    SHADOW = "shadow"
    """Those of ``plain`` in custom elements with open shadow roots, as Adobe's Web Components are."""


class _Server(uvicorn.Server):
    """Says when it really listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listening.set()


class Sandbox:
    """A practice Admin that serves while the ``with`` block lasts, to this machine unless ``host`` is another address.

    ``port`` 0 takes any free one; ``answer_ms`` is delay of the data endpoint before each answer;
    ``shop`` and ``faults`` are the usual shop and no faults unless given; ``generation`` says whose screens it has and
    ``language`` the code of the language that they are in. Raises CannotStart for a language that it does not speak.
    """

    def __init__(
        self,
        face: Face = Face.SPECTRUM,
        port: int = 0,
        answer_ms: int = 0,
        shop: Shop | None = None,
        faults: Faults | None = None,
        language: str = ENGLISH,
        generation: Generation = Generation.ASC_4_3,
        host: str = HOST,
    ) -> None:
        self.face = face
        self.generation = generation
        self.shop = shop or new_shop(imports=generation is Generation.ASC_4_0)
        self.faults = faults or Faults()
        self.journal = Journal()
        self.username = ACCOUNTS[0]
        self.password = PASSWORD
        self._host = host
        self._port = port
        tongue = Tongue(checked(language), self.faults)
        self._site = Site(face.value, generation, answer_ms, self.shop, self.faults, self.journal, Sessions(), tongue)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account that may sign in, all with the same password; one is one session."""
        return ACCOUNTS

    @property
    def url(self) -> str:
        """The Admin URL, as a user would configure it. Raises RuntimeError while it does not serve."""
        if self._socket is None:
            raise RuntimeError("the practice Admin serves only inside its with block")
        host = socket.gethostname() if self._host == EVERYWHERE else self._host
        return f"http://{host}:{self._port}/admin/"

    def reset(self) -> None:
        """Data, journal, sessions and faults as at the start."""
        self._site.reset()

    def start(self) -> None:
        """Begin to serve; returns when it listens. Raises CannotStart if the port is taken."""
        listener = socket.socket()
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise CannotStart(
                reason=f"The practice Admin cannot listen on port {self._port}: {error.strerror}."
            ) from error
        listener.listen(128)
        self._port = listener.getsockname()[1]
        self._socket = listener
        config = uvicorn.Config(
            self._site.app(),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,  # the site has a clock of its own
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="practice-admin", daemon=True
        )
        self._thread.start()
        while not self._server.listening.wait(0.05):
            if not self._thread.is_alive():
                listener.close()
                raise CannotStart(reason="The practice Admin could not start.")

    def stop(self) -> None:
        """Stop serving; requests under way are cut off after a second."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        if self._socket:
            self._socket.close()
        self._server = self._thread = self._socket = None

    def wait(self) -> None:
        """Serve until something ends the program."""
        while self._thread and self._thread.is_alive():
            # in short turns, so that an interrupt gets through on Windows too
            self._thread.join(0.5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
