"""A file of Admin accounts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.accounts import Account, read_accounts_file
from bot.environment import read_written
from bot.errors import InputInvalid, SettingsInvalid
from bot.settings import LocalSettings, Settings, load_local_settings, load_settings

ONE, TWO = (Account(username=name, password=SecretStr(f"of {name}")) for name in ("one", "two"))
FILE = """\
accounts:
  - username: one
    password: {env: FIRST_PASSWORD}
    totp_secret: {file: first.totp}
  - username: two
    password: {file: second.password}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIRST_PASSWORD", "of one")
    (tmp_path / "first.totp").write_text("jbsw y3dp ehpk 3pxp\n", encoding="utf-8")
    (tmp_path / "second.password").write_text("of two\n", encoding="utf-8")
    (tmp_path / "accounts.yaml").write_text(FILE, encoding="utf-8")
    return Path("accounts.yaml")


def test_secrets_are_read_from_where_the_file_says(file: Path) -> None:
    assert read_accounts_file(file).accounts(read_written()) == (
        ONE.model_copy(update={"totp_secret": SecretStr("JBSWY3DPEHPK3PXP")}),
        TWO,
    )


def test_the_settings_take_the_first_and_know_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "https://shop.example/admin")
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", str(file))
    settings = load_settings()
    assert (settings.username, settings.password) == ("one", SecretStr("of one"))
    assert [account.username for account in settings.pool] == ["one", "two"]


def test_one_account_alone_is_a_pool_too(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(admin_url="https://shop.example/admin", username="one", password="of one")
    assert settings.pool == (ONE,)


SHOP = {"COUNTERMAND_ADMIN_URL": "https://shop.example/admin", "COUNTERMAND_ACCOUNTS": "accounts.yaml"}
ALL = "Every setting is listed in .env.example."


@pytest.fixture
def shop(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SHOP.items():
        monkeypatch.setenv(name, value)


def refusal() -> str:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    return f"{refused.value}\n{refused.value.next_step}"


@pytest.mark.usefixtures("shop")
def test_an_account_beside_the_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_USERNAME", "one")
    Path(".env").write_text("COUNTERMAND_PASSWORD=x\nCOUNTERMAND_TOTP_SECRET=JBSWY3DP\n", encoding="utf-8")
    assert refusal() == (
        ".env:1: COUNTERMAND_PASSWORD and COUNTERMAND_ACCOUNTS are both set: leave one of them out.\n"
        ".env:2: COUNTERMAND_TOTP_SECRET and COUNTERMAND_ACCOUNTS are both set: leave one of them out.\n"
        f"environment: COUNTERMAND_USERNAME and COUNTERMAND_ACCOUNTS are both set: leave one of them out.\n{ALL}"
    )


@pytest.mark.usefixtures("shop")
def test_names_that_the_file_refers_to_are_known_and_may_stand_in_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("accounts.yaml").write_text(
        "accounts:\n"
        "  - {username: one, password: {env: COUNTERMAND_ONE}}\n"
        "  - {username: two, password: {env: COUNTERMAND_PASSWORD}}\n"
        "  - {username: three, password: {env: THREE}}\n",
        encoding="utf-8",
    )
    Path(".env").write_text("COUNTERMAND_ONE=of one\nTHREE='of ${three}'\n", encoding="utf-8")
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "of two")
    assert [account.secrets for account in load_settings().pool] == [("of one",), ("of two",), ("of ${three}",)]
    monkeypatch.setenv("THREE", "of the environment")
    assert load_settings().pool[2].secrets == ("of the environment",)
    assert load_local_settings().runs_dir == Path("runs")


@pytest.mark.usefixtures("shop")
def test_a_name_that_the_file_does_not_refer_to_is_no_setting() -> None:
    Path(".env").write_text("COUNTERMAND_XQZ=1\nFIRST_PASSWORD=abc #1\n", encoding="utf-8")
    assert refusal() == (
        ".env:1: There is no setting COUNTERMAND_XQZ.\n"
        '.env:2: FIRST_PASSWORD: the value ends before " #", where a comment begins. If # is part of the value, put '
        "the value in single quotes: FIRST_PASSWORD='...'. If it is a comment, move it to a line of its own.\n"
        f"{ALL}"
    )


@pytest.mark.usefixtures("shop")
def test_what_is_wrong_with_the_file_and_with_other_settings_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_TIMEOUT", "soon")
    timeout = (
        "environment: COUNTERMAND_TIMEOUT: Input should be a valid number, unable to parse string as a number.\n" + ALL
    )
    monkeypatch.delenv("FIRST_PASSWORD")
    assert refusal() == (
        "accounts.yaml: the password of the account one cannot be used: FIRST_PASSWORD is set neither in the "
        f"environment nor in .env.\n{timeout}"
    )
    Path("accounts.yaml").unlink()
    assert refusal() == f"accounts.yaml:1:1: There is no such file: check the name and the folder\n{timeout}"


def practice_settings() -> Settings:
    return load_settings(admin_url="http://127.0.0.1/admin", username="demo", password="practice", accounts="")


@pytest.mark.parametrize("load", [load_local_settings, practice_settings])
def test_a_file_that_cannot_be_read_is_told_where_names_cannot_be_judged_without_it(
    monkeypatch: pytest.MonkeyPatch, load: Callable[[], LocalSettings]
) -> None:
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", "gone.yaml")
    assert load().runs_dir == Path("runs")
    monkeypatch.setenv("COUNTERMAND_ONE", "of one")
    with pytest.raises(SettingsInvalid) as refused:
        load()
    assert str(refused.value) == (
        "environment: There is no setting COUNTERMAND_ONE.\n"
        "gone.yaml:1:1: There is no such file: check the name and the folder"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("accounts: []\n", "accounts.yaml:1:11: the file has no accounts: list at least one"),
        (
            "accounts:\n  - username: one\n    password: of one\n",
            "accounts.yaml:3:15: do not put a secret into this file: write {env: NAME} or {file: PATH}",
        ),
        (
            "accounts:\n  - username: one\n    password: {env: A, file: B}\n",
            "accounts.yaml:3:15: a secret has exactly one of env and file",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named_where_it_stands(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "accounts.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(InputInvalid) as refused:
        read_accounts_file(Path("accounts.yaml"))
    assert str(refused.value) == message


def test_secrets_that_are_missing_are_named_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", " ")
    monkeypatch.setenv("GOOD", "x")
    (tmp_path / "accounts.yaml").write_text(
        "accounts:\n"
        "  - {username: one, password: {env: NOT_SET}}\n"
        "  - {username: two, password: {file: not-there}}\n"
        "  - {username: three, password: {env: EMPTY}}\n"
        "  - {username: three, password: {env: GOOD}, totp_secret: {env: GOOD}}\n",
        encoding="utf-8",
    )
    with pytest.raises(SettingsInvalid) as refused:
        read_accounts_file(Path("accounts.yaml")).accounts(read_written())
    assert str(refused.value).splitlines() == [
        "accounts.yaml: the account three is listed twice.",
        "accounts.yaml: the password of the account one cannot be used: NOT_SET is set neither in the environment nor "
        "in .env.",
        "accounts.yaml: the password of the account two cannot be used: the file not-there cannot be read: No such "
        "file or directory.",
        "accounts.yaml: the password of the account three cannot be used: the environment variable EMPTY holds "
        "nothing.",
        "accounts.yaml: the totp_secret of the account three cannot be used: it must be the secret as the Admin shows "
        "it beside the QR code: base32, letters A to Z and digits 2 to 7, spaces allowed.",
    ]
