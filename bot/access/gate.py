"""What a browser's requests pass where the Admin's server asks for more than an address.

Headers that a firewall asks for, and the answer to HTTP authentication, go with every request to the Admin's own
address, and with none to anybody else. With a client certificate, Playwright checks the certificates of the servers
that it was told of, and the browser checks none: so no request may go to a server that Playwright was not told of.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

from bot.connection import ClientCertificate
from bot.identity import host_and_port, host_of, is_allowed, origin_of

ShownCertificate = dict[str, Any]
"""A client certificate as Playwright takes it."""

_USUAL_PORTS = {"http": 80, "https": 443}


class Gate:
    """Lets each request of a browser pass, with what belongs to it, or stops it.

    Args:
        admin_url: the Admin's address.
        headers: go with the requests to the Admin's own address.
        hosts: every host that the browser may talk to.
        closed: whether requests to servers that are not checked are stopped; with a client certificate.
    """

    def __init__(self, admin_url: str, headers: Mapping[str, str], hosts: Collection[str], *, closed: bool) -> None:
        self._origin = origin_of(admin_url)
        self._headers = headers
        self._hosts = hosts
        self._closed = closed
        self._pattern = "*" if closed else f"{urlsplit(admin_url).scheme}://{host_and_port(admin_url)}/*"

    def guard(self, browser: Browser) -> None:
        """Stand between every page of a browser and the network."""
        if not (self._headers or self._closed):
            return  # nothing is held up that need not be
        session = browser.new_browser_cdp_session()

        def paused(event: dict[str, Any]) -> None:
            url, request = event["request"]["url"], {"requestId": event["requestId"]}
            with suppress(PlaywrightError):  # its page has gone meanwhile
                if not self.lets_through(url):
                    session.send("Fetch.failRequest", {**request, "errorReason": "BlockedByClient"})
                elif headers := self.headers_for(url, event["request"]["headers"]):
                    told = [{"name": name, "value": value} for name, value in headers.items()]
                    session.send("Fetch.continueRequest", {**request, "headers": told})
                else:
                    session.send("Fetch.continueRequest", request)

        session.on("Fetch.requestPaused", paused)
        session.send("Fetch.enable", {"patterns": [{"urlPattern": self._pattern, "requestStage": "Request"}]})

    def lets_through(self, url: str) -> bool:
        """Whether a request may go to this address."""
        if not self._closed or urlsplit(url).scheme not in _USUAL_PORTS:
            return True
        origin = origin_of(url)
        usual = origin.endswith((":443", ":80"))
        return is_allowed(host_of(url), self._hosts) and (origin == self._origin or usual)

    def headers_for(self, url: str, known: Mapping[str, str]) -> dict[str, str]:
        """All headers of a request to this address that has the ``known`` ones; empty where it has no others."""
        if origin_of(url) != self._origin or not self._headers:
            return {}
        ours = {name.lower() for name in self._headers}
        return {name: value for name, value in known.items() if name.lower() not in ours} | dict(self._headers)


def certificates_for(admin_url: str, own: ClientCertificate, other_hosts: Collection[str]) -> list[ShownCertificate]:
    """What Playwright is told, so that it checks the certificate of every server: the Admin's, which is shown our own
    certificate, and the others, which are shown one that was made for the moment and says nothing.
    """
    shown: ShownCertificate = {"origin": origin_of(admin_url).removesuffix(":443")}
    if own.certificate.read_bytes().find(b"-----BEGIN") < 0:
        shown["pfxPath"] = str(own.certificate)
    else:
        shown["certPath"], shown["keyPath"] = str(own.certificate), str(own.key or own.certificate)
    if own.passphrase is not None:
        shown["passphrase"] = own.passphrase.get_secret_value()
    others = sorted({host for host in map(host_of, (f"https://{host}" for host in other_hosts)) if host})
    others = [host for host in others if host != host_of(admin_url) or not origin_of(admin_url).endswith(":443")]
    if not others:
        return [shown]
    from bot.certificates import made_for_the_moment

    certificate, key = made_for_the_moment()
    return [shown, *({"origin": f"https://{host}", "cert": certificate, "key": key} for host in others)]
