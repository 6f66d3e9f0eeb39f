"""Which Admin a row of the ledger is about: its host and path now, its host alone in ledgers up to version 5."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from run_kit import ORDER, permit

from bot.errors import CannotSignIn, LedgerTrouble, PressedBefore
from bot.identity import admin_name
from bot.ledger import Ledger
from bot.ledger.schema import migrate
from bot.ledger.signins import Ended, Factor
from bot.outcomes import Outcome

STAGING, PROD = admin_name("https://shop.example/staging/admin"), admin_name("https://shop.example/prod/admin")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

HOSTS = [
    pytest.param("shop.example", "https://shop.example/{path}", id="host"),
    pytest.param("shop.example:8443", "https://shop.example:8443/{path}", id="port"),
    pytest.param("bücher.example", "https://xn--bcher-kva.example/{path}", id="was-letters"),
    pytest.param("xn--bcher-kva.example", "https://BÜCHER.example/{path}", id="was-punycode"),
    pytest.param("straße.example:8443", "https://straße.example:8443/{path}", id="eszett"),
    pytest.param("::1:8443", "https://[::1]:8443/{path}", id="ipv6"),
]
"""An Admin as a ledger of version 5 names it, and addresses of Admins at that host."""


@pytest.fixture
def old(beside: Any) -> Callable[..., None]:
    """Writes a row into a ledger of version 5, which is made with the first."""
    made: list[str] = []

    def write(table: str, **row: object) -> None:
        with beside.engine.begin() as connection:
            if not made:
                migrate(connection, 0, 5)
                made.append(table)
            names = ", ".join(row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES (:{names.replace(', ', ', :')})"), row)

    return write


def old_intent(old: Callable[..., None], host: str, **known: object) -> None:
    row = {"admin": host, "amazon_order": ORDER, "run_id": "run-1", "store": "Nordwind UK", "reason": "BuyerCanceled"}
    old("intents", **row, written_at="2026-03-01T02:14:05.000+00:00", **known)


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Callable[[], Ledger]]:
    """Opens the ledger as a run of this version."""
    opened: list[Ledger] = []

    def give() -> Ledger:
        opened.append(Ledger.open(place))
        opened[-1].runs.go_on_as(f"run-{len(opened) + 1}")
        return opened[-1]

    yield give
    for one in opened:
        one.close()


@pytest.mark.parametrize(("host", "url"), HOSTS)
@pytest.mark.parametrize("path", ["admin", "staging/admin", ""])
def test_an_open_intent_of_a_version_5_ledger_stays_open_for_every_admin_at_its_host(
    old: Callable[..., None], ledger: Callable[[], Ledger], host: str, url: str, path: str
) -> None:
    old_intent(old, host, answer="error")
    admin, intents = admin_name(url.format(path=path)), ledger().intents
    earlier = intents.open(admin, ORDER)
    assert earlier is not None
    assert (earlier.run_id, earlier.admin) == ("run-1", host)
    with pytest.raises(PressedBefore) as refused:
        intents.write(admin, permit())
    assert refused.value.facts == {
        "order": ORDER,
        "run_id": "run-1",
        "written_at": "2026-03-01T02:14:05.000+00:00",
    }
    assert [intent.run_id for intent in intents.waiting()] == ["run-1"]


@pytest.mark.parametrize(("host", "url"), HOSTS)
def test_a_cancel_of_a_version_5_ledger_is_known_and_audited_at_its_host(
    old: Callable[..., None], ledger: Callable[[], Ledger], host: str, url: str
) -> None:
    old_intent(old, host, outcome="canceled", settled_at="2026-03-01T02:14:09.000+00:00", settled_as="canceled")
    admin, intents = admin_name(url.format(path="admin")), ledger().intents
    known = intents.latest(admin, ORDER)
    assert known is not None
    assert known.run_id == "run-1"
    assert intents.canceled_since(admin, LONG_AGO) == [known]
    assert intents.latest("elsewhere.example/admin", ORDER) is None
    assert intents.canceled_since("elsewhere.example/admin", LONG_AGO) == []


@pytest.mark.parametrize(("host", "url"), HOSTS)
def test_a_claim_and_an_account_of_a_version_5_ledger_are_left_alone_until_their_time_is_over(
    old: Callable[..., None], ledger: Callable[[], Ledger], clock: Any, host: str, url: str
) -> None:
    lease = {"admin": host, "owner": "run-1", "process": "vm/999999999", "until": clock.now + 300}
    old("claims", amazon_order=ORDER, **lease)
    old("accounts", account="demo", **lease)
    clock(299)
    with pytest.raises(LedgerTrouble, match="it is of version 5 and in use by a run of that version"):
        ledger()
    clock(2)
    admin, mine = admin_name(url.format(path="admin")), ledger()
    assert mine.claims.take(admin, ORDER, 300)
    assert mine.accounts.take(admin, "demo", 300)


@pytest.mark.parametrize(("host", "url"), HOSTS)
def test_sign_ins_and_codes_of_a_version_5_ledger_count_at_their_host(
    old: Callable[..., None], ledger: Callable[[], Ledger], host: str, url: str
) -> None:
    sign_in = {"admin": host, "account": "demo", "process": "vm/999999999", "begun_at": 1_772_330_400.0}
    for outcome in ("refused", "cut off"):
        old("sign_ins", factor="password", fingerprint="00$00", outcome=outcome, **sign_in)
    old("codes", admin=host, account="demo", step=7)
    admin, mine = admin_name(url.format(path="admin")), ledger()
    with pytest.raises(CannotSignIn) as refused:
        mine.sign_ins.begin(admin, "demo", Factor.PASSWORD, SecretStr("right"))
    assert str(refused.value) == (
        "The last 2 passwords for account demo were refused, or interrupted before the Admin answered, since "
        "2026-03-01 02:00 UTC. One more could trigger the CAPTCHA, so no attempt is made."
    )
    assert mine.codes.last_step(admin, "demo") == 7
    assert not mine.codes.spend(admin, "demo", 8, last=None)
    assert mine.codes.spend(admin, "demo", 8, last=7)
    assert mine.codes.last_step(admin, "demo") == 8


def test_a_sign_in_that_an_older_program_has_under_way_is_waited_for(
    old: Callable[..., None], ledger: Callable[[], Ledger], clock: Any
) -> None:
    begun = {"process": "vm/999999999", "begun_at": clock.now, "fingerprint": "00$00"}
    old("sign_ins", admin="shop.example", account="demo", factor="password", **begun)
    sign_ins = ledger().sign_ins
    assert sign_ins.begin(STAGING, "demo", Factor.PASSWORD, SecretStr("right")) is None
    clock(121)
    assert sign_ins.begin(STAGING, "demo", Factor.PASSWORD, SecretStr("right")) is not None


def test_what_an_older_program_wrote_is_never_written_over(
    old: Callable[..., None], ledger: Callable[[], Ledger], beside: Any
) -> None:
    old_intent(old, "shop.example")
    before = beside.rows("SELECT * FROM intents")
    intents = ledger().intents
    with pytest.raises(PressedBefore):
        intents.write(STAGING, permit())
    assert beside.rows("SELECT * FROM intents") == before


def test_once_it_is_settled_two_admins_at_one_host_go_their_own_ways(
    old: Callable[..., None], ledger: Callable[[], Ledger]
) -> None:
    old_intent(old, "shop.example")
    intents = ledger().intents
    (waiting,) = intents.waiting()
    intents.settle(waiting.intent, "not-canceled", by="maria", why="open in Seller Central")
    intents.conclude(intents.write(STAGING, permit()), Outcome.CANCELED)
    assert intents.latest(PROD, ORDER) == replace(waiting, settled_as="not-canceled", settled_by="maria")
    intents.write(PROD, permit())
    assert [intent.admin for intent in intents.waiting()] == [PROD]


# --- Two Admins at one host ---


def test_two_admins_at_one_host_are_two(ledger: Callable[[], Ledger]) -> None:
    one, two = ledger(), ledger()
    one.intents.conclude(one.intents.write(STAGING, permit()), Outcome.CANCELED)
    assert (two.intents.open(PROD, ORDER), two.intents.latest(PROD, ORDER)) == (None, None)
    assert two.intents.canceled_since(PROD, LONG_AGO) == []
    for leases, thing in ((one.claims, ORDER), (one.accounts, "demo")):
        assert leases.take(STAGING, thing, 300)
    for leases, thing in ((two.claims, ORDER), (two.accounts, "demo")):
        assert leases.take(PROD, thing, 300)
    number = one.sign_ins.begin(STAGING, "demo", Factor.PASSWORD, SecretStr("wrong"))
    assert two.sign_ins.begin(PROD, "demo", Factor.PASSWORD, SecretStr("wrong")) is not None
    assert number is not None
    one.sign_ins.end(number, Ended.REFUSED)
    assert one.codes.spend(STAGING, "demo", 7, last=None)
    assert two.codes.last_step(PROD, "demo") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://shop.example/admin", "https://shop.example/admin/admin/dashboard"),
        ("https://shop.example/admin/admin/dashboard", "https://shop.example/admin"),
        ("https://shop.example/admin", "https://shop.example"),
        ("https://shop.example", "https://shop.example/admin"),
    ],
)
def test_two_addresses_that_can_be_one_admin_are_one(ledger: Callable[[], Ledger], first: str, second: str) -> None:
    one, two = ledger(), ledger()
    assert one.claims.take(admin_name(first), ORDER, 300)
    assert not two.claims.take(admin_name(second), ORDER, 300)
    intent = one.intents.write(admin_name(first), permit())
    with pytest.raises(PressedBefore):
        two.intents.write(admin_name(second), permit())
    one.intents.conclude(intent, Outcome.CANCELED)
    known = two.intents.latest(admin_name(second), ORDER)
    assert known is not None
    assert two.intents.canceled_since(admin_name(second), LONG_AGO) == [known]


def test_parts_of_a_path_count_whole(ledger: Callable[[], Ledger]) -> None:
    one, two = ledger(), ledger()
    assert one.claims.take("shop.example/admin", ORDER, 300)
    assert two.claims.take("shop.example/admin2", ORDER, 300)
    assert two.claims.take("shop.example/Admin", ORDER, 300)
    assert two.claims.take("shop.example:8443/admin", ORDER, 300)
    assert not two.claims.take("shop.example/admin/x_%", ORDER, 300)


def test_of_two_names_of_one_admin_only_one_gets_an_order_in_either_order(place: Path | str) -> None:
    Ledger.open(place).close()
    both, wrote = Barrier(2), []
    orders = [f"112-1215998-{number:07}" for number in range(30)]

    def press(admin: str) -> None:
        with Ledger.open(place) as ledger:
            ledger.runs.go_on_as(admin.replace("/", "-"))
            both.wait(60)
            for order in orders:
                try:
                    ledger.intents.write(admin, permit(order))
                    wrote.append(order)
                except PressedBefore:
                    pass

    runs = [Thread(target=press, args=(name,)) for name in ("shop.example/admin", "shop.example/admin/admin")]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(wrote) == orders
