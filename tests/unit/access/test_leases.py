"""Which Admin account a run takes."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.access.leases import leased
from bot.accounts import Account
from bot.errors import CannotStart
from bot.ledger import Ledger

ADMIN = "shop.example"
ONE, TWO = (Account(username=name, password=SecretStr(f"of {name}")) for name in ("one", "two"))


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
