// Roles, names and hidden-ness as a screen reader knows them, by dom-accessibility-api; and what that leaves to its caller:
// roles that depend on what is around an element, and the trees of shadow roots.

import { computeAccessibleName, getRole, isSubtreeInaccessible } from "dom-accessibility-api";
import { once } from "./once.js";
import { styleOf } from "./seen.js";
import { closest, parentOf } from "./tree.js";

const PLAIN = {
  blockquote: "blockquote", caption: "caption", code: "code", del: "deletion", dfn: "term", em: "emphasis", ins: "insertion",
  mark: "mark", meter: "meter", p: "paragraph", search: "search", strong: "strong", sub: "subscript", sup: "superscript",
  svg: "img", time: "time",
};
const SECTIONING = "article, aside, main, nav, section, [role=article], [role=complementary], [role=main], [role=navigation], " +
  "[role=region]";
// An element of the first kind has no role of its own in one of the second that is said to be there for its looks only.
const BELONGS = { td: "tr", th: "tr", tr: "table, thead, tbody, tfoot", thead: "table", tbody: "table", tfoot: "table",
  li: "ul, ol" };

// Unless something else is said of it: then it has a meaning after all.
const isPlain = (element) => ["none", "presentation"].includes(element.getAttribute("role")) &&
  !element.getAttributeNames().some((name) => name.startsWith("aria-") || name === "tabindex");
const isNamed = (element) => element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby");

function roleOfHead(cell) {
  if (/^row/.test(cell.scope)) return "rowheader";
  if (/^col/.test(cell.scope)) return "columnheader";
  const beside = [cell.previousElementSibling, cell.nextElementSibling].filter(Boolean);
  if (!beside.length) return (cell.closest("table")?.rows.length ?? 2) <= 1 ? null : "columnheader";
  const hasData = beside.some((one) => one.localName === "td" && (one.textContent.trim() || one.children.length));
  return hasData ? "rowheader" : "columnheader";
}

function isForLooks(element) {
  for (let one = element; BELONGS[one.localName]; one = parentOf(one)) {
    const around = parentOf(one);
    if (!around?.matches(BELONGS[one.localName])) return false;
    if (isPlain(around)) return true;
  }
  return false;
}

/** An element's role; null if it has none. */
export const roleOf = once((element) => {
  const role = getRole(element);
  if (element.hasAttribute("role") && !["none", "presentation"].includes(element.getAttribute("role"))) return role;
  if (isPlain(element)) return "none";
  if (isForLooks(element)) return null;
  switch (element.localName) {
    case "td": return closest(element, "table")?.matches("[role=grid], [role=treegrid]") ? "gridcell" : "cell";
    case "th": return roleOfHead(element);
    case "header": case "footer": return parentOf(element) && closest(parentOf(element), SECTIONING) ? null : role;
    case "section": case "form": return isNamed(element) ? role : null;
    case "input":
      if (element.type === "hidden") return null;
      return element.type === "file" ? "button" : role ?? "textbox";
    case "legend": case "link": return null;
    default: return role ?? PLAIN[element.localName] ?? null;
  }
});

const getStyle = (element, pseudo) => (pseudo ? getComputedStyle(element, pseudo) : styleOf(element));
const named = (hidden) => once((element) => {
  const name = computeAccessibleName(element, { getComputedStyle: getStyle, hidden });
  return name || (/^(input|textarea)$/.test(element.localName) && element.placeholder) || "";
});

/** An element's complete accessible name. */
export const nameOf = named(false);

/** The same, where what is hidden counts as if it were seen. */
export const hiddenNameOf = named(true);

// The attribute `hidden` hides by its style, which a style sheet may undo: then everybody sees the element.
const options = { getComputedStyle: styleOf };
const isCut = (element) => {
  if (element.hidden && styleOf(element).display !== "none") return element.getAttribute("aria-hidden") === "true";
  return isSubtreeInaccessible(element, options);
};
const inHidden = once((element) => {
  const around = parentOf(element);
  const lost = Boolean(around?.shadowRoot) && element.parentNode === around && !element.assignedSlot;
  return lost || isCut(element) || (around !== null && inHidden(around));
});

/** Whether a screen reader passes an element over. */
export const isHidden = once((element) => {
  if (/^(style|script|noscript|template)$/.test(element.localName)) return true;
  return (styleOf(element).visibility !== "visible" && !element.closest("select")) || inHidden(element);
});

/** Whether an element, or one around it, is marked as hidden from screen readers. */
export const isAriaHidden = (element) => closest(element, "[aria-hidden=true]") !== null;
