"""How the Admin's server is reached where it takes more than its address: what some shops put in front of their Admin.

HTTP authentication and headers that a firewall asks for, a proxy, a client certificate, and an authority of the shop's
own. All of it comes from the settings, holds for the browser and for the client that sends a cancel alike, and its
secrets are ``SecretStr``.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.identity import host_of, normalized_host

_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*:[ \t]*(.*)")
_NEXT_HEADER = re.compile(r"\s*;\s*(?=[A-Za-z0-9!#$%&'*+.^_`|~-]+[ \t]*:[ \t])")
_THE_BROWSERS_OWN = re.compile(
    "accept-encoding|connection|content-(length|type)|cookie|host|origin|proxy-authorization|referer|te|trailer|"
    "transfer-encoding|upgrade",
    re.IGNORECASE,
)
"""Headers that nobody may set: they say what a request is."""

PROXY_SCHEMES = ("http", "https", "socks5")


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A proxy, and what is reached without it."""

    server: str
    """Its address, such as ``http://proxy.example:3128``."""
    bypass: tuple[str, ...] = ()
    """Hosts that are reached without it, each with all hosts below it."""
    username: str | None = None
    password: SecretStr | None = None

    @property
    def host(self) -> str:
        """Its own host."""
        return host_of(self.server)

    @property
    def exceptions(self) -> tuple[str, ...]:
        """The hosts that are reached without it, as browsers write them."""
        return tuple(normalized_host(host.strip().removeprefix("*").removeprefix(".")) for host in self.bypass)


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """What the browser shows to a server that asks who it is."""

    certificate: Path
    """PEM, or PKCS #12 (``.p12``, ``.pfx``), which holds the key too."""
    key: Path | None = None
    passphrase: SecretStr | None = None


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What it takes to reach the Admin's server, besides its address."""

    headers: Mapping[str, SecretStr]
    """Headers that every request to the Admin has, and no request to anybody else."""
    proxy: Proxy | None = None
    client_certificate: ClientCertificate | None = None
    authority: Path | None = None
    """A file of certificates (PEM) that are trusted besides those that this machine trusts."""

    @property
    def plain_headers(self) -> dict[str, str]:
        """The headers as they are sent."""
        return {name: value.get_secret_value() for name, value in self.headers.items()}

    @property
    def secrets(self) -> set[str]:
        """Everything of it that must not appear anywhere."""
        found = {*self.plain_headers.values()}
        for secret in (
            self.proxy and self.proxy.password,
            self.client_certificate and self.client_certificate.passphrase,
        ):
            if secret:
                found.add(secret.get_secret_value())
        return found


DIRECT = Connection(headers={})
"""Where nothing stands in front of the Admin."""


def basic(username: str, password: SecretStr) -> SecretStr:
    """The header that answers HTTP authentication, kind Basic."""
    told = f"{username}:{password.get_secret_value()}".encode()
    return SecretStr(f"Basic {base64.b64encode(told).decode()}")


def headers_in(text: str) -> dict[str, str]:
    """The headers that a setting names: ``Name: value``, and after a semicolon the next.

    Raises:
        ValueError: it is no such text. The message does not repeat it.
    """
    found: dict[str, str] = {}
    for one in _NEXT_HEADER.split(text.strip().rstrip(";")):
        match = _HEADER.fullmatch(one.strip())
        if match is None or not match[2]:
            raise ValueError("write it as Name: value, and several with a semicolon between them")
        name, value = match[1], match[2].strip()
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the value of {name} has characters that no header may have")
        if _THE_BROWSERS_OWN.fullmatch(name):
            raise ValueError(f"{name} is a header that the browser writes itself; it cannot be set")
        if name.lower() in map(str.lower, found):
            raise ValueError(f"{name} is set twice")
        found[name] = value
    return found


def proxy_address(text: str) -> str:
    """The address of a proxy, as it is written.

    Raises:
        ValueError: it is not an address, or holds a user name or a password.
    """
    example = "it must be an address such as http://proxy.example:3128; http, https and socks5 are known"
    try:
        parts = urlsplit(text)
        known = parts.scheme in PROXY_SCHEMES and host_of(text) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError(example)
    if parts.username or parts.password:
        raise ValueError(
            "it must not contain a user name or password; set COUNTERMAND_PROXY_USERNAME and COUNTERMAND_PROXY_PASSWORD"
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(example)
    return f"{parts.scheme}://{parts.netloc}"
