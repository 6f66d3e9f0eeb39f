import os
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import app
from bot.environment import PREFIX
from bot.errors import SettingsInvalid
from bot.settings import (
    OPTIONS,
    LocalSettings,
    Settings,
    load_browser_settings,
    load_local_settings,
    load_settings,
)

ROOT = Path(__file__).resolve().parents[2]
WHERE = "Set them in the environment, or in a file .env in the folder you start from: see .env.example."
ALL = "Every setting is listed in .env.example."
NEEDED = {"ADMIN_URL": "https://shop.example/admin", "USERNAME": "bot", "PASSWORD": "correct horse"}


def listing(**given: Any) -> str:
    """What is said of the settings as they are."""
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(**given)
    return f"{refused.value}\n{refused.value.next_step}"


def places_listing() -> str:
    """What is said of where the ledger is."""
    with pytest.raises(SettingsInvalid) as refused:
        load_local_settings()
    return f"{refused.value}\n{refused.value.next_step}"


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
        "evidence": None,
        "notify_on": ("end", "person", "stop", "screens"),
        "notify_webhook": None,
        "notify_webhook_secret": None,
        "smtp": None,
        "smtp_password": None,
        "notify_email": (),
        "notify_from": None,
        "notify_apprise": None,
        "baselines": None,
        "admin_url": "https://shop.example/admin",
        "username": "bot",
        "pack": "asc-4.3",
        "language": "en_US",
        "sign_in_language": None,
        "browser": None,
        "browser_server": None,
        "timeout": 30,
        "settle": 5,
        "attempts": 2,
        "max_failures": 5,
        "max_failures_total": 50,
        "recover_after": 300.0,
        "allowed_hosts": (),
        "allow_http": (),
        "pace": 0,
        "cancel_sent_by": "client",
        "pause": 0,
        "route": "clicks",
        "fonts": True,
        "accounts": None,
        "share_account": False,
        "http_username": None,
        "http_password": None,
        "request_headers": None,
        "proxy": None,
        "proxy_bypass": (),
        "proxy_username": None,
        "proxy_password": None,
        "client_certificate": None,
        "client_certificate_key": None,
        "client_certificate_passphrase": None,
        "certificate_authority": None,
        "keep_session": True,
        "unmasked": False,
        "four_eyes": None,
        "console_url": None,
        "console_roles": None,
        "console_proxies": (),
        "console_user_header": "X-Forwarded-User",
        "console_oidc_issuer": None,
        "console_oidc_client": None,
        "console_oidc_secret": None,
        "console_oidc_scopes": "openid profile email",
        "console_oidc_name_claim": "email",
        "console_oidc_roles_claim": None,
        "console_oidc_roles": (),
        "seller_central": "https://sellercentral.amazon.com",
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


@pytest.mark.usefixtures("needed")
@pytest.mark.parametrize("in_env", ["'{}'", '"{}"', "{}"], ids=["single quotes", "double quotes", "no quotes"])
@pytest.mark.parametrize("password", ["Pa${ss}w0rd", "Pa$USERNAME", "${COUNTERMAND_USERNAME:-x}", "a#b", "#ab", "ä=b"])
def test_values_of_dotenv_are_taken_as_they_are_written(
    monkeypatch: pytest.MonkeyPatch, in_env: str, password: str
) -> None:
    monkeypatch.delenv("COUNTERMAND_PASSWORD")
    dotenv("COUNTERMAND_PASSWORD=" + in_env.format(password))
    assert load_settings().password.get_secret_value() == password


def test_settings_are_read_in_any_case_and_after_export() -> None:
    dotenv("export countermand_runs_dir=one", "Countermand_Ledger=two.sqlite")
    assert load_local_settings() == LocalSettings(runs_dir=Path("one"), ledger="two.sqlite")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte-order mark"])
def test_dotenv_may_be_written_by_any_editor(line_end: str, mark: bytes) -> None:
    text = line_end.join(["COUNTERMAND_RUNS_DIR=one", "", "COUNTERMAND_LEDGER=two.sqlite", ""])
    Path(".env").write_bytes(mark + text.encode())
    assert load_local_settings() == LocalSettings(runs_dir=Path("one"), ledger="two.sqlite")


@pytest.mark.parametrize("content", ["", "\n", "# nothing yet\n"])
def test_a_dotenv_with_nothing_in_it_sets_nothing(content: str) -> None:
    Path(".env").write_text(content, encoding="utf-8")
    assert load_local_settings() == LocalSettings()


def test_a_folder_named_dotenv_is_somebodys_virtual_environment() -> None:
    Path(".env").mkdir()
    assert load_local_settings() == LocalSettings()


def test_settings_can_be_handed_to_another_process(monkeypatch: pytest.MonkeyPatch, needed: None) -> None:
    monkeypatch.delenv("COUNTERMAND_USERNAME")
    monkeypatch.delenv("COUNTERMAND_PASSWORD")
    monkeypatch.setenv("SECRET", "of one")
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", "accounts.yaml")
    Path("accounts.yaml").write_text("accounts: [{username: one, password: {env: SECRET}}]", encoding="utf-8")
    settings = load_settings()
    Path("accounts.yaml").unlink()
    assert pickle.loads(pickle.dumps(settings)).pool == settings.pool
    assert [account.secrets for account in settings.pool] == [("of one",)]


# --- ~ ---


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.usefixtures("needed")
def test_a_tilde_is_a_home_folder_in_every_setting_that_is_a_path(home: Path) -> None:
    dotenv(*(f"COUNTERMAND_{name}=~/{name.lower()}" for name in ("RUNS_DIR", "LEDGER", "BASELINES", "BROWSER")))
    settings = load_settings()
    assert (settings.runs_dir, settings.ledger_place, settings.baselines, settings.browser) == (
        home / "runs_dir",
        home / "ledger",
        home / "baselines",
        str(home / "browser"),
    )


def test_a_tilde_is_a_home_folder_in_the_file_of_accounts_and_in_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "secret").write_text("of one\n", encoding="utf-8")
    (home / "accounts.yaml").write_text("accounts: [{username: one, password: {file: '~/secret'}}]", encoding="utf-8")
    dotenv("COUNTERMAND_ADMIN_URL=https://shop.example/admin", "COUNTERMAND_ACCOUNTS=~/accounts.yaml")
    settings = load_settings()
    assert settings.accounts == home / "accounts.yaml"
    assert [account.secrets for account in settings.pool] == [("of one",)]


@pytest.mark.usefixtures("needed", "home")
def test_a_home_folder_that_is_not_there_is_told() -> None:
    dotenv("COUNTERMAND_RUNS_DIR=~nobody-of-this-name/runs", "COUNTERMAND_BROWSER=~nobody-of-this-name")
    unknown = (
        "~nobody-of-this-name is not a home folder on this machine; write a file or folder of that name with its full "
        "path."
    )
    assert listing() == (f".env:1: COUNTERMAND_RUNS_DIR: {unknown}\n.env:2: COUNTERMAND_BROWSER: {unknown}\n{ALL}")


# --- Names and lines that mean nothing ---


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DRY_RUN", "the option --dry-run"),
        ("MAX_CANCELLATIONS", "the option --max-cancellations"),
        ("WORKERS", "the option --workers"),
        ("YES", "the option --yes"),
        ("HEADLESS", "the option --headed"),
        ("PASSWRD", "COUNTERMAND_PASSWORD"),
        ("USER", "COUNTERMAND_USERNAME"),
        ("URL", "COUNTERMAND_ADMIN_URL"),
        ("TOTP", "COUNTERMAND_TOTP_SECRET"),
        ("RUN_DIR", "COUNTERMAND_RUNS_DIR"),
        ("MAX_FAILURE", "COUNTERMAND_MAX_FAILURES"),
    ],
)
def test_a_name_that_is_no_setting_is_told_with_what_was_meant(
    monkeypatch: pytest.MonkeyPatch, needed: None, name: str, meant: str
) -> None:
    said = f"There is no setting COUNTERMAND_{name}. Did you mean {meant}?"
    dotenv("# mine", "", f"COUNTERMAND_{name}=")
    assert listing() == f".env:3: {said}\n{ALL}"
    Path(".env").unlink()
    monkeypatch.setenv(f"COUNTERMAND_{name}", "true")
    assert listing() == f"environment: {said}\n{ALL}"
    assert places_listing() == f"environment: {said}\n{ALL}"


@pytest.mark.usefixtures("needed")
def test_a_name_that_is_like_no_other_is_told_without_a_guess() -> None:
    dotenv("COUNTERMAND_XQZ=1")
    assert listing() == f".env:1: There is no setting COUNTERMAND_XQZ.\n{ALL}"


def test_the_options_that_are_known_are_those_of_the_commands_that_work_through_a_list() -> None:
    commands = typer.main.get_group(app).commands
    options = {
        option for name in ("run", "plan", "audit") for parameter in commands[name].params for option in parameter.opts
    }
    settings = {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    assert set(OPTIONS) == {option for option in options if option.startswith("--")} - settings - {"--help"}


def test_everything_is_told_at_once_in_the_order_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_WORKERS", "4")
    monkeypatch.setenv("COUNTERMAND_SETTLE", "-1")
    dotenv(
        "COUNTERMAND_TIMEOUT=soon",
        "COUNTERMAND_DRY_RUN=true",
        "this is no setting",
        "COUNTERMAND_PASSWORD=abc #1",
        "COUNTERMAND_UNMASKED",
        "COUNTERMAND_PACK=one",
        "COUNTERMAND_PACK=two",
        "COUNTERMAND_ATTEMPTS=11",
    )
    assert listing() == (
        ".env:1: COUNTERMAND_TIMEOUT: Input should be a valid number, unable to parse string as a number.\n"
        ".env:2: There is no setting COUNTERMAND_DRY_RUN. Did you mean the option --dry-run?\n"
        ".env:3: This line cannot be read. Write NAME=value; a value that begins with a quotation mark must end with "
        "the same one.\n"
        '.env:4: COUNTERMAND_PASSWORD: the value ends before " #", where a comment begins. If # is part of the value, '
        "put the value in single quotes: COUNTERMAND_PASSWORD='...'. If it is a comment, move it to a line of its "
        "own.\n"
        ".env:5: COUNTERMAND_UNMASKED has no value: write COUNTERMAND_UNMASKED=value.\n"
        ".env:7: COUNTERMAND_PACK is set twice, first in line 6: keep one of the two.\n"
        ".env:8: COUNTERMAND_ATTEMPTS: Input should be less than or equal to 10.\n"
        "environment: There is no setting COUNTERMAND_WORKERS. Did you mean the option --workers?\n"
        "COUNTERMAND_ADMIN_URL is not set (Address of the Admin, such as https://shop.example/admin).\n"
        "COUNTERMAND_USERNAME is not set (Admin user name).\n"
        "environment: COUNTERMAND_SETTLE: Input should be greater than or equal to 0.\n"
        f"{WHERE}"
    )


@pytest.mark.usefixtures("needed")
@pytest.mark.parametrize("value", ["abc #1", "abc  # mine", "abc\t#1", " #1", "abc 'd' #1"])
def test_a_value_that_a_comment_cuts_is_told(value: str) -> None:
    dotenv(f"COUNTERMAND_BROWSER={value}")
    assert listing() == (
        '.env:1: COUNTERMAND_BROWSER: the value ends before " #", where a comment begins. If # is part of the value, '
        "put the value in single quotes: COUNTERMAND_BROWSER='...'. If it is a comment, move it to a line of its own."
        f"\n{ALL}"
    )


@pytest.mark.parametrize("line", ["COUNTERMAND_RUNS_DIR='abc #1'", "COUNTERMAND_RUNS_DIR='abc #1' # mine"])
def test_a_value_in_quotes_may_have_a_comment_behind_it(line: str) -> None:
    dotenv(line)
    assert load_local_settings().runs_dir == Path("abc #1")


@pytest.mark.parametrize(
    "line",
    [
        "COUNTERMAND_PASSWORD='hunter2",
        'COUNTERMAND_PASSWORD="hunter2',
        "COUNTERMAND_PASSWORD='hunter2'x",
        "COUNTERMAND_PASSWORD hunter2",
        "COUNTERMAND_PASSWORD:hunter2",
        "set COUNTERMAND_PASSWORD=hunter2",
        '$env:COUNTERMAND_PASSWORD="hunter2"',
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.usefixtures("needed")
def test_a_line_that_cannot_be_read_is_told_and_not_repeated(line: str, line_end: str) -> None:
    unreadable = (
        "This line cannot be read. Write NAME=value; a value that begins with a quotation mark must end with the same "
        "one."
    )
    Path(".env").write_bytes(line_end.join(["", "# mine", "", line, "not a setting", ""]).encode())
    assert listing() == f".env:4: {unreadable}\n.env:5: {unreadable}\n{ALL}"


@pytest.mark.usefixtures("needed")
def test_what_other_programs_have_in_dotenv_is_theirs() -> None:
    dotenv("DEBUG", "OTHER=a #1", "OTHER=${b}", "my-key=1")
    assert load_settings().username == "bot"


@pytest.mark.usefixtures("needed")
def test_a_setting_that_stands_twice_is_told_unless_one_is_not_filled_in() -> None:
    dotenv("COUNTERMAND_PACK=", "COUNTERMAND_PACK=one", "COUNTERMAND_PACK=")
    assert load_settings().pack == "one"
    dotenv("COUNTERMAND_PACK=one", "countermand_pack=one")
    assert listing() == f".env:2: COUNTERMAND_PACK is set twice, first in line 1: keep one of the two.\n{ALL}"


@pytest.mark.skipif(os.name == "nt", reason="Windows knows names in one case only")
def test_a_setting_that_stands_twice_in_the_environment_is_told(monkeypatch: pytest.MonkeyPatch, needed: None) -> None:
    monkeypatch.setenv("countermand_username", "somebody else")
    assert listing() == (
        f"environment: COUNTERMAND_USERNAME is set twice, in two spellings: keep one of the two.\n{ALL}"
    )


@pytest.mark.usefixtures("needed")
def test_a_control_character_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "hunter2\n")
    dotenv(r'COUNTERMAND_RUNS_DIR="C:\new\runs"')
    assert listing() == (
        ".env:1: COUNTERMAND_RUNS_DIR: the value contains the control character U+000A. Inside double quotes, \\n, "
        "\\t and the like become such characters; inside single quotes they do not.\n"
        f"environment: COUNTERMAND_PASSWORD: the value contains the control character U+000A.\n{ALL}"
    )


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_dotenv_that_leads_nowhere_is_told() -> None:
    Path(".env").symlink_to("gone")
    assert listing() == f".env:1: There is no such file: check the name and the folder.\n{ALL}"


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
        "environment: COUNTERMAND_ADMIN_URL: it must be an address such as https://shop.example/admin.\n"
        "COUNTERMAND_USERNAME is not set (Admin user name).\n"
        "environment: COUNTERMAND_TIMEOUT: Input should be a valid number, unable to parse string as a number.\n"
        "environment: COUNTERMAND_SETTLE: Input should be greater than or equal to 0.\n"
        "environment: COUNTERMAND_ATTEMPTS: Input should be less than or equal to 10.\n"
        "environment: COUNTERMAND_MAX_FAILURES: Input should be greater than or equal to 1.\n"
        "environment: COUNTERMAND_UNMASKED: Input should be a valid boolean, unable to interpret input.\n"
        f"{WHERE}"
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "601", "nan", "inf"])
def test_a_wait_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, needed: None, seconds: str) -> None:
    monkeypatch.setenv("COUNTERMAND_TIMEOUT", seconds)
    assert listing().startswith("environment: COUNTERMAND_TIMEOUT: ")


@pytest.mark.parametrize(
    "address",
    ["shop.example/admin", "ftp://shop.example/admin", "https://", "https:///admin", "//shop.example", "file:///etc"],
)
def test_what_is_no_web_address_is_refused(monkeypatch: pytest.MonkeyPatch, needed: None, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert listing() == (
        f"environment: COUNTERMAND_ADMIN_URL: it must be an address such as https://shop.example/admin.\n{ALL}"
    )


@pytest.mark.parametrize(
    "address", ["https://h:port/admin", "https://h:99999/admin", "https://h:0/admin", "https://[::1/admin"]
)
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, needed: None, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", address)
    assert listing() == (
        f"environment: COUNTERMAND_ADMIN_URL: it must be an address such as https://shop.example/admin.\n{ALL}"
    )


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
        "environment: COUNTERMAND_ADMIN_URL: http:// would send the password in readable form; use https://, or, if "
        f"nobody else can listen, COUNTERMAND_ALLOW_HTTP={host}.\n{ALL}"
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
    assert "http:// would send the password in readable form" in listing()


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
        "environment: COUNTERMAND_ADMIN_URL: it must not contain a user name or password; set "
        "COUNTERMAND_HTTP_USERNAME and COUNTERMAND_HTTP_PASSWORD for HTTP authentication, COUNTERMAND_USERNAME and "
        f"COUNTERMAND_PASSWORD for the Admin's own account.\n{ALL}"
    )


def test_what_the_command_line_says_is_checked_too(needed: None) -> None:
    assert listing(timeout="soon") == (
        f"--timeout: Input should be a valid number, unable to parse string as a number.\n{ALL}"
    )


def test_a_dotenv_that_is_not_utf_8_is_refused() -> None:
    Path(".env").write_bytes("COUNTERMAND_USERNAME=Jörg\n".encode("latin-1"))
    assert listing() == (
        ".env:1: The file is not UTF-8: the byte 0xF6 here belongs to no character; save it as UTF-8.\n" + ALL
    )


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read it")
def test_a_dotenv_that_may_not_be_read_is_refused() -> None:
    dotenv("COUNTERMAND_USERNAME=bot")
    Path(".env").chmod(0)
    assert listing() == ".env:1: The file may not be read by this user: change its permissions.\n" + ALL


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
    assert str(refused.value) == "--password: Input should be a valid string."
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
        "environment: COUNTERMAND_TOTP_SECRET: it must be the secret as the Admin shows it beside the QR code: base32, "
        "letters A to Z and digits 2 to 7, spaces allowed."
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
        "environment: COUNTERMAND_ADMIN_URL: its host and path must not be longer than 255 characters."
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
    assert load_local_settings() == LocalSettings(runs_dir=Path("runs"), ledger=None)


def test_the_ledger_is_in_the_runs_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_RUNS_DIR", "elsewhere")
    assert load_local_settings().ledger_place == Path("elsewhere") / "ledger.sqlite"


def test_the_ledger_may_be_somewhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", "shared/ours.sqlite")
    assert load_local_settings().ledger_place == Path("shared/ours.sqlite")


WRONG_LEDGER = (
    "environment: COUNTERMAND_LEDGER: it must be a file, or an address such as "
    "postgresql://bot@db.example/countermand.\n" + ALL
)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://bot@db.example/countermand",
        "postgresql+psycopg://bot@db.example/countermand",
        "postgresql://db.example:5433/countermand?sslmode=verify-full",
        "postgresql:///countermand",
        "postgresql://bot@[::1]:5432/countermand",
    ],
)
def test_the_ledger_may_be_a_database_on_a_server(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_LEDGER", address)
    assert load_local_settings().ledger_place == address


@pytest.mark.parametrize(
    "address",
    [
        "mysql://bot@db.example/countermand",
        "sqlite:///ledger.sqlite",
        "postgres://bot@db.example/countermand",
        "postgresql+asyncpg://bot@db.example/countermand",
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
        "environment: COUNTERMAND_LEDGER: it must not contain a password; PostgreSQL reads it from PGPASSWORD or your "
        ".pgpass file.\n" + ALL
    )


def test_one_account_that_is_given_goes_before_the_accounts_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", "accounts-that-are-not-there.yaml")
    settings = load_settings(admin_url="http://127.0.0.1/admin", username="demo", password="practice", accounts="")
    assert [account.username for account in settings.pool] == ["demo"]


# --- A browser on another machine ---


@pytest.mark.parametrize(
    "address",
    [
        "ws://127.0.0.1:9323/secret",
        "ws://localhost:9323/secret",
        "ws://[::1]:9323/secret",
        "wss://far.example/secret",
        "wss://far.example:8443/browsers/one/secret",
    ],
)
def test_a_browser_server_is_on_this_machine_or_behind_tls(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("COUNTERMAND_BROWSER_SERVER", f"{address}  ws://127.0.0.1:9324/another")
    assert load_local_settings().browser_servers == (address, "ws://127.0.0.1:9324/another")
    assert address not in repr(load_local_settings())


def test_without_a_browser_server_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_BROWSER_SERVER", "")
    assert load_local_settings().browser_servers == ()


@pytest.mark.parametrize("address", ["ws://far.example:9323/secret", "ws://10.0.0.7/secret", "ws://0.0.0.0:1/secret"])
def test_a_browser_server_that_everybody_could_listen_to_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_BROWSER_SERVER", address)
    assert places_listing() == (
        "environment: COUNTERMAND_BROWSER_SERVER: ws:// to another machine would send everything in readable form, "
        f"also the Admin's pages and its session; use wss://, or a tunnel that ends on this machine.\n{ALL}"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9323/secret",
        "ws://127.0.0.1:9323",
        "ws://127.0.0.1:9323/",
        "ws:///secret",
        "ws://bot@127.0.0.1/secret",
        "ws://127.0.0.1/secret?launch-options=1",
        "ws://[::1/secret",
        "secret",
    ],
)
def test_what_is_no_address_of_a_browser_server_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("COUNTERMAND_BROWSER_SERVER", address)
    assert places_listing() == (
        "environment: COUNTERMAND_BROWSER_SERVER: it must be an address as countermand browser-server writes it, such "
        f"as ws://127.0.0.1:9323/path.\n{ALL}"
    )


def test_a_machine_that_only_serves_a_browser_needs_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "https://shop.example/admin")
    monkeypatch.setenv("COUNTERMAND_ALLOWED_HOSTS", "cdn.example")
    settings = load_browser_settings()
    assert (settings.host, settings.allowed_hosts) == ("shop.example", ("cdn.example",))
    monkeypatch.delenv("COUNTERMAND_ADMIN_URL")
    with pytest.raises(SettingsInvalid) as refused:
        load_browser_settings()
    assert refused.value.message.splitlines() == [
        "COUNTERMAND_ADMIN_URL is not set (Address of the Admin, such as https://shop.example/admin)."
    ]
