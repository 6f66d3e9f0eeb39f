"""Settings, from the environment or from ``.env`` in the folder where the program is started.

Every one is ``COUNTERMAND_`` and the field's name in capitals. What the command line says goes before the
environment, and the environment before ``.env``.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsInvalid
from bot.identity import LONGEST_NAME, admin_name, browser_host, host_of, spelled
from bot.signin.accounts import Account, base32, read_accounts
from bot.timespan import pace_of

SettingsKind = TypeVar("SettingsKind", bound=BaseSettings)

PREFIX = "COUNTERMAND_"


class Places(BaseSettings):
    """Where runs and the ledger are: all that a command needs that opens no Admin."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # a line of .env.example that was not filled in is a setting that is not set
        extra="ignore",
        frozen=True,
    )

    runs_dir: Path = Field(default=Path("runs"), description="Folder that run folders are made in")
    ledger: str | None = Field(
        default=None,
        description="File of the ledger, ledger.sqlite in the runs folder if not set; or the address of a PostgreSQL "
        "database that a team shares, such as postgresql://bot@db.example/countermand",
    )

    baselines: Path | None = Field(
        default=None, description="Folder of the baselines that check compares with; beside the pack if not set"
    )

    @field_validator("ledger")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is None or "://" not in value:
            return value
        try:
            parts = urlsplit(value)
            known = parts.scheme == "postgresql" and parts.port != 0 and parts.path.strip("/") != ""
        except ValueError:
            known = False
        if not known:
            raise ValueError("it must be a file, or an address such as postgresql://bot@db.example/countermand")
        if parts.password or any("password" in name.lower() for name, _ in parse_qsl(parts.query)):
            raise ValueError("it must not hold a password; PostgreSQL reads it from PGPASSWORD or your .pgpass file")
        return value

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
        """The file whose appearing stops every run that makes its folder here, as Ctrl-C would."""
        return self.runs_dir / "STOP"


class Settings(Places):
    """What a run needs to know besides its job list."""

    # Before the address, which is judged by it.
    allow_http: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts whose Admin may be opened at http://, where the password can be read on its way; "
        "separated by commas",
    )
    admin_url: str = Field(description="Address of the Admin, such as https://shop.example/admin")
    username: str = Field(min_length=1, description="Admin user name")
    password: SecretStr = Field(min_length=1, description="Admin password")
    totp_secret: SecretStr | None = Field(
        default=None, description="Secret that the account's two-factor codes are computed from, in base32"
    )
    accounts: Path | None = Field(
        default=None, description="File of several Admin accounts, of which each run takes a free one"
    )
    share_account: bool = Field(
        default=False, description="true where the Admin lets two runs sign in with one account at once"
    )
    pack: str = Field(default="asc-4.3", description="Pack that describes the screens: a name, a folder, or auto")
    language: str = Field(default="en_US", description="Language that the Admin has for the account, such as de_DE")
    sign_in_language: str | None = Field(
        default=None, description="Language of the Admin's sign-in page, where it is another one"
    )
    browser: str | None = Field(default=None, description="Browser program to use instead of the one found")
    timeout: float = Field(default=30, gt=0, le=600, description="Seconds to wait for a screen")
    settle: float = Field(
        default=5,
        ge=0,
        le=600,
        description="Seconds for which an order's page is opened again after Confirm until it says Canceled",
    )
    recover_after: float = Field(
        default=300,
        ge=0,
        description="Seconds after which a Confirm that was cut off and never answered, of an order that still reads "
        "Unshipped, is believed never to have arrived, so that it may be pressed again",
    )
    attempts: int = Field(
        default=2, ge=1, le=10, description="How many times an order is begun when a screen fails before Confirm"
    )
    max_failures: int = Field(
        default=5, ge=1, description="Stop after this many orders in a row that failed for technical reasons"
    )
    max_failures_total: int = Field(
        default=50, ge=1, description="Stop after this many orders that failed for technical reasons in one run"
    )
    pace: float = Field(
        default=0,
        description="How many orders are begun at most, over all workers, such as 30/min; no limit if not set",
    )
    route: Literal["clicks", "direct"] = Field(
        default="clicks",
        description="How an order is reached: by the documented clicks, or by its address once its store was reached",
    )
    fonts: bool = Field(
        default=True, description="false loads no fonts from the Admin; icons then look otherwise in the pictures"
    )
    pause: float = Field(
        default=0, ge=0, le=3600, description="Seconds that a worker rests after an order whose Confirm it pressed"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Further hosts that the browser may talk to, separated by commas"
    )
    keep_session: bool = Field(
        default=True, description="Whether the next run goes on with this one's session instead of signing in anew"
    )
    unmasked: bool = Field(default=False, description="true leaves buyers' data readable in pictures")

    @model_validator(mode="before")
    @classmethod
    def _first_of_the_accounts(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if not data.get("accounts"):
            return {**data, "accounts": None}  # empty, where one account is given instead of those of the environment
        if data.get("username"):
            raise ValueError("COUNTERMAND_USERNAME and COUNTERMAND_ACCOUNTS are both set: leave one of them away")
        return {**read_accounts(Path(str(data["accounts"])))[0].model_dump(), **data}

    @field_validator("allow_http", "allowed_hosts", mode="before")
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
        except ValueError:  # brackets that do not pair up, a port that is no number, letters that no host has
            host = None
        if not host:
            raise ValueError("it must be an address such as https://shop.example/admin")
        if parts.username or parts.password:
            raise ValueError("it must not hold a user name or password; those have settings of their own")
        allowed = {spelled(name) for name in info.data.get("allow_http", ())}
        if parts.scheme == "http" and not _is_loopback(host) and host not in allowed:
            raise ValueError(
                "http:// would send the password readable; use https://, or, where nobody else can listen, "
                f"COUNTERMAND_ALLOW_HTTP={host}"
            )
        if len(admin_name(value)) > LONGEST_NAME:
            raise ValueError(f"its host and path must not be longer than {LONGEST_NAME} characters")
        return value

    @property
    def pool(self) -> tuple[Account, ...]:
        """The accounts that a run may sign in with.

        Raises:
            InputInvalid, SettingsInvalid: the file of accounts is wrong.
        """
        if self.accounts is not None:
            return read_accounts(self.accounts)
        return (Account(username=self.username, password=self.password, totp_secret=self.totp_secret),)

    @property
    def host(self) -> str:
        """The Admin's host name as browsers write it, without a port."""
        return host_of(self.admin_url)


def load_settings(**given: object) -> Settings:
    """Read the settings; values ``given`` on the command line go first, None stands for not given.

    Raises:
        SettingsInvalid: naming every variable that is missing or wrong, and where to set it.
    """
    return _load(Settings, {name: value for name, value in given.items() if value is not None})


def load_places() -> Places:
    """Read where runs and the ledger are.

    Raises:
        SettingsInvalid: as ``load_settings``.
    """
    return _load(Places, {})


def _load(kind: type[SettingsKind], given: dict[str, object]) -> SettingsKind:
    try:
        return kind(**given)  # type: ignore[arg-type]  # pydantic checks what the command line gave
    except ValidationError as invalid:
        lines = []
        for error in invalid.errors(include_url=False, include_input=False):
            name = PREFIX + str(error["loc"][0]).upper() if error["loc"] else "The settings"
            if error["type"] == "missing":
                description = Settings.model_fields[str(error["loc"][0])].description
                lines.append(f"{name} is not set ({description}).")
            else:
                lines.append(f"{name}: {error['msg'].removeprefix('Value error, ')}.")
        lines.append("Set them in the environment, or in a file .env in the folder you start from: see .env.example.")
        raise SettingsInvalid(listing="\n".join(lines)) from None
    except UnicodeDecodeError as error:
        raise SettingsInvalid(listing=f".env is not UTF-8 (byte {error.start}): save it as UTF-8.") from error
    except OSError as error:
        raise SettingsInvalid(listing=f".env cannot be read: {error.strerror}.") from error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
