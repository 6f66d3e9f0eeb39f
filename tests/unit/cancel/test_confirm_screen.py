"""The classic cancel page, and the order's page beside it, as the guard and its helpers read them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.admin.snapshot import Snapshot
from bot.cancel.confirm_screen import confirm_screen
from bot.cancel.details import Listed, Opened, OrderDetails, compare_details, look_at_order
from bot.cancel.endpoint import Answered
from bot.cancel.guard import Permit, issue_permit
from bot.cancel.page import AdminPage, KnownScreen
from bot.errors import ElementMissing, Mismatch, ScreenNotReached
from bot.joblist import Job
from bot.outcomes import Answer
from bot.pack import load_pack
from bot.vocabulary import Reason, Status

ORDER, OTHER = "112-1215998-3002091", "112-1215998-3002092"
ROW, MERCHANT = "17", "3"
URL = "https://shop.example/admin/the/orders/page"
PACK = load_pack("asc-4.0")
JOB = Job(order=ORDER, store="Nordwind UK", reason=Reason.BUYER_CANCELED)
CANCELS = "setLocation('/admin/channel/amazon/order_cancel_save/id/17/')"


def path(route: str | None, row: str = ROW, merchant: str = MERCHANT) -> str:
    return f"/admin/{(route or '').format(row_id=row, merchant_id=merchant)}/key/5f/"


class FakeScreen:
    """A screen that gives what stands there, and only for elements that it has."""

    def __init__(self, name: str, texts: Mapping[str, list[str]], address: str) -> None:
        self.title = PACK.screens[name].title
        self.facts = {"order": ORDER}
        self.texts = {element: list(words) for element, words in texts.items()}
        self.path = address
        self.order_numbers = {ORDER}
        self.handlers: list[list[str]] = []
        """What a click would do, at each look in turn."""
        self.seen: Snapshot | None = None
        self.looks = 0
        self.tried = 0

    def check(self) -> "FakeScreen":
        return self

    def when_ready(self, name: str, *beside: Any) -> AbstractContextManager[None]:
        assert (name, beside) == ("confirm", ())
        self.tried += 1
        return nullcontext()

    def the_only(self, name: str) -> int:
        assert name == "confirm"
        return 41

    def done_by_a_click(self, name: str) -> list[str]:
        assert name == "confirm"
        return self.handlers.pop(0) if self.handlers else []

    def chosen(self, name: str) -> str:
        assert name == "reason"
        return "Buyer Canceled"

    def snapshot(self, *names: str) -> Snapshot:
        self.looks += 1
        texts = {name: self.texts[name] for name in names}
        return Snapshot(
            address="", path=self.path, busy=False, texts=texts, order_numbers=frozenset(self.order_numbers)
        )

    def singles(self, texts: Mapping[str, list[str]]) -> dict[str, str]:
        return {name: value for name, (value,) in texts.items()}

    def lacks(self, name: str) -> ElementMissing:
        return ElementMissing(
            screen=self.title, element=name, purpose=PACK.screens["order_details"].elements[name].purpose
        )


class FakeAdmin:
    """An Admin of version 4.0 whose cancel page is open; it writes down what it was asked to do."""

    def __init__(self) -> None:
        self.pack = PACK
        self.patience = 15.0
        self.did: list[object] = []
        self.is_beside = False
        self.asked = 3
        """How often the page is looked at until time is up."""
        self.cancel_page = FakeScreen("cancel_page", {"amazon_order_number": [ORDER]}, path(PACK.info.cancel_route))
        self.details = FakeScreen(
            "order_details",
            {
                "order_number": [ORDER],
                "status": ["Unshipped"],
                "notes": [""],
                "buyer_name": ["Michael Blankenship"],
                "order_total": ["$121.80"],
            },
            path(PACK.info.order_route),
        )
        self.wire = SimpleNamespace(names_a_cancel=lambda words: "order_cancel_save" in words)

    @property
    def opened(self) -> Opened:
        return Opened(
            details=cast(KnownScreen, self.details),
            listed=Listed(buyer_name="Michael Blankenship", order_total="$121.80"),
            row_id=ROW,
            merchant_id=MERCHANT,
            url=URL,
        )

    def screen(self, name: str, **facts: str) -> FakeScreen:
        assert (name, facts) == ("cancel_page", {"order": ORDER})
        return self.cancel_page

    def until(self, look: Callable[[], Any]) -> Any:
        return next((found for _ in range(self.asked) if (found := look())), None)

    @contextmanager
    def beside(self) -> Iterator[None]:
        self.is_beside = True
        yield
        self.is_beside = False

    def go_to(self, url: str) -> None:
        self.did.append((self.is_beside, "go to", url))

    def arrive(self, name: str, *, besides: Collection[str] = (), **facts: str) -> FakeScreen:
        self.did.append((self.is_beside, "arrive", name, facts))
        return self.details

    def picture(self, step: str) -> None:
        self.did.append((self.is_beside, "picture", step))


@pytest.fixture
def admin() -> FakeAdmin:
    return FakeAdmin()


def issue(admin: FakeAdmin, **changed: str) -> Permit:
    opened = Opened(**vars(admin.opened) | changed)
    return issue_permit(cast(AdminPage, admin), JOB, opened)


def refusal(admin: FakeAdmin, **changed: str) -> str:
    with pytest.raises(Mismatch) as refused:
        issue(admin, **changed)
    return str(refused.value)


def look(admin: FakeAdmin, snapshot: Snapshot | None = None) -> OrderDetails:
    return look_at_order(cast(AdminPage, admin), JOB, admin.opened, snapshot)


def refused_look(admin: FakeAdmin) -> str:
    with pytest.raises(Mismatch) as refused:
        look(admin)
    return str(refused.value)


# --- The permit -----------------------------------------------------------------------------------------------------


def test_a_permit_names_the_row_and_the_store_as_the_form_must(admin: FakeAdmin) -> None:
    permit = issue(admin)
    assert (permit.store_id, permit.row_id, permit.merchant_id) == ("", ROW, MERCHANT)
    assert admin.cancel_page.tried == 1


def test_the_orders_page_is_looked_at_on_a_page_beside_and_photographed(admin: FakeAdmin) -> None:
    assert issue(admin).seen == OrderDetails(
        order_number=ORDER,
        status=Status.UNSHIPPED,
        status_words="Unshipped",
        notes="",
        buyer_name="Michael Blankenship",
        order_total="$121.80",
    )
    assert admin.did == [
        (True, "go to", URL),
        (True, "arrive", "order_details", {"order": ORDER}),
        (True, "picture", "look_beside"),
    ]


def test_the_page_beside_is_read_while_it_is_open_and_only_once(admin: FakeAdmin) -> None:
    """After it the order's page is out of sight: what is read then is the cancel page."""
    looked = admin.details.snapshot

    def snapshot(*names: str) -> Snapshot:
        assert admin.is_beside
        return looked(*names)

    admin.details.snapshot = snapshot  # type: ignore[method-assign]
    issue(admin)
    assert admin.details.looks == 1


def test_the_look_that_found_the_page_beside_is_not_repeated(admin: FakeAdmin) -> None:
    admin.details.seen = admin.details.snapshot("order_number", "status", "notes", "buyer_name", "order_total")
    assert issue(admin).seen.status is Status.UNSHIPPED
    assert admin.details.looks == 1


def test_an_order_that_has_shipped_while_the_cancel_page_was_open_is_refused(admin: FakeAdmin) -> None:
    admin.details.texts["status"] = ["Shipped"]
    assert refusal(admin) == "The order's status has become 'Shipped'; only Unshipped can be canceled."


@pytest.mark.parametrize("number", [OTHER, f"{ORDER}1", ""])
def test_a_cancel_page_of_another_order_is_refused(admin: FakeAdmin, number: str) -> None:
    admin.cancel_page.texts["amazon_order_number"] = [number]
    assert refusal(admin) == f"The cancel page is about order {number!r}, not {ORDER}."


def test_a_cancel_page_that_names_another_order_as_well_is_refused(admin: FakeAdmin) -> None:
    admin.cancel_page.order_numbers = {ORDER, OTHER}
    assert refusal(admin) == f"The cancel page is about order {OTHER!r}, not {ORDER}."


@pytest.mark.parametrize(
    "there", [path(PACK.info.cancel_route, row="18"), path(PACK.info.order_route), "/admin/channel/amazon/", ""]
)
def test_a_cancel_page_at_another_address_is_refused(admin: FakeAdmin, there: str) -> None:
    admin.cancel_page.path = there
    assert refusal(admin) == f"The cancel page's address is not that of order {ORDER}."


def test_a_cancel_page_of_an_order_without_a_row_is_refused(admin: FakeAdmin) -> None:
    admin.details.path = "/admin/"  # an order's page that names neither
    admin.cancel_page.path = "/admin/"
    assert refusal(admin, row_id="", merchant_id="") == f"The cancel page's address is not that of order {ORDER}."


def test_a_cancel_page_without_an_address_in_the_pack_is_refused(admin: FakeAdmin) -> None:
    admin.pack = PACK.model_copy(update={"info": PACK.info.model_copy(update={"cancel_route": None})})
    assert refusal(admin) == f"The cancel page's address is not that of order {ORDER}."


# --- The script of the cancel page ----------------------------------------------------------------------------------


def test_the_script_of_the_page_is_waited_for(admin: FakeAdmin) -> None:
    """Until then a press would visit the address that cancels, without any reason."""
    admin.cancel_page.handlers = [["", CANCELS, ""], ["", CANCELS, "#"], ["", "", "#"]]
    assert issue(admin).order == ORDER
    assert admin.cancel_page.handlers == []


def test_a_page_whose_script_does_not_start_is_not_pressed(admin: FakeAdmin) -> None:
    admin.cancel_page.handlers = [["", CANCELS, ""]] * 4
    with pytest.raises(ScreenNotReached) as refused:
        issue(admin)
    assert str(refused.value) == (
        "The cancel page did not appear within 15 s: its button still sends the cancel without a reason, because the "
        "page's script has not started."
    )
    assert (admin.did, admin.cancel_page.tried) == ([], 0)


# --- The order's page -----------------------------------------------------------------------------------------------


def test_a_page_of_another_row_is_refused(admin: FakeAdmin) -> None:
    admin.details.path = path(PACK.info.order_route, row="18")
    assert (
        refused_look(admin) == f"The page of order {ORDER} is not the one that the list of store 'Nordwind UK' led to."
    )


@pytest.mark.parametrize("there", [path(PACK.info.order_route, merchant="4"), "/admin/", ""])
def test_a_page_of_another_merchant_is_refused(admin: FakeAdmin, there: str) -> None:
    admin.details.path = there
    assert refused_look(admin) == f"The page of order {ORDER} does not belong to store 'Nordwind UK'."


def test_the_look_of_the_arrival_is_enough_where_it_has_everything(admin: FakeAdmin) -> None:
    arrived = admin.details.snapshot("order_number", "status", "notes", "buyer_name", "order_total")
    assert look(admin, arrived).buyer_name == "Michael Blankenship"
    assert admin.details.looks == 1


@pytest.mark.parametrize("name", ["order_number", "status", "notes", "buyer_name", "order_total"])
@pytest.mark.parametrize("said", [[], ["Once", "Twice"], None], ids=["nothing", "twice", "not asked for"])
def test_a_page_that_was_still_drawing_when_it_came_is_looked_at_again(
    admin: FakeAdmin, name: str, said: list[str] | None
) -> None:
    texts = admin.details.texts | ({} if said is None else {name: said})
    if said is None:
        del texts[name]
    arrived = Snapshot(address="", path=admin.details.path, busy=False, texts=texts)
    assert look(admin, arrived).status is Status.UNSHIPPED
    assert admin.details.looks == 1


@pytest.mark.parametrize("said", [[], ["Once", "Twice"]], ids=["nothing", "twice"])
def test_what_a_page_says_of_an_order_may_be_missing_where_nothing_is_pressed(
    admin: FakeAdmin, said: list[str]
) -> None:
    admin.details.texts |= {"notes": said, "buyer_name": said, "order_total": said}
    seen = look(admin)
    assert (seen.status, seen.notes, seen.buyer_name, seen.order_total) == (Status.UNSHIPPED, None, None, None)


@pytest.mark.parametrize("name", ["buyer_name", "order_total"])
def test_on_the_way_to_a_press_buyer_and_total_must_be_there(admin: FakeAdmin, name: str) -> None:
    admin.details.texts[name] = []
    with pytest.raises(ElementMissing) as refused:
        compare_details(JOB, admin.opened, look(admin))
    assert str(refused.value) == str(admin.details.lacks(name))


def test_a_long_number_in_an_address_is_cut_where_a_refusal_repeats_it(admin: FakeAdmin) -> None:
    info = PACK.info.model_copy(update={"order_route": "order/{order}"})
    admin.pack = PACK.model_copy(update={"info": info})
    admin.details.path = f"/admin/order/{'7' * 100}/"
    assert refused_look(admin) == (f"The page's address is that of order {'7' * 80}... (100 characters), not {ORDER}.")


def test_an_address_that_names_no_store_is_held_against_none(admin: FakeAdmin) -> None:
    """A classic address names a merchant and a row, never a store: that fits an order whose store was not named so."""
    assert look(admin).order_number == ORDER


# --- The answer -----------------------------------------------------------------------------------------------------


def test_a_form_that_was_refused_says_so_and_any_other_answer_is_left_to_its_page() -> None:
    screen = confirm_screen(PACK)
    assert screen.answer_on_wire(Answered(status=400)) == (Answer.ERROR, "HTTP 400")
    assert screen.answer_on_wire(Answered(status=399)) is None
    assert screen.answer_on_wire(Answered(status=308)) == (
        Answer.UNCLEAR,
        "it leads to another address (HTTP 308), which was not followed",
    )
