"""What a person settles."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from pydantic import SecretStr

from bot.cancel.guard import Permit
from bot.errors import CannotSignIn
from bot.ledger import Ledger
from bot.ledger.signins import Ended, Factor
from bot.outcomes import Outcome
from bot.vocabulary import Reason, Status

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Countermand

FIRST = "112-1215998-3002091"


def pressed_in_doubt() -> None:
    """An order whose Confirm was pressed in a run that was cut off."""
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        ledger.runs.go_on_as("20260301-021405-a1b2")
        leave = SimpleNamespace(order=FIRST, store="Nordwind UK", reason=Reason.BUYER_CANCELED)
        ledger.intents.write("shop.example", cast(Permit, leave))


@pytest.mark.parametrize("settled_as", ["canceled", "not-canceled"])
def test_a_person_settles_an_order_and_who_when_and_why_are_kept(countermand: Countermand, settled_as: str) -> None:
    pressed_in_doubt()
    assert countermand("status").out.splitlines()[-3] == (
        "1 order waiting for a person: look in Seller Central, then: countermand resolve"
    )
    assert countermand("resolve", FIRST, "--as", settled_as, "--note", "seen in Seller Central") == (
        0,
        f"Order {FIRST} (shop.example, run 20260301-021405-a1b2) is settled as {settled_as}.\n",
        "",
    )
    assert countermand("status").out.splitlines()[-1] == "Nothing waits for a person."
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        (entry,) = (entry.told for entry in ledger.trail.entries("by-hand") if entry.told["event"] == "settled")
    kept = {name: entry[name] for name in ("order", "settled_as", "settled_by", "settled_why")}
    assert kept == {
        "order": FIRST,
        "settled_as": settled_as,
        "settled_by": getpass.getuser(),
        "settled_why": "seen in Seller Central",
    }
    assert datetime.fromisoformat(str(entry["at"])).tzinfo is UTC


@pytest.mark.parametrize("settled_as", ["canceled", "not-canceled"])
def test_an_order_that_is_being_worked_on_is_not_settled_meanwhile(countermand: Countermand, settled_as: str) -> None:
    pressed_in_doubt()
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        ledger.runs.go_on_as("20260301-031405-c3d4")
        assert ledger.claims.take("shop.example", FIRST, 300)
        assert countermand("resolve", FIRST, "--as", settled_as, "--note", "seen in Seller Central") == (
            2,
            "",
            f"Order {FIRST} is being worked on in run 20260301-031405-c3d4, which will say what became of it: settle "
            "it afterwards, if it still waits. See: countermand status\n",
        )
        assert ledger.intents.open("shop.example", FIRST) is not None
        ledger.claims.release("shop.example", FIRST)
    assert countermand("resolve", FIRST, "--as", settled_as, "--note", "seen in Seller Central").status == 0


def test_a_cancel_that_was_undone_can_be_opened_again_by_a_person(countermand: Countermand) -> None:
    pressed_in_doubt()
    countermand("resolve", FIRST, "--as", "canceled", "--note", "seen in Seller Central")
    assert countermand("resolve", FIRST, "--as", "canceled", "--note", "again").status == 2
    assert countermand("resolve", FIRST, "--as", "not-canceled", "--note", "the buyer wants it canceled again") == (
        0,
        f"Order {FIRST} (shop.example, run 20260301-021405-a1b2) is settled as not-canceled.\n",
        "",
    )
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        latest = ledger.intents.latest("shop.example", FIRST)
        assert latest is not None
        assert latest.settled_as == "not-canceled"


@pytest.mark.parametrize("settled_as", ["canceled", "not-canceled"])
def test_a_person_settles_an_order_that_amazon_did_not_keep_canceled(countermand: Countermand, settled_as: str) -> None:
    pressed_in_doubt()
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        ledger.runs.go_on_as("20260301-021405-a1b2")
        (intent,) = ledger.intents.waiting(FIRST)
        ledger.intents.conclude(intent.intent, Outcome.CANCELED)
        ledger.intents.note_look(intent.intent, Status.UNSHIPPED)
    assert countermand("status").out.splitlines()[-3] == (
        "1 order waiting for a person: look in Seller Central, then: countermand resolve"
    )
    assert countermand("resolve", FIRST, "--as", settled_as, "--note", "seen in Seller Central").status == 0
    assert countermand("status").out.splitlines()[-1] == "Nothing waits for a person."
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        latest = ledger.intents.latest("shop.example", FIRST)
        assert latest is not None
        assert latest.settled_as == settled_as


def test_without_a_ledger_nothing_can_be_settled_and_none_is_made(countermand: Countermand) -> None:
    assert countermand("resolve", FIRST, "--as", "canceled", "--note", "seen") == (
        2,
        "",
        f"There is no ledger at {Path('runs/ledger.sqlite')}: start from the folder that the run was started from, or "
        "name its ledger in COUNTERMAND_LEDGER.\n",
    )
    assert not Path("runs").exists()


@pytest.mark.parametrize("command", [("resolve", FIRST, "--as", "canceled"), ("signed-in",)])
def test_a_person_has_to_say_what_they_saw(countermand: Countermand, command: tuple[str, ...]) -> None:
    complaint = "--note is empty: say what you saw or did; the ledger keeps it.\n"
    assert countermand(*command, "--note", " ") == (2, "", complaint)


def test_an_order_that_waits_for_nobody_cannot_be_settled(countermand: Countermand) -> None:
    Ledger.open(Path("runs/ledger.sqlite")).close()
    assert countermand("resolve", FIRST, "--as", "canceled", "--note", "seen") == (
        2,
        "",
        f"Order {FIRST} is not waiting for a person; see: countermand status\n",
    )


# --- Signing in by hand ---

ADMIN = "shop.example:8443/admin"
NEXT = SecretStr("the next one")


def refused_twice(account: str) -> None:
    """An account whose budget is spent: two passwords in a row were refused."""
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        for password in ("one", "another"):
            number = ledger.sign_ins.begin(ADMIN, account, Factor.PASSWORD, SecretStr(password))
            assert number is not None
            ledger.sign_ins.end(number, Ended.REFUSED)


def may_sign_in(account: str) -> bool:
    with Ledger.open(Path("runs") / "ledger.sqlite") as ledger:
        try:
            number = ledger.sign_ins.begin(ADMIN, account, Factor.PASSWORD, NEXT)
        except CannotSignIn:
            return False
        assert number is not None
        ledger.sign_ins.end(number, Ended.ACCEPTED)
        return True


def test_a_person_who_signed_in_by_hand_says_so_and_refusals_are_counted_from_0(
    countermand: Countermand, settings: dict[str, str]
) -> None:
    refused_twice(settings["USERNAME"])
    assert not may_sign_in(settings["USERNAME"])
    assert countermand("signed-in", "--note", "unlocked by Kim") == (
        0,
        "Account bot may sign in again; refusals are counted from 0.\n",
        "",
    )
    assert may_sign_in(settings["USERNAME"])


def test_who_signed_in_by_hand_says_how(countermand: Countermand, settings: dict[str, str]) -> None:
    said = countermand("signed-in")
    assert (said.status, said.out, said.err.splitlines()[-1]) == (2, "", "Error: Missing option '--note'.")
    assert not Path("runs").exists()


@pytest.fixture
def two_accounts(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that a file names, instead of one."""
    Path("accounts.yaml").write_text(
        "accounts:\n- {username: one, password: {env: OF_BOTH}}\n- {username: two, password: {env: OF_BOTH}}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("OF_BOTH", settings["PASSWORD"])
    monkeypatch.setenv("COUNTERMAND_ACCOUNTS", "accounts.yaml")
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"COUNTERMAND_{name}")


@pytest.mark.usefixtures("two_accounts")
def test_of_several_accounts_the_one_that_is_named_may_sign_in_again(countermand: Countermand) -> None:
    refused_twice("one")
    refused_twice("two")
    assert countermand("signed-in", "--account", "two", "--note", "unlocked by Kim") == (
        0,
        "Account two may sign in again; refusals are counted from 0.\n",
        "",
    )
    assert (may_sign_in("one"), may_sign_in("two")) == (False, True)


@pytest.mark.usefixtures("two_accounts")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "The settings name several accounts. Choose one with --account: one, two."),
        (("--account", "three"), "The settings name no account 'three'; they name one, two."),
    ],
)
def test_of_several_accounts_one_must_be_named(
    countermand: Countermand, arguments: tuple[str, ...], complaint: str
) -> None:
    assert countermand("signed-in", "--note", "unlocked by Kim", *arguments) == (2, "", f"{complaint}\n")
    assert not Path("runs").exists()
