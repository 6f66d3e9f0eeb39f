import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsInvalid
from bot.settings import PREFIX, Places, Settings, load_places, load_settings

ROOT = Path(__file__).resolve().parents[2]
WHERE = "Set them in the environment, or in a file .env in the folder you start from: see .env.example."
NEEDED = {"ADMIN_URL": "https://shop.example/admin", "USERNAME": "bot", "PASSWORD": "correct horse"}


def listing(**given: Any) -> str:
    """What is said of the settings as they are."""
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(**given)
    return str(refused.value)


def dotenv(*lines: str) -> None:
    Path(".env").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NEEDED.items():
        monkeypatch.setenv(PREFIX + name, value)


# --- Where they come from ---


@pytest.mark.usefixtures("needed")
def test_the_environment_is_read_and_the_rest_is_as_documented() -> None:
    settings = load_settings()
    assert settings.model_dump(exclude={"password"}) == {
        "totp_secret": None,
        "runs_dir": Path("runs"),
        "ledger": None,
        "baselines": None,
        "admin_url": "https://shop.example/admin",
        "username": "bot",
        "pack": "asc-4.3",
        "language": "en_US",
        "sign_in_language": None,
        "browser": None,
        "timeout": 30,
        "settle": 5,
        "attempts": 2,
        "max_failures": 5,
        "max_failures_total": 50,
        "recover_after": 300.0,
        "allowed_hosts": (),
        "allow_http": (),
        "pace": 0,
        "pause": 0,
        "route": "clicks",
        "fonts": True,
        "accounts": None,
        "share_account": False,
        "keep_session": True,
        "unmasked": False,
    }
    assert settings.password.get_secret_value() == "correct horse"


def test_a_file_named_dotenv_is_read() -> None:
    dotenv(
        "# my shop",
        "COUNTERMAND_ADMIN_URL=https://shop.example/admin",
        "COUNTERMAND_USERNAME=bot",
        "COUNTERMAND_PASSWORD='pass # \"word\"'",
        "export COUNTERMAND_TIMEOUT=12.5",
        "COUNTERMAND_ALLOWED_HOSTS=cdn.example, fonts.example,",
        "SOMETHING_ELSE=1",
    )
    settings = load_settings()
    assert settings.password.get_secret_value() == 'pass # "word"'
    assert (settings.username, settings.timeout, settings.allowed_hosts) == (
        "bot",
        12.5,
        ("cdn.example", "fonts.example"),
    )


def test_dotenv_may_hold_any_language() -> None:
    dotenv(*(f"{PREFIX}{name}={value}" for name, value in NEEDED.items()), "COUNTERMAND_RUNS_DIR=Läufe")
    assert load_settings().runs_dir == Path("Läufe")


@pytest.mark.usefixtures("needed")
def test_the_environment_goes_before_dotenv() -> None:
    dotenv("COUNTERMAND_USERNAME=somebody else", "COUNTERMAND_PACK=my-pack")
    settings = load_settings()
    assert (settings.username, settings.pack) == ("bot", "my-pack")


def test_the_command_line_goes_before_both(monkeypatch: pytest.MonkeyPatch, needed: None) -> None:
    dotenv("COUNTERMAND_PACK=from the file", "COUNTERMAND_UNMASKED=false")
    monkeypatch.setenv("COUNTERMAND_PACK", "from the environment")
    settings = load_settings(pack="from the command line", unmasked=True)
    assert (settings.pack, settings.unmasked) == ("from the command line", True)


def test_what_the_command_line_does_not_say_is_left_to_the_others(
    monkeypatch: pytest.MonkeyPatch, needed: None
) -> None:
    monkeypatch.setenv("COUNTERMAND_PACK", "my-pack")
    monkeypatch.setenv("COUNTERMAND_UNMASKED", "true")
    settings = load_settings(pack=None, unmasked=None)
    assert (settings.pack, settings.unmasked) == ("my-pack", True)


@pytest.mark.usefixtures("needed")
def test_a_variable_without_the_prefix_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACK", "other")
    monkeypatch.setenv("BROWSER", "lynx")
    assert (load_settings().pack, load_settings().browser) == ("asc-4.3", None)


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, needed: None) -> None:
    dotenv("COUNTERMAND_LEDGER=", "COUNTERMAND_BROWSER=")
    monkeypatch.setenv("COUNTERMAND_TIMEOUT", "")
    settings = load_settings()
    assert (settings.ledger, settings.browser, settings.timeout) == (None, None, 30)


def in_the_example() -> dict[str, str]:
    """Every setting that the example shows, with its value, commented out or not."""
    lines = [line.removeprefix("#") for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()]
    return dict(line.split("=", 1) for line in lines if line.startswith(PREFIX))


def test_the_example_names_every_setting() -> None:
    assert set(in_the_example()) == {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.mark.usefixtures("needed")
def test_the_example_shows_the_defaults() -> None:
    as_it_is = load_settings()
    dotenv(*(f"{name}={value}" for name, value in in_the_example().items()))
    assert load_settings() == as_it_is


def test_the_example_filled_in_nowhere_is_told_to_be_so() -> None:
    Path(".env").write_bytes((ROOT / ".env.example").read_bytes())
    assert listing() == (
        "COUNTERMAND_USERNAME is not set (Admin user name).\n"
        "COUNTERMAND_PASSWORD is not set (Admin password).\n"
        f"{WHERE}"
    )


# --- What is wrong with them ---


def test_everything_that_is_missing_is_named_at_once() -> None:
    assert listing() == (
        "COUNTERMAND_ADMIN_URL is not set (Address of the Admin, such as https://shop.example/admin).\n"
        "COUNTERMAND_USERNAME is not set (Admin user name).\n"
        "COUNTERMAND_PASSWORD is not set (Admin password).\n"
        f"{WHERE}"
    )


def test_every_mistake_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ADMIN_URL": "shop.example/admin",
        "PASSWORD": "correct horse",
        "TIMEOUT": "soon",
        "SETTLE": "-1",
        "ATTEMPTS": "11",
        "MAX_FAILURES": "0",
        "UNMASKED": "perhaps",
    }.items():
        monkeypatch.setenv(PREFIX + name, value)
    assert listing() == (
        "COUNTERMAND_ADMIN_URL: it must be an address such as https://shop.example/admin.\n"
        "COUNTERMAND_USERNAME is not set (Admin user name).\n"
        "COUNTERMAND_TIMEOUT: Input should be a valid number, unable to parse string as a number.\n"
        "COUNTERMAND_SETTLE: Input should be greater than or equal to 0.\n"
        "COUNTERMAND_ATTEMPTS: Input should be less than or equal to 10.\n"
        "COUNTERMAND_MAX_FAILURES: Input should be greater than or equal to 1.\n"
        "COUNTERMAND_UNMASKED: Input should be a valid boolean, unable to interpret input.\n"
        f"{WHERE}"
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "601", "nan", "inf"])
def test_a_wait_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, needed: None, seconds: str) -> None:
    monkeypatch.setenv("COUNTERMAND_TIMEOUT", seconds)
    assert listing().startswith("COUNTERMAND_TIMEOUT: ")


@pytest.mark.parametrize(
    "address",
    ["shop.example/admin", "ftp://shop.example/admin", "https://", "https:///admin", "//shop.example", "file:///etc"],
)
def test_what_is_no_web_address_is_refused(monkeypatch: pytest.MonkeyPatch, needed: None, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert listing() == (f"COUNTERMAND_ADMIN_URL: it must be an address such as https://shop.example/admin.\n{WHERE}")


@pytest.mark.parametrize(
    "address", ["https://h:port/admin", "https://h:99999/admin", "https://h:0/admin", "https://[::1/admin"]
)
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, needed: None, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert listing() == (f"COUNTERMAND_ADMIN_URL: it must be an address such as https://shop.example/admin.\n{WHERE}")


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example/admin",
        "http://192.168.1.10/admin",
        "http://0.0.0.0/admin",
        "http://localhost.example/admin",
        "http://127.0.0.1.example/admin",
        "HTTP://SHOP.EXAMPLE/admin",
    ],
)
def test_an_address_that_would_send_the_password_readable_is_refused(
    monkeypatch: pytest.MonkeyPatch, needed: None, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    host = address[7:-6].lower()
    assert listing() == (
        "COUNTERMAND_ADMIN_URL: http:// would send the password readable; use https://, or, where nobody else can "
        f"listen, COUNTERMAND_ALLOW_HTTP={host}.\n{WHERE}"
    )


@pytest.mark.parametrize("address", ["http://192.168.1.10:8080/admin", "http://Test.Shop.example/admin"])
def test_an_address_that_is_allowed_by_name_may_be_readable(
    monkeypatch: pytest.MonkeyPatch, needed: None, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_ALLOW_HTTP", "192.168.1.10, TEST.shop.example")
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert load_settings().admin_url == address


@pytest.mark.parametrize("address", ["http://shop.example/admin", "http://a.test.shop.example/admin"])
def test_another_address_than_the_one_that_is_allowed_is_refused(
    monkeypatch: pytest.MonkeyPatch, needed: None, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_ALLOW_HTTP", "test.shop.example")
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert "http:// would send the password readable" in listing()


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8080/admin",
        "http://LOCALHOST/admin",
        "http://127.0.0.1:8080/admin",
        "http://127.1.2.3/admin",
        "http://[::1]:8080/admin",
    ],
)
def test_an_address_on_this_computer_may_be_readable(
    monkeypatch: pytest.MonkeyPatch, needed: None, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert load_settings().admin_url == address


@pytest.mark.parametrize("address", ["https://bot:s3cret@shop.example/admin", "https://s3cret@shop.example/admin"])
def test_an_address_with_a_password_in_it_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, needed: None, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert listing() == (
        f"COUNTERMAND_ADMIN_URL: it must not hold a user name or password; those have settings of their own.\n{WHERE}"
    )


def test_what_the_command_line_says_is_checked_too(needed: None) -> None:
    assert listing(timeout="soon") == (
        f"COUNTERMAND_TIMEOUT: Input should be a valid number, unable to parse string as a number.\n{WHERE}"
    )


def test_a_dotenv_that_is_not_utf_8_is_refused() -> None:
    Path(".env").write_bytes("COUNTERMAND_USERNAME=Jörg\n".encode("latin-1"))
    assert listing() == ".env is not UTF-8 (byte 22): save it as UTF-8."


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read it")
def test_a_dotenv_that_may_not_be_read_is_refused() -> None:
    dotenv("COUNTERMAND_USERNAME=bot")
    Path(".env").chmod(0)
    assert listing() == ".env cannot be read: Permission denied."


def test_mistakes_in_the_settings_end_with_exit_status_2() -> None:
    assert SettingsInvalid.exit_status == 2


# --- The password ---

SECRET = 'p"4\\ss wörd'


@pytest.fixture
def with_secret(monkeypatch: pytest.MonkeyPatch, needed: None) -> None:
    monkeypatch.setenv("COUNTERMAND_PASSWORD", SECRET)


@pytest.mark.usefixtures("with_secret")
def test_the_password_is_in_no_form_of_the_settings_but_its_own() -> None:
    settings = load_settings()
    assert settings.password.get_secret_value() == SECRET
    forms = (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json(), str(vars(settings)))
    assert [form for form in forms if "ss w" in form] == []


def test_the_password_is_in_no_error(monkeypatch: pytest.MonkeyPatch, with_secret: None) -> None:
    monkeypatch.setenv("COUNTERMAND_TIMEOUT", "soon")
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value) + repr(refused.value.facts)
    assert "ss w" not in told


def test_a_password_of_the_wrong_type_is_not_repeated(with_secret: None) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(password=[SECRET])
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
    assert str(refused.value) == f"COUNTERMAND_PASSWORD: Input should be a valid string.\n{WHERE}"
    assert "ss w" not in told


# --- The two-factor secret ---

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.usefixtures("needed")
@pytest.mark.parametrize(
    "written",
    [TOTP_SECRET, "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp", f" {TOTP_SECRET} ", f"{TOTP_SECRET}======"],
)
def test_the_two_factor_secret_may_be_written_as_authenticator_apps_do(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_TOTP_SECRET", written)
    settings = load_settings()
    assert settings.totp_secret is not None
    assert settings.totp_secret.get_secret_value() == TOTP_SECRET
    forms = (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json())
    assert [form for form in forms if TOTP_SECRET[:8] in form] == []


@pytest.mark.usefixtures("needed")
@pytest.mark.parametrize(
    "written", ["JBSWY3DP1", "JBSWY3DPEHPK3PX!", "otpauth://totp/x?secret=JBSWY3DP", "J", "Ü", "=="]
)
def test_a_two_factor_secret_that_is_none_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_TOTP_SECRET", written)
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert str(refused.value) == (
        "COUNTERMAND_TOTP_SECRET: it must be the secret as the Admin shows it beside the QR code: base32, letters A to "
        f"Z and digits 2 to 7, spaces allowed.\n{WHERE}"
    )
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value.facts)
    assert written not in told or len(written) == 1


@pytest.mark.parametrize("allowed", ["xn--strae-oqa.example", "STRAßE.example"])
def test_a_host_may_be_readable_however_it_is_spelled(
    monkeypatch: pytest.MonkeyPatch, needed: None, allowed: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_ALLOW_HTTP", allowed)
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "http://straße.example/admin")
    assert load_settings().host == "xn--strae-oqa.example"


def test_an_admin_whose_name_the_ledger_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch, needed: None) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "https://shop.example/" + "a" * 242)
    assert load_settings().host == "shop.example"
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "https://shop.example/" + "a" * 243)
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert str(refused.value) == (
        f"COUNTERMAND_ADMIN_URL: its host and path must not be longer than 255 characters.\n{WHERE}"
    )


# --- Where things are ---


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://shop.example/admin", "shop.example"),
        ("https://shop.example:8443/admin", "shop.example"),
        ("http://[::1]:8080/admin", "::1"),
        ("https://Straße.example:8443/admin", "xn--strae-oqa.example"),
    ],
)
def test_the_host_is_without_its_port(monkeypatch: pytest.MonkeyPatch, needed: None, address: str, host: str) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert load_settings().host == host


def test_where_things_are_needs_no_admin() -> None:
    assert load_places() == Places(runs_dir=Path("runs"), ledger=None)


def test_the_ledger_is_in_the_runs_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_RUNS_DIR", "elsewhere")
    assert load_places().ledger_place == Path("elsewhere") / "ledger.sqlite"


def test_the_ledger_may_be_somewhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", "shared/ours.sqlite")
    assert load_places().ledger_place == Path("shared/ours.sqlite")


WRONG_LEDGER = (
    "COUNTERMAND_LEDGER: it must be a file, or an address such as postgresql://bot@db.example/countermand.\n" + WHERE
)


def places_listing() -> str:
    """What is said of where the ledger is."""
    with pytest.raises(SettingsInvalid) as refused:
        load_places()
    return str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://bot@db.example/countermand",
        "postgresql://db.example:5433/countermand?sslmode=verify-full",
        "postgresql:///countermand",
        "postgresql://bot@[::1]:5432/countermand",
    ],
)
def test_the_ledger_may_be_a_database_on_a_server(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", address)
    assert load_places().ledger_place == address


@pytest.mark.parametrize(
    "address",
    [
        "mysql://bot@db.example/countermand",
        "sqlite:///ledger.sqlite",
        "postgres://bot@db.example/countermand",
        "postgresql+psycopg://bot@db.example/countermand",
        "https://db.example/countermand",
        "postgresql://db.example:port/countermand",
        "postgresql://db.example:0/countermand",
        "postgresql://db.example:99999/countermand",
        "postgresql://[::1/countermand",
        "postgresql://db.example",
        "postgresql://db.example/",
    ],
)
def test_a_ledger_at_an_address_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", address)
    assert places_listing() == WRONG_LEDGER


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://bot:s3cret@db.example/countermand",
        "postgresql://:s3cret@db.example/countermand",
        "postgresql://bot@db.example/countermand?password=s3cret",
        "postgresql://bot@db.example/countermand?sslmode=require&PASSWORD=s3cret",
        "postgresql://bot@db.example/countermand?sslpassword=s3cret",
    ],
)
def test_a_ledgers_address_with_a_password_in_it_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", address)
    assert places_listing() == (
        "COUNTERMAND_LEDGER: it must not hold a password; PostgreSQL reads it from PGPASSWORD or your .pgpass file.\n"
        + WHERE
    )


def test_one_account_that_is_given_goes_before_the_accounts_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", "accounts-that-are-not-there.yaml")
    settings = load_settings(admin_url="http://127.0.0.1/admin", username="demo", password="practice", accounts="")
    assert [account.username for account in settings.pool] == ["demo"]
