"""Signing in at a provider of OpenID Connect (extra ``oidc``): authorization code, with PKCE, state and nonce.

What the browser carries on its way to the provider and back is sealed, holds for ten minutes, and is good once. What
the provider says of a person is believed only if it is signed with the provider's own key, is from that provider and
for this console, is the answer to this very sign-in, and has not expired.
"""

import base64
import hashlib
import importlib.util
import json
import re
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from loguru import logger

from bot.errors import CannotStart
from bot.settings import Settings
from bot.wording import harmless

CALLBACK = "/sign-in/callback"
"""Where the provider sends people back to, in this console."""

HOME = "/runs"
"""Where people get to who came for no page in particular."""

LIFE = 600
"""Seconds that a sign-in may take, from the console to the provider and back."""

SECONDS = 10
"""How long the provider may take for one answer."""

METADATA_LIFE = 600.0
"""Seconds for which it is remembered what the provider says of itself."""

TROUBLE_LIFE = 5.0
"""Seconds for which it is remembered that the provider could not be reached."""

LEEWAY = 60
"""Seconds by which the provider's clock may differ from this machine's."""

LONGEST_NAME = 255
"""Characters of a person's name."""

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures with a key pair only: for the others the console itself would hold what they are made with."""

_OF_THIS_CONSOLE = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")
"""A path. Browsers take a backslash for a slash, and drop spaces and line ends."""

_NOT_PAGES = re.compile(r"/(sign-in|sign-out|enter|live|api|static|metrics)\b")


class NotSignedIn(Exception):
    """Somebody could not sign in, for the reason that is said. ``status`` is that of the answer."""

    def __init__(self, words: str, status: int = 403) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a sign-in is known by, from its beginning to its end."""

    state: str
    nonce: str
    verifier: str
    to: str


@dataclass(frozen=True, kw_only=True)
class Proved:
    """Who signed in, as the provider has proved it."""

    name: str
    claimed: tuple[str, ...]
    """Their groups, as far as these have a role."""
    to: str
    """The page that they came for."""


class Provider:
    """The provider at which people sign in.

    Needs settings that name one, and the ``origin`` of the console.

    Raises:
        CannotStart: the extra is not installed.
    """

    def __init__(self, settings: Settings, origin: str) -> None:
        if importlib.util.find_spec("authlib") is None or importlib.util.find_spec("httpx2") is None:
            raise CannotStart(
                reason="COUNTERMAND_CONSOLE_OIDC_ISSUER is set, and Authlib is not installed.",
                next_step="Get it with: pip install 'countermand[oidc]'",
            )
        self.issuer = settings.console_oidc_issuer or ""
        self._client = settings.console_oidc_client or ""
        self._secret = settings.console_oidc_secret
        self._scopes = settings.console_oidc_scopes
        self._name_claim = settings.console_oidc_name_claim
        self._roles_claim = settings.console_oidc_roles_claim
        self._roles = settings.console_oidc_roles
        self._callback = f"{origin}{CALLBACK}"
        self.host = urlsplit(self.issuer).netloc
        self._box = Fernet(self._key())
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}
        self._metadata: tuple[float, Mapping[str, Any] | NotSignedIn] = (0.0, {})
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="oidc")
        """Where all this is done: a provider that is slow keeps nobody waiting who is signed in."""

    def _key(self) -> bytes:
        """What tickets are sealed with: the same for every console with this client secret, else this console's own."""
        if self._secret is None:
            return Fernet.generate_key()
        made_of = f"countermand sign-in\n{self.issuer}\n{self._client}\n{self._secret.get_secret_value()}"
        return base64.urlsafe_b64encode(hashlib.sha256(made_of.encode()).digest())

    def roles_of(self, claimed: Sequence[str]) -> frozenset[str]:
        """The roles that go with what the provider said of a person."""
        return frozenset(role for role, group in self._roles if group in claimed or (role, group) == ("viewer", "*"))

    # --- On the way there ---

    def begin(self, to: str) -> tuple[str, str]:
        """Begin a sign-in of somebody who wants to see the page ``to``.

        Gives the address at the provider, and the ticket that the browser keeps meanwhile.

        Raises:
            NotSignedIn: the provider cannot be reached, or is not the one of the settings.
        """
        metadata = self._about_itself()
        ticket = Ticket(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            to=page_of_this_console(to),
        )
        with self._opened(metadata) as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=ticket.state,
                code_verifier=ticket.verifier,
                nonce=ticket.nonce,
                response_mode="query",
            )
        return str(address), self._box.encrypt(json.dumps(asdict(ticket)).encode()).decode()

    # --- On the way back ---

    def finish(self, sealed: str, answer: Mapping[str, str]) -> Proved:
        """Find out who came back from the provider, with the ticket that their browser kept, and its answer.

        Raises:
            NotSignedIn: somebody else's sign-in, an old one, or one that the provider has not proved.
        """
        ticket = self._ticket(sealed, answer.get("state", ""))
        metadata = self._about_itself()
        said = answer.get("iss")
        if said != self.issuer and (said or metadata.get("authorization_response_iss_parameter_supported") is True):
            raise NotSignedIn("The answer came from another sign-in service than the one that this console trusts.")
        if error := answer.get("error"):
            raise NotSignedIn(f"{self.host} did not sign you in: {_short(error)}.")
        if not answer.get("code"):
            raise NotSignedIn(f"{self.host} sent an answer that says nothing. Begin again.")
        claims = self._claims(metadata, self._token(metadata, answer["code"], ticket), ticket.nonce)
        return Proved(name=self._name(claims), claimed=self._groups(claims), to=ticket.to)

    def _ticket(self, sealed: str, state: str) -> Ticket:
        """The ticket, which is good once, and only with the answer that belongs to it."""
        try:
            ticket = Ticket(**json.loads(self._box.decrypt(sealed.encode(), ttl=LIFE)))
        except InvalidToken:
            words = "This sign-in took longer than ten minutes, or began in another browser. Begin again."
            raise NotSignedIn(words) from None
        if not secrets.compare_digest(ticket.state.encode(), state.encode()):
            words = "This answer belongs to another sign-in than the one that this browser began. Begin again."
            raise NotSignedIn(words)
        with self._lock:
            now = time.monotonic()
            self._used = {one: until for one, until in self._used.items() if until > now}
            if ticket.state in self._used:
                raise NotSignedIn("This answer was used before. Begin again.")
            self._used[ticket.state] = now + LIFE
        return ticket

    def _token(self, metadata: Mapping[str, Any], code: str, ticket: Ticket) -> Mapping[str, Any]:
        import httpx2
        from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # it has none

        try:
            with self._opened(metadata) as client:
                return dict(
                    client.fetch_token(
                        metadata["token_endpoint"],
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=ticket.verifier,
                    )
                )
        except OAuthError as refused:
            words = f"{self.host} took back its answer: {_short(refused.error or 'error')}. Begin again."
            raise NotSignedIn(words) from None
        except (httpx2.HTTPError, ValueError) as trouble:
            raise self._away(trouble) from None

    def _claims(self, metadata: Mapping[str, Any], token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # it has none
        from joserfc import jwt
        from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        keys = self._get(metadata["jwks_uri"])
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            signed = jwt.decode(token.get("id_token", ""), KeySet.import_key_set(keys), registry=registry)  # type: ignore[arg-type]  # whatever the provider sent
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as why:
            raise self._not_proved("it is not signed with a key of this service", why) from None
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self._client}},
            {"nonce": nonce, "client_id": self._client, "access_token": token.get("access_token")},
        )
        try:
            claims.validate(leeway=LEEWAY)
        except ExpiredTokenError as why:
            raise self._not_proved("it has expired", why) from None
        except ClaimError as why:
            reasons = {
                "iss": "it is from another service",
                "aud": "it is for another program",
                "azp": "it is for another program",
                "nonce": "it is not the answer to this sign-in",
            }
            claim = str(getattr(why, "claim", ""))
            raise self._not_proved(reasons.get(claim, f"its {_short(claim)} is missing or wrong"), why) from None
        except (JoseError, ValueError, TypeError) as why:
            raise self._not_proved("it is not well formed", why) from None
        return claims  # type: ignore[no-any-return]  # Authlib has no types

    def _not_proved(self, why: str, error: Exception) -> NotSignedIn:
        logger.warning("A sign-in at {} was refused: {} ({})", self.host, why, _short(str(error)))
        return NotSignedIn(f"What {self.host} says of you was not believed: {why}.")

    def _name(self, claims: Mapping[str, Any]) -> str:
        name = _at(claims, self._name_claim)
        if not isinstance(name, str) or not name.strip():
            raise NotSignedIn(
                f"{self.host} did not say your {self._name_claim}, which this console knows people by. An "
                "administrator can have it said, or choose another claim in COUNTERMAND_CONSOLE_OIDC_NAME_CLAIM."
            )
        if self._name_claim == "email" and claims.get("email_verified") is not True:
            raise NotSignedIn(
                f"{self.host} does not say that your e-mail address is verified. An administrator can have it "
                "said, or choose another claim in COUNTERMAND_CONSOLE_OIDC_NAME_CLAIM."
            )
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise NotSignedIn(f"Your {self._name_claim} at {self.host} cannot be a name in this console.")
        return name.strip()

    def _groups(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        found = _at(claims, self._roles_claim) if self._roles_claim else None
        said = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return tuple(sorted({group for _, group in self._roles if group in said}))

    # --- The provider ---

    def _about_itself(self) -> Mapping[str, Any]:
        until, known = self._metadata
        if time.monotonic() >= until:
            try:
                known, life = self._discovered(), METADATA_LIFE
            except NotSignedIn as trouble:
                known, life = trouble, TROUBLE_LIFE
            self._metadata = (time.monotonic() + life, known)
        if isinstance(known, NotSignedIn):
            raise NotSignedIn(str(known), known.status)
        return known

    def _discovered(self) -> Mapping[str, Any]:
        found = self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        named = found.get("issuer")
        if named != self.issuer:
            logger.warning("COUNTERMAND_CONSOLE_OIDC_ISSUER is {}, which calls itself {!r}", self.issuer, named)
            raise NotSignedIn(
                f"{self.host} calls itself {_short(str(named))}, not {self.issuer}. An administrator has to write "
                "COUNTERMAND_CONSOLE_OIDC_ISSUER exactly as the service calls itself.",
                503,
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = urlsplit(found.get(name) if isinstance(found.get(name), str) else "")
            if not address.hostname or address.scheme not in {"https", urlsplit(self.issuer).scheme}:
                raise NotSignedIn(f"{self.host} does not say its {name}, or it is no https:// address.", 503)
        return found

    def _get(self, address: str) -> Mapping[str, Any]:
        import httpx2

        try:
            answer = httpx2.get(address, timeout=SECONDS, headers={"Accept": "application/json"})
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as trouble:
            raise self._away(trouble) from None
        if not isinstance(found, dict):
            raise self._away(None)
        return found

    def _away(self, trouble: Exception | None) -> NotSignedIn:
        if trouble is not None:
            logger.warning("{} cannot be asked who somebody is: {}", self.host, _short(str(trouble)))
        words = f"{self.host}, where people sign in to this console, cannot be reached now. Try again in a minute."
        return NotSignedIn(words, 503)

    def _opened(self, metadata: Mapping[str, Any]) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]  # it has none

        method = "none"
        if self._secret is not None:
            known = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            method = "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
        return OAuth2Client(
            client_id=self._client,
            client_secret=self._secret and self._secret.get_secret_value(),
            token_endpoint_auth_method=method,
            scope=self._scopes,
            redirect_uri=self._callback,
            code_challenge_method="S256",
            timeout=SECONDS,
            follow_redirects=False,
        )


def page_of_this_console(path: str) -> str:
    """The path, if it leads to a page of this console; else that of the first page."""
    return path if _OF_THIS_CONSOLE.fullmatch(path) and not _NOT_PAGES.match(path) else HOME


def _at(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name; a name with dots in it may also lead into a claim: ``realm_access.roles``."""
    found: Any = claims
    for part in [name] if name in claims else name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _short(text: str) -> str:
    return harmless(text)[:200]
