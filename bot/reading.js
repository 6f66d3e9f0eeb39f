// Reads a page the way a person does: by the words beside other words, and by the words under column headers.
//
// Called with a table row (or null for the whole page) and a request:
//   fields   {name: label}   the value to the right of a label
//   columns  {name: header}  the cells under a column header; only those of the row when one is given
//   known    [label, ...]    labels of this screen: one of them is never taken for a value
//   act      "read", "mask" (hide what was found, leaving the document as it is) or "unmask"
// Answers with {address, fields: {name: [text, ...]}, columns: {name: [text, ...]}}, all from one instant.
// Nothing here depends on ids, classes or nesting, and nothing in the document is changed.
(row, request) => {
  const MASK = "countermand-mask";
  if (request.act === "unmask") {
    for (const animation of document.getAnimations()) if (animation.id === MASK) animation.cancel();
    return null;
  }
  const squeeze = (text) => text.replace(/[\s\u00a0]+/g, " ").trim();
  const fold = (text) => squeeze(text).replace(/\s*:$/, "").toLowerCase();
  const known = new Set(request.known.map(fold));
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  // A block is a piece of text that stands by itself: the text of one box, without the boxes inside it.
  const boxOf = (element) => {
    while (element.parentElement && ["inline", "contents"].includes(getComputedStyle(element).display))
      element = element.parentElement;
    return element;
  };
  const union = (a, b) => ({
    left: Math.min(a.left, b.left), right: Math.max(a.right, b.right),
    top: Math.min(a.top, b.top), bottom: Math.max(a.bottom, b.bottom),
  });
  const bySize = (rect) => rect.right - rect.left >= 3 && rect.bottom - rect.top >= 3; // else hidden from the eye
  const findBlocks = () => {
    const blocks = new Map();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION|TEMPLATE)$/.test(node.parentElement.tagName)) continue;
      if (!shown(node.parentElement)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const rect = range.getBoundingClientRect();
      if (!bySize(rect)) continue;
      const element = boxOf(node.parentElement);
      const block = blocks.get(element);
      if (block) {
        block.raw += node.data;
        block.rect = union(block.rect, rect);
      } else blocks.set(element, { element, raw: node.data, rect });
    }
    for (const element of document.querySelectorAll("input:not([type=hidden]), textarea, select")) {
      const rect = element.getBoundingClientRect();
      if (!shown(element) || !bySize(rect) || blocks.has(element)) continue;
      const raw = element.tagName === "SELECT" ? element.selectedOptions[0]?.text ?? "" : element.value;
      blocks.set(element, { element, raw, rect, control: true });
    }
    const found = [...blocks.values()];
    for (const block of found) block.text = squeeze(block.raw);
    return found;
  };
  const sameLine = (a, b) =>
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) >= 0.5 * Math.min(a.bottom - a.top, b.bottom - b.top);

  const valueBeside = (label, blocks) => {
    for (let box = label.element.parentElement; box; box = box.parentElement) {
      const candidates = blocks.filter((block) =>
        block !== label && box.contains(block.element) && !block.element.contains(label.element) &&
        block.rect.left >= label.rect.right - 2 && sameLine(block.rect, label.rect));
      if (!candidates.length) continue;
      const nearest = candidates.reduce((a, b) => (b.rect.left < a.rect.left ? b : a));
      if (!nearest.control && known.has(fold(nearest.text))) return { element: null, text: "" }; // an empty value
      if (nearest.control) return nearest;
      // A value may be drawn in several boxes on one line: take the largest that holds this line only.
      let whole = nearest.element;
      for (let outer = whole.parentElement; outer && !outer.contains(label.element); outer = outer.parentElement) {
        const inside = blocks.filter((block) => outer.contains(block.element));
        if (!inside.every((block) => sameLine(block.rect, nearest.rect) && !known.has(fold(block.text)))) break;
        whole = outer;
      }
      const parts = blocks.filter((block) => whole.contains(block.element));
      return { element: whole, text: squeeze(parts.map((block) => block.text).join(" ")) };
    }
    return null;
  };
  const valueInside = (label, block) => {
    // "Store Name: north" in one piece of text, perhaps followed by another known label.
    let rest = squeeze(block.text.slice(label.length).replace(/^\s*:/, ""));
    const lower = rest.toLowerCase();
    for (const other of known) {
      const at = lower.indexOf(other + ":");
      if (at > 0) rest = rest.slice(0, Math.min(rest.length, at));
    }
    return { element: block.element, text: squeeze(rest) };
  };
  const readField = (label, blocks) => {
    const wanted = fold(label);
    const values = [];
    for (const block of blocks) {
      if (block.control) continue;
      if (fold(block.text) === wanted) values.push(valueBeside(block, blocks));
      else if (block.text.toLowerCase().startsWith(wanted + ":")) values.push(valueInside(squeeze(label), block));
    }
    return values.filter((value) => value !== null);
  };

  const TABLE = "table, [role=grid], [role=table], [role=treegrid]";
  const HEADER = "th:not([scope=row]), [role=columnheader]";
  const CELL = "td, th[scope=row], [role=gridcell], [role=cell], [role=rowheader]";
  const readColumn = (header) => {
    const wanted = fold(header);
    const cells = [];
    for (const table of row ? [row.closest(TABLE)] : document.querySelectorAll(TABLE)) {
      if (!table || !shown(table)) continue;
      const headers = [...table.querySelectorAll(HEADER)].filter((cell) => cell.closest(TABLE) === table && shown(cell));
      const place = headers.findIndex((cell) => fold(cell.textContent) === wanted);
      if (place < 0 || headers.filter((cell) => fold(cell.textContent) === wanted).length > 1) continue;
      for (const one of row ? [row] : table.querySelectorAll("tr, [role=row]")) {
        const inRow = [...one.querySelectorAll(CELL)].filter((cell) => shown(cell));
        // A row with more or fewer cells than the head has columns cannot be read by counting.
        if (inRow.length === headers.length) cells.push({ element: inRow[place], text: squeeze(inRow[place].innerText) });
      }
    }
    return cells;
  };

  const blocks = Object.keys(request.fields).length ? findBlocks() : [];
  const found = { fields: {}, columns: {} };
  for (const [name, label] of Object.entries(request.fields)) found.fields[name] = readField(label, blocks);
  for (const [name, header] of Object.entries(request.columns)) found.columns[name] = readColumn(header);

  if (request.act === "mask") {
    // An animation that stays at its end paints over the words without touching the document or its layout.
    const hide = (element, frame) => element.animate(frame, { id: MASK, duration: 0, fill: "forwards" });
    for (const values of [...Object.values(found.fields), ...Object.values(found.columns)])
      for (const { element } of values) {
        if (!element) continue;
        const dark = { color: "transparent", webkitTextFillColor: "transparent", textShadow: "none" };
        hide(element, { ...dark, backgroundColor: "#b4bac2" });
        for (const inner of element.querySelectorAll("*")) hide(inner, dark);
      }
  }
  const texts = (group) =>
    Object.fromEntries(Object.entries(group).map(([name, values]) => [name, values.map((value) => value.text)]));
  return { address: location.hash, fields: texts(found.fields), columns: texts(found.columns) };
}
