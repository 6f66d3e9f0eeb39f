// Reads a page the way a person does: by the words beside other words, and by the words under column headers.
//
// Called with a table row (or null for the whole page) and a request:
//   fields   {name: label}   the value to the right of a label
//   columns  {name: header}  the cells under a column header; only those of the row when one is given
//   boxes    [{...}, ...]    elements, as find.js says, that are masked with everything in them
//   known    [label, ...]    labels of this screen: one of them is never taken for a value
//   alone    pattern         pieces of text to be given that are this and nothing else, but for a label before it
//   act      "read", "mask" (hide what was found, leaving the document as it is), or "words" (give every word that
//            "mask" hides); for these last two, a table row that cannot be read is found as a whole
// What was masked is shown again by the next call, whatever it asks for. Texts of more than 1,000 characters are cut, and
// end with their length; words are given whole.
// Answers with {fields: {name: [text, ...]}, columns: {name: [text, ...]}, alone: [text, ...], unread: {name: {tables, rows}}};
// unread is for each column in how many tables it is, and how many of their rows cannot be read under it; pieces that stand
// alone are looked for where fields are. "mask" and "words" answer with {fields: {name: {labels, lost}}, columns: {name: tables},
// boxes: [count, ...], words}: how often each label is there, and how many of these have a value that was not found; in how
// many tables each column is; how many elements each request found.
// Nothing here depends on ids, classes or nesting, and nothing in the document is changed.

import { find } from "./find.js";
import { once } from "./once.js";
import { boxOf, shown, squeeze, styleOf } from "./seen.js";
import { all, childrenOf, closest, holds, inside, parentOf, readThrough } from "./tree.js";

const LONGEST = 1000;
const fold = (text) => squeeze(text).replace(/\s*:$/, "").toLowerCase();

const union = (a, b) => ({
  left: Math.min(a.left, b.left), right: Math.max(a.right, b.right),
  top: Math.min(a.top, b.top), bottom: Math.max(a.bottom, b.bottom),
});
const bySize = (rect) => rect.right - rect.left >= 3 && rect.bottom - rect.top >= 3; // else hidden from the eye
const overlap = (a, b) => ({
  left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
  top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
});
// What boxes that cut off their contents leave to be seen inside an element; words only for screen readers lie in
// boxes of one pixel, or left of the page. Whatever can be scrolled into view counts as seen.
const EVERYWHERE = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
const HEADER = "th:not([scope=row]), [role=columnheader]";
const holdsHeads = (element) =>
  element.scrollWidth > element.clientWidth && bySize(element.getBoundingClientRect()) && all(HEADER, element).length > 1;
const windowOf = once((element) => {
  if (!element || element === document.body || element === document.documentElement)
    return { left: -scrollX, top: -scrollY, right: Infinity, bottom: Infinity };
  const { overflow, position } = styleOf(element);
  const around = position === "fixed" ? null : position === "absolute" ? element.offsetParent : parentOf(element);
  let seen = windowOf(around);
  if (/auto|scroll|hidden|clip/.test(overflow)) {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    // A table that scrolls sideways takes its heads along, in a box of their own that does not scroll by itself.
    seen = overlap(seen, holdsHeads(element) ? { left: -Infinity, right: Infinity, top, bottom } : { left, right, top, bottom });
    if (/auto|scroll/.test(overflow) && bySize(seen)) seen = EVERYWHERE;
  }
  return seen;
});

// Of a piece of text that can be seen, the box that it stands in, and where; null of one that cannot. One range serves for
// all of them: the browser keeps up to date whatever ranges there are.
let range = null;
const pieces = once(() => new Map());
const pieceOf = (node, around) => {
  const known = pieces("page");
  if (!known.has(node)) known.set(node, readPiece(node, around));
  return known.get(node);
};
const readPiece = (node, around) => {
  if (!node.data.trim() || /^(script|style|noscript|option|template)$/.test(around.localName) || !shown(around)) return null;
  range ??= document.createRange();
  range.selectNodeContents(node);
  const rect = range.getBoundingClientRect();
  return bySize(rect) && bySize(overlap(rect, windowOf(around))) ? { element: boxOf(around), rect } : null;
};

// A block is a piece of text that stands by itself: the text of one box, without the boxes inside it.
const blocksIn = once((root) => {
  const blocks = new Map();
  readThrough(root, (node, around) => {
    if (node.nodeType === Node.ELEMENT_NODE) {
      const block = node.localName === "br" && blocks.get(boxOf(around));
      if (block) block.raw += " ";
      return;
    }
    const piece = pieceOf(node, around);
    if (!piece) return;
    const { element, rect } = piece;
    const block = blocks.get(element);
    if (block) {
      block.raw += node.data;
      block.rect = union(block.rect, rect);
    } else blocks.set(element, { element, raw: node.data, rect });
  });
  for (const element of all("input:not([type=hidden]), textarea, select", root)) {
    const rect = element.getBoundingClientRect();
    if (!shown(element) || !bySize(rect) || !bySize(overlap(rect, windowOf(element))) || blocks.has(element)) continue;
    const raw = element.localName === "select" ? element.selectedOptions[0]?.text ?? "" : element.value;
    blocks.set(element, { element, raw, rect, control: true });
  }
  const found = [...blocks.values()];
  for (const block of found) block.text = squeeze(block.raw);
  return found.filter((block) => block.text || block.control);
});

// What is asked for every label and every column of a page is worked out once.
const seenText = once((element) => squeeze(blocksIn(element).map((block) => block.text).join(" ")));
const foldOf = once((block) => fold(block.text));
const labelOf = once((block) => fold(block.text.slice(0, block.text.indexOf(":") + 1)));
const sameLine = (a, b) =>
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) >= 0.5 * Math.min(a.bottom - a.top, b.bottom - b.top);

const valueBeside = (label, blocks, known) => {
  for (let box = parentOf(label.element); box; box = parentOf(box)) {
    const candidates = blocks.filter((block) =>
      block !== label && block.rect.left >= label.rect.right - 2 && sameLine(block.rect, label.rect) &&
      holds(box, block.element) && !holds(block.element, label.element));
    if (!candidates.length) continue;
    const nearest = candidates.reduce((a, b) => (b.rect.left < a.rect.left ? b : a));
    if (!nearest.control && known.has(foldOf(nearest))) return { element: null, text: "" }; // an empty value
    if (nearest.control) return nearest;
    // A value may be drawn in several boxes on one line: take the largest that holds this line only.
    let whole = nearest.element;
    for (let outer = parentOf(whole); outer && !holds(outer, label.element); outer = parentOf(outer)) {
      const within = blocks.filter((block) => holds(outer, block.element));
      if (!within.every((block) => sameLine(block.rect, nearest.rect) && !known.has(foldOf(block)))) break;
      whole = outer;
    }
    const within = blocks.filter((block) => holds(whole, block.element));
    const words = within.filter((block) => !closest(block.element, "button, [role=button]")); // "Edit" is no value
    const parts = words.length ? words : within;
    return { element: whole, text: squeeze(parts.map((block) => block.text).join(" ")) };
  }
  return null;
};
const valueInside = (label, block, known) => {
  // "Store Name: north" in one piece of text, perhaps followed by another known label.
  let rest = squeeze(block.text.slice(label.length).replace(/^\s*:/, ""));
  const lower = rest.toLowerCase();
  for (const other of known) {
    const at = lower.indexOf(other + ":");
    if (at >= 0) rest = rest.slice(0, Math.min(rest.length, at));
  }
  return { element: block.element, text: squeeze(rest) };
};
// Whether a label without a value beside it has words under it that are no label of the screen: its value, which is then private
// and not found.
const isOver = (label, blocks, known) => {
  const { left, right, bottom, top } = label.rect;
  const under = blocks.filter(({ rect }) =>
    rect.top >= bottom - 2 && rect.top <= bottom + 2 * (bottom - top) && rect.left < right && rect.right > left);
  const [next] = under.sort((a, b) => a.rect.top - b.rect.top);
  return Boolean(next) && !known.has(foldOf(next)) && !known.has(labelOf(next));
};
const readField = (label, blocks, known) => {
  const wanted = fold(label);
  const values = [];
  let lost = 0;
  for (const block of blocks) {
    if (block.control) continue;
    if (foldOf(block) === wanted) {
      const value = valueBeside(block, blocks, known);
      values.push(value);
      if (!value?.element && isOver(block, blocks, known)) lost += 1;
    } else if (labelOf(block) === wanted) values.push(valueInside(squeeze(label), block, known));
  }
  // A label with nothing beside it may be a heading or a link; where it is the only one, its value is empty.
  const beside = values.filter((value) => value !== null);
  const found = beside.length ? beside : values.map(() => ({ element: null, text: "" }));
  return Object.assign(found, { labels: values.length, lost });
};

const TABLE = "table, [role=grid], [role=table], [role=treegrid]";
const ROW = "tr, [role=row]";
const CELL = "td, th[scope=row], [role=gridcell], [role=cell], [role=rowheader]";
const spread = (cells) => cells.flatMap((cell) => Array(cell.colSpan || 1).fill(cell));
const isIn = (table) => (element) => closest(element, TABLE) === table && shown(element);
const headersOf = once((table) => spread(all(HEADER, table).filter(isIn(table))));
const rowsOf = once((table) => all(ROW, table).filter(isIn(table)));
const cellsOf = once((row) => spread(all(CELL, row).filter((cell) => closest(cell, ROW) === row && shown(cell))));

const readColumn = (header, row, careful) => {
  const wanted = fold(header);
  const cells = [];
  const unread = { tables: 0, rows: 0 };
  for (const table of row ? [closest(row, TABLE)] : all(TABLE)) {
    if (!table || !shown(table)) continue;
    const headers = headersOf(table);
    const places = [...headers.keys()].filter((place) => fold(seenText(headers[place])) === wanted);
    if (!places.length) continue;
    unread.tables += 1;
    for (const one of row ? [row] : rowsOf(table)) {
      const inRow = cellsOf(one);
      // A row with more or fewer cells than the head has columns cannot be read by counting, nor one under a head
      // that has the column twice; a cell over several columns, such as "No records", is no value of one of them.
      const under = inRow.length === headers.length ? places.map((place) => inRow[place]) : [];
      const readable = under.length === 1 && inRow.filter((cell) => cell === under[0]).length === 1;
      if (!readable && new Set(inRow).size > 1) unread.rows += 1; // one cell alone is a message, no order
      for (const cell of readable ? under : careful ? inRow : []) cells.push({ element: cell, text: seenText(cell) });
    }
  }
  return { cells, unread };
};

const withAll = (element) => [element, ...inside(element)];

/** An animation that stays at its end paints over the words without touching the document or its layout. */
const mask = (elements) => {
  const hide = (element, frame) => masks().push(element.animate(frame, { duration: 0, fill: "forwards" }));
  const dark = { color: "transparent", webkitTextFillColor: "transparent", textShadow: "none" };
  for (const element of elements)
    for (const one of withAll(element)) hide(one, one === element ? { ...dark, backgroundColor: "#b4bac2" } : dark);
  // A style sheet can insist on its colour, or change it slowly; then nothing of the box is painted. Looked at once
  // all is hidden, because every look after a change has the browser work out the page's styles again.
  const stays = (one) => getComputedStyle(one).webkitTextFillColor !== "rgba(0, 0, 0, 0)";
  const still = elements.filter((element) => withAll(element).some(stays));
  for (const element of still) hide(element, { clipPath: "inset(50%)" });
};
const masks = () => (window[Symbol.for("countermand masks")] ??= []);

/** Show again what was masked. */
export const unmask = () => masks().splice(0).forEach((animation) => animation.cancel());

const allWords = (element) => [
  element.value ?? "",
  ...withAll(element).flatMap((one) => childrenOf(one).filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data)),
  ...all("input, textarea", element).map((control) => control.value),
];

// A text of millions of characters stays where it is: its beginning and its length tell it from every other.
const cut = (text) =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}... (${text.length} characters)`;

export function read(row, { fields = {}, columns = {}, boxes = [], known: labels = [], alone = "", act = "read" }) {
  const known = new Set(labels.map(fold));
  const careful = act === "mask" || act === "words";
  const blocks = Object.keys(fields).length ? blocksIn(document.body) : [];
  const each = (asked, answer) => Object.fromEntries(Object.entries(asked).map(([name, words]) => [name, answer(words)]));
  const values = each(fields, (label) => readField(label, blocks, known));
  const cells = each(columns, (header) => readColumn(header, row, careful));

  const found = [...Object.values(values), ...Object.values(cells).map((column) => column.cells)].flat();
  if (careful) {
    const whole = boxes.map(find);
    const elements = [...new Set([...found.map((value) => value.element).filter(Boolean), ...whole.flat()])];
    if (act === "mask") mask(elements);
    const words = act === "words" ? [...found.map((value) => value.text), ...elements.flatMap(allWords)].map(squeeze) : [];
    return {
      fields: each(values, ({ labels: there, lost }) => ({ labels: there, lost })),
      columns: each(cells, (column) => column.unread.tables),
      boxes: whole.map((one) => one.length),
      words: [...new Set(words)],
    };
  }
  const texts = (group) => group.map((value) => cut(value.text));
  const stands = alone ? new RegExp(`^(.{0,100}?)(${alone})$`) : null;
  return {
    fields: each(values, texts),
    columns: each(cells, (column) => texts(column.cells)),
    alone: blocks.flatMap((block) => {
      const match = stands && block.text.length <= LONGEST ? stands.exec(block.text) : null;
      return match && (!match[1].trim() || known.has(fold(match[1]))) ? [match[2]] : [];
    }),
    unread: each(cells, (column) => column.unread),
  };
}

/** Whether a cover can be seen that means: not ready yet. */
export const isBusy = (covers) => covers.some((css) =>
  all(css).some((cover) => shown(cover) && bySize(cover.getBoundingClientRect())));
