from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr
from run_kit import HOST

from bot.engine.account_lease import executor_name, lease_of, leased_account
from bot.errors import AccountLost, CannotStart
from bot.ledger import Ledger
from bot.settings import Settings


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def settings(*, sharing: bool = False) -> Settings:
    return Settings(
        admin_url=f"https://{HOST}/admin", username="bot", password=SecretStr("secret"), share_account=sharing
    )


def test_a_worker_has_its_account_for_itself_and_gives_it_back(tmp_path: Path) -> None:
    place = tmp_path / "ledger.sqlite"
    with leased_account(place, HOST, settings()) as lease:
        assert (lease.account.username, lease.name, lease.executor) == ("bot", "bot", f"{HOST} as bot")
        with pytest.raises(CannotStart) as refused, leased_account(place, HOST, settings()):
            pass
        assert str(refused.value) == f"No Admin account is free: bot by {lease.worker}."
    with leased_account(place, HOST, settings()):
        pass


def test_workers_with_a_shared_account_are_still_told_apart(tmp_path: Path, stack: ExitStack) -> None:
    both = [stack.enter_context(leased_account(tmp_path / "l.sqlite", HOST, settings(sharing=True))) for _ in range(2)]
    assert [lease.executor for lease in both] == [f"{HOST} as bot 1", f"{HOST} as bot 2"]
    assert len({lease.worker for lease in both}) == len({lease.session_name for lease in both}) == 2


def test_a_lease_that_another_worker_took_is_lost(tmp_path: Path) -> None:
    place = tmp_path / "ledger.sqlite"
    with leased_account(place, HOST, settings()) as lease:
        lease.hold()
        with Ledger.open(place) as other, other._database.writing() as connection:
            connection.exec_driver_sql("UPDATE accounts SET owner = 'worker-2'")
        with pytest.raises(AccountLost) as lost:
            lease.hold()
        assert lost.value.next_step == "Start the worker again. What it had in hand is handed out again."
    with Ledger.open(place) as ledger:
        assert [held.run_id for held in ledger.accounts.held()] == ["worker-2"]  # it is not given back for another


@pytest.mark.parametrize("lease", ["bot", "bot 2", "maria as admin"])
def test_an_executors_name_says_which_lease_it_has(lease: str) -> None:
    assert lease_of(executor_name("shop.example/admin", lease)) == lease
