// Reads a page the way a person does: by the words beside other words, and by the words under column headers.
//
// Called with a table row (or null for the whole page) and a request:
//   fields   {name: label}   the value to the right of a label
//   columns  {name: header}  the cells under a column header; only those of the row when one is given
//   known    [label, ...]    labels of this screen: one of them is never taken for a value
//   covers   [css, ...]      boxes that mean, while one can be seen: not ready yet
//   alone    pattern         pieces of text to be given that are this and nothing else, but for a label before it
//   act      "read", "mask" (hide what was found, leaving the document as it is), or "words" (give every word that
//            "mask" hides); for these last two, a table row that cannot be read is found as a whole
// What was masked is shown again by the next call, whatever it asks for. Texts of more than 1,000 characters are cut, and
// end with their length; words are given whole.
// Answers with {address, path, busy, changes, fields: {name: [text, ...]}, columns: {name: [text, ...]}, alone: [text, ...],
// unread: {name: {tables, rows}}}, all from one instant; unread is for each column in how many tables it is, and how many of
// their rows cannot be read under it; address is what comes after the #; changes is how often the page has changed, or -1 where that is
// not counted; pieces that stand alone are looked for where fields are.
// Nothing here depends on ids, classes or nesting, and nothing in the document is changed.
(row, request) => {
  const LONGEST = 1000;
  const masks = (window[Symbol.for("countermand masks")] ??= []);
  for (const animation of masks.splice(0)) animation.cancel();
  const fold = (text) => squeeze(text).replace(/\s*:$/, "").toLowerCase();
  const known = new Set(request.known.map(fold));
  const careful = request.act === "mask" || request.act === "words";

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
  const ALL = { left: -scrollX, top: -scrollY, right: Infinity, bottom: Infinity };
  const EVERYWHERE = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
  const windows = new Map();
  const windowOf = (element) => {
    if (!element || element === document.body || element === document.documentElement) return ALL;
    if (!windows.has(element)) {
      const { overflow, position } = getComputedStyle(element);
      const around = position === "fixed" ? null : position === "absolute" ? element.offsetParent : element.parentElement;
      let seen = windowOf(around);
      if (/auto|scroll|hidden|clip/.test(overflow)) {
        seen = overlap(seen, element.getBoundingClientRect());
        if (/auto|scroll/.test(overflow) && bySize(seen)) seen = EVERYWHERE;
      }
      windows.set(element, seen);
    }
    return windows.get(element);
  };
  // A block is a piece of text that stands by itself: the text of one box, without the boxes inside it.
  const findBlocks = (root) => {
    const blocks = new Map();
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === Node.ELEMENT_NODE) {
        const block = node.tagName === "BR" && blocks.get(boxOf(node.parentElement));
        if (block) block.raw += " ";
        continue;
      }
      if (!node.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION|TEMPLATE)$/.test(node.parentElement.tagName)) continue;
      if (!shown(node.parentElement)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const rect = range.getBoundingClientRect();
      if (!bySize(rect) || !bySize(overlap(rect, windowOf(node.parentElement)))) continue;
      const element = boxOf(node.parentElement);
      const block = blocks.get(element);
      if (block) {
        block.raw += node.data;
        block.rect = union(block.rect, rect);
      } else blocks.set(element, { element, raw: node.data, rect });
    }
    for (const element of root.querySelectorAll("input:not([type=hidden]), textarea, select")) {
      const rect = element.getBoundingClientRect();
      if (!shown(element) || !bySize(rect) || !bySize(overlap(rect, windowOf(element))) || blocks.has(element)) continue;
      const raw = element.tagName === "SELECT" ? element.selectedOptions[0]?.text ?? "" : element.value;
      blocks.set(element, { element, raw, rect, control: true });
    }
    const found = [...blocks.values()];
    for (const block of found) block.text = squeeze(block.raw);
    return found.filter((block) => block.text || block.control);
  };
  // What is asked for every label and every column of a page is worked out once.
  const once = (work) => {
    const known = new Map();
    return (of) => known.get(of) ?? known.set(of, work(of)).get(of);
  };
  const textOf = once((element) => squeeze(findBlocks(element).map((block) => block.text).join(" ")));
  const foldOf = once((block) => fold(block.text));
  const labelOf = once((block) => fold(block.text.slice(0, block.text.indexOf(":") + 1)));
  const sameLine = (a, b) =>
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) >= 0.5 * Math.min(a.bottom - a.top, b.bottom - b.top);

  const valueBeside = (label, blocks) => {
    for (let box = label.element.parentElement; box; box = box.parentElement) {
      const candidates = blocks.filter((block) =>
        block !== label && box.contains(block.element) && !block.element.contains(label.element) &&
        block.rect.left >= label.rect.right - 2 && sameLine(block.rect, label.rect));
      if (!candidates.length) continue;
      const nearest = candidates.reduce((a, b) => (b.rect.left < a.rect.left ? b : a));
      if (!nearest.control && known.has(foldOf(nearest))) return { element: null, text: "" }; // an empty value
      if (nearest.control) return nearest;
      // A value may be drawn in several boxes on one line: take the largest that holds this line only.
      let whole = nearest.element;
      for (let outer = whole.parentElement; outer && !outer.contains(label.element); outer = outer.parentElement) {
        const inside = blocks.filter((block) => outer.contains(block.element));
        if (!inside.every((block) => sameLine(block.rect, nearest.rect) && !known.has(foldOf(block)))) break;
        whole = outer;
      }
      const inside = blocks.filter((block) => whole.contains(block.element));
      const words = inside.filter((block) => !block.element.closest("button, [role=button]")); // "Edit" is no value
      const parts = words.length ? words : inside;
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
      if (at >= 0) rest = rest.slice(0, Math.min(rest.length, at));
    }
    return { element: block.element, text: squeeze(rest) };
  };
  const readField = (label, blocks) => {
    const wanted = fold(label);
    const values = [];
    for (const block of blocks) {
      if (block.control) continue;
      if (foldOf(block) === wanted) values.push(valueBeside(block, blocks));
      else if (labelOf(block) === wanted) values.push(valueInside(squeeze(label), block));
    }
    // A label with nothing beside it may be a heading or a link; where it is the only one, its value is empty.
    const beside = values.filter((value) => value !== null);
    return beside.length ? beside : values.map(() => ({ element: null, text: "" }));
  };

  const TABLE = "table, [role=grid], [role=table], [role=treegrid]";
  const HEADER = "th:not([scope=row]), [role=columnheader]";
  const ROW = "tr, [role=row]";
  const CELL = "td, th[scope=row], [role=gridcell], [role=cell], [role=rowheader]";
  const spread = (cells) => cells.flatMap((cell) => Array(cell.colSpan || 1).fill(cell));
  const isIn = (table) => (element) => element.closest(TABLE) === table && shown(element);
  const headersOf = once((table) => spread([...table.querySelectorAll(HEADER)].filter(isIn(table))));
  const rowsOf = once((table) => [...table.querySelectorAll(ROW)].filter(isIn(table)));
  const cellsOf = once((one) =>
    spread([...one.querySelectorAll(CELL)].filter((cell) => cell.closest(ROW) === one && shown(cell))));
  const unread = {}; // how many tables have a column, and how many rows of them cannot be read under it
  const readColumn = (header, name) => {
    const wanted = fold(header);
    const cells = [];
    unread[name] = { tables: 0, rows: 0 };
    for (const table of row ? [row.closest(TABLE)] : document.querySelectorAll(TABLE)) {
      if (!table || !shown(table)) continue;
      const headers = headersOf(table);
      const places = [...headers.keys()].filter((place) => fold(textOf(headers[place])) === wanted);
      if (!places.length) continue;
      unread[name].tables += 1;
      for (const one of row ? [row] : rowsOf(table)) {
        const inRow = cellsOf(one);
        // A row with more or fewer cells than the head has columns cannot be read by counting, nor one under a head
        // that has the column twice; a cell over several columns, such as "No records", is no value of one of them.
        const under = inRow.length === headers.length ? places.map((place) => inRow[place]) : [];
        const readable = under.length === 1 && inRow.filter((cell) => cell === under[0]).length === 1;
        if (!readable && new Set(inRow).size > 1) unread[name].rows += 1; // one cell alone is a message, no order
        for (const cell of readable ? under : careful ? inRow : [])
          cells.push({ element: cell, text: textOf(cell) });
      }
    }
    return cells;
  };

  const blocks = Object.keys(request.fields).length ? findBlocks(document.body) : [];
  const found = { fields: {}, columns: {} };
  for (const [name, label] of Object.entries(request.fields)) found.fields[name] = readField(label, blocks);
  for (const [name, header] of Object.entries(request.columns)) found.columns[name] = readColumn(header, name);

  const values = [...Object.values(found.fields), ...Object.values(found.columns)].flat();
  const elements = [...new Set(values.map((value) => value.element).filter(Boolean))];
  if (request.act === "mask") {
    // An animation that stays at its end paints over the words without touching the document or its layout.
    const hide = (element, frame) => masks.push(element.animate(frame, { duration: 0, fill: "forwards" }));
    const dark = { color: "transparent", webkitTextFillColor: "transparent", textShadow: "none" };
    const whole = (element) => [element, ...element.querySelectorAll("*")];
    for (const element of elements)
      for (const one of whole(element)) hide(one, one === element ? { ...dark, backgroundColor: "#b4bac2" } : dark);
    // A style sheet can insist on its colour, or change it slowly; then nothing of the box is painted. Looked at once
    // all is hidden, because every look after a change has the browser work out the page's styles again.
    const stays = (one) => getComputedStyle(one).webkitTextFillColor !== "rgba(0, 0, 0, 0)";
    const still = elements.filter((element) => whole(element).some(stays));
    for (const element of still) hide(element, { clipPath: "inset(50%)" });
  }
  if (request.act === "words") {
    const words = (element) => {
      const texts = [element.value ?? ""];
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) texts.push(node.data);
      for (const control of element.querySelectorAll("input, textarea")) texts.push(control.value);
      return texts;
    };
    return [...new Set([...values.map((value) => value.text), ...elements.flatMap(words)].map(squeeze))];
  }
  // A text of millions of characters stays where it is: its beginning and its length tell it from every other.
  const cut = (text) =>
    text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}... (${text.length} characters)`;
  const texts = (group) =>
    Object.fromEntries(Object.entries(group).map(([name, values]) => [name, values.map((value) => cut(value.text))]));
  const covers = (request.covers ?? []).flatMap((css) => [...document.querySelectorAll(css)]);
  const busy = covers.some((cover) => shown(cover) && bySize(cover.getBoundingClientRect()));
  const alone = request.alone ? new RegExp(`^(.{0,100}?)(${request.alone})$`) : null;
  const standing = blocks.flatMap((block) => {
    const match = alone && block.text.length <= LONGEST ? alone.exec(block.text) : null;
    return match && (!match[1].trim() || known.has(fold(match[1]))) ? [match[2]] : [];
  });
  return {
    address: location.hash, path: location.pathname, busy,
    changes: window[Symbol.for("countermand changes")]?.count ?? -1,
    fields: texts(found.fields), columns: texts(found.columns), alone: standing, unread,
  };
}
