"""Where the console may listen: at this computer alone, unless people sign in."""

import re
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pydantic import SecretStr

from bot.console.oidc import Provider
from bot.console.people import Role
from bot.console.server import PORT, _listen, _opened, _refuse_unsafe
from bot.console.ways_in import ProxyHeader
from bot.engine.run_session import Tools
from bot.errors import CannotStart
from bot.settings import CONSOLE_ROLES, Settings


def settings(**more: object) -> Settings:
    known = {"admin_url": "https://shop.example/admin", "username": "bot", "password": SecretStr("x")}
    return Settings.model_validate(known | more)


TEAM = {"console_proxies": "10.0.0.5", "console_roles": "roles.yaml"}
PROVIDER = {"console_oidc_issuer": "https://login.example/", "console_oidc_client": "countermand"}
GROUPS = {"console_oidc_roles_claim": "groups", "console_oidc_roles": "viewer: *"}


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
        ("10.0.0.7", PROVIDER, "People could sign in, and none of them would have a role."),
        (
            "127.0.0.1",
            PROVIDER | GROUPS,
            "COUNTERMAND_CONSOLE_URL is not set: the address at which people reach the console.",
        ),
        (
            "10.0.0.7",
            PROVIDER | GROUPS | {"console_url": "http://127.0.0.1"},
            "COUNTERMAND_CONSOLE_URL is http://127.0.0.1, and sessions would be sent in readable form.",
        ),
        (
            "10.0.0.7",
            PROVIDER | TEAM | {"console_url": "https://console.example"},
            "COUNTERMAND_CONSOLE_PROXIES and COUNTERMAND_CONSOLE_OIDC_ISSUER both say who somebody is.",
        ),
    ],
)
def test_what_would_let_anybody_in_is_refused(host: str, more: dict[str, object], words: str) -> None:
    known = settings(**more)
    with pytest.raises(CannotStart) as refused:
        _refuse_unsafe(known, host, is_own=not known.console_proxies and not known.console_oidc_issuer)
    assert str(refused.value) == words
    assert refused.value.next_step


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.3.2.1"])
def test_on_this_computer_nothing_more_is_needed(host: str) -> None:
    _refuse_unsafe(settings(), host, is_own=True)


def test_a_team_with_all_of_it_may_listen_anywhere() -> None:
    for more in (TEAM, PROVIDER | GROUPS, PROVIDER | {"console_roles": "roles.yaml"}):
        _refuse_unsafe(settings(**more, console_url="https://console.example"), "10.0.0.7", is_own=False)


def test_the_command_serves_with_a_provider_and_prints_no_one_time_address(tmp_path: Path) -> None:
    known = settings(**PROVIDER, **GROUPS, console_url="https://console.example", runs_dir=tmp_path)
    told: list[str] = []
    listener = _listen("127.0.0.1", 0)
    tools = cast(Tools, SimpleNamespace(settings=known))
    with listener, _opened(tools, listener, told.append, "", "", worker=False) as desk:
        assert (desk.one_time, desk.proxy, desk.is_ones_own, desk.four_eyes) == (None, None, False, True)
        assert desk.provider is not None
        assert (desk.provider.issuer, desk.cookie) == ("https://login.example/", "__Host-countermand")
    assert told == ["The console is at https://console.example/"]


def test_a_provider_without_the_extra_is_said_before_anything_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotStart) as refused:
        Provider(settings(**PROVIDER), "https://console.example")
    assert str(refused.value) == "COUNTERMAND_CONSOLE_OIDC_ISSUER is set, and Authlib is not installed."
    assert refused.value.next_step == "Get it with: pip install 'countermand[oidc]'"


NO_ISSUER = "COUNTERMAND_CONSOLE_OIDC_ISSUER is not set, which this belongs to"
NO_ROLE = (
    "write it as role: group, and several with a semicolon between them; the roles are viewer, operator, approver and "
    "administrator"
)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"console_oidc_issuer": "http://login.example", "console_oidc_client": "x"}, "it must be an https:// address"),
        ({"console_oidc_issuer": "https://a@login.example", "console_oidc_client": "x"}, "it must be an https://"),
        ({"console_oidc_issuer": "https://login.example/?a", "console_oidc_client": "x"}, "it must be an https://"),
        ({"console_oidc_issuer": "https://login.example"}, "it goes with COUNTERMAND_CONSOLE_OIDC_ISSUER"),
        ({"console_oidc_client": "x"}, NO_ISSUER),
        ({"console_oidc_secret": "x"}, NO_ISSUER),
        (PROVIDER | {"console_oidc_scopes": "profile"}, "openid must be one of them"),
        (PROVIDER | {"console_oidc_roles": "operator: a"}, "COUNTERMAND_CONSOLE_OIDC_ROLES_CLAIM is not set"),
        (PROVIDER | {"console_oidc_roles_claim": "a"}, "COUNTERMAND_CONSOLE_OIDC_ROLES_CLAIM is set: say which role"),
        (PROVIDER | GROUPS | {"console_oidc_roles": "operators: a"}, NO_ROLE),
        (PROVIDER | GROUPS | {"console_oidc_roles": "operator"}, NO_ROLE),
        (PROVIDER | GROUPS | {"console_oidc_roles": "operator: a; ; approver: b"}, NO_ROLE),
    ],
)
def test_settings_of_a_provider_that_do_not_go_together_are_none(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        settings(**more)


def test_groups_may_have_colons_and_blanks_and_the_address_of_a_provider_stays_as_it_is() -> None:
    known = settings(**PROVIDER, console_oidc_roles_claim="groups", console_oidc_roles="operator: a b:c ; viewer: *;")
    assert known.console_oidc_roles == (("operator", "a b:c"), ("viewer", "*"))
    assert known.console_oidc_issuer == "https://login.example/"


def test_the_settings_name_every_role_and_no_other() -> None:
    assert list(CONSOLE_ROLES) == list(Role)


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
