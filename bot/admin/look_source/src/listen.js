// How what a person points at would be found again, in the words of a pack: {kind, words, role, found, dialog, address, secret},
// found being how many things on the page, or in the dialog around it, answer to that. Nothing that was typed or that a field shows
// is told: only names, labels and headers.

import { find } from "./find.js";
import { numberOf } from "./numbers.js";
import { isAriaHidden, nameOf, roleOf } from "./roles.js";
import { read } from "./read.js";
import { shown, squeeze } from "./seen.js";
import { labelsOf, textOf } from "./text.js";
import { all, childrenOf, closest, holds, inside, parentOf } from "./tree.js";

const CONTROL = "button, a[href], input, select, textarea, summary, [role=button], [role=link], [role=tab], [role=textbox], " +
  "[role=searchbox], [role=combobox], [role=listbox], [role=checkbox], [role=radio], [role=switch], [role=menuitem], [role=option]";
const DIALOG = "[role=dialog], [role=alertdialog], dialog[open]";
const TABLE = "table, [role=grid], [role=table], [role=treegrid]";
const HEADER = "th, [role=columnheader]";
const ROW = "tr, [role=row]";
const CELL = "td, th, [role=gridcell], [role=cell], [role=rowheader], [role=columnheader]";
const TYPED = "input, textarea";
const ORDER = /^\d{3}-\d{7}-\d{7}$/;
const LONGEST = 200;

const heard = (element) => shown(element) && !isAriaHidden(element);
const plain = (element) => squeeze(textOf(element));
const bare = (text) => text.replace(/\s*:$/, "");

/** A test of a name or text that is these words and nothing else, apart from the characters of icon fonts. */
const whole = (words) => ({
  fits: `^[\\s\\ue000-\\uf8ff]*${words.split(" ").map((word) => word.replace(/[^\w]/g, "\\$&")).join("\\s+")}[\\s\\ue000-\\uf8ff]*$`,
  flags: "",
});
const within = (box) => (box ? { kind: "known", number: numberOf(box), within: null } : null);
const count = (request, box) => find({ ...request, within: within(box) }).length;

// Pieces of text that stand by themselves, inside a box.
const hasWords = (element) => childrenOf(element).some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
const pieces = (box) => [...inside(box), box].filter((element) => heard(element) && hasWords(element));
const sameLine = (a, b) => {
  const [one, other] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
  return Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) >= 0.5 * Math.min(one.height, other.height);
};

/** The label that a piece of text is the value of, or is itself; empty if it has none. */
function labelAround(element) {
  const text = plain(element);
  const before = /^([^:]{1,60}):\s*\S/.exec(text);
  if (before && text.length <= LONGEST) return squeeze(before[1]);
  const around = parentOf(element); // of which "Label:" may be a piece in bold letters
  if (/:$/.test(text) && around && pieces(around).includes(around)) return bare(text);
  const inPair = closest(element, "dt, dd, th, td");
  const [previous, next] = [inPair?.previousElementSibling, inPair?.nextElementSibling];
  if (inPair?.matches("dd") && previous?.matches("dt")) return bare(plain(previous));
  if (inPair?.matches("dt") && next?.matches("dd")) return bare(plain(inPair));
  if (inPair?.matches("td") && previous?.matches("th")) return bare(plain(previous));
  for (let box = around; box && box !== document.body; box = parentOf(box)) {
    const others = pieces(box).filter((piece) => piece === element || !(holds(piece, element) || holds(element, piece)));
    if (others.length < 2) continue;
    if (others.length > 2) return "";
    const [label, value] = others;
    // "Recent orders:" and a link beside it are a headline and a way to more.
    if (others.some((piece) => roleOf(piece) === "heading") || (/:$/.test(plain(label)) && closest(value, CONTROL))) return "";
    return value.getBoundingClientRect().left >= label.getBoundingClientRect().right - 2 && sameLine(label, value)
      ? bare(plain(label)) : "";
  }
  return "";
}

/** The words of a control's label; what it shows as chosen may be a part of its name, and is none. */
function labelOf(control) {
  const ids = (control.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const named = ids.map((id) => control.getRootNode().getElementById(id)).filter((one) => one && !holds(control, one));
  return named.length ? squeeze(named.map(textOf).join(" ")) : squeeze(labelsOf(control)[0]);
}

function ofControl(control, box) {
  // A field for a password has no role for a person: it is found by its label.
  const role = control.type === "password" ? "" : roleOf(control) ?? "";
  if (role === "option" || role === "menuitem") return null; // the words of a choice
  const [name, label] = [squeeze(nameOf(control)), labelOf(control)];
  const picks = ["combobox", "listbox", "radio"].includes(role) || control.getAttribute("aria-haspopup") === "listbox";
  if (picks) {
    const group = role === "radio" && closest(control, "fieldset");
    const words = (group && plain(all("legend", group)[0] ?? control)) || (role === "radio" ? name : label);
    return { kind: "choice", words, found: count({ kind: "choice", label: whole(words), begins: { fits: "^$", flags: "" } }, box) };
  }
  const secret = control.type === "password" || control.autocomplete === "one-time-code" ||
    (control.matches(TYPED) && /pass|secret|token|otp|tfa|pin\b/i.test(`${control.id} ${control.name}`));
  if (role) {
    const found = name ? count({ kind: "role", roles: [role], name: whole(name), has: null }, box) : 0;
    return { kind: "role", role, words: ORDER.test(name) ? "{order}" : name, secret, found };
  }
  return { kind: "label", words: label, secret, found: label ? count({ kind: "label", label: whole(label) }, box) : 0 };
}

/** Of a cell in a table with several columns; null for any other. */
function ofCell(target) {
  const cell = closest(target, CELL);
  const [table, row] = [cell && closest(cell, TABLE), cell && closest(cell, ROW)];
  const heads = table ? all(HEADER, table).filter((head) => closest(head, TABLE) === table && shown(head)) : [];
  if (!row || heads.length < 2) return null;
  const inRow = all(CELL, row).filter((one) => closest(one, ROW) === row && shown(one));
  const header = cell.matches(HEADER) ? cell : heads[inRow.indexOf(cell)];
  const words = header ? bare(plain(header)) : "";
  const readable = words && read(null, { columns: { it: words } }).columns.it.length > 0;
  return { kind: "column", words, found: readable ? heads.filter((head) => bare(plain(head)) === words).length : 0 };
}

function ofText(target, box) {
  const own = pieces(target);
  const piece = own.includes(target) ? target : own[0] ?? target;
  const beside = labelAround(piece);
  if (beside)
    return { kind: "field", words: beside, found: read(null, { fields: { it: beside }, known: [beside] }).fields.it.length };
  const words = plain(piece);
  if (!words || words.length > LONGEST) return null;
  if (roleOf(piece) !== "heading") return { kind: "text", words, found: count({ kind: "text", text: whole(words) }, box) };
  const name = squeeze(nameOf(piece));
  return { kind: "role", role: "heading", words: name, found: count({ kind: "role", roles: ["heading"], name: whole(name), has: null }, box) };
}

/** How an element would be found; null for what stands for nothing. */
export function describe(target) {
  const label = closest(target, "label");
  const control = closest(target, CONTROL) ?? label?.control;
  const box = closest(target, DIALOG);
  const told = control ? ofControl(control, box) : ofCell(target) ?? ofText(target, box);
  return told && { ...told, dialog: Boolean(box), address: location.pathname + location.hash };
}
