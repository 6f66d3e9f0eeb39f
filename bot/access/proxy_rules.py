"""Which hosts a browser reaches through a proxy: those that it may talk to, and no others.

A proxy resolves names itself, so the rules for the browser's own resolver do not hold there. A script of a few lines
(PAC) tells the browser which hosts the proxy is for; for every other host it connects by itself, which those rules
refuse.
"""

import base64
import json
from collections.abc import Collection
from urllib.parse import urlsplit

from playwright.sync_api import ProxySettings

from bot.connection import Proxy
from bot.identity import host_patterns

_KINDS = {"http": "PROXY", "https": "HTTPS", "socks5": "SOCKS5"}
_USUAL_PORTS = {"http": 80, "https": 443, "socks5": 1080}

_SCRIPT = """function FindProxyForURL(url, host) {
    host = host.toLowerCase().replace(/^\\[|\\]$/g, "");
    const below = (name) => host === name || host.endsWith("." + name);
    const allowed = %(allowed)s.some((name) => (name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name));
    if (allowed) return %(exceptions)s.some(below) ? "DIRECT" : "%(proxy)s";
    return host === "%(itself)s" ? "PROXY proxy-itself.invalid:1" : "DIRECT";
}"""


def proxy_rules(proxy: Proxy, allowed_hosts: Collection[str]) -> str:
    """The script, as the browser's option takes it."""
    parts = urlsplit(proxy.server)
    script = _SCRIPT % {
        "allowed": json.dumps(host_patterns(allowed_hosts)),
        "exceptions": json.dumps(proxy.exceptions),
        "proxy": f"{_KINDS[parts.scheme]} {parts.hostname}:{parts.port or _USUAL_PORTS[parts.scheme]}",
        "itself": proxy.host,
    }
    return f"data:application/x-ns-proxy-autoconfig;base64,{base64.b64encode(script.encode()).decode()}"


def for_the_client(proxy: Proxy) -> ProxySettings:
    """The same for Playwright's own client, which asks the Admin's host only, and what the proxy wants to know."""
    told = ProxySettings(server=proxy.server)
    if proxy.exceptions:
        told["bypass"] = ",".join(proxy.exceptions)
    if proxy.username is not None and proxy.password is not None:
        told["username"] = proxy.username
        told["password"] = proxy.password.get_secret_value()
    return told
