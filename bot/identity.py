"""Identifying an Admin: one spelling of a host, as browsers write it, and one name for each Admin.

An Admin is identified by its host and path, because one host can serve several: ``shop.example/staging/admin`` and
``shop.example/prod/admin``. Anything that only says how a page was reached is left out of the name.
"""

import ipaddress
import posixpath
import re
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

from bot.errors import CannotStart

_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|[0-9a-f]*:[0-9a-f:.]+")

_USUAL_PORTS = {"http": 80, "https": 443}

_PLAIN = "!$&'()*+,;=:@"
"""Characters that a path contains unescaped, besides letters, digits and ``-._~``."""

LONGEST_NAME = 255
"""The longest name of an Admin that fits into the ledger, in characters."""

_PAGE_PARTS = 3
"""Route, controller and action: what every page of the Admin has in its address between front name and key."""


def browser_host(host: str) -> str:
    """A host name or literal address as browsers write it: in lower case and punycode; without brackets.

    Names are mapped by UTS #46 without its transitional rules, so ``ß`` stays ``ß`` and does not become ``ss``.

    Raises:
        ValueError: browsers know no such name.
    """
    host = host.strip().removeprefix("[").removesuffix("]")
    if ":" in host:
        return ipaddress.ip_address(host).compressed
    if host.isascii():
        return host.lower()
    import idna  # its tables are large, and hardly any shop needs them

    mapped = idna.uts46_remap(host, std3_rules=False)
    # Each label as it is: browsers know names that the package's own encoder refuses, such as those with "_".
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in mapped.split(".")
    )


def normalized_host(host: str) -> str:
    """A host as browsers write it; if browsers know no such name, in lower case, so that it can be compared."""
    with suppress(ValueError):
        return browser_host(host)
    return host.lower()


def host_of(url: str) -> str:
    """The host in an address, as browsers write it, without a port; empty if it has none."""
    try:
        return normalized_host(urlsplit(url).hostname or "")
    except ValueError:  # a page can ask for anything
        return ""


def host_and_port(url: str) -> str:
    """The host in an address, with the port where that is not the usual one."""
    parts, host = urlsplit(url), host_of(url).rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    return host if parts.port in {None, _USUAL_PORTS.get(parts.scheme)} else f"{host}:{parts.port}"


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as one text that can be compared; empty if its port is no number."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return ""
    return f"{parts.scheme}://{host_of(url)}:{port or _USUAL_PORTS.get(parts.scheme, 0)}"


def admin_name(url: str) -> str:
    """What an Admin is known by, in the ledger and to people: ``shop.example/admin``, ``shop.example:8443/admin``.

    Left out are the scheme, a usual port, ``index.php``, query, fragment and slashes at the end. Letters of the path
    keep their case, as servers tell them apart. An address that was copied from the address bar has a secret key;
    from ``/key/`` on it is cut, and so is the page before it. Parameters can stand between page and key, and nothing
    tells them from more parts of the Admin's own path, so as much is cut as could be page and parameters.
    """
    path = posixpath.normpath("/" + urlsplit(url).path)
    parts = [quote(unquote(part), safe=_PLAIN) for part in path.split("/") if part not in {"", "index.php"}]
    if "key" in parts[1:]:
        parts = parts[: parts.index("key", 1)]
        beyond = len(parts) - _PAGE_PARTS
        if beyond > 0:
            parts = parts[: 2 - beyond % 2]  # one part or two: parameters come in pairs
    return "/".join([host_and_port(url), *parts])


def names_of_host(name: str) -> frozenset[str]:
    """Names that earlier versions may have used for this Admin: its host alone, in any spelling."""
    host = name.partition("/")[0]
    spelled = {host}
    if host.startswith("["):
        address, _, port = host[1:].partition("]")
        spelled.add(address + port)
    with suppress(UnicodeError):
        labels = host.split(".")
        letters = ".".join(_letters(label) for label in labels)
        spelled |= {unicodedata.normalize(form, letters) for form in ("NFC", "NFD")}
    return frozenset(spelled)


def _letters(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    coded, colon, port = label.removeprefix("xn--").partition(":")
    return coded.encode().decode("punycode") + colon + port


def is_allowed(host: str, allowed_hosts: Collection[str]) -> bool:
    """Whether a browser that was started with these ``allowed_hosts`` can talk to ``host``, a name without a port."""
    patterns, host = host_patterns(allowed_hosts), normalized_host(host)
    return any(host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern for pattern in patterns)


def host_patterns(hosts: Collection[str]) -> list[str]:
    """The hosts as patterns for a browser's rules, without ports and with brackets around IPv6 addresses.

    Raises:
        CannotStart: one of them is not a host.
    """
    patterns: list[str] = []
    for given in hosts:
        host = given.strip().lower()
        if bracketed := re.fullmatch(r"\[([^]]*)](:\d+)?", host):
            host = bracketed[1]
        elif host.count(":") == 1:
            host = re.sub(r":\d+$", "", host)
        host = normalized_host(host)
        if not _HOST.fullmatch(host):
            raise CannotStart(
                reason=f"{given!r} is not a host that the browser could be allowed to talk to. "
                "Write a name or an address, such as admin.example.com, without https:// and without a path."
            )
        patterns.extend([host, f"[{host}]"] if ":" in host else [host])
    return list(dict.fromkeys(patterns))
