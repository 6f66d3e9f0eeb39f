"""A provider of OpenID Connect on this computer, with a signing key of its own. A test may have it say what no good
provider would.
"""

import base64
import hashlib
import http.client
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

CLIENT, SECRET = "countermand", "a secret of 32 bytes & <signs>%+"

Claims = dict[str, Any]


@cache
def key_of(name: str) -> RSAKey:
    """The key with this name; always the same one within a run of the tests."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@cache
def key_on_a_curve() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "curve"})


def signed(claims: Claims, key: Any = None, alg: str = "RS256", kid: str = "its own") -> str:
    """A token with these claims, signed with the provider's key, or with another one."""
    registry = JWSRegistry(algorithms=[alg])
    return jwt.encode({"alg": alg, "kid": kid}, claims, key or key_of("its own"), registry=registry)


def unsigned(claims: Claims, alg: str = "none") -> str:
    """A token that nobody has signed."""
    return f"{_part({'alg': alg, 'typ': 'JWT', 'kid': 'its own'})}.{_part(claims)}."


def _part(content: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@dataclass
class Code:
    """A code that was given out, and what it was given out for."""

    asked: dict[str, str]
    person: Claims
    used: bool = False


@dataclass
class OidcProvider:
    """A context manager. ``person`` is who signs in there next."""

    person: Claims = field(default_factory=dict)
    host: str = "127.0.0.1"
    """What this computer is called in its address; for a browser another name is another site."""
    change: Callable[[Claims], Claims] = lambda claims: claims
    """What is put in the place of the claims of a token."""
    sign: Callable[[Claims], str] = signed
    metadata: Claims = field(default_factory=dict)
    """What it says of itself, in place of what is true."""
    answers: Claims = field(default_factory=dict)
    """What it adds to its answers."""
    codes: dict[str, Code] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    """Why it gave no token."""
    asked: list[str] = field(default_factory=list)
    """The paths of every request."""

    def __enter__(self) -> Self:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._get(self)

            def do_POST(self) -> None:
                provider._token(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name it has there
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.issuer = f"http://{self.host}:{self._server.server_address[1]}/realms/shop"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, Any]:
        """Those of a console that knows it."""
        return {
            "console_oidc_issuer": self.issuer,
            "console_oidc_client": CLIENT,
            "console_oidc_secret": SECRET,
            "console_oidc_roles_claim": "realm_access.roles",
            "console_oidc_roles": "operator: support; approver: leads; approver: managers; viewer: staff",
        }

    def good_again(self) -> None:
        """Forget what a test has had it say."""
        self.change, self.sign = (lambda claims: claims), signed
        self.metadata, self.answers, self.complaints = {}, {}, []

    def visit(self, address: str) -> str:
        """What a person's browser does there: open the address, sign in; gives where it is sent back to."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 302
            return str(answer.getheader("location"))
        finally:
            connection.close()

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        self.asked.append(parts.path)
        match parts.path.removeprefix("/realms/shop"):
            case "/.well-known/openid-configuration":
                about = {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/auth",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "response_types_supported": ["code"],
                    "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
                    "code_challenge_methods_supported": ["S256"],
                }
                _say(request, 200, about | self.metadata)
            case "/keys":
                keys: Any = KeySet([key_of("its own"), key_on_a_curve()]).as_dict()
                keys["keys"].append({"kty": "of tomorrow", "kid": "x"})
                _say(request, 200, keys)
            case "/auth":
                asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                code = secrets.token_urlsafe(12)
                self.codes[code] = Code(asked, dict(self.person))
                back = urlencode({"code": code, "state": asked.get("state", "")} | self.answers)
                request.send_response(302)
                request.send_header("Location", f"{asked['redirect_uri']}?{back}")
                request.end_headers()
            case _:
                _say(request, 404, {})

    def _token(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        body = request.rfile.read(int(request.headers["content-length"])).decode()
        sent = {name: values[-1] for name, values in parse_qs(body).items()}
        code = self.codes.get(sent.get("code", ""))
        if wrong := self._wrong(request, sent, code):
            self.complaints.append(wrong)
            _say(request, 400, {"error": "invalid_grant", "error_description": "<b>Mallory</b>"})
            return
        assert code is not None
        code.used = True
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": code.asked.get("nonce"),
            **code.person,
        }
        token = self.sign(self.change(claims))
        _say(request, 200, {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    def _wrong(self, request: BaseHTTPRequestHandler, sent: dict[str, str], code: Code | None) -> str:
        """Why no token is given; empty if one is."""
        basic = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if [unquote(one) for one in basic.split(":", 1)] != [CLIENT, SECRET] and basic != f"{CLIENT}:{SECRET}":
            return "the client"
        if code is None or sent.get("grant_type") != "authorization_code":
            return "the code"
        if code.used:
            return "a code that was used"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        if code.asked.get("code_challenge") != challenge.rstrip(b"=").decode():
            return "the verifier"
        return "" if code.asked.get("redirect_uri") == sent.get("redirect_uri") else "the address to go back to"


def _say(request: BaseHTTPRequestHandler, status: int, content: Claims) -> None:
    body = json.dumps(content).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def person(name: str, *groups: str, **more: object) -> Claims:
    """What a provider knows of a person."""
    known: Claims = {"sub": f"id-{name}", "email": f"{name}@shop.example", "email_verified": True}
    return known | {"realm_access": {"roles": ["offline", *groups]}} | more
