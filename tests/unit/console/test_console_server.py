"""Where the console may listen: at this computer alone, unless people sign in."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.console.server import PORT, _listen, _refuse_unsafe
from bot.console.ways_in import ProxyHeader
from bot.errors import CannotStart
from bot.settings import Settings


def settings(**more: object) -> Settings:
    known = {"admin_url": "https://shop.example/admin", "username": "bot", "password": SecretStr("x")}
    return Settings.model_validate(known | more)


TEAM = {"console_proxies": "10.0.0.5", "console_roles": "roles.yaml"}


@pytest.mark.parametrize(
    ("host", "more", "words"),
    [
        ("0.0.0.0", {}, "At 0.0.0.0 other computers could reach the console, and nobody would have to sign in."),
        ("::", {}, "At :: other computers could reach the console, and nobody would have to sign in."),
        ("10.0.0.7", {"console_proxies": "10.0.0.5"}, "People could sign in, and none of them would have a role."),
        ("10.0.0.7", TEAM, "COUNTERMAND_CONSOLE_URL is not set: the address at which people reach the console."),
        (
            "10.0.0.7",
            TEAM | {"console_url": "http://127.0.0.1"},
            "COUNTERMAND_CONSOLE_URL is http://127.0.0.1, and sessions would be sent in readable form.",
        ),
    ],
)
def test_what_would_let_anybody_in_is_refused(host: str, more: dict[str, object], words: str) -> None:
    known = settings(**more)
    with pytest.raises(CannotStart) as refused:
        _refuse_unsafe(known, host, is_own=not known.console_proxies)
    assert str(refused.value) == words
    assert refused.value.next_step


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.3.2.1"])
def test_on_this_computer_nothing_more_is_needed(host: str) -> None:
    _refuse_unsafe(settings(), host, is_own=True)


def test_a_team_with_all_of_it_may_listen_anywhere() -> None:
    _refuse_unsafe(settings(**TEAM, console_url="https://console.example"), "10.0.0.7", is_own=False)


@pytest.mark.parametrize("url", ["http://console.example", "https://ken@console.example", "console.example", "ftp://x"])
def test_an_address_of_the_console_that_is_not_safe_is_no_setting(url: str) -> None:
    with pytest.raises(ValueError, match="it must be an https:// address without a user name"):
        settings(console_url=url)


def test_the_usual_port_may_be_taken_and_a_named_one_may_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"^The console cannot listen at 127.0.0.1, port {port}: "):
            _listen("127.0.0.1", port)
    first = _listen("127.0.0.1", None)
    second = _listen("localhost", None)
    with first, second:
        assert first.getsockname()[1] != second.getsockname()[1]
        assert PORT


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(CannotStart, match=r"^console\.example is not an address to listen at\.$"):
        _listen("console.example", None)
    with pytest.raises(CannotStart, match=r"^COUNTERMAND_CONSOLE_PROXIES: 'proxy' does not appear to be an IPv4 or"):
        ProxyHeader.of("X-User", ["proxy"])


@pytest.mark.parametrize(
    ("address", "believed"),
    [("10.0.0.5", True), ("::ffff:10.0.0.5", True), ("10.0.0.6", False), ("", False), ("10.0.0.5, 1.2.3.4", False)],
)
def test_only_listed_addresses_are_the_proxy(address: str, believed: bool) -> None:
    assert ProxyHeader.of("X-User", ["10.0.0.5", "fd00::/8"]).believes(address) is believed


def test_a_file_of_roles_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    from bot.console.people import Roles
    from bot.errors import InputInvalid

    with pytest.raises(InputInvalid, match="There is no such file"):
        Roles(tmp_path / "roles.yaml")
