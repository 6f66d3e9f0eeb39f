// A page piece by piece: every piece of text that can be seen, every picture that shows data, and every row of a table, each with
// where it is in the window.
//
// Answers with {pieces: [{text, box, row, control}, ...], charts: [box, ...], rows: [box, ...], width, height}; a box is
// [x, y, width, height]. A piece is the text of one block, without the blocks inside it; row says whether it is in a table's row
// that is no head, control whether it is what was entered into a field.

import { boxOf, shown, squeeze, styleOf } from "./seen.js";
import { all, closest, parentOf, readThrough } from "./tree.js";

const ROW = "tr, [role=row]";
const HEADER = "th:not([scope=row]), [role=columnheader]";
const LONGEST = 300;

const big = (rect) => rect.width >= 3 && rect.height >= 3;
const inRow = (element) => {
  const row = closest(element, ROW);
  return row !== null && !all(HEADER, row).length;
};
const clipped = (element) => {
  for (let box = element; box && box !== document.body; box = parentOf(box)) {
    const { overflow, position } = styleOf(box);
    if (/hidden|clip/.test(overflow) && !big(box.getBoundingClientRect())) return true;
    if (position === "fixed") return false;
  }
  return false;
};
const whole = (rect) => [rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top].map(Math.round);

function blocks() {
  const found = new Map();
  readThrough(document.body, (node, around) => {
    if (node.nodeType !== Node.TEXT_NODE || !node.data.trim() || !shown(around)) return;
    if (/^(script|style|noscript|option|template)$/.test(around.localName)) return;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rect = range.getBoundingClientRect();
    if (!big(rect) || rect.right <= 0 || rect.bottom <= 0 || clipped(around)) return;
    const { left, top, right, bottom } = rect;
    const element = boxOf(around);
    const block = found.get(element);
    if (!block) return found.set(element, { element, raw: node.data, left, top, right, bottom });
    const apart = left > block.right + 2 || top >= block.bottom - 2;
    block.raw += apart ? ` ${node.data}` : node.data;
    block.left = Math.min(block.left, left);
    block.top = Math.min(block.top, top);
    block.right = Math.max(block.right, right);
    block.bottom = Math.max(block.bottom, bottom);
  });
  return [...found.values()];
}

export function pieces() {
  const texts = blocks().map((block) =>
    ({ text: squeeze(block.raw).slice(0, LONGEST), box: whole(block), row: inRow(block.element), control: false }));
  const controls = all("input:not([type=hidden]), textarea, select").flatMap((field) => {
    const rect = field.getBoundingClientRect();
    const isEntry = !/^(checkbox|radio|button|submit|reset|image)$/.test(field.type);
    return isEntry && shown(field) && big(rect) && !clipped(field)
      ? [{ text: "", box: whole(rect), row: inRow(field), control: true }] : [];
  });
  const rectsOf = (elements) => elements.filter(shown).map((one) => one.getBoundingClientRect());
  return {
    pieces: [...texts.filter((piece) => piece.text), ...controls],
    charts: rectsOf(all("svg, canvas, img, video, iframe")).filter((rect) => rect.width > 100).map(whole),
    rows: rectsOf(all(ROW).filter((row) => !all(HEADER, row).length)).filter(big).map(whole),
    width: innerWidth,
    height: innerHeight,
  };
}
