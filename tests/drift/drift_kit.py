"""Tries changes out on the screens of the practice Admin, and judges what is said of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from drift_changes import NOTHING, Change
from drift_scripts import HELPERS

from bot.admin import Admin
from bot.admin.screen import Screen
from bot.checks.check.inspector import Inspector
from bot.checks.check.model import Aspect, Drift, ScreenReport
from flows.spectrum import open_all_orders


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was said of a change."""

    change: Change
    found: bool
    """Whether what must be found was, or nothing was where nothing may be."""
    right: bool | None
    """Whether the first suggestion is the right one; None where no suggestion can be right."""
    report: ScreenReport
    right_alone: bool | None = None
    """The same without a baseline, as in a run; None also where it was not tried."""

    @property
    def suggested(self) -> str:
        """The first suggestion in one line; empty if there are no suggestions."""
        drift = drift_of(self.change, self.report)
        if drift is None or not drift.candidates:
            return ""
        shown = drift.candidates[0].shown
        inside = "within: around_" in drift.candidates[0].snippet
        return f"{shown}, told apart by what is around it" if inside else shown


def drift_of(change: Change, report: ScreenReport) -> Drift | None:
    """The drift that a change must be told by."""
    for drift in report.drifts:
        if drift.element == change.found and drift.aspect is Aspect.ELEMENTS:
            return drift
    return next((drift for drift in report.drifts if drift.aspect == change.found), None)


def judge(change: Change, report: ScreenReport) -> Told:
    """Whether a report says of a change what it must."""
    drift = drift_of(change, report)
    found = not report.drifts if change.found == NOTHING else drift is not None
    right = None
    if change.right:
        first = drift.candidates[0].snippet if drift and drift.candidates else ""
        lines = {line.strip().replace("'", "") for line in first.splitlines()}
        right = change.right.strip().replace("'", "") in lines
    return Told(change=change, found=found, right=right, report=report)


KEEP = """
window.kept = document.body.cloneNode(true);
window.rules = styled().map((rule) => [rule, rule.selectorText]);
"""
GO_BACK = """() => {
  for (const [rule, text] of window.rules) rule.selectorText = text;
  document.body.replaceWith(window.kept.cloneNode(true));
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.removeAttribute("open");
    dialog.showModal();
  }
}"""


def with_helpers(script: str) -> str:
    return f"() => {{ {HELPERS} {script} }}"


def try_out(screen: Screen, baselines: Path, changes: tuple[Change, ...], *, alone: bool = False) -> Iterator[Told]:
    """Take the baseline of the screen that is open, then make each change on it, look, and undo it.

    With ``alone`` it also looks as if there were no baseline, where something is to be suggested.
    """
    page = screen.window.page
    screen.window.quiet()
    first = Inspector(baselines=baselines, update=True).inspect(screen)
    if not first.updated:
        raise RuntimeError(f"the practice Admin's own screen does not hold: {first.drifts}")
    page.evaluate(with_helpers(KEEP))
    for change in changes:
        page.evaluate(GO_BACK)
        page.evaluate(with_helpers(change.script))
        looks = change.found in {NOTHING, Aspect.LOOKS}
        told = judge(change, Inspector(baselines=baselines, looks=looks).inspect(screen))
        if alone and change.right:
            without = judge(change, Inspector(baselines=baselines / "none", looks=False).inspect(screen))
            told = replace(told, right_alone=without.right)
        yield told


def go_to(admin: Admin, name: str, order: str, sign_out: Callable[[], None]) -> Screen:
    """From the store's dashboard to a screen."""
    store = admin.store.name if admin.store else ""
    dashboard = admin.screen("store_dashboard", store=store, order=order)
    if name == "store_dashboard":
        return dashboard
    if name == "all_orders":
        return open_all_orders(admin, admin.screen("store_dashboard", store=store))
    if name == "home":
        dashboard.window.page.get_by_role("button", name="Dashboard", exact=True).click()
        return admin.arrive("home")
    if name == "sign_in":
        sign_out()
        admin.open()
        return admin.arrive("sign_in")
    place = dashboard.address_facts(str(admin.pack.info.store_route))
    dashboard.click("order_link")
    details = admin.arrive("order_details", order=order, **place)
    if name == "order_details":
        return details
    details.click("cancel_order")
    return admin.arrive("cancel_dialog", order=order)
