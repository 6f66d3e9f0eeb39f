import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
from bot import errors
from bot.errors import (
    AccountLost,
    AdminBusy,
    BrowserDoesNotStart,
    BrowserServerUnusable,
    BrowserUnusable,
    CancelStopped,
    CannotSignIn,
    CannotStart,
    ChoiceAmbiguous,
    ChoiceNotOffered,
    ClaimLost,
    CodeRefused,
    CommitsNotAllowed,
    CountermandError,
    ElementAmbiguous,
    ElementCovered,
    ElementMissing,
    EvidenceNotWritten,
    FormRefused,
    GenerationUnknown,
    HttpClientBlocked,
    InputInvalid,
    IntentExpired,
    Interrupted,
    InTheWay,
    LeadsElsewhere,
    LedgerTrouble,
    ListNotRead,
    Mismatch,
    NeverPressed,
    NoBrowser,
    NotApproved,
    NothingToCheck,
    NotImported,
    NotInGrid,
    NotLookedAtAgain,
    NotReached,
    OrderNotFound,
    OrderTrouble,
    PageTrouble,
    PressedBefore,
    Problem,
    QueuedRunStopped,
    Refused,
    RunStopped,
    ScreenChanged,
    ScreenNotReached,
    SessionEnded,
    SettingsInvalid,
    SignInRefused,
    StoreNotFound,
    StoreNotRead,
    Technical,
    Unreachable,
)
from bot.outcomes import Outcome

for module in pkgutil.walk_packages(bot.__path__, "bot."):
    importlib.import_module(module.name)  # so that the family is complete, wherever a member is defined


def family(of: type[CountermandError] = CountermandError) -> Iterator[type[CountermandError]]:
    yield of
    for child in of.__subclasses__():
        yield from family(child)


FAMILY = sorted(set(family()), key=lambda member: member.__name__)

ORDER = "112-1215998-3002091"
MESSAGES: list[tuple[CountermandError, str]] = [
    (CountermandError(), "Something went wrong."),
    (SettingsInvalid(listing="COUNTERMAND_PASSWORD is not set."), "COUNTERMAND_PASSWORD is not set."),
    (CannotStart(reason="There is no terminal to ask on."), "There is no terminal to ask on."),
    (
        NoBrowser(where=" at /opt/chromium"),
        "No browser was found at /opt/chromium. Get one with: python -m playwright install chromium -- or install "
        "Chromium, Chrome or Edge -- or name one in COUNTERMAND_BROWSER.",
    ),
    (
        BrowserUnusable(named="/opt/chromium", why="there is no such file"),
        "COUNTERMAND_BROWSER names /opt/chromium, but there is no such file. Name the browser's program file, or leave "
        "the setting out to use the one that is found.",
    ),
    (
        BrowserDoesNotStart(source="The installed Chrome", why="it is ill", advice="Call a doctor."),
        "The installed Chrome does not start: it is ill. Call a doctor.",
    ),
    (
        BrowserServerUnusable(server="127.0.0.1:9323", why="nothing listens there", advice="Start it."),
        "The browser server at 127.0.0.1:9323 cannot be used: nothing listens there. Start it.",
    ),
    (
        LedgerTrouble(ledger="runs/ledger.sqlite", reason="database is locked"),
        "The ledger runs/ledger.sqlite cannot be used: database is locked",
    ),
    (
        NotApproved(run="20260301-021405-a1b2", reason="it was stopped before"),
        "Run 20260301-021405-a1b2 was not changed: it was stopped before.",
    ),
    (RunStopped(reason="The Admin is down."), "The Admin is down."),
    (NotReached("Nothing listens there.", "Check the address."), "Nothing listens there."),
    (NothingToCheck("There is no store.", "Add one."), "There is no store."),
    (
        QueuedRunStopped(reason="Confirm was pressed for 2 orders, which is the limit of this run."),
        "Confirm was pressed for 2 orders, which is the limit of this run.",
    ),
    (
        CommitsNotAllowed(test="test_it", host="shop.example", why="it is not marked with commits"),
        "Test test_it may not cancel an order at shop.example: it is not marked with commits. Nothing was pressed.",
    ),
    (
        GenerationUnknown(store="Nordwind UK", why="asc-2: The tab Orders is not there."),
        "The page of store 'Nordwind UK' does not show which version of the Amazon Sales Channel this is: asc-2: The "
        "tab Orders is not there.",
    ),
    (Interrupted(), "Interrupted."),
    (OrderTrouble(reason="It did not work."), "It did not work."),
    (Refused(reason="The page says no."), "The page says no."),
    (
        StoreNotFound(store="Nordwind UK"),
        "There is no store 'Nordwind UK' on the Amazon Sales Channel home page.",
    ),
    (
        OrderNotFound(order=ORDER, store="Nordwind UK"),
        f"Order {ORDER} is neither among the recent orders of store 'Nordwind UK' nor in All Orders.",
    ),
    (
        NotInGrid(order=ORDER),
        f"Order {ORDER} is on no page of the Orders tab, which has the orders of all stores.",
    ),
    (
        NotImported(order=ORDER),
        f"Order {ORDER} has no Commerce order, and on these screens only an imported order can be canceled.",
    ),
    (Mismatch(what="The page shows order 1, not 2."), "The page shows order 1, not 2."),
    (
        PressedBefore(order=ORDER, run_id="20260301-021405-a1b2", written_at="2026-03-01T02:14:09.120+00:00"),
        f"Confirm may have been pressed for order {ORDER} in run 20260301-021405-a1b2 "
        "(2026-03-01T02:14:09.120+00:00), and the result was never settled.",
    ),
    (Technical(reason="It did not work."), "It did not work."),
    (
        ElementMissing(screen="Order details", element="cancel_order", purpose="opens the dialog"),
        "Order details: cancel_order (opens the dialog) is not there.",
    ),
    (
        ElementAmbiguous(screen="Order details", element="cancel_order", purpose="opens the dialog", count=2),
        "Order details: cancel_order (opens the dialog) was found 2 times, so none of them was used.",
    ),
    (
        ElementCovered(screen="Order details", element="cancel_order", purpose="opens the dialog", cover=": 'Cookies'"),
        "Order details: something covers cancel_order (opens the dialog): 'Cookies'.",
    ),
    (
        StoreNotRead(screen="The home page", store="north"),
        "The home page: the app was answered with store 'north', but no card of it was found on the page, so it "
        "cannot be reported as missing.",
    ),
    (
        AccountLost(account="bot"),
        "This run was frozen for too long: another run may have signed in as bot in the meantime.",
    ),
    (
        ScreenNotReached(screen="Order details", seconds=30.0, why="its tabs are missing."),
        "Order details did not appear within 30 s: its tabs are missing.",
    ),
    (
        ScreenChanged(screen="Order details", why="its tabs are missing."),
        "Order details has changed unexpectedly: its tabs are missing.",
    ),
    (SessionEnded(reason="Your session has ended."), "Your session has ended."),
    (CodeRefused(reason="The Admin says Invalid code."), "The Admin says Invalid code."),
    (AdminBusy(status=429), "The Admin is busy and turned a request away (HTTP 429)."),
    (InTheWay("A message lies over the page.", "Read it."), "A message lies over the page."),
    (
        ChoiceNotOffered(screen="Cancel", wanted="No Inventory", element="reason", offered="Other, None"),
        "Cancel: 'No Inventory' is not among the choices of reason, which are: Other, None.",
    ),
    (
        ChoiceAmbiguous(screen="Cancel", wanted="No Inventory", element="reason", count=2),
        "Cancel: 'No Inventory' is 2 times among the choices of reason, so none of them was chosen.",
    ),
    (
        LeadsElsewhere(screen="Dashboard", element="order_link", host="sellercentral.example"),
        "Dashboard: order_link leads to sellercentral.example, which is not the Admin; it was not followed.",
    ),
    (
        HttpClientBlocked(why="self-signed certificate"),
        "The client that sends a cancel exactly once cannot reach the Admin (self-signed certificate). "
        "Nothing was pressed.",
    ),
    (
        CancelStopped(why="the page sent a cancel of order 1, which was stopped"),
        "Nothing was pressed, but the page sent a cancel of order 1, which was stopped.",
    ),
    (
        ListNotRead(screen="All Orders", order=ORDER, why="2 of its rows cannot be read."),
        f"All Orders: the list cannot be read reliably, so order {ORDER} cannot be reported as missing: 2 of its rows "
        "cannot be read.",
    ),
    (
        NeverPressed(screen="Commerce order", element="view_or_cancel", known_by="its id"),
        "Commerce order: view_or_cancel is the Commerce order's own Cancel (recognized by its id), which is not the "
        "Amazon cancel; it was not pressed.",
    ),
    (
        NotLookedAtAgain(order=ORDER, why="The page shows order 1, not 2."),
        f"Order {ORDER} could not be checked again: The page shows order 1, not 2.",
    ),
    (PageTrouble(reason="the page crashed"), "The browser failed: the page crashed"),
    (CannotSignIn(reason="There is no code."), "There is no code."),
    (SignInRefused(reason="The Admin refused it."), "The Admin refused it."),
    (FormRefused(reason="The form came back."), "The form came back."),
    (Unreachable("It did not answer.", "Wait."), "It did not answer."),
    (
        ClaimLost(order="112-1215998-3002091"),
        "Another run has taken over order 112-1215998-3002091, because this run was frozen for too long.",
    ),
    (
        IntentExpired(order="112-1215998-3002091"),
        "Confirm was not pressed for order 112-1215998-3002091: after its intent was written, this run was frozen or "
        "its clock was changed.",
    ),
    (
        EvidenceNotWritten(reason="No space left on device"),
        "The evidence could not be written (No space left on device), and no order is canceled without it.",
    ),
]


@pytest.mark.parametrize(("error", "message"), MESSAGES, ids=lambda value: type(value).__name__)
def test_an_error_says_its_sentence(error: CountermandError, message: str) -> None:
    assert (str(error), error.message, error.args) == (message, message, (message,))


def test_every_member_of_the_family_is_defined_in_one_module_and_has_its_sentence_compared_here() -> None:
    assert {member.__module__ for member in FAMILY} == {errors.__name__}
    assert set(FAMILY) == {type(error) for error, _ in MESSAGES} | {InputInvalid}


def test_an_error_outside_the_family_is_a_signal_within_one_part_and_never_told_to_a_person() -> None:
    signals = {
        node.name
        for part in ("bot", "flows")
        for path in (Path(bot.__file__).parents[1] / part).rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases)
    }
    assert signals == {
        "NotOffered",
        "NotOneControl",
        "ChannelError",
        "Covered",
        "Gone",
        "HandedBack",
        "NotOne",
        "NotSignedIn",  # becomes an answer of the console, with its status, as HTTPException does
        "NotYet",
        "Off",
        "Over",
        "TooLarge",
        "_OutOfSight",
        "_StopReading",
        "Unreadable",
    }


def test_mistakes_in_a_file_are_told_a_line_each_in_their_order() -> None:
    error = InputInvalid(
        [Problem("jobs.yaml", 3, 5, "The store is empty"), Problem("jobs.yaml", 12, 1, "The {key} is unknown")]
    )
    assert str(error) == "jobs.yaml:3:5: The store is empty\njobs.yaml:12:1: The {key} is unknown"
    assert error.message == str(error)
    assert [problem.line for problem in error.problems] == [3, 12]


def test_facts_that_hold_braces_are_told_as_they_are() -> None:
    assert str(Mismatch(what="The page shows {order} and {0}.")) == "The page shows {order} and {0}."


def test_an_error_keeps_the_facts_that_it_was_raised_with() -> None:
    assert StoreNotFound(store="Nordwind UK").facts == {"store": "Nordwind UK"}


def test_what_is_in_the_way_says_what_to_do_about_it() -> None:
    assert InTheWay("A message lies over the page.", "Read it.").next_step == "Read it."


@pytest.mark.parametrize("error", [NotReached("It is away.", "Wait."), NothingToCheck("It is empty.", "Wait.")])
def test_an_error_that_is_told_its_next_step_says_it(error: CountermandError) -> None:
    assert error.next_step == "Wait."


@pytest.mark.parametrize("member", FAMILY)
def test_every_member_has_a_whole_sentence(member: type[CountermandError]) -> None:
    assert re.fullmatch(r"[A-Z{].*[.}]", member.template)


@pytest.mark.parametrize("member", FAMILY)
def test_a_docstring_is_for_developers_and_holds_no_sentence_to_be_filled_in(member: type[CountermandError]) -> None:
    words = inspect.cleandoc(member.__dict__.get("__doc__") or "")
    assert words
    assert "{" not in words


@pytest.mark.parametrize("member", FAMILY)
def test_every_member_has_an_exit_status(member: type[CountermandError]) -> None:
    expected = (
        130
        if issubclass(member, Interrupted)
        else 2
        if issubclass(member, InputInvalid | SettingsInvalid | CannotStart)
        else 1
        if issubclass(member, OrderTrouble)
        else 3
    )
    assert member.exit_status == expected


def test_what_a_page_says_is_cut_where_a_trouble_repeats_it() -> None:
    assert str(OrderTrouble(reason="x" * 10_000_000)) == "x" * 2_000 + "... (10,000,000 characters)"


@pytest.mark.parametrize("member", [member for member in FAMILY if issubclass(member, OrderTrouble)])
def test_trouble_with_one_order_has_an_outcome_that_is_no_success(member: type[OrderTrouble]) -> None:
    assert not member.outcome.is_success
    assert (member.outcome is Outcome.FAILED) == (not issubclass(member, Refused) or member is Refused)


@pytest.mark.parametrize(
    "member",
    [
        member
        for member in FAMILY
        if issubclass(member, OrderTrouble) and member not in {OrderTrouble, Refused, InTheWay}
    ],
)
def test_trouble_with_one_order_says_what_to_do_next(member: type[OrderTrouble]) -> None:
    assert re.fullmatch(r"(?s)[A-Z].*\.", member.next_step)


@pytest.mark.parametrize("member", [member for member in FAMILY if issubclass(member, Technical)])
def test_what_may_be_begun_again_is_never_a_refusal(member: type[Technical]) -> None:
    assert not issubclass(member, Refused)


# --- The tree that the module draws ---


def drawn() -> dict[str, str]:
    """Each class of the drawing, and the one above it."""
    parents: list[str] = []
    tree: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ((?:[│ ]   )*)(?:[├└]── )?([A-Z]\w+)", line)
        if found is None:
            continue
        depth = len(found[1]) // 4 + ("── " in line)
        del parents[depth:]
        tree[found[2]] = parents[-1] if parents else ""
        parents.append(found[2])
    return tree


def test_every_class_stands_in_the_drawing_below_its_base() -> None:
    tree = drawn()
    assert tree == {name: getattr(errors, name).__base__.__name__ for name in tree} | {"CountermandError": ""}


def test_the_drawing_has_every_branch_of_the_family() -> None:
    branches = {member.__name__ for member in FAMILY if not issubclass(member, Refused | Technical)}
    assert set(drawn()) == branches | {"Refused", "Technical"}


def test_the_drawing_has_the_right_exit_statuses() -> None:
    named = dict(re.findall(r"── (\w+) .*exit status:? (\d+)", errors.__doc__ or ""))
    assert {name: int(status) for name, status in named.items()} == {
        name: getattr(errors, name).exit_status for name in named
    }
    assert set(named) == {"InputInvalid", "SettingsInvalid", "CannotStart", "RunStopped", "Interrupted"}
