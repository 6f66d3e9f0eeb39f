"""``countermand check`` on the practice Admin: it holds what is sound, finds what is not, and cancels nothing."""

import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from practice_kit import MAIN, US, Start
from pydantic import SecretStr

from bot.admin import Admin
from bot.checks.check.inspector import Inspector
from bot.checks.check.model import Aspect, AspectState
from bot.checks.check.savedpage import hold_saved, likeliest
from bot.checks.doctor import Finding, FindingState, Over, Round
from bot.errors import CannotStart
from bot.pack import Pack
from bot.sandbox import Face, Sandbox
from bot.vocabulary import Status
from flows.look_around import look_around
from flows.sign_in import sign_in

pytestmark = pytest.mark.sampled(4)

Walk = Callable[..., Inspector]

WAY = ["sign_in", "start_page", "home", "store_dashboard", "all_orders", "order_details", "cancel_dialog"]


class Unheard:
    """Hears everything and shows nothing."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_: None


@pytest.fixture
def walk(new_admin: Admin, sandbox: Sandbox, totp_secret: SecretStr | None, tmp_path: Path) -> Walk:
    """Walks as the command does, and gives the inspector that looked on; nothing is ever canceled."""

    def walk(*, store: str = US, update: bool = False, looks: bool = True, pack: Pack | None = None) -> Inspector:
        new_admin.page.context.clear_cookies()
        inspector = Inspector(baselines=tmp_path / "baselines", update=update, looks=looks)
        checks = Round(Unheard(), inspector)
        checks.findings += [Finding(check=name, state=FindingState.WORKS) for name in ("settings", "browser")]
        admin = Admin(new_admin.page, pack or new_admin.pack, sandbox.url, patience=15, on_step=checks.step)
        # The practice Admin's pages rest as soon as they are there.
        admin.quiet = partial(admin.quiet, 0.2)  # type: ignore[method-assign]
        inspector.opened(admin, (sandbox.username,))
        enter = partial(
            sign_in, username=sandbox.username, password=SecretStr(sandbox.password), totp_secret=totp_secret
        )
        with suppress(Over):
            look_around(admin, checks, enter, store=store)
        assert "cancelOrder" not in sandbox.journal.operations
        assert sandbox.journal.cancels == ()
        return inspector

    return walk


@pytest.mark.parametrize("face", [Face.SPECTRUM, pytest.param(Face.SHADOW, marks=pytest.mark.thorough)], ids=str)
def test_baselines_hold_for_another_store_other_orders_and_another_account(
    walk: Walk, sandbox: Sandbox, totp_secret: SecretStr | None
) -> None:
    way = [*WAY[:1], *(["two_factor"] if totp_secret else []), *WAY[1:]]
    first = walk(update=True)
    assert {name: report.updated for name, report in first.reports.items()} == dict.fromkeys(way, True)
    for order in sandbox.shop.recent(MAIN)[:2]:
        order.status = Status.CANCELED
    again = walk(store=MAIN)
    assert {name: (report.state, report.drifts) for name, report in again.reports.items()} == dict.fromkeys(
        way, (AspectState.HOLDS, ())
    )


@pytest.mark.thorough
def test_what_a_pack_does_not_find_is_explained_where_the_walk_ends(walk: Walk, pack: Pack) -> None:
    spec = pack.screens["home"]
    button = spec.elements["view_store"].model_copy(update={"text": "Open this store"})
    home = spec.model_copy(update={"elements": spec.elements | {"view_store": button}})
    inspector = walk(pack=pack.model_copy(update={"screens": pack.screens | {"home": home}}), looks=False)
    assert list(inspector.reports) == WAY[:3]
    report = inspector.reports["home"]
    assert (report.state, report.aspects[Aspect.LANDMARKS]) == (AspectState.DIFFERS, AspectState.NO_BASELINE)
    (drift,) = report.drifts
    assert (drift.element, drift.what) == (
        "view_store",
        "view_store (opens the store's dashboard) is not there: the pack looks for the text 'Open this store', inside "
        "store_card.",
    )
    assert 'button "View Store"' in [candidate.shown for candidate in drift.candidates]


@pytest.mark.thorough
def test_a_reason_that_is_not_offered_is_told(walk: Walk, sandbox: Sandbox) -> None:
    sandbox.faults.missing_reason = "BuyerCanceled"
    report = walk(looks=False).reports["cancel_dialog"]
    assert [(drift.aspect, drift.what) for drift in report.drifts] == [
        (Aspect.WORDING, "reason does not offer 'Buyer Canceled', which the pack knows as a reason.")
    ]


@pytest.mark.thorough
def test_a_second_confirm_is_told_and_not_pressed(walk: Walk, sandbox: Sandbox) -> None:
    sandbox.faults.second_confirm = True
    report = walk(looks=False).reports["cancel_dialog"]
    assert [drift.element for drift in report.drifts if drift.aspect is Aspect.ELEMENTS] == ["confirm"]


def outcome_of(folder: Path, program: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = program.communicate()
    return program.returncode, out, err


@pytest.mark.thorough
def test_the_command_writes_baselines_holds_and_cancels_one_order_that_is_named(
    start: Start, sandbox: Sandbox, tmp_path: Path
) -> None:
    order = sandbox.shop.example("unshipped_recent")
    status, out, err = outcome_of(tmp_path, start(tmp_path, "check", "--store", US, "--update"))
    assert (status, "baselines written. Nothing was canceled." in out) == (0, True), err
    assert list(sandbox.journal.cancels) == []
    full = ("check", "--store", US, "--full", order.number, "--reason", "Buyer Canceled")
    status, _, err = outcome_of(tmp_path, start(tmp_path, *full))
    assert (status, sandbox.journal.cancels) == (2, ())  # nobody is there to be asked
    status, out, err = outcome_of(tmp_path, start(tmp_path, *full, "--yes"))
    assert (status, [cancel.order for cancel in sandbox.journal.cancels]) == (0, [order.number]), out + err
    newest = max(tmp_path.glob("runs/checks/*/check.json"))
    assert json.loads(newest.read_text(encoding="utf-8"))["full"]["outcome"] == "canceled"


@pytest.mark.thorough
def test_an_order_is_not_canceled_where_a_screen_differs(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    order = sandbox.shop.example("unshipped_recent")
    sandbox.faults.second_confirm = True
    full = ("check", "--store", US, "--full", order.number, "--reason", "Buyer Canceled", "--yes")
    status, out, _ = outcome_of(tmp_path, start(tmp_path, *full))
    assert (status, sandbox.journal.cancels) == (1, ())
    assert "1 of 7 screens differs, and the walk ended there. Nothing was canceled." in out


@pytest.mark.thorough
def test_where_nothing_can_be_opened_the_exit_status_is_2(start: Start, tmp_path: Path) -> None:
    status, _, err = outcome_of(tmp_path, start(tmp_path, "check", BROWSER="/no/such/browser"))
    assert status == 2, err


# --- A saved page -------------------------------------------------------------------------------------------------

SAVE = """() => {
  for (const link of [...document.querySelectorAll("link[rel=stylesheet]")]) {
    const style = document.createElement("style");
    style.textContent = [...link.sheet.cssRules].map((rule) => rule.cssText).join("\\n");
    link.replaceWith(style);
  }
  return document.documentElement.outerHTML;
}"""


def test_a_page_is_held_against_the_screen_that_it_shows_most_of(admin: Admin, pack: Pack) -> None:
    assert likeliest(admin.page, pack) == "store_dashboard"
    assert hold_saved(admin.page, pack, "store_dashboard", {})[1] == []
    admin.page.evaluate(
        "() => document.querySelector('footer').append(Object.assign(document.createElement('a'), "
        "{ textContent: 'All Orders', href: '#' }))"
    )
    (drift,) = hold_saved(admin.page, pack, "store_dashboard", {})[1]
    assert drift.what == (
        "all_orders (leads to the list of all orders) was found 2 times: the pack looks for the text 'All Orders'."
    )
    assert "within: around_all_orders" in drift.candidates[0].snippet
    with pytest.raises(CannotStart) as refused:
        hold_saved(admin.page, pack, "dashboard", {})
    assert str(refused.value) == (
        "The pack asc-4.3 has no screen 'dashboard': there are all_orders, answer, cancel_dialog, home, order_details, "
        "start_page, store_dashboard."
    )


@pytest.mark.thorough
def test_a_pack_is_tried_on_a_saved_page_without_a_network(
    admin: Admin, sandbox: Sandbox, pack: Pack, tmp_path: Path, start: Start
) -> None:
    saved = tmp_path / "dashboard.html"
    words = admin.page.evaluate(SAVE)
    tracker = f'<img src="{sandbox.url}seen.png"><script src="{sandbox.url}seen.js"></script>'
    saved.write_text(words.replace("</body>", f"{tracker}</body>"), encoding="utf-8")
    sandbox.journal.clear()
    status, out, err = outcome_of(tmp_path, start(tmp_path, "pack", "lint", "asc-4.3", "--page", saved.name))
    assert sandbox.journal.requests == ()
    assert (status, err) == (0, "")
    assert out.splitlines()[:2] == [
        "dashboard.html as store_dashboard (The store's dashboard):",
        "  matches everything that asc-4.3 says about it",
    ]
