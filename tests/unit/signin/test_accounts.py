"""A file of Admin accounts, and which one a run takes."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import CannotStart, InputInvalid, SettingsInvalid
from bot.ledger import Ledger
from bot.settings import load_settings
from bot.signin.accounts import Account, leased, read_accounts

ADMIN = "shop.example"
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
    assert read_accounts(file) == (ONE.model_copy(update={"totp_secret": SecretStr("JBSWY3DPEHPK3PXP")}), TWO)


def test_the_settings_take_the_first_and_know_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "https://shop.example/admin")
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", str(file))
    settings = load_settings()
    assert (settings.username, settings.password) == ("one", SecretStr("of one"))
    assert [account.username for account in settings.pool] == ["one", "two"]


def test_one_account_alone_is_a_pool_too(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(admin_url="https://shop.example/admin", username="one", password="of one")
    assert settings.pool == (ONE,)


def test_a_user_name_beside_the_file_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_ADMIN_URL", "https://shop.example/admin")
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", str(file))
    monkeypatch.setenv("COUNTERMAND_USERNAME", "one")
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert str(refused.value).splitlines()[0] == (
        "The settings: COUNTERMAND_USERNAME and COUNTERMAND_ACCOUNTS are both set: leave one of them away."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("accounts: []\n", "accounts.yaml:1:11: there are no accounts here: name at least one"),
        (
            "accounts:\n  - username: one\n    password: of one\n",
            "accounts.yaml:3:15: a secret does not stand in this file: write {env: NAME} or {file: PATH}",
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
        read_accounts(Path("accounts.yaml"))
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
        read_accounts(Path("accounts.yaml"))
    assert str(refused.value).splitlines() == [
        "accounts.yaml: the account three is there twice.",
        "accounts.yaml: a secret of the account one cannot be used: the environment variable NOT_SET holds nothing.",
        "accounts.yaml: a secret of the account two cannot be used: the file not-there cannot be read: No such file or "
        "directory.",
        "accounts.yaml: a secret of the account three cannot be used: the environment variable EMPTY holds nothing.",
        "accounts.yaml: a secret of the account three cannot be used: it must be the secret as the Admin shows it "
        "beside the QR code: base32, letters A to Z and digits 2 to 7, spaces allowed.",
    ]


def test_each_run_takes_an_account_that_no_other_has(place: Path | str) -> None:
    with Ledger.open(place) as first, Ledger.open(place) as second, Ledger.open(place) as third:
        for ledger, name in ((first, "run-1"), (second, "run-2"), (third, "run-3")):
            ledger.runs.go_on_as(name)
        with leased(first, ADMIN, (ONE, TWO)) as of_first, leased(second, ADMIN, (ONE, TWO)) as of_second:
            assert (of_first, of_second) == (ONE, TWO)
            with pytest.raises(CannotStart) as refused, leased(third, ADMIN, (ONE, TWO)):
                pass
            assert str(refused.value) == "No Admin account is free: one by run run-1, two by run run-2."
            assert refused.value.next_step == (
                "Wait for that run, or name more accounts in COUNTERMAND_ACCOUNTS. Only where the Admin's own setting "
                "allows account sharing: COUNTERMAND_SHARE_ACCOUNT=true"
            )
            with leased(third, "other.example", (ONE,)) as elsewhere:
                assert elsewhere == ONE
            with leased(third, ADMIN, (ONE, TWO), sharing=True) as shared:
                assert shared == ONE
        with leased(third, ADMIN, (ONE, TWO)) as free_again:
            assert free_again == ONE
