"""From the command to a server that listens: what is wrong with the settings is said before anything is opened."""

import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from urllib.parse import urlsplit

import uvicorn

from bot.console.app import application
from bot.console.desk import Desk
from bot.console.oidc import Provider
from bot.console.people import Roles
from bot.console.ways_in import OneTimeAddress, ProxyHeader
from bot.console.worker_inside import WorkerInside
from bot.engine.backlog import open_backlog
from bot.engine.run_session import Tools
from bot.errors import CannotStart
from bot.ledger import Ledger
from bot.settings import Settings

PORT = 8470
"""Where the console listens if nobody says another port; one that is taken is no problem on this computer."""


def serve(
    tools: Tools,
    *,
    host: str,
    port: int | None,
    worker: bool,
    say: Callable[[str], None],
    sample: str = "",
    practice: str = "",
) -> None:
    """Serve the console until somebody ends it.

    Args:
        tools: settings and flows, for the worker inside.
        host: the address to listen at.
        port: the port; None for the usual one, or another that is free.
        worker: whether a worker comes with it.
        say: told what a person at the terminal should know.
        sample: the sample list, if the practice Admin is served beside the console.
        practice: the address of that practice Admin.

    Raises:
        CannotStart: people could not sign in safely, or the port is taken.
        LedgerTrouble: the ledger cannot be used.
    """
    settings = tools.settings
    listener = _listen(host, port)
    with listener, _opened(tools, listener, say, sample, practice, worker=worker) as desk:
        config = uvicorn.Config(
            application(desk),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=3,
            limit_concurrency=2_000,
        )
        say(f"Runs and evidence: {settings.runs_dir.resolve()}. Ledger: {settings.ledger_place}. Ctrl-C ends it.")
        _Server(config).run(sockets=[listener])
        say("The console has ended.")


class _Server(uvicorn.Server):
    """Ends well when it is asked to: uvicorn's own would end the process with the signal, before the worker is told."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """While the block runs, Ctrl-C, SIGTERM and a closed terminal end the server; a second one does not wait."""

        def on_signal(number: int, frame: FrameType | None) -> None:
            self.force_exit, self.should_exit = self.should_exit, True

        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, on_signal) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _opened(
    tools: Tools, listener: socket.socket, say: Callable[[str], None], sample: str, practice: str, *, worker: bool
) -> Iterator[Desk]:
    settings = tools.settings
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    proxy = ProxyHeader.of(settings.console_user_header, settings.console_proxies) if settings.console_proxies else None
    is_own = proxy is None and settings.console_oidc_issuer is None
    _refuse_unsafe(settings, host, is_own=is_own)
    origin = settings.console_url or f"http://{shown}:{port}"
    provider = None if settings.console_oidc_issuer is None else Provider(settings, origin)
    hosts = {urlsplit(origin).netloc.lower(), f"{shown}:{port}", f"localhost:{port}"}
    with ExitStack() as opened:
        ledger = opened.enter_context(Ledger.open(settings.ledger_place))
        backlog = opened.enter_context(open_backlog(settings.ledger_place, ledger))
        desk = Desk(
            settings=settings,
            ledger=ledger,
            backlog=backlog,
            origin=origin,
            hosts=frozenset(hosts),
            proxy=proxy,
            provider=provider,
            roles=Roles(settings.console_roles) if settings.console_roles else None,
            sample=sample,
            practice=practice,
        )
        if worker:
            desk.worker = WorkerInside(tools)
            desk.worker.start()
            opened.callback(desk.worker.stop)
        if is_own:
            desk.one_time = OneTimeAddress(lambda secret: say(f"Open in a browser: {origin}/enter/{secret}"))
        else:
            say(f"The console is at {origin}/")
        yield desk


def _refuse_unsafe(settings: Settings, host: str, *, is_own: bool) -> None:
    """Refuse what would let anybody in, or send a session in readable form."""
    local = ipaddress.ip_address(host).is_loopback
    if is_own and not local:
        raise CannotStart(
            reason=f"At {host} other computers could reach the console, and nobody would have to sign in.",
            next_step="Set COUNTERMAND_CONSOLE_OIDC_ISSUER, so that people sign in there; or "
            "COUNTERMAND_CONSOLE_PROXIES, so that a reverse proxy says who somebody is; or leave out --host. See "
            "docs/console.md.",
        )
    if is_own:
        return
    if settings.console_proxies and settings.console_oidc_issuer is not None:
        raise CannotStart(
            reason="COUNTERMAND_CONSOLE_PROXIES and COUNTERMAND_CONSOLE_OIDC_ISSUER both say who somebody is.",
            next_step="Leave out one of them. A reverse proxy that signs nobody in needs no setting.",
        )
    if settings.console_roles is None and not settings.console_oidc_roles:
        raise CannotStart(
            reason="People could sign in, and none of them would have a role.",
            next_step="Name a file with roles in COUNTERMAND_CONSOLE_ROLES, or give groups of the provider roles in "
            "COUNTERMAND_CONSOLE_OIDC_ROLES. See docs/console.md.",
        )
    if settings.console_url is None:
        raise CannotStart(
            reason="COUNTERMAND_CONSOLE_URL is not set: the address at which people reach the console.",
            next_step="Set it to the https:// address of the reverse proxy before the console. See docs/console.md.",
        )
    if not local and not settings.console_url.startswith("https://"):
        raise CannotStart(
            reason=f"COUNTERMAND_CONSOLE_URL is {settings.console_url}, and sessions would be sent in readable form.",
            next_step="Put a reverse proxy with a certificate before the console, and name its https:// address.",
        )


def _listen(host: str, port: int | None) -> socket.socket:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise CannotStart(
            reason=f"{host} is not an address to listen at.", next_step="Write one such as 127.0.0.1 or 0.0.0.0."
        ) from None
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    if hasattr(socket, "SO_REUSEADDR") and socket.has_ipv6 and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for one in (PORT, 0) if port is None else (port,):
        try:
            listener.bind((str(address), one))
        except OSError as taken:
            trouble = taken
            continue
        listener.listen(1024)
        return listener
    listener.close()
    raise CannotStart(
        reason=f"The console cannot listen at {host}, port {port}: {trouble.strerror or trouble}.",
        next_step="Choose another with --port.",
    )
