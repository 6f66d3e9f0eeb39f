"""How it is proved who somebody is.

On this computer alone: an address that holds for one visit, printed in the terminal. Anywhere else: a header that a
listed reverse proxy sets, or a provider at which people sign in (``oidc``).
"""

import hmac
import ipaddress
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.errors import CannotStart
from bot.system import user_name

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class OneTimeAddress:
    """An address that signs in the first person who opens it; after that another one is made, and said."""

    say: Callable[[str], None]
    """Told each new secret, for the terminal."""
    person: str = field(default_factory=user_name)
    _secret: str = field(default="", init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        self._secret = secrets.token_urlsafe(24)
        self.say(self._secret)

    def takes(self, secret: str) -> bool:
        """Whether this is the secret that is good now; it is good once."""
        with self._lock:
            if not hmac.compare_digest(secret.encode(errors="replace"), self._secret.encode()):
                return False
            self._renew()
            return True


@dataclass(frozen=True)
class ProxyHeader:
    """A header of a reverse proxy, believed from listed addresses only."""

    header: str
    networks: tuple[Network, ...]

    @classmethod
    def of(cls, header: str, addresses: Sequence[str]) -> "ProxyHeader":
        """From what the settings say.

        Raises:
            CannotStart: something there is not an address.
        """
        try:
            return cls(header.lower(), tuple(ipaddress.ip_network(one.strip(), strict=False) for one in addresses))
        except ValueError as wrong:
            raise CannotStart(
                reason=f"COUNTERMAND_CONSOLE_PROXIES: {wrong}. Write addresses or networks, such as 10.0.0.5 or "
                "10.0.0.0/24, separated by commas."
            ) from None

    def believes(self, address: str) -> bool:
        """Whether a request from this address comes from the proxy."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None) or found
        return any(mapped in network for network in self.networks)
