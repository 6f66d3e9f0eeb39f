"""The promise *once and only once* against a simulated Admin and Amazon that may do almost anything.

What runs is the real thing: runner, flows, guard, press, ledger and decision tables. Simulated are the browser's page,
the server behind it, the clock, and processes that stop at named points, go on, or are killed there.

What nobody could keep the promise without, and what the simulation therefore respects:

1. *Lateness.* Whatever a press sends arrives within ``recover_after`` seconds of its intent, or never. A process may
   stand still for any time before its press and after it, but not inside the press itself.
2. *Imports.* What a request did to an order's status stays to be seen until a run has looked: an import does not bring
   ``Unshipped`` back over a ``Canceled`` that no answer was heard of and that no run has seen.
3. *Answers.* The Admin answers without an error only when Amazon was told.
4. *The clock* goes on, or is set back. It is never set forward.
5. *Persons* do not settle an order while its run stands between the intent and the press.

A default run tries a fixed set of histories. To try many more, other ones each time:

    RECOVERY_HISTORIES=5000 python -m pytest tests/unit/test_recovery_model.py

That also shows more mistakes, put in on purpose, to be found.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest
import sqlalchemy as sa
from greenlet import getcurrent, greenlet
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from loguru import logger
from playwright.sync_api import Error as PlaywrightError

import bot.admin.window
import bot.cancel.confirm
import bot.cancel.wire
import bot.ledger.database
import bot.ledger.leases
import bot.runner
import bot.runner.in_process
import bot.runner.worker
import flows.cancel_order
import flows.recover_order
from bot.admin import Admin
from bot.admin.recorder import NoRecorder
from bot.admin.screen import Screen
from bot.cancel.endpoint import Answered
from bot.cancel.verdicts import Verdict, after_confirm, pressed_before
from bot.cancel.wire import Wire
from bot.evidence.recorder import Recorder
from bot.joblist import Job
from bot.ledger import Ledger
from bot.ledger.database import connect_in_memory
from bot.ledger.schema import intents as intents_table
from bot.outcomes import Answer, OrderResult, Outcome, RunInfo
from bot.pack import load_pack
from bot.runner import InProcessWorker, RunEnd, RunLimits, Runner, WorkerOptions
from bot.vocabulary import Reason, Status
from flows.cancel_order import cancel_order

HISTORIES = int(os.environ.get("RECOVERY_HISTORIES", "0"))
"""How many histories to try, drawn again each time; 0 for the fixed ones of a default run."""

PACK = load_pack("asc-4.3")
URL = "https://shop.example/admin"
HOST = "shop.example/admin"
STORE, STORE_ID = "Nordwind UK", "7f3a"
LISTED = ("112-1215998-3002091", "112-1215998-3002092")
NEIGHBOUR = "112-1215998-3002093"
"""An order that is in the store and on no list."""
CONFIRM = 41
BUYER, TOTAL = "Michael Blankenship", "$121.80"

RECOVER_AFTER = 300
PATIENCE, SETTLE, CLAIM = 3, 2, 120
LONG_AGO = datetime(2026, 3, 1, 2, 14, 5, tzinfo=UTC)


class Killed(BaseException):
    """A process ends here, and does nothing more."""


# --- What the Admin does with a press ---


class Fate(NamedTuple):
    """What becomes of the request of one press."""

    arrives: tuple[int, ...] = (0,)
    """Seconds after the press; none when the request is lost, two when the browser repeats it on a cut connection."""
    deed: str = "all"
    """``all``: the status is set and Amazon is told; ``half``: the status is set; ``nothing``."""
    answer: str = "ok"
    """``ok``, ``error``, ``500``, ``nonsense``, ``cut`` (the connection) or ``silence``."""
    browser_dies: bool = False


GOOD = Fate()
_ARRIVALS = st.sampled_from([(), (0,), (0,), (1,), (60,), (299,), (300,), (0, 0), (0, 2), (1, 200)])
_DOUBTFUL = [
    Fate(arrives=(), answer="cut"),
    Fate(arrives=(299,), answer="silence"),
    Fate(deed="half", answer="silence"),
    Fate(deed="half", answer="cut"),
    Fate(answer="cut"),
]
FATES = st.one_of(
    st.sampled_from(_DOUBTFUL),
    st.just(GOOD),
    st.builds(
        Fate,
        arrives=_ARRIVALS,
        deed=st.sampled_from(["half", "nothing", "all"]),
        answer=st.sampled_from(["error", "500", "nonsense", "cut", "silence"]),
        browser_dies=st.booleans(),
    ),
    st.builds(
        Fate, arrives=_ARRIVALS.filter(bool), deed=st.just("all"), answer=st.just("ok"), browser_dies=st.booleans()
    ),
)


@dataclass
class Press:
    """A press of Confirm, as it really was."""

    order: str
    intent: int
    fate: Fate
    acted: bool = False
    on_the_way: int = 0
    excused: bool = False
    """Whether a person has said since that the order is not canceled."""
    seen: bool = False
    """Whether a run has reported since that the order reads Canceled."""


@dataclass
class Order:
    """An order, as the Admin shows it and as Amazon has it."""

    status: Status = Status.UNSHIPPED
    told: bool = False
    """Whether a cancel ever reached Amazon."""
    left: bool = False
    presses: list[Press] = field(default_factory=list)


# --- The world ---


class World:
    """The Admin, Amazon, the clock, the ledger's database and every process: the truth."""

    now: "World"

    def __init__(self) -> None:
        World.now = self
        self.seconds = 0.0
        self.set_back = 0.0
        self.engine, self.name = connect_in_memory()
        self.ledger = Ledger(self.engine, self.name)
        self.orders = {number: Order() for number in (*LISTED, NEIGHBOUR)}
        self.pending: list[tuple[float, int, Callable[[], None]]] = []
        self.processes: list[Process] = []
        self.by_persons: set[int] = set()
        self.wrong: list[str] = []
        self._count = 0

    # The clock:

    def clock(self) -> datetime:
        return LONG_AGO + timedelta(seconds=self.seconds - self.set_back)

    def pass_time(self, seconds: float) -> None:
        until = self.seconds + seconds
        while self.pending and self.pending[0][0] <= until:
            self.seconds, _, happen = self.pending.pop(0)
            happen()
        self.seconds = until

    def later(self, at: float, happen: Callable[[], None]) -> None:
        self._count += 1
        self.pending.append((at, self._count, happen))
        self.pending.sort(key=lambda due: due[:2])

    # What is pressed, and what comes of it:

    def press(self, process: "Process", page: "SimPage") -> None:
        number, fate = page.order, process.next_fate()
        order = self.orders[number]
        if number not in [job.order for job in process.jobs]:
            self.wrong.append(f"{number} was pressed and is not on the list")
        for earlier in order.presses:
            if (earlier.acted or earlier.on_the_way) and not earlier.excused:
                self.wrong.append(f"{number} was pressed again by {process.run_id} after {earlier}")
        press = Press(order=number, intent=process.intent, fate=fate, on_the_way=len(fate.arrives))
        order.presses.append(press)
        if not fate.arrives and fate.answer == "cut":
            self.later(self.seconds, lambda: page.hear(fate))
        for seconds in fate.arrives:
            at = min(self.seconds + seconds, process.intent_at + RECOVER_AFTER)  # assumption 1
            self.later(at, lambda: self._arrive(order, press, page))

    def _arrive(self, order: Order, press: Press, page: "SimPage") -> None:
        press.on_the_way -= 1
        if press.fate.deed != "nothing":
            press.acted = True
            order.status = Status.CANCELED  # the Admin does not look at the status again
            order.told = order.told or press.fate.deed == "all"
        if not press.on_the_way:
            page.hear(press.fate)

    # What else happens:

    def brings_back(self, number: str) -> bool:
        """Whether an import may show Unshipped; see assumption 2."""
        order = self.orders[number]
        doubts = [row.intent for row in self.rows(number) if row.settled_at is None and row.answer in {None, "none"}]
        unseen = [press for press in order.presses if press.acted and not press.seen and press.intent in doubts]
        return not order.left and not unseen

    # What the ledger has, and what it must not have:

    def rows(self, number: str | None = None) -> Sequence[sa.Row[Any]]:
        statement = sa.select(intents_table).order_by(intents_table.c.intent)
        if number is not None:
            statement = statement.where(intents_table.c.amazon_order == number)
        return self.ledger._database.read(statement)

    def check_the_ledger(self) -> None:
        presses = {press.intent: press for order in self.orders.values() for press in order.presses}
        rows = self.rows()
        assert set(presses) <= {row.intent for row in rows}, "a press without an intent"
        assert [row.intent for row in rows if not row.settled_at] == [
            intent.intent for intent in self.ledger.intents.waiting() if not intent.reverted
        ]
        for row in rows:
            order, press = self.orders[row.amazon_order], presses.get(row.intent)
            if row.settled_at is None or row.intent in self.by_persons:
                continue
            justified = {
                "canceled": order.told,
                "not-sent": press is None or not (press.acted or press.on_the_way),
                "overtaken": order.left and not (press and press.on_the_way),
            }
            assert justified[row.settled_as], f"{row.amazon_order} was settled as {row.settled_as} by {row.settled_by}"

    def check_result(self, process: "Process", result: OrderResult) -> None:
        order = self.orders[result.order]
        if result.outcome is Outcome.CANCELED and not order.told:
            self.wrong.append(f"{result.order} is called canceled by {process.run_id}, and Amazon was never told")
        if result.message.startswith(("Countermand itself failed", "Confirm may have been pressed, and then")):
            self.wrong.append(f"the simulation lacks something: {result.message}")
        if Status.CANCELED in {result.status_before, result.status_after}:
            for press in order.presses:
                press.seen = press.seen or press.acted
        settled = {row.intent for row in self.rows(result.order) if row.settled_by in {"person", "recovery"}}
        waits = any(intent.order == result.order for intent in self.ledger.intents.waiting())
        if result.outcome.needs_a_person and not waits and not settled - process.settled_at_start:
            self.wrong.append(f"{result.order} ended as {result.outcome} and does not wait for a person")


# --- A process that runs the list ---


class Process:
    """One run, in a process of its own, that stands still at every named point until it is told to go on."""

    def __init__(self, world: World, numbers: Sequence[str]) -> None:
        self.world = world
        self.number = len(world.processes) + 1
        self.run_id = f"run-{self.number}"
        self.jobs = [Job(order=number, store=STORE, reason=Reason.BUYER_CANCELED) for number in numbers]
        self.alive, self.known_gone = True, False
        self.at = "start"
        self.fates: list[Fate] = []
        self.intent, self.intent_at = 0, 0.0
        self.results: list[OrderResult] = []
        self.end: RunEnd | None = None
        self.wire = SimWire(URL)
        self.page = SimPage(self)
        self.settled_at_start = {row.intent for row in world.rows() if row.settled_at is not None}
        self._goal = ""
        self._ledger = Ledger(world.engine, world.name)
        self._pause_around_the_ledger()
        self._greenlet = greenlet(self._run)
        world.processes.append(self)

    @property
    def is_over(self) -> bool:
        return self.end is not None or not self.alive

    def go_on(self, goal: str, fates: Sequence[Fate]) -> None:
        """Go on to the point ``goal``, or to the end if no point of that name is left."""
        self._goal, self.fates = goal, list(fates)
        self._greenlet.switch()

    def die(self, *, known: bool) -> None:
        """Nothing more is done by it, to the ledger or to the page; ``known``, whether that can be seen from here."""
        self.alive, self.known_gone = False, known

        def dead(*_: object, **__: object) -> Any:
            raise Killed

        database = cast(Any, self._ledger._database)
        database.read = database.writing = dead
        self.page.close()

    def bury(self) -> None:
        """Let go of what is left of it in this test."""
        if not self.alive and not self._greenlet.dead:
            self._greenlet.throw(Killed)

    def next_fate(self) -> Fate:
        return self.fates.pop(0) if self.fates else GOOD

    def pause(self, point: str) -> None:
        self.at = point
        if point == self._goal:
            self._goal = ""
            getcurrent().parent.switch()
        if not self.alive:
            raise Killed
        self.at = ""

    # What the runner is given:

    def run_started(self, info: RunInfo, total: int) -> None: ...

    def order_started(self, number: int, order: str, store: str, worker: int = 1) -> None: ...

    def order_finished(self, result: OrderResult) -> None:
        self.results.append(result)
        self.world.check_result(self, result)

    def run_finished(self, info: RunInfo, results: Sequence[OrderResult]) -> None: ...

    def say(self, remark: str) -> None: ...

    def step(self, name: str, worker: int = 1) -> None:
        self.pause(name)

    def _fresh_page(self) -> Any:
        self.page.close()
        self.page = SimPage(self)
        return self.page

    @contextmanager
    def _open_admin(self) -> Iterator[Admin]:
        admin = SimAdmin(
            cast(Any, self.page),
            PACK,
            URL,
            ledger=self._ledger,
            patience=PATIENCE,
            settle=SETTLE,
            recover_after=RECOVER_AFTER,
            fresh_page=self._fresh_page,
            on_step=self.step,
            wire=self.wire,
        )
        admin.open()
        yield admin

    def _run(self) -> None:
        worker = InProcessWorker(
            work=cancel_order,
            open_admin=self._open_admin,
            ledger=self._ledger,
            recorder=cast(Recorder, NoRecorder()),
            options=WorkerOptions(attempts=2, claim_seconds=CLAIM),
        )
        runner = Runner(worker, ledger=self._ledger, progress=self, limits=RunLimits(max_failures=5))
        info = RunInfo(
            run_id=self.run_id,
            command="run",
            admin=HOST,
            account="bot",
            pack="asc-4.3",
            job_list="jobs.yaml",
            started_at=self.world.clock(),
            version="0.1.0",
        )
        try:
            self.pause("start")
            self.end = runner.run(info, self.jobs)
        except Killed:
            return

    def _pause_around_the_ledger(self) -> None:
        intents, runs = cast(Any, self._ledger.intents), cast(Any, self._ledger.runs)
        write, note_answer, finish = intents.write, intents.note_answer, runs.finish_order

        def write_and_know_when(admin: str, permit: Any) -> int:
            self.pause("permit_issued")
            self.intent_at = self.world.seconds
            self.intent = int(write(admin, permit))
            self.pause("intent_written")
            return self.intent

        def note_later(*answer: Any) -> None:
            self.pause("answer_heard")
            note_answer(*answer)

        def finish_later(result: OrderResult) -> Any:
            self.pause("concluded")
            return finish(result)

        intents.write, intents.note_answer, runs.finish_order = write_and_know_when, note_later, finish_later


POINTS = (
    "start",
    "open_order",
    "read_order_anew",
    "choose_reason",
    "permit_issued",
    "intent_written",
    "pressed",
    "answer_heard",
    "reopen_order",
    "concluded",
)


# --- Its browser ---


class SimAdmin(Admin):
    """The real Admin; only its screens read the simulated page, on which nothing ever interrupts."""

    def screen(self, name: str, **facts: str) -> Screen:
        return SimScreen(self, self.pack.screens[name], facts)

    def element(self, number: int) -> Any:
        assert number == CONFIRM
        return cast(SimPage, self.page).confirm

    def notice_interruptions(self, *, besides: Any = ()) -> None: ...

    def interruption_signs(self, besides: Any) -> list[dict[str, Any]]:
        return []


class SimWire(Wire):
    """The real wire, around a page that sends one cancel for one press; its app has always answered well."""

    def watch(self, page: Any) -> None:
        self.answers_well(stores=[])

    def answers_well(self, **data: Any) -> None:
        """The app is answered with these data."""
        self.endpoint.answered(", ".join(data), Answered(status=200, body=json.dumps({"data": data}).encode()))

    def try_out(self, page: Any, patience: float) -> None: ...

    def lets_out(self) -> bool:
        """Whether the cancel that the page sends now would leave."""
        passage = self._passage
        assert passage is not None
        passage.left = passage.is_fresh and passage.still_ours()
        if not passage.left:
            passage.stopped = "the program stood still"
        return passage.left

    def hear(self, answered: Answered) -> None:
        """The answer has come, if anybody still listens."""
        if self._passage is not None:
            self._passage.answered = answered


class SimScreen(Screen):
    """The real screen, where it looks into the page by Playwright's means replaced by looks into the simulated one."""

    def the_only(self, name: str) -> int:
        self._exactly_one(name, self.count(name))
        self._page.confirm = SimElement(self._page, self.spec.screen, name, self.facts)
        return CONFIRM

    def _part(self, *names: str, **more: Any) -> dict[str, Any]:
        return super()._part(*names, **more) | {"screen": self.spec.screen}

    def _request(self, name: str, **more: Any) -> dict[str, Any]:
        return {"screen": self.spec.screen, "name": name, "facts": self.facts}

    def click_in_row(self, name: str, row: str, *columns: str) -> dict[str, str]:
        assert self.count(row) == 1
        self.click(name)
        return {"buyer_name": BUYER, "order_total": TOTAL}

    def scroll_on(self, column: str) -> bool:
        return False

    def choose(self, name: str, words: str) -> None:
        self.check()
        self._page.reason = words

    def chosen(self, name: str) -> str:
        return self._page.reason

    @property
    def _page(self) -> "SimPage":
        return cast(SimPage, self.window.page)


class SimElement:
    """What answers to an element of the pack on the simulated page."""

    def __init__(self, page: "SimPage", screen: str, name: str, facts: dict[str, str]) -> None:
        self.page, self.screen, self.name, self.facts = page, screen, name, facts

    def click(self, *, timeout: float, no_wait_after: bool) -> None:
        self.page.check_open()
        assert len(self.page.shows(self.screen, self.name, self.facts)) == 1, f"{self.screen}.{self.name} is not there"
        self.page.click(self.name, self.facts)


class SimMouse:
    """What presses the element that the page was made ready for."""

    def __init__(self, page: "SimPage") -> None:
        self.page = page

    def click(self, x: float, y: float) -> None:
        name, facts = self.page.ready_for
        self.page.click(name, facts)


class SimPage:
    """A browser's page in the Admin. What it shows of an order is as old as its last drawing."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.place = "nowhere"
        self.order = ""
        self.drawn = Status.UNSHIPPED
        self.dialog = False
        self.reason = ""
        self.messages: dict[str, str] = {}
        self.wire = process.wire
        self.mouse = SimMouse(self)
        self.ready_for: tuple[str, dict[str, str]] = ("", {})
        self.confirm: SimElement | None = None
        self._closed = False
        self._awaited = False

    # What Playwright's page is asked for:

    @property
    def context(self) -> "SimPage":
        return self

    def cookies(self) -> list[str]:
        return ["admin"]

    def set_default_timeout(self, timeout: float) -> None: ...

    def add_init_script(self, script: str) -> None: ...

    def goto(self, url: str, wait_until: str) -> None:
        self._draw("start_page")

    def reload(self, wait_until: str) -> None:
        self._draw(self.place)

    def is_closed(self) -> bool:
        return self._closed

    def evaluate(self, script: str, argument: Any = None) -> Any:
        self.check_open()
        match [argument[0], json.loads(argument[1])] if isinstance(argument, list) else argument:
            case ["look", asked]:
                return self._looked_at(asked["parts"])
            case ["awaitLook", asked]:
                parts = [part for part in asked["parts"] if not part.get("late")]
                seen = self._looked_at(parts)
                if any(self._is_wanted(*each) for each in zip(parts, seen["parts"], strict=True)):
                    return seen
                self.process.world.pass_time(1)
                return self._looked_at(parts)
            case ["aim", asked]:
                self.ready_for = (asked["press"]["name"], asked["press"]["facts"])
                return self._looked_at(asked["parts"]) | {"state": "ready", "x": 0, "y": 0}
            case ["hasArrived", _]:
                return True
        if "location.hash" in script:
            return self.address()
        self.process.world.pass_time(1)
        act, told = argument
        known, _ = json.loads(told)
        return True if act == "awaitRest" else known + 1

    def on(self, event: str, listener: object) -> None: ...

    def remove_listener(self, event: str, listener: object) -> None: ...

    url = URL

    # What it shows:

    def check_open(self) -> None:
        if self._closed:
            raise PlaywrightError("Page.evaluate: Target page, context or browser has been closed")

    def close(self) -> None:
        self._closed = True

    def address(self) -> str:
        dashboard = str(PACK.info.store_route).format(store_id=STORE_ID)
        order = str(PACK.info.order_route).format(store_id=STORE_ID, order=self.order)
        return {"store_dashboard": dashboard, "order_details": order}.get(self.place, "")

    def reads(self, screen: str, name: str) -> list[str]:
        fields = {
            ("store_dashboard", "store_name"): STORE,
            ("order_details", "order_number"): self.order,
            ("order_details", "status"): str(self.drawn),
            ("order_details", "notes"): "",
            ("order_details", "buyer_name"): BUYER,
            ("order_details", "order_total"): TOTAL,
        }
        return [fields[screen, name]] if screen == self.place and (screen, name) in fields else []

    def shows(self, screen: str, name: str, facts: dict[str, str]) -> list[str]:
        if screen == "answer":
            return [text for kind, text in self.messages.items() if name in {kind, "messages"}]
        if screen == "cancel_dialog":
            return [f"Cancel order {self.order}?"] if self.dialog else []
        there = screen == self.place
        if name in {"order_row", "order_link"}:
            there = there and facts["order"] in self.process.world.orders
        if name == "cancel_order":
            there = there and self.drawn is Status.UNSHIPPED
        return [name] if there else []

    # What is done to it:

    def click(self, name: str, facts: dict[str, str]) -> None:
        if name == "confirm":
            if not self.wire.lets_out():
                return
            self.process.world.press(self.process, self)
            self._awaited = True
            self.process.pause("pressed")
            if self.process.world.orders[self.order].presses[-1].fate.browser_dies:
                self.close()
                raise PlaywrightError("Locator.click: Target page, context or browser has been closed")
        elif name == "cancel_order":
            self.dialog = True
        elif name == "order_link":
            self.order = facts["order"]
            self._draw("order_details")
        else:
            places = {"amazon_sales_channel": "home", "view_store": "store_dashboard", "back": "store_dashboard"}
            self._draw(places.get(name, self.place))

    def hear(self, fate: Fate) -> None:
        """The answer has come, if the page that asked is still there."""
        if self._closed or not self._awaited or fate.answer == "silence":
            return
        self._awaited = False
        if fate.answer == "cut":
            return self.wire.hear(Answered(trouble="the connection was reset"))
        said: object = {
            "ok": {"data": {"cancelOrder": {"uuid": STORE_ID}}},
            "error": {"errors": [{"message": "Unable to cancel Amazon order"}]},
            "nonsense": {"data": {}},
        }.get(fate.answer)
        self.dialog = False
        if fate.answer in {"error", "500"}:
            self.messages["error"] = "Unable to cancel Amazon order"
        if fate.answer == "ok":
            self.messages["success"] = "The Amazon order has been canceled."
        status = 500 if fate.answer == "500" else 200
        self.wire.hear(Answered(status=status, body=json.dumps(said).encode()))

    def _looked_at(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        return {"address": self.address(), "path": "", "changes": -1, "parts": [self._answer(part) for part in parts]}

    def _is_wanted(self, part: dict[str, Any], answer: dict[str, Any]) -> bool:
        """Whether a look that waits has seen what this part of it wants."""
        wants = part.get("wants", {})
        seen = answer["finds"] | answer["reading"]["fields"] | answer["reading"]["columns"]
        return (
            all(len(seen[name]) == 1 for name in wants.get("once", ()))
            and all(seen[name] for name in wants.get("some", ()))
            and not any(seen[name] for name in wants.get("never", ()))
        )

    def _answer(self, part: dict[str, Any]) -> dict[str, Any]:
        reading = part.get("reading") or {"fields": {}, "columns": {}}
        finds = {
            key: [{"number": 0, "words": text} for text in self.shows(asked["screen"], asked["name"], asked["facts"])]
            for key, asked in part["finds"].items()
        }
        read = {
            kind: {name: self.reads(part["screen"], name) for name in reading[kind]} for kind in ("fields", "columns")
        }
        return {"busy": False, "finds": finds, "reading": read | {"alone": []}}

    def _draw(self, place: str) -> None:
        self.check_open()
        self.place, self.dialog, self.reason, self.messages, self._awaited = place, False, "", {}, False
        if place == "order_details":
            self.drawn = self.process.world.orders[self.order].status
        elif place == "store_dashboard":
            self.wire.answers_well(recentOrders=list(LISTED))


# --- Every history ---


class Histories(RuleBasedStateMachine):
    """Runs, and what happens between and inside them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def _running(self) -> list[Process]:
        return [process for process in self.world.processes if not process.is_over]

    def _some_run_is_on(self) -> bool:
        return bool(self._running())

    @rule(
        numbers=st.sampled_from([LISTED, LISTED[:1], LISTED[1:], LISTED[::-1]]),
        goal=st.sampled_from(["", *POINTS]),
        fates=st.lists(FATES, max_size=2),
    )
    @precondition(lambda self: len(self._running()) < 2)
    def a_run_begins(self, numbers: Sequence[str], goal: str, fates: list[Fate]) -> None:
        Process(self.world, numbers).go_on(goal, fates)

    @initialize(fates=st.lists(FATES, min_size=2, max_size=2), goal=st.sampled_from(["", *POINTS]))
    def there_was_a_run(self, fates: list[Fate], goal: str) -> None:
        Process(self.world, LISTED).go_on(goal, fates)

    @rule(
        fates=st.lists(FATES, min_size=1, max_size=2),
        seconds=st.sampled_from([0, RECOVER_AFTER]),
        imported=st.booleans(),
    )
    @precondition(lambda self: len(self._running()) < 2)
    def a_run_from_begin_to_end(self, fates: list[Fate], seconds: int, imported: bool) -> None:
        self.world.pass_time(seconds)
        for number in LISTED * imported:
            self._import(number, accepted=False)
        Process(self.world, LISTED).go_on("", fates)

    @rule(which=st.integers(0, 1), goal=st.sampled_from(["", *POINTS]), fates=st.lists(FATES, max_size=2))
    @precondition(_some_run_is_on)
    def a_run_goes_on(self, which: int, goal: str, fates: list[Fate]) -> None:
        running = self._running()
        running[which % len(running)].go_on(goal, fates)

    @rule(which=st.integers(0, 1), known=st.booleans())
    @precondition(_some_run_is_on)
    def a_run_is_killed(self, which: int, known: bool) -> None:
        running = self._running()
        running[which % len(running)].die(known=known)

    @rule(seconds=st.sampled_from([1, 30, CLAIM + 1, RECOVER_AFTER - 1, RECOVER_AFTER, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @rule(seconds=st.sampled_from([1, RECOVER_AFTER, 3600]))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.world.set_back += seconds

    @rule(number=st.sampled_from(LISTED))
    @precondition(lambda self: sum(len(order.presses) for order in self.world.orders.values()) > 1)
    def an_order_ships(self, number: str) -> None:
        order = self.world.orders[number]
        order.left, order.status = True, Status.SHIPPED

    @rule(number=st.sampled_from(LISTED), accepted=st.booleans())
    def amazon_is_imported(self, number: str, accepted: bool) -> None:
        self._import(number, accepted=accepted)

    def _import(self, number: str, *, accepted: bool) -> None:
        order = self.world.orders[number]
        if order.left:
            order.status = Status.SHIPPED
        elif order.told and accepted:
            order.status = Status.CANCELED
        elif self.world.brings_back(number):
            order.status = Status.UNSHIPPED

    @rule(number=st.sampled_from(LISTED), settled_as=st.sampled_from(["canceled", "not-canceled"]))
    def a_person_settles_what_waits(self, number: str, settled_as: str) -> None:
        ledger = Ledger(self.world.engine, self.world.name)
        about_to_press = {process.intent for process in self._running() if process.at == "intent_written"}
        for intent in ledger.intents.waiting(number):
            if intent.intent in about_to_press:  # assumption 5
                continue
            ledger.intents.settle(intent.intent, settled_as, by="person", why="seen in Seller Central")
            self.world.by_persons.add(intent.intent)
            for press in self.world.orders[number].presses:
                press.excused = press.excused or (press.intent == intent.intent and settled_as == "not-canceled")

    @invariant()
    def nothing_is_pressed_twice_or_wrongly_called_done(self) -> None:
        for process in self.world.processes:
            process.bury()
        assert not self.world.wrong, "; ".join(self.world.wrong)

    @invariant()
    def the_ledger_is_true(self) -> None:
        self.world.check_the_ledger()

    @invariant()
    def every_order_of_a_finished_run_has_one_outcome(self) -> None:
        for process in self.world.processes:
            if process.end is not None:
                wanted = [job.order for job in process.jobs]
                assert [result.order for result in process.end.results] == wanted
                assert sorted(result.order for result in process.results) == sorted(wanted)
                assert self.world.ledger.runs.results(process.run_id) == list(process.end.results)
                assert process.end.info.stopped_early == ""

    def teardown(self) -> None:
        for process in self.world.processes:
            if not process.is_over:
                process.die(known=True)
            process.bury()
        self.world.engine.dispose()


class WorldsDatetime(datetime):
    """``datetime``, by the world's clock."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return World.now.clock()


@pytest.fixture(autouse=True)
def _simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is the world's, and so are the processes; the log is silent."""
    clock = SimpleNamespace(time=lambda: World.now.clock().timestamp(), monotonic=lambda: World.now.seconds)
    for module in (
        bot.admin.window,
        bot.cancel.confirm,
        bot.cancel.wire,
        bot.runner.in_process,
        bot.runner.worker,
        bot.ledger.database,
        bot.ledger.leases,
    ):
        monkeypatch.setattr(module, "time", clock)
    for module in (bot.runner, bot.ledger.database):
        monkeypatch.setattr(module, "datetime", WorldsDatetime)

    def this_process() -> str:
        running = getcurrent()
        return next(process.run_id for process in World.now.processes if process._greenlet is running)

    def is_gone(name: str) -> bool:
        return any(process.run_id == name and process.known_gone for process in World.now.processes)

    monkeypatch.setattr(bot.ledger.leases, "this_process", this_process)
    monkeypatch.setattr(bot.ledger.leases, "is_gone", is_gone)
    logger.remove()


def run_histories(examples: int, *, shrink: bool = True) -> None:
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            derandomize=not HISTORIES,
            database=None,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


def test_in_any_history_nothing_is_pressed_twice_and_nothing_is_wrongly_called_canceled() -> None:
    run_histories(HISTORIES or 40)


# --- The model can fail ---


def presses_any_unshipped_again(*told: Any, **more: Any) -> Verdict | None:
    return None if told[4] is Status.UNSHIPPED else pressed_before(*told, **more)


def waits_for_nothing(*told: Any, settled: bool, **more: Any) -> Verdict | None:
    return pressed_before(*told, settled=True, **more)


def forgets_what_it_saw(*told: Any, was_canceled: bool, **more: Any) -> Verdict | None:
    return pressed_before(*told, was_canceled=False, **more)


def takes_canceled_for_an_answer(
    run_id: str, at: str, answer: Answer | None, words: str, status: Status | None, **more: Any
) -> Verdict | None:
    heard = Answer.OK if status is Status.CANCELED else answer
    return pressed_before(run_id, at, heard, words, status, **more)


def needs_no_answer(answer: Answer, words: str, status: Status | None) -> Verdict:
    return after_confirm(Answer.OK if status is Status.CANCELED else answer, words, status)


def knows_of_no_cancel(*_: object) -> None: ...


MISTAKES: list[tuple[Any, str, Callable[..., Any], str]] = [
    (flows.recover_order, "pressed_before", presses_any_unshipped_again, "was pressed again by"),
    (flows.recover_order, "pressed_before", takes_canceled_for_an_answer, "Amazon was never told"),
    # The others take longer to find:
    (flows.recover_order, "pressed_before", waits_for_nothing, "was pressed again by|settled as not-sent"),
    (flows.recover_order, "pressed_before", forgets_what_it_saw, "was pressed again by|settled as not-sent"),
    (flows.recover_order, "undone_cancel", knows_of_no_cancel, "was pressed again by"),
    (flows.cancel_order, "after_confirm", needs_no_answer, "Amazon was never told"),
]


@pytest.mark.parametrize(("module", "name", "mutation", "found"), MISTAKES if HISTORIES else MISTAKES[:2])
def test_a_mistake_in_what_is_decided_is_found(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, mutation: Callable[..., Any], found: str
) -> None:
    monkeypatch.setattr(module, name, mutation)
    with pytest.raises(AssertionError, match=found):
        run_histories(500, shrink=False)


# --- Histories that were found once ---


def test_an_order_that_was_proved_canceled_and_reads_unshipped_again_is_not_pressed_again() -> None:
    world = World()
    first = Process(world, LISTED[:1])
    first.go_on("", [])
    assert [result.outcome for result in first.results] == [Outcome.CANCELED]
    world.orders[LISTED[0]].status = Status.UNSHIPPED
    second = Process(world, LISTED[:1])
    second.go_on("", [])
    (result,) = second.results
    (intent,) = world.ledger.intents.canceled_since(HOST, LONG_AGO)
    assert (result.outcome, result.message) == (
        Outcome.REVERTED,
        f"Canceled in run run-1 ({intent.written_at}), but it reads Unshipped now: Amazon did not keep the cancel.",
    )
    assert intent.looked_status == "Unshipped"
    assert len(world.orders[LISTED[0]].presses) == 1


def test_an_order_that_was_seen_canceled_without_an_answer_and_reads_unshipped_again_is_not_pressed_again() -> None:
    world = World()
    Process(world, LISTED[:1]).go_on("", [Fate(answer="cut")])
    world.orders[LISTED[0]].status = Status.UNSHIPPED
    world.pass_time(RECOVER_AFTER)
    again = Process(world, LISTED[:1])
    again.go_on("", [])
    assert [(result.outcome, result.status_before) for result in again.results] == [(Outcome.UNKNOWN, Status.UNSHIPPED)]
    assert len(world.orders[LISTED[0]].presses) == 1
    assert [intent.order for intent in world.ledger.intents.waiting()] == [LISTED[0]]


def test_an_order_that_recovery_saw_canceled_and_that_reads_unshipped_again_is_not_pressed_again() -> None:
    world = World()
    Process(world, LISTED[:1]).go_on("", [Fate(arrives=(60,), answer="silence")])
    world.pass_time(60)
    Process(world, LISTED[:1]).go_on("", [])
    world.orders[LISTED[0]].status = Status.UNSHIPPED
    world.pass_time(RECOVER_AFTER)
    again = Process(world, LISTED[:1])
    again.go_on("", [])
    assert [(result.outcome, result.status_before) for result in again.results] == [(Outcome.UNKNOWN, Status.UNSHIPPED)]
    assert len(world.orders[LISTED[0]].presses) == 1


def test_an_order_that_has_left_waits_as_long_as_a_late_request_may_still_arrive() -> None:
    world = World()
    order = world.orders[LISTED[0]]
    Process(world, LISTED[:1]).go_on("", [Fate(arrives=(60,), deed="half", answer="error")])
    order.left, order.status = True, Status.SHIPPED
    soon = Process(world, LISTED[:1])
    soon.go_on("", [])
    assert [result.outcome for result in soon.results] == [Outcome.NOT_CANCELABLE]
    assert [intent.order for intent in world.ledger.intents.waiting()] == [LISTED[0]]
    world.pass_time(60)
    late = Process(world, LISTED[:1])
    late.go_on("", [])
    assert [(result.outcome, result.status_before) for result in late.results] == [(Outcome.UNKNOWN, Status.CANCELED)]
    order.status = Status.SHIPPED
    world.pass_time(RECOVER_AFTER)
    at_last = Process(world, LISTED[:1])
    at_last.go_on("", [])
    assert [result.outcome for result in at_last.results] == [Outcome.NOT_CANCELABLE]
    assert (world.ledger.intents.waiting(), len(order.presses)) == ([], 1)


def test_a_run_that_stood_still_between_its_intent_and_its_press_does_not_press() -> None:
    world = World()
    asleep = Process(world, LISTED[:1])
    asleep.go_on("intent_written", [])
    world.pass_time(RECOVER_AFTER)
    Process(world, LISTED[:1]).go_on("", [])
    world.orders[LISTED[0]].status = Status.UNSHIPPED
    asleep.go_on("", [])
    assert [result.outcome for result in asleep.results] == [Outcome.REVERTED]
    assert len(world.orders[LISTED[0]].presses) == 1


def test_an_order_whose_run_stood_still_before_its_press_is_canceled_by_a_later_one() -> None:
    world = World()
    asleep = Process(world, LISTED[:1])
    asleep.go_on("intent_written", [])
    world.pass_time(31)
    asleep.go_on("", [])
    assert [result.outcome for result in asleep.results] == [Outcome.UNKNOWN]
    world.pass_time(RECOVER_AFTER)
    later = Process(world, LISTED[:1])
    later.go_on("", [])
    assert [result.outcome for result in later.results] == [Outcome.CANCELED]
    assert [row.settled_as for row in world.rows()] == ["not-sent", "canceled"]
    assert len(world.orders[LISTED[0]].presses) == 1


# --- The simulation does what it is told ---


@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        (GOOD, Outcome.CANCELED),
        (Fate(arrives=(0, 0)), Outcome.CANCELED),
        (Fate(arrives=(), answer="cut"), Outcome.UNKNOWN),
        (Fate(arrives=(60,)), Outcome.UNKNOWN),
        (Fate(deed="half", answer="error"), Outcome.CANCELED_NOT_SENT),
        (Fate(deed="half", answer="500"), Outcome.CANCELED_NOT_SENT),
        (Fate(deed="half", answer="silence"), Outcome.UNKNOWN),
        (Fate(deed="nothing", answer="error"), Outcome.UNKNOWN),
        (Fate(answer="nonsense"), Outcome.UNKNOWN),
        (Fate(answer="cut"), Outcome.UNKNOWN),
        (Fate(browser_dies=True), Outcome.UNKNOWN),
    ],
)
def test_every_fate_of_a_press_has_its_outcome(fate: Fate, outcome: Outcome) -> None:
    world = World()
    process = Process(world, LISTED[:1])
    process.go_on("", [fate])
    assert [result.outcome for result in process.results] == [outcome]
    assert world.wrong == []


@pytest.mark.parametrize("point", POINTS)
def test_a_run_stands_still_at_every_point_and_does_nothing_more_once_it_is_killed_there(point: str) -> None:
    world = World()
    if point == "read_order_anew":
        Process(world, LISTED[:1]).go_on("", [Fate(arrives=())])
        world.pass_time(RECOVER_AFTER)
    process = Process(world, LISTED[:1])
    process.go_on(point, [])
    presses = len(world.orders[LISTED[0]].presses)
    assert process.at == point
    process.die(known=True)
    process.bury()
    assert (process.end, process.results[:-1], len(world.orders[LISTED[0]].presses)) == (None, [], presses)
