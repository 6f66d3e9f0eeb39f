// Every piece of text that can be seen, and every picture that shows data, each with where it is in the window.
//
// Answers with {pieces: [{text, box, row, control}, ...], charts: [box, ...], width, height}; a box is [x, y, width, height].
// A piece is the text of one block, without the blocks inside it; row says whether it is in a table's row that is no
// head, control whether it is what was entered into a field. Nothing in the document is changed.
() => {
  const ROW = "tr, [role=row]";
  const HEADER = "th:not([scope=row]), [role=columnheader]";
  const big = (rect) => rect.width >= 3 && rect.height >= 3;
  const inRow = (element) => {
    const row = element.closest(ROW);
    return Boolean(row && !row.querySelector(HEADER));
  };
  const clipped = (element) => {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const { overflow, position } = getComputedStyle(box);
      if (/hidden|clip/.test(overflow) && !big(box.getBoundingClientRect())) return true;
      if (position === "fixed") return false;
    }
    return false;
  };
  const whole = (rect) => [rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top].map(Math.round);
  const blocks = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION|TEMPLATE)$/.test(parent.tagName) || !shown(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rect = range.getBoundingClientRect();
    if (!big(rect) || rect.right <= 0 || rect.bottom <= 0 || clipped(parent)) continue;
    const element = boxOf(parent);
    const block = blocks.get(element);
    if (!block) blocks.set(element, { element, raw: node.data,
      left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom });
    else {
      const apart = rect.left > block.right + 2 || rect.top >= block.bottom - 2;
      block.raw += apart ? ` ${node.data}` : node.data;
      block.left = Math.min(block.left, rect.left);
      block.top = Math.min(block.top, rect.top);
      block.right = Math.max(block.right, rect.right);
      block.bottom = Math.max(block.bottom, rect.bottom);
    }
  }
  const pieces = [...blocks.values()].map((block) => ({
    text: squeeze(block.raw).slice(0, 300), box: whole(block), row: inRow(block.element), control: false }));
  for (const field of document.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    const rect = field.getBoundingClientRect();
    if (!shown(field) || !big(rect) || clipped(field) || /^(checkbox|radio|button|submit|reset|image)$/.test(field.type)) continue;
    pieces.push({ text: "", box: whole(rect), row: inRow(field), control: true });
  }
  const charts = [...document.querySelectorAll("svg, canvas, img, video, iframe")].filter(shown)
    .map((picture) => picture.getBoundingClientRect()).filter((rect) => rect.width > 100).map(whole);
  const rows = [...document.querySelectorAll(ROW)].filter((row) => shown(row) && !row.querySelector(HEADER))
    .map((row) => row.getBoundingClientRect()).filter(big).map(whole);
  return { pieces: pieces.filter((piece) => piece.text || piece.control), charts, rows, width: innerWidth, height: innerHeight };
}
