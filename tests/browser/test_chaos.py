"""A bot that is killed again and again, each time at another point: no order is canceled twice, none called canceled
that was not.

Each test is a list that is started, killed and started again until every one of its points was hit, and then worked to
its end. After each kill the practice Admin's journal is held against everything that the runs and the ledger say.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from chaos_kit import JOBS, Bots, find_out, read_results
from killed_at import SIGKILL
from practice_kit import MAIN, ORDER, US, job_list

from bot.access.find_browser import BrowserChoice
from bot.ledger import Event, Ledger
from bot.sandbox import Sandbox

ONLY_IN_ALL_ORDERS = "112-6177312-0215004"
WITHOUT_ITEMS = "111-1071022-7105011"

ON_THE_WAY = (
    "open_admin",
    "sign_in",
    "open_sales_channel",
    "open_store",
    "open_all_orders",
    "filter_by_order_number",
    "open_order",
    "open_cancel_dialog",
    "choose_reason",
)
UNTIL_THE_PRESS = (
    *(f"{step}:{side}" for step in ON_THE_WAY for side in ("before", "after")),
    "press_confirm:before",
    "permit:after",
    "intent_written:uncommitted",
    "intent:after",
    "sending:before:2",
    "read_order_anew:before",
    "read_order_anew:after",
)
WITH_AN_OPEN_INTENT = {"intent:after", "sending:before:2"}
"""The points that leave an intent which the next start settles as not sent."""
FROM_THE_PRESS_TO_THE_PROOF = {
    "sending:after:2": ("111-1071022-7104001", "unknown"),
    "noting_the_answer:before": ("111-1071022-7105018", "unknown"),
    "answer:after": (WITHOUT_ITEMS, "canceled_not_sent"),
    "press_confirm:after": ("111-1071022-7105016", "already_canceled"),
    "reopen_order:before": ("111-1071022-7105009", "already_canceled"),
    "reopen_order:after": ("111-1071022-7105008", "already_canceled"),
    "answer:before": ("111-1071022-7105014", "canceled or unknown"),
}
"""Where a bot dies -> which order it is working on then, and what is said of that order in the end.

The last one dies when the press is over: its request may have left the browser or not.
"""
AFTER_THE_PROOF = (
    "conclusion:after",
    "result:after:2",
    "go_back:before",
    "go_back:after",
    "report:before",
    "results_written:uncommitted",
)
USUAL = {
    "intent:after",
    "sending:before:2",
    "noting_the_answer:before",
    "answer:before",
    "report:before",
}
"""The points of every test run, those inside Confirm above all; the others only with --every-kill."""

Canceled = Callable[[], list[str]]
Chosen = Callable[[Iterable[str]], list[str]]


class Journey:
    """A list that is worked by one bot after another."""

    def __init__(self, bots: Bots, sandbox: Sandbox) -> None:
        self._bots = bots
        self._sandbox = sandbox
        self._listed: tuple[str, ...] = ()

    def lists(self, store: str, *orders: str) -> None:
        """What is to be canceled, by every bot from now on."""
        self._listed = orders
        (self._bots.folder / JOBS).write_text(job_list(*orders, store=store), encoding="utf-8")

    def is_killed(self, point: str) -> None:
        """A bot starts, and is killed at a point, the first time that it comes there unless the point says."""
        process = self._bots.start(kill_at=point if point.count(":") == 2 else f"{point}:1")
        assert self._bots.bury(process).ended_by_force == 0
        assert abs(process.returncode) == SIGKILL, f"not killed at {point}: {self._bots.said()}"
        assert find_out(self._bots, self._sandbox, self._listed).violations == ()

    def goes_to_its_end(self) -> dict[str, str]:
        """A bot starts, and nobody kills it: what it says of every order."""
        self._bots.bury(self._bots.start())
        assert find_out(self._bots, self._sandbox, self._listed).violations == ()
        return {order: str(result.outcome) for order, result in read_results(self._bots).items()}

    def events(self, event: Event) -> list[dict[str, object]]:
        """Every such event of every run, as the trail has it."""
        with Ledger.open(self._bots.ledger) as ledger:
            runs = reversed(ledger.runs.latest(1000))
            told = [entry.told for run in runs for entry in ledger.trail.entries(run.run_id)]
        return [one for one in told if one["event"] == event]


@pytest.fixture
def journey(sandbox: Sandbox, browser_choice: BrowserChoice, tmp_path: Path) -> Iterator[Journey]:
    """Bots that take an order that still reads Unshipped at once for one whose Confirm never arrived."""
    with Bots(tmp_path, sandbox, browser_choice.executable, recover_after=0) as bots:
        yield Journey(bots, sandbox)


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> Chosen:
    """The points of these at which a bot is killed in this test run."""
    every = request.config.getoption("--every-kill")
    return lambda points: [point for point in points if every or point in USUAL]


@pytest.fixture
def canceled(sandbox: Sandbox) -> Canceled:
    """The orders that were canceled, as they arrived."""
    return lambda: [record.order for record in sandbox.journal.cancels]


def test_every_step_of_the_flows_is_killed_before_and_after() -> None:
    flows = Path(__file__).parents[2] / "flows"
    named = {name for path in flows.glob("*.py") for name in re.findall(r'\.step\("(\w+)"\)', path.read_text("utf-8"))}
    points = {*UNTIL_THE_PRESS, *FROM_THE_PRESS_TO_THE_PROOF, *AFTER_THE_PROOF}
    left_out = {f"{name}:{side}" for name in named for side in ("before", "after")} - points
    # Only a dry run leaves the dialog; these bots are asked for no code, and nobody looks on. The steps of older
    # generations of the screens come before the press, and test_generations.py kills around that.
    older = ("open_commerce_order", "find_in_grid")
    without = ("leave_dialog", "enter_code", "sign_in_by_hand", "open_order_directly", *older)
    assert left_out == {f"{name}:{side}" for name in without for side in ("before", "after")}
    assert points >= USUAL


@pytest.mark.thorough
def test_a_bot_that_is_killed_before_the_press_has_pressed_nothing(
    journey: Journey, chosen: Chosen, canceled: Canceled
) -> None:
    orders = (ONLY_IN_ALL_ORDERS, ORDER)
    journey.lists(US, *orders)
    points = chosen(UNTIL_THE_PRESS)
    for point in points:
        journey.is_killed(point)
        assert canceled() == []
    assert journey.goes_to_its_end() == dict.fromkeys(orders, "canceled")
    assert canceled() == list(orders)
    settled = [(told["order"], told["settled_as"]) for told in journey.events(Event.SETTLED)]
    assert settled == [(ONLY_IN_ALL_ORDERS, "not-sent") for point in points if point in WITH_AN_OPEN_INTENT]
    steps = {str(told["step"]) for told in journey.events(Event.STEP)} - {"enter_code"}  # where codes are asked for
    assert steps == {*ON_THE_WAY, "press_confirm", "reopen_order", "read_order_anew", "go_back"}


def test_an_order_whose_bot_is_killed_after_the_press_is_not_pressed_again(
    journey: Journey, chosen: Chosen, canceled: Canceled
) -> None:
    points = chosen(FROM_THE_PRESS_TO_THE_PROOF)
    orders = [FROM_THE_PRESS_TO_THE_PROOF[point][0] for point in points]
    journey.lists(MAIN, *orders)
    for place, point in enumerate(points, start=1):
        journey.is_killed(point)
        assert canceled() in [orders[:place], *([orders[: place - 1]] if point == "answer:before" else [])]
    ended = journey.goes_to_its_end()
    assert canceled() == orders
    for point in points:
        order, outcome = FROM_THE_PRESS_TO_THE_PROOF[point]
        assert ended[order] in outcome.split(" or ")


@pytest.mark.thorough
def test_an_order_whose_bot_is_killed_after_the_proof_stays_canceled(
    journey: Journey, chosen: Chosen, canceled: Canceled
) -> None:
    orders = (ORDER, "112-1215998-3002089", ONLY_IN_ALL_ORDERS)
    journey.lists(US, *orders)
    for point in chosen(AFTER_THE_PROOF):
        journey.is_killed(point)
    assert journey.goes_to_its_end() == dict.fromkeys(orders, "already_canceled")
    assert canceled() == list(orders)
