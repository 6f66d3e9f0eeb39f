"""Settings: all of them, what each may hold, and what is wrong with those that are set.

Every one is ``COUNTERMAND_`` and the field's name in capitals, so a new setting is a new field here. The command line
overrides the environment, and the environment overrides ``.env``; ``bot.environment`` reads both.
"""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot.accounts import Account, AccountsFile, base32, read_accounts_file
from bot.connection import ClientCertificate, Connection, Proxy, basic, headers_in, proxy_address
from bot.environment import PREFIX, Mistake, Written, mistakes_in, normalized_name, read_written
from bot.errors import CountermandError, InputInvalid, SettingsInvalid
from bot.files import at_home
from bot.identity import LONGEST_NAME, admin_name, browser_host, host_of, normalized_host
from bot.timespan import pace_of

SettingsKind = TypeVar("SettingsKind", bound="LocalSettings")

HomePath = Annotated[Path, AfterValidator(at_home)]
"""A path in which ``~`` is a home folder."""

SECRETS_OF_STORE = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables with the secrets of an S3 store, which every program that uses one reads."""

OCCASIONS = ("end", "person", "stop", "screens")
"""When people can be told."""

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""The name of a bucket, by the rules of S3."""

OPTIONS = (
    "--dry-run",
    "--encoding",
    "--expect",
    "--headed",
    "--max-cancellations",
    "--reason",
    "--sheet",
    "--since",
    "--store",
    "--workers",
    "--yes",
)
"""Options of ``run``, ``plan`` and ``audit`` that are not settings."""

_BELONGS_TO = {
    "http_password": ("http_username",),
    "proxy_password": ("proxy_username",),
    "client_certificate_passphrase": ("client_certificate", "client_certificate_key"),
}
"""Settings that are checked together with others, and those others."""

WHERE = "Set them in the environment, or in a file .env in the folder you start from: see .env.example."
"""What to do if settings are missing."""

ALL = "Every setting is listed in .env.example."
"""Where to look if none are missing but some are wrong."""


class LocalSettings(BaseModel):
    """Where things are on this machine, and in which language: all that a command without an Admin needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs_dir: HomePath = Field(default=Path("runs"), description="Folder for run folders")
    ledger: str | None = Field(
        default=None,
        description="File of the ledger, ledger.sqlite in the runs folder if not set; or the address of a PostgreSQL "
        "database that a team shares, such as postgresql://bot@db.example/countermand",
    )
    evidence: str | None = Field(
        default=None,
        description="Where new runs keep their evidence: a folder that several machines share, or s3://bucket/prefix; "
        "each run's own folder if not set",
    )
    baselines: HomePath | None = Field(
        default=None, description="Folder of the baselines that check compares with; beside the pack if not set"
    )
    browser: str | None = Field(default=None, description="Browser program to use instead of the one found")
    browser_server: SecretStr | None = Field(
        default=None,
        description="Address of a browser on another machine, which countermand browser-server serves there; several "
        "with spaces between them, one for each worker",
    )
    language: str = Field(default="en_US", description="The account's interface language in the Admin, such as de_DE")
    four_eyes: bool | None = Field(
        default=None,
        description="false lets people approve what they submitted themselves, for teams of one; true never does; if "
        "not set, only a console that one person has for themselves does",
    )

    notify_on: tuple[str, ...] = Field(
        default=("end", "person", "stop", "screens"),
        description="When people are told: end of a run, an order that needs a person, stop, screens that changed; "
        "separated by commas",
    )
    notify_webhook: SecretStr | None = Field(
        default=None, description="Address that messages are posted to as JSON, such as https://chat.example/hooks/abc"
    )
    notify_webhook_secret: SecretStr | None = Field(
        default=None, description="Secret that the webhook's messages are signed with"
    )
    smtp: str | None = Field(
        default=None,
        description="Mail server for messages, such as smtps://bot@mail.example or smtp://bot@mail.example:587",
    )
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server")
    notify_email: tuple[str, ...] = Field(
        default=(), description="Addresses that messages are mailed to, separated by commas"
    )
    notify_from: str | None = Field(
        default=None, description="Address that mailed messages are from; the first of those that they go to if not set"
    )
    notify_apprise: SecretStr | None = Field(
        default=None, description="Addresses of Apprise for every other service, separated by spaces"
    )

    @field_validator("notify_on", "notify_email", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value

    @field_validator("notify_on")
    @classmethod
    def _occasions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in value if name not in OCCASIONS]:
            raise ValueError(f"{wrong[0]!r} is not one of {', '.join(OCCASIONS)}")
        return value

    @field_validator("notify_webhook")
    @classmethod
    def _webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
                raise ValueError("it must be an address that begins with https://")
        return value

    @field_validator("smtp")
    @classmethod
    def _mail_server(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            known = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known or parts.password or parts.path.strip("/"):
            password = variable("smtp_password")
            raise ValueError(f"it must be an address such as smtps://bot@mail.example, with the password in {password}")
        return value

    @field_validator("notify_email")
    @classmethod
    def _mailed(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if wrong := [one for one in value if "@" not in one or any(c.isspace() for c in one)]:
            raise ValueError(f"{wrong[0]!r} is not an e-mail address")
        if value and "smtp" in info.data and info.data["smtp"] is None:
            raise ValueError(f"{variable('smtp')} is not set, and a message needs a mail server")
        return value

    @field_validator("ledger")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is None or "://" not in value:
            return _in_home(value)
        try:
            parts = urlsplit(value)
            known = (
                parts.scheme in {"postgresql", "postgresql+psycopg"} and parts.port != 0 and parts.path.strip("/") != ""
            )
        except ValueError:
            known = False
        if not known:
            raise ValueError("it must be a file, or an address such as postgresql://bot@db.example/countermand")
        if parts.password or any("password" in name.lower() for name, _ in parse_qsl(parts.query)):
            raise ValueError("it must not contain a password; PostgreSQL reads it from PGPASSWORD or your .pgpass file")
        return value

    @field_validator("evidence")
    @classmethod
    def _evidence(cls, value: str | None) -> str | None:
        if value is None or "://" not in value:
            return _in_home(value)
        bucket = value.removeprefix("s3://").partition("/")[0]
        if not value.startswith("s3://") or not BUCKET.fullmatch(bucket):
            raise ValueError("it must be a folder, or an address such as s3://bucket/prefix")
        return value

    @field_validator("browser")
    @classmethod
    def _program(cls, value: str | None) -> str | None:
        return _in_home(value)

    @field_validator("browser_server")
    @classmethod
    def _servers(cls, value: SecretStr | None) -> SecretStr | None:
        for address in value.get_secret_value().split() if value is not None else ():
            try:
                parts = urlsplit(address)
                known = parts.scheme in {"ws", "wss"} and parts.hostname and parts.port != 0 and parts.path.strip("/")
            except ValueError:
                known = False
            if not known or parts.username or parts.query or parts.fragment:
                raise ValueError(
                    "it must be an address as countermand browser-server writes it, such as ws://127.0.0.1:9323/path"
                )
            if parts.scheme == "ws" and not _is_loopback(parts.hostname or ""):
                raise ValueError(
                    "ws:// to another machine would send everything in readable form, also the Admin's pages and its "
                    "session; use wss://, or a tunnel that ends on this machine"
                )
        return value

    @property
    def browser_servers(self) -> tuple[str, ...]:
        """The addresses of browsers on other machines; none if the browser is started here. They are secrets."""
        return () if self.browser_server is None else tuple(self.browser_server.get_secret_value().split())

    @property
    def ledger_place(self) -> Path | str:
        """Where the ledger is: a file, or the address of a database."""
        if self.ledger is None:
            return self.runs_dir / "ledger.sqlite"
        return self.ledger if "://" in self.ledger else Path(self.ledger)

    @property
    def sessions_dir(self) -> Path:
        """The folder in which sessions are kept between runs."""
        return self.runs_dir / "sessions"

    @property
    def stop_file(self) -> Path:
        """The file that stops every run with its folder here as soon as it exists, as Ctrl-C would."""
        return self.runs_dir / "STOP"


class Settings(LocalSettings):
    """What a run needs to know besides its job list."""

    # Before the address, whose validation needs it.
    allow_http: tuple[str, ...] = Field(
        default=(),
        description=(
            "Hosts whose Admin may be opened over http://, where the password is readable on the way; separated by "
            "commas"
        ),
    )
    admin_url: str = Field(description="Address of the Admin, such as https://shop.example/admin")
    username: str = Field(min_length=1, description="Admin user name")
    password: SecretStr = Field(min_length=1, description="Admin password")
    totp_secret: SecretStr | None = Field(
        default=None, description="Secret that the account's two-factor codes are computed from, in base32"
    )
    accounts: HomePath | None = Field(
        default=None, description="File of several Admin accounts, of which each run takes a free one"
    )
    share_account: bool = Field(
        default=False, description="true if the Admin lets one account be signed in twice at once"
    )
    pack: str = Field(default="asc-4.3", description="Pack that describes the screens: a name, a folder, or auto")
    sign_in_language: str | None = Field(
        default=None, description="Language of the Admin's sign-in page, if it differs"
    )
    timeout: float = Field(default=30, gt=0, le=600, description="Seconds to wait for a screen")
    settle: float = Field(
        default=5,
        ge=0,
        le=600,
        description="Seconds to keep reopening an order's page after Confirm until it says Canceled",
    )
    recover_after: float = Field(
        default=300,
        ge=0,
        description=(
            "Seconds after which a Confirm that was interrupted and never answered counts as never received, if the "
            "order still reads Unshipped, so that it may be pressed again"
        ),
    )
    attempts: int = Field(
        default=2, ge=1, le=10, description="How many times to try an order when a screen fails before Confirm"
    )
    max_failures: int = Field(
        default=5, ge=1, description="Stop after this many orders in a row that failed for technical reasons"
    )
    max_failures_total: int = Field(
        default=50, ge=1, description="Stop after this many orders in total that failed for technical reasons"
    )
    pace: float = Field(
        default=0,
        description="Maximum rate at which orders are started, across all workers, such as 30/min; no limit if not set",
    )
    route: Literal["clicks", "direct"] = Field(
        default="clicks",
        description="How an order is reached: by the documented clicks, or by its address once its store was reached",
    )
    fonts: bool = Field(
        default=True, description="false loads no fonts from the Admin; icons then look different in screenshots"
    )
    cancel_sent_by: Literal["client", "browser"] = Field(
        default="client",
        description=(
            "client sends a cancel exactly once; browser, for firewalls that let only browsers through, may send it "
            "twice if the connection is cut"
        ),
    )
    pause: float = Field(
        default=0, ge=0, le=3600, description="Seconds that a worker pauses after pressing Confirm for an order"
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Other hosts that the browser may talk to, separated by commas"
    )
    http_username: str | None = Field(
        default=None, description="User name of the HTTP authentication in front of the Admin"
    )
    http_password: SecretStr | None = Field(
        default=None, validate_default=True, description="Password of the HTTP authentication in front of the Admin"
    )
    request_headers: SecretStr | None = Field(
        default=None,
        description="Headers that a firewall in front of the Admin asks for, such as 'X-Shop-Pass: abc', several with "
        "semicolons between them; sent to the Admin's address only",
    )
    proxy: str | None = Field(
        default=None, description="Proxy that the Admin is reached through, such as http://proxy.example:3128"
    )
    proxy_bypass: tuple[str, ...] = Field(
        default=(), description="Hosts that are reached without the proxy, separated by commas"
    )
    proxy_username: str | None = Field(default=None, description="User name at the proxy")
    proxy_password: SecretStr | None = Field(default=None, validate_default=True, description="Password at the proxy")
    client_certificate: HomePath | None = Field(
        default=None,
        description="File of the certificate that the Admin's server asks the browser for: PEM, or PKCS #12",
    )
    client_certificate_key: HomePath | None = Field(
        default=None, description="File of its private key, if the certificate's own file does not hold it"
    )
    client_certificate_passphrase: SecretStr | None = Field(
        default=None, validate_default=True, description="Passphrase of that key, or of the PKCS #12 file"
    )
    certificate_authority: HomePath | None = Field(
        default=None,
        description="File (PEM) of an authority that the Admin's certificate is from and this machine does not know",
    )
    keep_session: bool = Field(default=True, description="Whether the next run reuses this run's session")
    unmasked: bool = Field(default=False, description="true leaves buyers' data readable in screenshots")
    console_url: str | None = Field(
        default=None,
        description="Address at which people reach the console, such as https://console.example; needed for a console "
        "that other computers reach",
    )
    console_roles: HomePath | None = Field(default=None, description="File that says who may do what in the console")
    console_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses of reverse proxies that say in a header who a person is, separated by commas",
    )
    console_user_header: str = Field(
        default="X-Forwarded-User", min_length=1, description="The header in which they say it"
    )
    console_oidc_issuer: str | None = Field(
        default=None,
        description="Address of the OpenID Connect provider at which people sign in to the console, exactly as it "
        "calls itself, such as https://login.example/realms/shop",
    )
    console_oidc_client: str | None = Field(
        default=None, validate_default=True, min_length=1, description="The console's client id there"
    )
    console_oidc_secret: SecretStr | None = Field(
        default=None, description="Its client secret, if the provider gave it one"
    )
    console_oidc_scopes: str = Field(
        default="openid profile email", description="What the console asks the provider for, separated by spaces"
    )
    console_oidc_name_claim: str = Field(
        default="email",
        min_length=1,
        description="The claim that names a person, here and in the audit; one that people cannot change themselves",
    )
    console_oidc_roles_claim: str | None = Field(
        default=None,
        description="The claim that lists a person's groups or roles, such as groups or realm_access.roles",
    )
    console_oidc_roles: tuple[tuple[str, str], ...] = Field(
        default=(),
        validate_default=True,
        description="Which role in the console goes with which of them, such as 'operator: support; approver: leads'",
    )
    seller_central: str = Field(
        default="https://sellercentral.amazon.com",
        description="Address of the Seller Central that the console links to",
    )

    _several: tuple[Account, ...] = PrivateAttr(default=())
    """The accounts of the file, as they were when the settings were read."""

    @field_validator("allow_http", "allowed_hosts", "proxy_bypass", "console_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(host.strip() for host in value.split(",") if host.strip()) if isinstance(value, str) else value

    @field_validator("pace", mode="before")
    @classmethod
    def _pace(cls, value: Any) -> Any:
        return pace_of(value) if isinstance(value, str) else value

    @field_validator("totp_secret")
    @classmethod
    def _base32(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else base32(value)

    @field_validator("admin_url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        try:
            parts = urlsplit(value)
            known = parts.scheme in {"http", "https"} and parts.port != 0
            host = browser_host(parts.hostname or "") if known else None
        except ValueError:  # unbalanced brackets, a port that is no number, letters that no host has
            host = None
        if not host:
            raise ValueError("it must be an address such as https://shop.example/admin")
        if parts.username or parts.password:
            raise ValueError(
                "it must not contain a user name or password; set COUNTERMAND_HTTP_USERNAME and "
                "COUNTERMAND_HTTP_PASSWORD for HTTP authentication, COUNTERMAND_USERNAME and COUNTERMAND_PASSWORD for "
                "the Admin's own account"
            )
        allowed = {normalized_host(name) for name in info.data.get("allow_http", ())}
        if parts.scheme == "http" and not _is_loopback(host) and host not in allowed:
            raise ValueError(
                "http:// would send the password in readable form; use https://, or, if nobody else can listen, "
                f"COUNTERMAND_ALLOW_HTTP={host}"
            )
        if len(admin_name(value)) > LONGEST_NAME:
            raise ValueError(f"its host and path must not be longer than {LONGEST_NAME} characters")
        return value

    @field_validator("console_oidc_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        if not parts.hostname or parts.username or parts.query or parts.fragment or not _is_encrypted(parts):
            raise ValueError("it must be an https:// address without a user name, '?' and '#'")
        return value

    @field_validator("console_oidc_client", "console_oidc_secret", "console_oidc_roles_claim")
    @classmethod
    def _with_an_issuer(cls, value: Any, info: ValidationInfo) -> Any:
        if "console_oidc_issuer" in info.data:
            issuer = info.data["console_oidc_issuer"]
            if issuer is None and value is not None:
                raise ValueError(f"{variable('console_oidc_issuer')} is not set, which this belongs to")
            if issuer is not None and value is None and info.field_name == "console_oidc_client":
                raise ValueError(f"it goes with {variable('console_oidc_issuer')}: set both, or neither")
        return value

    @field_validator("console_oidc_scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid must be one of them: without it the provider does not say who somebody is")
        return " ".join(value.split())

    @field_validator("console_oidc_roles", mode="before")
    @classmethod
    def _roles_of_claims(cls, value: Any) -> Any:
        return _roles_in(value) if isinstance(value, str) else value

    @field_validator("console_oidc_roles")
    @classmethod
    def _with_a_claim(cls, value: tuple[tuple[str, str], ...], info: ValidationInfo) -> tuple[tuple[str, str], ...]:
        if value and info.data.get("console_oidc_roles_claim", "") is None:
            raise ValueError(f"{variable('console_oidc_roles_claim')} is not set, which says where they stand")
        if not value and info.data.get("console_oidc_roles_claim"):
            raise ValueError(f"{variable('console_oidc_roles_claim')} is set: say which role goes with what is there")
        return value

    @field_validator("console_url", "seller_central")
    @classmethod
    def _plain_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        if not parts.hostname or parts.username or not _is_encrypted(parts):
            raise ValueError("it must be an https:// address without a user name")
        return value and value.rstrip("/")

    @field_validator("http_password", "proxy_password")
    @classmethod
    def _with_its_name(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        of = str(info.field_name).removesuffix("_password")
        username = info.data.get(f"{of}_username")
        if (username is None) != (value is None):
            raise ValueError(f"set both {variable(f'{of}_username')} and {variable(f'{of}_password')}, or neither")
        if username is not None and of == "http" and ":" in username:
            raise ValueError(f"{variable('http_username')} must not contain a colon: nothing could tell where it ends")
        if username is not None and of == "proxy" and info.data.get("proxy") is None:
            raise ValueError(f"{variable('proxy_username')} goes with {variable('proxy')}, which is not set")
        if username is not None and of == "proxy" and str(info.data.get("proxy")).startswith("socks5:"):
            raise ValueError("browsers can give no user name to a socks5 proxy: use one that lets this machine through")
        return value

    @field_validator("request_headers")
    @classmethod
    def _headers(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            names = {name.lower() for name in headers_in(value.get_secret_value())}
            if "authorization" in names and info.data.get("http_username") is not None:
                raise ValueError(f"Authorization is what {variable('http_username')} is for: leave out one of them")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        return None if value is None else proxy_address(value)

    @field_validator("client_certificate_passphrase")
    @classmethod
    def _certificate(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        certificate, key = info.data.get("client_certificate"), info.data.get("client_certificate_key")
        if certificate is None:
            if "client_certificate" in info.data and (key or value):
                raise ValueError(f"{variable('client_certificate')} is not set, which this belongs to")
            return value
        from bot.certificates import check_client_certificate  # slow to import, and few shops need it

        check_client_certificate(ClientCertificate(certificate=certificate, key=key, passphrase=value))
        if several := [host for host in info.data.get("allowed_hosts", ()) if "*" in host]:
            raise ValueError(
                f"with a client certificate each host is named whole, because its own certificate is checked one by "
                f"one: replace {several[0]} in {variable('allowed_hosts')}"
            )
        return value

    @field_validator("certificate_authority")
    @classmethod
    def _authority(cls, value: Path | None) -> Path | None:
        if value is not None:
            from bot.certificates import authorities_in

            authorities_in(value)
        return value

    @property
    def connection(self) -> Connection:
        """What it takes to reach the Admin's server, besides its address."""
        headers = {} if self.request_headers is None else headers_in(self.request_headers.get_secret_value())
        secret = {name: SecretStr(value) for name, value in headers.items()}
        if self.http_username is not None and self.http_password is not None:
            secret["Authorization"] = basic(self.http_username, self.http_password)
        certificate = None
        if self.client_certificate is not None:
            certificate = ClientCertificate(
                certificate=self.client_certificate,
                key=self.client_certificate_key,
                passphrase=self.client_certificate_passphrase,
            )
        proxy = None
        if self.proxy is not None:
            proxy = Proxy(
                server=self.proxy,
                bypass=self.proxy_bypass,
                username=self.proxy_username,
                password=self.proxy_password,
            )
        return Connection(
            headers=secret, proxy=proxy, client_certificate=certificate, authority=self.certificate_authority
        )

    @property
    def pool(self) -> tuple[Account, ...]:
        """The accounts that a run may sign in with."""
        return self._several or (Account(username=self.username, password=self.password, totp_secret=self.totp_secret),)

    def with_account(self, account: Account) -> "Settings":
        """The same with this account alone, for who has it already, and without a session from before."""
        alone = self.model_copy(update={"share_account": True, "keep_session": False})
        alone._several = (account,)
        return alone

    @property
    def host(self) -> str:
        """The Admin's host name as browsers write it, without a port."""
        return host_of(self.admin_url)


def variable(field: str) -> str:
    """The name under which a setting is written in the environment and in ``.env``."""
    return PREFIX + field.upper()


def load_settings(**given: object) -> Settings:
    """Read the settings; values ``given`` on the command line take precedence; None means not given.

    With ``accounts=""`` the given account is the only one, even if a file of accounts is set.

    Raises:
        SettingsInvalid: naming everything that is missing, wrong or unknown, and where it is.
    """
    written = read_written()
    values = _values(Settings, written, given)
    named = values["accounts"] = values.get("accounts") or None
    file, unreadable = _accounts_file(named or written.value(variable("accounts")))
    told = _mistakes(written, file)
    if named is not None or told:  # unknown names may be in a file that cannot be read
        told += unreadable
    accounts: tuple[Account, ...] = ()
    if named is not None:
        of_one = {name: values.pop(name) for name in Account.model_fields if name in values}
        told += _both_set(of_one, written, file)
        # Stand-ins: where the file is wrong, they are not called missing.
        values |= {"username": "-", "password": "-"}
        try:
            accounts = file.accounts(written) if file is not None else ()
        except SettingsInvalid as invalid:
            told += [Mistake(0, line) for line in invalid.message.splitlines()]
        values |= accounts[0].model_dump() if accounts else {}
    settings = _made(Settings, values, told, written, given)
    settings._several = accounts
    return settings


def load_browser_settings() -> Settings:
    """Read what a machine needs that only serves a browser: as ``load_settings``, but no account."""
    written = read_written()
    file, unreadable = _accounts_file(written.value(variable("accounts")))
    told = _mistakes(written, file)
    if told:  # unknown names may be in a file that cannot be read
        told += unreadable
    values = _values(Settings, written, {"username": "-", "password": "-"})
    values.pop("accounts", None)
    return _made(Settings, values, told, written, {})


def load_local_settings() -> LocalSettings:
    """Read where things are.

    Raises:
        SettingsInvalid: as ``load_settings``.
    """
    written = read_written()
    file, unreadable = _accounts_file(written.value(variable("accounts")))
    told = _mistakes(written, file)
    if told:  # as above
        told += unreadable
    return _made(LocalSettings, _values(LocalSettings, written, {}), told, written, {})


def _values(kind: type[LocalSettings], written: Written, given: Mapping[str, object]) -> dict[str, Any]:
    found = {name: written.value(variable(name)) for name in kind.model_fields}
    return {name: value for name, value in found.items() if value} | {
        name: value for name, value in given.items() if value is not None
    }


def _accounts_file(named: object) -> tuple[AccountsFile | None, list[Mistake]]:
    """The file of accounts, if one is named, and what is wrong with it."""
    if not named:
        return None, []
    try:
        return read_accounts_file(at_home(str(named))), []
    except InputInvalid as invalid:
        return None, [Mistake(0, str(problem)) for problem in invalid.problems]
    except ValueError:
        return None, []  # no such home folder, which is reported for the setting itself


def _mistakes(written: Written, file: AccountsFile | None) -> list[Mistake]:
    """What is wrong with the names and lines that are written, whatever the settings may hold."""
    settings = [variable(name) for name in Settings.model_fields]
    return [*written.mistakes, *mistakes_in(written, settings, OPTIONS, file.variables if file else ())]


def _both_set(of_one: Mapping[str, object], written: Written, file: AccountsFile | None) -> Iterator[Mistake]:
    """That an account is set beside a file of them; a variable that the file refers to belongs to the file."""
    referred = {normalized_name(name) for name in file.variables} if file else set()
    for name in of_one:
        words = f"{variable(name)} and {variable('accounts')} are both set: leave one of them out."
        # A file that cannot be read may refer to anything but its user names.
        if variable(name) not in referred and (file is not None or name == "username"):
            entry = written.entry(variable(name))
            yield entry.mistake(words) if entry else Mistake(0, words)


def _made(
    kind: type[SettingsKind], values: object, told: list[Mistake], written: Written, given: Mapping[str, object]
) -> SettingsKind:
    """The settings, unless there are mistakes to report."""
    missing = False
    try:
        made = kind.model_validate(values)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            field = str(error["loc"][0])
            name, words = variable(field), f"{error['msg'].removeprefix('Value error, ')}."
            # What is missing beside another setting is told where that one is.
            beside = [other for other in _BELONGS_TO.get(field, ()) if written.entry(variable(other))]
            if written.entry(name) is None and beside:
                name = variable(beside[0])
            entry = written.entry(name)
            if error["type"] == "missing":
                if not written.complete:  # it may be in there
                    continue
                missing = True
                told.append(Mistake(0, f"{name} is not set ({kind.model_fields[field].description})."))
            elif given.get(field) is not None or entry is None:
                told.append(Mistake(0, f"--{field.replace('_', '-')}: {words}"))
            else:
                told.append(entry.mistake(f"{name}: {words}"))
    if told:
        # Those of .env in the order of its lines, then the others.
        told.sort(key=lambda mistake: mistake.line or float("inf"))
        listing = "\n".join(mistake.words for mistake in told)
        raise SettingsInvalid(listing=listing, next_step=WHERE if missing else ALL)
    return made


def _in_home(value: str | None) -> str | None:
    """A path or a command, with ``~`` as a home folder; anything else is unchanged."""
    return str(at_home(value)) if value and value.startswith("~") else value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_encrypted(parts: SplitResult) -> bool:
    """Whether what is sent to an address can be read on the way by nobody."""
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))


CONSOLE_ROLES = ("viewer", "operator", "approver", "administrator")
"""What people may be in the console."""


def _roles_in(text: str) -> tuple[tuple[str, str], ...]:
    """The pairs in ``operator: support; approver: leads``: a role, and the group that has it."""
    found = []
    for one in text.strip().rstrip(";").split(";"):
        role, _, group = (part.strip() for part in one.partition(":"))
        if role not in CONSOLE_ROLES or not group:
            raise ValueError(
                "write it as role: group, and several with a semicolon between them; the roles are "
                f"{', '.join(CONSOLE_ROLES[:-1])} and {CONSOLE_ROLES[-1]}"
            )
        found.append((role, group))
    return tuple(found)


def secrets_that_are_set() -> set[str]:
    """Every secret that the settings name, as it is written there, whether they are valid or not."""
    written = read_written()
    names = {
        variable(name)
        for name, field in Settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    }
    found = {entry.value for entry in written.entries if entry.name in names and entry.value}
    # What is sent is made of them: each header's value, and the answer to HTTP authentication.
    with suppress(ValueError):
        found |= set(headers_in(written.value(variable("request_headers"))).values())
    if username := written.value(variable("http_username")):
        password = SecretStr(written.value(variable("http_password")))
        found.add(basic(username, password).get_secret_value().removeprefix("Basic "))
    found |= {os.environ[name] for name in SECRETS_OF_STORE if os.environ.get(name)}
    # The path alone, too: without it, the address of a browser server opens nothing.
    with suppress(ValueError):
        servers = written.value(variable("browser_server")).split()
        found |= {path for server in servers if (path := urlsplit(server).path.strip("/"))}
    # A file that cannot be read hides nothing; load_settings reports what is wrong with it.
    with suppress(CountermandError, ValueError):
        if accounts := written.value(variable("accounts")):
            found |= read_accounts_file(at_home(accounts)).secrets(written)
    # The spaces of a two-factor secret are taken out before it is used.
    return found | {"".join(value.split()).upper() for value in found if " " in value}
