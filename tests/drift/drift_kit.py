"""What may happen to the Admin's screens overnight: each change as a script on a page, and what must be said of it.

Every change is made on the words and roles of a page, so the same one serves both faces of the practice Admin.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.admin import Admin
from bot.check.inspector import Inspector
from bot.check.model import Aspect, Drift, ScreenReport
from bot.screen import Screen
from flows.open_order import open_all_orders

NOTHING = "nothing"
"""What must be said of a change that a person does not notice, or that is none of the screen's but of its data."""

HELPERS = """
const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
const texts = (root = document.body) => {
  const found = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node.data.trim() && shown(node.parentElement) && !node.parentElement.closest("script, style")) found.push(node);
  return found;
};
const squeeze = (text) => text.replace(/[\\ue000-\\uf8ff]/g, "").replace(/\\s+/g, " ").trim();
const saying = (words) => texts().filter((node) => squeeze(node.data).replace(/:$/, "") === words.replace(/:$/, ""));
const reword = (from, to) => {
  const nodes = saying(from);
  for (const node of nodes) node.data = node.data.replace(from, to);
  const begun = texts().filter((node) => squeeze(node.data).startsWith(from + ":"));
  for (const node of begun) node.data = node.data.replace(from, to);
  if (!nodes.length && !begun.length) throw new Error(`nobody says ${from}`);
};
const control = (words) => saying(words)[0].parentElement.closest("button, a, [role=button], [role=link]");
const pair = (label) => {
  const own = saying(label)[0].parentElement;
  const term = own.closest("dt");
  if (term) return [term, term.nextElementSibling];
  let row = own;
  while (row.parentElement && texts(row).length < 2 && !row.querySelector("input")) row = row.parentElement;
  return [row];
};
const table = () => [...document.querySelectorAll("table, [role=grid]")].find(shown);
const rows = () => [...table().querySelectorAll("tr, [role=row]")];
const HEAD = "th, [role=columnheader]", CELLS = "th, td, [role=columnheader], [role=gridcell]";
const place = (head) => [...table().querySelectorAll(HEAD)].findIndex((cell) => squeeze(cell.textContent) === head);
const cells = (row) => [...row.querySelectorAll(CELLS)].filter((cell) => cell.closest("tr, [role=row]") === row);
const dialog = () => [...document.querySelectorAll("dialog, [role=dialog], [role=alertdialog]")].find(shown);
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that changed on a screen."""

    screen: str
    name: str
    """What changed, in a few words; it is the name of a line in the table."""
    script: str
    found: str = NOTHING
    """The element that must be told of, or the aspect, or that nothing may be."""
    right: str = ""
    """A line that the first suggestion must have; empty where there is nothing that could be suggested."""
    missed: bool = field(default=False)
    """Whether the first suggestion is known to be another: said, so that the share that is right is honest."""


def reworded(screen: str, name: str, old: str, new: str, found: str, key: str, *, missed: bool = False) -> Change:
    """Words that were replaced; the first suggestion must be to look for the new ones, as ``key``."""
    script = f"reword({json.dumps(old)}, {json.dumps(new)});"
    return Change(screen=screen, name=name, script=script, found=found, right=f"{key}: {new}", missed=missed)


RENAME_IDS = """
const renamed = new Map();
for (const element of document.querySelectorAll("[id]")) {
  const old = element.id;
  element.id = `x${renamed.size + 1}`;
  renamed.set(old, element.id);
}
for (const name of ["for", "aria-labelledby", "aria-describedby", "aria-controls"])
  for (const element of document.querySelectorAll(`[${name}]`))
    element.setAttribute(name, element.getAttribute(name).split(" ").map((id) => renamed.get(id) ?? id).join(" "));
for (const element of document.querySelectorAll("[clip-path]"))
  element.setAttribute("clip-path", element.getAttribute("clip-path").replace(/#([\\w-]+)/,
    (all, id) => `#${renamed.get(id) ?? id}`));
const style = (rules) => {
  for (const rule of rules) {
    const other = rule.selectorText?.replace(/#([\\w-]+)/g, (all, id) => renamed.has(id) ? `#${renamed.get(id)}` : all);
    if (other && other !== rule.selectorText) rule.selectorText += `, ${other}`;
    if (rule.cssRules) style(rule.cssRules);
  }
};
for (const sheet of document.styleSheets) style(sheet.cssRules);
"""
RENAME_CLASSES = """
const KEPT = /^(loading-mask|message|messages|modal-popup|_show)$/;
const other = (name) => (KEPT.test(name) || name.endsWith("-x") ? name : `${name}-x`);
for (const element of document.querySelectorAll("[class]"))
  element.setAttribute("class", element.getAttribute("class").split(/\\s+/).filter(Boolean).map(other).join(" "));
const style = (rules) => {
  for (const rule of rules) {
    if (rule.selectorText && !rule.selectorText.includes("-x"))
      rule.selectorText += ", " + rule.selectorText.replace(/\\.(-?[a-z_][\\w-]*)/gi, (all, name) => `.${other(name)}`);
    if (rule.cssRules) style(rule.cssRules);
  }
};
for (const sheet of document.styleSheets) style(sheet.cssRules);
"""
DROP_ATTRIBUTES = """
for (const element of document.querySelectorAll("body *")) {
  if (element.hasAttribute("data-graphql-endpoint")) continue; // the app itself reads what is there
  for (const name of element.getAttributeNames())
    if (/^data-/.test(name) && name !== "data-role") element.removeAttribute(name);
  element.setAttribute("data-build", "7f3c");
}
"""
NEST_DEEPER = """
const around = (...nodes) => {
  const [outer, inner] = [document.createElement("x-outer"), document.createElement("x-inner")];
  outer.style.display = inner.style.display = "contents"; // so that what a style sheet says of children still looks so
  nodes[0].before(outer);
  outer.append(inner);
  inner.append(...nodes);
};
for (const node of texts().filter((node) => !node.parentElement.closest("select, textarea, svg"))) around(node);
for (const one of document.querySelectorAll("table, [role=grid], button, input, dl")) around(one);
"""
NEST_FLATTER = """
for (const element of [...document.querySelectorAll("body button > span, body a > span")])
  if (!element.attributes.length || element.className.includes("label")) element.replaceWith(...element.childNodes);
"""
NOTES_BETWEEN = """
for (const element of [...document.querySelectorAll("body div, body td, body dd, body dt")])
  element.prepend(document.createComment("v2"));
"""
UNSEEN = tuple(
    (name, script)
    for name, script in {
        "every id is another": RENAME_IDS,
        "every class is another": RENAME_CLASSES,
        "data attributes are others": DROP_ATTRIBUTES,
        "everything is nested deeper": NEST_DEEPER,
        "labels in controls are nested less": NEST_FLATTER,
        "comments stand between": NOTES_BETWEEN,
    }.items()
)
"""Changes of markup that nobody sees."""

DETAILS, DASHBOARD, DIALOG, ALL, HOME, SIGN_IN = (
    "order_details",
    "store_dashboard",
    "cancel_dialog",
    "all_orders",
    "home",
    "sign_in",
)

CHANGES = (
    # --- The order's page ---
    *(Change(screen=DETAILS, name=name, script=script) for name, script in UNSEEN),
    Change(
        screen=DETAILS,
        name="another buyer, another total",
        script="""
for (const label of ["Buyer name", "Order total", "Purchase date"]) {
  const nodes = pair(label).flatMap((box) => texts(box)).filter((node) => squeeze(node.data) !== label);
  for (const node of nodes) node.data = { "Buyer name": "Ann Other", "Order total": "$ 7.05" }[label] ?? "Jan 5, 2021";
}""",
    ),
    reworded(DETAILS, "button renamed", "Cancel Order", "Void Order", "cancel_order", "name"),
    reworded(DETAILS, "button translated", "Cancel Order", "Bestellung stornieren", "cancel_order", "name"),
    reworded(DETAILS, "button says less", "Cancel Order", "Cancel", "cancel_order", "name"),
    Change(
        screen=DETAILS,
        name="button is a link now",
        script="""
const old = control("Cancel Order");
const link = document.createElement("a");
link.href = "#";
link.className = old.className;
link.append(...old.childNodes);
old.replaceWith(link);""",
        found="cancel_order",
        right="role: link",
    ),
    Change(
        screen=DETAILS,
        name="button is mere text now",
        script="""
const old = control("Cancel Order");
const text = document.createElement("span");
text.className = old.className;
text.append(...old.childNodes);
old.replaceWith(text);""",
        found="cancel_order",
        right="text: Cancel Order",
    ),
    Change(
        screen=DETAILS,
        name="button renamed and moved",
        script="""
const old = control("Cancel Order");
reword("Cancel Order", "Cancel this order");
document.querySelector("footer").append(old);""",
        found="cancel_order",
        right="name: Cancel this order",
    ),
    Change(
        screen=DETAILS,
        name="button says something quite else, elsewhere",
        script="""
const old = control("Cancel Order");
reword("Cancel Order", "Stop");
document.querySelector("footer").append(old);""",
        found="cancel_order",
        right="name: Stop",
        missed=True,
    ),
    Change(
        screen=DETAILS,
        name="two labels changed places and words",
        script="""
reword("Buyer name", "Customer");
reword("Order total", "Sum");
const [one, other] = [pair("Customer"), pair("Sum")];
const mark = document.createElement("i");
one[0].before(mark);
other.at(-1).after(...one);
mark.replaceWith(...other);""",
        found="buyer_name",
        right="field: Customer",
        missed=True,
    ),
    Change(screen=DETAILS, name="button gone", script='control("Cancel Order").remove();', found="cancel_order"),
    Change(
        screen=DETAILS,
        name="a second button with the same name",
        script="""
const twin = document.createElement("button");
twin.textContent = "Cancel Order";
document.querySelector("footer").append(twin);""",
        found="cancel_order",
        right="within: around_cancel_order",
    ),
    reworded(DETAILS, "label of the status changed", "Status", "Order status", "status", "field"),
    reworded(DETAILS, "label of the buyer changed", "Buyer name", "Purchaser", "buyer_name", "field"),
    reworded(DETAILS, "label of the number changed", "Order number", "Amazon order no.", "order_number", "field"),
    reworded(DETAILS, "label of the total translated", "Order total", "Gesamtsumme", "order_total", "field"),
    reworded(DETAILS, "headline changed", "Order details", "Details of the order", "heading", "text"),
    reworded(DETAILS, "Back says something else", "Back", "Return to list", "back", "text"),
    Change(
        screen=DETAILS,
        name="a label that is not read changed",
        script='reword("Fulfillment channel", "Fulfilled by");',
        found=Aspect.WORDING,
        right="- Fulfilled by",
    ),
    Change(
        screen=DETAILS,
        name="value and label gone",
        script='for (const box of pair("Order total")) box.remove();',
        found="order_total",
    ),
    Change(
        screen=DETAILS,
        name="a label is there twice",
        script='const boxes = pair("Status"); boxes.at(-1).after(...boxes.map((box) => box.cloneNode(true)));',
        found="status",
    ),
    Change(
        screen=DETAILS,
        name="an extra row between",
        script="""
const boxes = pair("Status").map((box) => box.cloneNode(true));
pair("Status").at(-1).after(...boxes);
const [label, value] = boxes.flatMap((box) => texts(box)).filter((node) => node.data.trim());
label.data = "Marketplace";
value.data = "Amazon";""",
        found=Aspect.LOOKS,
    ),
    Change(
        screen=DETAILS,
        name="a button in another colour",
        script='control("Cancel Order").style.background = "#d7373f";',
        found=Aspect.LOOKS,
    ),
    Change(
        screen=DETAILS,
        name="a status that nobody knows",
        script="""
const [node] = pair("Status").flatMap((box) => texts(box)).filter((node) => squeeze(node.data) !== "Status");
node.data = "On hold";""",
        found=Aspect.WORDING,
    ),
    # --- The dashboard ---
    *(Change(screen=DASHBOARD, name=name, script=script) for name, script in UNSEEN[:4]),
    Change(
        screen=DASHBOARD,
        name="another order is newest",
        script="""
const last = rows().filter((row) => !row.querySelector(HEAD)).at(-1);
for (const node of texts(last))
  node.data = node.data.replace(/\\d{3}-\\d{7}-\\d{7}/, "112-7777777-7777777").replace(/Apr/, "May");
last.parentElement.prepend(last);""",
    ),
    Change(
        screen=DASHBOARD,
        name="an extra order",
        script="""
const last = rows().filter((row) => !row.querySelector(HEAD)).at(-1);
const row = last.cloneNode(true);
for (const node of texts(last)) node.data = node.data.replace(/\\d{3}-\\d{7}-\\d{7}/, "112-8888888-8888888");
last.after(row);""",
    ),
    reworded(DASHBOARD, "head of a column renamed", "Total", "Amount", "order_total", "column"),
    reworded(DASHBOARD, "head of a column translated", "Buyer's Name", "Name des Käufers", "buyer_name", "column"),
    reworded(DASHBOARD, "head of the numbers renamed", "Order Number", "Amazon Order", "order_number", "column"),
    Change(
        screen=DASHBOARD,
        name="a column moved",
        script='const at = place("Status"); for (const row of rows()) row.append(cells(row)[at]);',
        found=Aspect.LANDMARKS,
    ),
    Change(
        screen=DASHBOARD,
        name="a column renamed and moved",
        script="""
const at = place("Status");
for (const row of rows()) row.append(cells(row)[at]);
reword("Status", "State");""",
        found="order_status",
        right="column: State",
    ),
    Change(
        screen=DASHBOARD,
        name="a column gone",
        script='const at = place("Status"); for (const row of rows()) cells(row)[at].remove();',
        found="order_status",
    ),
    reworded(DASHBOARD, "link renamed", "All Orders", "View all orders", "all_orders", "text"),
    Change(
        screen=DASHBOARD,
        name="a second link with the same name",
        script="""
const twin = control("All Orders").cloneNode(true);
document.querySelector("footer").append(twin);""",
        found="all_orders",
        right="within: around_all_orders",
    ),
    reworded(DASHBOARD, "headline of the list changed", "Recent orders:", "Latest orders:", "recent_orders", "text"),
    reworded(DASHBOARD, "label of the store changed", "Store Name", "Shop", "store_name", "field"),
    # --- The dialog ---
    *(Change(screen=DIALOG, name=name, script=script) for name, script in UNSEEN[:4]),
    reworded(DIALOG, "Confirm renamed", "Confirm", "Submit", "confirm", "name"),
    reworded(DIALOG, "Confirm translated", "Confirm", "Bestätigen", "confirm", "name"),
    Change(
        screen=DIALOG,
        name="Confirm and Close changed places, and Confirm is renamed",
        script="""
reword("Confirm", "Yes, do it");
control("Close").before(control("Yes, do it"));""",
        found="confirm",
        right="name: Yes, do it",
    ),
    Change(screen=DIALOG, name="Confirm gone", script='control("Confirm").remove();', found="confirm"),
    Change(
        screen=DIALOG,
        name="a second Confirm",
        script='const one = control("Confirm"); one.after(one.cloneNode(true));',
        found="confirm",
    ),
    Change(
        screen=DIALOG,
        name="a second Confirm that is hidden",
        script="""
const one = control("Confirm");
const twin = one.cloneNode(true);
twin.style.display = "none";
one.after(twin);""",
        found="confirm",
    ),
    reworded(
        DIALOG, "label of the reason changed", "Reason for cancellation", "Cancellation reason", "reason", "choice"
    ),
    Change(
        screen=DIALOG,
        name="the dialog restyled",
        script='Object.assign(dialog().style, { background: "#fdf6e3", borderRadius: "0", color: "#083a6b" });',
        found=Aspect.LOOKS,
    ),
    # --- All Orders ---
    reworded(ALL, "button of the filter renamed", "Apply filters", "Filter list", "apply_filters", "name"),
    reworded(ALL, "headline renamed", "Amazon orders:", "Orders from Amazon:", "amazon_orders", "text"),
    Change(
        screen=ALL,
        name="label of the filter changed",
        script="""
const [label] = saying("Order Number").filter((node) => !node.parentElement.closest("th, [role=columnheader]"));
label.data = "Order No.";""",
        found="order_number_filter",
        right="name: Order No.",
    ),
    # --- The home page ---
    *(Change(screen=HOME, name=name, script=script) for name, script in UNSEEN[:4]),
    reworded(HOME, "button on every card renamed", "View Store", "Open store", "store_card", "control"),
    reworded(
        HOME,
        "headline of the home page changed",
        "Sell products in the Amazon marketplace",
        "Sell your products on Amazon",
        "banner",
        "text",
    ),
    # --- Signing in ---
    *(Change(screen=SIGN_IN, name=name, script=script) for name, script in UNSEEN[:4]),
    reworded(SIGN_IN, "button of sign-in renamed", "Sign in", "Log in", "sign_in", "name"),
    reworded(SIGN_IN, "field of sign-in renamed", "Username", "User ID", "username", "label"),
)

SCREENS = tuple(dict.fromkeys(change.screen for change in CHANGES))


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was said of a change."""

    change: Change
    found: bool
    """Whether what must be found was, or nothing was where nothing may be."""
    right: bool | None
    """Whether the first suggestion is the right one; None where there is none to be right."""
    report: ScreenReport
    right_alone: bool | None = None
    """The same without a baseline, as in a run; None also where it was not tried."""

    @property
    def suggested(self) -> str:
        """The first suggestion in one line; empty when there is none."""
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


KEEP = "() => { window.kept = document.body.cloneNode(true); }"
GO_BACK = """() => {
  for (const [rule, text] of window.rules ?? []) rule.selectorText = text;
  document.body.replaceWith(window.kept.cloneNode(true));
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.removeAttribute("open");
    dialog.showModal();
  }
}"""
NOTE_RULES = """() => {
  const all = (rules) => [...rules].flatMap((rule) => [...(rule.selectorText ? [[rule, rule.selectorText]] : []),
    ...(rule.cssRules ? all(rule.cssRules) : [])]);
  window.rules = [...document.styleSheets].flatMap((sheet) => all(sheet.cssRules));
}"""


def try_out(screen: Screen, baselines: Path, changes: tuple[Change, ...], *, alone: bool = False) -> Iterator[Told]:
    """Take the baseline of the screen that is open, then make each change on it, look, and undo it.

    With ``alone`` it also looks as if there were no baseline, where something is to be suggested.
    """
    page = screen.admin.page
    screen.admin.quiet()
    first = Inspector(baselines=baselines, update=True).inspect(screen)
    if not first.updated:
        raise RuntimeError(f"the practice Admin's own screen does not hold: {first.drifts}")
    page.evaluate(KEEP)
    page.evaluate(NOTE_RULES)
    for change in changes:
        page.evaluate(GO_BACK)
        page.evaluate(f"() => {{ {HELPERS} {change.script} }}")
        looks = change.found in {NOTHING, Aspect.LOOKS}
        told = judge(change, Inspector(baselines=baselines, looks=looks).inspect(screen))
        if alone and change.right:
            without = judge(change, Inspector(baselines=baselines / "none", looks=False).inspect(screen))
            told = replace(told, right_alone=without.right)
        yield told


def go_to(admin: Admin, name: str, order: str, sign_out: Callable[[], None]) -> Screen:
    """From the store's dashboard to a screen."""
    store = admin.store
    dashboard = admin.screen("store_dashboard", store=store, order=order)
    if name == "store_dashboard":
        return dashboard
    if name == "all_orders":
        return open_all_orders(admin, admin.screen("store_dashboard", store=store))
    if name == "home":
        dashboard.admin.page.get_by_role("button", name="Dashboard", exact=True).click()
        return admin.arrive("home")
    if name == "sign_in":
        sign_out()
        admin.open()
        return admin.arrive("sign_in")
    place = dashboard.address_facts(admin.pack.info.store_route)
    dashboard.click("order_link")
    details = admin.arrive("order_details", order=order, **place)
    if name == "order_details":
        return details
    details.click("cancel_order")
    return admin.arrive("cancel_dialog", order=order)
