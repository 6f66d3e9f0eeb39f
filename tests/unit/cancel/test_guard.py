import copy
import dataclasses
import pickle
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from bot.admin.snapshot import Snapshot
from bot.cancel import guard
from bot.cancel.details import Listed, Opened, OrderDetails, look_at_order
from bot.cancel.guard import Permit, issue_permit
from bot.cancel.page import AdminPage, KnownScreen
from bot.errors import ElementMissing, Mismatch, ScreenChanged
from bot.joblist import Expect, Job
from bot.pack import load_pack
from bot.vocabulary import Reason, Status

ROOT = Path(__file__).resolve().parents[3]
ORDER = "112-1215998-3002091"
OTHER = "112-1215998-3002092"
STORE_ID = "7f3a"
CONFIRM = 41
PACK = load_pack("asc-4.3")
JOB = Job(order=ORDER, store="Nordwind UK", reason=Reason.BUYER_CANCELED)


def address(order: str = ORDER, store_id: str = STORE_ID) -> str:
    return PACK.info.order_route.format(order=order, store_id=store_id)


class FakePage:
    """An order's page and the dialog over it, as the guard reads them; each test says what is different."""

    def __init__(self) -> None:
        self.pack = PACK
        self.fields = {
            "order_number": ORDER,
            "status": "Unshipped",
            "notes": "",
            "buyer_name": "Michael Blankenship",
            "order_total": "$121.80",
        }
        self.address = address()
        self.order_numbers = {ORDER}
        self.dialog_text = "Cancel Order\nReason for cancellation\nBuyer Canceled\nConfirm"
        self.reason = "Buyer Canceled"
        self.trouble: dict[str, Exception] = {}
        self.did: list[tuple[object, ...]] = []

    # What the guard asks of an admin, a screen and an element:

    def screen(self, name: str, **facts: str) -> "FakePage":
        self.did.append(("screen", name, facts))
        return self

    def when_ready(self, name: str, *beside: object) -> AbstractContextManager[None]:
        self.did.append(("when_ready", name, len(beside)))
        return nullcontext()

    def check(self) -> "FakePage":
        self._do("check")
        return self

    def the_only(self, name: str) -> int:
        assert name == "confirm"
        self._do("the_only", name)
        return CONFIRM

    def words_of(self, name: str) -> str:
        assert name == "dialog"
        self._do("words_of", name)
        return self.dialog_text

    def chosen(self, name: str) -> str:
        assert name == "reason"
        self._do("chosen", name)
        return self.reason

    def snapshot(self, *names: str) -> Snapshot:
        return Snapshot(
            address=self.address,
            busy=False,
            texts={name: [self.fields[name]] for name in names},
            order_numbers=frozenset(self.order_numbers),
        )

    def singles(self, texts: Mapping[str, list[str]]) -> dict[str, str]:
        self._do("singles")
        return {name: value for name, (value,) in texts.items()}

    def _do(self, *what: str) -> None:
        self.did.append(what)
        if what[0] in self.trouble:
            raise self.trouble[what[0]]


@pytest.fixture
def admin_page() -> FakePage:
    return FakePage()


def opened(admin_page: FakePage, **listed: str) -> Opened:
    row = {"buyer_name": "Michael Blankenship", "order_total": "$121.80"} | listed
    return Opened(details=cast(KnownScreen, admin_page), listed=Listed(**row), store_id=STORE_ID)


def issue(admin_page: FakePage, job: Job = JOB, **listed: str) -> Permit:
    return issue_permit(cast(AdminPage, admin_page), job, opened(admin_page, **listed))


def refusal(admin_page: FakePage, job: Job = JOB, **listed: str) -> str:
    """What a permit is refused with; looking at the order says the same, or finds nothing wrong."""
    with pytest.raises(Mismatch) as refused:
        issue(admin_page, job, **listed)
    return str(refused.value)


# --- A permit ---


def test_a_permit_is_issued_for_the_jobs_order_as_it_was_seen(admin_page: FakePage) -> None:
    permit = issue(admin_page)
    assert (permit.order, permit.store, permit.reason) == (ORDER, "Nordwind UK", Reason.BUYER_CANCELED)
    assert (permit.store_id, permit.row_id, permit.merchant_id) == (STORE_ID, "", "")
    assert permit.confirm == CONFIRM
    assert permit.seen == OrderDetails(
        order_number=ORDER,
        status=Status.UNSHIPPED,
        status_words="Unshipped",
        notes="",
        buyer_name="Michael Blankenship",
        order_total="$121.80",
    )


def test_everything_is_proved_in_the_instant_in_which_confirm_could_be_pressed(admin_page: FakePage) -> None:
    issue(admin_page)
    assert admin_page.did[:4] == [
        ("screen", "cancel_dialog", {"order": ORDER}),
        ("when_ready", "confirm", 1),
        ("check",),
        ("the_only", "confirm"),
    ]
    assert [what for what in admin_page.did if what[0] == "when_ready"] == [("when_ready", "confirm", 1)]


@pytest.mark.parametrize("seal", [None, object(), "seal", True])
def test_a_permit_cannot_be_made_outside_the_guard(admin_page: FakePage, seal: object) -> None:
    seen = issue(admin_page).seen
    with pytest.raises(TypeError) as refused:
        Permit(order=OTHER, store="Nordwind UK", reason=Reason.BUYER_CANCELED, seen=seen, seal=seal)
    assert str(refused.value) == "only the guard issues permits"


def test_a_permit_cannot_be_made_without_a_seal(admin_page: FakePage) -> None:
    facts: dict[str, Any] = {"order": OTHER, "store": "Nordwind UK", "reason": Reason.BUYER_CANCELED}
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'seal'"):
        Permit(**facts, seen=issue(admin_page).seen)


def test_a_permit_cannot_be_copied_for_another_order(admin_page: FakePage) -> None:
    permit = issue(admin_page)
    with pytest.raises(ValueError, match="InitVar 'seal' must be specified"):
        dataclasses.replace(permit, order=OTHER)  # type: ignore[call-arg]  # the type checker says so too


def test_a_permit_cannot_be_changed(admin_page: FakePage) -> None:
    permit = issue(admin_page)
    with pytest.raises(dataclasses.FrozenInstanceError):
        permit.order = OTHER  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        permit.seen.status = Status.SHIPPED  # type: ignore[misc]


def test_a_permit_does_not_carry_its_seal(admin_page: FakePage) -> None:
    permit = issue(admin_page)
    assert guard._SEAL not in vars(permit).values()
    assert not hasattr(permit, "seal")
    assert "seal" not in repr(permit)


def test_a_copy_of_a_permit_is_for_the_same_order(admin_page: FakePage) -> None:
    permit = issue(admin_page)
    assert copy.deepcopy(permit) == permit
    assert pickle.loads(pickle.dumps(permit)) == permit


def test_only_the_guard_makes_permits_and_only_one_place_takes_them() -> None:
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for room in ("bot", "flows")
        for path in (ROOT / room).rglob("*.py")
    }
    assert [path for path, text in sources.items() if " Permit(" in text or "_SEAL" in text] == ["bot/cancel/guard.py"]
    assert [path for path, text in sources.items() if '.one("confirm").click()' in text] == []
    assert {path for path, text in sources.items() if '"confirm"' in text} == {
        "bot/cancel/guard.py",
        "bot/cancel/confirm.py",
        "bot/cancel/confirm_screen.py",
        "bot/pack/lint.py",
    }


# --- The dialog ---


def test_the_dialog_is_checked_before_anything_is_read_from_it(admin_page: FakePage) -> None:
    admin_page.trouble["check"] = ScreenChanged(screen="Cancel Order", why="its title is missing.")
    with pytest.raises(ScreenChanged):
        issue(admin_page)
    assert admin_page.did == [("screen", "cancel_dialog", {"order": ORDER}), ("when_ready", "confirm", 1), ("check",)]


def test_a_dialog_that_names_the_jobs_order_is_accepted(admin_page: FakePage) -> None:
    admin_page.dialog_text = f"Cancel order {ORDER}?"
    assert issue(admin_page).order == ORDER


def test_a_dialog_about_another_order_is_refused(admin_page: FakePage) -> None:
    admin_page.dialog_text = f"Cancel order {ORDER}? Then {OTHER} follows."
    assert refusal(admin_page) == f"The dialog is about order {OTHER}, not {ORDER}."


@pytest.mark.parametrize("words", ["No Inventory", "", "Buyer Canceled.", "buyer canceled", "Not Buyer Canceled"])
def test_a_reason_that_reads_differently_is_refused(admin_page: FakePage, words: str) -> None:
    admin_page.reason = words
    assert refusal(admin_page) == f"The dialog shows the reason {words!r}, not 'Buyer Canceled'."


# --- The status ---


@pytest.mark.parametrize(
    "words",
    [words for status, texts in PACK.info.statuses.items() if status is not Status.UNSHIPPED for words in texts],
)
def test_a_status_that_is_no_longer_unshipped_is_refused(admin_page: FakePage, words: str) -> None:
    admin_page.fields["status"] = words
    assert refusal(admin_page) == f"The order's status has become {words!r}; only Unshipped can be canceled."


@pytest.mark.parametrize("words", ["", "Not Unshipped", "Unshipped?", "En attente"])
def test_a_status_that_the_pack_does_not_know_is_refused(admin_page: FakePage, words: str) -> None:
    admin_page.fields["status"] = words
    assert refusal(admin_page) == f"The order's status has become {words!r}; only Unshipped can be canceled."


def test_a_status_that_the_page_words_in_its_own_way_is_refused_with_the_results_term(admin_page: FakePage) -> None:
    statuses = PACK.info.statuses | {Status.SHIPPED: ("Versendet",)}
    admin_page.pack = PACK.model_copy(update={"info": PACK.info.model_copy(update={"statuses": statuses})})
    admin_page.fields["status"] = "Versendet"
    assert refusal(admin_page) == (
        "The order's status has become 'Versendet' (Shipped); only Unshipped can be canceled."
    )


def test_looking_at_an_order_does_not_mind_its_status(admin_page: FakePage) -> None:
    admin_page.fields["status"] = "En attente"
    seen = look_at_order(cast(AdminPage, admin_page), JOB, opened(admin_page))
    assert (seen.status, seen.status_words) == (None, "En attente")


# --- Which order it is ---


def test_another_number_on_the_page_is_refused(admin_page: FakePage) -> None:
    admin_page.fields["order_number"] = OTHER
    assert refusal(admin_page) == f"The page shows order {OTHER}, not {ORDER}."


def test_the_number_of_another_order_beside_the_right_one_is_refused(admin_page: FakePage) -> None:
    admin_page.order_numbers = {ORDER, OTHER}
    assert refusal(admin_page) == f"The page of order {ORDER} shows the number of another order as well: {OTHER}."


def test_words_of_the_page_are_cut_where_a_refusal_repeats_them(admin_page: FakePage) -> None:
    admin_page.fields["order_total"] = "9" * 1_000
    assert refusal(admin_page) == (
        f"The order's page says a total of '{'9' * 80}... (1,000 characters)', the list that led to it '$121.80'."
    )


def test_another_number_in_the_address_is_refused(admin_page: FakePage) -> None:
    admin_page.address = address(order=OTHER)
    assert refusal(admin_page) == f"The page's address is that of order {OTHER}, not {ORDER}."


def test_another_number_in_the_address_is_refused_for_an_imported_order_too(admin_page: FakePage) -> None:
    admin_page.fields["order_number"] = "000000033"
    admin_page.address = address(order=OTHER)
    assert refusal(admin_page) == f"The page's address is that of order {OTHER}, not {ORDER}."


def test_an_imported_order_is_proved_by_its_address(admin_page: FakePage) -> None:
    admin_page.fields["order_number"] = "000000033"
    assert issue(admin_page).seen.order_number == "000000033"


@pytest.mark.parametrize("words", ["000000033", "", f"{ORDER}1", f"No. {ORDER}", ORDER[:-1]])
def test_what_nothing_proves_is_refused(admin_page: FakePage, words: str) -> None:
    admin_page.fields["order_number"] = words
    admin_page.address = f"#/store-details/{STORE_ID}"
    assert refusal(admin_page) == f"The page shows order {words!r} and nothing on it proves that this is {ORDER}."


# --- Which store, which buyer, which total ---


@pytest.mark.parametrize(
    "there", [address(store_id="7f3"), address(store_id="7f3ab"), address(store_id=""), "", "#/", f"{address()}/more"]
)
def test_a_page_of_another_store_is_refused(admin_page: FakePage, there: str) -> None:
    admin_page.address = there
    assert refusal(admin_page) == f"The page of order {ORDER} does not belong to store 'Nordwind UK'."


def test_another_buyer_than_in_the_clicked_row_is_refused_without_a_name(admin_page: FakePage) -> None:
    admin_page.fields["buyer_name"] = "Erika Mustermann"
    assert refusal(admin_page) == "The buyer's name on the order's page is not the one in the list that led to it."


@pytest.mark.parametrize("words", ["$121.08", "$1,121.80", "-$121.80"])
def test_another_total_than_in_the_clicked_row_is_refused(admin_page: FakePage, words: str) -> None:
    admin_page.fields["order_total"] = words
    assert refusal(admin_page) == (f"The order's page says a total of {words!r}, the list that led to it '$121.80'.")


@pytest.mark.parametrize("words", ["", "-", "$121.80 + $5.00"])
def test_a_total_that_is_not_one_amount_is_refused_whatever_the_clicked_row_says(
    admin_page: FakePage, words: str
) -> None:
    admin_page.fields["order_total"] = words
    told = f"The order's page says a total of {words!r}, which is not one amount."
    assert refusal(admin_page) == refusal(admin_page, order_total=words) == told


def test_the_same_total_may_be_written_differently(admin_page: FakePage) -> None:
    admin_page.fields["order_total"] = "121,80 US$"
    assert issue(admin_page).seen.order_total == "121,80 US$"


def test_another_total_than_the_list_expects_is_refused(admin_page: FakePage) -> None:
    job = JOB.model_copy(update={"expect": Expect(total=Decimal("121.81"))})
    assert refusal(admin_page, job) == "The order's total is 121.80, the job list expects 121.81."


def test_another_buyer_than_the_list_expects_is_refused_without_a_name(admin_page: FakePage) -> None:
    job = JOB.model_copy(update={"expect": Expect(buyer="Erika Mustermann")})
    assert refusal(admin_page, job) == "The buyer's name on the order's page is not the one that the job list expects."


def test_what_the_list_expects_may_be_spaced_differently(admin_page: FakePage) -> None:
    job = JOB.model_copy(update={"expect": Expect(total=Decimal("121.8"), buyer="Michael  Blankenship")})
    assert issue(admin_page, job).order == ORDER


def test_a_page_that_does_not_say_is_not_believed(admin_page: FakePage) -> None:
    admin_page.trouble["singles"] = ElementMissing(screen="Order details", element="status", purpose="what can be done")
    with pytest.raises(ElementMissing):
        issue(admin_page)
