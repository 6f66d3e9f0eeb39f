import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from rich.console import Console
from run_kit import STARTED, run_info

from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.reports.live import LiveProgress
from bot.reports.progress import PlainProgress, Progress, make_progress
from bot.vocabulary import Reason, Status

FIRST, SECOND, THIRD = "112-1215998-3002091", "112-1215998-3002092", "113-4417720-6118003"
INFO = run_info("20260301-021405")
DONE = OrderResult(
    order=FIRST,
    store="Nordwind UK",
    reason=Reason.NO_INVENTORY,
    outcome=Outcome.CANCELED,
    status_before=Status.UNSHIPPED,
    status_after=Status.CANCELED,
    message="The details page shows Canceled.",
    seconds=4.24,
)
DOUBTFUL = DONE.model_copy(
    update={
        "order": SECOND,
        "outcome": Outcome.UNKNOWN,
        "status_after": None,
        "message": "No answer came.",
        "next_step": "Look in Seller Central.",
        "seconds": 64.0,
    }
)
SKIPPED = DONE.model_copy(
    update={
        "order": THIRD,
        "outcome": Outcome.SKIPPED,
        "status_before": None,
        "status_after": None,
        "message": "The run stopped.",
        "attempts": 0,
        "seconds": 0.0,
    }
)
EVIL = "\x1b[31m\x1b]0;title\x07[bold]Nord\u202e\r\nwind[/bold]\x9b2J"


class Terminal(io.StringIO):
    """A stream that says it is a terminal, with that encoding."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        text.encode(self._encoding)
        return super().write(text)


class Broken(io.StringIO):
    """A stream whose reader went away."""

    def write(self, text: str, /) -> int:
        raise BrokenPipeError


class Clock:
    """Seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def work(progress: Progress, *results: OrderResult, info: RunInfo = INFO) -> None:
    progress.run_started(info, len(results))
    for number, result in enumerate(results, 1):
        if result.attempts:
            progress.order_started(number, result.order, result.store)
            progress.step("choose_reason")
        progress.order_finished(result)
    progress.run_finished(info.finished(STARTED + timedelta(seconds=123), info.stopped_early), results)


@contextmanager
def live(
    *, width: int = 100, encoding: str = "utf-8", total: int = 3, clock: Clock | None = None
) -> Iterator[tuple[LiveProgress, io.StringIO]]:
    """A live display that has begun, drawn without the codes that move a cursor."""
    stream = Terminal(encoding)
    progress = LiveProgress(Console(file=stream, width=width, force_terminal=False), clock or Clock())
    progress.run_started(INFO, total)
    try:
        yield progress, stream
    finally:
        progress.run_finished(INFO, [])


def below(progress: LiveProgress) -> list[str]:
    """The lines of the live area, as a terminal shows them."""
    with progress._console.capture() as shown:
        progress._console.print(progress.area())
    return [line.rstrip() for line in shown.get().splitlines()]


def test_plain_lines_tell_the_start_each_order_and_the_end() -> None:
    stream = io.StringIO()

    work(PlainProgress(stream), DONE, DOUBTFUL, SKIPPED)

    assert stream.getvalue().splitlines() == [
        "Run: 3 orders from jobs.yaml, at shop.example as bot",
        f"[1/3] {FIRST} (Nordwind UK): Canceled | Unshipped -> Canceled | 4.2 s",
        f"[2/3] {SECOND} (Nordwind UK): Unknown: a person must look | Unshipped | No answer came. | 1 min 4 s",
        f"[3/3] {THIRD} (Nordwind UK): Skipped | The run stopped.",
        "1 of 3 orders canceled, 1 needs a person, 1 skipped, in 2 min 3 s.",
        "The Admin accepted 1 cancel and put it into its queue; its cron job tells Amazon later, and shows nothing if "
        "that fails: run countermand audit 4 hours after this run.",
        f"Needs a person: {SECOND} (Nordwind UK): Look in Seller Central.",
    ]


def test_plain_lines_pass_remarks_on() -> None:
    stream = io.StringIO()

    PlainProgress(stream).say("signing in\nagain")

    assert stream.getvalue() == "- signing in again\n"


def test_plain_lines_are_sent_at_once() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")

    make_progress(stream).say("signing in again")

    assert raw.getvalue() == b"- signing in again\n"


@pytest.mark.parametrize("command", ["plan", "dry run"])
def test_a_run_that_cancels_nothing_says_so_first_and_last(command: str) -> None:
    stream = io.StringIO()
    would = DONE.model_copy(update={"outcome": Outcome.WOULD_CANCEL, "status_after": None})

    work(PlainProgress(stream), would, info=INFO.model_copy(update={"command": command}))

    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("as bot (nothing will be canceled)")
    assert lines[1] == f"[1/1] {FIRST} (Nordwind UK): Would be canceled | Unshipped | 4.2 s"
    assert lines[2] == "1 of 1 order would be canceled, in 2 min 3 s."
    assert lines[3].endswith("Nothing was canceled.")


def test_the_end_says_why_a_run_stopped_early() -> None:
    stream = io.StringIO()

    work(PlainProgress(stream), SKIPPED, info=INFO.model_copy(update={"stopped_early": "The Admin went down."}))

    assert stream.getvalue().splitlines()[-1] == "Stopped before the end of the list: The Admin went down."


def test_plain_lines_carry_nothing_that_steers_a_terminal() -> None:
    stream = io.StringIO()

    work(
        PlainProgress(stream),
        DOUBTFUL.model_copy(update=dict.fromkeys(("order", "store", "message", "next_step"), EVIL)),
        info=INFO.model_copy(update=dict.fromkeys(("admin", "account", "job_list", "stopped_early"), EVIL)),
    )

    assert stream.getvalue().splitlines()[1] == (
        "[1/1] [bold]Nord wind[/bold] ([bold]Nord wind[/bold]): Unknown: a person must look | Unshipped | "
        "[bold]Nord wind[/bold] | 1 min 4 s"
    )
    assert all(character == "\n" or character.isprintable() for character in stream.getvalue())


def test_a_pipe_gets_plain_lines() -> None:
    assert isinstance(make_progress(io.StringIO()), PlainProgress)


@pytest.mark.parametrize(("term", "kind"), [("xterm-256color", LiveProgress), ("dumb", PlainProgress)])
def test_a_terminal_gets_the_live_display_unless_it_is_a_dumb_one(
    monkeypatch: pytest.MonkeyPatch, term: str, kind: type
) -> None:
    monkeypatch.setenv("TERM", term)

    assert isinstance(make_progress(Terminal()), kind)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_display_that_breaks_does_not_break_the_run(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Broken()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)

    work(make_progress(stream), DONE, DOUBTFUL)


@pytest.mark.parametrize("term", ["xterm", "dumb"])
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_characters_that_the_terminal_lacks_do_not_break_the_run(
    monkeypatch: pytest.MonkeyPatch, encoding: str, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    stream = Terminal(encoding)

    work(make_progress(stream), DOUBTFUL.model_copy(update={"message": "見本 “quoted”", "store": "Süd→Nord"}))

    assert "No answer" not in stream.getvalue()
    assert "??" in stream.getvalue()


def test_on_a_terminal_a_page_cannot_write_escape_codes_or_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()

    work(
        make_progress(stream),
        DOUBTFUL.model_copy(update=dict.fromkeys(("order", "store", "message", "next_step"), EVIL)),
    )

    assert "[bold]Nord wind[/bold]" in stream.getvalue()
    for code in ("\x1b[31m\x1b]", "\x1b]0;", "\x07", "\u202e", "\x9b"):
        assert code not in stream.getvalue()


@pytest.mark.parametrize(("no_color", "colourful"), [(None, True), ("1", False)])
def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch, no_color: str | None, colourful: bool) -> None:
    monkeypatch.setenv("TERM", "xterm")
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    stream = Terminal()

    work(make_progress(stream), DONE)

    assert ("\x1b[32m" in stream.getvalue()) is colourful


def test_the_cursor_comes_back_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()

    work(make_progress(stream), DONE)

    assert stream.getvalue().rpartition("\x1b[?25l")[2].count("\x1b[?25h") == 1


def test_a_finished_order_is_one_line_that_fills_the_terminal() -> None:
    with live(width=100) as (progress, stream):
        for result in (DONE, DOUBTFUL, SKIPPED):
            progress.order_finished(result)
        lines = stream.getvalue().splitlines()[1:]

    assert lines == [
        f"✓ {FIRST}  Canceled            Unshipped → Canceled{'4.2 s':>37}",
        f"! {SECOND}  Unknown             No answer came.{'1 min 4 s':>42}",
        f"· {THIRD}  Skipped             The run stopped.{'':>41}",
    ]


def test_a_long_message_is_cut_to_the_line() -> None:
    with live(width=80) as (progress, stream):
        progress.order_finished(DOUBTFUL.model_copy(update={"message": "見本" * 30}))
        (line,) = stream.getvalue().splitlines()[1:]

    assert line == f"! {SECOND}  Unknown             {'見本' * 6}…{'1 min 4 s':>12}"


def test_a_narrow_terminal_gets_the_outcome_and_the_time() -> None:
    with live(width=50) as (progress, stream):
        progress.order_finished(DONE)
        assert stream.getvalue().splitlines()[-1] == f"✓ {FIRST}  Canceled{'4.2 s':>19}"


@pytest.mark.parametrize("width", [1, 5, 12, 23, 30, 75, 76, 77])
def test_no_width_is_too_narrow(width: int) -> None:
    with live(width=width) as (progress, stream):
        progress.order_started(1, FIRST, "Nordwind UK")
        progress.step("choose_reason")
        progress.order_finished(DOUBTFUL)

        assert max(len(line) for line in [*below(progress), *stream.getvalue().splitlines()]) <= width


def test_an_old_code_page_gets_marks_that_it_has() -> None:
    with live(encoding="cp1252") as (progress, stream):
        for result in (DONE, DOUBTFUL, SKIPPED):
            progress.order_finished(result)
        lines = stream.getvalue().splitlines()[1:]

        assert [line[0] for line in lines] == ["+", "!", "-"]
        assert "Unshipped -> Canceled" in lines[0]
        assert below(progress)[0] == f"{'-' * 40} 3 of 3 orders - 00:00 elapsed"


def test_below_stand_how_far_it_is_the_order_in_progress_and_the_counts() -> None:
    clock = Clock()
    with live(clock=clock, total=4) as (progress, _):
        assert below(progress) == [f"{' ' * 40} 0 of 4 orders · 00:00 elapsed", "", ""]

        progress.order_started(1, FIRST, "Nordwind UK")
        clock.now += 30
        progress.order_finished(DONE)
        progress.order_started(2, SECOND, "Nordwind UK")
        progress.step("choose_reason")
        clock.now += 10

        assert below(progress) == [
            f"{'━' * 10}{' ' * 30} 1 of 4 orders · 01:20 left · 00:40 elapsed · 2.0 a minute",
            f"{SECOND} · choose reason · Nordwind UK",
            "1 canceled",
        ]

        clock.now += 20
        progress.order_finished(DOUBTFUL)
        assert below(progress) == [
            f"{'━' * 20}{' ' * 20} 2 of 4 orders · 01:00 left · 01:00 elapsed · 2.0 a minute",
            "",
            "1 canceled, 1 unknown",
        ]


def test_every_worker_has_its_order_below() -> None:
    with live() as (progress, _):
        progress.order_started(1, FIRST, "Nordwind UK", worker=2)
        progress.order_started(2, SECOND, "Nordwind DE", worker=1)
        progress.step("choose_reason", worker=2)
        assert below(progress)[1:] == [f"{SECOND} · Nordwind DE", f"{FIRST} · choose reason · Nordwind UK", ""]

        progress.order_finished(DONE)
        assert below(progress)[1:] == [f"{SECOND} · Nordwind DE", "1 canceled"]


@pytest.mark.parametrize("no_color", [False, True])
def test_what_is_left_of_the_bar_is_drawn_in_another_colour_where_there_are_colours(no_color: bool) -> None:
    stream = Terminal()
    console = Console(file=stream, width=100, force_terminal=True, color_system="standard", no_color=no_color)
    progress = LiveProgress(console, Clock())
    progress.run_started(INFO, 2)
    progress.order_finished(DONE)
    (bar, *_) = [line for line in stream.getvalue().splitlines() if "1 of 2 orders" in line]
    progress.run_finished(INFO, [])

    assert bar.count("━") == (20 if no_color else 39)  # and half of one between the colours


def test_a_narrow_terminal_keeps_how_far_it_is_rather_than_the_bar() -> None:
    with live(width=29) as (progress, _):
        assert below(progress)[0] == "0 of 3 orders · 00:00 elapsed"
    with live(width=20) as (progress, _):
        assert below(progress)[0] == "0 of 3 orders · 00:…"
    with live(width=20, encoding="ascii") as (progress, _):
        assert below(progress)[0] == "0 of 3 orders - 00:0"


def test_signing_in_and_skipped_orders_do_not_count_for_the_pace() -> None:
    clock = Clock()
    with live(clock=clock) as (progress, _):
        clock.now += 500
        progress.order_started(1, FIRST, "Nordwind UK")
        clock.now += 6
        progress.order_finished(DONE)
        progress.order_finished(SKIPPED)

        assert below(progress)[0].endswith("2 of 3 orders · 00:06 left · 08:26 elapsed · 10.0 a minute")


def test_the_time_left_never_falls_below_nothing() -> None:
    clock = Clock()
    with live(clock=clock, total=2) as (progress, _):
        progress.order_started(1, FIRST, "Nordwind UK")
        clock.now += 6
        progress.order_finished(DONE)
        clock.now += 60

        assert "00:00 left" in below(progress)[0]


def test_a_remark_scrolls_by() -> None:
    with live() as (progress, stream):
        progress.say("signing in again")

        assert stream.getvalue().splitlines()[-1] == "  signing in again"


def test_the_end_sums_up_and_tells_what_to_do() -> None:
    stream = Terminal()

    work(LiveProgress(Console(file=stream, width=100, force_terminal=False), Clock()), DONE, DONE, DOUBTFUL)

    assert [line.rstrip() for line in stream.getvalue().splitlines()[4:]] == [
        "",
        "2  ✓ Canceled",
        "1  ! Unknown: a person must look",
        "",
        "2 of 3 orders canceled, 1 needs a person, in 2 min 3 s.",
        "The Admin accepted 2 cancels and put them into its queue; its cron job tells Amazon later, and shows",
        "nothing if that fails: run countermand audit 4 hours after this run.",
        "",
        f"! {SECOND}  Nordwind UK",
        "  Look in Seller Central.",
    ]


def test_asking_for_plain_lines_does_not_load_rich() -> None:
    script = "import io, sys, bot.reports.progress as p; p.make_progress(io.StringIO()); print('rich' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
