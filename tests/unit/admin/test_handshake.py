"""Whether a server wants a client certificate, found out with a handshake and nothing after it."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from front_kit import Certificates, Front

from bot.admin.handshake import wants_client_certificate


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def hangs_up() -> Iterator[Callable[[bytes], str]]:
    """Gives the address of a server that says this to its only client, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up(says: bytes) -> None:
            line, _ = listening.accept()
            with line:
                line.recv(65536)
                line.sendall(says)

        def address(says: bytes) -> str:
            threading.Thread(target=hang_up, args=(says,), daemon=True).start()
            return f"https://127.0.0.1:{listening.getsockname()[1]}/admin"

        yield address


def test_a_server_that_asks_for_a_certificate_wants_one(certificates: Certificates) -> None:
    with Front("http://127.0.0.1:9", tls=certificates.server(asks_for_client=True)) as front:
        assert wants_client_certificate(front.url())
        assert front.arrived == []


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["nothing", "something else"])
def test_a_server_that_hangs_up_wants_none(hangs_up: Callable[[bytes], str], says: bytes) -> None:
    assert not wants_client_certificate(hangs_up(says))


def test_another_refusal_of_tls_is_not_about_a_certificate(hangs_up: Callable[[bytes], str]) -> None:
    handshake_failure = bytes([21, 3, 3, 0, 2, 2, 40])
    assert not wants_client_certificate(hangs_up(handshake_failure))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/admin", "https:///admin", "https://127.0.0.1:nine/", "about:blank"]
)
def test_where_no_tls_is_spoken_nothing_is_asked(url: str) -> None:
    assert not wants_client_certificate(url)


def test_where_nothing_listens_nothing_is_wanted() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert not wants_client_certificate(f"https://127.0.0.1:{taken.getsockname()[1]}/admin")
