"""Checks every screen of a walk once, and remembers what was found."""

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.admin import Admin
from bot.admin.camera import LONGEST_MOTION
from bot.admin.changes import motion_ends
from bot.admin.look import find
from bot.admin.screen import Screen
from bot.admin.window import Window
from bot.checks.check import contract, drift
from bot.checks.check.baseline import Baseline, baselines_folder, read_baseline, write_baseline
from bot.checks.check.landmarks import differences, landmarks
from bot.checks.check.model import BY_BASELINE, Aspect, AspectState, Box, Drift, ScreenReport
from bot.checks.check.picture import Comparison, compare, masked
from bot.checks.check.snapshot import Snapshot, folded, is_data, neutral, take_snapshot
from bot.errors import CountermandError, Technical
from bot.pack import Pack

TOLERANCE = 0.1
"""Percent of the compared pixels that may look different."""

ONLY_CONFIRM = frozenset({"answer"})
"""The screens that only Confirm leads to."""


@dataclass(frozen=True)
class Pictures:
    """PNGs of one screen, with everything that is data painted over; those that do not exist are empty."""

    after: bytes
    before: bytes = b""
    difference: bytes = b""


@dataclass
class Inspector:
    """Compares each screen of a walk with contract and baseline.

    Args:
        baselines: the folder of the baselines; None is the usual place of the pack.
        update: whether to rewrite the baselines of screens whose contract holds.
        tolerance: percent of the compared pixels that may look different.
        looks: whether pictures are taken and compared.
        data: texts that are data wherever they appear, such as the account's name.
    """

    baselines: Path | None = None
    update: bool = False
    tolerance: float = TOLERANCE
    looks: bool = True
    data: Collection[str] = ()
    reports: dict[str, ScreenReport] = field(default_factory=dict)
    pictures: dict[str, Pictures] = field(default_factory=dict)

    def opened(self, admin: Admin, data: Collection[str] = ()) -> None:
        """From now on check every screen that the walk reaches."""
        self.data = (*self.data, *data)
        admin.on_arrival = self.arrived

    def arrived(self, screen: Screen) -> None:
        """Check a screen, unless that was done already."""
        if screen.spec.screen not in self.reports:
            screen.window.quiet()
            self.reports[screen.spec.screen] = self.inspect(screen)

    def failed(self, error: CountermandError) -> None:
        """Look at the screen on which a walk ended, and say what is there instead of what it needed."""
        screen = error.at if isinstance(error, Technical) and isinstance(error.at, Screen) else None
        if screen is None:
            return
        report = self.inspect(screen)
        element = str(error.facts.get("element", ""))
        found = list(report.drifts)
        if element in screen.spec.elements and not any(one.element == element for one in found):
            knowing = contract.knowing(screen)
            snapshot = take_snapshot(screen.window.page)
            baseline = self._baseline(screen.window.pack, screen.spec.screen)
            found.insert(0, drift.missing(knowing, element, snapshot, baseline and baseline[0]))
        if not found:
            found.insert(0, Drift(aspect=Aspect.CHECKS, what=error.message))
        states = {one.aspect: AspectState.DIFFERS for one in found}
        self.reports[screen.spec.screen] = report.model_copy(
            update={"drifts": tuple(found), "aspects": report.aspects | states}
        )

    def offered(self, screen: Screen, name: str, words: list[str]) -> None:
        """Compare the words that a pick list offers with those that the pack knows."""
        report = self.reports.get(screen.spec.screen)
        found = tuple(contract.reasons(screen, name, words))
        if report is not None and found:
            self.reports[screen.spec.screen] = report.model_copy(
                update={
                    "drifts": report.drifts + found,
                    "aspects": report.aspects | {Aspect.WORDING: AspectState.DIFFERS},
                }
            )

    def inspect(self, screen: Screen) -> ScreenReport:
        """Compare the open screen with its contract and its baseline, without acting on the page.

        Raises:
            InputInvalid, CannotStart: the baseline is damaged.
        """
        screen = contract.knowing(screen)
        name = screen.spec.screen
        screen.window.page.evaluate("() => scrollTo(0, 0)")  # an app may leave it where it was scrolled to
        motion_ends(screen.window.page, LONGEST_MOTION)  # what still opens is in another place than in the baseline
        snapshot = take_snapshot(screen.window.page)
        kept = self._baseline(screen.window.pack, name)
        drifts = list(contract.hold(screen, snapshot, kept[0] if kept else None))
        aspects = dict.fromkeys(Aspect, AspectState.HOLDS)
        aspects |= {one.aspect: AspectState.DIFFERS for one in drifts}

        data, names = {*contract.private_words(screen), *self.data}, {*contract.names_of_data(screen), *self.data}
        known = contract.words_known(screen)
        with _messages_hidden(screen.window) as some:
            seen = take_snapshot(screen.window.page) if some else snapshot
            lines = landmarks(seen, known, names)
            picture = b""
            if self.looks:
                screen.window.page.mouse.move(-1, -1)  # what is under it looks different
                png = screen.window.page.screenshot(animations="disabled")
                picture = masked(png, masks(seen, data, known), seen.around)
        changed = None
        self.pictures[name] = Pictures(after=picture)
        if self.update and not drifts:
            self._write(screen, snapshot, lines, names, picture)
        elif kept is None:
            aspects |= dict.fromkeys(BY_BASELINE, AspectState.NO_BASELINE)
        else:
            baseline, before = kept
            gone = differences(baseline.landmarks, lines)
            if gone:
                drifts.append(_rearranged(baseline, gone))
                aspects[Aspect.LANDMARKS] = AspectState.DIFFERS
            if self.looks:
                compared = compare(before, picture)
                changed = compared.changed
                self.pictures[name] = Pictures(after=picture, before=before, difference=compared.picture)
                if compared.changed > self.tolerance or compared.size:
                    drifts.append(_looks_different(baseline, compared, self.tolerance, browser_of(screen.window)))
                    aspects[Aspect.LOOKS] = AspectState.DIFFERS
        if not self.looks:
            aspects[Aspect.LOOKS] = AspectState.NOT_LOOKED_AT
        return ScreenReport(
            screen=name,
            title=screen.spec.title,
            aspects=aspects,
            drifts=tuple(drifts),
            changed=changed,
            updated=self.update and not drifts,
        )

    def _baseline(self, pack: Pack, screen: str) -> tuple[Baseline, bytes] | None:
        return read_baseline(baselines_folder(pack, self.baselines), screen)

    def _write(
        self, screen: Screen, snapshot: Snapshot, lines: tuple[str, ...], data: Collection[str], picture: bytes
    ) -> None:
        held = {}
        for name in screen.spec.elements:
            try:
                last = drift.held_at(screen, name, snapshot, lambda words: neutral(words, data))
            except KeyError:  # a fact that this screen does not know
                continue
            if last is not None:
                held[name] = last
        baseline = Baseline(
            screen=screen.spec.screen,
            pack=screen.window.pack.name,
            taken=f"{datetime.now(UTC):%Y-%m-%d}",
            browser=browser_of(screen.window),
            landmarks=lines,
            elements=held,
            labels={label: tuple(box) for label, box in drift.labels_at(screen, snapshot)},
        )
        write_baseline(baselines_folder(screen.window.pack, self.baselines), baseline, picture)


@contextmanager
def _messages_hidden(window: Window) -> Iterator[bool]:
    """While the block runs, the Admin's messages take no room: they come and go. Says whether there are any.

    The document is not changed for it.
    """
    answer = window.pack.screens.get("answer")
    messages = answer.elements.get("messages") if answer else None
    if messages is None or messages.css is None or not find(window.page, {"kind": "css", "css": messages.css}).count():
        yield False
        return
    window.page.evaluate(_HIDE, messages.css)
    try:
        yield True
    finally:
        window.page.evaluate(_SHOW)


_HIDE = """(css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`${css} { display: none !important }`);
    window[Symbol.for("countermand hidden")] = sheet;
    document.adoptedStyleSheets.push(sheet);
}"""
_SHOW = """() => {
    const sheet = window[Symbol.for("countermand hidden")];
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
}"""


def masks(snapshot: Snapshot, data: Collection[str], known: Collection[str] = ()) -> Iterable[Box]:
    """The places of everything that is data: rows of tables, what is entered, charts, words with a digit in them."""
    labels = {folded(words) for words in known}
    tables = snapshot.of_role("table", "grid", "treegrid")
    yield from snapshot.rows
    for table in tables:
        if any(table.box.holds(row) for row in snapshot.rows):
            yield table.box  # how many rows there are, and how wide the columns, is data too
    painted = [
        piece
        for piece in snapshot.pieces
        if piece.row or piece.control or (is_data(piece.text, data) and folded(piece.text) not in labels)
    ]
    yield from (piece.box for piece in painted)
    yield from _pushed_along([piece.box for piece in painted], [piece.box for piece in snapshot.pieces])
    yield from snapshot.charts


NEAR = 48
"""CSS pixels: what follows on the same line within this distance counts as moved by what is before it."""


def _pushed_along(painted: Sequence[Box], pieces: Sequence[Box]) -> Iterator[Box]:
    """What follows data on a line, and so moves when the data is longer; its words are compared anyway."""
    pushed = set(painted)
    edge = list(painted)
    while edge:
        before = edge.pop()
        for after in pieces:
            gap = after.x - (before.x + before.width)
            middle = after.y + after.height / 2
            if after not in pushed and 0 <= gap <= NEAR and before.y <= middle <= before.y + before.height:
                pushed.add(after)
                edge.append(after)
                yield after


def browser_of(window: Window) -> str:
    """The browser and size of pictures, in words: ``Chromium 141.0 on linux, 1440 x 1000``."""
    browser = window.page.context.browser
    size = window.page.viewport_size or {"width": 0, "height": 0}
    version = f"{browser.browser_type.name.capitalize()} {browser.version}" if browser else "a browser"
    return f"{version} on {sys.platform}, {size['width']} x {size['height']}"


def _rearranged(baseline: Baseline, lines: tuple[str, ...]) -> Drift:
    removed, added = (sum(line.startswith(sign) for line in lines) for sign in "-+")
    return Drift(
        aspect=Aspect.LANDMARKS,
        what=f"The screen's contents, or their order, differ from the baseline: {removed} removed, {added} added.",
        last_held=f"The baseline was taken on {baseline.taken}.",
        lines=lines,
    )


def _looks_different(baseline: Baseline, seen: Comparison, tolerance: float, browser: str) -> Drift:
    where = ", ".join(f"at {box.x}, {box.y} ({box.width} x {box.height})" for box in seen.places[:3])
    more = f" and {len(seen.places) - 3} more places" if len(seen.places) > 3 else ""
    what = (
        f"It looks different: {seen.changed:g} % of the picture, more than the allowed {tolerance:g} "
        f"%{': ' if where else ''}"
    )
    size = " The two pictures are of different sizes." if seen.size else ""
    other = (
        ""
        if baseline.browser == browser
        else (
            f" The baseline was taken with {baseline.browser}, this with {browser}: letters may be drawn differently."
        )
    )
    return Drift(
        aspect=Aspect.LOOKS,
        what=f"{what}{where}{more}.{size}{other}",
        last_held=f"The baseline was taken on {baseline.taken}.",
    )
