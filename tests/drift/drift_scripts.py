"""What the scripts of the drift suite can use on a page, and the invisible changes of markup."""

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
const values = (label) => pair(label).flatMap((box) => texts(box)).filter((node) => squeeze(node.data) !== label);
const become = (old, tag, given = {}) => {
  const element = Object.assign(document.createElement(tag), { className: old.className }, given);
  element.append(...old.childNodes);
  old.replaceWith(element);
};
const put_elsewhere = (element) => document.querySelector("footer").append(element);
const table = () => [...document.querySelectorAll("table, [role=grid]")].find(shown);
const rows = () => [...table().querySelectorAll("tr, [role=row]")];
const HEAD = "th, [role=columnheader]", CELLS = "th, td, [role=columnheader], [role=gridcell]";
const place = (head) => [...table().querySelectorAll(HEAD)].findIndex((cell) => squeeze(cell.textContent) === head);
const cells = (row) => [...row.querySelectorAll(CELLS)].filter((cell) => cell.closest("tr, [role=row]") === row);
const last_row = () => rows().filter((row) => !row.querySelector(HEAD)).at(-1);
const move_to_the_end = (head) => {
  const at = place(head);
  for (const row of rows()) row.append(cells(row)[at]);
};
const dialog = () => [...document.querySelectorAll("dialog, [role=dialog], [role=alertdialog]")].find(shown);
const within = (rules) => [...rules].flatMap((rule) => [rule, ...within(rule.cssRules ?? [])]);
const styled = () => {
  const rules = [...document.styleSheets].flatMap((sheet) => within(sheet.cssRules));
  return rules.filter((rule) => rule.selectorText);
};
const style_also = (other) => {
  for (const rule of styled()) {
    const more = other(rule.selectorText);
    if (more !== rule.selectorText) rule.selectorText += `, ${more}`;
  }
};
"""
"""Goes before every script of the suite: pieces of a page by what they say, and what may be done with them."""

UNSEEN = {
    "every id is another": """
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
style_also((text) => text.replace(/#([\\w-]+)/g, (all, id) => renamed.has(id) ? `#${renamed.get(id)}` : all));
""",
    "every class is another": """
const KEPT = /^(loading-mask|message|messages|modal-popup|_show)$/;
const other = (name) => (KEPT.test(name) || name.endsWith("-x") ? name : `${name}-x`);
for (const element of document.querySelectorAll("[class]"))
  element.setAttribute("class", element.getAttribute("class").split(/\\s+/).filter(Boolean).map(other).join(" "));
style_also((text) => text.includes("-x") ? text
  : text.replace(/\\.(-?[a-z_][\\w-]*)/gi, (all, name) => `.${other(name)}`));
""",
    "data attributes are others": """
for (const element of document.querySelectorAll("body *")) {
  if (element.hasAttribute("data-graphql-endpoint")) continue; // the app itself reads what is there
  for (const name of element.getAttributeNames()) {
    if (!/^data-/.test(name) || name === "data-role") continue;
    element.setAttribute(`data-x${name.slice(4)}`, element.getAttribute(name));
    element.removeAttribute(name);
  }
  element.setAttribute("data-build", "7f3c");
}
style_also((text) => text.includes("[data-x-") ? text : text.replace(/\\[data-(?!role\\b)/g, "[data-x-"));
""",
    "everything is nested deeper": """
const around = (...nodes) => {
  const [outer, inner] = [document.createElement("x-outer"), document.createElement("x-inner")];
  outer.style.display = inner.style.display = "contents"; // so that what a style sheet says of children still looks so
  nodes[0].before(outer);
  outer.append(inner);
  inner.append(...nodes);
};
for (const node of texts().filter((node) => !node.parentElement.closest("select, textarea, svg"))) around(node);
// The buttons of a dialog stay: a group's style sheet spaces those that are its children.
const whole = "table, [role=grid], button:not(section[role=dialog] button), input, dl";
for (const one of document.querySelectorAll(whole)) around(one);
""",
    "labels in controls are nested less": """
for (const element of [...document.querySelectorAll("body button > span, body a > span")])
  if (!element.attributes.length || /^(?!.*spectrum).*label/.test(element.className)) // not Spectrum's
    element.replaceWith(...element.childNodes);
""",
    "comments stand between": """
for (const element of [...document.querySelectorAll("body div, body td, body dd, body dt")])
  element.prepend(document.createComment("v2"));
""",
}
"""Changes of markup that nobody sees, by what each changes."""
