import base64
import html
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.secrecy import HIDDEN, cleaner
from bot.settings import secrets_that_are_set

AWKWARD = "a \"b\" 'c' <d> & \\ é"


@pytest.mark.parametrize(
    "written",
    [
        AWKWARD,
        repr(AWKWARD)[1:-1],
        html.escape(AWKWARD),
        html.escape(AWKWARD, quote=False),
        quote(AWKWARD, safe=""),
        base64.b64encode(AWKWARD.encode()).decode(),
    ],
)
def test_a_secret_is_hidden_in_every_way_to_write_it(written: str) -> None:
    assert cleaner([AWKWARD])(f"before {written} after") == f"before {HIDDEN} after"


def test_without_secrets_nothing_is_hidden() -> None:
    assert cleaner([""])("as it is") == "as it is"


def test_secrets_are_known_from_the_environment_and_from_env_files(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("COUNTERMAND_TOTP_SECRET=abcd efgh\nCOUNTERMAND_USERNAME=bot\n", encoding="utf-8")
    monkeypatch.setenv("countermand_password", "s3cret")
    assert secrets_that_are_set() == {"abcd efgh", "ABCDEFGH", "s3cret"}


def test_secrets_are_known_whatever_is_wrong_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        "COUNTERMAND_PASSWORD='Pa${ss}w0rd'\nCOUNTERMAND_PASSWORD=another #1\nCOUNTERMAND_DRY_RUN=true\nno setting\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "a third")
    assert secrets_that_are_set() == {"Pa${ss}w0rd", "another", "a third", "ATHIRD"}


def test_every_secret_of_a_file_of_accounts_is_known_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("accounts.yaml").write_text(
        "accounts:\n"
        "  - {username: one, password: {env: NOT_SET}, totp_secret: {env: COUNTERMAND_TOTP}}\n"
        "  - {username: two, password: {env: TWO}}\n",
        encoding="utf-8",
    )
    Path(".env").write_text("COUNTERMAND_ACCOUNTS=accounts.yaml\nTWO=s3cret\nCOUNTERMAND_TOTP=0\n", encoding="utf-8")
    assert secrets_that_are_set() == {"0", "s3cret"}


def test_a_file_that_cannot_be_read_hides_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_bytes(b"COUNTERMAND_TOTP_SECRET=\xff\n")
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "s3cret")
    assert secrets_that_are_set() == {"s3cret"}


def test_secrets_of_the_accounts_in_a_file_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("accounts.yaml").write_text("accounts: [{username: bot, password: {env: SHOP_PASSWORD}}]", encoding="utf-8")
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", "accounts.yaml")
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret")
    assert secrets_that_are_set() == {"s3cret"}
    monkeypatch.delenv("SHOP_PASSWORD")
    assert secrets_that_are_set() == set()


def test_the_path_of_a_browser_server_is_a_secret_by_itself_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_BROWSER_SERVER", "ws://127.0.0.1:9323/one wss://far.example/browsers/two")
    assert {"one", "browsers/two"} <= secrets_that_are_set()
    hide = cleaner(secrets_that_are_set())
    assert hide("- <ws connecting> ws://127.0.0.1:9323/one") == f"- <ws connecting> ws://127.0.0.1:9323/{HIDDEN}"


def test_a_setting_that_is_empty_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERMAND_PASSWORD", "")
    assert secrets_that_are_set() == set()
